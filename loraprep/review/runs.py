"""Run a command from the page: a process of its own, so that lock, exit code and words are the terminal's."""

from __future__ import annotations

import asyncio
from pathlib import Path

from loraprep.core import child
from loraprep.core.terminal import PROGRESS

COMMANDS = {"gate1": ("gate1",), "dataset": ("dataset",), "export": ("dataset", "export")}  # what the page may run
KEPT = 400  # lines of the last run that a reloaded page still shows


class Runs:
    """At most one run at a time. `lines` grows; `count` of the lines dropped before them; `code` None while it runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.number = 0
        self.what = "gate1"
        self.lines: list[str] = []
        self.dropped = 0
        self.code: int | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        return self._task is not None and not self._task.done()

    async def start(self, what: str) -> bool:
        """Start one of COMMANDS; False if one is running already."""
        if self.running:
            return False
        self.number += 1
        self.what = what
        self.lines, self.dropped, self.code = [], 0, None
        self._task = asyncio.create_task(self._run())
        return True

    async def stop(self) -> None:
        """End a run with the page: what was paid for is on disk, and the next run goes on from there."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def _run(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *child.python("from loraprep.__main__ import main; sys.exit(main(sys.argv[1:]))"),
            *("-C", str(self.root), *COMMANDS[self.what]),
            cwd=child.HOME,
            env=child.environment(NO_COLOR="1", PYTHONUNBUFFERED="1", PYTHONUTF8="1", **{PROGRESS: "lines"}),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert self._process.stdout is not None
        while data := await self._process.stdout.readline():
            self._say(data.decode("utf-8", "replace").rstrip("\r\n"))
        self.code = await self._process.wait()

    def _say(self, line: str) -> None:
        self.lines.append(line)
        if len(self.lines) > KEPT:
            self.dropped += 1
            del self.lines[0]
