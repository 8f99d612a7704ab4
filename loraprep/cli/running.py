"""Tasks of the graph, run by doit: where the project is, what doit is told, and doit's own commands."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from loraprep.core import machine
from loraprep.core.errors import UNUSABLE, UserError

PARAMS: list[click.Parameter] = [
    click.Argument(["words"], nargs=-1, metavar="[COMMAND] [WORD]...", type=click.UNPROCESSED)
]
_TASKS_OF = ("info", "run", "forget", "ignore", "clean", "reset-dep")  # doit's commands that take names of tasks


def home() -> Path:
    """Find the project around the current folder, and go there. Raises UserError (exit code 3)."""
    found = next((p for p in (Path.cwd(), *Path.cwd().parents) if (p / "project.yaml").is_file()), None)
    if found is None:
        hint = "Go into your project's folder, or start one: loraprep init NAME --images FOLDER"
        raise UserError("there is no project.yaml here or above", hint=hint, exit_code=UNUSABLE)
    os.chdir(found)
    return found


def run(words: Sequence[str]) -> int:
    """Run `loraprep doit ...`; doit's exit code. Raises UserError."""
    return doit(words, checked=False)


def doit(words: Sequence[str], more: Sequence[type] = (), *, checked: bool = True) -> int:
    """Run doit in the project around the current folder. `more`: further commands of its kind. Raises UserError.

    Not `checked`: the words are a person's own, and names of tasks in them may be mistyped.
    """
    root = home()
    from doit.cmd_base import ModuleTaskLoader
    from doit.doit_cmd import DoitMain

    from loraprep.pipeline import state, tasks
    from loraprep.pipeline.workspace import Workspace
    from loraprep.project import project

    # before doit makes its state file: an unusable project.yaml leaves nothing behind
    graph = list(tasks.graph(Workspace(project.load(root, ask=True))))
    if not checked:
        _known(words, [task["basename"] for task in graph])
    state.mend(root)
    commands = (*DoitMain.DOIT_CMDS, *more)

    class Loraprep(DoitMain):  # type: ignore[misc]
        BIN_NAME = "loraprep doit"
        DOIT_CMDS = tuple(type(command.__name__, (_Outward, command), {}) for command in commands)

    namespace = {"DOIT_CONFIG": tasks.DOIT_CONFIG, "task_loraprep": lambda: (task for task in graph)}
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
        except machine.TOLD as error:  # SQLite names no file; doit has one alone
            raise _Refused(machine.told(error, state.NAME)) from None


def _known(words: Sequence[str], tasks: Sequence[str]) -> None:
    """Raise UserError for a task that is none, before doit says so in its own words."""
    command, *others = [*words] or ["run"]
    if command not in _TASKS_OF:
        return
    for name in (word for word in others if not word.startswith("-") and "/" not in word):
        if name not in tasks:
            raise no_task(name, tasks)
    if command == "info" and not others:
        raise UserError("info needs the name of a task", hint="loraprep doit info gate1", exit_code=UNUSABLE)


def no_task(name: str, tasks: Sequence[str]) -> UserError:
    """Say that there is no such task."""
    near = difflib.get_close_matches(name, tasks, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(tasks)}."
    return UserError(f'there is no task "{name}"', hint=hint, exit_code=UNUSABLE)
