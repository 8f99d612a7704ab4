"""Files on disk: the one module that opens, writes, lists and deletes inside a project. Digests and JSON, too.

A clone brings links as it brings pictures, and a `report/crops` that ends in somebody's home would be swept as readily
as ours. `enclose` names a project; from then on nothing here goes through a link to a folder in what is the tool's own,
nor reads a file behind one that leads out; pictures may be links to where `enclose` says. What lies in no project (the
person's settings, the page of `loraprep look`) is taken as it is named.

Pictures may lie in a bucket (core/object_store.py), and dataset/ may be one (core/object_folder.py). Such a folder is
on no disk: `read`, `write`, `sha256`, `stat`, `scan` and the like ask there, and whoever goes past them finds nothing.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import os
import re
import stat as _stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PureWindowsPath
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import msgspec

from loraprep.core import paths, typed
from loraprep.core.errors import Problem, UserError

if TYPE_CHECKING:
    from loraprep.core.object_folder import ObjectFolder
    from loraprep.core.object_store import ObjectStore

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
_T = TypeVar("_T")
_PART = 1 << 18  # bytes of lines read at once: more is no quicker, and is held beside what is made of it


@dataclass(slots=True)
class _Home:
    """A project. `real` is `root` without links, `pictures` the folders that a picture's link may end in, resolved."""

    root: str
    real: str
    images: str
    pictures: tuple[Path, ...]
    store: ObjectStore | None = None  # where the pictures lie, if not in the folder `images`
    training: ObjectFolder | None = None  # what dataset/ is, if not a folder
    known: set[tuple[str, bool]] = field(default_factory=set)  # (folder, for pictures) that was found to be in order


_homes: dict[str, _Home] = {}  # by root, and by the folder of pictures

# whose files are looked at one by one where they are used: there may be as many as pictures
_MANY = ("responses", "build/thumbs", "build/review", "build/store")
_NOT_OPENED = ("schemas", "dodo.py", ".gitignore")  # for the person, their editor and doit


def enclose(
    root: Path,
    images: Path | None = None,
    also: Iterable[Path] = (),
    store: ObjectStore | None = None,
    training: ObjectFolder | None = None,
) -> None:
    """Keep to the project in `root` from now on. `also`: folders outside that pictures may be links into; `store`:
    where the pictures are that `images` names; `training`: what dataset/ is, if not a folder.
    """
    top, real = _absolute(root), os.path.realpath(root)
    folder = _absolute(images) if images is not None else os.path.join(top, "images")  # noqa: PTH118
    where = (Path(os.path.realpath(folder)), Path(real), *(a.resolve() for a in also))
    _homes[top] = _homes[folder] = _Home(top, real, folder, where, store, training)
    if folder != top:
        _homes[top] = _Home(top, real, folder, where, store, training)


def homes(*, far: bool = False) -> dict[str, _Home]:
    """Return what `enclose` was told so far, for `keep_to` in a child; `far`: one that is to write nothing."""
    if far:
        return {
            k: replace(h, store=h.store and h.store.unkept(), training=h.training and h.training.unkept(), known=set())
            for k, h in _homes.items()
        }
    return dict(_homes)


def keep_to(known: Mapping[str, _Home]) -> None:
    """Keep to the projects that the parent keeps to, and to no others."""
    _homes.clear()
    _homes.update(known)


def landmarks(each: int = 3) -> list[str]:
    """List some paths of the projects that this process keeps to: whoever does not see them sees another folder."""
    found = []
    for folder in sorted({folder for home in _homes.values() for folder in (home.root, home.images)}):
        with suppress(OSError), os.scandir(folder) as listing:
            shown = (entry.path for entry in listing if not entry.name.startswith("."))
            found += [folder, *itertools.islice(shown, each)]
    return found


def refuse_links(root: Path) -> None:
    """Raise UserError naming every link to a folder, every link that leads out and every device among our own files.

    Before anything is opened: databases, locks and doit open theirs by themselves.
    """
    if found := list(_out_of_order(root, "", root.resolve())):
        raise UserError.many(found)


def picture_folders(images: Path) -> tuple[Path, ...]:
    """Return the folders in which a link among these pictures may end, resolved; only `images` itself if unknown."""
    home = _homes.get(_absolute(images))
    return home.pictures if home else (images.resolve(),)


