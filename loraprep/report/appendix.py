"""The appendix of dataset-report.md: what is looked up rather than read. Pure text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from loraprep.core.escape import cell, code, plain, with_commands
from loraprep.core.records import Caption, Fate, Gate, Grade, Group, Image, Reason
from loraprep.core.text import number_of
from loraprep.curation.assessment import Assessment, RegularizationCase
from loraprep.duplicates.descriptions import standing
from loraprep.project import groups
from loraprep.project.profiles import Kind
from loraprep.project.settings import Settings
from loraprep.report.report_data import ALREADY_OUT, ReportData

LISTED, _GROUPS = 60, 24  # lines of a list, and groups of copies; of more the rest is counted
_CARRY, _SPARE = 3, 0.05  # pictures named as carrying the set; worth below which one could be missed

T = TypeVar("T")


def appendix(data: ReportData, gate: Gate, unsaid: Sequence[Reason], trainers: Sequence[str]) -> list[list[str]]:
    """Write every section. `unsaid`: findings that found no room above; `trainers`: what the trainers will do."""
    kept, settings = data.kept, data.settings
    images = {i.path: i for i in data.images}
    sections = [
        ["## Appendix", "", "report.html shows the pictures with their crops, captions and findings."],
        _unsaid(unsaid),
        _names(gate),
        _settled(gate),
        _notes(gate),
        _duplicates(data.groups, data.fates),
        _regularization(data.kind, data.assessment.regularization),
        list(trainers),
        _groups(kept, settings),
        _crops(kept, images),
        _masked(data),
        _carried(data.assessment.carried),
        _prompts(data.assessment),
        _captions(kept, data.captions, "" if data.kind.pairs else settings.captioning.style_words),
        _every_file(data.fates),
        [
            "---",
            "",
            f"Base model: {data.model.title}. {_triggers(settings)}. Kind: {data.kind.title.lower()}. Questions are "
            "answered in decisions/, settings in project.yaml; then run `loraprep gate1` again.",
        ],
    ]
    return [section for section in sections if section]


def _bullets(reasons: Sequence[Reason]) -> Iterator[str]:
    for reason in reasons:
        yield f"- {' '.join(with_commands(part) for part in (reason.sentence, reason.why, reason.fix) if part)}"


def _unsaid(reasons: Sequence[Reason]) -> list[str]:
    return ["### More to mend", "", *_bullets(reasons)] if reasons else []


def _names(gate: Gate) -> list[str]:
    """List every name of the findings that count more pictures than a sentence names."""
    long = [
        r for r in gate.reasons if r.severity in ("block", "warn") and len(r.images) > 6 and r.accepted != ALREADY_OUT
    ]
    lines = []
    for reason in long:
        more = len(reason.images) - LISTED
        names = [*(code(p) for p in reason.images[:LISTED]), *([f"and {more} more"] if more > 0 else [])]
        lines.append(f"- {reason.code.replace('-', ' ')}: {', '.join(names)}")
    return ["### All names of the findings above", "", *lines] if lines else []


def first_of(rows: Sequence[T], where: str, told: Callable[[T], str], most: int = LISTED) -> list[str]:
    """Return the rows as they are told, or the first of them and a line that counts the others and says `where` they
    are."""
    more = ["", f"And {len(rows) - most} more: {where}."] if len(rows) > most else []
    return [*map(told, rows[:most]), *more]


def _settled(gate: Gate) -> list[str]:
    """Say what was accepted, and count what concerns only pictures that are left out."""
    lines = [
        f"- {plain(r.sentence)} Settled: {plain(r.accepted)}"
        for r in gate.reasons
        if r.accepted and r.accepted != ALREADY_OUT
    ]
    gone = {p for r in gate.reasons if r.accepted == ALREADY_OUT for p in r.images}
    if gone:
        lines.append(f"- {number_of(len(gone), 'picture')} left out: what was found about them is not listed.")
    return ["### Settled", "", *lines] if lines else []


def _notes(gate: Gate) -> list[str]:
    notes = [r for r in gate.reasons if r.severity == "note" and not r.accepted]
    if not notes:
        return []
    folded = f"<details><summary>{number_of(len(notes), 'note')}, good to know</summary>"
    return ["### Notes", "", folded, "", *_bullets(notes), "", "</details>"]


def _duplicates(duplicates: Sequence[Group], fates: Sequence[Fate]) -> list[str]:
    if not duplicates:
        return []
    fate = {f.path: f for f in fates}
    lines = [
        "### Duplicates",
        "",
        "Training on duplicates makes the model memorize those pictures instead of learning what they have in common.",
    ]
    for group in duplicates[:_GROUPS]:
        named = "the same scene, changed" if group.relation == "variant" else "the same picture again"
        lines += ["", f"{named.capitalize()}; best: {code(group.best)} ({plain(group.why)})"]
        for path in group.pictures:
            what = next((standing(p, path) for p in group.pairs if path in (p.a, p.b) and path != group.best), "")
            detail = "; ".join(filter(None, [group.facts.get(path, ""), what]))
            stays = fate[path].fate if fate[path].stays else "left out"
            waits = ", your answer is missing" if fate[path].open else ""
            lines.append(f"- {code(path)}: {plain(detail)} - {stays}{waits}")
    if len(duplicates) > _GROUPS:
        lines += ["", f"And {number_of(len(duplicates) - _GROUPS, 'more group')}: `loraprep review` shows them."]
    return lines


def _regularization(kind: Kind, case: RegularizationCase) -> list[str]:
    """Say whether it is worth it for this set, how many pictures it takes, and how they are captioned."""
    worth = (
        f"**Worth trying for this set**, because {plain(case.why)}."
        if case.worth
        else "**Not needed for this set:** nothing in it invites the model to forget what it knows."
    )
    if not case.worth:
        return ["### Regularization", "", kind.regularization.advice.strip(), "", worth]
    prompts = " or ".join(code(p) for p in case.prompts)
    folder = (
        f"Your own, in {code(case.folder)}, are exported with the set."
        if case.folder
        else "Name a folder of yours in project.yaml (dataset.regularization) and it is exported with the set."
    )
    return [
        "### Regularization",
        "",
        kind.regularization.advice.strip(),
        "",
        worth,
        "",
        f"How: about as many pictures as you train on ({case.number}, times the repeats), captioned {prompts}, without "
        f"the trigger. It doubles the steps. {folder}",
    ]


def _groups(kept: Sequence[str], settings: Settings) -> list[str]:
    """List the groups of project.yaml, each with its trigger and how many pictures teach it."""
    rows = []
    for group in groups.every(settings):
        number = sum(groups.of(path, settings) == group for path in kept)
        words = ", ".join(filter(None, [code(group.trigger), plain(", ".join(group.words))]))
        rows.append(f"| {code(group.folder + '/')} | {words} | {number} | {group.repeats or 'as the rest'} |")
    if not rows:
        return []
    head = ["| Folder | Caption starts with | Pictures in training | Repeats |", "|---|---|---|---|"]
    return ["### Groups", "", *head, *rows]


def _crops(kept: Sequence[str], images: Mapping[str, Image]) -> list[str]:
    """Say what decisions/crops.yaml makes of the pictures in training."""
    drawn = [images[path] for path in kept if images[path].box or images[path].turn]
    return ["### Crops and details", "", *first_of(drawn, "decisions/crops.yaml has them all", _crop)] if drawn else []


def _crop(image: Image) -> str:
    if image.of:
        return f"- {code(image.path)}: {image.width}x{image.height} cut out of {code(image.of)}, a picture of its own"
    return f"- {code(image.path)}: {_made(image)} by you to {image.width}x{image.height}"


def _masked(data: ReportData) -> list[str]:
    """Say of which pictures something is hidden from the training, how much and by whom."""
    rows = first_of(
        [*data.masked], "report.html says it of each", lambda p: f"- {code(p)}: {plain(data.masked[p].said)}"
    )
    return ["### Masked", "", *rows] if rows else []


def _made(image: Image) -> str:
    return " and ".join((["turned"] if image.turn else []) + (["cropped"] if image.box else []))


def _carried(carried: Sequence[tuple[str, float]]) -> list[str]:
    if len(carried) < 2 * _CARRY:
        return []
    most = ", ".join(code(path) for path, _ in carried[:_CARRY])
    least = [code(path) for path, value in carried if value < _SPARE]
    lines = [
        "### Which pictures carry the set",
        "",
        f"Hardest to do without, by how they are drawn and what is said of them: {most}.",
    ]
    if least:
        lines += ["", f"Easiest to do without, since others are nearly the same: {', '.join(least[:6])}."]
    return lines


def _prompts(assessment: Assessment) -> list[str]:
    rows = [f"- {code(p.prompt)}: {plain(p.shows)}" for p in assessment.prompts]
    return ["### Prompts to try first", "", *rows] if rows else []


def _triggers(settings: Settings) -> str:
    """Say the project's trigger, and when to use that of a group."""
    of_groups = [
        f"to call up what is in {' and '.join(code(f) for f in folders)}: {code(trigger)}"
        for trigger, folders in groups.triggers(settings).items()
    ]
    return "; ".join([f"Trigger: {code(settings.trigger)}" if settings.trigger else "No trigger", *of_groups])


