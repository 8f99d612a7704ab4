"""The steps about single files: the quality audit, the native detail."""

from __future__ import annotations

from collections.abc import Sequence

from loraprep.core import store, terminal
from loraprep.core.findings import Code
from loraprep.core.records import Image
from loraprep.pipeline.artifacts import Audited, BesideImages, DetailMeasured
from loraprep.pipeline.steps.inputs import asked_or_settled_elsewhere, left_elsewhere, staying_images
from loraprep.pipeline.workspace import Workspace
from loraprep.project import mentions
from loraprep.scan import audit, detail


def audit_images(work: Workspace) -> None:
    """Ask whether the pictures are technically fit to train on."""
    project, images, given = work.project, work.images(), work.decisions("quality")
    result = audit_of(work, images)
    asked = audit.still_asked(images, given, asked_or_settled_elsewhere(work))
    about_roles = audit.role_questions(audit.still_asked(images, given, left_elsewhere(work)))
    unsettled = {path for question in about_roles for path in question.digests}
    sized = [i for i in asked if i.path not in unsettled]
    questions = [*about_roles, *audit.size_questions(sized, project.settings, project.base_model, project.kind)]
    work.ask("quality", audit.HEADER, audit.to_ask(questions, given))
    work.write(Audited(findings=result.findings, questions=questions, layout=result.layout))


def audit_of(work: Workspace, images: Sequence[Image]) -> audit.Audit:
    """Audit some of the files found, with what lies in upscaled/ and masks/ and fits no picture.

    Of one that is cut into pieces only these are judged.
    """
    images = [i for i in images if i.of or not i.apart]
    project, beside = work.project, work.read(BesideImages)
    useless = {path: why for path, why in beside.masks.items() if why != mentions.NO_PICTURE}  # that is said by name
    return audit.audit(images, beside.orphans, useless, project.settings, project.base_model, project.kind)


def measure_detail(work: Workspace) -> None:
    """Look at the pictures that stay at full size: how much of it they hold, and what is wrong with their pixels."""
    with terminal.progress("Looking at full size") as progress:
        staying = staying_images(work)
        seen = detail.look(
            work.pictures,
            staying,
            cache=work.cache(store.NAME),
            among=work.images(),
            progress=progress,
        )
    found = detail.findings(staying, seen, work.project.settings.thresholds.audit)
    # before and after alike, softness is nothing that a pair teaches
    work.write(
        DetailMeasured(
            detail={path: known.detail for path, known in seen.items()},
            findings=[f for f in found if not (work.project.kind.pairs and f.code == Code.SOFT)],
        )
    )
