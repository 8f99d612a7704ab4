"""How the pictures that stay are drawn, the same mark in a corner of several, and what an encoder makes of them.

Line, stroke and corners were measured at the second look (scan/detail); an encoder's vectors are kept beside them.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

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
from loraprep.scan.detail import Sight

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
    styles, marks, failed = mended(cache, lambda: _seen(pictures, records, scenes, cache, progress))
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
    pictures: Pictures, records: Sequence[Image], scenes: Sequence[int], cache: Path | None, progress: Progress | None
) -> tuple[dict[str, tuple[float, ...]], list[tuple[int, list[int]]], dict[str, Exception]]:
    """(style by path, (corner, who bears a mark there), path -> why it could not be opened)."""
    styles: dict[str, tuple[float, ...]] = {}
    marked: list[bytes] = []
    with closing(Sight(pictures, cache)) as sight:
        failed = sight.look(records, progress=progress)
        for record in records:
            found = sight.looked(record)
            styles[record.path] = _floats(found.style) if found else ()
            marked.append(found.corners if found else b"")
    return styles, watermarks.find_marks(_Corners(marked), scenes), failed


def _floats(data: bytes) -> tuple[float, ...]:
    try:
        return tuple(np.frombuffer(data, np.float32).tolist())
    except ValueError as error:
        raise sqlite3.DatabaseError(str(error)) from None


class _Corners:
    """Corners that are unpacked when they are looked at: most of them are empty."""

    def __init__(self, packed: Sequence[bytes]) -> None:
        self._packed = packed

    def __iter__(self) -> Iterator[corners.Corners]:
        try:
            yield from map(corners.unpacked, self._packed)
        except (ValueError, zlib.error) as error:
            raise sqlite3.DatabaseError(str(error)) from None


def _embedded(
    pictures: Pictures,
    records: Sequence[Image],
    model: embedding.ImageEncoder,
    cache: Path | None,
    progress: Progress | None,
) -> dict[str, tuple[float, ...]]:
    with closing(Store(cache, "embedded", model.digest)) as store:
        measure(pictures, records, store, _shown, packed=lambda seen: model.embed(seen).tobytes(), progress=progress)
        vectors = dict(store.some(list({crops.shown(r) for r in records})))
    floats = {key: _floats(data) for key, data in vectors.items()}
    return {r.path: floats[crops.shown(r)] for r in records if crops.shown(r) in floats}


def _shown(pictures: Pictures, record: Image) -> Pillow.Image:
    return pictures.upright(record, longest=_LONGEST)
