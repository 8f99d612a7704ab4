"""What two pictures are to each other, read from what is left of one when the other is laid over it. Pure.

Where nothing is left they are copies. Where something is, it was laid over one of them if all edges of what differs are
that one's, and thin: the other's picture goes on underneath and around. That is read at the size of what is looked at,
as letters run into each other on the canvas. It was changed if both have structure of their own there. What is the same
has to hold in the middle, too: a frame, a logo or a ground around different things is no scene. Every threshold is from
tests/benchmarks/copies.py, part `develop`; what lies near one is a question.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from loraprep.duplicates.geometry import DIFFERS, DRAWN, ENOUGH, Close, Laid, Mask, Plane, gradient, ranked

Relation = Literal["copy", "variant"]

OTHER_LIGHT = 0.22  # mean luma moved by more than this share of the range: another time of day
OTHER_GAIN = 1.6  # or multiplied by this, which is what night does to a dark picture
OTHER_COLOUR = 14.0  # mean a*b* moved by more than this: another season
_LEAST_SPOT = 12  # px of the canvas: a closed eye
_SURELY = 16.0  # a spot that nowhere reaches this is none
_BLOCK = 9  # px of the canvas: a change fills at least such a square
_MOST = 4.0  # of 255, in the 90th pixel of 100 of a copy
_OWNED, _UNSURE = 0.1, 0.25  # share of the edges around what differs that may be the other picture's; too near to half
_COLOURS = 2  # of ink: letters and their outline or shadow
_UNEXPLAINED, _HARDLY = 0.04, 0.08  # share of the squared difference that ink may leave; of a spot drawn anew 0.07 on
# share of the edges in what lies over it that the other has not at all. Where colour or contrast is another, edges are
# those of both; of the marks of develop one in thirty has fewer: a pale one over a texture
_NEW = 0.2
_FLAT = 0.002  # the same with one colour: what is opaque also hides edges of what lies below
_SHINES = 0.2, 0.95  # share of what lies below that goes through, to be seen at all; from which on it is all there
# of the longer side of what both show, a stroke: of ink; of all that differs, where letters across the picture reach
_THIN, _STROKE = 0.05, 0.035  # 0.033, and little things drawn into it begin at 0.041
# times longer than wide, of lettering: half as much again as a spot of a face that is ink alone, which reaches 10,
_STROKES = 16, 36  # in the margin, where signatures are; anywhere more than three tears, which reach 32
_MARGIN = 1 / 7  # of the side
# of letters in a row, which need no more strokes anywhere than in the margin: how many pieces of ink; how many times
# longer than high the row is (a word of six letters), and higher than a stroke is wide, as no line is; and by
# what share of their mean size they differ, which beads of one string hardly do. Of what was drawn anew on develop
# nothing was such a row whose edges are its own
_PIECES, _LONG, _HIGH, _UNEQUAL = 6, 3.0, 3.0, 0.2
# what letters of a fill, an outline and a soft shadow may leave, if all edges are theirs and they are twice as long as
# lettering is at least: whatever was drawn anew on develop either has edges of both or is short
_LAYERED = 0.15
_SURE, _CLEARLY = 3.0, 6.0  # standard errors; once and twice what is beyond chance
_EDGES = 4  # px around what differs, of its rim, of an edge a pixel from that, and of what that is measured by
_BLUR = 9  # px that the softening makes one
_SOME = 2000  # pixels that colours of ink are taken from
_AROUND, _AROUND_WITHOUT = 0.65, 0.9  # share of what is drawn that agrees around it; with no points in common
_SAME, _SAME_INSIDE = 0.4, 0.5  # share of places with structure where it is the same: anywhere, in the middle
# the middle must be the same as much as what is around it, but for so much; or so much, as must be what is drawn, in
# the mean of both: of one scene, develop has 0.10 and 0.73, with a ground in common 0.12 and 0.66
_AS_AROUND, _MOSTLY = 0.1, 0.7
# two things on one ground: a piece of more than a tenth of what both show (figures on a ground begin at 0.14, a face
# ends at 0.09), of which less than half is the same (what is nothing to each other reaches 0.4, a third drawn anew has
# 0.6), and all around it (0.98; around another arm 0.95)
_THING, _ITSELF, _GROUND = 0.1, 0.5, 0.97
_BY_OTHER_LIGHT = 0.15  # the same where light is another: of it come shadows, lamps; what is drawn agrees less then
# share of one of two pictures that both show; less is a caption or a logo, and no scene; and no two parts of one
# picture, of which those of 0.7 of its sides share 0.33 where they lie in opposite corners
_SHARED, _PART = 0.5, 0.3
_SAME_WITHOUT = 0.8
_WITHOUT_POINTS = 0.9  # the same for pictures with no points in common, which only lie on each other
_GAIN_WITHOUT, _COLOUR_WITHOUT = 1.15, 2.3  # 10 % brighter, and what is just noticed (CIE76: Mahy et al. 1994)
_TONED = 2.55 * 2.3  # of 255, what is just noticed (as above): who lays a mark over a picture leaves its tone alone
_STRUCTURE = 9.0  # variance of luma, 0..255, within a block that has any
_LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)  # Rec. 601


@dataclass(frozen=True, slots=True)
class Reading:
    """What a pair is; None: nothing to each other.

    `change`: the mean difference, 0..1, inside the block that differs most. `laid_over`: 0 or 1 if something lies over
    the first or the second, which then is no change; -1 if not. `lettering`: it is of many strokes. `place`: where in
    the first picture they differ, in words. `doubtful`: near a threshold, so both stay and a person is asked.
    """

    relation: Relation | None
    change: float
    agree: float
    mirrored: bool
    turns: int
    covers: tuple[float, float]
    lighter: float
    relit: bool
    tint: float
    laid_over: int = -1
    lettering: bool = False
    place: str = ""
    doubtful: bool = False
    lies: tuple[float, ...] = ()  # Lying.place


def read(laid: Laid, limit: float, closer: Callable[[Mask], Close]) -> Reading:
    """Read the relation of a pair; `limit`: from which difference in one place on, 0..1, they differ.

    `closer`: gives what is around a place of the canvas at the size of the coarser picture (geometry.closer).
    """
    from loraprep.imaging.opencv import cv2

    told = laid.points >= ENOUGH
    ratio = max(laid.gain, 1 / laid.gain)
    relit = abs(laid.lighter) > OTHER_LIGHT or ratio > OTHER_GAIN or laid.tint > OTHER_COLOUR
    first, second = (cv2.transform(plane, _LUMA) for plane in (laid.first, laid.second))
    structure = _structure(first, second, laid.inside)
    same, inside, around = structure.everywhere, structure.inside, structure.around
    residual = np.where(laid.inside, laid.residual, 0).astype(np.float32)
    agree, most = _agreement(residual, first, second, laid.inside), ranked(residual[laid.inside], 90)[0]
    seen = Reading(
        relation=None,
        change=0.0,
        agree=same,
        mirrored=laid.mirrored,
        turns=round(-laid.turn / 90) % 4,
        covers=laid.covers,
        lighter=laid.lighter,
        relit=relit,
        tint=laid.tint,
        lies=laid.place,
    )
    relation: Relation | None = None
    doubtful, over, lettering, sure, new = False, -1, False, False, True
    margin, mostly = (_BY_OTHER_LIGHT, inside) if relit else (_AS_AROUND, (inside + agree) / 2)
    alike = same >= _SAME and max(laid.covers) >= _SHARED
    alike &= inside >= _SAME_INSIDE and (inside >= around - margin or mostly >= _MOSTLY)
    if not told:
        alike = min(same, agree, inside) >= _WITHOUT_POINTS
    may_be_copy = most <= _MOST and (told or same >= _WITHOUT_POINTS)
    if not alike and agree < _AROUND and not may_be_copy:  # nor is it looked for a mark
        return seen
    alike = alike and not (told and _is_another(structure, residual))
    change, changed = _worst(residual, laid.inside), _spots(residual)
    # what resampling and compression leave lies along edges everywhere, a change in one place
    still = 255 * limit * (2 if not changed.any() else 0.5 if _in_one_place(changed) else 1)
    if agree >= _AROUND and changed.any() and _rest(residual, changed, laid.inside) <= _MOST:
        fewest = _STROKES[0] if _in_the_margin(changed) else _STROKES[1]
        toned = laid.toned > _TONED  # it may be painted anew
        near = closer(changed)
        # of a copy whatever is over it is no mark, but it may be how one of them was reduced
        mark = (_differ if told and may_be_copy and change <= still else _laid_over)(near, fewest)
        if mark.nothing:  # what only the reduced pictures differ in is how they were reduced
            residual[changed] = 0
            changed[:] = False
            change, still = _worst(residual, laid.inside), 255 * limit * 2
        over, lettering, sure, new = mark.over, mark.lettering, mark.sure and not toned, mark.new
    if not told and over >= 0:
        # be it clearly letters: what is below them may be another sign on the same paper, too pale to differ
        kept = structure.kept(1 - over, ~_wider(changed.astype(np.uint8), _BLOCK).astype(bool))
        if kept < _WITHOUT_POINTS or (not sure and (agree < _AROUND_WITHOUT or same < _SAME_WITHOUT)):
            over, sure = -1, False
    if not told and not sure and (ratio > _GAIN_WITHOUT or laid.tint > _COLOUR_WITHOUT):
        over, alike = -1, False  # a curve for each channel makes any two soft pictures of one shape the same
    elif change <= still and may_be_copy:
        relation, over = "copy", -1
    elif over >= 0 and (sure or (alike and new)):
        relation, doubtful, over = ("copy" if sure else "variant"), not sure, over if new else -1
    elif alike:
        relation, over = "variant", -1
    if relation == "copy" and relit:
        relation = "variant"
    if max(laid.covers) < _PART:
        relation = None
    return replace(
        seen,
        relation=relation,
        change=change / 255,
        laid_over=over if relation else -1,
        lettering=lettering and over >= 0,
        place=_place(changed) if relation and changed.any() else "",
        doubtful=doubtful,
    )


def is_near(seen: Reading, laid: Laid) -> bool:
    """Would it be another reading if they lay on each other a little better: is the structure the same as in copies?"""
    if seen.agree < _WITHOUT_POINTS or (seen.relation == "copy" and seen.laid_over < 0):
        return False
    return seen.relation == "variant" or not laid.points


def _worst(residual: Plane, inside: Mask) -> float:
    """The largest mean of a block, 0..255."""
    from loraprep.imaging.opencv import cv2

    return float(cv2.blur(residual, (_BLOCK, _BLOCK))[inside].max())


def _spots(residual: Plane) -> Mask:
    """Where they differ, without what nowhere differs much or is of three pixels."""
    from loraprep.imaging.opencv import cv2

    differs = (residual > DIFFERS).astype(np.uint8)
    count, labels, facts, _ = cv2.connectedComponentsWithStats(differs, connectivity=8)
    surely = np.bincount(labels[residual > _SURELY], minlength=count) > 0
    kept = (facts[:, cv2.CC_STAT_AREA] > 3) & surely
    kept[0] = False
    spots: Mask = kept[labels]
    return spots


def _peaks(labels: NDArray[np.int32], residual: Plane, count: int) -> NDArray[np.float32]:
    """The most that each of `count` spots differs by; 0 for what is in none."""
    there = labels > 0
    spots = labels[there]
    order = np.argsort(spots, kind="stable")
    spots = spots[order]
    peaks = np.zeros(count, np.float32)
    if len(spots):
        starts = np.flatnonzero(np.diff(spots, prepend=0))
        peaks[spots[starts]] = np.maximum.reduceat(residual[there][order], starts)
    return peaks


def _in_one_place(changed: Mask) -> bool:
    """Does all that differs, but for a twentieth at either end, lie within a third of the sides?"""
    height, width = changed.shape
    spans = (_bulk(changed.sum(axis=axis), size) for axis, size in ((1, height), (0, width)))
    return bool(changed.sum() >= _LEAST_SPOT) and all(end - start < 1 / 3 for start, end in spans)


def _in_the_margin(changed: Mask) -> bool:
    """Does all that differs lie along one edge?"""
    rows, columns = (np.flatnonzero(changed.any(axis=axis)) / changed.shape[1 - axis] for axis in (1, 0))
    return any(float(far) < _MARGIN for at in (rows, columns) for far in (at[-1], 1 - at[0]))


def _wider(plane: NDArray[Any], side: int = 3) -> NDArray[Any]:
    from loraprep.imaging.opencv import cv2

    wide: NDArray[Any] = cv2.dilate(plane, np.ones((side, side), np.uint8))
    return wide


def _rest(residual: Plane, changed: Mask, inside: Mask) -> float:
    """By how much they differ, 0..255, in the 90th pixel of 100 of what does not."""
    rest = inside & ~_wider(changed.astype(np.uint8)).astype(bool)
    return ranked(residual[rest], 90)[0] if rest.any() else 255.0


@dataclass(frozen=True, slots=True)
class _Mark:
    """Over which picture something lies, 0 or 1, or -1; is it letters, is it clearly a mark, and is it `new` there?

    `nothing`: seen closer, they do not differ.
    """

    over: int
    lettering: bool = False
    sure: bool = False
    nothing: bool = False
    new: bool = True


_NO_MARK, _NOTHING = _Mark(-1), _Mark(-1, nothing=True)


def _laid_over(near: Close, fewest: float) -> _Mark:
    """Tell whether what differs was laid over one of them.

    What is laid over a picture mixes it with the ink: I' = (1 - a) I + a C at each place, with a few colours C for all
    of it (Porter and Duff 1984, "Compositing digital images"; for watermarks Dekel et al. 2017, "On the effectiveness
    of visible watermarks"). It is thin, and the edges around it are its own, unless what lies below shows through.
    """
    from loraprep.imaging.opencv import cv2

    spots = _spots(near.residual) & near.where
    if not spots.any():
        return _NOTHING
    near, spots = _cropped(near, spots)
    ink = _ink(near.residual, spots)
    wide = spots.astype(np.uint8)
    rim = (_wider(wide) - cv2.erode(wide, np.ones((3, 3), np.uint8))).astype(bool)
    edges = gradient(near.first), gradient(near.second)
    # an edge of one that no edge of the other explains, be it a pixel away
    mine, theirs = (float(np.maximum(0, a - _wider(b))[rim].sum()) for a, b in (edges, edges[::-1]))
    foreign = min(mine, theirs) / max(mine + theirs, 1e-6)
    pixels = near.first[ink], near.second[ink]
    over = int(theirs > mine)
    if foreign <= _OWNED:
        way = _composed(*(pixels if over else pixels[::-1]))
    else:
        ways = [_composed(*pixels), _composed(*pixels[::-1])]  # over the second, over the first
        # if one colour explains it either way, there is little below, and the edges are those of what is over it
        if foreign > _UNSURE and max(way.alone for way in ways) > _FLAT:
            over = int(ways[0].alone <= ways[1].alone)
        if ways[0].surely >= _CLEARLY and ways[0].shines != ways[1].shines:
            over = int(ways[0].shines)  # pale ink takes edges away, too: what lies below is the stronger of the two
        way = ways[1 - over]
    if way.left > (_LAYERED if foreign <= _OWNED else _HARDLY):
        return _NO_MARK
    clearly = way.surely >= _CLEARLY and way.shines
    if way.alone <= _UNEXPLAINED:  # by how much of the one colour is there: on a ground like it little differs
        ink |= _matte(*((near.first, near.second), (near.second, near.first))[1 - over], spots, way.colour)
    thick, strokes = _strokes(ink)
    if thick > _THIN * near.side:
        return _NO_MARK
    letters = _in_a_row(ink, strokes)
    if clearly or letters:
        fewest = min(fewest, _STROKES[0])  # nobody who paints a spot anew lets what was there show through
    many = strokes >= fewest and _extent(ink)[0] >= _HIGH * math.sqrt(ink.sum() / strokes)  # and no line
    hides = way.alone <= _FLAT and many and (foreign <= _UNSURE or letters)
    broad = _strokes(spots)[0] / near.side
    layered = foreign <= _OWNED and (letters or strokes >= 2 * _STROKES[1]) and broad <= _STROKE
    hardly, unexplained = (_LAYERED, _LAYERED) if layered else (_HARDLY, _UNEXPLAINED)
    if way.left > hardly or not (foreign <= _UNSURE or way.shines or hides):
        return _NO_MARK
    own = foreign <= _OWNED or way.shines or hides
    # and not the outline of something; letters run into each other where they have a soft shadow
    thin = broad <= (_THIN if letters else _STROKE)
    sure = bool(many and own and thin and way.left <= unexplained)
    new = (mine, theirs)[over] >= _NEW * float(edges[over][rim].sum())
    return _Mark(over, many and (sure or letters), sure, new=new)


def _differ(near: Close, _: float) -> _Mark:
    """Tell only whether they differ, seen closer."""
    return _NO_MARK if (_spots(near.residual) & near.where).any() else _NOTHING


def _cropped(near: Close, spots: Mask) -> tuple[Close, Mask]:
    """What is around the spots, as far as edges around them are looked at."""
    from loraprep.imaging.opencv import cv2

    left, top, width, height = cv2.boundingRect(spots.astype(np.uint8))
    part = np.s_[max(0, top - _EDGES) : top + height + _EDGES, max(0, left - _EDGES) : left + width + _EDGES]
    first, second, residual = (np.ascontiguousarray(plane[part]) for plane in (near.first, near.second, near.residual))
    return Close(first, second, residual, near.where[part], near.side), np.ascontiguousarray(spots[part])


def _strokes(ink: Mask) -> tuple[float, float]:
    """(how thick it is, px, and how many times longer than thick).

    By the depth at twice the size: from middle to middle of pixels a line of one is as deep as one of two.
    """
    from loraprep.imaging.opencv import cv2

    double = cv2.resize(ink.astype(np.uint8), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    depth = cv2.distanceTransform(double, cv2.DIST_L2, 3)[double.astype(bool)]
    most, usual = ranked(depth, 98, 80)
    return most, float(ink.sum()) / usual**2


def _in_a_row(ink: Mask, strokes: float) -> bool:
    """Is it of several pieces of unequal size, one beside the other along a line, as letters are?

    `strokes`: how many times longer than wide it is.
    """
    from loraprep.imaging.opencv import cv2

    _, labels, facts, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    sizes = facts[:, cv2.CC_STAT_AREA]
    pieces = sizes > 3  # as in _spots
    pieces[0] = False
    if pieces.sum() < _PIECES or sizes[pieces].std() < _UNEQUAL * sizes[pieces].mean():
        return False
    high, long = _extent(pieces[labels])
    return bool(long >= _LONG * high and high >= _HIGH * np.sqrt(ink.sum() / strokes))


def _extent(ink: Mask) -> tuple[float, float]:
    """The sides of the least rectangle around it, however it is turned; px, the shorter first."""
    from loraprep.imaging.opencv import cv2

    rows, columns = np.nonzero(ink)
    sides = cv2.minAreaRect(np.column_stack([columns, rows]).astype(np.float32))[1]
    high, long = (side + 1 for side in sorted(sides))  # from middle to middle of the outermost pixels
    return high, long


def _ink(residual: Plane, changed: Mask) -> Mask:
    """What differs by more than half of the most that its spot does: without the soft edge that scaling leaves."""
    from loraprep.imaging.opencv import cv2

    count, labels = cv2.connectedComponents(changed.astype(np.uint8), connectivity=8)
    peaks = _peaks(labels, residual, count)
    ink: Mask = changed & (residual > peaks[labels] / 2)
    return ink


@dataclass(frozen=True, slots=True)
class _Composed:
    """How well ink over one set of pixels makes another: the share of the squared difference that is `left` with
    _COLOURS of ink, with one `alone`, how much of what lies below goes `through` it, 0..1, and how `surely` that is no
    chance, in standard errors of a correlation (Fisher 1915) over places that do not share a pixel's blur; the `colour`
    that explains most alone."""

    left: float
    alone: float
    through: float
    surely: float
    colour: Plane

    @property
    def shines(self) -> bool:
        """Does what lies below show through, and more than by chance?"""
        return _SHINES[0] <= self.through < _SHINES[1] and self.surely >= _SURE


def _composed(below: Plane, above: Plane) -> _Composed:
    """Explain `above`, (n, 3), as ink over `below`."""
    from loraprep.imaging.opencv import cv2

    step = above - below
    whole = float((step * step).sum())
    if whole < 1:
        return _Composed(0, 0, 0, 0, np.zeros(3, np.float32))
    some = np.ascontiguousarray(above[:: 1 + len(above) // _SOME])
    cv2.setRNGSeed(1)
    stop = cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 1.0
    centres = some
    if len(some) > 1:  # of a single pixel OpenCV would take each channel for one
        _, _, centres = cv2.kmeans(some, min(6, len(some)), None, stop, 1, cv2.KMEANS_PP_CENTERS)
    mean, mean_above = below.mean(axis=0), above.mean(axis=0)
    spread, other = below - mean, above - mean_above
    both, own = float((spread * other).sum()), float((spread * spread).sum())
    alike = both / max(np.sqrt(own * float((other * other).sum())), 1e-6)
    surely = float(np.arctanh(min(alike, 0.999))) * np.sqrt(max(len(step) / _BLUR - 3, 0.0))
    through = both / max(own, 1e-6)
    through = min(max(through, 0.0), _SHINES[1])
    behind = np.clip((mean_above - through * mean) / (1 - through), 0, 255)
    colours = np.stack([*centres, behind, np.zeros(3), np.full(3, 255.0)]).astype(np.float32)
    left = _left(below.astype(np.float64), step.astype(np.float64), colours.astype(np.float64))
    best, found, chosen = np.full(len(step), np.inf), [], []
    for _ in range(_COLOURS):
        better = np.minimum(left, best)
        chosen.append(int(better.sum(axis=1).argmin()))
        best = better[chosen[-1]]
        found.append(float(best.sum()) / whole)
    return _Composed(found[-1], found[0], through, float(surely), colours[chosen[0]])


def _left(below: NDArray[np.float64], step: NDArray[np.float64], colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """What as much of each colour as is best leaves of each pixel's squared `step`: (colours, pixels)."""
    along = colours @ step.T - (below * step).sum(axis=1)
    across = (colours * colours).sum(axis=1)[:, None] - 2 * colours @ below.T + (below * below).sum(axis=1)
    share = np.clip(along / np.maximum(across, 1e-6), 0, 1)
    left: NDArray[np.float64] = np.maximum((step * step).sum(axis=1) - share * (2 * along - share * across), 0)
    return left


def _share(below: Plane, above: Plane, colour: Plane) -> Plane:
    """How much of one colour of ink makes most of `above` out of `below`, 0..1, of pixels (n, 3)."""
    way = colour - below
    share: Plane = ((above - below) * way).sum(axis=1) / np.maximum((way * way).sum(axis=1), 1e-6)
    return np.clip(share, 0, 1)


def _matte(below: Plane, above: Plane, spots: Mask, colour: Plane) -> Mask:
    """Where there is more than half as much of the ink as where it is strongest."""
    share = _share(below[spots], above[spots], colour)
    matte: Mask = np.zeros_like(spots)
    matte[spots] = share > ranked(share, 90)[0] / 2
    return matte


def _agreement(residual: Plane, first: Plane, second: Plane, inside: Mask) -> float:
    """The share of what is drawn, in either, that does not differ."""
    drawn = (np.maximum(gradient(first), gradient(second)) > DRAWN) & inside
    near = _wider(drawn.astype(np.uint8), 5).astype(bool) & inside
    return float((residual[near] < DIFFERS).mean()) if near.any() else 1.0


@dataclass(frozen=True, slots=True)
class _Structure:
    """Where each has structure (`own`), either (`drawn`), and where it is the `same` (local correlation above a half).

    The share of the latter: `everywhere`; `inside`, in the middle half each way; `around` that. 1 inside where nothing
    is to differ, 0 around it, but 0 in all without any structure at all.
    """

    own: tuple[Mask, Mask]
    drawn: Mask
    same: Mask
    everywhere: float = 0.0
    inside: float = 0.0
    around: float = 0.0

    def share(self, where: Mask, none: float) -> float:
        """The share in a part of it; `none`, if next to nothing is drawn there."""
        count = np.count_nonzero(where & self.drawn)
        return float(np.count_nonzero(self.same & self.drawn & where) / count) if count >= _BLOCK**2 else none

    def kept(self, which: int, where: Mask) -> float:
        """The share of the structure of one of them, 0 or 1, in a part of it that the other has as well."""
        there = self.own[which] & where
        count = np.count_nonzero(there)
        return float(np.count_nonzero(self.same & there) / count) if count >= _BLOCK**2 else 1.0


def _structure(first: Plane, second: Plane, inside: Mask) -> _Structure:
    """Measure where two planes of luma have the same structure."""
    from loraprep.imaging.opencv import cv2

    def mean(plane: Plane) -> Plane:
        blurred: Plane = cv2.blur(plane, (_BLOCK, _BLOCK))
        return blurred

    a, b = mean(first), mean(second)
    var_a, var_b = mean(first * first) - a * a, mean(second * second) - b * b
    correlation = (mean(first * second) - a * b) / np.sqrt(np.maximum(var_a * var_b, 1e-3))
    own = (var_a > _STRUCTURE) & inside, (var_b > _STRUCTURE) & inside
    drawn = own[0] | own[1]
    found = _Structure(own, drawn, correlation > 0.5)
    if np.count_nonzero(drawn) < _BLOCK**2:
        return found
    height, width = drawn.shape
    middle = np.zeros_like(drawn)
    middle[height // 4 : height - height // 4, width // 4 : width - width // 4] = True
    return replace(
        found,
        everywhere=found.share(drawn, 0.0),
        inside=found.share(middle, 1.0),
        around=found.share(~middle, 0.0),
    )


def _is_another(structure: _Structure, residual: Plane) -> bool:
    """Is all the same but for one large piece, in which most is another thing: two things on one ground?"""
    from loraprep.imaging.opencv import cv2

    block = np.ones((_BLOCK, _BLOCK), np.uint8)
    differs = cv2.morphologyEx((residual > DIFFERS).astype(np.uint8), cv2.MORPH_CLOSE, block)
    _, labels, facts, _ = cv2.connectedComponentsWithStats(cv2.morphologyEx(differs, cv2.MORPH_OPEN, block))
    sizes = facts[1:, cv2.CC_STAT_AREA]
    if not len(sizes) or sizes.max() < _THING * residual.size:
        return False
    piece = labels == 1 + sizes.argmax()
    return structure.share(piece, 1.0) < _ITSELF and structure.share(~piece, 0.0) >= _GROUND


_ROWS, _COLUMNS = ("upper", "", "lower"), ("left", "", "right")


def _place(changed: Mask) -> str:
    """Where in what both show, as a person would say it: "across the lower third", "in the upper left"."""
    height, width = changed.shape
    y0, y1 = _bulk(changed.sum(axis=1), height)
    x0, x1 = _bulk(changed.sum(axis=0), width)
    tall, wide = y1 - y0, x1 - x0
    row, column = _ROWS[min(2, int(1.5 * (y0 + y1)))], _COLUMNS[min(2, int(1.5 * (x0 + x1)))]
    if tall > 0.6 and wide > 0.6:
        return "all over it"
    if wide > 0.6:
        return f"across the {row or 'middle'} third"
    if tall > 0.6:
        return f"down the {column} side" if column else "down the middle"
    return f"in the {f'{row} {column}'.strip() or 'middle'}{' half' if bool(row) != bool(column) else ''}"


def _bulk(counts: NDArray[np.integer], size: int) -> tuple[float, float]:
    """From where to where all but the outermost twentieths lie, as shares of the side."""
    share = np.cumsum(counts) / max(1, counts.sum())
    return float(np.searchsorted(share, 0.05)) / size, float(np.searchsorted(share, 0.95) + 1) / size
