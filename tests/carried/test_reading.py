"""Reading pictures with RapidOCR: what is found, what bad input does, and that the network is never asked."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont, ImageOps

from loraprep.carried import kinds, reading
from loraprep.core.errors import UserError
from tests.scenes import scene

pytest.importorskip("rapidocr")


@pytest.fixture(autouse=True)
def _reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.delenv(reading.UNREAD, raising=False)
    monkeypatch.setattr(socket.socket, "connect", refused)
    reader = reading.reader
    yield
    reader.cache_clear()


def marked(words: str = "@rossi_art 2024", at: tuple[float, float] = (0.03, 0.9), size: int = 30) -> Image.Image:
    picture = scene(3)
    ImageDraw.Draw(picture).text(
        (at[0] * picture.width, at[1] * picture.height),
        words,
        "white",
        ImageFont.load_default(size),
        stroke_width=1,
        stroke_fill="black",
    )
    return picture


def words(picture: Image.Image) -> str:
    return " ".join(region.words for region in reading.written_in(picture).regions)


def test_an_address_is_read_and_placed() -> None:
    (mark,) = kinds.marks(reading.written_in(marked()))
    assert (mark.what, mark.words.replace(" ", "")) == ("site", "@rossi_art2024")
    left, top, right, bottom = mark.box
    assert 0 <= left < 0.06
    assert 0.85 < top < bottom <= 1
    assert 0.2 < right < 0.6


def test_nothing_is_written_in_a_painting() -> None:
    assert [kinds.marks(reading.written_in(scene(seed))) for seed in (1, 2)] == [[], []]


@pytest.mark.parametrize("turn", [Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_90])
def test_turned_lettering_is_read(turn: Image.Transpose) -> None:
    assert "rossi_art" in words(marked(size=40).transpose(turn))


def test_mirrored_lettering_is_read_and_said_to_be() -> None:
    found = reading.written_in(ImageOps.mirror(marked(size=40))).regions
    assert [(r.mirrored, "rossi" in r.words) for r in found if r.score > 0.85] == [(True, True)]


def test_other_scripts_are_data_too() -> None:
    font = next(Path("/usr/share/fonts").rglob("DejaVuSans.ttf"), None)
    if font is None:
        pytest.skip("no font with Cyrillic letters")
    picture = scene(4)
    ImageDraw.Draw(picture).text(
        (40, 60), "ДОБРЫЙ ДЕНЬ", "white", ImageFont.truetype(str(font), 48), stroke_width=2, stroke_fill="black"
    )
    reading.written_in(picture)  # whatever it makes of them, nothing is raised


@pytest.mark.parametrize("size", [(1, 1), (15, 400), (40, 40), (1200, 20)])
def test_tiny_pictures_say_nothing(size: tuple[int, int]) -> None:
    assert kinds.marks(reading.written_in(Image.new("RGB", size, "grey"))) == []


def test_a_page_of_print_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST", 8)
    page = Image.new("RGB", (900, 1200), "white")
    draw = ImageDraw.Draw(page)
    for row in range(40):
        draw.text(
            (20 + 10 * (row % 3), 10 + 29 * row), f"line {row} of many words", "black", ImageFont.load_default(18)
        )
    found = reading.written_in(page)
    assert found.total > 20
    assert 0 < len(found.regions) <= 8


def test_words_are_cleaned_like_any_foreign_text(monkeypatch: pytest.MonkeyPatch) -> None:
    class Told:
        txts, scores = ("a\x1b[31m \u202ebad\n\tline " + "x" * 500,), (0.99,)

    monkeypatch.setattr(reading, "reader", lambda: lambda *_, **__: Told())
    said, _ = reading._words(reading.reader(), Image.new("RGB", (60, 20)))
    assert said.isprintable()
    assert len(said) <= 200


def _copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package's models, where they may be damaged."""
    models = reading._models()
    for file in models.values():
        shutil.copyfile(file, tmp_path / file.name)
    monkeypatch.setattr(reading, "_models", lambda: {part: tmp_path / f.name for part, f in models.items()})
    reading.reader.cache_clear()
    return tmp_path / models["rec"].name


def test_a_cut_model_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = _copied(tmp_path, monkeypatch)
    model.write_bytes(model.read_bytes()[:5000])
    with pytest.raises(UserError, match=r"^RapidOCR cannot read: .*\n +pip install --force-reinstall") as caught:
        reading.reader()
    assert len(caught.value.problems) == 1


def test_a_missing_model_is_one_sentence_and_never_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _copied(tmp_path, monkeypatch).unlink()
    with pytest.raises(UserError, match=r"^RapidOCR cannot read: "):
        reading.reader()


def test_without_the_package_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PACKAGE", "no_such_package_of_that_name")
    assert not reading.installed()
    with pytest.raises(UserError, match=r"pip install 'loraprep\[text\]'"):
        reading.reader()
