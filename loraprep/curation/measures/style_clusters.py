"""From style descriptors to groups: which pictures are drawn the same way. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import combinations, takewhile

import msgspec
import numpy as np
from numpy.typing import NDArray

from loraprep.core import resources, typed

Points = NDArray[np.float64]
Apart = Callable[[Points, Sequence[int], Sequence[int]], float]
Ways = list[tuple[list[list[int]], float]]
Within = Callable[[tuple[int, ...]], Points]  # a group -> how far each of it lies from the others of it

SMALL = 3  # pictures, fewer are no style of their own
TENTH = 10  # nor is less than one in so many; what is rarer are strays (`by_chance`)
FEW = 12  # pictures of a group that count towards how far apart it lies when groups are joined
_MOST = 6  # styles that are told apart; more are a jumble
_REACH = 1.1  # from a picture, within which others are drawn like it: two of one style are usually 1 apart
FAR = 0.02  # share of the pictures of single origins that are stranger than `Scale.strange`
_LEAST_SPREAD = 0.5  # usual distance to the nearest quarter: no origin is of one mould more than that
_TOLD = 10  # percent of a group's pictures that may lie nearer to the other
MANY = 1000  # pictures from which on an even choice of so many speaks for a set, wherever each is compared with each


class _Node(msgspec.Struct, frozen=True):
    """Pictures that were joined, and of which two groups."""

    pictures: tuple[int, ...]
    halves: tuple[_Node, ...] = ()


class Scale(msgspec.Struct, frozen=True):
    """resources/looks.json, made by tests/benchmarks/calibration.py of pictures of some eighty origins."""

    about: str
    names: tuple[str, ...]  # of descriptors
    mean: tuple[float, ...]
    projection: tuple[tuple[float, ...], ...]  # descriptors x d
    usual: tuple[float, ...]  # of each number of `_signs`: its mean over splits, and its deviation
    spread: tuple[float, ...]
    weights: tuple[float, ...]  # and the constant last
    asked: float  # evidence from which two groups are two styles; `hinted` may be
    hinted: float
    strange: float  # strangeness that FAR of the pictures of single origins exceed
    falls: float  # by how much they exceed it on average
    edits: dict[str, tuple[float, ...]]  # what was done to a picture -> the direction of d in which it moved most


@cache
def scale() -> Scale:
    """Load resources/looks.json."""
    return typed.from_json(resources.text("resources/looks.json"), Scale)


def fit_projection(sets: Sequence[Points], moved: Points, dimensions: int, shrink: float) -> tuple[Points, Points]:
    """Fit (mean, projection n x d): directions in which styles differ most for how much one style varies.

    Fisher's discriminant with the within-style scatter shrunk towards its diagonal (Friedman 1989); every style
    counts the same. Two pictures of one style are usually 1 apart. `sets`: pictures x descriptors of each style;
    `moved`: how descriptors change when a picture is darkened, scaled or saved again: spread within a style too.
    """
    every = np.concatenate(sets)
    mean, spread = every.mean(0), every.std(0) + 1e-6
    scaled = [(s - mean) / spread for s in sets]
    within = np.mean([np.cov(s.T) for s in scaled], axis=0)
    edits = moved / spread
    within = within + edits.T @ edits / max(1, 2 * len(edits))
    within = (1 - shrink) * within + shrink * np.diag(np.diag(within)) + 1e-3 * np.eye(len(mean))
    centres = np.array([s.mean(0) for s in scaled])
    between = np.cov(centres.T)
    root = np.linalg.inv(np.linalg.cholesky(within))
    values, vectors = np.linalg.eigh(root @ between @ root.T)
    best = vectors[:, np.argsort(-values)[:dimensions]]
    projection = (root.T @ best) / spread[:, None]
    usual = float(np.median([_mean_distance(s @ projection) for s in sets]))
    return mean, projection / usual


def distances(points: Points) -> Points:
    """Measure how far each two lie apart, n x n."""
    square = (points**2).sum(1)
    distance: Points = np.sqrt(np.maximum(square[:, None] + square - 2 * points @ points.T, 0))
    np.fill_diagonal(distance, 0)
    return distance


def _mean_distance(points: Points) -> float:
    return float(distances(points).sum() / max(1, len(points) * (len(points) - 1)))


def spoken_for(number: int) -> slice:
    """Choose which of so many, in their order, speak for all of them: each, and beyond MANY each second, third ..."""
    return slice(None, None, -(-number // MANY) or 1)


def style_points(descriptors: Sequence[Sequence[float]] | Points) -> Points:
    """Project descriptors to n x d: where each picture lies among styles; two of one style are usually 1 apart."""
    mean = np.array(scale().mean)
    points: Points = (np.array(descriptors, float).reshape(-1, len(mean)) - mean) @ np.array(scale().projection)
    return points


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
    cost = distances(points) ** 2
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


def branches(points: Points) -> list[list[int]]:
    """List the groups of SMALL pictures and more that were joined on the way to the whole (`_tree`), largest first."""
    found, waiting = [], [_tree(points)]
    while waiting:
        node = waiting.pop()
        if len(node.pictures) >= SMALL:
            found.append(sorted(node.pictures))
            waiting += node.halves
    return sorted(found, key=lambda branch: (-len(branch), branch))


def _pieces(points: Points) -> list[list[int]]:
    """Cut the tree as finely as groups of SMALL and a TENTH allow; strays join the nearest."""
    least = max(SMALL, math.ceil(len(points) / TENTH))
    pieces: list[list[int]] = []
    waiting = [_tree(points)]
    while waiting:
        node = waiting.pop()
        while len(node.pictures) >= 2 * least:
            small, large = sorted(node.halves, key=lambda half: len(half.pictures))
            if len(small.pictures) >= least:
                waiting += [small, large]
                break
            node = large  # pictures that joined one by one may be thousands deep
        else:
            pieces.append(list(node.pictures))
    distance = distances(points)
    inside = [list(p) for p in pieces]
    for n in sorted(set(range(len(points))) - {n for piece in pieces for n in piece}):
        pieces[int(np.argmin([distance[n, piece].mean() for piece in inside]))].append(n)
    return [sorted(piece) for piece in pieces]


def partitions(points: Points, apart: Apart | None = None) -> list[list[list[int]]]:
    """Join the pieces of a set until two are left, always the two least apart; returns 2, 3, ... groups.

    `apart`: how far two groups are; by default how sure they are to be two styles (`evidence`). By Ward's distance four
    pictures of another style went to whatever was near: few pictures widen nothing.
    """
    return _partitions(points, cache(partial(apart or evidence, points)))


def _partitions(points: Points, far: Callable[[Sequence[int], Sequence[int]], float]) -> list[list[list[int]]]:
    groups = [tuple(piece) for piece in _pieces(points)]
    found = []
    while len(groups) > 1:
        found.append(sorted(map(list, groups), key=lambda g: (-len(g), g)))
        a, b = min(combinations(sorted(groups), 2), key=lambda pair: far(*pair))
        groups = [g for g in groups if g not in (a, b)] + [tuple(sorted(a + b))]
    return found[::-1]


def signs(points: Points, a: Sequence[int], b: Sequence[int], *, within: Within | None = None) -> Points:
    """What speaks for two groups being two styles: 5 numbers, each larger the more it does.

    The distance of the middles, and the same in spreads within the groups; the silhouette (Rousseeuw 1987), how much
    nearer each picture is to its own group than to the other; and where it falls between the two middles when its own
    is that of the others of its group (leave-one-out, Lachenbruch 1967): the gap between all of them and between all
    but a tenth. By its own middle any cut of any cloud leaves a gap. `within`: `_within` of these points, where many
    pairs of the same groups are asked about.
    """
    within = within or partial(_within, points)
    left, right = points[list(a)], points[list(b)]
    one, two = left.mean(0), right.mean(0)
    apart = float(np.linalg.norm(one - two))
    inside = float(((left - one) ** 2).sum() + ((right - two) ** 2).sum())
    spread = math.sqrt(inside / max(1, len(a) + len(b) - 2))
    between = np.sqrt(((left[:, None] - right[None]) ** 2).sum(2)) if len(points) < 300 else _between(left, right)
    nearer = [_nearer(within(tuple(a)), between), _nearer(within(tuple(b)), between.T)]
    silhouette = float(np.concatenate(nearer).mean())
    sides = (_side(left, one, two), _side(right, two, one))
    most = sum(float(np.percentile(side, _TOLD)) for side in sides)
    return np.array(
        [
            math.log(apart + 1e-6),
            math.log(apart / (spread + 1e-6) + 1e-6),
            silhouette,
            most,
            sum(float(s.min()) for s in sides),
        ]
    )


def _between(left: Points, right: Points) -> Points:
    square = (left**2).sum(1)[:, None] + (right**2).sum(1) - 2 * left @ right.T
    distance: Points = np.sqrt(np.maximum(square, 0))
    return distance


def _within(points: Points, group: tuple[int, ...]) -> Points:
    """Measure how far each picture of a group lies from the others of it."""
    inner: Points = distances(points[list(group)]).sum(1) / max(1, len(group) - 1)
    return inner


def _nearer(inner: Points, between: Points) -> Points:
    outer = between.mean(1)
    nearer: Points = (outer - inner) / np.maximum(np.maximum(inner, outer), 1e-9)
    return nearer


def _side(own: Points, middle: Points, other: Points) -> Points:
    """Measure how far each lies on its own side of the plane between the middles, its own without itself."""
    if len(own) < 2:
        return np.zeros(1)
    without = (len(own) * middle - own) / (len(own) - 1)
    way = without - other
    side: Points = ((own - (without + other) / 2) * way).sum(1) / (np.linalg.norm(way, axis=1) + 1e-9)
    return side


def evidence(points: Points, a: Sequence[int], b: Sequence[int], *, within: Within | None = None) -> float:
    """Weigh `signs` into log odds of two styles against one, both as likely at first (logistic regression)."""
    known = scale()
    told = signs(points, a, b, within=within)
    return float((told - known.usual) / np.array(known.spread) @ known.weights[:-1] + known.weights[-1])


def ways(points: Points) -> Ways:
    """Part a set into 2, 3 ... groups, and say of each how sure the least sure two of them are to be two styles."""
    # each pair of groups comes up again while others are joined, and each group in many pairs
    sure = cache(partial(evidence, points, within=cache(partial(_within, points))))
    return [
        (groups, min(sure(a, b) for a, b in combinations(sorted(map(tuple, groups)), 2)))
        for groups in _partitions(points, sure)[: _MOST - 1]
    ]


def divided(points: Points, least: float, known: Ways | None = None) -> tuple[list[list[int]], float]:
    """Divide a set into styles, largest first, and say how sure the least sure two of them are; one group is inf.

    Groups are added as long as every two of them, and every two of fewer groups, are `least` sure to be two styles.
    `known`: the `ways` of these points.
    """
    found = ways(points) if known is None else known
    whole: tuple[list[list[int]], float] = ([list(range(len(points)))], math.inf)
    return next(reversed([*takewhile(lambda way: way[1] >= least, found)]), whole)


def without(points: Points, edits: Sequence[str]) -> Points:
    """Take out of the points what those edits of a picture move (nuisance attributes; Solomonoff and others 2005)."""
    ways = [scale().edits[edit] for edit in edits]
    if not ways:
        return points
    base = np.linalg.qr(np.array(ways).T)[0]
    left: Points = points - points @ base @ base.T
    return left


def joined(points: Points, some: slice, groups: Sequence[Sequence[int]]) -> list[list[int]]:
    """Give the groups of `points[some]` all other points too, each to the group whose middle is nearest."""
    known, spoken = points[some], np.arange(len(points))[some]
    middles = np.array([known[list(group)].mean(0) for group in groups])
    own = _between(points, middles).argmin(axis=1)
    for number, group in enumerate(groups):
        own[spoken[list(group)]] = number
    return [np.flatnonzero(own == number).tolist() for number in range(len(groups))]


def held_together(points: Points) -> float:
    """Measure the share of a set, 0..1, that is drawn like its most typical picture: within _REACH of it."""
    if len(points) < 2:
        return 1.0
    some = points[spoken_for(len(points))]
    return float(((distances(some) < _REACH).sum(1) - 1).max() / (len(some) - 1))


def widest(points: Points, groups: Sequence[Sequence[int]]) -> float:
    """Measure the mean distance of two pictures of the widest group; two of one style are usually 1 apart."""
    return max(_mean_distance(points[list(group[spoken_for(len(group))])]) for group in groups)


def strangeness(points: Points) -> Points:
    """Measure how far each picture lies from the rest: the logarithm of how many times as far as is to be expected.

    Far is its distance to the nearest quarter of the others, so that two of a kind do not hide each other. Expected is
    the mean, in logarithms, of what that is for the median picture of this set and what it usually is, 1: a scale told
    by few pictures is drawn halfway to that of other sets (Efron and Morris 1975). By the set's own alone a set all
    alike makes anything strange, by the usual one alone nothing is in a set of one mould.
    """
    if len(points) < 4:
        return np.full(len(points), -np.inf)
    some = points[spoken_for(len(points))]
    quarter = max(1, len(some) // 4)
    bands = (points[start : start + MANY] for start in range(0, len(points), MANY))
    # taken out, and not seen in it: a view would keep the whole table of each band
    far = np.concatenate([np.partition(_between(band, some), quarter, axis=1).take(quarter, axis=1) for band in bands])
    usual = max(float(np.median(far)), _LEAST_SPREAD)
    strange: Points = np.log(np.maximum(far, 1e-9)) - math.log(usual) / 2
    return strange


def by_chance(points: Points) -> Points:
    """Measure the chance, 0..1, that a set of so many pictures of one origin holds any as strange as this one.

    Beyond `Scale.strange`, which FAR of the pictures of single origins exceed, the excess falls off exponentially
    (peaks over threshold, Pickands 1975); of a set it is at most the sum over its pictures (Bonferroni), so that the
    rate of sets in which one is named for nothing is the same for small and large ones.
    """
    known = scale()
    excess = np.maximum(strangeness(points) - known.strange, 0)
    chance: Points = np.minimum(1, len(points) * FAR * np.exp(-excess / known.falls))
    return chance
