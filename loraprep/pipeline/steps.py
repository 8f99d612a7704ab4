"""One function a task up to the selection: reads build/ and decisions/, calls the pure phase, writes build/."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from loraprep.captions import captioners, danbooru
from loraprep.captions import captions as phase4
from loraprep.captions.vision.store import Store
from loraprep.core import files, terminal
from loraprep.core.errors import UserError
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Image
from loraprep.curation import curate as phase5
from loraprep.curation import features
from loraprep.dataset import manifest, selection
from loraprep.duplicates import duplicates as phase3
from loraprep.imaging.pictures import Pictures
from loraprep.pipeline import artifacts, vision_steps
from loraprep.project import crops, decisions, groups, resolution
from loraprep.project import intent as phase1
from loraprep.project.project import Project
from loraprep.scan import audit as phase2
from loraprep.scan import detail as native
from loraprep.scan import fingerprint
from loraprep.scan import scan as scanning


def intent(p: Project) -> None:
    """What you want to teach, as intent.md."""
    files.write(p.root / "intent.md", phase1.text(p.config, p.kind, p.model))


def scan(p: Project, full: bool = False) -> None:
    """Looks at every file in the images folder, and takes over captions edited in dataset/."""
    _look(p, full)
    if manifest.caption_edited(p.root):
        from loraprep.dataset.adopt import adopt_captions

        for path in adopt_captions(
            p.root, phase4.HEADER, artifacts.digests([i for i in artifacts.records(p) if i.state == "image"])
        ):
            terminal.say(f"Your caption of {path} in dataset/ is in decisions/captions.yaml now.")


def _own_digest(p: Project, name: str) -> str:
    path = p.root / name
    return files.sha256(path) if path.is_file() else ""


def _look(p: Project, full: bool) -> None:
    limits = p.config["thresholds"]["audit"]
    memory, outputs = (
        p.root / "build/scan-unchanged.json",
        [p.root / "build/images.jsonl", p.root / "build/upscaled.json"],
    )
    mark = fingerprint.mark(
        p.images,
        p.root,
        [p.config["images"], limits["max_megapixels"], limits["max_megabytes"], _own_digest(p, crops.NAME)],
    )
    if not full and fingerprint.holds(memory, mark, outputs):
        return
    with terminal.progress("Looking at the pictures") as progress:
        found = scanning.write(
            p.root / "build/images.jsonl",
            p.images,
            p.root,
            include=p.config["images"]["include"],
            exclude=p.config["images"]["exclude"],
            max_megapixels=limits["max_megapixels"],
            max_megabytes=limits["max_megabytes"],
            cache=p.root / "build/scan-cache.sqlite",
            full=full,
            progress=progress,
        )
    artifacts.write(p, "upscaled", {"orphans": found.orphans, "masks": found.masks})
    if found.sure:
        fingerprint.remember(memory, mark, outputs)


def audit(p: Project) -> None:
    """Are the pictures technically fit to train on?"""
    images = artifacts.records(p)
    result = phase2.audit(images, artifacts.read(p, "upscaled"), p.config, p.model, p.kind)
    asked = phase2.to_ask(result.questions, decisions.read(p.root, "quality"))
    decisions.ask(p.root, "quality", phase2.HEADER, asked)
    artifacts.write(
        p,
        "audit",
        {
            "findings": artifacts.plain(result.findings),
            "questions": artifacts.plain(result.questions),
            "layout": result.layout,
        },
    )


def duplicates(p: Project) -> None:
    """Which pictures are there twice?"""
    images = artifacts.records(p)
    usable = [i for i in images if i.state == "image" and not i.of]  # a detail is no copy of its picture
    groups = phase3.find(
        usable,
        p.config["thresholds"]["duplicates"],
        Pictures.of(p).preview,
        lambda some: _measured(p, some, images),
    )
    questions = phase3.questions(groups, usable, decisions.read(p.root, "duplicates"))
    decisions.ask(p.root, "duplicates", phase3.HEADER, questions)
    artifacts.write(
        p,
        "duplicates",
        {
            "groups": artifacts.plain(groups),
            "questions": artifacts.plain(questions),
            "findings": artifacts.plain(phase3.findings(groups)),
        },
    )


def _measured(
    p: Project, some: Sequence[Image], images: Sequence[Image], progress: Callable[[int, int], None] | None = None
) -> list[Image]:
    return native.measured(
        Pictures.of(p),
        some,
        cache=p.root / "build/detail-cache.json",
        among=images,
        progress=progress,
    )


def detail(p: Project) -> None:
    """How much of their size do the pictures that stay really hold?"""
    images = artifacts.records(p)
    with terminal.progress("Looking at full size") as progress:
        staying = _measured(p, artifacts.staying(p, images, all_=True), images, progress)
    found = native.findings(staying, p.config["thresholds"]["audit"]["detail"])
    artifacts.write(p, "detail", {"detail": {i.path: i.detail for i in staying}, "findings": artifacts.plain(found)})


def shortlist(p: Project) -> None:
    """Which pictures are worth describing, if there are more than curation.preselect?"""
    staying = artifacts.detailed(p, artifacts.staying(p, artifacts.records(p), all_=True))
    fates = phase5.shortlist(staying, p.config["curation"]["preselect"], p.config["curation"]["include"])
    artifacts.write(p, "shortlist", {path: fate.to_json() for path, fate in fates.items()})


def skipped(p: Project) -> list[str]:
    """The samples a person skipped and the captioners they chose for single pictures: others are asked instead."""
    told = vision_steps.told(p)
    return [*told["skipped"], *(f"{key}: {name}" for key, name in sorted(told["chosen"].items()))]


def samples(p: Project) -> None:
    """Up to five captions that you approve before the rest is written."""
    images = artifacts.records(p)
    staying = artifacts.staying(p, images)
    answers = decisions.read(p.root, "captions")
    chosen = phase4.choose_samples(staying, answers) if captioners.asks_samples(p.config["captioning"]) else []
    shown = [i for i in staying if i.path in set(chosen)]
    outcome = vision_steps.ask_samples(p, shown, staying)
    stored, own = vision_steps.stored(p, shown), vision_steps.chosen(p, shown)
    elements = captioners.describe(shown, staying, p.config, None, stored, outcome.missing, own)
    captions = phase4.render_all(elements, p.config, p.model, p.kind)
    unseen = sorted(e.path for e in elements.values() if e.state == "waiting")
    questions = phase4.questions(
        [c for c in chosen if c not in unseen], captions, elements, artifacts.digests(images), p.config
    )
    decisions.ask(p.root, "captions", phase4.HEADER, questions)
    artifacts.write(
        p,
        "samples",
        {
            "samples": chosen,
            "unseen": unseen,
            "missing": outcome.missing,
            "findings": artifacts.plain(outcome.findings),
        },
    )


def elements(p: Project) -> None:
    """What is in each picture: content and style."""
    images = artifacts.records(p)
    staying = artifacts.staying(p, images)
    outcome = vision_steps.ask_rest(p, images, staying, artifacts.read(p, "samples"))
    with terminal.progress("Describing") as progress:
        stored = vision_steps.stored(p, staying)
        own = vision_steps.chosen(p, staying)
        seen = captioners.describe(staying, staying, p.config, progress, stored, outcome.missing, own)
    artifacts.write(p, "elements", {path: e.to_json() for path, e in seen.items()})
    artifacts.write(p, "vision", {"findings": artifacts.plain(outcome.findings), "waiting": outcome.missing})


def recaption(p: Project, pattern: Sequence[str] = ()) -> None:
    """Has a vision model look again: loraprep recaption [PATTERN]."""
    images = artifacts.records(p)
    vision_steps.recaption(p, artifacts.staying(p, images), images, artifacts.read(p, "samples")["samples"], pattern)


def looked(p: Project, *, samples: bool) -> dict[str, Any]:
    """What the task last knew of responses/ and would have to notice: the answers there are, and if some may come."""
    if not vision_steps.looks(p):
        return {}
    try:
        if samples:
            before = artifacts.read(p, "samples")
            digests = {i.digest for i in artifacts.records(p) if i.path in set(before["samples"])}
            return {"answers": Store(p.root).fingerprint(digests), "waiting": bool(before["missing"])}
        coming = {code for code in artifacts.read(p, "vision")["waiting"].values() if code != "approval"}
        return {"answers": Store(p.root).fingerprint(), "waiting": bool(coming)}
    except (OSError, ValueError, KeyError, TypeError, UserError):
        return {"waiting": True}


def captions(p: Project) -> None:
    """Every caption, for your base model and trigger."""
    findings, known = [], None
    if p.model.get("vocabulary"):
        try:
            known = danbooru.vocabulary(p.root, p.config)
        except UserError as error:
            findings = [Finding(Code.NO_VOCABULARY, (), {"said": error.problems[0].message})]
    answers = decisions.read(p.root, "captions")
    result = phase4.captions_for(artifacts.elements(p), answers, p.config, p.model, p.kind, known)
    artifacts.write(
        p,
        "captions",
        {
            "captions": {path: c.to_json() for path, c in result.captions.items()},
            "findings": artifacts.plain([*findings, *result.findings]),
        },
    )


def vocabulary_digest(p: Project) -> str:
    """Of the list that checks this project's tags, "" if there is none."""
    return danbooru.digest(p.root, p.config) if p.model.get("vocabulary") else ""


