"""Is there a plain frame around a picture, and how wide?"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_PLAIN = 14  # difference in any channel up to which a pixel belongs to a plain frame
_FEW = 0.02  # share of a row that may lie outside it


def border(rgb: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    """Plain frame at left, top, right, bottom as shares of the side.

    A frame ends at once along most of its length; the white around a drawn figure does not, and is none.
    """
    if min(rgb.shape[:2]) < 16:
        return (0.0, 0.0, 0.0, 0.0)
    sides = [rgb.transpose(1, 0, 2), rgb, rgb.transpose(1, 0, 2)[::-1], rgb[::-1]]
    plain = [_Plain(side) for side in sides]
    if any(p.end < 0 for p in plain):
        return (0.0, 0.0, 0.0, 0.0)
    found = []
    for number, (side, of) in enumerate(zip(sides, plain, strict=True)):
        before, after = (plain[1].end, plain[3].end) if number % 2 == 0 else (plain[0].end, plain[2].end)
        sudden = False
        if of.end > 1 and side.shape[1] > before + after:
            edge = of.differs(of.end, of.end + 2)[:, before : side.shape[1] - after]
            sudden = float(edge.any(axis=0).mean()) >= 0.6
        found.append(of.end / len(side) if sudden else 0.0)
    return (found[0], found[1], found[2], found[3])


class _Plain:
    """One side (rows, columns, 3) of a picture, outermost row first.

    `end`: the first row in which more than a few pixels are far from the middle of the outermost row; -1 if none is.
    """

    def __init__(self, side: NDArray[np.uint8]) -> None:
        self.side = side
        line, width = np.sort(side[0], axis=0), side.shape[1]
        few = int(_FEW * width)
        if (line[-1 - few].astype(int) - line[few] > 2 * _PLAIN).any():  # then more than a few are far from any colour
            self.end = 0
            return
        middles = [sum(pair) / 2 for pair in zip(*line[[(width - 1) // 2, width // 2]].tolist(), strict=True)]
        low = [max(0, math.ceil(m - _PLAIN)) for m in middles]
        span = [min(255, math.floor(m + _PLAIN)) - at for m, at in zip(middles, low, strict=True)]
        self.low, self.span = (np.frombuffer(bytes(v) * width, np.uint8) for v in (low, span))  # for whole rows
        self.end = self._end()

    def _end(self) -> int:
        start, count = 0, 8
        while start < len(self.side):  # most pictures have no frame, and tell so in their first rows
            rows = np.count_nonzero(self.differs(start, start + count), axis=1) > _FEW * self.side.shape[1]
            if rows.any():
                return start + int(rows.argmax())
            start, count = start + count, 2 * count
        return -1

    def differs(self, start: int, stop: int) -> NDArray[np.bool_]:
        """(rows, columns): where some channel is far from that colour."""
        rows = np.ascontiguousarray(self.side[start:stop])
        beyond = rows.reshape(len(rows), -1) - self.low > self.span  # what lies below `low` wraps around
        result: NDArray[np.bool_] = beyond[:, 0::3] | beyond[:, 1::3] | beyond[:, 2::3]
        return result
