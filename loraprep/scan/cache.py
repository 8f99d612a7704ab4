"""What the scan remembers: which bytes a file held when it was last looked at, and what those bytes show.

An SQLite file in build/, so that one changed picture of many thousands costs one picture. It is a cache: whatever is
wrong with it, making it anew mends it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from loraprep.core import files
from loraprep.core.store import distrust

SETTLED = 2.0  # seconds; a file changed less before its digest may change again within one clock tick
_VERSION = 1  # of the tables
_TABLES = """
CREATE TABLE files (key TEXT PRIMARY KEY, size, mtime_ns, ctime_ns, inode, at, digest TEXT) WITHOUT ROWID;
CREATE INDEX used ON files (digest);
CREATE TABLE facts (digest TEXT PRIMARY KEY, bytes, state, code, reason, width, height, words, pixels);
CREATE TABLE parts (key TEXT PRIMARY KEY, pixels) WITHOUT ROWID;
CREATE TABLE stamp (facts TEXT);
"""
_WAIT = 30  # seconds for others of the same scan to end their look-ups
_GLANCE = 1  # seconds that a look-up waits for a commit
_SLOW = "too slow, "  # how what stands in place of the digest of a file that was given up begins
_OFTEN = 1.0  # seconds of work that a kill may cost

FileStamp = tuple[int, int, int, int]  # size, mtime_ns, ctime_ns, inode


class Inspection(NamedTuple):
    """What the bytes of one file show. `words` (pairs) and `pixels` (inspect.ImageFacts) are JSON."""

    digest: str
    bytes: int
    state: str  # "image" or "rejected"
    code: str = ""  # a Code
    reason: str = ""
    width: int = 0
    height: int = 0
    words: str = "[]"
    pixels: str = "{}"


def path_of_key(key: str, folder: str, root: str) -> str:
    """Return where the file of a key is."""
    return f"{folder}/{key[7:]}" if key.startswith("images/") else f"{root}/{key}"


# the spelling of JSON in it: deterministic, and short; NaN and infinity raise ValueError
canonical_json = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def file_stamp(now: os.stat_result) -> FileStamp:
    """Return what tells that a file was written to."""
    return now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino


class ScanCache:
    """Rows by key, "images/a.jpg": those of files, those of bytes (`Inspection`), those of parts of pictures.

    Without a path it lasts as long as the object. `facts`: what the facts depend on besides the bytes; under another
    value they are forgotten, the digests are not. `patience`: the seconds that a file is waited for; what took longer
    under others is forgotten. Raises sqlite3.Error, then or later, for a damaged file.
    """

    def __init__(self, path: Path | None, facts: str, *, patience: float = 0) -> None:
        if path:
            path = files.opened_by_others(path)
        self._db = sqlite3.connect(path or "", timeout=_WAIT)  # "": a temporary file that SQLite deletes
        try:
            self._prepare(facts)
        except BaseException:
            self._db.close()
            raise
        self._slow = f"{_SLOW}{patience:g} "  # in place of a digest, before the key: nobody knows the bytes
        self._db.execute(
            "DELETE FROM facts WHERE substr(digest, 1, ?) = ? AND substr(digest, 1, ?) != ?",
            (len(_SLOW), _SLOW, len(self._slow), self._slow),
        )
        self._saved = time.monotonic()
        self._outdated = False  # are there facts that may be nobody's?
        self.transient: dict[str, Inspection] = {}  # not to be remembered: it may be better the next time

    def _prepare(self, facts: str) -> None:
        distrust(self._db)
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA cache_spill = OFF")  # else it is locked between two commits for those who look up
        if self._db.execute("PRAGMA user_version").fetchone() == (0,):
            self._db.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {_VERSION}; COMMIT;")
        if self._db.execute("PRAGMA user_version").fetchone() != (_VERSION,):
            raise sqlite3.DatabaseError("another version's")
        if self._db.execute("SELECT facts FROM stamp").fetchall() != [(facts,)]:
            for table in ("facts", "parts", "stamp"):
                self._db.execute(f"DELETE FROM {table}")
            self._db.execute("INSERT INTO stamp VALUES (?)", (facts,))
            self._db.commit()

    def unknown(self, named: Iterable[tuple[str, str]], *, full: bool = False) -> list[str]:
        """Return the keys of those (key, path), sorted by key, that must be read; rows of any others are forgotten.

        Trusted is what has not changed since its digest was taken, and had been as it was for two seconds then.
        """
        rows = self._db.execute(
            "SELECT key, size, mtime_ns, ctime_ns, inode, at, digest IN (SELECT digest FROM facts) FROM files "
            "ORDER BY key"
        )
        row = next(rows, None)
        todo, gone = [], []
        for key, path in named:
            while row is not None and row[0] < key:
                gone.append(row[:1])
                row = next(rows, None)
            if row is None or row[0] != key:
                todo.append(key)
                continue
            if full or not (row[6] and _trusted(path, row)):
                todo.append(key)
            row = next(rows, None)
        gone += [] if row is None else [row[:1], *(other[:1] for other in rows)]
        self._db.executemany("DELETE FROM files WHERE key = ?", gone)
        self._outdated = bool(gone or todo)
        return todo

    def store(self, key: str, then: FileStamp | None, at: float, digest: str, inspection: Inspection | None) -> None:
        """Remember what was read at `at` (seconds).

        Without `then` it holds for this scan alone, without `inspection` it is known by digest.
        """
        if then is None:
            assert inspection is not None
            self.transient[key] = inspection
            self._db.execute("DELETE FROM files WHERE key = ?", (key,))
        else:
            if inspection is not None:
                self._db.execute("INSERT OR REPLACE INTO facts VALUES (?,?,?,?,?,?,?,?,?)", inspection)
            self._db.execute("INSERT OR REPLACE INTO files VALUES (?,?,?,?,?,?,?)", (key, *then, round(at, 3), digest))
        if time.monotonic() - self._saved > _OFTEN:
            self.save()

    def store_slow(self, key: str, then: FileStamp | None, at: float, inspection: Inspection) -> None:
        """Remember that the file of `then` took too long, so that it is not waited for again, run by run."""
        digest = f"{self._slow}{key}"
        self.store(key, then, at, digest, inspection if then is None else inspection._replace(digest=digest))

    def inspection(self, key: str) -> Inspection | None:
        """Return what one file shows, None for one that was not looked at."""
        query = "SELECT facts.* FROM files JOIN facts USING (digest) WHERE key = ?"
        row = self._db.execute(query, (key,)).fetchone()
        return self.transient.get(key) or (_known(row) if row else None)

    def inspections_below(self, folder: str) -> Iterator[tuple[str, Inspection]]:
        """Yield (key, what it shows) of every remembered file whose key starts with "folder/", sorted."""
        query = "SELECT key, facts.* FROM files CROSS JOIN facts USING (digest) WHERE key > ? AND key < ? ORDER BY key"
        for key, *row in self._db.execute(query, (folder + "/", folder + "0")):  # "0" comes after "/"
            yield key, _known(row)

    def part(self, key: str) -> str | None:
        """Return the `pixels` of a part of a picture, None if it was never inspected."""
        row = self._db.execute("SELECT pixels FROM parts WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else None

    def store_part(self, key: str, pixels: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO parts VALUES (?, ?)", (key, pixels))

    def digests(self) -> set[str]:
        """Return what stands for the bytes of every remembered file."""
        return {digest for (digest,) in self._db.execute("SELECT DISTINCT digest FROM files")}

    def save(self) -> None:
        self._db.commit()
        self._saved = time.monotonic()

    def tidy(self, parts: Collection[str]) -> None:
        """Forget facts of bytes that no file has any more, and all parts but these."""
        if self._outdated:
            self._db.execute("DELETE FROM facts WHERE digest NOT IN (SELECT digest FROM files)")
        gone = [row for row in self._db.execute("SELECT key FROM parts").fetchall() if row[0] not in parts]
        self._db.executemany("DELETE FROM parts WHERE key = ?", gone)

    def close(self) -> None:
        """Save and close: an interrupted scan goes on where it stopped."""
        try:
            self._db.commit()
        finally:
            self._db.close()


def _known(row: Sequence[Any]) -> Inspection:
    found = Inspection(*row)
    return found._replace(digest="") if found.digest.startswith(_SLOW) else found


def _trusted(path: str, row: tuple[float, ...]) -> bool:
    try:
        now = files.stat(path)
    except OSError:
        return False
    return file_stamp(now) == row[1:5] and row[5] - max(now.st_mtime_ns, now.st_ctime_ns) / 1e9 >= SETTLED


class KnownDigests:
    """Which bytes the cache already has facts of, for those who read files: in another thread or process."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(f"{Path(path).as_uri()}?mode=ro", uri=True, timeout=_GLANCE) if path else None

    def __contains__(self, digest: str) -> bool:
        try:
            query = "SELECT 1 FROM facts WHERE digest = ?"
            return self._db is not None and self._db.execute(query, (digest,)).fetchone() is not None
        except sqlite3.Error:  # then it is looked at again
            return False


def discard(path: Path) -> None:
    """Throw a cache away. Raises OSError."""
    for name in (path.name, f"{path.name}-journal"):
        files.remove(path.with_name(name))
