"""What the terminal shows: plain lines and progress, safe whatever a file is called."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn, Protocol

from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from rich.progress import Progress

PROGRESS = "LORAPREP_PROGRESS"  # "lines": a plain line a second instead of a bar, for whoever reads along


class _Console(Console):
    def on_broken_pipe(self) -> None:
        _gone()


def _gone() -> NoReturn:
    """End without a word: whoever read along (`| head`) has what they wanted.

    By SystemExit, since doit shows the traceback of any other exception before main could see it.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for what is said on the way out; sys.stdout may be doit's
    raise SystemExit(0)


def console() -> Console:
    """Make a console anew, so that it follows a redirected stdout. rich respects NO_COLOR and pipes."""
    return _Console(highlight=False, soft_wrap=True, emoji=False)


def say(text: str, style: str = "") -> None:
    """Print text from anywhere: file names in it can't act as markup or as terminal codes."""
    safe = "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)
    if "\t" in safe:  # a listing for other programs: rich would turn its tabs into spaces
        try:
            print(safe)
        except BrokenPipeError:
            _gone()
        return
    console().print(f"[{style}]{escape(safe)}[/]" if style else escape(safe))


_bars: list[Progress] = []  # on the screen now


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
    for bar in _bars:
        bar.stop()
    try:
        say(question)
        return input("[y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False
    finally:
        for bar in _bars:
            bar.start()


class Show(Protocol):
    """What `progress` yields: called with how much is done, of how much, and a few words."""

    def __call__(self, done: int, total: int, note: str = "", /) -> None: ...


@contextmanager
def progress(what: str) -> Iterator[Show]:
    """Show a bar on a terminal, nothing elsewhere. Yields a function of (done, total, note)."""
    if os.environ.get(PROGRESS) == "lines":
        yield _lines(what)
        return
    out = console()
    if not out.is_terminal:
        yield lambda done, total, note="", /: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", style="dim"),
        console=out,
        transient=True,
    )
    task = bar.add_task(escape(what), total=None, note="")

    def show(done: int, total: int, note: str = "", /) -> None:
        if bar not in _bars:  # from here on: before, something may have to be said, or asked
            _bars.append(bar)
            bar.start()
        bar.update(task, completed=done, total=total, note=escape(note))

    try:
        yield show
    finally:
        if bar in _bars:
            _bars.remove(bar)
            bar.stop()


def _lines(what: str) -> Show:
    last = time.monotonic()

    def show(done: int, total: int, note: str = "", /) -> None:
        nonlocal last
        if time.monotonic() - last >= 1:
            last = time.monotonic()
            say(f"{what}: {done} of {total} {note}".rstrip(), "dim")

    return show
