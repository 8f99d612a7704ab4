"""Is a picture made of several, with gutters between them, and where does each of them lie?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loraprep.imaging.opencv import cv2

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

SHORT = 900  # px of the shorter side that gutters are looked for in, at least: a thin one is still one or two px
_NEAR = 20  # difference in any channel up to which a pixel belongs to the gutter: JPEG blurs a thin one
_PLAIN = 0.985  # share of a line that is of the gutter's colour: dust and JPEG do the rest
_ENDS = 3  # px at both ends of a gutter that are of its colour too: a panel's own outline closes what is plain inside
_SAMPLES = 128  # points of a line by which it is told whether it may be plain
_GROUP = 8  # of these points, that are looked at first
_COLOURS = 8  # colours that are tried, the one of most lines first
_SIDE = 0.55  # share of each side of a panel where it ends at once; round corners and a pale sky take the rest
_STEP = 2  # px within which it ends: the edge itself is mixed by halving
_DRAWN = 4.0  # of 255, deviation from an even slope of light: less is a pane, a stripe, a square of a board
_LEAST = 0.06  # of the picture's shorter side, or it is a caption or a number
_STRAY = 0.3  # share of what is no gutter that may be no panel: titles, captions, numbers
_SMALL = 24  # px of the side at which two panels are compared
_ALIKE = 0.9  # correlation of two panels that are the same again: frames of one movement, panes of a window
_DISTINCT = 0.5  # share of the panels that are none of another; else it is a pattern
_LOOSE, _LOOSELY = 40, 0.9  # the same two for a reduced picture, in which a gutter is mixed with what is beside it
_FAR_REDUCED = 2.0  # sides to each other
_BESIDE = 3  # px of a reduced picture beside a gutter, in which what it parts begins
_DEEP = 8  # cuts within cuts
_WALL = 0.9  # share of the line below the top of a shelf that shows its back
_STANDS = 0.6  # and of the line above its floor, at most, where something stands on it


class Box(NamedTuple):
    """Left, top, right, bottom in px."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def sides(self) -> tuple[int, int]:
        return self.right - self.left, self.bottom - self.top

    def ends(self, down: bool) -> tuple[Box, Box]:
        """Where its lines across, or those down, begin and end."""
        left, top, right, bottom = self
        if down:
            return Box(left, top, right, min(top + _ENDS, bottom)), Box(left, max(bottom - _ENDS, top), right, bottom)
        return Box(left, top, min(left + _ENDS, right), bottom), Box(max(right - _ENDS, left), top, right, bottom)

    @property
    def area(self) -> int:
        return (self.right - self.left) * (self.bottom - self.top)


def panels(rgb: Pixels, visible: Mask | None = None) -> list[Box]:
    """Find the panels of (h, w, 3) in the order in which they are read, copies of another one left out.

    [] where there are fewer than two. `visible` (h, w): what is there; the rest counts as gutter.

    Gutters are lines of one colour right through what they part, so the page is cut along them, across and down in
    turn, until nothing is left to cut (recursive X-Y cut, Nagy and Seth 1984). What remains is a panel if it ends at
    once on all four sides and something is drawn in it; a sky, a shelf or the ground between figures does not part
    rectangles, and what it parts in windows and boards has nothing drawn in it or is the same again and again.
    """
    best: list[Box] = []
    for colour in _colours(rgb):
        found = _Page(rgb, colour, visible).panels()
        if sum(box.area for box in found) > 1.05 * sum(box.area for box in best):  # not the outlines within gutters
            best = found
    return best


def likely(rgb: Pixels) -> bool:
    """Say whether a picture, reduced, may have gutters: so may all that have some, and a third of the others.

    A gutter parts: on one side of it at least much of the line beside it is of another colour. A sky that ends at the
    rim or in haze is none. What is long is reduced so far that its gutters are gone, so all of it may have some.
    """
    if max(rgb.shape[:2]) > _FAR_REDUCED * min(rgb.shape[:2]):
        return True
    for down, lines in enumerate((rgb, rgb.transpose(1, 0, 2))):
        middle, plain = _plain_lines(_samples(rgb, bool(down)), _LOOSE, 1 - _LOOSELY)
        for (_, start), (end, _) in pairwise(_runs(~plain)):
            colour = np.median(middle[start:end], axis=0)
            for beside in (lines[max(0, start - _BESIDE) : start], lines[end : end + _BESIDE]):
                if (np.abs(beside - colour) > _LOOSE).any(axis=(0, 2)).mean() >= _SIDE / 2:
                    return True
    return False


