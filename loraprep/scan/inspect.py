"""One file, read once: is it a picture, and what do its bytes and pixels say?"""

from __future__ import annotations

import hashlib
import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import structs

from loraprep.core import files
from loraprep.core.findings import Code
from loraprep.core.records import Image
from loraprep.imaging import decode, display, facts, memory, reduction
from loraprep.imaging.errors import BadImage
from loraprep.imaging.facts import PixelFacts
from loraprep.imaging.pictures import Pictures, made_of
from loraprep.scan import metadata
from loraprep.scan.cache import (
    FileStamp,
    Inspection,
    KnownDigests,
    canonical_json,
    file_stamp,
    path_of_key,
)

# what ScanCache.store wants after the key, and the picture reduced (imaging/reduction)
Answer = tuple[FileStamp | None, float, str, Inspection | None, bytes]


class ImageFacts(PixelFacts, frozen=True, kw_only=True):
    """All that the bytes of one picture say, but for its words; the names are those of `Image`."""

    format: str
    width: int
    height: int
    orientation: int
    mode: str
    bits: int
    icc: str
    alpha: bool
    frames: int
    jpeg_quality: int
    hidden: tuple[str, ...]
    rating: int
    generator: str


def inspect(
    data: bytes, *, max_megapixels: float = decode.MAX_MEGAPIXELS, box: Sequence[float] = (), turn: int = 0
) -> tuple[ImageFacts, metadata.Words]:
    """Read one picture, `turn` degrees clockwise, or the part of it in `box`: its facts, and the words inside it.

    Raises BadImage.
    """
    return look(data, max_megapixels=max_megapixels, box=box, turn=turn)[:2]


def look(
    data: bytes, *, max_megapixels: float = decode.MAX_MEGAPIXELS, box: Sequence[float] = (), turn: int = 0
) -> tuple[ImageFacts, metadata.Words, bytes]:
    """Do as `inspect` does, and pack the picture reduced (reduction.packed) besides."""
    enough = 0 if box else reduction.LONG  # of a part, nobody knows yet how much there is
    whole = decode.load(data, max_megapixels=max_megapixels, at_least=enough, made=made_of(enough))
    opened = display.cut(display.turned(whole, turn), box)
    words, rating = metadata.embedded(opened.pixels), metadata.rating(opened.pixels)
    generator = metadata.generator(opened.pixels)
    picture, alpha = display.upright_and_alpha(opened, at_least=reduction.LONG)  # takes the metadata off
    small = reduction.packed(picture)
    picture, alpha = display.halved(picture, facts.SIDE), alpha and display.halved(alpha, facts.SIDE)
    found = ImageFacts(
        format=opened.format,
        width=opened.width,
        height=opened.height,
        orientation=opened.orientation,
        mode=opened.mode,
        bits=opened.bits,
        icc=opened.icc,
        alpha=alpha is not None,
        frames=opened.frames,
        jpeg_quality=opened.quality,
        hidden=opened.hidden,
        rating=rating,
        generator=generator,
        **structs.asdict(facts.pixel_facts(picture, alpha)),
    )
    return found, words, small


def file_inspector(
    folder: str, root: str, outside: Sequence[str], max_megapixels: float, max_megabytes: float, cache: str
) -> Callable[[str], Answer]:
    """Make a function that inspects the file of a key, in a process of its own or here.

    `outside`: where pictures may be links into; `cache`: the path of the scan's cache, "" without one.
    """
    known = KnownDigests(cache)
    there = files.in_store(folder)
    training = files.training_folder(Path(root))
    files.enclose(Path(root), Path(folder), map(Path, outside), there and there[0], training)

    def inspect_file(key: str) -> Answer:
        path, at, size = Path(path_of_key(key, folder, root)), time.time(), 0
        try:
            before = files.stat(path)
            size = before.st_size
            if not stat.S_ISREG(before.st_mode):
                return _transient("", size, at, Code.SPECIAL, "not an ordinary file")
            if size > max_megabytes * 1e6:
                text = f"{size / 1e6:.0f} MB, more than the {max_megabytes:g} MB allowed"
                unread = files.in_store(path) is not None  # nobody waits for gigabytes to name them
                return _transient("" if unread else files.sha256(path), size, at, Code.TOO_LARGE, text)
            data = memory.read(path)
        except OSError as error:
            reason = f"it cannot be read ({(error.strerror or type(error).__name__).lower()})"
            return _transient("", size, at, Code.UNREADABLE, reason)
        digest = hashlib.sha256(data).hexdigest()
        if digest in known:
            return file_stamp(before), at, digest, None, b""
        small = b""
        try:
            found, words, small = look(data, max_megapixels=max_megapixels)
            shown = (found.width, found.height, canonical_json(words), _json(found))
            inspection = Inspection(digest, len(data), "image", "", "", *shown)
        except BadImage as bad:
            inspection = Inspection(digest, len(data), "rejected", bad.code, bad.reason)
        except Exception as error:  # one bad file never hides the rest: a defect of ours is reported as its own
            text = f"looking at it failed in a way nobody foresaw ({type(error).__name__})"
            return _transient(digest, len(data), at, Code.UNEXPECTED, text)
        return file_stamp(before), at, digest, inspection, small

    return inspect_file


def _transient(digest: str, size: int, at: float, code: Code, reason: str) -> Answer:
    return None, at, digest, Inspection(digest, size, "rejected", code, reason), b""


def inspect_part(pictures: Pictures, whole: Image, box: Sequence[float], turn: int) -> str:
    """Return `Inspection.pixels` of a part of a picture, turned first. Raises BadImage, OSError."""
    data = memory.read(pictures.source(whole))
    return _json(inspect(data, max_megapixels=pictures.max_megapixels, box=box, turn=turn)[0])


def _json(found: ImageFacts) -> str:
    return canonical_json(structs.asdict(found))
