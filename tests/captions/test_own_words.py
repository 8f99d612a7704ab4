"""A caption counts as a person's where it says something of its own picture: planted sets, of both kinds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from loraprep.captions import pieces, registry
from loraprep.captions.captioner import Context
from loraprep.captions.compose import compose_captions
from loraprep.captions.file_names import picture_names, words_of_name
from loraprep.captions.render import render_all
from loraprep.core.records import Caption, Grade, Image
from loraprep.project import profiles
from loraprep.project.decisions import Decisions, Entry
from loraprep.project.settings import Settings
from tests.typed import changed, smallest

MODEL, STYLE = profiles.base_model("flux"), profiles.kind("style")
CONFIG = smallest(trigger="brushy")
SIZES, MAKES = ("small", "medium", "large"), ("bold", "basic", "static", "spatial", "organic", "energy")
HULLS = [*[f"{size}-{make}-hull" for size in SIZES for make in MAKES][:17], "asteroid", "crystal", "comet"]
CAMERA = [f"IMG_{2231 + n}" for n in range(20)]
ANIMALS = ("a red fox", "two crows", "an old goat", "a sleeping cat", "geese", "a hare")
PLACES = ("in deep snow", "on a gate", "beside a well", "under a cart", "at the edge of a wood")
EACH = [f"{ANIMALS[n % 6]} {PLACES[n % 5]}" for n in range(20)]
Edit = Callable[[str], str]


def set_of(names: Sequence[str], beside: Sequence[str] = ()) -> dict[str, Image]:
    """Pictures under these names in grey and brown, the first with these words in a .txt file."""
    words = [*beside, *[""] * len(names)]
    return {
        f"{name}.jpg": Image(
            f"{name}.jpg", "image", digest="d" * 64, palette=(("charcoal", "#333333", 0.5), ("brown", "#553311", 0.4)),
            words=((f"sidecar:{name}.txt", text),) if text else (), lightness=20.0, chroma=20.0, contrast=0.2,
        )
        for name, text in zip(names, words, strict=False)
    }  # fmt: skip


def composed(
    images: dict[str, Image],
    edits: Sequence[tuple[Edit, Callable[[str], bool]]] = (),
    captioner: str = "draft",
    config: Settings = CONFIG,
    **kind: Any,
) -> dict[str, Caption]:
    """Compose the captions once the page's edits, each of the captions that it is for, are written."""
    context = Context("brushy", names=picture_names(sorted(images)))
    elements = {path: registry.load_captioner(captioner).describe(image, context) for path, image in images.items()}
    drafts = {
        p: f"[trigger]{c.text.removeprefix('brushy')}" for p, c in render_all(elements, config, MODEL, STYLE).items()
    }
    texts = dict(drafts)
    for edit, of in edits:
        texts |= {path: edit(text) for path, text in texts.items() if of(path)}
    own = {path: Entry(path, {"caption": text}, {}, True) for path, text in texts.items() if text != drafts[path]}
    return compose_captions(elements, Decisions(None, own), config, MODEL, changed(STYLE, **kind)).captions


def described(captions: dict[str, Caption]) -> set[str]:
    return {path for path, caption in captions.items() if caption.grade is Grade.DESCRIBED}


def replaced(what: str, put: str) -> Edit:
    return lambda text: pieces.replaced(text, what, put, case=False, words=True)


def everywhere(_path: str) -> bool:
    return True


def among(*names: str) -> Callable[[str], bool]:
    return lambda path: any(name in path for name in names)


TO_MANY: dict[str, list[tuple[Edit, Callable[[str], bool]]]] = {
    "replaced": [(replaced("hull", "spaceship"), everywhere)],
    "by several words": [(replaced("hull", "spaceship with two engines"), everywhere)],
    "twice": [(replaced("hull", "spaceship"), everywhere), (replaced("medium", "long"), everywhere)],
    "added to all": [(lambda text: pieces.CHANGES["add"](text, "a spaceship"), everywhere)],
    "added to those found": [(lambda text: pieces.CHANGES["add"](text, "long fins"), among("medium"))],
    "another word for a part": [(replaced("hull", "spaceship"), everywhere), (replaced("spaceship", "cruiser"), among("medium"))],
    "taken out": [(lambda text: pieces.CHANGES["delete"](text, "charcoal and brown"), everywhere)],
    "moved": [(lambda text: pieces.CHANGES["front"](text, "charcoal and brown"), everywhere)],
    "a colour left": [(replaced("charcoal and brown", "brown"), everywhere)],
    "its name in other words": [(replaced("hull", "hulls"), everywhere)],
}  # fmt: skip


