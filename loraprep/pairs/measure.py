"""What differs between a picture and the one before its change: where it lies, what changed, and what besides.

Both are looked at small, the one before stretched to the shape of the one after. Points tell how it lies
(duplicates/geometry); what most of the picture differs by is tone, and what differs beyond that is the change.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import PIL
from msgspec import Struct
from numpy.typing import NDArray

from loraprep import __version__
from loraprep.core import files, typed
from loraprep.core.records import Image
from loraprep.core.store import Store, mended
from loraprep.duplicates import geometry, keypoints
from loraprep.duplicates.keypoints import Pixels
from loraprep.imaging.colour import DECODE_ERRORS
from loraprep.imaging.errors import BadImage
from loraprep.imaging.pictures import Pictures
from loraprep.pairs import expected
from loraprep.pairs.change import Change
from loraprep.project import crops
from loraprep.scan import pairing

VERSION = 3  # of what is kept; raised when a measurement changes
# from which on they tell better than soft edges: the corners of 72 sound pairs with fewer missed by up to 3.4 px
POINTS = 30
_APART = 16.0  # of 255 that no half pixel and no change of tone explains: JPEG at quality 90 leaves less
_CELLS = 16  # of the grid by whose directions pictures are compared
_ANGLES = 8
_GRID = 3  # parts of a side, to say where a change is
_FLOOR = 2.0  # of 255 per px: gradients below it are noise

Plane = NDArray[np.float32]


class Looked(Struct, frozen=True, array_like=True):
    """All that is kept of a pair: its change, the lines of both pictures as `lines` has them, and of its colours what
    became of them (`expected.moments`) and what was laid over them (`expected.veil`)."""

    change: Change
    after: bytes
    before: bytes
    colours: bytes
    veil: tuple[float, ...] = ()


def measured(
    pictures: Pictures,
    targets: Sequence[Image],
    found: Mapping[str, Image],
    *,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Looked]:
    """Measure each target and its first control, the picture that is changed; others are for the model to look at.

    Returns target's path -> what was seen. `found`: all records by path. One that can no longer be opened is left out:
    the next scan says so. `cache`: the file that remembers.
    """
    before = {target.path: pairing.before(target, found)[0] for target in targets}

    def key(target: Image) -> str:
        return f"{crops.shown(target)} {crops.shown(before[target.path])}"

    def act() -> dict[str, Looked]:
        stamp = files.dumps([VERSION, __version__, PIL.__version__, pictures.max_megapixels], indent=None)
        with closing(Store(cache, "changes", stamp)) as store:
            store.keep_only({key(target) for target in targets})
            known = store.known()
            todo = list({key(target): target for target in targets if key(target) not in known}.values())
            with closing(pictures.each(look_at, todo, before)) as answers:
                for number, (target, answer) in enumerate(answers, 1):
                    if isinstance(answer, Looked):
                        store.put(key(target), msgspec.msgpack.encode(answer))
                    elif not isinstance(answer, (BadImage, *DECODE_ERRORS)):
                        raise answer
                    if progress:
                        progress(number, len(todo))
            store.save()
            seen = dict(store.some(sorted({key(target) for target in targets})))
        return {target.path: _read(seen[key(target)]) for target in targets if key(target) in seen}

    return mended(cache, act)


def _read(data: bytes) -> Looked:
    try:
        return typed.unpacked(data, Looked)
    except msgspec.MsgspecError as error:
        raise sqlite3.DatabaseError(f"it holds what nobody put there ({error})") from None


def look_at(pictures: Pictures, target: Image, before: Mapping[str, Image]) -> Looked:
    """Look at a target and the picture before it, in a process of its own. Raises BadImage, OSError."""
    one, other = (np.asarray(pictures.small(image), np.uint8) for image in (target, before[target.path]))
    return compare(one, other)


def compare(after: Pixels, before: Pixels) -> Looked:
    """Compare two pictures, each (height, width, 3)."""
    from loraprep.imaging.opencv import cv2

    high, wide = after.shape[:2]
    # the longer side decides: a control of fewer pixels is seen at the target's size, as a trainer sees it
    before = before if before.shape == after.shape else cv2.resize(before, (wide, high), interpolation=cv2.INTER_AREA)
    first, second = keypoints.reduced(after), keypoints.reduced(before)
    held = geometry.similarity(keypoints.of_picture(first), keypoints.of_picture(second), mirrored=False)
    matrix = held.matrix if held and held.points >= POINTS else _registered(first, second)
    corner, shift, scale, turn = _lies(matrix, first.shape[1], first.shape[0])
    laid = geometry.lay(first, second, None, mirrored=False, whole=True)
    lines_after, lines_before = lines(first), lines(second)
    if laid is None:  # smaller than geometry looks at
        changed = np.ones((1, 1), bool)
    else:
        changed = cv2.medianBlur((laid.residual > _APART).astype(np.uint8), 3).astype(bool)
    size = changed.shape[1], changed.shape[0]
    one, other = (cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in (first, second))
    one_lab, other_lab = _lab(one), _lab(other)
    apart = one_lab - other_lab
    still = ~changed if (~changed).mean() > _LEFT else np.ones_like(changed)
    tone = apart[still].mean(axis=0)
    far = np.linalg.norm(apart, axis=2)
    was, now = _small(other_lab), _small(one_lab)
    full = cv2.resize(still.astype(np.uint8), (wide, high), interpolation=cv2.INTER_NEAREST).astype(bool)
    steep, fine = _steepness(after, before, full)
    return Looked(
        Change(
            points=held.points if held else 0,
            corner=corner,
            shift=shift,
            scale=scale,
            turn=turn,
            area=round(float(changed.mean()), 4),
            grid=tuple(round(float(part.mean()), 3) for part in _parts(changed)),
            same=bool(not changed.any() and np.percentile(far, 95) < _NOTHING),
            tone=(round(float(tone[0]), 2), round(float(tone[1]), 2), round(float(tone[2]), 2)),
            even=round(float(np.linalg.norm(apart[still] - tone, axis=1).mean()), 2),
            sharp=round(steep - fine, 3),
            fine=round(fine, 3),
            light=round(float(apart[..., 0].mean()), 2),
            chroma=round(float((_chroma(one_lab) - _chroma(other_lab)).mean()), 2),
            plain=round(_plain(after) - _plain(before), 3),
            stands=round(_stands(one_lab, changed) - _stands(other_lab, changed), 3),
            like=round(float(lines_after @ lines_before), 4),
        ),
        _packed(lines_after),
        _packed(lines_before),
        expected.moments(was, now),
        expected.veil(before, after),
    )


_LEFT = 0.05  # share of a picture that has to be unchanged to speak of it
_NOTHING = 3.0  # Delta E: a just noticeable difference is about 2.3 (Mahy et al. 1994, Color Res. Appl. 19)


def _registered(first: Pixels, second: Pixels) -> geometry.Matrix:
    """Lay a picture with few points over the other by its soft edges: shift, turn and scale, or none where that fails.

    Enhanced correlation (Evangelidis and Psarakis 2008) of gradients, each against those around it, so that light and
    technique count little: first a shift and a turn, then from there any map that keeps lines straight and parallel, of
    which the nearest similarity is taken.
    """
    from loraprep.imaging.opencv import cv2

    one, other = (_edges(_grey(pixels)) for pixels in (first, cv2.resize(second, first.shape[1::-1])))
    until = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, _STEPS, _CLOSE)
    found = np.eye(2, 3, dtype=np.float32)
    for motion in (cv2.MOTION_EUCLIDEAN, cv2.MOTION_AFFINE):
        try:
            _, found = cv2.findTransformECC(other, one, found.copy(), motion, until, None, 5)
        except cv2.error:  # it finds no way
            break
    return _similarity(np.asarray(found, np.float64), *first.shape[1::-1])


def _similarity(matrix: geometry.Matrix, wide: int, high: int) -> geometry.Matrix:
    """Take the similarity nearest to a map: it puts the middle in the same place."""
    (a, b), (c, d) = matrix[:, :2]
    turned = np.array([[a + d, b - c], [c - b, a + d]]) / 2
    middle = np.array([wide, high]) / 2
    return np.column_stack([turned, matrix[:, :2] @ middle + matrix[:, 2] - turned @ middle])


_STEPS, _CLOSE = 100, 1e-4
_NEAR = 16  # px, around


def _edges(grey: Plane) -> Plane:
    from loraprep.imaging.opencv import cv2

    strong = geometry.gradient(cv2.GaussianBlur(grey, (0, 0), 1.5))
    edges: Plane = (strong / (cv2.GaussianBlur(strong, (0, 0), _NEAR) + _FLOOR)).astype(np.float32)
    return edges


def _lies(matrix: geometry.Matrix, wide: int, high: int) -> tuple[float, tuple[float, float], float, float]:
    """Return (the worst corner's miss, the middle's, scale, turn) of what should lie as it is."""
    places = np.array([(0, 0), (wide, 0), (0, high), (wide, high), (wide / 2, high / 2)], np.float64)
    moved = places @ matrix[:, :2].T + matrix[:, 2] - places
    corner = float(np.hypot(*moved[:4].T).max())
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    turn = float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])))
    return (
        round(corner, 2),
        (round(float(moved[4, 0]), 2), round(float(moved[4, 1]), 2)),
        round(scale, 4),
        round(turn, 2),
    )


def _parts(mask: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    return [part for row in np.array_split(mask, _GRID) for part in np.array_split(row, _GRID, axis=1)]


def _lab(pixels: Pixels) -> Plane:
    """CIE L*a*b*, (h, w, 3), in its own units."""
    from loraprep.imaging.opencv import cv2

    lab: Plane = cv2.cvtColor((pixels / np.float32(255)).astype(np.float32), cv2.COLOR_RGB2LAB)
    return lab


def _grey(pixels: Pixels) -> Plane:
    from loraprep.imaging.opencv import cv2

    grey: Plane = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return grey


def _steepness(one: Pixels, other: Pixels, where: NDArray[np.bool_]) -> tuple[float, float]:
    """How steep the edges of each are against what a soft picture leaves of them, in octaves.

    Looked at are the _EDGED strongest of the edges that both have, made soft, so that neither contrast nor how much is
    drawn counts: a drawing of few lines is as sharp as one of many. The steepest pixel near each tells.
    """
    from loraprep.imaging.opencv import cv2

    greys = [_grey(pixels) for pixels in (one, other)]
    soft = [geometry.gradient(cv2.GaussianBlur(grey, (0, 0), 2.0)) for grey in greys]
    strong = soft[0] / (soft[0][where].mean() + 0.1) + soft[1] / (soft[1][where].mean() + 0.1)
    edges = where & (strong >= np.quantile(strong[where], 1 - _EDGED))
    steep = [cv2.dilate(geometry.gradient(grey), np.ones((5, 5), np.uint8)) for grey in greys]
    first, second = (
        float(np.median(np.log2((sharp[edges] + 0.1) / (blurred[edges] + 0.1))))
        for sharp, blurred in zip(steep, soft, strict=True)
    )
    return first, second


_EDGED = 0.03  # share of a picture: so much of any lies at edges


def _small(lab: Plane) -> Plane:
    """A plane of colours at _COLOURS px at most: what a change does to colours is seen in as many."""
    from loraprep.imaging.opencv import cv2

    high, wide = lab.shape[:2]
    share = min(1.0, _COLOURS / max(high, wide))
    size = max(1, round(wide * share)), max(1, round(high * share))
    small: Plane = cv2.resize(lab, size, interpolation=cv2.INTER_AREA)
    return small


_COLOURS = 128  # px


def _chroma(lab: Plane) -> Plane:
    chroma: Plane = np.hypot(lab[..., 1], lab[..., 2])
    return chroma


def _plain(pixels: Pixels) -> float:
    """The share of a picture in which nothing changes from one pixel to the next."""
    return float((geometry.gradient(_grey(pixels)) < _SMOOTH).mean())


_SMOOTH = 0.5  # of 255 per px
_RING = 9  # px of the canvas around what changed


def _stands(lab: Plane, changed: NDArray[np.bool_]) -> float:
    """How much an area stands out from what is around it, in octaves: by its colour, and by how much is drawn in it."""
    from loraprep.imaging.opencv import cv2

    around = cv2.dilate(changed.astype(np.uint8), np.ones((_RING, _RING), np.uint8)).astype(bool) & ~changed
    if not changed.any() or not around.any():
        return 0.0
    colour = float(np.linalg.norm(lab[changed].mean(axis=0) - lab[around].mean(axis=0)))
    drawn = geometry.gradient(np.ascontiguousarray(lab[..., 0]))
    inside, outside = (float(drawn[where].mean()) + 0.5 for where in (changed, around))
    return float(np.log2(1 + colour + 10 * abs(np.log2(inside / outside))))


def lines(pixels: Pixels) -> Plane:
    """Say in which directions lines run in each part of a picture: a unit vector of _CELLS x _CELLS x _ANGLES.

    Histograms of oriented gradients (Dalal and Triggs 2005), each part by itself, so that light and technique count
    little; less what all parts have in common.
    """
    from loraprep.imaging.opencv import cv2

    grey = cv2.GaussianBlur(
        _grey(cv2.resize(pixels, (8 * _CELLS, 8 * _CELLS), interpolation=cv2.INTER_AREA)), (0, 0), 1.0
    )
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *way, ksize=3, scale=1 / 8) for way in ((1, 0), (0, 1)))
    strong = np.maximum(np.hypot(across, down) - _FLOOR / 4, 0)
    angle = (np.arctan2(down, across) % np.pi / np.pi * _ANGLES).astype(np.int64) % _ANGLES
    cell = np.arange(8 * _CELLS) // 8
    places = (cell[:, None] * _CELLS + cell[None, :]) * _ANGLES + angle
    sums = np.bincount(places.ravel(), strong.ravel().astype(np.float64), _CELLS * _CELLS * _ANGLES)
    told: NDArray[np.float64] = sums.reshape(-1, _ANGLES).astype(np.float64)
    told /= np.linalg.norm(told, axis=1, keepdims=True) + 4.0
    told -= told.mean(axis=0)
    flat: Plane = (told / max(float(np.linalg.norm(told)), 1e-6)).astype(np.float32).ravel()
    return flat


def _packed(vector: Plane) -> bytes:
    return np.rint(np.clip(vector * 1024, -127, 127)).astype(np.int8).tobytes()


def unpacked(data: bytes) -> Plane:
    """Return the lines that were kept, as a unit vector."""
    vector = np.frombuffer(data, np.int8).astype(np.float32)
    return vector / np.float32(max(float(np.linalg.norm(vector)), 1e-6))
