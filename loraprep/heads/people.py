"""Is it the same person? By dlib's descriptors, for photographs alone. Pure.

Faces of one person lie within 0.6 of each other, of two people farther apart (dlib's own limit, by which it is right
of 99.4 % of the pairs of LFW). Compared is with the middle of a person's faces, from which their own lie nearer: of 91
photographs of 18 people none was farther than 0.49, of 1,609 of others 1 % nearer than 0.61. Between the two limits
below nothing is said (tests/benchmarks/faces.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import msgspec

if TYPE_CHECKING:  # every command knows People, and few need numpy
    import numpy as np
    from numpy.typing import NDArray

SAME = 0.48  # from the middle of a person's faces: theirs
OTHER = 0.6  # somebody else's
_NEAR = 0.5  # of two faces of one person, to find whose face most pictures show
_LEAST = 5  # pictures that show one person, below which nobody is taken for the set's own
_RULE = 0.4  # of the pictures with a face: whoever is in fewer is not the set's own person
_SECOND = 3  # pictures that show one other person, from which it is somebody of their own

Vectors: TypeAlias = "NDArray[np.float32]"


class People(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is in a set. `typical`: pictures of its own person, nearest to the middle first; () if there is no rule.

    `others`: the pictures of other people, the most frequent person first, each in the order of the paths.
    `seen`: pictures in which a face was described.
    """

    typical: tuple[str, ...] = ()
    others: tuple[tuple[str, ...], ...] = ()
    seen: int = 0

    def strangers(self) -> dict[str, str]:
        """Return path -> how it differs, for pictures of others."""
        own = len(self.typical)
        return {
            path: f"not the face of the {own} most alike"
            + (f", that of {len(group)} others" if len(group) >= _SECOND else "")
            for group in self.others
            for path in group
        }


def people(faces: Mapping[str, Sequence[bytes]]) -> People:
    """Tell whose face most pictures show, and which pictures show others' alone.

    `faces`: by path, as `Found` has them. A picture counts by that of its faces which is nearest.
    """
    import numpy as np

    vectors = {
        path: np.stack([np.frombuffer(f, np.float32) for f in own]) for path, own in sorted(faces.items()) if own
    }
    own, distance = _person(vectors)
    if len(own) < max(_LEAST, _RULE * len(vectors)):
        return People(seen=len(vectors))
    left = {path: v for path, v in vectors.items() if distance[path] >= OTHER}
    typical = tuple(sorted(own, key=lambda path: (distance[path], path)))
    return People(typical, tuple(_others(left)), len(vectors))


def _others(left: dict[str, Vectors]) -> list[tuple[str, ...]]:
    """Group the pictures of others by person, whoever is in most of them first."""
    groups = []
    while left:
        theirs, _ = _person(left)
        groups.append(tuple(sorted(theirs)))
        left = {path: v for path, v in left.items() if path not in theirs}
    return groups


def _person(vectors: Mapping[str, Vectors]) -> tuple[set[str], dict[str, float]]:
    """Return the pictures of whoever is in most of them, one at least, and how far all are from the middle of those."""
    import numpy as np

    paths = list(vectors)
    if not paths:
        return set(), {}
    main = np.stack([vectors[path][0] for path in paths])
    near = np.array([np.linalg.norm(main - face, axis=1) < _NEAR for face in main])
    middle = main[near[near.sum(1).argmax()]].mean(0)
    for _ in range(3):
        distance = np.array([np.linalg.norm(vectors[path] - middle, axis=1).min() for path in paths])
        inside = distance < SAME
        if not inside.any():
            inside[distance.argmin()] = True
        chosen = [vectors[path][np.linalg.norm(vectors[path] - middle, axis=1).argmin()] for path in paths]
        middle = np.stack(chosen)[inside].mean(0)
    own = {path for path, there in zip(paths, inside, strict=True) if there}
    return own, dict(zip(paths, map(float, distance), strict=True))
