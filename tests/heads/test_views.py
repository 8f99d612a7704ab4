"""What a head says of a picture, and what is said of all of them."""

from __future__ import annotations

import pytest
from msgspec import structs

from loraprep.captions import lexicon
from loraprep.core.findings import Code
from loraprep.heads import views
from loraprep.heads.finding import Found, Head


def head(turn: float = 0.0, below: float = 1.0, high: float = 0.3, *, cut: bool = False) -> Head:
    return Head((0.3, 0.2, 0.6, 0.2 + high), 1.0, turn, 0.0, below, cut)


@pytest.mark.parametrize(
    ("turn", "angle"),
    [(0.0, "front"), (-0.11, "front"), (0.2, "three-quarter"), (-0.3, "three-quarter"), (0.5, "side")],
)
def test_a_turned_head_is_named_whichever_way_it_is_turned(turn: float, angle: str) -> None:
    assert views.measured({"a.jpg": [head(turn)]})["content.angle"] == {"a.jpg": angle}


@pytest.mark.parametrize(
    ("apart", "narrowed", "angle"), [(0.3, 0.7, "side"), (0.3, 1.0, "front"), (0.42, 0.7, "front")]
)
def test_in_profile_the_eyes_are_close_and_one_is_narrow(apart: float, narrowed: float, angle: str) -> None:
    seen = structs.replace(head(0.05), apart=apart, narrowed=narrowed)  # a nose that was not found
    assert views.measured({"a.jpg": [seen]})["content.angle"] == {"a.jpg": angle}


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
    found = {
        f.code: f
        for f in views.findings({"a.jpg": beside, "b.jpg": poster, "c.jpg": [head(0.2, cut=True)]}, 5, alone=True)
    }
    assert found[Code.SEVERAL_HEADS].images == ("a.jpg",)
    assert found[Code.HEAD_CUT].images == ("c.jpg",)
    assert found[Code.HEADS_MEASURED].values == {
        "said": "front 2, three-quarter 1, side 0", "seen": 3, "of": 5, "others": "; in 2 pictures none was found",
    }  # fmt: skip


def test_where_nobody_is_meant_to_be_alone_company_is_not_named() -> None:
    found = views.findings({"a.jpg": [head(), head(high=0.2)]}, 1, alone=False)
    assert Code.SEVERAL_HEADS not in {f.code for f in found}


@pytest.mark.parametrize(("close", "far", "others", "kept"), [(3, 1, 2, 3), (3, 0, 3, 3), (2, 1, 3, 0), (0, 4, 0, 0)])
def test_a_set_of_portraits_is_one_where_most_pictures_are(close: int, far: int, others: int, kept: int) -> None:
    heads = {f"c{n}.jpg": Found((head(below=1.0),)) for n in range(close)}
    heads |= {f"f{n}.jpg": Found((head(below=9.0),)) for n in range(far)}
    assert sorted(views.portraits(heads, close + far + others)) == [f"c{n}.jpg" for n in range(kept)]


def test_nothing_is_said_of_pictures_without_heads() -> None:
    assert views.findings({}, 7, alone=True) == []
