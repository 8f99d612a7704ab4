"""Lists a folder of pictures: each file once, what it may be, and why it is not looked at."""

from __future__ import annotations

import os
import shlex
import stat
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from loraprep.core import files, paths
from loraprep.core.findings import Code
from loraprep.core.patterns import Patterns
from loraprep.core.records import Role
from loraprep.core.text import printable
from loraprep.imaging import formats
from loraprep.scan import roles


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file found. `path` is POSIX, relative to the folder."""

    path: str
    state: Literal["image", "rejected", "ignored"]
    code: str = ""
    reason: str = ""
    bytes: int = 0
    role: Role | Literal[""] = ""
    holds: int = 0  # pictures in a folder of a system, which is not looked into


def find_files(
    folder: Path,
    root: Path,
    include: Sequence[str],
    exclude: Sequence[str],
    given: roles.Given | None = None,
) -> list[FoundFile]:
    """List every file under `folder`, sorted by path.

    A link is a picture where `files.enclose` lets pictures lie; other links are named and not followed. A system's bin
    or its thumbnails are one entry, but for what is `given` to train.
    """
    given = given or roles.Given({})
    where = _Where(folder.resolve(), root.resolve(), files.picture_folders(folder), given)
    wanted, unwanted = Patterns(include), Patterns(exclude)
    found = [_classify(*entry, wanted, unwanted, given) for entry in _entries(str(folder), "", where)]
    found += where.systems
    found += _words_of_project(folder, root)
    beside = any(f.code == "sidecar" for f in found)  # else nobody asks for these
    stems = {_stem(f.path) for f in found if f.code != "sidecar" and _is_picture(f.path)} if beside else set()
    whole = {f.path.casefold() for f in found if _is_picture(f.path)} if beside else set()
    apart = {_apart(f.path) for f in found if f.state == "image"} if beside else set()
    clips = {_stem(f.path) for f in found if f.role == "clip"} if beside else set()
    result = []
    for f in found:
        if f.code == "sidecar" and _stem(f.path) in clips and _stem(f.path) not in stems:
            f = FoundFile(f.path, "ignored", "clip", "words of a clip", f.bytes)
        elif f.code == "sidecar" and not (
            _stem(f.path) in stems
            or _stem(f.path) in whole
            or _lists(f.path)
            or (_in_folder_of_words(f.path) and _apart(f.path) in apart)
        ):
            code = "sidecar" if _suffix(f.path) == ".txt" else "not-an-image"  # a list of many pictures, or nothing
            f = FoundFile(f.path, "ignored", code, STRAY, f.bytes)
        result.append(f)
    return sorted(result, key=lambda f: f.path)


STRAY = "words without a picture of that name"
WORDS = "captions"  # in the project's folder, beside images/
PROJECT = "./"  # what the path of a file there begins with: captions/a.txt may be one in the images folder


def _words_of_project(folder: Path, root: Path) -> list[FoundFile]:
    """List the caption files in the project's captions/; [] where that folder is one of the pictures' own."""
    top, home = root / WORDS, root.resolve()
    if not top.is_dir() or top.is_symlink() or home.is_relative_to(folder.resolve()):
        return []
    entries = _entries(str(top), f"{WORDS}/", _Where(top.resolve(), home, (top.resolve(),)))
    every = (_classify(*entry, Patterns(["**/*"]), Patterns([]), roles.Given({})) for entry in entries)
    return [replace(f, path=PROJECT + f.path) for f in every if f.code == "sidecar"]


def words_file(path: str, folder: Path, root: Path) -> Path:
    """Return the caption file of a path that was found: in the images folder, or in the project's captions/."""
    return root / path.removeprefix(PROJECT) if path.startswith(PROJECT) else folder / path


def sidecars(found: Sequence[FoundFile]) -> dict[str, tuple[str, ...]]:
    """Return picture -> its caption files, in order of trust: a.txt and a.jpg.txt both belong to a.jpg.

    After them comes what lies in a folder of words such as captions/, where only one picture has the name: one in the
    images folder, then the project's own.
    """
    by_stem: dict[str, list[str]] = {}
    elsewhere: dict[str, list[str]] = {}
    for f in found:
        if f.code == "sidecar" and not _lists(f.path):
            by_stem.setdefault(_stem(f.path), []).append(f.path)
            if _in_folder_of_words(f.path):
                elsewhere.setdefault(_apart(f.path), []).append(f.path)
    alike = Counter(_apart(f.path) for f in found if f.state == "image") if elsewhere else Counter()
    result: dict[str, tuple[str, ...]] = {}
    for f in found if by_stem else ():
        if f.state != "image":
            continue
        own = by_stem.get(_stem(f.path), []) + by_stem.get(f.path.casefold(), [])
        beside = sorted(set(own), key=lambda p: (_rank(p), p))
        if alike.get(_apart(f.path), 0) == 1:
            beside += sorted(set(elsewhere.get(_apart(f.path), ())) - set(own), key=_nearest)
        if beside:
            result[f.path] = tuple(beside)
    return result


