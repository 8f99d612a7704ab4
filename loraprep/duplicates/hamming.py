"""Finds all pairs of near hashes without comparing each with each: exact, in numpy.

A pair whose hashes differ in at most t of 64 bits differs in at most t // b bits inside one of b bands (pigeonhole;
Norouzi, Punjani and Fleet 2012, "Fast search in Hamming space with multi-index hashing"). So for each band, hashes
are sorted into buckets by the band's bits, and only buckets whose keys differ in so few bits are compared.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from math import comb

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Indices = NDArray[np.intp]
Found = tuple[Indices, Indices]

_STEP = 1 << 14  # lookups or candidates at once: what is made of them stays in the processor's cache
_REST = 1 << 16  # the same where lookups are repeated
_FEW = 128  # lookups with candidates left, below which these are compared all at once
# at least so many lookups, and half of all, have candidates, of at most so many each, to take them one by one
_MANY, _MOST = 2048, 200
_TILE = (256, 4096)  # of a brute-force comparison; its intermediate results stay in the processor's cache
_HEAVY = 1 << 22  # candidates of one pair of buckets from which the other hash is asked first
_MOST_BANDS = 8
_PER_LOOKUP, _PER_PAIR = 12.0, 9.0  # ns, measured: what a bucket lookup and a candidate cost
_PER_BRUTE = 1.4  # ns for a comparison in a tile


@dataclass(frozen=True, slots=True)
class Side:
    """The two hashes of n pictures, each of shape (n,), and which picture each row is."""

    first: Hashes
    second: Hashes
    rows: Indices

    def part(self, chosen: Indices | slice) -> Side:
        return Side(self.first[chosen], self.second[chosen], self.rows[chosen])

    def turned(self) -> Side:
        """The same with the other hash first."""
        return Side(self.second, self.first, self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def side(first: Hashes, second: Hashes) -> Side:
    return Side(first, second, np.arange(len(first), dtype=np.intp))


def near(a: Side, b: Side | None, first: int, second: int) -> Found:
    """Rows (i, j), i < j, sorted, where both hashes are at most `first` and `second` bits apart.

    `b` None: pairs within `a`. Else i's hashes are a's and j's are b's, which holds the same pictures in another
    form (mirrored). Exact: the same pairs as comparing each with each.
    """
    i, j = _pairs(a, b, first, second)
    if b is None:
        i, j = np.minimum(i, j), np.maximum(i, j)
    return _sorted(i, j, i < j)


def _pairs(a: Side, b: Side | None, first: int, second: int) -> Found:
    if first > second:  # the stricter hash makes the smaller buckets
        a, b = a.turned(), b.turned() if b is not None else None
        first, second = second, first
    found = list(_join(a, b, first, second, nested=False))
    none = np.zeros(0, np.intp)
    return np.concatenate([none, *(f[0] for f in found)]), np.concatenate([none, *(f[1] for f in found)])


def _sorted(i: Indices, j: Indices, right: NDArray[np.bool_]) -> Found:
    i, j = i[right], j[right]
    order = np.lexsort((j, i))
    return i[order], j[order]


def _join(a: Side, b: Side | None, first: int, second: int, *, nested: bool) -> Iterator[Found]:
    other = a if b is None else b
    bands = _bands(len(a), len(other), first)
    if not bands:
        yield from _brute(a, b, first, second)
        return
    width = 64 // bands
    places = [(n * width, width if n + 1 < bands else 64 - n * width) for n in range(bands)]
    errors = first // bands
    tables = [_Table(a, b, shift, wide) for shift, wide in places]
    jobs = [(n, mask) for n, (_, wide) in enumerate(places) for mask in _masks(wide, errors)]

    def work(job: tuple[int, int]) -> list[Found]:
        n, mask = job
        found = list(tables[n].pairs(mask, first, second, nested=nested))
        # a pair that an earlier band finds too is told once
        return [_fresh(f, a, other, places[:n], errors) for f in found]

    if nested:
        for job in jobs:
            yield from work(job)
        return
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for results in pool.map(work, jobs):
            yield from results


def _fresh(found: Found, a: Side, b: Side, earlier: list[tuple[int, int]], errors: int) -> Found:
    """Positions to rows, without the pairs whose keys are near in an earlier band."""
    i, j = found
    new = np.ones(len(i), bool)
    for shift, width in earlier:
        differ = ((a.first[i] ^ b.first[j]) >> np.uint64(shift)) & np.uint64((1 << width) - 1)
        new &= np.bitwise_count(differ) > errors
    return a.rows[i[new]], b.rows[j[new]]


class _Table:
    """One band of the first hash: b's positions sorted by key."""

    def __init__(self, a: Side, b: Side | None, shift: int, width: int) -> None:
        self.a, self.b, self.alone = a, a if b is None else b, b is None
        low = np.uint64((1 << width) - 1)
        self.keys = ((a.first >> np.uint64(shift)) & low).astype(np.int64)
        keys = self.keys if b is None else ((b.first >> np.uint64(shift)) & low).astype(np.int64)
        self.order = np.argsort(keys, kind="stable")
        self.sorted = self.b.first[self.order]
        self.size = np.bincount(keys, minlength=1 << width)
        self.start = np.cumsum(self.size) - self.size
        self.own = self.size if b is None else np.bincount(self.keys, minlength=1 << width)
        # a's positions in the order of their keys, so that neighbours look into the same bucket
        self.lookups = self.order if b is None else np.argsort(self.keys, kind="stable")
        self.looked, self.hashes = self.keys[self.lookups], a.first[self.lookups]
        self.skewed = int(self.own.max(initial=0)) * int(self.size.max(initial=0)) > _HEAVY

    def pairs(self, mask: int, first: int, second: int, *, nested: bool) -> Iterator[Found]:
        """Positions (in a, in b) of near pairs whose keys differ by exactly `mask`; within `a`, each pair once."""
        if self.skewed and not nested:
            keys = np.flatnonzero(self.own)
            if self.alone and mask:
                keys = keys[keys & _top(mask) == 0]
            heavy = self.own[keys] * self.size[keys ^ mask] > _HEAVY
            yield from self._heavy(keys[heavy], mask, first, second)
        for at in range(0, len(self.lookups), _STEP):
            here = slice(at, at + _STEP)
            keys = self.looked[here]
            begin, counts = self.start[keys ^ mask], self.size[keys ^ mask]
            if self.skewed and not nested:
                counts = np.where(self.own[keys] * counts > _HEAVY, 0, counts)
            if self.alone and mask:  # (k, k ^ mask) and (k ^ mask, k) are one
                counts = np.where(keys & _top(mask), 0, counts)
            elif self.alone:  # within a bucket: those after it
                after = np.arange(at + 1, at + 1 + len(keys))
                begin, counts = after, np.where(counts, begin + counts - after, 0)
            yield from self._compare(self.lookups[here], self.hashes[here], begin, counts, first, second)

    def _compare(
        self, lookups: Indices, hashes: Hashes, begin: Indices, counts: Indices, first: int, second: int
    ) -> Iterator[Found]:
        """Each lookup with its first candidate, then with its second, and so on: nothing has to be repeated."""
        some = np.flatnonzero(counts)
        if len(some) < max(_MANY, len(counts) // 2) or int(counts.max()) > _MOST:
            yield from self._rest(lookups[some], begin[some], counts[some], first, second)
            return
        # those with candidates left are always the first few; sorting is far cheaper in 16 bits
        order = np.argsort((_MOST - counts).astype(np.uint16), kind="stable")
        begin, hashes = begin[order], hashes[order]
        left = len(counts) - np.cumsum(np.bincount(counts))  # by candidates passed
        passed, most = 0, len(left) - 1
        while passed < most and left[passed] >= _FEW:
            n = int(left[passed])
            place = begin[:n] + passed
            hits = np.flatnonzero(np.bitwise_count(self.sorted[place] ^ hashes[:n]) <= first)
            if len(hits):
                yield self._near(lookups[order[hits]], self.order[place[hits]], second)
            passed += 1
        rest = order[: np.count_nonzero(counts > passed)]
        if len(rest):
            yield from self._rest(lookups[rest], begin[: len(rest)] + passed, counts[rest] - passed, first, second)

    def _rest(self, lookups: Indices, begin: Indices, counts: Indices, first: int, second: int) -> Iterator[Found]:
        """A few lookups with many candidates each."""
        done = np.cumsum(counts)
        at = 0
        while at < len(lookups):
            before = int(done[at - 1]) if at else 0
            stop = max(at + 1, int(np.searchsorted(done, before + _REST, side="right")))
            some, ends = counts[at:stop], done[at:stop] - before
            place = np.repeat(begin[at:stop] - (ends - some), some)
            place += np.arange(len(place))
            bits = np.bitwise_count(self.sorted[place] ^ np.repeat(self.a.first[lookups[at:stop]], some))
            hits = np.flatnonzero(bits <= first)
            i = lookups[at:stop][np.searchsorted(ends, hits, side="right")]
            yield self._near(i, self.order[place[hits]], second)
            at = stop

    def _near(self, i: Indices, j: Indices, second: int) -> Found:
        near = np.bitwise_count(self.a.second[i] ^ self.b.second[j]) <= second
        return i[near], j[near]

    def _heavy(self, keys: Indices, mask: int, first: int, second: int) -> Iterator[Found]:
        """Buckets that thousands share (white backgrounds): the other hash tells those pictures apart."""
        for key in keys:
            mine = np.flatnonzero(self.keys == key)
            begin = self.start[key ^ mask]
            theirs = self.order[begin : begin + self.size[key ^ mask]]
            one = Side(self.a.second[mine], self.a.first[mine], mine)
            two = None if self.alone and not mask else Side(self.b.second[theirs], self.b.first[theirs], theirs)
            yield from _join(one, two, second, first, nested=True)


def _brute(a: Side, b: Side | None, first: int, second: int) -> Iterator[Found]:
    other = a if b is None else b
    height, width = _TILE
    for top, left in itertools.product(range(0, len(a), height), range(0, len(other), width)):
        if b is None and left + width <= top:
            continue
        bits = np.bitwise_count(a.first[top : top + height, None] ^ other.first[None, left : left + width])
        i, j = np.nonzero(bits <= first)
        i, j = i + top, j + left
        if b is None:
            after = i < j
            i, j = i[after], j[after]
        near = np.bitwise_count(a.second[i] ^ other.second[j]) <= second
        yield a.rows[i[near]], other.rows[j[near]]


def _bands(n: int, m: int, limit: int) -> int:
    """How many bands cost least for n against m hashes; 0: compare each with each."""

    def cost(bands: int) -> float:
        width = 64 // bands
        masks: int = bands * sum(comb(width, k) for k in range(limit // bands + 1))
        return masks * n * (_PER_LOOKUP + m / (1 << width) * _PER_PAIR)

    options = [(_PER_BRUTE * n * m, 0)]
    options += [(cost(bands), bands) for bands in range(3, _MOST_BANDS + 1) if limit // bands <= 4]
    return min(options)[1]


@cache
def _masks(width: int, errors: int) -> tuple[int, ...]:
    """All numbers of `width` bits with at most `errors` of them set."""
    return tuple(_of(combination) for k in range(errors + 1) for combination in itertools.combinations(range(width), k))


def _top(mask: int) -> int:
    """The highest bit of it."""
    return 1 << (mask.bit_length() - 1)


def _of(bits: Iterable[int]) -> int:
    return sum(1 << bit for bit in bits)
