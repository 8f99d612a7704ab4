"""How much a trainer would stretch a picture."""

from __future__ import annotations

import math

from loraprep.core.records import Image
from loraprep.project.profiles import BaseModel
from loraprep.project.settings import Settings


def enlargement(image: Image, size: int) -> float:
    """Return how many times a trainer stretches the picture to fill the area size x size (below 1 it shrinks).

    Trainers bucket by area: every bucket holds about size^2 pixels whatever its shape.
    """
    return size / math.sqrt(image.width * image.height)


def as_times(stretched: float) -> str:
    """Write how far a picture is stretched, wherever it is told: "2.0", "12" from ten on; shrunk to "0.94"."""
    return f"{stretched:.0f}" if stretched >= 10 else f"{stretched:.1f}" if stretched >= 1 else f"{stretched:.2f}"


def trained_sizes(settings: Settings, model: BaseModel) -> list[int]:
    """Return the trained sizes in px, ascending: `dataset.sizes`, else the base model's."""
    return sorted(settings.dataset.sizes or model.sizes)
