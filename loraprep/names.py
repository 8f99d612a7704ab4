"""What a picture is called in dataset/: names that all trainers read the same way."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath

_KOHYA = re.compile(r"([1-9][0-9]*)_(.+)")


def repeats_of(folder: str) -> int | None:
    """The repeats in a kohya folder's name: 10 for "10_cat", None for "cat"."""
    match = _KOHYA.fullmatch(folder)
    return int(match[1]) if match else None


def stem(path: str) -> str:
    """The name in dataset/, without extension: lower-case ASCII letters, digits, "-" and ".".

    A subfolder becomes part of the name. Underscores go too: kohya gives a name of five or more
    underscore parts another file's caption.
    """
    inside = PurePosixPath(path).with_suffix("")
    plain = unicodedata.normalize("NFKD", "-".join(inside.parts)).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^a-z0-9.]+", "-", plain.lower()).strip("-.")
    # A name in another script leaves nothing: its code points are unique, and ASCII.
    return safe or "u" + "-".join(f"{ord(c):x}" for c in inside.name)


def places(paths: Iterable[str], name: str, *, keep_kohya: bool) -> dict[str, str]:
    """path -> "folder/stem" in dataset/, where the folder lacks its repeats: "mystyle/pier".

    With `keep_kohya` a picture in images/10_cat/ goes to a folder "10_cat" of its own.
    """
    placed = {}
    for path in sorted(paths):
        parts = PurePosixPath(path).parts
        if keep_kohya and len(parts) > 1 and repeats_of(parts[0]):
            placed[path] = f"{parts[0]}/{stem('/'.join(parts[1:]))}"
        else:
            placed[path] = f"{name}/{stem(path)}"
    return placed


def collisions(placed: dict[str, str]) -> list[tuple[str, ...]]:
    """Groups of pictures that would get one name, sorted."""
    by_place: dict[str, list[str]] = defaultdict(list)
    for path, place in placed.items():
        by_place[place.casefold()].append(path)
    return sorted(tuple(sorted(paths)) for paths in by_place.values() if len(paths) > 1)
