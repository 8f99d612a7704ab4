"""Opens pictures safely and shows them as their owner sees them.

Nothing here trusts a name or a header: the format is found by content, the size is judged before any
pixel is decoded, and whatever a decoder raises becomes a `BadImage` with a reason for a person.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, JpegImagePlugin

from loraprep.colours import DECODE_ERRORS, compose, describe, eight_bit, transparent
from loraprep.formats import EXTENSIONS, HEIF_EXTENSIONS, HEIF_HINT, UNSUPPORTED, jpeg_quality, sniff

# Pillow's own bomb check lets a WebP of 2.5 GB through with a warning; `_judge_size` replaces it.
Image.MAX_IMAGE_PIXELS = None
# Pillow warns on stderr about odd EXIF and palettes; a file that still opens needs no such line.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

MAX_MEGAPIXELS = 100.0
MAX_MEGABYTES = 200.0
REDUCED_LIMIT = 10  # a JPEG up to so many times the pixel limit is read at 1/2, 1/4 or 1/8

_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class BadImage(Exception):
    """A file that is no usable picture. `code`: a finding code; `reason`: a clause without a full stop."""

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


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


def load(data: bytes, *, max_megapixels: float = MAX_MEGAPIXELS) -> Opened:
    """The full check: content decides the format, the header the size, then verify, reopen, decode all.

    Raises BadImage: "broken", "too-large", "unsupported", "pointer".
    """
    kind = _kind(data)
    try:
        with Image.open(io.BytesIO(data), formats=_formats(kind)) as probe:
            scale = _judge_size(probe, max_megapixels)
            if kind != "JPEG":  # verify() does nothing for a JPEG
                probe.verify()
        if kind == "PNG" and not _png_ends(data):
            raise BadImage("broken", "the file ends too early")
        if kind == "WEBP" and len(data) < int.from_bytes(data[4:8], "little") + 8:
            raise BadImage("broken", "the file ends too early")
        return _decode(data, kind, scale)
    except DECODE_ERRORS as error:
        raise BadImage("broken", _plainly(error)) from None


def upright(opened: Opened, background: str = "#ffffff", longest: int = 0) -> Image.Image:
    """The picture as its owner sees it: RGB, 8 bit, sRGB, turned, transparency on `background`.

    With `longest` it is reduced first, so that its longer side is at most that; never enlarged.
    Raises BadImage "broken" if its pixels cannot be converted.
    """
    try:
        picture = eight_bit(opened.pixels)
        if longest:
            picture = _shrink(picture, longest)
        picture = compose(picture, opened.profile, background)
        return _turned(picture, opened.turn)
    except DECODE_ERRORS as error:
        raise BadImage("broken", _plainly(error)) from None


def open_upright(
    path: Path,
    background: str = "#ffffff",
    *,
    max_megapixels: float = MAX_MEGAPIXELS,
    max_megabytes: float = MAX_MEGABYTES,
) -> Image.Image:
    """The picture at `path` as its owner sees it, without any metadata. Raises BadImage, OSError."""
    size = path.stat().st_size
    if size > max_megabytes * 1e6:
        raise BadImage("too-large", f"{size / 1e6:.0f} MB, more than the {max_megabytes:g} MB allowed")
    return upright(load(path.read_bytes(), max_megapixels=max_megapixels), background)


def _kind(data: bytes) -> str:
    if not data:
        raise BadImage("broken", "the file is empty")
    if data.startswith(b"version https://git-lfs"):
        raise BadImage("pointer", "only Git LFS's placeholder is here; run git lfs pull")
    kind = sniff(data[:64])
    if kind == "HEIF" and not heif():
        raise BadImage("unsupported", HEIF_HINT)
    if kind:
        return kind
    start = data[:256].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise BadImage("broken", "it holds a web page, not a picture; download the picture itself")
    if b"<svg" in data[:1024].lower() or start.startswith(b"%!ps") or data.startswith(b"\xc5\xd0\xd3\xc6"):
        raise BadImage("unsupported", UNSUPPORTED[".svg"])
    if data.startswith(b"8BPS"):
        raise BadImage("unsupported", UNSUPPORTED[".psd"])
    if not any(data[:4096]):
        raise BadImage("broken", "the file holds only zeros; copy it again from where it came from")
    raise BadImage("broken", "its content is no picture format that is known here")


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
    """1, or the factor to read a large JPEG at; BadImage "too-large" from the header alone."""
    width, height = probe.size
    megapixels = width * height / 1e6
    if width < 1 or height < 1:
        raise BadImage("broken", "it says it has no size")
    if megapixels <= limit:
        return 1
    # a progressive JPEG keeps all its coefficients in memory, whatever scale it is read at
    progressive = probe.info.get("progressive") or probe.info.get("progression")
    if probe.format in ("JPEG", "MPO") and not progressive and megapixels <= limit * REDUCED_LIMIT:
        scale = next((s for s in (2, 4, 8) if megapixels / s**2 <= limit), 0)
        if scale:
            return scale
    raise BadImage("too-large", f"{width}x{height} is {megapixels:.0f} megapixels, more than the {limit:g} allowed")


def _decode(data: bytes, kind: str, scale: int) -> Opened:
    picture = Image.open(io.BytesIO(data), formats=_formats(kind))
    width, height = picture.size
    if scale > 1:
        picture.draft(picture.mode, (width // scale, height // scale))
    mode, form = picture.mode, picture.format or kind
    orientation = _orientation(picture)
    quality = jpeg_quality(picture.quantization) if isinstance(picture, JpegImagePlugin.JpegImageFile) else 0
    hidden = _hidden(picture)
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
        frames=_frames(data, kind),
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


def _frames(data: bytes, kind: str) -> int:
    if kind in ("BMP", "JPEG"):  # an MPO's further pictures are views of the same one
        return 1
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as again:
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


def _shrink(picture: Image.Image, longest: int) -> Image.Image:
    side = max(picture.size)
    if side <= longest:
        return picture
    factor = side // longest
    if factor > 1:
        picture = picture.reduce(factor)
    if max(picture.size) > longest:
        ratio = longest / max(picture.size)
        size = tuple(max(1, round(n * ratio)) for n in picture.size)
        picture = picture.resize((size[0], size[1]), Image.Resampling.BILINEAR)
    return picture


def _turned(picture: Image.Image, turn: int) -> Image.Image:
    method = _TRANSPOSE.get(turn)
    return picture if method is None else picture.transpose(method)


def _plainly(error: BaseException) -> str:
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


__all__ = [
    "EXTENSIONS",
    "HEIF_EXTENSIONS",
    "UNSUPPORTED",
    "BadImage",
    "Opened",
    "heif",
    "jpeg_quality",
    "load",
    "open_upright",
    "sniff",
    "transparent",
    "upright",
]
