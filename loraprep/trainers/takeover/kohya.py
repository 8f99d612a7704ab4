"""kohya's trees: {repeats}_{name} folders in img/ and reg/, dataset_config.toml, and the TOML of a whole training.

Sources: kohya-ss/sd-scripts 48d368f, February 2026: library/config_util.py ConfigSanitizer (keys),
library/train_util.py (what a folder's name says), docs/config_README-en.md. bmaltais/kohya_ss: img, reg, log and model
as its folders' names.
"""

from __future__ import annotations

import math
from pathlib import Path

from loraprep.core import files
from loraprep.core.files import Json
from loraprep.core.text import listed
from loraprep.project.repeats import name_of, repeats_of
from loraprep.scan import roles
from loraprep.trainers.takeover import texts
from loraprep.trainers.takeover.tree import (
    Part,
    Reading,
    Table,
    Tree,
    changes,
    sizes_of,
    spoken,
    table,
    tables,
    whole,
    with_sizes,
)

_PICTURES = ("img", "image", "images", "train", "train_data")
_LISTS = (".json", ".jsonl", ".csv")  # of many pictures and their words, such as meta_cap.json
_TITLE = "kohya sd-scripts"
# Decided anew by an export, by the form of the captions and by what a trainer can: not worth a word.
_ANEW = frozenset(
    {
        *("enable_bucket", "min_bucket_reso", "max_bucket_reso", "bucket_reso_steps", "keep_tokens", "shuffle_caption"),
        *("validation_seed", "cache_info", "class_tokens", "debug_dataset", "caption_separator", "enable_wildcard"),
    }
)
_OF_DATASET = ("resolution", "batch_size", "bucket_no_upscale", "validation_split")
_OF_SUBSET = (
    *("image_dir", "num_repeats", "is_reg", "caption_extension", "conditioning_data_dir", "alpha_mask"),
    *("metadata_file", "subsets"),
)


def concerns(settings: Json) -> bool:
    """Say whether this TOML is one of kohya's."""
    said = table(settings)
    return any(key in said for key in ("datasets", "train_data_dir")) or "train_data_dir" in _flat(said)


def of_folders(reading: Reading, top: Path) -> Tree | None:
    """Read a tree by the names of its folders; None if it is none."""
    inside = _folders(top)
    where = next((f for f in inside if f.name.lower() in _PICTURES and _repeated(f)), top if _repeated(top) else None)
    if where is None:
        return None
    parts = _parts(where, reading)
    for folder in inside:
        named = roles.by_name(f"{folder.name}/x.png")
        if folder == where or (where == top and repeats_of(folder.name)):
            continue
        if named and named.role == "regularization":
            parts += _regularization(folder)
        else:
            reading.leave(f"{folder.name}/")
    for file in files.listed(top):
        if file.is_file() and file.suffix.lower() in _LISTS and where != top:
            reading.leave(f"{file.name} (if it holds captions, put it into images/)")
    return Tree(title=_TITLE, trainer="kohya", top=top, parts=tuple(parts))


def _folders(top: Path) -> list[Path]:
    return [p for p in files.listed(top) if p.is_dir() and not p.is_symlink() and not p.name.startswith(".")]


def _repeated(folder: Path) -> list[Path]:
    return [f for f in _folders(folder) if repeats_of(f.name)]


def _parts(where: Path, reading: Reading) -> list[Part]:
    """Read the {repeats}_{name} folders in img/."""
    parts = []
    for folder in _folders(where):
        if repeats := repeats_of(folder.name):
            name = name_of(folder.name)
            parts.append(Part(folder=folder, name=name, repeats=repeats, words=name))
        elif where.name.lower() in _PICTURES:
            reading.leave(f"{reading.named(folder)}/, which has no repeats in its name, so that kohya passes it over")
    return parts


def _regularization(folder: Path) -> list[Part]:
    inside = _repeated(folder) or [folder]
    return [Part(folder=f, name=f.name.partition("_")[2] or f.name, role="regularization") for f in inside]


def of_toml(reading: Reading, file: Path, settings: Json) -> Tree:
    """Read what a TOML says: a dataset_config, or a training with train_data_dir."""
    said = _flat(table(settings))
    dataset: dict[str, Json] = {}
    parts: list[Part] = []
    if epochs := whole(said.get("max_train_epochs")):
        dataset["epochs"] = epochs
    if steps := whole(said.get("max_train_steps")):
        dataset["steps"] = steps
    if "datasets" in table(settings):
        _datasets(reading, file, table(settings), dataset, parts)
    elif "dataset_config" in said and (named := reading.file(said["dataset_config"], "dataset_config", file)):
        _datasets(reading, named, table(texts.read_toml(named, reading.named(named))), dataset, parts)
    else:
        suffix = _suffix(said.get("caption_extension"))
        for key, regularizes in (("train_data_dir", False), ("reg_data_dir", True)):
            if said.get(key) and (folder := reading.folder(said[key], key, file)):
                found = _regularization(folder) if regularizes else _parts(folder, reading)
                parts += [_with_suffix(part, suffix) for part in found]
        _of_dataset(reading, {**said, "batch_size": said.get("train_batch_size", said.get("batch_size", 1))}, dataset)
    return Tree(title=_TITLE, trainer="kohya", top=reading.top, parts=tuple(parts), dataset=dataset)


