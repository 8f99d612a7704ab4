"""Captions that are objects, and tags with sentences behind them: forms that a base model's profile asks for."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from loraprep.captions import hygiene, objects, tokens
from loraprep.captions.captioner import Context
from loraprep.captions.captioners import existing
from loraprep.captions.compose import compose_captions
from loraprep.captions.render import prefix, render_all
from loraprep.core.records import Caption, Elements, Image
from loraprep.dataset.outputs import with_background, without_background
from loraprep.project import profiles
from loraprep.project.decisions import Decisions, Entry
from loraprep.project.profiles import BaseModel, JsonPart
from tests.thirty import described, listed
from tests.typed import smallest

# the keys of Ideogram 4 that words alone can fill: musubi-tuner's docs, June 2026
PARTS = (
    JsonPart(key="high_level_description", says=("content_sentence",), words=50),
    JsonPart(key="style_description.aesthetics", says=("style.mood", "style.palette")),
    JsonPart(key="style_description.lighting", says=("style.lighting",)),
    JsonPart(key="style_description.medium", says=("style.medium",)),
    JsonPart(key="style_description.art_style", says=("style_sentence",)),
    JsonPart(key="compositional_deconstruction.background", says=("content.setting",)),
    JsonPart(key="compositional_deconstruction.elements", each="content.objects", item=("type=obj", "desc")),
    JsonPart(key="compositional_deconstruction.elements", each="visible_text", item=("type=text", "text")),
)


def model(form: str, **more: Any) -> BaseModel:
    own = {"form": form, "json": PARTS if form == "json" else (), **more}
    return msgspec.structs.replace(profiles.base_model("flux"), **own)


def mill(**more: Any) -> Elements:
    said = {"content_sentence": "A mill stands beside a pond.", "content_long": "A mill stands beside a pond. It turns.",
            "style_sentence": "Oil painting in dim light."}  # fmt: skip
    content = {"subject": ["a water mill"], "setting": ["forest"], "objects": ["pond", "bridge"]}
    style = {"medium": ["oil painting"], "lighting": ["dim light"]}
    return Elements("a.jpg", "d" * 64, "claude", "seen", **{"content": content, "style": style, **said, **more})


def caption(elements: Elements, base: BaseModel, limit: int = 512, **captioning: Any) -> Caption:
    settings = smallest(trigger="ember", model="flux", captioning=captioning)
    base = msgspec.structs.replace(base, encoder=msgspec.structs.replace(base.encoder, hard=limit))
    return compose_captions({"a.jpg": elements}, Decisions(), settings, base, profiles.kind("style")).captions["a.jpg"]


def test_an_object_has_the_keys_in_the_order_that_was_taught() -> None:
    made = caption(mill(visible_text=["Mühle"]), model("json"))
    assert made.form == "json"
    assert made.text == (
        '{"high_level_description":"ember, A mill stands beside a pond.","style_description":{"lighting":"dim light",'
        '"medium":"oil painting","art_style":"Oil painting in dim light."},"compositional_deconstruction":{"background":'
        '"forest","elements":[{"type":"obj","desc":"pond"},{"type":"obj","desc":"bridge"},{"type":"text","text":"Mühle"}]}}'
    )
    assert objects.faults_of(made, "ember") == []
    assert list(json.loads(made.text)) == [
        "high_level_description",
        "style_description",
        "compositional_deconstruction",
    ]


# What musubi-tuner's caption_verifier.py of June 2026 wants of an object: whole, these keys in this order.
STYLE = {
    "photo": ["aesthetics", "lighting", "photo", "medium"],
    "art_style": ["aesthetics", "lighting", "medium", "art_style"],
}
ELEMENT = {"obj": ["type", "desc"], "text": ["type", "text", "desc"]}


def faults(text: str) -> list[str]:
    found, made = [], json.loads(text)
    if (style := made.get("style_description")) is not None:
        kinds = [kind for kind in STYLE if kind in style]
        found += [] if len(kinds) == 1 and [*style] == STYLE[kinds[0]] else [f"style: {[*style]}"]
    whole = made.get("compositional_deconstruction", {})
    found += [] if [*whole] == ["background", "elements"] else [f"whole: {[*whole]}"]
    return found + [f"element: {e}" for e in whole.get("elements", ()) if [*e] != ELEMENT[e["type"]]]


@pytest.mark.parametrize("words", ["include", "omit"])
@pytest.mark.parametrize("length", ["short", "long"])
def test_an_object_for_ideogram_is_whole_whatever_was_said(words: str, length: str) -> None:
    base = profiles.base_model("ideogram4")
    photo = {"medium": ["photograph"]}
    every = [
        *map(described, listed()),
        mill(visible_text=["OPEN"], style=photo),
        mill(content={}, style={}, style_sentence=""),
        mill(style={}),
        mill(content={"subject": ["a mill"]}, style={"mood": ["calm"]}, style_sentence=""),
        Elements("a.jpg", "d" * 64, "wd-tagger", "seen", {"objects": ["pond"]}, tags=["pond"]),
    ]
    for elements in every:
        made = caption(msgspec.structs.replace(elements, path="a.jpg"), base, 2048, style_words=words, length=length)
        assert faults(made.text) == [], made.text
        assert ("style_description" in made.text) <= (words == "include")
    taken = json.loads(caption(mill(style=photo), base, 2048).text)["style_description"]
    assert (taken["photo"], taken["medium"]) == ("Oil painting in dim light.", "photograph")


def test_length_budget_and_what_is_omitted() -> None:
    long = caption(mill(), model("json"), length="long")
    assert "It turns." in long.text
    tight = caption(mill(), model("json"), limit=tokens.count(caption(mill(), model("json")).text, "T5"), length="long")
    assert tight.left_out == ("It turns.",)
    assert json.loads(tight.text)
    assert "art_style" not in caption(mill(), model("json"), style_words="omit").text
    assert "pond" not in caption(mill(), model("json"), omit=("pond",)).text


def test_nothing_stands_before_an_object_and_the_trigger_is_in_it() -> None:
    settings = smallest(trigger="ember", model="flux", captioning={"prefix": ("score_9",), "quality_tags": True})
    assert prefix(settings.captioning, model("json")) == ()
    made = caption(mill(), model("json"))
    assert objects.unfilled(made.text, "ember").startswith('{"high_level_description":"[trigger], A mill')
    on_white = with_background(made.text, "white", "json")
    assert json.loads(on_white)["high_level_description"] == "ember, A mill stands beside a pond, on a white background"
    assert (
        json.loads(without_background(on_white, "white"))["high_level_description"]
        == "ember, A mill stands beside a pond"
    )


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('{"a": "ember, a mill"', "it is no whole JSON"),
        ('{"a": "a mill"}', "the trigger is not at the start"),
        ('{"a": "ember, a mill", "b": "ember again"}', "the trigger is in it twice"),
        ('{"a": "ember, {red|blue} mill"}', "it holds braces, which some trainers read as wildcards"),
        ("[" * 500, "it is no whole JSON"),
    ],
)
def test_what_is_wrong_with_an_object(text: str, wrong: str) -> None:
    made = msgspec.structs.replace(caption(mill(), model("json")), text=text)
    assert wrong in objects.faults_of(made, "ember")


def test_a_persons_own_object_stays_whole() -> None:
    lying = '{"high_level_description": "a mill", "style_description": {"medium": "oil"}}'
    about = hygiene.About(trigger="ember", form="json")
    image = Image("a.jpg", "image", digest="d" * 64, words=(("sidecar:a.txt", lying),))
    found = existing.describe(image, Context("ember", about={"a.jpg": about}))
    assert (found.text, found.form) == (lying, "json")
    assert json.loads(caption(found, model("json")).text)["high_level_description"] == "ember, a mill"
    # under a model that reads sentences its words alone are taken
    plain = existing.describe(image, Context("ember", about={"a.jpg": hygiene.About(trigger="ember")}))
    assert (plain.text, plain.form) == ("a mill", "prose")
    own = Decisions(
        entries={"a.jpg": Entry("a.jpg", {"caption": lying.replace("a mill", "[trigger], a mill")}, {}, touched=True)}
    )
    settings, kind = smallest(trigger="ember", model="flux"), profiles.kind("style")
    made = compose_captions({"a.jpg": mill()}, own, settings, model("json"), kind).captions["a.jpg"]
    assert made.form == "json"
    assert json.loads(made.text)["high_level_description"] == "ember, a mill"


def test_without_sentences_an_object_still_says_what_there_is() -> None:
    tagged = Elements("a.jpg", "d" * 64, "wd-tagger", "seen", {"objects": ["pond"]}, tags=["pond"])
    assert json.loads(caption(tagged, model("json")).text)["high_level_description"] == "ember, pond"
    nothing = Elements("a.jpg", "d" * 64, "claude", "waiting")
    assert caption(nothing, model("json")).text == "ember"


def mixed() -> BaseModel:
    own = profiles.base_model("illustrious")
    return msgspec.structs.replace(own, form="tags then prose", encoder=profiles.base_model("flux").encoder)


def test_tags_stand_before_sentences() -> None:
    elements = {e["file"]: described(e) for e in listed()}
    settings, kind = smallest(trigger="ember", model="flux"), profiles.kind("style")
    text = render_all(elements, settings, mixed(), kind)["wesnoth/humans/peasant.png"].text
    tags, sentence = text.split(". ", 1)
    assert tags.startswith("ember, 1boy, solo, straw hat, ")
    assert (
        sentence
        == "A peasant in a straw hat holds a pitchfork across his chest. A digital painting with dark outlines and warm browns."
    )


def test_sentences_go_before_tags_do() -> None:
    whole = caption(mill(tags=["pond", "bridge"]), mixed())
    assert whole.text.endswith(". A mill stands beside a pond. Oil painting in dim light.")
    less = caption(mill(tags=["pond", "bridge"]), mixed(), limit=tokens.count(whole.text, "T5") - 1)
    assert less.left_out == ("Oil painting in dim light.",)
    own = Elements("a.jpg", "d" * 64, "draft", "draft", text="a mill by a pond", form="prose")
    assert caption(own, mixed()).text == "ember, a mill by a pond"


def test_both_halves_are_read() -> None:
    assert mixed().reads("tags")
    assert mixed().reads("prose")
    assert not mixed().reads("json")
    assert not profiles.base_model("illustrious").reads("prose")
    assert model("json").reads("json")
