"""The pictures laid out so that like lies near like, as the report's map has them. Pure."""

from __future__ import annotations

from loraprep.curation import similarity
from loraprep.report import layout, sample
from loraprep.review import views
from loraprep.review.snapshot import Snapshot, remembered
from loraprep.review.views import PictureView, View


class Spot(View, frozen=True):
    """A picture in its place, and whether it stays in the set."""

    picture: PictureView
    stays: bool


class LaidOut(View, frozen=True):
    """Rows of places from the top, None where nothing lies; `shown` pictures."""

    rows: list[list[Spot | None]]
    shown: int


@remembered()
def laid_out(s: Snapshot) -> LaidOut:
    """Lay out all pictures; of very many those that groups name and an even share of the rest."""
    every = [image for path, image in sorted(s.images.items()) if path in s.fates and image.colour]
    pictures = sample.shown(every, (), s.groups, s.fates)
    if not pictures:
        return LaidOut(rows=[], shown=0)
    columns, rows, places = layout.grid(layout.plane(similarity.picture_likeness(pictures)))
    there: list[list[Spot | None]] = [[None] * columns for _ in range(rows)]
    for image, (column, row) in zip(pictures, places, strict=True):
        fate = s.fates[image.path]
        there[row][column] = Spot(picture=views.picture(s, image.path), stays=fate.stays)
    return LaidOut(rows=there, shown=len(pictures))


def paths(s: Snapshot) -> list[str]:
    """List the pictures of the map row by row."""
    return [spot.picture.name for row in laid_out(s).rows for spot in row if spot]
