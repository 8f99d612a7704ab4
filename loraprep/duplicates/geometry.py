"""How one picture lies over another: by points they share, then laid over each other in one frame and one tone.

Matching as Lowe (2004) has it, one to one; a similarity by RANSAC (Fischler and Bolles 1981), both OpenCV's. OpenCV is
given one thread and a fixed seed, so that the same two pictures always give the same answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loraprep.core.records import Lying
from loraprep.duplicates.index import LEAST
from loraprep.duplicates.keypoints import Keypoints, Pixels, of_picture, reduced

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
Matrix = NDArray[np.float64]  # (2, 3): where a place of the second lies in the first, px; a pixel is from 0 to 1

_RATIO = 0.8  # Lowe's: the second best match must be so much farther
_WITHIN = 3.0  # px of 512 by which a point may miss its place
ENOUGH = 8  # points in place, below which it may be chance; false pairs reach 7 (tests/benchmarks/copies.py)
_SCALES = (0.15, 6.0)  # outside of it all points fell on one place
CANVAS = 256  # px, longer side of what both show: a mouth of 3 % of the side is still eight pixels
_LEAST = 24  # px of the first picture that both must show, each way
_SHAPES = 0.03  # by how much the shapes of pictures may differ that lie on each other without points to tell
DIFFERS = 10.0  # of 255, beyond half a pixel: what saving a JPEG at quality 20 leaves stays below
_GREY = 12  # of 255: without so strong a colour in a thousandth of it a picture is grey, and lightness alone compared
_BINS = 32  # quantiles of a tone curve
_AROUND = 4  # px of the canvas, around what is looked at more closely
_CLIPPED = 2  # of 255, from black and white
_APART = 8  # of 255, between levels that tell a curve's form
_ROUNDS = 4  # of reweighting
_STEPS = 20  # towards where two pictures correlate most
_SOME = 6000  # pixels that it is taken from
NOT_KNOWN = Lying()
DRAWN = 2.0  # of 255 per px: an edge, and no soft ground
_REACH = 0.5  # px of the canvas by which resampling may move an edge
_THIRDS = np.full((1, 3), 1 / 3, np.float32)


@dataclass(frozen=True, slots=True)
class Similarity:
    """Where one picture lies in another, held by so many `points`, different places of both; 0: perhaps there."""

    matrix: Matrix
    points: int


@dataclass(frozen=True, slots=True)
class Tone:
    """What brings one of two pictures into the other's tone: nothing, or a curve for each channel.

    `moved`: 0 or 1, whose tone it is; -1: nobody's. `table`: (256, 3), what each level becomes.
    """

    moved: int = -1
    table: NDArray[np.uint8] | None = None

    def of(self, first: Pixels, second: Pixels) -> tuple[Pixels, Pixels]:
        """Give two pictures in one tone."""
        from loraprep.imaging.opencv import cv2

        if self.table is None:
            return first, second
        moved = cv2.LUT((first, second)[self.moved], self.table[None])
        return (first, moved) if self.moved else (moved, second)


@dataclass(frozen=True, slots=True)
class Laid:
    """Two pictures in one frame: what both show of the first one, at most CANVAS px.

    `first`, `second`: (h, w, 3), 0..255, slightly softened, the second in the first's tone (or the other way round);
    `inside`: where both are; `residual`: (h, w), by how much they differ beyond half a pixel,
    mean of the channels. `tone`: what was done for that; `toned`: by how much it moved what is drawn, 0..255.
    `matrix`: from the second, mirrored first if so, to the first; `box`: left, top, right, bottom of the canvas in the
    first, px. `points` that are in place; 0 if none say so. `covers`: the shares of the first
    and of the second picture that both show. `lighter`, `gain`, `tint`: how much brighter (luma, -1..1), by what
    factor, and how far in colour (Delta a*b*; 0 if one is grey) the second is: the middle of all, or of what is drawn,
    whichever is more.
    """

    first: Plane
    second: Plane
    inside: Mask
    residual: Plane
    tone: Tone
    toned: float
    matrix: Matrix
    box: tuple[int, int, int, int]
    mirrored: bool
    points: int
    covers: tuple[float, float]
    lighter: float
    gain: float
    tint: float
    place: tuple[float, ...]  # Lying.place
    grey: bool  # one of them alone is, so that lightness alone is compared

    @property
    def turn(self) -> float:
        """By how many degrees the second is turned in the first, -180..180; clockwise is positive."""
        return float(np.degrees(np.arctan2(self.matrix[1, 0], self.matrix[0, 0])))


@dataclass(frozen=True, slots=True)
class Close:
    """A part of two pictures at one size: (h, w, 3), 0..255, and by how much they differ beyond half a pixel.

    `where`: that part of it, and not what is around it; `side`: the longer side of what both pictures show, px.
    """

    first: Plane
    second: Plane
    residual: Plane
    where: Mask
    side: int


def lay(a: Pixels, b: Pixels, held: Similarity | None, *, mirrored: bool, whole: bool) -> Laid | None:
    """Lay `b`, mirrored first if so, over `a` where `held` says; None if they have no geometry in common.

    `whole`: where points say nothing, try them on each other as they are.
    """
    if mirrored:
        b = np.ascontiguousarray(b[:, ::-1])
    laid = [_laid(a, b, held.matrix, mirrored, held.points)] if held else []
    shapes = abs(np.log(a.shape[1] / a.shape[0] * b.shape[0] / b.shape[1]))
    if whole and shapes < _SHAPES and (not laid or laid[0] is None or not laid[0].points or _misfit(laid[0]) > 1):
        stretched = np.array([[a.shape[1] / b.shape[1], 0, 0], [0, a.shape[0] / b.shape[0], 0]])
        laid.append(_laid(a, b, stretched, mirrored, 0))
    fits = [one for one in laid if one is not None]
    if len(fits) < 2:
        return fits[0] if fits else None
    # on a plain ground the middle is the same however they lie
    return min(fits, key=lambda one: (_misfit(one), _misfits(one.residual[one.inside])))


def nearer(laid: Laid, a: Pixels, b: Pixels) -> Laid | None:
    """Lay them over each other so that they correlate most, from where they lie; None if that fits no better.

    Points are in place within _WITHIN px, and where they are few, on one side or all in one corner, what is far from
    them lies farther off: Evangelidis and Psarakis (2008), "Parametric image alignment using enhanced correlation
    coefficient maximization". `a`, `b`: as given to `lay`.
    """
    from loraprep.imaging.opencv import cv2

    if laid.mirrored:
        b = np.ascontiguousarray(b[:, ::-1])
    planes = [cv2.cvtColor(plane, cv2.COLOR_RGB2GRAY) for plane in (laid.first, laid.second)]
    start, stop = np.eye(2, 3, dtype=np.float32), (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_COUNT, _STEPS, 1e-4)
    try:
        _, step = cv2.findTransformECC(*planes, start, cv2.MOTION_AFFINE, stop, laid.inside.astype(np.uint8), 1)
    except cv2.error:  # it moved away from where they correlate at all
        return None
    left, top, right, bottom = laid.box
    height, width = laid.residual.shape
    to_canvas = np.diag([width / (right - left), height / (bottom - top), 1.0])
    to_canvas[:2, 2] = -to_canvas[:2, :2] @ (left, top)
    moved = np.vstack([step, (0, 0, 1)]).astype(np.float64)
    moved[:2, 2] += 0.5 - moved[:2, :2] @ (0.5, 0.5)  # OpenCV counts from the middle of a pixel
    lies = np.linalg.inv(to_canvas) @ np.linalg.inv(moved) @ to_canvas @ np.vstack([laid.matrix, (0, 0, 1)])
    found = _laid(a, b, np.ascontiguousarray(lies[:2]), laid.mirrored, laid.points)
    return found if found and _misfits(found.residual[found.inside]) < _misfits(laid.residual[laid.inside]) else None


def lay_over(first: Pixels, second: Pixels, lying: Lying) -> Laid | None:
    """Lay pictures of at most keypoints.SIDE px over each other, as they are known to lie or however it can be done."""
    if lying.place:
        known = Similarity(_matrix(lying.place, first.shape, second.shape), ENOUGH)
        if laid := lay(first, second, known, mirrored=lying.mirrored, whole=False):
            return laid
    held = similarity(_points(first.shape, first.tobytes()), of_picture(second), mirrored=lying.mirrored)
    return lay(first, second, held, mirrored=lying.mirrored, whole=True)


def _place(matrix: Matrix, first: tuple[int, ...], second: tuple[int, ...]) -> tuple[float, ...]:
    """Turn a matrix between pictures of these shapes into Lying.place."""
    linear = matrix[:, :2] * max(second[:2]) / max(first[:2])
    shift = (matrix[:, :2] @ _middle(second) + matrix[:, 2] - _middle(first)) / max(first[:2])
    return tuple(round(float(v), 6) for v in np.column_stack([linear, shift]).ravel())


def _matrix(place: tuple[float, ...], first: tuple[int, ...], second: tuple[int, ...]) -> Matrix:
    """Undo `_place`."""
    six = np.array(place).reshape(2, 3)
    linear = six[:, :2] * max(first[:2]) / max(second[:2])
    return np.column_stack([linear, six[:, 2] * max(first[:2]) + _middle(first) - linear @ _middle(second)])


def _middle(shape: tuple[int, ...]) -> NDArray[np.float64]:
    return np.array([shape[1] / 2, shape[0] / 2])


@lru_cache(maxsize=1)
def _points(shape: tuple[int, ...], data: bytes) -> Keypoints:
    """Find the points of a picture; others are laid over the best of a group one after the other."""
    return of_picture(np.frombuffer(data, np.uint8).reshape(shape))


def _misfit(laid: Laid) -> float:
    return ranked(laid.residual[laid.inside], 50)[0]


def similarity(first: Keypoints, second: Keypoints, *, mirrored: bool, perhaps: bool = False) -> Similarity | None:
    """Find where the second picture, mirrored first if so, lies in the first; None if that is unsure.

    If that is enough (`perhaps`), points whose second best match is nearly as good are taken as well then, and fewer of
    them, as little pictures and those of one shape again and again have hardly any others: where that leads says
    nothing by itself, and `points` is 0.
    """
    if mirrored:
        second = second.mirrored()
    clear, rest = _matches(first.units(), second.units(), (_RATIO, 1.0))
    if found := _in_place(first, second, clear, ENOUGH):
        return found
    found = _in_place(first, second, rest, LEAST) if perhaps else None
    return replace(found, points=0) if found else None


def _in_place(first: Keypoints, second: Keypoints, pairs: NDArray[np.intp], least: int) -> Similarity | None:
    """Where the second lies in the first by the most of these pairs of points, if that is `least` and more."""
    from loraprep.imaging.opencv import cv2

    if len(pairs) < least:
        return None
    here, there = first.places[pairs[:, 0], :2], second.places[pairs[:, 1], :2]
    cv2.setRNGSeed(1)
    matrix, held = cv2.estimateAffinePartial2D(there, here, method=cv2.RANSAC, ransacReprojThreshold=_WITHIN)
    if matrix is None:
        return None
    held = held.ravel().astype(bool)
    count = min(len(np.unique(np.round(places[held]), axis=0)) for places in (here, there))
    scale = _scale(matrix)
    if count < least or not _SCALES[0] < scale < _SCALES[1]:
        return None
    matrix[:, 2] += 0.5 - matrix[:, :2] @ (0.5, 0.5)  # OpenCV counts from the middle of a pixel
    return Similarity(matrix, count)


def _matches(first: Plane, second: Plane, ratios: tuple[float, ...]) -> list[NDArray[np.intp]]:
    """Rows (i, j) of descriptors that are each other's best, and clearly: by each of these `ratios` of distances."""
    if min(len(first), len(second)) < 2:
        return [np.zeros((0, 2), np.intp) for _ in ratios]
    from loraprep.imaging.opencv import cv2

    # in one thread, as processes of ours have it, it takes a third of the time of OpenCV's product
    alike: Plane = first @ second.T
    rows, best = np.arange(len(alike)), alike.argmax(axis=1)
    most = alike[rows, best]
    mutual = cv2.transpose(alike).argmax(axis=1)[best] == rows  # numpy takes twice as long across the rows
    alike[rows, best] = -1
    # squared distance of unit vectors: 2 - 2 cos
    nearest, next_best = 1 - most, 1 - alike.max(axis=1)
    pairs: NDArray[np.intp] = np.stack([rows, best], axis=1)
    return [pairs[mutual & (nearest < ratio**2 * next_best)] for ratio in ratios]


