"""The steps about the set as a whole: the shortlist, line and stroke, variety, and every file's fate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from loraprep.captions.samples import open_samples
from loraprep.carried import questions as marks
from loraprep.core import store, terminal
from loraprep.core.findings import UNLIKE, Code, Finding
from loraprep.core.records import Fate, Image
from loraprep.curation import curate, features, rulings, subset
from loraprep.dataset import contradictions, held_out, selection
from loraprep.duplicates import words
from loraprep.pipeline.artifacts import (
    CarriedSeen,
    Curated,
    Duplicates,
    FeaturesMeasured,
    Sampled,
    Selected,
    Shortlist,
    Staying,
)
from loraprep.pipeline.steps import drawn, names
from loraprep.pipeline.steps.assessed import digest_of
from loraprep.pipeline.steps.inputs import observations, shortlisted_images, staying_images, with_detail
from loraprep.pipeline.workspace import Workspace
from loraprep.project import decisions, groups, mentions, resolution
from loraprep.scan import audit


def choose_shortlist(work: Workspace) -> None:
    """Choose the pictures worth describing, if there are more than curation.preselect."""
    project = work.project
    staying = with_detail(work, staying_images(work))
    fates = subset.shortlist_fates(staying, project.settings.curation.preselect, project.settings.curation.include)
    work.write(Shortlist(fates=fates))


def measure_styles(work: Workspace) -> None:
    """Measure how they are drawn: line and stroke, and the same mark in a corner."""
    project = work.project
    staying = shortlisted_images(work)
    with terminal.progress("Looking at line and stroke") as progress:
        found = features.measure_features(
            work.pictures,
            staying,
            work.read(Duplicates).groups,
            cache=work.cache(store.NAME),
            encoder=project.settings.curation.encoder,
            progress=progress,
        )
    work.write(FeaturesMeasured(features=found))


def curate_images(work: Workspace) -> None:
    """Ask whether it is one style, whether the set is varied, and which pictures carry it."""
    project = work.project
    staying, before = with_detail(work, shortlisted_images(work)), work.read(Staying)
    accepted = [known for code, known in work.accepted().items() if code in UNLIKE]
    result = curate.curate(
        staying,
        observations(work),
        work.read(Duplicates).groups,
        project.kind,
        project.settings,
        work.decisions("curation"),
        {path for fates in (before.quality, before.duplicates) for path, fate in fates.items() if fate.open},
        # whoever accepted it as it is, or said of it alone that it stays, has looked at it
        {i.path for i in staying if any(known.covers(i.path) for known in accepted)}
        | {path for path, fate in before.quality.items() if fate.fate == "kept" and not fate.open},
        work.known,
    )
    work.ask("curation", curate.HEADER, result.questions)
    work.write(
        Curated(
            assessment=result.assessment,
            questions=result.questions,
            assessed=digest_of(result.assessed) if result.assessed else "",
        )
    )


def select_images(work: Workspace) -> None:
    """Give every file its fate, and say why."""
    project = work.project
    images = work.images()
    answers = {kind: work.decisions(kind) for kind in decisions.KINDS}
    staying, found, curated = work.read(Staying), work.read(Duplicates), work.read(Curated)
    surplus = rulings.curation_fates(curated.questions, answers["curation"], images, auto=project.auto("curation"))
    ruled = [staying.quality, staying.duplicates, work.read(Shortlist).fates, surplus]
    fates = selection.select(words.inherited(images, staying.copies), project.settings.curation.exclude, ruled)
    kept = {f.path for f in fates if f.fate == "kept"}
    open_ = {f.path for f in fates if f.open}
    sampled, seen = work.read(Sampled), work.read(CarriedSeen)
    shown = [s for s in sampled.samples if s in kept and s not in sampled.unseen]
    auto = {kind: project.auto(kind) for kind in ("duplicates", "carried", "captions", "curation")}
    waiting = {
        "quality": _open_quality(images, staying.quality, open_),
        "duplicates": resolution.waiting(found.questions, answers["duplicates"], auto=auto["duplicates"]),
        "carried": [
            q.key
            for q in seen.questions
            if not kept.isdisjoint(q.digests) and resolution.resolve(q, answers["carried"], auto=auto["carried"]).open
        ],
        "captions": open_samples(shown, answers["captions"], auto=auto["captions"]),
        "curation": resolution.waiting(curated.questions, answers["curation"], auto=auto["curation"]),
    }
    waiting = {kind: answers[kind].missing(keys) for kind, keys in waiting.items()}
    stale = [
        Finding(Code.STALE_DECISION, tuple(gone), {"file": f"decisions/{kind}.yaml"})
        for kind, given in sorted(answers.items())
        if (gone := resolution.stale(given, work.digests()))
    ]
    stale += [
        Finding(Code.GROUP_EMPTY, (), {"folder": folder})
        for folder in groups.empty(kept, project.settings, work.digests())
    ]
    stale += names.silent_words(work, answers, found.groups)
    settled = rulings.settled_findings(answers["curation"], images, auto=project.auto("curation"))
    clashes = contradictions.contradictions(
        images,
        found.groups,
        answers,
        project.settings.curation,
        {f.path: f for f in fates},
        staying.duplicates,
        mentions.Places(project.root).of,
    )
    stale += clashes.findings
    if clashes.meant:
        settled[Code.NONE_STAYS] = rulings.Settled(clashes.meant, "you keep none of them")
    for code, paths in marks.settled(answers["carried"], images, seen.marks, auto=auto["carried"]).items():
        settled[code] = rulings.Settled(paths, "you decided so in decisions/carried.yaml")
    undrawn, whole = {*drawn.drawn_later(work)}, {i.path: i.of or i.path for i in images}
    if later := [path for path in kept if whole[path] in undrawn]:
        stale.append(Finding(Code.CARRIES_UNDRAWN, tuple(sorted(later))))
    copies = {path for f in found.findings if f.code == Code.COPIES for path in f.images}
    if wanted := sorted(copies - staying.duplicates.keys()):  # answered, and not to leave
        settled[Code.COPIES] = rulings.Settled(wanted, "you keep them")
    answered = {i.path: resolution.entry_for(answers["quality"], i.path, i.digest)[0] for i in images}
    if small := sorted(path for path, entry in answered.items() if entry is not None and entry.answer == "keep"):
        settled[Code.TOO_SMALL] = rulings.Settled(small, "you keep them, in decisions/quality.yaml")
    validation = project.settings.dataset.validation
    fates = held_out.hold_out(fates, images, found.groups, validation)
    stale += held_out.findings_of(fates, validation)
    work.write(Selected(fates=fates, waiting=waiting, findings=stale, settled=settled))


def _open_quality(images: Sequence[Image], fates: Mapping[str, Fate], open_: Set[str]) -> list[str]:
    """Return the keys of the audit's questions that wait for an answer about a picture that would be there."""
    together = audit.asked_together([i for i in images if i.path in fates])
    key = {i.path: pictures[0].path for pictures in together.values() for i in pictures}
    waiting = [path for path, fate in fates.items() if fate.open and path in open_]
    return list(dict.fromkeys(key.get(path, path) for path in waiting))
