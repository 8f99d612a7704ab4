"""A command of loraprep that notes what each task costs: python -m tests.benchmarks.phases NOTES COMMAND ...

Writes a JSON line a task that ran, as it ends: its step, seconds of processors and on the clock, and the most MB that it
and the processes that it started held meanwhile, what phases before it left included. Linux.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from loraprep.__main__ import main
from loraprep.pipeline.action import Action
from tests.benchmarks.timing import _children, _peak, _spent


class Notes:
    """Takes the place of `Action.__call__`."""

    def __init__(self, path: Path) -> None:
        self.path, self.call = path, Action.__call__
        self._spent: dict[
            int, float
        ] = {}  # by process: what those that ended meanwhile took is counted to the last look

    def __call__(self, action: Action, **options: object) -> object:
        for pid in self._all():
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # peaks count from here: proc(5)
        before, clock = self._cpu(), time.perf_counter()
        try:
            return self.call(action, **options)
        finally:
            started = [pid for pid in self._all() if pid != os.getpid()]
            own, theirs = _peak(os.getpid()), sum(_peak(pid) for pid in started)
            line = {"step": action.step, "cpu": self._cpu() - before, "clock": time.perf_counter() - clock,
                    "own": own, "memory": own + theirs}  # fmt: skip
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    def _all(self) -> list[int]:
        return [os.getpid(), *_children(os.getpid())]

    def _cpu(self) -> float:
        for pid in self._all():
            self._spent[pid] = _spent(pid)
        return sum(self._spent.values())


if __name__ == "__main__":
    notes = Notes(Path(sys.argv[1]).absolute())
    Action.__call__ = lambda self, **options: notes(self, **options)  # type: ignore[assignment, method-assign]
    sys.argv = ["loraprep", *sys.argv[2:]]
    sys.exit(main())
