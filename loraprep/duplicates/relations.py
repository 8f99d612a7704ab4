"""Which pictures are there twice, which are variants, which one is best?"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Literal, Protocol

import numpy as np

from loraprep.core.components import Components
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Group, Image, Lying, Pair, the_other_way
from loraprep.duplicates import candidates, collages, descriptions, ranking, scenes
from loraprep.duplicates.candidates import Candidate
from loraprep.duplicates.clusters import copies, variants
from loraprep.duplicates.collages import AS_ONE, ENLARGED
from loraprep.duplicates.comparing import Comparison
from loraprep.duplicates.kept import KeptReadings
from loraprep.duplicates.keypoints import Sight
from loraprep.duplicates.reading import Reading
from loraprep.duplicates.scenes import Scene
from loraprep.project.settings import DuplicateLimits

_DULL = 0.02  # contrast below which a picture is one plain colour
_TINY = 32  # pixels
_PARTS = 24  # of a side of a thumbnail
_SAVED = 32  # of 255: after a second saving at a third of the size a part of a thumbnail differs by up to 18 (of 36)


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
    parts = scenes.scenes(singles, found)
    if ahead:
        ahead.read(parts, readings)

    def read(one: Image, other: Image, how: Candidate) -> Reading | None:
        if told := readings.known(one, other, how):
            return told.seen
        comparison = Comparison(one, other, how, limits, sight)
        seen = comparison.read()
        if not comparison.gone:
            readings.keep(one, other, how, seen)
        return seen

    met = [each for part in parts for each in scenes.relations(part, limits, read)]

    def grouped() -> list[Group]:
        read = [_pair(known[singles[one.i].path], known[singles[one.j].path], seen) for one, seen in met]
        every = [*pairs, *collages.told(known, read)]
        return _groups(known, [pair for pair in every if not before or _alike_before(pair, before)])

    groups = grouped()
    if detail and met:
        alike = {singles[n].path: singles[n] for pair, _ in met for n in (pair.i, pair.j)}
        likely = {path for group in groups for path in group.recommended}
        known |= {image.path: image for image in detail([alike[path] for path in sorted(alike)], likely)}
        groups = grouped()
    return groups


class Ahead(Protocol):
    """Reads the pairs of several scenes at a time."""

    def read(self, some: Sequence[Scene], readings: KeptReadings) -> None:
        """Read pairs of scenes and keep what they were read as."""


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


def _pair(one: Image, other: Image, seen: Reading) -> Pair:
    parts = seen.relation == "copy" and max(seen.covers) < AS_ONE
    over = (one, other)[seen.laid_over] if seen.laid_over >= 0 else None
    under = other if over is one else one
    # letters are sharp where the picture is soft, so that it seems to hold more: its pixels must be more as well
    inflated = over is not None and all(
        side(over) > ENLARGED * side(under) for side in (ranking.real_side, lambda i: math.hypot(i.width, i.height))
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
