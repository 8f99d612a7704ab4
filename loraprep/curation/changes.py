"""Is it one change that the pairs teach, or several: by what was measured of each, and by what is asked for.

Limits come from three changes made by script on 24 real pictures each, alone and mixed (tests/benchmarks/pairs.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from loraprep.captions import hygiene
from loraprep.captions.hygiene.text import words
from loraprep.core.components import Components
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Caption
from loraprep.core.text import listed
from loraprep.curation.measures import diversity, style_clusters
from loraprep.curation.measures.style_clusters import Points
from loraprep.curation.similarity import Matrix
from loraprep.pairs.change import Change

_FEW = 8  # pairs, of which none is usual
_MOST = 3  # changes that are told apart
_SURE = 0.56  # silhouette; of 450 draws of pairs of one change 2 were taken for several
_PARTED = 0.33  # the same where the sentences part them as well; half against half of two changes reach it mostly
_BETTER = 0.05  # of silhouette, from which on one more change is believed
_TOLD = 0.75  # of the pairs of a change, whose sentence is nearest to another of the same
_CHANCE = 0.05  # of sets whose words do not follow what was done, in which they seem to
_SAME = 0.5  # cosine from which on two sentences ask for the same


def findings(changes: Mapping[str, Change], captions: Mapping[str, Caption]) -> list[Finding]:
    """Find that pairs make several changes. `changes`: target's path -> its change, of those that train.

    Those that change nothing are named elsewhere, and say nothing here.
    """
    told = {path: change for path, change in sorted(changes.items()) if not change.same}
    if len(told) < _FEW:
        return []
    paths = list(told)
    points = places(list(told.values()))
    texts = [captions[path].text if path in captions else "" for path in paths]
    groups, sure = _divided(points)
    parted = _parted(texts, groups) if groups else 0.0
    if sure < _SURE and (sure < _PARTED or parted < _TOLD):
        groups, parted = _worded(points, texts), 1.0
    if not groups:
        return []
    said = [_like(points, group, paths, captions) for group in groups]
    rest = tuple(sorted(paths[n] for group in groups[1:] for n in group))
    return [Finding(Code.CHANGES_UNTOLD if parted < 0 else Code.CHANGES_SEVERAL, rest, {"said": listed(said, None)})]


def places(changes: Sequence[Change]) -> Points:
    """Say where each change lies among changes, n x 6: what it does to light, colour, surface, lines, and how much.

    Not what it does to sharpness: a drawing makes soft photos sharper and sharp ones softer, and is one change.
    Logarithms, as a change of twice the strength is the same change; 1 is about what two kinds lie apart.
    """
    return np.array(
        [
            [
                _signed(change.light, 5.0),
                _signed(change.chroma, 5.0),
                np.log1p(change.area / 0.03) / 1.5,
                np.log1p(change.even / 2),
                _signed(change.plain, 0.08),
                1.5 * (1 - change.like),
            ]
            for change in changes
        ]
    )


def likeness(changes: Sequence[Change]) -> Matrix:
    """Compare changes, n x n: 1 for the same, towards 0 the further they lie apart; a half where two kinds may."""
    alike: Matrix = (2.0 ** -style_clusters.distances(places(changes))).astype(np.float32)
    return alike


def _signed(value: float, unit: float) -> float:
    return float(np.sign(value) * np.log1p(abs(value) / unit))


def _divided(points: Points) -> tuple[list[list[int]], float]:
    """Divide the pairs by what was measured, largest first; and how sure two are least, as a silhouette."""
    best: tuple[list[list[int]], float] = ([], 0.0)
    for groups in style_clusters.partitions(points, style_clusters.ward_distance)[: _MOST - 1]:
        sure = min(float(style_clusters.signs(points, a, b)[2]) for a, b in combinations(groups, 2))
        if sure > best[1] + (_BETTER if best[0] else 0.0):
            best = groups, sure
    return best


def _parted(texts: Sequence[str], groups: Sequence[Sequence[int]]) -> float:
    """Say how the sentences part the pairs, by the group where they do so least: of its pairs the share whose nearest
    sentence is asked of their own change, less the share whose nearest is asked of another; -1..1.
    """
    alike = _in_common(texts)
    shares = []
    for group in groups:
        others = sorted({*range(len(texts))} - {*group})
        inside, outside = alike[np.ix_(group, group)].max(axis=1), alike[np.ix_(group, others)].max(axis=1)
        shares.append(float(((inside > outside).astype(float) - ((outside >= inside) & (outside > _SAME))).mean()))
    return min(shares)


def _worded(points: Points, texts: Sequence[str]) -> list[list[int]]:
    """Find a few pairs that lie by themselves and are asked for in words of their own: (the others, these), or nothing.

    Where many pairs of a varied change are cut in two first, a few of an even one are a branch further down. And of all
    ways to take as many pairs from a set whose words do not follow what was done, hardly any leaves so few wordings to
    both sides (chi-square of shuffled tables; all branches keep to one rate of error, Holm 1979).
    """
    every = range(len(points))
    cuts = [[sorted({*every} - {*b}), b] for b in style_clusters.branches(points) if 2 * len(b) <= len(points)]
    cuts = [cut for cut in cuts if float(style_clusters.signs(points, *cut)[2]) >= _PARTED]
    wordings = _wordings(texts)
    chances = [diversity.association([str(n in few) for n in every], wordings)[1] for _, few in cuts]
    sure = diversity.holm(chances, [0.0] * len(chances), _CHANCE)
    found = [(chance, n) for n, (chance, holds) in enumerate(zip(chances, sure, strict=True)) if holds]
    return cuts[min(found)[1]] if found else []


def _wordings(texts: Sequence[str]) -> list[str]:
    """Say which wording each sentence is of: those that have most of their words in common are one."""
    links = zip(*np.nonzero(np.triu(_in_common(texts) > _SAME, 1)), strict=True)
    wordings = Components(range(len(texts)))
    for one, other in links:
        wordings.join(int(one), int(other))
    return [str(wordings.root(n)) for n in range(len(texts))]


def _in_common(texts: Sequence[str]) -> NDArray[np.float64]:
    """Take the cosine of what each two sentences say, n x n; 0 of one and itself, and where none has any word."""
    said = [{*words(text)} - hygiene.lists().stopwords for text in texts]
    names = {word: n for n, word in enumerate(sorted(set().union(*said)))}
    bag = np.zeros((len(texts), max(1, len(names))))
    for row, own in enumerate(said):
        bag[row, [names[word] for word in own]] = 1
    bag /= np.maximum(np.linalg.norm(bag, axis=1), 1e-9)[:, None]
    alike: NDArray[np.float64] = bag @ bag.T
    np.fill_diagonal(alike, 0)
    return alike


def _like(points: Points, group: Sequence[int], paths: Sequence[str], captions: Mapping[str, Caption]) -> str:
    """Say a change by how many make it and its most typical pair: '18 like p03.jpg ("make it night")'."""
    typical = min(group, key=lambda n: (float(((points[n] - points[list(group)].mean(0)) ** 2).sum()), n))
    text = captions[paths[typical]].text if paths[typical] in captions else ""
    return f"{len(group)} like {paths[typical]}" + (f' ("{_short(text)}")' if text else "")


_SHOWN = 60  # characters of an instruction


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 4].rstrip()} ..."
