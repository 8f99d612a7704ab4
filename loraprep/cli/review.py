"""`loraprep review`: the page in your browser. What it is and does is in review/."""

from __future__ import annotations

import click

from loraprep.cli import completing, running

PARAMS: list[click.Parameter] = [
    click.Argument(["place"], metavar="[PLACE]", default="", shell_complete=completing.pictures),
    click.Option(["--no-browser"], is_flag=True, help="only print the address"),
    click.Option(
        ["--port"], type=click.IntRange(0, 65535), metavar="N", default=0, help="a fixed port; else a free one is taken"
    ),
]


def run(place: str, no_browser: bool, port: int) -> int:
    """Serve it until Ctrl-C; 0. Raises UserError."""
    root = running.home()
    from loraprep.review import serve

    return serve.serve(root, port=port, no_browser=no_browser, place=place)
