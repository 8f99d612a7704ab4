"""How a picture is active_values, apart from what it shows: line, stroke, shading and grain as numbers.

All of it is measured on CIE L* and the two chroma channels, where something is drawn (plain background counts for
nothing), at the scale at which a picture trains: about one megapixel, never enlarged.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from loraprep.curation.measures import texture
from loraprep.curation.measures.image_planes import (
    Plane,
    active_blocks,
    active_values,
    blocks,
    double_size,
    drawn_share,
    floored_log,
    halve,
    lab_planes,
)

_LEVELS = 4
_DRAWN = 0.02  # share of the blocks that must hold something
_STEP = 0.7  # L*, a visible step between neighbours
_STEPS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # L* a pixel: borders of the gradient histogram


def style_descriptor(picture: Image.Image) -> tuple[float, ...]:
    """Measure an upright RGB picture: len(NAMES) numbers, () if it is too small or too empty to tell."""
    planes = lab_planes(picture)
    if planes is None:
        return ()
    light, chroma = planes[..., 0], planes[..., 1:]
    if drawn_share(light) < _DRAWN:
        return ()
    values: dict[str, float] = {}
    level = light
    pyramid = [light]
    for _ in range(_LEVELS):
        level = halve(level)
        pyramid.append(level)
    values |= _bands(pyramid)
    values |= _gradients(pyramid)
    values |= _between(pyramid)
    values |= _lines(light)
    values |= _colour(light, chroma)
    values |= texture.texture_values(pyramid, chroma)
    return tuple(round(float(values[name]), 4) for name in NAMES)


def _bands(pyramid: list[Plane]) -> dict[str, float]:
    """Strength, sparseness and lopsidedness of each octave: a line drawing is sparse and dark, paint is neither."""
    values = {}
    strengths = []
    for n in range(_LEVELS):
        fine = pyramid[n]
        small = pyramid[n + 1]
        even = fine[: small.shape[0] * 2, : small.shape[1] * 2]
        band = active_values(even - double_size(small, even.shape), active_blocks(even)).ravel()
        square = band * band  # numpy raises to the third power by pow(), ten times slower
        power = float(square.mean()) + 1e-6
        strengths.append(0.5 * floored_log(power))
        values[f"sparse{n}"] = floored_log(np.abs(band).mean() / math.sqrt(power))
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
        on = active_blocks(plane)
        slopes = active_values(np.hypot(gx, gy), on)
        strong.append(floored_log(np.quantile(slopes, 0.97)))
        if n < 2:
            counts = np.histogram(slopes, bins=(-1.0, *_STEPS, 1e9))[0] / slopes.size
            values |= {f"step{n}_{k}": math.sqrt(c) for k, c in enumerate(counts)}
        xx, yy, xy = (active_values(v, on).mean(axis=1) for v in (gx * gx, gy * gy, gx * gy))
        along = np.hypot(xx - yy, 2 * xy) / (xx + yy + 1e-6)
        weight = np.sqrt(xx + yy)
        values[f"along{n}"] = float((along * weight).sum() / max(weight.sum(), 1e-6))
        quiet = weight <= np.quantile(weight, 0.6)
        values[f"along_quiet{n}"] = float(along[quiet].mean())
    values["width0"], values["width1"] = strong[0] - strong[1], strong[1] - strong[2]
    values["strong"] = strong[0]
    return values


def _between(pyramid: list[Plane]) -> dict[str, float]:
    """Measure what lies between the edges: smooth, grainy or brushed; and how much of it is one tone."""
    values: dict[str, float] = {}
    for n in range(2):
        inked = active_values(pyramid[n], active_blocks(pyramid[n])).std(axis=1)
        values |= {f"calm{n}_{q}": floored_log(np.quantile(inked, q / 100)) for q in (10, 30, 50, 70, 90)}
    fine = pyramid[0]
    even = fine[: pyramid[1].shape[0] * 2, : pyramid[1].shape[1] * 2]
    grain = blocks(even - double_size(pyramid[1], even.shape))
    spread = blocks(even).std(axis=1)
    inked = active_blocks(even)
    calm = inked & (spread <= np.quantile(spread[inked], 0.3))
    values["grain"] = floored_log(np.abs(grain[calm]).mean())
    same = (np.abs(grain[inked]) < 0.05).mean()
    values["one_tone"] = math.sqrt(float(same))
    return values


def _lines(light: Plane) -> dict[str, float]:
    """Thin dark lines (closing minus picture) against thin light ones (picture minus opening), two widths."""
    values = {}
    on = active_blocks(light)
    grey = np.clip(light * 2.55, 0, 255).astype(np.uint8)
    for name, side in (("thin", 5), ("thick", 11)):
        closed = _extreme(_extreme(grey, side, np.maximum), side, np.minimum)
        opened = _extreme(_extreme(grey, side, np.minimum), side, np.maximum)
        dark = active_values((closed - grey).astype(np.float32), on)
        pale = active_values((grey - opened).astype(np.float32), on)
        values[f"dark_{name}"], values[f"pale_{name}"] = floored_log(dark.mean()), floored_log(pale.mean())
        values[f"ink_{name}"] = floored_log(np.quantile(dark, 0.98) + 1) - floored_log(np.quantile(pale, 0.98) + 1)
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
    tints = np.stack([halve(chroma[..., 0]), halve(chroma[..., 1])], -1)
    tone = halve(light)
    rows, columns = tone.shape[0] - 1, tone.shape[1] - 1
    step = np.hypot(*(np.linalg.norm(np.diff(tints, axis=a), axis=2)[:rows, :columns] for a in (0, 1)))
    rise = np.hypot(*(np.abs(np.diff(tone, axis=a))[:rows, :columns] for a in (0, 1)))
    on = active_blocks(tone[:-1, :-1])
    a, b = active_values(step, on).ravel(), active_values(rise, on).ravel()
    joint = float(np.corrcoef(a, b)[0, 1]) if len(a) and a.std() > 1e-6 and b.std() > 1e-6 else 0.0
    return {"tint": floored_log(a.mean()) - floored_log(b.mean()), "joint": joint}


NAMES: tuple[str, ...] = (
    *(f"sparse{n}" for n in range(_LEVELS)),
    *(f"skew{n}" for n in range(_LEVELS)),
    *(f"slope{n}" for n in range(_LEVELS - 1)),
    "strength",
    *(f"step{n}_{k}" for n in range(2) for k in range(len(_STEPS) + 1)),
    *(f"along{n}" for n in range(3)),
    *(f"along_quiet{n}" for n in range(3)),
    "width0",
    "width1",
    "strong",
    *(f"calm{n}_{q}" for n in range(2) for q in (10, 30, 50, 70, 90)),
    "grain",
    "one_tone",
    *(f"{a}_{b}" for b in ("thin", "thick") for a in ("dark", "pale", "ink")),
    "tint",
    "joint",
    *texture.NAMES,
)
