"""Pictures that hold another one whole: its uncut original, or itself with a frame around it; or turned on their side.

The hashes of a part of a picture need no second look at the file. They are made of the coarsest frequencies only, at
most three and a half waves a side, which a 24-px thumbnail holds with room to spare; cutting, shrinking and the
cosine transform are linear, so that each part is one small matrix from the left and one from the right.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from loraprep.core.records import Image
from loraprep.duplicates import hamming
from loraprep.duplicates.hamming import Candidate

Thumbs = NDArray[np.float32]  # (n, 24, 24), luma 0..255
Box = tuple[float, float, float, float]  # left, top, right, bottom as shares of the sides

_SIDE = 24
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
# (share of the side, places a side): a cut falls within 2 % of one of these, and the hashes forgive as much
_WINDOWS = ((0.96, 2), (0.9, 4), (0.85, 3), (0.8, 5))
_CLEARLY = 0.05
_LEAST_FRAME = 0.01  # share of the side; a thinner frame changes no hash
_ALIKE = 0.8  # correlation of two thumbnails, below which they are not looked at; from tests/benchmarks/quality.py
# what a frame leaves is known where a cut is guessed, so that less will do: the frame bleeds into the thumbnail's rim
_ALIKE_INSIDE, _FRAME_BITS = 0.6, 2
_GRID = 16  # px of the thumbnails that are correlated
_AT_ONCE = 1 << 20  # parts searched at once: about 150 MB


def cuts(images: Sequence[Image], phash: int, dhash: int) -> list[Candidate]:
    """Pairs where one looks like a part of the other, mirrored or not, or like the other without its frame.

    `phash`, `dhash`: the most bits the hashes may differ. Every image needs its `thumb`. Each pair once, sorted.
    """
    thumbs = _thumbs(images)
    whole = [(box, np.arange(len(images))) for box in windows()]
    inside = [(box, np.array([n])) for n, image in enumerate(images) if (box := _inside_frame(image)) != WHOLE]
    found = _best(thumbs, whole, (0,), phash, dhash, _ALIKE)
    found |= _best(thumbs, inside, (0,), phash, dhash + _FRAME_BITS, _ALIKE_INSIDE)
    return [replace(found[pair], part=True) for pair in sorted(found)]


def turned(images: Sequence[Image], phash: int, dhash: int) -> list[Candidate]:
    """Pairs where one looks like the other turned by one, two or three quarters, mirrored or not."""
    # the thumbnail is a square whatever the picture's shape, so a turned picture has a turned thumbnail
    found = _best(_thumbs(images), [(WHOLE, np.arange(len(images)))], (1, 2, 3), phash, dhash, _ALIKE)
    return [found[pair] for pair in sorted(found)]


def locate(first: NDArray[np.float32], second: NDArray[np.float32]) -> Box:
    """Where in `second` the whole of `first` lies, roughly; outside 0..1 if `second` is a part of `first`.

    Both are luma, (24 k, 24 k). All of it, unless a part is clearly more alike.
    """
    a, b = (plane.reshape(1, _SIDE, len(plane) // _SIDE, _SIDE, -1).mean(axis=(2, 4)) for plane in (first, second))
    none = np.zeros(1, np.intp)
    best, found = float(_correlation(a, b, none, none, WHOLE)[0]) + _CLEARLY, WHOLE
    if best >= 1:
        return WHOLE
    for box in windows():
        left, top, right, bottom = box
        wide, high = right - left, bottom - top
        outside = (-left / wide, -top / high, (1 - left) / wide, (1 - top) / high)
        for one, other, place in ((a, b, box), (b, a, outside)):
            alike = float(_correlation(one, other, none, none, box)[0])
            if alike > best:
                best, found = alike, place
    return found


def _thumbs(images: Sequence[Image]) -> Thumbs:
    raw = b"".join(bytes.fromhex(image.thumb) for image in images)
    return np.frombuffer(raw, np.uint8).reshape(-1, _SIDE, _SIDE).astype(np.float32)


@cache
def windows() -> tuple[Box, ...]:
    """The parts that are hashed."""
    found = []
    for share, places in _WINDOWS:
        starts = np.linspace(0, 1 - share, places) if places > 1 else [(1 - share) / 2]
        found += [(float(x), float(y), float(x + share), float(y + share)) for y in starts for x in starts]
    return tuple(found)


def _inside_frame(image: Image) -> Box:
    left, top, right, bottom = (side if side >= _LEAST_FRAME else 0.0 for side in image.border)
    box = (left, top, 1 - right, 1 - bottom)
    return box if min(box[2] - left, box[3] - top) > 0.5 else WHOLE


Parts = Sequence[tuple[Box, NDArray[np.intp]]]  # a box and the pictures it is cut from


def _best(
    thumbs: Thumbs, parts: Parts, turns: Sequence[int], phash: int, dhash: int, least: float
) -> dict[tuple[int, int], Candidate]:
    """Each pair of a picture and a part of another one that resembles it, once, as it resembles it best."""
    best: dict[tuple[int, int], tuple[float, Candidate]] = {}
    if len(thumbs) < 2:
        return {}
    for turn, chunk in itertools.product(turns, _chunks(parts)):
        seen = np.rot90(thumbs, turn, axes=(1, 2))
        hashes = [_hashes(seen[rows], box) for box, rows in chunk]
        table = hamming.side(np.concatenate([h[0] for h in hashes]), np.concatenate([h[1] for h in hashes]))
        owner = np.concatenate([rows for _, rows in chunk])
        number = np.repeat(np.arange(len(chunk)), [len(rows) for _, rows in chunk])
        for mirrored in (False, True):
            # mirroring the one is mirroring the other, and there are fewer whole pictures than parts
            small = thumbs[:, :, ::-1] if mirrored else thumbs
            whole = hamming.side(*_hashes(small, WHOLE))
            i, at = hamming.across(whole, table, phash, dhash)
            other = i != owner[at]
            i, at = i[other], at[other]
            apart = hamming.apart(whole, table, i, at)
            for n in np.unique(number[at]):
                here = np.flatnonzero(number[at] == n)
                alike = _correlation(small, seen, i[here], owner[at[here]], chunk[n][0])
                here, alike = here[alike >= least], alike[alike >= least]
                for a, b, distance, how in zip(i[here], owner[at[here]], apart[here], alike, strict=True):
                    near = _ordered(int(a), int(b), int(distance), mirrored, turn)
                    if (near.i, near.j) not in best or best[near.i, near.j][0] < how:
                        best[near.i, near.j] = float(how), near
    return {pair: near for pair, (_, near) in best.items()}


def _ordered(a: int, b: int, distance: int, mirrored: bool, turn: int) -> Candidate:
    """As Candidate has it; `a`, mirrored if so, looks like `b` turned left by `turn` quarters."""
    turns = turn if a < b and not mirrored else -turn % 4
    return Candidate(min(a, b), max(a, b), distance, mirrored, turns)


def _chunks(parts: Parts) -> Iterator[Parts]:
    chunk: list[tuple[Box, NDArray[np.intp]]] = []
    for part in parts:
        chunk.append(part)
        if sum(len(rows) for _, rows in chunk) >= _AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _hashes(thumbs: Thumbs, box: Box) -> tuple[hamming.Hashes, hamming.Hashes]:
    """pHash and dHash of that part of each thumbnail, 64 bits each, in imagehash's order of bits."""
    left, top, right, bottom = box
    low = _through(thumbs, _waves() @ _cut(top, bottom, 32), _waves() @ _cut(left, right, 32))
    steps = _through(thumbs, _cut(top, bottom, 8), _cut(left, right, 9))
    return _bits(low > np.median(low, axis=(1, 2), keepdims=True)), _bits(steps[:, :, 1:] > steps[:, :, :-1])


