"""The stored results of tasks, as the terminal shows them: findings, captions, fates, the verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from loraprep.core import files, findings
from loraprep.core.findings import Finding
from loraprep.core.records import Fate, Gate, Reason
from loraprep.core.terminal import say
from loraprep.report import markdown

_COLOURS = {"block": "bold red", "warn": "yellow", "note": "dim", "good": "green"}
_FIRST = 12  # reasons of one severity spelled out on the terminal; the report has them all


def print_verdict(root: Path) -> bool:
    """Print the to-do list and the verdict of build/gate1.json; True for GO. Fails closed."""
    try:
        gate = Gate.from_json(files.read_json(root / "build/gate1.json"))
    except (OSError, ValueError, KeyError, TypeError):
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
    say("")
    say(markdown.headline(gate), "bold green" if gate.verdict == "GO" else "bold red")
    then = "loraprep dataset builds the training folder" if gate.verdict == "GO" else "loraprep gate1 looks again"
    say(f"The whole report: report.html (to look at) and dataset-report.md. Next: {then}.")
    return gate.verdict == "GO"


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


def _findings(path: str) -> Callable[[Path], None]:
    return lambda root: print_findings([msgspec.convert(f, Finding) for f in files.read_json(root / path)["findings"]])


def _elements(root: Path) -> None:
    described = files.read_json(root / "build/elements.json")
    seen = sum(e["state"] == "seen" for e in described.values())
    others = "" if seen == len(described) else "; the others have draft words"
    say(f"{seen} of {len(described)} pictures were seen{others}.")
    if files.read_json(root / "build/vision.json")["findings"]:
        _findings("build/vision.json")(root)


def _captions(root: Path) -> None:
    for path, caption in sorted(files.read_json(root / "build/captions.json")["captions"].items()):
        say(f"{path}\t{caption['text']}")


def _fates(root: Path) -> None:
    for fate in (Fate(**f) for f in files.read_json(root / "build/selection.json")["fates"]):
        say(f"{fate.path}\t{fate.shown}\t{fate.why}{' (waits for your answer)' if fate.open else ''}")


def _dataset(root: Path) -> None:
    lock = files.read_json(root / "dataset.lock.json")
    folders = [
        f"{name}: {of['images']} pictures with captions, each seen {of['seen']} times"
        for name, of in lock["folders"].items()
    ]
    say(f"dataset/{folders[0]}." if len(folders) == 1 else "\n".join(["dataset/", *folders]), "bold green")


def _export(root: Path) -> None:
    for path in sorted((root / "exports").glob("*/README.md")):
        others = sorted(p.name for p in path.parent.iterdir() if p.name != path.name)
        say(f"exports/{path.parent.name}/: {', '.join(others)}. How to use it: {path.name}", "bold green")


RESULTS: dict[str, Callable[[Path], None]] = {
    "audit": _findings("build/audit.json"),
    "duplicates": _findings("build/duplicates.json"),
    "elements": _elements,
    "captions": _captions,
    "curate": _findings("build/curation.json"),
    "select": _fates,
    "dataset": _dataset,
    "export": _export,
}