# Folders in which tools keep words, and those of pictures beside which they stand
_OF_WORDS = frozenset({"captions", "caption", "txt", "text", "texts", "tags", "prompts", "labels"})
_OF_PICTURES = frozenset({"images", "image", "img", "imgs", "pictures", "photos"})


def _in_folder_of_words(path: str) -> bool:
    return not _OF_WORDS.isdisjoint(path.casefold().split("/")[:-1])


def _apart(path: str) -> str:
    """Return the stem without the folder that tells words from pictures: one for captions/a.txt and images/a.jpg."""
    *folders, name = _stem(path).removeprefix(PROJECT).split("/")
    for n, folder in enumerate(folders):
        if folder in _OF_WORDS or folder in _OF_PICTURES:
            return "/".join([*folders[:n], *folders[n + 1 :], name])
    return "/".join([*folders, name])


def of_words(name: str) -> bool:
    """Say whether a file of this name is read for its words, whatever is in it."""
    suffix, plain = _suffix(name), name.rpartition("/")[2].lower()
    return (suffix in formats.SIDECARS or suffix in formats.TABLES) and not roles.listed_by_trainer(plain)


def listings(found: Sequence[FoundFile]) -> list[str]:
    """Return files that may describe a whole folder: JSON as kohya writes it, tables, text that is no picture's."""
    return [f.path for f in found if f.code == "sidecar" and (_lists(f.path) or f.reason == STRAY)]


