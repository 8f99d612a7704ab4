"""ai-toolkit's jobs: config.process[].datasets of a YAML file.

Sources: ostris/ai-toolkit 27a03a9, August 2026: toolkit/config_modules.py DatasetConfig, ValidationConfig, TrainConfig.
"""

from __future__ import annotations

from pathlib import Path

from loraprep.core.files import Json
from loraprep.project.repeats import name_of
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

_KNOWN = frozenset(
    {
        *("folder_path", "dataset_path", "caption_ext", "num_repeats", "resolution", "is_reg", "mask_path"),
        *("alpha_mask", "trigger_word", "type"),
    }
)
# Decided anew by an export, or of caches alone.
_ANEW = frozenset(
    {
        *("buckets", "bucket_tolerance", "cache_latents", "cache_latents_to_disk", "caption_dropout_rate"),
        *("shuffle_tokens", "keep_tokens", "cache_text_embeddings", "num_workers", "prefetch_factor", "network_weight"),
    }
)


def concerns(settings: Json) -> bool:
    """Say whether this YAML is a job of ai-toolkit's."""
    return any("datasets" in process for process in tables(table(table(settings).get("config")).get("process")))


def of_yaml(reading: Reading, file: Path, settings: Json) -> Tree:
    """Read what a job says of its datasets."""
    parts: list[Part] = []
    dataset: dict[str, Json] = {}
    triggers, calls = [], []
    for process in tables(table(table(settings).get("config")).get("process")):
        train = table(process.get("train"))
        if steps := whole(train.get("steps")):
            dataset["steps"] = steps
        if batch := whole(train.get("batch_size")):
            dataset["batch_size"] = batch
        triggers.append(process.get("trigger_word"))
        calls.append(table(process.get("model")).get("arch"))
        for number, each in enumerate(tables(process.get("datasets")), 1):
            triggers.append(each.get("trigger_word"))
            parts += _part(reading, file, number, each, dataset)
        items = tables(table(train.get("validation_config")).get("validation_items"))
        parts += _validation(reading, file, items)
    said = [each for each in triggers if isinstance(each, str) and each]
    return Tree(
        title="ai-toolkit",
        trainer="ai-toolkit",
        top=reading.top,
        parts=tuple(parts),
        trigger=said[0] if said else "",
        calls=next((each for each in calls if isinstance(each, str)), ""),
        dataset=dataset,
    )


def _part(reading: Reading, file: Path, number: int, said: Table, dataset: dict[str, Json]) -> list[Part]:
    folder = reading.folder(said.get("folder_path") or said.get("dataset_path"), "folder_path", file)
    for key, value in said.items():
        if key not in _KNOWN | _ANEW and changes(value):
            reading.leave(f"{spoken(key, value)} (datasets {number})")
    if folder is None:
        return []
    dataset["sizes"] = with_sizes(dataset.get("sizes"), sizes_of(said.get("resolution", 512)))
    if said.get("alpha_mask") is True:
        dataset["cutouts"] = "mask"
    suffix = said.get("caption_ext")
    masks = said.get("mask_path")
    repeats = whole(said.get("num_repeats", 1)) or 1
    name = name_of(folder.name)
    return [
        Part(
            folder=folder,
            name=name,
            role="regularization" if said.get("is_reg") is True else "train",
            repeats=repeats,
            captions=f".{suffix.lstrip('.')}" if isinstance(suffix, str) and suffix.strip(".") else ".txt",
            masks=reading.folder(masks, "mask_path", file) if masks else None,
            deep=True,
        )
    ]


def _validation(reading: Reading, file: Path, items: list[Table]) -> list[Part]:
    """Read which pictures are measured with, by folder."""
    found: dict[Path, set[str]] = {}
    for item in items:
        if path := reading.file(item.get("image_path"), "image_path", file):
            found.setdefault(path.parent, set()).add(path.name)
    return [
        Part(folder=folder, only=tuple(sorted(names)), name="validation", role="validation", captions=".txt")
        for folder, names in found.items()
    ]