def may_be_picture(target: Path, folders: Sequence[Path]) -> bool:
    """Say whether the resolved `target` lies in one of the folders, and in nothing hidden there."""
    return any(paths.inside(target, [folder]) and paths.shown(target, folder) for folder in folders)


def repository(root: Path) -> Path | None:
    """Return the git root around a folder, resolved. None without one, and for a home folder (or what is above it)
    that is one: everything a person has would be in it.
    """
    here, home = root.resolve(), Path.home().resolve()
    found = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), None)
    return None if found is None or home.is_relative_to(found) else found


def under(folder: Path, name: str, place: str = "") -> Path:
    """Return folder/name. Raises UserError, with `place` for its place, if the name leads anywhere else."""
    if why := paths.fault(name, windows=os.name == "nt"):
        raise UserError(
            f'"{name}" is no file of this project: {why}',
            place=place,
            hint="loraprep never writes such a name. Take the file from git, or delete it and run loraprep gate1.",
        )
    return folder / name


def checked(path: Path, *, writing: bool = False) -> Path:
    """Return the path as it may be opened. Raises UserError if it leads out of its project."""
    text = _absolute(path)
    key = text
    while key not in _homes:
        above = os.path.dirname(key)  # noqa: PTH120 - asked for every file
        if above == key:
            return path
        key = above
    home, rest = _homes[key], text[len(key) :].strip(os.sep)
    if f"{os.sep}..{os.sep}" in f"{os.sep}{rest}{os.sep}":
        raise _outside(home, text, "leads out of the project")
    pictures = f"{text}{os.sep}".startswith(f"{home.images}{os.sep}")
    if home.images == home.root:
        pictures = not writing and not paths.own(rest.partition(os.sep)[0])
    if pictures and writing:
        raise _outside(home, text, "lies among your pictures, where loraprep never writes")
    if pictures and home.store:
        return home.store.local(_inside(text, home))
    folder = os.path.dirname(text) if rest else text  # noqa: PTH120
    if (folder, pictures) not in home.known:
        real = os.path.realpath(folder)
        if pictures:
            safe = may_be_picture(Path(real), home.pictures)
        else:
            wanted = os.path.join(home.real, os.path.relpath(folder, home.root))  # noqa: PTH118
            safe = os.path.normcase(real) == os.path.normcase(os.path.normpath(wanted))
        if not safe:
            raise _outside(home, folder, "is a link, and loraprep works in real folders alone")
        home.known.add((folder, pictures))
    if not writing and os.path.islink(text):  # noqa: PTH114
        target = Path(os.path.realpath(text))
        if not (may_be_picture(target, home.pictures) if pictures else _keeps(target, home)):
            raise _outside(home, text, "is a link that leads out of the project")
    return Path(paths.spelled(PureWindowsPath(text))) if os.name == "nt" else path


def in_store(path: Path | str) -> tuple[ObjectStore, str] | None:
    """Return the bucket in which a picture lies, and its name there; None for what lies on a disk."""
    if not any(home.store for home in _homes.values()):
        return None
    whole = isinstance(path, str) and os.sep == "/" and path.startswith("/")
    text = str(path) if whole else _absolute(Path(path))  # asked for every file: a Path costs more than the rest
    for home in _homes.values():
        if home.store and f"{text}{os.sep}".startswith(f"{home.images}{os.sep}"):
            return home.store, _inside(text, home)
    return None


def training_folder(root: Path) -> ObjectFolder | None:
    """Return the bucket that dataset/ of a project is; None for a folder."""
    home = _homes.get(_absolute(root))
    return home.training if home else None


def in_training(path: Path | str) -> tuple[ObjectFolder, str] | None:
    """Return the bucket that a file of dataset/ is in, and its name there; None for what lies on a disk."""
    if not any(home.training for home in _homes.values()):
        return None
    text = _absolute(Path(path))
    for home in _homes.values():
        top = os.path.join(home.root, "dataset")  # noqa: PTH118 - asked for every file
        if home.training and f"{text}{os.sep}".startswith(f"{top}{os.sep}"):
            return home.training, text[len(top) :].strip(os.sep).replace(os.sep, "/")
    return None


def _inside(text: str, home: _Home) -> str:
    return text[len(home.images) :].strip(os.sep).replace(os.sep, "/")


def _keeps(target: Path, home: _Home) -> bool:
    """May a file of the tool's own be a link to this? git-annex makes such links of whatever is added to it."""
    return paths.inside(target, [Path(home.real)]) and paths.shown(target, Path(home.real))


