"""Say of the set as a whole: why this verdict, what next, how varied, what it will train well. Markdown lines."""

from __future__ import annotations

from collections.abc import Sequence

from loraprep.core.escape import code, plain
from loraprep.core.findings import Code
from loraprep.core.records import Axis, Gate, Grade, Reason
from loraprep.curation.assessment import Assessment, RegularizationCase
from loraprep.project.profiles import Kind
from loraprep.report.report_data import ALREADY_OUT

_FEW = 3  # so few kinds are told in words: a number says nothing there
_CARRY, _SPARE = 3, 0.05  # pictures named as carrying the set; worth below which one could be missed


def opening(gate: Gate, assessment: Assessment) -> list[str]:
    """Say after the verdict why, and what to do next, a sentence each."""
    blocking = [r for r in gate.reasons if r.severity == "block" and not r.accepted]
    if blocking:
        first = next((r for r in blocking if r.code != Code.OPEN_QUESTION), blocking[0])
        fix = first.fix or "Mend it and run loraprep gate1 again."
        others = f" All {len(blocking)} things are listed under [To get to GO](#to-get-to-go)."
        return [f"Why: {plain(first.sentence)}{others if blocking[1:] else ''}", "", f"Next: {plain(fix)}"]
    kept = gate.counts["kept"]
    why = f"There are enough pictures ({kept}): {captions_by_grade(gate)}"
    if assessment.strong:
        why += f"; they vary well in {assessment.strong}"
    add = f" To make the set stronger, add {plain(assessment.add)}" if assessment.add else ""
    return [f"Why: {plain(why)}.", "", f"Next: `loraprep dataset` builds the training folder.{add}"]


def captions_by_grade(gate: Gate) -> str:
    """Say whose words the captions are: "31 described by somebody, 9 only named"; with the reason that accepts it."""
    said = {
        Grade.DESCRIBED: "described",
        Grade.TRIGGER_ONLY: "with the trigger alone, as you chose",
        Grade.NAMED: "only named (by files, metadata or measured colour)",
        Grade.MISSING: "without a caption",
    }
    parts = [f"{number} {words}" for grade, words in said.items() if (number := gate.counts[grade.name.lower()])]
    reasons = {r.accepted for r in gate.reasons if r.code in (Code.ONLY_NAMED, Code.CAPTION_DRAFT) and r.accepted}
    known = f", which you accept: {'; '.join(sorted(reasons))}" if reasons else ""
    return ", ".join(parts) + known


def diversity(assessment: Assessment, kept: int) -> list[str]:
    """Draw up the table of what varies, what the set counts as, what to collect, and which pictures carry it."""
    lines = ["## Diversity Assessment", ""]
    lines += ["| What varies | What you have | How even | What is thin |", "|---|---|---|---|"]
    for axis in assessment.axes:
        named = ", ".join(f"{plain(t)} {n}" for t, n in sorted(axis.by_name.items(), key=lambda x: (-x[1], x[0]))[:8])
        by_name = f"by their names: {named}" if named else ""
        if not axis.seen:
            lines.append(f"| {axis.label} | {by_name or 'not looked at'} | | |")
            continue
        have = ", ".join(f"{plain(t)} {n}" for t, n in sorted(axis.counts.items(), key=lambda x: (-x[1], x[0]))[:8])
        seen = "" if axis.seen == kept else f" (seen in {axis.seen} of {kept})"
        sure = axis.judged(kept)
        thin = (", ".join(plain(t) for t in axis.thin) or "nothing") if sure else "too few seen to say"
        apart = f"; {by_name}" if by_name else ""
        lines.append(f"| {axis.label} | {have}{seen}{apart} | {_evenness(axis) if sure else ''} | {thin} |")
    if assessment.variety:
        lines += ["", plain(assessment.variety)]
    if assessment.add:
        lines += ["", f"Next best pictures to add: {plain(assessment.add)}"]
    return [*lines, *_carried(assessment.carried)]


def _evenness(axis: Axis) -> str:
    present = len(axis.counts)
    if present == 1:
        return "always the same"
    ranked = sorted(axis.counts.items(), key=lambda x: (-x[1], x[0]))
    number = round(axis.effective)
    if ranked[0][1] * 2 > axis.seen:
        return f"mostly {plain(ranked[0][0])}"
    if present <= _FEW:
        return "well mixed" if number == present else f"mostly {' and '.join(plain(t) for t, _ in ranked[:number])}"
    return f"as varied as {number} kind{'s' if number != 1 else ''} in equal numbers"


def _carried(carried: Sequence[tuple[str, float]]) -> list[str]:
    if len(carried) < 2 * _CARRY:
        return []
    most = ", ".join(code(path) for path, _ in carried[:_CARRY])
    least = [code(path) for path, value in carried if value < _SPARE]
    lines = ["", f"Hardest to do without, since no other picture has their layout and colours: {most}."]
    if least:
        lines += [f"Easiest to do without, since others have nearly the same: {', '.join(least[:6])}."]
    return lines


def marks(reasons: Sequence[Reason], crops: Sequence[str]) -> list[str]:
    """Show the corners in which the same mark was found; `crops`: pictures of them."""
    found = [r for r in reasons if r.code == Code.SAME_MARK]
    return [line for r, crop in zip(found, crops, strict=False) for line in ("", f"![{plain(r.sentence)}]({crop})")]


def regularization(kind: Kind, case: RegularizationCase) -> list[str]:
    """Say whether it is worth it for this set, how many pictures it takes, and how they are captioned."""
    worth = (
        f"**Worth trying for this set**, because {plain(case.why)}."
        if case.worth
        else "**Not needed for this set:** nothing in it invites the model to forget what it knows."
    )
    prompts = " or ".join(code(p) for p in case.prompts)
    folder = (
        f"Your own, in {code(case.folder)}, are exported with the set."
        if case.folder
        else "Name a folder of yours in project.yaml (dataset.regularization) and it is exported with the set."
    )
    return [
        "## Regularization",
        "",
        kind.regularization.advice.strip(),
        "",
        worth,
        "",
        f"{'How' if case.worth else 'If you try it all the same'}: about as many pictures as you train on "
        f"({case.number}, times the repeats), captioned {prompts}, without the trigger. It doubles the steps. "
        f"{folder}",
    ]


def strengths(gate: Gate, assessment: Assessment) -> list[str]:
    """Say what the set will train well, its limits, and the prompts to try first."""
    varied = f" They vary well in {plain(assessment.strong)}." if assessment.strong else ""
    weak = [r for r in gate.reasons if r.severity == "warn" and not r.accepted]
    known = [r for r in gate.reasons if r.accepted and r.accepted != ALREADY_OUT]
    limits = []
    if assessment.weak:
        limits.append(f"- Weak for want of pictures (how many you have): {plain(assessment.weak)}.")
    limits += [f"- {plain(r.sentence)}" for r in weak]
    limits += [f"- You know and accept: {plain(r.sentence)} ({plain(r.accepted)})" for r in known]
    return [
        "### What this dataset will train well",
        "",
        f"{gate.counts['kept']} pictures.{varied}",
        "",
        "### Known limitations",
        "",
        *(limits or ["None that can be measured."]),
        "",
        "### Prompts to try first",
        "",
        *[f"- {code(p.prompt)}: {plain(p.shows)}" for p in assessment.prompts],
    ]
