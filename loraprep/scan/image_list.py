"""build/images.jsonl: a line with the version, then one record a line, by path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from loraprep.core import files
from loraprep.core.errors import UserError
from loraprep.core.records import Image

VERSION = 5  # of a line and of the facts in it; raised when a measurement changes
FIRST = files.dumps({"version": VERSION}, indent=None)


def read_images(path: Path) -> list[Image]:
    """Read all records. Raises UserError if they are missing, damaged or from another version."""
    try:
        first, _, lines = path.read_bytes().partition(b"\n")
        if first.decode() != FIRST.rstrip("\n"):
            raise ValueError
        return decode_images(lines)
    except (OSError, ValueError, msgspec.MsgspecError):
        raise UserError(
            "the list of pictures is missing or from another version of loraprep",
            place=f"build/{path.name}",
            hint="run loraprep scan",
        ) from None


def encode_images(images: Iterable[Image]) -> Iterator[str]:
    """Yield the lines of the file, one after the other."""
    yield FIRST
    for image in images:
        yield msgspec.json.encode(image).decode() + "\n"


def decode_images(lines: bytes | str) -> list[Image]:
    """Decode records, one a line. Raises msgspec.MsgspecError."""
    return msgspec.json.Decoder(Image).decode_lines(lines)
