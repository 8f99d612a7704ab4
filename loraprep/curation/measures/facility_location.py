"""Choosing pictures that stand for all of a set. Pure: indices in, indices out; ties go to the first."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from loraprep.core.components import connected

Likeness = NDArray[np.float32]  # n x n, 1 for the same picture, 0 for nothing in common

WORTH = 0.1  # how many pictures' worth of cover the sharpest picture is preferred over the softest by, per pick


_REACH = 0.8  # of the usual unlikeness: pictures farther apart do not stand for each other


def beyond_usual(alike: Likeness) -> Likeness:
    """Rescale likeness: 0 for pairs about as unlike as two of the set mostly are, 1 for the same picture.

    What most pictures have in common says nothing about who stands for whom (tests/benchmarks/subset.py).
    """
    if len(alike) < 3:
        return alike
    step = max(1, len(alike) // 1000)
    usual = 1 - float(np.median(alike[::step, ::step]))
    beyond: Likeness = np.subtract(
        1, alike, dtype=np.float32
    )  # 1 - (1 - alike) / reach, with one n x n beside the other
    beyond /= np.float32(max(_REACH * usual, 1e-3))
    np.subtract(1, beyond, out=beyond)
    return np.maximum(beyond, 0, out=beyond)


class MemberQuota(msgspec.Struct, frozen=True):
    """Of the chosen, at least `low` and at most `high` shall be among `members`."""

    members: frozenset[int]
    low: int
    high: int


def facility_subset(
    alike: Likeness,
    worth: NDArray[np.float32],
    target: int,
    pinned: Sequence[int] = (),
    quotas: Sequence[MemberQuota] = (),
    copies: Sequence[Sequence[int]] = (),
) -> list[int]:
    """Choose up to `target` indices in the order of their gain, pins first.

    Greedy facility location: maximizes sum_i max_{j in S} alike[i, j] + WORTH * sum_{j in S} worth[j] (Nemhauser,
    Wolsey and Fisher 1978: within 1 - 1/e of the best), evaluated lazily (Minoux 1978). Quotas are kept as far as
    there are pictures; of each group in `copies` at most one is taken, unless pinned.
    """
    n = len(alike)
    chosen = sorted(set(pinned))
    covered = alike[:, chosen].max(axis=1) if chosen else np.zeros(n, np.float32)
    group = {i: k for k, members in enumerate(copies) for i in members}
    taken = {group[i] for i in chosen if i in group}
    heap = [(-math.inf, i) for i in range(n) if i not in set(chosen)]

    def gain(i: int) -> float:
        return float(np.maximum(alike[i] - covered, 0).sum()) + WORTH * float(worth[i])

    while len(chosen) < min(target, n) and heap:
        aside: list[tuple[float, int]] = []
        needed = _needed(chosen, quotas, target)
        best = -1
        while heap:
            bound, i = heapq.heappop(heap)
            if i in group and group[i] in taken:
                continue
            if _barred(i, chosen, quotas) or (needed and not any(i in q.members for q in needed)):
                aside.append((bound, i))
                continue
            fresh = -gain(i)
            if not heap or (fresh, i) <= heap[0]:  # gains only shrink: no other can be better
                best = i
                break
            heapq.heappush(heap, (fresh, i))
        for item in aside:
            heapq.heappush(heap, item)
        if best < 0 and not quotas:
            break
        if best < 0:  # the quotas cannot be met with what is there: rather a full set
            quotas = ()
            continue
        chosen.append(best)
        if best in group:
            taken.add(group[best])
        covered = np.maximum(covered, alike[:, best])
    return chosen


def _barred(i: int, chosen: Sequence[int], quotas: Sequence[MemberQuota]) -> bool:
    return any(i in q.members and sum(c in q.members for c in chosen) >= q.high for q in quotas)


def _needed(chosen: Sequence[int], quotas: Sequence[MemberQuota], target: int) -> list[MemberQuota]:
    """Find the quotas still short, once every place left is spoken for."""
    short = [(q, q.low - sum(c in q.members for c in chosen)) for q in quotas]
    short = [(q, n) for q, n in short if n > 0]
    return [q for q, _ in short] if sum(n for _, n in short) >= target - len(chosen) else []


def coverage_losses(alike: Likeness, chosen: Sequence[int]) -> list[float]:
    """Count for each chosen index how many pictures' worth of the whole set only it shows (0: others show it all)."""
    if not chosen:
        return []
    cover = alike[:, list(chosen)]
    best = cover.argmax(axis=1)
    second = np.partition(cover, -2, axis=1)[:, -2] if len(chosen) > 1 else np.zeros(len(alike), np.float32)
    lost = np.bincount(best, cover.max(axis=1) - second, minlength=len(chosen))
    return [float(v) for v in lost]


def star_clusters(alike: Likeness, threshold: float, least: int = 3) -> list[list[int]]:
    """Find groups of `least` or more, each at least `threshold` like the group's first."""
    groups: list[list[int]] = []
    free = np.ones(len(alike), bool)
    for i in range(len(alike)):
        close = np.flatnonzero(free & (alike[i] >= threshold))
        if free[i] and len(close) >= least:
            groups.append([int(j) for j in close])
            free[close] = False
    return groups


def linked_groups(alike: Likeness, threshold: float) -> list[tuple[int, ...]]:
    """Group pictures linked by likeness (single linkage), every index in exactly one group, sorted by first member."""
    rows, columns = np.nonzero(np.triu(alike >= threshold, 1))
    return connected(range(len(alike)), zip(rows.tolist(), columns.tolist(), strict=True))
