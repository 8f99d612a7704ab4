"""Read what is written in one picture, with RapidOCR. Optional: loraprep[text].

RapidOCR brings its models in its own package (PP-OCR, Apache-2.0), and would fetch any that is missing: the paths of
the files are given to it here, so that it never asks the network for one.
"""

from __future__ import annotations

import importlib.util
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from loraprep.core import typed
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.core.text import printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image as Pillow

    from loraprep.core.records import Image
    from loraprep.imaging.pictures import Pictures

VERSION = 2  # of what is kept; raised when reading changes
PACKAGE = "rapidocr"
UNREAD = "LORAPREP_UNREAD"  # set in the environment: nothing is read, as without the extra, for tests
LONG = 1280  # px of the picture that words are read in: a signature is still legible
MOST = 48  # places of one picture that are read, the largest first; a page of print has more, and says no more by it
_LEAST = 16  # px; nothing can be read in less
_WHOLE, _PART = 736, 512  # px of the longer side at which letters are looked for in the whole and in each part
_HIGH = 0.35  # of the picture's shorter side: no line of letters is as high
_FULL = 0.6  # of what was looked at: sails and tables fill it, and are then taken for one line
_LINE = 20  # characters; of two readings of one place the surer counts, and that of more of the line
_CHARACTERS = 200  # of one place
_SURE = 0.85  # of reading, above which it is not tried upside down or mirrored

Box = tuple[float, float, float, float]  # left, top, right, bottom as shares of the sides


class Region(msgspec.Struct, frozen=True, array_like=True):
    """A place with letters. `words` are data, cleaned like any foreign text; `area`: share of the picture.

    `score`: 0..1, how sure the words are; `found`: 0..1, how sure it is that these are letters at all. `slant`: degrees
    from level, -45..45; `upright`: it runs up or down. `mirrored`: it can be read in a mirror only.
    """

    box: Box
    words: str
    score: float
    found: float
    area: float
    slant: float = 0.0
    upright: bool = False
    mirrored: bool = False


class Lettering(msgspec.Struct, frozen=True, array_like=True):
    """All that is written in one picture; `total`: places found, of which the largest were read."""

    regions: tuple[Region, ...] = ()
    total: int = 0


def installed() -> bool:
    """Say whether the extra is there, without importing it."""
    return not os.environ.get(UNREAD) and importlib.util.find_spec(PACKAGE) is not None


def stamp() -> list[str | int | float]:
    """Return what decides what is read: another version of any of it reads anew. Raises UserError as `reader` does."""
    from importlib.metadata import version

    return [VERSION, version(PACKAGE), version("onnxruntime"), LONG, *(f.stat().st_size for f in _models().values())]


def read(pictures: Pictures, record: Image) -> bytes:
    """Read one picture: `Lettering`, packed. For `Pictures.each`. Raises BadImage, OSError, UserError."""
    picture = pictures.upright(record, longest=LONG)
    return msgspec.msgpack.encode(written_in(picture))


def unpacked(data: bytes) -> Lettering:
    """Read what `read` returned. Raises msgspec.MsgspecError for anything else."""
    return typed.unpacked(data, Lettering)


def written_in(picture: Pillow.Image) -> Lettering:
    """Find what is written in an upright RGB picture of at most LONG px. Raises UserError as `reader` does."""
    if min(picture.size) < _LEAST:
        return Lettering()
    engine = reader()
    whole = float(picture.width * picture.height)
    places: list[tuple[NDArray[np.float64], float]] = []
    for window in _windows(picture.size):
        places += _places(engine, picture, window)
    places = [place for place in places if _lower(place[0], _HIGH * min(picture.size))]
    places.sort(key=lambda place: -_area(place[0]))
    regions = [_region(engine, picture, quad, found, whole) for quad, found in places[:MOST]]
    return Lettering(tuple(_once([r for r in regions if r.words])), len(places))


