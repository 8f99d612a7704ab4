"""The parts of dataset-report.md that speak of the set as a whole: figures, variety, what it will train well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from loraprep.core.escape import code, plain
from loraprep.core.findings import PAIR_CODES, Code
from loraprep.core.records import Gate, Grade, Reason
from loraprep.core.text import number_of, plural
from loraprep.curation import confounds
from loraprep.curation.assessment import Assessment
from loraprep.curation.axes import MEASURED
from loraprep.project.profiles import Kind
from loraprep.report.opening import BUILD, to_do
from loraprep.report.report_data import ALREADY_OUT, ReportData
from loraprep.scan import roles

_SHOWN = 5  # terms of an axis, and findings accepted, that are spelled out


def figures(data: ReportData, gate: Gate) -> list[str]:
    """Count what was found, and what became of it: the figures of a line add up."""
    count, kept = gate.counts, data.kept
    images = {i.path: i for i in data.images}
    percent = round(100 * count["captioned"] / count["kept"]) if count["kept"] else 0
    width = round(sum(images[p].width for p in kept) / len(kept)) if kept else 0
    besides = to_do(gate)
    height = round(sum(images[p].height for p in kept) / len(kept)) if kept else 0
    return [
        "## Summary",
        "",
        f"- Images: {_images(data, gate)}",
        f"- Captioned: {count['captioned']}/{count['kept']} ({percent}%){_by_grade(gate)}",
        f"- Average resolution: {width}x{height}",
        f"- Duplicates found: {count['duplicates_found']} ({_duplicates(count)})",
        f"- Quality issues: {count['quality_issues']}{f', besides {besides}' if besides else ''}",
    ]


_GRADES = {
    Grade.DESCRIBED: "described",
    Grade.TRIGGER_ONLY: "with the trigger alone, as you chose",
    Grade.NAMED: "merely named, after files, metadata or measured colour",
    Grade.MISSING: "without a caption",
}


def _by_grade(gate: Gate) -> str:
    """Say whose words the captions are, where they are not all described: ": 31 described, 9 merely named (...)"."""
    counts = {grade: gate.counts[grade.name.lower()] for grade in _GRADES}
    if counts[Grade.DESCRIBED] == gate.counts["kept"]:
        return ""
    return ": " + ", ".join(f"{number} {_GRADES[grade]}" for grade, number in counts.items() if number)


def _images(data: ReportData, gate: Gate) -> str:
    """ "29 in training. 57 files found: 28 in training, 1 left out (1 copy), 28 captions; and 1 detail cut out"."""
    count = gate.counts
    details = _details(data)
    fates = [f for f in data.fates if f.path not in details]
    parts = []
    for fate, one, many in (
        ("kept", "in training", ""),
        ("held out", "held out", ""),
        ("left out", "left out", ""),
        ("rejected", "not usable", ""),
        ("caption", "caption", "captions"),
        ("control", "picture before the change", "pictures before the change"),
        ("ignored", "ignored", ""),
    ):
        chosen = [f for f in fates if f.fate == fate]
        if chosen:
            why = f" ({_left_out(data)})" if fate == "left out" else ""
            if fate == "ignored" and (said := by_role(data)):
                why = f" (by role: {said})"
            parts.append(f"{len(chosen)} {plural(len(chosen), one, many or one)}{why}")
    found = f"{count['kept']} in training. Of {number_of(count['found'], 'file')} found: {', '.join(parts) or 'none'}"
    if number := count["details"]:
        found += f"; {number_of(number, 'detail')} cut out of {plural(number, 'one', 'them')} " + (
            "trains too" if number == 1 else "train too"
        )
    return f"{found}."


def by_role(data: ReportData) -> str:
    """Count what is there for something else than training: "3 masks, 2 clips"; "" for nothing."""
    before = {f.path for f in data.fates if f.fate == "control"}
    return roles.told(roles.counted(i for i in data.images if i.path not in before))


def _details(data: ReportData) -> set[str]:
    """Find the pictures that are cut out of others."""
    return {i.path for i in data.images if i.of}


def _left_out(data: ReportData) -> str:
    """Say why pictures are left out, with how many: they add up to those that are."""
    details = _details(data)
    out = [f for f in data.fates if f.fate == "left out" and f.path not in details]
    why = Counter(
        "until you answer" if f.open else "copies" if "copy" in f.why else "by you" if f.by == "you" else "by rule"
        for f in out
    )
    return ", ".join(f"{number} {name if name != 'copies' or number > 1 else 'copy'}" for name, number in why.items())


def _duplicates(count: dict[str, int]) -> str:
    """Say what became of the copies; the figures add up to those found."""
    waiting, removed = count["duplicates_waiting"], count["duplicates_removed"]
    kept = count["duplicates_found"] - removed - waiting
    parts = [f"removed: {removed}", f"waiting for your answer: {waiting}" if waiting else ""]
    return ", ".join(filter(None, [*parts, f"kept by you: {kept}" if kept > 0 else ""]))


def diversity(assessment: Assessment, kept: int, kind: Kind) -> list[str]:
    """Draw up the table of what varies, what the set counts as, and what to collect next."""
    lines = ["## Diversity Assessment", "", "| What varies | What you have | Thin |", "|---|---|---|"]
    unseen = [axis.label for axis in assessment.axes if not axis.seen and not axis.by_name]
    for axis in assessment.axes:
        if axis.label in unseen:
            continue
        by_name = f"by their names: {_ranked(axis.by_name)}" if axis.by_name else ""
        if not axis.seen:
            lines.append(f"| {axis.label} | {by_name} | |")
            continue
        sure = axis.judged(kept)
        known = "" if axis.seen == kept else f" (known of {axis.seen} of {kept})"
        known += f"; {axis.measured} measured on heads" if axis.measured else ""
        known += f"; {by_name}" if by_name else ""
        wanted = axis.name in kind.axes and kind.axes[axis.name].wants  # without any, nothing is called thin
        nothing = "nothing" if wanted else ""
        thin = (", ".join(plain(t) for t in axis.thin) or nothing) if sure else "too few known to say"
        lines.append(f"| {axis.label} | {_ranked(axis.counts)}{known} | {thin} |")
    if unseen:
        lines.append(f"| {', '.join([unseen[0], *(label.lower() for label in unseen[1:])])} | nobody has looked | |")
    if assessment.variety:
        lines += ["", plain(assessment.variety)]
    if assessment.add:
        lines += ["", f"Next best pictures to add: {plain(assessment.add)}"]
    return lines


def _ranked(counts: Mapping[str, int]) -> str:
    """List the commonest terms with how many pictures they have, and sum up the rest."""
    ranked = sorted(counts.items(), key=lambda x: (-x[1], x[0]))
    spelled = _SHOWN if len(ranked) > _SHOWN + 1 else _SHOWN + 1  # to sum up a single one takes as much room
    parts = [f"{plain(term)} {number}" for term, number in ranked[:spelled]]
    if rest := ranked[spelled:]:
        parts.append(f"{len(rest)} others {sum(n for _, n in rest)}")
    return ", ".join(parts)


def separable(data: ReportData, ties: Sequence[Reason]) -> str:
    """Say in a sentence whether what is shown can be told from how it is made, as far as anybody knows."""
    kept = len(data.kept)
    if data.kind.pairs:
        return _of_pairs(data)
    if kept < confounds.LEAST:
        return (
            f"{number_of(kept, 'picture')} cannot tell: it takes {confounds.LEAST} to see what always comes together."
        )
    known = max((a.seen for a in data.assessment.axes if a.name in _said(data.kind)), default=0)
    if not kept or known * 2 <= kept:
        return f"Unknown: {'for most pictures no' if known else 'no'} caption says what the pictures show."
    if ties:
        return "Not wholly. What always comes with the rest is learned as part of it:"
    return "Yes, as far as the captions tell: nothing is in nearly all of them, and nothing always comes together."


def _of_pairs(data: ReportData) -> str:
    """Say what the pairs teach besides what they are meant to."""
    kept = set(data.kept)
    named = [f for f in data.findings if f.code in PAIR_CODES and f.code != Code.PAIR_UNCHANGED]
    odd = {p for f in named for p in f.images if p in kept}
    alone = f"In {number_of(len(odd), 'pair')} something differs that may not be meant: what, stands below."
    return f"Whatever differs between before and after is learned. {alone if odd else 'Nothing was found besides.'}"


def _said(kind: Kind) -> set[str]:
    """Name the axes that somebody has to look at: those that are not measured."""
    return {name for name, axis in kind.axes.items() if axis.element not in MEASURED}


def marks(reasons: Sequence[Reason], crops: Sequence[str]) -> list[str]:
    """Show the corners in which the same mark was found; `crops`: pictures of them."""
    found = [r for r in reasons if r.code == Code.SAME_MARK]
    return [line for r, crop in zip(found, crops, strict=False) for line in ("", f"![{plain(r.sentence)}]({crop})")]


def strengths(data: ReportData, gate: Gate) -> list[str]:
    """Say what the set will train well, its limits, and what comes next."""
    assessment = data.assessment
    weak = [r for r in gate.reasons if r.severity == "warn" and not r.accepted]
    known = [r for r in gate.reasons if r.accepted and r.accepted != ALREADY_OUT and r.severity in ("block", "warn")]
    limits = []
    if assessment.weak:
        limits.append(f"- Weak, with how many pictures there are: {plain(assessment.weak)}.")
    if weak:
        limits.append(f"- What is listed above ({number_of(len(weak), 'finding')}), as long as it stays.")
    limits += [f"- You accept: {plain(r.sentence)} ({plain(r.accepted)})" for r in known[:_SHOWN]]
    if more := known[_SHOWN:]:
        limits.append(f"- You accept {number_of(len(more), 'more finding')}, in the appendix.")
    said = any(a.judged(len(data.kept)) for a in assessment.axes if a.name in _said(data.kind))
    prompts = [f"Try first: {code(p.prompt)}. {plain(p.shows)}" for p in assessment.prompts[:1]]
    return [
        "### If GO: what it will train",
        "",
        trains_well(assessment.strong, said=said),
        "",
        "Known limitations:",
        "",
        *(limits or ["- None that can be measured."]),
        "",
        " ".join([f"Next: {BUILD}", *prompts]),
    ]


def trains_well(strong: str, *, said: bool) -> str:
    """Say what a set will train well. `strong`: in what it is varied; `said`: do captions say what is shown?"""
    if not said:
        return "What it trains well nobody can tell: no caption says what the pictures show."
    return f"Trains well: {f'it is varied in {plain(strong)}' if strong else 'what most of the pictures show'}."
