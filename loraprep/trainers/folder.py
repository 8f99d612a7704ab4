"""Reads any dataset folder as a trainer would find it: every file, and what of it matters. Writes nothing."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec

from loraprep.core import files, paths
from loraprep.core.findings import Code
from loraprep.imaging import colour, decode, formats
from loraprep.imaging.errors import BadImage

CAPTIONS = frozenset({".txt", ".caption"})
# What trainers leave beside the pictures; harmless, and theirs.
_CACHES = frozenset({"cache", "_latent_cache", "_t_e_cache", "_controls", "__pycache__"})
_READ = 20_000  # characters of a caption; none that is meant for training is as long
_CACHE_FILES = frozenset({".aitk_size.json", "metadata_cache.json"})
_CACHE_SUFFIXES = frozenset({".npz", ".safetensors", ".arrow"})


class FolderFile(msgspec.Struct, frozen=True):
    """One file. `path` is POSIX, relative to the folder. What follows `kind` holds for its kind only."""

    path: str
    kind: Literal["picture", "caption", "other"]
    problem: str = ""  # a picture that cannot be opened: why, one clause
    huge: bool = False  # not opened, since that would take too much memory
    orientation: int = 1  # EXIF, 1..8
    transparent: bool = False
    deep: bool = False  # more than 8 bits a channel
    utf8: bool = True
    bom: bool = False
    lines: int = 0  # lines of a caption that hold something
    first: bool = True  # its first line holds something
    bytes: int = 0
    text: str = ""  # a caption in one line, as far as hygiene looks at it

    @property
    def folder(self) -> str:
        """The folder it lies in, "" for the top."""
        return self.path.rpartition("/")[0]

    @property
    def stem(self) -> str:
        """The name without folder and extension."""
        return PurePosixPath(self.path).stem

    @property
    def suffix(self) -> str:
        """As written, not lower-cased."""
        return PurePosixPath(self.path).suffix


def read_folder(folder: Path, progress: Callable[[int, int], None] | None = None) -> list[FolderFile]:
    """Read every file below `folder`, sorted by path; hidden files, links and trainers' caches are passed over."""
    found = sorted(_files(folder, ""))
    result = []
    for number, (path, real) in enumerate(found):
        if progress:
            progress(number, len(found))
        result.append(_file(path, real))
    return result


def _files(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda e: e.name)
    except OSError:
        return
    for entry in entries:
        try:
            mode = entry.stat(follow_symlinks=False).st_mode
        except OSError:  # it went this moment
            continue
        if paths.hidden(entry.name) or paths.systems(entry.name) or entry.name in _CACHE_FILES:
            continue
        if stat.S_ISDIR(mode) and entry.name not in _CACHES:
            yield from _files(Path(entry.path), f"{prefix}{entry.name}/")
        elif stat.S_ISREG(mode) and PurePosixPath(entry.name).suffix.lower() not in _CACHE_SUFFIXES:
            yield prefix + entry.name, Path(entry.path)


def _file(path: str, real: Path) -> FolderFile:
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in formats.EXTENSIONS:
        return _picture(path, real)
    if suffix in CAPTIONS:
        return _caption(path, real)
    try:
        size = real.stat().st_size
    except OSError:
        size = 0
    return FolderFile(path, "other", bytes=size)


def _picture(path: str, real: Path) -> FolderFile:
    try:
        data = files.read(real)
        opened = decode.load(data)
        return FolderFile(
            path,
            "picture",
            orientation=opened.orientation,
            transparent=colour.transparent(opened.pixels),
            deep=opened.bits > 8,
            bytes=len(data),
        )
    except BadImage as error:
        return FolderFile(path, "picture", problem=error.reason, huge=error.code == Code.TOO_LARGE)
    except OSError as error:
        return FolderFile(path, "picture", problem=error.strerror or "it could not be read")
    except Exception as error:  # one odd file never hides the rest
        return FolderFile(path, "picture", problem=f"it could not be judged ({type(error).__name__})")


def _caption(path: str, real: Path) -> FolderFile:
    try:
        data = files.read(real)
    except OSError:
        return FolderFile(path, "caption", utf8=False)
    bom = data.startswith(b"\xef\xbb\xbf")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return FolderFile(path, "caption", utf8=False, bytes=len(data))
    lines = text.splitlines()
    return FolderFile(
        path,
        "caption",
        bom=bom,
        lines=sum(bool(line.strip()) for line in lines),
        bytes=len(data),
        first=bool(lines and lines[0].strip()),
        text=" ".join(text[:_READ].split()),
    )
