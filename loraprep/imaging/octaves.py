"""A picture as octaves of CIE L*, each with what is drawn in it: the planes that a style is measured on. By OpenCV."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from loraprep.imaging.opencv import cv2
from loraprep.imaging.palette import linear_light

Plane = NDArray[np.float32]

Mask = NDArray[np.uint8]  # 255 where it holds

LONG = 640  # px of the longer side at which pictures are compared; smaller ones stay as they are
LEAST, NARROW = 96, 64  # px on the short side, of its own and at LONG, below which a style cannot be measured
BLOCK = 8  # px
STILL = 0.35  # L* deviation below which a block is plain ground
_BINS, _TOP = 4096, 128.0  # of a histogram of L* steps: 1/32 of a unit each
_MANY = 256  # rows from which on every other one is counted: 80,000 pixels say what 160,000 say


def lab_planes(rgb: NDArray[np.uint8]) -> Plane:
    """Convert sRGB (height, width, 3) to L* and two chroma planes (CIE 15, D65), within 0.05 of a unit."""
    linear = cv2.LUT(rgb, _light())
    return _array(cv2.cvtColor(linear, cv2.COLOR_LRGB2Lab))


@cache
def _light() -> Plane:
    return linear_light().astype(np.float32)


def working_size(picture: Image.Image) -> NDArray[np.uint8]:
    """Return an RGB or L picture as pixels, its longer side reduced to LONG at most, by area."""
    pixels = np.asarray(picture)
    if max(picture.size) <= LONG:
        return pixels
    scale = LONG / max(picture.size)
    size = tuple(max(1, round(side * scale)) for side in picture.size)
    shrunk: NDArray[np.uint8] = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return shrunk


class Octave:
    """One octave of L* (height, width), and which of its blocks hold something drawn: all, if none does.

    The first block begins half a block from the edge where there is room: pixel art, enlarged, has all its edges at
    multiples of eight or sixteen, and no block that began there would hold any.
    """

    def __init__(self, light: Plane) -> None:
        self.light = light
        self._top, self._left = (BLOCK // 2 if n >= BLOCK + BLOCK // 2 else 0 for n in light.shape)
        self._rows, self._columns = (
            (light.shape[0] - self._top) // BLOCK,
            (light.shape[1] - self._left) // BLOCK,
        )
        self.spread = self._deviations()  # of each block
        drawn = self.spread > STILL
        self.share = float(drawn.mean())
        self.blocks: NDArray[np.bool_] = drawn if drawn.any() else np.ones_like(drawn)
        self.mask = self.painted(self.blocks)

    def means(self, plane: Plane) -> Plane:
        """Compute the mean of each block of a plane as large as this octave: rows x columns."""
        cut = plane[self._top : self._top + self._rows * BLOCK, self._left : self._left + self._columns * BLOCK]
        return _array(cv2.resize(cut, (self._columns, self._rows), interpolation=cv2.INTER_AREA))

    def painted(self, blocks: NDArray[np.bool_]) -> Mask:
        """Return which pixels lie in some of the blocks."""
        mask: Mask = np.zeros(self.light.shape, np.uint8)
        mask[self._top : self._top + self._rows * BLOCK, self._left : self._left + self._columns * BLOCK] = np.repeat(
            np.repeat(blocks, BLOCK, 0), BLOCK, 1
        )
        mask *= 255
        return mask

    def _deviations(self) -> Plane:
        centred = self.light - np.float32(50)  # squares of small numbers keep their digits
        return _array(np.sqrt(np.maximum(self.means(centred * centred) - self.means(centred) ** 2, 0)))

    def below(self) -> Octave:
        """Return the next coarser octave."""
        return Octave(halve(self.light))


def halve(plane: Plane) -> Plane:
    """Shrink to half the sides, each pixel the mean of four; an odd last row or column is cut off."""
    rows, columns = plane.shape[0] // 2, plane.shape[1] // 2
    return _array(cv2.resize(plane[: rows * 2, : columns * 2], (columns, rows), interpolation=cv2.INTER_AREA))


def finer_than(fine: Plane, coarse: Plane) -> Plane:
    """Return what a plane holds that its half size does not, of its own size; 0 in an odd last row or column."""
    rows, columns = coarse.shape[0] * 2, coarse.shape[1] * 2
    left = np.zeros_like(fine)
    left[:rows, :columns] = fine[:rows, :columns] - cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_NEAREST)
    return left


def gradient(plane: Plane) -> tuple[Plane, Plane]:
    """Compute the steps across and down a pixel, by central differences."""
    across, down = (cv2.Sobel(plane, cv2.CV_32F, x, 1 - x, ksize=1, scale=0.5) for x in (1, 0))
    return _array(across), _array(down)


def steps(plane: Plane) -> Plane:
    """Compute how steep a plane is, on the rows that are `counted`: the size of `gradient` there, bit for bit."""
    if plane.shape[0] < _MANY:
        return _array(cv2.magnitude(*gradient(plane)))
    beside = plane[1::2]
    down = np.zeros((-(-plane.shape[0] // 2), plane.shape[1]), np.float32)  # 0 at the edges, as `gradient` has it
    np.subtract(beside[1:], beside[:-1], out=down[1 : len(beside)])
    down *= 0.5
    return _array(cv2.magnitude(cv2.Sobel(plane[::2], cv2.CV_32F, 1, 0, ksize=1, scale=0.5), down))


def counted(plane: NDArray[Any]) -> NDArray[Any]:
    """Return the rows of a plane, or of a mask, of which statistics are made: all of a few, every other one of many."""
    return plane[::2] if plane.shape[0] >= _MANY else plane


def counts_of(plane: NDArray[np.uint8], mask: Mask) -> NDArray[np.float64]:
    """Count each of the 256 values in the mask."""
    counts = cv2.calcHist([counted(plane)], [0], counted(mask), [256], [0, 256])
    return np.asarray(counts, np.float64).ravel()


class Histogram:
    """Steps of L* of the pixels of a mask, 0 to 128: shares and quantiles of them without sorting any.

    `values` and `mask` are those of the rows that are `counted`.
    """

    def __init__(self, values: Plane, mask: Mask) -> None:
        counts = cv2.calcHist([values], [0], mask, [_BINS], [0, _TOP]).ravel()
        self._below = np.concatenate([[0.0], np.cumsum(counts, dtype=np.float64)])

    def shares(self, borders: tuple[float, ...]) -> list[float]:
        """Compute the share of the values between each two of the borders, and outside of the outer ones."""
        below = np.interp([0.0, *borders, _TOP], _edges(), self._below)
        return [float(share) for share in np.diff(below) / max(1.0, self._below[-1])]

    def quantile(self, share: float) -> float:
        """Return the value below which that share of them lies."""
        return float(np.interp(share * self._below[-1], self._below, _edges()))


@cache
def _edges() -> NDArray[np.float64]:
    return np.linspace(0, _TOP, _BINS + 1)


def _array(plane: Any) -> Plane:
    made: Plane = np.asarray(plane, np.float32)
    return made
