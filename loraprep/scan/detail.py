"""The second look at a picture, at full size, for those that stay or have a copy: once, whatever asks for it.

How much of its size it really holds and what is wrong with its pixels, which only the full size tells (the scan reads
large JPEGs at reduced scale, which halves its time); and, since it is decoded anyway, how it is drawn and what stands
in its corners, of a reduction. All of it is kept in build/pixels.sqlite; delete it and all is measured again.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import PIL
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray
from PIL import Image as Pillow

from loraprep import __version__
from loraprep.core import files, typed
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Image
from loraprep.core.store import Store, mended
from loraprep.imaging import corners, display, octaves, style
from loraprep.imaging.decode import Opened
from loraprep.imaging.errors import GivenUp, given_up
from loraprep.imaging.flaws import MOST, Closely, Flaws, Square, contrast, flaws, hanning, sum_of_powers
from loraprep.imaging.measured import measure
from loraprep.imaging.pictures import Pictures
from loraprep.project import crops

if TYPE_CHECKING:
    from loraprep.project.settings import AuditLimits

VERSION = 3  # of what is kept; raised when a measurement changes
_CRISP = 0.8  # of an edge's height in a pixel: sharper than any enlargement by two leaves it, whatever its spectrum
_GREY_MODES = ("1", "L", "LA", "I", "F")

_Tile = NDArray[np.float64] | NDArray[np.uint8]


class Seen(Struct, frozen=True):
    """What the full size of one picture tells."""

    detail: float = 1.0  # `detail`
    flaws: Flaws = Flaws()
    given_up: GivenUp | None = None  # nothing is told: it took too long, or too much memory


class Looked(Struct, frozen=True, array_like=True):
    """All that is kept of one picture."""

    seen: Seen
    style: bytes  # len(style.NAMES) numbers of 32 bits, none if it cannot be told how it is drawn
    corners: bytes  # corners.packed


class SecondLook:
    """What the second look found, in `path` (a project's build/pixels.sqlite), or while it lasts.

    Raises sqlite3.Error, then or later, for a damaged file: store.mended.
    """

    def __init__(self, pictures: Pictures, path: Path | None) -> None:
        stamp = files.dumps([VERSION, __version__, PIL.__version__, pictures.max_megapixels], indent=None)
        self._pictures = pictures
        self._store = Store(path, "looked", stamp)
        self._held = Store(path, "held", stamp)

    def look(
        self,
        records: Sequence[Image],
        among: Sequence[Image] = (),
        progress: Callable[[int, int], None] | None = None,
    ) -> dict[str, Exception]:
        """Look at those of `records` that were not looked at yet, each picture once, whatever its name.

        What belongs neither to them nor to `among` is forgotten. Returns path -> why of those that could not be
        opened; the next scan says so.
        """
        if among:
            self._store.keep_only({crops.shown(r) for r in (*among, *records)})
        return measure(self._pictures, records, self._store, _look_at, progress=progress)

    def held(
        self, records: Sequence[Image], stays: Collection[str], among: Sequence[Image] = ()
    ) -> tuple[dict[str, float], dict[str, Exception]]:
        """Return how much of its size each record holds, by its path, and what `look` returns.

        All is looked at of those that stay, that alone of the others: nobody asks for more of what leaves.
        """
        failed = self.look([r for r in records if r.path in stays], among)
        known = self._store.known()
        others = [r for r in records if r.path not in stays and crops.shown(r) not in known]
        self._held.keep_only({crops.shown(r) for r in (*among, *records)} - known)
        failed |= measure(self._pictures, others, self._held, _holds, packed=msgspec.msgpack.encode)
        told = {path: seen.detail for path, seen in self.seen(records).items()}
        measured = dict(self._held.some(list({crops.shown(r) for r in others})))
        told |= {r.path: _share(measured[crops.shown(r)]) for r in others if crops.shown(r) in measured}
        return told, failed

    def seen(self, records: Sequence[Image]) -> dict[str, Seen]:
        """Return what is known of each record, by its path."""
        found = self._store.some(list({crops.shown(r) for r in records}))
        known = {key: _read(data).seen for key, data in found}
        return {r.path: known[crops.shown(r)] for r in records if crops.shown(r) in known}

    def looked(self, record: Image) -> Looked | None:
        """Return all that is known of a picture; None for one that was not looked at."""
        data = self._store.get(crops.shown(record))
        return None if data is None else _read(data)

    def close(self) -> None:
        """Save and close: an interrupted look goes on where it stopped."""
        self._store.close()
        self._held.close()


def _read(data: bytes) -> Looked:
    try:
        return typed.unpacked(data, Looked)
    except msgspec.MsgspecError as error:
        raise sqlite3.DatabaseError(f"it holds what nobody put there ({error})") from None


def _share(data: bytes) -> float:
    try:
        return typed.unpacked(data, float)
    except msgspec.MsgspecError as error:
        raise sqlite3.DatabaseError(f"it holds what nobody put there ({error})") from None


def _look_at(pictures: Pictures, record: Image) -> bytes:
    opened = pictures.load(record, made=MOST)
    closely = Closely(opened.pixels)
    known = closely.strongest if closely.as_stored else None
    seen = Seen(_held_of(opened, known), flaws(closely))
    return msgspec.msgpack.encode(Looked(seen, *_drawn(opened)))


def _holds(pictures: Pictures, record: Image) -> float:
    return _held_of(pictures.load(record, made=MOST))


def _held_of(opened: Opened, known: Sequence[Square] | None = None) -> float:
    return 1.0 if opened.reduced > 1 else round(detail(opened.pixels, known), 2)


def _drawn(opened: Opened) -> tuple[bytes, bytes]:
    picture, alpha = display.upright_and_alpha(opened, at_least=octaves.LONG)
    small = Pillow.fromarray(octaves.working_size(picture))
    told = np.array(style.style_descriptor(small), np.float32)
    there = None if alpha is None else Pillow.fromarray(octaves.working_size(alpha))
    return told.tobytes(), corners.packed(corners.corners(small, there))


def look(
    pictures: Pictures,
    records: Sequence[Image],
    *,
    cache: Path | None = None,
    among: Sequence[Image] = (),
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Seen]:
    """What is seen of each record, by its path; each picture is read at most once, whatever its name.

    `cache` remembers the pictures of `among`, by what they show. One that can no longer be read is left out: the next
    scan says so.
    """

    def act() -> dict[str, Seen]:
        with closing(SecondLook(pictures, cache)) as sight:
            failed = sight.look(records, among, progress)
            aborted = {path: Seen(given_up=why) for path, why in failed.items() if isinstance(why, GivenUp)}
            return sight.seen(records) | aborted

    return mended(cache, act)


def measured(
    pictures: Pictures,
    records: Sequence[Image],
    stays: Collection[str],
    *,
    cache: Path | None = None,
    among: Sequence[Image] = (),
) -> list[Image]:
    """The records with their `detail`, in their order; arguments as of `look`.

    `stays`: those that will be looked at anyway; of the others nothing else is measured.
    """

    def act() -> dict[str, float]:
        with closing(SecondLook(pictures, cache)) as sight:
            return sight.held(records, stays, among)[0]

    held = mended(cache, act)
    return [replace(r, detail=held[r.path]) if r.path in held else r for r in records]


def findings(records: Sequence[Image], seen: Mapping[str, Seen], limits: AuditLimits) -> list[Finding]:
    """What is wrong with the pixels of `records`, one finding a code. A dark picture is not judged further: what is
    left of it is too little to tell.
    """
    named: dict[Code, list[str]] = {}
    aborted: dict[str, GivenUp] = {}
    for record in records:
        one = seen.get(record.path, Seen())
        if one.given_up:
            aborted[record.path] = one.given_up
            continue
        for code in _codes(record, one, limits):
            named.setdefault(code, []).append(record.path)
    found = [Finding(code, tuple(paths)) for code, paths in sorted(named.items())]
    return [*found, *given_up(aborted)]


def _codes(record: Image, seen: Seen, limits: AuditLimits) -> Iterator[Code]:
    found = seen.flaws
    if record.mode in _GREY_MODES or record.mode.startswith("I;") or found.colourful < limits.chroma:
        yield Code.GREY
    if found.brightest < limits.darkness:
        yield Code.DARK
        return
    if 100 * found.sharpest < limits.sharpness:
        yield Code.SOFT
    elif 100 * found.sharpest < limits.enlarged or (
        found.sharpest < _CRISP and (found.fine > limits.fine or seen.detail < limits.detail)
    ):
        yield Code.ENLARGED_BEFORE
    own = _OWN * (100 - record.jpeg_quality) if record.jpeg_quality else 0.0  # what its own saving leaves
    if found.blocks > limits.blocks + own or 0 < record.jpeg_quality < limits.jpeg_quality:
        yield Code.COMPRESSED
    if found.noise > limits.noise:
        yield Code.NOISY
    if 0 < found.colours <= limits.colours and record.mode not in ("P", "PA"):
        yield Code.FEW_COLOURS


# of a hundred places where blocks meet, at how many a JPEG's own saving shows for each percent that its quality lacks:
# of 66 photographs and paintings saved at 95, 90, 85, 75, 70 nineteen in twenty have less: 3.9, 4.5, 7.4, 10.3, 12.1
_OWN = 0.4
_TILE = 256  # pixels; six tiles with the strongest edges stand for the picture
_TILES = 6
_LEAST = 96  # px of the side of such a tile
_SEEN = 0.5  # of 255 between neighbours, or it holds too little
_SHORTFALL = 13.0  # dB below the extrapolated power law from which a band holds nothing of its own
_FLOOR = 2.0  # dB; below it 8-bit rounding and JPEG noise are all there is to see
_TRANSITION = 0.76  # resampling filters let this much more through than the size they started from


def detail(pixels: Pillow.Image, known: Sequence[Square] | None = None) -> float:
    """The share of its size that the picture really holds, 0.2..1: about 0.5 after an enlargement by two.

    Sharp pictures lose power steadily with frequency (Field 1987: about 6 dB an octave). An enlargement
    follows that law up to the old size's limit and then falls away. The law is fitted to the coarse half
    of the strongest tiles and the first frequency is sought from which the rest stays far below it.
    Thresholds calibrated on photographs at their own size and enlarged (tests/imaging/test_decode.py); whatever is
    too small, too flat or soft from the start says nothing, and nothing counts as 1. `known`: its strongest squares, if
    somebody has found them (flaws.strongest).
    """
    found = _strongest(pixels) if known is None else known
    squares = [square for square in found if square.contrast > _SEEN and len(square.pixels) >= _LEAST]
    if not squares:
        return 1.0
    size = len(squares[0].pixels)
    power = sum_of_powers(squares) / (2 * len(squares) * (hanning(size) ** 2).sum())
    edges = np.linspace(0.05, 1.0, 39)
    frequency = np.arange(size // 2 + 1) / (size / 2)
    bands = [(frequency >= a) & (frequency <= b) for a, b in itertools.pairwise(edges)]
    level = np.array([10 * np.log10(power[band].mean() + 1e-3) for band in bands])
    octave = np.log2((edges[:-1] + edges[1:]) / 2)
    coarse = octave < np.log2(0.3)
    slope = float(np.clip(np.polyfit(octave[coarse], level[coarse], 1)[0], -12.0, -5.0))
    law = level[coarse].mean() + slope * (octave - octave[coarse].mean())
    short = (law - level >= _SHORTFALL) & (law > _FLOOR)
    # the law itself sinks into the noise at the far end; there nothing can be told either way
    told = np.flatnonzero(law > _FLOOR)
    if not len(told) or not short[told[-1]]:
        return 1.0
    first = told[-1]
    while first > 0 and short[first - 1]:
        first -= 1
    return float(np.clip(edges[first] * _TRANSITION, 0.2, 1.0))


def _strongest(pixels: Pillow.Image) -> list[Square]:
    """Luma tiles with the most contrast between neighbours, as stored; [] if the picture is too small."""
    size = min(_TILE, *pixels.size)
    if size < _LEAST:
        return []
    size -= size % 2
    rows, columns = (sorted({round(i * (n - size) / 4) for i in range(5)}) for n in (pixels.height, pixels.width))
    boxes = [(x, y, x + size, y + size) for y in rows for x in columns]
    if pixels.width * pixels.height <= len(boxes) * size**2:
        whole = _luma(pixels)
        tiles = [whole[top:bottom, left:right] for left, top, right, bottom in boxes]
    else:
        tiles = [_luma(pixels.crop(box)) for box in boxes]
    squares = [Square(box[1], box[0], tile, contrast(tile)) for box, tile in zip(boxes, tiles, strict=True)]
    return sorted(squares, key=lambda square: -square.contrast)[:_TILES]


def _luma(crop: Pillow.Image) -> _Tile:
    """0..255, of whole numbers where the picture has 8 bits."""
    if crop.mode in ("P", "PA", "RGBA", "CMYK", "LAB", "1"):
        crop = crop.convert("RGB")
    tile = np.asarray(crop.convert("L") if crop.mode == "RGB" else crop)
    tile = tile[..., 0] if tile.ndim == 3 else tile
    if tile.dtype == np.uint8:
        return tile
    deep = tile.astype(np.float64)
    return deep / 257 if float(deep.max(initial=0)) > 255 else deep
