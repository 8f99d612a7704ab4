"""Is there a plain frame around a picture, and how wide?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Shares = tuple[float, float, float, float]  # left, top, right, bottom, of the side
Mask = NDArray[np.bool_]

_PLAIN = 14  # difference in any channel up to which a pixel belongs to a plain frame
_CLEAN = 5  # the same for pure black or white that does not vary at all: a dark picture is told from its letterbox
_FEW = 0.02  # share of a row that may lie outside it
_STEADY = 4.0  # of 255, by which the middle of its rows may drift: a frame has one colour, a sky has not
_ALONG = 0.7  # share of the inner side along which the frame ends at once
_ROWS = 2  # within which it ends: the edge itself is mixed by halving
_MOST = 1 / 3  # of the side; a wider band is a wall or a ground
_LEAST_SIDE = 16  # px
NONE: Shares = (0.0, 0.0, 0.0, 0.0)


def border(rgb: NDArray[np.uint8], visible: Mask | None = None) -> Shares:
    """Plain frame of (h, w, 3) at left, top, right, bottom as shares of the side; `visible` (h, w): what is there.

    As letterbox detectors do (ffmpeg's cropdetect), rows are taken from each side of the picture for as long as they
    are of one colour. Three things make such a band a frame, and no sky, floor or ground of a drawn figure:

    - its colour stays the same from row to row;
    - the band ends at once along the whole side of what it frames;
    - it lies on opposite sides, or on two that meet, in the same colour.

    Transparent pixels are no colour, so that the empty margin of a cut-out is none either.
    """
    if min(rgb.shape[:2]) < _LEAST_SIDE:
        return NONE
    sides = [
        _Band(side, None if seen is None else seen) for side, seen in zip(_turned(rgb), _masks(visible), strict=True)
    ]
    if not any(side.width for side in sides):
        return NONE
    widths = [side.width for side in sides]
    framed = [bool(side.width) and side.ends_at_once(*_beside(widths, n)) for n, side in enumerate(sides)]
    # a band that is none does not shorten its neighbours' sides
    while True:
        left = [width if of else 0 for width, of in zip(widths, framed, strict=True)]
        again = [of and sides[n].ends_at_once(*_beside(left, n)) for n, of in enumerate(framed)]
        if again == framed:
            break
        framed = again
    found = [
        of and any(framed[o] and sides[o].like(sides[n]) for o in range(4) if o != n) for n, of in enumerate(framed)
    ]
    return _shares([side.width / len(side.rows) if of else 0.0 for side, of in zip(sides, found, strict=True)])


def _shares(found: Sequence[float]) -> Shares:
    left, top, right, bottom = found
    return left, top, right, bottom


def _turned(rgb: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Left, top, right, bottom, each with its outermost row first."""
    return [rgb.transpose(1, 0, 2), rgb, rgb.transpose(1, 0, 2)[::-1], rgb[::-1]]


def _masks(visible: Mask | None) -> Sequence[Mask | None]:
    return [None] * 4 if visible is None else [visible.T, visible, visible.T[::-1], visible[::-1]]


def _beside(widths: Sequence[int], side: int) -> tuple[int, int]:
    """How wide the bands are that cross its two ends."""
    return (widths[1], widths[3]) if side % 2 == 0 else (widths[0], widths[2])


class _Band:
    """The rows of one colour along one side of a picture (rows, columns, 3), outermost first; `width` of them, or 0."""

    def __init__(self, rows: NDArray[np.uint8], visible: Mask | None) -> None:
        self.rows, self.width = rows, 0
        self._visible = visible
        outermost = rows[0] if visible is None else rows[0][visible[0]]
        if 2 * len(outermost) < rows.shape[1]:
            return
        line, few = np.sort(outermost, axis=0), int(_FEW * len(outermost))
        spread = int((line[-1 - few].astype(int) - line[few]).max())
        if spread > 2 * _PLAIN:  # then more than a few are far from any colour
            return
        self.colour = np.median(line, axis=0)
        pure = self.colour.max() < _CLEAN or self.colour.min() > 255 - _CLEAN
        near = min(_PLAIN, spread + _CLEAN) if pure else _PLAIN
        self._low = np.clip(np.ceil(self.colour - near), 0, 255).astype(np.uint8)
        self._span = np.clip(np.floor(self.colour + near), 0, 255).astype(np.uint8) - self._low
        end = self._end()
        if 1 < end <= _MOST * len(rows) and self._steady(end):
            self.width = end

    def _end(self) -> int:
        start, count = 0, 8
        while start < len(self.rows):  # most pictures have no frame, and tell so in their first rows
            beyond = np.count_nonzero(self._differs(start, start + count), axis=1) > _FEW * self.rows.shape[1]
            if beyond.any():
                return start + int(beyond.argmax())
            start, count = start + count, 2 * count
        return 0

    def _steady(self, end: int) -> bool:
        middles = np.median(self.rows[: max(1, end - 1)], axis=1)  # the last one may be mixed with what is framed
        return bool((np.ptp(middles, axis=0) <= _STEADY).all())

    def _differs(self, start: int, stop: int) -> Mask:
        """(rows, columns): where some channel is far from that colour, or nothing is there."""
        beyond: Mask = (self.rows[start:stop] - self._low > self._span).any(axis=2)  # what lies below wraps around
        return beyond if self._visible is None else beyond | ~self._visible[start:stop]

    def ends_at_once(self, before: int, after: int) -> bool:
        """Does it end within two rows along the side between the bands that cross its ends?"""
        if self.rows.shape[1] <= before + after:
            return False
        edge = self._differs(self.width, self.width + _ROWS)[:, before : self.rows.shape[1] - after]
        return float(edge.any(axis=0).mean()) >= _ALONG

    def like(self, other: _Band) -> bool:
        """Are both of one colour?"""
        return bool((np.abs(self.colour - other.colour) <= _PLAIN).all())
