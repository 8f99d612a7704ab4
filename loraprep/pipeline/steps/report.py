"""The steps that tell: intent.md, the report with its verdict, and what changed since an earlier one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from loraprep.captions import bleed, vision_findings
from loraprep.core import files, terminal
from loraprep.core.errors import UserError
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Gate
from loraprep.curation import curate, similarity
from loraprep.curation.assessment import Assessment
from loraprep.curation.rulings import Settled
from loraprep.pipeline.artifacts import (
    Audited,
    Captioned,
    DetailMeasured,
    Duplicates,
    Forecast,
    Judged,
    Sampled,
    Selected,
    VisionAsked,
)
from loraprep.pipeline.steps.inputs import observations, with_detail
from loraprep.pipeline.workspace import Workspace
from loraprep.project import intent
from loraprep.project.profiles import trainer
from loraprep.report import diff, gate, html, markdown, marks, trainer_section

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


def _joined(answered: Mapping[Code, Settled], own: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what answers settle, and what decisions/gate.yaml accepts; where both name pictures, all of them."""
    settled = {str(code): structs.asdict(s) for code, s in answered.items()}
    both = {
        code: sorted({*settled[code]["images"], *own[code]["images"]})
        for code in settled.keys() & own.keys()
        if "images" in own[code]
    }
    return {**settled, **own, **{code: {**own[code], "images": images} for code, images in both.items()}}


def write_intent(work: Workspace) -> None:
    """Write what is to be taught, as intent.md."""
    project = work.project
    files.write(
        project.root / "intent.md", intent.intent_text(project.settings, project.kind_typed, project.base_model)
    )


class Judgement(msgspec.Struct, frozen=True):
    """The verdict on a set, and what it rests on."""

    verdict: Gate
    findings: list[Finding]
    assessment: Assessment  # of what really trains, after every answer


def judge_set(work: Workspace) -> Judgement:
    """Judge the set by everything in build/ and what the artist accepts in decisions/gate.yaml."""
    project = work.project
    images, known = with_detail(work, work.images()), observations(work)
    audited, selected = work.read(Audited), work.read(Selected)
    kept = {f.path for f in selected.fates if f.fate == "kept"}
    findings = [
        *audited.findings,
        *work.read(Duplicates).findings,
        *work.read(DetailMeasured).findings,
        *work.read(Captioned).findings,
        *selected.findings,
        *work.read(Forecast).findings,
    ]
    # what really trains, after every answer: build/curation.json holds what would, by the recommendations
    assessment = curate.assess([i for i in images if i.path in kept], known, project.kind_typed, project.settings)
    findings += assessment.findings
    staying = {path: c for path, c in known.captions.items() if path in kept}
    said = [*work.read(Sampled).findings, *work.read(VisionAsked).findings]
    findings += vision_findings.vision_findings(said, staying, known.elements)
    if not any(e.state == "waiting" for e in known.elements.values()):  # of half a set a count says nothing
        findings += bleed.fused_terms(staying, known.elements, project.settings, project.kind_typed)
    verdict = gate.judge(
        images,
        selected.fates,
        known.captions,
        findings,
        selected.waiting,
        _joined(selected.settled, work.accepted()),
        project.config,
        project.model,
        project.kind,
        keep_kohya=audited.layout == "kohya",
    )
    return Judgement(verdict, findings, assessment)


def page_material(
    work: Workspace, judged: Judgement, title: str, headline: str, following: Sequence[str]
) -> html.Material:
    """Gather what the page shows: report.html, or the first look at a folder."""
    project, images = work.project, work.images()
    return html.Material(
        source=work.pictures,
        cache=work.cache("thumbs"),
        title=title,
        headline=headline,
        following=following,
        found=with_detail(work, images),
        fates=work.read(Selected).fates,
        groups=work.read(Duplicates).groups,
        captions=work.read(Captioned).captions,
        axes=judged.assessment.axes,
        add=judged.assessment.add,
        gate=judged.verdict,
        fused=[f for f in judged.findings if f.code in _FUSED],
        clusters=[f for f in judged.findings if f.code == Code.TOO_SIMILAR],
        alike=similarity.picture_likeness([i for i in images if i.state == "image"]),
        config=project.config,
        settings=project.settings,
        model=project.model,
        kind=project.kind,
        look=not work.on_disk,
    )


def write_report(work: Workspace) -> None:
    """Write the verdict, and the report to read and to look at."""
    project, judged, forecast = work.project, judge_set(work), work.read(Forecast)
    verdict, images = judged.verdict, with_detail(work, work.images())
    marked = [f for f in judged.assessment.findings if f.code == Code.SAME_MARK]
    text = markdown.report(
        verdict,
        images,
        work.read(Selected).fates,
        work.read(Duplicates).groups,
        work.read(Captioned).captions,
        msgspec.to_builtins(judged.assessment),
        marks.draw_marks(work.pictures, marked, {i.path: i for i in images}),
        [r for r in verdict.reasons if r.code in _BALANCE],
        project.config,
        project.model,
        project.kind,
        trainer_section.section(
            forecast.plans,
            {name: trainer(name) for name in project.settings.dataset.trainers},
            forecast.repeats,
            forecast.drawn,
        ),
    )
    with terminal.progress("Drawing the report") as progress:
        material = page_material(work, judged, project.name, markdown.headline(verdict), _next_commands(verdict))
        page, pictures = html.render(material, progress)
    for name, data in pictures.items():
        files.write(project.root / "report" / name, data)
    files.write(project.root / "report.html", page)
    files.write(project.root / "dataset-report.md", text)
    work.write(Judged(**structs.asdict(verdict)))


def _next_commands(verdict: Gate) -> list[str]:
    if verdict.verdict == "GO":
        return ["loraprep dataset"]
    return ["loraprep review", "loraprep gate1"] if verdict.waiting else ["loraprep gate1"]


def show_diff(work: Workspace, revision: Sequence[str]) -> None:
    """Say what changed since a revision: pictures, captions, verdict."""
    if len(revision) != 1:
        raise UserError("loraprep diff wants one revision", hint="For example: loraprep diff HEAD~1")
    _show_diff(work.root, revision[0])


def _show_diff(root: Path, revision: str) -> None:
    then = diff.at(root, revision, diff.REPORT)
    if then is None:
        hint = "Name a revision at which loraprep gate1 had run and its report was committed."
        raise UserError(f"at {revision} there was no dataset-report.md", hint=hint)
    before, now = diff.told(then), diff.told((root / diff.REPORT).read_text("utf-8"))
    if not before.verdict:
        raise UserError(
            f"dataset-report.md at {revision} is in a form that is not read here",
            hint=f"Look at it yourself: git show {revision}:./{diff.REPORT}",
        )
    lines = diff.compare(before, now, revision)
    if redrawn := diff.pixels_changed(diff.at(root, revision, diff.LOCK), root / diff.LOCK):
        lines.append(f"Built from other pixels, or cropped otherwise: {', '.join(redrawn)}")
    for line in lines:
        terminal.say(line)
