"""doit's voice in ours: a few plain lines while tasks run, and the stored results that were asked for."""

from __future__ import annotations

from typing import Any, TypeAlias

from doit.reporter import ConsoleReporter

from loraprep.core import machine
from loraprep.core.terminal import say
from loraprep.pipeline.action import Action
from loraprep.pipeline.results import RESULTS
from loraprep.pipeline.workspace import Workspace

DoitTask: TypeAlias = Any  # doit has no types


class Reporter(ConsoleReporter):  # type: ignore[misc]
    """Print a line a task that runs, the stored results of those that were named, problems plain."""

    desc = "what an artist needs to read"

    def initialize(self, tasks: dict[str, DoitTask], selected_tasks: list[str]) -> None:
        calls = (getattr(a, "py_callable", None) for task in tasks.values() for a in task.actions)
        self.work = next((c.work for c in calls if isinstance(c, Action)), None)
        if self.work:
            self.work.named.update(selected_tasks)
        self.asked = [name for name in selected_tasks if name in RESULTS]
        self.finished: set[str] = set()

    def execute_task(self, task: DoitTask) -> None:
        if task.name != "gate1":
            say(f"{task.name}: {task.doc[0].lower()}{task.doc[1:]}", "dim")

    def skip_uptodate(self, task: DoitTask) -> None:
        self.finished.add(task.name)

    def add_success(self, task: DoitTask) -> None:
        self.finished.add(task.name)

    def _write_failure(self, result: dict[str, DoitTask], write_exception: bool = True) -> None:
        failure, task = result["exception"], result["task"]
        if failure.get_name() == "TaskFailed":
            say(failure.message.strip() if hasattr(failure, "message") else failure.get_msg().strip(), "red")
        else:
            say(f"{task.name}: this is a bug in loraprep; please report it with these lines:", "bold red")
            say(failure.get_msg())

    def complete_run(self) -> None:
        for name in self.asked:
            if self.work and name in self.finished:
                self._tell(name, self.work)
        for message in self.runtime_errors:
            say(str(message), "red")

    def _tell(self, name: str, work: Workspace) -> None:
        try:
            RESULTS[name](work)
        except machine.TOLD as error:
            say(str(machine.told(error)), "red")
