"""A picture in a trainer's bucket, by what the project says: which trainer, which base model, enlarged or not."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from loraprep.project.project import profile
from loraprep.trainers import buckets
from loraprep.trainers.buckets import Placement


def shown(config: Mapping[str, Any]) -> str:
    """The trainer whose crops are drawn where one must do: the project's first whose rules are known, else kohya."""
    return next((name for name in config["dataset"]["trainers"] if name in buckets.ALGORITHMS), "kohya")


@cache
def grid(trainer: str, model: str) -> int:
    """What the sides of the trainer's buckets are multiples of for the base model, in px."""
    steps = profile("trainers", trainer)["grid"]
    return int(steps.get(model, steps["default"]))


def placed(
    width: int, height: int, size: int, config: Mapping[str, Any], trainer: str | None = None
) -> Placement | None:
    """What the trainer (the shown one unless named) makes of a picture of width x height px at the trained `size`.

    None if it cannot place it.
    """
    name = trainer or shown(config)
    return buckets.fit(name, width, height, size, grid(name, config["model"]), enlarge=config["dataset"]["enlarge"])
