"""Find the heads in one picture, with dlib. Optional: loraprep[faces].

The detector, the five points and the descriptor are Davis King's, in the public domain; the files come in the package
face_recognition_models, which is never imported, for it needs parts of setuptools that are gone. Its fourth file, 68
points, is not used: it was trained on pictures that may not be used commercially, and says less of how a head is
turned (tests/benchmarks/faces.py).
"""

from __future__ import annotations

import importlib.util
import os
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from loraprep.carried.reading import UNREAD, Box
from loraprep.core import typed
from loraprep.core.errors import UNUSABLE, UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image as Pillow

    from loraprep.core.records import Image
    from loraprep.imaging.pictures import Pictures

VERSION = 2  # of what is kept; raised when finding changes
PACKAGES = ("dlib", "face_recognition_models")
LONG = 1280  # px of the picture that heads are sought in: a face of a sixteenth of it is found
MOST = 32  # heads of one picture that are measured, the largest first; more are only counted
DESCRIBED = 3  # faces of one picture that are described: each takes longer than to find them all
SURE = 0.3  # of the detector's score: of 265 pictures without a head none reached it, of 122 photographs with one all
_CLOSER = 1.5  # how much larger a picture is shown again in which no head was seen
_SMALL = 640  # px; a smaller picture is shown at this size
_LEAST = 40  # px of the shorter side; below it there is no face
NUMBERS = 128  # of a descriptor
_CUT = 0.1  # share of a face's side that must lie beyond the picture's edge
_ONE = threading.Lock()  # dlib's detector keeps what it works on, and two threads (a pool without processes) mix it up
_MODELS = {
    "points": "shape_predictor_5_face_landmarks.dat",
    "describe": "dlib_face_recognition_resnet_model_v1.dat",
}


class Head(msgspec.Struct, frozen=True, array_like=True):
    """A head. `box`: from its brows to its chin. `score`: how sure the detector is, see SURE.

    `turn`: how far the nose lies from the middle of the eyes, in distances of these, 0 seen from the front; to the
    picture's right if positive. `apart`: that distance in widths of the box; `narrowed`: the narrower eye in widths of
    the wider one; in profile both are small, and the nose is not found. `slant`: degrees clockwise. `below`: how often
    the box's height fits between it and the picture's lower edge. `cut`: the picture's edge cuts the face.
    """

    box: Box
    score: float
    turn: float
    slant: float
    below: float
    cut: bool = False
    apart: float = 0.42
    narrowed: float = 1.0


class Found(msgspec.Struct, frozen=True, array_like=True):
    """The heads of one picture, the largest first. `total`: those that were found, of which MOST were measured.

    `faces`: of the first DESCRIBED heads dlib's descriptor, 128 numbers of 32 bits. They say whose face it is, and are
    kept in build/ alone.
    """

    heads: tuple[Head, ...] = ()
    faces: tuple[bytes, ...] = ()
    total: int = 0


class _Models(NamedTuple):
    detector: Any
    points: Any
    describe: Any


def installed() -> bool:
    """Say whether the extra is there, without importing it."""
    return not os.environ.get(UNREAD) and all(importlib.util.find_spec(name) is not None for name in PACKAGES)


def stamp() -> list[str | int]:
    """Return what decides what is found: another version of any of it looks anew. Raises UserError as `models` does."""
    from importlib.metadata import PackageNotFoundError, version

    def version_of(name: str) -> str:
        try:
            return version(name)
        except PackageNotFoundError:
            return ""

    return [VERSION, version_of("dlib-bin"), version_of("dlib"), LONG, *(f.stat().st_size for f in _files().values())]


def look(pictures: Pictures, record: Image) -> bytes:
    """Find the heads in one picture: `Found`, packed. For `Pictures.each`. Raises BadImage, OSError, UserError."""
    return msgspec.msgpack.encode(found_in(pictures.upright(record, longest=LONG)))


def unpacked(data: bytes) -> Found:
    """Read what `look` returned. Raises msgspec.MsgspecError for anything else."""
    return typed.unpacked(data, Found)


def found_in(picture: Pillow.Image) -> Found:
    """Find the heads in an upright RGB picture of at most LONG px. Raises UserError as `models` does."""
    if min(picture.size) < _LEAST:
        return Found()
    with _ONE:
        return _measured(models(), picture)