def _laid(a: Pixels, b: Pixels, matrix: Matrix, mirrored: bool, points: int) -> Laid | None:
    from loraprep.imaging.opencv import cv2

    (high, wide), (height, width) = a.shape[:2], b.shape[:2]
    scale = _scale(matrix)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)]) @ matrix[:, :2].T + matrix[:, 2]
    left, top = (int(max(0, np.floor(corners[:, n].min()))) for n in (0, 1))
    right, bottom = (int(min(end, np.ceil(corners[:, n].max()))) for n, end in ((0, wide), (1, high)))
    if min(right - left, bottom - top) < _LEAST:
        return None
    # the coarser of the two decides how fine both are seen
    fine = min(1.0, 1 / scale, CANVAS / max(right - left, bottom - top))
    size = max(8, round((right - left) * fine)), max(8, round((bottom - top) * fine))
    to_canvas = np.diag([size[0] / (right - left), size[1] / (bottom - top)])
    one = cv2.resize(a[top:bottom, left:right], size, interpolation=cv2.INTER_AREA)
    other, inside = _warped(b, to_canvas @ matrix[:, :2], to_canvas @ (matrix[:, 2] - (left, top)), size)
    if inside.sum() < _LEAST**2 / 4:
        return None
    # of the frames, exactly: `inside` is without its rim, which of a canvas this small would be a cut of some percent
    frame = np.array([(0, 0), (wide, 0), (wide, high), (0, high)], np.float32)
    seen = float(cv2.intersectConvexConvex(frame, corners.astype(np.float32))[0])
    drawn = _drawn(one, other) & inside
    # of what is drawn and of all: a figure may stand on a plain ground, and a sky is soft
    lights = [_light(one, other, where) for where in (drawn, inside) if where.any()]
    lighter, gain, tint = (max(parts, key=abs) for parts in zip(*lights, strict=True))
    grey = is_grey(a) != is_grey(b)
    if grey:
        one, other = (np.repeat(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2) for p in (one, other))
    first, second, residual, tone, toned = _in_one_tone(one, other, inside, drawn)
    return Laid(
        first=first,
        second=second,
        inside=inside,
        residual=residual,
        tone=tone,
        toned=toned,
        matrix=matrix,
        box=(left, top, right, bottom),
        mirrored=mirrored,
        points=points,
        covers=(seen / (wide * high), seen / (width * height * scale**2)),
        lighter=lighter,
        gain=math.exp(gain),
        tint=0.0 if grey else tint,
        place=_place(matrix, a.shape, b.shape),
        grey=grey,
    )


