"""Hygiene of instructions: what is objected to in the sentences of pairs, and how seldom in sound ones."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from loraprep.captions import hygiene
from loraprep.captions.checks import check_captions
from loraprep.captions.hygiene import About
from loraprep.core import findings
from loraprep.core.findings import Code
from loraprep.core.records import Caption, Elements, Grade
from loraprep.project import profiles
from tests.captions.instructions import DESCRIBED, sound
from tests.typed import smallest

ASKS = About(instruction=True)


def said(texts: Mapping[str, str], trigger: str = "", shown: Mapping[str, int] | None = None) -> list[str]:
    """What is said of instructions, as sentences."""
    settings = smallest(intent={"kind": "edit"}, model="flux-kontext", trigger=trigger)
    captions = {
        path: Caption(path, ", ".join(filter(None, [trigger, text])), "prose", "existing", Grade.DESCRIBED, 9, 512)
        for path, text in texts.items()
    }
    elements = {
        path: Elements(path, "d" * 64, "existing", "seen", text=text, form="prose") for path, text in texts.items()
    }
    base, kind = profiles.base_model("flux-kontext"), profiles.kind("edit")
    found = check_captions(captions, elements, settings, base, kind, None, shown)
    return [findings.sentence(f) for f in found if f.code is Code.CAPTION_ODD]


def test_sound_instructions_are_left_alone() -> None:
    """Of 287 one is named and none is changed: resources/docs/benchmarks.md says so."""
    texts = sound()
    assert len(texts) > 250
    assert [text for text in texts if hygiene.mend(text, ASKS).rules] == []
    assert len([text for text in texts if hygiene.seen(text, ASKS)]) <= 1


def test_what_describes_the_picture_after_is_named() -> None:
    missed = [text for text in DESCRIBED if "describes" not in hygiene.seen(text, ASKS)]
    assert len(missed) <= 2, missed
    assert "describes" not in hygiene.seen("a street at night")  # of a picture that is how it should be
    assert "describes" not in hygiene.seen("夜の通り", ASKS)  # in Japanese nothing is judged
    assert "describes" not in hygiene.seen("Mach daraus eine Nacht mit einer einzigen Laterne", ASKS)
    found = said({f"p{n}.jpg": text for n, text in enumerate(("a street at night", "make it night"))})
    assert found == [
        'A caption has no word that asks for a change: p0.jpg: "a street at night". It says what the picture after is, '
        "and the model learns to be told that instead of what to do."
    ]


@pytest.mark.parametrize(
    ("text", "shown", "named"),
    [
        ("put the hat of image 2 on the man", 1, "image 2"),
        ("put the hat of image 2 on the man", 2, ""),
        ("dress her as in the second photo", 1, "second photo"),
        ("dress her as in the second photo", 3, ""),
        ("remove the second photo on the wall", 1, ""),
        ("make it match the target image", 1, "target image"),
        ("make it match the wall", 1, ""),
        ("remove the number 2 from the picture", 1, ""),
    ],
)
def test_a_picture_that_nobody_shows_the_model_is_named(text: str, shown: int, named: str) -> None:
    assert hygiene.seen(text, About(instruction=True, shown=shown)).get("unseen", "") == named
    found = said({"p.jpg": text}, shown={"p.jpg": shown})
    assert len(found) == bool(named)
    assert all(f"the model is not shown: p.jpg: {named}." in sentence for sentence in found)


def test_one_wording_for_all_says_how_many_help() -> None:
    same = {f"p{n:02}.jpg": "Make it night." for n in range(12)}
    assert hygiene.OF_PAIRS[0].see(same | {"p12.jpg": "make it  NIGHT"}).keys() == {*same, "p12.jpg"}
    varied = dict(zip(same, sound(), strict=False))
    assert said(varied) == []
    assert said(dict.fromkeys(list(same)[:7], "make it night")) == []  # of so few nothing is usual
    two = {path: ("make it night", "turn day into night")[n % 2] for n, path in enumerate(same)}
    assert said(two) == []
    [sentence] = said(same)
    assert sentence.startswith("12 captions have the same wording as nearly all others - ")
    assert "ten ways" in hygiene.said("one-wording").fix


def test_a_trigger_in_an_instruction_is_named_unless_it_is_the_projects() -> None:
    """Others are told by the rules for all captions."""
    begun = {f"p{n:02}.jpg": f"ohwx, {text}" for n, text in enumerate(sound()[:12])}
    [sentence] = said(begun)
    assert "the same unknown word at the beginning - p00.jpg, p01.jpg, p02.jpg and 9 more: ohwx." in sentence
    assert said({path: text.removeprefix("ohwx, ") for path, text in begun.items()}, trigger="ohwx") == []
    near = said({"p.jpg": "make it night in nocturrna light"}, trigger="nocturna")
    assert near
    assert "nearly the trigger" in near[0]
