"""One file, read once: is it a picture, and what do its bytes and pixels say?"""

from __future__ import annotations

import hashlib
import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from loraprep.core import files
from loraprep.imaging import decode
from loraprep.imaging.facts import SIDE, PixelFacts, facts
from loraprep.scan import metadata
from loraprep.scan.cache import Known, Seen, Stamp, place, spelled, stamp


class FileFacts(PixelFacts):
    """All that one picture's bytes say, by the names of records.Image."""

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
    words: metadata.Words
    rating: int


Answer = tuple[Stamp | None, float, str, Seen | None]  # what ScanCache.keep wants after the key


def inspect(data: bytes, *, max_megapixels: float = decode.MAX_MEGAPIXELS, box: Sequence[float] = ()) -> FileFacts:
    """All facts that the bytes of one picture, or the part of it in `box`, hold, by the names of records.Image.

    Raises decode.BadImage.
    """
    enough = 0 if box else SIDE  # of a part, nobody knows yet how much there is
    opened = decode.cut(decode.load(data, max_megapixels=max_megapixels, at_least=enough), box)
    words, stars = metadata.embedded(opened.pixels), metadata.rating(opened.pixels)
    alpha = decode.transparent(opened.pixels)
    picture = decode.upright(opened, at_least=SIDE)  # takes the metadata off
    return {
        "format": opened.format,
        "width": opened.width,
        "height": opened.height,
        "orientation": opened.orientation,
        "mode": opened.mode,
        "bits": opened.bits,
        "icc": opened.icc,
        "alpha": alpha,
        "frames": opened.frames,
        "jpeg_quality": opened.quality,
        "hidden": opened.hidden,
        **facts(picture),
        "words": words,
        "rating": stars,
    }


def looker(folder: str, root: str, max_megapixels: float, max_megabytes: float, cache: str) -> Callable[[str], Answer]:
    """A function that looks at the file of a key; `cache`: the path of the scan's cache, "" without one."""
    known = Known(cache)

    def look(key: str) -> Answer:
        path, at, size = Path(place(key, folder, root)), time.time(), 0
        try:
            before = path.stat()
            size = before.st_size
            if not stat.S_ISREG(before.st_mode):
                return _passing("", size, at, "special", "not an ordinary file")
            if size > max_megabytes * 1e6:
                text = f"{size / 1e6:.0f} MB, more than the {max_megabytes:g} MB allowed"
                return _passing(files.sha256(path), size, at, "too-large", text)
            data = path.read_bytes()
        except OSError as error:
            reason = f"it cannot be read ({(error.strerror or type(error).__name__).lower()})"
            return _passing("", size, at, "unreadable", reason)
        digest = hashlib.sha256(data).hexdigest()
        if digest in known:
            return stamp(before), at, digest, None
        try:
            found = inspect(data, max_megapixels=max_megapixels)
            seen = Seen(
                digest,
                len(data),
                "image",
                "",
                "",
                found["width"],
                found["height"],
                spelled(found["words"]),
                _without_words(found),
            )
        except decode.BadImage as bad:
            seen = Seen(digest, len(data), "rejected", bad.code, bad.reason)
        except Exception as error:  # one bad file never hides the rest: a defect of ours is reported as its own
            text = f"looking at it failed in a way nobody foresaw ({type(error).__name__})"
            return _passing(digest, len(data), at, "unexpected", text)
        return stamp(before), at, digest, seen

    return look


def _passing(digest: str, size: int, at: float, code: str, reason: str) -> Answer:
    return None, at, digest, Seen(digest, size, "rejected", code, reason)


def part(data: bytes, max_megapixels: float, box: Sequence[float]) -> str:
    """`Seen.pixels` of a part of a picture. Raises decode.BadImage."""
    return _without_words(inspect(data, max_megapixels=max_megapixels, box=box))


def _without_words(found: FileFacts) -> str:
    return spelled({k: v for k, v in found.items() if k != "words"})