def _drawn(one: Pixels, other: Pixels) -> Mask:
    """Where either has an edge."""
    from loraprep.imaging.opencv import cv2

    steep: list[Plane] = [gradient(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY)) for p in (one, other)]
    drawn: Mask = cv2.max(*steep) > DRAWN
    return drawn


def _light(one: Pixels, other: Pixels, where: Mask) -> tuple[float, float, float]:
    """How much lighter (luma, -1..1), by what factor (its logarithm), and how far in colour (a*b*) the second is.

    In the middle of what each place of a part differs by: another figure on the same ground is no other light.
    """
    from loraprep.imaging.opencv import cv2

    some = np.flatnonzero(where)  # numpy takes rows in a third of the time by `take`
    some = some[:: 1 + len(some) // _SOME]
    light, colours = [], []
    for picture in (one, other):
        pixels = picture.reshape(-1, 3).take(some, axis=0)[None]
        light.append(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[0].astype(np.float32))
        colours.append(cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)[0, :, 1:].astype(np.float32))
    before, after = light
    lighter, gain = ranked(after - before, 50)[0] / 255, math.log(ranked((after + 8) / (before + 8), 50)[0])
    green, blue = (ranked(axis, 50)[0] for axis in (colours[1] - colours[0]).T)
    return lighter, gain, float(np.hypot(green, blue))


