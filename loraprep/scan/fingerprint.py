"""Tells whether anything the scan would read has changed, from names and times alone: no file is opened.

The digests in build/scan-cache.sqlite decide what a file is; this only saves asking for each of thousands.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import PIL

from loraprep import __version__
from loraprep.core import files
from loraprep.core.files import Json
from loraprep.scan import roles, walk

SETTLED = 2.0  # seconds; what changed less before it was looked at may change again within one clock tick
# code that decides what a scan finds: whole rooms, so that no list has to be kept
_CODE = ("scan", "imaging", "project/crops.py", "core/patterns.py", "core/records.py")


def mark(folder: Path, root: Path, settings: Json) -> str:
    """Digest every name, size, time and inode under `folder`, upscaled/ and masks/, and the code that looks at them.

    "" where that says too little: a link, an entry that cannot be read, or a change in the last two seconds.
    """
    now, seen = time.time(), hashlib.sha256()
    heif = importlib.util.find_spec("pillow_heif") is not None
    seen.update(files.dumps([__version__, PIL.__version__, heif, code_digest(), str(folder), settings]).encode())
    try:
        for top in (folder, root / "upscaled", root / "masks"):
            for name, info in _entries(top, "", root.resolve()) if top.is_dir() or files.in_store(top) else ():
                if stat.S_ISLNK(info.st_mode) or max(info.st_mtime, info.st_ctime) > now - SETTLED:
                    return ""
                facts = (info.st_mode, info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
                seen.update(f"{name}\0{facts}\n".encode("utf-8", "surrogateescape"))
            seen.update(b"\0")
    except OSError:
        return ""
    return seen.hexdigest()


def code_digest(package: Path = Path(__file__).parents[1]) -> str:
    """Digest the source of whatever decides what a scan finds: some 30 files, a millisecond."""
    digest = hashlib.sha256()
    for name in _CODE:
        path = package / name
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            digest.update(f"{name}/{file.name}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _entries(folder: Path, prefix: str, home: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield (relative name, lstat) of every file below, sorted, without the tool's own; folders by what they hold."""
    at_home = folder.resolve() == home if not prefix else False
    with files.scan(folder) as listing:
        for entry in sorted(listing, key=lambda e: e.name):
            if walk.passed_over(entry.name, at_home=at_home) and not roles.of_system(entry.name):
                continue
            info = entry.stat(follow_symlinks=False)
            if not stat.S_ISDIR(info.st_mode):
                yield prefix + entry.name, info
            elif Path(entry.path) != home:  # a project inside the folder of its pictures
                yield from _entries(Path(entry.path), f"{prefix}{entry.name}/", home)


def holds(memory: Path, now: str, outputs: Sequence[Path]) -> bool:
    """Say whether the scan that wrote these outputs saw just this."""
    try:
        return bool(now) and files.read_json(memory) == _record(now, outputs)
    except (OSError, ValueError):
        return False


def remember(memory: Path, seen: str, outputs: Sequence[Path]) -> None:
    """Keep the mark that was taken before a scan, with what the scan wrote."""
    files.write_json(memory, _record(seen, outputs))


def _record(seen: str, outputs: Sequence[Path]) -> dict[str, str]:
    return {"mark": seen, **{path.name: files.sha256(path) for path in outputs}}
