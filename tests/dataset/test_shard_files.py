"""What is in one shard, and which picture is in which."""

from __future__ import annotations

import pytest
from PIL import Image

from loraprep.dataset import pixels, shards
from loraprep.dataset.shards import Columns, Row

ENDINGS = {"webdataset": ".tar", "parquet": ".parquet"}


@pytest.fixture(autouse=True)
def _libraries() -> None:
    for name in ("webdataset", "pyarrow"):
        pytest.importorskip(name, reason="pip install -e '.[test]'")


def test_more_pictures_split_each_shard_and_move_no_other() -> None:
    places = [f"4_mystyle/p{number}" for number in range(shards.SIZE * 2)]
    two, four = shards.names(places, "webdataset"), shards.names([*places, "4_mystyle/one-more"], "webdataset")
    assert {*two.values()} == {"4_mystyle/00000.tar", "4_mystyle/00001.tar"}
    assert len({*four.values()}) == 4
    for place, name in two.items():
        number = int(name.partition("/")[2].removesuffix(".tar"))
        assert int(four[place].partition("/")[2].removesuffix(".tar")) in (number, number + 2)
    one_less = shards.names(places[1:], "webdataset")
    assert all(one_less[place] == two[place] for place in places[1:])
    renamed = shards.names([place.replace("4_", "9_") for place in places], "webdataset")
    assert [n.replace("9_", "4_") for n in renamed.values()] == [*two.values()]


@pytest.mark.parametrize("form", [*ENDINGS])
def test_pictures_before_a_change_and_several_captions_are_in_it(form: str) -> None:
    held_, png = Columns(mask=False, controls=2, several=True), pixels.png(Image.new("RGB", (3, 2)))
    about: dict[str, str | int] = {"file": "a.jpg", "width": 3, "height": 2}
    rows = [
        Row("1_x/a", {"png": png, "control.png": b"before", "control_2.png": b"else"}, ["long", "short"], about),
        Row("1_x/b", {"png": png, "control.png": b"before"}, ["one"], about),
    ]
    data = shards.packed(form, rows, held_)
    assert data == shards.packed(form, rows, held_)
    found = shards.unpacked(f"x{ENDINGS[form]}", data)
    assert found["1_x/a"]["txt"] == b"long\nshort"
    assert found["1_x/b"]["txt"] == b"one"
    assert [found[key].get("control_2.png") for key in ("1_x/a", "1_x/b")] == [b"else", None]
    assert found["1_x/b"]["png"] == png


@pytest.mark.parametrize("data", [b"", b"x" * 600, b"PAR1" + b"x" * 60 + b"PAR1"])
@pytest.mark.parametrize("form", [*ENDINGS])
def test_what_is_no_shard_raises_what_is_expected(form: str, data: bytes) -> None:
    with pytest.raises(shards.BROKEN):
        shards.unpacked(f"x{ENDINGS[form]}", data)
