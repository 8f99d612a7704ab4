"""`loraprep why TASK`: what changed since a task ran. How that is known is in pipeline/why.py."""

from __future__ import annotations

import click

from loraprep.cli import commands, completing, running

PARAMS: list[click.Parameter] = [
    click.Argument(
        ["task"], metavar="[TASK]", default="gate1",
        shell_complete=completing.names(lambda: [c.name for c in commands.every() if not c.code]),
    )
]  # fmt: skip


def run(task: str) -> int:
    """Say it; 0. Raises UserError."""
    return running.doit(["why", task], checked=False)
