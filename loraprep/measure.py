"""What the pixels say: pure functions from an upright sRGB picture to numbers, names and hashes."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from loraprep.images import halved

Array = NDArray[np.float64]

SIDE = 256  # px; measured is the picture halved for as long as its longer side stays at least that: 256..511
_NORMAL = 512  # px; sharpness is given as of this longer side
_FALL = 0.63  # power of the scale with which it falls: the median over 125 photographs and paintings, halved
_SMALL = 128  # px, likewise: for frames and colours
_COLOURED = 64
_BLOCK = 64  # blocks along the longer side
_TEXTURE = 1.5  # standard deviation of luma in a block below which it has no texture (JPEG noise stays under it)
_PLAIN = 14  # difference in any channel up to which a pixel belongs to a plain frame

# Names that people use for colours, with a typical sRGB value each; a pixel takes the nearest in Lab.
COLOURS: dict[str, tuple[int, int, int]] = {
    "black": (12, 12, 14), "charcoal": (54, 56, 60), "grey": (128, 128, 128), "silver": (186, 188, 190),
    "white": (250, 250, 250), "cream": (250, 240, 215), "beige": (222, 200, 165), "tan": (196, 158, 112),
    "brown": (120, 76, 42), "dark brown": (62, 40, 26), "rust": (172, 74, 34), "maroon": (104, 22, 34),
    "red": (206, 32, 38), "coral": (246, 122, 96), "peach": (252, 204, 172), "orange": (240, 134, 28),
    "gold": (216, 168, 48), "yellow": (250, 222, 60), "pale yellow": (250, 242, 168), "olive": (114, 112, 38),
    "lime green": (154, 210, 54), "green": (52, 142, 62), "dark green": (24, 62, 38), "sage": (152, 172, 140),
    "mint": (178, 232, 204), "teal": (18, 124, 124), "turquoise": (68, 204, 196), "light blue": (166, 208, 238),
    "sky blue": (92, 164, 226), "blue": (36, 82, 198), "navy": (20, 30, 82), "slate blue": (92, 112, 146),
    "lavender": (202, 188, 232), "purple": (112, 52, 154), "dark purple": (52, 26, 72), "magenta": (206, 42, 142),
    "pink": (248, 168, 192), "mauve": (160, 114, 134),
}  # fmt: skip


def lab(rgb: NDArray[np.uint8]) -> Array:
    """CIE Lab (D65, 2 degrees) of sRGB pixels (..., 3); IEC 61966-2-1 and CIE 15."""
    # no matrix product: a BLAS would start threads of its own for it, and add in another order on another machine
    red, green, blue = (_linear()[rgb[..., channel]] for channel in range(3))
    x, y, z = (_root(row[0] * red + row[1] * green + row[2] * blue) for row in _TO_XYZ)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


@cache
def _linear() -> Array:
    value = np.arange(256) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _root(value: Array) -> Array:
    root = np.cbrt(value)
    dark = value <= (6 / 29) ** 3
    root[dark] = value[dark] / (3 * (6 / 29) ** 2) + 4 / 29
    return root


_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
) / np.array([[0.95047], [1.0], [1.08883]])


def facts(picture: Image.Image) -> dict[str, Any]:
    """Everything measured on `picture`: upright, RGB, halved to SIDE. Keys are model.Image's.

    It is never resized: halving is what a JPEG decoder does for nothing, and it smooths no detail away, so that blur
    is told apart as well as at twice the size after a resampling (tests/test_images.py).
    """
    grey = picture.convert("L")
    luma = np.asarray(grey)
    small = halved(picture, _SMALL)
    return {
        "sharpness": round(sharpness(luma), 2),
        "contrast": round(_deviation(luma) / 255, 4),
        "flat": round(flat(luma), 4),
        "border": tuple(round(side, 4) for side in border(np.asarray(small))),
        **hashes(grey),
        **colours(small),
    }


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
    mean = int(edges.sum(dtype=np.int64)) / edges.size
    variance = int(np.square(edges, dtype=np.int32).sum(dtype=np.int64)) / edges.size - mean**2
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
    sums, powers = (
        part.sum(axis=1, dtype=np.int32).reshape(rows, columns, side).sum(axis=2) for part in (lines, squares)
    )
    count = side * side
    return float((count * powers - sums**2 < (count * _TEXTURE) ** 2).mean())


def _deviation(luma: NDArray[np.uint8]) -> float:
    mean = int(luma.sum(dtype=np.int64)) / luma.size
    return math.sqrt(max(0.0, int(np.square(luma, dtype=np.uint16).sum(dtype=np.int64)) / luma.size - mean**2))


def border(rgb: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    """Plain frame at left, top, right, bottom as shares of the side.

    A frame ends at once along most of its length; the white around a drawn figure does not, and is none.
    """
    if min(rgb.shape[:2]) < 16:
        return (0.0, 0.0, 0.0, 0.0)
    sides = [rgb.transpose(1, 0, 2), rgb, rgb.transpose(1, 0, 2)[::-1], rgb[::-1]]
    plain = [_Plain(side) for side in sides]
    if any(p.end < 0 for p in plain):
        return (0.0, 0.0, 0.0, 0.0)
    found = []
    for number, (side, of) in enumerate(zip(sides, plain, strict=True)):
        before, after = (plain[1].end, plain[3].end) if number % 2 == 0 else (plain[0].end, plain[2].end)
        sudden = False
        if of.end > 1 and side.shape[1] > before + after:
            edge = of.differs(of.end, of.end + 2)[:, before : side.shape[1] - after]
            sudden = float(edge.any(axis=0).mean()) >= 0.6
        found.append(of.end / len(side) if sudden else 0.0)
    return (found[0], found[1], found[2], found[3])


class _Plain:
    """One side (rows, columns, 3) of a picture, outermost row first.

    `end`: the first row in which more than a few pixels are far from the middle of the outermost row; -1 if none is.
    """

    def __init__(self, side: NDArray[np.uint8]) -> None:
        self.side = side
        line, width = np.sort(side[0], axis=0), side.shape[1]
        middles = [sum(pair) / 2 for pair in zip(*line[[(width - 1) // 2, width // 2]].tolist(), strict=True)]
        low = [max(0, math.ceil(m - _PLAIN)) for m in middles]
        span = [min(255, math.floor(m + _PLAIN)) - at for m, at in zip(middles, low, strict=True)]
        self.low, self.span = (np.frombuffer(bytes(v) * width, np.uint8) for v in (low, span))  # for whole rows
        self.end = self._end()

    def _end(self) -> int:
        start, count = 0, 8
        while start < len(self.side):  # most pictures have no frame, and tell so in their first rows
            rows = np.count_nonzero(self.differs(start, start + count), axis=1) > 0.02 * self.side.shape[1]
            if rows.any():
                return start + int(rows.argmax())
            start, count = start + count, 2 * count
        return -1

    def differs(self, start: int, stop: int) -> NDArray[np.bool_]:
        """(rows, columns): where some channel is far from that colour."""
        rows = np.ascontiguousarray(self.side[start:stop])
        beyond = rows.reshape(len(rows), -1) - self.low > self.span  # what lies below `low` wraps around
        result: NDArray[np.bool_] = beyond[:, 0::3] | beyond[:, 1::3] | beyond[:, 2::3]
        return result


def hashes(grey: Image.Image) -> dict[str, str]:
    """pHash and dHash, 64 bits, as imagehash defines them, of the picture and of its mirror; and `thumb`.

    `grey` is the picture halved to SIDE, not the picture itself: tests/test_images.py says how many bits that moves.
    """
    square = np.asarray(grey.resize((32, 32), Image.Resampling.LANCZOS), dtype=np.float64)
    steps = np.asarray(grey.resize((9, 8), Image.Resampling.LANCZOS), dtype=np.int16)
    # mirroring a picture negates the odd columns of its DCT, so that its hash costs no second transform
    low = np.round(_dct(32)[:8] @ square @ _dct(32)[:8].T, 6)
    mirrored = low * _ODD
    thumb = grey.resize((24, 24), Image.Resampling.BOX)
    return {
        "phash": _bits(low > _median(low)),
        "phash_mirror": _bits(mirrored > _median(mirrored)),
        "dhash": _bits(steps[:, 1:] > steps[:, :-1]),
        "dhash_mirror": _bits(steps[:, ::-1][:, 1:] > steps[:, ::-1][:, :-1]),
        "thumb": thumb.tobytes().hex(),
    }


_ODD = np.where(np.arange(8) % 2, -1.0, 1.0)


def _median(low: Array) -> float:
    """np.median of 64 numbers, in a fifth of its time."""
    order = np.sort(low, axis=None)
    return float(order[31] + order[32]) / 2


@cache
def _dct(size: int) -> Array:
    """The unnormalised DCT-II matrix, as scipy.fftpack.dct has it."""
    n = np.arange(size)
    return 2 * np.cos(np.pi * np.outer(n, 2 * n + 1) / (2 * size))


def _bits(mask: NDArray[np.bool_]) -> str:
    return bytes(np.packbits(mask.ravel())).hex()


def colours(small: Image.Image) -> dict[str, Any]:
    """Mean Lab in a 3x3 grid, the palette by name, lightness, warmth, chroma; of the picture at about 64 px."""
    small = small.reduce(max(1, min(round(max(small.size) / _COLOURED), min(small.size) // 3)))
    rgb, (width, height) = np.asarray(small).reshape(-1, 3), small.size
    values = lab(rgb)
    cells = (np.arange(height) * 3 // height)[:, None] * 3 + np.arange(width) * 3 // width
    grid = _means(values, cells.ravel(), 9)
    red, green, blue = (rgb >> 3).T.astype(np.intp)
    nearest = _nearest()[(red << 10) + (green << 5) + blue]
    names = tuple(COLOURS)
    counts = np.bincount(nearest, minlength=len(names))
    shown = _means(rgb, nearest, len(names))
    order = sorted(range(len(names)), key=lambda i: (-int(counts[i]), names[i]))[:5]
    palette = tuple(
        (names[i], _hex(shown[i]), round(int(counts[i]) / len(rgb), 3)) for i in order if counts[i] >= 0.03 * len(rgb)
    )
    mean = values.mean(axis=0)
    return {
        "colour": tuple(round(v, 2) for v in grid.ravel().tolist()),
        "palette": palette,
        "lightness": round(float(mean[0]), 2),
        "warmth": round(float(mean[2]), 2),
        "chroma": round(float(np.hypot(values[:, 1], values[:, 2]).mean()), 2),
    }


def _means(values: NDArray[Any], group: NDArray[Any], count: int) -> Array:
    """The mean of the rows of each group, shape (count, 3); of an empty one 0."""
    size = np.maximum(np.bincount(group, minlength=count), 1)
    return np.stack([np.bincount(group, column, count) / size for column in values.T], -1)


@cache
def _nearest() -> NDArray[np.uint8]:
    """The colour of COLOURS nearest in Lab to the middle of each of 32 x 32 x 32 boxes of sRGB."""
    levels = np.arange(4, 256, 8, dtype=np.uint8)
    boxes = lab(np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(-1, 3)).astype(np.float32)
    best, nearest = np.full(len(boxes), np.inf, np.float32), np.zeros(len(boxes), np.uint8)
    for number, swatch in enumerate(lab(np.array(list(COLOURS.values()), np.uint8)).astype(np.float32)):
        apart = np.square(boxes - swatch).sum(axis=1)
        nearest[apart < best] = number
        best = np.minimum(best, apart)
    return nearest


def _hex(rgb: Array) -> str:
    return "#" + "".join(f"{round(float(v)):02x}" for v in rgb)
