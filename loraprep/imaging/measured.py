"""What is measured of pictures once and kept, by what each shows: one loop for all who do so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from loraprep.core.records import Image
from loraprep.core.store import Store
from loraprep.imaging.colour import DECODE_ERRORS
from loraprep.imaging.errors import BadImage
from loraprep.imaging.pictures import Pictures
from loraprep.project import crops


def measure(
    pictures: Pictures,
    records: Sequence[Image],
    store: Store,
    work: Callable[[Pictures, Image], Any],
    *,
    packed: Callable[[Any], bytes] = bytes,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Exception]:
    """Measure those of `records` that `store` does not know yet, each once whatever its name; keep it as it comes.

    `work` runs in a process of its own; `packed` makes bytes of its answer, here. Returns path -> why of those that
    could not be opened; the next scan says so.
    """
    known = store.known()
    todo = list({crops.shown(r): r for r in records if crops.shown(r) not in known}.values())
    failed: dict[str, Exception] = {}
    with closing(pictures.each(work, todo)) as answers:
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
