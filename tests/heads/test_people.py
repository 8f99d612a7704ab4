"""Who is in a set: its own person, others, and when nothing is said."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from loraprep.heads.people import OTHER, SAME, People, people

Vector = NDArray[np.float32]


def face(who: int, number: int = 0, away: float = 0.3) -> bytes:
    """A descriptor of a person, so far from the middle of theirs; two people are 0.85 apart."""
    middle = np.zeros(128)
    middle[who] = 0.6
    own = np.random.default_rng([who, number]).normal(size=128)
    own[:20] = 0
    return (middle + away * own / np.linalg.norm(own)).astype(np.float32).tobytes()


def faces(*of: int, away: float = 0.3) -> dict[str, list[bytes]]:
    return {f"{n:02}.jpg": [face(who, n, away)] for n, who in enumerate(of)}


def test_three_strangers_among_many() -> None:
    found = people(faces(*[0] * 12, 1, 2, 3, *[0] * 13))
    assert sorted(found.strangers()) == ["12.jpg", "13.jpg", "14.jpg"]
    assert len(found.typical) == 25
    assert found.seen == 28
    assert found.strangers()["12.jpg"] == "not the face of the 25 most alike"


def test_a_second_person_is_told_as_one() -> None:
    found = people(faces(*[0] * 14, *[1] * 9, 2))
    assert [len(group) for group in found.others] == [9, 1]
    assert found.strangers()["15.jpg"] == "not the face of the 14 most alike, that of 9 others"


def test_a_picture_with_the_character_beside_somebody_shows_the_character() -> None:
    both = faces(*[0] * 10)
    both["with.jpg"] = [face(1), face(0, 99)]
    assert people(both).strangers() == {}
    both["without.jpg"] = [face(1), face(2)]
    assert list(people(both).strangers()) == ["without.jpg"]


@pytest.mark.parametrize("of", [[], [0], [0] * 4 + [1], [0, 1, 2, 3, 4, 5, 6, 7], [0] * 5 + [1] * 5 + [2] * 5])
def test_without_a_rule_nobody_is_a_stranger(of: list[int]) -> None:
    found = people(faces(*of))
    assert (found.typical, found.others, found.seen) == ((), (), len(of))


def test_between_the_two_limits_nothing_is_said() -> None:
    """A face that is unlike the others, and not unlike enough to be somebody else's."""
    known = faces(*[0] * 20)
    middle = np.mean([np.frombuffer(f, np.float32) for (f,) in known.values()], axis=0)
    aside = np.zeros(128, np.float32)
    aside[19] = (SAME + OTHER) / 2
    known["between.jpg"] = [(middle + aside).astype(np.float32).tobytes()]
    found = people(known)
    assert found.strangers() == {}
    assert "between.jpg" not in found.typical


def test_a_picture_without_a_described_face_counts_for_nothing() -> None:
    assert people(faces(*[0] * 10) | {"none.jpg": []}).seen == 10
    assert people({}) == People()


def test_the_order_of_the_pictures_does_not_matter() -> None:
    known = faces(*[0] * 12, 1, 2, *[0] * 3)
    assert people(dict(reversed(known.items()))) == people(known)