def looks(p: Project) -> None:
    """How are they drawn: line and stroke, and the same mark in a corner?"""
    staying = artifacts.staying(p, artifacts.records(p))
    with terminal.progress("Looking at line and stroke") as progress:
        found = features.look(
            Pictures.of(p),
            staying,
            encoder=p.config["curation"]["encoder"],
            progress=progress,
        )
    artifacts.write(
        p, "looks", {"looks": found.looks, "embedded": found.embedded, "marks": artifacts.plain(found.marks)}
    )


def curate(p: Project) -> None:
    """Is it one hand, is the set varied, and which pictures carry it?"""
    images = artifacts.records(p)
    staying = artifacts.detailed(p, artifacts.staying(p, images))
    result = phase5.curate(
        staying, artifacts.seen(p), artifacts.groups(p), p.kind, p.config, decisions.read(p.root, "curation")
    )
    decisions.ask(p.root, "curation", phase5.HEADER, result.questions)
    artifacts.write(
        p, "curation", {**msgspec.to_builtins(result.assessment), "questions": artifacts.plain(result.questions)}
    )


def select(p: Project) -> None:
    """Every file, its fate and why."""
    images = artifacts.records(p)
    answers = {kind: decisions.read(p.root, kind) for kind in decisions.KINDS}
    rulings = [*artifacts.rulings(p, images), artifacts.shortlist(p)]
    rulings.append(
        phase5.outcome(artifacts.questions(p, "curation"), answers["curation"], images, auto=p.auto("curation"))
    )
    fates = selection.select(images, p.config["curation"]["exclude"], rulings)
    kept = {f.path for f in fates if f.fate == "kept"}
    open_ = {f.path for f in fates if f.open}
    sampled = artifacts.read(p, "samples")
    shown = [s for s in sampled["samples"] if s in kept and s not in sampled["unseen"]]
    auto = {kind: p.auto(kind) for kind in ("duplicates", "captions", "curation")}
    waiting = {
        "quality": [path for path, fate in rulings[0].items() if fate.open and path in open_],
        "duplicates": resolution.waiting(
            artifacts.questions(p, "duplicates"), answers["duplicates"], auto=auto["duplicates"]
        ),
        "captions": phase4.waiting(shown, answers["captions"], auto=auto["captions"]),
        "curation": resolution.waiting(artifacts.questions(p, "curation"), answers["curation"], auto=auto["curation"]),
    }
    stale = [
        Finding(Code.STALE_DECISION, tuple(gone), {"file": f"decisions/{kind}.yaml"})
        for kind, given in sorted(answers.items())
        if (gone := resolution.stale(given, artifacts.digests(images)))
    ]
    if undrawn := crops.missing(p.root, artifacts.digests(images)):
        stale.append(Finding(Code.STALE_DECISION, tuple(undrawn), {"file": crops.NAME}))
    stale += [Finding(Code.GROUP_EMPTY, (), {"folder": folder}) for folder in groups.empty(kept, p.config)]
    settled = phase5.settled(answers["curation"], images, auto=p.auto("curation"))
    copies = {
        path for f in artifacts.read(p, "duplicates")["findings"] if f["code"] == "copies" for path in f["images"]
    }
    if wanted := sorted(copies - rulings[1].keys()):  # answered, and not to leave
        settled["copies"] = {"images": wanted, "reason": "you keep them"}
    artifacts.write(
        p,
        "selection",
        {"fates": artifacts.plain(fates), "waiting": waiting, "findings": artifacts.plain(stale), "settled": settled},
    )
