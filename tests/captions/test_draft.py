"""The captioners: words that are already there, and nothing invented."""

from __future__ import annotations

from typing import Any

import pytest

from loraprep.captions import chain, registry
from loraprep.captions.captioner import Context
from loraprep.captions.captioners.draft import measured_style
from loraprep.captions.file_names import common_words, name_terms
from loraprep.core.errors import UserError
from loraprep.core.records import Elements, Image
from tests.typed import changed, smallest

BASE: dict[str, Any] = {"state": "image", "digest": "d", "lightness": 50.0, "contrast": 0.2, "chroma": 20.0}
PALETTE = (("teal", "#008080", 0.5), ("green", "#00aa00", 0.3), ("grey", "#888888", 0.05))


def picture(path: str = "IMG_1234.jpg", words: tuple[tuple[str, str], ...] = (), **facts: Any) -> Image:
    return Image(path, words=words, **{**BASE, "palette": PALETTE, **facts})


def draft(image: Image, trigger: str = "brushy", everyone: tuple[str, ...] = ()) -> Elements:
    return registry.load_captioner("draft").describe(image, Context(trigger, common_words(everyone)))


@pytest.mark.parametrize(
    ("path", "terms"),
    [
        ("IMG_1234.jpg", []),
        ("DSC00012.JPG", []),
        ("PXL_20240512_101112345.jpg", []),
        ("3fa19c0b77d2.png", []),
        ("1024x768.png", []),
        ("550e8400-e29b-41d4-a716-446655440000.png", []),
        ("WhatsApp Image 2024-05-12 at 10.11.12.jpeg", []),
        ("Screenshot 2024-01-01.png", []),
        ("a7Xq2Zp9.png", []),
        ("v2.png", []),
        ("007.png", []),
        ("mill_pond-02_final.jpg", ["mill pond"]),
        ("MillPond2.jpg", ["mill pond"]),
        ("00012-348923-a castle on a hill.png", ["a castle on a hill"]),
        ("10_portraits/old_man.jpg", ["old man", "portraits"]),
        ("facade.jpg", ["facade"]),
        ("кошка.png", ["кошка"]),
        ("猫.png", ["猫"]),
        ("Cafe\u0301.png", ["café"]),
    ],
)
def test_names_say_words_not_numbers(path: str, terms: list[str]) -> None:
    assert name_terms(path) == terms


def test_a_word_that_over_half_the_names_share_tells_nothing() -> None:
    everyone = ("dragon_red.png", "dragon_blue.png", "dragon_3.png", "mill.png")
    assert common_words(everyone) == {"dragon"}
    assert not draft(picture("dragon_3.png"), everyone=everyone).trusted
    assert draft(picture("mill.png"), everyone=everyone).content == {"subject": ["mill"]}
    assert common_words(["mill.png"]) == frozenset()


def test_the_trigger_in_a_name_is_no_word() -> None:
    assert not draft(picture("brushy_01.png")).trusted


def test_pixels_alone_are_not_a_caption() -> None:
    seen = draft(picture())
    assert not seen.trusted
    assert seen.content == {}
    assert set(seen.style) <= {"palette", "temperature", "lighting"}
    assert seen.style["palette"] == ["teal and green"]
    assert not draft(picture("blue_grey.png")).trusted
    assert not draft(picture(words=(("sidecar:a.txt", "brushy, warm palette, muted colours"),))).trusted


def test_an_unmeasured_picture_says_nothing() -> None:
    assert measured_style(picture(palette=())) == {}


@pytest.mark.parametrize(
    ("facts", "term"),
    [
        ({"warmth": 25.0}, "warm palette"),
        ({"warmth": -12.0}, "cool palette"),
        ({"chroma": 8.0}, "muted colours"),
        ({"chroma": 60.0}, "vivid colours"),
        ({"chroma": 0.5, "warmth": 20.0}, "monochrome"),
        ({"lightness": 90.0}, "high key"),
        ({"lightness": 12.0}, "low key"),
        ({"contrast": 0.4}, "high contrast"),
        ({"contrast": 0.02}, "low contrast"),
    ],
)
def test_measured_terms(facts: dict[str, float], term: str) -> None:
    assert term in [t for terms in measured_style(picture(**facts)).values() for t in terms]
    assert term not in [t for terms in measured_style(picture()).values() for t in terms]


def test_the_most_trusted_words_win_and_lose_their_trigger() -> None:
    words = (("sidecar:a.txt", "Brushy, a mill, by BRUSHY"), ("exif:description", "something else"))
    seen = draft(picture("mill.jpg", words))
    assert seen.text == "a mill, by"
    assert seen.sources["text"] == "sidecar:a.txt"
    assert seen.trusted


def test_empty_words_give_way_to_the_next_source() -> None:
    words = (("sidecar:a.txt", "brushy,"), ("png:parameters", "masterpiece, 8k"), ("xmp:subject", "harbour, boats"))
    seen = draft(picture(words=words))
    assert seen.text == "harbour, boats"
    assert seen.form == "tags"


def test_words_find_their_element() -> None:
    seen = draft(picture(words=(("sidecar:a.txt", "1girl, blue_eyes, from_above, oil painting, masterpiece, tree"),)))
    assert seen.content == {"subject": ["1girl"], "eyes": ["blue eyes"], "angle": ["from above"], "objects": ["tree"]}
    assert seen.style["medium"] == ["oil painting"]


def test_existing_takes_sidecars_only() -> None:
    existing = registry.load_captioner("existing")
    own = picture("mill.jpg", (("sidecar:mill.txt", "brushy, A mill."), ("exif:description", "x")))
    assert existing.describe(own, Context("brushy")).text == "A mill."
    bare = existing.describe(picture("mill.jpg", (("exif:description", "a mill"),)), Context("brushy"))
    assert (bare.text, bare.trusted, bare.state) == ("", False, "none")


def test_the_registry() -> None:
    assert "draft" in registry.captioner_names()
    captioning = smallest().captioning
    assert registry.shows_samples(captioning)
    assert not registry.shows_samples(changed(captioning, captioner="none"))
    with pytest.raises(UserError, match="there is no captioner") as error:
        registry.load_captioner("drafft")
    assert 'Did you mean "draft"?' in str(error.value)
    with pytest.raises(UserError):
        registry.load_captioner("../draft")


def test_every_picture_is_described_in_order() -> None:
    settings = smallest(captioning={"captioner": "none"})
    seen = chain.describe_all([picture("b.png"), picture("a.png")], [], settings)
    assert {path: e.captioner for path, e in seen.items()} == {"a.png": "none", "b.png": "none"}
