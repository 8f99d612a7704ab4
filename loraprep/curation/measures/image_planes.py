"""A picture as planes of CIE L* and chroma, its octaves and blocks, and which of those hold something drawn."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from loraprep.imaging.palette import lab_unrounded

Plane = NDArray[np.float32]

AREA = 1024 * 1024  # pixels at which pictures are compared; smaller ones stay as they are
LEAST = 96  # px on the short side below which a style cannot be measured
BLOCK = 8  # px
STILL = 0.35  # L* deviation below which a block is plain ground


def lab_planes(picture: Image.Image) -> Plane | None:
    """Convert an RGB picture to h x w x 3, L* and two chroma planes, a megapixel at most; None if it is too small."""
    if min(picture.size) < LEAST:
        return None
    if picture.width * picture.height > AREA:
        scale = math.sqrt(AREA / (picture.width * picture.height))
        size = (round(picture.width * scale), round(picture.height * scale))
        picture = picture.resize(size, Image.Resampling.BOX, reducing_gap=None)
    return lab_unrounded(np.asarray(picture.convert("RGB")))


def halve(plane: Plane) -> Plane:
    """Shrink h x w to half the sides, each pixel the mean of four; an odd last row or column is cut off."""
    rows, columns = plane.shape[0] // 2 * 2, plane.shape[1] // 2 * 2
    p = plane[:rows, :columns]
    small: Plane = ((p[::2, ::2] + p[1::2, ::2] + p[::2, 1::2] + p[1::2, 1::2]) / 4).astype(np.float32)
    return small


def double_size(plane: Plane, shape: tuple[int, ...]) -> Plane:
    """Repeat every pixel in both directions, cut to `shape`."""
    return np.repeat(np.repeat(plane, 2, 0), 2, 1)[: shape[0], : shape[1]]


def blocks(plane: Plane, side: int = BLOCK) -> Plane:
    """Cut h x w into n x side^2, a row a block, row by row; what is left over at the edges is cut off.

    The first begins half a block from the edge where there is room: pixel art, enlarged, has all its edges at
    multiples of eight or sixteen, and no block that began there would hold any.
    """
    top, left = (side // 2 if n >= side + side // 2 else 0 for n in plane.shape)
    rows, columns = (plane.shape[0] - top) // side, (plane.shape[1] - left) // side
    cut = plane[top : top + rows * side, left : left + columns * side].reshape(rows, side, columns, side)
    return cut.swapaxes(1, 2).reshape(rows * columns, side * side)


def active_blocks(plane: Plane) -> NDArray[np.bool_]:
    """Tell which blocks of an L* plane hold something drawn, n of them; all if none does (plain ground)."""
    mask: NDArray[np.bool_] = blocks(plane).std(axis=1) > STILL
    return mask if mask.any() else np.ones_like(mask)


def drawn_share(plane: Plane) -> float:
    """Compute the share of blocks of an L* plane that hold something drawn, 0..1."""
    return float((blocks(plane).std(axis=1) > STILL).mean())


def active_values(plane: Plane, active: NDArray[np.bool_]) -> Plane:
    """Take the values of `plane` in the active blocks: m x BLOCK^2."""
    return blocks(plane)[active]


def floored_log(value: float | np.floating) -> float:
    """Take the natural logarithm of a value, which counts as 0.001 at least."""
    return float(np.log(np.maximum(value, 1e-3)))
