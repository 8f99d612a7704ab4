"""A closer look at the pictures that stay: line and stroke, corners, and what an encoder sees. Once per picture.

Dearer than the scan and of use only for what trains, so it has its own cache: build/looks-cache.npz, by the digest
of the pixels. Delete it and everything is measured again.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL

from loraprep import __version__
from loraprep.core import files
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Image
from loraprep.curation.measures import embedding, style_features, watermarks
from loraprep.imaging import decode
from loraprep.imaging.pictures import Pictures
from loraprep.project import crops as boxes

VERSION = 3  # of the cache; raised when a measurement changes
_WORKERS = 2
_LONGEST = 1600  # px: more than a look needs (about a megapixel), less than the largest scans
_CROPS = 3  # marks that are shown; more are named


@dataclass(frozen=True, slots=True)
class Looked:
    """By path. `looks`: descriptors, () if it cannot be told. `embedded`: {} without an encoder."""

    looks: dict[str, tuple[float, ...]]
    embedded: dict[str, tuple[float, ...]]
    marks: list[Finding]


def look(
    pictures: Pictures,
    records: Sequence[Image],
    *,
    encoder: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Looked:
    """Measures what is not in the cache yet. Raises UserError if the encoder cannot be used."""
    eye = embedding.Encoder(Path(encoder)) if encoder else None
    stamp = f"{VERSION}:{__version__}:{PIL.__version__}:{len(style_features.NAMES)}:{eye.digest if eye else ''}"
    cache = pictures.root / "build/looks-cache.npz"
    known = _load(cache, stamp)
    todo = [r for r in records if boxes.shown(r) not in known]
    done = 0
    if todo:
        with ThreadPoolExecutor(_WORKERS) as pool:
            try:
                for record, fresh in zip(todo, pool.map(lambda r: _one(pictures, r, eye), todo), strict=True):
                    known[boxes.shown(record)] = fresh
                    done += 1
                    if progress:
                        progress(done, len(todo))
            finally:  # an interrupted look goes on where it stopped
                _save(cache, stamp, {boxes.shown(r): known[boxes.shown(r)] for r in records if boxes.shown(r) in known})
    here = [known[boxes.shown(r)] for r in records]
    return Looked(
        looks={r.path: tuple(k["look"].tolist()) for r, k in zip(records, here, strict=True)},
        embedded={r.path: tuple(k["eye"].tolist()) for r, k in zip(records, here, strict=True)} if eye else {},
        marks=[
            Finding(Code.SAME_MARK, tuple(records[n].path for n in group), {"corner": watermarks.NAMES[corner]})
            for corner, group in watermarks.find([k["corners"] for k in here])
        ],
    )


def _one(pictures: Pictures, record: Image, eye: embedding.Encoder | None) -> dict[str, Any]:
    with decode.alone(record.width * record.height):
        picture = pictures.upright(record, longest=_LONGEST)
    return {
        "look": np.array(style_features.describe(picture), np.float32),
        "corners": watermarks.corners(picture),
        "eye": eye.see(picture) if eye else np.zeros(0, np.float32),
    }


def _load(cache: Path, stamp: str) -> dict[str, dict[str, Any]]:
    try:
        with np.load(cache, allow_pickle=False) as data:
            if str(data["stamp"]) != stamp:
                return {}
            looks_, lengths, corners, eyes = data["looks"], data["lengths"], data["corners"], data["eyes"]
            return {
                str(digest): {"look": looks_[n, : lengths[n]], "corners": corners[n], "eye": eyes[n]}
                for n, digest in enumerate(data["digests"])
            }
    except (OSError, ValueError, KeyError, EOFError):  # a cache: whatever is wrong with it, looking again mends it
        return {}


def _save(cache: Path, stamp: str, known: Mapping[str, Mapping[str, Any]]) -> None:
    order = sorted(known)
    wide = np.zeros((len(order), len(style_features.NAMES)), np.float32)
    for row, digest in enumerate(order):
        wide[row, : len(known[digest]["look"])] = known[digest]["look"]
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        stamp=np.array(stamp),
        digests=np.array(order, dtype="U80"),
        looks=wide,
        lengths=np.array([len(known[d]["look"]) for d in order]),
        corners=np.array([known[d]["corners"] for d in order], np.uint8),
        eyes=np.array([known[d]["eye"] for d in order], np.float32),
    )
    files.write(cache, stream.getvalue())


def crops(pictures: Pictures, found: Sequence[Finding], records: Mapping[str, Image]) -> list[str]:
    """report/mark_1.png ...: the corner of the first picture that bears each mark. Names relative to the project."""
    names = []
    for number, finding in enumerate(found[:_CROPS], 1):
        record = records[finding.images[0]]
        picture = pictures.upright(record)
        corner = picture.crop(watermarks.box(watermarks.NAMES.index(finding.values["corner"]), picture.size))
        corner.thumbnail((480, 240))
        stream = io.BytesIO()
        corner.save(stream, "PNG")
        name = f"report/mark_{number}.png"
        files.write(pictures.root / name, stream.getvalue())
        names.append(name)
    for stale in sorted((pictures.root / "report").glob("mark_*.png")):
        if f"report/{stale.name}" not in names:
            stale.unlink()
    return names
