"""Phase 3: which pictures are there twice, which are variants, which one is best? Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import lru_cache
from typing import Literal, NamedTuple

from loraprep.core.findings import Code, Finding
from loraprep.core.records import Fate, Group, Image, Pair, the_other_way
from loraprep.duplicates import compare
from loraprep.duplicates.compare import Clusters, Likeness, Pixels
from loraprep.duplicates.cuts import Near
from loraprep.project.decisions import Decisions, Question
from loraprep.project.resolution import Present, settle

HEADER = """\
# Every copy makes the model learn that one picture by heart instead of what your pictures have in common.
# Variants (the same scene, changed) are no copies: they teach what may change, and stay unless you say otherwise.
# Look first. Nothing in images/ is ever deleted.
# keep: recommended | all | none | [file names]
"""

# Measured by tests/benchmarks/quality.py on photographs and artwork with planted copies and variants.
THRESHOLDS: Mapping[str, float] = {"phash": 12, "dhash": 11, "variant": 0.02, "cuts": True, "rotations": False}
_LONE = 8.0  # a change this many times the typical one sits in one place, and counts from 0.6 x `variant` on
_SAME_SCENE = 0.4  # share of textured blocks with the same structure, below which hashes met by accident
_RECOGNISABLE = 0.02  # share of blocks with texture that it takes to say anything
_SURELY = 1.5  # times `variant`: two altered copies of one picture may differ by more than either does from it
_FLAT, _FLAT_BITS = 0.9, 6  # flat pictures have hashes of noise: only nearly equal ones are looked at
_DULL = 0.02  # contrast below which a picture is one plain colour
_TINY = 32  # pixels
_GROWTH = 1.4  # power of the side with which a JPEG's bytes grow, below which it was enlarged
_LARGE_CUT, _STRICTER = 1.45, 1 / 3  # so large a cut shows less: what differs has to stay further below `variant`
_CUT = 1.015  # how much larger the area of the whole picture is than that of a cut one
_FRAMED = 0.02  # share of the area; a thinner frame is none
_EQUAL = 0.05  # sizes and worths this near are the same


def find(
    images: Sequence[Image],
    thresholds: Mapping[str, float],
    look: Callable[[Image], Pixels] | None = None,
    detail: Callable[[Sequence[Image]], Sequence[Image]] | None = None,
) -> list[Group]:
    """Groups of byte copies, copies and variants, sorted by first path; the same input gives the same groups.

    `thresholds`: `phash` and `dhash`, the most bits (of 64) two hashes may differ to be looked at;
    `variant`, the mean difference (0..1) in one block of 1/24 of the side from which a picture is a variant
    and no copy. `look` gives a picture at 256 px, RGB (height, width, 3) uint8; it is called about once for
    each picture that resembles another, and without it the 24-px grey thumbnails must do. `detail` gives the
    records with how much of their size they hold; it is called once, with every copy and variant.
    """
    limits = {**THRESHOLDS, **thresholds}
    known = {image.path: image for image in images if image.state == "image"}
    pairs = _byte_copies(known.values())
    doubled = {pair.a for pair in pairs}
    singles = [known[path] for path in sorted(known) if path not in doubled and _says_something(known[path])]
    met = _alike(singles, limits, look)
    if detail and met:
        alike = {singles[n].path: singles[n] for found, _, _ in met for n in (found.i, found.j)}
        known |= {image.path: image for image in detail([alike[path] for path in sorted(alike)])}
    for found, relation, seen in met:
        pairs.append(_pair(known[singles[found.i].path], known[singles[found.j].path], relation, found, seen))
    groups = Clusters()
    for pair in pairs:
        groups.join(pair.a, pair.b)
    by_root: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_root.setdefault(groups.root(pair.a), []).append(pair)
    return [_group([known[p] for p in paths], by_root[groups.root(paths[0])]) for paths in groups.groups()]


def _byte_copies(images: Iterable[Image]) -> list[Pair]:
    """Pairs (copy, the one that stays): one with better pixels in upscaled/, else the shortest name."""
    same: dict[str, list[Image]] = {}
    for image in images:
        same.setdefault(image.digest, []).append(image)
    pairs = []
    for alike in same.values():
        first, *rest = sorted(alike, key=lambda i: (not i.upscaled, len(i.path), i.path))
        pairs += [Pair(i.path, first.path, "byte", 1.0, what=f"the same file as {first.path}") for i in rest]
    return pairs


def _says_something(image: Image) -> bool:
    hashes = image.phash and image.dhash and image.phash_mirror and image.dhash_mirror
    return bool(hashes) and image.contrast >= _DULL and min(image.width, image.height) >= _TINY


_Met = tuple[Near, Literal["copy", "variant"], Likeness]


def _alike(images: Sequence[Image], limits: Mapping[str, float], look: Callable[[Image], Pixels] | None) -> list[_Met]:
    """Copies and variants. Nearest first: what is known of a copy need not be asked of its copies again.

    A cut fits every variant that differs only outside it. So cuts wait until all whole pictures are told apart, then
    the best fit comes first, and what fits one picture and another that are no copies is a cut of the first alone.
    """

    @lru_cache(maxsize=512)
    def pixels(index: int) -> Pixels:
        return look(images[index]) if look else compare.thumbnail(images[index])

    copies = Clusters()
    met: list[_Met] = []
    cuts: list[tuple[Near, Likeness]] = []
    asked: set[tuple[str, str]] = set()
    near = compare.near(
        images, limits["phash"], limits["dhash"], cuts=bool(limits["cuts"]), rotations=bool(limits["rotations"])
    )
    for found in sorted(near, key=lambda n: (n.part, n.distance, n.i, n.j)):
        one, other = images[found.i], images[found.j]
        if max(one.flat, other.flat) > _FLAT and found.distance > _FLAT_BITS:
            continue
        roots = copies.root(one.path), copies.root(other.path)
        if copies.known(one.path, other.path) or roots in asked:
            continue
        seen = compare.compare(pixels(found.i), pixels(found.j), mirrored=found.mirrored, turns=found.turns)
        relation, whole = _relation(seen, limits["variant"]), 1 / _CUT < seen.covers < _CUT
        if relation == "copy" and not whole:
            asked |= {roots, roots[::-1]}
            cuts.append((found, seen))
            continue
        if relation == "copy":
            copies.join(one.path, other.path)
        elif relation == "variant" and whole and (seen.relit or seen.change > _SURELY * limits["variant"]):
            copies.part(one.path, other.path)
        if relation:
            met.append((found, relation, seen))
    source: dict[int, tuple[int, Near]] = {}
    step = limits["variant"] / 8  # changes nearer to each other than this say nothing about which fits better
    for found, seen in sorted(cuts, key=lambda c: (round(c[1].change / step), c[0].distance, c[0].i, c[0].j)):
        if copies.known(images[found.i].path, images[found.j].path):
            continue
        cut, of = (found.i, found.j) if seen.covers > 1 else (found.j, found.i)
        before, how = source.setdefault(cut, (of, found))
        if before != of and not found.turns and not how.turns:
            both = compare.compare(pixels(before), pixels(of), mirrored=found.mirrored != how.mirrored)
            if _relation(both, limits["variant"]) != "copy":
                copies.part(images[before].path, images[of].path)
                continue
        copies.join(images[found.i].path, images[found.j].path)
        met.append((found, "copy", seen))
    return met


def _relation(seen: Likeness, limit: float) -> Literal["copy", "variant"] | None:
    """None: the hashes met by accident."""
    if seen.texture < _RECOGNISABLE or seen.agree < _SAME_SCENE:
        return None
    lone = seen.change > 0.6 * limit and seen.change > _LONE * seen.typical
    if max(seen.covers, 1 / seen.covers) > _LARGE_CUT:
        limit *= _STRICTER
    return "variant" if seen.relit or seen.change > limit or lone else "copy"


def _pair(one: Image, other: Image, relation: Literal["copy", "variant"], found: Near, seen: Likeness) -> Pair:
    if relation == "variant":
        what = "the same scene in other light or colours" if seen.relit else "the same scene, changed in places"
        likeness = round(seen.agree * (1 - seen.change), 3)
        return Pair(one.path, other.path, relation, likeness, found.mirrored, what, found.turns)
    lesser = {image.path for image in (one, other) if image.path == _lesser(one, other, seen)}
    turns, a, b, covers, lighter = found.turns, one, other, seen.covers, seen.lighter
    if _order(one, (one, other), lesser) < _order(other, (one, other), lesser):
        a, b, covers, lighter = other, one, 1 / seen.covers, -seen.lighter
        turns = the_other_way(found.mirrored, turns)
    lettered = a is (one, other)[seen.lettered] and seen.lettered >= 0
    done = [word for word, holds in (("watermarked", lettered), ("turned", turns)) if holds]
    words = ", ".join([*done, *_words(a, b, covers, lighter, seen.tint, found.mirrored)])
    what = f"{words or _resaved(a, b)} copy of {b.path}"
    return Pair(a.path, b.path, relation, round(1 - seen.change, 3), found.mirrored, what, turns, "".join(lesser))


def _lesser(one: Image, other: Image, seen: Likeness) -> str:
    """The one with a watermark over it, else the one that is cut from the other and holds no finer pixels; or ""."""
    if seen.lettered >= 0:
        return (one, other)[seen.lettered].path
    cut, whole, covers = (one, other, seen.covers) if seen.covers > 1 else (other, one, 1 / seen.covers)
    if covers < _CUT or _framed(whole) > _framed(cut) + _FRAMED:
        return ""
    return cut.path if _size(whole) > _size(cut) else ""


def _resaved(a: Image, b: Image) -> str:
    return a.format if a.format != b.format else "re-saved"


def _words(a: Image, b: Image, covers: float, lighter: float, tint: float, mirrored: bool) -> list[str]:
    """What was done to b to get a: "smaller, recompressed"."""
    ratio = max(a.width, a.height) / max(b.width, b.height)
    inflated = a.detail < b.detail or _held(a, (a, b)) < _size(a)
    lossy = a.jpeg_quality and (not b.jpeg_quality or a.jpeg_quality < b.jpeg_quality - 3)
    said = {
        "mirrored": mirrored,
        "framed": _framed(a) > _framed(b) + _FRAMED,
        "cropped": covers > _CUT and _framed(b) <= _framed(a) + _FRAMED,
        "smaller": ratio < 0.93,
        "enlarged": ratio > 1.07 and inflated,
        "larger": ratio > 1.07 and not inflated,
        "darker": lighter > 0.03,
        "brighter": lighter < -0.03,
        "recoloured": tint > 6,
        "recompressed": bool(lossy),
    }
    return [word for word, holds in said.items() if holds]


def worth(image: Image, among: Sequence[Image]) -> float:
    """How much picture there is: the long side in pixels that hold detail, less what compression and blur took.

    Pixels alone do not count: an enlargement holds no more detail than what it was made from. Sharpness is
    that at 512 px, so sizes compare, over contrast, so a mere contrast boost gains nothing; its fourth root,
    since a Laplacian's variance grows with the fourth power of the finest detail's frequency.
    """
    crispest = max(_crispness(i) for i in among)
    crisp = max(0.5, (_crispness(image) / crispest) ** 0.25) if crispest > 0 else 1.0
    coding = min(1.0, 0.5 + image.jpeg_quality / 180) if image.jpeg_quality else 1.0
    return _held(image, among) * crisp * coding


def _crispness(image: Image) -> float:
    return image.sharpness / image.contrast**2 if image.contrast else 0.0


def _held(image: Image, among: Sequence[Image]) -> float:
    """The side, in pixels, of the square that would hold the picture's real detail.

    An enlarged JPEG gives itself away beside the smaller one: at like quality the bytes of real detail grow
    with the side to the power of 1.6 to 2, those of an enlargement with 1.1 to 1.3.
    """
    held = _size(image)
    for other in among:
        scale = math.sqrt(image.width * image.height / (other.width * other.height))
        like = image.jpeg_quality > 0 < other.jpeg_quality and abs(image.jpeg_quality - other.jpeg_quality) <= 5
        if like and scale > 1.07 and _bytes(image) < _bytes(other) * scale**_GROWTH:
            held = min(held, _size(other))
    return held


def _bytes(image: Image) -> int:
    return image.pixel_bytes or image.bytes


def _order(image: Image, among: Sequence[Image], lesser: Set[str]) -> tuple[object, ...]:
    """Sort key, best first: what is whole and has no watermark, then by `_rank`."""
    return image.path in lesser, *_rank(image, among)


def _rank(image: Image, among: Sequence[Image]) -> tuple[float, bool, bool, int, int, str]:
    """Sort key, best first; worths within five in a hundred are equal, no frame and the less inflated file win."""
    best = max(worth(i, among) for i in among)
    mine = worth(image, among)
    loss = 0.0 if mine >= best * (1 - _EQUAL) else best - mine
    inflated = _held(image, among) < (1 - _EQUAL) * math.sqrt(image.width * image.height * (1 - _framed(image)))
    return loss, _framed(image) > _FRAMED, inflated, -(image.jpeg_quality or 100), len(image.path), image.path


def _group(images: Sequence[Image], pairs: Sequence[Pair]) -> Group:
    known = {image.path: image for image in images}
    doubled = {pair.a for pair in pairs if pair.relation == "byte"}
    clusters = Clusters()
    for path in known:
        clusters.root(path)
    for pair in pairs:
        if pair.relation != "variant":
            clusters.join(pair.a, pair.b)
    lesser = {pair.lesser for pair in pairs}
    kept = []
    for cluster in clusters.groups():
        members = [known[p] for p in cluster if p not in doubled]
        kept.append(min(members, key=lambda i: _order(i, members, lesser)))
    best = min(kept, key=lambda i: _order(i, kept, lesser))
    relations = {pair.relation for pair in pairs}
    relation: Literal["byte", "copy", "variant"] = "byte"
    relation = "variant" if "variant" in relations else "copy" if "copy" in relations else relation
    return Group(
        pictures=tuple(sorted(known)),
        relation=relation,
        best=best.path,
        why=_why(best, [i for i in images if i.path not in doubled], relation, lesser),
        recommended=tuple(sorted(i.path for i in kept)),
        pairs=tuple(sorted(pairs, key=lambda p: (p.a, p.b))),
        facts={i.path: _facts(i, images, plain=len(kept) == len(images)) for i in images},
    )


def _why(best: Image, images: Sequence[Image], relation: str, lesser: Set[str]) -> str:
    """One clause: why `best` is the one to keep if only one is."""
    others = [i for i in images if i.path != best.path]
    if relation == "byte" or not others:
        return "the files are the same; the shortest name stays" if not best.upscaled else "it has an upscaled version"
    if best.path not in lesser and all(i.path in lesser for i in others):
        return "nothing is cut off it, and no watermark lies over it"
    if all(_framed(i) > _framed(best) + _FRAMED for i in others):
        return "it has no frame around it"
    if any(_size(i) > 1.07 * _held(i, images) and i.width > 1.07 * best.width for i in others) or any(
        i.width > 1.07 * best.width and i.detail < best.detail for i in others
    ):
        return "a larger one is only an enlargement and holds no more detail"
    if all(_size(best) > _size(i) * (1 + _EQUAL) for i in others):
        return "it is the largest"
    if all(_crispness(best) > 1.15 * _crispness(i) for i in others):
        return "it is the sharpest at the same size"
    if all((best.jpeg_quality or 100) > (i.jpeg_quality or 100) for i in others):
        return "it is the least compressed"
    return "size, sharpness and compression together speak for it"


def _size(image: Image) -> float:
    return image.detail * math.sqrt(image.width * image.height * (1 - _framed(image)))


def _framed(image: Image) -> float:
    """The share of the area that is a plain frame; bands over half a side or more are a sky or a wall, and no frame."""
    left, top, right, bottom = image.border
    across, down = 1 - left - right, 1 - top - bottom
    return 1 - across * down if min(across, down) > 0.5 else 0.0


def _facts(image: Image, among: Sequence[Image], *, plain: bool) -> str:
    """ "1280x960, 217 kB, sharper"; only what tells the pictures apart."""
    size = _bytes(image)
    weight = f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"
    said = [f"{image.width}x{image.height}", weight]
    if not plain:
        crispest, softest = max(map(_crispness, among)), min(map(_crispness, among))
        largest = max(max(i.width, i.height) for i in among)  # a smaller one is measured at another scale
        if _crispness(image) == crispest > 1.15 * softest and max(image.width, image.height) > 0.93 * largest:
            said.append("sharper")
        if 0 < image.jpeg_quality < 70:
            said.append("JPEG blocks")
        if image.detail < 0.7:
            said.append("looks enlarged")
    return ", ".join([*said, f"from {image.upscaled}"] if image.upscaled else said)


def _asked(group: Group) -> list[str]:
    """The pictures a person is asked about: byte copies are settled by rule."""
    doubled = {pair.a for pair in group.pairs if pair.relation == "byte"}
    asked = [path for path in group.pictures if path not in doubled]
    return asked if len(asked) > 1 else []


class _Ruling(NamedTuple):
    stays: bool
    changed: bool  # the picture has other pixels than when the answer was given


def _rulings(groups: Sequence[Group], images: Iterable[Image], decisions: Decisions) -> dict[str, _Ruling]:
    """path -> ruling, for every picture an answered entry rules on; renames are followed."""
    present = Present({image.path: image.digest for image in images})
    of = {path: group for group in groups for path in group.pictures}
    ruled: dict[str, _Ruling] = {}
    for key, entry in sorted(decisions.entries.items()):
        if entry.answer is None:
            continue
        group = of.get(key)
        written = dict(entry.digests) or dict.fromkeys(group.pictures if group else [key], "")
        recommended = entry.data.get("recommended", list(group.recommended) if group else "all")
        chosen = recommended if entry.answer == "recommended" else entry.answer
        named = set(chosen) if isinstance(chosen, list) else set(written) if chosen == "all" else set()
        for path in sorted(named - set(written)):
            if group and path in group.pictures:  # a byte copy named by hand
                written[path] = ""
        for path, digest in written.items():
            now, match = present.find(path, digest)
            if match and (now not in ruled or match != "retouched"):
                ruled[now] = _Ruling(path in named, match == "retouched")
    return ruled


def questions(groups: Sequence[Group], images: Sequence[Image], decisions: Decisions) -> list[Question]:
    """One question a group of copies or variants with pictures nobody ruled on; byte copies need none.

    A group that grew asks for the newcomer alone, under the newcomer's name. A picture that changed since its
    answer is asked about again.
    """
    digests = {image.path: image.digest for image in images}
    ruled = _rulings(groups, images, decisions)
    asked = []
    for group in groups:
        members = _asked(group)
        open_ = [path for path in members if path not in ruled or ruled[path].changed]
        if not open_:
            continue
        recommended: list[str] | str = sorted(_staying(group, ruled) & set(open_))
        if len(recommended) == len(open_):
            recommended = "all"
        entry = {
            "what": _what(group, members, open_),
            "pictures": {path: group.facts[path] for path in members},
            "recommended": recommended,
            "keep": None,
        }
        asked.append(Question(_key(open_, decisions), entry, {path: digests[path] for path in open_}, {}))
    return asked


def _key(paths: Sequence[str], decisions: Decisions) -> str:
    """The first path whose name no answered entry has taken."""
    for path in paths:
        entry = decisions.entries.get(path)
        if entry is None or entry.answer is None:
            return path
    return f"{paths[0]} (again)"


def _what(group: Group, members: Sequence[str], open_: Sequence[str]) -> str:
    told = [pair for pair in group.pairs if pair.relation != "byte"]
    if len(open_) < len(members):
        news = [p for p in told if p.a in open_ or p.b in open_]
        joined = ", ".join(open_)
        return f"new here: {joined} ({news[0].what if news else 'like the others'}); your earlier answer stands"
    if group.relation == "variant":
        copies = any(pair.relation == "copy" for pair in told)
        return "variants: the same scene, changed" + (", some of them twice" if copies else "")
    if len(members) == 2:
        return told[0].what
    return f"{len(members)} times the same picture"


def _staying(group: Group, ruled: Mapping[str, _Ruling]) -> set[str]:
    """Who stays if every picture nobody ruled on takes the recommendation."""
    clusters = Clusters()
    for path in group.pictures:
        clusters.root(path)
    for pair in group.pairs:
        if pair.relation != "variant":
            clusters.join(pair.a, pair.b)
    staying = {path for path, ruling in ruled.items() if ruling.stays and path in group.pictures}
    for cluster in clusters.groups():
        if not any(path in ruled for path in cluster):  # else the person has settled this picture already
            staying |= set(cluster) & set(group.recommended)
    return staying


def outcome(groups: Sequence[Group], images: Sequence[Image], decisions: Decisions, *, auto: bool) -> dict[str, Fate]:
    """Which pictures leave because of duplicates, and which stay but wait for an answer. Others are absent.

    A missing answer counts as its recommendation, with `open` set unless `auto` or `rest: recommended`.
    """
    ruled = _rulings(groups, images, decisions)
    fates: dict[str, Fate] = {}
    for group in groups:
        staying, members = _staying(group, ruled), _asked(group)
        of = {p.a: p for p in sorted(group.pairs, key=lambda p: p.relation, reverse=True) if p.relation != "variant"}
        for path in group.pictures:
            given = ruled.get(path)
            counts = settle(
                None if given is None else "keep" if given.stays else "leave out",
                decisions,
                auto=auto,
                changed=given is not None and given.changed,
            )
            waiting, by = counts.open and path in members, counts.by
            original = next((p for p in sorted(staying) if p in _copies(group, path)), "")
            why = f"a copy of {original}" if original else "you left it out"
            if not given and path in of and of[path].relation == "byte":
                why, by = f"a byte copy of {of[path].b}", "rule"
            if path not in staying:
                fates[path] = Fate(path, "left out", why, by, waiting)
            elif waiting:
                fates[path] = Fate(path, "kept", "", by, True)
    return dict(sorted(fates.items()))


def _copies(group: Group, path: str) -> set[str]:
    """The pictures of the group that are `path` again, itself too."""
    found, grown = {path}, True
    while grown:
        more = {x for p in group.pairs if p.relation != "variant" and {p.a, p.b} & found for x in (p.a, p.b)}
        found, grown = found | more, not more <= found
    return found


def findings(groups: Sequence[Group]) -> list[Finding]:
    """`byte-copies` and `copies` name the pictures that are there once too often, `variants` all that vary."""
    doubled = {p.a for g in groups for p in g.pairs if p.relation == "byte"}
    copies = {p for g in groups for p in g.pictures if p not in g.recommended} - doubled
    varied = [g for g in groups if g.relation == "variant"]
    found = [
        Finding(Code.BYTE_COPIES, tuple(sorted(doubled))),
        Finding(Code.COPIES, tuple(sorted(copies))),
        Finding(Code.VARIANTS, tuple(sorted(p for g in varied for p in g.recommended)), {"scenes": len(varied)}),
    ]
    return [finding for finding in found if finding.images]
