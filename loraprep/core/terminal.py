"""What the terminal shows: results on stdout, progress on stderr, safe whatever a file is called."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, NoReturn, Protocol, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

# for whoever reads along: "phases", a plain line for each phase that runs; "lines", and one a second while it does
PROGRESS = "LORAPREP_PROGRESS"
WIDEST = 100  # columns of a line of words: longer ones are hard to follow
_WORD = re.compile(r"""(?:[^\s'"\\]|\\.|'[^']*'|"[^"]*"|['"\\])+""")  # of a command: what stands in quotes stays whole
_GAP = re.compile(r"(\s+)")


class Level(IntEnum):
    """How much is said."""

    QUIET = 0  # results alone
    USUAL = 1
    VERBOSE = 2  # which phases run, too, and every finding with why it matters


_level = Level.USUAL


def set_level(level: Level) -> None:
    """Say more or less from now on."""
    global _level
    _level = level


def level() -> Level:
    """Return how much is said."""
    return _level


class _Console(Console):
    def on_broken_pipe(self) -> None:
        gone()


def gone() -> NoReturn:
    """End without a word: whoever read along (`| head`) has what they wanted.

    By SystemExit, since doit shows the traceback of any other exception before main could see it.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for what is said on the way out; sys.stdout may be doit's
    raise SystemExit(0)


