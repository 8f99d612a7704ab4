"""One question a kind, with exceptions; what an answer draws, names and settles."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from loraprep.captions.render import NO_TRAITS, render
from loraprep.carried import naming, questions
from loraprep.carried.drawing import Plan, planned
from loraprep.carried.kinds import Mark, What
from loraprep.core.findings import Code
from loraprep.core.records import Elements, Image
from loraprep.project import decisions, profiles
from loraprep.project.decisions import Decisions, Entry
from tests.typed import smallest

FLUX, PONY = profiles.base_model("flux"), profiles.base_model("pony")


def picture(path: str, **more: Any) -> Image:
    return Image(path, "image", digest=hashlib.sha256(path.encode()).hexdigest(), width=600, height=400, **more)


def mark(what: What, words: str, box: tuple[float, float, float, float] = (0.8, 0.92, 0.98, 0.97)) -> Mark:
    return Mark(what, box, words, 0.01)


IMAGES = [picture(f"{name}.jpg") for name in "abcd"]
FOUND = {
    "a.jpg": [mark("signature", "M. Rossi"), mark("art", "OPEN", (0.4, 0.4, 0.6, 0.5))],
    "b.jpg": [mark("signature", "M. Rossi")],
    "c.jpg": [mark("site", "www.x.org")],
}


def plans(given: Decisions, images: list[Image], *, auto: bool) -> dict[str, Plan]:
    return {path: planned(own) for path, own in questions.wishes(given, images, auto=auto).items()}


def entry(key: str, asked: questions.Question, answer: str | None, **exceptions: str) -> Entry:
    data = {**asked.entry, "answer": answer, "except": {f"{name}.jpg": act for name, act in exceptions.items()}}
    return Entry(key, data, {path: digest[:12] for path, digest in asked.digests.items()}, touched=answer is not None)


def asked(given: Decisions | None = None, found: Any = FOUND, model: Any = FLUX, masks: bool = True) -> dict[str, Any]:
    made = questions.questions(found, IMAGES, given or Decisions(), model, masks=masks)
    return {question.key: question for question in made}


def test_each_kind_is_asked_once_with_its_own_advice() -> None:
    made = asked()
    assert {key: q.entry["recommended"] for key, q in made.items()} == {
        "site": "mask",
        "signature": "mask",
        "art": "name",
    }
    assert list(made["signature"].digests) == ["a.jpg", "b.jpg"]
    assert made["signature"].entry["what"].startswith("2 pictures have a signature: “M. Rossi”")
    assert "bottom right" in made["signature"].entry["pictures"]["a.jpg"]
    assert asked(masks=False)["signature"].entry["recommended"] == "crop"  # no trainer reads a mask
    assert "a.jpg" not in made["art"].entry["crops"]  # in the middle: a crop would leave too little


def test_one_picture_and_several_are_spoken_of_as_such() -> None:
    rows = [mark("tiled", "SAMPLE", (0.1, y, 0.9, y + 0.1)) for y in (0.0, 0.2, 0.4, 0.6)]
    one, two = (asked(found={f"{n}.jpg": rows for n in names})["tiled"].entry for names in ("a", "ab"))
    assert one["what"].startswith("1 picture has the same words all over it: “SAMPLE”")
    assert two["what"].startswith("2 pictures have the same words all over them: “SAMPLE”")
    assert " and 1 more place, " in one["pictures"]["a.jpg"]


def test_an_answer_draws_and_exceptions_do_not() -> None:
    question = asked()["signature"]
    given = Decisions(None, {"signature": entry("signature", question, "mask", b="keep")})
    assert plans(given, IMAGES, auto=False) == {"a.jpg": Plan(hide=((0.8, 0.92, 0.98, 0.97),))}
    assert questions.ruled(given, IMAGES, auto=False) == {
        ("a.jpg", "signature"): "mask",
        ("b.jpg", "signature"): "keep",
    }
    cropped = Decisions(None, {"signature": entry("signature", question, "crop")})
    assert plans(cropped, IMAGES, auto=False)["a.jpg"].crop == tuple(question.entry["crops"]["a.jpg"])


def test_a_crop_that_would_leave_too_little_is_a_mask() -> None:
    given = Decisions(None, {"art": entry("art", asked()["art"], "crop")})
    assert plans(given, IMAGES, auto=False) == {"a.jpg": Plan(hide=((0.4, 0.4, 0.6, 0.5),))}


def test_a_question_with_nothing_to_crop_is_read_again(tmp_path: Path) -> None:
    made = asked(found={"a.jpg": [mark("art", "OPEN", (0.4, 0.4, 0.6, 0.5))]})
    assert made["art"].entry["crops"] == {}
    image = structs.replace(IMAGES[0], digest="0" * 64)
    asked_now = structs.replace(made["art"], digests={"a.jpg": image.digest})
    decisions.update_questions(tmp_path, "carried", "", [asked_now])
    path = tmp_path / "decisions/carried.yaml"
    assert "\n  crops: {}\n" in path.read_text("utf-8")
    for text in (path.read_text("utf-8"), path.read_text("utf-8").replace("crops: {}", "crops:")):  # as it was written
        path.write_text(text, "utf-8")
        given = decisions.read_decisions(tmp_path, "carried")
        assert questions.ruled(given, [image], auto=True) == {("a.jpg", "art"): "name"}


def test_nobody_is_asked_twice_and_newcomers_once_more() -> None:
    given = Decisions(None, {"signature": entry("signature", asked()["signature"], "keep")})
    assert "signature" not in asked(given)
    more = {**FOUND, "d.jpg": [mark("signature", "M. Rossi")]}
    again = asked(given, more)["signature (again)"]
    assert list(again.digests) == ["d.jpg"]


def test_a_renamed_picture_keeps_its_answer() -> None:
    given = Decisions(None, {"site": entry("site", asked()["site"], "keep")})
    moved = [msgspec.structs.replace(i, path="new.jpg") if i.path == "c.jpg" else i for i in IMAGES]
    assert questions.ruled(given, moved, auto=False) == {("new.jpg", "site"): "keep"}


def test_open_questions_take_their_recommendation_only_when_somebody_says_so() -> None:
    question = asked()["site"]
    open_ = {"site": entry("site", question, None)}
    assert plans(Decisions(None, open_), IMAGES, auto=False) == {}
    assert "c.jpg" in plans(Decisions("recommended", open_), IMAGES, auto=False)
    assert "c.jpg" in plans(Decisions(None, open_), IMAGES, auto=True)


def test_what_is_kept_is_settled() -> None:
    kept = Decisions(None, {"signature": entry("signature", asked()["signature"], "keep", a="mask")})
    assert questions.settled(kept, IMAGES, FOUND, auto=False) == {
        Code.CARRIES_SIGNATURE: ["b.jpg"],
        Code.SAME_WORDS: ["b.jpg"],
    }


def test_the_same_words_on_many_pictures_are_one_finding() -> None:
    found = {
        f"{name}.jpg": [mark("site", words)]
        for name, words in zip("abc", ("@name 2024", "@name 2O24", "@name 2024"), strict=True)
    }
    (same, *_) = questions.findings(found, 31)
    assert (same.code, same.images, dict(same.values)) == (
        Code.SAME_WORDS,
        ("a.jpg", "b.jpg", "c.jpg"),
        {"words": "@name 2024", "count": 3, "of": 31},
    )
    found["d.jpg"] = [mark("site", "peaks.com")]
    (_, site) = questions.findings(found, 31)  # is told of d.jpg alone then, and of what stands there
    assert site.values == {"said": "“peaks.com”"}


def test_bars_are_offered_with_the_box_inside() -> None:
    framed = [picture("a.jpg", border=(0.0, 0.12, 0.0, 0.12)), picture("b.jpg", border=(0.0, 0.005, 0.0, 0.0))]
    found = questions.bars(framed, 0.01)
    assert list(found) == ["a.jpg"]
    (question,) = questions.questions(found, framed, Decisions(), FLUX, masks=True)
    assert question.entry["recommended"] == "crop"
    # a pixel further in, of the picture halved as it was measured: the edge itself is mixed
    assert question.entry["crops"] == {"a.jpg": [0.0, 0.13, 1.0, 0.87]}
    assert question.entry["pictures"]["a.jpg"] == "above and below, 12 % of the side at most"


NAMED: dict[tuple[str, What], questions.Act] = {("a.jpg", "art"): "name", ("a.jpg", "signature"): "name"}


def seen(**more: Any) -> Elements:
    return Elements("a.jpg", "", "claude", "seen", content={"subject": ["a shop"]}, content_sentence="A shop", **more)


def test_named_words_are_quoted_and_signatures_are_only_said() -> None:
    made = naming.with_marks({"a.jpg": seen(tags=["1girl"])}, FOUND, NAMED, FLUX)["a.jpg"]
    assert made.visible_text == ["OPEN"]
    assert made.content_sentence == "A shop. There is a signature on it."
    assert made.tags == ["1girl", "signature", "text", "english text"]
    assert "M. Rossi" not in str(made)
    assert naming.with_marks({"a.jpg": seen()}, FOUND, {("a.jpg", "art"): "keep"}, FLUX)["a.jpg"] == seen()


@pytest.mark.parametrize(
    ("model", "form", "own", "caption"),
    [
        ("flux", "", "", "a signature, the words “OPEN”"),
        ("wan", "", "", "a signature, lettering"),
        ("sdxl", "", "", "a signature, lettering"),
        ("illustrious", "", "", "signature, text, english text"),
        ("flux", "prose", "a shop at noon", "a shop at noon. There is a signature on it. It reads “OPEN”."),
        ("flux", "prose", "A shop, OPEN, with a signature.", "A shop, OPEN, with a signature."),
        ("wan", "prose", "a shop at noon", "a shop at noon. There is a signature and lettering on it."),
        ("sdxl", "tags", "shop, noon", "shop, noon, a signature, lettering"),
        ("illustrious", "tags", "shop, signature", "shop, signature, text, english text"),
        ("illustrious", "tags", "textile, shop", "textile, shop, signature, text, english text"),
    ],
)
def test_what_is_named_is_said_whoever_wrote_the_caption(model: str, form: str, own: str, caption: str) -> None:
    words = Elements("a.jpg", "", "existing" if own else "none", "seen" if own else "none", text=own, form=form)
    made = naming.with_marks({"a.jpg": words}, FOUND, NAMED, profiles.base_model(model))["a.jpg"]
    said = render(made, "", smallest().captioning, profiles.base_model(model), NO_TRAITS).text
    assert said.casefold() == caption.casefold()


def test_english_text_is_said_of_latin_letters_only() -> None:
    found = {"a.jpg": [mark("art", "出口注意")]}
    made = naming.with_marks({"a.jpg": seen(tags=["1girl"])}, found, {("a.jpg", "art"): "name"}, FLUX)["a.jpg"]
    assert made.tags == ["1girl", "text"]
