"""Pairs are read ahead in the pool, scene by scene: no scene waits for another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from loraprep.duplicates.kept import EnoughError, Fresh, FreshReadings, KeptReadings
from loraprep.duplicates.keypoints import Within
from loraprep.duplicates.relations import Comparison, Scene
from loraprep.imaging.pictures import Pictures
from loraprep.project.settings import DuplicateLimits


class _Under(NamedTuple):
    """What pairs are read under: where points and readings are kept, and the stamps of both."""

    limits: DuplicateLimits
    path: Path
    points: str
    readings: str


class ReadAhead:
    """Reads pairs in processes of their own, where points are kept in `path` under `stamp` (keypoints.Opened)."""

    def __init__(self, pictures: Pictures, path: Path, stamp: str, limits: DuplicateLimits) -> None:
        self._pictures, self._path, self._stamp, self._limits = pictures, path.absolute(), stamp, limits

    def read(self, some: Sequence[Scene], kept: KeptReadings) -> Iterator[tuple[Scene, bool]]:
        """Yield each scene once what was read of it is in `kept`, and whether more of it may be read ahead.

        Those with the most pairs come first: the last one is read alone, and should be small.
        Of one at which a process broke off, whatever for, nothing more is: where its pictures are opened one by one,
        it is told which of them did it.
        """
        kept.save()
        under = _Under(self._limits, self._path, self._stamp, kept.stamp)
        ordered = sorted(some, key=lambda scene: -len(scene.found))
        answers = self._pictures.each_lot(_fresh, ordered, under, weigh=lambda scene: scene.images.values())
        with closing(answers):
            for scene, fresh in answers:
                if isinstance(fresh, Exception):
                    yield scene, False
                else:
                    kept.take(fresh)
                    yield scene, bool(fresh)


def _fresh(pictures: Pictures, scene: Scene, under: _Under) -> Fresh:
    """Read pairs of a scene, those that nobody read yet, for some seconds."""
    readings = FreshReadings(under.path, under.readings)
    with suppress(EnoughError):
        Comparison(scene, under.limits, Within(pictures, under.path, under.points), readings).relations()
    return readings.fresh
