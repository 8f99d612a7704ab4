"""Which pictures are there twice, which are variants, which one is best? Pure.

The limits in project.yaml's schema, and those here, were measured by tests/benchmarks/quality.py on photographs and
artwork with planted copies and variants.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Literal

from loraprep.core.components import Components
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Group, Image, Pair, the_other_way
from loraprep.duplicates import candidates, compare, descriptions, ranking
from loraprep.duplicates.clusters import Clusters, copies
from loraprep.duplicates.compare import Likeness, Pixels
from loraprep.duplicates.hamming import Candidate
from loraprep.project.settings import DuplicateLimits

_LONE = 8.0  # a change this many times the typical one sits in one place, and counts from 0.6 x `variant` on
_SAME_SCENE = 0.4  # share of textured blocks with the same structure, below which hashes met by accident
_RECOGNISABLE = 0.02  # share of blocks with texture that it takes to say anything
_BY_CHANCE = 0.45  # share of textured blocks that agree in pictures of different things laid out alike
_BEYOND_CHANCE = 3.0  # standard deviations of that share, above which a variant is no accident
_BLOCKS = (compare.SIDE // (2 * compare.BLOCK)) ** 2
_SURELY = 1.5  # times `variant`: two altered copies of one picture may differ by more than either does from it
_FLAT, _FLAT_BITS = 0.9, 6  # flat pictures have hashes of noise: only nearly equal ones are looked at
_DULL = 0.02  # contrast below which a picture is one plain colour
_TINY = 32  # pixels
_LARGE_CUT, _STRICTER = 1.45, 1 / 3  # so large a cut shows less: what differs has to stay further below `variant`


def find_groups(
    images: Sequence[Image],
    limits: DuplicateLimits,
    preview: Callable[[Image], Pixels | None] | None = None,
    detail: Callable[[Sequence[Image]], Sequence[Image]] | None = None,
) -> list[Group]:
    """Find the groups of byte copies, copies and variants, sorted by first path; the same input gives the same groups.

    `preview` gives a picture at 256 px, RGB (height, width, 3) uint8, and None for one that took too long to open,
    which is then like no other; it is called about once for each picture that resembles another, and without it the
    24-px grey thumbnails must do. `detail` gives the records with how much of their size they hold; it is called once,
    with every copy and variant.
    """
    known = {image.path: image for image in images if image.state == "image"}
    pairs = _byte_copies(known.values())
    doubled = {pair.a for pair in pairs}
    singles = [known[path] for path in sorted(known) if path not in doubled and _is_comparable(known[path])]
    met = _Comparison(singles, limits, preview).relations()
    if detail and met:
        alike = {singles[n].path: singles[n] for found, _, _ in met for n in (found.i, found.j)}
        known |= {image.path: image for image in detail([alike[path] for path in sorted(alike)])}
    for found, relation, seen in met:
        pairs.append(_pair(known[singles[found.i].path], known[singles[found.j].path], relation, found, seen))
    by_root: dict[str, list[Pair]] = {}
    groups = Components[str]()
    for pair in pairs:
        groups.join(pair.a, pair.b)
    for pair in pairs:
        by_root.setdefault(groups.root(pair.a), []).append(pair)
    return [_group([known[p] for p in paths], by_root[paths[0]]) for paths in groups.groups()]


def _byte_copies(images: Iterable[Image]) -> list[Pair]:
    """Pair each copy with the one that stays: one that a person worked on, else the shortest name."""
    same: dict[str, list[Image]] = {}
    for image in images:
        same.setdefault(image.digest, []).append(image)
    pairs = []
    for alike in same.values():
        first, *rest = sorted(alike, key=ranking.same_first)
        pairs += [Pair(i.path, first.path, "byte", 1.0, what=f"the same file as {first.path}") for i in rest]
    return pairs


def _is_comparable(image: Image) -> bool:
    hashes = image.phash and image.dhash and image.phash_mirror and image.dhash_mirror
    return bool(hashes) and image.contrast >= _DULL and min(image.width, image.height) >= _TINY


Relation = Literal["copy", "variant"]
_Met = tuple[Candidate, Relation, Likeness]


class _Comparison:
    """Tells copies and variants among pictures whose hashes are near.

    A cut fits every variant that differs only outside it. So cuts wait until all whole pictures are told apart, then
    the best fit comes first, and what fits one picture and another that are no copies is a cut of the first alone.
    """

    def __init__(
        self, images: Sequence[Image], limits: DuplicateLimits, preview: Callable[[Image], Pixels | None] | None
    ) -> None:
        self._images, self._limits = images, limits
        self._copies = Clusters()
        self._met: list[_Met] = []
        self._cuts: list[tuple[Candidate, Likeness]] = []

        @lru_cache(maxsize=512)
        def pixels(index: int) -> Pixels | None:
            return preview(images[index]) if preview else compare.thumbnail(images[index])

        self._pixels = pixels

    def relations(self) -> list[_Met]:
        """Compare all candidates and return those that are copies or variants."""
        self._compare_whole()
        self._place_cuts()
        return self._met

    def _compare_whole(self) -> None:
        """Nearest first: what is known of a copy need not be asked of its copies again."""
        images, copies, limit = self._images, self._copies, self._limits.variant
        asked: set[tuple[str, str]] = set()
        found_near = candidates.find_candidates(images, self._limits)
        for found in sorted(found_near, key=lambda n: (n.part, n.distance, n.i, n.j)):
            one, other = images[found.i], images[found.j]
            if max(one.flat, other.flat) > _FLAT and found.distance > _FLAT_BITS:
                continue
            roots = copies.root(one.path), copies.root(other.path)
            if copies.known(one.path, other.path) or roots in asked:
                continue
            shown, beside = self._pixels(found.i), self._pixels(found.j)
            seen = _compared(shown, beside, mirrored=found.mirrored, turns=found.turns)
            if seen is None:
                continue
            relation, whole = _relation(seen, limit), 1 / descriptions.CUT < seen.covers < descriptions.CUT
            if relation == "copy" and not whole:
                asked |= {roots, roots[::-1]}
                self._cuts.append((found, seen))
                continue
            if relation == "copy":
                copies.join(one.path, other.path)
            elif relation == "variant" and whole and (seen.relit or seen.change > _SURELY * limit):
                copies.part(one.path, other.path)
            if relation:
                self._met.append((found, relation, seen))

    def _place_cuts(self) -> None:
        """Best fit first: each cut is a copy of one of the pictures that it fits."""
        images, copies, limit = self._images, self._copies, self._limits.variant
        source: dict[int, tuple[int, Candidate]] = {}
        step = limit / 8  # changes nearer to each other than this say nothing about which fits better
        for found, seen in sorted(self._cuts, key=lambda c: (round(c[1].change / step), c[0].distance, c[0].i, c[0].j)):
            if copies.known(images[found.i].path, images[found.j].path):
                continue
            cut, of = (found.i, found.j) if seen.covers > 1 else (found.j, found.i)
            before, how = source.setdefault(cut, (of, found))
            if before != of and not found.turns and not how.turns:
                shown, beside = self._pixels(before), self._pixels(of)
                both = _compared(shown, beside, mirrored=found.mirrored != how.mirrored)
                if both and _relation(both, limit) != "copy":
                    copies.part(images[before].path, images[of].path)
                    continue
            copies.join(images[found.i].path, images[found.j].path)
            self._met.append((found, "copy", seen))


def _compared(one: Pixels | None, other: Pixels | None, **how: Any) -> Likeness | None:
    return None if one is None or other is None else compare.compare(one, other, **how)


def _relation(seen: Likeness, limit: float) -> Relation | None:
    """Return None where the hashes met by accident."""
    if seen.texture < _RECOGNISABLE or seen.agree < _SAME_SCENE:
        return None
    lone = seen.change > 0.6 * limit and seen.change > _LONE * seen.typical
    if max(seen.covers, 1 / seen.covers) > _LARGE_CUT:
        limit *= _STRICTER
    if not (seen.relit or seen.change > limit or lone):
        return "copy"
    return "variant" if _beyond_chance(seen) else None


def _beyond_chance(seen: Likeness) -> bool:
    """Is more alike than in two things of one layout, such as two galaxies in the middle of black?

    The fewer blocks hold anything, the more of them must agree: a one-sided test of a share, by the normal
    approximation of the binomial distribution.
    """
    blocks = max(1.0, seen.texture * _BLOCKS)
    return seen.agree > _BY_CHANCE + _BEYOND_CHANCE * math.sqrt(_BY_CHANCE * (1 - _BY_CHANCE) / blocks)


def _pair(one: Image, other: Image, relation: Relation, found: Candidate, seen: Likeness) -> Pair:
    if relation == "variant":
        what = "the same scene in other light or colours" if seen.relit else "the same scene, changed in places"
        likeness = round(seen.agree * (1 - seen.change), 3)
        return Pair(one.path, other.path, relation, likeness, found.mirrored, what, found.turns)
    lesser = {image.path for image in (one, other) if image.path == _lesser(one, other, seen)}
    turns, a, b, covers, lighter = found.turns, one, other, seen.covers, seen.lighter
    if ranking.best_first(one, (one, other), lesser) < ranking.best_first(other, (one, other), lesser):
        a, b, covers, lighter = other, one, 1 / seen.covers, -seen.lighter
        turns = the_other_way(found.mirrored, turns)
    lettered = a is (one, other)[seen.lettered] and seen.lettered >= 0
    done = [word for word, holds in (("watermarked", lettered), ("turned", turns)) if holds]
    words = ", ".join([*done, *descriptions.changes(a, b, covers, lighter, seen.tint, found.mirrored)])
    what = f"{words or descriptions.resaved(a, b)} copy of {b.path}"
    return Pair(a.path, b.path, relation, round(1 - seen.change, 3), found.mirrored, what, turns, "".join(lesser))


def _lesser(one: Image, other: Image, seen: Likeness) -> str:
    """Return the one with a watermark over it, else the one cut from the other that holds no finer pixels; or ""."""
    if seen.lettered >= 0:
        return (one, other)[seen.lettered].path
    cut, whole, covers = (one, other, seen.covers) if seen.covers > 1 else (other, one, 1 / seen.covers)
    if cut.box:  # a person drew that
        return ""
    if covers < descriptions.CUT or ranking.frame_share(whole) > ranking.frame_share(cut) + ranking.FRAMED:
        return ""
    return cut.path if ranking.real_side(whole) > ranking.real_side(cut) else ""


def _group(images: Sequence[Image], pairs: Sequence[Pair]) -> Group:
    known = {image.path: image for image in images}
    doubled = {pair.a for pair in pairs if pair.relation == "byte"}
    lesser = {pair.lesser for pair in pairs}
    kept = []
    for cluster in copies(known, pairs):
        members = [known[p] for p in cluster if p not in doubled]
        kept.append(min(members, key=lambda i: ranking.best_first(i, members, lesser)))
    best = min(kept, key=lambda i: ranking.best_first(i, kept, lesser))
    relations = {pair.relation for pair in pairs}
    relation: Literal["byte", "copy", "variant"] = "byte"
    relation = "variant" if "variant" in relations else "copy" if "copy" in relations else relation
    return Group(
        pictures=tuple(sorted(known)),
        relation=relation,
        best=best.path,
        why=descriptions.why_best(best, [i for i in images if i.path not in doubled], relation, lesser),
        recommended=tuple(sorted(i.path for i in kept)),
        pairs=tuple(sorted(pairs, key=lambda p: (p.a, p.b))),
        facts={i.path: descriptions.facts(i, images, plain=len(kept) == len(images)) for i in images},
    )


def findings(groups: Sequence[Group]) -> list[Finding]:
    """Name the pictures that are there once too often in `byte-copies` and `copies`, all that vary in `variants`."""
    doubled = {p.a for g in groups for p in g.pairs if p.relation == "byte"}
    copied = {p for g in groups for p in g.pictures if p not in g.recommended} - doubled
    varied = [g for g in groups if g.relation == "variant"]
    found = [
        Finding(Code.BYTE_COPIES, tuple(sorted(doubled))),
        Finding(Code.COPIES, tuple(sorted(copied))),
        Finding(Code.VARIANTS, tuple(sorted(p for g in varied for p in g.recommended)), {"scenes": len(varied)}),
    ]
    return [finding for finding in found if finding.images]
