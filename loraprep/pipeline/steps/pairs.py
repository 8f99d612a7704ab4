"""The step about pairs: what differs between before and after, and what of it was not meant."""

from __future__ import annotations

from loraprep.core import store, terminal
from loraprep.pairs import judge, measure, sizes
from loraprep.pipeline.artifacts import PairsSeen
from loraprep.pipeline.steps.inputs import staying_images
from loraprep.pipeline.workspace import Workspace


def compare_pairs(work: Workspace) -> None:
    """Look at each pair: what changed, what else differs, and what the trainers make of its sizes."""
    if not work.project.kind.pairs:
        work.write(PairsSeen(changes={}, findings=[]))
        return
    staying = staying_images(work)
    images = {i.path: i for i in (*work.images(), *staying)}
    with terminal.progress("Looking at the pairs") as progress:
        seen = measure.measured(
            work.pictures,
            staying,
            images,
            cache=work.cache(store.NAME),
            progress=progress,
        )
    found = [
        *sizes.findings(staying, images, work.project.settings, work.project.base_model),
        *judge.findings(seen, images),
    ]
    work.write(PairsSeen(changes={path: looked.change for path, looked in sorted(seen.items())}, findings=found))
