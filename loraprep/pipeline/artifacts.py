"""What the tasks left in build/, read back as the records that the phases work with."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import msgspec

from loraprep.core.records import Caption, Elements, Fate, Group, Image
from loraprep.curation.assessment import Observations, PictureFeatures
from loraprep.dataset import selection
from loraprep.duplicates import duplicates
from loraprep.pipeline.workspace import Workspace
from loraprep.project.decisions import Question
from loraprep.scan import audit


def questions(work: Workspace, name: str) -> list[Question]:
    return [Question(**q) for q in work.read(name)["questions"]]


def groups(work: Workspace) -> list[Group]:
    return [Group.from_json(g) for g in work.read("duplicates")["groups"]]


def elements(work: Workspace) -> dict[str, Elements]:
    return {path: Elements.from_json(e) for path, e in work.read("elements").items()}


def captions(work: Workspace) -> dict[str, Caption]:
    return {path: Caption.from_json(c) for path, c in work.read("captions")["captions"].items()}


def plain(records: Sequence[Any]) -> list[dict[str, Any]]:
    return [msgspec.to_builtins(r) for r in records]


def digests(images: Sequence[Image]) -> dict[str, str]:
    return {i.path: i.digest for i in images}


def rulings(work: Workspace, images: Sequence[Image]) -> list[dict[str, Fate]]:
    """What phases 2 and 3 mean for each picture, by the answers given so far."""
    auto = work.project.auto
    return [
        audit.outcome(questions(work, "audit"), work.decisions("quality"), auto=auto("quality")),
        duplicates.outcome(groups(work), images, work.decisions("duplicates"), auto=auto("duplicates")),
    ]


def shortlist(work: Workspace) -> dict[str, Fate]:
    return {path: Fate(**fate) for path, fate in work.read("shortlist").items()}


def staying(work: Workspace, images: Sequence[Image], *, all_: bool = False) -> list[Image]:
    """The pictures that phases 2 and 3, curation.exclude and (unless `all_`) the shortlist let through."""
    ruled = rulings(work, images) if all_ else [*rulings(work, images), shortlist(work)]
    fates = selection.select(images, work.project.config["curation"]["exclude"], ruled)
    kept = {f.path for f in fates if f.fate == "kept"}
    return [i for i in images if i.path in kept]


def detailed(work: Workspace, images: Sequence[Image]) -> list[Image]:
    known = work.read("detail")["detail"]
    return [dataclasses.replace(i, detail=known.get(i.path, i.detail)) for i in images]


def seen(work: Workspace) -> Observations:
    features = msgspec.convert(work.read("looks"), PictureFeatures)
    return Observations(elements(work), captions(work), features.styles, features.embeddings, features.marks)


def fates(work: Workspace) -> list[Fate]:
    return [Fate(**f) for f in work.read("selection")["fates"]]
