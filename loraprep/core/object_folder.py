"""The training folder in a bucket: what was put there, and whether it is still that.

`files` asks here for what it asks a disk otherwise, once `enclose` was told that dataset/ is a bucket. The store is
listed once a run. Of each object that was put or read it is remembered, with the store's own mark of that version, what
digest it has: so nothing unchanged is read or written again. Nobody else's object is ever written over: a store is told
which version may be replaced, and does nothing if it has another.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import itertools
import sqlite3
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from loraprep.core import files, storage
from loraprep.core.errors import Unreachable
from loraprep.core.storage import FOLDER, Listed, Storage, code_of, joined, mark_of, short

_VERSION = 1  # of the tables
_TABLES = """
CREATE TABLE objects (name PRIMARY KEY, size, mark, seen, written, digest, words) WITHOUT ROWID;
"""
_WORDS = (".txt", ".json")  # their text is remembered too, up to
_SMALL = 1 << 16  # bytes
_AT_A_TIME = 16  # objects that are read side by side
_SOME = 64  # of them that wait in memory
_MUCH = 256_000_000  # bytes that these may have together: one that has more waits alone
# what a store answers that was told which version it may replace, and has another, or none
_OTHERS = ("PreconditionFailed", "412", "ConditionalRequestConflict", "409", "NoSuchKey", "404")
_FORBIDDEN = ("AccessDenied", "403", "AllAccessDisabled", "MethodNotAllowed", "405")


class Put(NamedTuple):
    """An object as it stands now: the SHA-256 of what it holds, and what a listing will say of it."""

    digest: str
    listed: Listed


def _at_a_time(objects: Iterable[tuple[str, Listed]]) -> Iterator[list[tuple[str, Listed]]]:
    """Take objects together, in their order, as many as may wait in memory."""
    some: list[tuple[str, Listed]] = []
    for name, listed in objects:
        if some and (len(some) == _SOME or sum(each.size for _, each in some) + listed.size > _MUCH):
            yield some
            some = []
        some.append((name, listed))
    if some:
        yield some


@dataclass(frozen=True, slots=True)
class ObjectFolder(Storage):
    """A folder in a store that is written to; `home`: the project's build/, where it is remembered what is there.

    With `keep` False nothing is remembered: it is another computer that puts objects there.
    """

    home: Path
    keep: bool = True

    @property
    def name(self) -> str:
        """How files in build/ about this folder begin: another bucket has others."""
        return f"dataset-{short(self.address, self.endpoint)[:12]}"

    def unkept(self) -> ObjectFolder:
        """Return the same for a computer that is to write nothing here."""
        return replace(self, keep=False)

    def refresh(self) -> None:
        """List what there is now. A listing that breaks off changes nothing. Raises Unreachable."""
        now = time.time_ns()
        same = "UPDATE objects SET seen = ? WHERE name = ? AND size = ? AND mark = ?"
        with self._index() as db:  # which takes back all of it if anything is raised
            for rows in self._listing(may_be_empty=True):
                for folder, last, size, mark in rows:
                    name = joined(folder, last)
                    if size != FOLDER and "\0" not in name and not db.execute(same, (now, name, size, mark)).rowcount:
                        new = "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, NULL, NULL)"
                        db.execute(new, (name, size, mark, now, now))
            db.execute("DELETE FROM objects WHERE seen != ?", (now,))

    def below(self) -> list[str]:
        """List the names of all that is there, sorted."""
        return [name for (name,) in self._index().execute("SELECT name FROM objects ORDER BY name")]

    def digests(self) -> dict[str, str]:
        """Map the name of all that is there to its digest, "" for what was never read."""
        return {name: digest or "" for name, digest in self._index().execute("SELECT name, digest FROM objects")}

    def written(self) -> dict[str, int]:
        """Map name -> when it was written, ns by this computer's clock; when it was first seen if somebody else did."""
        return dict(self._index().execute("SELECT name, written FROM objects"))

    def has(self, name: str) -> bool:
        """Say whether an object is there."""
        return self._listed(name) is not None

    def listed(self, name: str) -> Put | None:
        """Return what is there under a name, with the digest "" if it was never read; None for nothing."""
        row = self._index().execute("SELECT digest, size, mark FROM objects WHERE name = ?", (name,)).fetchone()
        return Put(row[0] or "", Listed(*row[1:])) if row else None

    def size(self, name: str) -> int:
        """Return how many bytes an object has. Raises FileNotFoundError."""
        return self._needed(name).size

    def sha256(self, name: str) -> str:
        """Return the digest of what an object holds; read if it is not known. Raises OSError, Unreachable."""
        row = self._index().execute("SELECT digest FROM objects WHERE name = ?", (name,)).fetchone()
        return row[0] if row and row[0] else _digest(self.read(name))

    def learn(self, names: Iterable[str]) -> None:
        """Read, side by side, those of the objects whose digest is not known. Raises OSError, Unreachable."""
        query = "SELECT name, size, mark FROM objects WHERE digest IS NULL"
        wanted = set(names)
        unread = [(name, Listed(*rest)) for name, *rest in self._index().execute(query) if name in wanted]
        threads = ThreadPoolExecutor(_AT_A_TIME)
        try:
            for some in _at_a_time(unread):
                reading = [threads.submit(self._fetched, *each) for each in some]
                for (name, listed), data in zip(some, reading, strict=True):
                    with suppress(OSError):  # whoever reads it says so
                        self._remember(name, listed, data.result())
        finally:
            threads.shutdown(wait=False, cancel_futures=True)

    def read(self, name: str, most: int = -1) -> bytes:
        """Return what an object holds, at most so many bytes. Raises OSError, Unreachable."""
        listed = self._needed(name)
        (words,) = self._index().execute("SELECT words FROM objects WHERE name = ?", (name,)).fetchone()
        if words is not None:
            return bytes(words)[: most if most >= 0 else None]
        if 0 <= most < listed.size:
            return self._asked(lambda store: bytes(store.cat_file(self._key(name), start=0, end=most)), name)
        data = self._fetched(name, listed)
        if self.keep:
            self._remember(name, listed, data)
        return data

    def fetch(self, name: str, put: Put) -> bytes:
        """Return what the object held when it was listed so; remembers nothing. Raises OSError, Unreachable."""
        return self._fetched(name, put.listed)

    def write(self, name: str, data: bytes) -> bool:
        """Put an object there unless it holds just this; True if it was put. Raises FileExistsError, Unreachable."""
        before = self.listed(name)
        if before and before.digest == _digest(data):
            return False
        self.note(name, self.put(name, data, before), data)
        return True

    def write_all(self, wanted: Iterable[tuple[str, bytes]]) -> None:
        """Put small objects there, side by side, as `write` does; what somebody else wrote is left to that.

        Raises Unreachable.
        """
        threads = ThreadPoolExecutor(_AT_A_TIME)
        try:
            differ = ((name, data, self.listed(name)) for name, data in wanted)
            coming = ((name, data, old) for name, data, old in differ if not old or old.digest != _digest(data))
            while some := list(itertools.islice(coming, _SOME)):
                putting = [threads.submit(self.put, *each) for each in some]
                for (name, data, _), done in zip(some, putting, strict=True):
                    with suppress(OSError):
                        self.note(name, done.result(), data)
        finally:
            threads.shutdown(wait=False, cancel_futures=True)

    def put(self, name: str, data: bytes, before: Put | None) -> Put:
        """Put an object in the place of the version `before`, and of no other. Notes nothing.

        Raises FileExistsError if somebody else's is there, Unreachable.
        """
        digest, md5 = _digest(data), hashlib.md5(data, usedforsecurity=False)
        if before and before.digest == digest:
            return before
        only = {"IfMatch": f'"{before.listed.mark}"'} if before else {"IfNoneMatch": "*"}
        # what arrives spoiled is refused: by the one checksum that every store knows, and not by newer ones beside it
        whole = base64.b64encode(md5.digest()).decode()
        said = self._done("put_object", name, Body=data, ContentMD5=whole, **only)
        if said is not None:
            return Put(digest, Listed(len(data), mark_of(said)))
        try:
            now = self._asked(lambda store: store.info(self._key(name)), name)
        except FileNotFoundError:
            if before:  # somebody took it away meanwhile
                return self.put(name, data, None)
            raise
        # asked twice, since the first answer did not come through: then it is ours that is there
        if mark_of(now) == md5.hexdigest():
            return Put(digest, Listed(len(data), mark_of(now)))
        raise FileExistsError(errno.EEXIST, "somebody wrote it after it was listed", name)

    def note(self, name: str, put: Put, data: bytes = b"") -> None:
        """Remember what was put there; `data`: what it holds, where that is words."""
        words = data if name.endswith(_WORDS) and 0 < len(data) <= _SMALL else None
        now = time.time_ns()
        with self._index() as db:
            row = (name, *put.listed, now, now, put.digest, words)
            db.execute("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def remove(self, name: str) -> None:
        """Take an object away, if it is still the version that was listed. Raises Unreachable."""
        listed = self._listed(name)
        if listed and self._done("delete_object", name, IfMatch=f'"{listed.mark}"') is not None:
            with self._index() as db:
                db.execute("DELETE FROM objects WHERE name = ?", (name,))

    def _done(self, what: str, name: str, **how: Any) -> dict[str, Any] | None:
        """Have the store do something to an object; None if another version than was told is there, or none."""
        bucket, _, key = self._key(name).partition("/")

        def ask(store: Any) -> dict[str, Any] | None:
            try:
                said: dict[str, Any] = store.call_s3(what, Bucket=bucket, Key=key, **how)
            except Exception as error:
                code = code_of(error)
                if code in _OTHERS:
                    return None
                raise self._unwritable(code) or error from None
            return said

        return self._asked(ask, "")

    def _unwritable(self, code: str) -> Exception | None:
        """Say why nothing can be written at all; None for what may pass, or is said as of reading."""
        if code == "NoSuchBucket":
            return self._lost("there is no bucket of that name", "Make it, or spell it as the store shows it.")
        if code in _FORBIDDEN:
            whose = f"of the profile {self.profile} " if self.profile else ""
            message = f"the store does not let your credentials {whose}write there"
            return self._lost(message.replace("  ", " "), "Have its owner allow that, or name another bucket.")
        if code in ("NotImplemented", "501"):
            message = "this store cannot promise to write over nothing of somebody else's (If-Match)"
            return self._lost(message, "Write dataset.path: null and copy dataset/ there, or take another store.")
        return None

    def _options(self, scheme: str) -> dict[str, Any]:
        found = Storage._options(self, scheme)
        return {**found, "config_kwargs": {**found["config_kwargs"], "request_checksum_calculation": "when_required"}}

    def _refused(self, *, missing: bool = False) -> Unreachable:
        if self.anonymous:
            return self._lost(
                "the store lets no strangers write, and you said to ask as one",
                f"Write: loraprep trust {storage.top(self.address)} --write, without --anonymous.",
            )
        return Storage._refused(self, missing=missing)

    # What is known of it here.

    def _index(self) -> sqlite3.Connection:
        path = self.home / f"{self.name}.sqlite"
        try:
            return storage.database(path, _VERSION, _TABLES, writing=self.keep)
        except sqlite3.DatabaseError as error:
            if not self.keep or type(error) is not sqlite3.DatabaseError:  # one in use is another matter
                raise
            files.remove(path)  # it is damaged, and a memory: what is there is listed and read again
            return storage.database(path, _VERSION, _TABLES)

    def _listed(self, name: str) -> Listed | None:
        row = self._index().execute("SELECT size, mark FROM objects WHERE name = ?", (name,)).fetchone()
        return Listed(*row) if row else None

    def _needed(self, name: str) -> Listed:
        if listed := self._listed(name):
            return listed
        raise FileNotFoundError(errno.ENOENT, f"it is not in {self.address}, as that was listed last", name)

    def _remember(self, name: str, listed: Listed, data: bytes) -> None:
        words = data if name.endswith(_WORDS) and len(data) <= _SMALL else None
        with self._index() as db:
            db.execute(
                "UPDATE objects SET digest = ?, words = ? WHERE name = ? AND mark = ?",
                (_digest(data), words, name, listed.mark),
            )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
