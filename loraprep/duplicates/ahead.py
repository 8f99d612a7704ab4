"""Pairs are read ahead in the pool: scene by scene, as no scene waits for another, and a large scene in parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from loraprep.core.components import Components
from loraprep.duplicates.candidates import Candidate
from loraprep.duplicates.kept import EnoughError, Fresh, FreshReadings, KeptReadings
from loraprep.duplicates.keypoints import Within
from loraprep.duplicates.relations import Comparison, Scene
from loraprep.imaging.pictures import Pictures
from loraprep.imaging.pool import WORKERS
from loraprep.project.settings import DuplicateLimits

_PARTS = 4 * WORKERS  # of all pairs, a scene of more is read in parts, or the others end long before it


class _Under(NamedTuple):
    """What pairs are read under: where points and readings are kept, and the stamps of both."""

    limits: DuplicateLimits
    path: Path
    points: str
    readings: str


class ReadAhead:
    """Reads pairs in processes of their own, where points are kept in `path` under `stamp` (keypoints.Opened)."""

    def __init__(self, pictures: Pictures, path: Path, stamp: str, limits: DuplicateLimits) -> None:
        self._pictures, self._path, self._stamp, self._limits = pictures, path.absolute(), stamp, limits
        self._rounds: dict[int, int] = {}  # by identity, of scenes that live as long as the search
        self._most = 0  # pairs of a part, told when it is first asked

    def read(self, some: Sequence[Scene], kept: KeptReadings) -> list[Scene]:
        """Read pairs of scenes and keep what they were read as; return the scenes of which more may be read ahead.

        Of one at which a process broke off, whatever for, nothing more is: where its pictures are opened one by one,
        it is told which of them did it. Those with the most pairs come first: the last one is read alone, and should
        be small.
        """
        kept.save()
        under = _Under(self._limits, self._path, self._stamp, kept.stamp)
        self._most = self._most or max(1, sum(len(scene.found) for scene in some) // _PARTS)
        lots, whole = list[Scene](), dict[int, Scene]()
        for scene in some:
            for part in parts(scene, self._most, self._rounds.get(id(scene), 0)):
                lots.append(part)
                whole[id(part)] = scene
        lots.sort(key=lambda part: -len(part.found))
        more, broken, unfinished = set[int](), set[int](), set[int]()
        answers = self._pictures.each_lot(_fresh, lots, under, weigh=lambda lot: lot.images.values())
        with closing(answers):
            for part, found in answers:
                scene = whole[id(part)]
                if isinstance(found, Exception):
                    broken.add(id(scene))
                    continue
                fresh, ended = found
                kept.take(fresh)
                if fresh or (ended and part is not scene):  # of a whole one nothing could be kept that is left
                    more.add(id(scene))
                if not ended:
                    unfinished.add(id(scene))
        for scene in some:
            self._rounds[id(scene)] = self._rounds.get(id(scene), 0) + (id(scene) not in unfinished)
        return [scene for scene in some if id(scene) in more - broken]


def parts(scene: Scene, most: int, done: int) -> Iterator[Scene]:
    """Part what is to be read of a scene with more than `most` pairs; `done`: how often all that was given was read.

    First pairs within clusters of those that share the most points: copies, mostly, of which one is like all of them
    once that is known. Then what lies between two clusters, each with all that was read within them. What it takes
    beyond that is left to the whole.
    """
    clusters = _clusters(scene, most) if done < 2 and len(scene.found) > most else {}
    if len({*clusters.values()}) < 2:
        yield scene
        return
    within, between = dict[int, list[int]](), dict[tuple[int, int], list[int]]()
    for n, pair in enumerate(scene.found):
        one, other = sorted((clusters[pair.i], clusters[pair.j]))
        if one == other:
            within.setdefault(one, []).append(n)
        else:
            between.setdefault((one, other), []).append(n)
    if done == 0:
        yield from (_of(scene, [scene.found[n] for n in chosen]) for chosen in within.values())
        return
    chosen = list[int]()
    ends = set[int]()
    for n, (ways, more) in enumerate(sorted(between.items()), 1):
        chosen += more
        ends |= {*ways}
        if len(chosen) >= most or n == len(between):
            known = [k for cluster in sorted(ends) for k in within.get(cluster, ())]
            yield _of(scene, [scene.found[k] for k in sorted([*known, *chosen])])
            chosen, ends = [], set()


def _clusters(scene: Scene, most: int) -> Mapping[int, int]:
    """Map each picture to its cluster: joined by the most points first, but to no cluster of more than `most` pairs."""
    found = Components[int](scene.images)
    pairs: dict[int, int] = {}
    for pair in sorted(scene.found, key=lambda pair: -pair.points):
        one, other = found.root(pair.i), found.root(pair.j)
        count = pairs.get(one, 0) + 1 + (pairs.get(other, 0) if one != other else 0)
        if one != other and count > most:
            continue
        found.join(one, other)
        pairs[found.root(one)] = count
    return {n: found.root(n) for n in scene.images}


def _of(scene: Scene, found: Sequence[Candidate]) -> Scene:
    there = {n for pair in found for n in (pair.i, pair.j)}
    return Scene({n: image for n, image in scene.images.items() if n in there}, found)


def _fresh(pictures: Pictures, scene: Scene, under: _Under) -> tuple[Fresh, bool]:
    """Read pairs of a scene, those that nobody read yet, for some seconds; say whether that was all."""
    readings = FreshReadings(under.path, under.readings)
    try:
        Comparison(scene, under.limits, Within(pictures, under.path, under.points), readings).relations()
    except EnoughError:
        return readings.fresh, False
    return readings.fresh, True
