"""The step about what pictures carry that must not be learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loraprep.carried import pieces, questions, reading
from loraprep.carried.kinds import Mark, What
from loraprep.carried.questions import Act
from loraprep.carried.reading import Box
from loraprep.core import store, terminal
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Elements, Image
from loraprep.core.text import number_of
from loraprep.pipeline.artifacts import CarriedSeen
from loraprep.pipeline.steps.inputs import shortlisted_images
from loraprep.pipeline.workspace import Workspace
from loraprep.project import profiles
from loraprep.project.sizes import trained_sizes


def look_for_marks(work: Workspace) -> None:
    """Find lettering and bars in the pictures that stay, and ask what to do about each kind."""
    from loraprep.carried import look

    # of a part, what it carries is asked at the whole, where that trains too
    project, read = work.project, [i for i in shortlisted_images(work) if not i.of or i.apart]
    if project.kind.pairs:  # what both pictures of a pair carry is not learned, and what one of them does is its change
        read = []
    pictures = [i for i in read if not i.of]
    strips, panoramas = _pieces(work, pictures)
    asked = [*questions.parted("strip", strips, pictures, work.decisions("carried"), cut=True)]
    # a scene goes on from tile to tile; a figure or a thing does not
    asked += questions.parted(
        "panorama", panoramas, pictures, work.decisions("carried"), cut=project.settings.intent.kind == "style"
    )
    found: dict[str, list[Mark]] = {}
    told: list[Finding] = []
    if not work.on_disk:  # a first look takes no time for it
        pass
    elif reading.installed():
        with terminal.progress("Reading what is written") as progress:
            found, told = look.lettering(work.pictures, read, cache=work.cache(store.NAME), progress=progress)
    elif read:
        told = [Finding(Code.NOT_READ, (), {"pictures": number_of(len(read), "picture")})]
    known = work.accepted().get(Code.PLAIN_FRAME)
    for path, bars in questions.bars(pictures, project.settings.thresholds.audit.border).items():
        if path not in strips and not (known and known.covers(path)):
            found.setdefault(path, []).extend(bars)
    left = look.unmasked(work.pictures, read, found)
    masks = any(profiles.trainer(name).loss_masks for name in project.settings.dataset.trainers)
    asked += questions.questions(left, read, work.decisions("carried"), project.base_model, masks=masks)
    work.ask("carried", questions.HEADER, asked)
    work.write(
        CarriedSeen(
            marks=left,
            findings=told,
            questions=asked,
            pictures=[i.path for i in read],
        )
    )


def _pieces(work: Workspace, pictures: Sequence[Image]) -> tuple[dict[str, list[Box]], dict[str, list[Box]]]:
    """Find the panels of strips and the tiles of what is very wide or tall, where they are large enough to train."""
    project = work.project
    if not work.on_disk:
        return {}, {}
    with terminal.progress("Looking for panels") as progress:
        strips = pieces.panels(work.pictures, pictures, cache=work.cache(store.NAME), progress=progress)
    size, most = trained_sizes(project.settings, project.base_model)[0], project.settings.thresholds.audit
    panoramas = {i.path: tiles for i in pictures if i.path not in strips and (tiles := pieces.tiles(i))}
    known = {i.path: i for i in pictures}
    large = [
        {
            path: left
            for path, boxes in found.items()
            if len(left := pieces.trainable(known[path], boxes, size, most.enlargement_question)) > 1
        }
        for found in (strips, panoramas)
    ]
    return large[0], large[1]


def named(work: Workspace, elements: Mapping[str, Elements]) -> Mapping[str, Elements]:
    """Complete what is in the pictures by the marks that a person wants named in captions."""
    seen = work.read(CarriedSeen)
    if not seen.marks:
        return elements
    from loraprep.carried import naming

    return naming.with_marks(elements, seen.marks, acts(work), work.project.base_model)


def acts(work: Workspace) -> dict[tuple[str, What], Act]:
    """Return (path, kind) -> what is to be done with the marks of that kind."""
    return questions.ruled(work.decisions("carried"), work.images(), auto=work.project.auto("carried"))
