"""The steps about the set as a whole: the shortlist, line and stroke, variety, and every file's fate."""

from __future__ import annotations

import msgspec

from loraprep.captions import captions
from loraprep.core import terminal
from loraprep.core.findings import Code, Finding
from loraprep.curation import curate, features, rulings, subset
from loraprep.dataset import selection
from loraprep.pipeline import artifacts
from loraprep.pipeline.workspace import Workspace
from loraprep.project import crops, decisions, groups, resolution


def choose_shortlist(work: Workspace) -> None:
    """Which pictures are worth describing, if there are more than curation.preselect?"""
    project = work.project
    staying = artifacts.detailed(work, artifacts.staying(work, work.images(), all_=True))
    fates = subset.shortlist_fates(staying, project.settings.curation.preselect, project.settings.curation.include)
    work.write("shortlist", {path: fate.to_json() for path, fate in fates.items()})


def measure_styles(work: Workspace) -> None:
    """How are they drawn: line and stroke, and the same mark in a corner?"""
    project = work.project
    staying = artifacts.staying(work, work.images())
    with terminal.progress("Looking at line and stroke") as progress:
        found = features.measure_features(
            work.pictures, staying, encoder=project.settings.curation.encoder, progress=progress
        )
    work.write("looks", msgspec.to_builtins(found))


def curate_images(work: Workspace) -> None:
    """Is it one hand, is the set varied, and which pictures carry it?"""
    project = work.project
    staying = artifacts.detailed(work, artifacts.staying(work, work.images()))
    result = curate.curate(
        staying,
        artifacts.seen(work),
        artifacts.groups(work),
        project.kind_typed,
        project.settings,
        work.decisions("curation"),
    )
    work.ask("curation", curate.HEADER, result.questions)
    work.write("curation", {**msgspec.to_builtins(result.assessment), "questions": artifacts.plain(result.questions)})


def select_images(work: Workspace) -> None:
    """Every file, its fate and why."""
    project = work.project
    images = work.images()
    answers = {kind: work.decisions(kind) for kind in decisions.KINDS}
    ruled = [*artifacts.rulings(work, images), artifacts.shortlist(work)]
    ruled.append(
        rulings.curation_fates(
            artifacts.questions(work, "curation"), answers["curation"], images, auto=project.auto("curation")
        )
    )
    fates = selection.select(images, project.config["curation"]["exclude"], ruled)
    kept = {f.path for f in fates if f.fate == "kept"}
    open_ = {f.path for f in fates if f.open}
    sampled = work.read("samples")
    shown = [s for s in sampled["samples"] if s in kept and s not in sampled["unseen"]]
    auto = {kind: project.auto(kind) for kind in ("duplicates", "captions", "curation")}
    waiting = {
        "quality": [path for path, fate in ruled[0].items() if fate.open and path in open_],
        "duplicates": resolution.waiting(
            artifacts.questions(work, "duplicates"), answers["duplicates"], auto=auto["duplicates"]
        ),
        "captions": captions.waiting(shown, answers["captions"], auto=auto["captions"]),
        "curation": resolution.waiting(
            artifacts.questions(work, "curation"), answers["curation"], auto=auto["curation"]
        ),
    }
    stale = [
        Finding(Code.STALE_DECISION, tuple(gone), {"file": f"decisions/{kind}.yaml"})
        for kind, given in sorted(answers.items())
        if (gone := resolution.stale(given, artifacts.digests(images)))
    ]
    if undrawn := crops.missing(project.root, artifacts.digests(images)):
        stale.append(Finding(Code.STALE_DECISION, tuple(undrawn), {"file": crops.NAME}))
    stale += [Finding(Code.GROUP_EMPTY, (), {"folder": folder}) for folder in groups.empty(kept, project.config)]
    settled = rulings.settled_findings(answers["curation"], images, auto=project.auto("curation"))
    copies = {path for f in work.read("duplicates")["findings"] if f["code"] == "copies" for path in f["images"]}
    if wanted := sorted(copies - ruled[1].keys()):  # answered, and not to leave
        settled[Code.COPIES] = rulings.Settled(wanted, "you keep them")
    work.write(
        "selection",
        {
            "fates": artifacts.plain(fates),
            "waiting": waiting,
            "findings": artifacts.plain(stale),
            "settled": msgspec.to_builtins(settled),
        },
    )
