"""OneTrainer: its buckets, and training_concepts/concepts.json.

Sources, August 2026. Keys: Nerogar/OneTrainer, modules/util/config/ConceptConfig.py. Buckets: Nerogar/mgds,
src/mgds/pipelineModules/AspectBucketing.py (0ad64a64) and ScaleCropImage.py.
"""

from __future__ import annotations

import hashlib
import math
from functools import cache

from loraprep.core import files
from loraprep.trainers import prompts
from loraprep.trainers.buckets import BucketFit, Size, centred_crop
from loraprep.trainers.trainer import ConfigTable, TrainingFolder, TrainingSet

_RATIOS = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0)
HOW = """\
Copy concepts.json to OneTrainer's `training_concepts/`, or open it on the Concepts tab. OneTrainer is started in a
folder of its own: set `dataset.path` in project.yaml first, so that the paths lead here. Epochs and batch size are
set on the Training tab. It reads 77 tokens of a Flux caption unless `text_encoder_2_sequence_length` says 512. Each
size is a concept of its own: of several sizes in one concept it would draw one for each picture, and with latent
caching keep to it for ever. Set `clear_cache_before_training` after an export, since its cache does not notice that a
picture or a caption changed. Masks stand beside the pictures as `NAME-masklabel.png`; turn on masked training to use
them."""


@cache
def onetrainer_buckets(size: int, step: int) -> tuple[Size, ...]:
    """List OneTrainer's buckets for a trained size, ascending: nine formats from 1:1 to 1:4, both ways up."""
    long_short = [(math.sqrt(r) * size, size / math.sqrt(r)) for r in _RATIOS]
    both = [*long_short, *((h, w) for w, h in long_short)]
    return tuple(sorted({(round(w / step) * step, round(h / step) * step) for w, h in both}))


def bucket_fit(width: int, height: int, size: int, grid: int, _enlarge: bool) -> BucketFit | None:
    """Take the bucket whose height / width is nearest."""
    aspect = height / width  # OneTrainer thinks in height / width
    usable = [b for b in onetrainer_buckets(size, grid) if min(b) > 0]
    if not usable:
        return None
    bucket = min(usable, key=lambda b: abs(b[1] / b[0] - aspect))
    if aspect > bucket[1] / bucket[0]:
        resized = (bucket[0], round(height * (bucket[0] / width)))
    else:
        resized = (round(width * (bucket[1] / height)), bucket[1])
    return centred_crop((width, height), bucket, resized)


def config_files(dataset: TrainingSet) -> dict[str, str]:
    """Write a list of concepts, one for each folder and size.

    With latents cached, a size that is drawn stays that of its picture: mgds, AspectBucketing.py and DiskCache.py.
    """
    concepts = [_concept(folder, "STANDARD", size, dataset) for size in dataset.sizes for folder in dataset.folders]
    if dataset.regularization:
        concepts += [_concept(dataset.regularization, "PRIOR_PREDICTION", size, dataset) for size in dataset.sizes]
    concepts += [_concept(folder, "VALIDATION", dataset.sizes[-1], dataset) for folder in dataset.held_out]
    written = {"concepts.json": files.dumps(concepts)}
    if dataset.prompts:
        written["samples.json"] = files.dumps([_sample(each.prompt, dataset.sizes[-1]) for each in dataset.prompts])
    return written


def _sample(prompt: str, size: int) -> ConfigTable:
    """Describe a picture to draw; steps, guidance and the rest are what OneTrainer takes for the base model."""
    return {
        "enabled": True,
        "prompt": prompt,
        "width": size,
        "height": size,
        "seed": prompts.SEED,
        "random_seed": False,
    }


def _concept(folder: TrainingFolder, kind: str, size: int, dataset: TrainingSet) -> ConfigTable:
    several = f"-{size}" if len(dataset.sizes) > 1 else ""
    return {
        "__version": 2,
        "name": f"{folder.name}{several}",
        "path": folder.beside or folder.path,
        "seed": _seed(dataset.name, f"{folder.name}{several}"),  # its cache knows path and seed, and no size
        "enabled": True,
        "type": kind,
        "include_subdirectories": False,
        "image_variations": 1,
        "text_variations": dataset.lines,  # with cached texts it draws a line of the caption for each of them
        "balancing": float(folder.repeats),
        "balancing_strategy": "REPEATS",
        "loss_weight": 1.0,
        "image": {
            "enable_crop_jitter": False,  # so that the crop is the one in the report
            "enable_random_flip": False,  # OneTrainer's own default mirrors pictures
            "enable_fixed_flip": False,
            "enable_random_rotate": False,
            "enable_random_brightness": False,
            "enable_random_contrast": False,
            "enable_random_saturation": False,
            "enable_random_hue": False,
            "enable_resolution_override": True,
            "resolution_override": str(size),
        },
        "text": {
            "prompt_source": "sample",
            "prompt_path": "",
            "enable_tag_shuffling": dataset.tags and kind == "STANDARD",
            "tag_delimiter": ",",
            "keep_tags_count": dataset.before + 1,
        },
    }


def _seed(*parts: str) -> int:
    """Make a seed of the project and folder; OneTrainer would take a random one, and no run could be repeated."""
    return int.from_bytes(hashlib.sha256("/".join(parts).encode()).digest()[:4]) % (1 << 30)
