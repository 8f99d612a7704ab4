"""Pairs of pictures that are worth a look: those that share points, and those without points whose hashes are near."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from loraprep.core.records import Image
from loraprep.duplicates import hamming, index
from loraprep.duplicates.keypoints import Keypoints, Sight
from loraprep.project.settings import DuplicateLimits

_FEW = 60  # points, below which a picture may share none with its copy; of others the index finds every copy


class Candidate:
    """Two pictures (indices, i < j); `points` that they share, 0 for near hashes alone; j looks `mirrored`."""

    __slots__ = ("i", "j", "mirrored", "points")

    def __init__(self, i: int, j: int, mirrored: bool, points: int) -> None:
        self.i, self.j, self.mirrored, self.points = i, j, mirrored, points


def bits(hashes: Iterable[str]) -> NDArray[np.uint64]:
    """64-bit hashes of 16 hex digits as numbers, shape (n,). Raises ValueError for anything else."""
    return np.array([int(text, 16) for text in hashes], dtype=np.uint64)


def find_candidates(images: Sequence[Image], sight: Sight, limits: DuplicateLimits) -> list[Candidate]:
    """List the pairs that share points (see index.py), upright ones first, then those with the most.

    And those whose hashes are at most `limits.phash` and `limits.dhash` bits apart, upright or mirrored, if one of the
    two has next to no points. Every image needs its four hashes and was prepared by `sight`. Each pair once.
    """
    best: dict[tuple[int, int], Candidate] = {}
    few = np.zeros(len(images), bool)

    def seen() -> Iterator[Keypoints]:
        for n, image in enumerate(images):
            points = sight.points(image)
            few[n] = len(points.places) < _FEW
            yield points

    for found in index.shared(seen(), len(images)):
        pair = found.i, found.j
        if pair not in best or best[pair].points < found.points:
            best[pair] = Candidate(*pair, found.mirrored, found.points)
    plain = hamming.side(bits(i.phash for i in images), bits(i.dhash for i in images))
    turned = hamming.side(bits(i.phash_mirror for i in images), bits(i.dhash_mirror for i in images))
    for other, mirrored in ((None, False), (turned, True)):
        rows, columns = hamming.near(plain, other, int(limits.phash), int(limits.dhash))
        unsure = few[rows] | few[columns]
        for i, j in zip(rows[unsure].tolist(), columns[unsure].tolist(), strict=True):
            best.setdefault((i, j), Candidate(i, j, mirrored, 0))
    return sorted(best.values(), key=lambda c: (c.mirrored, -c.points, c.i, c.j))
