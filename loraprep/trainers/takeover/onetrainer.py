"""OneTrainer's concepts: a JSON list, alone or inside of a whole configuration.

Sources: Nerogar/OneTrainer 23df383, August 2026: modules/util/config/ConceptConfig.py; masks and captions in
modules/dataLoader/mixin/DataLoaderText2ImageMixin.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from loraprep.core.files import Json
from loraprep.project.repeats import name_of
from loraprep.trainers.takeover.tree import Part, Reading, Table, Tree, sizes_of, spoken, table, tables, whole

_ROLES: dict[str, Literal["train", "regularization", "validation"]] = {
    "STANDARD": "train",
    "PRIOR_PREDICTION": "regularization",
    "VALIDATION": "validation",
}
# Its own defaults, and what an export decides anew.
_ANEW = frozenset({"enable_crop_jitter", "enable_resolution_override", "enable_tag_shuffling"})


def concerns(settings: Json) -> bool:
    """Say whether this JSON holds concepts."""
    concepts = _concepts(settings)
    return bool(concepts) and all("path" in each and ("balancing" in each or "text" in each) for each in concepts)


def _concepts(settings: Json) -> list[Table]:
    return tables(settings) or tables(table(settings).get("concepts"))


def of_json(reading: Reading, file: Path, settings: Json) -> Tree:
    """Read the concepts of a file. One folder in several of them, each at its own size, is one part."""
    parts: dict[Path, Part] = {}
    dataset: dict[str, Json] = {}
    whole_ = table(settings)
    if batch := whole(whole_.get("batch_size")):
        dataset["batch_size"] = batch
    if epochs := whole(whole_.get("epochs")):
        dataset["epochs"] = epochs
    sizes: set[int] = set()
    for number, concept in enumerate(_concepts(settings), 1):
        called = str(concept.get("name") or f"concept {number}")[:60]
        if concept.get("enabled") is False:
            reading.leave(f"{called}, which is turned off")
            continue
        folder = reading.folder(concept.get("path"), "path", file)
        if folder is None:
            continue
        _named(reading, called, concept)
        image = table(concept.get("image"))
        override = image.get("resolution_override")
        if image.get("enable_resolution_override") is True:
            sizes |= {*sizes_of(override)}
        if folder not in parts:
            parts[folder] = _part(reading, file, called, concept, folder)
    if sizes := sizes or {*sizes_of(whole_.get("resolution"))}:
        dataset["sizes"] = sorted(sizes)
    model = whole_.get("model_type")
    return Tree(
        title="OneTrainer",
        trainer="onetrainer",
        top=reading.top,
        parts=tuple(parts.values()),
        calls=model if isinstance(model, str) else "",
        dataset=dataset,
    )


def _part(reading: Reading, file: Path, called: str, concept: Table, folder: Path) -> Part:
    text = table(concept.get("text"))
    source = text.get("prompt_source", "sample")
    if source == "concept":
        reading.leave(f"the prompts of {called} in one file for all its pictures: {text.get('prompt_path') or 'none'}")
    elif source == "filename":
        reading.noted.append(f"the words of {called} are its file names, which loraprep reads as drafts")
    balancing = concept.get("balancing", 1.0)
    repeats = whole(balancing)
    if concept.get("balancing_strategy", "REPEATS") != "REPEATS":
        reading.leave(f"{spoken('balancing', balancing)} samples of {called}: repeats follow from dataset.steps")
        repeats = None
    elif repeats is None:
        reading.leave(f"{spoken('balancing', balancing)} of {called}, which is no whole number")
    name = name_of(folder.name)
    return Part(
        folder=folder,
        name=name.removesuffix("-held-out"),
        role=_ROLES.get(str(concept.get("type", "STANDARD")), "train"),
        repeats=repeats or 1,
        captions=".txt" if source == "sample" else "",
        masks=folder,  # they stand beside the pictures, as NAME-masklabel.png
        deep=concept.get("include_subdirectories") is True,
    )


def _named(reading: Reading, called: str, concept: Table) -> None:
    """Name what changes pictures and captions and is not taken over."""
    for group in ("image", "text"):
        for key, value in table(concept.get(group)).items():
            if value is True and "enable" in key and key not in _ANEW:
                reading.leave(f"{key} of {called}")
    if concept.get("loss_weight", 1.0) not in (1, 1.0):
        reading.leave(f"{spoken('loss_weight', concept['loss_weight'])} of {called}")
