"""From descriptors of looks to hands: which pictures are drawn the same way. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from loraprep import bundled
from loraprep.measures.looks import NAMES

Points = NDArray[np.float64]

SMALL = 3  # pictures, fewer are no look
ODD = 1.6  # times the distance of two hands from which a picture is like none of the looks
TIGHT = 1.15  # width up to which looks are told surely enough to ask: the README's table says how surely


@cache
def _scale() -> tuple[Points, Points, float]:
    """(mean, projection n x d, threshold) from resources/looks.json, made by tests/benchmarks/looks.py."""
    data = json.loads(bundled.text("resources/looks.json"))
    if data["names"] != list(NAMES):
        raise ValueError("resources/looks.json was made for other descriptors; run tests/benchmarks/looks.py")
    return np.array(data["mean"]), np.array(data["projection"]), float(data["threshold"])


def fit(sets: Sequence[Points], dimensions: int, shrink: float) -> tuple[Points, Points]:
    """(mean, projection): directions in which hands differ most for how much one hand varies.

    Fisher's discriminant with the within-hand scatter shrunk towards its diagonal (Friedman 1989); every hand
    counts the same. Two pictures of one hand are usually 1 apart.
    """
    every = np.concatenate(sets)
    mean, spread = every.mean(0), every.std(0) + 1e-6
    scaled = [(s - mean) / spread for s in sets]
    within = np.mean([np.cov(s.T) for s in scaled], axis=0)
    within = (1 - shrink) * within + shrink * np.diag(np.diag(within)) + 1e-3 * np.eye(len(mean))
    centres = np.array([s.mean(0) for s in scaled])
    between = np.cov(centres.T)
    root = np.linalg.inv(np.linalg.cholesky(within))
    values, vectors = np.linalg.eigh(root @ between @ root.T)
    best = vectors[:, np.argsort(-values)[:dimensions]]
    projection = (root.T @ best) / spread[:, None]
    usual = float(np.median([_mean_distance(s @ projection) for s in sets]))
    return mean, projection / usual


def _distances(points: Points) -> Points:
    square = (points**2).sum(1)
    distance: Points = np.sqrt(np.maximum(square[:, None] + square - 2 * points @ points.T, 0))
    np.fill_diagonal(distance, 0)
    return distance


def _mean_distance(points: Points) -> float:
    return float(_distances(points).sum() / max(1, len(points) * (len(points) - 1)))


def place(descriptors: Sequence[Sequence[float]]) -> Points:
    """n x d: where each picture lies among hands; two pictures of one hand are usually 1 apart."""
    mean, projection, _ = _scale()
    return (np.array(descriptors, float).reshape(-1, len(NAMES)) - mean) @ projection


def linked(points: Points, threshold: float) -> list[list[int]]:
    """Groups by average linkage (Sokal and Michener 1958), joined while their mean distance is below `threshold`.

    Largest first, each sorted; ties go to the first pair, so that the same set gives the same groups.
    """
    n = len(points)
    distance = _distances(points)
    np.fill_diagonal(distance, np.inf)
    groups = {i: [i] for i in range(n)}
    while len(groups) > 1:
        a, b = divmod(int(distance.argmin()), n)
        if distance[a, b] > threshold:
            break
        a, b = min(a, b), max(a, b)
        wa, wb = len(groups[a]), len(groups[b])
        joined = (distance[a] * wa + distance[b] * wb) / (wa + wb)
        distance[a], distance[:, a] = joined, joined
        distance[a, a] = np.inf
        distance[b], distance[:, b] = np.inf, np.inf
        groups[a] = sorted(groups[a] + groups.pop(b))
    return sorted(groups.values(), key=lambda g: (-len(g), g))


def threshold() -> float:
    """The mean distance from which two groups are two hands, as calibrated."""
    return _scale()[2]


def looks(points: Points, limit: float) -> tuple[list[list[int]], list[int]]:
    """(groups, odd): the looks, largest first, and pictures far from all of them.

    A group is a look from a tenth of the pictures and SMALL on; the few of a smaller one join the nearest look,
    unless they are ODD times as far from it as two hands are.
    """
    parts = linked(points, limit)
    least = max(SMALL, round(len(points) / 10))
    groups = [part for part in parts if len(part) >= least] or parts[:1]
    rest = [n for part in parts if part not in groups for n in part]
    distance = _distances(points)
    joined = [list(g) for g in groups]
    odd = []
    for n in sorted(rest):
        far = [float(distance[n, g].mean()) for g in groups]
        if min(far) < ODD * limit:
            joined[int(np.argmin(far))].append(n)
        else:
            odd.append(n)
    return sorted((sorted(g) for g in joined), key=lambda g: (-len(g), g)), odd


def width(points: Points, groups: Sequence[Sequence[int]]) -> float:
    """The mean distance of two pictures of the widest look; two of one hand are usually 1 apart.

    A wide look may well be two hands taken for one, so that leaving out another would not help: TIGHT was chosen on
    one half of the hands in tests/benchmarks/looks.py and judged on the other.
    """
    return max((_mean_distance(points[list(group)]) for group in groups), default=0.0)