def _samples(rgb: Pixels, down: bool) -> Pixels:
    """Some points of each line across, or of each down: (points, lines, 3)."""
    step = max(1, (len(rgb) if down else rgb.shape[1]) // _SAMPLES)
    if down:
        return rgb[::step]
    whole = rgb.view("V3")[..., 0]  # a pixel at a time, which numpy copies in a sixth of the time of three bytes
    some = np.ascontiguousarray(whole[:, ::step]).view(np.uint8)
    turned: Pixels = cv2.transpose(some.reshape(len(rgb), -1, 3))
    return turned


def _plain_lines(some: Pixels, near: int, most: float) -> tuple[Pixels, Mask]:
    """Of each line the median colour, and whether no more than the share `most` of it is further from that than `near`.

    Told by `_samples`. Of a line that is not plain the colour is not told: most are none, and a median takes longer
    than all else here.
    """
    middle, plain = np.zeros((some.shape[1], 3), np.uint8), _may_be_plain(some, near, most)
    left = np.ascontiguousarray(some[:, plain].transpose(1, 0, 2))
    if left.size:
        colours = np.median(left, axis=1).astype(np.uint8)
        apart = cv2.absdiff(left, np.ascontiguousarray(np.broadcast_to(colours[:, None], left.shape)))
        red, green, blue = cv2.split(apart)
        far = np.count_nonzero(cv2.max(cv2.max(red, green), blue) > near, axis=1) / left.shape[1]
        middle[plain], plain[plain] = colours, far <= most
    return middle, plain


def _may_be_plain(some: Pixels, near: int, most: float) -> Mask:
    """Which of (samples, lines, 3) are not far from plain.

    They are looked at in groups, each spread over the line. So many as may be far spoil one group each; in another no
    two are further apart than twice `near`. So many groups are looked at that three must be like that.
    """
    groups, spoilt = max(1, len(some) // _GROUP), int(most * len(some) + 1e-9)
    asked = min(groups, spoilt + 3)
    within = np.zeros(some.shape[1], np.int64)
    for n in range(asked):
        group = some[n::groups]
        apart = group.max(axis=0) - group.min(axis=0)
        within += np.maximum(np.maximum(apart[:, 0], apart[:, 1]), apart[:, 2]) <= 2 * near
    likely: Mask = within >= asked - spoilt
    return likely


def _colours(rgb: Pixels) -> list[NDArray[np.uint8]]:
    """Find the colours of lines that are plain from end to end, the one of most lines first."""
    counts: list[tuple[NDArray[np.uint8], int]] = []
    for down in (False, True):
        middle, told = _plain_lines(_samples(rgb, down), _NEAR, 1 - _PLAIN)
        plain = middle[told]
        while len(plain):
            same = (np.abs(plain.astype(np.int16) - plain[0]) <= _NEAR).all(axis=1)
            counts.append((np.median(plain[same], axis=0).astype(np.uint8), int(same.sum())))
            plain = plain[~same]
    merged: list[tuple[NDArray[np.uint8], int]] = []
    for colour, count in sorted(counts, key=lambda c: -c[1]):
        if not any((np.abs(colour.astype(int) - other) <= _NEAR).all() for other, _ in merged):
            merged.append((colour, count))
    return [colour for colour, _ in merged[:_COLOURS]]


class _Page:
    """A picture whose gutters are of one colour."""

    def __init__(self, rgb: Pixels, colour: NDArray[np.uint8], visible: Mask | None) -> None:
        self.rgb = rgb
        low, high = (np.clip(colour.astype(int) + by, 0, 255) for by in (-_NEAR, _NEAR))
        self.gutter: Mask = cv2.inRange(np.ascontiguousarray(rgb), tuple(low.tolist()), tuple(high.tolist())) > 0
        if visible is not None:
            self.gutter |= ~visible
        self._sums = cv2.integral(self.gutter.view(np.uint8))  # of all above and left of each place
        self.least = max(2 * _SMALL, round(_LEAST * min(self.gutter.shape)))

    def panels(self) -> list[Box]:
        """Find them; [] if there are too few, too much else, or the same again and again."""
        whole = self._trimmed(Box(0, 0, self.gutter.shape[1], self.gutter.shape[0]))
        if whole is None:
            return []
        large, small = list[Box](), list[tuple[Box, int]]()
        for leaf, deep in self._leaves(whole, 0, self.least):
            if min(leaf.sides) >= self.least:
                large.append(leaf)
            else:
                small.append((leaf, deep))
        found = [leaf for leaf in large if self._panel(leaf)]
        if len(found) < 2:
            return []
        drawn = sum(box.area for box in found)
        stray = sum(leaf.area for leaf in large) - drawn
        most = stray + sum(leaf.area for leaf, _ in small)  # with their own gutters
        if most > _STRAY * (most + drawn):
            stray += sum(part.area for leaf, deep in small for part, _ in self._leaves(leaf, deep, 0))
            if stray > _STRAY * (stray + drawn):
                return []
        own = [] if self._shelves(found) else self._distinct(found)
        return own if len(own) >= max(2, _DISTINCT * len(found)) else []

    def _leaves(self, box: Box, deep: int, least: int) -> Iterator[tuple[Box, int]]:
        """Yield what is left when all is cut, and how often it was; what has a side below `least` is not cut."""
        parts = [] if deep == _DEEP or min(box.sides) < least else self._parted(box)
        if len(parts) < 2:
            yield box, deep
        for part in parts if len(parts) > 1 else ():
            yield from self._leaves(part, deep + 1, least)

    def _parted(self, box: Box) -> list[Box]:
        """Cut along every gutter across, or if there is none along every gutter down; trimmed, empty ones left out."""
        left, top, right, bottom = box
        for down in (False, True):
            plain = self._shares(box, down) >= _PLAIN
            for end in box.ends(down):
                plain &= self._shares(end, down) == 1
            parts = [
                Box(left + a, top, left + b, bottom) if down else Box(left, top + a, right, top + b)
                for a, b in _runs(~plain)
            ]
            if len(parts) > 1:
                return [trimmed for part in parts if (trimmed := self._trimmed(part)) is not None]
        return []

    def _trimmed(self, box: Box) -> Box | None:
        """Take the gutters around it off; None if nothing is left."""
        left, top, right, bottom = box
        for _ in range(2):  # what was plain only beside what was taken off
            rows = np.flatnonzero(self._shares(Box(left, top, right, bottom), False) < _PLAIN)
            if not len(rows):
                return None
            top, bottom = top + int(rows[0]), top + int(rows[-1]) + 1
            columns = np.flatnonzero(self._shares(Box(left, top, right, bottom), True) < _PLAIN)
            if not len(columns):
                return None
            left, right = left + int(columns[0]), left + int(columns[-1]) + 1
        return Box(left, top, right, bottom)

    def _shares(self, box: Box, down: bool) -> NDArray[np.float64]:
        """The share of each line across a box, or of each down, that is gutter: from sums, whatever its size."""
        left, top, right, bottom = box
        sums, rows, columns = self._sums, slice(top, bottom + 1), slice(left, right + 1)
        inside = sums[bottom, columns] - sums[top, columns] if down else sums[rows, right] - sums[rows, left]
        shares: NDArray[np.float64] = np.diff(inside) / (bottom - top if down else right - left)
        return shares

    def _panel(self, box: Box) -> bool:
        """Does a box that is large enough end at once on all four sides, and is something drawn in it?"""
        left, top, right, bottom = box
        inner = ~self.gutter[top:bottom, left:right]
        sides = (
            inner[:_STEP].any(axis=0),
            inner[-_STEP:].any(axis=0),
            inner[:, :_STEP].any(axis=1),
            inner[:, -_STEP:].any(axis=1),
        )
        return min(float(side.mean()) for side in sides) >= _SIDE and self._drawn(box) >= _DRAWN

    def _drawn(self, box: Box) -> float:
        """How far its luma, but for its outline, deviates from a plane, of 255."""
        rim = self._rim(box)
        small = self._small(Box(box.left + rim, box.top + rim, box.right - rim, box.bottom - rim))
        ramp = np.linspace(-1, 1, _SMALL)
        down, across = (small.mean(axis=1) @ ramp, small.mean(axis=0) @ ramp) / (ramp @ ramp)
        return float((small - small.mean() - down * ramp[:, None] - across * ramp[None]).std())

    def _rim(self, box: Box) -> int:
        return max(_ENDS, round(0.03 * min(box.right - box.left, box.bottom - box.top)))

    def _shelves(self, found: list[Box]) -> bool:
        """Do things stand on the floors of most of them, before one and the same back?"""
        backs = []
        for box in found:
            rim = self._rim(box)
            inner = self.rgb[box.top + rim : box.bottom - rim, box.left + rim : box.right - rim].astype(np.int16)
            back = np.median(inner[0], axis=0)
            shows = [float((np.abs(inner[n] - back) <= _NEAR).all(axis=1).mean()) for n in (0, -1)]
            if shows[0] >= _WALL and shows[1] <= _STANDS:
                backs.append(back)
        return 2 * len(backs) > len(found) and bool((np.ptp(backs, axis=0) <= _NEAR).all())

    def _distinct(self, found: list[Box]) -> list[Box]:
        """Those that are none of an earlier one again."""
        own: list[Box] = []
        seen: list[NDArray[np.float64]] = []
        for box in found:
            small = self._small(box)
            small = (small - small.mean()) / max(float(small.std()), 1e-6)  # the mean product is the correlation
            if all(float((small * other).mean()) < _ALIKE for other in seen):
                own.append(box)
                seen.append(small)
        return own

    def _small(self, box: Box) -> NDArray[np.float64]:
        """Its luma, _SMALL x _SMALL, each the mean of what it stands for."""
        rows = np.linspace(0, box.bottom - box.top, _SMALL + 1).astype(int)
        columns = np.linspace(0, box.right - box.left, _SMALL + 1).astype(int)
        part = self.rgb[box.top : box.bottom, box.left : box.right] @ np.array([0.299, 0.587, 0.114])
        sums = np.add.reduceat(np.add.reduceat(part, rows[:-1], axis=0), columns[:-1], axis=1)
        mean: NDArray[np.float64] = sums / (np.diff(rows)[:, None] * np.diff(columns)[None])
        return mean


def _runs(mask: Mask) -> list[tuple[int, int]]:
    """Return (start, end) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
