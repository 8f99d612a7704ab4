"""Measures the pictures that stay: line and stroke, corners, and what an encoder makes of them. Once per picture.

Dearer than the scan and of use only for what trains, so it has its own cache: build/looks-cache.npz, by the digest
of the pixels. Delete it and everything is measured again.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import PIL
from msgspec.structs import replace
from numpy.typing import NDArray
from PIL import Image as Pillow

from loraprep import __version__
from loraprep.core import files
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Group, Image
from loraprep.curation.assessment import PictureFeatures
from loraprep.curation.measures import embedding, style_features, watermarks
from loraprep.imaging import display, errors
from loraprep.imaging.errors import BadImage, TooHeavy, TooSlow
from loraprep.imaging.pictures import Pictures, made_of
from loraprep.project import crops

VERSION = 4  # of the cache; raised when a measurement changes
_LONGEST = 1600  # px: more than the measures need (about a megapixel), less than the largest scans


class _Measured(msgspec.Struct, frozen=True):
    """What is kept of one picture."""

    style: NDArray[np.float32]  # len(style_features.NAMES) numbers, none if it cannot be measured
    corners: watermarks.Corners
    embedding: NDArray[np.float32]  # none without an encoder
    picture: Pillow.Image | None = None  # what is yet to be embedded: an encoder is loaded once, in our process


_NOTHING = np.zeros(0, np.float32)
_UNMEASURED = _Measured(_NOTHING, np.zeros((4, watermarks.HEIGHT, watermarks.WIDTH), np.uint8), _NOTHING)


def measure_features(
    pictures: Pictures,
    records: Sequence[Image],
    groups: Sequence[Group],
    *,
    encoder: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PictureFeatures:
    """Measure what is not in the cache yet. `groups`: of copies and variants; what those share is no mark.

    A picture that can no longer be read shows nothing, and the next scan says why.

    Raises UserError if the encoder cannot be used.
    """
    model = embedding.ImageEncoder(Path(encoder)) if encoder else None
    stamp = f"{VERSION}:{__version__}:{PIL.__version__}:{len(style_features.NAMES)}:{model.digest if model else ''}"
    cache = pictures.root / "build/looks-cache.npz"
    known = _load(cache, stamp)
    todo = list({crops.shown(r): r for r in records if crops.shown(r) not in known}.values())
    given_up: dict[Code, dict[str, str]] = {}
    if todo:
        with closing(pictures.each(_measure, todo, model is not None)) as answers:
            try:
                for number, (record, found) in enumerate(answers, 1):
                    if isinstance(found, TooSlow | TooHeavy):
                        given_up.setdefault(found.code, {})[record.path] = found.reason
                    elif isinstance(found, _Measured):
                        eyes = model.embed(found.picture) if model and found.picture else found.embedding
                        known[crops.shown(record)] = replace(found, embedding=eyes, picture=None)
                    elif not isinstance(found, (BadImage, OSError)):
                        raise found
                    if progress:
                        progress(number, len(todo))
            finally:  # an interrupted run goes on where it stopped
                _save(cache, stamp, {crops.shown(r): known[crops.shown(r)] for r in records if crops.shown(r) in known})
    features = [known.get(crops.shown(r), _UNMEASURED) for r in records]
    scene_of = {path: number for number, group in enumerate(groups) for path in group.pictures}
    scenes = [scene_of.get(r.path, len(groups) + n) for n, r in enumerate(records)]
    marks = watermarks.find_marks([f.corners for f in features], scenes)
    return PictureFeatures(
        styles={r.path: tuple(f.style.tolist()) for r, f in zip(records, features, strict=True)},
        embeddings={
            r.path: tuple(f.embedding.tolist())
            for r, f in zip(records, features, strict=True)
            if model and f is not _UNMEASURED
        },
        marks=[
            Finding(Code.SAME_MARK, tuple(records[n].path for n in group), {"corner": watermarks.NAMES[corner]})
            for corner, group in marks
        ]
        + errors.given_up(given_up),
    )


def _measure(pictures: Pictures, record: Image, embedded: bool) -> _Measured:
    picture, alpha = display.upright_and_alpha(pictures.load(record, made=made_of(_LONGEST)), longest=_LONGEST)
    style = np.array(style_features.style_descriptor(picture), np.float32)
    return _Measured(style, watermarks.corners(picture, alpha), _NOTHING, picture if embedded else None)


def _load(cache: Path, stamp: str) -> dict[str, _Measured]:
    try:
        with np.load(files.checked(cache), allow_pickle=False) as data:
            if str(data["stamp"]) != stamp:
                return {}
            styles, lengths, corners, embeddings = data["looks"], data["lengths"], data["corners"], data["eyes"]
            return {
                str(digest): _Measured(styles[n, : lengths[n]], corners[n], embeddings[n])
                for n, digest in enumerate(data["digests"])
            }
    except (
        OSError,
        ValueError,
        KeyError,
        EOFError,
        zipfile.BadZipFile,
    ):  # a cache: whatever is wrong with it, measuring again mends it
        return {}


def _save(cache: Path, stamp: str, known: Mapping[str, _Measured]) -> None:
    order = sorted(known)
    styles = np.zeros((len(order), len(style_features.NAMES)), np.float32)
    for row, digest in enumerate(order):
        styles[row, : len(known[digest].style)] = known[digest].style
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        stamp=np.array(stamp),
        digests=np.array(order, dtype="U80"),
        looks=styles,
        lengths=np.array([len(known[d].style) for d in order]),
        corners=np.array([known[d].corners for d in order], np.uint8),
        eyes=np.array([known[d].embedding for d in order], np.float32),
    )
    files.write(cache, stream.getvalue())
