"""Pixels of any mode and profile as 8-bit sRGB on a plain background, as a viewer shows them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageColor

from loraprep.core.escape import one_line

# Pillow's own list of what decoders raise on damaged files, and what tests/hostile/fuzz.py found besides: libavif's
# RuntimeError, and what Python's modules raise where Pillow lets it pass
DECODE_ERRORS = (
    OSError,
    SyntaxError,
    MemoryError,
    ValueError,
    NotImplementedError,
    OverflowError,
    EOFError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


OPAQUE = 255
STRIP = 1 << 20  # pixels of a large picture that are converted at a time
KEPT = ("L", "LA", "RGB", "RGBA", "CMYK", "LAB")  # modes that `eight_bit` leaves as they are
VIEWED = 256  # px; a picture is halved for as long as its longer side stays at least that


def transparent(pixels: Image.Image) -> bool:
    """Does the ground show through somewhere, as `ground_shows` has it, wherever transparency is stored?"""
    if not pixels.has_transparency_data:
        return False
    if pixels.mode not in ("RGBA", "LA", "PA"):
        pixels = pixels.convert("RGBA")
    return ground_shows(pixels.getchannel("A"))


def ground_shows(alpha: Image.Image) -> bool:
    """Is some spot at least a quarter see-through, in an alpha channel (mode L) halved to VIEWED?

    Less is what programs leave behind: a few pixels of 254, the thin line along the edge after a resize. Nobody would
    see the ground there, and there is nothing to tell the owner.
    """
    if int(alpha.getextrema()[0]) == OPAQUE:  # type: ignore[arg-type]
        return False
    factor = 1
    while max(alpha.size) // (2 * factor) >= VIEWED:
        factor *= 2
    return int((alpha.reduce(factor) if factor > 1 else alpha).getextrema()[0]) <= OPAQUE * 3 // 4  # type: ignore[arg-type]


def eight_bit(pixels: Image.Image, by: int = 1) -> Image.Image:
    """What `_whole` makes of it, box-averaged to 1/`by`: a large picture in strips, so that there is no second one.

    Raises what converting it raises: DECODE_ERRORS.
    """
    if by == 1 and pixels.mode in KEPT and not _keyed(pixels):
        return pixels
    spread = _spread(pixels)
    if pixels.width * pixels.height <= STRIP or (pixels.mode in ("L", "RGB") and not _keyed(pixels)):
        whole = _whole(pixels, spread)
        return whole.reduce(by) if by > 1 else whole
    result: Image.Image | None = None
    for top, strip in strips(pixels, by):
        part = _whole(strip, spread)
        part = part.reduce(by) if by > 1 else part
        result = result or Image.new(part.mode, (part.width, -(-pixels.height // by)))
        result.paste(part, (0, top // by))
    assert result is not None
    result.info.update(pixels.info)
    result.info.pop("transparency", None)  # of a palette or a colour: it is in the pixels now
    return result


def strips(pixels: Image.Image, by: int = 1) -> Iterator[tuple[int, Image.Image]]:
    """Yield (top, strip) of about STRIP pixels, all but the last as high as a multiple of `by`; `info` is shared."""
    height = max(1, STRIP // (pixels.width * by)) * by
    for top in range(0, pixels.height, height):
        yield top, pixels.crop((0, top, pixels.width, min(top + height, pixels.height)))


def _keyed(pixels: Image.Image) -> bool:
    """Say whether one colour of an opaque mode is transparent."""
    return pixels.mode in ("L", "RGB") and pixels.has_transparency_data


def _spread(pixels: Image.Image) -> tuple[float, float]:
    """The least and the greatest value of a mode of more than 8 bits; 0..255 for others."""
    if not pixels.mode.startswith(("I", "F")):
        return 0.0, 255.0
    ends = [(float(values.min()), float(values.max())) for _, strip in strips(pixels) for values in (_numbers(strip),)]
    return min(low for low, _ in ends), max(high for _, high in ends)


def _numbers(pixels: Image.Image) -> NDArray[np.float64]:
    return np.nan_to_num(np.asarray(pixels, dtype=np.float64), copy=False, nan=0.0, posinf=0.0, neginf=0.0)


def _whole(pixels: Image.Image, spread: tuple[float, float]) -> Image.Image:
    """One of the modes L, LA, RGB, RGBA, CMYK, LAB: 16 bits divided by 257, palettes resolved.

    32-bit numbers that all lie in 0..255 are taken as they are.

    Whole numbers above 16 bits and floats outside 0..1, 0..255 and 0..65535 are spread from their least
    to their greatest value, as most viewers do.
    """
    mode = pixels.mode
    if mode in KEPT:
        return pixels.convert("RGBA") if _keyed(pixels) else pixels
    if mode.startswith(("I", "F")):
        values, (low, high) = _numbers(pixels), spread
        if mode == "F" and low >= 0 and high <= 1:
            values = values * 255
        elif mode in ("I", "F") and low >= 0 and high <= 255:
            pass
        elif low >= 0 and high <= 65535:
            values = values / 257
        else:
            values = (values - low) * (255 / (high - low)) if high > low else values * 0
        return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))
    if mode == "1":
        return pixels.convert("L")
    return pixels.convert("RGBA" if pixels.has_transparency_data else "RGB")


def describe(profile: bytes) -> str:
    if not profile:
        return ""
    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (*DECODE_ERRORS, ImageCms.PyCMSError):
        return "unreadable"
    return one_line(name)[:80] or "unnamed"


def compose(picture: Image.Image, profile: bytes, background: str) -> Image.Image:
    """Make RGB of one of the modes of `eight_bit`: sRGB by its profile, on `background`; a large one in strips."""
    if picture.width * picture.height <= STRIP or (picture.mode == "RGB" and not profile):
        return _composed(picture, profile, background)
    result = Image.new("RGB", picture.size)
    for top, strip in strips(picture):
        result.paste(_composed(strip, profile, background), (0, top))
    return result


def _composed(picture: Image.Image, profile: bytes, background: str) -> Image.Image:
    alpha = picture.getchannel("A") if picture.mode in ("RGBA", "LA") else None
    if picture.mode == "RGBA":
        picture = picture.convert("RGB")
    elif picture.mode == "LA":
        picture = picture.convert("L")
    picture = _to_srgb(picture, profile)
    if alpha is not None and alpha.getextrema()[0] < 255:  # type: ignore[operator]
        ground = Image.new("RGB", picture.size, ImageColor.getrgb(background)[:3])
        ground.paste(picture, (0, 0), alpha)
        picture = ground
    picture.info.clear()
    return picture


_SPACES = {"L": "GRAY", "RGB": "RGB ", "CMYK": "CMYK", "LAB": "Lab "}


def _to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    if picture.mode == "LAB":
        source: Any = ImageCms.createProfile("LAB")
    else:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile)) if profile else None
    if source is not None and picture.mode != "LAB":
        space = source.profile.xcolor_space
        if space == "RGB " and picture.mode == "L":
            picture = picture.convert("RGB")
        # a profile for other channels than the picture has says nothing about it; sRGB has nothing to do
        if space != _SPACES.get(picture.mode) or describe(profile).startswith("sRGB"):
            source = None
    if source is not None:
        with _colour_errors():
            converted = ImageCms.profileToProfile(
                picture,
                source,
                ImageCms.createProfile("sRGB"),
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
            if converted is not None:
                return converted
    return picture if picture.mode == "RGB" else picture.convert("RGB")


@contextmanager
def _colour_errors() -> Iterator[None]:
    """A profile that cannot be applied is what a viewer ignores too."""
    try:
        yield
    except ImageCms.PyCMSError:
        return
