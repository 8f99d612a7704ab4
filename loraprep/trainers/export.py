"""What each trainer needs beside dataset/: one file a trainer, found by its name.

A trainer's module has `NAME`, the trainer as project.yaml names it, `files(dataset) -> {file name: text}`, and
`HOW`, the lines for people that go into the README beside it. A new trainer is one new file here and its profile
in resources/trainers/.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from loraprep.core import files, resources
from loraprep.core.errors import Problem, UserError
from loraprep.project.sizes import trained_sizes
from loraprep.trainers import naming, regularization
from loraprep.trainers.plan import Plan, usual


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of dataset/. `path` is what the trainer is told, `name` the last part of it.

    `masks` is the folder of its loss masks, "" without any; `beside` the folder in which each mask stands beside its
    picture, as OneTrainer wants it.
    """

    name: str
    path: str
    repeats: int
    pictures: int
    masks: str = ""
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """The built dataset as a trainer's file needs it. Paths are POSIX: relative, or below dataset.path."""

    name: str
    trigger: str
    class_word: str
    tags: bool  # captions are tags that may be shuffled, and not prose
    model: str  # the base model's title
    sizes: list[int]
    folders: list[Folder]
    regularization: Folder | None
    regularizes: bool  # the trainer can use them
    captions: dict[str, str]  # "4_mystyle/pier.png" -> its text
    batch_size: int
    enlarge: bool
    plan: Plan
    title: str  # the trainer's
    version: str
    repeats: bool = True  # its files can say how often a folder is repeated
    windows: tuple[int, ...] = ()  # tokens of CLIP that it can be told to read, ascending

    @property
    def made_for(self) -> str:
        """For the comment at the top of a file."""
        return f"Made by loraprep for {self.title}, {self.version}. Written anew by every loraprep export."


class Trainer(Protocol):
    """The shape of a trainer's module."""

    NAME: str
    HOW: str

    def files(self, dataset: Dataset, /) -> dict[str, str]: ...


def trainers() -> dict[str, Trainer]:
    """Every trainer there is, by name."""
    modules = [
        importlib.import_module(f"{__package__}.{name.replace('-', '_')}")
        for name in resources.names("resources/trainers")
    ]
    return {m.NAME: cast(Trainer, m) for m in sorted(modules, key=lambda m: str(m.NAME))}


def dataset(
    root: Path,
    lock: Mapping[str, Any],
    plan: Plan,
    profile: Mapping[str, Any],
    config: Mapping[str, Any],
    model: Mapping[str, Any],
    class_word: str,
) -> Dataset:
    """From dataset.lock.json and dataset/. Raises UserError when a caption or the regularization folder is gone."""
    above = (config["dataset"]["path"] or "").rstrip("/\\")
    where = f"{above}/" if above else ""
    places = sorted(lock["images"])
    folders = [
        _folder(name, f"{where}dataset/", sum(_in(p) == name for p in places), lock)
        for name in sorted({_in(p) for p in places})
    ]
    return Dataset(
        name=config["name"],
        trigger=config["trigger"],
        class_word=class_word,
        tags=model["form"] == "tags",
        model=model["title"],
        sizes=trained_sizes(config, model),
        folders=folders,
        regularization=_regularization(root, config["dataset"]["regularization"], where, plan.length.regularization),
        regularizes=profile["regularization"] != "none",
        captions=_captions(root, places),
        batch_size=config["dataset"]["batch_size"],
        enlarge=config["dataset"]["enlarge"],
        plan=plan,
        title=profile["title"],
        version=profile["version"],
        repeats=profile["repeats"],
        windows=tuple(profile.get("windows", ())),
    )


def _folder(name: str, top: str, pictures: int, lock: Mapping[str, Any]) -> Folder:
    masked = lock.get("folders", {}).get(name, {}).get("masks", False)
    masks, twins = (lock.get("masks", {}).get(key, "") for key in ("folder", "onetrainer"))
    return Folder(
        name,
        top + name,
        naming.repeats_of(name) or 1,
        pictures,
        f"{top}{masks}/{name}" if masked and masks else "",
        f"{top}{twins}/{name}" if twins else "",
    )


