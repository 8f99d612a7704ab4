"""Pairs of pictures that share points: cuts, turned and framed copies, whose hashes are nothing alike.

Each descriptor becomes 127 bits, the signs of its Hadamard transform without the mean (random projections: Charikar
2002; binary signatures of SIFT: Jegou, Douze and Schmid 2008, "Hamming embedding and weak geometric consistency").
Bands of the bits are sorted, and neighbours with the same band are compared. A pair of pictures is told if enough of
its points agree about how much it was scaled and turned, which is that paper's weak geometric consistency.

What thousands of pictures share (a logo, a frame) costs no more than anything else: in a sorted band a point meets the
next few only. Copies of copies find each other over their neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loraprep.duplicates.keypoints import MIRROR, OCTAVE, Glimpse, Keypoints, Quick

Ints = NDArray[np.int64]

_ALL = 1 << 21  # points that are looked up in all, so that the index takes less than 200 MB, but of a picture at least
_TOP = 100  # those with the most contrast; a band of lettering may hold as many
_WIDE, _BANDS = 18, 7  # bits of a band: one in 250,000 pairs of strange points shares it; 7 of them are the 127 bits
_NEXT = 12  # neighbours in a sorted band that each point meets
_NEAR = 24  # bits of 127 by which two views of one point may differ
LEAST = 4  # points that agree; the paper's verification, too, asks for no fewer
_STEP = 1 << 20  # pairs of points compared at once
_ROWS = 1 << 14  # descriptors turned into bits at once


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
    plain, mirror, sizes, angles, counts = [], [], [], [], []
    waiting: list[NDArray[np.uint8]] = []

    def turn_into_bits() -> None:
        rows = np.concatenate(waiting)  # many at once: a product of a few rows costs more to begin than to do
        plain.append(_bits(rows))
        mirror.append(_bits(rows[:, MIRROR]))
        waiting.clear()

    for picture in pictures:
        waiting.append(picture.descriptors[:top])
        sizes.append(np.log2(np.maximum(picture.places[:top, 2], 1e-3)))
        angles.append(picture.places[:top, 3])
        counts.append(len(waiting[-1]))
        if sum(map(len, waiting)) >= _ROWS:
            turn_into_bits()
    if waiting:
        turn_into_bits()
    if not sum(counts):
        return []
    owner = np.repeat(np.arange(len(counts)), counts)
    hits = _near(np.concatenate([*plain, *mirror]), owner)
    return _agreed(hits, owner, np.concatenate(sizes), np.concatenate(angles), len(counts))


_QUICK_NEXT = 6
# bands of 18 bits, 252 of 256 in all; once two pictures have met somebody nobody asks about the two of them any more,
# which matters where all corners are alike: soft ground, grain
_QUICK_ROUNDS = (range(1), range(1, 2), range(2, 4), range(4, 8), range(8, 14))
_QUICK_NEAR = 30  # bits of 256 by which two quick views of one point may differ; at 36 no more pairs were met
# (tests/benchmarks/copies.py, develop: no copy is lost, and of the variants four pairs of day and night in flat tiles)


def met(pictures: Iterable[Glimpse], count: int) -> NDArray[np.bool_]:
    """Tell which of `count` pictures share at least LEAST quick points that agree with another, or one mirrored."""
    top = max(_TOP, _ALL // max(1, count) // 2)
    sides: tuple[list[Quick], list[Quick]] = ([], [])  # of all pictures, then of all of them mirrored
    for picture in pictures:
        for side, points in zip(sides, picture.sides, strict=True):
            side.append(points[:top])
    parts = [*sides[0], *sides[1]]
    found = np.zeros(count, bool)
    if not sum(map(len, parts)):
        return found
    owner = np.repeat(np.arange(2 * count), [len(part) for part in parts])
    rows = np.concatenate(parts)
    signatures = np.ascontiguousarray(rows[:, 2:]).view(">u8").astype(np.uint64)

    def strangers(p: Ints, q: Ints) -> NDArray[np.bool_]:
        one, other = owner[p], owner[q]
        different: NDArray[np.bool_] = ((one < count) | (other < count)) & (one % count != other % count)
        return different & ~(found[one % count] & found[other % count])

    octaves, angles = rows[:, 0].astype(np.float64) * np.log2(OCTAVE), rows[:, 1] * (360 / 256)
    codes = np.zeros(0, np.int64)
    for bands in _QUICK_ROUNDS:
        p, q = _neighbours(signatures, bands, _QUICK_NEXT, _QUICK_NEAR, strangers)
        codes = np.unique(np.concatenate([codes, np.minimum(p, q) * len(owner) + np.maximum(p, q)]))
        a, b = codes // len(owner), codes % len(owner)
        pair = owner[a] * 2 * count + owner[b]
        for code in _together(pair, (angles[b] - angles[a]) % 360, octaves[b] - octaves[a], a, b):
            found[[code // (2 * count) % count, code % (2 * count) % count]] = True
        if found.all():
            break
        codes = codes[~(found[owner[a] % count] & found[owner[b] % count])]
    return found


def _near(signatures: NDArray[np.uint64], owner: Ints) -> Ints:
    """Codes of near points of different pictures: (a * n + b) * 2 + mirrored, a's picture before b's."""
    n = len(owner)

    def strangers(p: Ints, q: Ints) -> NDArray[np.bool_]:
        different: NDArray[np.bool_] = ((p < n) | (q < n)) & (owner[p % n] != owner[q % n])
        return different

    p, q = _neighbours(signatures, range(_BANDS), _NEXT, _NEAR, strangers)
    a, b, mirrored = p % n, q % n, ((p >= n) | (q >= n)).astype(np.int64)
    swap = owner[a] > owner[b]
    a, b = np.where(swap, b, a), np.where(swap, a, b)
    return np.unique((a * n + b) * 2 + mirrored)


def _neighbours(
    signatures: NDArray[np.uint64],
    bands: range,
    following: int,
    near: int,
    wanted: Callable[[Ints, Ints], NDArray[np.bool_]],
) -> tuple[Ints, Ints]:
    """Pairs of rows that are `wanted` and differ in `near` bits at most, of those next to each other in sorted bands.

    A pair that several bands bring together is named as often.
    """
    found = [np.zeros((2, 0), np.int64)]
    for band in bands:
        key = _band(signatures, band)
        order = np.argsort(key, kind="stable")
        key = key[order]
        for step in range(1, following + 1):
            same = np.flatnonzero(key[step:] == key[:-step])
            if not len(same):
                break
            for start in range(0, len(same), _STEP):
                part = same[start : start + _STEP]
                p, q = order[part], order[part + step]
                ok = wanted(p, q)
                p, q = p[ok], q[ok]
                ok = np.bitwise_count(signatures[p] ^ signatures[q]).sum(axis=1) <= near
                found.append(np.stack([p[ok], q[ok]]))
    p, q = np.concatenate(found, axis=1)
    return p, q


def _band(signatures: NDArray[np.uint64], band: int) -> NDArray[np.uint64]:
    """_WIDE bits from the band's first on, counted from the highest of them."""
    start = band * _WIDE
    mask = np.uint64((1 << _WIDE) - 1)
    word, place = divmod(start, 64)
    if place + _WIDE <= 64:
        return (signatures[:, word] >> np.uint64(64 - place - _WIDE)) & mask
    low = place + _WIDE - 64
    high = signatures[:, word] << np.uint64(low)
    return (high | (signatures[:, word + 1] >> np.uint64(64 - low))) & mask


