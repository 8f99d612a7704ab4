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
from loraprep.core import files, resources, terminal, typed
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.core.nearest import folder_meant
from loraprep.core.patterns import Patterns
from loraprep.core.records import Reason
from loraprep.core.text import listed, number_of
from loraprep.dataset import shards
from loraprep.pipeline import results
from loraprep.project import profiles, project
from loraprep.project.profiles import TrainerProfile
from loraprep.trainers import caches, lint
from loraprep.trainers import folder as folders
from loraprep.trainers.folder import FolderFile


class _Captions(msgspec.Struct):
    caption_extension: str = ""
    enable_wildcard: bool | None = None


class _Subset(_Captions):
    image_dir: str = ""


class _Dataset(_Captions):
    subsets: list[_Subset] = []


class _KohyaConfig(msgspec.Struct):
    """What we read of kohya's dataset configuration; [general] < [[datasets]] < [[datasets.subsets]]."""

    datasets: list[_Dataset] = []
    general: _Captions = msgspec.field(default_factory=_Captions)

    def folders(self) -> dict[str, lint.Configured]:
        """Map the last part of each image_dir -> what is said of its captions."""
        return {
            re.split(r"[/\\]", subset.image_dir.rstrip("/\\"))[-1]: self._of(subset, dataset)
            for dataset in self.datasets
            for subset in dataset.subsets
            if subset.image_dir
        }

    def _of(self, *own: _Captions) -> lint.Configured:
        """Take what stands nearest; `own`: a subset and its dataset."""
        places = (*own, self.general)
        extension = next((place.caption_extension for place in places if place.caption_extension), ".caption")
        wildcard = next((place.enable_wildcard for place in places if place.enable_wildcard is not None), False)
        return lint.Configured(extension, wildcard)


class Told(msgspec.Struct, frozen=True):
    """What configurations of kohya's say of a folder."""

    folders: dict[str, lint.Configured] = msgspec.field(default_factory=dict)  # "" for the top
    used: list[str] = msgspec.field(default_factory=list)  # the files that say so
    unread: dict[str, str] = msgspec.field(default_factory=dict)  # files that cannot be read -> why


def kohya_configs(folder: Path, holding: Sequence[str]) -> Told:
    """Read what kohya is told of the folders that hold pictures.

    Read from any TOML in the folder or beside it, and from exports/ beside our dataset/, also for a folder of it. A
    folder is found by the last part of its `image_dir`: paths are often those of the machine that trains.
    """
    told = Told()
    top = folder.resolve()
    named = {(f.rpartition("/")[2] or top.name): f for f in holding}
    home = top.parent.parent if top.parent.name == "dataset" else top.parent  # of dataset/, or of a folder in it
    ours = home / "exports/kohya/dataset_config.toml"
    for path in [*files.listed(top, ".toml"), *files.listed(top.parent, ".toml"), ours]:
        if not files.plain(path):  # reading a pipe would wait for ever
            continue
        name = path.relative_to(home).as_posix()
        text = ""
        try:
            text = files.read_text(path)
            content = tomllib.loads(text)
        except (OSError, ValueError, RecursionError) as error:
            told.unread[name] = _why_unread(error, text)
            continue
        try:
            found = typed.convert(content, _KohyaConfig).folders()
        except msgspec.ValidationError as error:
            if "datasets" in content:  # else it is somebody else's
                told.unread[name] = str(error)
            continue
        mine = {named[last]: said for last, said in found.items() if last in named}
        told.folders.update(mine)
        if mine:
            told.used.append(name)
    return told


