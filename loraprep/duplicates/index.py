"""Pairs of pictures that share points: cuts, turned and framed copies, whose hashes are nothing alike.

Each descriptor becomes 127 bits, the signs of its Hadamard transform without the mean (random projections: Charikar
2002; binary signatures of SIFT: Jegou, Douze and Schmid 2008, "Hamming embedding and weak geometric consistency").
Bands of the bits are sorted, and neighbours with the same band are compared. A pair of pictures is told if enough of
its points agree about how much it was scaled and turned, which is that paper's weak geometric consistency, and about
where the middle of the one lies in the other, within a quarter of it (Lowe 2004, "Distinctive image features from
scale-invariant keypoints", section 7.3): points that agree by chance lie anywhere.

What thousands of pictures share (a logo, a frame) costs no more than anything else: in a sorted band a point meets the
next few only. Copies of copies find each other over their neighbours.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from loraprep.duplicates.keypoints import MIRROR, Keypoints

Ints = NDArray[np.int64]
Floats = NDArray[np.floating]
Ints32 = NDArray[np.int32]
_Picture = TypeVar("_Picture")
_Number = TypeVar("_Number", bound=np.generic)

_ALL = 1 << 21  # points that are looked up in all, so that the index takes less than 200 MB, but of a picture at least
_TOP = 100  # those with the most contrast; a band of lettering may hold as many
_WIDE, _BANDS = 18, 7  # bits of a band: one in 250,000 pairs of strange points shares it; 7 of them are the 127 bits
_NEXT = 12  # neighbours in a sorted band that each point meets
_NEAR = 24  # bits of 127 by which two views of one point may differ
LEAST = 4  # points that agree; the paper's verification, too, asks for no fewer
_WITHIN = 0.25  # of the longer side
_CELLS = 64  # as wide, in which its middle may lie; further out is one with the last
_STEP = 1 << 17  # pairs of points compared at once: some 15 MB
_ROWS = 1 << 14  # points of pictures taken in at once


@dataclass(frozen=True, slots=True)
class Shared:
    """Pictures `i` < `j` share `points`; `mirrored`: with the other one mirrored."""

    i: int
    j: int
    mirrored: bool
    points: int


def _hadamard() -> NDArray[np.float32]:
    """(128, 127), by Sylvester's construction, without the column of ones; shuffled, so that bands are alike."""
    matrix = np.ones((1, 1))
    while len(matrix) < 128:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    order = np.random.default_rng(7).permutation(np.arange(1, 128))
    return np.ascontiguousarray(matrix[order].T, np.float32)


_SIGNS = _hadamard()


