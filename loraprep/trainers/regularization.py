"""The project's folder of regularization pictures: what it holds, and how often a trainer shows each."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from loraprep.core import files, paths
from loraprep.core.errors import UserError
from loraprep.core.findings import Code, Finding, Value
from loraprep.core.records import Image
from loraprep.core.text import listed, plural
from loraprep.imaging.formats import EXTENSIONS
from loraprep.project.profiles import TrainerProfile
from loraprep.trainers.buckets import Size

_CAPTION = ".txt"  # of regularization pictures, as the exports say
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "AVIF")  # never Pillow's EPS and the like


def regularization_folder(root: Path, folder: str) -> Path:
    """Return the folder that dataset.regularization names. Raises UserError if it leaves the project."""
    if folder and paths.fault(folder, windows=os.name == "nt"):
        raise UserError(
            f'dataset.regularization: "{folder}" leaves the project',
            place="project.yaml",
            hint="Put the folder into the project and name it relative to project.yaml.",
        )
    return root / folder


def regularization_pictures(root: Path, folder: str | None) -> list[Path]:
    """List its pictures, sorted by name as kohya takes them; [] without a folder, or for one outside the project."""
    try:
        path = regularization_folder(root, folder or "")
    except UserError:  # said by the export
        return []
    try:
        if not folder or not path.is_dir():
            return []
        return [p for p in files.listed(path) if p.suffix.lower() in EXTENSIONS and stat.S_ISREG(p.lstat().st_mode)]
    except (OSError, UserError):  # it may not be listed, changes while it is, or is a link that leads out
        return []


def regularization_mark(root: Path, folder: str | None) -> list[tuple[str, int, int]]:
    """List name, bytes and modification time (ns) of each picture and caption: what changes when the folder does."""
    try:
        pictures = regularization_pictures(root, folder)
        captions = {p.with_suffix(_CAPTION) for p in pictures}
        there = [*pictures, *(p for p in sorted(captions) if p.is_file())]
        return [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in there]
    except OSError:  # one went away meanwhile: the next run sees what is there
        return []


def without_words(root: Path, folder: str, trainers: Iterable[TrainerProfile], class_prompt: str) -> Iterator[Finding]:
    """Find those without a caption where a trainer takes their words from the files beside them.

    kohya falls back on the class tokens that the export tells it.
    """
    reading = [t.title for t in trainers if t.regularization != "none" and t.reads and t.reads.missing != "class"]
    bare = [p.name for p in regularization_pictures(root, folder) if not _says_something(p.with_suffix(_CAPTION))]
    if reading and bare:
        values: dict[str, Value] = {
            "folder": folder,
            "said": listed(bare),
            "trainers": listed(reading),
            "takes": plural(len(reading), "takes", "take"),
            "words": class_prompt,
        }
        yield Finding(Code.REGULARIZATION_UNCAPTIONED, (), values)


def trained_too(root: Path, folder: str, trained: Collection[Image]) -> Iterator[Finding]:
    """Find those that train as well: the very same file. `loraprep duplicates --against` finds other copies."""
    digests = {i.digest: i.path for i in trained}
    sizes = {i.bytes for i in trained}
    same = []
    for path in regularization_pictures(root, folder):
        with contextlib.suppress(OSError, UserError):  # it went away meanwhile
            if path.stat().st_size in sizes and (of := digests.get(files.sha256(path))):
                same.append(of)
    if same:
        yield Finding(Code.REGULARIZATION_TRAINED, tuple(sorted(set(same))), {"folder": folder})


def _says_something(caption: Path) -> bool:
    try:
        return caption.is_file() and bool(files.read_text(caption, "replace").strip())
    except (OSError, UserError):
        return False


def regularization_sizes(root: Path, folder: str | None) -> list[Size]:
    """Read width and height of each picture from its header, by name; without what cannot be read."""
    from loraprep.imaging import headers  # here, since a run that finds nothing stale asks only for the mark

    listed = [path.absolute() for path in regularization_pictures(root, folder)]
    # what cannot be read the trainer names too; here only lengths are counted
    found = headers.sizes(listed, _FORMATS)
    return [found[path] for path in listed if path in found]


def regularization_turns(pictures: int, shown: int) -> list[int]:
    """Count how often kohya shows each of `pictures` in an epoch that shows yours `shown` times: in turn.

    Source: kohya-ss/sd-scripts, library/train_util.py DreamBoothDataset.__init__. What is too many is left out.
    """
    whole, rest = divmod(max(shown, 0), pictures) if pictures else (0, 0)
    return [whole + (number < rest) for number in range(pictures)]


def regularization_repeats(pictures: int, shown: int) -> int:
    """Count whole repeats with which so many pictures come up about as often as yours, `shown` times; at least 1."""
    return max(1, round(shown / pictures)) if pictures else 1
