"""`loraprep check DIR`: say what would go wrong with a dataset folder, ours or not. Reads only."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from loraprep.cli.parser import Parser
from loraprep.core import files, findings, resources, terminal
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.pipeline import results
from loraprep.project import profiles
from loraprep.trainers import folder, lint


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


def run(args: list[str]) -> int:
    """Run it: 0 if nothing but notes was found, else 1. Raises UserError for a wrong command line."""
    known = {n: p for n in resources.names("resources/trainers") if (p := profiles.trainer(n)).reads}
    parser = Parser(
        prog="loraprep check",
        description="What would go wrong with a dataset folder. Writes nothing. "
        "Ends with 0 if there is nothing to mend, else with 1.",
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="any folder with pictures and captions")
    parser.add_argument("--trainer", action="append", choices=["all", *known], help="default: all; may be repeated")
    options = parser.parse_args(args)
    if not options.folder.is_dir():
        raise UserError(
            f'there is no folder "{options.folder}"',
            exit_code=UNUSABLE,
            hint="Name the folder that you would give to the trainer.",
        )
    chosen = known if "all" in (options.trainer or ["all"]) else {n: known[n] for n in options.trainer}
    with terminal.progress("Looking at the folder") as progress:
        found_files = folder.read_folder(options.folder, progress)
    holding = sorted({s.folder for s in found_files if s.kind == "picture"})
    extensions, told = kohya_extensions(options.folder, holding) if "kohya" in chosen else ({}, [])
    found = lint.lint_folder(found_files, chosen, extensions)
    results.print_findings(found)
    if told:
        terminal.say(f"{chosen['kohya'].title} is taken to be started with {' and '.join(told)}.")
    bad = sum(findings.severity(f.code, {}) in ("block", "warn") for f in found)
    titles = ", ".join(data.title for data in chosen.values())
    pictures = sum(s.kind == "picture" for s in lint.without_copies(found_files))
    verdict = f"{bad} thing{'s' if bad != 1 else ''} to mend" if bad else "nothing to mend"
    terminal.say(
        f"{pictures} picture{'s' if pictures != 1 else ''} checked for {titles}: {verdict}.",
        "bold red" if bad else "bold green",
    )
    return 1 if bad else 0