def _absolute(path: Path) -> str:
    """Spell a path whole, with its links and dots as they are."""
    return str(path if path.is_absolute() else path.absolute())


def _outside(home: _Home, text: str, what: str) -> UserError:
    name = Path(os.path.relpath(text, home.root)).as_posix()
    return UserError.many([_problem(name, what)])


def _problem(name: str, what: str) -> Problem:
    hint = "Nothing was read or written there. Delete it, or put a real file or folder in its place."
    return Problem(what, name, hint)


def _out_of_order(folder: Path, prefix: str, top: Path) -> Iterator[Problem]:
    """Name the links to folders, the links that lead out and the devices among the tool's own files in `folder`."""
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda e: e.name)
    except OSError:  # whoever needs it says so
        return
    for entry in entries:
        name = prefix + entry.name
        if not prefix and (not paths.own(entry.name) or entry.name in _NOT_OPENED):
            continue
        if entry.is_symlink() or _junction(entry):
            target = Path(os.path.realpath(entry.path))
            within = paths.inside(target, [top])
            ours = name.startswith((*paths.OWN_START, "build/"))  # libraries open and write these as they are
            if ours or target.is_dir() or not (within and paths.shown(target, top)):
                out = "" if within else " that leads out of the project"
                yield _problem(name, f"is a link{out}, and loraprep works in real files and folders alone")
        elif entry.is_dir(follow_symlinks=False):
            if name not in _MANY and not name.startswith("dataset/"):
                yield from _out_of_order(Path(entry.path), name + "/", top)
        elif not entry.is_file(follow_symlinks=False):
            yield _problem(name, "is not an ordinary file")


def _junction(entry: os.DirEntry[str]) -> bool:
    """Say whether it is Windows' other kind of link to a folder (os.path.isjunction is of Python 3.12)."""
    tag = getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0) if os.name == "nt" else 0
    return bool(tag == getattr(_stat, "IO_REPARSE_TAG_MOUNT_POINT", -1))


class Entry(Protocol):
    """What `scan` says of a file or folder, as os.DirEntry says it."""

    @property
    def name(self) -> str: ...

    @property
    def path(self) -> str: ...

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result: ...


@contextmanager
def scan(folder: Path | str) -> Iterator[Iterable[Entry]]:
    """List a folder of pictures, in no order. Raises OSError."""
    if found := in_store(folder):
        yield found[0].entries(found[1])
        return
    with os.scandir(folder) as listing:
        yield listing


def stat(path: Path | str) -> os.stat_result:
    """Return what is known of a picture without opening it. In a bucket its times are 0, and another inode is another
    version. Raises OSError.
    """
    if found := in_store(path):
        return found[0].stat(found[1])
    if there := in_training(path):
        return os.stat_result((_stat.S_IFREG | 0o644, 0, 0, 1, 0, 0, there[0].size(there[1]), 0, 0, 0))
    return os.stat(path)  # noqa: PTH116 - tens of thousands of them: a Path costs more than the call


def is_file(path: Path) -> bool:
    """Say whether a picture is there."""
    if found := in_training(path):
        return found[0].has(found[1])
    try:
        return _stat.S_ISREG(stat(path).st_mode)
    except OSError:
        return False


def exists(path: Path) -> bool:
    """Say whether anything is there: a file, a folder, or a link to one."""
    if found := in_training(path):
        return found[0].has(found[1])
    return path.exists()


def plain(path: Path) -> bool:
    """Say whether it is a file, and no link."""
    if found := in_training(path):
        return found[0].has(found[1])
    try:
        return _stat.S_ISREG(checked(path, writing=True).lstat().st_mode)
    except OSError:
        return False


def read(path: Path, most: int = -1) -> bytes:
    """Return what the file holds, at most so many bytes of it. Raises OSError, UserError."""
    if found := in_store(path) or in_training(path):
        return found[0].read(found[1], most)
    with checked(path).open("rb") as stream:
        return stream.read(most)


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield what the file holds, some thousands of whole lines at a time. Raises OSError, UserError."""
    with checked(path).open("rb") as stream:
        while lines := stream.readlines(_PART):
            yield b"".join(lines)


def read_text(path: Path, errors: str = "strict") -> str:
    """Return the file's UTF-8 text. Raises OSError, UnicodeDecodeError, UserError."""
    if in_training(path):
        return io.TextIOWrapper(io.BytesIO(read(path)), "utf-8", errors).read()
    return checked(path).read_text("utf-8", errors)