def _bits(descriptors: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Signatures (n, 2) of 127 bits, the last one 0."""
    signs = np.zeros((len(descriptors), 128), bool)
    signs[:, :127] = descriptors.astype(np.float32) @ _SIGNS > 0
    return np.packbits(signs, axis=1).view(">u8").astype(np.uint64)


def shared(pictures: Iterable[Keypoints], count: int) -> list[Shared]:
    """Find the pairs of `count` pictures with at least LEAST points in common, sorted, mirrored pairs too."""
    top = max(_TOP, _ALL // max(1, count))
    plain, mirror, sizes, angles, offsets, longest = [], [], [], [], [], []
    counts: list[int] = []
    for part in _together_in_rows(pictures, lambda picture: len(picture.places[:top])):
        rows = np.concatenate([picture.descriptors[:top] for picture in part])
        places = np.concatenate([picture.places[:top] for picture in part])
        plain.append(_bits(rows))
        mirror.append(_bits(rows[:, MIRROR]))
        sizes.append(np.log2(np.maximum(places[:, 2], 1e-3)))
        angles.append(places[:, 3].copy())  # what it is a part of is not held
        middles = np.repeat([(p.width / 2, p.height / 2) for p in part], [len(p.places[:top]) for p in part], axis=0)
        offsets.append((places[:, :2] - middles).astype(np.float32))
        longest += [max(p.width, p.height) for p in part]
        counts += [len(picture.places[:top]) for picture in part]
    if not sum(counts):
        return []
    owner = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    hits = _near(_joined([plain, mirror]), owner)
    return _agreed(hits, owner, _Seen(_joined([sizes]), _joined([angles]), _joined([offsets]), np.array(longest)))


@dataclass(frozen=True, slots=True)
class _Seen:
    """Of each point its size in octaves, its angle in degrees, and where it lies from the middle of its picture, px;
    of each picture its longer side, px.
    """

    sizes: NDArray[np.floating]
    angles: NDArray[np.floating]
    offsets: NDArray[np.float32]
    longest: NDArray[np.int64]


def _together_in_rows(pictures: Iterable[_Picture], rows: Callable[[_Picture], int]) -> Iterator[list[_Picture]]:
    """Yield pictures of _ROWS rows in all at a time: to work on a few rows costs more to begin than to do.

    What a picture is read from holds all its points: of no more pictures than these is that in memory.
    """
    waiting: list[_Picture] = []
    number = 0
    for picture in pictures:
        waiting.append(picture)
        number += rows(picture)
        if number >= _ROWS:
            yield waiting
            waiting, number = [], 0
    if waiting:
        yield waiting


def _joined(parts: list[list[NDArray[_Number]]]) -> NDArray[_Number]:
    """Return all of them, list after list, in one; each is let go as it is copied, so that no two of them are held."""
    first = parts[0][0]
    whole = np.empty((sum(len(part) for some in parts for part in some), *first.shape[1:]), first.dtype)
    start = 0
    for some in parts:
        some.reverse()
        while some:
            part = some.pop()
            whole[start : start + len(part)] = part
            start += len(part)
    return whole


def _near(signatures: NDArray[np.uint64], owner: Ints32) -> Ints:
    """Codes of near points of different pictures: (a * n + b) * 2 + mirrored, a's picture before b's."""
    n = len(owner)

    def codes() -> Iterator[Ints]:
        for p, q in _neighbours(signatures, owner):
            a, b, mirrored = p % n, q % n, (p >= n) | (q >= n)
            swap = owner[a] > owner[b]
            a, b = np.where(swap, b, a), np.where(swap, a, b)
            yield (a * n + b) * 2 + mirrored

    return _merged(codes())


def _neighbours(signatures: NDArray[np.uint64], owner: Ints32) -> Iterator[tuple[Ints, Ints]]:
    """Rows of near points, of those next to each other in sorted bands, of different pictures but not both mirrored.

    A pair that several bands bring together is named as often.
    """
    # each picture has one number upright and one mirrored
    count = int(owner[-1]) + 1
    whose = np.concatenate([owner, owner + count])
    for band in range(_BANDS):
        # in order of their bits and, of the same bits, as they come: numpy sorts numbers ten times as fast as places
        both = _band(signatures, band).astype(np.uint64) << np.uint64(32)
        both |= np.arange(len(both), dtype=np.uint64)
        both.sort()
        for start in range(0, len(both), _STEP):  # in this order memory is read from one end to the other
            some = both[start : start + _STEP + _NEXT]
            key, order = (some >> np.uint64(32)).astype(np.uint32), some.astype(np.uint32).astype(np.int64)
            by, words = whose[order], signatures[order]
            here = np.arange(min(_STEP, len(some)))
            for step in range(1, _NEXT + 1):
                here = here[: np.searchsorted(here, len(some) - step)]
                here = here[key[here] == key[here + step]]  # whoever differs from one differs from all that follow
                one, other = by[here], by[here + step]
                met = here[(np.minimum(one, other) < count) & (one != other) & (np.abs(one - other) != count)]
                apart = np.bitwise_count(words[met] ^ words[met + step])
                near = met[apart[:, 0] + apart[:, 1] <= _NEAR]
                yield order[near], order[near + step]


def _merged(codes: Iterable[Ints]) -> Ints:
    """Put all of them in order, each once."""
    parts, number = [np.zeros(0, np.int64)], 0
    for part in codes:
        parts.append(part)
        number += len(part)
        if number > max(_STEP, len(parts[0])):
            parts, number = [_each_once(parts)], 0
    return _each_once(parts)


def _each_once(parts: Sequence[Ints]) -> Ints:
    codes = np.concatenate(parts)
    codes.sort()
    new = np.ones(len(codes), bool)
    new[1:] = codes[1:] != codes[:-1]
    once: Ints = codes[new]
    return once


def _by_first(codes: Ints, width: int, owner: Ints32) -> Iterator[Ints]:
    """Cut sorted codes (first point * width + the rest) into parts of some _STEP, between two pictures each time."""
    start = 0
    while start < len(codes):
        stop = start + _STEP
        if stop < len(codes):
            following = np.searchsorted(owner, owner[codes[stop] // width], "right")
            stop = int(np.searchsorted(codes, following * width))
        yield codes[start:stop]
        start = stop


def _band(signatures: NDArray[np.uint64], band: int) -> NDArray[np.uint32]:
    """_WIDE bits from the band's first on, counted from the highest of them."""
    start = band * _WIDE
    mask = np.uint64((1 << _WIDE) - 1)
    word, place = divmod(start, 64)
    if place + _WIDE <= 64:
        return ((signatures[:, word] >> np.uint64(64 - place - _WIDE)) & mask).astype(np.uint32)
    low = place + _WIDE - 64
    high = signatures[:, word] << np.uint64(low)
    return ((high | (signatures[:, word + 1] >> np.uint64(64 - low))) & mask).astype(np.uint32)


def _agreed(hits: Ints, owner: Ints32, seen: _Seen) -> list[Shared]:
    """Of each pair of pictures the most points that agree within 45 degrees, an octave and _WITHIN."""
    total, n = len(owner), len(seen.longest)
    told: list[tuple[int, int]] = []
    for part in _by_first(hits, 2 * total, owner):
        mirrored = part & 1
        a, b = (part >> 1) // total, (part >> 1) % total
        turn = np.where(mirrored == 1, 540 - seen.angles[b] - seen.angles[a], seen.angles[b] - seen.angles[a]) % 360
        scale = seen.sizes[b] - seen.sizes[a]
        other = seen.offsets[b] * np.stack([1 - 2 * mirrored, np.ones_like(mirrored)], axis=1)
        reach = np.exp2(scale) * seen.longest[owner[a]] * _WITHIN
        middle = _middle(turn, scale, seen.offsets[a], other) / reach[:, None]
        pair = (owner[a].astype(np.int64) * n + owner[b]) * 2 + mirrored
        told += _together(pair, turn, scale, middle, a, b).items()
    return [Shared((key >> 1) // n, (key >> 1) % n, bool(key & 1), count) for key, count in sorted(told)]


def _middle(turn: Floats, scale: Floats, here: Floats, there: Floats) -> Floats:
    """Where the middle of one picture lies in the other, (n, 2) from its middle, by each pair of points alone.

    `here` and `there`: the points from the middles of theirs; `turn` (degrees) and `scale` (octaves): of the other.
    """
    sine, cosine = (of(np.radians(turn)) * np.exp2(scale) for of in (np.sin, np.cos))
    x, y = here[:, 0], here[:, 1]
    return there - np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=1)


def _together(pair: Ints, turn: Floats, scale: Floats, middle: Floats, a: Ints, b: Ints) -> dict[int, int]:
    """The most points of each pair, but LEAST, that are turned and scaled (octaves) alike and of one `middle`."""
    best: dict[int, int] = {}
    for shift in (0.0, 0.5):  # what lies across the edge of two bins is in one of the other grid
        turned, scaled = (np.floor(v + shift).astype(np.int64) for v in (turn / 45, scale))
        names, group, sizes = np.unique(
            (pair * 8 + turned % 8) * 64 + scaled + 32, return_inverse=True, return_counts=True
        )
        many = np.flatnonzero(sizes[group] >= LEAST)
        for across, down in itertools.product((0.0, 0.5), repeat=2):
            cells = np.clip(np.floor(middle[many] + (across, down)), -_CELLS // 2, _CELLS // 2 - 1).astype(np.int64)
            spot = (cells + _CELLS // 2) @ (_CELLS, 1)
            for code, count in _least_distinct(group[many] * _CELLS**2 + spot, a[many], b[many]):
                key = int(names[code // _CELLS**2]) >> 9
                best[key] = max(count, best.get(key, 0))
    return best


def _least_distinct(group: Ints, a: Ints, b: Ints) -> Iterator[tuple[int, int]]:
    """Each group with the lesser number of different points on either side."""
    sides = []
    for points in (a, b):
        pairs = _each_once([group << 32 | points])
        sides.append(np.unique(pairs >> 32, return_counts=True))
    (codes, first), (_, second) = sides
    counts = np.minimum(first, second)
    keep = counts >= LEAST
    return zip(codes[keep].tolist(), counts[keep].tolist(), strict=True)