@pytest.mark.parametrize("how", TO_MANY)
def test_what_was_done_to_many_describes_none(how: str) -> None:
    assert described(composed(set_of(HULLS), TO_MANY[how])) == set()


@pytest.mark.parametrize("how", ["replaced", "by several words", "added to all"])
def test_who_describes_some_anew_does_not_describe_the_rest(how: str) -> None:
    mine = {f"{name}.jpg" for name in HULLS[:8]}
    words = iter(EACH)
    anew: Edit = lambda _text: f"[trigger], {next(words)}"  # noqa: E731
    captions = composed(set_of(HULLS), [*TO_MANY[how], (anew, mine.__contains__)])
    assert described(captions) == mine


def written(texts: Sequence[str]) -> list[tuple[Edit, Callable[[str], bool]]]:
    said = iter(texts)
    return [(lambda _text: f"[trigger], {next(said)}", everywhere)]


FEW_WORDS = [f"{a}, {b}" for a in ("standing", "sitting", "walking", "lying") for b in ("indoors", "outdoors")] * 3
OF_EACH: dict[str, tuple[list[str], list[str]]] = {
    "sentences": (CAMERA, EACH),
    "of names": (HULLS, EACH),
    "few words of a small stock": ([f"mara_{n:02}" for n in range(24)], [f"1girl, {words}" for words in FEW_WORDS]),
    "five scenes, five pictures each": (CAMERA, [ANIMALS[n // 4] for n in range(20)]),
    "some alike": (CAMERA, ["grass"] * 6 + ["a field of rye"] * 6 + EACH[:8]),
    "a word of each beyond its name": (
        [f"fox_{n:02}" for n in range(10)],
        ["red fox", "white fox", "fox cub", "fox asleep", "pair of foxes", "running fox", "wet fox", "fox in rain",
         "old fox", "fox at a well"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", OF_EACH)
def test_short_words_of_each_picture_describe_it(how: str) -> None:
    names, texts = OF_EACH[how]
    images = set_of(names)
    assert described(composed(images, written(texts))) == set(images)
    for captioner in ("existing", "draft"):  # the same in .txt files
        assert described(composed(set_of(names, texts), captioner=captioner)) == set(images)


def test_one_picture_is_described_by_one_word_of_it() -> None:
    names = ["fox", *CAMERA[:9]]
    edit: Edit = lambda _text: "[trigger], red fox"  # noqa: E731
    assert described(composed(set_of(names), [(edit, among("fox"))])) == {"fox.jpg"}
    name: Edit = lambda _text: "[trigger], a fox"  # noqa: E731
    assert described(composed(set_of(names), [(name, among("fox"))])) == set()


def test_the_first_of_many_that_somebody_describes_count_at_once() -> None:
    edit: Edit = lambda _text: "[trigger], ship in the dark"  # noqa: E731
    four = {f"{name}.jpg" for name in HULLS[:4]}
    assert described(composed(set_of(HULLS), [(edit, four.__contains__)])) == four


@pytest.mark.parametrize("captioner", ["existing", "draft"])
def test_files_beside_the_pictures_are_asked_for_more_than_names(captioner: str) -> None:
    names_alone = [name.replace("-", " ") for name in HULLS]
    assert described(composed(set_of(HULLS, names_alone), captioner=captioner)) <= {f"{n}.jpg" for n in HULLS[17:]}
    for texts in (["a ship"] * 20, [f"a boat on lake {n}" for n in range(20)]):  # one caption for all, chosen so
        assert len(described(composed(set_of(HULLS, texts), captioner=captioner))) == 20
    prompts = [f"{words} near a stone bridge at night" for words in EACH]
    images = set_of([text.replace(" ", "_") for text in prompts], prompts)
    assert described(composed(images, captioner=captioner)) == set(images)  # the name is the sentence


def test_what_is_chosen_or_right_for_all_stands() -> None:
    over_all = TO_MANY["added to all"]
    assert len(described(composed(set_of(CAMERA), over_all, captioner="none"))) == 20
    assert len(described(composed(set_of(CAMERA), over_all, pairs=True))) == 20


def test_words_of_a_name() -> None:
    for path, words in {
        "a/basic-large_hull.02.png": ["a", "basic", "large", "hull"],
        "MillPond2.jpg": ["mill", "pond"],
        "IMG_2231.JPG": ["img"],
        "GLSLDemo.png": ["glsl", "demo"],
        "e\u0301te\u0301.png": ["\u00e9t\u00e9"],
    }.items():
        assert words_of_name(path) == words
