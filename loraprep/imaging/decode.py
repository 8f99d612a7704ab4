"""Opens pictures safely and shows them as their owner sees them.

Nothing here trusts a name or a header: the format is found by content, the size is judged before any
pixel is decoded, and whatever a decoder raises becomes a `BadImage` with a reason for a person.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from PIL import Image, ImageFile, JpegImagePlugin

from loraprep.imaging.colour import DECODE_ERRORS, compose, describe, eight_bit, transparent
from loraprep.imaging.formats import (
    EXTENSIONS,
    HEIF_EXTENSIONS,
    HEIF_HINT,
    LARGE,
    LFS,
    UNSUPPORTED,
    is_pointer,
    jpeg_quality,
    sniff,
)

# Pillow's own bomb check lets a WebP of 2.5 GB through with a warning; `_judge_size` replaces it.
Image.MAX_IMAGE_PIXELS = None
# Two of the blocks that pixels lie in are kept for the next picture: a WebP is read in two thirds of the time, and all
# pictures together in nine tenths, since memory fresh from the system is cleared page by page. More gain nothing.
Image.core.set_blocks_max(2)  # type: ignore[attr-defined]
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


def load(data: bytes, *, max_megapixels: float = MAX_MEGAPIXELS, at_least: int = 0) -> Opened:
    """The full check: content decides the format, the header the size, then verify, reopen, decode all.

    With `at_least` a JPEG is decoded at 1/2, 1/4 or 1/8 where its longer side stays at least that: faster, and the
    check is no weaker, since the decoder still reads every byte.
    Raises BadImage: "broken", "too-large", "unsupported", "pointer".
    """
    kind = _kind(data)
    try:
        picture = Image.open(io.BytesIO(data), formats=_formats(kind))
        scale = max(_judge_size(picture, max_megapixels), _halvings(picture.size, at_least, 8))
        if kind != "JPEG":  # only a JPEG is decoded smaller than it is
            scale = 1
        if type(picture).verify is not ImageFile.ImageFile.verify:  # that one looks at nothing
            picture.verify()  # and this leaves it unfit to be read
            picture = Image.open(io.BytesIO(data), formats=_formats(kind))
        if kind == "PNG" and not _png_ends(data):
            raise BadImage("broken", "the file ends too early")
        if kind == "WEBP" and len(data) < int.from_bytes(data[4:8], "little") + 8:
            raise BadImage("broken", "the file ends too early")
        return _decode(picture, data, kind, scale)
    except DECODE_ERRORS as error:
        raise BadImage("broken", _plainly(error)) from None


def upright(opened: Opened, background: str = "#ffffff", longest: int = 0, at_least: int = 0) -> Image.Image:
    """The picture as its owner sees it: RGB, 8 bit, sRGB, turned, transparency on `background`.

    With `longest` it is reduced first, so that its longer side is at most that; never enlarged. With `at_least` it
    is halved for as long as its longer side stays at least that, which costs a fraction of any other size.
    Raises BadImage "broken" if its pixels cannot be converted.
    """
    try:
        picture = eight_bit(opened.pixels)
        if longest:
            picture = _shrink(picture, longest)
        picture = halved(picture, at_least)
        picture = compose(picture, opened.profile, background)
        return _turned(picture, opened.turn)
    except DECODE_ERRORS as error:
        raise BadImage("broken", _plainly(error)) from None


def cut(opened: Opened, box: Sequence[float]) -> Opened:
    """The part of the picture inside `box` (left, top, right, bottom as shares of it as shown); all of it for ()."""
    if not box:
        return opened
    whole = _turned(opened.pixels, opened.turn)
    left, top, right, bottom = pixel_box(box, whole.width, whole.height)
    width, height = (max(1, round(n)) for n in (opened.width * (box[2] - box[0]), opened.height * (box[3] - box[1])))
    if opened.reduced == 1:
        width, height = right - left, bottom - top
    return replace(opened, pixels=whole.crop((left, top, right, bottom)), turn=1, width=width, height=height)


def pixel_box(box: Sequence[float], width: int, height: int) -> tuple[int, int, int, int]:
    """Shares of the sides as whole pixels, at least one wide and high."""
    left, top = min(round(box[0] * width), width - 1), min(round(box[1] * height), height - 1)
    return left, top, max(left + 1, round(box[2] * width)), max(top + 1, round(box[3] * height))


def alpha(opened: Opened) -> Image.Image | None:
    """How much of each pixel is there, upright, mode L; None for a picture without really transparent parts."""
    if not transparent(opened.pixels):
        return None
    return _turned(eight_bit(opened.pixels).convert("RGBA").getchannel("A"), opened.turn)


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


_large = Lock()


@contextmanager
def alone(weight: float) -> Iterator[None]:
    """Around reading and measuring a picture of so many bytes or pixels: no other large one is held meanwhile."""
    with _large if weight > LARGE else nullcontext():
        yield


def _kind(data: bytes) -> str:
    if not data:
        raise BadImage("broken", "the file is empty")
    if is_pointer(data):
        raise BadImage("pointer", LFS)
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


def _halvings(size: tuple[int, int], at_least: int, most: int = 1 << 16) -> int:
    """1, 2, 4 ...: by how much the sides can be halved, again and again, while the longer one stays `at_least`."""
    factor = 1
    while at_least and 2 * factor <= most and max(size) // (2 * factor) >= at_least:
        factor *= 2
    return factor


def halved(picture: Image.Image, at_least: int) -> Image.Image:
    """Box-averaged to 1/2, 1/4 ... for as long as its longer side stays at least that."""
    factor = _halvings(picture.size, at_least)
    return picture.reduce(factor) if factor > 1 else picture


def _shrink(picture: Image.Image, longest: int) -> Image.Image:
    """At most `longest` px on the longer side; never enlarged.

    Halved first, as a JPEG decoder halves, so that a JPEG read at reduced scale ends as the same picture.
    """
    picture = halved(picture, longest)
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
    "LFS",
    "UNSUPPORTED",
    "BadImage",
    "Opened",
    "alone",
    "alpha",
    "cut",
    "halved",
    "heif",
    "is_pointer",
    "jpeg_quality",
    "load",
    "open_upright",
    "pixel_box",
    "sniff",
    "transparent",
    "upright",
]
