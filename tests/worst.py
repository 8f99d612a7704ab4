"""Pictures that cost the most memory to open for their size, one of each kind: for limits on memory and time."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageCms

Size = tuple[int, int]
Pixels = NDArray[np.uint8]


def _field(size: Size, channels: int) -> Pixels:
    """Some grain over a slope, (height, width, channels), the same tile again and again: quick to make and to pack."""
    random = np.random.default_rng(channels)
    tile = random.integers(96, 160, (256, 256, channels), np.uint8)
    tile[:, :, 0] += np.arange(0, 64, 0.25, np.float64).astype(np.uint8)
    rows, columns = -(-size[1] // 256), -(-size[0] // 256)
    return np.tile(tile, (rows, columns, 1))[: size[1], : size[0]]


def _picture(size: Size, mode: str) -> Pillow.Image:
    channels = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4, "LAB": 3}[mode]
    field = _field(size, channels)
    if mode == "RGBA":
        field[: size[1] // 3, :, 3] = 0
    return Pillow.frombytes(mode, size, field.tobytes())


def _saved(picture: Pillow.Image, form: str, **how: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **how)
    return out.getvalue()


def _plain(form: str, mode: str, **how: Any) -> Callable[[Size], bytes]:
    return lambda size: _saved(_picture(size, mode), form, **how)


def _palette(form: str, **how: Any) -> Callable[[Size], bytes]:
    def made(size: Size) -> bytes:
        picture = Pillow.frombytes("P", size, _field(size, 1).tobytes())
        picture.putpalette([v for n in range(256) for v in (n, 255 - n, n // 2)])
        return _saved(picture, form, **how)

    return made


def _bilevel(form: str, **how: Any) -> Callable[[Size], bytes]:
    return lambda size: _saved(_picture(size, "L").point(lambda v: 255 * (v > 128), "1"), form, **how)


def _float(scale: float, **how: Any) -> Callable[[Size], bytes]:
    def made(size: Size) -> bytes:
        return _saved(Pillow.fromarray(_field(size, 1)[..., 0].astype(np.float32) * np.float32(scale)), "TIFF", **how)

    return made


def _whole_numbers(kind: str, form: str, **how: Any) -> Callable[[Size], bytes]:
    def made(size: Size) -> bytes:
        return _saved(Pillow.fromarray(_field(size, 1)[..., 0].astype(kind) * 200), form, **how)

    return made


_PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


def _png(channels: int, deep: bool, interlaced: bool = False) -> Callable[[Size], bytes]:
    """A PNG that Pillow does not write: 16 bits a channel, or interlaced (PNG 3rd edition, 8.1)."""

    def made(size: Size) -> bytes:
        field = _field(size, channels)
        packer, packed = zlib.compressobj(1), []
        for top, left, down, across in _PASSES if interlaced else ((0, 0, 1, 1),):
            for row in field[top::down, left::across]:
                values = row.astype(">u2") * 257 if deep else row
                packed.append(packer.compress(b"\0" + values.tobytes()) if row.size else b"")
        kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
        head = struct.pack(">IIBBBBB", *size, 16 if deep else 8, kind, 0, 0, int(interlaced))
        parts = (b"IHDR", head), (b"IDAT", b"".join([*packed, packer.flush()])), (b"IEND", b"")
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)

    return made


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _animated(form: str, **how: Any) -> Callable[[Size], bytes]:
    def made(size: Size) -> bytes:
        one = _picture(size, "RGB" if form != "GIF" else "L")
        two = one.transpose(Pillow.Transpose.ROTATE_180)
        return _saved(one, form, save_all=True, append_images=[two], duration=100, **how)

    return made


def _text(size: Size) -> bytes:
    from PIL import PngImagePlugin

    said = PngImagePlugin.PngInfo()
    for number in range(60):
        said.add_text(f"note{number}", "much " * 200_000, zip=True)
    return _saved(_picture(size, "RGB"), "PNG", pnginfo=said, compress_level=1)


@cache
def wide_gamut() -> bytes:
    """An ICC profile of RGB that is not sRGB: its red and green swapped."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(data[128:132], "big")
    places = {bytes(data[p : p + 4]): p for p in range(132, 132 + 12 * count, 12)}
    red, green = (slice(places[name] + 4, places[name] + 12) for name in (b"rXYZ", b"gXYZ"))
    data[red], data[green] = data[green], data[red]
    place = data.find("sRGB".encode("utf-16-be"))
    data[place : place + 8] = "Odd ".encode("utf-16-be")
    return bytes(data)