def closer(laid: Laid, first: Pixels, second: Pixels, where: Mask) -> Close:
    """What is around `where` on the canvas, in one tone, at the size of the coarser of two pictures.

    What only the finer one shows is no mark. What all around it differs by is tone and none, and is taken off.
    """
    from loraprep.imaging.opencv import cv2

    left, top, right, bottom = laid.box
    coarser = max(1.0, _scale(laid.matrix))
    size = max(1, round((right - left) / coarser)), max(1, round((bottom - top) / coarser))
    around, further = (
        cv2.resize(
            cv2.dilate(where.astype(np.uint8), np.ones((2 * by + 1, 2 * by + 1), np.uint8)),
            size,
            interpolation=cv2.INTER_NEAREST,
        )
        for by in (_AROUND, 2 * _AROUND)
    )
    x, y, width, height = cv2.boundingRect(further)
    part = around[y : y + height, x : x + width].astype(bool)
    if laid.mirrored:
        second = np.ascontiguousarray(second[:, ::-1])
    smaller = np.diag([size[0] / (right - left), size[1] / (bottom - top)])
    shift = smaller @ (laid.matrix[:, 2] - (left, top)) - (x, y)
    moved, inside = _warped(second, smaller @ laid.matrix[:, :2], shift, (width, height))
    whole = first[top:bottom, left:right]
    if coarser > 1:
        whole = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
    parts = [np.ascontiguousarray(whole[y : y + height, x : x + width]), moved]
    if laid.grey:
        parts = [np.repeat(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2) for p in parts]
    toned = laid.tone.of(*parts)
    apart = _beyond(*toned)
    one, other = (p.astype(np.float32) for p in toned)
    rest = inside & ~part
    apart -= np.median(apart[rest]) if rest.any() else 0
    apart = np.where(inside, np.maximum(apart, 0), 0).astype(np.float32)
    return Close(one, other, apart, part & inside, max(size))


