"""What every picture that stays carries: read once, kept by what it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from loraprep import __version__
from loraprep.carried import drawing, kinds, reading
from loraprep.carried.kinds import Mark
from loraprep.core import files
from loraprep.core.findings import Finding
from loraprep.core.records import Image
from loraprep.imaging import errors, measured
from loraprep.imaging.colour import DECODE_ERRORS
from loraprep.imaging.errors import BadImage, GivenUp
from loraprep.imaging.measured import Progress
from loraprep.imaging.pictures import Pictures


def lettering(
    pictures: Pictures, records: Sequence[Image], *, cache: Path | None = None, progress: Progress | None = None
) -> tuple[dict[str, list[Mark]], list[Finding]]:
    """Return (what is written in each picture, by path, those without anything left out; what took too long).

    Raises UserError if RapidOCR is not installed or its models are damaged.
    """
    stamp = files.dumps([__version__, pictures.max_megapixels, *reading.stamp()], indent=None)
    reading.reader()  # one sentence here, before two processes say it for each picture
    found, failed = measured.found(
        pictures, records, cache, "lettering", stamp, reading.read, _marks, progress, reading.reader
    )
    return found, errors.given_up({path: why for path, why in failed.items() if isinstance(why, GivenUp)})


def _marks(data: bytes) -> list[Mark]:
    return kinds.marks(reading.unpacked(data))


def unmasked(
    pictures: Pictures, records: Sequence[Image], found: Mapping[str, Sequence[Mark]]
) -> dict[str, list[Mark]]:
    """Leave out the marks that a picture's own mask keeps from being learned. A mask that cannot be read hides none."""
    left = {path: list(own) for path, own in found.items()}
    for record in records:
        if record.mask and left.get(record.path):
            boxes = [drawing.in_whole(mark.box, record.box) for mark in left[record.path]]
            try:
                hidden = pictures.apart(drawing.hidden, record, boxes)
            except (BadImage, *DECODE_ERRORS):
                continue
            left[record.path] = [m for m, gone in zip(left[record.path], hidden, strict=True) if not gone]
    return {path: own for path, own in left.items() if own}
