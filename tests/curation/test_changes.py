"""Curation of pairs: one change or several, variety of the pictures around it, and pairs that are alike on both sides."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from msgspec import structs

from loraprep.core.findings import Code, Finding
from loraprep.core.records import Caption, Grade, Image
from loraprep.core.typed import Hex
from loraprep.curation import changes, curate
from loraprep.curation.assessment import Observations
from loraprep.pairs import measure
from loraprep.pairs.change import Change
from loraprep.project import profiles
from loraprep.project.decisions import Decisions
from tests import couples
from tests.folders import Folder, encoded, find_groups
from tests.scenes import scene
from tests.typed import changed, smallest

NUMBER = 12
KIND = profiles.kind("edit")
SETTINGS = smallest(intent={"kind": "edit"}, model="flux-kontext", trigger="")


@cache
def change(kind: str, number: int) -> Change:
    before, after = couples.CHANGES[kind](scene(500 + number, 480, 400), number)
    return measure.compare(np.asarray(after, np.uint8), np.asarray(before, np.uint8)).change


def several(*made: tuple[str, range], words: dict[str, str] | None = None) -> list[Finding]:
    """What is said of pairs of these changes, asked for in their own words, or in the words of another change."""
    pairs = [(f"{kind}{n:02}.jpg", kind, n) for kind, numbers in made for n in numbers]
    asked = {path: couples.ASKED[(words or {}).get(kind, kind)][n % 5] for path, kind, n in pairs}
    captions = {path: Caption(path, text, "prose", "existing", Grade.DESCRIBED, 9, 512) for path, text in asked.items()}
    return changes.findings({path: change(kind, n) for path, kind, n in pairs}, captions)


@pytest.mark.parametrize("kind", couples.CHANGES)
def test_one_change_is_one(kind: str) -> None:
    assert several((kind, range(NUMBER))) == []
    assert several((kind, range(7))) == []


@pytest.mark.parametrize(("one", "other"), [("relight", "remove"), ("relight", "style"), ("remove", "style")])
def test_two_changes_are_two_and_their_words_tell_them_apart(one: str, other: str) -> None:
    [found] = several((one, range(9)), (other, range(9, 12)))
    assert found.code is Code.CHANGES_SEVERAL
    assert found.images == tuple(f"{other}{n:02}.jpg" for n in range(9, 12))
    assert found.text("said").startswith(f"9 like {one}")
    assert f" and 3 like {other}" in found.text("said")


def test_a_few_pairs_of_an_even_change_are_told_by_their_words_among_those_of_a_varied_one() -> None:
    random = np.random.default_rng(5)
    points = np.concatenate([random.normal((0, 4, 0), (3.0, 0.5, 0.5), (21, 3)), random.normal(0, 0.1, (3, 3))])
    assert changes._divided(points)[1] < changes._SURE
    own = [couples.ASKED["style"][n % 5] for n in range(21)]
    few = [21, 22, 23]
    assert changes._worded(points, [*own, *couples.ASKED["remove"][:3]]) == [list(range(21)), few]
    assert changes._worded(points, [*own, *couples.ASKED["style"][:3]]) == []  # asked for as the others are
    assert changes._worded(points, [f"wording{n}" for n in range(24)]) == []  # no two pairs are asked for alike
    assert changes._worded(points[:21], own) == []


def test_two_changes_under_the_same_words_are_worse() -> None:
    [found] = several(("remove", range(9)), ("relight", range(9, 12)), words={"relight": "remove"})
    assert found.code is Code.CHANGES_UNTOLD
    assert found.images == tuple(f"relight{n:02}.jpg" for n in range(9, 12))


def picture(path: str, seed: int, **more: object) -> Image:
    """A record with the facts of a picture made up from `seed`."""
    random = np.random.default_rng(seed)
    bits = [f"{int(random.integers(0, 2**63)):016x}" for _ in range(4)]
    thumb = Hex(random.integers(0, 256, 24 * 24, np.uint8).tobytes())
    colour = tuple(float(c) for c in random.uniform(0, 80, 27))
    record = Image(
        path, "image", digest=f"{seed:064x}", width=1024, height=1024, phash=bits[0], dhash=bits[1],
        phash_mirror=bits[2], dhash_mirror=bits[3], thumb=thumb, colour=colour, palette=(("blue", "#0000ff", 0.5),),
        lightness=float(random.uniform(20, 80)), contrast=float(random.uniform(0.1, 0.3)), sharpness=200.0,
    )  # fmt: skip
    return structs.replace(record, **more)


def paired(after: list[int], before: list[int]) -> tuple[list[Image], Observations]:
    """Pairs of pictures made up from these seeds."""
    images = [picture(f"p{n:02}.jpg", seed, controls=(f"c{n:02}.jpg",)) for n, seed in enumerate(after)]
    first = {f"p{n:02}.jpg": picture(f"c{n:02}.jpg", 1000 + seed) for n, seed in enumerate(before)}
    return images, Observations({}, {}, {}, before=first)


def codes(images: list[Image], seen: Observations) -> dict[Code, tuple[str, ...]]:
    return {f.code: f.images for f in curate.assess(images, seen, KIND, SETTINGS).findings}


def test_variety_is_that_of_the_pictures_before_the_change() -> None:
    varied, same = list(range(12)), [7] * 12
    assert Code.ONE_SCENE not in codes(*paired(same, varied))  # all made night: that is the change
    assert Code.ONE_SCENE in codes(*paired(varied, same))  # one picture changed twelve times
    said = curate.assess(*paired(same, varied), KIND, SETTINGS).variety
    assert "Judged by layout and colour of the pictures before the change." in said


def test_pairs_are_alike_only_where_both_sides_are() -> None:
    after, before = list(range(12)), list(range(12))
    after[:3] = [5, 5, 5]
    assert Code.TOO_SIMILAR not in codes(*paired(after, before))
    before[:3] = [5, 5, 5]
    assert codes(*paired(after, before))[Code.TOO_SIMILAR] == ("p00.jpg", "p01.jpg", "p02.jpg", "p05.jpg")


def test_a_copy_of_a_pair_is_one_on_both_sides() -> None:
    """One room from which a chair, and then a lamp was taken: two pairs with one and the same picture after."""
    room, other = scene(900, 320, 260), scene(901, 320, 260)
    made = Folder()
    for path, shown, quality in (("a.jpg", room, 92), ("b.jpg", room, 80), ("c.jpg", other, 92)):
        made.add(path, encoded(shown, quality=quality))
    first = Folder()
    for n, path in enumerate(made.images):
        first.add(path, encoded(couples.emptied(room if n < 2 else other, n)[0]))
    assert len(made.find()) == 1
    looks = list(made.images.values()), made.look
    assert find_groups(*looks, before=first.images) == []
    [found] = find_groups(*looks, before=dict.fromkeys(made.images, first.images["a.jpg"]))
    assert found.pictures == ("a.jpg", "b.jpg")
    smaller = couples.emptied(room, 0)[0].resize((160, 130))
    first.add("b.jpg", encoded(smaller, quality=50))
    assert [g.pictures for g in find_groups(*looks, before=first.images)] == [("a.jpg", "b.jpg")]


def test_the_subset_is_of_pairs() -> None:
    """Six pairs whose pictures after look alike have six pictures before; six others are one pair six times."""
    after = [50] * 6 + [60] * 6 + list(range(8))
    before = [100 + n for n in range(6)] + [60] * 6 + list(range(8))
    images, seen = paired(after, before)
    settings = changed(SETTINGS, curation={"target": 14})
    [question] = curate.curate(images, seen, [], KIND, settings, Decisions()).questions
    leaving = question.entry["recommended"]
    assert len(leaving) == 6
    assert len([path for path in leaving if "p06.jpg" <= path <= "p11.jpg"]) == 5
