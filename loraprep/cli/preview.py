"""`loraprep look DIR`: a first look at a folder. Writes one HTML file and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from loraprep.cli import completing
from loraprep.core import resources, terminal

PARAMS: list[click.Parameter] = [
    click.Argument(["folder"], metavar="DIR", shell_complete=completing.folders),
    click.Argument(["patterns"], nargs=-1, metavar="[PATTERN]...", type=click.UNPROCESSED),
    click.Option(
        ["--kind"], metavar="KIND", default="style", help="character, style (the default) or object",
        shell_complete=completing.kinds,
    ),
    click.Option(
        ["--model"],
        metavar="MODEL",
        help=f"the base model you train: {', '.join(resources.names('resources/models'))} "
        "(default: studio.md's, else what the pictures suit by their size)",
        shell_complete=completing.models,
    ),
    click.Option(["--out"], metavar="FILE", help="the page to write (default: look-DIR.html here)"),
]  # fmt: skip


def run(**given: Any) -> int:
    """Look, and write the page; 0 when it is written. Raises UserError (exit code 3) with every problem at once."""
    folder = Path(given["folder"])
    if terminal.interactive() and folder.is_dir():  # what looks is loaded after it, and the first bar comes later still
        terminal.note(f"Looking at {folder.resolve().name} ...")
    from loraprep.cli import looking

    return looking.look(looking.Options(**given))
