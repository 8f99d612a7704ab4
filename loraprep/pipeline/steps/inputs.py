"""What several steps start from: the pictures that stay, and what is known of them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from loraprep.captions.samples import own_caption
from loraprep.core.patterns import Patterns
from loraprep.core.records import Image
from loraprep.curation import rulings
from loraprep.curation.assessment import Numbers, Observations
from loraprep.duplicates import questions, words
from loraprep.heads import views
from loraprep.pipeline.artifacts import (
    Captioned,
    Described,
    DetailMeasured,
    Duplicates,
    FeaturesMeasured,
    HeadsSeen,
    PairsSeen,
    Shortlist,
    Staying,
)
from loraprep.pipeline.workspace import Workspace
from loraprep.project.decisions import Decisions
from loraprep.scan import audit


def staying_images(work: Workspace) -> list[Image]:
    """Return the pictures that the audit, the duplicates and curation.exclude let through, with inherited words."""
    staying = work.read(Staying)
    paths = set(staying.paths)
    return [i for i in words.inherited(work.images(), staying.copies) if i.path in paths]


def caption_decisions(work: Workspace) -> Decisions:
    """Return decisions/captions.yaml, a caption written for a copy that leaves standing for the one that stays."""
    given, moved = work.decisions("captions"), {}
    for stays, leaving in work.read(Staying).copies.items():
        here = given.entries.get(stays)
        if here is not None and (own_caption(here) or here.answer is not None):
            continue
        for path in leaving:
            entry = given.entries.get(path)
            if entry is not None and own_caption(entry):
                moved[stays] = msgspec.structs.replace(entry, key=stays, digests={}, touched=True, answered=False)
                break
    return msgspec.structs.replace(given, entries={**given.entries, **moved}) if moved else given


def left_by_name(work: Workspace) -> set[str]:
    """Return the pictures that a person leaves out by name: in decisions/quality.yaml or by curation.exclude."""
    away, images = Patterns(work.project.settings.curation.exclude), work.images()
    return {i.path for i in images if away.match(i.path)} | audit.removed(images, work.decisions("quality"))


def unwanted(work: Workspace) -> set[str]:
    """Return the pictures that an answer about the set as a whole leaves out."""
    ruled = rulings.curation_rulings(work.decisions("curation"), work.images())
    return {path for path, fate in ruled.items() if fate.fate == "left out"}


def left_elsewhere(work: Workspace) -> set[str]:
    """Return the pictures that leave by their names in the settings, or by an answer about the set as a whole."""
    away = Patterns(work.project.settings.curation.exclude)
    return {*(i.path for i in work.images() if away.match(i.path)), *unwanted(work)}


def asked_or_settled_elsewhere(work: Workspace) -> set[str]:
    """Return the pictures of which decisions/quality.yaml need not ask: they leave already, are cut into pieces, or are
    asked about as copies."""
    images, out = work.images(), unwanted(work)
    copies = questions.outcome(
        work.read(Duplicates).groups,
        images,
        work.decisions("duplicates"),
        left_by_name(work),
        out,
        auto=work.project.auto("duplicates"),
    )
    return {
        *left_by_name(work),
        *(i.path for i in images if i.apart and not i.of),
        *out,
        *(path for path, fate in copies.items() if fate.open or fate.fate == "left out"),
    }


def shortlisted_images(work: Workspace) -> list[Image]:
    """Return those that stay and are on the shortlist: the pictures to describe."""
    away = {path for path, fate in work.read(Shortlist).fates.items() if fate.fate == "left out"}
    return [i for i in staying_images(work) if i.path not in away]


def with_detail(work: Workspace, images: Sequence[Image]) -> list[Image]:
    """Complete records by their native detail, where it was measured."""
    measured = work.read(DetailMeasured).detail
    return [i if measured.get(i.path, i.detail) == i.detail else replace(i, detail=measured[i.path]) for i in images]


def observations(work: Workspace) -> Observations:
    """Return all that is known of the pictures before curation but their answers."""
    features, heads = work.read(FeaturesMeasured).features, work.read(HeadsSeen)
    pairs = work.project.kind.pairs
    found = {i.path: i for i in work.images()} if pairs else {}
    return Observations(
        elements=work.read(Described).elements,
        captions=work.read(Captioned).captions,
        styles=Numbers(features.styles),
        embeddings=Numbers(features.embeddings),
        marks=features.marks,
        measured=views.measured(heads.heads),
        people=heads.people,
        before={i.path: found[i.controls[0]] for i in found.values() if i.state == "image" and i.controls},
        changes=work.read(PairsSeen).changes if pairs else {},
        # pairs are told apart by what is before the change, and those were not compared
        scenes={} if pairs else {p: g.pictures[0] for g in work.read(Duplicates).groups for p in g.pictures},
    )
