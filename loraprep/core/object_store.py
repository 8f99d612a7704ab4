"""Pictures in a bucket of an object store: listed once a run, read where they are decoded, kept here up to a limit.

The folder of such pictures is on no disk; `files` asks here for what it asks a disk otherwise. What the store says of
an object (its ETag or version, and its size) tells whether it is the one that was seen, so nothing unchanged is read
again. Nothing is ever written among the pictures.
"""

from __future__ import annotations

import errno
import math
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from loraprep.core import files, storage
from loraprep.core.storage import FOLDER, Listed, Storage, joined, short

_TABLES = """
CREATE TABLE objects (folder, name, size, mark, head, seen, PRIMARY KEY (folder, name)) WITHOUT ROWID;
"""
_VERSION = 1  # of the tables
_SOME = 1000  # of them that wait in memory
_AT_A_TIME = 16  # small files that are fetched side by side: each takes a tenth of a second, whatever its size
_SMALL = 1 << 16  # bytes; what is no larger stays: words mostly, which every look at a changed set reads
_ROOM = 0.9  # of the limit: what is left once it was reached
_OFTEN = 0.05  # of the limit: how much is fetched between two looks at what there is
_USED = 60  # seconds; noting more often that a file was used would cost more than it tells


@dataclass(frozen=True, slots=True)
class Entry:
    """What lies in a folder of a bucket, as `files.Entry` has it."""

    name: str
    path: str
    info: os.stat_result

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return self.info


@dataclass(frozen=True, slots=True)
class ObjectStore(Storage):
    """Pictures in a store, for which `folder` stands: build/store/pictures.

    `most`: bytes that are kept beside `folder`; with `keep` False nothing is, and nothing is written.
    """

    folder: Path
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
            for name, listed in [(joined(folder, last), Listed(size, mark))]
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
        return storage.database(self._index_path, _VERSION, _TABLES, writing=self.keep)

    def _shut(self) -> None:
        storage.shut(self._index_path)

    @property
    def _index_path(self) -> Path:
        return self.folder.with_name(f"{short(self.address, self.endpoint)}.sqlite")

    def _listed(self, name: str) -> Listed:
        folder, _, last = name.rpartition("/")
        query = "SELECT size, mark FROM objects WHERE folder = ? AND name = ?"
        row = self._index().execute(query, (folder, last)).fetchone() if name else (FOLDER, "")
        if row is None:
            raise FileNotFoundError(errno.ENOENT, f"it is not in {self.address}, as that was listed last", name)
        return Listed(*row)

    def _kept(self, name: str, listed: Listed) -> Path:
        """Return where this version of an object is kept, if it is."""
        key = short(self.address, self.endpoint, name, str(listed.size), listed.mark)
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
        wanted = {self._kept(joined(folder, name), Listed(size, mark)).name for folder, name, size, mark in rows}
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


_fetching = threading.Lock()
_since: dict[Path, float] = {}  # bytes fetched by this process since it looked at what there is


def _info(listed: Listed) -> os.stat_result:
    """Spell what is known as a file: no time, since the version in place of the inode says more."""
    kind = stat.S_IFDIR | 0o555 if listed.size == FOLDER else stat.S_IFREG | 0o444
    inode = int(short(listed.mark)[:15], 16)
    plain = (kind, inode, 0, 1, 0, 0, max(0, listed.size), 0, 0, 0)
    return os.stat_result(plain, {"st_atime_ns": 0, "st_mtime_ns": 0, "st_ctime_ns": 0})