def beside(root: Path, folder: str, pictures: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Return (picture -> "folder/...", orphans) for upscaled/ and masks/. A file of the very same name wins over one of
    the same stem.

    A stem that several pictures share is nobody's: which of them it is meant for cannot be told.
    """
    top = root / folder
    if not top.is_dir():
        return {}, []
    names = sorted(
        rel
        for rel, _, entry, problem in _entries(str(top), "", _Where(top.resolve(), root.resolve(), (top.resolve(),)))
        if not problem and not _hidden(rel) and _suffix(rel) in formats.EXTENSIONS and entry is not None
    )
    exact = {_folded(p): p for p in pictures}
    by_stem: dict[str, list[str]] = {}
    for p in pictures:
        by_stem.setdefault(_folded(_bare(p)), []).append(p)
    taken: dict[str, str] = {}
    for name in names:
        if _folded(name) in exact:
            taken[exact[_folded(name)]] = f"{folder}/{name}"
    for name in names:
        owners = by_stem.get(_folded(_bare(name)), [])
        if len(owners) == 1 and owners[0] not in taken:
            taken[owners[0]] = f"{folder}/{name}"
    return taken, sorted({f"{folder}/{n}" for n in names} - set(taken.values()))


_Entry = tuple[str, str, os.stat_result | None, str]  # relative path, file, lstat, problem "code: reason"


@dataclass(frozen=True, slots=True)
class _Where:
    """`base`: the folder that is listed, `home`: the project's, `allowed`: where links may end. All resolved."""

    base: Path
    home: Path
    allowed: tuple[Path, ...]
    given: roles.Given | None = None
    systems: list[FoundFile] = field(default_factory=list)
    walked: set[Path] = field(default_factory=set)  # folders elsewhere that links led to


def _entries(folder: str, prefix: str, where: _Where) -> Iterator[_Entry]:
    try:
        with files.scan(folder) as listing:
            entries = sorted(listing, key=lambda e: e.name)
    except OSError as error:
        yield (
            prefix.rstrip("/") or ".",
            folder,
            None,
            f"unreadable: this folder cannot be opened ({_os_reason(error)})",
        )
        return
    base, home = where.base, where.home
    at_home = base == home and Path(folder).resolve() == base
    for entry in entries:
        rel, path = prefix + entry.name, entry.path
        try:
            info = entry.stat(follow_symlinks=False)
        except OSError as error:
            yield rel, path, None, f"unreadable: it cannot be read ({_os_reason(error)})"
            continue
        if stat.S_ISLNK(info.st_mode):
            problem, target = _link(Path(path), where)
            if problem or target is None or not target.is_dir():
                yield rel, path, target.stat() if target and not problem else info, problem
            else:
                where.walked.add(target)
                yield from _entries(path, rel + "/", where)
        elif stat.S_ISDIR(info.st_mode):
            real = Path(path).resolve()
            if role := roles.of_system(entry.name):
                yield from _of_system(path, rel, role, where)
                continue
            if passed_over(entry.name, at_home=at_home):
                continue
            if real == home and base != home:
                continue  # the project lies inside the folder of pictures
            if not files.may_be_picture(real, where.allowed):  # a junction
                yield rel, path, info, f"link: {_outside(real)}"
                continue
            yield from _entries(path, rel + "/", where)
        elif not (at_home and _own(entry.name)):
            special = "" if stat.S_ISREG(info.st_mode) else "special: not an ordinary file"
            yield rel, path, info, special


def _of_system(folder: str, rel: str, role: Role, where: _Where) -> Iterator[_Entry]:
    """Count the pictures in a system's own folder; yield those that project.yaml gives to train."""
    pictures = 0
    for inner, path, info in _below(folder, rel + "/"):
        if where.given and where.given.of(inner) == roles.TRAIN:
            yield inner, path, info, "" if stat.S_ISREG(info.st_mode) else "special: not an ordinary file"
        else:
            pictures += 1
    if pictures:
        counted = f"{pictures} picture{'s' if pictures > 1 else ''} in it"
        reason = f"a {_SYSTEMS_FOLDERS[role]}; {counted}, not looked at"
        where.systems.append(FoundFile(rel, "ignored", role, reason, 0, role, pictures))


_SYSTEMS_FOLDERS = {"bin": "bin", "thumbnail": "folder of thumbnails", "cache": "system's own folder"}


def _below(folder: str, prefix: str) -> Iterator[tuple[str, str, os.stat_result]]:
    """Yield (relative path, file, lstat) of every picture below, by its name; links to folders are not followed."""
    try:
        with files.scan(folder) as listing:
            for entry in sorted(listing, key=lambda e: e.name):
                info = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(info.st_mode):
                    yield from _below(entry.path, f"{prefix}{entry.name}/")
                elif _is_picture(entry.name) and not entry.name.startswith("._"):  # a resource fork is no picture
                    yield prefix + entry.name, entry.path, info
    except OSError:  # nobody may look into a bin of somebody else's
        return


def _link(path: Path, where: _Where) -> tuple[str, Path | None]:
    """Return ("", where it ends) for a link to a file or folder that may be looked at, else what is wrong with it."""
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return _nowhere(path), None
    if target.is_dir() and (target.is_relative_to(where.base) or target in where.walked):
        return "inside: a link to a folder that is looked at anyway", target
    if not files.may_be_picture(target, where.allowed):
        return f"link: {_outside(target)}", target
    if target.is_dir() and (where.base.is_relative_to(target) or where.home.is_relative_to(target)):
        return "inside: a link to a folder around this one", target
    return ("", target) if target.is_dir() or target.is_file() else ("special: not an ordinary file", target)


def _nowhere(path: Path) -> str:
    """Tell a link of git-annex, whose file was not fetched, from others that lead nowhere."""
    if formats.annexed(path.readlink().parts):
        return f"{Code.POINTER.value}: {formats.ANNEX}"
    return "link: it is a link that leads nowhere"


def _outside(target: Path) -> str:
    """Say where a link leads, and the line that trusts the folder. Whose home it is stays out of the report."""
    folder, home = target if target.is_dir() else target.parent, Path.home()
    for keeper in (("cache", ".dvc"), ("blobs",)):  # DVC and Hugging Face spread files over folders of their own
        if set(keeper) <= set(target.parts):
            folder = Path(*target.parts[: target.parts.index(keeper[0]) + 1])
    near = folder.is_relative_to(home) and folder != home
    shown = folder.relative_to(home).as_posix() if near else folder.as_posix()
    shown = printable(shown, "?")
    named = f"~/{shlex.quote(shown)}" if near else shlex.quote(shown)
    return f"it leads out of this project. Only if your pictures are there: loraprep trust {named}"


def passed_over(name: str, *, at_home: bool) -> bool:
    """Is an entry of this name never looked into? `at_home`: in the project's own folder."""
    return paths.systems(name) or (at_home and _own(name))


def _own(name: str) -> bool:
    return paths.own(name)


def _classify(
    raw: str,
    real: str,
    info: os.stat_result | None,
    problem: str,
    wanted: Patterns,
    unwanted: Patterns,
    given: roles.Given,
) -> FoundFile:
    size = info.st_size if info is not None and stat.S_ISREG(info.st_mode) else 0
    path = raw.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")

    def because(state: Literal["image", "rejected", "ignored"], code: str = "", reason: str = "") -> FoundFile:
        return FoundFile(path, state, code, reason, size)

    if path != raw or not all(c.isprintable() for c in raw):
        path = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in path)
        return because("rejected", Code.NAME, "its name holds characters that not every system can write; rename it")
    if _hidden(raw) and given.of(raw) != roles.TRAIN:
        return because("ignored", "hidden", "a hidden file")
    if problem.startswith("unreadable") and info is None:
        return because("rejected", Code.UNREADABLE, problem.partition(": ")[2])
    suffix = _suffix(raw)
    kind = "image" if suffix in formats.EXTENSIONS else "unsupported" if suffix in formats.UNSUPPORTED else ""
    worded = of_words(raw)
    if worded and not problem and size < 1000 and (stands_for := _pointer(Path(real))):
        return because("rejected", Code.POINTER, stands_for)
    if worded and not problem:
        return because("ignored", "sidecar", "words beside a picture")
    if not wanted.match(raw) or unwanted.match(raw):
        return because("ignored", "excluded", "left out by images.include and images.exclude in project.yaml")
    if problem:
        code, _, reason = problem.partition(": ")
        if code == "inside":
            return because("ignored", "not-an-image", reason)
        return because("rejected" if kind or code == "link" or not suffix else "ignored", code, reason)
    if suffix == ".dvc":
        return _tracked(Path(real), because)
    if suffix in formats.CLIPS and roles.filmed(_head(Path(real))):
        return FoundFile(path, "ignored", "clip", "a clip: loraprep prepares pictures", size, "clip")
    if kind == "unsupported":
        return because("rejected", Code.UNSUPPORTED, formats.UNSUPPORTED[suffix])
    if kind == "image":
        return because("image")
    head = _head(Path(real))
    if roles.cached(raw, head):
        return FoundFile(path, "ignored", "cache", "a trainer's cache", size, "cache")
    kind = formats.sniff(head)
    called = f"it holds a {kind} but its name does not say so; rename it to use it" if kind else "not a picture"
    return because("ignored", "not-an-image", called)


