"""One function a task: reads build/ and decisions/, calls the pure phase, writes build/."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from loraprep import audit as phase2
from loraprep import (
    booru,
    captioners,
    console,
    crops,
    decisions,
    files,
    groups,
    looking,
    manifest,
    native,
    outlook,
    page,
    seeing,
    unchanged,
)  # fmt: skip
from loraprep import captions as phase4
from loraprep import curation as phase5
from loraprep import dataset as build
from loraprep import duplicates as phase3
from loraprep import gate as phase6
from loraprep import intent as phase1
from loraprep import report as paper
from loraprep import revision as since
from loraprep import scan as scanning
from loraprep import selection as selecting
from loraprep import upscale as enlarging
from loraprep.decisions import Question
from loraprep.errors import UserError
from loraprep.model import Caption, Elements, Fate, Finding, Group, Image
from loraprep.plans import Plan
from loraprep.project import Project, profile
from loraprep.responses import Store


def _read(p: Project, name: str) -> Any:
    return files.read_json(p.root / "build" / f"{name}.json")


def _write(p: Project, name: str, value: Any) -> None:
    files.write_json(p.root / "build" / f"{name}.json", value)


def _records(p: Project) -> list[Image]:
    return scanning.read(p.root / "build/images.jsonl")


def _questions(p: Project, name: str) -> list[Question]:
    return [Question(**q) for q in _read(p, name)["questions"]]


def _groups(p: Project) -> list[Group]:
    return [Group.from_json(g) for g in _read(p, "duplicates")["groups"]]


def _elements(p: Project) -> dict[str, Elements]:
    return {path: Elements.from_json(e) for path, e in _read(p, "elements").items()}


def _captions(p: Project) -> dict[str, Caption]:
    return {path: Caption.from_json(c) for path, c in _read(p, "captions")["captions"].items()}


def _json(records: Sequence[Any]) -> list[dict[str, Any]]:
    return [dataclasses.asdict(r) for r in records]


def _auto(p: Project, kind: str) -> bool:
    return bool(p.config["review"][kind] == "auto")


def _megapixels(p: Project) -> float:
    """The largest picture that is opened, wherever it is."""
    return float(p.config["thresholds"]["audit"]["max_megapixels"])


def _digests(images: Sequence[Image]) -> dict[str, str]:
    return {i.path: i.digest for i in images}


def _rulings(p: Project, images: Sequence[Image]) -> list[dict[str, Fate]]:
    """What phases 2 and 3 mean for each picture, by the answers given so far."""
    return [
        phase2.outcome(_questions(p, "audit"), decisions.read(p.root, "quality"), auto=_auto(p, "quality")),
        phase3.outcome(_groups(p), images, decisions.read(p.root, "duplicates"), auto=_auto(p, "duplicates")),
    ]


def _shortlist(p: Project) -> dict[str, Fate]:
    return {path: Fate(**fate) for path, fate in _read(p, "shortlist").items()}


def _staying(p: Project, images: Sequence[Image], *, all_: bool = False) -> list[Image]:
    """The pictures that phases 2 and 3, curation.exclude and (unless `all_`) the shortlist let through."""
    rulings = _rulings(p, images) if all_ else [*_rulings(p, images), _shortlist(p)]
    fates = selecting.select(images, p.config["curation"]["exclude"], rulings)
    kept = {f.path for f in fates if f.fate == "kept"}
    return [i for i in images if i.path in kept]


def intent(p: Project) -> None:
    """What you want to teach, as intent.md."""
    files.write(p.root / "intent.md", phase1.text(p.config, p.kind, p.model))


def scan(p: Project, full: bool = False) -> None:
    """Looks at every file in the images folder, and takes over captions edited in dataset/."""
    _look(p, full)
    if manifest.touched(p.root):
        for path in build.adopt(p.root, phase4.HEADER, _digests([i for i in _records(p) if i.state == "image"])):
            console.say(f"Your caption of {path} in dataset/ is in decisions/captions.yaml now.")


def _own_digest(p: Project, name: str) -> str:
    path = p.root / name
    return files.sha256(path) if path.is_file() else ""


def _look(p: Project, full: bool) -> None:
    limits = p.config["thresholds"]["audit"]
    memory, outputs = (
        p.root / "build/scan-unchanged.json",
        [p.root / "build/images.jsonl", p.root / "build/upscaled.json"],
    )
    mark = unchanged.mark(
        p.images,
        p.root,
        [p.config["images"], limits["max_megapixels"], limits["max_megabytes"], _own_digest(p, crops.NAME)],
    )
    if not full and unchanged.holds(memory, mark, outputs):
        return
    with console.progress("Looking at the pictures") as progress:
        found = scanning.scan(
            p.images, p.root, include=p.config["images"]["include"], exclude=p.config["images"]["exclude"],
            max_megapixels=limits["max_megapixels"], max_megabytes=limits["max_megabytes"],
            cache=p.root / "build/scan-cache.json", full=full, progress=progress,
        )  # fmt: skip
    scanning.write(found.images, p.root / "build/images.jsonl")
    _write(p, "upscaled", {"orphans": sorted(found.orphans), "masks": found.masks})
    if not any(i.code in ("unreadable", "unexpected") for i in found.images):  # that may be better the next time
        unchanged.remember(memory, mark, outputs)


def audit(p: Project) -> None:
    """Are the pictures technically fit to train on?"""
    images = _records(p)
    result = phase2.audit(images, _read(p, "upscaled"), p.config, p.model, p.kind)
    asked = phase2.to_ask(result.questions, decisions.read(p.root, "quality"))
    decisions.ask(p.root, "quality", phase2.HEADER, asked)
    _write(p, "audit", {"findings": _json(result.findings), "questions": _json(result.questions),
                        "layout": result.layout})  # fmt: skip


def duplicates(p: Project) -> None:
    """Which pictures are there twice?"""
    images = _records(p)
    usable = [i for i in images if i.state == "image" and not i.of]  # a detail is no copy of its picture
    limit = _megapixels(p)
    groups = phase3.find(usable, p.config["thresholds"]["duplicates"],
                         lambda i: scanning.look(p.images, p.root, i, limit),
                         lambda some: _measured(p, some, images))  # fmt: skip
    questions = phase3.questions(groups, usable, decisions.read(p.root, "duplicates"))
    decisions.ask(p.root, "duplicates", phase3.HEADER, questions)
    _write(p, "duplicates", {"groups": _json(groups), "questions": _json(questions),
                             "findings": _json(phase3.findings(groups))})  # fmt: skip


def _measured(
    p: Project, some: Sequence[Image], images: Sequence[Image], progress: Callable[[int, int], None] | None = None
) -> list[Image]:
    return native.measured(some, p.images, p.root, cache=p.root / "build/detail-cache.json", among=images,
                           max_megapixels=_megapixels(p), progress=progress)  # fmt: skip


def detail(p: Project) -> None:
    """How much of their size do the pictures that stay really hold?"""
    images = _records(p)
    with console.progress("Looking at full size") as progress:
        staying = _measured(p, _staying(p, images, all_=True), images, progress)
    found = native.findings(staying, p.config["thresholds"]["audit"]["detail"])
    _write(p, "detail", {"detail": {i.path: i.detail for i in staying}, "findings": _json(found)})


def _detailed(p: Project, images: Sequence[Image]) -> list[Image]:
    known = _read(p, "detail")["detail"]
    return [dataclasses.replace(i, detail=known.get(i.path, i.detail)) for i in images]


def shortlist(p: Project) -> None:
    """Which pictures are worth describing, if there are more than curation.preselect?"""
    staying = _detailed(p, _staying(p, _records(p), all_=True))
    fates = phase5.shortlist(staying, p.config["curation"]["preselect"], p.config["curation"]["include"])
    _write(p, "shortlist", {path: fate.to_json() for path, fate in fates.items()})


def skipped(p: Project) -> list[str]:
    """The samples a person skipped and the captioners they chose for single pictures: others are asked instead."""
    told = seeing.told(p)
    return [*told["skipped"], *(f"{key}: {name}" for key, name in sorted(told["chosen"].items()))]


def samples(p: Project) -> None:
    """Up to five captions that you approve before the rest is written."""
    images = _records(p)
    staying = _staying(p, images)
    answers = decisions.read(p.root, "captions")
    chosen = phase4.choose_samples(staying, answers) if captioners.asks_samples(p.config["captioning"]) else []
    shown = [i for i in staying if i.path in set(chosen)]
    outcome = seeing.ask_samples(p, shown, staying)
    stored, own = seeing.stored(p, shown), seeing.chosen(p, shown)
    elements = captioners.describe(shown, staying, p.config, None, stored, outcome.missing, own)
    captions = phase4.render_all(elements, p.config, p.model, p.kind)
    unseen = sorted(e.path for e in elements.values() if e.state == "waiting")
    questions = phase4.questions([c for c in chosen if c not in unseen], captions, elements, _digests(images), p.config)
    decisions.ask(p.root, "captions", phase4.HEADER, questions)
    _write(p, "samples", {"samples": chosen, "unseen": unseen, "missing": outcome.missing,
                          "findings": _json(outcome.findings)})  # fmt: skip


def elements(p: Project) -> None:
    """What is in each picture: content and style."""
    images = _records(p)
    staying = _staying(p, images)
    outcome = seeing.ask_rest(p, images, staying, _read(p, "samples"))
    with console.progress("Describing") as progress:
        stored = seeing.stored(p, staying)
        own = seeing.chosen(p, staying)
        seen = captioners.describe(staying, staying, p.config, progress, stored, outcome.missing, own)
    _write(p, "elements", {path: e.to_json() for path, e in seen.items()})
    _write(p, "vision", {"findings": _json(outcome.findings), "waiting": outcome.missing})


def recaption(p: Project, pattern: Sequence[str] = ()) -> None:
    """Has a vision model look again: loraprep recaption [PATTERN]."""
    images = _records(p)
    seeing.recaption(p, _staying(p, images), images, _read(p, "samples")["samples"], pattern)


def looked(p: Project, *, samples: bool) -> dict[str, Any]:
    """What the task last knew of responses/ and would have to notice: the answers there are, and if some may come."""
    if not seeing.looks(p):
        return {}
    try:
        if samples:
            before = _read(p, "samples")
            digests = {i.digest for i in _records(p) if i.path in set(before["samples"])}
            return {"answers": Store(p.root).fingerprint(digests), "waiting": bool(before["missing"])}
        coming = {code for code in _read(p, "vision")["waiting"].values() if code != "approval"}
        return {"answers": Store(p.root).fingerprint(), "waiting": bool(coming)}
    except (OSError, ValueError, KeyError, TypeError, UserError):
        return {"waiting": True}


def captions(p: Project) -> None:
    """Every caption, for your base model and trigger."""
    findings, known = [], None
    if p.model.get("vocabulary"):
        try:
            known = booru.vocabulary(p.root, p.config)
        except UserError as error:
            findings = [Finding("no-vocabulary", (), {"said": error.problems[0].message})]
    answers = decisions.read(p.root, "captions")
    result = phase4.captions_for(_elements(p), answers, p.config, p.model, p.kind, known)
    _write(p, "captions", {"captions": {path: c.to_json() for path, c in result.captions.items()},
                           "findings": _json([*findings, *result.findings])})  # fmt: skip


def vocabulary_digest(p: Project) -> str:
    """Of the list that checks this project's tags, "" if there is none."""
    return booru.digest(p.root, p.config) if p.model.get("vocabulary") else ""


