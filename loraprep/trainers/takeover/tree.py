"""What is found in a trainer's tree, and how what its files name is found there. Nothing is written, nothing is run.

What a configuration says is data from elsewhere: a path in it is looked for inside the tree, and outside of it only in
a folder that the person named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Literal

import msgspec

from loraprep.core import paths
from loraprep.core.errors import Problem
from loraprep.core.files import Json

Table = Mapping[str, Json]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """The pictures of one folder, and what is said of them."""

    folder: Path
    only: tuple[str, ...] = ()  # the names of its pictures; (): all
    name: str  # what it is about: "cat" of 10_cat
    role: Literal["train", "regularization", "validation"] = "train"
    repeats: int = 0  # of each picture in an epoch; 0: not said
    captions: str = ""  # the one suffix of words that the trainer reads; "": not said
    masks: Path | None = None
    deep: bool = False  # subfolders belong to it
    lists: tuple[Path, ...] = ()  # files that hold words for many pictures
    words: str = ""  # of its class, such as "sks woman"


class Tree(msgspec.Struct, frozen=True, kw_only=True):
    """What a tree holds. `dataset`: what project.yaml would say of the training folder."""

    title: str  # whose it is, for people
    top: Path
    parts: tuple[Part, ...]
    trainer: str = ""  # as project.yaml calls it; "" for a form of folder that no trainer owns
    trigger: str = ""
    calls: str = ""  # the trainer's name for the base model
    dataset: dict[str, Json] = msgspec.field(default_factory=dict)
    left: tuple[str, ...] = ()  # what is not taken over, a clause each
    noted: tuple[str, ...] = ()  # what was read otherwise than it stands there


class Reading:
    """What is gathered while a tree is read. `also`: a folder outside that the person named."""

    def __init__(self, top: Path, also: Path | None) -> None:
        self.top, self.also = top, also
        self.problems: list[Problem] = []
        self.left: list[str] = []
        self.noted: list[str] = []
        self.absent: list[Problem] = []  # what is named and lies nowhere: no reason to stop as long as something trains

    def folder(self, text: Json, key: str, file: Path) -> Path | None:
        """Find the folder that `key` in a configuration names; None, with a problem, where it is not in the tree."""
        return self._found(text, key, file, of_file=False)

    def file(self, text: Json, key: str, file: Path) -> Path | None:
        """Find a file likewise."""
        return self._found(text, key, file, of_file=True)

    def named(self, path: Path) -> str:
        """Name a file or folder as seen from the tree."""
        here = path.resolve()
        if here == self.top.resolve():
            return self.top.name
        return here.relative_to(self.top.resolve()).as_posix() if here.is_relative_to(self.top.resolve()) else str(path)

    def leave(self, what: str) -> None:
        """Note what is not taken over, once."""
        if what not in self.left:
            self.left.append(what)

    def _found(self, text: Json, key: str, file: Path, *, of_file: bool) -> Path | None:
        place = self.named(file)
        if not isinstance(text, str) or not text.strip() or "\0" in text:
            self.problems.append(Problem(f"{key} names no {'file' if of_file else 'folder'}", place))
            return None
        whole = PureWindowsPath(text) if PureWindowsPath(text).drive or "\\" in text else PurePosixPath(text)
        parts = [part for part in whole.parts if part not in (whole.anchor, ".")]
        for candidate in self._candidates(whole.is_absolute(), text, parts, file.parent):
            try:
                there = candidate.is_file() if of_file else candidate.is_dir()
                real = candidate.resolve()
            except (OSError, ValueError):
                continue
            if there and paths.inside(real, self._allowed()):
                if real.name != (parts[-1] if parts else "") or not str(real).endswith(str(Path(*parts))):
                    note = f"{key} says {text}, which is read as {self.named(real)}"
                    if note not in self.noted:
                        self.noted.append(note)
                return candidate
        if not self._somewhere(text, file.parent):
            self.leave(f"{key} = {text}, which is not here")
            hint = "If it lies elsewhere by now, say where: --images THAT-FOLDER"
            self.absent.append(Problem(f"{key}: {text} is not here", place, hint))
            return None
        outside = Path(text).expanduser()
        hint = f"If it is yours, allow it: --images {outside if outside.is_absolute() else 'THAT-FOLDER'}"
        what = f"{key}: {text} does not lie in {self.top.name}/, and nothing outside of it is read unasked"
        self.problems.append(Problem(what, place, hint))
        return None

    @staticmethod
    def _somewhere(text: str, beside: Path) -> bool:
        try:
            return (beside / Path(text).expanduser()).exists()
        except (OSError, ValueError, RuntimeError):
            return False

    def _allowed(self) -> list[Path]:
        return [folder.resolve() for folder in (self.top, self.also) if folder]

    def _candidates(self, absolute: bool, text: str, parts: list[str], beside: Path) -> list[Path]:
        """List where it may be, the most literal first: a tree that moved is found by the end of its paths."""
        found = [Path(text)] if absolute else [beside.joinpath(*parts), self.top.joinpath(*parts)]
        for base in (self.top, self.also):
            if base:
                found += [base.joinpath(*parts[n:]) for n in range(1, len(parts))]
                found += [base] if parts and base.resolve().name == parts[-1] else []
                found += [base.joinpath(*parts)]
        return found


def whole(value: Json) -> int | None:
    """Return a number of at least 1 that is whole, however it was written; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) > 1e6:
        return None
    return int(value) if value == int(value) and value >= 1 else None


def changes(value: Json) -> bool:
    """Say whether a value does anything: one that is off, zero or empty does not."""
    return value not in (None, False, 0, "", [])


def sizes_of(value: Json) -> list[int]:
    """Read px from a number, a list of numbers or a text such as "512, 768"."""
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list | tuple) else [value]
    found = [int(p) if isinstance(p, str) and p.strip().isdecimal() else whole(p) for p in parts]
    return [size for size in found if size is not None and 128 <= size <= 4096]


def with_sizes(known: Json, more: Iterable[int]) -> list[int]:
    """Join sizes, ascending; those that are `known` stand in the settings already."""
    return sorted({*sizes_of(known), *more})


def tables(value: Json) -> list[Table]:
    """Return the tables of a list, without what is none."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list | tuple) else []


def table(value: Json) -> Table:
    """Return a table, an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def spoken(key: str, value: Json) -> str:
    """Write a key and its value in a few words."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return f"{key} = {text if len(text) <= 40 else text[:39] + '…'}"
