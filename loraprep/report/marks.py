"""report/mark_1.png and so on: the corner that shows a mark which several pictures bear."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence

from loraprep.core import files
from loraprep.core.findings import Finding
from loraprep.core.records import Image
from loraprep.curation.measures import watermarks
from loraprep.imaging import corners
from loraprep.imaging.pictures import Pictures

_MOST = 3  # marks that are shown; more are named
_SIZE = (480, 240)  # px, at most


def draw_marks(pictures: Pictures, marks: Sequence[Finding], records: Mapping[str, Image]) -> list[str]:
    """Draw the corner of the first picture that bears each mark, sweep earlier ones; names relative to the project.

    Raises BadImage or OSError if a picture cannot be opened.
    """
    names = []
    for number, mark in enumerate(marks[:_MOST], 1):
        corner = pictures.apart(_corner, records[mark.images[0]], watermarks.NAMES.index(mark.values["corner"]))
        names.append(f"report/mark_{number}.png")
        files.write(pictures.root / names[-1], corner)
    for stale in files.listed(pictures.root / "report", ".png"):
        if re.fullmatch(r"mark_\d+\.png", stale.name) and f"report/{stale.name}" not in names:
            files.remove(stale)
    return names


def _corner(pictures: Pictures, record: Image, number: int) -> bytes:
    picture = pictures.upright(record)
    corner = picture.crop(corners.corner_box(number, picture.size))
    corner.thumbnail(_SIZE)
    stream = io.BytesIO()
    corner.save(stream, "PNG")
    return stream.getvalue()
