"""What pairs were read as, by what both show, kept from run to run: whoever adds a picture waits for its pairs alone.

It holds for one state of the program (resources.fingerprint) and for the limits it was read with.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from loraprep.core import resources, typed
from loraprep.core.records import Image
from loraprep.core.store import Lookup, Store
from loraprep.duplicates.candidates import Candidate
from loraprep.duplicates.reading import Reading
from loraprep.project import crops
from loraprep.project.settings import DuplicateLimits

_KIND = "readings"  # in the file of what is kept
_AT_ONCE = 4.0  # seconds of reading that a kill may cost
Fresh = Sequence[tuple[str, bytes]]  # readings by their keys


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """What one pair was read as; `seen`: None for nothing to each other."""

    seen: Reading | None


class KeptReadings:
    """Readings in `path`, or for as long as this lasts. `stamp`: what pictures are opened by and under which limits.

    Raises sqlite3.Error, then or later, for a damaged file: see store.mended.
    """

    def __init__(self, path: Path | None, limits: DuplicateLimits, stamp: str) -> None:
        self.stamp = typed.packed((resources.fingerprint(), limits, stamp)).hex()
        self._store = Store(path, _KIND, self.stamp)
        self._asked: set[str] = set()

    def known(self, one: Image, other: Image, how: Candidate) -> Kept | None:
        """Return what the pair was read as; None if it was not read yet."""
        key = _key(one, other, how)
        self._asked.add(key)
        return _read(self._store.get(key))

    def keep(self, one: Image, other: Image, how: Candidate, seen: Reading | None) -> None:
        """Keep what a pair was read as."""
        self._store.put(_key(one, other, how), typed.packed(Kept(seen)))

    def take(self, fresh: Fresh) -> None:
        """Keep what another process read."""
        for key, data in fresh:
            self._store.put(key, data)

    def save(self) -> None:
        """Write down what was kept so far, so that other processes find it."""
        self._store.save()

    def close(self) -> None:
        """Save and close. Of pairs that nobody asked for as many are kept as of others: pictures come back."""
        if self._store.count() > 2 * len(self._asked):
            self._store.keep_only(self._asked)
        self._store.close()


class FreshReadings:
    """Readings that another process keeps in `path`, and those of this one, `fresh`, for it to take.

    It reads for some seconds, but at least ten times as long as it took to come to the first pair to read; then
    `known` raises EnoughError.
    """

    def __init__(self, path: Path, stamp: str) -> None:
        self.fresh: list[tuple[str, bytes]] = []
        self._kept = Lookup(path, _KIND, stamp)
        self._own: dict[str, Kept] = {}
        self._begun = time.monotonic()
        self._until: float | None = None

    def known(self, one: Image, other: Image, how: Candidate) -> Kept | None:
        """Return what the pair was read as; None if it is to be read. Raises EnoughError."""
        key = _key(one, other, how)
        if found := self._own.get(key) or _read(self._kept.get(key)):
            return found
        now = time.monotonic()
        if self._until is None:
            self._until = now + max(_AT_ONCE, 10 * (now - self._begun))
        if now > self._until:
            raise EnoughError
        return None

    def keep(self, one: Image, other: Image, how: Candidate, seen: Reading | None) -> None:
        """Keep what a pair was read as."""
        key, told = _key(one, other, how), Kept(seen)
        self._own[key] = told
        self.fresh.append((key, typed.packed(told)))


class EnoughError(Exception):
    """The time is over; what was read so far is to be kept."""


def _read(data: bytes | None) -> Kept | None:
    if data is None:
        return None
    try:
        return typed.unpacked(data, Kept)
    except msgspec.MsgspecError as error:
        raise sqlite3.DatabaseError("what was read of a pair cannot be read") from error


def _key(one: Image, other: Image, how: Candidate) -> str:
    return f"{crops.shown(one)} {crops.shown(other)} {how.mirrored:d}{how.either:d}{how.alike:d}"
