"""Every picture is asked about once: a change of base model, trigger, kind or length only writes anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loraprep.captions import chain, compose
from loraprep.captions.captioners import openai_compatible
from loraprep.captions.vision.form import SeenContent, SeenElements
from loraprep.captions.vision.job import Job, Outcome
from loraprep.captions.vision.prompt import question
from loraprep.captions.vision.store import Answer, Store
from loraprep.core import resources
from loraprep.core.records import Caption, Image
from loraprep.imaging.pictures import Pictures
from loraprep.project import profiles
from loraprep.project.decisions import Decisions
from loraprep.project.settings import Settings
from loraprep.scan import scan
from tests import pictures
from tests.homeserver import Home, serving
from tests.runs import allow
from tests.typed import changed, smallest

MODELS = resources.names("resources/models")


def photos(root: Path, count: int) -> list[Image]:
    folder = root / "images"
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.png").write_bytes(pictures.png(pictures.scene(seed=number)))
        (folder / f"{number}.txt").write_text(f"emberveil, the mill of summer {number}", "utf-8")
    return scan.scan(folder, root, include=["**/*"], exclude=[]).images


def config(home: Home, **more: Any) -> Settings:
    own = {"captioner": "openai-compatible", "base_url": home.address, "model": "qwen3-vl", "concurrency": 1}
    return smallest(**{"trigger": "emberveil", "captioning": {**own, **more.pop("captioning", {})}, **more})


def ask(root: Path, images: list[Image], settings: Settings) -> Outcome:
    allow(root, settings)
    job = Job(root, Pictures(root / "images", root, 100.0), settings, question(settings))
    return openai_compatible.ask_vision_model(images, job)


def captions(root: Path, images: list[Image], settings: Settings) -> dict[str, Caption]:
    given = Store(root).read_all(i.digest for i in images)
    elements = chain.describe_all(images, images, settings, answers=given)
    model, kind = profiles.base_model(settings.model), profiles.kind(settings.intent.kind)
    return compose.compose_captions(elements, Decisions(), settings, model, kind).captions


def test_n_pictures_cost_n_requests(tmp_path: Path) -> None:
    with serving() as home:
        images = [i for i in photos(tmp_path, 3) if i.state == "image"]
        assert ask(tmp_path, images, config(home)) == Outcome()
        assert len(home.asked) == 3
        texts = set()
        for model in MODELS:
            for kind in ("style", "character", "object"):
                for length in ("short", "normal", "long"):
                    for trigger in ("emberveil", "otherveil"):
                        settings = config(
                            home, model=model, trigger=trigger, intent={"kind": kind}, captioning={"length": length}
                        )
                        assert ask(tmp_path, images, settings) == Outcome()
                        made = captions(tmp_path, images, settings)
                        assert all(caption.captioned for caption in made.values())
                        texts |= {caption.text for caption in made.values()}
        assert len(home.asked) == 3
        assert len(texts) > 10


def test_what_is_asked_names_the_set_and_the_pictures_own_words(tmp_path: Path) -> None:
    with serving() as home:
        intent = {"kind": "object", "description": "my garden mill", "class_word": "mill", "fused": ("blue sails",)}
        settings = config(home, intent=intent, captioning={"instructions": "Name the weather.", "omit": ("grass",)})
        images = [i for i in photos(tmp_path, 2) if i.state == "image"]
        ask(tmp_path, images, settings)
        for number, body in enumerate(home.asked):
            system, user = (message["content"] for message in body["messages"])
            for words in (
                "my garden mill",
                "is called: mill",
                "blue sails",
                "Name the weather.",
                "grass",
                "same thing",
            ):
                assert words in system
            assert f"the mill of summer {1 - number}" in user[1]["text"] or f"summer {number}" in user[1]["text"]
            assert "emberveil" not in user[1]["text"]


@pytest.mark.parametrize("model", MODELS)
def test_answers_from_before_the_long_sentences_still_count(tmp_path: Path, model: str) -> None:
    (image,) = [i for i in photos(tmp_path, 1) if i.state == "image"]
    old = SeenElements(
        content=SeenContent(subject="a water mill", subject_class="building", objects=("pond",)),
        content_sentence="A water mill stands beside a pond.",
        style_sentence="Oil painting in short strokes.",
        tags=("pond", "watermill"),
    )
    with serving() as home:
        settings = config(home, model=model)
        now = openai_compatible.answer_settings(settings, question(settings))
        said = {key: getattr(now, key) for key in now.__struct_fields__}
        Store(tmp_path).add(image.digest, Answer(**{**said, "prompt": "0" * 12}, state="seen", elements=old))
        assert ask(tmp_path, [image], settings) == Outcome()
        assert home.asked == []
        (caption,) = captions(tmp_path, [image], settings).values()
    if (
        profiles.base_model(model).form == "prose" and not profiles.base_model(model).edits
    ):  # short ones say what changes
        assert caption.text == "emberveil, a water mill stands beside a pond. Oil painting in short strokes."
    assert caption.captioned


def test_traits_that_vary_are_named_in_sentences_of_their_own(tmp_path: Path) -> None:
    from loraprep.captions.render import render_all
    from loraprep.core.records import Elements

    def character(hair: str) -> Elements:
        return Elements(
            "a.jpg",
            "d" * 64,
            "claude",
            "seen",
            {"subject": ["a woman"], "hair": [hair]},
            content_sentence="A woman waits at a gate.",
            with_traits={"content_sentence": f"A woman with {hair} waits at a gate."},
        )

    elements = {f"{n}.png": character("red hair" if n < 5 else "black hair") for n in range(10)}
    settings = smallest(trigger="ember", model="flux", intent={"kind": "character"})
    kind, flux = profiles.kind("character"), profiles.base_model("flux")
    assert render_all(elements, settings, flux, kind)["7.png"].text == "ember, a woman with black hair waits at a gate."
    same = {f"{n}.png": character("red hair") for n in range(10)}
    assert render_all(same, settings, flux, kind)["7.png"].text == "ember, a woman waits at a gate."
    named = changed(settings, captioning={"constant_traits": "include"})
    assert render_all(same, named, flux, kind)["7.png"].text == "ember, a woman with red hair waits at a gate."


def test_names_and_metadata_are_no_hints() -> None:
    from loraprep.captions.vision.prompt import hint

    words = (("sidecar:a.txt", "ember, a mill"), ("xmp:description", "Anna in Graz"), ("exif:comment", "her garden"))
    image = Image("anna_graz.jpg", "image", words=words)
    told = hint(image, smallest(trigger="ember"))
    assert told.endswith(": a mill")
    assert hint(Image("anna_graz.jpg", "image", words=words[1:]), smallest(trigger="ember")) == ""
