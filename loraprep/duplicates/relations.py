"""Which pictures are there twice, which are variants, which one is best?"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

import numpy as np

from loraprep.core.components import Components
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Group, Image, Lying, Pair, the_other_way
from loraprep.duplicates import candidates, descriptions, flattened, geometry, ranking, reading
from loraprep.duplicates.candidates import Candidate
from loraprep.duplicates.clusters import Clusters, copies, variants
from loraprep.duplicates.flattened import BARE, WHITE
from loraprep.duplicates.geometry import Laid, Similarity
from loraprep.duplicates.kept import Kept, KeptReadings
from loraprep.duplicates.keypoints import Keypoints, Pixels, Sight, View
from loraprep.duplicates.reading import Reading
from loraprep.imaging.errors import BadImage
from loraprep.project.settings import DuplicateLimits

_SURELY = 1.5  # times `variant`: two altered copies of one picture may differ by more than either does from it
_DULL = 0.02  # contrast below which a picture is one plain colour
_TINY = 32  # pixels
_WHOLE = 0.95  # share of a picture that both show, from which on nothing worth mentioning is missing
_ENOUGH = 0.5  # share of one of two cuts that both show, from which on they are one picture and not two parts of one
_PARTS = 24  # of a side of a thumbnail
_SAVED = 32  # of 255: after a second saving at a third of the size a part of a thumbnail differs by up to 18 (of 36)
_ENLARGED = 1.5  # what a picture may be enlarged by to stand in for one with something laid over it


def find_groups(
    images: Sequence[Image],
    limits: DuplicateLimits,
    sight: Sight,
    detail: Callable[[Sequence[Image], Collection[str]], Sequence[Image]] | None = None,
    before: Mapping[str, Image] | None = None,
    kept: KeptReadings | None = None,
    ahead: Ahead | None = None,
) -> list[Group]:
    """Find the groups of byte copies, copies and variants, sorted by first path; the same input gives the same groups.

    `sight` shows the pictures. `detail` gives the records with how much of their size they hold; it is called once,
    with every copy and variant, and those of them that stay if all hold as much. `before`: path -> the picture before
    its change; two are alike only where those are, as a scene from which one thing and then another is taken is two
    lessons. `kept`: how pairs were read before; `ahead` reads pairs that are then kept there.
    """
    known = {image.path: image for image in images if image.state == "image"}
    pairs = _byte_copies(known.values())
    doubled = {pair.a for pair in pairs}
    singles = [known[path] for path in sorted(known) if path not in doubled and _is_comparable(known[path])]
    singles = sight.prepare(singles) if len(singles) > 1 else []
    readings = kept or KeptReadings(None, limits, "")
    found = candidates.find_candidates(singles, sight, candidates.near(singles, limits)) if singles else []
    met = [each for some in _compared(scenes(singles, found), limits, sight, readings, ahead) for each in some]

    def grouped() -> list[Group]:
        read = [_pair(known[singles[one.i].path], known[singles[one.j].path], seen) for one, seen in met]
        return _groups(known, [pair for pair in (*pairs, *read) if not before or _alike_before(pair, before)])

    groups = grouped()
    if detail and met:
        alike = {singles[n].path: singles[n] for pair, _ in met for n in (pair.i, pair.j)}
        likely = {path for group in groups for path in group.recommended}
        known |= {image.path: image for image in detail([alike[path] for path in sorted(alike)], likely)}
        groups = grouped()
    return groups


def _groups(known: Mapping[str, Image], pairs: Sequence[Pair]) -> list[Group]:
    by_root: dict[str, list[Pair]] = {}
    groups = Components[str]()
    for pair in pairs:
        groups.join(pair.a, pair.b)
    for pair in pairs:
        by_root.setdefault(groups.root(pair.a), []).append(pair)
    return [_group([known[p] for p in paths], by_root[paths[0]]) for paths in groups.groups()]


def _alike_before(pair: Pair, before: Mapping[str, Image]) -> bool:
    """Say whether the pictures before the changes of two are the same file, or the same in every part of 24 x 24.

    By hashes a room with a chair is near the same room with a lamp.
    """
    one, other = before.get(pair.a), before.get(pair.b)
    if one is None or other is None or one.digest == other.digest:
        return True
    first, second = (np.frombuffer(image.thumb, np.uint8).astype(int) for image in (one, other))
    if not first.size == second.size == _PARTS**2:
        return False
    seen = second.reshape(_PARTS, _PARTS)
    return bool(np.abs(first.reshape(_PARTS, _PARTS) - (seen[:, ::-1] if pair.mirrored else seen)).max() <= _SAVED)


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


Met = tuple[Candidate, Reading]


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


class Readings(Protocol):
    """What pairs are read as."""

    def known(self, one: Image, other: Image, how: Candidate) -> Kept | None:
        """Return what a pair was read as; None if it is to be read. May raise instead, which ends the comparison."""

    def keep(self, one: Image, other: Image, how: Candidate, seen: Reading | None) -> None:
        """Keep what a pair was read as."""


class Ahead(Protocol):
    """Reads the pairs of several scenes at a time."""

    def read(self, some: Sequence[Scene], kept: KeptReadings) -> list[Scene]:
        """Read pairs of scenes and keep what they were read as; return the scenes of which more may be read ahead."""


class _UnreadError(Exception):
    """A pair was not read yet."""


class _OnlyKept:
    """Readings that were kept. Raises _UnreadError for a pair that was not read yet."""

    def __init__(self, kept: KeptReadings) -> None:
        self._kept = kept

    def known(self, one: Image, other: Image, how: Candidate) -> Kept:
        if found := self._kept.known(one, other, how):
            return found
        raise _UnreadError

    def keep(self, one: Image, other: Image, how: Candidate, seen: Reading | None) -> None:
        raise NotImplementedError


def _compared(
    parts: Sequence[Scene], limits: DuplicateLimits, sight: View, kept: KeptReadings, ahead: Ahead | None
) -> list[list[Met]]:
    """Compare the pictures of each scene; what nobody reads ahead is read here.

    Which pairs are read depends on those before. So a scene is gone through with what is kept, as often as more of it
    was read.
    """
    met: dict[int, list[Met]] = {}
    left = list(range(len(parts)))
    while ahead and left:
        unread = []
        for n in left:
            try:
                met[n] = Comparison(parts[n], limits, sight, _OnlyKept(kept)).relations()
            except _UnreadError:
                unread.append(n)
        more = {id(scene) for scene in ahead.read([parts[n] for n in unread], kept)}
        left = [n for n in unread if id(parts[n]) in more]
    return [met[n] if n in met else Comparison(part, limits, sight, kept).relations() for n, part in enumerate(parts)]


class Comparison:
    """Tells copies and variants among the pictures of a scene.

    A cut fits every variant that differs only outside it. So cuts wait until all whole pictures are told apart, then
    the best fit comes first, and what fits one picture and another that are no copies is a cut of the first alone.
    """

    def __init__(self, scene: Scene, limits: DuplicateLimits, sight: View, readings: Readings) -> None:
        self._images, self._found = scene
        self._limits, self._sight, self._readings = limits, sight, readings
        self._gone = False  # a picture could not be opened for the pair that is looked at
        self._copies = Clusters()
        self._met: list[Met] = []
        self._cuts: list[Met] = []

    def relations(self) -> list[Met]:
        """Compare all candidates and return those that are copies or variants. Raises what `readings` raises."""
        self._compare_whole()
        self._place_cuts()
        return self._met

    def _held(self, found: Candidate, ground: str, mirrored: bool) -> Similarity | None:
        first, second = (self._points(self._images[n], ground) for n in (found.i, found.j))
        held = geometry.similarity(first, second, mirrored=mirrored)
        if held is None and found.alike:
            held = geometry.similarity(first, second, mirrored=mirrored, clearly=False)
        return held

    def _points(self, image: Image, ground: str) -> Keypoints:
        try:
            return self._sight.points(image, ground)
        except (BadImage, OSError):  # gone since it was looked at
            self._gone = True
            return self._sight.points(image)

    def _grounds(self, found: Candidate) -> tuple[str, ...]:
        """Return on what two are compared: of which one alone is transparent, the other may have been it."""
        one, other = self._images[found.i], self._images[found.j]
        if bool(one.alpha) == bool(other.alpha):
            return (WHITE,)
        laid = other if one.alpha else one
        try:
            return (flattened.ground(self._sight.pixels(laid)) if flattened.may_be(laid) else WHITE, BARE)
        except (BadImage, OSError):
            self._gone = True
            return (WHITE,)

    def _seen(self, found: Candidate) -> Reading | None:
        """Read a pair, unless it was read before."""
        one, other = self._images[found.i], self._images[found.j]
        if known := self._readings.known(one, other, found):
            return known.seen
        self._gone = False
        seen = self._looked_at(found)
        if not self._gone:
            self._readings.keep(one, other, found, seen)
        return seen

    def _looked_at(self, found: Candidate) -> Reading | None:
        """Read a pair on the first ground on which they are copies, of which nothing differs; else on the first.

        As more of their points say and, of what is even or looks the same on both sides, the other way round as well,
        mirrored or not: upright it may be a copy and mirrored a change. They lie on each other as their points on white
        do: to find points costs more than all else, and those on another ground differ at outlines alone, so these are
        looked for only where an outline is all that two have in common.
        """
        ways: list[Reading] = []
        for mirrored in (found.mirrored, not found.mirrored)[: 1 + found.either]:
            readings: list[Reading | None] = []
            on_white = self._held(found, WHITE, mirrored)
            for ground in self._grounds(found) if on_white or found.alike else ():
                held = on_white or (None if ground == WHITE else self._held(found, ground, mirrored))
                seen = self._read(found, held, ground, mirrored)
                if seen is not None and seen.relation == "copy" and seen.laid_over < 0:
                    return seen
                readings.append(seen)
            ways += [seen for seen in readings if seen][:1]
        return min(ways, key=lambda seen: seen.relation != "copy", default=None)

    def _read(self, found: Candidate, held: Similarity | None, ground: str, mirrored: bool) -> Reading | None:
        try:
            first, second = (self._sight.pixels(self._images[n], ground) for n in (found.i, found.j))
        except (BadImage, OSError):  # gone since it was looked at; the next scan says so
            self._gone = True
            return None
        laid = geometry.lay(first, second, held, mirrored=mirrored, whole=found.alike)
        if laid is None:
            return None
        seen = self._told(laid, first, second)
        if reading.is_near(seen, laid) and (lain := geometry.nearer(laid, first, second)):
            again = self._told(lain, first, second)
            seen = again if again.relation else seen
        if seen.relation is None or _out_of_reach(seen, self._limits):
            return None
        return seen

    def _told(self, laid: Laid, first: Pixels, second: Pixels) -> Reading:
        return reading.read(laid, self._limits.variant, lambda where: geometry.closer(laid, first, second, where))

    def _compare_whole(self) -> None:
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
            self._met.append((found, seen))

    def _place_cuts(self) -> None:
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
            self._met.append((found, seen))


def _out_of_reach(seen: Reading, limits: DuplicateLimits) -> bool:
    """Is it what the project does not want to be told of?"""
    return (seen.turns != 0 and not limits.rotations) or (min(seen.covers) < 1 / descriptions.LARGE and not limits.cuts)


def _pair(one: Image, other: Image, seen: Reading) -> Pair:
    parts = seen.relation == "copy" and max(seen.covers) < _ENOUGH
    over = (one, other)[seen.laid_over] if seen.laid_over >= 0 else None
    under = other if over is one else one
    # letters are sharp where the picture is soft, so that it seems to hold more: its pixels must be more as well
    inflated = over is not None and all(
        side(over) > _ENLARGED * side(under) for side in (ranking.real_side, lambda i: math.hypot(i.width, i.height))
    )
    if seen.relation == "variant" or parts or inflated:
        if parts:
            what = "two parts of one picture"
        elif over is not None and (inflated or seen.doubtful):
            what = f"perhaps the same picture, {over.path} with {descriptions.laid_over(seen)}"
            what += f"; {under.path} is without it, but much smaller" if inflated else ": look"
        else:
            what = descriptions.varied(seen)
        likeness = round(seen.agree * (1 - seen.change), 3)
        return Pair(one.path, other.path, "variant", likeness, seen.mirrored, what, seen.turns, place=seen.lies)
    lesser = {image.path for image in (one, other) if image.path == _lesser(one, other, seen)}
    turns, a, b, covers, lighter = seen.turns, one, other, seen.covers, seen.lighter
    lying = Lying(seen.mirrored, seen.lies)
    if ranking.best_first(one, (one, other), lesser) < ranking.best_first(other, (one, other), lesser):
        a, b, covers, lighter = other, one, covers[::-1], -seen.lighter
        turns, lying = the_other_way(seen.mirrored, turns), lying.the_other_way()
    done = descriptions.changes(a, b, covers, lighter, seen.tint, seen.mirrored)
    words = ", ".join([*(["turned"] if turns else []), *done])
    what = f"{words or descriptions.resaved(a, b)} copy of {b.path}"
    if over is not None:
        what = f"{words} copy of {b.path}".strip()
        what += f", {'with' if over is a else 'without'} {descriptions.laid_over(seen)}"
    likeness = round(1 - seen.change, 3)
    return Pair(a.path, b.path, "copy", likeness, seen.mirrored, what, turns, "".join(lesser), lying.place)


def _lesser(one: Image, other: Image, seen: Reading) -> str:
    """Return the one with something laid over it, else the one cut from the other that holds no finer pixels; or ""."""
    if seen.laid_over >= 0:
        return (one, other)[seen.laid_over].path
    cut, whole, covers = other, one, seen.covers
    if covers[0] > covers[1]:
        cut, whole, covers = one, other, covers[::-1]
    if cut.box:  # a person drew that
        return ""
    if covers[0] > 1 / descriptions.CUT or ranking.frame_share(whole) > ranking.frame_share(cut) + ranking.FRAMED:
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
    found = [
        Finding(Code.BYTE_COPIES, tuple(sorted(doubled))),
        Finding(Code.COPIES, tuple(sorted(copied))),
        *variants(groups),
    ]
    return [finding for finding in found if finding.images]
