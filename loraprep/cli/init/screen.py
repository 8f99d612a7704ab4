"""One question on a terminal, by prompt_toolkit (BSD licence): imported when somebody is asked, as it is slow."""

from __future__ import annotations

import os
import shutil

from prompt_toolkit.application import Application
from prompt_toolkit.application.current import get_app_session
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input.typeahead import clear_typeahead
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import BufferControl, FormattedTextControl, HSplit, Layout, Window
from prompt_toolkit.layout.processors import BeforeInput
from prompt_toolkit.output.color_depth import ColorDepth

from loraprep.cli.init import asking, choices
from loraprep.cli.init.asking import BACK, Back, Question

_ESCAPE = 0.05  # s after Esc in which a key such as an arrow, which begins like it, would go on
_HERE, _ELSEWHERE, _MARKED, _LEFT = ">", " ", "[x]", "[ ]"
_MOVES = {Keys.Up: -1, Keys.Down: 1, Keys.ControlP: -1, Keys.ControlN: 1}
_LOUD, _QUIET, _WRONG = "bold", "ansibrightblack", "ansiyellow"


def ask_on_screen(question: Question) -> str:
    """Show the question until it is answered, and take it from the screen. Raises Back, EOFError, KeyboardInterrupt."""
    app = _Asking(question).application()
    app.ttimeoutlen = app.timeoutlen = _ESCAPE
    return app.run()


def drop_keys() -> None:
    """Forget what was typed up to now: read already by the question before, or waiting in the terminal."""
    keys = get_app_session().input
    clear_typeahead(keys)
    with keys.raw_mode():  # else only whole lines would come
        while keys.read_keys():
            pass


def erase(lines: int) -> None:
    """Take the last lines off the screen; those that scrolled out of it stay."""
    screen = get_app_session().output
    screen.cursor_up(min(lines, shutil.get_terminal_size().lines - 1))
    screen.erase_down()
    screen.flush()


