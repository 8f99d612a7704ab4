"""The search for near hashes as a set grows: python -m tests.benchmarks.scale COUNT [white | points | records [ADDRESS]]

Prints seconds on the clock and of CPU, and pairs found, as JSON. `white`: a third of the pictures have a white background, so that
most bits of their hashes are the same. `points`: the search for pictures that share points instead, a hundred of each.
`records`: as the step does it, from as many records, with the share of planted pairs that was found; ADDRESS: in a run on
the cluster that `--cluster` names, whose workers were asked before.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import numpy as np

from loraprep.core.records import Image
from loraprep.duplicates import candidates, hamming, index, keypoints
from loraprep.imaging import cluster, pool
from tests import stuck
from tests.folders import duplicate_limits

Hashes = hamming.Hashes
LIMITS = duplicate_limits()
PHASH, DHASH = int(LIMITS.phash), int(LIMITS.dhash)


def hashes(count: int, *, white: bool = False, seed: int = 1) -> tuple[Hashes, Hashes, hamming.Indices]:
    """Random hashes; each fiftieth is another one with up to ten bits changed: which one, in their order."""
    random = np.random.default_rng(seed)
    first, second = (random.integers(0, 2**64, count, dtype=np.uint64) for _ in range(2))
    if white:
        # a figure before white: only where the figure ends does one column differ from the next
        plain = random.random(count) < 1 / 3
        second[plain] &= np.uint64(0x0018_3C3C_3C3C_1800)
        coarse = random.integers(0, 2**64, dtype=np.uint64)
        first[plain] = coarse ^ (first[plain] & random.integers(0, 2**64, count, dtype=np.uint64)[plain]
                                 & np.uint64(0x0F0F_FFFF_FFFF_FFFF))  # fmt: skip
    copies = np.arange(0, count - 1, 50)
    sources = random.permutation(count)[: len(copies)]
    for kind in (first, second):
        kind[copies] = kind[sources]
        for _ in range(10):
            kind[copies] ^= np.uint64(1) << random.integers(0, 64, len(copies), dtype=np.uint64)
    return first, second, sources


def searched(count: int, *, white: bool = False) -> dict[str, float]:
    """As the default rule does: upright with upright, upright with mirrored."""
    plain, mirrored = (hamming.side(*hashes(count, white=white, seed=seed)[:2]) for seed in (1, 2))
    cost = timed(lambda: sum(len(hamming.near(plain, other, PHASH, DHASH)[0]) for other in (None, mirrored)))
    return {**cost, "wrong": _wrong(plain, mirrored)}


def recorded(count: int, address: str) -> dict[str, float]:
    """As the step does, from records, in whose run a cluster looks at pictures if there is an address."""
    first, second, sources = hashes(count)
    sides = (first, second), hashes(count, seed=2)[:2]
    (phash, dhash), (phash_mirror, dhash_mirror) = ([list(map("{:016x}".format, h.tolist())) for h in s] for s in sides)
    images = [
        Image(f"{n:07}.jpg", "image", phash=p, dhash=d, phash_mirror=pm, dhash_mirror=dm)
        for n, (p, d, pm, dm) in enumerate(zip(phash, dhash, phash_mirror, dhash_mirror, strict=True))
    ]
    near: list[candidates.Near] = []

    def search() -> int:
        near.append(candidates.near(images, LIMITS))
        return len(near[0].upright[0]) + len(near[0].mirrored[0])

    with cluster.used(cluster.checked(address)) if address else nullcontext():
        if address:
            list(pool.each(pool.Work(stuck.acting), [*map(str, range(200))], weigh=lambda _: 0))
        cost = timed(search)
    copies = np.arange(0, count - 1, 50)
    # a source that became a copy itself is like neither any more
    alike = np.bitwise_count(first[copies] ^ first[sources]) <= PHASH
    alike &= np.bitwise_count(second[copies] ^ second[sources]) <= DHASH
    planted = np.stack([copies, sources])[:, alike & (copies != sources)]
    told = np.isin(planted.min(0) * count + planted.max(0), near[0].upright[0] * count + near[0].upright[1])
    return {**cost, "planted": len(told), "recall": float(told.mean())}


def timed(make: Callable[[], int]) -> dict[str, float]:
    clock, cpu = time.perf_counter(), time.process_time()
    pairs = make()
    return {"seconds": time.perf_counter() - clock, "cpu": time.process_time() - cpu, "pairs": pairs}


def _wrong(plain: hamming.Side, mirrored: hamming.Side, sample: int = 3000) -> int:
    """Pairs of a sample on which the search and comparing each with each disagree."""
    some = slice(0, sample)
    a, b = plain.part(some), mirrored.part(some)
    wrong = 0
    for other in (a, b):
        near = np.bitwise_count(a.first[:, None] ^ other.first[None]) <= PHASH
        near &= np.bitwise_count(a.second[:, None] ^ other.second[None]) <= DHASH
        true = set(zip(*(n.tolist() for n in np.nonzero(np.triu(near, 1))), strict=True))
        found = hamming.near(a, None if other is a else b, PHASH, DHASH)
        wrong += len(true ^ set(zip(found[0].tolist(), found[1].tolist(), strict=True)))
    return wrong


def points(count: int) -> dict[str, float]:
    """Pictures that share points: each fiftieth is another one again, all descriptors a little changed."""
    random = np.random.default_rng(1)
    places = np.zeros((100, 4), np.float32)
    places[:, 2] = 8.0

    def pictures() -> Iterator[keypoints.Keypoints]:
        kept: list[np.ndarray] = []
        for number in range(count):
            if number % 50 == 49:
                noise = random.integers(-4, 5, (100, 128))
                found = np.clip(kept[int(random.integers(len(kept)))] + noise, 0, 255).astype(np.uint8)
            else:
                found = np.minimum(random.gamma(0.6, 45, (100, 128)), 255).astype(np.uint8)
                kept.append(found) if len(kept) < 2000 else None
            yield keypoints.Keypoints(384, 512, places, found)

    made = list(pictures())
    return {**timed(lambda: len(index.shared(made, count))), "planted": count // 50}


def plot(points: dict[str, list[tuple[int, float]]], path: Path) -> None:
    """Seconds over pictures, both logarithmic, with a line that grows with the square to compare."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for name, values in points.items():
        axes.loglog(*zip(*values, strict=True), marker="o", label=name)
    start = next(iter(points.values()))[0]
    axes.loglog([start[0], 10**6], [start[1], start[1] * (10**6 / start[0]) ** 2], ":", c="grey", label="the square")
    axes.set(xlabel="pictures", ylabel="seconds", title="Search for near hashes, mirrored forms too")
    axes.legend()
    figure.savefig(path)


def main() -> None:
    size, how = int(sys.argv[1]), "".join(sys.argv[2:3])
    if how == "records":
        found = recorded(size, "".join(sys.argv[3:]))
    else:
        found = points(size) if how == "points" else searched(size, white=how == "white")
    print(json.dumps({**found, "most_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))


if __name__ == "__main__":
    main()
