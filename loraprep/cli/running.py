"""Tasks of the graph, run by doit: where the project is, what doit is told, and doit's own commands."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from loraprep.core.errors import UNUSABLE, UserError
from loraprep.core.nearest import folders_in
from loraprep.core.text import listed

PARAMS: list[click.Parameter] = [
    click.Argument(["words"], nargs=-1, metavar="[COMMAND] [WORD]...", type=click.UNPROCESSED)
]
_TASKS_OF = ("info", "why", "run", "forget", "ignore", "clean", "reset-dep")  # doit's commands that take names of tasks


def home() -> Path:
    """Find the project around the current folder, and go there. Raises UserError (exit code 3)."""
    found = next((p for p in (Path.cwd(), *Path.cwd().parents) if (p / "project.yaml").is_file()), None)
    if found is None:
        hint = "Go into your project's folder, or start one: loraprep init NAME --images FOLDER"
        if below := [p.name for p in folders_in(Path.cwd()) if (p / "project.yaml").is_file()]:
            hint = (
                f"Go into your project's folder first. Here there {'is' if len(below) == 1 else 'are'} {listed(below)}."
            )
        raise UserError("there is no project.yaml here or above", hint=hint, exit_code=UNUSABLE)
    os.chdir(found)
    return found


def run(words: Sequence[str]) -> int:
    """Run `loraprep doit ...`; doit's exit code. Raises UserError."""
    return doit(words, checked=False)


def doit(words: Sequence[str], *, checked: bool = True) -> int:
    """Run doit in the project around the current folder; its exit code. Raises UserError.

    Not `checked`: the words are a person's own, and names of tasks in them may be mistyped.
    """
    root = home()
    from loraprep.pipeline import running

    # before doit makes its state file: an unusable project.yaml leaves nothing behind
    graph = running.graph(root)
    if not checked:
        _known(words, [task["basename"] for task in graph])
    return running.run(root, graph, words)


def _known(words: Sequence[str], tasks: Sequence[str]) -> None:
    """Raise UserError for a task that is none, before doit says so in its own words."""
    command, *others = [*words] or ["run"]
    if command not in _TASKS_OF:
        return
    for name in (word for word in others if not word.startswith("-") and "/" not in word):
        if name not in tasks:
            from loraprep.pipeline.why import no_task  # which loads doit: help and completion do without

            raise no_task(name, tasks)
    if command == "info" and not others:
        raise UserError("info needs the name of a task", hint="loraprep doit info gate1", exit_code=UNUSABLE)
