"""The heads in every picture that stays: sought once, kept by what the picture shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from loraprep import __version__
from loraprep.core import files
from loraprep.core.findings import Finding
from loraprep.core.records import Image
from loraprep.heads import finding
from loraprep.heads.finding import Found
from loraprep.imaging import errors, measured
from loraprep.imaging.errors import GivenUp
from loraprep.imaging.measured import Progress
from loraprep.imaging.pictures import Pictures


def heads(
    pictures: Pictures, records: Sequence[Image], *, cache: Path | None = None, progress: Progress | None = None
) -> tuple[dict[str, Found], list[Finding]]:
    """Return (the heads of each picture, by path, those without any left out; what took too long).

    Raises UserError if dlib is not installed or its models are damaged.
    """
    stamp = files.dumps([__version__, pictures.max_megapixels, *finding.stamp()], indent=None)
    finding.models()  # one sentence here, before two processes say it for each picture
    found, failed = measured.found(
        pictures, records, cache, "heads", stamp, finding.look, _unpacked, progress, finding.models
    )
    return (
        {path: own for path, own in found.items() if own.heads},
        errors.given_up({path: why for path, why in failed.items() if isinstance(why, GivenUp)}),
    )


def _unpacked(data: bytes) -> Found:
    found = finding.unpacked(data)
    if any(len(face) != finding.NUMBERS * 4 for face in found.faces):
        raise msgspec.ValidationError("a face of another length")
    return found
