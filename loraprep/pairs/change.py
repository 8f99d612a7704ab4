"""What is told of a pair. A record alone: whoever reads it needs nothing that measures."""

from __future__ import annotations

from msgspec import Struct

Tone = tuple[float, float, float]  # L*, a*, b*


class Change(Struct, frozen=True):
    """What differs between a target and its first control.

    Where it lies: `points`, those that tell, or soft edges where they are few (measure.POINTS); `corner`: by how much
    the corner that misses its place most does so, px of a picture of keypoints.SIDE px; with it `shift` (across, down,
    in the same px), `scale` and `turn` (degrees, clockwise) of the target against the control.

    What changed: `area`, the share of the picture that differs beyond its tone, 0..1, and `grid` the same of nine
    parts, row by row; `same`: nothing differs that a second saving does not explain.

    What differs besides: `tone`, by how much what did not change differs in L*, a* and b*, and `even`, by how much
    that varies over it, Delta E; `sharp`: by how many octaves its edges are steeper than before, where they were
    `fine` octaves above those of a soft picture.

    What else tells after from before: `light` and `chroma` of the whole (L*, C*), `plain`, the share of it without any
    texture, and `stands`, by how many octaves what changed stands out more from what is around it. `like`: how alike
    the two are in their lines, -1..1.
    """

    points: int
    corner: float
    shift: tuple[float, float]
    scale: float
    turn: float
    area: float
    grid: tuple[float, ...]
    same: bool
    tone: Tone
    even: float
    sharp: float
    fine: float
    light: float
    chroma: float
    plain: float
    stands: float
    like: float
