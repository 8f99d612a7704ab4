"""Points that are found again in another picture of the same thing, however it was scaled, cut, turned or lit.

SIFT (Lowe 2004, "Distinctive image features from scale-invariant keypoints") as OpenCV has it, with descriptors made
comparable by the root normalisation of Arandjelovic and Zisserman (2012, "Three things everyone should know"). OpenCV
is given arrays only: what opens a picture is Pillow, in a process of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from loraprep.core.records import Image
from loraprep.core.store import Lookup, Store
from loraprep.duplicates.flattened import BARE, WHITE
from loraprep.imaging.errors import GivenUp
from loraprep.imaging.measured import measure
from loraprep.imaging.pictures import Pictures
from loraprep.project import crops

Pixels = NDArray[np.uint8]  # (height, width, 3), RGB; where no colour is asked for, (height, width)
Floats = NDArray[np.float32]

SIDE = 512  # px, longer side of what is compared
# px, longer side of what points are looked for in. By tests/benchmarks/copies.py as many copies are found as at 512, in
# seven eighths of the time; at 384 a half more are false on `third`
_SEARCHED = 448
MOST = 400  # points kept of a picture, those with the most contrast
# OpenCV's threshold, its own is 0.04. The least at which it passes over what differs from its neighbours by no more
# than one step of 255 (0.5 * threshold / 3 * 255, rounded down) instead of fitting a curve to each, half of the time
_CONTRAST = 0.0236
_SOFT = 200  # points, below which a cut of a picture may have next to none, so that soft ones are looked for as well
_FAINT, _BLUR = 0.002, 1.5  # their contrast; px that it is blurred by first, or they are what saving a JPEG leaves
_SCALE = 512.0  # of a root-normalised component, to lie in 0..255
_VERSION = 7  # of the cache: raised with anything that changes what a picture's points are


@dataclass(frozen=True, slots=True)
class Keypoints:
    """`height`, `width`: of the picture, px; `places`: (n, 4) x, y, size, angle in degrees; `descriptors`: (n, 128)."""

    height: int
    width: int
    places: Floats
    descriptors: NDArray[np.uint8]

    def mirrored(self) -> Keypoints:
        """Return those of the picture mirrored left to right: the same numbers in another order."""
        x, y, size, angle = self.places.T
        places = np.stack([self.width - 1 - x, y, size, (540 - angle) % 360], axis=1)
        return Keypoints(self.height, self.width, places, self.descriptors[:, MIRROR])

    def units(self) -> Floats:
        """Return the descriptors with length 1, (n, 128), so that products are cosines."""
        wide = self.descriptors.astype(np.float32)
        lengths = np.sqrt(np.einsum("ij,ij->i", wide, wide))  # of whole numbers, whose sums are exact
        units: Floats = wide / np.maximum(lengths, 1e-6)[:, None]
        return units

    def packed(self) -> bytes:
        # as they are: to save a quarter of the bytes took as long as a twentieth of finding them
        head = np.array([self.height, self.width, len(self.places)], "<i4").tobytes()
        return head + self.places.astype("<f4").tobytes() + self.descriptors.tobytes()

    @classmethod
    def unpacked(cls, data: bytes) -> Keypoints:
        """Undo `packed`. Raises ValueError."""
        height, width, n = (int(v) for v in np.frombuffer(data, "<i4", 3))
        if len(data) != 12 + (16 + 128) * n:
            raise ValueError("no points")
        places = np.frombuffer(data, "<f4", 4 * n, 12).reshape(n, 4)
        return cls(height, width, places, np.frombuffer(data, np.uint8, 128 * n, 12 + 16 * n).reshape(n, 128))


# the descriptor is 4 rows and 4 columns of 8 directions, rows across the point's own direction: those turn round
MIRROR = np.arange(128).reshape(4, 4, 8)[::-1, :, -np.arange(8) % 8].ravel()
_OPPOSITE = np.arange(128).reshape(4, 4, 8)[::-1, ::-1].ravel()  # of a point that points the other way


def of_picture(pixels: Pixels) -> Keypoints:
    """Find the points of a picture of at most SIDE px, where they lie in it."""
    from loraprep.imaging.opencv import cv2

    grey = reduced(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), _SEARCHED)
    places, described = _found(grey, _CONTRAST)
    if len(places) < _SOFT:
        soft, faint = _found_faint(cv2.GaussianBlur(grey, (0, 0), _BLUR))
        # the same place twice would be its own second best match
        apart = np.hypot(*(soft[:, None, n] - places[None, :, n] for n in (0, 1))) > soft[:, None, 2] / 2
        other = apart.all(axis=1)
        places, described = (np.concatenate(both)[:MOST] for both in ((places, soft[other]), (described, faint[other])))
    height, width = pixels.shape[:2]
    wider, higher = width / grey.shape[1], height / grey.shape[0]
    scale, middle = np.array((wider, higher, wider, 1), np.float32), np.array((0.5, 0.5, 0, 0), np.float32)
    # whole numbers are the middles of pixels
    return Keypoints(height, width, (places + middle) * scale - middle, described)


def _found(grey: NDArray[np.uint8], contrast: float) -> tuple[Floats, NDArray[np.uint8]]:
    """Places and root-normalised descriptors, those with the most contrast first."""
    from loraprep.imaging.opencv import cv2

    found, described = _sift(contrast).detectAndCompute(grey, None)
    if described is None:
        return np.zeros((0, 4), np.float32), np.zeros((0, 128), np.uint8)
    measured = np.array([(point.size, point.angle) for point in found], np.float32)
    places = np.column_stack([cv2.KeyPoint_convert(found), measured])
    x, y, _, angles = places.T
    order = np.lexsort((angles, y, x, [-point.response for point in found]))[:MOST]
    places = places[order]
    chosen = described[order].astype(np.float32)
    roots = np.sqrt(chosen / np.maximum(chosen.sum(axis=1, keepdims=True), 1e-6))
    return places, np.rint(np.minimum(roots * _SCALE, 255)).astype(np.uint8)


def _found_faint(grey: NDArray[np.uint8]) -> tuple[Floats, NDArray[np.uint8]]:
    """`_found` with _FAINT contrast, in half of the time where much is plain.

    OpenCV fits a curve to each pixel of a plain ground, of which rounding leaves a difference of next to 0; of what is
    0 it leaves none. So the ground is made that, light against dark if need be: the points are where they were, but
    point the other way, and each descriptor is turned by half.
    """
    from loraprep.imaging.opencv import cv2

    darkest, brightest = (int(edge(grey)) for edge in (np.min, np.max))
    if np.count_nonzero(grey == darkest) >= np.count_nonzero(grey == brightest):
        return _found(cv2.subtract(grey, float(darkest)), _FAINT)
    places, described = _found(cv2.subtract(float(brightest), grey), _FAINT)
    places[:, 3] = (places[:, 3] + 180) % 360
    return places, described[:, _OPPOSITE]


@cache
def _sift(contrast: float):  # type: ignore[no-untyped-def]
    from loraprep.imaging.opencv import cv2

    return cv2.SIFT_create(nfeatures=MOST, contrastThreshold=contrast)


_Points = TypeVar("_Points")


class View(Protocol):
    """How two pictures are seen when they are compared."""

    def points(self, image: Image, ground: str = WHITE) -> Keypoints:
        """Return the points of one that was prepared, on a `ground` as `pixels` does. Raises BadImage, OSError then."""

    def pixels(self, image: Image, ground: str = WHITE) -> Pixels:
        """Return a picture at SIDE px at most, a transparent one on `ground`, or BARE. Raises BadImage, OSError."""


class Sight(View, Protocol):
    """How all of them are."""

    def prepare(self, images: Sequence[Image]) -> list[Image]:
        """Make the points of all of them; return those that could be opened."""


def reduced(pixels: Pixels, longest: int = SIDE) -> Pixels:
    """Average a larger picture down."""
    from loraprep.imaging.opencv import cv2

    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return np.ascontiguousarray(pixels)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small: Pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return small


class Opened:
    """Pictures of a project. `path` keeps their points, by what each shows, from run to run; None: for this one.

    `given_up`: path -> what a picture was given up for, though the scan had found it sound; it is like no other.
    Raises sqlite3.Error, then or later, for a damaged file: see store.mended.
    """

    def __init__(self, pictures: Pictures, path: Path | None, stamp: str) -> None:
        self._pictures = pictures
        self._store = Store(path, _POINTS, _stamp(stamp))
        self.given_up: dict[str, GivenUp] = {}
        self._held: Callable[[Image, str], Pixels] = lru_cache(maxsize=_HELD)(self._pixels)
        self._known: Callable[[Image, str], Keypoints] = lru_cache(maxsize=_HELD)(self._points)

    def prepare(self, images: Sequence[Image]) -> list[Image]:
        self._store.keep_only({crops.shown(image) for image in images})
        failed = measure(self._pictures, images, self._store, _points_of)
        self.given_up |= {path: why for path, why in failed.items() if isinstance(why, GivenUp)}
        return [image for image in images if image.path not in failed]

    def points(self, image: Image, ground: str = WHITE) -> Keypoints:
        return self._known(image, ground if image.alpha else WHITE)

    def _points(self, image: Image, ground: str) -> Keypoints:
        if ground != WHITE:
            return of_picture(self.pixels(image, ground))
        data = self._store.get(crops.shown(image))
        if data is None:
            raise sqlite3.DatabaseError("points that were written are gone")
        try:
            return Keypoints.unpacked(data)
        except ValueError as error:
            raise sqlite3.DatabaseError("points that were written cannot be read") from error

    def pixels(self, image: Image, ground: str = WHITE) -> Pixels:
        return self._held(image, ground if image.alpha else WHITE)

    def _pixels(self, image: Image, ground: str) -> Pixels:
        if image.path in self.given_up:
            raise self.given_up[image.path]
        try:
            return self._pictures.apart(_seen, image, ground)
        except GivenUp as bad:
            self.given_up[image.path] = bad
            raise

    def close(self) -> None:
        self._held, self._known = self._pixels, self._points  # what is cached refers to this, and would outlast it
        self._store.close()


class Within:
    """Pictures of a project in a process that opens them: `kept` has the points that another one keeps (Opened).

    Raises LookupError for a picture whose points are not there.
    """

    def __init__(self, pictures: Pictures, path: Path, stamp: str) -> None:
        self._pictures, self._kept = pictures, Lookup(path, _POINTS, _stamp(stamp), _PATIENCE)
        self._held: Callable[[Image, str], Pixels] = lru_cache(maxsize=_HELD_WITHIN)(partial(_seen, pictures))
        self._known: Callable[[Image, str], Keypoints] = lru_cache(maxsize=_HELD_WITHIN)(self._points)

    def points(self, image: Image, ground: str = WHITE) -> Keypoints:
        return self._known(image, ground if image.alpha else WHITE)

    def _points(self, image: Image, ground: str) -> Keypoints:
        if ground != WHITE:
            return of_picture(self.pixels(image, ground))
        if (data := self._kept.get(crops.shown(image))) is None:
            raise LookupError(image.path)
        return Keypoints.unpacked(data)

    def pixels(self, image: Image, ground: str = WHITE) -> Pixels:
        return self._held(image, ground if image.alpha else WHITE)


_HELD = 256  # pictures and sets of points held at once: about 150 MB
_HELD_WITHIN = 64  # the same in each of several processes
_POINTS = "points"  # in the file of what is kept
_PATIENCE = 30  # seconds: without its points no pair of a scene can be read ahead, and a busy disk writes slowly


def _stamp(stamp: str) -> str:
    return f"{_VERSION} {stamp}"


def _seen(pictures: Pictures, image: Image, ground: str = WHITE) -> Pixels:
    if ground == WHITE:
        shown = pictures.small(image)
    else:
        shown = pictures.upright(image, ground, SIDE) if ground != BARE else pictures.opaque(image, SIDE)
    return reduced(np.asarray(shown, np.uint8))


def _points_of(pictures: Pictures, image: Image) -> bytes:
    return of_picture(_seen(pictures, image)).packed()
