"""How a picture is drawn, apart from what it shows: line, stroke, shading and grain as numbers.

All of it is measured on CIE L* and the two chroma channels, where something is drawn (plain background counts for
nothing), at the scale at which a picture trains: about one megapixel, never enlarged.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.float32]

AREA = 1024 * 1024  # pixels at which pictures are compared; smaller ones stay as they are
LEAST = 96  # px on the short side below which a look cannot be told
_LEVELS = 4
_BLOCK = 8
_STILL = 0.35  # L* deviation below which a block is plain ground
_STEP = 0.7  # L*, a visible step between neighbours
_STEPS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # L* a pixel: borders of the gradient histogram


def describe(picture: Image.Image) -> tuple[float, ...]:
    """The descriptor of an upright RGB picture: len(NAMES) numbers, () if it is too small or too empty to tell."""
    planes = _planes(picture)
    if planes is None:
        return ()
    light, chroma = planes[..., 0], planes[..., 1:]
    if _active(light).mean() < 0.02:
        return ()
    values: dict[str, float] = {}
    level = light
    pyramid = [light]
    for _ in range(_LEVELS):
        level = _half(level)
        pyramid.append(level)
    values |= _bands(pyramid)
    values |= _gradients(pyramid)
    values |= _between(pyramid)
    values |= _grains(pyramid)
    values |= _lines(light)
    values |= _colour(light, chroma)
    return tuple(round(float(values[name]), 4) for name in NAMES)


def _planes(picture: Image.Image) -> Plane | None:
    if min(picture.size) < LEAST:
        return None
    if picture.width * picture.height > AREA:
        scale = math.sqrt(AREA / (picture.width * picture.height))
        size = (round(picture.width * scale), round(picture.height * scale))
        picture = picture.resize(size, Image.Resampling.BOX, reducing_gap=None)
    return _lab(np.asarray(picture.convert("RGB")))


_LINEAR = np.array([v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in np.arange(256) / 255])
_XYZ = np.array(
    [[0.4339499, 0.3762098, 0.1898403], [0.2126729, 0.7151522, 0.0721750], [0.0177569, 0.1094796, 0.8727620]]
)


def _lab(rgb: NDArray[np.uint8]) -> Plane:
    """measure.lab in single precision: a megapixel at a time is what that one is too slow for."""
    xyz = _LINEAR.astype(np.float32)[rgb] @ _XYZ.T.astype(np.float32)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * np.float32(841 / 108) + np.float32(4 / 29))
    planes = [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])]
    return np.stack(planes, -1).astype(np.float32)


def _half(plane: Plane) -> Plane:
    rows, columns = plane.shape[0] // 2 * 2, plane.shape[1] // 2 * 2
    p = plane[:rows, :columns]
    half: Plane = ((p[::2, ::2] + p[1::2, ::2] + p[::2, 1::2] + p[1::2, 1::2]) / 4).astype(np.float32)
    return half


def _double(plane: Plane, shape: tuple[int, ...]) -> Plane:
    return np.repeat(np.repeat(plane, 2, 0), 2, 1)[: shape[0], : shape[1]]


def _blocks(plane: Plane, side: int = _BLOCK) -> Plane:
    rows, columns = plane.shape[0] // side, plane.shape[1] // side
    cut = plane[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return cut.swapaxes(1, 2).reshape(rows * columns, side * side)


def _active(plane: Plane) -> NDArray[np.bool_]:
    """Which blocks hold something drawn."""
    mask: NDArray[np.bool_] = _blocks(plane).std(axis=1) > _STILL
    return mask


def _drawn(plane: Plane, active: NDArray[np.bool_]) -> Plane:
    """The values of `plane` in the active blocks."""
    return _blocks(plane)[active]


def _log(value: Any) -> float:
    return float(np.log(np.maximum(value, 1e-3)))


def _bands(pyramid: list[Plane]) -> dict[str, float]:
    """Strength, sparseness and lopsidedness of each octave: a line drawing is sparse and dark, paint is neither."""
    values = {}
    strengths = []
    for n in range(_LEVELS):
        fine = pyramid[n]
        small = pyramid[n + 1]
        even = fine[: small.shape[0] * 2, : small.shape[1] * 2]
        band = _drawn(even - _double(small, even.shape), _active(even)).ravel()
        square = band * band  # numpy raises to the third power by pow(), ten times slower
        power = float(square.mean()) + 1e-6
        strengths.append(0.5 * _log(power))
        values[f"sparse{n}"] = _log(np.abs(band).mean() / math.sqrt(power))
        values[f"skew{n}"] = float(np.cbrt((square * band).mean() / power**1.5))
    for n in range(_LEVELS - 1):
        values[f"slope{n}"] = strengths[n] - strengths[n + 1]
    values["strength"] = strengths[1]
    return values


def _gradients(pyramid: list[Plane]) -> dict[str, float]:
    """Gradient histograms of two octaves, the width of strong edges, how much strokes run side by side."""
    values: dict[str, float] = {}
    strong = []
    for n in range(3):
        plane = pyramid[n]
        gx = np.zeros_like(plane)
        gy = np.zeros_like(plane)
        gx[:, 1:-1] = (plane[:, 2:] - plane[:, :-2]) / 2
        gy[1:-1] = (plane[2:] - plane[:-2]) / 2
        active = _active(plane)
        drawn = _drawn(np.hypot(gx, gy), active)
        strong.append(_log(np.quantile(drawn, 0.97)))
        if n < 2:
            counts = np.histogram(drawn, bins=(-1.0, *_STEPS, 1e9))[0] / drawn.size
            values |= {f"step{n}_{k}": math.sqrt(c) for k, c in enumerate(counts)}
        xx, yy, xy = (_drawn(v, active).mean(axis=1) for v in (gx * gx, gy * gy, gx * gy))
        along = np.hypot(xx - yy, 2 * xy) / (xx + yy + 1e-6)
        weight = np.sqrt(xx + yy)
        values[f"along{n}"] = float((along * weight).sum() / weight.sum())
        quiet = weight <= np.quantile(weight, 0.6)
        values[f"along_quiet{n}"] = float(along[quiet].mean())
    values["width0"], values["width1"] = strong[0] - strong[1], strong[1] - strong[2]
    values["strong"] = strong[0]
    return values


def _between(pyramid: list[Plane]) -> dict[str, float]:
    """What lies between the edges: smooth, grainy or brushed; and how much of it is one tone."""
    values: dict[str, float] = {}
    for n in range(2):
        spread = _blocks(pyramid[n]).std(axis=1)
        drawn = spread[spread > _STILL]
        values |= {f"calm{n}_{q}": _log(np.quantile(drawn, q / 100)) for q in (10, 30, 50, 70, 90)}
    fine = pyramid[0]
    even = fine[: pyramid[1].shape[0] * 2, : pyramid[1].shape[1] * 2]
    grain = _blocks(even - _double(pyramid[1], even.shape))
    spread = _blocks(even).std(axis=1)
    drawn = spread > _STILL
    calm = drawn & (spread <= np.quantile(spread[drawn], 0.3))
    values["grain"] = _log(np.abs(grain[calm]).mean())
    same = (np.abs(grain[drawn]) < 0.05).mean()
    values["one_tone"] = math.sqrt(float(same))
    return values


def _grains(pyramid: list[Plane]) -> dict[str, float]:
    """How each point stands among its eight neighbours: rotation-invariant uniform patterns (Ojala et al. 2002).

    Dots, ends of lines, edges, corners and disorder are told apart, two octaves; a neighbour has to differ by a
    just visible step to count.
    """
    values: dict[str, float] = {}
    for n in range(2):
        plane = pyramid[n]
        inner = plane[1:-1, 1:-1]
        height, width = plane.shape
        ring = [
            plane[1 + y : height - 1 + y, 1 + x : width - 1 + x] - inner > _STEP
            for y, x in ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))
        ]
        ones = np.zeros(inner.shape, np.int8)
        turns = np.zeros(inner.shape, np.int8)
        for k, bit in enumerate(ring):
            ones += bit
            turns += bit != ring[k - 1]
        pattern = np.where(turns <= 2, ones, 9).astype(np.float32)
        drawn = _drawn(pattern, _active(inner)).astype(np.int64).ravel()
        shares = np.bincount(drawn, minlength=10) / drawn.size
        values |= {f"grain{n}_{k}": math.sqrt(v) for k, v in enumerate(shares)}
    return values


def _lines(light: Plane) -> dict[str, float]:
    """Thin dark lines (closing minus picture) against thin light ones (picture minus opening), two widths."""
    values = {}
    active = _active(light)
    grey = np.clip(light * 2.55, 0, 255).astype(np.uint8)
    for name, side in (("thin", 5), ("thick", 11)):
        closed = _extreme(_extreme(grey, side, np.maximum), side, np.minimum)
        opened = _extreme(_extreme(grey, side, np.minimum), side, np.maximum)
        dark = _drawn((closed - grey).astype(np.float32), active)
        pale = _drawn((grey - opened).astype(np.float32), active)
        values[f"dark_{name}"], values[f"pale_{name}"] = _log(dark.mean()), _log(pale.mean())
        values[f"ink_{name}"] = _log(np.quantile(dark, 0.98) + 1) - _log(np.quantile(pale, 0.98) + 1)
    return values


def _extreme(grey: NDArray[np.uint8], side: int, better: np.ufunc) -> NDArray[np.uint8]:
    """Largest or smallest value in a centred square of odd `side`, by doubling windows along each axis."""
    for axis in (0, 1):
        reach = side // 2
        padded = np.pad(grey, [(reach, reach) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        length, width = grey.shape[axis], 1
        while width < side:
            step = min(width, side - width)
            rest = padded.shape[axis] - step
            first, second = (padded[:, k : k + rest] if axis else padded[k : k + rest] for k in (0, step))
            padded = better(first, second)
            width += step
        grey = padded[:, :length] if axis else padded[:length]
    return grey


def _colour(light: Plane, chroma: Plane) -> dict[str, float]:
    """Do colours change where light does, and how gradually? Which colours they are does not enter."""
    half = np.stack([_half(chroma[..., 0]), _half(chroma[..., 1])], -1)
    tone = _half(light)
    rows, columns = tone.shape[0] - 1, tone.shape[1] - 1
    step = np.hypot(*(np.linalg.norm(np.diff(half, axis=a), axis=2)[:rows, :columns] for a in (0, 1)))
    rise = np.hypot(*(np.abs(np.diff(tone, axis=a))[:rows, :columns] for a in (0, 1)))
    active = _active(tone[:-1, :-1])
    a, b = _drawn(step, active).ravel(), _drawn(rise, active).ravel()
    joint = float(np.corrcoef(a, b)[0, 1]) if len(a) and a.std() > 1e-6 and b.std() > 1e-6 else 0.0
    return {"tint": _log(a.mean()) - _log(b.mean()), "joint": joint}


NAMES: tuple[str, ...] = (
    *(f"sparse{n}" for n in range(_LEVELS)), *(f"skew{n}" for n in range(_LEVELS)),
    *(f"slope{n}" for n in range(_LEVELS - 1)), "strength",
    *(f"step{n}_{k}" for n in range(2) for k in range(len(_STEPS) + 1)),
    *(f"along{n}" for n in range(3)), *(f"along_quiet{n}" for n in range(3)), "width0", "width1", "strong",
    *(f"calm{n}_{q}" for n in range(2) for q in (10, 30, 50, 70, 90)), "grain", "one_tone",
    *(f"grain{n}_{k}" for n in range(2) for k in range(10)),
    *(f"{a}_{b}" for b in ("thin", "thick") for a in ("dark", "pale", "ink")), "tint", "joint",
)  # fmt: skip
