"""What a page of very many pictures shows, and what an appendix lists of them."""

import pytest

from loraprep.core.records import Fate, Group, Image
from loraprep.report import appendix, sample


def _set(count: int) -> tuple[list[Image], dict[str, Fate]]:
    images = [Image(f"{n:05}.jpg", "image") for n in range(count)]
    return images, {i.path: Fate(i.path, "kept", "") for i in images}


def test_few_are_all_shown() -> None:
    images, fate = _set(sample.MOST)
    assert sample.shown(images, [], [], fate) == images


@pytest.mark.parametrize("count", [sample.MOST + 1, 2000, 20_000])
def test_of_many_those_that_something_is_said_of_come_first(count: int) -> None:
    images, fate = _set(count)
    fate["00210.jpg"] = Fate("00210.jpg", "left out", "", open=True)
    groups = [Group(("00101.jpg", "00103.jpg"), "copy", "00101.jpg", "larger", ("00101.jpg",))]
    chosen = [i.path for i in sample.shown(images, [["00007.jpg", "not there.jpg"]], groups, fate)]
    assert {"00007.jpg", "00101.jpg", "00103.jpg", "00210.jpg"} <= set(chosen)
    assert len(chosen) == sample.MOST
    assert chosen == sorted(chosen)
    assert chosen[-1] >= f"{count - count // 50 - 3:05}.jpg"  # an even share, to the end


def test_findings_alone_never_fill_a_page() -> None:
    images, fate = _set(5000)
    chosen = [i.path for i in sample.shown(images, [[i.path for i in images]], [], fate)]
    assert len(chosen) == sample.MOST
    assert chosen[-1] > "04000.jpg"


def test_long_lists_are_cut_and_say_where_the_rest_is() -> None:
    fates = [Fate(f"{n}.jpg", "kept", "") for n in range(20_000)]
    lines = appendix._every_file(fates)
    assert len(lines) < 70
    assert lines[-1] == "And 19940 more: `loraprep select` prints every file, its fate and why."
    assert len(appendix._every_file(fates[:60])) == 64
