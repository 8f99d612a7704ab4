"""What pairs were read as, by what both show, kept from run to run: whoever adds a picture waits for its pairs alone.

It holds for one state of the program (resources.fingerprint) and for the limits it was read with.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from loraprep.core import resources, typed
from loraprep.core.records import Image
from loraprep.core.store import Store
from loraprep.duplicates.candidates import Candidate
from loraprep.duplicates.reading import Reading
from loraprep.project import crops
from loraprep.project.settings import DuplicateLimits

Fresh = Sequence[tuple[str, bytes]]  # readings by their keys


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """What one pair was read as; `seen`: None for nothing to each other."""

    seen: Reading | None


class KeptReadings:
    """Readings in `path`, or for as long as this lasts. `stamp`: what pictures are opened by and under which limits.

    Raises sqlite3.Error, then or later, for a damaged file: see store.mended.
    """

    def __init__(self, path: Path | None, limits: DuplicateLimits, stamp: str) -> None:
        under = typed.packed((resources.fingerprint(), limits, stamp)).hex()
        self._store = Store(path, "readings", under)
        self._asked: set[str] = set()

    def known(self, one: Image, other: Image, how: Candidate) -> Kept | None:
        """Return what the pair was read as; None if it was not read yet."""
        key = _key(one, other, how)
        self._asked.add(key)
        return _read(self._store.get(key))

    def keep(self, one: Image, other: Image, how: Candidate, seen: Reading | None) -> None:
        """Keep what a pair was read as."""
        self.take([packed(one, other, how, seen)])

    def take(self, fresh: Fresh) -> None:
        """Keep what another process read."""
        for key, data in fresh:
            self._store.put(key, data)

    def close(self) -> None:
        """Save and close. Of pairs that nobody asked for as many are kept as of others: pictures come back."""
        if self._store.count() > 2 * len(self._asked):
            self._store.keep_only(self._asked)
        self._store.close()


def packed(one: Image, other: Image, how: Candidate, seen: Reading | None) -> tuple[str, bytes]:
    """Return the key of a pair and what it was read as, to be kept (KeptReadings.take)."""
    return _key(one, other, how), typed.packed(Kept(seen))


def _read(data: bytes | None) -> Kept | None:
    if data is None:
        return None
    try:
        return typed.unpacked(data, Kept)
    except msgspec.MsgspecError as error:
        raise sqlite3.DatabaseError("what was read of a pair cannot be read") from error


def _key(one: Image, other: Image, how: Candidate) -> str:
    return f"{crops.shown(one)} {crops.shown(other)} {how.mirrored:d}{how.either:d}{how.alike:d}"
