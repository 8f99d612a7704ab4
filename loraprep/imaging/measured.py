"""What is measured of pictures once and kept, by what each shows: one loop for all who do so."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from loraprep.core.records import Image
from loraprep.core.store import Store, mended
from loraprep.imaging.colour import DECODE_ERRORS
from loraprep.imaging.errors import BadImage
from loraprep.imaging.pictures import Pictures
from loraprep.project import crops

T = TypeVar("T")
Progress = Callable[[int, int], None]


def found(
    pictures: Pictures,
    records: Sequence[Image],
    cache: Path | None,
    kind: str,
    stamp: str,
    work: Callable[[Pictures, Image], bytes],
    read: Callable[[bytes], T],
    progress: Progress | None = None,
    ready: Callable[[], object] | None = None,
) -> tuple[dict[str, T], dict[str, Exception]]:
    """Return (what `read` makes of what `work` found, by path, without what is empty; as `measure`: what failed).

    It is kept in `cache` under `kind`; another `stamp` measures anew, and so does what `read` cannot read
    (msgspec.MsgspecError).
    """

    def known(data: bytes) -> T:
        try:
            return read(data)
        except msgspec.MsgspecError as error:
            raise sqlite3.DatabaseError(f"it holds what nobody put there ({error})") from None

    def act() -> tuple[dict[str, T], dict[str, Exception]]:
        with closing(Store(cache, kind, stamp)) as store:
            failed = measure(pictures, records, store, work, progress=progress, ready=ready)
            kept = dict(store.some(list({crops.shown(r) for r in records})))
        told = {r.path: known(kept[crops.shown(r)]) for r in records if crops.shown(r) in kept}
        return {path: own for path, own in told.items() if own}, failed

    return mended(cache, act)


def measure(
    pictures: Pictures,
    records: Sequence[Image],
    store: Store,
    work: Callable[[Pictures, Image], Any],
    *,
    packed: Callable[[Any], bytes] = bytes,
    progress: Progress | None = None,
    ready: Callable[[], object] | None = None,
) -> dict[str, Exception]:
    """Measure those of `records` that `store` does not know yet, each once whatever its name; keep it as it comes.

    `work` runs in a process of its own, after `ready` (Pictures.each); `packed` makes bytes of its answer, here.
    Returns path -> why of those that could not be opened; the next scan says so.
    """
    known = store.known()
    todo = list({crops.shown(r): r for r in records if crops.shown(r) not in known}.values())
    failed: dict[str, Exception] = {}
    with closing(pictures.each(work, todo, ready=ready)) as answers:
        for number, (record, found) in enumerate(answers, 1):
            if not isinstance(found, Exception):
                store.put(crops.shown(record), packed(found))
            elif isinstance(found, (BadImage, *DECODE_ERRORS)):
                failed[crops.shown(record)] = found
            else:
                raise found
            if progress:
                progress(number, len(todo))
    store.save()
    return {r.path: failed[crops.shown(r)] for r in records if crops.shown(r) in failed}
