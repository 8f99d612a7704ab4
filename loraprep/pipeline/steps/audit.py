"""The steps about single files: the quality audit, the native detail."""

from __future__ import annotations

from loraprep.core import terminal
from loraprep.pipeline.artifacts import Audited, BesideImages, DetailMeasured
from loraprep.pipeline.steps.inputs import staying_images
from loraprep.pipeline.workspace import Workspace
from loraprep.scan import audit, detail


def audit_images(work: Workspace) -> None:
    """Ask whether the pictures are technically fit to train on."""
    project = work.project
    beside = work.read(BesideImages)
    result = audit.audit(
        work.images(),
        beside.orphans,
        beside.masks,
        project.settings,
        project.base_model,
        project.kind,
    )
    work.ask("quality", audit.HEADER, audit.to_ask(result.questions, work.decisions("quality")))
    work.write(Audited(findings=result.findings, questions=result.questions, layout=result.layout))


def measure_detail(work: Workspace) -> None:
    """Look at the pictures that stay at full size: how much of it they hold, and what is wrong with their pixels."""
    with terminal.progress("Looking at full size") as progress:
        staying = staying_images(work)
        seen = detail.look(
            work.pictures,
            staying,
            cache=work.cache("detail-cache.json"),
            among=work.images(),
            progress=progress,
        )
    work.write(
        DetailMeasured(
            detail={path: known.detail for path, known in seen.items()},
            findings=detail.findings(staying, seen, work.project.settings.thresholds.audit),
        )
    )
