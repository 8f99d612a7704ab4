"""Pictures in a bucket of an object store: listed once a run, read where they are decoded, kept here up to a limit.

The folder of such pictures is on no disk; `files` asks here for what it asks a disk otherwise. What the store says of
an object (its ETag or version, and its size) tells whether it is the one that was seen, so nothing unchanged is read
again. Nothing is ever written to a store. What it is asked with, the person's settings and libraries know: no key
passes through here, and what a library says of an error, which may quote one, is never shown.
"""

from __future__ import annotations

import errno
import hashlib
import math
import os
import re
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from loraprep.core import files, paths
from loraprep.core.errors import UNUSABLE, Unreachable
from loraprep.core.store import distrust

T = TypeVar("T")
EXTRA = "pip install 'loraprep[store]'"
# scheme -> the library that opens it and how it is installed; fsspec finds it by the scheme
LIBRARIES = {
    "s3": ("s3fs", EXTRA),
    "gs": ("gcsfs", "pip install gcsfs"),
    "az": ("adlfs", "pip install adlfs"),
    "hf": ("huggingface_hub", "pip install huggingface_hub"),
}
# a name that no library reads as more than a name: no chained addresses, no user, no query, no pattern
_ADDRESS = re.compile(r"(s3|gs|az)://[a-z0-9][a-z0-9._-]*(/[^/\\?#*\[\]:@\x00-\x1f]+)*/?")
_OF_HUB = re.compile(r"(hf)://datasets/[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(/[^/\\?#*\[\]:@\x00-\x1f]+)*/?")

_TABLES = """
CREATE TABLE objects (folder, name, size, mark, head, seen, PRIMARY KEY (folder, name)) WITHOUT ROWID;
"""
_VERSION = 1  # of the tables
_WAIT = 30  # seconds for others to end what they do with the index
_FOLDER = -1  # in place of a folder's size
_TRIES = (0.3, 1.5, 0)  # seconds to wait after each time that a store was asked in vain
_CONNECT, _SILENT = 5, 15  # seconds that a connection may take, and that may pass without a byte
_SOME = 1000  # of them that wait in memory
_AT_A_TIME = 16  # small files that are fetched side by side: each takes a tenth of a second, whatever its size
_SMALL = 1 << 16  # bytes; what is no larger stays: words mostly, which every look at a changed set reads
_ROOM = 0.9  # of the limit: what is left once it was reached
_OFTEN = 0.05  # of the limit: how much is fetched between two looks at what there is
_USED = 60  # seconds; noting more often that a file was used would cost more than it tells
# what tells one version of an object from another, the surest first, by the names that the libraries give it
_MARKS = ("ETag", "etag", "generation", "VersionId", "blob_id", "md5Hash", "LastModified", "last_modified", "updated")
_MD5 = re.compile(r"[0-9a-f]{32}")
_ONE = ("AccessDenied", "403", "AllAccessDisabled", "InvalidObjectState")  # refusals that are about an object
_AGAIN = "run the same command again"


