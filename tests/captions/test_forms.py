"""Tags under a model of sentences, sentences under one of tags: each is named, whoever wrote it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import structs

from loraprep.captions import booru
from loraprep.captions.captioner import Context
from loraprep.captions.captioners import draft
from loraprep.captions.compose import compose_captions
from loraprep.captions.danbooru import Vocabulary
from loraprep.captions.elements import sort_terms
from loraprep.core import findings
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Elements, Image
from loraprep.project import profiles
from loraprep.project.decisions import Decisions
from tests.typed import changed, smallest

OF_FORM = {Code.CAPTION_TAGS_FOR_PROSE, Code.CAPTION_PROSE_FOR_TAGS, Code.CAPTIONER_ONLY_TAGS}


def existing(text: str, form: str) -> Elements:
    content, style = sort_terms(text.split(", "))
    return Elements("a.jpg", "d" * 64, "existing", "seen", content, style, text=text, form=form, trusted=True,
                    sources={"text": "sidecar:a.txt"})  # fmt: skip


def tagger() -> Elements:
    return Elements(
        "a.jpg",
        "d" * 64,
        "wd-tagger",
        "seen",
        {"objects": ["tower", "blue sky", "bird"]},
        tags=["tower", "blue sky", "bird"],
    )


def described(**more: Any) -> Elements:
    content = {"subject": ["a tower"], "subject_class": ["building"]}
    said = {"content_sentence": "A tower rises over a town.", "tags": ["tower", "town"], **more}
    return Elements("a.jpg", "d" * 64, "claude", "seen", content, **said)


def found(elements: Elements, model: str, **more: Any) -> list[Finding]:
    settings = changed(smallest(trigger="ember", model=model), **more)
    profile = profiles.base_model(model)
    return compose_captions({"a.jpg": elements}, Decisions(), settings, profile, profiles.kind("style")).findings


TAGS, PROSE = existing("tower, blue sky, bird", "tags"), existing("A tower rises over a town.", "prose")


@pytest.mark.parametrize(
    ("elements", "model", "code"),
    [
        (TAGS, "flux", Code.CAPTION_TAGS_FOR_PROSE),
        (TAGS, "qwen-image", Code.CAPTION_TAGS_FOR_PROSE),
        (TAGS, "illustrious", None),
        (TAGS, "sdxl", None),
        (PROSE, "illustrious", Code.CAPTION_PROSE_FOR_TAGS),
        (PROSE, "flux", None),
        (PROSE, "sdxl", None),
        (tagger(), "flux", Code.CAPTIONER_ONLY_TAGS),
        (tagger(), "pony", None),
        (described(), "flux", None),
        (described(), "pony", None),
    ],
)
def test_the_other_form_is_named(elements: Elements, model: str, code: Code | None) -> None:
    said = {f.code for f in found(elements, model)} & OF_FORM
    assert said == ({code} if code else set())


def test_what_went_is_told() -> None:
    tags = [t.name for t in booru_tags(40)]
    (cut,) = [f for f in found(described(tags=tags), "pony") if f.code is Code.CAPTION_SHORTENED]
    assert "to fit into 75 tokens, so this went: " in findings.sentence(cut)


def booru_tags(number: int) -> list[booru.Tag]:
    names = [
        row.name for row in booru.vocabulary().rows if row.category == booru.GENERAL and not row.name.endswith("s")
    ]
    return [tag for name in names[200 : 200 + number] if (tag := booru.tag(name))]


def test_a_watermark_is_named_and_other_words_are_quoted() -> None:
    read = described(visible_text=["OPEN", "www.pictures.com"])
    (mark,) = [f for f in found(read, "flux") if f.code is Code.VISIBLE_MARKS]
    assert "www.pictures.com" in findings.sentence(mark)
    settings, flux = smallest(trigger="ember", model="flux"), profiles.base_model("flux")
    made = compose_captions({"a.jpg": read}, Decisions(), settings, flux, profiles.kind("style")).captions["a.jpg"]
    assert made.text == "ember, a tower rises over a town. It reads “OPEN”."


SAID = "A woman in a red velvet dress and navy gloves rides a white horse past a copper kettle."


def test_things_have_the_colour_that_a_sentence_gives_them() -> None:
    plain = {"content_sentence": SAID, "content_long": f"{SAID} Black and white cats sleep under her hat.", "tags": []}
    plain_tags = ["1girl", "dress", "gloves", "horse", "kettle", "cat", "hat"]
    made = {}
    for model in ("pony", "sdxl", "flux"):
        elements = described(**{**plain, "tags": plain_tags})
        elements = structs.replace(
            elements,
            content={"subject": ["a woman"], "objects": ["horse", "kettle", "cats"], "outfit": ["dress", "a hat"]},
        )
        settings, profile = smallest(trigger="ember", model=model), profiles.base_model(model)
        made[model] = compose_captions({"a.jpg": elements}, Decisions(), settings, profile, profiles.kind("style"))
    assert made["pony"].captions["a.jpg"].text == (
        "ember, 1girl, solo, red dress, blue gloves, white horse, horse, kettle, black cat, white cat, hat"
    )
    assert made["sdxl"].captions["a.jpg"].text == (
        "ember, a woman, red velvet dress, a hat, white horse, kettle, black and white cats"
    )
    assert made["flux"].captions["a.jpg"].text == f"ember, {SAID[0].lower()}{SAID[1:]}"


def test_no_colour_comes_back_that_was_to_stay_out() -> None:
    said = described(content_sentence=SAID, tags=["dress", "gloves"])
    settings = changed(smallest(trigger="ember", model="pony"), captioning={"omit": ("red",)})
    made = compose_captions({"a.jpg": said}, Decisions(), settings, profiles.base_model("pony"), profiles.kind("style"))
    assert made.captions["a.jpg"].text == "ember, no humans, dress, blue gloves, tower"


@pytest.mark.parametrize(
    "text", ["J. Arden", "M.K. '19", "Lena Vogt 2021", "Lena Vogt", "Alamy", "© me", "shutterstock"]
)
@pytest.mark.parametrize("model", ["flux", "ideogram4"])
def test_a_signature_is_no_lettering(text: str, model: str) -> None:
    long = "A tower rises over a town. A sign reads “Café Mole”."
    read = described(content_long=long, visible_text=["Café Mole", text, "IN STOCK"])
    (mark,) = [f for f in found(read, model) if f.code is Code.VISIBLE_MARKS]
    assert mark.values["said"] == text
    settings, profile = smallest(trigger="ember", model=model), profiles.base_model(model)
    made = compose_captions({"a.jpg": read}, Decisions(), settings, profile, profiles.kind("style")).captions["a.jpg"]
    assert text not in made.text
    assert "Café Mole" in made.text
    assert "IN STOCK" in made.text


def test_sentences_alone_are_matched_and_never_cut() -> None:
    said = "A black cat with a jewelled collar laughs at him, lit by a lantern on the wooden table."
    prose = Elements("a.jpg", "d" * 64, "openai-compatible", "seen", {"objects": ["him", "lit", "cat laughs"]},
                     content_sentence=said, confidence={"content": "low", "style": "low"})  # fmt: skip
    assert booru.tags_in(said) == ["black cat", "collar", "laughing", "lantern", "wooden table"]
    texts = {}
    for model in ("illustrious", "sdxl"):
        settings, profile = smallest(trigger="ember", model=model), profiles.base_model(model)
        made = compose_captions({"a.jpg": prose}, Decisions(), settings, profile, profiles.kind("style"))
        texts[model] = made.captions["a.jpg"].text
    assert texts["illustrious"] == "ember, black cat, collar, laughing, lantern, wooden table"
    assert texts["sdxl"] == f"ember, {said[0].lower()}{said[1:]}"


FISHER = (
    "A photograph of an elderly fisherman mending a net on a stone pier. He wears a navy sweater, a yellow hat and rubber "
    "boots. Behind him, three small boats bob in the harbour, and a lighthouse with red stripes stands at the far end. "
    "Soft light falls on the old planks."
)


def test_sentences_alone_fit_by_whole_sentences_and_are_no_things_of_an_object() -> None:
    prose = Elements("a.jpg", "d" * 64, "openai-compatible", "seen", {"objects": ["him", "wears", "far end"]},
                     {"medium": ["photograph"], "mood": ["mood"]}, content_sentence=FISHER,
                     confidence={"content": "low", "style": "low"})  # fmt: skip
    made = {}
    for model, more in (
        ("illustrious", {}),
        ("ideogram4", {}),
        ("sd35", {"dataset": {"trainers": ("onetrainer",)}}),
        ("flux", {"captioning": {"length": "short"}}),
    ):
        settings, profile = changed(smallest(trigger="ember", model=model), **more), profiles.base_model(model)
        made[model] = compose_captions({"a.jpg": prose}, Decisions(), settings, profile, profiles.kind("style"))
    captions = {model: found.captions["a.jpg"] for model, found in made.items()}
    assert captions["illustrious"].text == (
        "ember, 1boy, solo, net, pier, blue sweater, yellow hat, rubber boots, boat, harbor, lighthouse, red stripes, plank, "
        "photo (medium)"
    )
    said = json.loads(captions["ideogram4"].text)
    assert said["high_level_description"] == "ember, " + FISHER.rpartition(" Soft")[0]
    assert said["compositional_deconstruction"]["elements"] == []
    assert captions["ideogram4"].left_out == ("Soft light falls on the old planks.",)
    assert captions["sd35"].tokens <= 77
    assert captions["sd35"].text == "ember, a" + FISHER.partition(" Behind")[0][1:]
    assert captions["flux"].text == "ember, a" + FISHER.partition(" He")[0][1:]


LYING = ["Steam rises from a copper pot beside a window.", "A portrait of two women in blue coats, oil on canvas."]


def test_sentences_that_lie_there_are_matched_in_a_draft_too() -> None:
    made, found_ = drafted(LYING, "illustrious")
    assert made == ["ember, steam, window", "ember, 2girls, portrait, blue coat"]
    assert Code.CAPTION_PROSE_FOR_TAGS in found_


def test_tags_that_lie_there_are_named_in_a_draft_too() -> None:
    made, found_ = drafted(["harbor, rope, gull", "kitchen, copper pot, window"], "flux")
    assert made[0] == "ember, harbor, rope, gull, vivid colours"
    assert Code.CAPTION_TAGS_FOR_PROSE in found_
    _, found_ = drafted(
        ["two people under one umbrella on a stone bridge, river, reeds, wide view, overcast light"], "flux"
    )
    assert Code.CAPTION_TAGS_FOR_PROSE not in found_  # what belongs to what is said


def test_tags_that_lie_there_and_are_none_are_named_in_a_draft_too() -> None:
    vocabulary = booru.vocabulary()
    assert Code.UNKNOWN_TAGS in drafted(["harbor, copper samovar"], "pony", vocabulary)[1]
    assert Code.UNKNOWN_TAGS not in drafted(["harbor, seagull"], "pony", vocabulary)[1]  # nobody wrote vivid colours


def drafted(texts: list[str], model: str, vocabulary: Vocabulary | None = None) -> tuple[list[str], set[Code]]:
    elements = {}
    for number, text in enumerate(texts):
        image = Image(f"{number}.jpg", "image", digest="d" * 64, words=((f"sidecar:{number}.txt", text),), chroma=50,
                      lightness=50, contrast=0.2, palette=(("blue", "#0000ff", 0.1),))  # fmt: skip
        elements[image.path] = draft.describe(image, Context("ember"))
    settings, profile = smallest(trigger="ember", model=model), profiles.base_model(model)
    made = compose_captions(elements, Decisions(), settings, profile, profiles.kind("style"), vocabulary)
    return [caption.text for caption in made.captions.values()], {f.code for f in made.findings}


def test_what_a_tag_stands_for_was_seen_and_is_named() -> None:
    from loraprep.captions import bleed
    from loraprep.core.findings import Code

    content = {"subject": ["a water mill"], "subject_class": ["building"], "setting": ["forest"], "place": ["outdoors"]}
    said = "A water mill turns."
    elements = {
        f"{n:02}.jpg": Elements(f"{n:02}.jpg", "d" * 64, "claude", "seen", content, content_sentence=said)
        for n in range(12)
    }
    settings, model = smallest(trigger="ember", model="illustrious"), profiles.base_model("illustrious")
    made = compose_captions(elements, Decisions(), settings, model, profiles.kind("style")).captions
    assert "water wheel" in made["00.jpg"].text
    found = bleed.fused_terms(made, elements, settings, profiles.kind("style"))
    wheel = next(f for f in found if f.values["term"] == "water wheel")
    assert (wheel.values["cause"], wheel.values["seen"]) == ("pictures", "12 of 12")
    assert not [f for f in found if f.code is Code.FUSED_UNNAMED and "mill" in str(f.values["term"])]
