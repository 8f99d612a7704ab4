"""Thirty real pictures, described by hand: the caption that each of the ten base models gets."""

from __future__ import annotations

from typing import Any

import pytest

from loraprep.captions import tokens
from loraprep.captions.render import limit_of
from loraprep.project import profiles
from tests.thirty import BOORU, MODELS, TRIGGER, captions, config, listed, shares


@pytest.mark.parametrize("model", BOORU)
@pytest.mark.parametrize("held", [False, True])
def test_tags_are_real_and_those_that_a_person_gave(model: str, held: bool) -> None:
    real, met = shares(model, held=held)
    assert real >= 0.95
    assert met >= 0.8


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("trainer", ["kohya", "onetrainer", "ai-toolkit"])
@pytest.mark.parametrize("length", ["short", "normal", "long"])
def test_every_caption_is_within_what_model_and_trainer_read(model: str, trainer: str, length: str) -> None:
    more = {"dataset": {"trainers": (trainer,)}, "captioning": {"length": length}}
    limit = limit_of(config(model, **more), profiles.base_model(model))
    for caption in captions(model, **more).values():
        assert tokens.count(caption.text, profiles.base_model(model).encoder.name) <= limit
        assert not caption.left_out or limit < caption.tokens + max(
            tokens.count(f", {term}", profiles.base_model(model).encoder.name) for term in caption.left_out
        )


def test_each_family_gets_its_own_form() -> None:
    made = {model: captions(model)["wesnoth/humans/peasant.png"].text for model in MODELS}
    assert made["flux"] == (
        "emberveil, a peasant in a straw hat holds a pitchfork across his chest. A digital painting with dark "
        "outlines and warm browns."
    )
    assert made["qwen-image"] == made["flux"].replace(" A digital", " His tunic is tied with a rope, and his hands are "
                                                      "large. A digital")  # fmt: skip
    assert made["illustrious"].startswith("emberveil, 1boy, solo, straw hat, ")
    assert made["sdxl"].startswith("emberveil, a peasant with a pitchfork, ")
    assert captions("flux", captioning={"length": "short"})["wesnoth/humans/peasant.png"].text == (
        "emberveil, a peasant in a straw hat holds a pitchfork across his chest."
    )


def test_prose_is_made_of_the_whole_sentences_that_were_given() -> None:
    for model in MODELS:
        if profiles.base_model(model).form == "prose":
            for entry in listed():
                text = captions(model)[entry["file"]].text.removeprefix(f"{TRIGGER}, ")
                given = f"{entry['short']} {entry['long']} {entry['style']}".casefold()
                assert all(s.casefold().rstrip(".") in given for s in text.split(". "))


@pytest.mark.parametrize(
    ("model", "trainers", "captioning", "limit"),
    [
        ("sd35", ("kohya",), {}, 256),
        ("sd35", ("simpletuner",), {}, 154),
        ("sd35", ("kohya", "onetrainer"), {}, 77),
        ("flux", ("kohya",), {}, 512),
        ("pony", ("kohya",), {}, 75),
        ("pony", ("kohya",), {"length": "long"}, 225),
        ("pony", ("kohya", "ai-toolkit"), {"length": "long"}, 75),
        ("pony", ("kohya",), {"prefix": ("score_9", "score_8_up")}, 65),
    ],
)
def test_the_trainer_that_reads_least_decides(
    model: str, trainers: tuple[str, ...], captioning: dict[str, Any], limit: int
) -> None:
    settings = config(model, dataset={"trainers": trainers}, captioning=captioning)
    assert limit_of(settings, profiles.base_model(model)) == limit
