"""What is said of the ground under transparent pictures: to name it, or that it is named, and never both ways."""

from __future__ import annotations

import pytest

from loraprep.captions import grounds
from loraprep.core import findings
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Caption, Grade

PATHS = tuple(f"p{n:02}.png" for n in range(10))


def said(text: str, transparent: int = 10) -> dict[str, str]:
    captions = {p: Caption(p, f"emberveil, {text}", "tags", "written", Grade.DESCRIBED, 9, 75) for p in PATHS}
    found = [
        Finding(Code.TRANSPARENT, PATHS, {"background": "white", "cause": "unnamed"}),
        *(
            Finding(Code.FUSED_WATCH, (), {"term": term, "share": "6 of 10"})
            for term in ("plain white backdrop", "background", "a horned helmet")
        ),
    ]
    told = grounds.told_once(found, captions, {*PATHS[:transparent]}, "emberveil")
    return {f.code if f.code == Code.TRANSPARENT else f.text("term"): findings.fix(f) for f in told}


@pytest.mark.parametrize("ground", ["plain white backdrop", "white background", "a grey background"])
def test_a_ground_that_captions_name_is_told_once(ground: str) -> None:
    told = said(f"a drake, {ground}")
    assert {*told} == {Code.TRANSPARENT, "a horned helmet"}
    assert told[Code.TRANSPARENT].startswith("Most captions name the plain background")


def test_one_that_nobody_names_is_asked_for() -> None:
    assert said("a drake in a forest")[Code.TRANSPARENT].startswith("Name the plain background")


def test_where_few_pictures_are_transparent_the_words_are_like_any() -> None:
    assert len(said("a drake, white background", transparent=3)) == 4
