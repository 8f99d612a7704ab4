"""Pictures put together from others, which are no copies of each other because one picture shows them all. Pure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from loraprep.core.components import Components
from loraprep.core.records import Image, Pair, the_other_way
from loraprep.core.text import listed

AS_ONE = 0.5  # share of one of two cuts that both show, from which on they are one picture and not two parts of one
_BESIDE = 0.05  # the same, up to which two lie beside each other, as far as it is known where they lie; cuts overlap
_MOST = 0.5  # share of a collage that is there as pictures of their own: not each of them may be found
_PLACES = 24  # of a side of a picture, at which it is looked what lies there
ENLARGED = 1.5  # what a picture may be enlarged by to stand in for another


class _Part(NamedTuple):
    """Another picture in a whole one, upright: sides from the whole one's middle, in its longer side.

    `larger`: how many times as large it is there.
    """

    pair: Pair
    path: str
    left: float
    top: float
    right: float
    bottom: float
    larger: float

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.bottom - self.top)

    def shared(self, other: _Part) -> float:
        """The area that both have."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, wide) * max(0.0, high)

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x <= self.right and self.top <= y <= self.bottom


def told(known: Mapping[str, Image], pairs: Sequence[Pair]) -> list[Pair]:
    """Tell collages: each is a copy of what takes up most of it, alone; the others stay by themselves.

    A picture is one if several others lie in different places of it, and each is better than what is there, or they lie
    beside each other and are most of it.
    """
    parts: dict[str, list[_Part]] = {}
    for pair in pairs:
        if pair.relation == "copy" and pair.place:
            for whole, part in ((pair.a, pair.b), (pair.b, pair.a)):
                parts.setdefault(whole, []).append(_part(known[whole], known[part], pair))
    instead: dict[Pair, Pair | None] = {}
    for whole, inside in sorted(parts.items()):
        shown = _apart(inside)
        if len(shown) > 1 and _is_collage(known[whole], shown):
            most = max(shown, key=lambda same: max(part.area for part in same))
            what = f"collage of {listed([same[0].path for same in shown])}"
            instead |= {part.pair: None for same in shown for part in same}
            as_good = [part for part in most if part.larger <= ENLARGED] or most[:1]
            instead |= {part.pair: _of(whole, part.pair, what) for part in as_good}
    return [kept for pair in pairs if (kept := instead.get(pair, pair))]


def _is_collage(whole: Image, shown: Sequence[Sequence[_Part]]) -> bool:
    best = [min(same, key=lambda part: part.larger) for same in shown]
    if all(any(part.pair.a == whole.path for part in same) for same in shown):
        return True
    beside = all(
        one.shared(other) <= _BESIDE * min(one.area, other.area) for one, other in itertools.combinations(best, 2)
    )
    as_good = all(part.larger <= ENLARGED for part in best)
    return beside and as_good and _covered(whole, itertools.chain(*shown)) > _MOST


def _covered(whole: Image, parts: Iterable[_Part]) -> float:
    """The share of a picture that any of the parts shows."""
    some = list(parts)
    longer = max(whole.width, whole.height)
    steps = [(n + 0.5) / _PLACES - 0.5 for n in range(_PLACES)]
    places = [(x * whole.width / longer, y * whole.height / longer) for x in steps for y in steps]
    return sum(any(part.holds(*place) for part in some) for place in places) / len(places)


def _apart(inside: Sequence[_Part]) -> list[list[_Part]]:
    """Part pictures by where they lie, in the order of their names."""
    order = sorted(inside, key=lambda part: part.path)
    same = Components[str]()
    for one, other in itertools.combinations(order, 2):
        if one.shared(other) >= AS_ONE * min(one.area, other.area):
            same.join(one.path, other.path)
    found: dict[str, list[_Part]] = {}
    for part in order:
        found.setdefault(same.root(part.path), []).append(part)
    return list(found.values())


def _of(whole: str, pair: Pair, what: str) -> Pair:
    """The same pair as what the collage is to its part."""
    if pair.a == whole:
        return replace(pair, what=what)
    lying = pair.lying(pair.b)
    turns = the_other_way(pair.mirrored, pair.turns)
    return replace(pair, a=pair.b, b=pair.a, what=what, turns=turns, lesser=whole, place=lying.place)


def _part(whole: Image, part: Image, pair: Pair) -> _Part:
    a, b, c, d, e, f = pair.lying(whole.path).place
    longer, sides = max(part.width, part.height), max(whole.width, whole.height)
    across, down = part.width / longer / 2, part.height / longer / 2
    wide, high = abs(a) * across + abs(b) * down, abs(d) * across + abs(e) * down
    right, bottom = whole.width / sides / 2, whole.height / sides / 2
    place = max(c - wide, -right), max(f - high, -bottom), min(c + wide, right), min(f + high, bottom)
    return _Part(pair, part.path, *place, larger=math.sqrt(abs(a * e - b * d)) * sides / longer)
