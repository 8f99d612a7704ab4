"""The steps that tell: the report with its verdict, and what changed since an earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from loraprep.captions import captions as phase4
from loraprep.core import dataset_lock, files, terminal
from loraprep.core.dataset_lock import DatasetLock
from loraprep.core.errors import UserError
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Caption, Fate
from loraprep.curation import curate, features
from loraprep.imaging.pictures import Pictures
from loraprep.pipeline import artifacts, reporter
from loraprep.project import decisions
from loraprep.project.profiles import trainer
from loraprep.project.project import Project
from loraprep.report import gate as phase6
from loraprep.report import html as page
from loraprep.report import markdown, set_record, trainer_section
from loraprep.report.set_record import SET_RECORD, SetRecord
from loraprep.trainers.plan import TrainingPlan

_FUSED = frozenset({Code.FUSED_CRITICAL, Code.FUSED_WARNING, Code.FUSED_WATCH})
_BALANCE = frozenset(
    {
        Code.FUSED_CRITICAL,
        Code.FUSED_WARNING,
        Code.FUSED_WATCH,
        Code.FUSED_UNNAMED,
        Code.ONE_SIDED,
        "tied",
        Code.SEVERAL_HANDS,
        Code.SEVERAL_LOOKS,
        Code.PERHAPS_HANDS,
        Code.UNLIKE_LOOK,
        Code.LOOKS_UNTOLD,
        Code.NOT_LOOKED_AT,
        Code.HARDLY_LOOKED_AT,
        Code.TOO_FEW_TO_TELL,
        Code.SOMEBODY_ELSE,
        Code.TIES_ROUGHLY,
    }
)


def _joined(settled: Mapping[str, dict[str, Any]], own: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What answers settle, and what decisions/gate.yaml accepts; where both name pictures, all of them."""
    both = {
        code: sorted({*settled[code]["images"], *own[code]["images"]})
        for code in settled.keys() & own.keys()
        if "images" in settled[code] and "images" in own[code]
    }
    return {**settled, **own, **{code: {**own[code], "images": images} for code, images in both.items()}}


def report(p: Project) -> None:
    """The verdict, and the report to read and to look at."""
    images, known, alike = artifacts.detailed(p, artifacts.records(p)), artifacts.seen(p), artifacts.groups(p)
    captions, elements = known.captions, known.elements
    selection, audited = artifacts.read(p, "selection"), artifacts.read(p, "audit")
    fates = [Fate(**f) for f in selection["fates"]]
    kept = {f.path for f in fates if f.fate == "kept"}
    placed = artifacts.read(p, "placements")
    profiles = {name: trainer(name) for name in p.settings.dataset.trainers}
    stored = [
        audited,
        artifacts.read(p, "duplicates"),
        artifacts.read(p, "detail"),
        artifacts.read(p, "captions"),
        selection,
        placed,
    ]
    findings = [msgspec.convert(f, Finding) for s in stored for f in s["findings"]]
    # what really trains, after every answer: build/curation.json holds what would, by the recommendations
    assessed = curate.assess([i for i in images if i.path in kept], known, p.kind, p.config)
    findings += assessed.findings
    staying: Mapping[str, Caption] = {path: c for path, c in captions.items() if path in kept}
    said = [msgspec.convert(f, Finding) for name in ("samples", "vision") for f in artifacts.read(p, name)["findings"]]
    findings += phase4.lacking(said, staying, elements)
    if not any(e.state == "waiting" for e in elements.values()):  # of half a set a count says nothing
        findings += phase4.fused(staying, elements, p.config, p.kind)
    keep_kohya = audited["layout"] == "kohya"
    accepted = _joined(selection.get("settled", {}), decisions.accepted(p.root))
    gate = phase6.judge(
        images,
        fates,
        captions,
        findings,
        selection["waiting"],
        accepted,
        p.config,
        p.model,
        p.kind,
        keep_kohya=keep_kohya,
    )
    marked = [f for f in assessed.findings if f.code == Code.SAME_MARK]
    marks = features.crops(Pictures.of(p), marked, {i.path: i for i in images})
    balance = [r for r in gate.reasons if r.code in _BALANCE]
    text = markdown.report(
        gate,
        images,
        fates,
        alike,
        captions,
        msgspec.to_builtins(assessed),
        marks,
        balance,
        p.config,
        p.model,
        p.kind,
        trainer_section.section(
            msgspec.convert(placed["plans"], list[TrainingPlan]), profiles, placed["repeats"], placed["drawn"]
        ),
    )
    with terminal.progress("Drawing the report") as progress:
        html, pictures = page.render(
            page.Material(
                source=Pictures.of(p),
                cache=p.root / "build/thumbs",
                title=p.name,
                headline=markdown.headline(gate),
                following=reporter.following(gate),
                found=images,
                fates=fates,
                groups=alike,
                captions=captions,
                axes=assessed.axes,
                add=assessed.add,
                gate=gate,
                fused=[f for f in findings if f.code in _FUSED],
                clusters=[f for f in findings if f.code == Code.TOO_SIMILAR],
                alike=curate.likeness([i for i in images if i.state == "image"]),
                config=p.config,
                settings=p.settings,
                model=p.model,
                kind=p.kind,
            ),
            progress,
        )
    for name, data in pictures.items():
        files.write(p.root / "report" / name, data)
    files.write(p.root / "report.html", html)
    files.write(p.root / "dataset-report.md", text)
    set_record.write_set_record(p.root, set_record.set_record(gate, fates, captions))
    artifacts.write(p, "gate1", gate.to_json())


def diff(p: Project, revision: str) -> None:
    """What changed since a revision: pictures, captions, verdict."""
    from loraprep.report.diff import committed_text, differences, repainted

    text = committed_text(p.root, revision, SET_RECORD)
    if text is None:
        raise _no_record(revision, committed_text(p.root, revision, "dataset-report.md") is not None)
    then = _read_record(text, revision)
    now = set_record.parse_set_record((p.root / SET_RECORD).read_text("utf-8"))
    lines = differences(then, now, revision)
    if pictures := repainted(_locked(committed_text(p.root, revision, dataset_lock.LOCK)), _locked_now(p)):
        lines.append(f"Built from other pixels, or cropped otherwise: {', '.join(pictures)}")
    for line in lines:
        terminal.say(line)


def _no_record(revision: str, reported: bool) -> UserError:
    """Say that a revision cannot be compared with; `reported`: its report is there, without the record beside it."""
    if reported:
        return UserError(
            f"at {revision} there was no {SET_RECORD} beside dataset-report.md",
            hint=f"An earlier loraprep wrote that report. Look at it yourself: git show {revision}:./dataset-report.md",
        )
    return UserError(
        f"at {revision} there was no dataset-report.md",
        hint="Name a revision at which loraprep gate1 had run and its report was committed.",
    )


def _read_record(text: str, revision: str) -> SetRecord:
    try:
        return set_record.parse_set_record(text)
    except ValueError:
        raise UserError(
            f"{SET_RECORD} at {revision} is in a form that is not read here",
            hint=f"Look at the report yourself: git show {revision}:./dataset-report.md",
        ) from None


def _locked(text: str | None) -> DatasetLock | None:
    """Read a lock; one that is damaged says nothing about pixels."""
    try:
        return dataset_lock.parse_lock(text, dataset_lock.LOCK) if text is not None else None
    except UserError:
        return None


def _locked_now(p: Project) -> DatasetLock | None:
    try:
        return dataset_lock.read_lock(p.root)
    except UserError:
        return None
