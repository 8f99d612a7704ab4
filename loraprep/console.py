"""What the terminal says: doit's progress in a few plain lines, stored results, the verdict."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, Protocol

from doit.reporter import ConsoleReporter
from rich.console import Console
from rich.markup import escape

from loraprep import files, findings, report
from loraprep.model import Fate, Finding, Gate, Reason

_COLOURS = {"block": "bold red", "warn": "yellow", "note": "dim", "good": "green"}
PROGRESS = "LORAPREP_PROGRESS"  # "lines": a plain line a second instead of a bar, for whoever reads along
_FIRST = 12  # reasons of one severity spelled out on the terminal; the report has them all


class _Console(Console):
    def on_broken_pipe(self) -> None:
        _gone()


def _gone() -> NoReturn:
    """Ends without a word: whoever read along (`| head`) has what they wanted.

    By SystemExit, since doit shows the traceback of any other exception before main could see it.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for what is said on the way out; sys.stdout may be doit's
    raise SystemExit(0)


def console() -> Console:
    """Made anew each time, so that it follows a redirected stdout. rich respects NO_COLOR and pipes."""
    return _Console(highlight=False, soft_wrap=True, emoji=False)


def say(text: str, style: str = "") -> None:
    """Prints text from anywhere: file names in it can't act as markup or as terminal codes."""
    safe = "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)
    if "\t" in safe:  # a listing for other programs: rich would turn its tabs into spaces
        try:
            print(safe)
        except BrokenPipeError:
            _gone()
        return
    console().print(f"[{style}]{escape(safe)}[/]" if style else escape(safe))


named: set[str] = set()  # the tasks that the command line named


class Show(Protocol):
    """What `progress` yields: called with how much is done, of how much, and a few words."""

    def __call__(self, done: int, total: int, note: str = "", /) -> None: ...


@contextmanager
def progress(what: str) -> Iterator[Show]:
    """A bar on a terminal, nothing elsewhere. Yields a function of (done, total, note)."""
    if os.environ.get(PROGRESS) == "lines":
        yield _lines(what)
        return
    out = console()
    if not out.is_terminal:
        yield lambda done, total, note="", /: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
                   TextColumn("{task.fields[note]}", style="dim"),
                   console=out, transient=True)  # fmt: skip
    with bar:
        task = bar.add_task(escape(what), total=None, note="")

        def show(done: int, total: int, note: str = "", /) -> None:
            bar.update(task, completed=done, total=total, note=escape(note))

        yield show


def _lines(what: str) -> Show:
    last = time.monotonic()

    def show(done: int, total: int, note: str = "", /) -> None:
        nonlocal last
        if time.monotonic() - last >= 1:
            last = time.monotonic()
            say(f"{what}: {done} of {total} {note}".rstrip(), "dim")

    return show


class Reporter(ConsoleReporter):  # type: ignore[misc]
    """doit's voice in ours: a line a task that runs, stored results of what was asked for, problems plain."""

    desc = "what an artist needs to read"

    def initialize(self, tasks: dict[str, Any], selected_tasks: list[str]) -> None:
        named.update(selected_tasks)
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
        for one in chosen[:_FIRST]:
            reason(one)
        if len(chosen) > _FIRST:
            say(f"  and {len(chosen) - _FIRST} more in dataset-report.md", "dim")
    say("")
    say(report.headline(gate), "bold green" if gate.verdict == "GO" else "bold red")
    then = "loraprep dataset builds the training folder" if gate.verdict == "GO" else "loraprep gate1 looks again"
    say(f"The whole report: report.html (to look at) and dataset-report.md. Next: {then}.")
    return gate.verdict == "GO"


def following(gate: Gate) -> list[str]:
    """The commands to type next."""
    if gate.verdict == "GO":
        return ["loraprep dataset"]
    return ["loraprep review", "loraprep gate1"] if gate.waiting else ["loraprep gate1"]


def reason(found: Reason) -> None:
    """Prints a finding with its mark, and what to do if it blocks or warns."""
    mark = {"block": "x", "warn": "!", "note": "-", "good": "+"}[found.severity]
    say(f"{mark} {found.sentence}", _COLOURS[found.severity])
    if found.fix and found.severity in ("block", "warn"):
        say(f"    {found.fix}", "dim")


def show(listed: Sequence[Finding]) -> None:
    """Findings in words, what matters most first."""
    for finding in sorted(listed, key=lambda f: findings.order(f, {})):
        severity = findings.severity(finding.code, {})
        reason(Reason(finding.code, severity, findings.sentence(finding), findings.why(finding.code),
                      findings.fix(finding), finding.images))  # fmt: skip
    if not listed:
        say("Nothing found.")


def _findings(path: str) -> Callable[[Path], None]:
    return lambda root: show([Finding.from_json(f) for f in files.read_json(root / path)["findings"]])


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
    folders = [f"{name}: {of['images']} pictures with captions, each seen {of['seen']} times"
               for name, of in lock["folders"].items()]  # fmt: skip
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