def _pointer(path: Path) -> str:
    try:
        return formats.pointer(files.read(path, 64))
    except OSError:
        return ""


def _tracked(real: Path, because: Callable[..., FoundFile]) -> FoundFile:
    """DVC's note pier.jpg.dvc stands for pier.jpg, and sketches.dvc for a folder, until `dvc pull` fetched them."""
    if files.is_file(real.with_suffix("")) or real.with_suffix("").exists():
        return because("ignored", "not-an-image", "DVC's note on where its file is kept")
    return because("rejected", Code.POINTER, formats.DVC)


def _head(path: Path) -> bytes:
    try:
        return files.read(path, 64)
    except OSError:
        return b""


def _hidden(path: str) -> bool:
    return any(map(paths.hidden, path.split("/")))


def _suffix(path: str) -> str:
    return path[_dot(path) :].lower()


def _dot(path: str) -> int:
    """Return where the suffix starts, as pathlib tells it (".jpg" and "a." have none); a fifth of its time."""
    dot, start = path.rfind("."), path.rfind("/") + 1
    return dot if start < dot < len(path) - 1 else len(path)


def _bare(path: str) -> str:
    return path[: _dot(path)]


def _stem(path: str) -> str:
    return _bare(path).casefold()


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()


def _is_picture(path: str) -> bool:
    return _suffix(path) in formats.EXTENSIONS


def _lists(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return name.endswith(formats.TABLES) or (
        name.endswith(".json") and (name.startswith(("meta_", "metadata")) or name == "captions.json")
    )


def _nearest(path: str) -> tuple[bool, int, str]:
    return path.startswith(PROJECT), _rank(path), path


def _rank(path: str) -> int:
    return formats.SIDECARS.index(_suffix(path))


def _os_reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
