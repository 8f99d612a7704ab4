"""What a shell may complete: models, trainers, tasks, pictures. Quick, and silent where nothing is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from loraprep.core import machine, resources

VARIABLE = "_LORAPREP_COMPLETE"
_MOST = 200  # names that are offered at once
Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def names(known: Callable[[], Iterable[str]]) -> Completer:
    """Complete one of `known`; of several with commas between them, the last."""

    def complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        before, comma, last = incomplete.rpartition(",")
        return [CompletionItem(f"{before}{comma}{name}") for name in known() if name.startswith(last)]

    return complete


models = names(lambda: resources.names("resources/models"))
trainers = names(lambda: resources.names("resources/trainers"))
kinds = names(lambda: resources.names("resources/kinds"))


def folders(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a folder, by the shell's own means."""
    return [CompletionItem(incomplete, type="dir")]


def pictures(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a picture of the project that was scanned last; with -C before, of the one there."""
    from loraprep.scan import image_list

    start = Path(ctx.find_root().params.get("folder") or ".").absolute()
    for folder in (start, *start.parents):
        if (folder / "project.yaml").is_file():
            try:
                found = image_list.read_images(folder / "build/images.jsonl")
            except machine.TOLD:
                return []
            paths = [i.path for i in found if i.state == "image" and i.path.startswith(incomplete)]
            return [CompletionItem(path) for path in paths if path.isprintable()][:_MOST]
    return []
