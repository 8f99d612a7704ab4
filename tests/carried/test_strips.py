"""Strips and panoramas: found, asked about once, cut into pictures of their own, and whole again."""

from __future__ import annotations

import html
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from loraprep.carried import pieces
from loraprep.core import files, findings
from loraprep.core.records import Fate
from loraprep.core.records import Image as Record
from loraprep.dataset.selection import select
from loraprep.imaging import gutters
from loraprep.report import gate
from tests.benchmarks import strips
from tests.reviewed import Reviewed
from tests.runs import run
from tests.scenes import project


def _drawn(seed: int, size: tuple[int, int] = (300, 300)) -> Image.Image:
    """Draw something that is like no other: coarse noise, enlarged."""
    grain = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return Image.fromarray(grain).resize(size, Image.Resampling.BICUBIC)


def _page(boxes: list[gutters.Box], size: tuple[int, int], colour: str, *, first: int = 0) -> Image.Image:
    page = Image.new("RGB", size, colour)
    for n, box in enumerate(boxes):
        page.paste(_drawn(first + n, (box.right - box.left, box.bottom - box.top)), (box.left, box.top))
    return page


def _grid(rows: int, columns: int, size: tuple[int, int], gap: int) -> list[gutters.Box]:
    whole = gutters.Box(gap, gap, size[0] - gap, size[1] - gap)
    lines = strips._split(whole, [1] * rows, gap, down=True)
    return [box for line in lines for box in strips._split(line, [1] * columns, gap, down=False)]


@pytest.mark.parametrize("colour", ["#ffffff", "#000000", "#7a1f2b"])
@pytest.mark.parametrize("gap", [2, 8, 60])
def test_panels_are_found_in_reading_order_whatever_parts_them(colour: str, gap: int) -> None:
    boxes = _grid(2, 3, (1000, 800), gap)
    assert gutters.panels(np.asarray(_page(boxes, (1000, 800), colour))) == boxes


def test_rows_within_columns_are_cut_too() -> None:
    left = gutters.Box(0, 0, 500, 1000)
    boxes = [left, *strips._split(gutters.Box(520, 0, 1000, 1000), [1, 2], 20, down=True)]
    assert gutters.panels(np.asarray(_page(boxes, (1000, 1000), "white"))) == boxes


def test_a_panel_that_is_there_twice_counts_once() -> None:
    boxes = _grid(2, 2, (900, 900), 20)
    page = _page(boxes, (900, 900), "white")
    page.paste(page.crop(boxes[0]), boxes[3][:2])
    assert gutters.panels(np.asarray(page)) == boxes[:3]


@pytest.mark.parametrize("name", strips.MIMICS)
def test_what_looks_parted_is_no_strip(name: str) -> None:
    chance = random.Random(name)
    assert not any(gutters.panels(np.asarray(strips.MIMICS[name](chance))) for _ in range(4))


def test_tiles_lie_side_by_side_and_none_is_longer_than_a_photograph() -> None:
    wide = Record("wide.jpg", "image", width=4000, height=1000)
    assert pieces.tiles(wide) == [(0.0, 0.0, 0.33333, 1.0), (0.33333, 0.0, 0.66667, 1.0), (0.66667, 0.0, 1.0, 1.0)]
    assert [box[3] for box in pieces.tiles(Record("tall.jpg", "image", width=500, height=1300))] == [0.5, 1.0]
    assert not pieces.tiles(Record("film.jpg", "image", width=2390, height=1000))
    assert not pieces.tiles(Record("sword.png", "image", width=4000, height=1000, alpha=True))


def test_pieces_too_small_to_train_are_none() -> None:
    page = Record("page.png", "image", width=1000, height=1000)
    large, small = (0.0, 0.0, 0.9, 0.9), (0.0, 0.9, 0.3, 1.0)
    assert pieces.trainable(page, [large, small], 512, 2.0) == [large]


