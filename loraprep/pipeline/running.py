"""doit at work in a project: its commands and ours, with what it cannot say told to a person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loraprep.core import machine, terminal
from loraprep.core.errors import UserError
from loraprep.pipeline import tasks
from loraprep.pipeline.doit_task import Task
from loraprep.pipeline.workspace import Workspace
from loraprep.project import project, slips
from loraprep.project.project import Project


def graph(root: Path) -> list[Task]:
    """Return the tasks of the project in `root`. Raises UserError for a project.yaml that cannot be used."""
    try:
        return list(tasks.graph(Workspace(project.load(root, ask=True))))
    except UserError as error:
        raise slips.with_others(root, error) from None


def made(known: Project) -> frozenset[str]:
    """Name the tasks ("dataset", "export") whose results are what they would make now, in whatever folder we are."""
    from doit.task import dict_to_task

    from loraprep.pipeline import state

    root = known.root
    if not (root / state.NAME).exists():  # nothing ran here: the graph need not be made, and leaves no notes in build/
        return frozenset()
    named = {task.pop("basename"): task for task in tasks.graph(Workspace(known))}
    return state.made(root, {name: dict_to_task({**task, "name": name}) for name, task in named.items()})


def run(root: Path, known: Sequence[Task], words: Sequence[str]) -> int:
    """Run doit with `words` for the tasks `known` of the project in `root`; its exit code. Raises UserError."""
    from doit.cmd_base import ModuleTaskLoader
    from doit.doit_cmd import DoitMain

    from loraprep.pipeline import state
    from loraprep.pipeline.why import Why

    state.mend(root)
    commands = (*DoitMain.DOIT_CMDS, Why)

    class Loraprep(DoitMain):  # type: ignore[misc]
        BIN_NAME = "loraprep doit"
        DOIT_CMDS = tuple(type(command.__name__, (_Outward, command), {}) for command in commands)

    namespace = {"DOIT_CONFIG": tasks.DOIT_CONFIG, "task_loraprep": lambda: (task for task in known)}
    try:
        code: int = Loraprep(ModuleTaskLoader(namespace), config_filenames=()).run([*words])
    except _Refused as refused:
        raise refused.error from None
    return code


class _Refused(BaseException):
    """Carries what is told to a person through doit, which prints a traceback of every Exception."""

    def __init__(self, error: UserError) -> None:
        self.error = error


class _Outward:
    """Before a command of doit's: what the computer refuses is for `main` to tell."""

    def parse_execute(self, args: list[str]) -> Any:
        from loraprep.pipeline import state

        try:
            return super().parse_execute(args)  # type: ignore[misc]
        except BrokenPipeError:  # `loraprep doit list | head`
            terminal.gone()
        except machine.TOLD as error:  # SQLite names no file; doit has one alone
            raise _Refused(machine.told(error, state.NAME)) from None
