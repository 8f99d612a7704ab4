"""One pair compared: the second picture laid over the first, on whatever ground and whichever way round, and read."""

from __future__ import annotations

from loraprep.core.records import Image
from loraprep.duplicates import descriptions, flattened, geometry, reading
from loraprep.duplicates.candidates import Candidate
from loraprep.duplicates.flattened import BARE, WHITE
from loraprep.duplicates.geometry import Laid, Similarity
from loraprep.duplicates.keypoints import Keypoints, Pixels, View
from loraprep.duplicates.reading import Reading
from loraprep.imaging.errors import BadImage
from loraprep.project.settings import DuplicateLimits


class Comparison:
    """Two pictures, which are `found` to be alike perhaps.

    `gone`: one could not be opened, as it is no longer there: what they were read as is not to be kept.
    """

    def __init__(self, one: Image, other: Image, found: Candidate, limits: DuplicateLimits, sight: View) -> None:
        self._pair, self._found = (one, other), found
        self._limits, self._sight = limits, sight
        self.gone = False

    def read(self) -> Reading | None:
        """Read them on the first ground on which they are copies, of which nothing differs; else on the first.

        As more of their points say and, of what is even or looks the same on both sides, the other way round as well,
        mirrored or not: upright it may be a copy and mirrored a change. They lie on each other as their points on white
        do: to find points costs more than all else, and those on another ground differ at outlines alone, so these are
        looked for only where an outline is all that two have in common.
        """
        found = self._found
        ways: list[Reading] = []
        for mirrored in (found.mirrored, not found.mirrored)[: 1 + found.either]:
            readings: list[Reading | None] = []
            on_white = self._held(WHITE, mirrored)
            for ground in self._grounds() if on_white or found.alike else ():
                held = on_white or (None if ground == WHITE else self._held(ground, mirrored))
                seen = self._on(ground, held, mirrored)
                if seen is not None and seen.relation == "copy" and seen.laid_over < 0:
                    return seen
                readings.append(seen)
            ways += [seen for seen in readings if seen][:1]
        return min(ways, key=lambda seen: seen.relation != "copy", default=None)

    def _held(self, ground: str, mirrored: bool) -> Similarity | None:
        first, second = (self._points(image, ground) for image in self._pair)
        return geometry.similarity(first, second, mirrored=mirrored, perhaps=self._found.alike)

    def _points(self, image: Image, ground: str) -> Keypoints:
        try:
            return self._sight.points(image, ground)
        except (BadImage, OSError):
            self.gone = True
            return self._sight.points(image)

    def _grounds(self) -> tuple[str, ...]:
        """Return on what two are compared: of which one alone is transparent, the other may have been it."""
        one, other = self._pair
        if bool(one.alpha) == bool(other.alpha):
            return (WHITE,)
        laid = other if one.alpha else one
        try:
            return (flattened.ground(self._sight.pixels(laid)) if flattened.may_be(laid) else WHITE, BARE)
        except (BadImage, OSError):
            self.gone = True
            return (WHITE,)

    def _on(self, ground: str, held: Similarity | None, mirrored: bool) -> Reading | None:
        try:
            first, second = (self._sight.pixels(image, ground) for image in self._pair)
        except (BadImage, OSError):
            self.gone = True
            return None
        laid = geometry.lay(first, second, held, mirrored=mirrored, whole=self._found.alike)
        if laid is None:
            return None
        seen = self._told(laid, first, second)
        if reading.is_near(seen, laid) and (lain := geometry.nearer(laid, first, second)):
            again = self._told(lain, first, second)
            seen = again if again.relation else seen
        if seen.relation is None or _out_of_reach(seen, self._limits):
            return None
        return seen

    def _told(self, laid: Laid, first: Pixels, second: Pixels) -> Reading:
        return reading.read(laid, self._limits.variant, lambda where: geometry.closer(laid, first, second, where))


def _out_of_reach(seen: Reading, limits: DuplicateLimits) -> bool:
    """Is it what the project does not want to be told of?"""
    return (seen.turns != 0 and not limits.rotations) or (min(seen.covers) < 1 / descriptions.LARGE and not limits.cuts)
