"""`loraprep check DIR`: what would go wrong with a dataset folder, ours or not. Reads only."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from loraprep.cli.arguments import Parser
from loraprep.core import findings, resources, terminal
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.pipeline import results
from loraprep.project import profiles
from loraprep.trainers import folder, lint


def configured(folder: Path, holding: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """(folder with pictures, "" for the top -> extension of its captions; the files that say so), for kohya.

    Read from any TOML in the folder or beside it, and from exports/ beside our dataset/. A folder is found by the
    last part of its `image_dir`: paths are often those of the machine that trains.
    """
    told: dict[str, str] = {}
    used = []
    top = folder.resolve()
    named = {(f.rpartition("/")[2] or top.name): f for f in holding}
    ours = top.parent / "exports/kohya/dataset_config.toml"
    for path in [*sorted(top.glob("*.toml")), *sorted(top.parent.glob("*.toml")), *([ours] if ours.is_file() else [])]:
        if not path.is_file():  # reading a pipe would wait for ever
            continue
        try:
            found = dict(_subsets(tomllib.loads(path.read_text("utf-8"))))
        except (OSError, ValueError, AttributeError, TypeError, RecursionError):
            continue  # somebody else's TOML
        mine = {named[name]: extension for name, extension in found.items() if name in named}
        told |= mine
        used += [path.relative_to(top.parent).as_posix()] if mine else []
    return told, used


def _subsets(config: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(last part of image_dir, extension of its captions): [general] < [[datasets]] < [[datasets.subsets]]."""
    for dataset in config.get("datasets", []):
        for subset in (s for s in dataset.get("subsets", []) if "image_dir" in s):
            for level in (subset, dataset, config.get("general", {})):
                if extension := level.get("caption_extension"):
                    break
            else:
                extension = ".caption"
            yield re.split(r"[/\\]", str(subset["image_dir"]).rstrip("/\\"))[-1], str(extension)


def run(args: list[str]) -> int:
    """0 if nothing but notes was found, 1 if something would go wrong. Raises UserError for a wrong command line."""
    known = {n: p for n in resources.names("resources/trainers") if (p := profiles.trainer(n)).reads}
    parser = Parser(
        prog="loraprep check",
        description="What would go wrong with a dataset folder. Writes nothing. "
        "Ends with 0 if there is nothing to mend, else with 1.",
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="any folder with pictures and captions")
    parser.add_argument("--trainer", action="append", choices=["all", *known], help="default: all; may be repeated")
    asked = parser.parse_args(args)
    if not asked.folder.is_dir():
        raise UserError(
            f'there is no folder "{asked.folder}"',
            exit_code=UNUSABLE,
            hint="Name the folder that you would give to the trainer.",
        )
    chosen = known if "all" in (asked.trainer or ["all"]) else {n: known[n] for n in asked.trainer}
    with terminal.progress("Looking at the folder") as progress:
        found_files = folder.read_folder(asked.folder, progress)
    holding = sorted({s.folder for s in found_files if s.kind == "picture"})
    told, files = configured(asked.folder, holding) if "kohya" in chosen else ({}, [])
    found = lint.lint_folder(found_files, chosen, told)
    results.print_findings(found)
    if files:
        terminal.say(f"{chosen['kohya'].title} is taken to be started with {' and '.join(files)}.")
    bad = sum(findings.severity(f.code, {}) in ("block", "warn") for f in found)
    titles = ", ".join(data.title for data in chosen.values())
    pictures = sum(s.kind == "picture" for s in lint.without_copies(found_files))
    verdict = f"{bad} thing{'s' * (bad != 1)} to mend" if bad else "nothing to mend"
    terminal.say(
        f"{pictures} picture{'s' * (pictures != 1)} checked for {titles}: {verdict}.",
        "bold red" if bad else "bold green",
    )
    return 1 if bad else 0
