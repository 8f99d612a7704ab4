"""diffusion-pipe: its datasets, without their caches, and what it makes of each picture and mask."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import random
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.benchmarks.loading.epoch import Epoch, Laid, called, take


class _NoFilm:
    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"it wants {name}")


def load(project: Path, source: Path, model: str) -> dict[str, Epoch]:
    """Build what an epoch shows, and what is measured on. `model`: the step of the base model's buckets, 16 unless told.

    Its modules import DeepSpeed and ComfyUI: what is needed is taken out of them.
    """
    names, top = _names(source), project / "exports/diffusion-pipe"
    told = tomllib.loads((top / "dataset.toml").read_text("utf-8"))
    readme = (top / "README.md").read_text("utf-8")
    batch = int(readme.partition("(batch size): ")[2].partition(".")[0])
    grid, epoch, apart = int(model or 16), Epoch(), _media(source)
    alike: dict[Any, list[Any]] = defaultdict(list)
    for sized in _sized(names, told, grid):
        alike[tuple(sized.size_bucket)].append(sized)
        _, wide, high = sized.size_bucket[:3]  # its ratio before
        for at in range(len(sized)):
            entry = sized.iteration_order[at % len(sized.iteration_order)]
            picture = called(entry["image_spec"][1])
            mask = sized.metadata_dataset[entry["latents_idx"]]["mask_file"]
            if (picture, (wide, high)) not in epoch.looks and mask:
                ((image, _, laid),) = apart(entry["image_spec"], mask, (wide, high, 1))
                assert image.shape[-2:] == (high, wide)
                epoch.masks.append(Laid(picture, (wide, high), laid))
            epoch.looks[picture, (wide, high)] += 1
            epoch.says(picture, entry["caption"])
    for same in alike.values():
        joined = names["ConcatenatedBatchedDataset"](same)
        joined.post_init({None: batch}, {None: batch}, 0, 1)
        epoch.steps += len(joined)
    if (top / "held-out.toml").is_file():
        held = tomllib.loads((top / "held-out.toml").read_text("utf-8"))
        shown = (entry for sized in _sized(names, held, grid) for entry in sized.iteration_order)
        epoch.measured = {called(entry["image_spec"][1]) for entry in shown}
    return {"dataset.toml": epoch}


def _sized(names: dict[str, Any], told: dict[str, Any], grid: int) -> Any:
    for directory in told["directory"]:
        made = names["DirectoryDataset"](directory, told, "any", round_to_multiple=grid)
        made.cache_metadata()
        for shaped in made.ar_bucket_datasets:
            shaped.cache_latents(None)
            yield from shaped.get_size_bucket_datasets()


def _names(source: Path) -> dict[str, Any]:
    import datasets
    import numpy as np
    from PIL import Image

    datasets.disable_progress_bars()
    names: dict[str, Any] = {
        "os": os, "json": json, "math": math, "random": random, "hashlib": hashlib, "np": np, "datasets": datasets,
        "Path": Path, "Image": Image, "defaultdict": defaultdict, "tqdm": lambda given, **_: given, "tarfile": _NoFilm(),
        "logger": logging.getLogger(), "is_main_process": lambda: True, "NUM_PROC": None, "ROUND_DECIMAL_DIGITS": 3,
        "UNCOND_FRACTION": 0.0, "VIDEO_EXTENSIONS": (), "imageio": _NoFilm(), "InputImpl": _NoFilm(),
        "_map_and_cache": lambda dataset, *_, **__: dataset, "print": lambda *_: None,
    }  # fmt: skip
    take(source / "utils/common.py", {"round_to_nearest_multiple"}, names)
    wanted = {"shuffle_with_seed", "shuffle_captions", "bucket_suffix", "dedup_and_sort", "seed_from_hash"}
    wanted |= {"SizeBucketDataset", "ConcatenatedBatchedDataset", "ARBucketDataset", "DirectoryDataset"}
    take(source / "utils/dataset.py", {*wanted, "CAPTIONS_JSON_FILE"}, names)
    return names


def _media(source: Path) -> Any:
    """Return its PreprocessMediaFile, which loads, scales and crops."""
    import torch
    import torchvision
    from PIL import Image, ImageOps
    from torchvision import transforms

    wanted = {"PreprocessMediaFile", "convert_crop_and_resize", "round_to_nearest_multiple", "round_down_to_multiple"}
    names: dict[str, Any] = {
        "torch": torch, "torchvision": torchvision, "transforms": transforms, "Image": Image, "ImageOps": ImageOps,
        "Path": Path, "VIDEO_EXTENSIONS": (), "tarfile": None, "np": None,
    }  # fmt: skip
    for module in ("utils/common.py", "models/base.py"):
        take(source / module, wanted, names)
    return names["PreprocessMediaFile"]({"dataset": ""}, support_video=False)
