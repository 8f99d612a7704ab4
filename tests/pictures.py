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
