"""Asking one question: on a terminal with a list to walk through, elsewhere line by line."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import msgspec

from loraprep.cli.init import choices
from loraprep.cli.init.choices import Choice
from loraprep.core import terminal

BACK = "<"
_UNBROKEN = 100_000
HINTS = {
    "list": "Arrows, a number or the first letters, then Enter. Esc goes back.",
    "several": "Space marks one, or type several; then Enter. Esc goes back.",
    "text": "Enter takes it. Esc goes back.",
}


class Back(Exception):
    """The person wants the question before this one."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. `default`: the answer that Enter gives, `shown` how that is called; None: there is none.

    `check`: says what is wrong with an answer, "" if nothing is. `doubt`: says what speaks against one that can be
    taken; given twice, it is taken.
    """

    text: str
    label: str  # how the answer is called afterwards
    example: str = ""
    choices: tuple[Choice, ...] = ()
    several: bool = False
    default: str | None = None
    shown: str = ""
    typed: str = ""  # what stands on the line to begin with, where there is one
    check: Callable[[str], str] = lambda _: ""
    doubt: Callable[[str], str] = lambda _: ""

    @property
    def default_words(self) -> str:
        """How the default is called; "" without one."""
        return "" if self.default is None else self.shown or self.default or "nothing"


class Asker(Protocol):
    """Asks a person."""

    def say(self, text: str, style: str = "") -> None:
        """Show a paragraph, wrapped at words."""

    def ask(self, question: Question) -> str:
        """Return the answer: a choice's name, several joined with commas, or a text.

        Raises Back, EOFError (Ctrl-D) and KeyboardInterrupt.
        """

    def take_back(self, label: str) -> None:
        """The person went back to the question that is called so: it is asked anew."""


def asker(*, plain: bool) -> Asker:
    """Return who asks here: `plain`, or where arrows cannot be shown, line by line."""
    return Lines() if plain or not walkable() else Screen()


@contextmanager
def unechoed(by: Asker) -> Iterator[Asker]:
    """Keep what is typed between two questions off the screen: a list drops it. Whoever asks line by line needs it."""
    try:
        import termios  # not on Windows, which shows nothing that nobody reads
    except ImportError:
        yield by
        return
    if not isinstance(by, Screen):
        yield by
        return
    before = termios.tcgetattr(sys.stdin)
    silent = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(sys.stdin, termios.TCSANOW, silent)
    try:
        yield by
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, before)


def walkable() -> bool:
    """Say whether this terminal can show a list to walk through."""
    return terminal.interactive() and os.environ.get("TERM", "") not in ("dumb", "unknown")


def width() -> int:
    """Columns of the terminal, one less, since some break the line at the last, and no more than are said in one line
    anywhere; what is no terminal wraps by itself.
    """
    if "COLUMNS" not in os.environ and not sys.stdout.isatty():
        return _UNBROKEN
    return max(min(shutil.get_terminal_size().columns - 1, terminal.WIDEST), 20)


def wrapped(text: str, indent: str = "", first: str | None = None) -> list[str]:
    """Wrap at words, and never inside one unless it is wider than the terminal."""
    return textwrap.wrap(
        text, width(), initial_indent=indent if first is None else first, subsequent_indent=indent,
        break_on_hyphens=False,
    )  # fmt: skip


def say(text: str, style: str = "") -> None:
    """Show a paragraph, wrapped at words."""
    for paragraph in text.split("\n"):
        terminal.say("\n".join(wrapped(paragraph)), style)


def understood(question: Question, typed: str) -> tuple[str | None, str]:
    """Return (the answer, "") or (None, what is wrong)."""
    typed = typed.strip()
    if not typed:
        if question.default is None:
            return None, "an answer is needed here"
        return question.default, ""
    if not question.choices:
        problem = question.check(typed)
        return (None, problem) if problem else (typed, "")
    if question.several:
        for part in choices.parts(typed):
            if problem := choices.fault(part, question.choices):
                return None, problem
        answer = ", ".join(question.choices[n].name for n in choices.several(typed, question.choices))
    else:
        if problem := choices.fault(typed, question.choices):
            return None, problem
        answer = question.choices[choices.meant(typed, question.choices)[0]].name
    problem = question.check(answer)
    return (None, problem) if problem else (answer, "")


def table(
    listed: Sequence[Choice], marks: Sequence[str], cut: Callable[[int], bool] = lambda _: False
) -> list[list[str]]:
    """Lay out the choices, numbered, each with its line beside its name: the lines of each, wrapped at words.

    `cut`: says of which only the first line is shown.
    """
    names = max(len(choice.name) for choice in listed)
    digits = len(str(len(listed)))
    rows = []
    for number, (choice, mark) in enumerate(zip(listed, marks, strict=True), 1):
        head = f"{mark} {number:>{digits}}  {choice.name:<{names}}  "
        lines = wrapped(choice.line, " " * len(head), head) if choice.line else [head.rstrip()]
        rows.append([f"{lines[0]} ..."[: width()]] if cut(number - 1) and len(lines) > 1 else lines)
    return rows


class Lines:
    """Asks line by line: for pipes, plain terminals and screen readers."""

    def __init__(self) -> None:
        self._told = False

    say = staticmethod(say)

    def take_back(self, label: str) -> None:
        """Say so: what was printed stays."""
        self.say("Back one question.", "dim")

    def ask(self, question: Question) -> str:
        """Print the question and read lines until one answers it."""
        say(question.text)
        for row in table(question.choices, [" "] * len(question.choices)) if question.choices else ():
            for line in row:
                terminal.say(line)
        if not self._told:
            self._told = True
            say("Answer with a number, a name or its beginning; < goes back.", "dim")
        given = [f"for example: {question.example}"] if question.example else []
        if question.default is not None:
            given.append(f"Enter: {question.default_words}")
        prompt = f"{question.label} ({'; '.join(given)}):" if given else f"{question.label}:"
        doubted = ""
        while True:
            terminal.say("\n".join(wrapped(prompt)))
            typed = self._line()
            if typed.strip() == BACK:
                raise Back
            answer, problem = understood(question, typed)
            if answer is None:
                say(f"{problem[:1].upper()}{problem[1:]}.".replace("..", ".").replace("?.", "?"), "yellow")
                continue
            if answer != doubted and typed.strip() and (doubt := question.doubt(answer)):
                doubted = answer
                say(f"{doubt} To keep it, type it again.", "yellow")
                continue
            return answer

    def _line(self) -> str:
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.rstrip("\r\n")


class Screen:
    """Asks on a terminal: a list to walk through with the arrows, and a line to type in. Both mean the same."""

    def __init__(self) -> None:
        self._stand: list[tuple[str, int]] = []  # (label, lines on the screen) of each answer, what was said to it too

    def say(self, text: str, style: str = "") -> None:
        """Show a paragraph, wrapped at words."""
        self._show([line for paragraph in text.split("\n") for line in wrapped(paragraph) or [""]], style)

    def ask(self, question: Question) -> str:
        """Show the question until it is answered; afterwards one line of it stays.

        A key pressed before it could be seen is no answer to what it proposes.
        """
        from loraprep.cli.init import screen

        if question.default is not None:
            screen.drop_keys()
        answer = screen.ask_on_screen(question)
        self._stand.append((question.label, 0))
        self._show(wrapped(answer or question.default_words, "  ", f"{question.label}: "), "bold")
        return answer

    def take_back(self, label: str) -> None:
        """Take the last answer off the screen, where it is of that question: it stands there once."""
        from loraprep.cli.init import screen

        if self._stand and self._stand[-1][0] == label:
            screen.erase(self._stand.pop()[1])

    def _show(self, lines: Sequence[str], style: str) -> None:
        terminal.say("\n".join(lines), style)
        if self._stand:
            label, before = self._stand[-1]
            self._stand[-1] = label, before + len(lines)
