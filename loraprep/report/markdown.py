"""Write dataset-report.md: Gate 1 as an artist reads it. Pure text from the phases' results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from loraprep.core.escape import cell, code, plain
from loraprep.core.findings import Code
from loraprep.core.records import Caption, Fate, Gate, Group, Image, Reason
from loraprep.curation.assessment import Assessment
from loraprep.project import groups
from loraprep.project.settings import Settings
from loraprep.report import summary
from loraprep.report.report_data import ReportData

_MARKS = {"block": "**[Blocks GO](#to-get-to-go).**", "warn": "**Worth mending.**", "note": "Note.", "good": "Good."}


# what the section about content against style lists; all else is a quality issue
BALANCE = frozenset(
    {
        Code.FUSED_CRITICAL,
        Code.FUSED_WARNING,
        Code.FUSED_WATCH,
        Code.FUSED_UNNAMED,
        Code.ONE_SIDED,
        Code.TIED,
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


def headline(gate: Gate) -> str:
    """Say the verdict in one sentence, also for the terminal."""
    if gate.only_waiting:
        number = gate.counts["open_questions"]
        parts = ", ".join(f"{len(keys)} in decisions/{file}.yaml" for file, keys in gate.waiting.items())
        return f"Not yet: {number} answer{'s' if number != 1 else ''} from you - {parts}."
    if gate.verdict == "GO":
        return f"GO. {gate.counts['kept']} pictures are ready to train {gate.name}."
    number = len(blocking(gate))
    return f"NO-GO: {number} thing{'s' if number != 1 else ''} to mend before any GPU time is spent."


def blocking(gate: Gate) -> list[Reason]:
    """List what stands between the set and GO."""
    return [r for r in gate.reasons if r.severity == "block" and not r.accepted]


def report_text(data: ReportData, gate: Gate, marks: Sequence[str], trainers: Sequence[str]) -> str:
    """Write the whole report in the workflow's sections.

    `marks`: pictures in report/ of the marks found; `trainers`: the lines about what the trainers will do.
    """
    settings, kept = data.settings, data.kept
    images = {i.path: i for i in data.images}
    balance = [r for r in gate.reasons if r.code in BALANCE]
    quality = [r for r in gate.reasons if r.code not in BALANCE]
    blocks = [
        [
            f"# Dataset Report: {plain(settings.name)}",
            "",
            f"**{plain(headline(gate))}**",
            "",
            *summary.opening(gate, data.assessment),
        ],
        _sheet(data.fates),
        _summary(gate, data.fates, kept, images),
        _groups(kept, settings),
        _crops(kept, images),
        summary.diversity(data.assessment, len(kept)),
        [
            "## Content-Style Balance",
            "",
            data.kind.separation.strip(),
            "",
            *_reasons(balance),
            *_meant_fused(settings.intent.fused),
            "",
            "![The most common words of the captions; fused ones are marked](report/terms.svg)",
        ],
        [
            "## Quality Issues",
            "",
            *_reasons([r for r in quality if r.severity != "good"]),
            *summary.marks(quality, marks),
            "",
            "![How far a trainer enlarges the pictures at each trained size](report/enlargement.svg)",
        ],
        _fine(quality),
        _duplicates(data.groups, data.fates),
        summary.regularization(data.kind, data.assessment.regularization),
        list(trainers),
        _decision(gate, data.assessment),
        _captions(kept, data.captions, settings.captioning.style_words),
        _every_file(data.fates),
        [
            "---",
            "",
            f"Base model: {data.model.title}. {_triggers(settings)}. "
            f"Kind: {data.kind.title.lower()}. Questions are answered in decisions/, settings in project.yaml; "
            "then run `loraprep gate1` again.",
        ],
    ]
    return "\n\n".join("\n".join(block).rstrip() for block in blocks if block) + "\n"


def _sheet(fates: Sequence[Fate]) -> list[str]:
    """Show the pictures themselves, like beside like; `html` draws them into report/."""
    if not any(f.fate in ("kept", "left out") for f in fates):
        return []
    grey = "; grey ones are left out" if any(f.fate == "left out" for f in fates) else ""
    return [
        f"![The pictures, like beside like{grey}](report/contact-sheet.webp)",
        "",
        "![The colours of the set, a stripe for each picture in training](report/palette.svg)",
        "",
        "Open report.html for the pictures with their crops, captions and findings.",
    ]


def _summary(gate: Gate, fates: Sequence[Fate], kept: Sequence[str], images: Mapping[str, Image]) -> list[str]:
    count = gate.counts
    others = Counter(f.shown for f in fates if f.fate != "kept")
    rest = ", ".join(_number_of(n, fate) for fate, n in sorted(others.items()))
    percent = round(100 * count["captioned"] / count["kept"]) if count["kept"] else 0
    width = round(sum(images[p].width for p in kept) / len(kept)) if kept else 0
    height = round(sum(images[p].height for p in kept) / len(kept)) if kept else 0
    return [
        "## Summary",
        "",
        f"- Images: {count['kept']} in training{_details(count['details'])}, of {count['found']} files found"
        + (f" ({rest})" if rest else ""),
        f"- Captioned: {count['captioned']}/{count['kept']} ({percent}%)"
        + (f": {plain(summary.captions_by_grade(gate))}" if count["kept"] else ""),
        f"- Average resolution: {width}x{height}",
        f"- Duplicates found: {count['duplicates_found']} (removed: {count['duplicates_removed']})"
        + (", left out of the training; your files are untouched" if count["duplicates_removed"] else ""),
        f"- Quality issues: {count['quality_issues']}"
        + (" (under Quality Issues below, settled ones too; notes are not counted)" if count["quality_issues"] else ""),
        f"- Open questions: {count['open_questions']}" + _where_asked(gate),
    ]


def _where_asked(gate: Gate) -> str:
    """Say in which files open questions are, and where they are named: a count alone helps nobody."""
    files = [f"{len(paths)} in decisions/{file}.yaml" for file, paths in gate.waiting.items()]
    return f" ({', '.join(files)}; named under [To get to GO](#to-get-to-go))" if files else ""


def _number_of(number: int, fate: str) -> str:
    if fate != "caption":
        return f"{number} {fate}"
    return "1 caption file read with its picture" if number == 1 else f"{number} caption files read with their pictures"


def _triggers(settings: Settings) -> str:
    """Say the project's trigger, and when to use that of a group."""
    of_groups = [
        f"to call up what is in {' and '.join(code(f) for f in folders)}: {code(trigger)}"
        for trigger, folders in groups.triggers(settings).items()
    ]
    return "; ".join([f"Trigger: {code(settings.trigger)}", *of_groups])


