"""Which colours a picture holds: by name, and as CIE Lab in thirds of its sides.

In whole numbers wherever something is added up, and without a matrix product: a BLAS would start threads of its own
for it, and add in another order on another machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray
from PIL import Image

Array = NDArray[np.float64]

_SIDE = 64  # px, about, of the longer side of what the colours are taken from
_VISIBLE = 128  # of 255, alpha from which a pixel is there more than not
_SAME = 10.0  # Delta E (CIE76): colours of one plain ground, and chroma up to which it is white, grey or black
_MOST = 0.6  # share of the picture's own edge that a plain ground takes up
_SOMETHING = 0.01  # share of the picture; less that is no ground is dirt
_FINE = 1 << 16  # steps of X, Y and Z from black to white, and of their roots

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
    """Convert sRGB pixels (..., 3) to CIE Lab (D65, 2 degrees; IEC 61966-2-1 and CIE 15), within 0.1 of a unit.

    The same on every machine, being made of whole numbers.
    """
    return _lab(*_roots(rgb))


class ColourFacts(Struct, frozen=True):
    """The colours of one picture, by the names of `Image`."""

    colour: tuple[float, ...]
    palette: tuple[tuple[str, str, float], ...]
    lightness: float
    warmth: float
    chroma: float
    spread: float


def colour_facts(small: Image.Image, alpha: Image.Image | None = None) -> ColourFacts:
    """Measure an RGB picture of 64 px or more: mean Lab in a 3x3 grid, palette by name, lightness, warmth, chroma.

    The grid is of the whole picture, as it trains. Palette, lightness and spread (the standard deviation in Lab) are
    of what is visible by `alpha` (mode L, of its size), warmth and chroma of what is drawn: see `_drawn`.
    """
    by = max(1, min(round(max(small.size) / _SIDE), min(small.size) // 3))
    small = small.reduce(by)
    rgb, (width, height) = np.asarray(small).reshape(-1, 3), small.size
    shown = np.ones(len(rgb), np.bool_) if alpha is None else np.asarray(alpha.reduce(by)).ravel() >= _VISIBLE
    if not shown.any():
        shown[:] = True
    roots = _roots(rgb)
    cells = (np.arange(height) * 3 // height)[:, None] * 3 + np.arange(width) * 3 // width
    grid = _lab(*_means(roots, cells.ravel(), 9))
    roots = (roots[0][shown], roots[1][shown], roots[2][shown])
    drawn, rgb = _drawn(roots, shown.reshape(height, width)), rgb[shown]
    red, green, blue = (rgb >> 3).T.astype(np.intp)
    nearest = _nearest()[(red << 10) + (green << 5) + blue]
    names = tuple(COLOURS)
    counts = np.bincount(nearest, minlength=len(names))
    mixed = _means(rgb.T, nearest, len(names)).T
    order = sorted(range(len(names)), key=lambda i: (-int(counts[i]), names[i]))[:5]
    palette = tuple(
        (names[i], _hex(mixed[i]), round(int(counts[i]) / len(rgb), 3)) for i in order if counts[i] >= 0.03 * len(rgb)
    )
    light, warm = (_lab(*(int(root[of].sum(dtype=np.int64)) / root[of].size for root in roots)) for of in (..., drawn))
    x, y, z = (root[drawn] for root in roots)
    chroma = np.sqrt(np.square((x - y) * (500 / _FINE)) + np.square((y - z) * (200 / _FINE)))
    return ColourFacts(
        colour=tuple(round(v, 2) for v in grid.ravel().tolist()),
        palette=palette,
        lightness=round(float(light[0]), 2),
        warmth=round(float(warm[2]), 2),
        chroma=round(float(chroma.mean()), 2),
        spread=round(float(np.sqrt(np.square(_lab(*roots) - light).sum(axis=-1).mean())), 2),
    )


def _drawn(roots: tuple[NDArray[np.int32], ...], shown: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which of the visible pixels are no plain neutral ground, (n,); all of them where there is none.

    What most of the picture's own edge has in common is ground (the boundary prior of saliency: Wei et al. 2012,
    Zhu et al. 2014). A coloured one is part of the palette; a white, grey or black one makes nothing less colourful.
    """
    colours = _lab(*roots)
    edge = np.ones(shown.shape, np.bool_)
    edge[1:-1, 1:-1] = False
    rim = colours[edge[shown]]
    every = np.ones(len(colours), np.bool_)
    if 2 * len(rim) < np.count_nonzero(edge):
        return every
    ground = np.median(rim, axis=0)
    plain = np.linalg.norm(rim - ground, axis=1) <= _SAME
    if np.hypot(ground[1], ground[2]) > _SAME or plain.mean() < _MOST:
        return every
    drawn: NDArray[np.bool_] = np.linalg.norm(colours - ground, axis=1) > _SAME
    return drawn if drawn.mean() >= _SOMETHING else every


def _roots(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """What CIE calls f(X/Xn), f(Y/Yn) and f(Z/Zn), each in 0.._FINE, from tables."""
    light, root = _tables()
    red, green, blue = (light[rgb[..., channel]] for channel in range(3))
    x, y, z = (root[(r * red + g * green + b * blue) >> 14] for r, g, b in _TO_XYZ)
    return x, y, z


def _lab(*roots: ArrayLike) -> Array:
    """Compute Lab, (..., 3), of the three roots of `_roots`, or of means of them."""
    x, y, z = (np.asarray(root, np.float64) for root in roots)
    return np.stack([116 / _FINE * y - 16, 500 / _FINE * (x - y), 200 / _FINE * (y - z)], -1)


# linear sRGB to XYZ over the white of D65
_OVER_WHITE = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
) / np.array([[0.95047], [1.0], [1.08883]])
# 30 bits in all: 15 of light, 15 of the share; each row adds up to 1, so that white is white
_TO_XYZ = np.rint(_OVER_WHITE * (1 << 15)).astype(np.int32)
_LINEAR_BELOW, _SLOPE = (6 / 29) ** 3, 1 / (3 * (6 / 29) ** 2)  # of CIE's f, a cube root above


def linear_light() -> Array:
    """Compute the light, 0..1, of each value of sRGB, 0..255."""
    value = np.arange(256) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


@cache
def _tables() -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Light, in 0..2^15, of each value of sRGB; the root, in 0.._FINE, of each of _FINE + 1 steps of light."""
    light = linear_light()
    step = np.arange(_FINE + 4) / _FINE  # the rows above are rounded, and may add up to a little more than 1
    root = np.where(step > _LINEAR_BELOW, np.cbrt(step), step * _SLOPE + 4 / 29)
    return np.rint(light * (1 << 15)).astype(np.int32), np.rint(root * _FINE).astype(np.int32)


def _means(planes: Iterable[NDArray[np.integer]], group: NDArray[np.integer], count: int) -> Array:
    """The mean of each plane of whole numbers in each group, shape (planes, count); of an empty one 0."""
    size = np.maximum(np.bincount(group, minlength=count), 1)
    return np.stack([np.bincount(group, plane, count) / size for plane in planes])


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
