"""How much memory a picture takes to open, from its header: held to what is measured by tests/imaging/test_memory.py.

Bytes a pixel, as Pillow 12 and 13 and their decoders have them (their C sources, and tests/benchmarks/memory.py).
"""

from __future__ import annotations

from typing import Any

from PIL import Image, JpegImagePlugin, PngImagePlugin

_STRIPS = 32e6  # bytes, at most, for what is made of a picture strip by strip, and for what decoders keep besides
_STORED = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}  # by mode; all others are 4
_KEPT = ("L", "LA", "RGB", "RGBA", "CMYK", "LAB")  # modes that colour.eight_bit leaves as they are
_WEBP = 16  # two canvases of libwebp, the bytes of one that Pillow takes out, and the picture
_AVIF = {"RGB": 15, "RGBA": 18}  # planes of up to 16 bits, the bytes in RGB or RGBA, and the picture
_DEFLATED = 1032  # times, at most, that deflate makes something smaller (zlib's technical details)
_TEXT = {b"zTXt": 1, b"iTXt": 4}  # texts that may unpack -> bytes a character


def need(picture: Image.Image, data: bytes, *, scale: int = 1, made: float = float("inf")) -> float:
    """Estimate the most bytes that opening takes, its file included; `picture` is opened and not loaded.

    `scale`: by how much the decoder reduces it. `made`: the most pixels of the 8-bit picture that is made of it; with
    fewer than it has it is reduced strip by strip.
    """
    whole = picture.width * picture.height
    pixels = whole / scale**2
    stored = pixels * _STORED.get(picture.mode, 4)
    turn = _turned(picture)
    left = pixels
    while left > made:
        left /= 4
    after = left * _after(picture, turn)
    if made == float("inf"):  # and saved as a PNG, which is sent to another process
        after = max(after, 10 * pixels - stored)
    return len(data) + _STRIPS + max(_decoding(picture, len(data), whole, stored, turn), stored + after)


def _after(picture: Image.Image, turn: bool) -> int:
    """Bytes a pixel of what becomes of it: 8 bits, its alpha on a ground, sRGB, turned, its luma."""
    seen_through = picture.has_transparency_data
    composed = seen_through or picture.mode != "RGB" or bool(picture.info.get("icc_profile"))
    return 4 * (seen_through or picture.mode not in _KEPT) + 5 * composed + 4 * turn + 3


def _turned(picture: Image.Image) -> bool:
    if picture.format not in ("JPEG", "MPO", "TIFF"):  # of others it takes decoding to tell
        return "exif" in picture.info
    try:
        return bool(picture.getexif().get(0x0112, 1) != 1)
    except Exception:  # a damaged one; decode.load says so
        return False


def _decoding(picture: Image.Image, size: int, whole: int, stored: float, turn: bool) -> float:
    """The most bytes while it is decoded, beside the file."""
    match picture.format:
        case "JPEG" | "MPO":
            return stored + _coefficients(picture, whole)
        case "PNG":
            return max(stored, size) + _unpacked(picture)
        case "WEBP":
            return _WEBP * whole + size
        case "AVIF" | "HEIF":
            return _AVIF.get(picture.mode, 18) * whole + size
        case "TIFF":
            return stored * (1 + turn) + _strip(picture, size)
        case "BMP":
            return stored + 3 * whole * (picture.info.get("compression", 0) in (1, 2))  # run lengths: by Python
    return stored


def _coefficients(picture: Image.Image, whole: int) -> float:
    """What a progressive JPEG keeps: 2 bytes a sample (libjpeg's JCOEF), and its APP segments."""
    if not isinstance(picture, JpegImagePlugin.JpegImageFile):
        return 0
    segments = sum(len(data) for _, data in picture.applist)
    if not (picture.info.get("progressive") or picture.info.get("progression")):
        return segments
    sampling = [(layer[1], layer[2]) for layer in picture.layer] or [(1, 1)] * 4
    across, down = (max(s[n] for s in sampling) for n in (0, 1))
    return segments + 2 * whole * sum(a * b for a, b in sampling) / (across * down)


def _unpacked(picture: Image.Image) -> float:
    if not isinstance(picture, PngImagePlugin.PngImageFile):
        return 0
    texts = [v for v in picture.info.values() if isinstance(v, (str, bytes))]
    return sum(v.__sizeof__() for v in texts)


def texts(data: bytes) -> float:
    """Estimate the most bytes that the texts in a PNG unpack to: Pillow reads them before anybody can ask it."""
    if not any(name in data for name in _TEXT):
        return 0
    place, found = 8, 0.0
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        if wide := _TEXT.get(data[place + 4 : place + 8]):
            found += min(length * _DEFLATED, PngImagePlugin.MAX_TEXT_CHUNK) * wide
        place += 12 + length
    return min(found, 4.0 * PngImagePlugin.MAX_TEXT_MEMORY)


def _strip(picture: Image.Image, size: int) -> float:
    """What libtiff keeps of a TIFF that is packed: a copy of the file, and one strip or tile unpacked."""
    tags: Any = getattr(picture, "tag_v2", {})
    if picture.info.get("compression", "raw") == "raw":
        return 0
    bits = tags.get(258, (8,))
    sample = sum(bits) / 8 if isinstance(bits, tuple) else tags.get(277, 1) * bits / 8
    rows = tags.get(323) or min(_number(tags.get(278), picture.height), picture.height)
    return size + _number(tags.get(322), picture.width) * _number(rows, picture.height) * max(sample, 4)


def _number(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and value > 0 else otherwise
