"""The steps that tell: intent.md, the report with its verdict, and what changed since an earlier one."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from loraprep.captions import captions
from loraprep.core import files, terminal
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Caption, Fate, Gate
from loraprep.curation import curate
from loraprep.pipeline import artifacts
from loraprep.pipeline.workspace import Workspace
from loraprep.project import decisions, intent
from loraprep.project.decisions import Acceptance
from loraprep.project.profiles import trainer
from loraprep.report import diff, gate, html, markdown, set_record, trainer_section
from loraprep.report import marks as report_marks
from loraprep.report.report_data import ReportData
from loraprep.trainers.plan import TrainingPlan


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
    data = ReportData(
        settings=project.settings,
        model=project.base_model,
        kind=project.kind_typed,
        images=images,
        fates=fates,
        groups=alike,
        captions=known.captions,
        assessment=assessed,
        findings=findings,
        kohya_layout=audited["layout"] == "kohya",
        waiting=selection["waiting"],
        accepted=gate.joined_acceptances(
            msgspec.convert(selection.get("settled", {}), dict[str, Acceptance]), decisions.accepted(project.root)
        ),
    )
    verdict = gate.judge(data)
    marks = report_marks.draw_marks(work.pictures, data.found(Code.SAME_MARK), {i.path: i for i in images})
    section = trainer_section.section(
        msgspec.convert(placed["plans"], list[TrainingPlan]), profiles, placed["repeats"], placed["drawn"]
    )
    with terminal.progress("Drawing the report") as progress:
        page, pictures = html.render_page(
            html.PageData(
                data=data,
                gate=verdict,
                pictures=work.pictures,
                cache=project.root / "build/thumbs",
                title=project.name,
                headline=markdown.headline(verdict),
                following=_next_commands(verdict),
            ),
            progress,
        )
    for name, drawn in pictures.items():
        files.write(project.root / "report" / name, drawn)
    files.write(project.root / "report.html", page)
    files.write(project.root / "dataset-report.md", markdown.report_text(data, verdict, marks, section))
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
