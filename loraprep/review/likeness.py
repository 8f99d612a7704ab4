"""The pictures laid out so that like lies near like, as the report's map has them. Pure."""

from __future__ import annotations

from loraprep.curation import changes, similarity
from loraprep.report import layout, sample
from loraprep.review import stay, views
from loraprep.review.cards import PictureView, View
from loraprep.review.snapshot import Snapshot, remembered


class Spot(View, frozen=True):
    """A picture in its place, and whether it stays in the set."""

    picture: PictureView
    stays: bool


class LaidOut(View, frozen=True):
    """Rows of places from the top, None where nothing lies; `shown` pictures, or pairs `by_change`."""

    rows: list[list[Spot | None]]
    shown: int
    by_change: bool


@remembered(stay.leaving_by_now)
def laid_out(s: Snapshot) -> LaidOut:
    """Lay out all pictures; of very many those that groups name and an even share of the rest."""
    gone = stay.leaving_by_now(s)

    def spot(path: str | None) -> Spot | None:
        return Spot(picture=views.picture(s, path), stays=path not in gone) if path else None

    rows = [[spot(path) for path in row] for row in _places(s)]
    return LaidOut(rows=rows, shown=len(paths(s)), by_change=bool(s.changes))


@remembered()
def _places(s: Snapshot) -> list[list[str | None]]:
    """Lay the paths out, which no answer changes."""
    every = [image for path, image in sorted(s.images.items()) if path in s.fates and image.colour]
    pictures = sample.shown(every, (), s.groups, s.fates)
    if not pictures:
        return []
    if s.changes:
        pictures = [image for image in pictures if image.path in s.changes]
        likeness = changes.likeness([s.changes[image.path] for image in pictures])
    else:
        likeness = similarity.picture_likeness(pictures)
    columns, rows, places = layout.grid(layout.plane(likeness))
    there: list[list[str | None]] = [[None] * columns for _ in range(rows)]
    for image, (column, row) in zip(pictures, places, strict=True):
        there[row][column] = image.path
    return there


def paths(s: Snapshot) -> list[str]:
    """List the pictures of the map row by row."""
    return [path for row in _places(s) for path in row if path]
