"""Free phrases become Danbooru's tags, or nothing."""

from __future__ import annotations

import pytest

from loraprep.captions import booru
from loraprep.captions.render import render
from loraprep.core.records import Elements
from loraprep.project import profiles
from tests.typed import changed, smallest


@pytest.mark.parametrize(
    ("phrase", "tags"),
    [
        ("a mountain", ("mountain",)),
        ("mountains", ("mountain",)),
        ("White_Dress", ("white dress",)),
        ("a red velvet dress", ("red dress",)),
        ("plank bridge", ("bridge",)),
        ("holding a staff", ("holding staff",)),
        ("pointed ears", ("pointy ears",)),
        ("solo focus", ("solo focus",)),
        ("^_^", ("^_^",)),
        (";)", (";)",)),
        (">_<", (">_<",)),
        (r"bow \(weapon\)", ("bow (weapon)",)),
        ("wide view", ("wide shot",)),
        ("back", ("from behind",)),
        ("at night", ("night",)),
        ("a chair by the window", ("chair", "window")),
        ("warm palette", ()),
        ("digital painting", ()),
        ("of great dignity", ()),
        ("two bottles of wine", ("wine bottle",)),
        ("a bottle of red wine", ("wine bottle", "red wine")),
        ("a hat of straw on a wall of stone", ("straw hat", "stone wall")),
        ("field of flowers", ("flower field",)),
        ("ears of a cat", ("cat ears",)),
        ("cup of coffee", ("cup", "coffee")),  # no disposable one
        ("pile of books", ("pile of books",)),
        ("a sea of clouds", ("cloud",)),
        ("the edge of the sea", ("ocean",)),
        ("a tower of a castle", ("tower", "castle")),
        ("a statue of", ("statue",)),
        ("a thick tree trunk", ("tree",)),
        ("rocky mountain ridge", ("mountain",)),
        ("muddy flats", ("flats",)),
        ("a crimson cape", ("red cape",)),
        ("navy-blue skirt", ("blue skirt",)),
        ("a golden crown", ("gold crown",)),
        ("long golden hair", ("long hair", "blonde hair")),
        ("dark brown hair", ("brown hair",)),
        ("black-and-white cat", ("black cat", "white cat")),
        ("a red and gold kimono", ("red kimono",)),
        ("red and white striped shirt", ("red shirt", "white shirt", "striped shirt")),
        ("a worn white tank top", ("white tank top", "tank top")),
        ("a red sports car", ("red car", "sports car")),
        ("a red-haired, blue-eyed girl", ("red hair", "blue eyes")),
        ("long-sleeved violet dress", ("long sleeves", "purple dress")),
        ("chestnut tree", ("tree",)),
        ("golden retriever", ("golden retriever",)),
        ("2 women", ("2girls",)),
        ("1man", ("1boy",)),
        ("3 cats", ("cat",)),
    ],
)
def test_a_phrase_becomes_its_tags(phrase: str, tags: tuple[str, ...]) -> None:
    assert booru.tags_of(phrase) == tags


def test_a_place_is_nothing_to_wear() -> None:
    assert booru.tags_of("tidal flats", place=True) == ()
    assert booru.tags_of("rocky shore at the foot of a mountain", place=True) == ("shore", "mountain")
    assert booru.tags_of("a green meadow", place=True) == ("meadow",)


def test_tags_that_stand_in_a_sentence() -> None:
    said = "A woman in a hat of straw holds a bottle of the wine beside a pile of books at the edge of a forest."
    assert booru.tags_in(said) == ["straw hat", "holding", "wine bottle", "pile of books", "forest"]


@pytest.mark.parametrize(
    ("sentence", "tags"),
    [
        ("A girl with long silver hair and a crimson cape.", ["girl", "long hair", "grey hair", "red cape"]),
        ("A parrot watches them from its cage.", ["parrot", "cage"]),
        ("Rain runs down the glass; the city lights outside are blurred.", ["rain", "glass", "city lights", "blurry"]),
        (
            "A dog runs along the beach past old planks and a patterned rug.",
            ["dog", "running", "beach", "plank", "rug"],
        ),
    ],
)
def test_what_a_thing_does_is_no_tag(sentence: str, tags: list[str]) -> None:
    assert [tag for tag in booru.tags_in(sentence) if tag != "girl"] == [tag for tag in tags if tag != "girl"]


def test_names_count_only_where_a_tagger_gave_them() -> None:
    assert booru.tags_of("hatsune miku") == ()
    assert booru.tags_of("hatsune miku", names=True) == ("hatsune miku",)


def test_what_a_tag_says_already_goes() -> None:
    assert booru.without_implied(["dress", "white dress", "animal ears", "cat ears"]) == ["white dress", "cat ears"]
    assert "animal ears" in booru.all_implied("cat ears")
    assert booru.without_implied(["bow", "bow (weapon)"]) == ["bow (weapon)"]