class Listed(NamedTuple):
    """What the listing says of an object. `size`: bytes."""

    size: int
    mark: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What lies in a folder of a bucket, as `files.Entry` has it."""

    name: str
    path: str
    info: os.stat_result

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return self.info


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """Pictures below an `address` such as s3://bucket/prefix, for which `folder` stands: build/store/pictures.

    `endpoint`, `profile`: the person's own, "" for what their settings of the store say. `most`: bytes that are kept
    beside `folder`; with `keep` False nothing is, and nothing is written.
    """

    address: str
    folder: Path
    region: str = ""
    anonymous: bool = False
    endpoint: str = ""
    profile: str = ""
    most: float = math.inf
    keep: bool = True

    def unkept(self) -> ObjectStore:
        """Return the same for a computer that is to write nothing."""
        return replace(self, keep=False)

    def refresh(self, words: Callable[[str], bool]) -> None:
        """List what there is now, folder by folder, and fetch the small files whose names are `words`, side by side.

        A listing that breaks off changes nothing. Raises Unreachable.
        """
        self._shut()  # somebody may have deleted it meanwhile
        try:
            changed = self._list()
        except sqlite3.DatabaseError:  # a cache: making it anew mends it
            self._shut()
            files.remove(self._index_path)
            changed = self._list()
        if changed:
            self._tidy()
        query = "SELECT folder, name, size, mark FROM objects WHERE size BETWEEN 0 AND ?"
        missing = [
            (name, listed)
            for folder, last, size, mark in self._index().execute(query, (_SMALL,))
            if words(last)
            for name, listed in [(_joined(folder, last), Listed(size, mark))]
            if not self._kept(name, listed).is_file()
        ]
        threads = ThreadPoolExecutor(_AT_A_TIME)
        try:
            for start in range(0, len(missing), _SOME):
                for done in [threads.submit(self._taken, *each) for each in missing[start : start + _SOME]]:
                    with suppress(OSError):  # whoever reads it says so
                        done.result()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)

    def _list(self) -> bool:
        """Bring the index up to date; whether anything is not as it was."""
        db, now, changed = self._index(), time.time_ns(), False
        same = "UPDATE objects SET seen = ? WHERE folder = ? AND name = ? AND size = ? AND mark = ?"
        with db:  # which takes back all of it if anything is raised
            for rows in self._listing():
                for row in rows:
                    if not db.execute(same, (now, *row)).rowcount:
                        changed = True
                        db.execute("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, NULL, ?)", (*row, now))
            return changed | (db.execute("DELETE FROM objects WHERE seen != ?", (now,)).rowcount > 0)

    def entries(self, folder: str) -> list[Entry]:
        """List what lies in a folder, by its name in the bucket, "" for all. Raises FileNotFoundError."""
        query = "SELECT name, size, mark FROM objects WHERE folder = ?"
        top = self.folder / folder
        found = [
            Entry(name, f"{top}/{name}", _info(Listed(*rest)))
            for name, *rest in self._index().execute(query, (folder,))
        ]
        if not found and not folder:
            raise FileNotFoundError(errno.ENOENT, "it was never listed", self.address)
        return found

    def stat(self, name: str) -> os.stat_result:
        """Tell what the listing says of an object. Raises FileNotFoundError."""
        return _info(self._listed(name))

    def read(self, name: str, most: int = -1) -> bytes:
        """Return what an object holds, at most so many bytes. Raises OSError, Unreachable."""
        listed = self._listed(name)
        with suppress(FileNotFoundError):
            return files.read(self._used(name, listed), most)
        if 0 <= most < listed.size:
            return self._head(name, listed, most)
        return self._taken(name, listed)[: most if most >= 0 else None]

    def local(self, name: str) -> Path:
        """Return a file that holds what the object does, for who opens it by name. Raises OSError, Unreachable."""
        listed = self._listed(name)
        if not self._kept(name, listed).is_file():
            files.write(self._kept(name, listed), self._fetched(name, listed), sync=False)
        return self._used(name, listed)

    # What is known of it here.

    def _index(self) -> sqlite3.Connection:
        """Open the list of what there is, once a thread."""
        if known := _indexes().get(self):
            return known
        path = self._index_path
        if self.keep:
            db = sqlite3.connect(files.opened_by_others(path), timeout=_WAIT)
        else:
            db = sqlite3.connect(f"{files.checked(path).as_uri()}?mode=ro", uri=True, timeout=_WAIT)
        try:
            distrust(db)
            db.execute("PRAGMA cache_spill = OFF")  # else it is locked for those who read while it is written
            if db.execute("PRAGMA user_version").fetchone() != (_VERSION,):
                db.executescript(
                    f"BEGIN; DROP TABLE IF EXISTS objects; {_TABLES} PRAGMA user_version = {_VERSION}; COMMIT;"
                )
        except BaseException:
            db.close()
            raise
        _indexes()[self] = db
        return db

    def _shut(self) -> None:
        if known := _indexes().pop(self, None):
            known.close()

    @property
    def _index_path(self) -> Path:
        return self.folder.with_name(f"{_short(self.address, self.endpoint)}.sqlite")

    def _listed(self, name: str) -> Listed:
        folder, _, last = name.rpartition("/")
        query = "SELECT size, mark FROM objects WHERE folder = ? AND name = ?"
        row = self._index().execute(query, (folder, last)).fetchone() if name else (_FOLDER, "")
        if row is None:
            raise FileNotFoundError(errno.ENOENT, f"it is not in {self.address}, as that was listed last", name)
        return Listed(*row)

    def _kept(self, name: str, listed: Listed) -> Path:
        """Return where this version of an object is kept, if it is."""
        key = _short(self.address, self.endpoint, name, str(listed.size), listed.mark)
        return self.folder.with_name("kept") / key[:2] / key

    def _used(self, name: str, listed: Listed) -> Path:
        """Return where it is kept, and note that it was wanted. Raises FileNotFoundError."""
        path = self._kept(name, listed)
        if self.keep and time.time() - path.stat().st_mtime > _USED:
            os.utime(files.checked(path, writing=True))
        return path

    def _taken(self, name: str, listed: Listed) -> bytes:
        """Fetch an object, and keep it if there is room."""
        data = self._fetched(name, listed)
        if self.keep:
            with suppress(OSError):  # of a full disk: then it is fetched again
                files.write(self._kept(name, listed), data, sync=False)
                self._make_room(len(data))
        return data

    def _head(self, name: str, listed: Listed, most: int) -> bytes:
        """Return how an object begins, remembered as long as it stays the same."""
        folder, _, last = name.rpartition("/")
        db, where = self._index(), "WHERE folder = ? AND name = ?"
        (known,) = db.execute(f"SELECT head FROM objects {where}", (folder, last)).fetchone()
        if known is None or len(known) < most:
            known = self._asked(lambda store: store.cat_file(self._key(name), start=0, end=most), name)
            with db:
                db.execute(f"UPDATE objects SET head = ? {where}", (known, folder, last))
        return bytes(known[:most])

    def _make_room(self, size: int) -> None:
        """Delete what was not used for longest, once the limit is reached."""
        with _fetching:
            _since[self.folder] = _since.get(self.folder, math.inf) + size
            if _since[self.folder] < self.most * _OFTEN:
                return
            _since[self.folder] = 0
        found = sorted((info.st_mtime, info.st_size, path) for path, info in self._files() if info.st_size > _SMALL)
        there = sum(size for _, size, _ in found)
        for _, size, path in found if there > self.most else ():
            if there <= self.most * _ROOM:
                break
            with suppress(OSError):  # another process was faster, or has it open (Windows)
                files.remove(path)
                there -= size

    def _tidy(self) -> None:
        """Delete what is kept of objects that are not there any more, and lists of other buckets."""
        rows = self._index().execute("SELECT folder, name, size, mark FROM objects WHERE size >= 0")
        wanted = {self._kept(_joined(folder, name), Listed(size, mark)).name for folder, name, size, mark in rows}
        for path, _ in self._files():
            if path.name not in wanted:
                files.remove(path)
        for path in files.listed(self.folder.parent, ".sqlite"):
            if path != self._index_path:
                files.remove(path)

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        top = self.folder.with_name("kept")
        for folder in files.listed(top):
            for path in files.listed(folder):
                with suppress(OSError):
                    yield path, path.stat()

    # What is asked of the store.

    def _key(self, name: str) -> str:
        top = self.address.partition("://")[2].rstrip("/")
        return f"{top}/{name}" if name else top

    def _listing(self) -> Iterator[list[tuple[str, str, int, str]]]:
        """Yield what lies in each folder, as rows of the index. Raises Unreachable."""
        self._asked(lambda store: store.invalidate_cache(), "")
        todo, empty = [""], True
        while todo:
            folder = todo.pop()
            try:
                said = self._asked(_lister(self._key(folder)), "")
            except FileNotFoundError:
                if not folder:
                    break
                continue  # it went meanwhile
            rows = [row for info in said if (row := self._row(folder, info))]
            todo += [_joined(folder, name) for _, name, size, _ in rows if size == _FOLDER]
            empty = empty and not rows
            yield rows
        if empty:
            _, _, prefix = self._key("").partition("/")
            below = f" under {prefix}/" if prefix else ""
            raise self._lost(
                f"there is no bucket of that name, or nothing in it{below}", "Is it spelled as the store shows it?"
            )

    def _row(self, folder: str, info: dict[str, Any]) -> tuple[str, str, int, str] | None:
        """Make a row of what a library says of an object; None for the folder itself, which some stores list too.

        A name that is none on a disk gets a character that the walk rejects, and names.
        """
        top, whole, is_folder = self._key(folder), str(info["name"]), info.get("type") == "directory"
        if not is_folder and whole.rstrip("/") == top:
            return None
        name = whole.removeprefix(f"{top}/")
        name = name.removesuffix("/") if is_folder else name  # as some libraries end it
        if not name or "/" in name or name in (".", "..") or (os.name == "nt" and paths.fault(name, windows=True)):
            return folder, name.replace("/", "\0") + "\0", 0, ""
        return folder, name, _FOLDER if is_folder else int(info.get("size") or 0), "" if is_folder else _mark(info)

    def _fetched(self, name: str, listed: Listed) -> bytes:
        """Return the object that was listed, whole. Raises OSError if that is not there any more, Unreachable."""
        data: bytes = self._asked(lambda store: store.cat_file(self._key(name)), name)
        same = len(data) == listed.size
        if same and not (
            _MD5.fullmatch(listed.mark) and hashlib.md5(data, usedforsecurity=False).hexdigest() == listed.mark
        ):
            # no digest of what it holds (it came in parts, or is encrypted): then it is asked what is there now
            now = self._asked(lambda store: store.info(self._key(name)), name)
            same = _mark(now) == listed.mark
        if not same:
            raise OSError(errno.EAGAIN, f"it changed after it was listed; {_AGAIN}", name)
        return data

    def _asked(self, ask: Callable[[Any], T], name: str) -> T:
        """Ask the store, again where it may help. Raises OSError about an object, Unreachable about the store."""
        for wait in _TRIES:
            try:
                return ask(self._opened())
            except (Unreachable, MemoryError):
                raise
            except Exception as error:
                found, final = self._trouble(error, name)
                if final or not wait:
                    raise found from None  # a library's own words may hold a key
            time.sleep(wait)
        raise AssertionError("it was asked")

    def _opened(self) -> Any:
        """Return the library's view of the store; it keeps one for the same options. Raises Unreachable."""
        scheme = self.address.partition("://")[0]
        library, install = LIBRARIES[scheme]
        try:
            import fsspec

            return fsspec.filesystem(scheme, use_listings_cache=False, **self._options(scheme))
        except ImportError:
            raise self._lost(f"this needs {library}, which is not installed", install) from None

    def _options(self, scheme: str) -> dict[str, Any]:
        """Spell the settings as each library wants them. None of them is a key."""
        if scheme == "s3":
            return {
                "anon": self.anonymous,
                "profile": None if self.anonymous else self.profile or None,
                "endpoint_url": self.endpoint or None,
                "client_kwargs": {"region_name": self.region} if self.region else {},
                "config_kwargs": {"connect_timeout": _CONNECT, "read_timeout": _SILENT, "retries": {"max_attempts": 0}},
                "max_concurrency": 1,  # else it asks for the size first, which the listing told
            }
        if scheme == "gs":
            return {"token": "anon" if self.anonymous else None, "endpoint_url": self.endpoint or None}
        if scheme == "az":
            host = self.endpoint.partition("://")[2].rstrip("/")
            return {
                "anon": self.anonymous,
                "account_name": host.partition(".")[0] or None,
                "account_host": host or None,
            }
        return {"token": False if self.anonymous else None, "endpoint": self.endpoint or None}

    def _trouble(self, error: Exception, name: str) -> tuple[Exception, bool]:
        """Put in words what a library raised, and say whether asking again is in vain."""
        code, kind = _code(error), type(error).__name__
        if isinstance(error, FileNotFoundError):
            return FileNotFoundError(errno.ENOENT, f"it was deleted after it was listed; {_AGAIN}", name), True
        if isinstance(error, PermissionError) or code in ("401", "403"):
            if name and (not code or code in _ONE):
                return PermissionError(errno.EACCES, "the store does not let you read it", name), True
            return self._refused(), True
        if "Credential" in kind or "Profile" in kind or "Token" in kind or "Auth" in kind:
            return self._refused(missing=True), True
        if code and name:
            return OSError(errno.EIO, f"the store did not give it ({code}); {_AGAIN}", name), False
        where = f" at {self.endpoint}" if self.endpoint else ""
        how = f"answers with an error ({code})" if code else "does not answer"
        hint = "What was read is kept. See that you are online and that the address is right, then " + _AGAIN + "."
        return self._lost(f"the store{where} {how}", hint), False

    def _refused(self, *, missing: bool = False) -> Unreachable:
        if self.anonymous:
            return self._lost(
                "the store gives nothing to strangers, and this project reads as one",
                "If it is your bucket: take images.store.anonymous out of project.yaml, and write: "
                f"loraprep trust {top(self.address)}",
            )
        whose = f"of the profile {self.profile} " if self.profile else ""
        return self._lost(
            f"no credentials {whose}were found on this computer"
            if missing
            else f"the store refuses your credentials {whose}".rstrip(),
            "They are read where the store's own tools read them (for S3: aws configure, or AWS_PROFILE).",
        )

    def _lost(self, message: str, hint: str) -> Unreachable:
        return Unreachable(message, place=self.address, hint=hint, exit_code=UNUSABLE)