@pytest.mark.run
def test_a_strip_is_cut_into_pictures_of_their_own_and_is_whole_again(tmp_path: Path) -> None:
    root = project(tmp_path / "p", 8)
    size = (1500, 1500)
    _page(_grid(2, 2, size, 24), size, "white", first=50).save(root / "images/strip.png")
    _drawn(99, (3000, 900)).save(root / "images/wide.png")
    before = {p.name: p.read_bytes() for p in (root / "images").iterdir()}
    _, output = run(root, "gate1")
    path = root / "decisions/carried.yaml"
    judged = files.read_json(root / "build/gate1.json")
    assert judged["waiting"]["carried"] == ["panorama", "strip"], output
    assert "wide.png" in {p for f in files.read_json(root / "build/audit.json")["findings"] if f["code"] == "long-shape"
                          for p in f["images"]}  # fmt: skip
    assert not any(r["code"] == "long-shape" for r in judged["reasons"])  # the question says what can be done
    asked = path.read_text("utf-8")

    path.write_text(asked.replace("answer: null", "answer: recommended"), "utf-8")
    run(root, "gate1")
    fates = {f["path"]: f["fate"] for f in files.read_json(root / "build/selection.json")["fates"]}
    assert [fates.pop(f"strip#part-{n}.png") for n in range(1, 5)] == ["kept"] * 4
    assert [fates.pop(f"wide#part-{n}.png") for n in range(1, 4)] == ["kept"] * 3
    assert (fates["strip.png"], fates["wide.png"]) == ("left out", "left out")
    captions = files.read_json(root / "build/captions.json")["captions"]
    assert {"strip#part-1.png", "wide#part-3.png"} <= captions.keys()
    assert "strip.png" not in captions
    groups = files.read_json(root / "build/duplicates.json")["groups"]
    assert not any("#part-" in name for group in groups for name in group["pictures"])
    judged = files.read_json(root / "build/gate1.json")
    assert "carried" not in judged["waiting"]
    assert not any({"strip.png", "wide.png"} & {*r["images"]} for r in judged["reasons"])

    path.write_text(path.read_text("utf-8").replace("answer: recommended", "answer: keep"), "utf-8")
    run(root, "gate1")
    fates = {f["path"]: f["fate"] for f in files.read_json(root / "build/selection.json")["fates"]}
    assert (fates["strip.png"], fates["wide.png"]) == ("kept", "kept")
    judged = files.read_json(root / "build/gate1.json")
    assert [r["accepted"] for r in judged["reasons"] if r["code"] == "long-shape"] == [
        "you decided so in decisions/carried.yaml"
    ]
    assert not any("#part-" in name for name in fates)
    assert {p.name: p.read_bytes() for p in (root / "images").iterdir()} == before


@pytest.mark.run
def test_the_page_draws_each_piece_and_offers_to_cut(tmp_path: Path) -> None:
    root = project(tmp_path / "p", 8)
    size = (1500, 1500)
    _page(_grid(2, 2, size, 24), size, "white", first=50).save(root / "images/strip.png")
    run(root, "gate1")
    page = Reviewed(root)
    shown = html.unescape(page.get("/carried").text)
    assert shown.count('<rect class="crop"') == 4
    assert '{"answer": "cut"}' in shown
    assert '{"answer": "mask"}' not in shown
    assert page.answer("carried", "strip", {"answer": "mask"}).status_code == 400
    assert page.answer("carried", "strip", {"answer": "cut"}).status_code == 200
    assert page.snapshot().decisions["carried"].entries["strip"].answer == "cut"


@pytest.mark.run
def test_an_answer_for_marks_is_refused_at_a_strip(tmp_path: Path) -> None:
    root = project(tmp_path / "p", 8)
    size = (1500, 1500)
    _page(_grid(2, 2, size, 24), size, "white", first=50).save(root / "images/strip.png")
    run(root, "gate1")
    path = root / "decisions/carried.yaml"
    path.write_text(path.read_text("utf-8").replace("answer: null", "answer: mask"), "utf-8")
    code, output = run(root, "gate1")
    assert code
    assert "mask is no answer to this question" in output
    assert "Write cut, keep or recommended." in output


def test_pieces_of_a_strip_that_is_a_copy_leave_with_it() -> None:
    found = [
        Record("a#part-1.png", "image", of="a.png", apart=True),
        Record("a.png", "image", apart=True),
        Record("b#face.png", "image", of="b.png"),
        Record("b.png", "image"),
        Record("c#part-1.png", "image", of="c.png", apart=True),
        Record("c.png", "image", apart=True),
    ]
    copies = {name: Fate(name, "left out", "a copy of a.png", "you") for name in ("b.png", "c.png")}
    fates = {f.path: (f.fate, f.why) for f in select(found, (), [copies])}
    assert fates == {
        "a#part-1.png": ("kept", ""),
        "a.png": ("left out", "cut into the pieces in decisions/crops.yaml"),
        "b#face.png": ("kept", ""),  # somebody wanted it by itself
        "b.png": ("left out", "a copy of a.png"),
        "c#part-1.png": ("left out", "c.png leaves: a copy of a.png"),
        "c.png": ("left out", "a copy of a.png"),
    }


@pytest.mark.parametrize(
    ("bare", "said"),
    [
        (["strip#part-1.png"], "Write what each shows on the page of `loraprep review`"),
        (
            ["pier.png"],
            "Put a .txt file with the same name beside the picture in ../my pics/ and write into it what the picture "
            "shows.",
        ),
        (["pier.png", "strip#part-1.png"], "for parts of pictures (with # in the name) write it on the page"),
    ],
)
def test_where_words_for_a_piece_belong_is_told(bare: list[str], said: str) -> None:
    images = [Record("pier.png", "image"), Record("strip#part-1.png", "image", of="strip.png")]
    limits = SimpleNamespace(
        thresholds=SimpleNamespace(captions=SimpleNamespace(named=1.0)), images=SimpleNamespace(folder="../my pics")
    )
    data: Any = SimpleNamespace(images=images, captions={}, findings=[], settings=limits)
    (found,) = gate._caption_findings(bare, data)
    assert said in findings.fix(found)
