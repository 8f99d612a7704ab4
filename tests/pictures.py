"""Small test pictures, good and bad, each made by one function that returns the file's bytes."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image, ImageCms


def scene(width: int = 320, height: int = 240, seed: int = 0) -> Image.Image:
    """Sharp coloured patches and grain: something with detail at every scale, and no symmetry."""
    rng = np.random.default_rng(seed)
    canvas = np.zeros((height, width, 3))
    for cell in (64, 32, 16, 8, 4, 2, 1):
        small = rng.normal(0, 6 + cell**0.5 * 4, (height // cell + 1, width // cell + 1, 3))
        canvas += small.repeat(cell, 0).repeat(cell, 1)[:height, :width]
    return Image.fromarray(np.clip(canvas + 120, 0, 255).astype(np.uint8))


def save(picture: Image.Image, form: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


def jpeg(picture: Image.Image | None = None, **options: Any) -> bytes:
    return save(picture or scene(), "JPEG", **{"quality": 90, **options})


def png(picture: Image.Image | None = None, **options: Any) -> bytes:
    return save(picture or scene(), "PNG", **options)


def truncated_jpeg() -> bytes:
    data = jpeg()
    return data[: len(data) * 2 // 3]


def cmyk() -> bytes:
    return jpeg(scene().convert("CMYK"))


def rotated(turn: int = 6) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = turn
    return jpeg(exif=exif)


def deep_grey() -> bytes:
    ramp = np.linspace(0, 65535, 256 * 128).reshape(128, 256).astype(np.uint16)
    return png(Image.fromarray(ramp))


def see_through() -> bytes:
    """Red noise below alpha 0 on the left, opaque blue on the right."""
    picture = Image.new("RGBA", (128, 128), (0, 0, 255, 255))
    picture.paste((255, 0, 0, 0), (0, 0, 64, 128))
    return png(picture)


def animated() -> bytes:
    return save(scene(96, 96), "GIF", save_all=True, append_images=[scene(96, 96, 1), scene(96, 96, 2)])


def mpo() -> bytes:
    return save(scene(), "MPO", save_all=True, append_images=[scene(seed=1)])


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def bad_crc() -> bytes:
    data = bytearray(png())
    data[data.index(b"IDAT") + 40] ^= 0xFF
    return bytes(data)


def header_only(width: int, height: int) -> bytes:
    """A PNG that only claims a size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def enlarged(picture: Image.Image, factor: float = 2.0, method: int = Image.Resampling.LANCZOS) -> Image.Image:
    size = (round(picture.width * factor), round(picture.height * factor))
    return picture.resize(size, Image.Resampling(method))


def swapped_profile() -> bytes:
    """An RGB profile whose red and blue primaries changed places: pure red in numbers is shown blue."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", data[128:132])[0]
    tags = {bytes(data[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(count)}
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    data[red + 4 : red + 12], data[blue + 4 : blue + 12] = data[blue + 4 : blue + 12], data[red + 4 : red + 12]
    return bytes(data).replace(b"s\0R\0G\0B", b"s\0W\0A\0P").replace(b"sRGB built-in", b"swap built-in")


def pixel_art(side: int, art: int, seed: int = 0) -> Image.Image:
    """A square picture of `side` px whose own pixels are `art` px wide, each in one of four colours."""
    colours = np.array([(20, 30, 60), (90, 160, 70), (230, 200, 120), (180, 60, 50)], np.uint8)
    small = colours[np.random.default_rng(seed).integers(0, 4, (side // art, side // art))]
    return Image.fromarray(small.repeat(art, 0).repeat(art, 1))


def cut_out(colour: str = "#c02020", size: tuple[int, int] = (400, 300)) -> Image.Image:
    """A figure of some texture in the middle of nothing."""
    rng = np.random.default_rng(3)
    picture = Image.new("RGBA", size, (255, 255, 255, 0))
    body = np.array(Image.new("RGB", (size[0] // 3, size[1] // 2), colour), np.int16)
    body += rng.integers(-12, 13, (*body.shape[:2], 1), np.int16)
    picture.paste(Image.fromarray(body.clip(0, 255).astype(np.uint8)), (size[0] // 3, size[1] // 4))
    return picture


def sky(width: int = 400, height: int = 300) -> Image.Image:
    """A smooth sky over hills: every row of one colour, down to an uneven horizon."""
    rows = np.linspace((60, 110, 190), (200, 220, 240), height)[:, None].repeat(width, 1)
    horizon = height * (0.7 + 0.08 * np.sin(np.arange(width) / 23.0))
    land = np.arange(height)[:, None] > horizon[None]
    grass = np.random.default_rng(4).normal((70, 110, 50), 18, (height, width, 3))
    return Image.fromarray(np.where(land[..., None], grass, rows).clip(0, 255).astype(np.uint8))


EXTREMES = ("one colour", "noise", "dot", "lines", "corner", "gone", "one pixel", "pixel art", "checks", "faint")


def extreme(kind: str, size: tuple[int, int]) -> tuple[Image.Image, Image.Image | None]:
    """A picture with hardly anything to measure, or too much, and its alpha."""
    width, height = size
    rng = np.random.default_rng(0)
    white = np.full((height, width, 3), 255, np.uint8)
    noise = rng.integers(0, 256, (height, width, 3), np.uint8)
    alpha = Image.new("L", size, 0)
    if kind == "dot":
        white[height // 2, width // 2] = 0
    elif kind == "lines":
        white[::37] = 0
    elif kind == "corner":
        white[: height // 6 + 1, : width // 6 + 1] = noise[: height // 6 + 1, : width // 6 + 1]
    elif kind == "one colour":
        white[:] = (90, 80, 70)
    elif kind == "noise":
        white = noise
    elif kind == "pixel art":
        white = noise[::16, ::16].repeat(16, 0).repeat(16, 1)[:height, :width]
    elif kind == "checks":
        white[np.indices((height, width)).sum(0) % 2 == 0] = 0
    elif kind == "faint":
        white[:] = (120 + np.linspace(0, 6, height)).astype(np.uint8)[:, None, None]
    elif kind == "one pixel":
        alpha.putpixel((width // 2, height // 2), 255)
    return Image.fromarray(np.ascontiguousarray(white)), alpha if kind in ("gone", "one pixel") else None