def _flat(said: Table) -> dict[str, Json]:
    """Read a training's settings as sd-scripts does: the names of its sections are the person's own."""
    flat: dict[str, Json] = {}
    for key, value in said.items():
        flat |= dict(value) if isinstance(value, dict) else {key: value}
    return flat


def _suffix(value: Json) -> str:
    return f".{value.lstrip('.')}" if isinstance(value, str) and value.strip(".") else ""


def _with_suffix(part: Part, suffix: str) -> Part:
    return Part(folder=part.folder, name=part.name, role=part.role, repeats=part.repeats, captions=suffix)


def _datasets(reading: Reading, file: Path, said: Table, dataset: dict[str, Json], parts: list[Part]) -> None:
    """Read [[datasets]] and their subsets. One folder in several of them is one part at several sizes."""
    general, seen = table(said.get("general")), {part.folder: part for part in parts}
    for number, each in enumerate(tables(said.get("datasets")), 1):
        around = {**general, **each}
        split = around.get("validation_split")
        subsets = tables(each.get("subsets"))
        if not all(subset.get("is_reg") is True for subset in subsets):  # else nothing is trained at its size
            _of_dataset(reading, {**around, "validation_split": 0 if split == 1 else split}, dataset)
        _unknown(reading, f"datasets {number}", around, (*_OF_DATASET, *_OF_SUBSET))
        for subset in subsets:
            part = _subset(reading, file, {**around, **subset}, held_out=split == 1)
            _unknown(reading, f"datasets {number}", subset, _OF_SUBSET)
            if part is None:
                continue
            if part.folder not in seen:
                seen[part.folder] = part
                parts.append(part)
            elif seen[part.folder].repeats != part.repeats:
                reading.leave(f"other repeats of {reading.named(part.folder)} in a second [[datasets]]")
            if table(subset).get("alpha_mask") is True:
                dataset["cutouts"] = "mask"


def _unknown(reading: Reading, where: str, said: Table, known: tuple[str, ...]) -> None:
    for key, value in said.items():
        if key not in {*known, *_ANEW, *_OF_DATASET} and changes(value):
            reading.leave(f"{spoken(key, value)} ({where})")


def _subset(reading: Reading, file: Path, said: Table, *, held_out: bool) -> Part | None:
    lists: tuple[Path, ...] = ()
    if said.get("metadata_file") and (listing := reading.file(said["metadata_file"], "metadata_file", file)):
        lists = (listing,)
    folder = reading.folder(said.get("image_dir"), "image_dir", file)
    if folder is None:
        return None
    masks = said.get("conditioning_data_dir")
    repeats = whole(said.get("num_repeats", 1))
    if repeats is None:
        reading.leave(f"{spoken('num_repeats', said['num_repeats'])} of {reading.named(folder)}, which kohya refuses")
    name = name_of(folder.name)
    words = said.get("class_tokens")
    return Part(
        folder=folder,
        name=name.removesuffix("-held-out"),
        role="regularization" if said.get("is_reg") is True else "validation" if held_out else "train",
        repeats=repeats or 1,
        captions=_suffix(said.get("caption_extension")),
        masks=reading.folder(masks, "conditioning_data_dir", file) if masks else None,
        lists=lists,
        words=words if isinstance(words, str) else "",
    )


def _of_dataset(reading: Reading, said: Table, dataset: dict[str, Json]) -> None:
    """Take over what is said of a whole [[datasets]]; several of them are several sizes."""
    if sides := sizes_of(said.get("resolution")):  # a side or two, of a training also "1024,768"
        square = round(math.sqrt(sides[0] * sides[-1]))
        dataset["sizes"] = with_sizes(dataset.get("sizes"), [square])
        if sides[0] != sides[-1]:
            reading.noted.append(f"resolution = {listed([str(s) for s in sides])} is a size of {square}: areas count")
    batch = whole(said.get("batch_size", 1))
    if batch and dataset.setdefault("batch_size", batch) != batch:
        reading.leave(f"batch_size = {batch} of a second [[datasets]]")
    if said.get("bucket_no_upscale") is True:
        dataset["enlarge"] = False
    split = said.get("validation_split")
    if isinstance(split, int | float) and 0 < split < 1:
        dataset["validation"] = f"{min(50, max(1, round(100 * split)))}%"
