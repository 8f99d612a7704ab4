"""Phase 5: is it one hand, is the set varied, which pictures carry it, what is missing? Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from loraprep.core.findings import Finding
from loraprep.core.records import Axis, Caption, Elements, Group, Image
from loraprep.curation import advice, confounds, identity, styles, subset
from loraprep.curation.answers import outcome, rulings, settled
from loraprep.curation.axes import axes as count_axes  # the package has its module under the name "axes"
from loraprep.curation.axes import labels
from loraprep.curation.measures import diversity
from loraprep.curation.measures.watermarks import SEVERAL
from loraprep.curation.similarity import content, likeness, quality
from loraprep.curation.subset import shortlist
from loraprep.project.decisions import Decisions, Question

__all__ = [
    "HEADER",
    "Assessment",
    "Curation",
    "Seen",
    "assess",
    "curate",
    "likeness",
    "outcome",
    "settled",
    "shortlist",
]

HEADER = """\
# Three kinds of questions. Nothing in images/ is ever deleted.
# More pictures than the set needs: these could stay out, since others show nearly the same.
#   answer: recommended | all (keep them all) | [names of the pictures to leave out instead]
#   Pictures you never want to lose go into project.yaml under curation.include.
# More than one way of drawing ("looks"): mixed, they train an average that is none of them.
#   answer: together | leave out (all but the first look) | own trigger | [look 2] to leave out only that one
# Pictures of a character that seem to show somebody else ("strangers"): mixed, they train a face between the two.
#   answer: keep | leave out | own trigger | [names of the pictures to leave out instead]
"""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is said of a set of pictures, in words for the report."""

    axes: list[Axis]
    findings: list[Finding]
    variety: str = ""  # as how many different pictures it counts, one sentence
    add: str = ""  # what to collect next, one sentence
    strong: str = ""
    weak: str = ""
    prompts: list[dict[str, str]] = field(default_factory=list)  # {prompt, shows}
    regularization: dict[str, Any] = field(default_factory=dict)
    carried: list[tuple[str, float]] = field(default_factory=list)  # path -> pictures' worth only it shows


@dataclass(frozen=True, slots=True)
class Curation:
    assessment: Assessment
    questions: list[Question]


@dataclass(frozen=True, slots=True)
class Seen:
    """What lies before phase 5: everything known of the pictures but their answers."""

    elements: Mapping[str, Elements]
    captions: Mapping[str, Caption]
    looks: Mapping[str, Sequence[float]]  # path -> descriptor of line and stroke, () if it cannot be told
    embedded: Mapping[str, Sequence[float]] = field(default_factory=dict)  # path -> what an encoder made of it
    marks: Sequence[Finding] = ()


def curate(
    images: Sequence[Image],
    seen: Seen,
    groups: Sequence[Group],
    kind: Mapping[str, Any],
    config: Mapping[str, Any],
    decisions: Decisions,
) -> Curation:
    """The questions about `images` (those that earlier phases let through, sorted by path), and what is said of
    them if every recommendation is taken."""
    ruled = rulings(decisions, images)
    remaining = [i for i in images if i.path not in ruled or ruled[i.path].fate == "kept"]
    found = styles.find(remaining, seen.looks, kind, config)
    looks = styles.question(remaining, found, kind)
    foreign = identity.strangers(remaining, seen.elements, kind, config)
    unknown = identity.question(
        remaining, {p: how for p, how in foreign.items() if p not in ruled}, {looks.key} if looks else set()
    )
    away = {*styles.leaving(looks), *(unknown.entry["strangers"] if unknown else ())}
    pool = [i for i in remaining if i.path not in away]
    alike, worth = likeness(pool, seen.embedded), quality(pool)
    target = config["curation"]["target"] or kind["target"]
    asked = rulings(decisions, images, pins=True)
    pinned = [  # a detail that somebody cut out is wanted
        n
        for n, i in enumerate(pool)
        if i.path in asked or i.of or subset.matches(i.path, config["curation"]["include"])
    ]
    named = labels(kind, pool, seen.elements, seen.captions, config["trigger"])
    limits = subset.quotas(kind, pool, named, target)
    kept = subset.choose(pool, alike, worth, target, pinned, limits, groups)
    questions = [q for q in (looks, unknown) if q]
    questions += subset.question(pool, alike, kept, target, {q.key for q in questions})
    return Curation(assess([pool[n] for n in kept], seen, kind, config), questions)


def assess(images: Sequence[Image], seen: Seen, kind: Mapping[str, Any], config: Mapping[str, Any]) -> Assessment:
    """Everything phase 5 says about the pictures that train, sorted by path."""
    alike, worth = likeness(images, seen.embedded), quality(images)
    named = labels(kind, images, seen.elements, seen.captions, config["trigger"])
    counted = count_axes(kind, images, named)
    captions = [seen.captions[i.path] for i in images if i.path in seen.captions]
    sided = confounds.one_sided(counted, len(images))
    ties = confounds.tied(counted, named)
    kept = {i.path for i in images}
    findings = [
        *subset.too_similar(images, alike, worth, config["thresholds"]["curation"]["similar"]),
        *subset.strangers(images, alike),
        *identity.findings(identity.strangers(images, seen.elements, kind, config)),
        *styles.findings(images, styles.find(images, seen.looks, kind, config), kind),
        *sided,
        *ties,
        *confounds.untold(counted, len(images)),
        *_marked(seen.marks, kept),
    ]
    return Assessment(
        axes=counted,
        findings=findings,
        variety=_variety(images, seen),
        add=advice.collect(counted, kind),
        strong=advice.strong(counted, len(images)),
        weak=advice.weak(counted, kind),
        prompts=advice.prompts(counted, captions, ties, config, kind),
        regularization=advice.regularization(counted, sided, len(images), config, kind),
        carried=subset.carried(images, alike, range(len(images))),
    )


def _marked(marks: Sequence[Finding], kept: Set[str]) -> list[Finding]:
    """The marks that several of the kept pictures still bear."""
    here = [Finding(f.code, tuple(p for p in f.images if p in kept), f.values) for f in marks]
    return [f for f in here if len(f.images) >= SEVERAL]


def _variety(images: Sequence[Image], seen: Seen) -> str:
    """ "Your 48 pictures count as 17 different ones", and what that was judged by."""
    if len(images) < 2:
        return ""
    kernel, basis = content(images, seen.captions, seen.embedded)
    count = round(diversity.vendi(kernel))
    said = f"Your {len(images)} pictures count as {count} different one{'s' * (count != 1)}"
    if count < len(images):
        at = np.unravel_index(int((kernel - 2 * np.eye(len(kernel))).argmax()), kernel.shape)
        one, other = sorted(images[int(n)].path for n in at)
        said += f": each counts for one, less what others show already. Most alike are {one} and {other}"
    return f"{said}. Judged by {basis}."
