"""What the pixels say: pure functions from an upright sRGB picture to numbers, names and hashes."""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct, convert, structs
from numpy.typing import NDArray
from PIL import Image

from loraprep.imaging.border import border
from loraprep.imaging.display import halved
from loraprep.imaging.hashes import hashes
from loraprep.imaging.palette import colour_facts

SIDE = 256  # px; measured is the picture halved for as long as its longer side stays at least that: 256..511
_NORMAL = 512  # px; sharpness is given as of this longer side
_FALL = 0.63  # power of the scale with which it falls: the median over 125 photographs and paintings, halved
_SMALL = 128  # px, likewise: for frames and colours
_BLOCK = 64  # blocks along the longer side
_TEXTURE = 1.5  # standard deviation of luma in a block below which it has no texture (JPEG noise stays under it)
_WIDE = 2000  # px; squares of a Laplacian are below 2^20, so that a line of so many adds up within 31 bits


class PixelFacts(Struct, frozen=True, kw_only=True):
    """Everything measured on the pixels of one picture; the names are those of `Image`."""

    sharpness: float
    contrast: float
    flat: float
    border: tuple[float, float, float, float]
    phash: str
    dhash: str
    phash_mirror: str
    dhash_mirror: str
    thumb: str
    colour: tuple[float, ...]
    palette: tuple[tuple[str, str, float], ...]
    lightness: float
    warmth: float
    chroma: float


def pixel_facts(picture: Image.Image) -> PixelFacts:
    """Measure `picture`: upright, RGB, halved to SIDE.

    It is never resized: halving is what a JPEG decoder does for nothing, and it smooths no detail away, so that blur
    is told apart as well as at twice the size after a resampling (tests/imaging/test_decode.py).
    """
    grey = picture.convert("L")
    luma = np.asarray(grey)
    small = halved(picture, _SMALL)
    left, top, right, bottom = (round(side, 4) for side in border(np.asarray(small)))
    measured = {
        "sharpness": round(sharpness(luma), 2),
        "contrast": round(_deviation(luma) / 255, 4),
        "flat": round(flat(luma), 4),
        "border": (left, top, right, bottom),
        **hashes(grey),
        **structs.asdict(colour_facts(small)),
    }
    return convert(measured, PixelFacts)


def sharpness(luma: NDArray[np.uint8]) -> float:
    """Variance of the four-neighbour Laplacian (Pech-Pacheco 2000) of luma 0..255, in whole numbers, as at 512 px.

    In ordinary pictures it falls as the scale grows, which is taken out; pictures measured at different sizes compare
    only roughly all the same.
    """
    if min(luma.shape) < 3:
        return 0.0
    wide = luma.astype(np.int16)
    edges = wide[:-2, 1:-1] + wide[2:, 1:-1]
    edges += wide[1:-1, :-2]
    edges += wide[1:-1, 2:]
    edges -= 4 * wide[1:-1, 1:-1]
    # what each pixel takes from its neighbours they take from it, so that only the rim is left of the sum
    rim = sum(
        int(side[0, 1:-1].sum(dtype=np.int64)) - int(side[1, 1:-1].sum(dtype=np.int64))
        for side in (wide, wide[::-1], wide.T, wide.T[::-1])
    )
    squares = np.square(edges, dtype=np.int32)
    power = int(squares.sum(axis=1, dtype=np.int32 if edges.shape[1] <= _WIDE else np.int64).sum(dtype=np.int64))
    variance = power / edges.size - (rim / edges.size) ** 2
    return float(variance * (max(luma.shape) / _NORMAL) ** _FALL)


def flat(luma: NDArray[np.uint8]) -> float:
    """The share of blocks, 1/64 of the longer side, without texture, 0..1.

    In whole numbers: n * sum(x^2) - sum(x)^2 = (n * deviation)^2.
    """
    side = max(2, round(max(luma.shape) / _BLOCK))
    rows, columns = luma.shape[0] // side, luma.shape[1] // side
    if not rows or not columns:
        return 1.0 if _deviation(luma) < _TEXTURE else 0.0
    lines = luma[: rows * side, : columns * side].reshape(rows, side, columns * side)
    squares = np.square(lines, dtype=np.uint16)  # 255^2 is less than 2^16
    sums, powers = (_across(part.sum(axis=1, dtype=np.int32), side) for part in (lines, squares))
    count = side * side
    return float((count * powers - np.square(sums) < (count * _TEXTURE) ** 2).mean())


def _across(lines: NDArray[np.int32], side: int) -> NDArray[np.int32]:
    """The sum of each `side` neighbours; turned first, since numpy adds up long rows much faster than short ones."""
    total: NDArray[np.int32] = np.ascontiguousarray(lines.reshape(-1, side).T).sum(axis=0, dtype=np.int32)
    return total


def _deviation(luma: NDArray[np.uint8]) -> float:
    lines = luma.astype(np.int32)  # a column of up to 33,000 squares adds up within 31 bits
    total, power = (int(part.sum(axis=0, dtype=np.int32).sum(dtype=np.int64)) for part in (lines, np.square(lines)))
    return math.sqrt(max(0.0, power / luma.size - (total / luma.size) ** 2))
