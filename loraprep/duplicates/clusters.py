"""Clusters of copies, with what is known about who is in none together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from loraprep.core.components import Components, connected
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Group, Pair


class Clusters(Components[str]):
    """Components of paths. Two may be known to be apart: whatever joins either of them is apart from the other too."""

    def __init__(self) -> None:
        super().__init__()
        self._apart: dict[str, set[str]] = {}  # root -> roots, both ways

    def join(self, a: str, b: str) -> None:
        """Make one cluster of two, apart from all that either was apart from."""
        first, second = sorted((self.root(a), self.root(b)))
        super().join(first, second)
        for other in self._apart.pop(second, set()):
            self._apart[other].discard(second)
            self._part(first, other)

    def part(self, a: str, b: str) -> None:
        """Keep their clusters apart for good."""
        self._part(self.root(a), self.root(b))

    def _part(self, first: str, second: str) -> None:
        self._apart.setdefault(first, set()).add(second)
        self._apart.setdefault(second, set()).add(first)

    def known(self, a: str, b: str) -> bool:
        """Is it known already whether they are together or apart?"""
        first, second = self.root(a), self.root(b)
        return first == second or second in self._apart.get(first, ())


def copies(pictures: Iterable[str], pairs: Iterable[Pair]) -> list[tuple[str, ...]]:
    """Split a group's pictures into those that are one and the same; variants are apart."""
    return connected(pictures, ((pair.a, pair.b) for pair in pairs if pair.relation != "variant"))


def variants(groups: Sequence[Group], away: Set[str] = frozenset()) -> list[Finding]:
    """Name the pictures of scenes that are there in several versions once those that are `away` have left."""
    scenes = []
    for group in (g for g in groups if g.relation == "variant"):
        left = [[p for p in same if p not in away] for same in copies(group.pictures, group.pairs)]
        versions = [next((p for p in same if p in group.recommended), same[0]) for same in left if same]
        if len(versions) > 1:
            scenes.append(versions)
    named = tuple(sorted(path for scene in scenes for path in scene))
    return [Finding(Code.VARIANTS, named, {"scenes": len(scenes)})] if scenes else []
