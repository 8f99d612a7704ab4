"""What the terminal says: doit's progress in a few plain lines, stored results, the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from doit.reporter import ConsoleReporter
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from loraprep import files, findings, report
from loraprep.model import Finding, Gate, Reason

_COLOURS = {"block": "bold red", "warn": "yellow", "note": "dim", "good": "green"}
_FIRST = 12  # reasons of one severity spelled out on the terminal; the report has them all


def console() -> Console:
    """Made anew each time, so that it follows a redirected stdout. rich respects NO_COLOR and pipes."""
    return Console(highlight=False, soft_wrap=True, emoji=False)


def say(text: str, style: str = "") -> None:
    """Prints text from anywhere: file names in it can't act as markup or as terminal codes."""
    safe = "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)
    if "\t" in safe:  # a listing for other programs: rich would turn its tabs into spaces
        print(safe)
        return
    console().print(f"[{style}]{escape(safe)}[/]" if style else escape(safe))


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, nothing elsewhere. Yields a function of (done, total)."""
    out = console()
    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
                   console=out, transient=True, disable=not out.is_terminal)  # fmt: skip
    with bar:
        task = bar.add_task(escape(what), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class Reporter(ConsoleReporter):  # type: ignore[misc]
    """doit's voice in ours: a line a task that runs, stored results of what was asked for, problems plain."""

    desc = "what an artist needs to read"

    def initialize(self, tasks: dict[str, Any], selected_tasks: list[str]) -> None:
        self.asked = [name for name in selected_tasks if name in RESULTS]
        self.finished: set[str] = set()

    def execute_task(self, task: Any) -> None:
        if task.name != "gate1":
            say(f"{task.name}: {task.doc[0].lower()}{task.doc[1:]}", "dim")

    def skip_uptodate(self, task: Any) -> None:
        self.finished.add(task.name)

    def add_success(self, task: Any) -> None:
        self.finished.add(task.name)

    def _write_failure(self, result: dict[str, Any], write_exception: bool = True) -> None:
        failure, task = result["exception"], result["task"]
        if failure.get_name() == "TaskFailed":
            say(failure.message.strip() if hasattr(failure, "message") else failure.get_msg().strip(), "red")
        else:
            say(f"{task.name}: this is a bug in loraprep; please report it with these lines:", "bold red")
            say(failure.get_msg())

    def complete_run(self) -> None:
        for name in self.asked:
            if name in self.finished:
                RESULTS[name](Path.cwd())
        for message in self.runtime_errors:
            say(str(message), "red")


def verdict(root: Path) -> bool:
    """Prints the to-do list and the verdict of build/gate1.json; True for GO. Fails closed."""
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
            _reason(reason)
        if len(chosen) > _FIRST:
            say(f"  and {len(chosen) - _FIRST} more in dataset-report.md", "dim")
    say("")
    say(report.headline(gate), "bold green" if gate.verdict == "GO" else "bold red")
    following = "loraprep dataset builds the training folder" if gate.verdict == "GO" else "loraprep gate1 looks again"
    say(f"The whole report: dataset-report.md. Next: {following}.")
    return gate.verdict == "GO"


def _reason(reason: Reason) -> None:
    mark = {"block": "x", "warn": "!", "note": "-", "good": "+"}[reason.severity]
    say(f"{mark} {reason.sentence}", _COLOURS[reason.severity])
    if reason.fix and reason.severity in ("block", "warn"):
        say(f"    {reason.fix}", "dim")


def _findings(path: str) -> Callable[[Path], None]:
    def show(root: Path) -> None:
        listed = [Finding.from_json(f) for f in files.read_json(root / path)["findings"]]
        for finding in sorted(listed, key=lambda f: findings.order(f, {})):
            severity = findings.severity(finding.code, {})
            _reason(Reason(finding.code, severity, findings.sentence(finding), findings.why(finding.code),
                           findings.fix(finding), finding.images))  # fmt: skip
        if not listed:
            say("Nothing found.")

    return show


def _captions(root: Path) -> None:
    for path, caption in sorted(files.read_json(root / "build/captions.json")["captions"].items()):
        say(f"{path}\t{caption['text']}")


def _fates(root: Path) -> None:
    for fate in files.read_json(root / "build/selection.json")["fates"]:
        say(f"{fate['path']}\t{fate['fate']}\t{fate['why']}{' (waits for your answer)' if fate['open'] else ''}")


def _dataset(root: Path) -> None:
    lock = files.read_json(root / "dataset.lock.json")
    folders = [f"{name}: {of['images']} pictures with captions, each seen {of['seen']} times"
               for name, of in lock["folders"].items()]  # fmt: skip
    say(f"dataset/{folders[0]}." if len(folders) == 1 else "\n".join(["dataset/", *folders]), "bold green")


RESULTS: dict[str, Callable[[Path], None]] = {
    "audit": _findings("build/audit.json"),
    "duplicates": _findings("build/duplicates.json"),
    "captions": _captions,
    "curate": _findings("build/curation.json"),
    "select": _fates,
    "dataset": _dataset,
}