def _details(number: int) -> str:
    return f" ({number} of them cut out of others)" if number else ""


def _groups(kept: Sequence[str], settings: Settings) -> list[str]:
    """List the groups of project.yaml, each with its trigger and how many pictures teach it."""
    rows = []
    for group in groups.every(settings):
        number = sum(groups.of(path, settings) == group for path in kept)
        words = ", ".join(filter(None, [code(group.trigger), plain(", ".join(group.words))]))
        rows.append(f"| {code(group.folder + '/')} | {words} | {number} | {group.repeats or 'as the rest'} |")
    if not rows:
        return []
    return [
        "## Groups",
        "",
        "| Folder | Caption starts with | Pictures in training | Repeats |",
        "|---|---|---|---|",
        *rows,
    ]


def _crops(kept: Sequence[str], images: Mapping[str, Image]) -> list[str]:
    """Say what decisions/crops.yaml makes of the pictures in training."""
    drawn = [images[path] for path in kept if images[path].box]
    rows = [
        f"- {code(i.path)}: {i.width}x{i.height} cut out of {code(i.of)}, a picture of its own"
        if i.of
        else f"- {code(i.path)}: cropped by you to {i.width}x{i.height}"
        for i in drawn
    ]
    return ["## Crops and details", "", *rows] if rows else []