def sha256(path: Path) -> str:
    """Return the file's SHA-256, 64 hex digits. Raises OSError, UserError."""
    if found := in_training(path):
        return found[0].sha256(found[1])
    with checked(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def listed(folder: Path, ending: str = "") -> list[Path]:
    """List what lies in a folder, by name, with that ending; [] if it is not there."""
    if not folder.is_dir():
        return []
    checked(folder / "x")
    with suppress(OSError), os.scandir(folder) as listing:
        return sorted(folder / e.name for e in listing if e.name.endswith(ending))
    return []


def folders(folder: Path) -> list[Path]:
    """List the folders in a folder, by name, links aside; [] if it is not there."""
    if not folder.is_dir():
        return []
    checked(folder / "x")
    with suppress(OSError), os.scandir(folder) as listing:
        return sorted(folder / e.name for e in listing if e.is_dir(follow_symlinks=False))
    return []


def below(folder: Path) -> list[str]:
    """List every file below a folder, relative, sorted; links are files here, and never followed."""
    if there := in_training(folder):
        prefix = f"{there[1]}/" if there[1] else ""
        return [name.removeprefix(prefix) for name in there[0].below() if name.startswith(prefix)]
    found: list[str] = []
    for here, folders, names in os.walk(checked(folder / "x").parent):
        whole = [Path(here, name) for name in names] + [p for name in folders if (p := Path(here, name)).is_symlink()]
        found += [path.relative_to(folder).as_posix() for path in whole]
    return sorted(found)


def write(path: Path, content: bytes | str, *, sync: bool = True) -> bool:
    """Write the file whole (temp, flush, fsync, rename), and only if it differs; True if it was written.

    A link is replaced, never written through. `sync`: False for a cache that may be lost with the power. In a bucket
    only what was listed is replaced: raises FileExistsError if somebody else wrote since.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    if found := in_training(path):
        return found[0].write(found[1], data)
    path = checked(path, writing=True)
    with suppress(FileNotFoundError):
        if not path.is_symlink() and path.read_bytes() == data:
            return False
    with _whole(path, sync=sync) as stream:
        stream.write(data)
    return True


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Have what the disk refuses inside name this file: a full disk tells none, and a temporary file is nobody's."""
    try:
        yield
    except OSError as error:
        if error.filename is None or ".loraprep-" in str(error.filename):
            error.filename, error.filename2 = str(path), None
        raise


def write_lines(path: Path, lines: Iterable[str]) -> bool:
    """Write lines as they are made, else as `write`: a file that holds just these is not touched."""
    coming, same, first = iter(lines), 0, b""
    there = plain(path)
    with path.open("rb") if there else io.BytesIO() as old:
        for first in (line.encode() for line in coming):
            if old.read(len(first)) != first:
                break
            same += len(first)
        else:
            first = b""
            if there and not old.read(1):
                return False
    with _whole(path) as stream:
        if same:
            with path.open("rb") as old:
                for start in range(0, same, _BLOCK):
                    stream.write(old.read(min(_BLOCK, same - start)))
        stream.write(first)
        stream.writelines(line.encode() for line in coming)
    return True


_BLOCK = 1 << 20


def append(path: Path, data: bytes) -> None:
    """Add to the end of a file; it is on disk before this returns. What lies behind a link stays as it is."""
    path = checked(path, writing=True)
    if path.is_symlink():
        write(path, read(path) + data)
        return
    with _named(path), path.open("ab") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def remove(path: Path) -> None:
    """Delete a file of ours, or the link that stands in its place. Raises OSError, UserError; not if it is gone."""
    if found := in_training(path):
        found[0].remove(found[1])
        return
    checked(path, writing=True).unlink(missing_ok=True)


def remove_if_empty(folder: Path) -> None:
    """Delete a folder with nothing in it; a bucket has none."""
    if in_training(folder):
        return
    if _plain_folder(checked(folder, writing=True)) and not any(folder.iterdir()):
        folder.rmdir()


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, as far as they are not there. Raises OSError, UserError."""
    checked(folder / "x", writing=True)
    folder.mkdir(parents=True, exist_ok=True)


def opened_by_others(path: Path) -> Path:
    """Return the path of a database or a lock, for a library that opens it by itself. Raises UserError."""
    for ending in ("", "-journal", "-wal", "-shm"):
        beside = path.with_name(path.name + ending)
        if checked(beside, writing=True).is_symlink():
            raise UserError.many([_problem(path.name + ending, "is a link, and loraprep works in real files alone")])
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _plain_folder(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink()


_TEMPORARY = re.compile(r"\.loraprep-(?:(\d+)-(\w+)-)?\w{8}")
_LONGEST_WRITE = 3600.0  # seconds; no write of ours takes an hour


def _host() -> str:
    return hashlib.sha256(os.uname().nodename.encode()).hexdigest()[:6] if hasattr(os, "uname") else "x"


def sweep_temporary(root: Path) -> None:
    """Delete what writes of ours left behind when they were killed, in the places that are the tool's own."""
    for name in ("", *paths.OWN_FOLDERS):
        for folder, below, names in os.walk(root / name) if name else [(str(root), [], _names(root))]:
            below[:] = [b for b in below if not Path(folder, b).is_symlink()]
            for found in (n for n in names if n.startswith(".loraprep-")):
                with suppress(OSError, UserError):
                    if _left_behind(Path(folder, found)):
                        remove(Path(folder, found))


def _names(folder: Path) -> list[str]:
    with os.scandir(folder) as listing:
        return [e.name for e in listing]


def _left_behind(path: Path) -> bool:
    match, seen = _TEMPORARY.fullmatch(path.name), path.lstat()
    if match is None or not _stat.S_ISREG(seen.st_mode):
        return False
    if time.time() - seen.st_mtime > _LONGEST_WRITE:
        return True
    if os.name == "nt" or match[2] != _host():  # there is no asking, or another computer on the same disk writes
        return False
    try:
        os.kill(int(match[1]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass
    return False


@contextmanager
def _whole(path: Path, *, sync: bool = True) -> Iterator[IO[bytes]]:
    """Yield a file beside `path` that takes its place when all is written, or is deleted."""
    make_folder(path.parent)
    path = checked(path, writing=True)
    with _named(path):
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".loraprep-{os.getpid()}-{_host()}-")
    try:
        with _named(path), os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            if sync:
                os.fsync(stream.fileno())
        with _named(path):
            # mkstemp makes private files; what we write is meant to be shared like any other file
            Path(temporary).chmod(path.stat().st_mode & 0o777 if plain(path) else 0o644)
            Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):  # the first error is the one to tell
            Path(temporary).unlink(missing_ok=True)
        raise


def dumps(value: Json, *, indent: int | None = 1) -> str:
    """Spell as JSON with sorted keys and a final newline. Raises ValueError for NaN and infinity."""
    return json.dumps(value, sort_keys=True, indent=indent, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: Path, value: Json) -> bool:
    """Write what `dumps` makes of `value`; True if the file was written."""
    return write(path, dumps(value))


def spelled(records: object) -> bytes:
    """Spell records as `dumps` does their plain values, at a sixth of its time and without making those.

    For what grows with the pictures. What is no number or infinite becomes null, which no reader takes for a number.
    """
    return msgspec.json.format(msgspec.json.encode(records, order="sorted"), indent=1) + b"\n"


def write_records(path: Path, records: object) -> bool:
    """Write what `spelled` makes of `records`; True if the file was written."""
    return write(path, spelled(records))


def read_json(path: Path) -> Any:
    """Parse the file. Raises FileNotFoundError, ValueError, UserError."""
    return parse_json(read(path), Any)


def parse_json(data: bytes | str, form: type[_T]) -> _T:
    """Parse JSON as RFC 8259 has it (no NaN, no infinity, no half characters) into `form`.

    Raises msgspec.DecodeError, a ValueError.
    """
    try:
        return typed.from_json(data, form)
    except RecursionError:
        raise msgspec.DecodeError("nested too deeply") from None


def remembered(memory: Path, source: Path, make: Callable[[], _T], form: type[_T]) -> _T:
    """Return what `make` says of `source`, a `form`, kept beside the source's digest in the JSON file `memory`.

    So a run that finds the source unchanged parses no YAML. The memory is one small file a source, in the project's
    build/, and made anew whenever it does not fit. Raises what `make` raises.
    """
    digest = sha256(source) if source.exists() else ""
    try:
        known = read_json(memory)
        if known.pop("digest") == digest:
            return typed.convert(known, form)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # a cache: making it again mends it
        pass
    made = make()
    write_json(memory, {"digest": digest, **msgspec.to_builtins(made)})
    return made
