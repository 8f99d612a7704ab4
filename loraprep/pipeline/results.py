"""The stored results of tasks, as the terminal shows them: findings, captions, fates, the verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from loraprep.core import files, findings, terminal
from loraprep.core.dataset_lock import at, counted, read_lock
from loraprep.core.errors import UserError
from loraprep.core.findings import Code, Finding
from loraprep.core.patterns import Patterns
from loraprep.core.records import Gate, Reason
from loraprep.core.terminal import Level, say
from loraprep.core.text import listed, number_of
from loraprep.pipeline import artifacts
from loraprep.pipeline.artifacts import (
    Artifact,
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
from loraprep.report.opening import BATCH, headline

_COLOURS = {"block": "bold red", "warn": "yellow", "note": "dim", "good": "green"}
_MARKS = {"block": "x", "warn": "!", "note": "-", "good": "+"}
_WORST = 3  # findings that the verdict spells out; loraprep report has them all
_AFTER_MENDING = "Next: mend what is marked x, then loraprep gate1"
_LINES = 20  # of a verdict: what can be seen at once on the smallest usual terminal, with the prompt around it
_WIDTH = 80  # columns of that terminal


class Line(NamedTuple):
    """A line for a person: words in a style of rich, or a command to copy."""

    text: str
    style: str = ""
    typed: bool = False

    def show(self) -> None:
        """Print it."""
        if self.typed:
            terminal.command(self.text)
        else:
            say(self.text, self.style)

    @property
    def height(self) -> int:
        """Lines it takes."""
        return len(terminal.typed(self.text, terminal.width() or _WIDTH)) if self.typed else _height(self.text)


class Asked(msgspec.Struct, frozen=True):
    """How the command line wants a result: as JSON, or of what fits these patterns alone."""

    as_json: bool = False
    patterns: tuple[str, ...] = ()


def tell(name: str, work: Workspace, asked: Asked) -> None:
    """Print the stored result of a task, if it has one. Raises UserError."""
    if asked.as_json:
        if name in JSON:
            terminal.raw(artifacts.encode(work.read(JSON[name])))
    elif name == "captions":
        _print_captions(work, asked.patterns)
    elif name in RESULTS:
        RESULTS[name](work)


def is_go(work: Workspace) -> bool:
    """Say whether the verdict of build/gate1.json is GO. Fails closed."""
    try:
        return work.read(Judged).verdict == "GO"
    except UserError:
        return False


def print_verdict(work: Workspace, exported: Callable[[], bool], *, onward: bool = True) -> None:
    """Print the verdict of build/gate1.json: the worst findings, what is awaited, and the command that changes most.

    `exported`: see `following`; not `onward`: what follows a GO is told elsewhere.
    """
    try:
        gate = work.read(Judged)
    except UserError:
        terminal.complain("NO-GO: build/gate1.json is missing or damaged. Delete build/ and run loraprep gate1 again.")
        return
    style = "bold green" if gate.verdict == "GO" else "bold red"
    if terminal.level() is Level.QUIET:
        say(headline(gate), style)
        return
    tail = [Line(headline(gate), style)]
    told = _findings_of(gate)
    if not gate.only_waiting and (awaited := _awaited(gate)):
        tail.append(Line(f"Waiting for you: {awaited}.", "bold"))
    if aside := _set_aside(work):
        tail.append(Line(f"Until you answer, {aside}: all other counts are of the {gate.counts['kept']} that train."))
    if gate.verdict == "GO":
        tail.append(Line(f"Why: {gate.why}"))
    mended = gate.verdict != "GO" and not gate.waiting and any(r.severity == "block" and _has_fix(r) for r in told)
    if mended:
        tail.append(Line(_AFTER_MENDING))
    elif onward or gate.verdict != "GO":
        tail += following(work, gate, exported)
    since = _since(work)
    if terminal.level() is Level.VERBOSE:
        for reason in told:
            print_reason(reason)
            say(f"    {reason.why}", "dim")
        shown, before = [], [Line("Since the last verdict:", "bold"), *(Line(f"  {sentence}") for sentence in since)]
    else:
        before = [Line(f"Since the last verdict: {' '.join(since[:2])}", "dim")]
        room = _LINES - 2 - sum(line.height for line in [*tail, *(before if since else [])])
        shown = _fitting(told[:_WORST], room)
    for reason, fix in shown:
        _print_reason(reason, fix=fix)
    if terminal.level() is not Level.VERBOSE and (more := len(told) - len(shown)):
        what = f"and {more} more" if shown else number_of(more, "finding")
        blocks = sum(reason.severity == "block" for reason in told[len(shown) :])
        say(f"{what}{f', {blocks} of them marked x' if shown and blocks else ''}: loraprep report", "dim")
    for line in before if since else []:
        line.show()
    if told or since:
        say("")
    for line in tail:
        line.show()


def _findings_of(gate: Gate) -> list[Reason]:
    """List what is to be known or mended, worst first; open questions are counted with the verdict."""
    return [
        r
        for severity in ("block", "warn", "note")
        for r in gate.reasons
        if r.severity == severity and not r.accepted and r.code != Code.OPEN_QUESTION
    ]


def _fitting(told: Sequence[Reason], room: int) -> list[tuple[Reason, bool]]:
    """Choose how many findings are told in `room` lines, and of which the way to mend it, the worst first."""
    shown: list[tuple[Reason, bool]] = []
    room -= 1  # for how many more there are
    for reason in told:
        size = _height(f"x {reason.sentence}")
        if size > room and shown:
            break
        shown.append((reason, False))
        room -= size
    for number, (reason, _) in enumerate(shown):
        size = _height(f"    {reason.fix}")
        if _has_fix(reason) and (size <= room or not number):  # what to do about the worst is never left out
            shown[number] = (reason, True)
            room -= size
    return shown


def _height(text: str) -> int:
    """Count the lines that a text takes."""
    return len(terminal.wrapped(text, terminal.width() or _WIDTH, "  "))


def _set_aside(work: Workspace) -> str:
    """Count the pictures that an open question leaves out so far: "2 pictures (1 copy) are set aside"; "" for none."""
    aside = [fate.why for fate in work.read(Selected).fates if fate.fate == "left out" and fate.open]
    copies = sum("copy" in why for why in aside)
    told = f" ({number_of(copies, 'copy', 'copies')})" if copies else ""
    return f"{number_of(len(aside), 'picture')}{told} {'is' if len(aside) == 1 else 'are'} set aside" if aside else ""


def _awaited(gate: Gate) -> str:
    """Count open questions by decision file; "" without any."""
    asked = {file: len(keys) for file, keys in gate.waiting.items() if file != BATCH}
    return listed([f"{number_of(n, 'answer')} in decisions/{file}.yaml" for file, n in asked.items()], shown=None)


def following(work: Workspace, gate: Judged, exported: Callable[[], bool]) -> list[Line]:
    """Name the command that changes something.

    `exported`, which is asked after a GO alone, says whether dataset/ and exports/ are what that command would make.
    """
    if any(file != BATCH for file in gate.waiting):
        return [Line("Next: loraprep review")]
    if gate.waiting:
        return [Line("Next: loraprep gate1 looks again; it costs nothing more.")]
    if gate.verdict != "GO":
        return [Line(f"Next: {gate.next}")]
    return starts(work) if exported() else [Line("Next: loraprep dataset export")]


def starts(work: Workspace) -> list[Line]:
    """Say how each trainer is started with what was exported."""
    lines = []
    for name in work.project.settings.dataset.trainers:
        readme = f"exports/{name}/README.md"
        try:
            text = files.read_text(work.root / readme, "replace")
        except OSError:
            continue
        start = text.partition("\n## Start\n")[2].partition("\n## ")[0]
        commands = [line.strip() for line in start.splitlines() if line.startswith("    ")]
        if not commands:
            lines.append(Line(f"Next, {name}: see {readme}"))
            continue
        more = f"; the first of {len(commands)} commands" if len(commands) > 1 else ""
        more += "; fill in the words in capitals" if any(word.isupper() for word in commands[0].split()) else ""
        lines.append(Line(f"Next, {name} ({readme}{more}):"))
        lines.append(Line(commands[0], typed=True))
    return lines or [Line("Next: loraprep export")]


def _since(work: Workspace) -> list[str]:
    """What turned the verdict; [] while it is the same as before."""
    try:
        told = work.read(VerdictTold)
        return told.since if told.turned else []
    except UserError:  # nobody has judged yet, or another version did
        return []


def print_reason(reason: Reason) -> None:
    """Print a finding with its mark, and what to do if it blocks or warns."""
    _print_reason(reason, fix=_has_fix(reason))


def _has_fix(reason: Reason) -> bool:
    return bool(reason.fix) and reason.severity in ("block", "warn")


def _print_reason(reason: Reason, *, fix: bool) -> None:
    say(f"{_MARKS[reason.severity]} {reason.sentence}", _COLOURS[reason.severity], indent="  ")
    if fix:
        say(f"    {reason.fix}", "dim")


def reasons_of(found: Sequence[Finding]) -> list[Reason]:
    """Put findings in words, what matters most first."""
    return [
        Reason(
            f.code,
            findings.severity(f.code, {}),
            findings.sentence(f),
            findings.why(f.code),
            findings.fix(f),
            f.images,
        )
        for f in sorted(found, key=lambda f: findings.order(f, {}))
    ]


def print_reasons(reasons: Sequence[Reason]) -> None:
    """Print findings with what to do; of those that follow each other, and are mended alike, it stands once."""
    for number, reason in enumerate(reasons):
        again = any(_has_fix(after) and after.fix == reason.fix for after in reasons[number + 1 : number + 2])
        _print_reason(reason, fix=_has_fix(reason) and not again)


def print_findings(found: Sequence[Finding]) -> None:
    """Print findings in words, what matters most first."""
    print_reasons(reasons_of(found))
    if not found:
        say("Nothing found.")


def _print_report(work: Workspace) -> None:
    gate = work.read(Judged)
    print_reasons(_findings_of(gate))
    say(headline(gate), "bold")
    say("To look at: report.html. To read: dataset-report.md.")


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


def _print_captions(work: Workspace, patterns: Sequence[str] = ()) -> None:
    captions = work.read(Captioned).captions
    named = Patterns(patterns)
    chosen = {path: c for path, c in captions.items() if not patterns or named.match(path)}
    if patterns and not chosen:
        raise UserError(
            f"no picture with a caption is called {' or '.join(patterns)}",
            hint="Write a name or a pattern as in: loraprep captions 'sketches/*'",
        )
    for path, caption in sorted(chosen.items()):
        terminal.row(path, caption.text)


def _print_curation(work: Workspace) -> None:
    print_findings(work.read(Curated).assessment.findings)


def _print_fates(work: Workspace) -> None:
    for fate in work.read(Selected).fates:
        terminal.row(fate.path, fate.shown, f"{fate.why}{' (waits for your answer)' if fate.open else ''}")


def _print_dataset(work: Workspace) -> None:
    locked = read_lock(work.root)
    folders = []
    for name, of in (locked.folders if locked else {}).items():
        inside = {place: i for place, i in locked.images.items() if place.startswith(f"{name}/")} if locked else {}
        seen = "held out: never trained" if of.held_out else f"each seen {of.seen} times"
        folders.append(f"{name}: {counted(inside)} with captions, {seen}")
    top = at(work.root)
    say(f"{top}{folders[0]}." if len(folders) == 1 else "\n".join([top, *folders]), "bold green")


def _print_exports(work: Workspace) -> None:
    for line in starts(work):
        line.show()


RESULTS: dict[str, Callable[[Workspace], None]] = {
    "audit": _print_audit,
    "duplicates": _print_duplicates,
    "elements": _print_elements,
    "curate": _print_curation,
    "select": _print_fates,
    "dataset": _print_dataset,
    "export": _print_exports,
    "report": _print_report,
}

# what --json shows: the file of build/ as it is, in the form of schemas/output/
JSON: dict[str, type[Artifact]] = {
    "gate1": Judged,
    "audit": Audited,
    "duplicates": Duplicates,
    "captions": Captioned,
    "select": Selected,
}
