"""Is there a plain frame around a picture, or bars of a screen, and how wide?"""

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
_ALONG = 0.8  # share of the inner side along which the frame ends at once
_ROWS = 2  # within which it ends: the edge itself is mixed by halving
_MOST = 1 / 3  # of the side; a wider band is a wall or a ground
_LEAST_SIDE = 16  # px
# A bar of a screen holds signs: a clock, buttons, an address
_BAR = 0.16  # of the side at most
_FILLED = 0.45  # share of one of its rows that signs take up at most
_SIGNS = 0.002, 0.25  # share of all of it
_CLEAR = 0.4  # share of its columns that hold none
_LEAST_BAR = 5  # px
_LEAST_HEAD = 8  # px of a window's head
_PACKED = 0.8  # share of one of its rows that signs take up at most
_HEAD = 0.02, 0.35  # share of all of it
_SIGNED = 0.4  # share of its rows that hold some
_INK = 40  # by which signs differ from what they stand on
_LINE = 0.9  # share of the side along which it ends at once
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


def screen_bars(rgb: NDArray[np.uint8], visible: Mask | None = None) -> Shares:
    """Bars with signs in them that a screen shows above and below (h, w, 3), as shares of the side; as in `border`.

    A clock, buttons, a name: little of a bar of one colour, with gaps between them and room above and below. One of
    the two may be plain. They end at once along the whole side, and are of one colour. Or the head of a window alone.
    """
    if min(rgb.shape[:2]) < _LEAST_SIDE:
        return NONE
    (_, up, _, down), (_, above, _, below) = _turned(rgb), _masks(visible)
    top, bottom = _Band(up, above), _Band(down, below)
    signs = [side.written() for side in (top, bottom)]
    widths = [written or side.width for written, side in zip(signs, (top, bottom), strict=True)]
    if (
        all(widths)
        and any(signs)
        and top.like(bottom)
        and all(side.ends_at_once(0, 0, w, _LINE) for side, w in zip((top, bottom), widths, strict=True))
    ):
        return 0.0, widths[0] / len(up), 0.0, widths[1] / len(down)
    return 0.0, (_head(up[:, ::2]) if above is None else 0) / len(up), 0.0, 0.0


def _head(rows: NDArray[np.uint8]) -> int:
    """Count the rows of a window's head, outermost first: tabs and an address on two plain colours."""
    outermost = rows[:_LEAST_HEAD].astype(np.int16)
    first = np.median(outermost[0], axis=0).astype(np.int16)
    if _far(outermost[0], first).mean() > _FEW or _far(outermost, first).mean() < _HEAD[0]:
        return 0  # most pictures tell here
    band = rows[: int(_BAR * len(rows)) + 2].astype(np.int16)
    middles = np.median(band, axis=1)
    away = np.abs(band - middles[:, None]).max(axis=2)
    filled = (away > _PLAIN).mean(axis=1)
    most = _two_coloured(middles, filled)
    edges = [n for n in range(_LEAST_HEAD, most + 1) if filled[n - 1] <= _FEW and _line(band, middles[n - 1], n)]
    if not edges:
        return 0
    end = edges[-1]  # the one above, between tabs and address, is a line, too
    signs = away[:end]
    seen = signs > _PLAIN
    sure = _HEAD[0] <= seen.mean() <= _HEAD[1] and seen.any(axis=1).mean() >= _SIGNED
    return end if sure and (signs[seen] > _INK).mean() >= _FEW else 0


def _far(pixels: NDArray[np.int16], colour: NDArray[np.int16]) -> Mask:
    far: Mask = (np.abs(pixels - colour) > _PLAIN).any(axis=-1)
    return far


def _two_coloured(middles: NDArray[np.float64], filled: NDArray[np.float64]) -> int:
    """Count the rows before a third colour, one mixed row between two of them left aside; the last is none of them."""
    colours: list[NDArray[np.float64]] = []

    def known(colour: NDArray[np.float64]) -> bool:
        return any(np.abs(colour - other).max() <= _PLAIN for other in colours)

    for n in range(len(middles) - 1):
        if filled[n] > _PACKED:
            return n
        if known(middles[n]):
            continue
        mixed = np.abs(middles[n + 1] - middles[n]).max() > _PLAIN
        if len(colours) == 2 and not (mixed and known(middles[n + 1])):
            return n
        if not mixed:
            colours.append(middles[n])
    return len(middles) - 1 - _ROWS


def _line(band: NDArray[np.int16], colour: NDArray[np.float64], row: int) -> bool:
    """Say whether that colour ends at this row along the whole side."""
    edge = np.abs(band[row : row + _ROWS] - colour).max(axis=2) > _PLAIN
    return float(edge.any(axis=0).mean()) >= _LINE


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
        self.colour: NDArray[np.float64] | None = None
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
        while start <= _MOST * len(self.rows):  # most pictures have no frame, and tell so in their first rows
            beyond = np.count_nonzero(self._differs(start, start + count), axis=1) > _FEW * self.rows.shape[1]
            if beyond.any():
                return start + int(beyond.argmax())
            start, count = start + count, 2 * count
        return 0

    def written(self) -> int:
        """Count the rows of a bar with signs in it, 0 if it is none: plain at both its edges, with gaps between."""
        if self.colour is None or self._differs(0, 1).mean() > _FEW:
            return 0
        signs = self._differs(0, int(_BAR * len(self.rows)) + 1)
        filled = signs.mean(axis=1)
        over = np.flatnonzero(filled > _FILLED)
        if not len(over) or (end := int(over[0])) < _LEAST_BAR or not self._steady(end):
            return 0
        inside = signs[:end]
        room = filled[end - _ROWS : end].min()
        clear = 1 - inside[:-1].any(axis=0).mean()
        return end if room <= _FEW and clear >= _CLEAR and _SIGNS[0] <= inside.mean() <= _SIGNS[1] else 0

    def _steady(self, end: int) -> bool:
        middles = np.median(self.rows[: max(1, end - 1)], axis=1)  # the last one may be mixed with what is framed
        return bool((np.ptp(middles, axis=0) <= _STEADY).all())

    def _differs(self, start: int, stop: int) -> Mask:
        """(rows, columns): where some channel is far from that colour, or nothing is there."""
        rows = self.rows[start:stop]
        # what lies below wraps around; channel by channel, since numpy is slow along an axis of three
        one, two, three = (rows[..., c] - self._low[c] > self._span[c] for c in range(3))
        beyond: Mask = one | two | three
        return beyond if self._visible is None else beyond | ~self._visible[start:stop]

    def ends_at_once(self, before: int, after: int, width: int = 0, along: float = _ALONG) -> bool:
        """Does it end within two rows along the side between the bands that cross its ends?

        `width`: of the band, its own by default; `along`: the share of the side that is enough.
        """
        if self.rows.shape[1] <= before + after:
            return False
        width = width or self.width
        edge = self._differs(width, width + _ROWS)[:, before : self.rows.shape[1] - after]
        return float(edge.any(axis=0).mean()) >= along

    def like(self, other: _Band) -> bool:
        """Are both of one colour?"""
        if self.colour is None or other.colour is None:
            return False
        return bool(np.all(np.abs(self.colour - other.colour) <= _PLAIN))
