"""The steps about what is there twice, and which pictures stay."""

from __future__ import annotations

from contextlib import closing

from loraprep import __version__
from loraprep.core import store
from loraprep.core.records import Group
from loraprep.curation import rulings
from loraprep.dataset import selection
from loraprep.duplicates import ahead, keypoints, questions, relations, words
from loraprep.duplicates.kept import KeptReadings
from loraprep.imaging import errors
from loraprep.pipeline.artifacts import Audited, Duplicates, Staying
from loraprep.pipeline.steps.inputs import left_by_name, unwanted
from loraprep.pipeline.workspace import Workspace
from loraprep.scan import audit, detail


def find_duplicates(work: Workspace) -> None:
    """Find which pictures are there twice."""
    images = work.images()
    usable = [i for i in images if i.state == "image" and not i.of]  # a detail is no copy of its picture
    stamp = f"{__version__} {work.project.settings.thresholds.audit.max_megapixels}"
    points, limits = work.cache("keypoints.sqlite"), work.project.settings.thresholds.duplicates
    found_at = {i.path: i for i in images}
    before = {i.path: found_at[i.controls[0]] for i in usable if i.controls}

    def found() -> tuple[list[Group], dict[str, errors.GivenUp]]:
        with (
            closing(keypoints.Opened(work.pictures, points, stamp)) as sight,
            closing(KeptReadings(points, limits, stamp)) as kept,
        ):
            groups = relations.find_groups(
                usable,
                limits,
                sight,
                lambda some, stays: detail.measured(
                    work.pictures, some, stays, cache=work.cache(store.NAME), among=images
                ),
                before,
                kept,
                ahead.ReadAhead(work.pictures, points, stamp, limits) if points else None,
            )
        return groups, sight.given_up

    groups, given_up = store.mended(points, found)
    asked = questions.open_questions(groups, usable, work.decisions("duplicates"), left_by_name(work), unwanted(work))
    work.ask("duplicates", questions.HEADER, asked)
    work.write(
        Duplicates(groups=groups, questions=asked, findings=[*relations.findings(groups), *errors.given_up(given_up)])
    )


def decide_staying(work: Workspace) -> None:
    """Decide which pictures stay, by the answers so far."""
    project, images = work.project, work.images()
    quality = audit.outcome(
        work.read(Audited).questions,
        work.decisions("quality"),
        auto=project.auto("quality"),
        roles_of={i.path: i.role for i in images if i.role},
        images=images,
    )
    copies = questions.outcome(
        work.read(Duplicates).groups,
        images,
        work.decisions("duplicates"),
        left_by_name(work),
        unwanted(work),
        auto=project.auto("duplicates"),
    )
    # of curation what is answered: what it would recommend is judged of those that are left
    answered = rulings.curation_rulings(work.decisions("curation"), images)
    fates = selection.select(images, project.settings.curation.exclude, [quality, copies, answered])
    of = words.heirs(work.read(Duplicates).groups, images, {f.path: f for f in fates})
    work.write(
        Staying(
            paths=[f.path for f in fates if f.fate == "kept"],
            quality=quality,
            duplicates=words.told(copies, images, of),
            copies=of,
        )
    )