def _reasons(reasons: Sequence[Reason]) -> list[str]:
    if not reasons:
        return ["Nothing found."]
    lines = []
    for reason in reasons:
        lines.append(f"- {_MARKS[reason.severity]} {plain(reason.sentence)}" + (f" {reason.why}" if reason.why else ""))
        if reason.accepted:
            lines.append(f"  - Settled: {plain(reason.accepted)}")
        elif reason.fix and reason.severity != "block":  # that is said once, under "To get to GO"
            lines.append(f"  - Do this: {plain(reason.fix)}")
        if len(reason.images) > 6:
            lines.append(f"  - All of them: {', '.join(code(p) for p in reason.images)}")
    return lines


def _fine(reasons: Sequence[Reason]) -> list[str]:
    good = [f"- {plain(r.sentence)}" for r in reasons if r.severity == "good"]
    return ["### What is fine", "", *good] if good else []


def _meant_fused(fused: Sequence[str]) -> list[str]:
    return ["", f"Meant to belong to the trigger: {plain(', '.join(fused))}."] if fused else []


def _duplicates(duplicates: Sequence[Group], fates: Sequence[Fate]) -> list[str]:
    if not duplicates:
        return ["## Duplicates", "", "None found."]
    fate = {f.path: f for f in fates}
    lines = [
        "## Duplicates",
        "",
        "Training on duplicates makes the model memorize those pictures instead of learning what they have in common.",
    ]
    for group in duplicates:
        named = "the same scene, changed" if group.relation == "variant" else "the same picture again"
        lines += ["", f"{named.capitalize()}; best: {code(group.best)} ({plain(group.why)})"]
        for path in group.pictures:
            what = next((p.what for p in group.pairs if path in (p.a, p.b) and path != group.best), "")
            detail = "; ".join(filter(None, [group.facts.get(path, ""), what if path != group.best else ""]))
            stays = "kept" if fate[path].fate == "kept" else "left out"
            waits = ", your answer is missing" if fate[path].open else ""
            lines.append(f"- {code(path)}: {plain(detail)} - {stays}{waits}")
    return lines


def _decision(gate: Gate, assessment: Assessment) -> list[str]:
    lines = [f"## Gate 1 Decision: {gate.verdict}", "", plain(headline(gate)), ""]
    if mend := blocking(gate):
        lines += ["### To get to GO", ""]
        lines += [f"{n}. {plain(r.sentence)} {plain(r.fix)}" for n, r in enumerate(mend, 1)]
        return lines
    return lines + summary.strengths(gate, assessment)


def _captions(kept: Sequence[str], captions: Mapping[str, Caption], style: str) -> list[str]:
    lines = [
        "## Captions",
        "",
        f"Style words are {'written' if style == 'include' else 'left out'} "
        f"(captioning.style_words: {style}). You can change this at any time; no picture is described again. "
        "Tokens are the pieces of words that the base model reads; what is longer than its limit is cut off.",
        "",
    ]
    rows = [(p, captions[p]) for p in kept if p in captions]
    return lines + [f"- {code(p)}: {code(c.text)} ({c.origin}, {c.grade}, {c.length} tokens)" for p, c in rows]


def full_reason(fate: Fate) -> str:
    """Say why, who said so, and whether an answer is awaited; "" if there is nothing to say."""
    who = {"you": "your decision", "recommendation": "recommended"}.get(fate.by, "")
    return "; ".join(filter(None, [fate.why, who, "waits for your answer" if fate.open else ""]))


def _every_file(fates: Sequence[Fate]) -> list[str]:
    lines = ["## Every file and its fate", "", "| File | Fate | Why |", "|---|---|---|"]
    for fate in fates:
        lines.append(f"| {cell(fate.path)} | {fate.shown} | {plain(full_reason(fate))} |")
    return lines