_FAST = {"compress_level": 1}
KINDS: dict[str, Callable[[Size], bytes]] = {
    "tiff float": _float(1),
    "tiff float, of any range": _float(1e5),
    "tiff float, deflated": _float(1 / 255, compression="tiff_adobe_deflate"),
    "tiff 32-bit": _whole_numbers("int32", "TIFF"),
    "tiff 16-bit grey": _whole_numbers("uint16", "TIFF"),
    "tiff rgb": _plain("TIFF", "RGB"),
    "tiff rgb, lzw": _plain("TIFF", "RGB", compression="tiff_lzw"),
    "tiff rgba": _plain("TIFF", "RGBA", compression="tiff_adobe_deflate"),
    "tiff cmyk": _plain("TIFF", "CMYK", compression="tiff_adobe_deflate"),
    "tiff lab": _plain("TIFF", "LAB"),
    "tiff 1-bit, fax": _bilevel("TIFF", compression="group4"),
    "tiff rgb, turned": _plain("TIFF", "RGB", compression="tiff_adobe_deflate", tiffinfo={274: 6}),
    "png 1-bit": _bilevel("PNG", **_FAST),
    "png palette": _palette("PNG", **_FAST),
    "png palette, transparent": _palette("PNG", transparency=bytes(range(256)), **_FAST),
    "png grey": _plain("PNG", "L", **_FAST),
    "png grey, one transparent": _plain("PNG", "L", transparency=128, **_FAST),
    "png grey and alpha": _plain("PNG", "LA", **_FAST),
    "png 16-bit grey": _whole_numbers("uint16", "PNG", **_FAST),
    "png 16-bit grey and alpha": _png(2, True),
    "png 16-bit rgb": _png(3, True),
    "png 16-bit rgba": _png(4, True),
    "png rgb": _plain("PNG", "RGB", **_FAST),
    "png rgb, one transparent": _plain("PNG", "RGB", transparency=(128, 128, 128), **_FAST),
    "png rgb, profile": lambda size: _saved(_picture(size, "RGB"), "PNG", icc_profile=wide_gamut(), **_FAST),
    "png rgb, texts": _text,
    "png rgb, interlaced": _png(3, False, True),
    "png rgba": _plain("PNG", "RGBA", **_FAST),
    "png rgba, profile": lambda size: _saved(_picture(size, "RGBA"), "PNG", icc_profile=wide_gamut(), **_FAST),
    "png animated": _animated("PNG", **_FAST),
    "webp": _plain("WEBP", "RGB", method=0),
    "webp, alpha": _plain("WEBP", "RGBA", method=0),
    "webp lossless": _plain("WEBP", "RGB", lossless=True, method=0, quality=0),
    "webp lossless, alpha": _plain("WEBP", "RGBA", lossless=True, method=0, quality=0),
    "webp animated": _animated("WEBP", method=0),
    "jpeg": _plain("JPEG", "RGB", quality=90, subsampling=0),
    "jpeg, profile, turned": lambda size: _saved(
        _picture(size, "RGB"), "JPEG", icc_profile=wide_gamut(), exif=_turned(), quality=90
    ),
    "jpeg grey": _plain("JPEG", "L"),
    "jpeg cmyk": _plain("JPEG", "CMYK", subsampling=0),
    "jpeg progressive": _plain("JPEG", "RGB", progressive=True, quality=90, subsampling=0),
    "jpeg progressive cmyk": _plain("JPEG", "CMYK", progressive=True, quality=90, subsampling=0),
    "gif": _palette("GIF"),
    "gif animated": _animated("GIF"),
    "bmp": _plain("BMP", "RGB"),
    "bmp rgba": _plain("BMP", "RGBA"),
    "bmp palette": _palette("BMP"),
    "avif": _plain("AVIF", "RGB", speed=10, quality=60),
    "avif, alpha": _plain("AVIF", "RGBA", speed=10, quality=60, subsampling="4:4:4"),
}


def _turned() -> bytes:
    exif = Pillow.Exif()
    exif[274] = 6
    return exif.tobytes()
