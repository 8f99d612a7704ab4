"""OneTrainer: training_concepts/concepts.json. Keys: Nerogar/OneTrainer, modules/util/config/ConceptConfig.py,
August 2026."""

from __future__ import annotations

import hashlib
from typing import Any

from loraprep.core import files as disk
from loraprep.trainers.export import Dataset, Folder

NAME = "onetrainer"
HOW = """\
Copy concepts.json to OneTrainer's `training_concepts/`, or open it on the Concepts tab. OneTrainer is started in a
folder of its own: set `dataset.path` in project.yaml first, so that the paths lead here. Epochs and batch size are
set on the Training tab. It reads 77 tokens of a Flux caption unless `text_encoder_2_sequence_length` says 512. Of
several sizes it draws one each time a picture comes up. Masks stand beside the pictures as
`NAME-masklabel.png`; turn on masked training to use them."""


def files(dataset: Dataset) -> dict[str, str]:
    """A list of concepts, one a folder."""
    concepts = [_concept(folder, "STANDARD", dataset) for folder in dataset.folders]
    if dataset.regularization:
        concepts.append(_concept(dataset.regularization, "PRIOR_PREDICTION", dataset))
    return {"concepts.json": disk.dumps(concepts)}


def _concept(folder: Folder, kind: str, dataset: Dataset) -> dict[str, Any]:
    return {
        "__version": 2,
        "name": folder.name,
        "path": folder.beside or folder.path,
        "seed": _seed(dataset.name, folder.name),
        "enabled": True,
        "type": kind,
        "include_subdirectories": False,
        "image_variations": 1,
        "text_variations": 1,
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
            "resolution_override": ",".join(str(size) for size in dataset.sizes),
        },
        "text": {
            "prompt_source": "sample",
            "prompt_path": "",
            "enable_tag_shuffling": dataset.tags and kind == "STANDARD",
            "tag_delimiter": ",",
            "keep_tags_count": 1,
        },
    }


def _seed(*parts: str) -> int:
    """The same for the same project and folder; OneTrainer would take a random one, and no run could be repeated."""
    return int.from_bytes(hashlib.sha256("/".join(parts).encode()).digest()[:4]) % (1 << 30)
