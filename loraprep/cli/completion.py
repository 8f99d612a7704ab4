"""`loraprep completion SHELL`: the lines that make a shell complete."""

from __future__ import annotations

import click
from click.shell_completion import ShellComplete, get_completion_class

from loraprep.cli import completing
from loraprep.core import terminal

PARAMS: list[click.Parameter] = [click.Argument(["shell"], type=click.Choice(["bash", "zsh", "fish"]))]


def run(shell: str) -> int:
    """Print them; 0."""
    from loraprep.cli.tree import ROOT

    kind = get_completion_class(shell)
    assert kind is not None  # or click had refused the word
    # past bash's own `source`, which starts a bash to learn its version
    terminal.raw(ShellComplete.source(kind(ROOT, {}, "loraprep", completing.VARIABLE)))
    return 0
