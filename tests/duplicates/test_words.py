"""Of copies, the one that a person worked on stays, or its words move; a picture that leaves is asked about nowhere."""

import hashlib

import pytest

from loraprep.core.records import Fate, Image, Pair
from loraprep.duplicates import descriptions, questions, words
from loraprep.project.decisions import Decisions, Entry
from tests.folders import Folder, encoded
from tests.scenes import scene

WORDS = (("sidecar:x.txt", "a mill by a pond"),)


@pytest.fixture
def folder() -> Folder:
    return Folder()


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"words": WORDS}, "your words"),
        ({"mask": "masks/longer.png"}, "a mask"),
        ({"rating": 3}, "a star"),
    ],
)
def test_the_byte_copy_that_somebody_worked_on_stays(folder: Folder, facts: dict[str, object], why: str) -> None:
    folder.add("a.jpg", scene(1))
    folder.add("longer.jpg", scene(1), **facts)
    (group,) = folder.find()
    assert (group.best, group.recommended) == ("longer.jpg", ("longer.jpg",))
    assert why in group.why
    assert folder.left_out()["a.jpg"].why == "a byte copy of longer.jpg"


def test_an_empty_caption_file_holds_no_words(folder: Folder) -> None:
    folder.add("a.jpg", scene(1))
    folder.add("longer.jpg", scene(1), words=(("sidecar:longer.txt", "  \n"),))
    assert folder.find()[0].best == "a.jpg"


def test_among_equal_copies_words_decide(folder: Folder) -> None:
    """A phone's IMG_E0001 is IMG_0001 saved again."""
    folder.add("IMG_0001.jpg", encoded(scene(1, 1280, 960), quality=90), words=WORDS)
    folder.add("IMG_E0001.jpg", encoded(scene(1, 1280, 960), quality=95))
    assert folder.find()[0].recommended == ("IMG_0001.jpg",)


def test_a_picture_that_a_person_cropped_wins_over_the_whole_one(folder: Folder) -> None:
    whole = scene(1, 1280, 960)
    folder.add("cut.jpg", whole.crop((40, 40, 1240, 920)), box=(0.03, 0.04, 0.97, 0.96))
    folder.add("pier.jpg", whole)
    (group,) = folder.find()
    assert group.recommended == ("cut.jpg",)
    assert group.why == "you cropped it"


def large_and_small(folder: Folder, **facts: object) -> tuple[list[Image], dict[str, list[str]]]:
    folder.add("large.jpg", scene(1, 1280, 960))
    folder.add("small.jpg", encoded(scene(1, 1280, 960).resize((640, 480)), quality=60), words=WORDS, **facts)
    images = list(folder.images.values())
    fates = {
        "large.jpg": Fate("large.jpg", "kept", ""),
        "small.jpg": Fate("small.jpg", "left out", "a copy of large.jpg"),
    }
    return images, words.heirs(folder.find(), images, fates)


def test_the_best_pixels_take_over_the_words(folder: Folder) -> None:
    images, of = large_and_small(folder)
    assert of == {"large.jpg": ["small.jpg"]}
    large, small = words.inherited(images, of)
    assert large.words == WORDS
    assert small.words == WORDS
    fates = words.told({"small.jpg": Fate("small.jpg", "left out", "a copy of large.jpg")}, images, of)
    assert fates["small.jpg"].why == "a copy of large.jpg; its words go to large.jpg"


def test_words_of_its_own_are_kept_and_what_stays_behind_is_told(folder: Folder) -> None:
    images, of = large_and_small(folder, mask="masks/small.png")
    own = (("sidecar:large.txt", "a water mill"),)
    images = [i if i.path != "large.jpg" else type(i)(**{**{f: getattr(i, f) for f in i.__struct_fields__}, "words": own}) for i in images]  # fmt: skip
    assert words.inherited(images, of)[0].words == own
    why = words.told({"small.jpg": Fate("small.jpg", "left out", "a copy of large.jpg")}, images, of)["small.jpg"].why
    assert "its words are not used, those of large.jpg are" in why
    assert "its mask is not used" in why


