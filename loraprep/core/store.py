"""What is worth keeping from run to run, by key: one SQLite file in build/ with a table a kind.

A cache: under another stamp its kind is forgotten, and whatever else is wrong with it, making it anew mends it.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from loraprep.core import files, machine

NAME = "pixels.sqlite"  # in build/: what was measured of pictures, by what they show
_OFTEN = 1.0  # seconds of work that a kill may cost
_GLANCE = 1  # seconds that a look-up waits for a commit
_AT_ONCE = 500  # keys in one query

T = TypeVar("T")


def mended(path: Path | None, act: Callable[[], T]) -> T:
    """Return what `act` makes with the file; if that turns out to be damaged, once more with a new one.

    Raises sqlite3.Error for a file that is in use and for a disk that is full: what it holds is kept.
    """
    try:
        return act()
    except sqlite3.DatabaseError as error:
        if path is None or machine.withheld(error):
            raise
    for name in (path.name, f"{path.name}-journal"):
        files.remove(path.with_name(name))
    return act()


def distrust(db: sqlite3.Connection) -> None:
    """Let a file run nothing of its own: a clone may bring it. Raises sqlite3.DatabaseError if it holds such things."""
    db.execute("PRAGMA trusted_schema = OFF")
    if db.execute("SELECT 1 FROM sqlite_master WHERE type NOT IN ('table', 'index')").fetchone():
        raise sqlite3.DatabaseError("it holds more than tables")


class Lookup:
    """Values of a Store, looked up from another process; a file that cannot be used holds none.

    It is opened at the first look-up and no sooner closed than this is let go of. `patience`: seconds that a look-up
    waits for whoever is writing.
    """

    def __init__(self, path: Path | None, kind: str, stamp: str, patience: float = _GLANCE) -> None:
        self._path, self._kind, self._stamp, self._patience = path, kind, stamp, patience
        self._db: sqlite3.Connection | None = None

    def get(self, key: str) -> bytes | None:
        """Return a value, None without one."""
        try:
            if self._db is None:
                self._db = self._opened()
            query = f"SELECT data FROM {self._kind}, stamps WHERE kind = ? AND stamp = ? AND key = ?"
            row = self._db.execute(query, (self._kind, self._stamp, key)).fetchone() if self._db else None
        except sqlite3.Error:
            self.close()
            return None
        return row[0] if row and isinstance(row[0], bytes) else None

    def _opened(self) -> sqlite3.Connection | None:
        path = self._path
        if path is None or not path.is_file() or files.checked(path).is_symlink():
            return None
        # whoever looks one up is let go of by another thread at times
        where = f"{path.absolute().as_uri()}?mode=ro"
        db = sqlite3.connect(where, uri=True, timeout=self._patience, check_same_thread=False)
        try:
            distrust(db)
        except sqlite3.Error:
            db.close()
            raise
        return db

    def close(self) -> None:
        """Close the file."""
        db, self._db = self._db, None
        if db is not None:
            db.close()

    def __del__(self) -> None:
        self.close()


class Store:
    """Values of one kind. Without a path they last as long as the object. `kind` is a word.

    Raises sqlite3.Error, then or later, for a damaged file: see `mended`.
    """

    def __init__(self, path: Path | None, kind: str, stamp: str) -> None:
        self._kind = kind
        self._saved = time.monotonic()
        self._db = self._opened(str(files.opened_by_others(path)) if path else "", stamp)

    def _opened(self, where: str, stamp: str) -> sqlite3.Connection:
        db = sqlite3.connect(where)
        try:
            distrust(db)
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("CREATE TABLE IF NOT EXISTS stamps (kind TEXT PRIMARY KEY, stamp TEXT)")
            db.execute(f"CREATE TABLE IF NOT EXISTS {self._kind} (key TEXT PRIMARY KEY, data BLOB)")
            if db.execute("SELECT stamp FROM stamps WHERE kind = ?", (self._kind,)).fetchall() != [(stamp,)]:
                db.execute(f"DELETE FROM {self._kind}")
                db.execute("INSERT OR REPLACE INTO stamps VALUES (?, ?)", (self._kind, stamp))
                db.commit()
        except BaseException:
            db.close()
            raise
        return db

    def known(self) -> set[str]:
        """Return every key."""
        return {key for (key,) in self._db.execute(f"SELECT key FROM {self._kind}")}

    def count(self) -> int:
        """Return how many keys there are."""
        return int(self._db.execute(f"SELECT count(*) FROM {self._kind}").fetchone()[0])

    def size(self) -> int:
        """Return how many bytes all values take."""
        return int(self._db.execute(f"SELECT coalesce(sum(length(data)), 0) FROM {self._kind}").fetchone()[0])

    def get(self, key: str) -> bytes | None:
        """Return a value, None without one."""
        row = self._db.execute(f"SELECT data FROM {self._kind} WHERE key = ?", (key,)).fetchone()
        return row[0] if row and isinstance(row[0], bytes) else None

    def some(self, keys: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield (key, value) of those that are there."""
        for start in range(0, len(keys), _AT_ONCE):
            part = keys[start : start + _AT_ONCE]
            marks = ",".join("?" * len(part))
            for key, data in self._db.execute(f"SELECT key, data FROM {self._kind} WHERE key IN ({marks})", part):
                if isinstance(data, bytes):
                    yield key, data

    def put(self, key: str, data: bytes) -> None:
        """Keep a value; what is put is saved by itself every second."""
        self._db.execute(f"INSERT OR REPLACE INTO {self._kind} VALUES (?, ?)", (key, data))
        if time.monotonic() - self._saved > _OFTEN:
            self.save()

    def keep_only(self, alive: Collection[str]) -> None:
        """Forget all keys but these."""
        gone = [(key,) for key in self.known() if key not in alive]
        self._db.executemany(f"DELETE FROM {self._kind} WHERE key = ?", gone)

    def save(self) -> None:
        """Write down what was put so far."""
        self._db.commit()
        self._saved = time.monotonic()

    def close(self) -> None:
        """Save and close: what was interrupted goes on where it stopped."""
        try:
            self._db.commit()
        finally:
            self._db.close()
