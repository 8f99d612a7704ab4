"""Write dataset-report.md: Gate 1 as an artist reads it, in the workflow's order. Pure text from the phases' results.

What is read to the end is short: up to the appendix there are never more than MOST words, whatever the set. What does
not fit there, what needs nothing done and what is only looked up stands in the appendix.
"""

from __future__ import annotations

from collections.abc import Sequence

from loraprep.core import findings
from loraprep.core.escape import plain, with_commands
from loraprep.core.records import Fate, Gate, Reason
from loraprep.core.text import listed, number_of
from loraprep.report import appendix, summary
from loraprep.report.opening import Opening, blocking
from loraprep.report.report_data import ReportData

MOST = 1200  # words before the appendix
_MEND = 380  # words of the list of what to mend
_BALANCE = 220  # words of the findings about content and style; the rest of MOST is for quality issues


def report_text(data: ReportData, gate: Gate, opened: Opening, marks: Sequence[str], trainers: Sequence[str]) -> str:
    """Write the whole report.

    `marks`: pictures in report/ of the marks found; `trainers`: the lines about what the trainers will do.
    """
    balanced = findings.in_section("balance")
    told = [r for r in gate.reasons if r.severity in ("block", "warn") and not r.accepted]
    balance = [r for r in told if r.code in balanced]
    quality = [r for r in told if r.code not in balanced and r not in blocking(gate)]
    opening = [
        f"# Dataset Report: {plain(data.settings.name)}",
        "",
        f"**{plain(opened.verdict)}**",
        "",
        f"Why: {with_commands(opened.why)}",
        "",
        f"Next: {with_commands(opened.next)}",
    ]
    fixed = [
        [*opening, *_sheet(data.fates), *_pairs(data)],
        summary.figures(data, gate),
        summary.diversity(data.assessment, len(data.kept), data.kind),
    ]
    decision, unsaid = _decision(data, gate, opened)
    ties, more_ties = _fitting(balance, _BALANCE)
    balance_lines = [
        "## Content-Style Balance",
        "",
        summary.separable(data, balance),
        *(["", *ties] if ties else []),
        *_meant_fused(data.settings.intent.fused),
        *_common_words(data),
    ]
    heading = ["## Quality Issues", "", *_fine(gate)]
    below = [
        *summary.marks(quality, marks),
        "",
        "![How far a trainer enlarges the pictures at each trained size](report/enlargement.svg)",
    ]
    room = MOST - sum(words(block) for block in [*fixed, decision, balance_lines, heading, below])
    issues, more_issues = _fitting(quality, room)
    quality_lines = [*heading, *(issues or ["None that need mending."]), *below]
    later = appendix.appendix(data, gate, [*unsaid, *more_ties, *more_issues], trainers)
    blocks = [*fixed, balance_lines, quality_lines, decision, *later]
    return "\n\n".join("\n".join(block).rstrip() for block in blocks if block) + "\n"


def words(lines: Sequence[str]) -> int:
    """Count words as a reader's word count does: what white space parts."""
    return sum(len(line.split()) for line in lines)


def _sheet(fates: Sequence[Fate]) -> list[str]:
    """Show the pictures themselves, like beside like; `html` draws them into report/."""
    if not any(f.fate in ("kept", "left out") for f in fates):
        return []
    struck = "; those struck out are left out" if any(f.fate == "left out" for f in fates) else ""
    return [
        "",
        f"![The pictures, like beside like{struck}](report/contact-sheet.webp)",
        "",
        "![The colours of the set, a stripe for each picture in training](report/palette.svg)",
    ]


def _pairs(data: ReportData) -> list[str]:
    """Show pairs side by side, those that are named first; `html` draws them into report/."""
    if not any(path in data.changes for path in data.kept):
        return []
    return ["", "![Pairs side by side, before on the left and after on the right](report/pairs.webp)"]


def reason_line(reason: Reason, *, why: bool = True) -> str:
    """Say a finding in one line: what is wrong, why it matters, what to do."""
    parts = [with_commands(reason.sentence), with_commands(reason.why) if why else "", with_commands(reason.fix)]
    return " ".join(filter(None, parts))


def _fitting(reasons: Sequence[Reason], room: int) -> tuple[list[str], list[Reason]]:
    """Say the findings, most important first, within `room` words; return the lines, and what is left for later.

    The line that says how many more there are is one of them, and always there when some do not fit.
    """
    lines = [f"- {reason_line(r)}" for r in reasons]
    if not lines or words(lines) <= room:
        return lines, []
    fit = next(n for n in reversed(range(len(lines))) if not n or words([*lines[:n], _more(reasons[n:])]) <= room)
    return [*lines[:fit], _more(reasons[fit:])], list(reasons[fit:])


def _more(reasons: Sequence[Reason]) -> str:
    return f"- And {number_of(len(reasons), 'more finding')}, in the appendix."


def _fine(gate: Gate) -> list[str]:
    good = [plain(r.sentence) for r in gate.reasons if r.severity == "good"]
    return [" ".join(good), ""] if good else []


def _common_words(data: ReportData) -> list[str]:
    """Show the plot of the captions' words, where there are any besides the trigger."""
    if not any(data.captions[p].content or data.captions[p].style for p in data.kept if p in data.captions):
        return []
    what = "The most common words of the " + ("instructions" if data.kind.pairs else "captions; fused ones are marked")
    return ["", f"![{what}](report/terms.svg)"]


def _meant_fused(fused: Sequence[str]) -> list[str]:
    return ["", f"Meant to belong to the trigger: {plain(listed(fused))}."] if fused else []


def _decision(data: ReportData, gate: Gate, opened: Opening) -> tuple[list[str], list[Reason]]:
    """Write the decision with its reasoning and what follows from it; return it, and what did not fit."""
    mend = blocking(gate)
    reasoning = f"{with_commands(opened.verdict)} {with_commands(opened.why)}"
    not_yet = " (not yet)" if gate.only_waiting else ""
    lines = [f"## Gate 1 Decision: {gate.verdict}{not_yet}", "", reasoning, ""]
    if not mend:
        return lines + summary.strengths(data, gate), []
    lines += [f"### If NO-GO: {'what is awaited' if gate.only_waiting else 'what to mend, what helps most first'}", ""]
    room = _MEND
    for n, reason in enumerate(mend, 1):
        line = f"{n}. {reason_line(reason, why=False)}"
        room -= words([line])
        if room < 0:
            rest = mend[n - 1 :]
            return [*lines, f"{n}. {number_of(len(rest), 'more thing')}, each in the appendix with what to do."], rest
        lines.append(line)
    return lines, []