def fault(address: str) -> bool:
    """Say whether this is no address of pictures that is read."""
    return not (_ADDRESS.fullmatch(address) or _OF_HUB.fullmatch(address)) or ".." in address.split("/")


def top(address: str) -> str:
    """Return the bucket of an address, or the dataset: what a person allows, whole."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{'/'.join(rest.split('/')[: 3 if scheme == 'hf' else 1])}"


_opened = threading.local()


def _indexes() -> dict[ObjectStore, sqlite3.Connection]:
    """Return the indexes that this thread has open."""
    found: dict[ObjectStore, sqlite3.Connection] = _opened.__dict__.setdefault("indexes", {})
    return found


_fetching = threading.Lock()
_since: dict[Path, float] = {}  # bytes fetched by this process since it looked at what there is


def _lister(at: str) -> Callable[[Any], list[dict[str, Any]]]:
    return lambda store: store.ls(at, detail=True)


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _short(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]


def _mark(info: dict[str, Any]) -> str:
    """Return what tells a version of an object from another; "" if the store does not say."""
    return next((str(info[key]).strip('"') for key in _MARKS if info.get(key)), "")


def _info(listed: Listed) -> os.stat_result:
    """Spell what is known as a file: no time, since the version in place of the inode says more."""
    kind = stat.S_IFDIR | 0o555 if listed.size == _FOLDER else stat.S_IFREG | 0o444
    inode = int(_short(listed.mark)[:15], 16)
    plain = (kind, inode, 0, 1, 0, 0, max(0, listed.size), 0, 0, 0)
    return os.stat_result(plain, {"st_atime_ns": 0, "st_mtime_ns": 0, "st_ctime_ns": 0})


def _code(error: BaseException) -> str:
    """Return what the store answered, as its own code or HTTP's; "" if it did not answer at all."""
    for found in (error, error.__cause__, error.__context__):
        response = getattr(found, "response", None)
        if isinstance(response, dict) and (code := response.get("Error", {}).get("Code")):
            return str(code)
        for key in ("status_code", "status", "code"):
            if str(code := getattr(found, key, getattr(response, key, ""))).isdigit():
                return str(code)
    return ""
