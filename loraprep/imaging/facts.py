"""What the pixels say: pure functions from an upright sRGB picture to numbers, names and hashes."""

from __future__ import annotations

import math

import numpy as np
from msgspec import structs
from numpy.typing import NDArray
from PIL import Image

from loraprep.core import typed
from loraprep.imaging import colour
from loraprep.imaging.border import border, screen_bars
from loraprep.imaging.display import halved
from loraprep.imaging.hashes import hashes
from loraprep.imaging.palette import ColourFacts, colour_facts

SIDE = 256  # px; measured is the picture halved for as long as its longer side stays at least that: 256..511
_NORMAL = 512  # px; sharpness is given as of this longer side
_FALL = 0.63  # power of the scale with which it falls: the median over 125 photographs and paintings, halved
SMALL = 128  # px, likewise: for frames and colours
_BLOCK = 64  # blocks along the longer side
_TEXTURE = 1.5  # standard deviation of luma in a block below which it has no texture (JPEG noise stays under it)
_WIDE = 2000  # px; squares of a Laplacian are below 2^20, so that a line of so many adds up within 31 bits


class PixelFacts(ColourFacts, frozen=True, kw_only=True):
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


def pixel_facts(picture: Image.Image, alpha: Image.Image | None = None) -> PixelFacts:
    """Measure `picture`: upright, RGB, halved to SIDE; `alpha` (mode L): how much of each pixel is there.

    What lies under transparency is no part of the picture's contrast, flatness, frame or colours. The hashes and the
    grid of colours, by which pictures are compared, are of all of it.

    It is never resized: halving is what a JPEG decoder does for nothing, and it smooths no detail away, so that blur
    is told apart as well as at twice the size after a resampling (tests/imaging/test_decode.py).
    """
    grey = picture.convert("L")
    luma = np.asarray(grey)
    small, small_alpha = halved(picture, SMALL), halved(alpha, SMALL) if alpha else None
    visible, small_visible = _visible(alpha), _visible(small_alpha)
    bars = border(np.asarray(small), small_visible)
    bars = bars if any(bars) else screen_bars(np.asarray(picture), visible)
    left, top, right, bottom = (round(side, 4) for side in bars)
    measured = {
        "sharpness": round(sharpness(luma), 2),
        "contrast": round(_deviation(luma if visible is None else luma[visible]) / 255, 4),
        "flat": round(flat(luma, visible), 4),
        "border": (left, top, right, bottom),
        **hashes(grey),
        **structs.asdict(colour_facts(small, small_alpha)),
    }
    return typed.convert(measured, PixelFacts)


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


def _visible(alpha: Image.Image | None) -> NDArray[np.bool_] | None:
    """Where more of the picture than of the ground is seen; None if that is everywhere, or nowhere."""
    seen = None if alpha is None else np.asarray(alpha) > colour.OPAQUE // 2
    return seen if seen is not None and seen.any() and not seen.all() else None


def flat(luma: NDArray[np.uint8], visible: NDArray[np.bool_] | None = None) -> float:
    """The share of blocks, 1/64 of the longer side, without texture, 0..1; of those of which something is visible.

    A block reaches one pixel into the next ones: in pixel art, enlarged, the edges may lie just between blocks.
    In whole numbers: n * sum(x^2) - sum(x)^2 = (n * deviation)^2.
    """
    side = max(2, round(max(luma.shape) / _BLOCK))
    rows, columns = (luma.shape[0] - 1) // side, (luma.shape[1] - 1) // side
    if rows < 1 or columns < 1:
        return 1.0 if _deviation(luma) < _TEXTURE else 0.0
    part = luma[: rows * side + 1, : columns * side + 1]
    squares = np.square(part, dtype=np.uint16)  # 255^2 is less than 2^16
    sums, powers = _over_blocks(part, side), _over_blocks(squares, side)
    count = (side + 1) ** 2
    still = count * powers - np.square(sums) < (count * _TEXTURE) ** 2
    if visible is not None:
        seen = _over_blocks(visible[: part.shape[0], : part.shape[1]].astype(np.uint8), side) > 0
        still = still[seen]
    return float(still.mean()) if still.size else 0.0


def _over_blocks(plane: NDArray[np.integer], side: int) -> NDArray[np.int64]:
    """The sum over each block of `side` and the next row and column: (rows * side + 1, columns * side + 1) given.

    Turned first, since numpy adds up long rows much faster than short ones.
    """
    sums: NDArray[np.integer] = plane
    for _ in range(2):
        lines = sums[:-1].reshape(-1, side, sums.shape[1]).sum(axis=1, dtype=np.int32)
        sums = np.ascontiguousarray((lines + sums[side::side]).T)
    return sums.astype(np.int64)


def _deviation(luma: NDArray[np.uint8]) -> float:
    """The standard deviation of luma, of a picture (h, w) or of some of its pixels (n,)."""
    lines = luma.astype(np.int32)
    sums = np.int32 if lines.ndim == 2 else np.int64  # a column of up to 33,000 squares adds up within 31 bits
    total, power = (int(part.sum(axis=0, dtype=sums).sum(dtype=np.int64)) for part in (lines, np.square(lines)))
    return math.sqrt(max(0.0, power / luma.size - (total / luma.size) ** 2))
