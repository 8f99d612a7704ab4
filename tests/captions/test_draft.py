"""The captioners: words that are already there, and nothing invented."""

from __future__ import annotations

from typing import Any

import pytest

from loraprep.captions import chain, registry
from loraprep.captions.captioner import Context
from loraprep.captions.captioners.draft import measured_style
from loraprep.captions.file_names import name_terms, picture_names
from loraprep.core.errors import UserError
from loraprep.core.records import Elements, Image
from tests.typed import changed, smallest

BASE: dict[str, Any] = {"state": "image", "digest": "d", "lightness": 50.0, "contrast": 0.2, "chroma": 20.0}
PALETTE = (("teal", "#008080", 0.5), ("green", "#00aa00", 0.3), ("grey", "#888888", 0.05))


def picture(path: str = "IMG_1234.jpg", words: tuple[tuple[str, str], ...] = (), **facts: Any) -> Image:
    return Image(path, words=words, **{**BASE, "palette": PALETTE, **facts})


def draft(image: Image, trigger: str = "brushy", everyone: tuple[str, ...] = ()) -> Elements:
    return registry.load_captioner("draft").describe(image, Context(trigger, picture_names(everyone or (image.path,))))


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
        ("A_New_Land.jpg", ["a new land"]),
        ("story/A_New_Land.png", ["a new land", "story"]),
        ("train_station.jpg", ["train station"]),
        ("steam_train_03.png", ["steam train"]),
        ("new_york_02.jpg", ["new york"]),
        ("apollo_11_launch.png", ["apollo 11 launch"]),
        ("beach_20230512_sunset.png", []),
        ("final_image.png", []),
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


@pytest.mark.parametrize(
    "group",
    [
        ("intro_04.png", "intro_05.png"),
        ("story/04-intro.webp", "story/05-intro.webp"),
        ("IMG_2231.jpg", "IMG_2232.jpg"),
        ("A_New_Land1.png", "A_New_Land2.png"),
        ("red barn (1).jpg", "red barn (2).jpg"),
        ("cat.jpg", "Cat2.jpg"),
        ("cats/side_1.png", "dogs/side_1.png"),
        ("route_66_sign.jpg", "route_67_sign.jpg"),
    ],
)
def test_a_name_that_several_share_up_to_its_number_tells_nothing_of_a_picture(group: tuple[str, ...]) -> None:
    others = ("mill.png", "harbour.png", "orchard.png", "street.png", "jug.png")
    names = picture_names((*group, *others))
    assert [term for path in group for term in names[path] if term not in ("story", "cats", "dogs")] == []
    assert names["mill.png"] == ["mill"]


def test_a_name_is_used_whole_or_not_at_all() -> None:
    everyone = ("dragon_red.png", "dragon_blue.png", "dragon_3.png", "mill.png")
    names = picture_names(everyone)
    assert names == {"dragon_red.png": ["dragon red"], "dragon_blue.png": ["dragon blue"], "dragon_3.png": [],
                     "mill.png": ["mill"]}  # fmt: skip
    assert not draft(picture("dragon_3.png"), everyone=everyone).trusted
    assert draft(picture("mill.png"), everyone=everyone).content == {"subject": ["mill"]}


def test_a_folder_of_most_pictures_tells_nothing_of_one() -> None:
    names = picture_names(["all/a mill.png", "all/b.png", "all/harbour.png", "cats/sofa.png"])
    assert names == {"all/a mill.png": ["a mill"], "all/b.png": [], "all/harbour.png": ["harbour"],
                     "cats/sofa.png": ["sofa", "cats"]}  # fmt: skip


def test_a_sidecar_that_only_repeats_a_number_says_nothing() -> None:
    for captioner in ("draft", "existing"):
        describe = registry.load_captioner(captioner).describe
        written = describe(picture("IMG_2231.jpg", (("sidecar:IMG_2231.txt", "IMG_2231"),)), Context("brushy"))
        assert not written.sources.get("text", "").startswith("sidecar:")
        own = describe(picture("cat.jpg", (("sidecar:cat.txt", "brushy, cat"),)), Context("brushy"))
        assert own.sources["text"] == "sidecar:cat.txt"


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
    assert seen.text == "a mill"
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
