"""The heads in every picture that stays: sought once, kept by what the picture shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from loraprep import __version__
from loraprep.core import files
from loraprep.core.findings import Finding
from loraprep.core.records import Image
from loraprep.core.store import Store, mended
from loraprep.heads import finding
from loraprep.heads.finding import Found
from loraprep.imaging import errors
from loraprep.imaging.errors import GivenUp
from loraprep.imaging.measured import measure
from loraprep.imaging.pictures import Pictures
from loraprep.project import crops

Progress = Callable[[int, int], None]


def heads(
    pictures: Pictures, records: Sequence[Image], *, cache: Path | None = None, progress: Progress | None = None
) -> tuple[dict[str, Found], list[Finding]]:
    """Return (the heads of each picture, by path, those without any left out; what took too long).

    Raises UserError if dlib is not installed or its models are damaged.
    """
    stamp = files.dumps([__version__, pictures.max_megapixels, *finding.stamp()], indent=None)

    def act() -> tuple[dict[str, Found], dict[str, Exception]]:
        with closing(Store(cache, "heads", stamp)) as store:
            failed = measure(pictures, records, store, finding.look, progress=progress)
            known = dict(store.some(list({crops.shown(r) for r in records})))
        found = {r.path: _unpacked(known[crops.shown(r)]) for r in records if crops.shown(r) in known}
        return {path: own for path, own in found.items() if own.heads}, failed

    finding.models()  # one sentence here, before two processes say it for each picture
    found, failed = mended(cache, act)
    return found, errors.given_up({path: why for path, why in failed.items() if isinstance(why, GivenUp)})


def _unpacked(data: bytes) -> Found:
    import sqlite3

    try:
        found = finding.unpacked(data)
    except msgspec.MsgspecError as error:
        raise sqlite3.DatabaseError(f"it holds what nobody put there ({error})") from None
    if any(len(face) != finding.NUMBERS * 4 for face in found.faces):
        raise sqlite3.DatabaseError("it holds what nobody put there")
    return found
