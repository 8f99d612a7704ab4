"""What the pixels say: pure functions from an upright sRGB picture to numbers, names and hashes."""

from __future__ import annotations

import itertools
import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float64]

COMMON = 512  # long side at which sharpness, contrast, flatness and borders are measured
_HASHED = 256  # long side from which hashes are made; four times cheaper than the full picture
_COLOURED = 96
_BLOCK = 8
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


def facts(small: Image.Image) -> dict[str, Any]:
    """Everything measured on `small`, the upright RGB picture of at most 512 px; keys are model.Image's."""
    rgb = np.asarray(small)
    grey = small.convert("L")
    luma = np.asarray(grey)
    return {
        "sharpness": round(sharpness(luma), 2),
        "contrast": round(_deviation(luma) / 255, 4),
        "flat": round(flat(luma), 4),
        "border": tuple(round(side, 4) for side in border(rgb)),
        **hashes(grey),
        **colours(small),
    }


def sharpness(luma: NDArray[np.uint8]) -> float:
    """Variance of the four-neighbour Laplacian (Pech-Pacheco 2000) of luma 0..255, in whole numbers."""
    if min(luma.shape) < 3:
        return 0.0
    wide = luma.astype(np.int16)
    edges = wide[:-2, 1:-1] + wide[2:, 1:-1]
    edges += wide[1:-1, :-2]
    edges += wide[1:-1, 2:]
    edges -= 4 * wide[1:-1, 1:-1]
    mean = int(edges.sum(dtype=np.int64)) / edges.size
    return int(np.square(edges, dtype=np.int32).sum(dtype=np.int64)) / edges.size - mean**2


def flat(luma: NDArray[np.uint8]) -> float:
    """The share of 8x8 blocks without texture, 0..1; in whole numbers, n * sum(x^2) - sum(x)^2 = (n * deviation)^2."""
    rows, columns = luma.shape[0] // _BLOCK, luma.shape[1] // _BLOCK
    if not rows or not columns:
        return 1.0 if _deviation(luma) < _TEXTURE else 0.0
    lines = luma[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns * _BLOCK)
    squares = np.square(lines, dtype=np.uint16)  # 255^2 is less than 2^16
    sums, powers = (
        part.sum(axis=1, dtype=np.int32).reshape(rows, columns, _BLOCK).sum(axis=2) for part in (lines, squares)
    )
    count = _BLOCK * _BLOCK
    return float((count * powers - sums**2 < (count * _TEXTURE) ** 2).mean())


def _deviation(luma: NDArray[np.uint8]) -> float:
    mean = int(luma.sum(dtype=np.int64)) / luma.size
    return math.sqrt(max(0.0, int(np.square(luma, dtype=np.uint16).sum(dtype=np.int64)) / luma.size - mean**2))


