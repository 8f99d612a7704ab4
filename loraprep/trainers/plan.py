"""A trainer's plan for the dataset: the records that cross from the phase that makes it to those that show it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from loraprep.core.records import Record


@dataclass(frozen=True, slots=True)
class Placed(Record):
    """One picture at one trained size. `cut` is a share of its area, `box` (left, top, right, bottom) of its sides.

    Everything is None, 0 or empty when the trainer cannot place the picture. The box is given in shares, 0..1,
    so that it fits a thumbnail of any size.
    """

    path: str
    size: int
    bucket: tuple[int, int] | None
    scale: float = 0.0
    cut: float = 0.0
    box: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Length(Record):
    """How long a trainer trains so that every picture is seen as often as in the others."""

    epochs: int  # to set in the trainer
    steps_per_epoch: int
    steps: int
    seen: int  # how often a picture with the most common repeats comes up, all sizes together
    exact: bool  # False where the trainer draws sizes at random: the steps are then an estimate
    regularization: int = 0  # repeats of the regularization pictures, whose steps are counted; 0: none are used


@dataclass(frozen=True, slots=True)
class CutCaption(Record):
    """A caption that is longer than what the trainer reads of it."""

    tokens: int  # exact, or (where `exact` is False) the most it may have
    read: int  # of them, by the trainer
    exact: bool
    lost: str = ""  # the words that are cut off, where tokens are counted exactly


@dataclass(frozen=True, slots=True)
class Plan(Record):
    """A trainer's whole plan. `placed` is empty for trainers whose rules are not known here."""

    trainer: str
    sizes: list[int]
    placed: list[Placed]
    length: Length
    cut_captions: dict[str, CutCaption]
    reads: int = 0  # tokens of a caption

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Plan:
        placed = [Placed(**{**p, "bucket": tuple(p["bucket"]) if p["bucket"] else None}) for p in data["placed"]]
        captions = {path: CutCaption(**cut) for path, cut in data["cut_captions"].items()}
        return cls(data["trainer"], data["sizes"], placed, Length(**data["length"]), captions, data["reads"])


def usual(repeats: Iterable[int]) -> int:
    """The repeats that most pictures have, the fewest of those that are as common; 1 without pictures."""
    counts = Counter(repeats)
    return max(counts, key=lambda n: (counts[n], -n), default=1)


def lonely(plan: Plan) -> list[Placed]:
    """Pictures that have a bucket to themselves: alone in their shape at that size."""
    crowd: defaultdict[tuple[int, tuple[int, int]], list[Placed]] = defaultdict(list)
    for p in plan.placed:
        if p.bucket:
            crowd[p.size, p.bucket].append(p)
    return sorted((c[0] for c in crowd.values() if len(c) == 1), key=lambda p: (p.size, p.path))
