"""A terminal with a person before it: loraprep in a pseudo-terminal, its screen as pyte draws it, and keys."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path

import pyte

UP, DOWN, ENTER, ESC, TAB, SPACE = "\x1b[A", "\x1b[B", "\r", "\x1b", "\t", " "
CONTROL_C, CONTROL_D = "\x03", "\x04"
_POSITION = b"\x1b[6n"  # a program asks where the cursor is, and waits for the answer
PATIENCE = 30.0  # s: the machine may be busy


class Terminal:
    """Runs one command; `screen` is what can be seen now, and `history` all that scrolled out of sight too."""

    def __init__(
        self, cwd: Path, *args: str, columns: int = 80, rows: int = 24, env: Mapping[str, str] | None = None
    ) -> None:
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        given = {**os.environ, "TERM": "xterm-256color", "HOME": str(cwd), **(env or {})}
        for name in {"COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CI"} - set(env or {}):
            given.pop(name, None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "loraprep", *args], cwd=cwd, stdin=follower, stdout=follower, stderr=follower, env=given,
            start_new_session=True, preexec_fn=_controls,
        )  # fmt: skip
        os.close(follower)
        self._leader = leader
        self._screen = pyte.HistoryScreen(columns, rows, history=5000)
        self._stream = pyte.ByteStream(self._screen)
        self.sent = b""

    @property
    def screen(self) -> list[str]:
        """The lines that can be seen."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        """All that was shown and not taken back, the lines that scrolled out of sight too."""
        width = range(self._screen.columns)
        above = ["".join(line[x].data for x in width).rstrip() for line in self._screen.history.top]
        return "\n".join([*above, *self.screen]).rstrip()

    def see(self, words: str) -> str:
        """Wait until the words can be seen, wrapped as they may be; the screen."""
        end = time.monotonic() + PATIENCE
        while words not in " ".join("\n".join(self.screen).split()):
            assert time.monotonic() < end, f"{words!r} never came:\n{self.text}"
            assert self._read(0.1) or self.process.poll() is None, f"it ended before {words!r}:\n{self.text}"
        while self._read(0.05):
            pass
        return "\n".join(self.screen).rstrip()

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._leader, keys.encode())

    def answer(self, question: str, keys: str = "", then: str = ENTER) -> str:
        """Wait for a question and answer it; the screen as it asked."""
        seen = self.see(question)
        self.type(keys + then)
        return seen

    def ended(self) -> int:
        """Wait for the end; the exit code."""
        end = time.monotonic() + PATIENCE
        while self._read(0.1) or self.process.poll() is None:
            assert time.monotonic() < end, f"it does not end:\n{self.text}"
        return self.process.wait()

    def close(self) -> None:
        """End it if it still runs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self._leader)

    def _read(self, patience: float) -> bool:
        if not select.select([self._leader], [], [], patience)[0]:
            return False
        try:
            data = os.read(self._leader, 65536)
        except OSError:  # Linux says so when the other end is closed
            return False
        if not data:
            return False
        self.sent += data
        for number, part in enumerate(data.split(_POSITION)):
            if number:
                cursor = self._screen.cursor
                os.write(self._leader, f"\x1b[{cursor.y + 1};{cursor.x + 1}R".encode())
            self._stream.feed(part)
        return True


def _controls() -> None:
    """Make the pseudo-terminal the one whose Ctrl-C the process hears."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
