"""Which pictures make the set: the shortlist before anything is paid, the subset after, what each one adds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set

import numpy as np

from loraprep.core.findings import Code, Finding
from loraprep.core.patterns import Patterns
from loraprep.core.records import Fate, Group, Image
from loraprep.curation.axes import AxisLabels
from loraprep.curation.measures import facility_location, style_clusters
from loraprep.curation.similarity import (
    Matrix,
    coverage_likeness,
    near_by_layout,
    picture_likeness,
    picture_quality,
)
from loraprep.project.decisions import Question
from loraprep.project.profiles import Kind

_BURST = 0.88  # likeness from which pictures are one moment taken several times
_LEAST = 8  # pictures, below which none is called unlike the rest

Compare = Callable[[Sequence[Image]], Matrix]  # how alike each two are, n x n


def always_kept(images: Sequence[Image], patterns: Sequence[str]) -> list[int]:
    """Find the indices of the pictures that patterns of curation.include name."""
    always = Patterns(patterns)
    return [n for n, i in enumerate(images) if always.match(i.path)]


def shortlist_fates(images: Sequence[Image], number: int | None, pinned: Sequence[str]) -> dict[str, Fate]:
    """Leave out, before anybody describes them, all but `number`, by pixels and stars alone.

    Of a burst only the best (stars, then sharpness) is considered; what the owner rejected comes last; the rest is
    spread so that it stands for all. `pinned` patterns always stay. {} if there are no more than `number`.
    """
    if not number or len(images) <= number:
        return {}
    worth, pins = picture_quality(images), always_kept(images, pinned)

    def best(some: Sequence[int], most: int) -> list[int]:
        own = [images[n] for n in some]
        return [some[k] for k in _shortlist(own, worth[list(some)], most, [k for k, n in enumerate(some) if n in pins])]

    chosen = {*_in_rounds(len(images), number, {*pins}, best)}
    return {
        i.path: Fate(i.path, "left out", f"not on the shortlist of {number} (curation.preselect)", "rule")
        for n, i in enumerate(images)
        if n not in chosen
    }


def _shortlist(images: Sequence[Image], worth: Matrix, number: int, pins: Sequence[int]) -> list[int]:
    alike = coverage_likeness(images, {}, {}, {})
    chosen: dict[int, None] = dict.fromkeys(pins)
    best = [
        max(g, key=lambda n: (images[n].rating, worth[n], -n))
        for g in facility_location.linked_groups(picture_likeness(images), _BURST)
    ]
    waves = [  # each fills what the one before left open
        [n for n in best if images[n].rating >= 0],
        [n for n, i in enumerate(images) if i.rating >= 0],
        list(range(len(images))),
    ]
    for wave in waves:
        if len(chosen) < number:
            pool = sorted(set(wave) | set(chosen))
            at = {n: k for k, n in enumerate(pool)}
            part = facility_location.beyond_usual(alike[np.ix_(pool, pool)])
            picked = facility_location.facility_subset(part, worth[pool], number, [at[n] for n in chosen])
            chosen |= dict.fromkeys(pool[k] for k in picked)
    return sorted(chosen)


def member_quotas(
    kind: Kind, images: Sequence[Image], found: AxisLabels, target: int
) -> list[facility_location.MemberQuota]:
    """Turn the kind's shares of the set into numbers, for axes that most pictures were looked at for.

    A quota asks for no more than there is: where all pictures together cannot fill it, it takes them all.
    """
    result = []
    for name, axis in kind.axes.items():
        seen = found[name]
        if len(seen) * 2 <= len(images):
            continue
        for quota in axis.quotas:
            terms, (low, high) = set(quota.terms), quota.share
            members = frozenset(n for n, i in enumerate(images) if terms & set(seen.get(i.path, ())))
            least, most = min(len(members), round(low * target)), max(1, int(high * target))
            result.append(facility_location.MemberQuota(members, least, most))
    return result


def even_quotas(
    kind: Kind, images: Sequence[Image], found: AxisLabels, target: int
) -> list[facility_location.MemberQuota]:
    """Give every term of the kind's first axis an even share, as far as there are pictures of it.

    What is rare is what a set loses first: two cats among thirty hills stand for nothing but themselves. Places are
    filled evenly, like vessels that are joined; nothing where most pictures were not looked at for it. Those of which
    no term is known have a share like one: they are not worth less for what nobody said of them.
    """
    name, axis = next(iter(kind.axes.items()))
    seen = found[name]
    if len(seen) * 2 <= len(images):
        return []
    members: dict[str, set[int]] = {}
    for n, image in enumerate(images):
        members.setdefault(next(iter(seen.get(image.path, ())), ""), set()).add(n)
    most = {term: len(of) for term, of in members.items()}
    for quota in axis.quotas:  # what the kind says of its terms comes first
        together = [t for t in quota.terms if t in most]
        for term in together:
            most[term] = min(most[term], int(quota.share[1] * target) // len(together))
    level = 0
    while level < target and sum(min(m, level + 1) for m in most.values()) <= target:
        level += 1
    return [
        facility_location.MemberQuota(frozenset(of), min(most[term], level), target)
        for term, of in sorted(members.items())
    ]


def choose_subset(
    images: Sequence[Image],
    alike: Compare,
    worth: Matrix,
    target: int,
    pinned: Sequence[int],
    limits: Sequence[facility_location.MemberQuota],
    groups: Sequence[Group],
) -> list[int]:
    """Choose the indices that stay, sorted: everything, if it is no more than `target`; else the best subset."""
    if len(images) <= target:
        return list(range(len(images)))
    at = {i.path: n for n, i in enumerate(images)}
    copies = [[at[p] for p in g.pictures if p in at] for g in groups if g.relation != "variant"]

    def best(some: Sequence[int], number: int) -> list[int]:
        """`number` of some; of quotas and pins what is among them."""
        own = {n: k for k, n in enumerate(some)}
        quotas = [
            facility_location.MemberQuota(
                frozenset(own[n] for n in q.members if n in own), -(-q.low * number // target), q.high
            )
            for q in limits
        ]
        pairs = [[own[n] for n in c if n in own] for c in copies]
        chosen = facility_location.facility_subset(
            facility_location.beyond_usual(alike([images[n] for n in some])), worth[list(some)], number,
            [own[n] for n in pinned if n in own], quotas, [c for c in pairs if len(c) > 1],
        )  # fmt: skip
        return sorted(some[k] for k in chosen)

    return _in_rounds(len(images), target, {*pinned}, best, {n: c[0] for c in copies for n in c})


def _in_rounds(
    count: int,
    target: int,
    pins: Set[int],
    best: Callable[[Sequence[int], int], list[int]],
    beside: Mapping[int, int] = {},
) -> list[int]:
    """Choose `target` of so many by `best(some of them, how many)`, which always takes the pins among them; sorted.

    `beside`: index -> another that it has to be compared with.

    Of very many the best of each of several parts, drawn evenly, are chosen first, and of all these and an even choice,
    for which they have to stand, the best (two rounds of greedy choices: Mirzasoleiman and others 2013).
    """
    every, parts = range(count), -(-count // style_clusters.MANY)
    if parts == 1:
        return best(every, target)
    free, room = max(0, target - len(pins)), (style_clusters.MANY - len(pins)) // parts
    first: list[int] = []
    for k in range(parts):
        part = [n for n in every if beside.get(n, n) % parts == k]
        share = free * (k + 1) // parts - free * k // parts  # what is its due, or more where the rest has a choice
        first += best(part, len(pins & {*part}) + max(share, min(free, room)))
    return (
        best(sorted({*first, *every[style_clusters.spoken_for(count)]}), target)
        if len(first) > target
        else sorted(first)
    )


def weights(images: Sequence[Image], alike: Compare) -> list[tuple[str, float]]:
    """(path, how many pictures' worth of the whole only it shows), most first: what would be lost without it.

    Of very many an even choice is told, as a set of its own.
    """
    some = images[style_clusters.spoken_for(len(images))]
    lost = facility_location.coverage_losses(alike(some), range(len(some)))
    return sorted(((i.path, round(v, 2)) for i, v in zip(some, lost, strict=True)), key=lambda x: (-x[1], x[0]))


def similar_findings(images: Sequence[Image], alike: Compare, worth: Matrix, threshold: float) -> list[Finding]:
    """Name clusters of three or more with the one to keep if they are thinned out.

    Of very many each is compared with those that stand near it by name: what was taken in one go.
    """
    found = []
    for start in range(0, len(images), style_clusters.MANY):
        block = images[start : start + style_clusters.MANY]
        near = near_by_layout(block, threshold)
        for group in facility_location.star_clusters(alike([block[n] for n in near]), threshold):
            own = [start + near[k] for k in group]
            keep = images[max(own, key=lambda n: (worth[n], -n))].path
            found.append(Finding(Code.TOO_SIMILAR, tuple(images[n].path for n in own), {"keep": keep}))
    return found


def outlier_findings(images: Sequence[Image], alike: Compare) -> list[Finding]:
    """Name pictures laid out and coloured unlike the rest: far outliers of their mean likeness to the three nearest.

    Far is 3.5 robust standard deviations (1.4826 times the median absolute deviation; Iglewicz and Hoaglin 1993)
    below the median of the set. Each of very many is compared with an even choice of them.
    """
    if len(images) < _LEAST:
        return []
    every = range(len(images))
    some = every[style_clusters.spoken_for(len(images))]
    at = {n: k for k, n in enumerate(some)}
    nearest = np.array([_nearest_three(row, at.get(n, -1)) for n, row in _rows(images, alike, every, some)])
    middle = float(np.median(nearest))
    spread = 1.4826 * float(np.median(np.abs(nearest - middle))) + 0.02
    odd = tuple(i.path for i, v in zip(images, nearest, strict=True) if v < middle - 3.5 * spread)
    return [Finding(Code.UNLIKE_THE_REST, odd, {})] if odd else []


def _rows(
    images: Sequence[Image], alike: Compare, of: Sequence[int], to: Sequence[int]
) -> Iterator[tuple[int, Matrix]]:
    """Yield each index in `of` with how alike it is to those in `to`; of very many so many are compared at a time."""
    if len(images) <= style_clusters.MANY:
        whole = alike(images)
        yield from ((n, whole[n, to]) for n in of)
        return
    others = [images[n] for n in to]
    for start in range(0, len(of), style_clusters.MANY):
        band = of[start : start + style_clusters.MANY]
        rows = alike([*others, *(images[n] for n in band)])[len(to) :, : len(to)]
        yield from zip(band, rows, strict=True)


def _nearest_three(alike: Matrix, own: int) -> np.float32:
    """The mean of the three most like it, itself not counted."""
    others = alike.copy()
    if own >= 0:
        others[own] = -1
    three: np.float32 = np.sort(np.partition(others, -3)[-3:]).mean()
    return three


def surplus_question(
    images: Sequence[Image], alike: Compare, kept: Sequence[int], target: int, taken: Set[str]
) -> list[Question]:
    """Ask what could stay out, with the picture that shows the same; [] if nothing. `taken`: keys already used."""
    inside = set(kept)
    extra = [n for n in range(len(images)) if n not in inside]
    if not extra:
        return []
    stay = list(kept)[style_clusters.spoken_for(len(kept))]
    rows = _rows(images, alike, extra, stay) if stay else ()
    nearest = {n: images[stay[int(row.argmax())]].path for n, row in rows}
    paths = [images[n].path for n in extra]
    number = "1 picture" if len(extra) == 1 else f"{len(extra)} pictures"
    entry = {
        "what": f"{number} more than the {target} that the set needs; what they show, others show too",
        "pictures": {images[n].path: f"closest to {nearest[n]}" for n in extra},
        "recommended": paths,
        "answer": None,
    }
    key = next((p for p in [*paths, *nearest.values()] if p not in taken), paths[0])
    return [Question(key=key, entry=entry, digests={images[n].path: images[n].digest for n in extra})]
