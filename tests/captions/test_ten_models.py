"""Thirty real pictures, described by hand: the caption that each of the ten base models gets."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from loraprep.captions import booru, hygiene, tokens
from loraprep.captions.render import limit_of, render_all
from loraprep.core import resources, yamlfile
from loraprep.core.records import Caption, Elements
from loraprep.project import profiles
from loraprep.project.settings import Settings
from tests import ROOT
from tests.typed import changed, smallest

MODELS = resources.names("resources/models")
BOORU = ("illustrious", "noobai", "pony")
LISTS = ("action", "setting", "objects", "pose", "angle", "expression", "outfit", "hair", "eyes", "face", "time")
STYLES = ("palette", "lighting", "technique", "composition", "edges", "texture")
TRIGGER = "emberveil"


@cache
def listed() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yamlfile.load(ROOT / "tests/captions/thirty.yaml", "thirty.yaml").data
    return found


def described(entry: dict[str, Any]) -> Elements:
    one = {"subject": entry["subject"], "subject_class": entry["class"], "framing": entry["framing"]}
    content = {key: [word] for key, word in one.items() if word} | {k: entry[k] for k in LISTS if k in entry}
    if entry["place"]:
        content["setting"] = [entry["place"], *content.get("setting", [])]
    style = {"medium": [entry["medium"]]} | {key: entry[key] for key in STYLES if key in entry}
    return Elements(
        entry["file"],
        "d" * 64,
        "claude",
        "seen",
        content,
        style,
        content_sentence=entry["short"],
        content_long=entry["long"],
        style_sentence=entry["style"],
        tags=entry["tags"],
    )


def config(model: str, **more: Any) -> Settings:
    return changed(smallest(trigger=TRIGGER, model=model), **more)


def captions(model: str, **more: Any) -> dict[str, Caption]:
    elements = {e["file"]: described(e) for e in listed()}
    return render_all(elements, config(model, **more), profiles.base_model(model), profiles.kind("style"))


def shares(model: str, *, held: bool) -> tuple[float, float]:
    """Return (share of a caption's terms that are real tags, share of the hand-given tags that it says or implies)."""
    made, real, given, met = captions(model), [], 0, 0
    for entry in listed():
        if bool(entry.get("held")) != held:
            continue
        terms = hygiene.terms(made[entry["file"]].text)[1:]
        real += [booru.is_tag(term) for term in terms]
        said = set(terms).union(*(booru.all_implied(term) for term in terms))
        hand = {found.name for tag in entry["hand"] if (found := booru.tag(tag))}
        given, met = given + len(hand), met + len(hand & said)
    return sum(real) / len(real), met / given


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
