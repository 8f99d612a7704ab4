"""A folder as people give it: typed, dragged into the terminal, pasted from a browser or from Windows."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote, urlsplit

_QUOTES = {("'", "'"), ('"', '"'), ("“", "”"), ("‘", "’")}  # as terminals and chat programs make them
DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def folder(text: str) -> Path | None:
    """Return the folder that is meant, None for an empty text. It need not exist: then as much as possible is kept.

    The text itself comes first, so that a folder that is really called 'a b' in quotes is found.
    """
    text = text.strip()
    if not text:
        return None
    readings = [Path(reading).expanduser() for reading in _readings(text)]
    return next((folder for folder in readings if _is_there(folder)), readings[-1])


def _readings(text: str) -> list[str]:
    """List what a text may mean, the most literal first and the most likely last."""
    found = [text]
    bare = text
    if len(text) > 1 and (text[0], text[-1]) in _QUOTES:
        bare = text[1:-1].strip()
        found.append(bare)
    if bare.startswith("& "):  # PowerShell puts it before what is dragged
        bare = bare[2:].strip().strip("'\"")
        found.append(bare)
    if bare.lower().startswith("file:"):
        return [*found, _of_url(bare)]
    if os.name != "nt" and not DRIVE.match(bare):
        parts = words(text)  # /a/my\ pics, '/a/it'\''s mine'
        if len(parts) == 1:
            found.append(parts[0])
    elif os.name != "nt":  # a Windows path under WSL, where C: is /mnt/c
        path = PureWindowsPath(bare)
        found.append("/".join(["/mnt", path.drive[0].lower(), *path.parts[1:]]))
    return found


def words(text: str) -> list[str]:
    """Take a line apart as a shell does; [] if a shell could not."""
    try:
        return shlex.split(text)
    except ValueError:
        return []


def _of_url(url: str) -> str:
    """Take the path of a file:// address; file:///C:/pics is C:/pics."""
    split = urlsplit(url)
    path = unquote(split.path)
    return path[1:] if re.match(r"/[A-Za-z]:", path) else path


def _is_there(folder: Path) -> bool:
    try:
        return folder.is_dir()
    except (OSError, ValueError):  # too long for a name, or with a zero byte
        return False
