"""Properties of the grouping: whatever pictures there are, in whatever order they come."""

import random
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageOps

from loraprep.core.records import Group, Image
from loraprep.duplicates import questions
from loraprep.project.decisions import Decisions
from tests.folders import Folder, encoded, find_groups
from tests.scenes import scene

ORIGINALS = [scene(seed, 240, 200) for seed in range(4)]
EDITS = {
    "same": lambda picture: encoded(picture),
    "weaker": lambda picture: encoded(picture, quality=60),
    "smaller": lambda picture: encoded(picture.resize((160, 134))),
    "mirrored": lambda picture: encoded(ImageOps.mirror(picture)),
    "png": lambda picture: encoded(picture, "PNG"),
    "flat": lambda picture: encoded(Pillow.new("RGB", picture.size, picture.getpixel((9, 9)))),
    "tiny": lambda picture: encoded(picture.resize((20, 16))),
}  # fmt: skip
MADE: dict[tuple[int, str], bytes] = {}


def folder(chosen: Sequence[tuple[int, str, int]]) -> Folder:
    made = Folder()
    for seed, edit, number in chosen:
        data = MADE.setdefault((seed, edit), EDITS[edit](ORIGINALS[seed]))
        made.add(f"{'ab'[number % 2]}/{edit}-{seed}-{number}.jpg", data)
    return made


sets = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(sorted(EDITS)), st.integers(0, 2)), max_size=6, unique=True
).map(folder)


def find(made: Folder, order: Sequence[Image] | None = None) -> list[Group]:
    return find_groups(list(made.images.values() if order is None else order), made.look)


@given(sets, st.randoms(use_true_random=False))
@settings(max_examples=12, deadline=None)
def test_the_order_of_the_input_does_not_matter(made: Folder, chance: random.Random) -> None:
    shuffled = list(made.images.values())
    chance.shuffle(shuffled)
    assert find(made, shuffled) == find(made)
    asked = questions.open_questions(find(made), list(made.images.values()), Decisions())
    assert questions.open_questions(find(made, shuffled), shuffled, Decisions()) == asked


@given(sets)
@settings(max_examples=12, deadline=None)
def test_groups_are_parts_that_do_not_overlap(made: Folder) -> None:
    groups = find(made)
    members = [path for group in groups for path in group.pictures]
    assert len(members) == len(set(members))
    assert set(members) <= set(made.images)
    assert [g.pictures[0] for g in groups] == sorted(g.pictures[0] for g in groups)
    for group in groups:
        assert len(group.pictures) > 1
        assert list(group.pictures) == sorted(group.pictures)
        assert set(group.recommended) <= set(group.pictures)
        assert group.best in group.recommended
        assert set(group.facts) == set(group.pictures)
        assert group.recommended
        # every member is reached over the pairs, and no pair leads out
        reached, grown = {group.pictures[0]}, True
        while grown:
            more = {x for p in group.pairs if {p.a, p.b} & reached for x in (p.a, p.b)}
            reached, grown = reached | more, not more <= reached
        assert reached == set(group.pictures)
        assert all(p.a != p.b for p in group.pairs)


@given(sets)
@settings(max_examples=12, deadline=None)
def test_the_same_bytes_are_always_together_and_one_of_them_stays(made: Folder) -> None:
    groups = find(made)
    of = {path: n for n, group in enumerate(groups) for path in group.pictures}
    by_digest: dict[str, list[str]] = {}
    for path, image in made.images.items():
        by_digest.setdefault(image.digest, []).append(path)
    fates = questions.outcome(groups, list(made.images.values()), Decisions(), auto=True)
    for alike in by_digest.values():
        if len(alike) > 1:
            assert len({of[path] for path in alike}) == 1
            assert sum(fates[path].fate == "left out" for path in alike if path in fates) >= len(alike) - 1
    for group in groups:  # something of every group stays, whatever is recommended
        assert any(path not in fates or fates[path].fate == "kept" for path in group.pictures)


@given(sets)
@settings(max_examples=12, deadline=None)
def test_flat_and_tiny_pictures_are_copies_of_nothing_but_their_own_bytes(made: Folder) -> None:
    for group in find(made):
        for pair in group.pairs:
            if pair.relation != "byte":
                assert not any("flat" in p or "tiny" in p for p in (pair.a, pair.b))


@given(st.integers(0, 3), st.integers(0, 3), st.sampled_from(sorted(EDITS)), st.sampled_from(sorted(EDITS)))
@settings(max_examples=12, deadline=None)
def test_two_pictures_are_copies_whichever_is_called_first(one: int, other: int, edit: str, second: str) -> None:
    """Which of the two is best may hang on the names: of two that are worth the same the shorter, then the first."""
    data = [MADE.setdefault(key, EDITS[key[1]](ORIGINALS[key[0]])) for key in ((one, edit), (other, second))]
    seen = []
    for names in (("a.jpg", "b.jpg"), ("b.jpg", "a.jpg")):
        made = Folder()
        for name, content in zip(names, data, strict=True):
            made.add(name, content)
        seen.append([(p.relation, p.mirrored, p.likeness) for g in find(made) for p in g.pairs])
    assert [pair[:2] for pair in seen[0]] == [pair[:2] for pair in seen[1]]
    assert np.allclose([pair[2] for pair in seen[0]], [pair[2] for pair in seen[1]], atol=0.05)


@given(sets, sets)
@settings(max_examples=12, deadline=None)
def test_strangers_join_no_pictures_that_were_apart(made: Folder, more: Folder) -> None:
    """Pictures of other scenes beside them change nothing about a group."""
    only = [i for p, i in made.images.items() if "-0-" in p or "-1-" in p]
    strange = [i for p, i in more.images.items() if "-2-" in p or "-3-" in p]
    made.data.update(more.data)
    known = {image.path for image in only}
    assert [g for g in find(made, [*only, *strange]) if known & set(g.pictures)] == find(made, only)
