"""The steps that tell: intent.md, the report with its verdict, and what changed since an earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from loraprep.captions import captions
from loraprep.core import files, terminal
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Caption, Fate, Gate
from loraprep.curation import curate, similarity
from loraprep.pipeline import artifacts
from loraprep.pipeline.workspace import Workspace
from loraprep.project import decisions, intent
from loraprep.project.profiles import trainer
from loraprep.report import diff, gate, html, markdown, set_record, trainer_section
from loraprep.report import marks as report_marks
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


def write_intent(work: Workspace) -> None:
    """What you want to teach, as intent.md."""
    project = work.project
    files.write(project.root / "intent.md", intent.text(project.config, project.kind, project.model))


def write_report(work: Workspace) -> None:
    """The verdict, and the report to read and to look at."""
    project = work.project
    images, known, alike = artifacts.detailed(work, work.images()), artifacts.seen(work), artifacts.groups(work)
    elements = known.elements
    selection, audited = work.read("selection"), work.read("audit")
    fates = [Fate(**f) for f in selection["fates"]]
    kept = {f.path for f in fates if f.fate == "kept"}
    placed = work.read("placements")
    profiles = {name: trainer(name) for name in project.settings.dataset.trainers}
    stored = [
        audited,
        work.read("duplicates"),
        work.read("detail"),
        work.read("captions"),
        selection,
        placed,
    ]
    findings = [msgspec.convert(f, Finding) for s in stored for f in s["findings"]]
    # what really trains, after every answer: build/curation.json holds what would, by the recommendations
    assessed = curate.assess([i for i in images if i.path in kept], known, project.kind_typed, project.settings)
    findings += assessed.findings
    staying: Mapping[str, Caption] = {path: c for path, c in known.captions.items() if path in kept}
    said = [msgspec.convert(f, Finding) for name in ("samples", "vision") for f in work.read(name)["findings"]]
    findings += captions.lacking(said, staying, elements)
    if not any(e.state == "waiting" for e in elements.values()):  # of half a set a count says nothing
        findings += captions.fused(staying, elements, project.config, project.kind)
    verdict = gate.judge(
        images,
        fates,
        known.captions,
        findings,
        selection["waiting"],
        _joined(selection.get("settled", {}), decisions.accepted(project.root)),
        project.config,
        project.model,
        project.kind,
        keep_kohya=audited["layout"] == "kohya",
    )
    marked = [f for f in assessed.findings if f.code == Code.SAME_MARK]
    marks = report_marks.draw_marks(work.pictures, marked, {i.path: i for i in images})
    balance = [r for r in verdict.reasons if r.code in _BALANCE]
    text = markdown.report(
        verdict,
        images,
        fates,
        alike,
        known.captions,
        msgspec.to_builtins(assessed),
        marks,
        balance,
        project.config,
        project.model,
        project.kind,
        trainer_section.section(
            msgspec.convert(placed["plans"], list[TrainingPlan]), profiles, placed["repeats"], placed["drawn"]
        ),
    )
    with terminal.progress("Drawing the report") as progress:
        page, pictures = html.render(
            html.Material(
                source=work.pictures,
                cache=project.root / "build/thumbs",
                title=project.name,
                headline=markdown.headline(verdict),
                following=_next_commands(verdict),
                found=images,
                fates=fates,
                groups=alike,
                captions=known.captions,
                axes=assessed.axes,
                add=assessed.add,
                gate=verdict,
                fused=[f for f in findings if f.code in _FUSED],
                clusters=[f for f in findings if f.code == Code.TOO_SIMILAR],
                alike=similarity.picture_likeness([i for i in images if i.state == "image"]),
                config=project.config,
                settings=project.settings,
                model=project.model,
                kind=project.kind,
            ),
            progress,
        )
    for name, data in pictures.items():
        files.write(project.root / "report" / name, data)
    files.write(project.root / "report.html", page)
    files.write(project.root / "dataset-report.md", text)
    set_record.write_set_record(project.root, set_record.set_record(verdict, fates, known.captions))
    work.write("gate1", verdict.to_json())


def _next_commands(verdict: Gate) -> list[str]:
    if verdict.verdict == "GO":
        return ["loraprep dataset"]
    return ["loraprep review", "loraprep gate1"] if verdict.waiting else ["loraprep gate1"]


def show_diff(work: Workspace, revision: str) -> None:
    """What changed since a revision: pictures, captions, verdict."""
    for line in diff.changes_since(work.root, revision):
        terminal.say(line)