def _windows(size: tuple[int, int]) -> list[tuple[int, int, int, int, int]]:
    """Left, top, right, bottom, and the px of the longer side at which letters are looked for there.

    The detector takes a large shape around small letters for one letter, and sees neither letters larger than some
    tenth of what it is shown nor those of a few pixels. So it is shown the whole once, and then the upper and the
    lower third, in halves that overlap, where signatures and addresses stand: together half the time that one look at
    1,280 px takes, and more is found.
    """
    width, height = size
    thirds = [(x, y, x + width // 2, y + height // 3) for y in (0, height - height // 3) for x in _halves(width)]
    return [(0, 0, width, height, _WHOLE), *((*third, _PART) for third in thirds)]


def _halves(width: int) -> tuple[int, int, int]:
    return 0, width // 4, width - width // 2


def _places(
    engine: Any, picture: Pillow.Image, window: tuple[int, int, int, int, int]
) -> list[tuple[NDArray[np.float64], float]]:
    """Return the four corners (4, 2) of each place with letters, in px of the picture, and how sure it is of them."""
    import numpy as np
    from PIL import Image as Pillow

    left, top, right, bottom, longest = window
    scale = longest / max(right - left, bottom - top)
    size = max(32, round((right - left) * scale)), max(32, round((bottom - top) * scale))
    shown = picture.resize(size, Pillow.Resampling.BICUBIC, box=(left, top, right, bottom), reducing_gap=2.0)
    found = engine(np.asarray(shown)[..., ::-1], use_det=True, use_cls=False, use_rec=False)
    quads = getattr(found, "boxes", None)
    if quads is None or not len(quads):
        return []
    factor = np.array([(right - left) / size[0], (bottom - top) / size[1]])
    moved = (np.asarray(quad, float) * factor + (left, top) for quad in quads)
    told = zip(moved, map(float, found.scores or [1.0] * len(quads)), strict=True)
    return [place for place in told if _lower(place[0], _FULL * min(right - left, bottom - top))]


def _lower(quad: NDArray[np.float64], most: float) -> bool:
    """Say whether it is no higher than a line of letters, `most` px: shapes of the picture that look like one are."""
    import numpy as np

    sides = np.linalg.norm(quad - np.roll(quad, -1, axis=0), axis=1)
    return bool(min(sides[0] + sides[2], sides[1] + sides[3]) / 2 <= most)


def _once(regions: list[Region]) -> list[Region]:
    """Leave out what another look read better in the same place; in the order of their places."""
    kept: list[Region] = []
    for region in sorted(regions, key=lambda r: -r.score * min(len(r.words), _LINE)):
        if not any(_shared(region.box, other.box) > 0.5 for other in kept):
            kept.append(region)
    return sorted(kept, key=lambda r: (r.box[1], r.box[0]))


def _shared(a: Box, b: Box) -> float:
    """Return the share of the smaller box that the other one covers."""
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    least = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return max(0.0, wide) * max(0.0, high) / max(least, 1e-9)


def _region(engine: Any, picture: Pillow.Image, quad: NDArray[np.float64], found: float, whole: float) -> Region:
    import numpy as np
    from PIL import Image as Pillow
    from PIL import ImageOps

    corners = np.asarray(quad, float)
    wide = max(np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[2] - corners[3]))
    high = max(np.linalg.norm(corners[3] - corners[0]), np.linalg.norm(corners[2] - corners[1]))
    size = max(1, round(wide)), max(1, round(high))
    strip = picture.transform(
        size, Pillow.Transform.QUAD, tuple(corners[[0, 3, 2, 1]].ravel()), Pillow.Resampling.BICUBIC
    )
    upright = size[1] >= 1.5 * size[0]  # as RapidOCR has it
    if upright:
        strip = strip.transpose(Pillow.Transpose.ROTATE_90)
    words, score, mirrored = *_words(engine, strip), False
    if score < _SURE:
        again = _words(engine, strip.transpose(Pillow.Transpose.ROTATE_180))
        words, score = max((words, score), again, key=lambda read: read[1])
    if score < _SURE:
        other, sure = _words(engine, ImageOps.mirror(strip))
        if sure >= _SURE:
            words, score, mirrored = other, sure, True
    along = corners[1] - corners[0] + corners[2] - corners[3]
    slant = float(np.degrees(np.arctan2(along[1], along[0])))
    left, top = np.clip(corners.min(axis=0) / picture.size, 0, 1)
    right, bottom = np.clip(corners.max(axis=0) / picture.size, 0, 1)
    return Region(
        (round(float(left), 4), round(float(top), 4), round(float(right), 4), round(float(bottom), 4)),
        words,
        round(score, 3),
        round(found, 3),
        round(_area(quad) / whole, 5),
        round((slant + 45) % 90 - 45, 1),
        upright,
        mirrored,
    )


def _words(engine: Any, strip: Pillow.Image) -> tuple[str, float]:
    import numpy as np

    told = engine(np.asarray(strip)[..., ::-1], use_det=False, use_cls=False, use_rec=True)
    if not told.txts:
        return "", 0.0
    return printable(" ".join(str(told.txts[0]).split()))[:_CHARACTERS], float(told.scores[0])


def _area(quad: NDArray[np.float64]) -> float:
    """Area of a polygon, px (the shoelace formula)."""
    x, y = quad[:, 0].astype(float), quad[:, 1].astype(float)
    return abs(float((x * y[[1, 2, 3, 0]] - y * x[[1, 2, 3, 0]]).sum())) / 2


def _models() -> dict[str, Path]:
    """Return the package's models by what they do. Raises UserError if one is not there."""
    where = importlib.util.find_spec(PACKAGE)
    if where is None or not where.submodule_search_locations:
        raise missing()
    folder = Path(where.submodule_search_locations[0]) / "models"
    found = {part: next(iter(sorted(folder.glob(f"*_{part}_*.onnx"))), None) for part in ("det", "rec", "cls")}
    if lost := [part for part, file in found.items() if file is None]:
        raise broken(f"it has no model for {' and '.join(lost)}")
    return {part: file for part, file in found.items() if file is not None}


@cache
def reader() -> Any:
    """Make RapidOCR ready, once a process. Raises UserError if it is not installed or a model of it is damaged."""
    files = _models()
    try:
        import rapidocr

        import loraprep.imaging.opencv  # noqa: F401 - it sees with OpenCV
    except ImportError:
        raise missing() from None
    params: dict[str, Any] = {f"{part.capitalize()}.model_path": str(file) for part, file in files.items()}
    params |= {
        "Global.log_level": "critical",
        "Global.text_score": 0.0,  # what is too unsure is judged later, by kind
        "Global.max_side_len": LONG,
        "Global.use_vertical_padding": False,
        "Det.limit_side_len": 32,  # it is shown what it shall see at the size it shall see it
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,  # pictures are read side by side
    }
    try:
        engine = rapidocr.RapidOCR(params=params)
        blank = importlib.import_module("numpy").zeros((48, 96, 3), "uint8")
        engine(blank, use_det=True, use_cls=False, use_rec=False)  # it loads each model when it is first wanted
        engine(blank, use_det=False, use_cls=False, use_rec=True)
    except Exception as error:  # the runtime raises its own kinds for a damaged model
        raise broken(
            str(error).strip().splitlines()[-1][:200] if str(error).strip() else type(error).__name__
        ) from None
    return engine


def missing() -> UserError:
    """Say what to install."""
    return UserError(
        "reading what is written in pictures needs RapidOCR", hint="pip install 'loraprep[text]'", exit_code=UNUSABLE
    )


def broken(why: str) -> UserError:
    """Say that the package has to be installed again."""
    return UserError(
        f"RapidOCR cannot read: {why}",
        hint="pip install --force-reinstall --no-deps rapidocr brings its models again.",
        exit_code=UNUSABLE,
    )