def looks(p: Project) -> None:
    """How are they drawn: line and stroke, and the same mark in a corner?"""
    staying = _staying(p, _records(p))
    with console.progress("Looking at line and stroke") as progress:
        found = looking.look(p.images, p.root, staying, encoder=p.config["curation"]["encoder"],
                             max_megapixels=_megapixels(p), progress=progress)  # fmt: skip
    _write(p, "looks", {"looks": found.looks, "embedded": found.embedded, "marks": _json(found.marks)})


def _seen(p: Project) -> phase5.Seen:
    looked = _read(p, "looks")
    marks = [Finding.from_json(f) for f in looked["marks"]]
    return phase5.Seen(_elements(p), _captions(p), looked["looks"], looked["embedded"], marks)


def curate(p: Project) -> None:
    """Is it one hand, is the set varied, and which pictures carry it?"""
    images = _records(p)
    result = phase5.curate(_detailed(p, _staying(p, images)), _seen(p), _groups(p), p.kind, p.config,
                           decisions.read(p.root, "curation"))  # fmt: skip
    decisions.ask(p.root, "curation", phase5.HEADER, result.questions)
    _write(p, "curation", {**dataclasses.asdict(result.assessment), "questions": _json(result.questions)})


def select(p: Project) -> None:
    """Every file, its fate and why."""
    images = _records(p)
    answers = {kind: decisions.read(p.root, kind) for kind in decisions.KINDS}
    rulings = [*_rulings(p, images), _shortlist(p)]
    rulings.append(phase5.outcome(_questions(p, "curation"), answers["curation"], images, auto=_auto(p, "curation")))
    fates = selecting.select(images, p.config["curation"]["exclude"], rulings)
    kept = {f.path for f in fates if f.fate == "kept"}
    open_ = {f.path for f in fates if f.open}
    sampled = _read(p, "samples")
    waiting = {
        "quality": [path for path, fate in rulings[0].items() if fate.open and path in open_],
        "duplicates": phase3.waiting(_questions(p, "duplicates"), answers["duplicates"], auto=_auto(p, "duplicates")),
        "captions": phase4.waiting([s for s in sampled["samples"] if s in kept and s not in sampled["unseen"]],
                                   answers["captions"],
                                   auto=_auto(p, "captions")),
        "curation": phase5.waiting(_questions(p, "curation"), answers["curation"], auto=_auto(p, "curation")),
    }  # fmt: skip
    stale = [
        Finding("stale-decision", tuple(gone), {"file": f"decisions/{kind}.yaml"})
        for kind, given in sorted(answers.items())
        if (gone := decisions.stale(given, _digests(images)))
    ]
    if undrawn := crops.missing(p.root, _digests(images)):
        stale.append(Finding("stale-decision", tuple(undrawn), {"file": crops.NAME}))
    stale += [Finding("group-empty", (), {"folder": folder}) for folder in groups.empty(kept, p.config)]
    settled = phase5.settled(answers["curation"], images, auto=_auto(p, "curation"))
    copies = {path for f in _read(p, "duplicates")["findings"] if f["code"] == "copies" for path in f["images"]}
    if wanted := sorted(copies - rulings[1].keys()):  # answered, and not to leave
        settled["copies"] = {"images": wanted, "reason": "you keep them"}
    _write(p, "selection", {"fates": _json(fates), "waiting": waiting, "findings": _json(stale), "settled": settled})


