"""Which pictures of one scene are copies, cuts and variants of each other, by how pairs of them are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from loraprep.core.components import Components
from loraprep.core.records import Image
from loraprep.duplicates.candidates import Candidate
from loraprep.duplicates.clusters import Clusters
from loraprep.duplicates.reading import Reading
from loraprep.project.settings import DuplicateLimits

_SURELY = 1.5  # times `variant`: two altered copies of one picture may differ by more than either does from it
_WHOLE = 0.95  # share of a picture that both show, from which on nothing worth mentioning is missing

Met = tuple[Candidate, Reading]
Reader = Callable[[Image, Image, Candidate], Reading | None]  # tells what two pictures are; None: nothing to each other


class Scene(NamedTuple):
    """Pictures, by the numbers that their candidates know them by, which no pair joins with any other."""

    images: Mapping[int, Image]
    found: Sequence[Candidate]


def scenes(images: Sequence[Image], found: Sequence[Candidate]) -> list[Scene]:
    """Part pictures that may be alike into scenes, by their first pictures; of each the candidates in their order."""
    linked = Components[int]()
    for pair in found:
        linked.join(pair.i, pair.j)
    parts: dict[int, list[Candidate]] = {}
    for pair in found:
        parts.setdefault(linked.root(pair.i), []).append(pair)
    return [
        Scene({n: images[n] for n in sorted({n for pair in part for n in (pair.i, pair.j)})}, part)
        for _, part in sorted(parts.items())
    ]


def relations(scene: Scene, limits: DuplicateLimits, read: Reader) -> list[Met]:
    """Tell copies and variants among the pictures of a scene, and how each two of them were read."""
    told = _Relations(scene, limits, read)
    told.compare_whole()
    told.place_cuts()
    return told.met


class _Relations:
    """A cut fits every variant that differs only outside it. So cuts wait until all whole pictures are told apart, then
    the best fit comes first, and what fits one picture and another that are no copies is a cut of the first alone.
    """

    def __init__(self, scene: Scene, limits: DuplicateLimits, read: Reader) -> None:
        self._images, self._found = scene
        self._limits, self._read = limits, read
        self._copies = Clusters()
        self._cuts: list[Met] = []
        self.met: list[Met] = []

    def _seen(self, found: Candidate) -> Reading | None:
        return self._read(self._images[found.i], self._images[found.j], found)

    def compare_whole(self) -> None:
        """Most in common first: what is known of a copy need not be asked of its copies again."""
        images, copies = self._images, self._copies
        asked: set[tuple[str, str]] = set()
        for found in self._found:
            one, other = images[found.i], images[found.j]
            roots = copies.root(one.path), copies.root(other.path)
            if copies.known(one.path, other.path) or roots in asked:
                continue
            seen = self._seen(found)
            if seen is None:
                continue
            whole = min(seen.covers) >= _WHOLE
            if seen.relation == "copy" and not whole:
                asked |= {roots, roots[::-1]}
                self._cuts.append((found, seen))
                continue
            if seen.relation == "copy":
                copies.join(one.path, other.path)
            elif whole and (seen.relit or seen.change > _SURELY * self._limits.variant) and not seen.doubtful:
                copies.part(one.path, other.path)
            self.met.append((found, seen))

    def place_cuts(self) -> None:
        """Best fit first: each cut is a copy of one of the pictures that it fits."""
        images, copies = self._images, self._copies
        source: dict[int, tuple[int, Reading]] = {}
        step = self._limits.variant / 8  # changes nearer to each other than this say nothing about which fits better
        for found, seen in sorted(self._cuts, key=lambda c: (round(c[1].change / step), -c[0].points, c[0].i, c[0].j)):
            if copies.known(images[found.i].path, images[found.j].path):
                continue
            cut, of = (found.i, found.j) if seen.covers[0] > seen.covers[1] else (found.j, found.i)
            before, how = source.setdefault(cut, (of, seen))
            if before != of and not copies.known(images[before].path, images[of].path):
                pair = Candidate(min(before, of), max(before, of), seen.mirrored != how.mirrored, 0, alike=True)
                both = self._seen(pair)
                if both is not None and both.relation == "variant" and min(both.covers) >= _WHOLE:
                    copies.part(images[before].path, images[of].path)
                    continue
            copies.join(images[found.i].path, images[found.j].path)
            self.met.append((found, seen))
