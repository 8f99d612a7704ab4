"""Crops and masks: what they keep, where they are drawn, and that a person's own stay."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from PIL import Image

from loraprep.carried import drawing
from loraprep.carried.drawing import Plan
from loraprep.core.records import Image as Record
from loraprep.dataset import pixels
from loraprep.imaging.pictures import Pictures
from loraprep.project import crops

CORNER = (0.8, 0.92, 0.98, 0.97)
PICTURES = {
    "a.jpg": Record("a.jpg", "image", width=600, height=400),
    "sub/b.jpg": Record("sub/b.jpg", "image", width=400, height=600),
}


def meets(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])


def test_a_crop_keeps_the_shape_and_leaves_the_mark_out() -> None:
    box = drawing.without([CORNER])
    assert box is not None
    assert box[2] - box[0] == pytest.approx(box[3] - box[1], abs=2e-4)  # equal shares: the picture's own shape
    assert not meets(box, CORNER)
    assert (box[2] - box[0]) ** 2 > 0.8
    both = drawing.without([CORNER, (0.02, 0.02, 0.2, 0.06)])
    assert both is not None
    assert not any(meets(both, mark) for mark in (CORNER, (0.02, 0.02, 0.2, 0.06)))


def test_no_crop_where_too_little_would_be_left() -> None:
    assert drawing.without([(0.4, 0.4, 0.6, 0.6)]) is None
    chance = random.Random(5)
    for _ in range(300):
        corners = [(chance.uniform(0, 0.9), chance.uniform(0, 0.9)) for _ in range(chance.randint(1, 9))]
        marks = [(x, y, x + 0.08, y + 0.05) for x, y in corners]
        if box := drawing.without(marks):
            assert min(box[2] - box[0], box[3] - box[1]) ** 2 >= drawing.ENOUGH - 1e-3
            assert not any(drawing._meet(box, mark) for mark in marks)
    assert drawing.without([(n / 30, n / 30, n / 30 + 0.01, n / 30 + 0.01) for n in range(30)]) is None


def test_a_crop_in_a_part_is_told_of_the_whole() -> None:
    part = (0.1, 0.2, 0.9, 1.0)
    mark = drawing.in_whole(CORNER, part)
    box = drawing.without([mark], part)
    assert box is not None
    assert not meets(box, mark)
    assert box[0] >= 0.1
    assert box[1] >= 0.2


def test_a_mask_is_black_where_the_mark_is() -> None:
    drawn = Image.open(io.BytesIO(drawing.mask([CORNER], (1200, 800))))
    assert (drawn.mode, drawn.size) == ("L", (1024, 683))
    assert [drawn.getpixel((round(1024 * x), round(683 * y))) for x, y in ((0.9, 0.95), (0.1, 0.1), (0.5, 0.95))] == [
        0,
        255,
        255,
    ]


def test_answers_are_drawn_and_taken_back(tmp_path: Path) -> None:
    plans = {"a.jpg": Plan(hide=(CORNER,)), "sub/b.jpg": Plan(crop=(0.0, 0.0, 0.9, 0.9))}
    assert drawing.draw(tmp_path, plans, PICTURES, {}) == ["masks/a.png", "decisions/crops.yaml"]
    assert "sub/b.jpg: {crop: [0.0, 0.0, 0.9, 0.9]}\n" in (tmp_path / "decisions/crops.yaml").read_text("utf-8")
    assert drawing.draw(tmp_path, plans, PICTURES, plans) == []
    assert drawing.draw(tmp_path, {}, PICTURES, plans) == ["masks/a.png", "decisions/crops.yaml"]
    assert not (tmp_path / "masks/a.png").exists()
    assert "sub/b.jpg" not in (tmp_path / "decisions/crops.yaml").read_text("utf-8")


def test_what_a_person_drew_is_never_touched(tmp_path: Path) -> None:
    plans = {"a.jpg": Plan(hide=(CORNER,)), "sub/b.jpg": Plan(crop=(0.0, 0.0, 0.9, 0.9))}
    (tmp_path / "masks").mkdir()
    Image.new("L", (600, 400), 128).save(tmp_path / "masks/a.webp")
    (tmp_path / "decisions").mkdir()
    mine = "# mine\nsub/b.jpg: {crop: [0, 0, 0.5, 0.5]}  # the face\n"
    (tmp_path / "decisions/crops.yaml").write_text(mine, "utf-8")
    assert drawing.draw(tmp_path, plans, PICTURES, {}) == []
    drawing.draw(tmp_path, {}, PICTURES, plans)
    assert (tmp_path / "decisions/crops.yaml").read_text("utf-8") == mine
    assert (tmp_path / "masks/a.webp").exists()
    assert not (tmp_path / "masks/a.png").exists()


def test_a_mask_that_was_changed_by_hand_stays(tmp_path: Path) -> None:
    plans = {"a.jpg": Plan(hide=(CORNER,))}
    drawing.draw(tmp_path, plans, PICTURES, {})
    Image.new("L", (600, 400), 0).save(tmp_path / "masks/a.png")
    drawing.draw(tmp_path, {}, PICTURES, plans)
    assert Image.open(tmp_path / "masks/a.png").getpixel((5, 5)) == 0


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_mask_for_a_turned_picture_lies_as_its_file_does(tmp_path: Path, turn: int) -> None:
    whole = crops.turned((600, 400), turn)  # as the person sees it, and as the mark was read
    record = Record("a.jpg", "image", width=whole[0], height=whole[1], turn=turn, mask="masks/a.png")
    drawing.draw(tmp_path, {"a.jpg": Plan(hide=(CORNER,))}, {"a.jpg": record}, {})
    with Image.open(tmp_path / "masks/a.png") as drawn:
        assert drawn.size == (600, 400)
    pictures = Pictures(tmp_path / "images", tmp_path, 50)
    assert drawing.hidden(pictures, record, [CORNER, (0.1, 0.1, 0.3, 0.2)]) == [True, False]
    trained = pixels.mask_pixels(pictures, record, record.mask, whole)
    at = [(round(x * whole[0]), round(y * whole[1])) for x, y in ((0.9, 0.945), (0.1, 0.1), (0.9, 0.1), (0.1, 0.945))]
    assert [trained.getpixel(place) for place in at] == [0, 255, 255, 255]
    assert drawing.draw(tmp_path, {}, {"a.jpg": record}, {"a.jpg": Plan(hide=(CORNER,))}) == ["masks/a.png"]


def test_a_crop_leaves_the_turn_of_a_picture_and_its_details(tmp_path: Path) -> None:
    (tmp_path / "decisions").mkdir()
    mine = "a.jpg: {turn: 90}  # lay on its side\nsub/b.jpg: {extra: [{name: face, box: [0, 0, 0.5, 0.5]}]}\n"
    (tmp_path / "decisions/crops.yaml").write_text(mine, "utf-8")
    plans = {name: Plan(crop=(0.0, 0.0, 0.9, 0.9)) for name in PICTURES}
    assert drawing.draw(tmp_path, plans, PICTURES, {}) == ["decisions/crops.yaml"]
    assert crops.drawn(tmp_path)["a.jpg"] == crops.Drawn((0.0, 0.0, 0.9, 0.9), 90)
    assert "# lay on its side" in (tmp_path / "decisions/crops.yaml").read_text("utf-8")
    drawing.draw(tmp_path, {}, PICTURES, plans)
    assert (tmp_path / "decisions/crops.yaml").read_text("utf-8") == mine
