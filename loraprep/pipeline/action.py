"""What doit calls when a task runs: its step, one run at a time, with problems in words."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence

from doit.exceptions import TaskFailed
from filelock import Timeout

from loraprep.core import files, free_memory, interrupt, machine, terminal
from loraprep.core.errors import Problem
from loraprep.imaging import process
from loraprep.imaging.errors import BadImage
from loraprep.pipeline.workspace import Workspace
from loraprep.project import slips

_OF_RESULTS = ("json", "shown")  # options of a task that say how its result is shown, and are nothing to its step


class Told:
    """What doit calls, with what a person is meant to read in words."""

    def __init__(self, call: Callable[[], TaskFailed | None]) -> None:
        self.call = call

    def __call__(self) -> TaskFailed | None:
        try:
            return self.call()
        except machine.TOLD as error:
            return TaskFailed(str(machine.told(error)))


class Action:
    """A step as doit calls it, with the task's options as keywords.

    `step` names a function of steps/ as "module.function"; its module is imported when it first runs, so that a run
    in which nothing is stale loads none of them.
    """

    def __init__(self, work: Workspace, step: str, reads: Sequence[str]) -> None:
        self.work, self.step, self.reads = work, step, reads

    def __call__(self, **options: object) -> TaskFailed | None:
        for name in _OF_RESULTS:
            options.pop(name, None)
        process.claim()  # under `doit -f dodo.py` nothing of ours ran before
        try:
            failed = self._failed(options)
        except (KeyboardInterrupt, Exception) as error:
            if not isinstance(error, KeyboardInterrupt) and not interrupt.came():
                raise
        else:
            if not interrupt.came():
                self.work.let_go()
                free_memory.give_back()
                return failed
        terminal.complain("\nStopped. What was done is kept; the same command goes on.", "dim")
        raise SystemExit(interrupt.CODE)

    def _failed(self, options: Mapping[str, object]) -> TaskFailed | None:
        try:
            self.work.lock()
            before = self._digests()
            if self.load()(self.work, **options) is False:
                return TaskFailed("", report=False)
            if before != self._digests():
                return TaskFailed("A file was edited while it was being read. Run it again.")
        except Timeout:
            return TaskFailed("Another loraprep is running in this project. Wait for it to end, then run this again.")
        except BadImage as bad:  # it was sound when it was scanned
            hint = "It changed during this run. Run the same command again: the scan looks at it anew."
            return TaskFailed(str(Problem(bad.reason, bad.path, hint)))
        except machine.TOLD as error:
            return TaskFailed(str(slips.with_others(self.work.root, machine.told(error))))
        return None

    def load(self) -> Callable[..., bool | None]:
        """Import the step."""
        module, _, function = self.step.partition(".")
        step: Callable[..., bool | None] = getattr(
            importlib.import_module(f"loraprep.pipeline.steps.{module}"), function
        )
        return step

    def _digests(self) -> list[str]:
        return [files.sha256(self.work.root / path) for path in self.reads]
