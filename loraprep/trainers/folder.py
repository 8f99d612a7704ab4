"""Reads any dataset folder as a trainer would find it: every file, and what of it matters. Writes nothing."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from loraprep.core import files, paths
from loraprep.core.findings import Code
from loraprep.imaging import colour, decode, formats, pool
from loraprep.imaging.errors import BadImage
from loraprep.trainers.naming import CAPTIONS

# What trainers leave beside the pictures; harmless, and theirs.
_CACHES = frozenset({"cache", "_latent_cache", "_t_e_cache", "_controls", "__pycache__"})
LISTING = "captions.json"  # diffusion-pipe's, of all pictures beside it
_READ = 20_000  # characters of a caption; none that is meant for training is as long
_CACHE_FILES = frozenset({".aitk_size.json", "metadata_cache.json"})
_CACHE_SUFFIXES = frozenset({".npz", ".safetensors", ".arrow"})


class FolderFile(msgspec.Struct, frozen=True):
    """One file. `path` is POSIX, relative to the folder. What follows `kind` holds for its kind only."""

    path: str
    kind: Literal["picture", "caption", "other"]
    problem: str = ""  # a picture that cannot be opened, or a captions.json that cannot be read: why, one clause
    huge: bool = False  # not opened, since that would take too much memory
    pointer: str = ""  # only a placeholder of Git LFS, git-annex or DVC lies there: which, and how to get the file
    link: bool = False  # a link by a picture's name, or one to a folder: what is behind it is not looked at
    frames: int = 1  # or pages
    orientation: int = 1  # EXIF, 1..8
    transparent: bool = False
    deep: bool = False  # more than 8 bits a channel
    utf8: bool = True
    bom: bool = False
    lines: int = 0  # lines of a caption that hold something
    first: bool = True  # its first line holds something
    bytes: int = 0
    listed: dict[str, list[str]] | None = None  # the captions of the pictures beside it, of a captions.json
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


class _Entry(NamedTuple):
    path: str
    real: Path
    size: int
    pointer: str = ""
    link: bool = False


def read_folder(folder: Path, progress: Callable[[int, int], None] | None = None) -> list[FolderFile]:
    """Read every file below `folder`, sorted by path; hidden files and trainers' caches are passed over.

    Links are named where a trainer would find pictures behind them, and not followed: who made the folder may have
    aimed them at anything. Pictures are opened in processes of their own, each for as long as `pool.SECONDS` allow.
    """
    found = {entry.path: entry for entry in _files(folder.absolute(), "")}  # a worker may stand elsewhere
    pictures = {
        path: entry for path, entry in found.items() if _is_picture(path) and not entry.pointer and not entry.link
    }
    result = {path: _other(entry) for path, entry in found.items() if path not in pictures}
    work = pool.Work(_opener, ({path: str(entry.real) for path, entry in pictures.items()},))
    with closing(pool.each(work, list(pictures), weigh=lambda path: found[path].size, seconds=pool.SECONDS)) as answers:
        for number, (path, answer) in enumerate(answers):
            if progress:
                progress(number, len(pictures))
            result[path] = answer if isinstance(answer, FolderFile) else _unopened(path, answer)
    there = {*found, *(str(folder) for path in found for folder in PurePosixPath(path).parents)}
    return [_fetched(file, there) for _, file in sorted(result.items())]


def _is_picture(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in formats.EXTENSIONS


def _files(folder: Path, prefix: str) -> Iterator[_Entry]:
    try:
        entries = sorted(os.scandir(folder), key=lambda e: e.name)
    except OSError:
        return
    for entry in entries:
        try:
            info = entry.stat(follow_symlinks=False)
            link = Path(entry.path).readlink().parts if stat.S_ISLNK(info.st_mode) else ()
        except OSError:  # it went this moment
            continue
        if paths.hidden(entry.name) or paths.systems(entry.name) or entry.name in _CACHE_FILES:
            continue
        if stat.S_ISDIR(info.st_mode) and entry.name not in _CACHES:
            yield from _files(Path(entry.path), f"{prefix}{entry.name}/")
        elif stat.S_ISREG(info.st_mode) and PurePosixPath(entry.name).suffix.lower() not in _CACHE_SUFFIXES:
            yield _Entry(prefix + entry.name, Path(entry.path), info.st_size)
        elif formats.annexed(link) and not Path(entry.path).exists():
            yield _Entry(prefix + entry.name, Path(entry.path), 0, formats.ANNEX)
        elif link and (_is_picture(entry.name) or Path(entry.path).is_dir()):
            yield _Entry(prefix + entry.name, Path(entry.path), 0, link=True)


def _other(entry: _Entry) -> FolderFile:
    """What is no picture, or not here."""
    if entry.link:
        return FolderFile(entry.path, "other", link=True)
    kind: Literal["picture", "other"] = "picture" if _is_picture(entry.path) else "other"
    if not entry.pointer and PurePosixPath(entry.path).suffix.lower() in CAPTIONS:
        return _caption(entry.path, entry.real)
    if PurePosixPath(entry.path).name == LISTING and not entry.pointer:
        return _listing(entry)
    return FolderFile(entry.path, kind, pointer=entry.pointer, bytes=entry.size)


def _listing(entry: _Entry) -> FolderFile:
    """Read picture -> its captions, as diffusion-pipe does; what else lies there under that name it would stop at."""
    try:
        listed = files.parse_json(files.read(entry.real), dict[str, list[str]])
    except OSError as error:
        return FolderFile(entry.path, "other", problem=error.strerror or "it could not be read", bytes=entry.size)
    except ValueError:
        return FolderFile(entry.path, "other", problem="it is not lists of captions by picture", bytes=entry.size)
    return FolderFile(entry.path, "other", listed=listed, bytes=entry.size)


def _fetched(file: FolderFile, there: Collection[str]) -> FolderFile:
    """DVC's note pier.jpg.dvc stands for pier.jpg, and sketches.dvc for a folder, until `dvc pull` fetched them.

    `there`: the paths of all files and folders.
    """
    meant = file.path.removesuffix(".dvc")
    if meant == file.path or meant in there:
        return file
    if _is_picture(meant):
        return replace(file, path=meant, kind="picture", pointer=formats.DVC)
    return replace(file, pointer=formats.DVC)


def _opener(places: Mapping[str, str]) -> Callable[[str], FolderFile]:
    """Make a function that reads the picture of a path, in a process of its own or here."""
    return lambda path: _picture(path, Path(places[path]))


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
            frames=opened.frames if opened.format != "MPO" else 1,  # further views of the same picture
            bytes=len(data),
        )
    except Exception as error:
        return _unopened(path, error)


def _unopened(path: str, error: Exception) -> FolderFile:
    """One odd file never hides the rest."""
    if isinstance(error, BadImage) and error.code == Code.POINTER:
        return FolderFile(path, "picture", pointer=error.reason)
    if isinstance(error, BadImage):
        return FolderFile(path, "picture", problem=error.reason, huge=error.code == Code.TOO_LARGE)
    if isinstance(error, OSError):
        return FolderFile(path, "picture", problem=error.strerror or "it could not be read")
    return FolderFile(path, "picture", problem=f"it could not be judged ({type(error).__name__})")


def _caption(path: str, real: Path) -> FolderFile:
    try:
        data = files.read(real)
    except OSError:
        return FolderFile(path, "caption", utf8=False)
    if stands_for := formats.pointer(data[:64]):
        return FolderFile(path, "caption", pointer=stands_for, bytes=len(data))
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
