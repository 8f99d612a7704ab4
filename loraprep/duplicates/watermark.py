"""Pale see-through letters over a picture: a watermark makes no variant of it.

Told from a changed mouth, glasses or a new object by what lettering alone is: one low line, all of it brighter, none
of it opaque, and of many strokes side by side. What is not clearly that stays a change, about which a person is asked.
Measured by tests/benchmarks/quality.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

_DIFFERS = 4.0  # of 255, beyond what a shift by half a pixel explains
_TAIL = 0.05  # share of all that differs which may lie above the line, and below it
_HEIGHT, _WIDTH, _LONG = 1 / 15, 1 / 8, 3.0  # shares of the side; how often the height goes into the width
_ONE_SIGN = 0.98  # share of all that differs which is brighter in the same picture
_EDGES = 5  # ends of strokes met by one row of pixels, at least
_SEE_THROUGH = 36.0  # of 255; opaque letters differ by more


@dataclass(frozen=True, slots=True)
class Letters:
    """`over`: 0 if they lie over the first picture, 1 over the second; `area`: True where they may be, (n, n)."""

    over: int
    area: NDArray[np.bool_]


def find(first: Plane, second: Plane, beyond: Plane) -> Letters | None:
    """In luma (n, n), 0..255, of two pictures laid over each other; `beyond`: how far they really differ, 0 outside."""
    side = len(first)
    mask = beyond > _DIFFERS
    change = np.where(mask, second - first, 0)
    mass = np.abs(change)
    if not mass.any():
        return None
    top, bottom = _middle(mass.sum(axis=1))
    left, right = _middle(mass.sum(axis=0))
    high, wide = bottom - top, right - left
    if high > _HEIGHT * side or wide < max(_WIDTH * side, _LONG * high):
        return None
    line = (slice(top, bottom), slice(left, right))
    brighter = float(change[line].clip(min=0).sum() / max(1e-6, float(mass[line].sum())))
    edges = int(np.count_nonzero(np.diff(mask[line].astype(np.int8), axis=1), axis=1).max(initial=0))
    if max(brighter, 1 - brighter) < _ONE_SIGN or edges < _EDGES or mass[mask].mean() > _SEE_THROUGH:
        return None
    over = int(brighter > 0.5)
    if _strokes((first, second)[over][line]) <= _strokes((second, first)[over][line]):
        return None  # dark strokes taken away, not bright ones added
    area = np.zeros(mask.shape, bool)
    area[max(0, top - high // 2) : bottom + high // 2, max(0, left - high) : right + high] = True
    return Letters(over, area)


def _middle(mass: NDArray[np.floating]) -> tuple[int, int]:
    """From where to where (excluded) all but the tails lie."""
    share = mass.cumsum() / mass.sum()
    return int(np.searchsorted(share, _TAIL)), int(np.searchsorted(share, 1 - _TAIL)) + 1


def _strokes(luma: Plane) -> float:
    return float(np.abs(np.diff(luma, axis=1)).sum())