class _Asking:
    """The question as it stands: what is typed, where the mark stands, what was wrong with the last answer."""

    def __init__(self, question: Question) -> None:
        self.question = question
        names = [choice.name for choice in question.choices]
        chosen = choices.parts(question.default or "") if question.several else [question.default]
        self.marked = {names.index(name) for name in chosen if name in names}
        self.at = min(self.marked, default=-1)  # the place of the mark; -1: nowhere yet
        self.wrong = self.doubted = ""
        self.buffer = Buffer(document=Document(question.typed), multiline=False, on_text_changed=self._typed)

    def _typed(self, _: Buffer) -> None:
        self.wrong = ""
        if self.buffer.text.strip() and self.question.choices and not self.question.several:
            found = choices.meant(self.buffer.text, self.question.choices)
            self.at = found[0] if len(found) == 1 else -1

    # what is done with it

    def _move(self, by: int) -> None:
        count = len(self.question.choices)
        self.at = (self.at + by) % count if self.at >= 0 else (0 if by > 0 else count - 1)
        if self.buffer.text:
            at = self.at
            self.buffer.set_document(Document(""))
            self.at = at
        self.wrong = ""

    def _toggle(self) -> None:
        if self.at >= 0:
            self.marked ^= {self.at}
            self.wrong = ""

    def _answer(self) -> str | None:
        """Return the answer, None if there is none yet, and `wrong` says why."""
        question, typed = self.question, self.buffer.text
        if not typed.strip() and question.choices:
            chosen = sorted(self.marked) if question.several else [self.at] if self.at >= 0 else []
            typed = ", ".join(question.choices[n].name for n in chosen)
            if not typed:
                self.wrong = "Choose one: arrows, a number, or the beginning of a name."
                return None
        answer, problem = asking.understood(question, typed)
        if answer is None:
            self.wrong = f"{problem[:1].upper()}{problem[1:]}"
            return None
        if answer != self.doubted and typed.strip() and (doubt := question.doubt(answer)):
            self.wrong, self.doubted = f"{doubt} Enter again keeps it.", answer
            return None
        return answer

    # what is seen

    def _marks(self) -> list[str]:
        shown = range(len(self.question.choices))
        marks = [_HERE if n == self.at else _ELSEWHERE for n in shown]
        if self.question.several:
            typed = self.buffer.text.strip()
            chosen = set(choices.several(typed, self.question.choices)) if typed else self.marked
            marks = [f"{mark} {_MARKED if n in chosen else _LEFT}" for n, mark in enumerate(marks)]
        return marks

    def _above(self) -> StyleAndTextTuples:
        question = self.question
        lines: StyleAndTextTuples = [(_LOUD, "\n".join(asking.wrapped(question.text)) + "\n")]
        if question.example:
            lines.append((_QUIET, "\n".join(asking.wrapped(f"For example: {question.example}")) + "\n"))
        if question.choices:
            used = sum(text.count("\n") for _, text, *_ in lines) + 3 + len(self._below_lines())
            for number, row in self._rows(max(shutil.get_terminal_size().lines - used, 3)):
                style = _LOUD if number == self.at else _QUIET if number < 0 else ""
                lines.append((style, "\n".join(row) + "\n"))
        elif question.default is not None and not question.typed:
            lines.append((_QUIET, "\n".join(asking.wrapped(f"Enter alone: {question.default_words}")) + "\n"))
        style, last = lines[-1][:2]
        return [*lines[:-1], (style, last.removesuffix("\n"))]

    def _rows(self, room: int) -> list[tuple[int, list[str]]]:
        """Return (place, lines) of the choices for which there is room: all of them whole, else only the one at the
        mark whole, else those around it; -1 is the place of a line about those that are not shown.
        """
        listed, marks = self.question.choices, self._marks()
        rows = asking.table(listed, marks)
        if sum(map(len, rows)) > room:
            rows = asking.table(listed, marks, lambda n: n != self.at)
        first, last = 0, len(rows)
        while sum(map(len, rows[first:last])) + (first > 0) + (last < len(rows)) > room and last - first > 1:
            if max(self.at, 0) - first > last - 1 - max(self.at, 0):
                first += 1
            else:
                last -= 1
        shown = [(n, rows[n]) for n in range(first, last)]
        before = [(-1, [f"  ... {first} more above"])] if first else []
        after = [(-1, [f"  ... {len(rows) - last} more below"])] if last < len(rows) else []
        return [*before, *shown, *after]

    def _below_lines(self) -> list[str]:
        kind = "several" if self.question.several else "list" if self.question.choices else "text"
        return asking.wrapped(self.wrong or asking.HINTS[kind])

    def _below(self) -> StyleAndTextTuples:
        return [(_WRONG if self.wrong else _QUIET, "\n".join(self._below_lines()))]

    def application(self) -> Application[str]:
        """Put the parts on the screen, below what was said before."""
        line = BufferControl(self.buffer, input_processors=[BeforeInput(f"{self.question.label}: ", _LOUD)])
        typing = Window(line, wrap_lines=True, dont_extend_height=True)
        body = HSplit(
            [
                Window(FormattedTextControl(self._above), dont_extend_height=True),
                typing,
                Window(FormattedTextControl(self._below), dont_extend_height=True),
            ]
        )
        return Application(
            layout=Layout(body, focused_element=typing),
            key_bindings=self._keys(),
            erase_when_done=True,
            color_depth=ColorDepth.DEPTH_1_BIT if os.environ.get("NO_COLOR") else None,
        )

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        listed = Condition(lambda: bool(self.question.choices))
        marking = Condition(lambda: self.question.several and not self.buffer.text)

        @keys.add(Keys.Enter)
        def _(event: KeyPressEvent) -> None:
            if self.buffer.text.strip() == BACK:
                event.app.exit(exception=Back)
            elif (answer := self._answer()) is not None:
                event.app.exit(result=answer)

        for key, by in _MOVES.items():

            @keys.add(key, filter=listed)
            def _(_event: KeyPressEvent, by: int = by) -> None:
                self._move(by)

        @keys.add(" ", filter=marking)
        def _(_event: KeyPressEvent) -> None:
            self._toggle()

        @keys.add(Keys.Escape)
        @keys.add(Keys.BackTab)
        def _(event: KeyPressEvent) -> None:
            event.app.exit(exception=Back)

        @keys.add(Keys.ControlC)
        @keys.add(Keys.SIGINT)
        def _(event: KeyPressEvent) -> None:
            event.app.exit(exception=KeyboardInterrupt)

        @keys.add(Keys.ControlD)
        def _(event: KeyPressEvent) -> None:
            if self.buffer.text:
                self.buffer.delete()
            else:
                event.app.exit(exception=EOFError)

        @keys.add(Keys.BracketedPaste)
        def _(event: KeyPressEvent) -> None:
            self.buffer.insert_text(" ".join(event.data.split("\n")).replace("\r", "").strip())

        return keys
