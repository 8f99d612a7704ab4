"""Phase 5: is it one style, is the set varied, which pictures carry it, what is missing? Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from functools import partial

import msgspec
import numpy as np

from loraprep.captions import lexicon
from loraprep.core.findings import Code, Finding
from loraprep.core.known import NOWHERE, Known
from loraprep.core.records import Caption, Fate, Group, Image
from loraprep.core.typed import Chosen
from loraprep.curation import advice, changes, confounds, identity, similarity, strays, styles, subset
from loraprep.curation.assessment import Assessment, Observations
from loraprep.curation.axes import AxisLabels, axis_labels, count_axes, seen_only, undescribed, with_measured
from loraprep.curation.measures import diversity, style_clusters
from loraprep.curation.measures.watermarks import SEVERAL
from loraprep.curation.rulings import curation_entry, curation_rulings
from loraprep.curation.similarity import Matrix, content_kernel, coverage_likeness, picture_likeness, picture_quality
from loraprep.curation.spoken import spoken
from loraprep.project.decisions import Decisions, Question
from loraprep.project.profiles import Kind
from loraprep.project.settings import Settings

# Two pictures of one style are usually 1 apart: of 80 origins one lies below this, of nine scenes eight
# (tests/benchmarks/judgement.py)
_ALIKE = 0.6

HEADER = """\
# Four kinds of questions. Nothing in images/ is ever deleted.
# More pictures than the set needs: these could stay out, since others show nearly the same.
#   answer: recommended | all (keep them all) | [names of the pictures to leave out instead]
#   Pictures you never want to lose go into project.yaml under curation.include.
# More than one way of drawing ("looks"): mixed, they train an average that is none of them.
#   answer: together | leave out (all but the first look) | own trigger | [look 2] to leave out only that one
# Pictures of a character that seem to show somebody else ("strangers"): mixed, they train a face between the two.
#   answer: keep | leave out | own trigger | [names of the pictures to leave out instead]
# Pictures drawn or shown unlike all others ("unlike"): the model would try to learn that too.
#   answer: keep | leave out | [names of the pictures to leave out instead]
"""


class Curation(msgspec.Struct, frozen=True):
    """What is asked, and what is said of the set if every recommendation is taken.

    `assessed`: the pictures of which that is said, () where it is said of others besides: those that are asked about.
    """

    assessment: Assessment
    questions: list[Question]
    assessed: tuple[str, ...]


def curate(
    images: Sequence[Image],
    seen: Observations,
    groups: Sequence[Group],
    kind: Kind,
    settings: Settings,
    decisions: Decisions,
    asked_before: Set[str] = frozenset(),
    known: Set[str] = frozenset(),
    memory: Known = NOWHERE,
) -> Curation:
    """Ask about `images` (those that earlier phases let through, sorted by path) and assess what would stay.

    `asked_before`: pictures that a question of an earlier phase is open about: one picture, one question.
    `known`: pictures that the person knows to be unlike the others. `memory`: where what captions say is kept.
    """
    ruled = curation_rulings(decisions, images)
    remaining = [i for i in images if i.path not in ruled or ruled[i.path].fate == "kept"]
    drawn = _Drawn(seen, kind, settings)
    of_styles, found = remaining, drawn.styles(remaining)
    about_styles = _style_question(of_styles, found, kind, asked_before, set())
    strangers = identity.all_strangers(remaining, seen, kind, settings)
    about_strangers = identity.stranger_question(
        remaining,
        {p: how for p, how in strangers.items() if p not in ruled and p not in asked_before},
        {about_styles.key} if about_styles else set(),
        seen.people.typical,
    )
    wanted = {remaining[n].path for n in subset.always_kept(remaining, settings.curation.include)}
    odd = drawn.strays(remaining)
    about_strays = strays.stray_question(
        remaining,
        odd,
        {*ruled, *asked_before, *strangers, *known, *wanted},
        {q.key for q in (about_styles, about_strangers) if q},
    )
    questions = [q for q in (about_strangers, about_strays) if q]
    leaving = _leaving(questions, ruled)
    if about_styles is None and leaving:
        # what strayed in widens a set and hides that it falls into two: then that is asked of the others
        of_styles = [i for i in remaining if i.path not in leaving]
        found = drawn.styles(of_styles)
        about_styles = _style_question(of_styles, found, kind, asked_before, {q.key for q in questions})
    if about_styles:
        questions = [about_styles, *questions]
        leaving |= _leaving([about_styles], ruled)
    pool = [i for i in remaining if i.path not in leaving]
    target = settings.curation.target or kind.target
    asked = {*curation_rulings(decisions, images, pins=True), *asked_before}
    always = set(subset.always_kept(pool, settings.curation.include))
    kept: Sequence[int] = range(len(pool))
    if len(pool) > target:
        # a detail that somebody cut out is wanted; the pieces of a strip are pictures like others
        pinned = [n for n, i in enumerate(pool) if i.path in asked or (i.of and not i.apart) or n in always]
        labels, _ = _labels(seen.around(pool), seen, kind, settings, memory)
        quotas = [q for f in (subset.member_quotas, subset.even_quotas) for q in f(kind, pool, labels, target)]
        kept = subset.choose_subset(
            pool, partial(_coverage, seen=seen), _quality(pool, seen), target, pinned, quotas, groups
        )
        alike = partial(_likeness, seen=seen)
        questions += subset.surplus_question(pool, alike, kept, target, {q.key for q in questions})
    parts = _Parts(
        _styles(of_styles, found, seen, kind, asked=True) if about_styles else None,
        identity.stranger_findings(strangers) if about_strangers else None,
        strays.stray_findings(odd) if about_strays else None,
    )
    staying = [pool[n] for n in kept]
    alone = tuple(i.path for i in staying) if parts == _Parts() else ()
    return Curation(assess(staying, seen, kind, settings, parts, drawn, memory), questions, alone)


def _style_question(
    images: Sequence[Image], found: styles.StyleGroups, kind: Kind, asked_before: Set[str], taken: Set[str]
) -> Question | None:
    # a look that may leave whole by an answer that is still missing is asked about once that is there
    elsewhere = any(asked_before >= set(look) for look in found.groups)
    return None if elsewhere else styles.style_question(images, found, kind, taken)


def _leaving(questions: Sequence[Question], ruled: Mapping[str, Fate]) -> set[str]:
    """Collect the pictures that leave as recommended."""
    return {path for q in questions for path in curation_entry(q).left_out("recommended") if path not in ruled}


class _Parts(msgspec.Struct, frozen=True):
    """What is said of parts of the set that a question is about, as if nothing were recommended; None: no question.

    Judged of what would stay, it would be silent wherever leaving them out is recommended.
    """

    styles: list[Finding] | None = None
    strangers: list[Finding] | None = None
    strays: list[Finding] | None = None


def _both_ways(images: Sequence[Image], found: styles.StyleGroups, seen: Observations, kind: Kind) -> str:
    """Say how varied the set is, whichever way a question about its styles is answered."""
    others = {p for group in found.groups[1:] for p in group}
    alone = [i for i in images if i.path not in others]
    return (
        f"All {len(images)} are as varied as {_variety(images, seen, kind).different}; the {len(alone)} without "
        f"the other hands, as {_variety(alone, seen, kind).different}."
    )


def assess(
    images: Sequence[Image],
    seen: Observations,
    kind: Kind,
    settings: Settings,
    parts: _Parts | None = None,
    drawn: _Drawn | None = None,
    memory: Known = NOWHERE,
) -> Assessment:
    """Say everything that phase 5 says about the pictures that train, sorted by path.

    `parts`: what is said of styles, strangers and strays instead, where a question is about them. `drawn`: where that
    may be known already of the same pictures; `memory`: as in `curate`.
    """
    parts, drawn = parts or _Parts(), drawn or _Drawn(seen, kind, settings)
    worth, around = _quality(images, seen), seen.around(images)
    labels, measured = _labels(around, seen, kind, settings, memory)
    unseen = undescribed(seen.captions)
    axes = count_axes(kind, around, labels, unseen, measured)
    one_sided = [] if kind.pairs else confounds.one_sided_findings(axes, len(images))
    told = Chosen(seen.captions, (i.path for i in images if i.path in seen.captions and i.path not in unseen))
    ties = confounds.tied_findings(
        [a for a in axes if a.judged(len(images))],
        seen_only(kind, labels, unseen),
        # an instruction does not say what a picture shows
        spoken({} if kind.pairs else told, settings.trigger, memory),
    )
    variety = _variety(images, seen, kind)
    found = drawn.styles(images)
    findings = [
        *_one_scene(around, seen, kind),
        *changes.findings({p: c for p, c in seen.changes.items() if p in {*(i.path for i in images)}}, seen.captions),
        *subset.similar_findings(images, partial(_likeness, seen=seen), worth, settings.thresholds.curation.similar),
        *(_unlike(images, around, drawn, seen, kind) if parts.strays is None else parts.strays),
        *(_strangers(images, seen, kind, settings) if parts.strangers is None else parts.strangers),
        *(_styles(images, found, seen, kind) if parts.styles is None else parts.styles),
        *one_sided,
        *ties,
        *([] if kind.pairs else confounds.unknown_findings(axes, len(images))),
        *_marked(seen.marks, {i.path for i in images}),
    ]
    return Assessment(
        axes=axes,
        findings=findings,
        variety=variety.said(len(images)) if len(images) > 1 else "",
        add=advice.pictures_to_add(axes, kind, settings.intent.description),
        strong=advice.strong_sides(axes, len(images)),
        weak=advice.weak_sides(axes, kind),
        prompts=advice.prompts_to_try(
            [a for a in axes if a.judged(len(images))],
            (seen.captions[i.path] for i in images if i.path in seen.captions),
            ties,
            settings,
            kind,
        ),
        regularization=advice.regularization_case(axes, one_sided, len(images), settings, kind),
        carried=subset.weights(images, partial(_coverage, seen=seen)),
    )


def _labels(
    images: Sequence[Image], seen: Observations, kind: Kind, settings: Settings, memory: Known
) -> tuple[AxisLabels, dict[str, frozenset[str]]]:
    labels = axis_labels(kind, images, seen.elements, seen.captions, settings.trigger, memory)
    present = {i.path for i in images}
    heads = {name: {p: t for p, t in terms.items() if p in present} for name, terms in seen.measured.items()}
    return with_measured(kind, labels, heads, undescribed(seen.captions))


def _coverage(images: Sequence[Image], seen: Observations) -> Matrix:
    alike = coverage_likeness(images, seen.styles, _told(seen), seen.embeddings)
    return np.minimum(alike, coverage_likeness(seen.around(images), {}, {}, {})) if seen.before else alike


def _likeness(images: Sequence[Image], seen: Observations) -> Matrix:
    """Compare pictures, or pairs: two of these are as alike as the side on which they differ more."""
    alike = picture_likeness(images, seen.embeddings)
    return np.minimum(alike, picture_likeness(seen.around(images))) if seen.before else alike


def _quality(images: Sequence[Image], seen: Observations) -> Matrix:
    """Grade pictures, or pairs by their poorer side."""
    worth = picture_quality(images)
    return np.minimum(worth, picture_quality(seen.around(images))) if seen.before else worth


def _told(seen: Observations) -> Mapping[str, Caption]:
    """Return the captions that say what is in a picture: names show nothing."""
    unseen = undescribed(seen.captions)
    return Chosen(seen.captions, (path for path in seen.captions if path not in unseen))


def _strangers(images: Sequence[Image], seen: Observations, kind: Kind, settings: Settings) -> list[Finding]:
    return identity.stranger_findings(identity.all_strangers(images, seen, kind, settings))


def _styles(
    images: Sequence[Image], found: styles.StyleGroups, seen: Observations, kind: Kind, *, asked: bool = False
) -> list[Finding]:
    if kind.pairs:  # what comes after a change may be made otherwise than the rest
        return []
    ways = _both_ways(images, found, seen, kind) if found.distinct else ""
    return styles.style_findings(images, found, kind, ways, asked=asked)


class _Drawn:
    """How sets of these pictures are drawn: told once of the same set, since mostly all that were asked about stay."""

    def __init__(self, seen: Observations, kind: Kind, settings: Settings) -> None:
        self._seen, self._kind, self._settings = seen, kind, settings
        self._styles: dict[tuple[str, ...], styles.StyleGroups] = {}
        self._strays: dict[tuple[str, ...], strays.Strays] = {}

    def styles(self, images: Sequence[Image]) -> styles.StyleGroups:
        """Group them by style."""
        of = tuple(i.path for i in images)
        if of not in self._styles:
            self._styles[of] = styles.group_by_style(images, self._seen.styles, self._settings)
        return self._styles[of]

    def strays(self, images: Sequence[Image]) -> strays.Strays:
        """Find those unlike the others of their style; none in pairs."""
        of = tuple(i.path for i in images)
        if of not in self._strays and not self._kind.pairs:
            self._strays[of] = strays.find_strays(
                images, self._seen.styles, self.styles(images), self._medium, self._kind, self._settings
            )
        return self._strays.get(of, strays.Strays())

    def _medium(self, path: str) -> str:
        return lexicon.meant("medium", identity.medium_said(path, self._seen))


def _unlike(
    images: Sequence[Image], around: Sequence[Image], drawn: _Drawn, seen: Observations, kind: Kind
) -> list[Finding]:
    """Name what is unlike the rest; in pairs and tiny pictures, whose drawing is not judged, by layout and colour."""
    if kind.pairs or drawn.styles(images).measured < styles.LEAST:
        alike = picture_likeness if seen.before else partial(picture_likeness, embeddings=seen.embeddings)
        return subset.outlier_findings(around, alike)
    return strays.stray_findings(drawn.strays(images))


def _marked(marks: Sequence[Finding], kept: Set[str]) -> list[Finding]:
    """Keep the marks that several of the kept pictures still bear."""
    found = [f.about(p for p in f.images if p in kept) for f in marks]
    return [f for f in found if len(f.images) >= SEVERAL]


class _Variety(msgspec.Struct, frozen=True):
    """As how many wholly different pictures a set counts, 0..n, and what that was judged by."""

    count: float
    basis: str

    @property
    def different(self) -> str:
        """Say it of the set: "17 wholly different ones"."""
        count = round(self.count)
        return f"{count} wholly different {'one' if count == 1 else 'ones'}"

    def said(self, number: int) -> str:
        """Say it of so many pictures: "Your 48 pictures are as varied as 17 wholly different ones"."""
        return f"Your {number} pictures are as varied as {self.different}. Judged by {self.basis}."


def _one_scene(images: Sequence[Image], seen: Observations, kind: Kind) -> list[Finding]:
    """Find that all pictures are one scene; doubt it where they look as near as its frames.

    They are one by their layout and colour, or where they were found to be copies and variants of each other: a camera
    that moves changes the layout of every frame, and whoever keeps them all has not made them different.
    Words alone say little: they may be the same of different pictures ("a portrait"), and different ones of the same.
    They settle the doubt where they differ.
    """
    if len(images) < kind.floor:
        return []
    paths = tuple(i.path for i in images)
    scenes = len({seen.scenes.get(p, p) for p in paths})
    images = images[style_clusters.spoken_for(len(images))]
    kernel = content_kernel(images, {}, {})[0]
    if scenes < kind.variety or not diversity.vendi_at_least(kernel, kind.variety):
        count = min(scenes, diversity.vendi(kernel))
        return [Finding(Code.ONE_SCENE, paths, {"different": max(1, round(count)), "least": kind.variety})]
    if not kind.teaches_style or similarity.usual_distance(images, seen.styles) >= _ALIKE:
        return []
    said = similarity.said_likeness(images, _told(seen))
    return (
        [Finding(Code.ALL_ALIKE, paths, {})] if said is None or not diversity.vendi_at_least(said, kind.variety) else []
    )


def _variety(images: Sequence[Image], seen: Observations, kind: Kind) -> _Variety:
    if len(images) < 2:
        return _Variety(float(len(images)), "")
    whole, images = len(images), images[style_clusters.spoken_for(len(images))]
    of = "" if len(images) == whole else f", of {len(images)} of them"
    if kind.pairs:  # an instruction does not say what a picture shows, and what a change makes alike is no sameness
        kernel, _ = content_kernel(seen.around(images), {}, {})
        return _Variety(diversity.vendi(kernel), f"layout and colour of the pictures before the change{of}")
    kernel, basis = content_kernel(images, _told(seen), seen.embeddings)
    return _Variety(diversity.vendi(kernel), f"{basis}{of}")