def border(rgb: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    """Plain frame at left, top, right, bottom as shares of the side.

    A frame ends at once along most of its length; the white around a drawn figure does not, and is none.
    """
    height, width = rgb.shape[:2]
    if min(height, width) < 16:
        return (0.0, 0.0, 0.0, 0.0)
    views = [rgb.transpose(1, 0, 2), rgb, rgb.transpose(1, 0, 2)[::-1], rgb[::-1]]
    ends = [_end(view) for view in views]
    if any(end < 0 for end in ends):
        return (0.0, 0.0, 0.0, 0.0)
    found = []
    for side, (view, end) in enumerate(zip(views, ends, strict=True)):
        before, after = (ends[1], ends[3]) if side % 2 == 0 else (ends[0], ends[2])
        edge = _differs(view[end : end + 3], view[0])[:, before : view.shape[1] - after] if end > 1 else view[:0, :0]
        sudden = edge.size and float(edge.any(axis=0).mean()) >= 0.6
        found.append(end / view.shape[0] if sudden else 0.0)
    return (found[0], found[1], found[2], found[3])


def _end(view: NDArray[np.uint8]) -> int:
    """The first row that more than a few pixels of differ from the outermost row's colour; -1 if there is none."""
    start, count = 0, 8
    while start < len(view):  # most pictures have no frame, and tell so in their first rows
        rows = _differs(view[start : start + count], view[0]).mean(axis=1) > 0.02
        if rows.any():
            return start + int(rows.argmax())
        start, count = start + count, 2 * count
    return -1


def _differs(rows: NDArray[np.uint8], edge: NDArray[np.uint8]) -> NDArray[np.bool_]:
    colour = np.median(edge, axis=0)
    low, high = (np.clip(colour + side * _PLAIN, 0, 255) for side in (-1, 1))
    beyond: NDArray[np.bool_] = (rows < np.ceil(low).astype(np.uint8)) | (rows > high.astype(np.uint8))
    return beyond[..., 0] | beyond[..., 1] | beyond[..., 2]


def hashes(grey: Image.Image) -> dict[str, str]:
    """pHash and dHash, 64 bits, as imagehash defines them, of the picture and of its mirror; and `thumb`."""
    if max(grey.size) > _HASHED:
        ratio = _HASHED / max(grey.size)
        size = (max(1, round(grey.width * ratio)), max(1, round(grey.height * ratio)))
        grey = grey.resize(size, Image.Resampling.BOX)
    square = np.asarray(grey.resize((32, 32), Image.Resampling.LANCZOS), dtype=np.float64)
    steps = np.asarray(grey.resize((9, 8), Image.Resampling.LANCZOS), dtype=np.int16)
    # mirroring a picture negates the odd columns of its DCT, so that its hash costs no second transform
    low = np.round(_dct(32)[:8] @ square @ _dct(32)[:8].T, 6)
    mirrored = low * np.where(np.arange(8) % 2, -1.0, 1.0)
    thumb = grey.resize((24, 24), Image.Resampling.BOX)
    return {
        "phash": _bits(low > np.median(low)),
        "phash_mirror": _bits(mirrored > np.median(mirrored)),
        "dhash": _bits(steps[:, 1:] > steps[:, :-1]),
        "dhash_mirror": _bits(steps[:, ::-1][:, 1:] > steps[:, ::-1][:, :-1]),
        "thumb": thumb.tobytes().hex(),
    }


@cache
def _dct(size: int) -> Array:
    """The unnormalised DCT-II matrix, as scipy.fftpack.dct has it."""
    n = np.arange(size)
    return 2 * np.cos(np.pi * np.outer(n, 2 * n + 1) / (2 * size))


def _bits(mask: NDArray[np.bool_]) -> str:
    return bytes(np.packbits(mask.ravel())).hex()


def colours(small: Image.Image) -> dict[str, Any]:
    """Mean Lab in a 3x3 grid, the palette by name, lightness, warmth, chroma; of the picture at 96 px."""
    ratio = _COLOURED / max(small.size)
    size = (max(3, round(small.width * ratio)), max(3, round(small.height * ratio)))
    rgb = np.asarray(small.resize(size, Image.Resampling.BOX))
    values = lab(rgb)
    grid = [
        cell.mean(axis=(0, 1)) for row in np.array_split(values, 3, axis=0) for cell in np.array_split(row, 3, axis=1)
    ]
    flat_lab, flat_rgb = values.reshape(-1, 3), rgb.reshape(-1, 3)
    names, (red, green, blue) = tuple(COLOURS), (flat_rgb >> 3).T.astype(np.intp)
    nearest = _nearest()[(red << 10) + (green << 5) + blue]
    counts = np.bincount(nearest, minlength=len(names))
    order = sorted(range(len(names)), key=lambda i: (-int(counts[i]), names[i]))[:5]
    palette = tuple(
        (names[i], _hex(flat_rgb[nearest == i].mean(axis=0)), round(int(counts[i]) / len(flat_rgb), 3))
        for i in order
        if counts[i] >= 0.03 * len(flat_rgb)
    )
    mean = flat_lab.mean(axis=0)
    return {
        "colour": tuple(round(float(v), 2) for cell in grid for v in cell),
        "palette": palette,
        "lightness": round(float(mean[0]), 2),
        "warmth": round(float(mean[2]), 2),
        "chroma": round(float(np.hypot(flat_lab[:, 1], flat_lab[:, 2]).mean()), 2),
    }


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


_TILE = 256  # pixels; six tiles with the strongest edges stand for the picture
_TILES = 6
_SHORTFALL = 13.0  # dB below the extrapolated power law from which a band holds nothing of its own
_FLOOR = 2.0  # dB; below it 8-bit rounding and JPEG noise are all there is to see
_TRANSITION = 0.76  # resampling filters let this much more through than the size they started from


def detail(pixels: Image.Image) -> float:
    """The share of its size that the picture really holds, 0.2..1: about 0.5 after an enlargement by two.

    Sharp pictures lose power steadily with frequency (Field 1987: about 6 dB an octave). An enlargement
    follows that law up to the old size's limit and then falls away. The law is fitted to the coarse half
    of the strongest tiles and the first frequency is sought from which the rest stays far below it.
    Thresholds calibrated on photographs at their own size and enlarged (tests/test_images.py); whatever is
    too small, too flat or soft from the start says nothing, and nothing counts as 1.
    """
    tiles = _strongest(pixels)
    if not tiles:
        return 1.0
    size = tiles[0].shape[0]
    window = np.hanning(size)
    power = np.zeros(size // 2 + 1)
    for tile in tiles:
        for lines in (tile, tile.T):
            centred = (lines - lines.mean(axis=1, keepdims=True)) * window
            power += (np.abs(np.fft.rfft(centred, axis=1)) ** 2).mean(axis=0)
    power /= 2 * len(tiles) * (window**2).sum()
    edges = np.linspace(0.05, 1.0, 39)
    frequency = np.arange(size // 2 + 1) / (size / 2)
    bands = [(frequency >= a) & (frequency <= b) for a, b in itertools.pairwise(edges)]
    level = np.array([10 * np.log10(power[band].mean() + 1e-3) for band in bands])
    octave = np.log2((edges[:-1] + edges[1:]) / 2)
    coarse = octave < np.log2(0.3)
    slope = float(np.clip(np.polyfit(octave[coarse], level[coarse], 1)[0], -12.0, -5.0))
    law = level[coarse].mean() + slope * (octave - octave[coarse].mean())
    short = (law - level >= _SHORTFALL) & (law > _FLOOR)
    # the law itself sinks into the noise at the far end; there nothing can be told either way
    told = np.flatnonzero(law > _FLOOR)
    if not len(told) or not short[told[-1]]:
        return 1.0
    first = told[-1]
    while first > 0 and short[first - 1]:
        first -= 1
    return float(np.clip(edges[first] * _TRANSITION, 0.2, 1.0))


def _strongest(pixels: Image.Image) -> list[Array]:
    """Luma tiles with the most contrast between neighbours, as stored; [] if the picture is too small."""
    size = min(_TILE, *pixels.size)
    if size < 96:
        return []
    size -= size % 2
    rows, columns = (sorted({round(i * (n - size) / 4) for i in range(5)}) for n in (pixels.height, pixels.width))
    tiles = []
    for y in rows:
        for x in columns:
            crop = pixels.crop((x, y, x + size, y + size))
            if crop.mode in ("P", "PA", "RGBA", "CMYK", "LAB", "1"):
                crop = crop.convert("RGB")
            tile = np.asarray(crop.convert("L") if crop.mode == "RGB" else crop, dtype=np.float64)
            tile = tile[..., 0] if tile.ndim == 3 else tile
            tiles.append(tile / 257 if float(tile.max(initial=0)) > 255 else tile)
    strength = [float(np.abs(np.diff(tile, axis=1)).mean() + np.abs(np.diff(tile, axis=0)).mean()) for tile in tiles]
    order = sorted(range(len(tiles)), key=lambda i: (-strength[i], i))
    return [tiles[i] for i in order[:_TILES] if strength[i] > 0.5]
