"""The project's folder of regularization pictures: what it holds, and how often a trainer shows each."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from loraprep.core.errors import UserError
from loraprep.imaging.formats import EXTENSIONS

Size = tuple[int, int]
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "AVIF")  # never Pillow's EPS and the like


def inside(root: Path, folder: str) -> Path:
    """The folder that dataset.regularization names. Raises UserError if it leaves the project."""
    place = Path(folder)
    if place.is_absolute() or ".." in place.parts:
        raise UserError(
            f'dataset.regularization: "{folder}" leaves the project',
            place="project.yaml",
            hint="Put the folder into the project and name it relative to project.yaml.",
        )
    return root / place


def files(root: Path, folder: str | None) -> list[Path]:
    """Its pictures, sorted by name as kohya takes them; [] without a folder, or for one outside the project."""
    try:
        place = inside(root, folder or "")
    except UserError:  # said by the export
        return []
    try:
        if not folder or not place.is_dir():
            return []
        return sorted(p for p in place.iterdir() if p.suffix.lower() in EXTENSIONS and stat.S_ISREG(p.lstat().st_mode))
    except OSError:  # it may not be listed, or changes while it is
        return []


def mark(root: Path, folder: str | None) -> list[list[object]]:
    """What changes when the folder's pictures do."""
    try:
        return [[p.name, p.stat().st_size, p.stat().st_mtime_ns] for p in files(root, folder)]
    except OSError:  # one went away meanwhile: the next run sees what is there
        return []


def sizes(root: Path, folder: str | None) -> list[Size]:
    """Width and height of each picture, from its header, in the order of `files`; without what cannot be read."""
    found = []
    for path in files(root, folder):
        try:
            with Image.open(path, formats=_FORMATS) as picture:
                found.append(picture.size)
        except Exception:  # the trainer names it too; here only lengths are counted
            continue
    return found


def filled(pictures: int, looks: int) -> list[int]:
    """How often kohya shows each of `pictures` in an epoch of `looks` at yours: once, then in turn, until as often.

    Source: kohya-ss/sd-scripts, library/train_util.py DreamBoothDataset.__init__. What is too many is left out.
    """
    whole, rest = divmod(max(looks, 0), pictures) if pictures else (0, 0)
    return [whole + (number < rest) for number in range(pictures)]


def repeats(pictures: Sequence[object], looks: int) -> int:
    """Whole repeats with which `pictures` come up about as often as yours do in an epoch; at least 1."""
    return max(1, round(looks / len(pictures))) if pictures else 1