def _measured(ready: _Models, picture: Pillow.Image) -> Found:
    seen, boxes = _sought(ready, picture)
    boxes.sort(key=lambda b: -(b[0].width() * b[0].height()))
    heads: list[Head] = []
    faces: list[bytes] = []
    for box, score in boxes[:MOST]:
        points = ready.points(seen, box)
        heads.append(_head(box, score, points, seen.shape[1], seen.shape[0]))
        if len(faces) < DESCRIBED:
            faces.append(_described(ready, seen, points))
    return Found(tuple(heads), tuple(faces), len(boxes))


def _sought(ready: _Models, picture: Pillow.Image) -> tuple[NDArray[np.uint8], list[tuple[Any, float]]]:
    """Return the pixels that were looked at, and the box and score of each head; from nearer, if there is none."""
    import numpy as np
    from PIL import Image as Pillow

    scale = max(1.0, _SMALL / max(picture.size))
    for closer in (scale, scale * _CLOSER):
        size = max(1, round(picture.width * closer)), max(1, round(picture.height * closer))
        shown = picture if size == picture.size else picture.resize(size, Pillow.Resampling.BICUBIC)
        seen = np.asarray(shown)
        rectangles, scores, _ = ready.detector.run(seen, 0, SURE)
        if len(rectangles):
            break
    return seen, list(zip(rectangles, map(float, scores), strict=True))


def _head(box: Any, score: float, points: Any, width: int, height: int) -> Head:
    import numpy as np

    left, top, right, bottom = float(box.left()), float(box.top()), float(box.right() + 1), float(box.bottom() + 1)
    at = np.array([(p.x, p.y) for p in points.parts()], float)  # both corners of each eye, then the nose
    right_eye, left_eye = sorted((at[:2].mean(0), at[2:4].mean(0)), key=lambda eye: -eye[0])
    along = right_eye - left_eye
    apart = max(float(np.hypot(*along)), 1.0)
    eyes = [float(np.hypot(*(a - b))) for a, b in (at[:2], at[2:4])]
    turn = float((at[4] - (right_eye + left_eye) / 2) @ along) / apart**2
    cut = max(-left, -top, right - width, bottom - height) / max(right - left, 1.0)
    return Head(
        (
            round(max(left, 0.0) / width, 4),
            round(max(top, 0.0) / height, 4),
            round(min(right / width, 1.0), 4),
            round(min(bottom / height, 1.0), 4),
        ),
        round(score, 2),
        round(turn, 3),
        round(float(np.degrees(np.arctan2(along[1], along[0]))), 1),
        round(max(0.0, height - bottom) / max(bottom - top, 1.0), 2),
        cut > _CUT,
        round(apart / max(right - left, 1.0), 3),
        round(min(eyes) / max(*eyes, 1.0), 2),
    )


def _described(ready: _Models, seen: NDArray[np.uint8], points: Any) -> bytes:
    import numpy as np

    return np.asarray(ready.describe.compute_face_descriptor(seen, points), np.float32).tobytes()


def _files() -> dict[str, Path]:
    """Return the package's models by what they do. Raises UserError if one is not there."""
    where = importlib.util.find_spec(PACKAGES[1])
    if where is None or not where.submodule_search_locations:
        raise missing()
    folder = Path(where.submodule_search_locations[0]) / "models"
    if lost := [name for name in _MODELS.values() if not (folder / name).is_file()]:
        raise broken(f"{' and '.join(lost)} is not there")
    return {part: folder / name for part, name in _MODELS.items()}


@cache
def models() -> _Models:
    """Make dlib ready, once a process. Raises UserError if it is not installed or a model of it is damaged."""
    files = _files()
    try:
        import dlib
    except ImportError:
        raise missing() from None
    ready = {}
    for part, loaded in (("points", dlib.shape_predictor), ("describe", dlib.face_recognition_model_v1)):
        try:
            ready[part] = loaded(str(files[part]))
        except (RuntimeError, MemoryError):
            raise broken(f"{files[part].name} is damaged") from None
    return _Models(dlib.get_frontal_face_detector(), ready["points"], ready["describe"])


def missing() -> UserError:
    """Say what to install."""
    return UserError("finding heads in pictures needs dlib", hint="pip install 'loraprep[faces]'", exit_code=UNUSABLE)


def broken(why: str) -> UserError:
    """Say that the package has to be installed again."""
    return UserError(
        f"dlib cannot find heads: {why}",
        hint="pip install --force-reinstall --no-deps face_recognition_models brings its models again.",
        exit_code=UNUSABLE,
    )