_FUSED = frozenset({"fused-critical", "fused-warning", "fused-watch"})
_BALANCE = frozenset({
    "fused-critical", "fused-warning", "fused-watch", "fused-unnamed", "one-sided", "tied", "several-hands",
    "several-looks", "perhaps-hands", "unlike-look", "looks-untold", "not-looked-at", "hardly-looked-at",
    "too-few-to-tell", "somebody-else", "ties-roughly",
})  # fmt: skip


def _joined(settled: Mapping[str, dict[str, Any]], own: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What answers settle, and what decisions/gate.yaml accepts; where both name pictures, all of them."""
    both = {code: sorted({*settled[code]["images"], *own[code]["images"]})
            for code in settled.keys() & own.keys() if "images" in settled[code] and "images" in own[code]}  # fmt: skip
    return {**settled, **own, **{code: {**own[code], "images": images} for code, images in both.items()}}


def report(p: Project) -> None:
    """The verdict, and the report to read and to look at."""
    images, known, alike = _detailed(p, _records(p)), _seen(p), _groups(p)
    captions, elements = known.captions, known.elements
    selection, audited = _read(p, "selection"), _read(p, "audit")
    fates = [Fate(**f) for f in selection["fates"]]
    kept = {f.path for f in fates if f.fate == "kept"}
    placed = _read(p, "placements")
    profiles = {name: profile("trainers", name) for name in p.config["dataset"]["trainers"]}
    stored = [audited, _read(p, "duplicates"), _read(p, "detail"), _read(p, "captions"), selection, placed]
    findings = [Finding.from_json(f) for s in stored for f in s["findings"]]
    # what really trains, after every answer: build/curation.json holds what would, by the recommendations
    assessed = phase5.assess([i for i in images if i.path in kept], known, p.kind, p.config)
    findings += assessed.findings
    staying: Mapping[str, Caption] = {path: c for path, c in captions.items() if path in kept}
    said = [Finding.from_json(f) for name in ("samples", "vision") for f in _read(p, name)["findings"]]
    findings += phase4.lacking(said, staying, elements)
    if not any(e.state == "waiting" for e in elements.values()):  # of half a set a count says nothing
        findings += phase4.fused(staying, elements, p.config, p.kind)
    keep_kohya = audited["layout"] == "kohya"
    accepted = _joined(selection.get("settled", {}), decisions.accepted(p.root))
    gate = phase6.judge(images, fates, captions, findings, selection["waiting"], accepted, p.config,
                        p.model, p.kind, keep_kohya=keep_kohya)  # fmt: skip
    marked = [f for f in assessed.findings if f.code == "same-mark"]
    marks = looking.crops(p.images, p.root, marked, {i.path: i for i in images}, _megapixels(p))
    balance = [r for r in gate.reasons if r.code in _BALANCE]
    text = paper.report(gate, images, fates, alike, captions, dataclasses.asdict(assessed), marks, balance,
                        p.config, p.model, p.kind,
                        outlook.section([Plan.from_json(x) for x in placed["plans"]], profiles, placed["repeats"],
                                        placed["drawn"]))  # fmt: skip
    with console.progress("Drawing the report") as progress:
        html, pictures = page.render(page.Material(
            folder=p.images, root=p.root, cache=p.root / "build/thumbs", title=p.name, headline=paper.headline(gate),
            following=console.following(gate), found=images, fates=fates, groups=alike, captions=captions,
            axes=assessed.axes, add=assessed.add, gate=gate, fused=[f for f in findings if f.code in _FUSED],
            clusters=[f for f in findings if f.code == "too-similar"],
            alike=phase5.likeness([i for i in images if i.state == "image"]), config=p.config, model=p.model,
            kind=p.kind,
        ), progress)  # fmt: skip
    for name, data in pictures.items():
        files.write(p.root / "report" / name, data)
    files.write(p.root / "report.html", html)
    files.write(p.root / "dataset-report.md", text)
    _write(p, "gate1", gate.to_json())


def _fates(p: Project) -> list[Fate]:
    return [Fate(**f) for f in _read(p, "selection")["fates"]]


def _outputs(p: Project) -> list[build.Output]:
    return build.plan(_records(p), _fates(p), _captions(p), decisions.read(p.root, "captions"), p.config, p.model,
                      keep_kohya=_read(p, "audit")["layout"] == "kohya")  # fmt: skip


def dataset(p: Project) -> None:
    """Builds the training folder: pictures, captions, and the lock that proves them."""
    with console.progress("Building the dataset") as progress:
        build.build(p.root, p.images, _outputs(p), p.config, progress=progress)


def verify(p: Project) -> bool:
    """Compares the dataset with its lock."""
    lock = manifest.read_lock(p.root)
    if lock is None:
        raise UserError("there is no dataset.lock.json yet", hint="Build the dataset first: loraprep dataset")
    limit = p.config["thresholds"]["audit"]["max_megapixels"]
    with console.progress("Comparing") as progress:
        found = build.verify(p.root, p.images, _outputs(p), lock, limit, progress=progress)
    for line in build.in_words(found):
        console.say(line)
    return not found.differs


def diff(p: Project, revision: str) -> None:
    """What changed since a revision: pictures, captions, verdict."""
    then = since.at(p.root, revision, since.REPORT)
    if then is None:
        hint = "Name a revision at which loraprep gate1 had run and its report was committed."
        raise UserError(f"at {revision} there was no dataset-report.md", hint=hint)
    before, now = since.told(then), since.told((p.root / since.REPORT).read_text("utf-8"))
    if not before.verdict:
        raise UserError(f"dataset-report.md at {revision} is in a form that is not read here",
                        hint=f"Look at it yourself: git show {revision}:./{since.REPORT}")  # fmt: skip
    lines = since.compare(before, now, revision)
    if redrawn := since.pixels_changed(since.at(p.root, revision, since.LOCK), p.root / since.LOCK):
        lines.append(f"Built from other pixels, or cropped otherwise: {', '.join(redrawn)}")
    for line in lines:
        console.say(line)


def upscale(p: Project) -> None:
    """Enlarges the pictures decided for it with your own upscaler."""
    pictures = enlarging.wanted(_records(p), _fates(p))
    if not pictures:
        console.say("Nothing to enlarge: no picture in training has do: upscale without a version in upscaled/.")
        return
    upscaler = enlarging.configured()
    console.say(f"Running {upscaler.command[0]} for {len(pictures)} picture{'s' * (len(pictures) != 1)}.")
    limit = p.config["thresholds"]["audit"]["max_megapixels"]
    with console.progress("Enlarging") as progress:
        made = enlarging.run(pictures, _records(p), p.root, p.images, upscaler, max_megapixels=limit, progress=progress)
    console.say(f"Written: {', '.join(made)}. Look at them, then run loraprep gate1: they are used instead.")


def dataset_intact(p: Project) -> bool:
    """Is every file of dataset/ still what we wrote?"""
    return manifest.intact(p.root)
