"""The step that finds what is there twice."""

from __future__ import annotations

from loraprep.duplicates import duplicates
from loraprep.pipeline import artifacts
from loraprep.pipeline.workspace import Workspace
from loraprep.scan import detail


def find_duplicates(work: Workspace) -> None:
    """Which pictures are there twice?"""
    project = work.project
    images = work.images()
    usable = [i for i in images if i.state == "image" and not i.of]  # a detail is no copy of its picture
    groups = duplicates.find(
        usable,
        project.config["thresholds"]["duplicates"],
        work.pictures.preview,
        lambda some: detail.measured(
            work.pictures,
            some,
            cache=project.root / "build/detail-cache.json",
            among=images,
        ),
    )
    questions = duplicates.questions(groups, usable, work.decisions("duplicates"))
    work.ask("duplicates", duplicates.HEADER, questions)
    work.write(
        "duplicates",
        {
            "groups": artifacts.plain(groups),
            "questions": artifacts.plain(questions),
            "findings": artifacts.plain(duplicates.findings(groups)),
        },
    )
