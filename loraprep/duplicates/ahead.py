"""Pairs are read ahead in the pool, in rounds of those that will be asked for as far as one knows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from loraprep.core.records import Image
from loraprep.duplicates import kept, scenes
from loraprep.duplicates.candidates import Candidate
from loraprep.duplicates.comparing import Comparison
from loraprep.duplicates.kept import Fresh, KeptReadings
from loraprep.duplicates.keypoints import Within
from loraprep.duplicates.reading import Reading
from loraprep.duplicates.scenes import Scene
from loraprep.imaging.pictures import Pictures
from loraprep.imaging.pool import WORKERS
from loraprep.project.settings import DuplicateLimits

_LOTS = 4 * WORKERS  # of a round, or one process ends long before the other
_MOST = 128  # pairs of a lot: some seconds, which a kill may cost


@dataclass
class _Reader:
    """Reads pairs in a process, under `limits`; points are kept in `path` under `stamp`."""

    limits: DuplicateLimits
    path: Path
    stamp: str
    _sight: Within | None = None

    def read(self, pictures: Pictures, lot: Scene) -> Fresh:
        """Read the pairs of a lot. Of one that could not be opened nothing is told."""
        self._sight = sight = self._sight or Within(pictures, self.path, self.stamp)  # for the next lot, too
        fresh = []
        for how in lot.found:
            one, other = lot.images[how.i], lot.images[how.j]
            comparison = Comparison(one, other, how, self.limits, sight)
            seen = comparison.read()
            if not comparison.gone:
                fresh.append(kept.packed(one, other, how, seen))
        return fresh


class ReadAhead:
    """Reads pairs in processes of their own, where points are kept in `path` under `stamp` (keypoints.Opened)."""

    def __init__(self, pictures: Pictures, path: Path, stamp: str, limits: DuplicateLimits) -> None:
        self._pictures, self._path, self._stamp, self._limits = pictures, path.absolute(), stamp, limits

    def read(self, some: Sequence[Scene], readings: KeptReadings) -> None:
        """Read the pairs of scenes, and keep what they were read as.

        Which pairs are asked for hangs on those read before: once some are copies, one of them is like all. So a round
        takes those not read yet for nothing to each other, as nearly all are, and reads of what is asked for then as
        many pairs of each scene as it has pictures; the next one twice as many, and so on, until all is read.

        Of a scene at which a process broke off, whatever for, nothing more is read: where its pictures are opened one
        by one, it is told which of them did it.
        """
        left, share = [_Unread(scene) for scene in some], 1
        while wanted := [
            (scene, pair)
            for scene in left
            for pair in scene.asked_for(readings, self._limits, share * len(scene.images))
        ]:
            left = self._round(wanted, readings)
            share *= 2

    def _round(self, wanted: Sequence[tuple[_Unread, Candidate]], readings: KeptReadings) -> list[_Unread]:
        """Read pairs; return the scenes that they are of, without those at which a process broke off."""
        lots, of = list[Scene](), dict[int, list[_Unread]]()
        for part in _parts(wanted):
            images = {n: scene.images[n] for scene, pair in part for n in (pair.i, pair.j)}
            lots.append(Scene(images, [pair for _, pair in part]))
            of[id(lots[-1])] = [scene for scene, _ in part]
        scenes_of = {id(scene): scene for some in of.values() for scene in some}
        reader = _Reader(self._limits, self._path, self._stamp)
        answers = self._pictures.each_lot(_read, lots, reader, weigh=lambda lot: lot.images.values())
        with closing(answers):
            for lot, found in answers:
                if isinstance(found, Exception):
                    for scene in of[id(lot)]:
                        scenes_of.pop(id(scene), None)
                else:
                    readings.take(found)
        return list(scenes_of.values())


class _Unread:
    """A scene of which pairs are read ahead."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self.images = scene, scene.images
        self._given: set[tuple[int, int, bool, bool, bool]] = set()  # what could not be kept is not read again

    def asked_for(self, readings: KeptReadings, limits: DuplicateLimits, count: int) -> list[Candidate]:
        """List the first pairs that were not read yet, as they would be asked for if none of them were alike."""
        found: dict[tuple[int, int, bool, bool, bool], Candidate] = {}

        def read(one: Image, other: Image, how: Candidate) -> Reading | None:
            if told := readings.known(one, other, how):
                return told.seen
            found[how.i, how.j, how.mirrored, how.either, how.alike] = how
            return None

        scenes.relations(self._scene, limits, read)
        some = [key for key in found if key not in self._given][:count]
        self._given.update(some)
        return [found[key] for key in sorted(some)]  # one after the other, as few pictures are held


def _parts(wanted: Sequence[tuple[_Unread, Candidate]]) -> Iterator[Sequence[tuple[_Unread, Candidate]]]:
    size = min(_MOST, max(1, math.ceil(len(wanted) / _LOTS)))
    return (wanted[start : start + size] for start in range(0, len(wanted), size))


def _read(pictures: Pictures, lot: Scene, reader: _Reader) -> Fresh:
    return reader.read(pictures, lot)
