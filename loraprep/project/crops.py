"""decisions/crops.yaml: which part of a picture is used, how it is turned, and details that are pictures of their own.

The file is the artist's: besides what they draw on the review page, only boxes that they answered for are put into it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from loraprep.core import typed
from loraprep.core.errors import Problem, UserError
from loraprep.core.records import Image

if TYPE_CHECKING:
    from loraprep.core.yamlfile import Document

NAME = "decisions/crops.yaml"
LEAST = 32  # px; less of a picture teaches nothing


class Crop(msgspec.Struct, frozen=True):
    """One box that the artist drew, or a whole picture that they turned.

    `path` is what the result is called: the picture's own, or for a detail "pier#face.jpg".
    `box`: left, top, right, bottom as shares of the whole picture once it is turned; () for all of it.
    `turn`: degrees clockwise, beyond what the file itself says.
    """

    path: str
    of: str
    box: tuple[float, ...]
    caption: str = ""
    turn: int = 0
    apart: bool = False  # only the details of that picture train

    @property
    def detail(self) -> bool:
        """Say whether it is a picture of its own beside the one it is cut from."""
        return self.path != self.of


class Drawn(msgspec.Struct, frozen=True):
    """What the file says of a picture itself. `crop`: as it is written, in pixels or shares; () for none. `whole`: it
    trains, and not its details alone.
    """

    crop: tuple[float, ...] = ()
    turn: int = 0
    whole: bool = True


def drawn(root: Path) -> dict[str, Drawn]:
    """Read path -> its crop and turn. Raises UserError with every problem in the file."""
    doc = load(root)
    return {path: typed.convert(entry, Drawn) for path, entry in (doc.data if doc else {}).items()}


def load(root: Path) -> Document | None:
    """Read and check the file, None without one. Raises UserError with every problem in it."""
    path = root / NAME
    if not path.exists():
        return None
    from loraprep.core import yamlfile  # not for every process that opens a picture
    from loraprep.project import schema

    doc = yamlfile.load(path, NAME, comments_alone=True)
    if found := schema.problems(doc, "crops"):
        raise UserError.many(found)
    return doc


def detail_path(path: str, name: str) -> str:
    """Return what a detail is called beside its picture: "sub/pier.jpg", "face" -> "sub/pier#face.jpg"."""
    whole = PurePosixPath(path)
    return str(whole.with_name(f"{whole.stem}#{name}{whole.suffix}"))


def whole_path(path: str) -> str:
    """Return the picture that a detail of this name is cut from, or the name itself: "sub/pier#face.jpg"."""
    here = PurePosixPath(path)
    whole, _, name = here.stem.partition("#")
    return str(here.with_name(whole + here.suffix)) if whole and name else path


def detail_captions(root: Path) -> dict[str, str]:
    """Return path of a detail -> the caption written for it. Raises UserError with every problem in the file."""
    doc = load(root)
    return {
        detail_path(path, extra["name"]): extra["caption"]
        for path, entry in (doc.data if doc else {}).items()
        for extra in entry.get("extra", [])
        if "caption" in extra
    }


def cropped_paths(root: Path) -> list[str]:
    """List the pictures that the file speaks of, sorted, whether they are there or not."""
    doc = load(root)
    return sorted(doc.data) if doc else []


def read_crops(root: Path, sizes: Mapping[str, tuple[int, int]], taken: Container[str]) -> list[Crop]:
    """Read every box that the file draws in a picture of `sizes`, sorted by path.

    `sizes`: path -> width and height as shown, px.
    `taken`: paths of files there are, which no detail may be called. Raises UserError with every problem.
    """
    doc = load(root)
    found: dict[str, Crop] = {}
    problems: list[Problem] = []
    for path, entry in (doc.data if doc else {}).items():
        if doc is None or path not in sizes:
            continue
        turn = entry.get("turn", 0)
        size = turned(sizes[path], turn)
        apart = not entry.get("whole", True)
        if (turn or apart) and "crop" not in entry:
            found[path] = Crop(path, path, (), turn=turn, apart=apart)
        boxes = [([path, "crop"], path, entry["crop"], "")] if "crop" in entry else []
        boxes += [
            ([path, "extra", n, "box"], detail_path(path, extra["name"]), extra["box"], extra.get("caption", ""))
            for n, extra in enumerate(entry.get("extra", []))
        ]
        for keys, name, box, caption in boxes:
            if wrong := _wrong(box, *size):
                problems.append(doc.problem(keys, wrong, "Write [left, top, right, bottom]."))
            elif name in found or (name != path and name in taken):
                message = f"two pictures would be called {name}"
                problems.append(doc.problem(keys[:-1], message, "Give this detail another name."))
            else:
                found[name] = Crop(name, path, shares(box, *size), caption, turn, apart)
    if problems:
        raise UserError.many(problems)
    return [found[name] for name in sorted(found)]


def whole_size(record: Image) -> tuple[int, int]:
    """Return (width, height) of a record's picture before its box was cut out, turned as it is."""
    left, top, right, bottom = record.box or (0.0, 0.0, 1.0, 1.0)
    return round(record.width / (right - left)), round(record.height / (bottom - top))


def turned(size: tuple[int, int], turn: int) -> tuple[int, int]:
    """Return (width, height) of a picture that is turned by so many degrees."""
    return (size[1], size[0]) if turn % 180 else size


def shares(box: Sequence[float], width: int, height: int) -> tuple[float, ...]:
    """Return a box as it is written, in pixels or shares, as shares (0..1) of the sides."""
    if max(box) <= 1:
        return tuple(float(n) for n in box)
    return tuple(round(n / side, 6) for n, side in zip(box, (width, height) * 2, strict=True))


def _wrong(box: Sequence[float], width: int, height: int) -> str:
    """Say what is wrong with a box, "" if nothing is."""
    left, top, right, bottom = shares(box, width, height)
    if right > 1 or bottom > 1:
        return f"this box reaches outside the picture, which is {width}x{height}"
    if left >= right or top >= bottom:
        return "this box is empty: its right and bottom must be larger than its left and top"
    wide, high = round((right - left) * width), round((bottom - top) * height)
    return f"this box is only {wide}x{high} pixels; at least {LEAST}x{LEAST}" if min(wide, high) < LEAST else ""


def digest(of: str, box: Sequence[float], turn: int = 0) -> str:
    """Return what stands for the digest of a part of a picture: another box or turn is another picture to look at."""
    about = f" turned {turn}" if turn else ""
    return hashlib.sha256(f"{of} {','.join(map(str, box))}{about}".encode()).hexdigest()


def shown(record: Image) -> str:
    """Return what decides how a record looks, as a part of a file name: its file's digest, box and turn."""
    part = f"-{digest('', record.box, record.turn)[:12]}" if record.box or record.turn else ""
    return f"{record.pixel_digest}{part}"
