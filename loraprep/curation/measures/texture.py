"""The finer half of a style: how points stand among their neighbours, how strokes go on, how colours and tones meet."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from loraprep.curation.measures.image_planes import Plane, active_blocks, active_values, halve

_OCTAVES = 3
_STEP = 0.6  # L*, a just visible step between neighbours
_REACH = (2, 4, 8, 16)  # px along which a stroke may go on
_RING = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))  # the eight around (1, 1), in order


def texture_values(pyramid: list[Plane], chroma: Plane) -> dict[str, float]:
    """Measure the values of NAMES, of octaves of L* (the finest first) and of the two chroma planes of the finest."""
    values: dict[str, float] = {}
    for n in range(_OCTAVES):
        values |= _patterns(pyramid[n], n) | _strokes(pyramid[n], n)
    light = pyramid[0]
    on = active_blocks(light)
    for name, plane in (("light", light), ("green", chroma[..., 0]), ("blue", chroma[..., 1])):
        values |= _sharpness(plane, name, light)
    return values | _tones(light, on)


def _patterns(plane: Plane, n: int) -> dict[str, float]:
    """Shares of rotation-invariant uniform patterns (Ojala et al. 2002), of lighter and of darker neighbours apart.

    Dots, ends of lines, edges, corners and disorder are told apart; a neighbour that differs by less than a visible
    step counts as the same.
    """
    inner = plane[1:-1, 1:-1]
    height, width = inner.shape
    on = active_blocks(inner)
    values: dict[str, float] = {}
    for name, sign in (("pale", 1), ("dark", -1)):
        ring = [sign * (plane[y : y + height, x : x + width] - inner) > _STEP for y, x in _RING]
        count = np.zeros(inner.shape, np.int8)
        turns = np.zeros(inner.shape, np.int8)
        for k, bit in enumerate(ring):
            count += bit
            turns += bit != ring[k - 1]
        code = active_values(np.where(turns <= 2, count, 9), on).ravel()
        shares = np.bincount(code, minlength=10) / max(1, code.size)
        values |= {f"around_{name}{n}_{k}": math.sqrt(v) for k, v in enumerate(shares)}
    return values


def _strokes(plane: Plane, n: int) -> dict[str, float]:
    """Measure whether strokes go on for some pixels: the autocorrelation of their direction and of their strength.

    Directions are doubled angles of the gradient (Bigun and Granlund 1987), so that both sides of a line agree.
    """
    down, across = np.gradient(plane)
    squared = (across + 1j * down) ** 2
    strength = np.sqrt(np.abs(squared))
    way = squared / np.maximum(strength, 1e-3)
    power = float((strength**2).mean()) + 1e-6
    values = {}
    for far in _REACH:
        reached = min(plane.shape) > 2 * far
        for name, v in (("way", way), ("strength", strength)):
            pairs = ((v[:, far:], v[:, :-far]), (v[far:], v[:-far]))
            same = sum(float((a * np.conj(b)).real.mean()) for a, b in pairs) / 2 if reached else 0.0
            values[f"{name}{n}_{far}"] = same / power
    return values


def _sharpness(plane: Plane, name: str, light: Plane) -> dict[str, float]:
    """How much of its strong edges a plane loses at half the size: drawn, scanned and sprayed colours differ."""
    small, below = halve(plane), halve(light)
    fine, coarse = (
        np.log(np.maximum(np.quantile(active_values(np.hypot(*np.gradient(p)), on), (0.9, 0.98)), 1e-3))
        for p, on in ((plane, active_blocks(light)), (small, active_blocks(below)))
    )
    return {f"sharp_{name}_{q}": float(lost) for q, lost in zip((90, 98), fine - coarse, strict=True)}


def _tones(light: Plane, on: NDArray[np.bool_]) -> dict[str, float]:
    """Few tones or many; how dark the darkest are, and the edges beside the rest; of what is drawn only."""
    tones = active_values(light, on).ravel()
    counts = np.histogram(tones, bins=50, range=(0, 100))[0] / tones.size
    counts = counts[counts > 0]
    edges = active_values(np.hypot(*np.gradient(light)), on).ravel()
    strong = edges > np.quantile(edges, 0.9)
    darkest, middle = (float(v) for v in np.quantile(tones, (0.02, 0.5)))
    flat = (np.abs(np.diff(light, axis=1, append=light[:, -1:])) < 1e-3).astype(np.float32)
    return {
        "tones": float(-(counts * np.log(counts)).sum()),
        "darkest": darkest,
        "outline": float(np.median(tones[strong])) - middle if strong.any() else 0.0,
        "even": math.sqrt(float(active_values(flat, on).mean())),
    }


NAMES: tuple[str, ...] = (
    *(f"around_{t}{n}_{k}" for n in range(_OCTAVES) for t in ("pale", "dark") for k in range(10)),
    *(f"{v}{n}_{far}" for n in range(_OCTAVES) for v in ("way", "strength") for far in _REACH),
    *(f"sharp_{p}_{q}" for p in ("light", "green", "blue") for q in (90, 98)),
    "tones",
    "darkest",
    "outline",
    "even",
)
