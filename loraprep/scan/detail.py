"""What only the full size tells: how much of it a picture really holds, and what is wrong with its pixels.

Once per picture, for those that matter.

The scan reads large JPEGs at reduced scale, which halves its time; this is measured for the pictures that would stay
and for those that are compared with a copy. Its cache is build/detail-cache.json; delete it and all is measured again.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from loraprep.core import files
from loraprep.core.files import Json
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Image
from loraprep.imaging.colour import DECODE_ERRORS
from loraprep.imaging.errors import BadImage, TooHeavy, TooSlow, given_up
from loraprep.imaging.flaws import MOST, Flaws, flaws
from loraprep.imaging.pictures import Pictures
from loraprep.project import crops

if TYPE_CHECKING:
    from loraprep.project.settings import AuditLimits

VERSION = 2  # of the cache; raised when the measurement changes
_CRISP = 0.8  # of an edge's height in a pixel: sharper than any enlargement by two leaves it, whatever its spectrum
_GREY_MODES = ("1", "L", "LA", "I", "F")

Array = NDArray[np.float64]
_Tile = NDArray[np.float64] | NDArray[np.uint8]


class Seen(Struct, frozen=True):
    """What the full size of one picture tells."""

    detail: float = 1.0  # `detail`
    flaws: Flaws = Flaws()
    given_up: str = ""  # it could not be told in time or for want of memory (`why`), and this is what to say of it
    why: Code | None = None


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
    stamp: list[Json] = [VERSION, __version__, PIL.__version__, pictures.max_megapixels]
    known = _load(cache, stamp)
    todo = list({crops.shown(r): r for r in records if crops.shown(r) not in known}.values())
    given_up: dict[str, Seen] = {}  # not to be remembered: it may go well the next time

    try:
        with closing(pictures.each(_look_at, todo)) as answers:
            for number, (record, found) in enumerate(answers, 1):
                if isinstance(found, Seen):
                    known[crops.shown(record)] = found
                elif isinstance(found, TooSlow | TooHeavy):
                    given_up[crops.shown(record)] = Seen(given_up=found.reason, why=found.code)
                elif not isinstance(found, (BadImage, *DECODE_ERRORS)):
                    raise found
                if progress:
                    progress(number, len(todo))
    finally:  # an interrupted look goes on where it stopped
        if cache and todo:
            alive = {crops.shown(r) for r in (*among, *records)}
            seen = {k: msgspec.to_builtins(v) for k, v in known.items() if k in alive}
            files.write_json(cache, {"stamp": stamp, "seen": seen})
    known |= given_up
    return {r.path: known[shown] for r in records if (shown := crops.shown(r)) in known}


def _look_at(pictures: Pictures, record: Image) -> Seen:
    opened = pictures.load(record, made=MOST)
    held = 1.0 if opened.reduced > 1 else round(detail(opened.pixels), 2)
    return Seen(held, flaws(opened.pixels))


def measured(
    pictures: Pictures, records: Sequence[Image], *, cache: Path | None = None, among: Sequence[Image] = ()
) -> list[Image]:
    """The records with their `detail`, in their order; arguments as of `look`."""
    seen = look(pictures, records, cache=cache, among=among)
    return [replace(r, detail=seen[r.path].detail) if r.path in seen else r for r in records]


def findings(records: Sequence[Image], seen: Mapping[str, Seen], limits: AuditLimits) -> list[Finding]:
    """What is wrong with the pixels of `records`, one finding a code. A dark picture is not judged further: what is
    left of it is too little to tell.
    """
    named: dict[Code, list[str]] = {}
    slow: dict[Code, dict[str, str]] = {}
    for record in records:
        if code := (one := seen.get(record.path, Seen())).why:
            slow.setdefault(code, {})[record.path] = one.given_up
    for record in records:
        one = seen.get(record.path, Seen())
        for code in () if one.why else _codes(record, one, limits):
            named.setdefault(code, []).append(record.path)
    found = [Finding(code, tuple(paths)) for code, paths in sorted(named.items())]
    return [*found, *given_up(slow)]


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
    if found.blocks > limits.blocks or 0 < record.jpeg_quality < limits.jpeg_quality:
        yield Code.COMPRESSED
    if found.noise > limits.noise:
        yield Code.NOISY
    if 0 < found.colours <= limits.colours and record.mode not in ("P", "PA"):
        yield Code.FEW_COLOURS


def _load(cache: Path | None, stamp: list[Json]) -> dict[str, Seen]:
    try:
        data = files.read_json(cache) if cache else {}
        return msgspec.convert(data["seen"], dict[str, Seen]) if data.get("stamp") == stamp else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # a cache: whatever is wrong with it, looking again mends it


_TILE = 256  # pixels; six tiles with the strongest edges stand for the picture
_TILES = 6
_SHORTFALL = 13.0  # dB below the extrapolated power law from which a band holds nothing of its own
_FLOOR = 2.0  # dB; below it 8-bit rounding and JPEG noise are all there is to see
_TRANSITION = 0.76  # resampling filters let this much more through than the size they started from


def detail(pixels: Pillow.Image) -> float:
    """The share of its size that the picture really holds, 0.2..1: about 0.5 after an enlargement by two.

    Sharp pictures lose power steadily with frequency (Field 1987: about 6 dB an octave). An enlargement
    follows that law up to the old size's limit and then falls away. The law is fitted to the coarse half
    of the strongest tiles and the first frequency is sought from which the rest stays far below it.
    Thresholds calibrated on photographs at their own size and enlarged (tests/imaging/test_decode.py); whatever is
    too small, too flat or soft from the start says nothing, and nothing counts as 1.
    """
    tiles = _strongest(pixels)
    if not tiles:
        return 1.0
    size = tiles[0].shape[0]
    window = np.hanning(size)
    power = np.zeros(size // 2 + 1)
    for tile in tiles:
        for lines in (tile, tile.T):
            centred = (lines - lines.mean(axis=1, keepdims=True)) * window
            power += (np.abs(np.fft.rfft(centred, axis=1)) ** 2).mean(axis=0)
    power /= 2 * len(tiles) * (window**2).sum()
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


def _strongest(pixels: Pillow.Image) -> list[Array]:
    """Luma tiles with the most contrast between neighbours, as stored; [] if the picture is too small."""
    size = min(_TILE, *pixels.size)
    if size < 96:
        return []
    size -= size % 2
    rows, columns = (sorted({round(i * (n - size) / 4) for i in range(5)}) for n in (pixels.height, pixels.width))
    tiles = [_luma(pixels.crop((x, y, x + size, y + size))) for y in rows for x in columns]
    strength = [_contrast(tile) for tile in tiles]
    order = sorted(range(len(tiles)), key=lambda i: (-strength[i], i))
    return [tiles[i].astype(np.float64) for i in order[:_TILES] if strength[i] > 0.5]


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


def _contrast(tile: _Tile) -> float:
    """The mean difference between neighbours, across and down."""
    values = tile.astype(np.int16) if tile.dtype == np.uint8 else tile
    return sum(float(np.abs(np.diff(values, axis=axis)).mean(dtype=np.float64)) for axis in (1, 0))
