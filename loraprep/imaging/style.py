"""How a picture is drawn, apart from what it shows: line, stroke, shading and grain as numbers.

All of it is measured on CIE L* and the two chroma channels, where something is drawn (plain background counts for
nothing), at one size for all pictures: octaves.LONG. Filters, histograms and morphology are OpenCV's.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from loraprep.imaging.octaves import (
    LEAST,
    NARROW,
    Histogram,
    Mask,
    Octave,
    Plane,
    counted,
    counts_of,
    finer_than,
    gradient,
    halve,
    lab_planes,
    steps,
    working_size,
)
from loraprep.imaging.opencv import cv2

_LEVELS = 4
_OCTAVES = 3
_DRAWN = 0.02  # share of the blocks that must hold something
_STEP = 0.6  # L*, a just visible step between neighbours
_STEPS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # L* a pixel: borders of the gradient histogram
_LINES = (("thin", 3), ("thick", 7))  # px: what is narrower counts as a line
_REACH = (2, 4, 8, 16)  # px along which a stroke may go on
_RING = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))  # the eight around (1, 1), in order
_TONES = tuple(range(2, 100, 2))  # L*: borders of the histogram of tones
_CALM = (10, 30, 50, 70, 90)  # of a hundred blocks, the calmest first
_SAME = 0.05  # L*, below which two neighbours are of one tone


def style_descriptor(picture: Image.Image) -> tuple[float, ...]:
    """Measure an upright RGB picture: len(NAMES) numbers, () if it is too small or too empty to tell."""
    pixels = working_size(picture)
    if min(picture.size) < LEAST or min(pixels.shape[:2]) < NARROW:
        return ()
    light, *chroma = cv2.split(lab_planes(pixels))
    octaves = [Octave(light)]
    if octaves[0].share < _DRAWN:
        return ()
    for _ in range(1, _LEVELS):
        octaves.append(octaves[-1].below())
    slopes = [gradient(octave.light) for octave in octaves[:_OCTAVES]]
    edges = [cv2.magnitude(*map(counted, slope)) for slope in slopes]
    sizes = [Histogram(edge, counted(octave.mask)) for edge, octave in zip(edges, octaves[:_OCTAVES], strict=True)]
    lights = [*(octave.light for octave in octaves), halve(octaves[-1].light)]
    finest = [finer_than(fine, coarse) for fine, coarse in pairwise(lights)]
    values = _bands(octaves, finest) | _gradients(octaves, slopes, sizes) | _between(octaves, finest[0])
    values |= _lines(octaves[0])
    for n in range(_OCTAVES):
        values |= _patterns(octaves[n], n) | _strokes(slopes[n], n)
    values |= _colours(octaves, chroma, slopes[1], sizes) | _tones(octaves[0], edges[0], sizes[0])
    return tuple(round(float(values[name]), 4) for name in NAMES)


def _log(value: float) -> float:
    """Take the natural logarithm of a value, which counts as 0.001 at least."""
    return math.log(max(value, 1e-3))


def _bands(octaves: list[Octave], finest: list[Plane]) -> dict[str, float]:
    """Strength, sparseness and lopsidedness of each octave: a line drawing is sparse and dark, paint is neither.

    `finest`: what each octave holds that the next does not.
    """
    values = {}
    strengths = []
    for n in range(_LEVELS):
        band = counted(finest[n])[counted(octaves[n].mask) > 0]
        square = band * band
        power = float(square.mean()) + 1e-6
        strengths.append(0.5 * _log(power))
        values[f"sparse{n}"] = _log(float(np.abs(band).mean()) / math.sqrt(power))
        values[f"skew{n}"] = math.cbrt(float((square * band).mean()) / power**1.5)
    for n in range(_LEVELS - 1):
        values[f"slope{n}"] = strengths[n] - strengths[n + 1]
    values["strength"] = strengths[1]
    return values


def _gradients(octaves: list[Octave], slopes: list[tuple[Plane, Plane]], sizes: list[Histogram]) -> dict[str, float]:
    """Gradient histograms of two octaves, the width of strong edges, how much strokes run side by side.

    The latter by the structure tensor of each block (Bigun and Granlund 1987).
    """
    values: dict[str, float] = {}
    strong = [_log(size.quantile(0.97)) for size in sizes]
    for n, (octave, (across, down)) in enumerate(zip(octaves, slopes, strict=False)):
        if n < 2:
            values |= {f"step{n}_{k}": math.sqrt(c) for k, c in enumerate(sizes[n].shares(_STEPS))}
        xx, yy, xy = (octave.means(v)[octave.blocks] for v in (across * across, down * down, across * down))
        along = np.hypot(xx - yy, 2 * xy) / (xx + yy + 1e-6)
        weight = np.sqrt(xx + yy)
        values[f"along{n}"] = float((along * weight).sum() / max(float(weight.sum()), 1e-6))
        values[f"along_quiet{n}"] = float(along[weight <= np.quantile(weight, 0.6)].mean())
    values["width0"], values["width1"] = strong[0] - strong[1], strong[1] - strong[2]
    values["strong"] = strong[0]
    return values


def _between(octaves: list[Octave], finest: Plane) -> dict[str, float]:
    """Measure what lies between the edges: smooth, grainy or brushed; and how much of it is one tone."""
    values: dict[str, float] = {}
    for n in range(2):
        spread = octaves[n].spread[octaves[n].blocks]
        calm = np.quantile(spread, [q / 100 for q in _CALM])
        values |= {f"calm{n}_{q}": _log(float(value)) for q, value in zip(_CALM, calm, strict=True)}
    fine = octaves[0]
    grain = np.abs(finest)
    still = fine.blocks & (fine.spread <= np.quantile(fine.spread[fine.blocks], 0.3))
    values["grain"] = _log(float(fine.means(grain)[still].mean()))
    values["one_tone"] = math.sqrt(_share_below(grain, _SAME, fine.mask))
    return values


def _share_below(plane: Plane, most: float, mask: Mask) -> float:
    """Compute the share of a mask, of which some holds, in which a plane is less than that."""
    where = cv2.bitwise_and(cv2.compare(plane, most, cv2.CMP_LT), mask)
    return float(cv2.countNonZero(where) / cv2.countNonZero(mask))


def _lines(octave: Octave) -> dict[str, float]:
    """Thin dark lines (black hat, closing minus picture) against thin light ones (top hat), of two widths."""
    values = {}
    grey = octave.light * 2.55
    grey = np.clip(grey, 0, 255, out=grey).astype(np.uint8)
    for name, side in _LINES:
        square = np.ones((side, side), np.uint8)
        most = {}
        for tone, how in (("dark", cv2.MORPH_BLACKHAT), ("pale", cv2.MORPH_TOPHAT)):
            lines = cv2.morphologyEx(grey, how, square)
            counts = np.cumsum(counts_of(lines, octave.mask))
            most[tone] = float(np.searchsorted(counts, 0.98 * counts[-1]))
            values[f"{tone}_{name}"] = _log(cv2.mean(lines, octave.mask)[0])
        values[f"ink_{name}"] = _log(most["dark"] + 1) - _log(most["pale"] + 1)
    return values


def _patterns(octave: Octave, n: int) -> dict[str, float]:
    """Shares of rotation-invariant uniform patterns (Ojala et al. 2002), of lighter and of darker neighbours apart.

    Dots, ends of lines, edges, corners and disorder are told apart; a neighbour that differs by less than a visible
    step counts as the same. Each pixel's eight answers are the bits of one byte, and bytes are counted by class.
    """
    plane = octave.light
    height, width = plane.shape[0] - 2, plane.shape[1] - 2
    inner, on = counted(plane[1:-1, 1:-1]), counted(octave.mask[1:-1, 1:-1])
    values: dict[str, float] = {}
    for name, border, how in (("pale", inner + _STEP, cv2.CMP_GT), ("dark", inner - _STEP, cv2.CMP_LT)):
        code = np.zeros(inner.shape, np.uint8)
        for bit, (y, x) in enumerate(_RING):
            beside = counted(plane[y : y + height, x : x + width])
            code |= cv2.compare(beside, border, how) & np.uint8(1 << bit)
        counts = cv2.calcHist([code], [0], on, [256], [0, 256]).ravel()
        shares = np.bincount(_classes(), counts, 10) / max(1.0, float(counts.sum()))
        values |= {f"around_{name}{n}_{k}": math.sqrt(v) for k, v in enumerate(shares)}
    return values


@cache
def _classes() -> NDArray[np.int64]:
    """The class of each byte: how many bits it has if they lie side by side in the ring, else 9."""
    codes = range(256)
    turns = [((c ^ ((c << 1) | (c >> 7))) & 255).bit_count() for c in codes]
    return np.array([c.bit_count() if turns[c] <= 2 else 9 for c in codes])


def _strokes(slope: tuple[Plane, Plane], n: int) -> dict[str, float]:
    """Measure whether strokes go on for some pixels: the autocorrelation of their direction and of their strength.

    Directions are doubled angles of the gradient (Bigun and Granlund 1987), so that both sides of a line agree. A
    row ends in so many zeros that the correlation over a shift is one product of two vectors.
    """
    across, down = (counted(plane) for plane in slope)
    step = 1 if across.shape == slope[0].shape else 2  # rows from one counted to the next
    height, width = across.shape
    strength = cv2.magnitude(across, down)
    size = cv2.max(strength, 1e-3)
    ways = (cv2.divide(across * across - down * down, size), cv2.divide(across * down, size, scale=2))
    planes = [cv2.copyMakeBorder(p, 0, 0, 0, _REACH[-1], cv2.BORDER_CONSTANT).ravel() for p in (strength, *ways)]
    power = float(np.vdot(planes[0], planes[0])) / (height * width) + 1e-6
    values = {}
    for far in _REACH:
        reached = min(height * step, width) > 2 * far
        rows, row = far // step, width + _REACH[-1]
        for name, fields in (("way", planes[1:]), ("strength", planes[:1])):
            same = 0.0
            for flat in fields if reached else ():
                same += float(np.vdot(flat[far:], flat[:-far])) / (height * (width - far)) / 2
                same += float(np.vdot(flat[rows * row :], flat[: -rows * row])) / ((height - rows) * width) / 2
            values[f"{name}{n}_{far}"] = same / power
    return values


def _colours(
    octaves: list[Octave], chroma: list[Plane], slope: tuple[Plane, Plane], sizes: list[Histogram]
) -> dict[str, float]:
    """Do colours change where light does, and how gradually? Which colours they are does not enter.

    `slope`: that of light at half the size.
    And how much of its strong edges each plane loses at half the size: drawn, scanned and sprayed colours differ.
    """
    fine, coarse = octaves[0], octaves[1]
    tints = [gradient(halve(plane)) for plane in chroma]
    on = coarse.mask > 0
    step = cv2.magnitude(*(cv2.magnitude(first, second) for first, second in zip(*tints, strict=True)))[on]
    rise = cv2.magnitude(*slope)[on]
    values = {"tint": _log(float(step.mean())) - _log(float(rise.mean())), "joint": _correlation(step, rise)}
    green, blue = (
        (
            Histogram(steps(plane), counted(fine.mask)),
            Histogram(cv2.magnitude(*map(counted, tint)), counted(coarse.mask)),
        )
        for plane, tint in zip(chroma, tints, strict=True)
    )
    for name, (sharp, soft) in (("light", (sizes[0], sizes[1])), ("green", green), ("blue", blue)):
        values |= {f"sharp_{name}_{q}": _log(sharp.quantile(q / 100)) - _log(soft.quantile(q / 100)) for q in (90, 98)}
    return values


def _correlation(one: Plane, other: Plane) -> float:
    """Compute how two sets of numbers go together, -1..1; 0 if one of them does not change."""
    first, second = (values.astype(np.float64) - values.mean(dtype=np.float64) for values in (one, other))
    powers = float(np.vdot(first, first)), float(np.vdot(second, second))
    told = min(powers) > 1e-12 * len(first)
    return float(np.vdot(first, second)) / math.sqrt(powers[0] * powers[1]) if told else 0.0


def _tones(octave: Octave, edges: Plane, sizes: Histogram) -> dict[str, float]:
    """Few tones or many; how dark the darkest are, and the edges beside the rest; of what is drawn only."""
    light, on = counted(octave.light), counted(octave.mask)
    tones = Histogram(light, on)
    counts = np.array(tones.shares(_TONES))
    counts = counts[counts > 0]
    strong = on & cv2.compare(edges, sizes.quantile(0.9), cv2.CMP_GT)
    ahead = np.full_like(octave.light, 1.0)  # by how much the next pixel differs: the last one has none
    ahead[:, :-1] = cv2.absdiff(octave.light[:, 1:], octave.light[:, :-1])
    return {
        "tones": float(-(counts * np.log(counts)).sum()),
        "darkest": tones.quantile(0.02),
        "outline": Histogram(light, strong).quantile(0.5) - tones.quantile(0.5) if strong.any() else 0.0,
        "even": math.sqrt(_share_below(ahead, 1e-3, octave.mask)),
    }


NAMES: tuple[str, ...] = (
    *(f"sparse{n}" for n in range(_LEVELS)),
    *(f"skew{n}" for n in range(_LEVELS)),
    *(f"slope{n}" for n in range(_LEVELS - 1)),
    "strength",
    *(f"step{n}_{k}" for n in range(2) for k in range(len(_STEPS) + 1)),
    *(f"along{n}" for n in range(_OCTAVES)),
    *(f"along_quiet{n}" for n in range(_OCTAVES)),
    "width0",
    "width1",
    "strong",
    *(f"calm{n}_{q}" for n in range(2) for q in _CALM),
    "grain",
    "one_tone",
    *(f"{a}_{b}" for b, _ in _LINES for a in ("dark", "pale", "ink")),
    "tint",
    "joint",
    *(f"around_{t}{n}_{k}" for n in range(_OCTAVES) for t in ("pale", "dark") for k in range(10)),
    *(f"{v}{n}_{far}" for n in range(_OCTAVES) for v in ("way", "strength") for far in _REACH),
    *(f"sharp_{p}_{q}" for p in ("light", "green", "blue") for q in (90, 98)),
    "tones",
    "darkest",
    "outline",
    "even",
)
