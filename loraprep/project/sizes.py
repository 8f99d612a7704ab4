"""How much a trainer would stretch a picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from loraprep.core.records import Image
from loraprep.project import profiles
from loraprep.project.profiles import BaseModel
from loraprep.project.settings import Settings


def enlargement(image: Image, size: int) -> float:
    """Return how many times a trainer stretches the picture to fill the area size x size (below 1 it shrinks).

    Trainers bucket by area: every bucket holds about size^2 pixels whatever its shape.
    """
    return size / side(image)


def side(image: Image) -> float:
    """Return the side of the square of the same area, px."""
    return math.sqrt(image.width * image.height)


def mostly_enlarged(sides: Sequence[float], size: int, times: float) -> bool:
    """Say whether `size` stretches more than half of the pictures more than so many times. `sides`: see `side`."""
    return 2 * sum(size > times * length for length in sides) > len(sides)


def models_that_fit(sides: Sequence[float], kind: str, trainers: Iterable[str], form: str, times: float) -> list[str]:
    """Name the base models for the kind, trained by these trainers, that would not enlarge most of the pictures so.

    Those that read captions of that form stand first, then those that are trained at the smallest sizes.
    """
    pairs, wanted = profiles.kind(kind).pairs, set(trainers)
    known = {name: profiles.base_model(name) for name in profiles.models_for(kind)}
    fits = [
        name
        for name, model in known.items()
        if not mostly_enlarged(sides, min(model.sizes), times)
        and wanted.issubset(profiles.trainers_of(name, pairs=pairs))
    ]
    return sorted(fits, key=lambda name: (known[name].form != form, known[name].native, name))


def as_times(stretched: float) -> str:
    """Write how far a picture is stretched, wherever it is told: "2.0", "12" from ten on; shrunk to "0.94"."""
    return f"{stretched:.0f}" if stretched >= 10 else f"{stretched:.1f}" if stretched >= 1 else f"{stretched:.2f}"


def trained_sizes(settings: Settings, model: BaseModel) -> list[int]:
    """Return the trained sizes in px, ascending: `dataset.sizes`, else the base model's."""
    return sorted(settings.dataset.sizes or model.sizes)
