"""doit's voice in ours: one bar while tasks run, and the stored results that were asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, TypeAlias

from doit.reporter import ConsoleReporter

from loraprep.core import machine, terminal
from loraprep.core.errors import TO_MEND
from loraprep.pipeline import results, state
from loraprep.pipeline.action import Action
from loraprep.pipeline.results import Asked
from loraprep.pipeline.workspace import Workspace

DoitTask: TypeAlias = Any  # doit has no types


class Reporter(ConsoleReporter):  # type: ignore[misc]
    """Show how far the run is, then the stored results of the tasks that were named; problems plain, on stderr."""

    desc = "what an artist needs to read"

    def initialize(self, tasks: dict[str, DoitTask], selected_tasks: list[str]) -> None:
        calls = (getattr(a, "py_callable", None) for task in tasks.values() for a in task.actions)
        self.work = next((c.work for c in calls if isinstance(c, Action)), None)
        self.asked = {name: _asked(tasks[name]) for name in selected_tasks}
        if self.work:
            self.work.named.update(selected_tasks)
            self.work.as_json.update(name for name, how in self.asked.items() if how.as_json)
        self.finished: set[str] = set()
        self.judged = False  # did gate1 run?
        self.tasks = tasks
        self.run = terminal.Run(" ".join(selected_tasks), len(_needed(tasks, selected_tasks)))

    def execute_task(self, task: DoitTask) -> None:
        self.judged = self.judged or task.name == "gate1"
        self.run.phase(f"{task.name}: {task.doc[0].lower()}{task.doc[1:]}" if task.name != "gate1" else "gate1")

    def skip_uptodate(self, task: DoitTask) -> None:
        self._over(task)

    def add_success(self, task: DoitTask) -> None:
        self._over(task)

    def _over(self, task: DoitTask) -> None:
        self.finished.add(task.name)
        self.run.advance()

    def _write_failure(self, result: dict[str, DoitTask], write_exception: bool = True) -> None:
        failure, task = result["exception"], result["task"]
        if failure.get_name() == "TaskFailed":
            message = failure.message.strip() if hasattr(failure, "message") else failure.get_msg().strip()
            if message:
                terminal.complain(message)
        else:
            terminal.complain(f"{task.name}: this is a bug in loraprep; please report it with these lines:", "bold red")
            terminal.complain(failure.get_msg(), "")

    def complete_run(self) -> None:
        self.run.end()
        if self.work and self.judged and "gate1" not in self.work.as_json and self._verdict_matters(self.work):
            told = "export" in self.work.named and "export" in self.finished  # below, how training starts
            exported = partial(state.exported, self.tasks) if "export" not in self.finished else lambda: True
            results.print_verdict(self.work, exported, onward=not told)
        for name, how in self.asked.items():
            if self.work and (name in self.finished or (name == "gate1" and self.judged)):
                self._tell(name, self.work, how)
        for message in self.runtime_errors:
            terminal.complain(str(message))

    @staticmethod
    def _verdict_matters(work: Workspace) -> bool:
        """A build says nothing of the verdict that lets it build."""
        return "gate1" in work.named or not results.is_go(work)

    def _tell(self, name: str, work: Workspace, how: Asked) -> None:
        try:
            results.tell(name, work, how)
        except machine.TOLD as error:
            terminal.complain(str(machine.told(error)))
            raise SystemExit(TO_MEND) from None


def _asked(task: DoitTask) -> Asked:
    """Return what the command line says of how to show a task's result."""
    options = task.options or {}
    return Asked(bool(options.get("json")), tuple(task.pos_arg_val or ()))


def _needed(tasks: Mapping[str, DoitTask], names: Iterable[str]) -> set[str]:
    """Return the tasks that a run of `names` comes to: they, and all that they depend on."""
    makers = {target: task.name for task in tasks.values() for target in task.targets}
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found or name not in tasks:
            continue
        found.add(name)
        waiting += [*tasks[name].task_dep, *(makers[f] for f in tasks[name].file_dep if f in makers)]
    return found
