"""How much a trainer would stretch a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from loraprep.core.records import Image
from loraprep.project.profiles import BaseModel
from loraprep.project.settings import Settings


def enlargement(image: Image, size: int) -> float:
    """How many times a trainer stretches the picture to fill the area size x size (below 1 it shrinks).

    Trainers bucket by area: every bucket holds about size^2 pixels whatever its shape.
    """
    return size / math.sqrt(image.width * image.height)


def trained_sizes(config: Settings | Mapping[str, Any], model: BaseModel | Mapping[str, Any]) -> list[int]:
    """The trained sizes in px, ascending: `dataset.sizes`, else the base model's."""
    chosen = config.dataset.sizes if isinstance(config, Settings) else config["dataset"]["sizes"]
    return sorted(chosen or (model.sizes if isinstance(model, BaseModel) else model["sizes"]))
