"""Connected components: things that are linked, however many steps apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T", int, str)


class Components(Generic[T]):
    """Union-find; the smallest member of a component stands for it, so that the result has one spelling."""

    def __init__(self, members: Iterable[T] = ()) -> None:
        self._parent: dict[T, T] = {member: member for member in members}

    def root(self, member: T) -> T:
        """Return the smallest member of its component; a new one is a component of its own."""
        parent = self._parent.setdefault(member, member)
        while parent != self._parent[parent]:
            self._parent[member] = parent = self._parent[parent]
        return parent

    def join(self, a: T, b: T) -> None:
        """Make one component of two."""
        first, second = sorted((self.root(a), self.root(b)))
        self._parent[second] = first

    def groups(self) -> list[tuple[T, ...]]:
        """Return every component, single members too, each sorted, in the order of their first members."""
        found: dict[T, list[T]] = {}
        for member in sorted(self._parent):
            found.setdefault(self.root(member), []).append(member)
        return [tuple(members) for _, members in sorted(found.items())]


def connected(members: Iterable[T], links: Iterable[tuple[T, T]]) -> list[tuple[T, ...]]:
    """Return the components of `members` under `links`, as `Components.groups`."""
    components = Components(members)
    for a, b in links:
        components.join(a, b)
    return components.groups()