def test_what_leaves_by_another_answer_is_asked_about_nowhere(folder: Folder) -> None:
    folder.add("pier.jpg", scene(1, 1280, 960))
    folder.add("pier_web.jpg", encoded(scene(1, 1280, 960).resize((800, 600)), quality=50))
    images, groups = list(folder.images.values()), folder.find()
    assert questions.open_questions(groups, images, Decisions(), {"pier_web.jpg"}) == []
    assert questions.outcome(groups, images, Decisions(), {"pier_web.jpg"}, auto=False) == {}
    # of a pair whose better one leaves, the other is no copy of anything that trains
    assert questions.outcome(groups, images, Decisions(), {"pier.jpg"}, auto=False) == {}


def test_of_a_picture_that_nobody_wants_no_copy_comes_instead(folder: Folder) -> None:
    for name, size, quality in (
        ("pier.jpg", (1280, 960), 90),
        ("pier_web.jpg", (800, 600), 50),
        ("pier_mid.jpg", (1000, 750), 80),
    ):
        folder.add(name, encoded(scene(1, 1280, 960).resize(size), quality=quality))
    images, groups, nothing = list(folder.images.values()), folder.find(), Decisions()
    assert questions.open_questions(groups, images, nothing, unwanted={"pier.jpg"}) == []
    fates = questions.outcome(groups, images, nothing, unwanted={"pier.jpg"}, auto=False)
    assert {path: (fate.fate, fate.why, fate.open) for path, fate in fates.items()} == dict.fromkeys(
        ("pier_mid.jpg", "pier_web.jpg"), ("left out", "a copy of pier.jpg", False)
    )
    (asked,) = questions.open_questions(groups, images, nothing, unwanted={"pier_web.jpg"})  # of the others it is
    assert (asked.entry["recommended"], len(asked.entry["pictures"])) == (["pier.jpg"], 2)


def test_of_three_copies_the_best_of_the_others_takes_the_place_of_one_that_leaves(folder: Folder) -> None:
    folder.add("pier.jpg", scene(1, 1280, 960))
    folder.add("pier_web.jpg", encoded(scene(1, 1280, 960).resize((800, 600)), quality=50))
    folder.add("pier_mid.jpg", encoded(scene(1, 1280, 960).resize((1000, 750)), quality=80))
    images, groups = list(folder.images.values()), folder.find()
    (asked,) = questions.open_questions(groups, images, Decisions(), {"pier.jpg"})
    assert asked.entry["recommended"] == ["pier_mid.jpg"]
    assert list(asked.entry["pictures"]) == ["pier_mid.jpg", "pier_web.jpg"]


def test_a_byte_copy_stands_in_for_one_that_is_excluded(folder: Folder) -> None:
    for name in ("a.jpg", "bb.jpg", "ccc.jpg"):
        folder.add(name, scene(1))
    images, groups = list(folder.images.values()), folder.find()
    fates = questions.outcome(groups, images, Decisions(), {"a.jpg"}, auto=False)
    assert {path: fate.why for path, fate in fates.items()} == {"ccc.jpg": "a byte copy of bb.jpg"}


def test_an_answer_may_use_the_name_a_picture_has_now(folder: Folder) -> None:
    folder.add("new.jpg", scene(1, 1280, 960))
    folder.add("pier_web.jpg", encoded(scene(1, 1280, 960).resize((800, 600)), quality=50))
    digests = {
        "old.jpg": folder.images["new.jpg"].digest[:12],
        "pier_web.jpg": folder.images["pier_web.jpg"].digest[:12],
    }
    for name in ("old.jpg", "new.jpg"):
        given = Decisions(entries={"old.jpg": Entry("old.jpg", {"keep": [name]}, digests, touched=True)})
        assert list(folder.left_out(given)) == ["pier_web.jpg"], name
    assert hashlib.sha256(folder.data["new.jpg"]).hexdigest().startswith(digests["old.jpg"])


def test_of_two_pictures_the_copy_is_named_whichever_is_spoken_of() -> None:
    pair = Pair("pier_web.jpg", "pier.jpg", "copy", 0.98, what="enlarged copy of pier.jpg")
    said = "pier_web.jpg is an enlarged copy of pier.jpg"
    assert descriptions.told(pair) == descriptions.standing(pair, "pier.jpg") == said
    assert descriptions.standing(pair, "pier_web.jpg") == "enlarged copy of pier.jpg"
    same = Pair("b.jpg", "a.jpg", "byte", 1.0, what="the same file as a.jpg")
    assert descriptions.told(same) == "b.jpg is the same file as a.jpg"
    assert (
        descriptions.told(Pair("b.jpg", "a.jpg", "variant", 0.7, what="the same scene, changed"))
        == "the same scene, changed"
    )
