"""A picture in a trainer's bucket, by what the project says: which trainer, which base model, enlarged or not."""

from __future__ import annotations

from loraprep.project import profiles
from loraprep.project.settings import Settings
from loraprep.trainers.buckets import BucketFit
from loraprep.trainers.trainer import bucket_rules

_USUAL = "kohya"  # whose rules stand for those of a trainer that does not tell its own
_USUAL_GRID = 64  # px


def reference_trainer(settings: Settings) -> str:
    """Name the trainer whose crops are drawn where one must do: the first whose rules are known, else kohya."""
    return next((name for name in settings.dataset.trainers if bucket_rules(name)), _USUAL)


def bucket_grid(trainer: str, model: str) -> int:
    """Look up what the sides of the trainer's buckets are multiples of for the base model, in px."""
    return profiles.bucket_step(trainer, model, _USUAL_GRID)


def fit(
    trainer: str, width: int, height: int, size: int, grid: int = _USUAL_GRID, *, enlarge: bool = True
) -> BucketFit | None:
    """Compute what `trainer` makes of a picture of width x height px at the trained `size`.

    `grid`: px that the sides of its buckets are multiples of. `enlarge` is a choice only kohya offers (False is its
    bucket_no_upscale). None if the trainer cannot place the picture: it would stop, or make a bucket without any
    area. Raises KeyError for a trainer whose rules are not known and ValueError for sizes below 1.
    """
    if min(width, height, size) < 1:
        raise ValueError(f"no picture is {width}x{height} and no trained size {size}")
    rules = bucket_rules(trainer)
    if rules is None:
        raise KeyError(trainer)
    return rules(width, height, size, grid, enlarge)


def place_picture(
    width: int, height: int, size: int, settings: Settings, trainer: str | None = None
) -> BucketFit | None:
    """Compute what the trainer (the reference one unless named) makes of a picture of width x height px.

    None if it cannot place it.
    """
    name = trainer or reference_trainer(settings)
    return fit(name, width, height, size, bucket_grid(name, settings.model), enlarge=settings.dataset.enlarge)
