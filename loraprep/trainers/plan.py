"""A trainer's plan for the dataset: the records of build/placements.json."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from loraprep.trainers.buckets import Size


class PlacedPicture(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One picture at one trained size. What follows `bucket` is 0 or empty if the trainer cannot place it."""

    path: str
    size: int  # px
    bucket: Size | None
    scale: float = 0.0  # linear: above 1 it is stretched
    cut: float = 0.0  # share of its area that is cut off, 0..1
    box: tuple[float, ...] = ()  # left, top, right, bottom of what stays, as shares of its sides


class TrainingLength(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a trainer trains so that every picture is seen as often as in the others."""

    epochs: int  # to set in the trainer
    steps_per_epoch: int
    steps: int
    seen: int  # how often a picture with the most common repeats comes up, all sizes together
    exact: bool  # False where the trainer draws sizes at random: the steps are then an estimate
    captions: int = 1  # with each of how many captions it comes up, counted in `seen`
    regularization: int = 0  # repeats of the regularization pictures, whose steps are counted; 0: none are used


class CutCaption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A caption that is longer than what the trainer reads of it."""

    tokens: int  # exact, or (where `exact` is False) the most it may have
    read: int  # of them, by the trainer
    exact: bool
    lost: str = ""  # the words that are cut off, where tokens are counted exactly


class TrainingPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A trainer's whole plan."""

    trainer: str
    sizes: list[int]  # px, ascending
    placed: list[PlacedPicture]  # empty for a trainer whose rules are not known here
    length: TrainingLength
    cut_captions: dict[str, CutCaption]  # by path
    reads: int = 0  # tokens of a caption
    unfilled: list[str] = []  # paths whose bucket fills no batch, where the trainer then drops it or stops


def usual_repeats(repeats: Iterable[int]) -> int:
    """Find the repeats that most pictures have, the fewest of those that are as common; 1 without pictures."""
    counts = Counter(repeats)
    return max(counts, key=lambda n: (counts[n], -n), default=1)


def alone_in_bucket(plan: TrainingPlan) -> list[PlacedPicture]:
    """Find pictures that have a bucket to themselves: alone in their shape at that size."""
    crowd: defaultdict[tuple[int, Size], list[PlacedPicture]] = defaultdict(list)
    for picture in plan.placed:
        if picture.bucket:
            crowd[picture.size, picture.bucket].append(picture)
    return sorted((c[0] for c in crowd.values() if len(c) == 1), key=lambda p: (p.size, p.path))
