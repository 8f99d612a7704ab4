"""Opens pictures safely.

Nothing here trusts a name or a header: the format is found by content, the size is judged before any
pixel is decoded, and whatever a decoder raises becomes a `BadImage` with a reason for a person.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from typing import Any

from PIL import Image, ImageFile, JpegImagePlugin

from loraprep.core.findings import Code
from loraprep.imaging import process
from loraprep.imaging.colour import DECODE_ERRORS, describe
from loraprep.imaging.errors import BadImage
from loraprep.imaging.formats import HEIF_HINT, LFS, UNSUPPORTED, is_pointer, jpeg_quality, sniff

process.pillow_loaded()

MAX_MEGAPIXELS = 100.0
MAX_MEGABYTES = 200.0
REDUCED_LIMIT = 10  # a JPEG up to so many times the pixel limit is read at 1/2, 1/4 or 1/8


@dataclass(frozen=True, slots=True)
class Opened:
    """A fully decoded picture, not yet upright, and what its header said.

    `pixels` is as stored (reduced if `reduced` > 1); `width` and `height` are as shown. `turn` is the EXIF
    orientation that is still to be applied to `pixels`.
    """

    pixels: Image.Image
    format: str
    width: int
    height: int
    orientation: int
    turn: int
    mode: str
    bits: int
    frames: int
    quality: int
    reduced: int
    profile: bytes
    icc: str
    hidden: tuple[str, ...]


def load(data: bytes, *, max_megapixels: float = MAX_MEGAPIXELS, at_least: int = 0) -> Opened:
    """The full check: content decides the format, the header the size, then verify, reopen, decode all.

    With `at_least` a JPEG is decoded at 1/2, 1/4 or 1/8 where its longer side stays at least that: faster, and the
    check is no weaker, since the decoder still reads every byte.
    Raises BadImage: BROKEN, TOO_LARGE, UNSUPPORTED, POINTER.
    """
    kind = _kind(data)
    try:
        picture = Image.open(io.BytesIO(data), formats=_formats(kind))
        scale = max(_judge_size(picture, max_megapixels), halvings(picture.size, at_least, 8))
        if kind != "JPEG":  # only a JPEG is decoded smaller than it is
            scale = 1
        if type(picture).verify is not ImageFile.ImageFile.verify:  # that one looks at nothing
            picture.verify()  # and this leaves it unfit to be read
            picture = Image.open(io.BytesIO(data), formats=_formats(kind))
        if kind == "PNG" and not _png_ends(data):
            raise BadImage(Code.BROKEN, "the file ends too early")
        if kind == "WEBP" and len(data) < int.from_bytes(data[4:8], "little") + 8:
            raise BadImage(Code.BROKEN, "the file ends too early")
        return _decode(picture, data, kind, scale)
    except Image.DecompressionBombError:  # in a process that is not ours, which Pillow guards as it likes
        raise BadImage(Code.TOO_LARGE, "it is larger than this program's Pillow may open") from None
    except DECODE_ERRORS as error:
        raise BadImage(Code.BROKEN, plain_reason(error)) from None


def _kind(data: bytes) -> str:
    if not data:
        raise BadImage(Code.BROKEN, "the file is empty")
    if is_pointer(data):
        raise BadImage(Code.POINTER, LFS)
    kind = sniff(data[:64])
    if kind == "HEIF" and not heif():
        raise BadImage(Code.UNSUPPORTED, HEIF_HINT)
    if kind:
        return kind
    start = data[:256].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise BadImage(Code.BROKEN, "it holds a web page, not a picture; download the picture itself")
    if b"<svg" in data[:1024].lower() or start.startswith(b"%!ps") or data.startswith(b"\xc5\xd0\xd3\xc6"):
        raise BadImage(Code.UNSUPPORTED, UNSUPPORTED[".svg"])
    if data.startswith(b"8BPS"):
        raise BadImage(Code.UNSUPPORTED, UNSUPPORTED[".psd"])
    if not any(data[:4096]):
        raise BadImage(Code.BROKEN, "the file holds only zeros; copy it again from where it came from")
    raise BadImage(Code.BROKEN, "its content is no picture format that is known here")


def _formats(kind: str) -> list[str]:
    return ["JPEG", "MPO"] if kind == "JPEG" else [kind]


@cache
def heif() -> bool:
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True


def _judge_size(probe: Image.Image, limit: float) -> int:
    """1, or the factor to read a large JPEG at; BadImage TOO_LARGE from the header alone."""
    width, height = probe.size
    megapixels = width * height / 1e6
    if width < 1 or height < 1:
        raise BadImage(Code.BROKEN, "it says it has no size")
    if megapixels <= limit:
        return 1
    # a progressive JPEG keeps all its coefficients in memory, whatever scale it is read at
    progressive = probe.info.get("progressive") or probe.info.get("progression")
    if probe.format in ("JPEG", "MPO") and not progressive and megapixels <= limit * REDUCED_LIMIT:
        scale = next((s for s in (2, 4, 8) if megapixels / s**2 <= limit), 0)
        if scale:
            return scale
    raise BadImage(Code.TOO_LARGE, f"{width}x{height} is {megapixels:.0f} megapixels, more than the {limit:g} allowed")


def _decode(picture: Image.Image, data: bytes, kind: str, scale: int) -> Opened:
    width, height = picture.size
    if scale > 1:
        picture.draft(picture.mode, (max(1, width // scale), max(1, height // scale)))
    mode, form = picture.mode, picture.format or kind
    orientation = _orientation(picture)
    quality = jpeg_quality(picture.quantization) if isinstance(picture, JpegImagePlugin.JpegImageFile) else 0
    hidden, frames = _hidden(picture), _frames(picture, data, kind)
    picture.load()
    turn = _orientation(picture)  # Pillow turns a TIFF while it loads
    if scale == 1:
        width, height = picture.size
    if turn >= 5:
        width, height = height, width
    profile = picture.info.get("icc_profile") or b""
    if not isinstance(profile, bytes):
        profile = b""
    icc = describe(profile)
    return Opened(
        pixels=picture,
        format=form,
        width=width,
        height=height,
        orientation=orientation,
        turn=turn,
        mode=mode,
        bits=_bits(picture, kind, data),
        frames=frames,
        quality=quality,
        reduced=scale,
        profile=b"" if icc in ("", "unreadable") else profile,
        icc=icc,
        hidden=hidden,
    )


def _orientation(picture: Image.Image) -> int:
    try:
        value = picture.getexif().get(0x0112, 1)
    except DECODE_ERRORS:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _hidden(picture: Image.Image) -> tuple[str, ...]:
    try:
        exif = picture.getexif()
        private = set(exif) - {0x0112, *range(0x0100, 0x0120), 0x011A, 0x011B, 0x0128, 0x0152, 0x0153}
        found = {"exif"} if private else set()
        if exif.get_ifd(0x8825):
            found.add("gps")
    except DECODE_ERRORS:
        found = {"exif"}
    if "xmp" in picture.info or "XML:com.adobe.xmp" in picture.info:
        found.add("xmp")
    return tuple(sorted(found))


def _bits(picture: Image.Image, kind: str, data: bytes) -> int:
    if kind == "PNG":
        return 16 if data[24] == 16 else 8
    if kind == "TIFF":
        tags: Any = getattr(picture, "tag_v2", {})
        sample = tags.get(258, 8)
        return max(8, int(max(sample) if isinstance(sample, tuple) else sample))
    return {"I": 32, "F": 32}.get(picture.mode, 16 if picture.mode.startswith("I;16") else 8)


def _frames(picture: Image.Image, data: bytes, kind: str) -> int:
    if kind in ("BMP", "JPEG"):  # an MPO's further pictures are views of the same one
        return 1
    try:
        if "n_frames" in vars(picture):  # the header says it
            return int(vars(picture)["n_frames"])
        with Image.open(io.BytesIO(data), formats=[kind]) as again:  # it takes going through all of them
            return int(getattr(again, "n_frames", 1))
    except DECODE_ERRORS:  # the first frame is whole, and only that is used
        return 1


def _png_ends(data: bytes) -> bool:
    """Pillow takes a PNG whose last bytes are missing; a whole one has all 12 of its IEND."""
    place = 8
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        if data[place + 4 : place + 8] == b"IEND":
            return True
        place += 12 + length
    return False


def halvings(size: tuple[int, int], at_least: int, most: int = 1 << 16) -> int:
    """1, 2, 4 ...: by how much the sides can be halved, again and again, while the longer one stays `at_least`."""
    factor = 1
    while at_least and 2 * factor <= most and max(size) // (2 * factor) >= at_least:
        factor *= 2
    return factor


def plain_reason(error: BaseException) -> str:
    text = str(error).lower()
    if "truncated" in text or "unexpected end" in text or "eof" in text or isinstance(error, EOFError):
        return "the file ends too early"
    if "crc" in text or "checksum" in text or isinstance(error, SyntaxError):
        return "the data inside is damaged"
    if "too large" in text and isinstance(error, ValueError):
        return "the texts inside it unpack to more than is safe"
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    return "the data inside is damaged"
