"""The steps that tell: intent.md, the report with its verdict, and what changed since an earlier one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence, Set

from msgspec import structs

from loraprep.captions import bleed, grounds, render, vision_findings
from loraprep.carried import questions
from loraprep.core import files, terminal
from loraprep.core.errors import UserError
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Gate, Image
from loraprep.core.typed import Chosen
from loraprep.curation.assessment import Assessment
from loraprep.duplicates import clusters
from loraprep.heads import views
from loraprep.pipeline.artifacts import (
    Audited,
    Captioned,
    CarriedSeen,
    Described,
    DetailMeasured,
    Duplicates,
    Forecast,
    HeadsSeen,
    Judged,
    PairsSeen,
    Sampled,
    Selected,
    VerdictTold,
    VisionAsked,
)
from loraprep.pipeline.steps import drawn, names
from loraprep.pipeline.steps.assessed import assessment_of
from loraprep.pipeline.steps.audit import audit_of
from loraprep.pipeline.steps.inputs import with_detail
from loraprep.pipeline.workspace import Workspace
from loraprep.project import intent
from loraprep.project.decisions import Acceptance
from loraprep.project.profiles import trainer
from loraprep.project.project import Project
from loraprep.report import diff, gate, html, markdown, marks, masked, opening, set_record, trainer_section
from loraprep.report import since as since_last
from loraprep.report.html import PageData
from loraprep.report.opening import Opening
from loraprep.report.report_data import ReportData
from loraprep.report.since import VerdictRecord
from loraprep.trainers import prompts


def write_intent(work: Workspace) -> None:
    """Write what is to be taught, as intent.md."""
    project = work.project
    files.write(project.root / "intent.md", intent.intent_text(project.settings, project.kind, project.base_model))


def report_data(work: Workspace) -> ReportData:
    """Gather what the verdict and the reports are made of: everything in build/, and what gate.yaml accepts."""
    project = work.project
    images = with_detail(work, work.images())
    elements, captions = work.read(Described).elements, work.read(Captioned).captions
    audited, copied, selected = work.read(Audited), work.read(Duplicates), work.read(Selected)
    kept = {f.path for f in selected.fates if f.fate == "kept"}
    built = {f.path for f in selected.fates if f.stays}
    away = {f.path for f in selected.fates if f.fate == "left out"}
    findings = [
        # of what trains: "all of them", "up to 2.1x" must not be about a picture that is left out
        *audit_of(work, [i for i in images if i.path not in away]).findings,
        *gate.only_of(audit_of(work, [i for i in images if i.path in away]).findings, away),
        *(f for f in copied.findings if f.code != Code.VARIANTS),
        *clusters.variants(copied.groups, away),
        *gate.only_of(work.read(DetailMeasured).findings, built),
        *_looked_at(work, built),
        *_about_words(work.read(Captioned).findings, built),
        *(_about_words(work.read(PairsSeen).findings, built) if project.kind.pairs else []),
        *selected.findings,
        *work.read(Forecast).findings,
    ]
    assessment = assessment_of(work)
    findings += assessment.findings
    staying = Chosen(captions, (path for path in captions if path in kept))
    asked = [*work.read(Sampled).findings, *work.read(VisionAsked).findings]
    findings += vision_findings.vision_findings(asked, staying, elements, pairs=project.kind.pairs)
    if not any(e.state == "waiting" for e in elements.values()):  # of half a set a count says nothing
        findings += bleed.fused_terms(staying, elements, project.settings, project.kind, work.known)
    findings = grounds.told_once(findings, staying, {i.path for i in images if i.alpha}, project.settings.trigger)
    # of what may be cut into pieces the question says what can be done
    offered = {path for q in work.read(CarriedSeen).questions if "pieces" in q.entry for path in q.digests}
    findings = [*gate.without(findings, Code.LONG_SHAPE, offered)]
    settled = {code: Acceptance(given.reason, images=tuple(given.images)) for code, given in selected.settled.items()}
    return ReportData(
        settings=project.settings,
        model=project.base_model,
        kind=project.kind,
        images=images,
        fates=selected.fates,
        groups=copied.groups,
        captions=captions,
        assessment=_asked_in_form(assessment, project),
        findings=findings,
        kohya_layout=audited.layout == "kohya",
        changes=work.read(PairsSeen).changes if project.kind.pairs else {},
        waiting=selected.waiting,
        masked=masked.masked(work.pictures, (i for i in images if i.path in built), drawn.masks_of_answers(work)),
        accepted=gate.joined_acceptances(settled, work.accepted()),
    )


def _looked_at(work: Workspace, built: Set[str]) -> Iterator[Finding]:
    """Yield what pictures that stay carry and what their heads say, counted and quoted of these alone."""
    carried, heads = work.read(CarriedSeen), work.read(HeadsSeen)
    yield from _about_words([*carried.findings, *heads.findings], built)
    marks = {path: own for path, own in carried.marks.items() if path in built}
    yield from questions.findings(marks, len(built & set(carried.pictures)))
    own = {path: found for path, found in heads.heads.items() if path in built}
    yield from views.findings(own, len(built & set(heads.pictures)), alone=bool(work.project.kind.identity))


def _about_words(found: Sequence[Finding], kept: Set[str]) -> list[Finding]:
    """Return what is said of captions as far as it is about pictures that stay, or about none by name."""
    parts = gate.only_of(found, kept)
    twice = [f for f in parts if f.code == Code.CAPTION_TWICE and len(f.images) < 2]  # its twin does not stay
    return [*(f for f in found if not f.images), *(f for f in parts if f not in twice)]


def page_data(
    work: Workspace,
    data: ReportData,
    verdict: Gate,
    *,
    title: str,
    opened: Opening,
    following: Sequence[str],
    since: Sequence[str] = (),
) -> PageData:
    """Gather what the page shows: report.html, or the first look at a folder."""
    return PageData(
        data=data,
        gate=verdict,
        pictures=work.pictures,
        cache=work.cache("thumbs"),
        title=title,
        opening=opened,
        following=following,
        since=since,
        look=not work.on_disk,
    )


def write_report(work: Workspace) -> None:
    """Write the verdict, and the report to read and to look at."""
    root, data = work.root, report_data(work)
    work.let_go()  # from here on each file is asked for what is told of it, and no two are held
    verdict = gate.judge(data)
    if vain := names.silent_acceptances(work, verdict.reasons):
        data = dataclasses.replace(data, findings=[*data.findings, *vain])
        verdict = gate.judge(data)
    images = {i.path: i for i in data.images}
    since = _told(work, since_last.verdict_record(verdict, data.kept, images, data.captions, data.settings))
    work.let_go()
    trainer_lines = _of_trainers(work, data, images)
    work.let_go()
    drawn_marks = marks.draw_marks(work.pictures, data.found(Code.SAME_MARK), images)
    opened = opening.opening(data, verdict)
    text = markdown.report_text(data, verdict, opened, drawn_marks, trainer_lines)
    with terminal.progress("Drawing the report") as progress:
        page, pictures = html.render_page(
            page_data(
                work,
                data,
                verdict,
                title=work.project.name,
                opened=opened,
                following=_next_commands(verdict),
                since=since,
            ),
            progress,
        )
    for name, picture in pictures.items():
        files.write(root / "report" / name, picture)
    files.write(root / "report.html", page)
    files.write(root / "dataset-report.md", text)
    set_record.write_set_record(root, set_record.set_record(verdict, data.fates, data.captions))
    work.write(Judged(**structs.asdict(verdict), why=opened.why, next=opened.next))


def _of_trainers(work: Workspace, data: ReportData, images: Mapping[str, Image]) -> list[str]:
    """Tell what each trainer will do with every picture."""
    forecast, colours = work.read(Forecast), len(data.settings.dataset.backgrounds)
    return trainer_section.trainer_section(
        forecast.plans,
        {name: trainer(name) for name in data.settings.dataset.trainers},
        forecast.repeats,
        forecast.drawn,
        data.settings,
        {path: colours if images[path].alpha else 1 for path in forecast.repeats},
    )


def _told(work: Workspace, record: VerdictRecord) -> list[str]:
    """Remember a verdict, and say what changed since the one before: while nothing does, what changed last."""
    try:
        before = work.read(VerdictTold)
    except UserError:  # the first verdict here, or another version's
        before = VerdictTold(record=record, since=[])
    if record == before.record:
        known = before.since[before.turned :]  # that the verdict turned was told already
        work.write(VerdictTold(record=record, since=known))
        return known
    since = since_last.changes(before.record, record)
    work.write(VerdictTold(record=record, since=since, turned=record.verdict != before.record.verdict))
    return since


def _next_commands(verdict: Gate) -> list[str]:
    if verdict.verdict == "GO":
        return ["loraprep dataset export"]
    return ["loraprep review", "loraprep gate1"] if verdict.waiting else ["loraprep gate1"]


def show_diff(work: Workspace, revision: Sequence[str]) -> None:
    """Say what changed since a revision: pictures, captions, verdict."""
    if len(revision) != 1:
        raise UserError("loraprep diff wants one revision", hint="For example: loraprep diff HEAD~1")
    for line in diff.changes_since(work.root, revision[0]):
        terminal.say(line)


def _asked_in_form(assessment: Assessment, project: Project) -> Assessment:
    """Write the prompts to try as an export's file for the trainer does: as the base model was taught."""
    if project.kind.pairs:
        return assessment
    before = render.prefix(project.settings.captioning, project.base_model)
    asked = [
        structs.replace(p, prompt=prompts.in_form(p.prompt, project.trigger, before, project.base_model))
        for p in assessment.prompts
    ]
    return structs.replace(assessment, prompts=asked)