def _captions(kept: Sequence[str], captions: Mapping[str, Caption], style: str) -> list[str]:
    """List them; `style`: whether words of style are written, "" where a caption says what to change."""
    chosen = (
        f"Style words are {'written' if style == 'include' else 'left out'} "
        f"(captioning.style_words: {style}). You can change this at any time; no picture is described again. "
    )
    lines = [
        "### Captions" if style else "### Instructions",
        "",
        f"{chosen if style else ''}"
        "Tokens are the pieces of words that the base model reads; what is longer than its limit is cut off.",
        "",
    ]
    paths = [p for p in kept if p in captions]
    if paths and all(captions[p].grade is Grade.TRIGGER_ONLY for p in paths):
        texts = ", ".join(sorted({code(captions[p].text) for p in paths}))
        return ["### Captions", "", f"The trigger alone, as you chose: {texts}."]

    def said(path: str) -> str:
        c = captions[path]
        return f"- {code(path)}: {code(c.text)} ({c.origin}, {c.grade}, {c.length} tokens){_before(c.before)}"

    return lines + first_of(paths, "`loraprep captions` prints every one", said)


def _before(text: str) -> str:
    """Say how the words lay there before they were cleaned."""
    return f"; as it lay there: {code(text)}" if text else ""


def full_reason(fate: Fate) -> str:
    """Say why, who said so, and whether an answer is awaited; "" if there is nothing to say."""
    who = {"you": "your decision", "recommendation": "recommended"}.get(fate.by, "")
    return "; ".join(filter(None, [fate.why, who, "waits for your answer" if fate.open else ""]))


def _every_file(fates: Sequence[Fate]) -> list[str]:
    lines = ["### Every file and its fate", "", "| File | Fate | Why |", "|---|---|---|"]
    return lines + first_of(
        fates,
        "`loraprep select` prints every file, its fate and why",
        lambda fate: f"| {cell(fate.path)} | {fate.shown} | {plain(full_reason(fate))} |",
    )
