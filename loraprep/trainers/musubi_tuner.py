"""musubi-tuner: its buckets, and the dataset configuration in both of its forms, folders and JSONL.

Sources: kohya-ss/musubi-tuner 30c658c, June 2026. Keys: src/musubi_tuner/dataset/config_utils.py, where any other key
raises. Buckets: dataset/bucket.py BucketSelector; scaling and crop: dataset/media_utils.py resize_image_to_bucket.
Captions: dataset/datasources.py.
"""

from __future__ import annotations

import json
from functools import cache

import tomlkit

from loraprep.trainers import prompts
from loraprep.trainers.buckets import BucketFit, Size, centred_crop
from loraprep.trainers.trainer import ConfigTable, TrainingFolder, TrainingSet

CONFIG = "dataset_config.toml"
HOW = """\
First the pictures and the captions are written into caches, by two commands; the training reads those caches and
nothing else. Run both again after every export: musubi-tuner does not notice that a picture or a caption changed.

dataset_config_jsonl.toml says the same with the captions inside of .jsonl files; use one of the two. musubi-tuner has
no shuffling, no dropping of captions, no mirroring, and no use for loss masks or regularization pictures. It leaves
pictures without a caption out without a word; here all have one."""
SEVERAL = """\
Each picture has several captions in dataset/, which musubi-tuner would read as one. So there is the configuration with
.jsonl files alone, which name the first of them."""


@cache
def musubi_buckets(size: int, step: int) -> tuple[Size, ...]:
    """List its buckets for an area of size x size px, ascending: shapes between 1:4 and 4:1."""
    found: set[Size] = set()
    for wide in range(size // 2 // step * step, size + step, step):
        if wide:
            high = size * size // wide // step * step
            found |= {(wide, high), (high, wide)}
    return tuple(sorted(found))


def bucket_fit(width: int, height: int, size: int, grid: int, enlarge: bool) -> BucketFit | None:
    """Take the bucket whose width / height is nearest; without `enlarge` small pictures keep theirs, in steps."""
    if not enlarge and width * height <= size * size:
        bucket = (width // grid * grid, height // grid * grid)
    else:
        usable = [b for b in musubi_buckets(size, grid) if min(b) > 0]
        if not usable:
            return None
        bucket = min(usable, key=lambda b: abs(b[0] / b[1] - width / height))
    if min(bucket) < 1:
        return None
    scale = max(bucket[0] / width, bucket[1] / height)
    return centred_crop((width, height), bucket, (int(width * scale + 0.5), int(height * scale + 0.5)))


def config_files(dataset: TrainingSet) -> dict[str, str]:
    """Write a [[datasets]] for each folder and size, twice: with its folder, and with a .jsonl of its captions."""
    written = {CONFIG: _config(dataset, jsonl=False), "dataset_config_jsonl.toml": _config(dataset, jsonl=True)}
    # several before one picture would need numbers in their names, and a text file is read as one caption
    if dataset.lines > 1 or any(len(folder.controls) > 1 for folder in dataset.folders):
        written = {CONFIG: _config(dataset, jsonl=True)}
    for folder in dataset.folders:
        lines = [
            json.dumps(
                {"image_path": path, **_before(folder, path.rpartition("/")[2]), "caption": first}, ensure_ascii=False
            )
            for path, (first, *_) in dataset.captioned(folder).items()
        ]
        written[f"{folder.name}.jsonl"] = "\n".join(lines) + "\n"
    if dataset.prompts:  # without --f it would draw a film
        written["sample_prompts.txt"] = prompts.lines(dataset.prompts, dataset.sizes[-1], more=" --f 1")
    return written


def _before(folder: TrainingFolder, name: str) -> dict[str, str]:
    """Name the pictures before the change."""
    if len(folder.controls) == 1:
        return {"control_path": f"{folder.controls[0]}/{name}"}
    return {f"control_path_{n}": f"{path}/{name}" for n, path in enumerate(folder.controls)}


def _config(dataset: TrainingSet, *, jsonl: bool) -> str:
    doc = tomlkit.document()
    doc.add(tomlkit.comment(dataset.made_for))
    general: ConfigTable = {"enable_bucket": True, "bucket_no_upscale": not dataset.enlarge}
    if not jsonl:
        general["caption_extension"] = ".txt"  # without it musubi-tuner stops
    doc.add("general", tomlkit.item({**general, "batch_size": dataset.batch_size}))
    sets = tomlkit.aot()
    for size in dataset.sizes:
        for folder in dataset.folders:
            table = tomlkit.table()
            table.update(_dataset(folder, size, dataset, jsonl=jsonl))
            sets.append(table)
    doc.add("datasets", sets)
    return tomlkit.dumps(doc)


def _beside(folder: TrainingFolder) -> dict[str, str]:
    return {"control_directory": folder.controls[0]} if folder.controls else {}


def _dataset(folder: TrainingFolder, size: int, dataset: TrainingSet, *, jsonl: bool) -> ConfigTable:
    """Describe one folder at one size: each needs a cache of its own, or musubi-tuner stops."""
    source = (
        {"image_jsonl_file": f"{dataset.above}exports/musubi-tuner/{folder.name}.jsonl"}
        if jsonl
        else {"image_directory": folder.path, **_beside(folder)}
    )
    several = len(folder.controls) > 1
    return {
        **source,
        **((dataset.by.several if several else dataset.by.pairs) if folder.controls else {}),
        "cache_directory": f"{dataset.above}exports/musubi-tuner/cache/{folder.name}-{size}",
        "resolution": [size, size],
        "num_repeats": folder.repeats,
    }
