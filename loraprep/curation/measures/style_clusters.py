"""From style descriptors to groups: which pictures are drawn the same way. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cache
from itertools import combinations

import msgspec
import numpy as np
from numpy.typing import NDArray

from loraprep.core import resources

Points = NDArray[np.float64]

SMALL = 3  # pictures, fewer are no style of their own
FEW = 12  # pictures of a group that count towards how far apart it lies
ODD = 2.4  # mean distance from which a picture is like none of the styles: two of one style are usually 1 apart
TIGHT, APART = 1.6, 4.2  # where styles are told surely enough to ask: resources/docs/benchmarks.md says how


class _Node(msgspec.Struct, frozen=True):
    """Pictures that were joined, and of which two groups."""

    pictures: tuple[int, ...]
    halves: tuple[_Node, ...] = ()


@cache
def _scale() -> tuple[Points, Points, float]:
    """(mean, projection n x d, threshold) from resources/looks.json, made by tests/benchmarks/looks.py."""
    data = json.loads(resources.text("resources/looks.json"))
    return np.array(data["mean"]), np.array(data["projection"]), float(data["threshold"])


def fit_projection(sets: Sequence[Points], dimensions: int, shrink: float) -> tuple[Points, Points]:
    """Fit (mean, projection n x d): directions in which styles differ most for how much one style varies.

    Fisher's discriminant with the within-style scatter shrunk towards its diagonal (Friedman 1989); every style
    counts the same. Two pictures of one style are usually 1 apart. `sets`: pictures x descriptors of each style.
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


def style_points(descriptors: Sequence[Sequence[float]]) -> Points:
    """Project descriptors to n x d: where each picture lies among styles; two of one style are usually 1 apart."""
    mean, projection, _ = _scale()
    return (np.array(descriptors, float).reshape(-1, len(mean)) - mean) @ projection


def ward_distance(points: Points, a: Sequence[int], b: Sequence[int]) -> float:
    """Measure how far two groups lie apart, in spreads of where the middle of FEW pictures would fall.

    Ward's distance (1963), the distance of the middles times sqrt(2nm / (n + m)), with n and m counted up to FEW:
    without that end, the pictures of any one style would fall apart if there were only enough of them.
    """
    n, m = min(len(a), FEW), min(len(b), FEW)
    middle = float(np.linalg.norm(points[list(a)].mean(0) - points[list(b)].mean(0)))
    return middle * math.sqrt(2 * n * m / (n + m))


def _tree(points: Points) -> _Node:
    """Join all pictures, two groups at a time, always those whose joining widens them least (Ward 1963).

    Ties go to the first pair, so that the same set gives the same tree. Each group knows its nearest, so that joining
    two looks through few lines of the distances and not through all.
    """
    n = len(points)
    cost = _distances(points) ** 2
    np.fill_diagonal(cost, np.inf)
    near = cost.argmin(axis=1)
    least = cost[np.arange(n), near]
    size = np.ones(n)
    nodes: dict[int, _Node] = {k: _Node((k,)) for k in range(n)}
    while len(nodes) > 1:
        first = int(least.argmin())
        a, b = sorted((first, int(near[first])))
        joined = ((size[a] + size) * cost[a] + (size[b] + size) * cost[b] - size * cost[a, b]) / (
            size[a] + size[b] + size
        )
        size[a] += size[b]
        cost[a], cost[:, a] = joined, joined
        cost[a, a], cost[b], cost[:, b] = np.inf, np.inf, np.inf
        lost = np.flatnonzero((near == a) | (near == b))
        nearer = (cost[a] < least) | ((cost[a] == least) & (a < near))
        near[nearer], least[nearer] = a, cost[a][nearer]
        for k in {a, *lost.tolist()} - {b}:
            near[k] = cost[k].argmin()
            least[k] = cost[k, near[k]]
        least[b] = np.inf
        other = nodes.pop(b)
        nodes[a] = _Node((*nodes[a].pictures, *other.pictures), (nodes[a], other))
    return nodes[0]


def _parts(points: Points, node: _Node, limit: float, least: int) -> list[tuple[int, ...]]:
    """Cut the tree into groups of `least` or more that lie `limit` apart; what is too few for one is in none."""
    whole = node
    while len(node.pictures) >= 2 * least:
        small, large = sorted(node.halves, key=lambda half: len(half.pictures))
        if len(small.pictures) >= least:
            parts = [part for half in node.halves for part in _parts(points, half, limit, least)]
            if len(parts) > 2 or ward_distance(points, small.pictures, large.pictures) > limit:
                return parts
            break
        node = large  # pictures that joined one by one may be thousands deep
    return [whole.pictures]


def group_distance() -> float:
    """Return the Ward distance from which two groups are two styles, as calibrated."""
    return _scale()[2]


def style_groups(points: Points, limit: float) -> tuple[list[list[int]], list[int]]:
    """Find (groups, odd): the styles, largest first, and pictures far from all of them.

    A group is a style from a tenth of the pictures and SMALL on, and if it lies `limit` apart from what it was joined
    with; the few of a smaller one join the nearest style. A picture is odd if it is ODD from the pictures of its style.
    """
    groups = [list(part) for part in _parts(points, _tree(points), limit, max(SMALL, round(len(points) / 10)))]
    distance = _distances(points)
    for n in sorted(set(range(len(points))) - {n for part in groups for n in part}):
        groups[int(np.argmin([distance[n, part].mean() for part in groups]))].append(n)
    odd = [n for part in groups for n in part if distance[n, part].sum() / max(1, len(part) - 1) > ODD]
    kept = [sorted(n for n in part if n not in odd) for part in groups]
    return sorted((part for part in kept if part), key=lambda part: (-len(part), part)), sorted(odd)


def widest_spread(points: Points, groups: Sequence[Sequence[int]]) -> float:
    """Measure the mean distance of two pictures of the widest group; two of one style are usually 1 apart."""
    return max((_mean_distance(points[list(group)]) for group in groups), default=0.0)


def are_distinct(points: Points, groups: Sequence[Sequence[int]]) -> bool:
    """Are the groups told surely enough to ask about them: each of one piece, and every two of them far apart?

    A wide group may well be two styles taken for one, so that leaving out another would not help; two near ones may
    be one style in two moods. TIGHT and APART were chosen on one half of the styles in tests/benchmarks/looks.py.
    """
    return (
        len(groups) > 1
        and widest_spread(points, groups) <= TIGHT
        and all(ward_distance(points, a, b) >= APART for a, b in combinations(groups, 2))
    )
