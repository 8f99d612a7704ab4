"""`loraprep check DIR`: say what would go wrong with a dataset folder, ours or not. Reads only."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from loraprep.cli import completing
from loraprep.cli.init.given import folder as asked_folder
from loraprep.core import files, resources, terminal
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.core.patterns import Patterns
from loraprep.core.records import Reason
from loraprep.core.text import number_of
from loraprep.pipeline import results
from loraprep.project import profiles
from loraprep.project.profiles import TrainerProfile
from loraprep.trainers import folder as folders
from loraprep.trainers import lint
from loraprep.trainers.folder import FolderFile


class _Subset(msgspec.Struct):
    image_dir: str = ""
    caption_extension: str = ""


class _Dataset(msgspec.Struct):
    subsets: list[_Subset] = []
    caption_extension: str = ""


class _General(msgspec.Struct):
    caption_extension: str = ""


class _KohyaConfig(msgspec.Struct):
    """What we read of kohya's dataset configuration; [general] < [[datasets]] < [[datasets.subsets]]."""

    datasets: list[_Dataset] = []
    general: _General = msgspec.field(default_factory=_General)

    def extensions(self) -> dict[str, str]:
        """Map the last part of each image_dir -> the extension of its captions."""
        return {
            re.split(r"[/\\]", subset.image_dir.rstrip("/\\"))[-1]: subset.caption_extension
            or dataset.caption_extension
            or self.general.caption_extension
            or ".caption"
            for dataset in self.datasets
            for subset in dataset.subsets
            if subset.image_dir
        }


def kohya_extensions(folder: Path, holding: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Read (folder with pictures, "" for the top -> extension of its captions; the files that say so), for kohya.

    Read from any TOML in the folder or beside it, and from exports/ beside our dataset/. A folder is found by the
    last part of its `image_dir`: paths are often those of the machine that trains.
    """
    extensions: dict[str, str] = {}
    used = []
    top = folder.resolve()
    named = {(f.rpartition("/")[2] or top.name): f for f in holding}
    ours = top.parent / "exports/kohya/dataset_config.toml"
    for path in [*files.listed(top, ".toml"), *files.listed(top.parent, ".toml"), ours]:
        if not files.plain(path):  # reading a pipe would wait for ever
            continue
        try:
            found = msgspec.convert(tomllib.loads(files.read_text(path)), _KohyaConfig).extensions()
        except (OSError, ValueError, RecursionError):
            continue  # somebody else's TOML
        mine = {named[name]: extension for name, extension in found.items() if name in named}
        extensions |= mine
        if mine:
            used.append(path.relative_to(top.parent).as_posix())
    return extensions, used


def _known() -> dict[str, TrainerProfile]:
    """Map the trainers that read folders -> their profiles."""
    return {n: p for n in resources.names("resources/trainers") if (p := profiles.trainer(n)).reads}


PARAMS: list[click.Parameter] = [
    click.Argument(["folder"], metavar="DIR", shell_complete=completing.folders),
    click.Argument(["patterns"], nargs=-1, metavar="[PATTERN]...", type=click.UNPROCESSED),
    click.Option(
        ["--trainer"], multiple=True, type=click.Choice(["all", *_known()]), metavar="NAME",
        help=f"{', '.join(_known())} or all (the default); may be repeated",
    ),
]  # fmt: skip


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What --json shows, in the form of schemas/output/check.schema.json."""

    version: int = 1
    folder: str
    trainers: list[str]
    pictures: int
    to_mend: int
    reasons: list[Reason]


def run(folder: str, patterns: Sequence[str], trainer: Sequence[str], json: bool) -> int:
    """Check it: 0 if nothing but notes was found, else 1. Raises UserError for a wrong command line."""
    known, path = _known(), asked_folder(folder) or Path(folder)
    if not path.is_dir():
        raise UserError(
            "that is a file" if path.exists() else f'there is no folder "{folder}"',
            exit_code=UNUSABLE,
            hint="Name the folder that you would give to the trainer.",
        )
    chosen = known if "all" in (trainer or ["all"]) else {n: known[n] for n in trainer}
    with terminal.progress("Looking at the folder") as progress:
        found_files = folders.read_folder(path, progress)
    if patterns:
        found_files = _fitting(found_files, patterns, folder)
    holding = sorted({s.folder for s in found_files if s.kind == "picture"})
    extensions, told = kohya_extensions(path, holding) if "kohya" in chosen else ({}, [])
    reasons = results.reasons_of(lint.lint_folder(found_files, chosen, extensions))
    checked = Checked(
        folder=folder,
        trainers=[*chosen],
        pictures=sum(s.kind == "picture" for s in lint.without_copies(found_files)),
        to_mend=sum(r.severity in ("block", "warn") for r in reasons),
        reasons=reasons,
    )
    if json:
        terminal.raw(files.dumps(msgspec.to_builtins(checked)))
    else:
        _print(checked, [chosen[name].title for name in chosen], told)
    return 1 if checked.to_mend else 0


def _print(checked: Checked, titles: Sequence[str], told: Sequence[str]) -> None:
    for reason in checked.reasons:
        results.print_reason(reason)
    if not checked.reasons:
        terminal.say("Nothing found.")
    if told:
        terminal.say(f"kohya sd-scripts is taken to be started with {' and '.join(told)}.")
    bad = checked.to_mend
    verdict = f"{number_of(bad, 'thing')} to mend" if bad else "nothing to mend"
    terminal.say(
        f"{number_of(checked.pictures, 'picture')} checked for {', '.join(titles)}: {verdict}.",
        "bold red" if bad else "bold green",
    )


def _fitting(found: Sequence[FolderFile], patterns: Sequence[str], folder: str) -> list[FolderFile]:
    """Keep the pictures that fit, and the captions of their names. Raises UserError if none does."""
    named = Patterns(patterns)
    stems = {(f.folder, f.stem) for f in found if f.kind == "picture" and named.match(f.path)}
    if not stems:
        hint = "A pattern is a name ('pier.jpg'), a folder (sketches) or has stars ('*.jpg'), in quotes."
        raise UserError(f"no picture in it fits {' or '.join(patterns)}", place=folder, hint=hint, exit_code=UNUSABLE)
    return [f for f in found if (f.folder, f.stem) in stems]