def _through(thumbs: Thumbs, down: NDArray[np.float64], across: NDArray[np.float64]) -> Thumbs:
    product: Thumbs = down.astype(np.float32) @ thumbs @ across.T.astype(np.float32)
    return np.round(product, 2)  # on plain ground the last digits, which differ by processor, would decide


@cache
def _waves() -> NDArray[np.float64]:
    """The eight lowest rows of the DCT-II of 32 values, as scipy.fftpack.dct has it."""
    return 2 * np.cos(np.pi * np.outer(np.arange(8), 2 * np.arange(32) + 1) / 64)


@lru_cache(maxsize=512)
def _cut(start: float, end: float, cells: int) -> NDArray[np.float64]:
    """(cells, 24): the means of equal cells of the part start..end of a line of 24 pixels, bilinear in between."""
    fine = 16  # samples a cell
    at = (start + (np.arange(cells * fine) + 0.5) * (end - start) / (cells * fine)) * _SIDE - 0.5
    at = at.clip(0, _SIDE - 1)
    low = np.minimum(at.astype(np.intp), _SIDE - 2)
    matrix = np.zeros((cells, _SIDE))
    rows = np.arange(cells * fine) // fine
    np.add.at(matrix, (rows, low), (1 - (at - low)) / fine)
    np.add.at(matrix, (rows, low + 1), (at - low) / fine)
    return matrix


def _bits(mask: NDArray[np.bool_]) -> hamming.Hashes:
    packed = np.packbits(mask.reshape(len(mask), 64), axis=1)
    return packed.view(">u8").ravel().astype(np.uint64)


def _correlation(a: Thumbs, b: Thumbs, i: NDArray[np.intp], j: NDArray[np.intp], box: Box) -> NDArray[np.float64]:
    """Of the small pictures a[i] and the part of b[j], -1..1; 0 where one has no texture."""
    left, top, right, bottom = box
    result = np.zeros(len(i))
    for start in range(0, len(i), 4096):
        here = slice(start, start + 4096)
        x = _through(a[i[here]], _cut(0, 1, _GRID), _cut(0, 1, _GRID)).reshape(-1, _GRID * _GRID)
        y = _through(b[j[here]], _cut(top, bottom, _GRID), _cut(left, right, _GRID)).reshape(-1, _GRID * _GRID)
        x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
        size = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
        result[here] = (x * y).sum(axis=1) / np.maximum(size, 1e-6)
    return result
