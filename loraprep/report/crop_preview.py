"""Draw what a trainer's crop would leave of a picture."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

_COLOURS = 48  # enough to recognise a picture, and small enough for git


def draw_crop(picture: NDArray[np.uint8], box: tuple[float, ...]) -> bytes:
    """Draw a PNG of `picture` (height, width, 3): bright inside `box` (left, top, right, bottom in shares)."""
    small = Image.fromarray(picture)
    width, height = small.size
    edges = (round(box[0] * width), round(box[1] * height), round(box[2] * width), round(box[3] * height))
    dark = Image.blend(small, Image.new("RGB", small.size, "black"), 0.65)
    dark.paste(small.crop(edges), edges[:2])
    ImageDraw.Draw(dark).rectangle((edges[0], edges[1], edges[2] - 1, edges[3] - 1), outline="#ff3b30", width=2)
    out = io.BytesIO()
    dark.quantize(_COLOURS, dither=Image.Dither.NONE).save(out, "PNG", compress_level=6)
    return out.getvalue()
