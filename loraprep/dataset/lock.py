"""What we wrote into dataset/ last time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loraprep.core import files
from loraprep.core.errors import UserError

MANIFEST = "dataset.manifest.json"  # inside build/, so that a trainer never reads it as a picture
LOCK = "dataset.lock.json"


def entries(root: Path) -> dict[str, Any]:
    """place -> what was written there: the manifest, else (build/ was deleted) the lock; {} without both."""
    try:
        written: dict[str, Any] = files.read_json(root / "build" / MANIFEST)
        return written
    except (OSError, ValueError):
        lock = read_lock(root)
        return dict(lock["images"]) if lock else {}


def read_lock(root: Path) -> dict[str, Any] | None:
    """dataset.lock.json, None without one. Raises UserError if it cannot be read."""
    if not (root / LOCK).is_file():
        return None
    return parse_lock((root / LOCK).read_text(encoding="utf-8", errors="replace"), LOCK)


def parse_lock(text: str, name: str) -> dict[str, Any]:
    """The lock in `text`. Raises UserError with `name` as its place."""
    try:
        data = json.loads(text)
        if not all(isinstance(e, dict) and "image" in e and "caption" in e for e in data["images"].values()):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError):
        hint = f"Take it from git (git checkout {LOCK}), or delete it and run loraprep dataset."
        raise UserError("this file is damaged, or holds a git merge conflict", place=name, hint=hint) from None
    return dict(data)


def ours(place: str, entry: Mapping[str, Any]) -> dict[str, str]:
    """file in dataset/ -> its digest, for one entry; "" for one that an interrupted build may have written."""
    known = dict.fromkeys(entry.get("files", ()), "")
    if "image" in entry:
        known |= {f"{place}.png": entry["image"], f"{place}.txt": entry["caption"], **entry.get("also", {})}
    return known


def texts(place: str, entry: Mapping[str, Any]) -> list[str]:
    """The caption files of an entry, all with the same words."""
    return [name for name in ours(place, entry) if name.endswith(".txt")]


def touched(root: Path) -> bool:
    """Does some caption in dataset/ no longer hold the bytes we wrote? Cheap; what it means is told by `adopt`."""
    return any(
        (path := root / "dataset" / name).is_file() and files.sha256(path) not in known(entry)
        for place, entry in entries(root).items()
        for name in texts(place, entry)
    )


def known(entry: Mapping[str, Any]) -> set[str | None]:
    """The digests that a caption of ours may have."""
    return {entry.get("caption"), entry.get("next"), entry.get("was")}


def intact(root: Path) -> bool:
    """Does dataset/ hold every file of the manifest, byte for byte?"""
    before = entries(root)
    return bool(before) and all(
        (path := root / "dataset" / name).is_file() and files.sha256(path) == digest
        for place, entry in before.items()
        for name, digest in ours(place, entry).items()
    )
