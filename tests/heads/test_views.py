"""What a head says of a picture, and what is said of all of them."""

from __future__ import annotations

import pytest

from loraprep.captions import lexicon
from loraprep.core.findings import Code
from loraprep.heads import views
from loraprep.heads.finding import Head


def head(turn: float = 0.0, below: float = 1.0, high: float = 0.3, *, cut: bool = False) -> Head:
    return Head((0.3, 0.2, 0.6, 0.2 + high), 1.0, turn, 0.0, below, cut)


@pytest.mark.parametrize(
    ("turn", "angle"),
    [(0.0, "front"), (-0.11, "front"), (0.2, "three-quarter"), (-0.3, "three-quarter"), (0.5, "side")],
)
def test_a_turned_head_is_named_whichever_way_it_is_turned(turn: float, angle: str) -> None:
    assert views.measured({"a.jpg": [head(turn)]})["content.angle"] == {"a.jpg": angle}


@pytest.mark.parametrize(
    ("below", "framing"), [(0.3, "close-up"), (1.0, "portrait"), (3.0, "upper body"), (9.0, "full body")]
)
def test_what_is_below_the_chin_is_the_framing(below: float, framing: str) -> None:
    assert views.measured({"a.jpg": [head(below=below)]})["content.framing"] == {"a.jpg": framing}


def test_every_term_is_one_that_captions_are_counted_by() -> None:
    for element, limits in (("framing", views._FRAMING), ("angle", views._ANGLE)):
        assert {term for _, term in limits} <= set(lexicon.terms(element))


def test_several_heads_are_people_and_not_faces_on_a_poster() -> None:
    beside, poster = [head(), head(high=0.2)], [head(), head(high=0.05)]
    found = {f.code: f for f in views.findings({"a.jpg": beside, "b.jpg": poster, "c.jpg": [head(0.2, cut=True)]}, 5)}
    assert found[Code.SEVERAL_HEADS].images == ("a.jpg",)
    assert found[Code.HEAD_CUT].images == ("c.jpg",)
    assert found[Code.HEADS_MEASURED].values == {
        "said": "front 2, three-quarter 1, side 0", "seen": 3, "of": 5, "others": "; in 2 pictures none was found",
    }  # fmt: skip


def test_nothing_is_said_of_pictures_without_heads() -> None:
    assert views.findings({}, 7) == []
