"""What the tasks left in build/, read back as the records that the phases work with."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import msgspec

from loraprep.core import files
from loraprep.core.records import Caption, Elements, Fate, Group, Image
from loraprep.curation.assessment import Observations, PictureFeatures
from loraprep.dataset import selection
from loraprep.duplicates import duplicates
from loraprep.project import decisions
from loraprep.project.decisions import Question
from loraprep.project.project import Project
from loraprep.scan import audit, scan


def read(p: Project, name: str) -> Any:
    return files.read_json(p.root / "build" / f"{name}.json")


def write(p: Project, name: str, value: Any) -> None:
    files.write_json(p.root / "build" / f"{name}.json", value)


def records(p: Project) -> list[Image]:
    return scan.read(p.root / "build/images.jsonl")


def questions(p: Project, name: str) -> list[Question]:
    return [Question(**q) for q in read(p, name)["questions"]]


def groups(p: Project) -> list[Group]:
    return [Group.from_json(g) for g in read(p, "duplicates")["groups"]]


def elements(p: Project) -> dict[str, Elements]:
    return {path: Elements.from_json(e) for path, e in read(p, "elements").items()}


def captions(p: Project) -> dict[str, Caption]:
    return {path: Caption.from_json(c) for path, c in read(p, "captions")["captions"].items()}


def plain(records: Sequence[Any]) -> list[dict[str, Any]]:
    return [msgspec.to_builtins(r) for r in records]


def digests(images: Sequence[Image]) -> dict[str, str]:
    return {i.path: i.digest for i in images}


def rulings(p: Project, images: Sequence[Image]) -> list[dict[str, Fate]]:
    """What phases 2 and 3 mean for each picture, by the answers given so far."""
    return [
        audit.outcome(questions(p, "audit"), decisions.read(p.root, "quality"), auto=p.auto("quality")),
        duplicates.outcome(groups(p), images, decisions.read(p.root, "duplicates"), auto=p.auto("duplicates")),
    ]


def shortlist(p: Project) -> dict[str, Fate]:
    return {path: Fate(**fate) for path, fate in read(p, "shortlist").items()}


def staying(p: Project, images: Sequence[Image], *, all_: bool = False) -> list[Image]:
    """The pictures that phases 2 and 3, curation.exclude and (unless `all_`) the shortlist let through."""
    ruled = rulings(p, images) if all_ else [*rulings(p, images), shortlist(p)]
    fates = selection.select(images, p.config["curation"]["exclude"], ruled)
    kept = {f.path for f in fates if f.fate == "kept"}
    return [i for i in images if i.path in kept]


def detailed(p: Project, images: Sequence[Image]) -> list[Image]:
    known = read(p, "detail")["detail"]
    return [dataclasses.replace(i, detail=known.get(i.path, i.detail)) for i in images]


def seen(p: Project) -> Observations:
    features = msgspec.convert(read(p, "looks"), PictureFeatures)
    return Observations(elements(p), captions(p), features.styles, features.embeddings, features.marks)


def fates(p: Project) -> list[Fate]:
    return [Fate(**f) for f in read(p, "selection")["fates"]]
