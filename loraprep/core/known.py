"""What was found out about single things, kept in build/: where one of many changed, that one is looked at again."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import msgspec

from loraprep.core import machine, resources, typed
from loraprep.core.store import Store, mended

NAME = "words.sqlite"  # in build/: what was made of single captions, by all that it was made of
_T = TypeVar("_T")
_SIZE = 16  # bytes of a digest


class Known:
    """The file of one project's build/ with a table for each kind of answer; `path`: None for nowhere."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def each(
        self,
        kind: str,
        under: object,
        names: Collection[str],
        given: Callable[[str], object],
        make: Callable[[str], _T],
        form: type[_T],
    ) -> Mapping[str, _T]:
        """Return {name: make(name)} for all of `names`, made anew only where nothing like it is kept.

        `kind`: a word. `given`: of a name, all that its answer depends on, which of very many is not held at once;
        `under`: what all answers depend on besides; both as msgspec encodes them, sets only in `under`. The program
        itself and resources/ are always among that. Of answers that were not asked for as many are kept as of those
        that were: pictures come back. A file that is damaged is made anew; one that is in use, or for which the disk
        has no room, is done without.
        """
        if self._path is None:
            return {name: make(name) for name in names}
        path, stamp = self._path, _digest(typed.packed((resources.fingerprint(), under), ordered=True))
        found = typed.Packed(form)  # lasts where the file does not

        def fill() -> None:
            keys = {name: _digest(typed.packed(given(name))) for name in names}
            named: dict[str, list[str]] = {}
            for name, key in keys.items():
                named.setdefault(key, []).append(name)
            with closing(Store(path, kind, stamp)) as store:
                for key, data in store.some(list(named)):
                    try:
                        typed.unpacked(data, form)
                    except msgspec.MsgspecError:
                        raise sqlite3.DatabaseError(f"what is kept of {kind} is not of its form") from None
                    found.packed.update(dict.fromkeys(named[key], data))
                new = [name for name in keys if name not in found]
                for name in new:  # before anything is written: others may wait for the file
                    found[name] = make(name)
                for name in new:
                    store.put(keys[name], found.packed[name])
                if new and store.count() > 2 * len(named):
                    store.keep_only(named)

        try:
            mended(path, fill)
        except sqlite3.Error as error:
            if not machine.withheld(error):
                raise
        for name in names:
            if name not in found:
                found[name] = make(name)
        return typed.Packed(form, ((name, found.packed[name]) for name in names))


NOWHERE = Known(None)


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=_SIZE).hexdigest()
