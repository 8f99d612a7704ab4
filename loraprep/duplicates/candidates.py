"""Pairs of pictures that are worth a look: those that share points, and those without points whose hashes are near."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loraprep.core.records import Image
from loraprep.duplicates import flattened, hamming, index
from loraprep.duplicates.keypoints import Keypoints, Sight
from loraprep.project.settings import DuplicateLimits

_Places = NDArray[np.intp]

_FEW = 60  # points, below which a picture may share none with its copy; of others the index finds every copy
_NEAREST, _ALIKE = 4, 0.9  # copies of a soft picture are its nearest, far above the latter
_MANY = 20_000  # pictures, from which on comparing the thumbnails of all would take more than a minute
_CHUNK, _SPAN = 512, 2048  # pictures compared with so many at once; of all, products take gigabytes


class Candidate:
    """Two pictures (indices, i < j); `points` that they share, 0 for likeness alone; j looks `mirrored`.

    `alike`: as a whole, by hashes or thumbnails, or with few points: they may lie on each other without any to tell.
    `either`: what is even, or the same on both sides, looks as if it were mirrored and as if it were not.
    """

    __slots__ = ("alike", "either", "i", "j", "mirrored", "points")

    def __init__(self, i: int, j: int, mirrored: bool, points: int, alike: bool = False) -> None:
        self.i, self.j, self.mirrored, self.points, self.alike = i, j, mirrored, points, alike
        self.either = False

    def seen_alike(self, mirrored: bool) -> None:
        self.alike = True
        self.either |= mirrored != self.mirrored


def bits(hashes: Iterable[str]) -> NDArray[np.uint64]:
    """64-bit hashes of 16 hex digits as numbers, shape (n,). Raises ValueError for anything else."""
    return np.array([int(text, 16) for text in hashes], dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class Near:
    """The pairs of pictures that are near as a whole: rows and columns.

    By their hashes, upright and with the other mirrored; and by their outlines, of which only one is transparent.
    """

    upright: hamming.Found
    mirrored: hamming.Found
    outlines: hamming.Found


def near(images: Sequence[Image], limits: DuplicateLimits) -> Near:
    """Find the pairs whose hashes, all four of which each has, are at most `limits.phash` and `.dhash` bits apart, and
    those of flattened.same_outline.
    """
    plain = hamming.side(bits(i.phash for i in images), bits(i.dhash for i in images))
    turned = hamming.side(bits(i.phash_mirror for i in images), bits(i.dhash_mirror for i in images))
    upright, mirrored = (hamming.near(plain, other, int(limits.phash), int(limits.dhash)) for other in (None, turned))
    i, j = np.array([*flattened.same_outline(images)], np.intp).reshape(-1, 2).T
    return Near(upright, mirrored, (i, j))


def find_candidates(images: Sequence[Image], sight: Sight, alike: Near) -> list[Candidate]:
    """List the pairs that share points (see index.py), upright ones first, then those with the most.

    And of those with next to no points, or with none that any other shares, those `alike` by their hashes, and those
    most alike when they are tiny: lettering over a plain sky turns most bits of its hash. Every image has its `thumb`
    and was prepared by `sight`. Each pair once.
    """
    best: dict[tuple[int, int], Candidate] = {}
    few, alone = np.zeros(len(images), bool), np.ones(len(images), bool)

    def seen() -> Iterator[Keypoints]:
        for n, image in enumerate(images):
            points = sight.points(image)
            few[n] = len(points.places) < _FEW
            yield points

    for found in index.shared(seen(), len(images)):
        pair = found.i, found.j
        alone[[*pair]] = False
        before = best.get(pair)
        if before is None or before.points < found.points:
            best[pair] = Candidate(*pair, found.mirrored, found.points)
        best[pair].either = before is not None  # a pair is told once upright and once mirrored
    for (rows, columns), mirrored in ((alike.upright, False), (alike.mirrored, True)):
        unsure = (few | alone)[rows] | (few | alone)[columns]
        for i, j, alone_or_few in zip(rows.tolist(), columns.tolist(), unsure.tolist(), strict=True):
            if alone_or_few:
                best.setdefault((i, j), Candidate(i, j, mirrored, 0))
            if (i, j) in best:
                best[i, j].seen_alike(mirrored)
    for i, j, mirrored in _alike(images, np.flatnonzero(few | alone if len(images) < _MANY else few)):
        best.setdefault((i, j), Candidate(i, j, mirrored, 0)).seen_alike(mirrored)
    for i, j in zip(*map(np.ndarray.tolist, alike.outlines), strict=True):
        best.setdefault((i, j), Candidate(i, j, False, 0)).alike = True
    for (i, j), candidate in best.items():
        candidate.alike |= bool(few[i] or few[j])
    return sorted(best.values(), key=lambda c: (c.mirrored, -c.points, c.i, c.j))


def _alike(images: Sequence[Image], rows: NDArray[np.intp]) -> Iterator[tuple[int, int, bool]]:
    """The pairs (i < j, mirrored) of each of `rows` and the _NEAREST whose thumbnails correlate most, but over _ALIKE.

    Sums of whole numbers in double precision: the same on every machine.
    """
    if not len(rows):
        return
    thumbs = np.frombuffer(b"".join(i.thumb for i in images), np.uint8).reshape(len(images), -1)
    size = thumbs.shape[1]
    spans = [slice(start, start + _SPAN) for start in range(0, len(images), _SPAN)]
    sums, squares = (
        np.concatenate([(thumbs[span].astype(np.int64) ** power).sum(axis=1) for span in spans]).astype(np.float64)
        for power in (1, 2)
    )
    spread = np.sqrt(np.maximum(size * squares - sums * sums, 1.0))
    for mirrored in (False, True):
        for start in range(0, len(rows), _CHUNK):
            part = rows[start : start + _CHUNK]
            seen = thumbs[part].reshape(len(part), 24, 24)
            mine = (seen[:, :, ::-1] if mirrored else seen).reshape(len(part), size).astype(np.float64)
            nearest = []
            for span in spans:
                alike = mine @ thumbs[span].astype(np.float64).T
                alike *= size
                alike -= np.outer(sums[part], sums[span])
                alike /= np.outer(spread[part], spread[span])
                one, other = np.nonzero(alike > _ALIKE)  # few: to put all of them in order took most of a search
                strange = part[one] != other + span.start
                one, other = one[strange], other[strange]
                nearest.append(_nearest(one, other + span.start, alike[one, other]))
            one, other, _ = _nearest(*(np.concatenate(some) for some in zip(*nearest, strict=True)))
            for n, j in zip(part[one].tolist(), other.tolist(), strict=True):
                yield min(n, j), max(n, j), mirrored


def _nearest(one: _Places, other: _Places, alike: NDArray[np.float64]) -> tuple[_Places, _Places, NDArray[np.float64]]:
    """Of each of `one` the _NEAREST that are most alike, and of equal ones the first, in that order."""
    order = np.lexsort((other, -alike, one))
    one, other, alike = one[order], other[order], alike[order]
    first = np.arange(len(one)) - np.searchsorted(one, one) < _NEAREST
    return one[first], other[first], alike[first]
