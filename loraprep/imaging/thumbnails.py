"""Small pictures for looking: upright, sRGB, as WebP, kept by digest so that each is made once."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path

from loraprep import __version__
from loraprep.core import files
from loraprep.core.records import Image
from loraprep.imaging import display, reduction
from loraprep.imaging.errors import BadImage
from loraprep.imaging.pictures import Pictures, made_of
from loraprep.project import crops

FOLDER = "build/thumbs"
QUALITY = 72  # WebP; 256 px of a painting take about 9 kB
_METHOD = 2  # of 6: half the time of 4, and 4 % larger
_DIGEST = re.compile(r"[0-9a-f]{64}")  # two of them where two pictures are compared


def name(image: Image, longest: int, background: str = "#ffffff") -> str:
    """The file name in FOLDER: what it shows decides it, never where the picture lies or what it is called."""
    ground = f"-{background.lstrip('#').lower()}" if image.alpha else ""
    return f"{crops.shown(image)}-{longest}{ground}.webp"


def _make(pictures: Pictures, image: Image, longest: int, background: str) -> bytes:
    """At most `longest` px on its longer side, never enlarged; the same bytes under the same Pillow."""
    if longest <= reduction.LONG and (not image.alpha or background == reduction.GROUND):
        picture = display.fitted(pictures.small(image), longest)
    else:
        picture = display.upright(pictures.load(image, at_least=longest, made=made_of(longest)), background, longest)
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=QUALITY, method=_METHOD)
    return out.getvalue()


def thumbnail(
    pictures: Pictures, image: Image, longest: int, background: str = "#ffffff", cache: Path | None = None
) -> bytes:
    """The picture of a scanned record as WebP; b"" if it can no longer be read.

    With `cache` (a project's build/thumbs) it is looked up there first and left there.
    """

    def fresh() -> bytes:
        return pictures.apart(_make, image, longest, background)

    try:
        return kept(cache / name(image, longest, background) if cache else None, fresh)
    except (BadImage, OSError):
        return b""  # gone or damaged since the scan, which will say so when it looks again


def kept(place: Path | None, fresh: Callable[[], bytes]) -> bytes:
    """The whole WebP at `place`, else what `fresh` makes, which is then left there."""
    if data := _there(place):
        return data
    data = fresh()
    if place:
        files.write(place, data, sync=False)
    return data


def remembered(
    cache: Path | None, kind: str, made_of: object, fresh: Callable[[], bytes], ending: str = ".webp"
) -> bytes:
    """What `fresh` draws of `made_of` (plain values, whose repr tells them apart), unless it is in the cache already.

    The last drawing of each kind is kept.
    """
    if cache is None:
        return fresh()
    digest = hashlib.sha256(f"{__version__} {made_of!r}".encode()).hexdigest()[:40]
    place = cache / f"{kind}-{digest}{ending}"
    with suppress(OSError):
        data = files.read(place)
        if _whole(data) if ending == ".webp" else data.rstrip().endswith(b"</svg>"):
            return data
    data = fresh()
    for earlier in files.listed(cache, ending):
        if earlier.name.startswith(f"{kind}-"):
            files.remove(earlier)
    files.write(place, data, sync=False)
    return data


def _there(place: Path | None) -> bytes:
    try:
        return data if place and _whole(data := files.read(place)) else b""
    except OSError:
        return b""


def all_of(
    pictures: Pictures,
    found: Sequence[Image],
    longest: int,
    background: str = "#ffffff",
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, bytes]:
    """path -> WebP for every record that is a picture, in the order of `found`."""
    places = {i.path: cache / name(i, longest, background) if cache else None for i in found if i.state == "image"}
    made = {path: data for path, place in places.items() if (data := _there(place))}
    todo = [i for i in found if i.path in places and i.path not in made]
    with closing(pictures.each(_make, todo, longest, background)) as fresh:
        for image, answer in fresh:
            if isinstance(answer, Exception) and not isinstance(answer, BadImage | OSError):
                raise answer
            made[image.path] = b"" if isinstance(answer, Exception) else answer  # as in `thumbnail`
            if (place := places[image.path]) and made[image.path]:
                files.write(place, made[image.path], sync=False)
            if progress:
                progress(len(made), len(places))
    return {path: made[path] for path in places}


def sweep(found: Sequence[Image], cache: Path) -> None:
    """Removes from the cache what belongs to no picture any more."""
    alive = {i.pixel_digest for i in found}  # whichever part of it is shown
    for path in files.listed(cache, ".webp"):
        if not all(part in alive for part in _DIGEST.findall(path.name)):
            files.remove(path)


def _whole(data: bytes) -> bool:
    """Is it a whole WebP? A cache may have been cut short by a full disk."""
    return data[:4] == b"RIFF" and len(data) == int.from_bytes(data[4:8], "little") + 8
