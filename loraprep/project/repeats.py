"""Kohya's folders: "10_cat" holds what is taught under the name of cat, and each picture of it comes up ten times."""

from __future__ import annotations

import re

_KOHYA = re.compile(r"([1-9][0-9]*+)_(.+)")


def repeats_of(folder: str) -> int | None:
    """Read the repeats in a folder's name: 10 for "10_cat", None for "cat"."""
    match = _KOHYA.fullmatch(folder)
    return int(match[1]) if match else None


def name_of(folder: str) -> str:
    """Return what a folder is called without its repeats: "cat" for "10_cat" and for "cat"."""
    match = _KOHYA.fullmatch(folder)
    return match[2] if match else folder
