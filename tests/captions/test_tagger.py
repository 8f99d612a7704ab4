"""The wd-tagger captioner with the real onnxruntime on a tiny model, and tags checked against its list."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image as Pillow

from loraprep.captions import danbooru, hygiene
from loraprep.captions.captioners import wd_tagger
from loraprep.captions.compose import compose_captions
from loraprep.captions.render import render
from loraprep.captions.vision.describe import elements_of
from loraprep.captions.vision.form import closed_terms
from loraprep.captions.vision.job import Job, Outcome
from loraprep.captions.vision.prompt import question
from loraprep.captions.vision.reply import parse_reply
from loraprep.captions.vision.store import Store
from loraprep.core import findings
from loraprep.core.errors import UserError
from loraprep.core.records import Elements, Image
from loraprep.imaging.pictures import Pictures
from loraprep.project.decisions import Decisions
from loraprep.project.profiles import base_model, kind
from loraprep.project.settings import Settings
from loraprep.scan import scan
from tests.tags import SIDE, TAGS
from tests.typed import changed, smallest


def config(folder: object, model: str = "illustrious", **tagger: Any) -> Settings:
    captioning = {"captioner": "wd-tagger", "tagger": {"folder": str(folder), **tagger}}
    return smallest(model=model, captioning=captioning)


def filled(group: msgspec.Struct | msgspec.UnsetType) -> dict[str, Any]:
    """The fields that say something."""
    return {key: value for key, value in msgspec.to_builtins(group).items() if value}


def photos(root: Path, **colours: tuple[int, int, int]) -> list[Image]:
    (root / "images").mkdir(exist_ok=True)
    for name, colour in colours.items():
        Pillow.new("RGB", (64, 64), colour).save(root / "images" / f"{name}.png")
    return scan.scan(root / "images", root, include=["**/*"], exclude=[]).images


def ask(root: Path, images: list[Image], settings: Settings) -> Outcome:
    return wd_tagger.ask_vision_model(
        images, Job(root, Pictures(root / "images", root, 100.0), settings, question(settings))
    )


def test_the_models_tags_become_content_and_style(tmp_path: Path, tagger: Path) -> None:
    images = photos(tmp_path, blue=(0, 0, 255), red=(255, 0, 0))
    assert ask(tmp_path, images, config(tagger)) == Outcome()
    blue, red = (Store(tmp_path).read(i.digest).current for i in images)
    assert blue is not None
    assert red is not None
    assert (red.captioner, red.model, red.state) == ("wd-tagger", "wd-tiny-tagger", "seen")
    assert blue.elements.tags == ("blue sky",)
    # of equal probability in alphabetical order; no rating, and the character's name is not sure enough
    assert red.elements.tags == ("^_^", "from above", "red theme", "scenery", "watercolor (medium)")
    content = {"subject_class": "landscape", "setting": ("scenery",), "angle": ("from above",), "objects": ("^_^",)}
    assert filled(red.elements.content) == content
    assert filled(red.elements.style) == {"medium": "watercolour", "palette": ("red theme",)}
    assert str(tagger.parent) not in next((tmp_path / "responses").glob("*.json")).read_text("utf-8")


def test_thresholds_are_those_of_project_yaml(tmp_path: Path, tagger: Path) -> None:
    (red,) = photos(tmp_path, red=(255, 0, 0))
    ask(tmp_path, [red], config(tagger, character=0.2, general=1))
    answer = Store(tmp_path).read(red.digest).current
    assert answer is not None
    assert answer.elements.tags == ("hatsune miku",)
    assert answer.parameters == {"general": 1, "character": 0.2}
    assert wd_tagger.answer_settings(config(tagger), question(config(tagger))) != answer.settings
    (grey,) = [i for i in photos(tmp_path, grey=(9, 9, 9)) if i.path == "grey.png"]
    ask(tmp_path, [grey], config(tagger))
    answer = Store(tmp_path).read(grey.digest).current
    assert answer is not None
    assert (answer.state, answer.detail) == ("unclear", "no tag reached the thresholds")


def test_pictures_are_padded_white_and_blue_comes_first() -> None:
    wide = Pillow.new("RGB", (40, 20), (10, 20, 200))
    given = wd_tagger.model_input(wide, SIDE)
    assert given.shape == (1, SIDE, SIDE, 3)
    assert given.dtype == np.float32
    assert given[0, 0, 0].tolist() == [255, 255, 255]
    assert given[0, SIDE // 2, SIDE // 2].tolist() == pytest.approx([200, 20, 10], abs=4)  # bicubic overshoots


def test_captions_of_a_tagger(tmp_path: Path, tagger: Path) -> None:
    (red,) = photos(tmp_path, red=(255, 0, 0))
    settings = config(tagger)
    ask(tmp_path, [red], settings)
    answer = Store(tmp_path).read(red.digest).current
    assert answer is not None
    seen = elements_of(red, answer)
    rules = settings.captioning
    tags = render(seen, "millstyle", rules, base_model("illustrious"))
    assert tags.text == "millstyle, ^_^, from above, scenery, red theme, watercolor (medium)"
    assert tags.captioned
    bare = render(seen, "millstyle", changed(rules, style_words="omit"), base_model("illustrious"))
    assert bare.text == "millstyle, ^_^, from above, scenery"
    prose = render(seen, "millstyle", rules, base_model("flux"))
    assert prose.text == "millstyle, ^_^, scenery, from above, watercolour, red theme"


def lost(root: Path, settings: Settings) -> str:
    images = photos(root, red=(255, 0, 0))
    outcome = ask(root, images, settings)
    assert outcome.missing == {"red.png": "no-tagger"}
    (finding,) = outcome.findings
    return findings.sentence(finding)


def test_a_tagger_that_cannot_look_is_said(tmp_path: Path, tagger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    could = "The tagger could not look at red.png: "
    none = changed(config(tagger), captioning={"tagger": {"folder": None}})
    assert lost(tmp_path, none) == could + "captioning.tagger.folder names none."
    broken = tmp_path / "wd"
    broken.mkdir()
    assert lost(tmp_path, config("wd")) == could + "there is no model.onnx in the folder wd."
    (broken / "model.onnx").write_text("version https://git-lfs.github.com/spec/v1", "utf-8")
    assert lost(tmp_path, config("wd")) == (
        could + "the tagger's list of tags cannot be read: there is no such file."
    )  # fmt: skip
    (broken / "selected_tags.csv").write_text("a,b\n1,2\n", "utf-8")
    assert lost(tmp_path, config("wd")) == (
        could + "the tagger's list of tags cannot be read: it is not such a list."
    )  # fmt: skip
    (broken / "selected_tags.csv").write_text("tag_id,name,category,count\n1,mill,0,9\n", "utf-8")
    assert lost(tmp_path, config("wd")) == (
        could + "model.onnx cannot be read: it is incomplete, or only a Git LFS pointer."
    )
    (broken / "model.onnx").write_bytes((tagger / "model.onnx").read_bytes())
    assert lost(tmp_path, config("wd")) == could + f"model.onnx knows {len(TAGS)} tags and selected_tags.csv lists 1."
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert lost(tmp_path, config(tagger)) == (
        could + "onnxruntime is missing; install it with: pip install 'loraprep[wd]'."
    )  # fmt: skip


def test_one_picture_that_changed_does_not_stop_the_others(tmp_path: Path, tagger: Path) -> None:
    images = photos(tmp_path, blue=(0, 0, 255), red=(255, 0, 0))
    Pillow.new("RGB", (64, 64), (0, 255, 0)).save(tmp_path / "images/blue.png")
    outcome = ask(tmp_path, images, config(tagger))
    assert outcome.missing == {"blue.png": "unsendable"}
    assert Store(tmp_path).read(images[1].digest).listed


def test_every_term_of_the_lists_can_be_counted() -> None:
    lists = closed_terms()
    for group, key, term, pattern in danbooru._rules():
        if (name := f"{group}.{key}") in lists:
            assert term in lists[name], (name, pattern)
        assert key in (*hygiene.CONTENT, *hygiene.STYLE, "subject_class", "place")
    tags = ["1girl", "solo", "cat", "long hair", "green apple", "white background", "night sky", "blurry background"]
    found = parse_reply(json.dumps(danbooru.sort_tags(tags)), mend=True)
    assert found.content
    assert found.content.subject_class == "person"
    assert found.content.place == "plain background"
    assert found.content.hair == ("long hair",)
    assert found.content.objects == ("green apple", "night sky")
    assert found.style
    assert found.style.lighting == ("at night",)
    assert found.style.composition == ("blurry background",)


# --- the list as a vocabulary


@pytest.mark.parametrize(("term", "near"), [
    ("leaves", "leaf"), ("red dresses", "red dress"), ("lookin at viewer", "looking at viewer"), ("watermil", "water mill"),
    ("looking away", ""), ("sitting on chair", ""),  # spelled like tags that say something else
])  # fmt: skip
def test_a_tag_is_proposed_for_a_misspelling_and_not_for_what_means_something_else(term: str, near: str) -> None:
    tags = ("greaves", "leaf", "red dress", "looking at viewer", "looking back", "walking away", "water mill", "on chair",
            "sitting on hair", "sitting")  # fmt: skip
    assert danbooru.Vocabulary(tuple(danbooru.Row(tag, 0, 9 - n) for n, tag in enumerate(tags))).nearest(term) == near


def test_unknown_tags_are_named_with_the_nearest_known(tmp_path: Path, tagger: Path) -> None:
    settings = config(tagger)
    known = danbooru.vocabulary(tmp_path, settings.captioning.tagger)
    own = {
        f"{n}.png": Elements(f"{n}.png", "d", "existing", "seen", text=text, form="tags", trusted=True)
        for n, text in enumerate(
            ["watermill, blue_sky", "water_mill, watercolor \\(medium\\), masterpiece", "zebra", "^_^"]
        )
    }

    def unknown(model: str) -> list[str]:
        found = compose_captions(own, Decisions(), settings, base_model(model), kind("style"), known)
        return [findings.sentence(f) for f in found.findings if f.code == "unknown-tags"]

    line = '2 captions hold words that are no Danbooru tags: "watermill" (near: "water mill"), "zebra".'
    assert (
        unknown("illustrious") == unknown("pony") == unknown("noobai") == [line.replace('"water mill"', "water mill")]
    )
    assert unknown("sdxl") == []
    settings = changed(settings, intent={"fused": ("zebra", "watermill")})
    assert unknown("illustrious") == []


def test_a_clone_without_the_tagger_checks_the_same(tmp_path: Path, tagger: Path) -> None:
    here = danbooru.vocabulary(tmp_path, config(tagger).captioning.tagger)
    assert here is not None
    assert danbooru.vocabulary(tmp_path, config("/somewhere/else/wd").captioning.tagger) == here
    assert (
        danbooru.vocabulary_digest(tmp_path, config("/somewhere/else/wd").captioning.tagger)
        == danbooru.vocabulary_digest(tmp_path, config(tagger).captioning.tagger)
        != ""
    )
    assert danbooru.vocabulary(tmp_path / "other", config("nowhere").captioning.tagger) is None


def test_a_broken_list_is_said(tmp_path: Path) -> None:
    (tmp_path / "wd").mkdir()
    (tmp_path / "wd/selected_tags.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="cannot be read: it is not such a list"):
        danbooru.vocabulary(tmp_path, config("wd").captioning.tagger)


def test_a_blank_line_of_the_taggers_list_is_named(tmp_path: Path) -> None:
    path = tmp_path / "selected_tags.csv"
    path.write_text("tag_id,name,category,count\n1,1girl,0,9\n,,,\n2,solo,0,8\n", "utf-8")
    with pytest.raises(UserError, match="line 3 is blank"):
        danbooru.read_tags(path)
