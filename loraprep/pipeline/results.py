"""The stored results of tasks, as the terminal shows them: findings, captions, fates, the verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from loraprep.core import files, findings
from loraprep.core.dataset_lock import read_lock
from loraprep.core.errors import UserError
from loraprep.core.findings import Finding
from loraprep.core.records import Reason
from loraprep.core.terminal import say
from loraprep.pipeline.artifacts import (
    Audited,
    Captioned,
    Curated,
    Described,
    Duplicates,
    Judged,
    Selected,
    VerdictTold,
    VisionAsked,
)
from loraprep.pipeline.workspace import Workspace
from loraprep.report.opening import headline

_COLOURS = {"block": "bold red", "warn": "yellow", "note": "dim", "good": "green"}
_FIRST = 12  # reasons of one severity spelled out on the terminal; the report has them all


def print_verdict(work: Workspace) -> bool:
    """Print the to-do list and the verdict of build/gate1.json; True for GO. Fails closed."""
    try:
        gate = work.read(Judged)
    except UserError:
        say(
            "NO-GO: build/gate1.json is missing or damaged. Delete build/ and run loraprep gate1 again.",
            "bold red",
        )
        return False
    for severity in ("block", "warn", "note"):
        chosen = [r for r in gate.reasons if r.severity == severity and not r.accepted]
        for reason in chosen[:_FIRST]:
            print_reason(reason)
        if len(chosen) > _FIRST:
            say(f"  and {len(chosen) - _FIRST} more in dataset-report.md", "dim")
    if since := _since(work):
        say("")
        say("Since the last verdict:", "bold")
        for sentence in since:
            say(f"  {sentence}")
    say("")
    say(headline(gate), "bold green" if gate.verdict == "GO" else "bold red")
    say(f"Why: {gate.why}")
    say(f"Next: {gate.next}")
    say("The whole report: report.html (to look at) and dataset-report.md.", "dim")
    return gate.verdict == "GO"


def _since(work: Workspace) -> list[str]:
    """What turned the verdict; [] while it is the same as before."""
    try:
        told = work.read(VerdictTold)
        return told.since if told.turned else []
    except UserError:  # nobody has judged yet, or another version did
        return []


def print_reason(reason: Reason) -> None:
    """Print a finding with its mark, and what to do if it blocks or warns."""
    mark = {"block": "x", "warn": "!", "note": "-", "good": "+"}[reason.severity]
    say(f"{mark} {reason.sentence}", _COLOURS[reason.severity])
    if reason.fix and reason.severity in ("block", "warn"):
        say(f"    {reason.fix}", "dim")


def print_findings(listed: Sequence[Finding]) -> None:
    """Print findings in words, what matters most first."""
    for finding in sorted(listed, key=lambda f: findings.order(f, {})):
        severity = findings.severity(finding.code, {})
        print_reason(
            Reason(
                finding.code,
                severity,
                findings.sentence(finding),
                findings.why(finding.code),
                findings.fix(finding),
                finding.images,
            )
        )
    if not listed:
        say("Nothing found.")


def _print_audit(work: Workspace) -> None:
    print_findings(work.read(Audited).findings)


def _print_duplicates(work: Workspace) -> None:
    print_findings(work.read(Duplicates).findings)


def _print_elements(work: Workspace) -> None:
    described = work.read(Described).elements
    seen = sum(e.state == "seen" for e in described.values())
    others = "" if seen == len(described) else "; the others have draft words"
    say(f"{seen} of {len(described)} pictures were seen{others}.")
    if found := work.read(VisionAsked).findings:
        print_findings(found)


def _print_captions(work: Workspace) -> None:
    for path, caption in sorted(work.read(Captioned).captions.items()):
        say(f"{path}\t{caption.text}")


def _print_curation(work: Workspace) -> None:
    print_findings(work.read(Curated).assessment.findings)


def _print_fates(work: Workspace) -> None:
    for fate in work.read(Selected).fates:
        say(f"{fate.path}\t{fate.shown}\t{fate.why}{' (waits for your answer)' if fate.open else ''}")


def _print_dataset(work: Workspace) -> None:
    locked = read_lock(work.root)
    folders = [
        f"{name}: {of.images} pictures with captions, each seen {of.seen} times"
        for name, of in (locked.folders if locked else {}).items()
    ]
    say(f"dataset/{folders[0]}." if len(folders) == 1 else "\n".join(["dataset/", *folders]), "bold green")


def _print_exports(work: Workspace) -> None:
    for folder in files.listed(work.root / "exports"):
        names = [p.name for p in files.listed(folder)]
        if "README.md" in names:
            others = ", ".join(name for name in names if name != "README.md")
            say(f"exports/{folder.name}/: {others}. How to use it: README.md", "bold green")


RESULTS: dict[str, Callable[[Workspace], None]] = {
    "audit": _print_audit,
    "duplicates": _print_duplicates,
    "elements": _print_elements,
    "captions": _print_captions,
    "curate": _print_curation,
    "select": _print_fates,
    "dataset": _print_dataset,
    "export": _print_exports,
}