def _agreed(hits: Ints, owner: Ints, sizes: NDArray[np.floating], angles: NDArray[np.floating], n: int) -> list[Shared]:
    """Of each pair of pictures the most points that agree within 45 degrees and an octave."""
    total, mirrored = len(owner), hits & 1
    a, b = (hits >> 1) // total, (hits >> 1) % total
    turn = np.where(mirrored == 1, 540 - angles[b] - angles[a], angles[b] - angles[a]) % 360
    pair = (owner[a] * n + owner[b]) * 2 + mirrored
    told = sorted(_together(pair, turn, sizes[b] - sizes[a], a, b).items())
    return [Shared((key >> 1) // n, (key >> 1) % n, bool(key & 1), count) for key, count in told]


def _together(pair: Ints, turn: NDArray[np.floating], scale: NDArray[np.floating], a: Ints, b: Ints) -> dict[int, int]:
    """The most points of each pair, but LEAST, that are turned and scaled (octaves) alike."""
    best: dict[int, int] = {}
    for shift in (0.0, 0.5):  # what lies across the edge of two bins is in one of the other grid
        turned, scaled = (np.floor(v + shift).astype(np.int64) for v in (turn / 45, scale))
        group = (pair * 8 + turned % 8) * 64 + scaled + 32
        for code, count in _least_distinct(group, a, b):
            best[code >> 9] = max(count, best.get(code >> 9, 0))
    return best


def _least_distinct(group: Ints, a: Ints, b: Ints) -> Iterator[tuple[int, int]]:
    """Each group with the lesser number of different points on either side."""
    sides = []
    for points in (a, b):
        order = np.lexsort((points, group))
        g, p = group[order], points[order]
        new = np.ones(len(g), bool)
        new[1:] = (g[1:] != g[:-1]) | (p[1:] != p[:-1])
        sides.append(np.unique(g[new], return_counts=True))
    (codes, first), (_, second) = sides
    counts = np.minimum(first, second)
    keep = counts >= LEAST
    return zip(codes[keep].tolist(), counts[keep].tolist(), strict=True)