def console(stream: TextIO | None = None) -> Console:
    """Make a console anew, so that it follows a redirected stdout. rich respects NO_COLOR and pipes."""
    return _Console(highlight=False, soft_wrap=True, emoji=False, file=stream)


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Break lines at blanks so that none is wider than `width` columns, but for a word that is; the first line of a
    paragraph stands where it stood, those that follow `indent` further. Blanks within a line stay: they make columns.
    """
    lines = []
    for paragraph in text.split("\n"):
        before = paragraph[: len(paragraph) - len(paragraph.lstrip())]
        line, used = before, cell_len(before)
        fresh = True
        split = _GAP.split(paragraph)
        for gap, word in zip(["", *split[1::2]], split[::2], strict=True):
            if not word:
                continue
            size = cell_len(word)
            if not fresh and used + len(gap) + size > width:
                lines.append(line)
                line, fresh = before + indent, True
                used = cell_len(line)
            line += word if fresh else gap + word
            used += size if fresh else len(gap) + size
            fresh = False
        lines.append(line if line.strip() else "")
    return lines


def width(*, errors: bool = False) -> int | None:
    """Columns for words on stdout (`errors`: on stderr); None for a pipe, whose reader breaks lines as they like."""
    out = console(sys.stderr if errors else sys.stdout)
    return min(out.width, WIDEST) if out.is_terminal else None


def say(text: str, style: str = "", indent: str = "") -> None:
    """Print a result, broken at words on a terminal (`indent`: before what is broken off).

    File names in it can't act as markup or as terminal codes.
    """
    safe = _safe(text)
    if "\t" in safe and width() is None:  # a listing for other programs: rich would turn its tabs into spaces
        try:
            print(safe)
        except BrokenPipeError:
            gone()
        return
    _print(sys.stdout, safe, style, indent)


def row(*cells: str) -> None:
    """Print a line of a listing: its cells with tabs between them; on a terminal the first, and the others below."""
    if width() is None:
        say("\t".join(cells))
        return
    first, *others = cells
    say(first, "bold")
    for text in filter(None, others):
        say(f"    {text}")


def typed(text: str, columns: int | None) -> list[str]:
    """Break a command into lines of `columns` that a shell takes as one, so that it can be copied whole.

    In one line where nothing is known of the reader (None), and on Windows, whose shells go on in ways of their own.
    """
    if columns is None or os.name == "nt":
        return [f"  {text}"]
    lines, line = [], "  "
    for word in _WORD.findall(text):
        if line.strip() and cell_len(f"{line} {word} \\") > columns:
            lines.append(f"{line} \\")
            line = "    "
        line += f" {word}" if line.strip() else word
    return [*lines, line]


def command(text: str) -> None:
    """Print a command for a person to copy."""
    with _room():
        console(sys.stdout).print(f"[bold]{escape(chr(10).join(typed(_safe(text), width())))}[/]")


def raw(text: str) -> None:
    """Print a result for other programs, as it is."""
    try:
        print(text, end="" if text.endswith("\n") else "\n")
    except BrokenPipeError:
        gone()


def note(text: str, style: str = "dim") -> None:
    """Tell on stderr what happens meanwhile; nothing if it is to be quiet."""
    if _level > Level.QUIET:
        complain(text, style)


def complain(text: str, style: str = "red") -> None:
    """Tell on stderr what went wrong, however quiet it is to be."""
    _print(sys.stderr, _safe(text), style, "")


def _safe(text: str) -> str:
    return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)


def _print(stream: TextIO, safe: str, style: str, indent: str) -> None:
    columns = width(errors=stream is sys.stderr)
    if columns is not None:
        safe = "\n".join(wrapped(safe, columns, indent))
    with _room():
        console(stream).print(f"[{style}]{escape(safe)}[/]" if style else escape(safe))


_bars: list[Progress] = []  # on the screen now


@contextmanager
def _room() -> Iterator[None]:
    """Take the bars away while something is printed or asked."""
    shown = [bar for bar in _bars if bar.live.is_started]
    for bar in shown:
        bar.stop()
    try:
        yield
    finally:
        for bar in shown:
            bar.start()


def interactive() -> bool:
    """Say whether a person can be asked: both ends are a terminal. doit stands in for sys.stdout: that is no guide."""
    ends = (sys.__stdin__, sys.__stdout__)
    try:
        return sys.stdin is sys.__stdin__ and all(end is not None and end.isatty() for end in ends)
    except ValueError:  # closed
        return False


def confirm(question: str) -> bool:
    """Ask, and take nothing but y or yes for a yes; False where nobody can be asked. A bar makes room meanwhile."""
    if not interactive():
        return False
    with _room():
        say(question)
        try:
            return input("[y/N] ").strip().lower() in ("y", "yes")
        except EOFError:
            return False


class Show(Protocol):
    """What `progress` yields: called with how much is done, of how much, and a few words."""

    def __call__(self, done: int, total: int, note: str = "", /) -> None: ...


class Run:
    """One bar over a whole run of `total` phases; what a phase shows of itself stands under it. On a terminal alone."""

    def __init__(self, what: str, total: int) -> None:
        self.bar = _bar() if _shown() else None
        self._task = self.bar.add_task(escape(what), total=total, note="", run=True) if self.bar else None

    def phase(self, what: str) -> None:
        """A phase begins."""
        if _lines_wanted() or _level is Level.VERBOSE:
            note(what)
        if self.bar and self._task is not None:
            self.bar.update(self._task, note=escape(what.partition(":")[0]))
            if self.bar not in _bars:
                _bars.append(self.bar)
                self.bar.start()

    def advance(self) -> None:
        """A phase is over, or had nothing to do."""
        if self.bar and self._task is not None:
            self.bar.advance(self._task)

    def end(self) -> None:
        """Take the bar away."""
        if self.bar in _bars:
            assert self.bar is not None
            _bars.remove(self.bar)
            self.bar.stop()


def _lines_wanted() -> bool:
    return os.environ.get(PROGRESS) in ("lines", "phases")


def _shown() -> bool:
    """Say whether there are bars."""
    return _level > Level.QUIET and not _lines_wanted() and console(sys.stderr).is_terminal


def _bar() -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class _Remaining(TimeRemainingColumn):
        """Of one phase alone: phases take so differently long that of a run of them nothing can be foretold."""

        def render(self, task: Task) -> Text:
            return Text() if task.fields.get("run") else super().render(task)

    # the stream of this moment: doit puts others in its place while a task runs. What is printed makes room by itself.
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        _Remaining(),
        TextColumn("{task.fields[note]}", style="dim"),
        console=console(sys.stderr),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


@contextmanager
def progress(what: str) -> Iterator[Show]:
    """Show a bar on a terminal, under that of the whole run if there is one; yields what moves it."""
    if os.environ.get(PROGRESS) == "lines":
        yield _lines(what)
        return
    if not _shown():
        yield lambda done, total, note="", /: None
        return
    over = _bars[0] if _bars else None
    bar = over or _bar()
    task: TaskID | None = None

    def show(done: int, total: int, note: str = "", /) -> None:
        nonlocal task
        if task is None:  # from here on: before, something may have to be said, or asked
            task = bar.add_task(escape(what), total=None, note="")
            if bar not in _bars:
                _bars.append(bar)
                bar.start()
        bar.update(task, completed=done, total=total, note=escape(note))

    try:
        yield show
    finally:
        if task is not None:
            bar.remove_task(task)
            if bar is not over:
                _bars.remove(bar)
                bar.stop()


def _lines(what: str) -> Show:
    last = time.monotonic()

    def show(done: int, total: int, note: str = "", /) -> None:
        nonlocal last
        if time.monotonic() - last >= 1:
            last = time.monotonic()
            complain(f"{what}: {done} of {total} {note}".rstrip(), "dim")

    return show
