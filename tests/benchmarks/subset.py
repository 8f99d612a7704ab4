"""Is the chosen subset better than chance and k-means? python -m tests.benchmarks.subset

Planted categories of very uneven size (a few scenes make most of the portfolio), 1000 pictures each, 100 seeds: how many
categories are in the 40 that are chosen? Also the time for 5,000 candidates, with the scan's own facts.
"""

from __future__ import annotations

import hashlib
import random
import time

import numpy as np

from loraprep.core.records import Image
from loraprep.curation import similarity
from loraprep.curation.measures import facility_location

N, CATEGORIES, TARGET, SEEDS = 1000, 40, 40, 100


def planted(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(points, category): category k has a share of about 1/(k + 1)."""
    rng = np.random.default_rng(seed)
    share = 1 / (np.arange(CATEGORIES) + 1)
    share /= share.sum()
    category = np.concatenate([np.arange(CATEGORIES), rng.choice(CATEGORIES, N - CATEGORIES, p=share)])
    centres = rng.normal(size=(CATEGORIES, 16))
    return centres[category] + 0.45 * rng.normal(size=(N, 16)), category


def by_likeness(points: np.ndarray, seed: int) -> list[int]:
    square = (points**2).sum(1)
    distance = np.sqrt(np.maximum(square[:, None] + square - 2 * points @ points.T, 0))
    kernel = (1 - distance / distance.max()).astype(np.float32)
    return facility_location.facility_subset(
        facility_location.beyond_usual(kernel), np.random.default_rng(seed).random(N).astype(np.float32), TARGET
    )


def by_kmeans(points: np.ndarray, seed: int) -> list[int]:
    """The picture nearest each of TARGET centres (Lloyd 1982, started by k-means++)."""
    rng = np.random.default_rng(seed)
    centres = points[[int(rng.integers(N))]]
    for _ in range(TARGET - 1):
        far = ((points[:, None] - centres[None]) ** 2).sum(2).min(1)
        centres = np.concatenate([centres, points[[int(rng.choice(N, p=far / far.sum()))]]])
    for _ in range(12):
        home = ((points[:, None] - centres[None]) ** 2).sum(2).argmin(1)
        centres = np.array([points[home == k].mean(0) if (home == k).any() else centres[k] for k in range(TARGET)])
    return sorted({int(((points - c) ** 2).sum(1).argmin()) for c in centres})


def synthetic(number: int) -> list[Image]:
    """Records as the scan makes them, of pictures that do not exist."""
    rng = random.Random(5)
    scenes = [(rng.getrandbits(64), [rng.uniform(-40, 90) for _ in range(27)]) for _ in range(200)]
    made = []
    for n in range(number):
        bits, colour = rng.choice(scenes)
        for _ in range(rng.randrange(8)):
            bits ^= 1 << rng.randrange(64)
        made.append(Image(f"{n:05}.jpg", "image", digest=hashlib.sha256(b"%d" % n).hexdigest(), width=rng.randrange(800, 4000),
                          height=rng.randrange(800, 4000), sharpness=rng.uniform(20, 900), phash=f"{bits:016x}",
                          phash_mirror=f"{bits ^ 0xAAAA:016x}", colour=tuple(c + rng.gauss(0, 6) for c in colour)))  # fmt: skip
    return made


def main() -> tuple[int, int]:
    better_random = better_kmeans = 0
    covered = {"subset": [], "random": [], "k-means": []}
    for seed in range(SEEDS):
        points, category = planted(seed)
        found = {
            "subset": by_likeness(points, seed), "k-means": by_kmeans(points, seed),
            "random": list(np.random.default_rng(seed).choice(N, TARGET, replace=False)),
        }  # fmt: skip
        counts = {name: len(set(category[chosen])) for name, chosen in found.items()}
        for name, count in counts.items():
            covered[name].append(count)
        better_random += counts["subset"] > counts["random"]
        better_kmeans += counts["subset"] > counts["k-means"]
    print({name: f"{np.mean(v):.1f} of {CATEGORIES}" for name, v in covered.items()})
    print(f"better than random in {better_random} of {SEEDS} seeds, than k-means in {better_kmeans}")
    return better_random, better_kmeans


def timed(number: int = 5000) -> float:
    images = synthetic(number)
    started = time.perf_counter()
    likeness, worth = similarity.picture_likeness(images), similarity.picture_quality(images)
    quota = facility_location.MemberQuota(frozenset(range(0, number, 3)), 25, 40)
    chosen = facility_location.facility_subset(facility_location.beyond_usual(likeness), worth, 100, [7], [quota])
    facility_location.coverage_losses(likeness, chosen)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
    print(f"5,000 candidates, 100 chosen: {timed():.1f} s")