def _why_unread(error: Exception, text: str) -> str:
    """Say the line and the cause: "line 3: expected '=' after a key"."""
    if isinstance(error, tomllib.TOMLDecodeError):  # "... (at line 3, column 5)" or "... (at end of document)"
        cause, _, at = str(error).rpartition(" (at ")
        line = at.partition(",")[0] if at.startswith("line ") else f"line {len(text.splitlines())}"
        return f"{line}: {cause[:1].lower()}{cause[1:]}"
    if isinstance(error, UnicodeDecodeError):
        return f"line {error.object[: error.start].count(10) + 1}: it is not UTF-8 text"
    return "it is nested too deep" if isinstance(error, RecursionError) else "it cannot be opened"


def _known() -> dict[str, TrainerProfile]:
    """Map the trainers that read folders -> their profiles."""
    return {n: p for n in resources.names("resources/trainers") if (p := profiles.trainer(n)).reads}


PARAMS: list[click.Parameter] = [
    click.Argument(["folder"], metavar="DIR", shell_complete=completing.folders),
    click.Argument(["patterns"], nargs=-1, metavar="[PATTERN]...", type=click.UNPROCESSED),
    click.Option(
        ["--trainer"], multiple=True, type=click.Choice(["all", *_known()]), metavar="NAME",
        help=f"{', '.join(_known())} or all (the default; of a project's dataset/ its own); may be repeated",
    ),
]  # fmt: skip


def _of_project(folder: Path) -> list[str]:
    """List the trainers of the project whose training folder this is, or lies in; [] if it is none."""
    here = folder.resolve()
    for built in (here, *here.parents):
        if built.name == "dataset" and (built.parent / "project.yaml").is_file():
            try:
                return [*project.trainers_of(built.parent)]
            except UserError:  # then it is a folder like any other
                return []
    return []


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
            hint=folder_meant(path) or "Name the folder that you would give to the trainer.",
        )
    own = [] if trainer else [name for name in _of_project(path) if name in known]
    asked = trainer or own or ["all"]
    chosen = known if "all" in asked else {name: known[name] for name in asked}
    with terminal.progress("Looking at the folder") as progress:
        found_files = folders.read_folder(path, progress)
    if not any(f.kind == "picture" for f in found_files) and (packed := shards.among(f.path for f in found_files)):
        raise UserError(
            f"the pictures here are inside of {listed(packed)}, and this looks at pictures that are files",
            exit_code=UNUSABLE,
            hint="loraprep verify compares those of a project with its lock.",
        )
    pairs = lint.pairs_of(found_files)
    chosen = lint.that_train_pairs(chosen) if pairs else chosen
    if patterns:
        found_files = _fitting(found_files, patterns, folder)
    mine = lint.without_copies(found_files, pairs)  # masks/10_mystyle has the last part of 10_mystyle
    holding = sorted({s.folder for s in mine if s.kind == "picture"})
    told = kohya_configs(path, holding) if "kohya" in chosen else Told()
    found = lint.lint_folder(found_files, chosen, told.folders, pairs)
    titles = {profile.title for profile in chosen.values()}
    stale = [each for each in caches.stale_caches(path.absolute()) if each.trainer in titles]
    reasons = results.reasons_of([*found, *lint.unread_configs(told.unread), *lint.of_caches(stale)])
    checked = Checked(
        folder=folder,
        trainers=[*chosen],
        pictures=sum(s.kind == "picture" for s in mine),
        to_mend=sum(r.severity in ("block", "warn") for r in reasons),
        reasons=reasons,
    )
    if json:
        terminal.raw(files.dumps(msgspec.to_builtins(checked)))
    else:
        notes = [f"kohya sd-scripts is taken to be started with {' and '.join(told.used)}."] if told.used else []
        if own and len(own) < len(known):
            notes.append("It is checked for the trainers of this project; --trainer all asks the others too.")
        _print(checked, [chosen[name].title for name in chosen], notes)
    return 1 if checked.to_mend else 0


def _print(checked: Checked, titles: Sequence[str], notes: Sequence[str]) -> None:
    results.print_reasons(checked.reasons)
    if not checked.reasons:
        terminal.say("Nothing found.")
    for note in notes:
        terminal.say(note)
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