@pytest.mark.parametrize(
    ("subject", "kind", "names", "told"),
    [
        ("a young woman", "person", ["garden"], ["1girl", "solo"]),
        ("two old men", "person", ["garden"], ["2boy" + "s"]),
        ("a fox", "animal", ["forest"], ["no humans", "animal focus"]),
        ("a harbour", "landscape", ["1boy"], ["solo"]),
        ("a harbour", "landscape", ["crowd"], []),
        ("a dragon", "creature", ["wings"], []),
    ],
)
def test_what_goes_without_saying(subject: str, kind: str, names: list[str], told: list[str]) -> None:
    assert booru.concluded(subject, kind, names) == told


def test_the_more_common_a_tag_the_less_it_tells() -> None:
    assert booru.surprise("smile") < booru.surprise("windmill") < booru.surprise("no such tag")


def seen(**more: object) -> Elements:
    values = {"content": {"subject": ["a woman"], "subject_class": ["person"]}, "content_sentence": "A woman waits."}
    return Elements("a.jpg", "d" * 64, "claude", "seen", **{**values, **more})  # type: ignore[arg-type]


def test_a_caption_holds_no_backslash_and_no_tag_twice() -> None:
    tags = ["1girl", "solo_focus", r"bow_\(weapon\)", "dress", "white dress", "of a kind", "^_^"]
    text = render(seen(tags=tags), "ember", smallest().captioning, profiles.base_model("illustrious")).text
    assert text == "ember, 1girl, solo, solo focus, bow (weapon), white dress, ^_^"


def test_another_character_does_not_stand_beside_the_trigger() -> None:
    from loraprep.captions.render import render_all

    elements = {"a.jpg": Elements("a.jpg", "d" * 64, "wd-tagger", "seen", tags=["1girl", "hatsune miku", "garden"])}
    for kind, text in (("character", "ember, 1girl, garden"), ("style", "ember, 1girl, hatsune miku, garden")):
        settings = changed(smallest(trigger="ember", model="illustrious"))
        made = render_all(elements, settings, profiles.base_model("illustrious"), profiles.kind(kind))
        assert made["a.jpg"].text == text


def test_the_commonest_tags_go_first_where_there_is_no_room() -> None:
    tags = ["1girl", "smile", "long hair", "windmill", "lighthouse", "lantern", "snow", "winter clothes"]
    model = profiles.base_model("pony")
    whole = render(seen(tags=tags), "ember", smallest().captioning, model)
    cut = render(seen(tags=tags), "ember", smallest().captioning, model, limit=whole.tokens - 3)
    assert cut.tokens <= whole.tokens - 3
    assert cut.left_out[0] == "long hair"
    assert "1girl" in cut.text
    assert "windmill" in cut.text


@pytest.mark.parametrize("word", ["pipe", "horn", "sheet", "overflow", "english", "pale", "insertion"])
def test_a_word_that_means_more_on_danbooru_names_no_tag(word: str) -> None:
    found = booru.tag(word)
    assert found is not None
    assert word in found.name.split()  # that is how Danbooru has it
    assert booru.tags_of(word) == ()
    assert booru.tags_of(f"a {word}") == ()


@pytest.mark.parametrize(
    ("subject", "who"),
    [
        ("two women", "2girls"),
        ("two young women in a boat", "2girls"),
        ("3 old men", "3boys"),
        ("a soldier holding two javelins", "1other"),
        ("a woman with a scarf beside three barrels", "1girl"),
        ("three barrels beside a woman", "1girl"),
        ("two javelins", ""),
    ],
)
def test_people_are_counted_and_not_their_things(subject: str, who: str) -> None:
    assert booru.counted(subject) == who


def test_a_shade_is_no_tag_of_its_own() -> None:
    assert booru.tags_in("a man in a dark blue cloak") == ["blue cloak"]
    assert booru.tags_in("she wears a pale pink dress") == ["pink dress"]


@pytest.mark.parametrize(
    ("sentence", "tags"),
    [
        ("a soldier with a tower shield", ["soldier", "shield"]),
        ("a cat mug and two tower clocks", ["mug", "clock"]),
        ("a tower beside a shield", ["tower", "shield"]),
        ("a knight in black and gold plate, a sword pointing down", ["knight", "gold armor", "plate armor", "sword"]),
        ("a paladin in mail", ["chainmail"]),
        ("a knight with bread on a plate", ["knight", "bread", "plate"]),
        ("a woman in a dress pointing at the sea", ["dress", "pointing", "ocean"]),
        ("noodles in a plate", ["noodles", "plate"]),
    ],
)
def test_a_word_is_read_with_what_it_belongs_to(sentence: str, tags: list[str]) -> None:
    assert [name for name in booru.tags_in(sentence) if name != "holding"] == tags


def test_what_a_sword_does_is_no_gesture() -> None:
    assert booru.tags_of("a sword pointing down") == ("sword",)
    assert booru.tags_of("a man in gold plate") == ("gold armor", "plate armor")
    assert booru.tags_of("a man pointing down") == ("pointing down",)