def _scale(linear: Matrix) -> float:
    """How many px of the first one px of the second is."""
    return float(np.sqrt(abs(np.linalg.det(linear[:, :2]))))


def _warped(b: Pixels, linear: Matrix, shift: Matrix, size: tuple[int, int]) -> tuple[Pixels, Mask]:
    """`b` where it lies on the canvas, averaged down first if it is finer, and where it is there at all."""
    from loraprep.imaging.opencv import cv2

    scale = min(1.0, _scale(linear))
    height, width = b.shape[:2]
    small = b
    if scale < 1:
        reduced_to = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(b, reduced_to, interpolation=cv2.INTER_AREA)
    linear = linear @ np.diag([width / small.shape[1], height / small.shape[0]])
    affine = np.column_stack([linear, shift + linear @ (0.5, 0.5) - 0.5])
    moved = cv2.warpAffine(small, affine, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    full = np.full(small.shape[:2], 255, np.uint8)
    there = (cv2.warpAffine(full, affine, size, flags=cv2.INTER_LINEAR) > 250).astype(np.uint8)
    there = cv2.erode(there, np.ones((5, 5), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=1)  # softening
    return moved, there.astype(bool)


def is_grey(pixels: Pixels) -> bool:
    from loraprep.imaging.opencv import cv2

    red, green, blue = cv2.split(np.ascontiguousarray(pixels[::4, ::4]))
    colour = cv2.subtract(cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue))
    return bool(np.count_nonzero(colour >= _GREY) <= colour.size / 1000)


def ranked(values: NDArray[Any], *percents: float) -> list[float]:
    """Return percentiles as numpy.percentile does, by sorting, which takes numpy a fifth of the time."""
    ordered = np.sort(values, axis=None)
    found = []
    for percent in percents:
        place = percent / 100 * (len(ordered) - 1)
        low = int(place)
        before, after = float(ordered[low]), float(ordered[min(low + 1, len(ordered) - 1)])
        found.append(before + (after - before) * (place - low))
    return found


def _in_one_tone(one: Pixels, other: Pixels, inside: Mask, drawn: Mask) -> tuple[Plane, Plane, Plane, Tone, float]:
    """Both softened, one in the other's tone, the residual, that tone, and how far it was moved.

    Of the two ways round the one that fits better, if it fits better than with both as they are: where a figure is
    another and the ground the same, a curve may bring the figures nearer and take the grounds apart.

    A brightened picture is clipped: it follows from the original, never the reverse.
    """
    from loraprep.imaging.opencv import cv2

    a, b = cv2.GaussianBlur(one, (3, 3), 0), cv2.GaussianBlur(other, (3, 3), 0)
    some = np.flatnonzero(inside)
    some = some[:: 1 + len(some) // _SOME]
    ways = []
    for tone in (Tone(), *map(Tone, (1, 0), _tables(b, a, some))):
        first, second = tone.of(a, b)
        ways.append((first, second, _beyond(second, first) if tone.moved == 0 else _beyond(first, second), tone))
    first, second, beyond, tone = min(ways, key=lambda way: _misfits(way[2].ravel()[some]))
    # the middle of what is drawn: a ground may be the same around what was painted anew
    moved = _mean(cv2.add(cv2.absdiff(first, a), cv2.absdiff(second, b)))[drawn]
    toned = ranked(moved, 50)[0] if len(moved) else 0.0
    return first.astype(np.float32), second.astype(np.float32), beyond, tone, toned


def _misfits(residual: Plane) -> float:
    """What they differ by in the mean, where a place that is changed counts no more for being changed a lot."""
    return float(np.minimum(residual, DIFFERS).mean())


def _mean(planes: Pixels) -> Plane:
    """The mean of three channels."""
    from loraprep.imaging.opencv import cv2

    mean: Plane = cv2.transform(planes.astype(np.float32), _THIRDS)
    return mean


def gradient(plane: Plane | Pixels) -> Plane:
    """How steep it is, of the channel where it is steepest; per px."""
    from loraprep.imaging.opencv import cv2

    across, down = (cv2.Sobel(plane, cv2.CV_32F, *way, ksize=3, scale=1 / 8) for way in ((1, 0), (0, 1)))
    size: Plane = cv2.magnitude(across, down)
    if size.ndim == 2:
        return size
    red, green, blue = cv2.split(size)
    steepest: Plane = cv2.max(cv2.max(red, green), blue)
    return steepest


def _tables(one: Pixels, other: Pixels, some: NDArray[np.intp]) -> list[NDArray[np.uint8]]:
    """What each level of each channel becomes: of the first in the second, and of the second in the first, (256, 3).

    By the rising cubic that brings a channel nearest the other's, fitted to medians over quantiles. Robust (Cauchy
    weights, Holland and Welsch 1977), and of few freedoms: a moon in one of the two is a change, though nothing else
    may be as bright. What the target clips at black and white says nothing of the curve. All six are fitted at once.
    `some`: the pixels that they are taken from, counted through all rows.
    """
    levels = [np.ascontiguousarray(p.reshape(-1, p.shape[2]).take(some, axis=0).T) for p in (one, other)]
    x, y = _steps(np.concatenate(levels), np.concatenate(levels[::-1]))
    tables = _curves(x, y).T
    half = tables.shape[1] // 2
    return [np.ascontiguousarray(tables[:, :half]), np.ascontiguousarray(tables[:, half:])]


_Levels = NDArray[np.float64]


def _steps(s: NDArray[np.uint8], t: NDArray[np.uint8]) -> tuple[_Levels, _Levels]:
    """The mean level of each of _BINS quantiles of the sources, (channels, pixels), and the median that it became."""
    order = np.argsort(s, axis=1, kind="stable")  # of bytes, and below of two, numpy counts (radix sort)
    count = s.shape[1]
    ends = np.unique(np.linspace(0, count, min(_BINS, count) + 1).astype(np.int64))
    sizes = np.diff(ends)
    part = np.repeat(np.arange(len(sizes), dtype=np.uint16) << 8, sizes)
    rows = np.arange(len(s))[:, None] * count
    # each part by itself in order: its middle is its median
    became = np.sort(part | t.ravel()[rows + order], axis=1)
    low, high = (became[:, middle] & 255 for middle in ((ends[:-1] + ends[1:] - 1) // 2, (ends[:-1] + ends[1:]) // 2))
    x = np.add.reduceat(np.sort(s, axis=1, kind="stable"), ends[:-1], axis=1, dtype=np.int64) / sizes
    y = (low + high) / 2
    return x, y


def _curves(x: _Levels, y: _Levels) -> NDArray[np.uint8]:
    """What each of the 256 levels becomes, by the steps that are known: (channels, 256)."""
    inner = (np.abs(y - 127.5) < 127.5 - _CLIPPED) | (np.abs(x - 127.5) > 127.5 - _CLIPPED)
    inner[~inner.any(axis=1)] = True
    rounded = np.sort(np.where(inner, np.round(x / _APART), -1), axis=1)
    different = (np.diff(rounded, axis=1, prepend=-1) > 0).sum(axis=1)
    degrees = np.minimum(3, different // 3)  # three levels and more for each freedom
    levels = np.arange(256) / 255
    first, last = (np.where(inner, x, empty) / 255 for empty in (np.inf, -np.inf))
    within = np.clip(levels, first.min(axis=1)[:, None], last.max(axis=1)[:, None])
    curves = within * 255 + _middles(y - x, inner)[:, None]
    for degree in np.unique(degrees[degrees > 0]):
        some = degrees == degree
        curves[some] = _fitted(x[some] / 255, y[some], inner[some], within[some], int(degree))
    curves = np.maximum.accumulate(curves + (levels - within) * 255, axis=1)
    return np.rint(np.clip(curves, 0, 255)).astype(np.uint8)


def _fitted(x: _Levels, y: _Levels, inner: Mask, at: _Levels, degree: int) -> _Levels:
    """Polynomials through steps, row by row, as they are at other places; of x from its middle, which is stable."""
    low, high = at[:, :1], at[:, -1:]
    middle, reach = (low + high) / 2, (high - low) / 2
    powers = np.arange(degree + 1)
    terms = ((x - middle) / reach)[..., None] ** powers
    weights = inner.astype(np.float64)
    for _ in range(_ROUNDS):
        weighed = (terms * weights[..., None]).transpose(0, 2, 1)
        found = np.linalg.solve(weighed @ terms, weighed @ y[..., None])
        apart = np.abs(y - (terms @ found)[..., 0])
        scale = np.maximum(1.0, 1.4826 * _middles(apart, inner))[:, None]
        weights = inner / (1 + (apart / (2.385 * scale)) ** 2)
    curves: _Levels = ((((at - middle) / reach)[..., None] ** powers) @ found)[..., 0]
    return curves


def _middles(values: _Levels, inner: Mask) -> _Levels:
    """The median of each row's inner values, of which each row has one at least."""
    ordered = np.sort(np.where(inner, values, np.inf), axis=1)
    count = inner.sum(axis=1)
    rows = np.arange(len(ordered))
    middles: _Levels = (ordered[rows, (count - 1) // 2] + ordered[rows, count // 2]) / 2
    return middles


def _beyond(target: Pixels, fitted: Pixels) -> Plane:
    """The mean over the channels of what no shift by _REACH px explains."""
    from loraprep.imaging.opencv import cv2

    near = np.ones((3, 3), np.uint8)
    low, high = (  # rounded outwards: a half of a level explains itself
        cv2.addWeighted(bound(fitted, near), _REACH, fitted, 1 - _REACH, outwards)
        for bound, outwards in ((cv2.erode, -0.25), (cv2.dilate, 0.25))
    )
    return _mean(cv2.max(cv2.subtract(target, high), cv2.subtract(low, target)))  # of bytes, none is below 0


def difference(first: Pixels, second: Pixels, lying: Lying = NOT_KNOWN) -> Plane:
    """Where `second`, which lies so, differs from `first` once laid over it: 0..1, in the frame of `first`.

    Of its shape at keypoints.SIDE px at most; what `second` does not show is 0, as is all if they cannot be laid over
    each other. One tone curve for the whole picture is allowed for, and half a pixel of the canvas.
    """
    from loraprep.imaging.opencv import cv2

    a, b = reduced(first), reduced(second)
    laid = lay_over(a, b, lying)
    whole: Plane = np.zeros(a.shape[:2], np.float32)
    if laid is not None:
        left, top, right, bottom = laid.box
        apart = np.where(laid.inside, laid.residual, 0).astype(np.float32) / 255
        whole[top:bottom, left:right] = cv2.resize(apart, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    return whole


def over(first: Pixels, second: Pixels, lying: Lying = NOT_KNOWN) -> Pixels:
    """`second` as it lies over `first`, at the size of `first`; the rest, and all if it lies nowhere, is `first`."""

    a, b = reduced(first), reduced(second)
    laid = lay_over(a, b, lying)
    if laid is None:
        return first
    seen = np.ascontiguousarray(second[:, ::-1]) if lying.mirrored else second
    before, after = b.shape[1] / seen.shape[1], first.shape[1] / a.shape[1]
    linear, shift = laid.matrix[:, :2] * before * after, laid.matrix[:, 2] * after
    moved, inside = _warped(seen, linear, shift, (first.shape[1], first.shape[0]))
    return np.where(inside[..., None], moved, first)
