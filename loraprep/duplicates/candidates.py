"""Pairs of pictures that are worth a look: those whose hashes are near."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from loraprep.core.records import Image
from loraprep.duplicates import cuts, hamming
from loraprep.duplicates.hamming import Candidate
from loraprep.project.settings import DuplicateLimits


def bits(hashes: Iterable[str]) -> NDArray[np.uint64]:
    """64-bit hashes of 16 hex digits as numbers, shape (n,). Raises ValueError for anything else."""
    return np.array([int(text, 16) for text in hashes], dtype=np.uint64)


def find_candidates(images: Sequence[Image], limits: DuplicateLimits) -> list[Candidate]:
    """List the pairs whose hashes are at most `limits.phash` and `limits.dhash` bits apart, upright or mirrored.

    With `limits.cuts` also those where a part of one is so near to the other, with `limits.rotations` those turned on
    their side or head. Exact (see hamming.py); every image needs its four hashes and its thumbnail. Each pair once,
    sorted by i and j.
    """
    phash, dhash = int(limits.phash), int(limits.dhash)
    plain = hamming.side(bits(i.phash for i in images), bits(i.dhash for i in images))
    turned = hamming.side(bits(i.phash_mirror for i in images), bits(i.dhash_mirror for i in images))
    best: dict[tuple[int, int], Candidate] = {}
    for other, mirrored in ((None, False), (turned, True)):
        rows, columns = hamming.near(plain, other, phash, dhash)
        apart = hamming.apart(plain, plain if other is None else other, rows, columns)
        for i, j, distance in zip(rows.tolist(), columns.tolist(), apart.tolist(), strict=True):
            if (i, j) not in best or distance < best[i, j].distance:
                best[i, j] = Candidate(i, j, distance, mirrored)
    for wanted, more in ((limits.cuts, cuts.cuts), (limits.rotations, cuts.turned)):
        for found in more(images, phash, dhash) if wanted else ():
            best.setdefault((found.i, found.j), found)
    return [found for _, found in sorted(best.items())]
