"""What is in a folder of pictures, before there is a project; and what is wrong with one that is not there."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from loraprep.cli.init import given
from loraprep.cli.init.create import files_below
from loraprep.core import files
from loraprep.core.nearest import folder_meant
from loraprep.core.records import Role
from loraprep.core.text import number_of, with_article
from loraprep.imaging import headers
from loraprep.imaging.formats import EXTENSIONS, HEIF_EXTENSIONS
from loraprep.project.profiles import Kind
from loraprep.scan import pairing, roles

_READ = 2000  # headers: a second or two; of more pictures the first are looked at
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF")  # never Pillow's EPS and the like


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a folder. `captioned`: pictures with a non-empty .txt of their own name; `others`: what is by its
    name no picture to train on, and counted apart. `pairs`: those of which a picture before a change is there too.
    """

    pictures: int
    pairs: int = 0
    captioned: int
    others: dict[Role, int] = {}
    sides: tuple[int, ...]  # px: side of the square of the same area, of each picture that was looked at


def missing(text: str, folder: Path) -> tuple[str, str]:
    """Return what is wrong with a folder that is not there, and what to do."""
    try:
        words = given.words(text)
        if len(words) > 1 and all(Path(word).expanduser().exists() for word in words):
            return "several things were given", "Name the one folder they lie in."
        if folder.is_file():
            return f"{folder.name} is a file", f"Name the folder it lies in: {folder.parent}"
        if given.DRIVE.match(text.strip("'\" ")) and os.name != "nt":
            return f"there is no folder {text}", f"On this computer it would be {folder}, which is not there."
        near = next((parent for parent in folder.parents if parent.is_dir()), None)
        if near and near != Path() and near != folder.parent:
            return f"there is no folder {text}", f"{near} is there; what follows is not."
        return f"there is no folder {text}", folder_meant(folder)
    except (OSError, ValueError):
        return f"there is no folder {text}", ""


def look(folder: Path) -> Contents:
    """Count the pictures in a folder, those with words beside them, and measure them by their headers alone."""
    try:
        inside = files_below(folder)
    except OSError:
        return Contents(pictures=0, captioned=0, sides=())
    names = {path: path.as_posix() for path in inside}
    pictures = [path for path, name in names.items() if path.suffix.lower() in EXTENSIONS and not roles.by_name(name)]
    texts = [path for path in inside if path.suffix.lower() == ".txt"]
    written = {path.with_suffix("") for path in texts if _says_something(folder / path)}
    some = [folder / path for path in pictures[:_READ] if path.suffix.lower() not in HEIF_EXTENSIONS]
    sizes = headers.sizes(some, _FORMATS)
    return Contents(
        pictures=len(pictures),
        pairs=len(pairing.pair((n for p, n in names.items() if p.suffix.lower() in EXTENSIONS), {}).controls),
        captioned=sum(path.with_suffix("") in written for path in pictures),
        others=roles.counted_by_name(names.values()),
        sides=tuple(int((sizes[path][0] * sizes[path][1]) ** 0.5) for path in sorted(sizes)),
    )


def _says_something(path: Path) -> bool:
    try:
        return bool(files.read(path, 4096).strip())
    except OSError:
        return False


def told(found: Contents, kind: Kind | None, name: str, size: int) -> str:
    """Say what is in the folder, and how that fits the kind and the trained size (px of a square's side)."""
    if not found.pictures:
        return "There is no picture in that folder."
    pairs = kind is not None and kind.pairs
    parts = [number_of(found.pairs, "pair") if pairs else number_of(found.pictures, "picture")]
    if found.captioned:
        parts.append(number_of(found.captioned, ".txt caption"))
    if small := sum(side < size for side in found.sides):
        parts.append(f"{small} below {size} px")
    said = f"{', '.join(parts)}."
    if others := "" if pairs else roles.told(found.others):
        said += f" By their names no pictures to train on: {others}."
    if kind is None:
        return said
    least, most = kind.recommended.min, kind.recommended.max
    if (found.pairs if pairs else found.pictures) < kind.floor:
        few = f"that is too few: {kind.floor} is the least, {least} to {most} a good number."
        return f"{said} For {with_article(name)} {few}"
    return f"{said} For {with_article(name)} {least} to {most} is a good number."
