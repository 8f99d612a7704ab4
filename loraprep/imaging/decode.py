"""Opens pictures safely.

Nothing here trusts a name or a header: the format is found by content, the size is judged before any
pixel is decoded, and whatever a decoder raises becomes a `BadImage` with a reason for a person.
"""

from __future__ import annotations

import io
import traceback
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from PIL import Image, ImageFile, JpegImagePlugin

from loraprep.core.findings import Code
from loraprep.imaging import estimate, memory, process
from loraprep.imaging.colour import DECODE_ERRORS, describe
from loraprep.imaging.errors import BadImage
from loraprep.imaging.formats import HEIF_HINT, UNSUPPORTED, jpeg_quality, pointer, sniff

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


def load(
    data: bytes, *, max_megapixels: float = MAX_MEGAPIXELS, at_least: int = 0, made: float = float("inf")
) -> Opened:
    """The full check: content decides the format, the header the size, then verify, reopen, decode all.

    With `at_least` a JPEG is decoded at 1/2, 1/4 or 1/8 where its longer side stays at least that: faster, and the
    check is no weaker, since the decoder still reads every byte. `made`: of how many pixels, at most, what the caller
    makes of it is; with fewer it takes less memory.
    Raises BadImage: BROKEN, TOO_LARGE, UNSUPPORTED, POINTER; in a pool memory.Needs, before anything is decoded.
    """
    kind = _kind(data)
    data = _without_surplus_texts(data) if kind == "PNG" else data
    if kind == "PNG":
        memory.ask(2 * len(data) + estimate.texts(data))
    try:
        picture = Image.open(io.BytesIO(data), formats=_formats(kind))
        scale = max(_judge_size(picture, max_megapixels), halvings(picture.size, at_least, 8))
        if kind != "JPEG":  # only a JPEG is decoded smaller than it is
            scale = 1
        memory.ask(estimate.need(picture, data, scale=scale, made=made))
        if type(picture).verify is not ImageFile.ImageFile.verify:  # that one looks at nothing
            picture.verify()  # and this leaves it unfit to be read
            del picture  # with what its texts unpack to
            picture = Image.open(io.BytesIO(data), formats=_formats(kind))
        if kind in ("PNG", "WEBP") and _cut_short(data, kind):  # Pillow takes these without their last bytes
            raise BadImage(Code.BROKEN, _TOO_EARLY)
        return _decode(picture, data, kind, scale)
    except Image.DecompressionBombError:  # in a process that is not ours, which Pillow guards as it likes
        raise BadImage(Code.TOO_LARGE, "it is larger than this program's Pillow may open") from None
    except DECODE_ERRORS as error:
        raise BadImage(Code.BROKEN, _TOO_EARLY if _cut_short(data, kind) else plain_reason(error)) from None


_TOO_EARLY = "the file ends too early"


def _cut_short(data: bytes, kind: str) -> bool:
    """Say whether a file lacks its end, by what it says itself of its length or by the mark that ends it."""
    if kind == "PNG":
        return not _png_ends(data)
    if kind == "WEBP":
        return len(data) < int.from_bytes(data[4:8], "little") + 8
    if kind == "BMP":
        return len(data) < int.from_bytes(data[2:6], "little")
    if kind == "TIFF":
        return _tiff_cut_short(data)
    if kind in ("AVIF", "HEIF"):
        return _boxes_cut_short(data)
    return not data.rstrip(b"\0").endswith({"JPEG": b"\xff\xd9", "GIF": b";"}[kind])


def _tiff_cut_short(data: bytes) -> bool:
    """Say whether the directory or some strip or tile of a TIFF lies behind its end."""
    order: Literal["little", "big"] = "little" if data[:1] == b"I" else "big"
    start = int.from_bytes(data[4:8], order)
    if len(data) < 8 or (data[2:4] in (b"*\0", b"\0*") and _directory_cut_short(data, start, order)):
        return True
    try:
        with Image.open(io.BytesIO(data), formats=["TIFF"]) as picture:
            tags: Any = getattr(picture, "tag_v2", {})
            parts = [zip(tags.get(a, ()), tags.get(b, ()), strict=False) for a, b in ((273, 279), (324, 325))]
            return any(start + size > len(data) for pairs in parts for start, size in pairs)
    except DECODE_ERRORS:  # the directory itself breaks off, or is damaged
        return False


_TIFF_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}  # TIFF 6.0, section 2


def _directory_cut_short(data: bytes, start: int, order: Literal["little", "big"]) -> bool:
    count = int.from_bytes(data[start : start + 2], order)
    if start + 2 + 12 * count > len(data):
        return True
    for place in range(start + 2, start + 2 + 12 * count, 12):
        kind, number, where = (int.from_bytes(data[place + a : place + b], order) for a, b in ((2, 4), (4, 8), (8, 12)))
        if (size := _TIFF_SIZES.get(kind, 0) * number) > 4 and where + size > len(data):
            return True
    return False


def _boxes_cut_short(data: bytes) -> bool:
    """Say whether the boxes of an AVIF or HEIC (ISO 14496-12, 4.2) reach behind its end."""
    place = 0
    while place + 8 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        if size == 1:
            size = int.from_bytes(data[place + 8 : place + 16], "big")
        if size < 8:  # 0: to the end of the file; others are damaged
            return False
        place += size
    return place != len(data) or data.find(b"mdat") < 0


_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_MOST_TEXT = 32_000_000  # bytes of texts in a PNG; Pillow takes 64 MB, of a caption 4000 characters are used


def _without_surplus_texts(data: bytes) -> bytes:
    """Leave texts out of a PNG that has more of them than Pillow takes: it would give the whole picture up."""
    if len(data) < _MOST_TEXT:
        return data
    surplus, place, texts = [], 8, 0
    while place + 12 <= len(data):
        end = place + 12 + int.from_bytes(data[place : place + 4], "big")
        if data[place + 4 : place + 8] in _TEXTS:
            if texts + end - place > _MOST_TEXT:
                surplus.append((place, end))
            else:
                texts += end - place
        place = end
    if not surplus:  # a copy of a large file takes memory
        return data
    memory.ask(4 * len(data))
    starts, ends = [0, *(end for _, end in surplus)], [*(start for start, _ in surplus), len(data)]
    return b"".join(data[start:end] for start, end in zip(starts, ends, strict=True))


def _kind(data: bytes) -> str:
    if not data:
        raise BadImage(Code.BROKEN, "the file is empty")
    if stands_for := pointer(data[:64]):
        raise BadImage(Code.POINTER, stands_for)
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
    """Pillow takes a PNG whose last bytes are missing; a whole one has pixels and all 12 bytes of its IEND."""
    place, pixels = 8, False
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        name = data[place + 4 : place + 8]
        if name == b"IEND":
            return pixels
        pixels = pixels or name == b"IDAT"
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
    if any(frame.name == "chunk_iCCP" for frame in traceback.extract_tb(error.__traceback__)):
        return "the colour profile inside it unpacks to more than is safe"
    if "truncated" in text or "unexpected end" in text or "eof" in text or isinstance(error, EOFError):
        return _TOO_EARLY
    if "crc" in text or "checksum" in text or isinstance(error, SyntaxError):
        return "the data inside is damaged"
    if "too large" in text and isinstance(error, ValueError):
        return "the texts inside it unpack to more than is safe"
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    return "the data inside is damaged"
