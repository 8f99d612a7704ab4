"""The four corners of a picture as directions of edges: where a signature or a watermark would stand."""

from __future__ import annotations

import math
import zlib
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from loraprep.imaging.opencv import cv2

T = TypeVar("T", bound=np.generic)
Corners = NDArray[np.uint8]  # (4, HEIGHT, WIDTH): 0 where nothing is drawn, else 1 + the edge's direction in 0..254

LONG = 640  # px of the long side at which corners are compared
HEIGHT, WIDTH = 72, 144
_LEAST = 8.0  # luma a pixel, below which there is no edge
_MARGIN = 6  # pixels along the picture's own edge: a frame or a scanner's shadow there is no mark
_THERE = 250  # of 255, alpha of a pixel that belongs to no outline


def corners(picture: Image.Image, alpha: Image.Image | None = None) -> Corners:
    """Code the edge directions in the four corners of an upright RGB picture, whatever its size.

    `alpha`: how much of each pixel is there (mode L). Where a cut-out ends is no edge of its own.
    """
    scale = LONG / max(picture.size)
    size = (max(WIDTH * 2, round(picture.width * scale)), max(HEIGHT * 2, round(picture.height * scale)))
    grey = picture.convert("L")
    luma = np.asarray(grey if grey.size == size else grey.resize(size, Image.Resampling.BOX), np.float32)
    whole = None
    if alpha is not None:
        there = alpha.resize(size, Image.Resampling.BOX).point(lambda a: 255 if a >= _THERE else 0)
        whole = cv2.erode(np.asarray(there), np.ones((3, 3), np.uint8))
    found = np.empty((4, HEIGHT, WIDTH), np.uint8)
    for number in range(4):
        turned = _turned(luma, number)
        code = _code(turned[: HEIGHT + 1, : WIDTH + 1], -1 if number in (1, 2) else 1)[:HEIGHT, :WIDTH]
        if whole is not None:
            code[_turned(whole, number)[:HEIGHT, :WIDTH] == 0] = 0
        code[:_MARGIN], code[:, :_MARGIN] = 0, 0
        found[number] = _turned(code, number)
    return found


def _turned(plane: NDArray[T], number: int) -> NDArray[T]:
    """Mirror a plane so that its corner `number` is the top left one; and back."""
    return plane[:: -1 if number >= 2 else 1, :: -1 if number % 2 else 1]


def _code(luma: NDArray[np.float32], hand: int) -> NDArray[np.uint8]:
    """Code the edges; `hand`: -1 if the plane is mirrored one way, so that directions turn the other way round."""
    gy, gx = (np.asarray(slope) for slope in np.gradient(luma))
    code = np.zeros(luma.shape, np.uint8)
    edge = np.hypot(gx, gy) > _LEAST
    turn = np.arctan2(hand * gy[edge], gx[edge]) % math.pi  # a light mark on dark and a dark one on light are the same
    code[edge] = 1 + np.rint(turn / math.pi * 254)
    return code


def corner_box(corner: int, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Locate that corner in a picture of `size`, in its own pixels: left, top, right, bottom."""
    width, height = size
    scale = max(size) / LONG
    w, h = min(width, math.ceil(WIDTH * scale)), min(height, math.ceil(HEIGHT * scale))
    left, top = (width - w if corner % 2 else 0), (height - h if corner >= 2 else 0)
    return left, top, left + w, top + h


def packed(found: Corners) -> bytes:
    """Pack corners, most of which are empty."""
    return zlib.compress(found.tobytes(), 1)


def unpacked(data: bytes) -> Corners:
    """Unpack corners; of b"" empty ones. Raises ValueError, zlib.error."""
    size = 4 * HEIGHT * WIDTH
    whole = zlib.decompressobj().decompress(data, size + 1) if data else bytes(size)
    return np.frombuffer(whole, np.uint8).reshape(4, HEIGHT, WIDTH)
