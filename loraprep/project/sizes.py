"""How much a trainer would stretch a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from loraprep.core.records import Image


def enlargement(image: Image, size: int) -> float:
    """How many times a trainer stretches the picture to fill the area size x size (below 1 it shrinks).

    Trainers bucket by area: every bucket holds about size^2 pixels whatever its shape.
    """
    return size / math.sqrt(image.width * image.height)


def trained_sizes(config: Mapping[str, Any], model: Mapping[str, Any]) -> list[int]:
    """The trained sizes in px, ascending: `dataset.sizes`, else the base model's."""
    return sorted(config["dataset"]["sizes"] or model["sizes"])
