"""How the pictures that stay are drawn, the same mark in a corner of several, and what an encoder makes of them.

Line, stroke and corners were measured at the second look (scan/detail); an encoder's vectors are kept beside them.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import PIL
from PIL import Image as Pillow

from loraprep import __version__
from loraprep.core import files
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Group, Image
from loraprep.core.store import Store, mended
from loraprep.curation.assessment import PictureFeatures
from loraprep.curation.measures import embedding, watermarks
from loraprep.imaging import corners, errors
from loraprep.imaging.errors import GivenUp
from loraprep.imaging.measured import measure
from loraprep.imaging.pictures import Pictures
from loraprep.project import crops
from loraprep.scan import detail
from loraprep.scan.detail import SecondLook

# in build/, a file of its own: what one connection writes another cannot read, and corners are read meanwhile
COMPARED = "compared.sqlite"
_COMPARED = 1  # of what is kept in it; raised when comparing changes
_LONGEST = 1024  # px, of the picture that an encoder is shown: twice what most of them take

Progress = Callable[[int, int], None]


def measure_features(
    pictures: Pictures,
    records: Sequence[Image],
    groups: Sequence[Group],
    *,
    cache: Path | None = None,
    encoder: str | None = None,
    progress: Progress | None = None,
) -> PictureFeatures:
    """Gather what the second look saw of `records`, and look where it did not.

    `groups`: of copies and variants; what those share is no mark. A picture that can no longer be read shows nothing,
    and the next scan says why. Raises UserError if the encoder cannot be used.
    """
    model = embedding.ImageEncoder(Path(encoder)) if encoder else None
    scene_of = {path: number for number, group in enumerate(groups) for path in group.pictures}
    scenes = [scene_of.get(r.path, len(groups) + n) for n, r in enumerate(records)]
    beside = cache and cache.with_name(COMPARED)
    styles, marks, failed = mended(
        cache, lambda: mended(beside, lambda: _seen(pictures, records, scenes, cache, beside, progress))
    )
    return PictureFeatures(
        styles=styles,
        embeddings=_embedded(pictures, records, model, cache, progress) if model else {},
        marks=[
            Finding(Code.SAME_MARK, tuple(records[n].path for n in group), {"corner": watermarks.NAMES[corner]})
            for corner, group in marks
        ]
        + errors.given_up({path: why for path, why in failed.items() if isinstance(why, GivenUp)}),
    )


def _seen(
    pictures: Pictures,
    records: Sequence[Image],
    scenes: Sequence[int],
    cache: Path | None,
    beside: Path | None,
    progress: Progress | None,
) -> tuple[dict[str, bytes], list[tuple[int, list[int]]], dict[str, Exception]]:
    """(style by path, (corner, who bears a mark there), path -> why it could not be opened)."""
    styles: dict[str, bytes] = {}
    stamp = files.dumps([_COMPARED, detail.VERSION, __version__, PIL.__version__, np.__version__], indent=None)
    with closing(SecondLook(pictures, cache)) as sight, closing(Store(beside, "compared", stamp)) as compared:
        failed = sight.look(records, progress=progress)
        for record in records:
            found = sight.looked(record)
            styles[record.path] = _numbers(found.style) if found else b""
        names = [crops.shown(r) for r in records]
        compared.keep_only({*names})
        try:
            marks = watermarks.find_marks(_Corners(sight, records), scenes, names, compared)
        except msgspec.MsgspecError as error:
            raise sqlite3.DatabaseError(f"it holds what nobody put there ({error})") from None
    return styles, marks, failed


def _numbers(data: bytes) -> bytes:
    """Return them as they are. Raises sqlite3.DatabaseError for what are none."""
    if len(data) % 4 or not np.isfinite(np.frombuffer(data, np.float32)).all():
        raise sqlite3.DatabaseError("it holds what nobody put there")
    return data


class _Corners:
    """Corners that are fetched when they are looked at: those of a hundred thousand pictures take gigabytes."""

    def __init__(self, sight: SecondLook, records: Sequence[Image]) -> None:
        self._sight, self._records = sight, records

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, number: int, /) -> corners.Corners:
        found = self._sight.looked(self._records[number])
        try:
            return corners.unpacked(found.corners if found else b"")
        except (ValueError, zlib.error) as error:
            raise sqlite3.DatabaseError(str(error)) from None


def _embedded(
    pictures: Pictures,
    records: Sequence[Image],
    model: embedding.ImageEncoder,
    cache: Path | None,
    progress: Progress | None,
) -> dict[str, bytes]:
    with closing(Store(cache, "embedded", model.digest)) as store:
        measure(pictures, records, store, _shown, packed=lambda seen: model.embed(seen).tobytes(), progress=progress)
        vectors = dict(store.some(list({crops.shown(r) for r in records})))
    told = {key: _numbers(data) for key, data in vectors.items()}
    return {r.path: told[crops.shown(r)] for r in records if crops.shown(r) in told}


def _shown(pictures: Pictures, record: Image) -> Pillow.Image:
    return pictures.upright(record, longest=_LONGEST)