def _in(place: str) -> str:
    return place.rpartition("/")[0]


def _captions(root: Path, places: list[str]) -> dict[str, str]:
    gone = [p for p in places if not (root / "dataset" / f"{p}.txt").is_file()]
    if gone:
        raise UserError.many(
            Problem("this caption is missing", f"dataset/{p}.txt", "Run loraprep dataset.") for p in gone
        )
    return {f"{p}.png": (root / "dataset" / f"{p}.txt").read_text("utf-8").strip() for p in places}


def _regularization(root: Path, folder: str | None, where: str, repeats: int) -> Folder | None:
    if folder is None:
        return None
    place, count = regularization.inside(root, folder), len(regularization.files(root, folder))
    if not count:
        raise UserError(
            f'dataset.regularization: there are no pictures in "{folder}"',
            place="project.yaml",
            hint="Put regularization pictures into that folder, or write null.",
        )
    return Folder(place.name, where + place.relative_to(root).as_posix(), max(1, repeats), count)


def write(root: Path, chosen: Mapping[str, Dataset]) -> list[str]:
    """Writes exports/<trainer>/ for the chosen trainers and removes what we wrote for others; the sorted paths."""
    written = []
    for name, trainer in trainers().items():
        texts = {}
        if name in chosen:
            texts = {**trainer.files(chosen[name]), "README.md": readme(chosen[name], trainer.HOW)}
        folder = root / "exports" / name
        for old in sorted(folder.iterdir()) if folder.is_dir() else []:
            if old.name not in texts and old.is_file():
                old.unlink()
        if not texts and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        for file, text in sorted(texts.items()):
            files.write(folder / file, text.rstrip("\n") + "\n")
            written.append(f"exports/{name}/{file}")
    return written


def _seen_more(dataset: Dataset) -> str:
    """What folders with repeats of their own change: " Those in 6_mystyle-hands about 90 times."."""
    common = usual(f.repeats for f in dataset.folders for _ in range(f.pictures))
    if not dataset.repeats:
        alike = len({f.repeats for f in dataset.folders}) < 2
        return "" if alike else " This format has no repeats: all pictures alike."
    more = [
        f"{f.name} about {dataset.plan.length.seen * f.repeats // common} times"
        for f in dataset.folders
        if f.repeats != common
    ]
    return f" Those in {', '.join(more)}." if more else ""


def readme(dataset: Dataset, how: str) -> str:
    """What a person needs to know to train with these files, as Markdown."""
    length, reg = dataset.plan.length, dataset.regularization
    about = "" if length.exact else "about "
    lines = [
        f"# {dataset.name} for {dataset.title}",
        "",
        dataset.made_for,
        "",
        how.strip().replace("EPOCHS", str(length.epochs)),
        "",
        "## How long to train",
        "",
        f"- Epochs: {length.epochs}. Pictures a step (batch size): {dataset.batch_size}.",
        f"- That is {about}{length.steps_per_epoch} steps an epoch, {about}{length.steps} steps in all.",
        f"- Each picture is seen about {length.seen} times, sizes together, as with any other trainer of this project."
        + _seen_more(dataset),
        f"- Sizes: {', '.join(map(str, dataset.sizes))} ({dataset.model}).",
    ]
    if reg:
        told = (
            "They come up about as often as yours, and their steps are counted above."
            if dataset.regularizes
            else "They are left out here."
        )
        lines.append(f"- Regularization pictures: {reg.pictures}, in {reg.path}. {told}")
    if cut := dataset.plan.cut_captions:
        sure = all(c.exact for c in cut.values())
        lines.append(
            f"- Captions that {'are' if sure else 'may be'} longer than the {dataset.plan.reads} tokens that "
            f"are read: {len(cut)}. dataset-report.md names them."
        )
        longest = max(c.tokens for c in cut.values())
        if sure and (enough := [n for n in dataset.windows if n >= longest]):
            lines.append(f"- `--max_token_length {enough[0]}` reads them whole.")
    return "\n".join(lines) + "\n"
