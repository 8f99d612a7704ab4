"""What comes together in captions beyond chance: subjects with techniques, places, things; each said once."""

import numpy as np
import pytest
from msgspec.structs import replace

from loraprep.captions import bleed, hygiene
from loraprep.core.findings import Code, sentence
from loraprep.core.records import Caption, Grade
from loraprep.curation import curate, spoken
from loraprep.curation.assessment import Observations
from loraprep.curation.measures import diversity
from loraprep.project import profiles, project
from tests import ROOT
from tests.benchmarks.subset import synthetic

SETTINGS = project.load(ROOT / "examples/brushwork").settings
KIND = profiles.kind("style")
SUBJECTS = ("a cat", "a woman", "a house", "a bowl of fruit")


def caption(path: str, text: str, form: str = "prose") -> Caption:
    words = tuple(t.strip() for t in text.split(",")) if form == "tags" else ()
    return Caption(path, f"emberveil, {text}", form, "existing", Grade.DESCRIBED, 20, 512, content=words)


def ties(texts: list[str]) -> list[str]:
    images = [replace(i, warmth=0.0, chroma=20.0, width=900, height=900) for i in synthetic(len(texts))]
    captions = {i.path: caption(i.path, t) for i, t in zip(images, texts, strict=True)}
    found = curate.assess(images, Observations({}, captions, {}), KIND, SETTINGS)
    return [sentence(f) for f in found.findings if f.code == Code.TIED]


TECHNIQUES = ("watercolor of {}", "ink drawing of {}", "oil painting of {}", "pencil sketch of {}")
PLACES = ("{} in a forest", "{} on the beach", "{} before a wall", "{} near a river")


@pytest.mark.parametrize(("forms", "said"), [(TECHNIQUES, "in watercolour"), (PLACES, "in a forest")])
def test_each_subject_with_a_technique_or_a_place_of_its_own_is_told(forms: tuple[str, ...], said: str) -> None:
    bound = ties([forms[n % 4].format(SUBJECTS[n % 4]) for n in range(40)])
    assert f"All 10 of your animals are {said}; of the 30 other pictures none is." in bound
    assert ties([forms[n // 4 % 4].format(SUBJECTS[n % 4]) for n in range(40)]) == []


def test_one_subject_alone_with_a_thing_is_told() -> None:
    random = np.random.default_rng(3)
    texts = [
        f"{SUBJECTS[n % 4]}{' with a red umbrella' if n % 4 == 1 or random.random() < 0.15 else ''}, daylight"
        for n in range(40)
    ]
    assert any("of your people are with a red umbrella" in s or "of your women are with" in s for s in ties(texts))


def test_of_the_animals_the_cats_are_at_night() -> None:
    other = ("a woman", "a house")
    texts = [
        "a cat, at night" if n % 4 == 0 else "a dog, daylight" if n % 4 == 1 else f"{other[n % 2]}, {('daylight', 'at night')[n // 4 % 2]}"
        for n in range(40)
    ]  # fmt: skip
    assert any("of your cats are at night" in s for s in ties(texts))


def test_the_same_is_said_once() -> None:
    """Two subjects, two lights: all of one in the one is all of the other in the other."""
    said = ties([("a cat, at night", "a woman, daylight")[n % 2] for n in range(24)])
    assert len(said) == 1


def test_what_asks_the_same_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """By kind and by word, a before b and b before a, and of two subjects and two lights the one pair and the other."""
    tried: list[int] = []
    holm = diversity.holm
    monkeypatch.setattr(diversity, "holm", lambda *given: tried.append(len(given[0])) or holm(*given))
    lights = ("at night", "daylight", "dim light", "backlight")
    ties([f"{SUBJECTS[n % 4]}, {lights[n // 4 % 4]}" for n in range(40)])
    assert tried == [16]
    ties([f"{SUBJECTS[n % 2]}, {lights[n // 2 % 2]}" for n in range(40)])
    assert tried == [16, 2], "cats at night or by day"


def test_what_a_thing_is_made_of_is_no_tie() -> None:
    assert ties([SUBJECTS[n % 4] for n in range(40)]) == []


def test_whom_and_what_a_caption_speaks_of() -> None:
    def read(text: str) -> spoken.Spoken:
        return spoken.spoken({"a": caption("a", text)}, "emberveil")["a"]

    assert read("watercolor of two old women with a red umbrella on the beach, close-up") == spoken.Spoken(
        "watercolour", "woman", {"umbrella": "with a red umbrella", "beach": "on the beach"}
    )
    assert read("a cat washing its paw, at night").whom == "cat"
    assert read("a mill and a young fighter holding a sword").beside["fighter"] == "with young fighter"
    assert read("") == spoken.Spoken()
    assert read("1boy, solo, hat") == spoken.Spoken("", "boy", {"hat": "with hat"}), "solo stands beside nobody"
    assert read("no humans, scenery, mill") == spoken.Spoken("", "mill")
    assert read("1other, solo").whom == "person"


@pytest.mark.parametrize(
    ("phrase", "head"),
    [
        ("cat washing", "cat"),
        ("black cats", "cat"),
        ("painted cat", "cat"),
        ("cat painted", "cat"),
        ("man riding horse", "man"),
        ("old building", "building"),
        ("women", "woman"),
        ("sitting", ""),
        ("", ""),
    ],
)
def test_heads_of_phrases(phrase: str, head: str) -> None:
    assert hygiene.head(phrase) == head


@pytest.mark.parametrize("form", ["prose", "tags"])
def test_a_word_in_every_caption_is_named_and_counted_rightly(form: str) -> None:
    ways = ("a painted cat washing its paw", "two black cats on a wall", "a cat sleeping in the sun", "a white cat")
    tags = ("cat washing", "black cats, wall", "cat sleeping, sun", "white cat")
    texts = (ways if form == "prose" else tags) * 10
    captions = {f"{n:02}.png": caption(f"{n:02}.png", t, form) for n, t in enumerate(texts)}
    found = {f.text("term"): f for f in bleed.fused_terms(captions, {}, SETTINGS, KIND)}
    assert found["cat"].values["share"] == "40 of 40"
    assert found["cat"].code == Code.FUSED_CRITICAL
    assert not {"painted", "washing", "sleeping"} & found.keys()


def test_a_thing_is_said_as_every_caption_says_it() -> None:
    """What only some say of it ("gold") would be said of all of them."""
    armour = ("in a hood and gold armour", "in black armour", "in brown leather armour")
    texts = [
        f"a {'green warrior ' + armour[n // 4 % 3] if n % 4 == 0 else ('cat', 'tree', 'house')[n % 3]}"
        for n in range(40)
    ]
    assert ties(texts) == ["All 10 of your people are in armour; of the 30 other pictures none is."]
    tied = ties(
        [f"a woman with {('a red', 'an old')[n // 4 % 2]} umbrella" if n % 4 == 0 else "a cat" for n in range(40)]
    )
    assert any("with an umbrella" in s for s in tied)
