"""build/images.jsonl: a line with the version, then one record a line, by path."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import force_setattr

from loraprep.core import files, paths, typed
from loraprep.core.errors import UserError
from loraprep.core.records import Image

VERSION = 8  # of a line and of the facts in it; raised when a measurement changes
# what is one of a few words, or rounded so that others have the same
_REPEATED = ("state", "format", "mode", "detail", "contrast", "flat", "lightness", "warmth", "chroma", "spread")
FIRST = files.dumps({"version": VERSION}, indent=None)


def read_images(path: Path) -> list[Image]:
    """Read all records. Raises UserError if they are missing, damaged or from another version."""
    try:
        parts = files.read_lines(path)  # of a hundred thousand pictures the text is as large as the records
        first, _, lines = next(parts, b"").partition(b"\n")
        if first.decode() != FIRST.rstrip("\n"):
            raise ValueError
        known: dict[str | float, Any] = {}
        images = _shared(decode_images(lines), known)
        for more in parts:
            images += _shared(decode_images(more), known)
        _check_paths(images)
        return images
    except (OSError, ValueError, msgspec.MsgspecError):
        raise UserError(
            "the list of pictures is missing or from another version of loraprep",
            place=f"build/{path.name}",
            hint="run loraprep scan",
        ) from None


def _check_paths(images: Iterable[Image]) -> None:
    """Raise ValueError for a path that leads out of the folder it is relative to: build/ may come from elsewhere."""
    for i in images:
        if not f"0{i.digest}{i.pixel_digest}{i.mask_digest}".isalnum():
            raise ValueError(f"{i.path}: no digest")
        for name in (i.path, i.of, i.upscaled, i.mask, *i.sidecars, *i.controls):
            odd = ".." in name or ":" in name or "\\" in name or name.startswith("/")  # else nothing to ask
            if odd and (why := paths.fault(name, windows=os.name == "nt")):
                raise ValueError(f"{name}: {why}")


def _shared(images: list[Image], known: dict[str | float, Any]) -> list[Image]:
    """Have equal words and numbers be one in memory: of a hundred thousand records these are a quarter."""
    one = known.setdefault
    for image in images:
        force_setattr(image, "path", sys.intern(image.path))  # as in the other files of build/
        # a zero is left as it is: it equals one with a minus, which is written otherwise
        force_setattr(image, "colour", tuple([one(v, v) if v else v for v in image.colour]))
        palette = [(one(name, name), code, one(v, v) if v else v) for name, code, v in image.palette]
        force_setattr(image, "palette", tuple(palette))
        force_setattr(image, "border", one(repr(image.border), image.border))
        for field in _REPEATED:
            value = getattr(image, field)
            force_setattr(image, field, one(value, value) if value else value)
        if image.pixel_digest == image.digest:
            force_setattr(image, "pixel_digest", image.digest)
    return images


def encode_images(images: Iterable[Image]) -> Iterator[str]:
    """Yield the lines of the file, one after the other."""
    yield FIRST
    for image in images:
        yield typed.line(image)


def decode_images(lines: bytes | str) -> list[Image]:
    """Decode records, one a line. Raises msgspec.MsgspecError."""
    return typed.from_lines(lines, Image)
