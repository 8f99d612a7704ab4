"""From a signature in a picture to its mask in the training folder, and back."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from loraprep.carried import reading
from loraprep.core import files
from tests.runs import answer, run
from tests.scenes import project

pytestmark = pytest.mark.run


def _pictures(root: Path) -> list[Path]:
    return sorted((root / "images").glob("*.jpg"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A style project of twelve pictures, of which two are signed with an address and one has bars."""
    made = project(tmp_path / "p", 12)
    for place in _pictures(made)[:2]:
        picture = Image.open(place).convert("RGB")
        at = 0.03 * picture.width, 0.9 * picture.height
        ImageDraw.Draw(picture).text(at, "www.inkhouse.net", "white", ImageFont.load_default(34), stroke_width=2, stroke_fill="black")  # fmt: skip
        picture.save(place, quality=95)
    barred = Image.open(_pictures(made)[2]).convert("RGB")
    wide = Image.new("RGB", barred.size, "black")
    wide.paste(barred.resize((barred.width, round(0.75 * barred.height))), (0, round(0.125 * barred.height)))
    wide.save(_pictures(made)[2], quality=95)
    return made


@pytest.fixture(autouse=True)
def _reads(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rapidocr")
    monkeypatch.delenv(reading.UNREAD, raising=False)


def decisions(root: Path) -> str:
    return (root / "decisions/carried.yaml").read_text("utf-8")


def test_an_answer_becomes_a_mask_and_a_crop_that_every_export_is_told_of(root: Path) -> None:
    signed, barred = [p.name for p in _pictures(root)[:2]], _pictures(root)[2].name
    _, output = run(root, "gate1")
    gate = files.read_json(root / "build/gate1.json")
    assert gate["waiting"]["carried"] == ["bars", "site"], output
    (found,) = [r for r in gate["reasons"] if r["code"] == "carries-site"]
    assert found["images"] == signed
    assert "www.inkhouse.net" in found["sentence"]
    assert "recommended: mask" in decisions(root)

    path = root / "decisions/carried.yaml"
    path.write_text(decisions(root).replace("answer: null", "answer: recommended"), "utf-8")
    _, output = run(root, "gate1")
    masks = sorted(p.name for p in (root / "masks").iterdir())
    assert masks == [Path(name).with_suffix(".png").name for name in signed], output
    said = f"masks/{masks[0]}, drawn by your answer in decisions/carried.yaml"
    assert said in (root / "dataset-report.md").read_text("utf-8")
    assert said in (root / "report.html").read_text("utf-8")
    assert f"{barred}: {{crop: [0.0, 0.1" in (root / "decisions/crops.yaml").read_text("utf-8")
    gate = files.read_json(root / "build/gate1.json")
    assert "carried" not in gate["waiting"]
    assert not {"carries-site", "carries-undrawn", "plain-frame"} & {r["code"] for r in gate["reasons"]}

    before = decisions(root)
    _, output = run(root, "gate1")
    assert "carried" not in output  # nothing is left to do
    assert decisions(root) == before

    path.write_text(before.replace("answer: recommended", "answer: keep"), "utf-8")
    run(root, "gate1")
    assert not list((root / "masks").iterdir())
    assert barred not in (root / "decisions/crops.yaml").read_text("utf-8")
    gate = files.read_json(root / "build/gate1.json")
    assert {r["accepted"] for r in gate["reasons"] if r["code"] in ("carries-site", "plain-frame")} == {
        "you decided so in decisions/carried.yaml"
    }


def test_a_part_that_trains_instead_of_its_whole_is_read_and_masked_on_that(root: Path) -> None:
    signed = _pictures(root)[0]
    part = f"{signed.stem}#low{signed.suffix}"
    drawn = f"{signed.name}: {{whole: false, extra: [{{name: low, box: [0.0, 0.4, 1.0, 1.0]}}]}}\n"
    (root / "decisions").mkdir()
    (root / "decisions/crops.yaml").write_text(drawn, "utf-8")
    _, output = run(root, "gate1")
    (found,) = [r for r in files.read_json(root / "build/gate1.json")["reasons"] if r["code"] == "carries-site"]
    assert found["images"] == [part, _pictures(root)[1].name], output
    asked = files.read_json(root / "build/carried.json")
    ((left, top, _, bottom),) = next(q for q in asked["questions"] if q["key"] == "site")["entry"]["marks"][part]
    assert left < 0.2
    assert 0.8 < top < bottom  # of the whole picture

    path = root / "decisions/carried.yaml"
    path.write_text(decisions(root).replace("answer: null", "answer: recommended"), "utf-8")
    _, output = run(root, "gate1")
    mask = Image.open(root / f"masks/{signed.stem}.png")
    assert mask.getpixel((round(0.2 * mask.width), round((top + bottom) / 2 * mask.height))) == 0, output
    assert mask.getpixel((round(0.5 * mask.width), round(0.3 * mask.height))) == 255
    reasons = files.read_json(root / "build/gate1.json")["reasons"]
    assert not {"carries-site", "carries-undrawn"} & {r["code"] for r in reasons}


def test_accepting_the_rest_masks_in_the_training_folder(root: Path) -> None:
    signed = [p.name for p in _pictures(root)[:2]]
    first = Image.open(_pictures(root)[0]).convert(
        "RGB"
    )  # it has a sign too, which is asked about as long as it is seen
    board = (0.3 * first.width, 0.38 * first.height, 0.7 * first.width, 0.55 * first.height)
    ImageDraw.Draw(first).rectangle(board, fill="#f4ecd8")
    ImageDraw.Draw(first).text((board[0] + 12, board[1] + 8), "BAKERY", "#402010", ImageFont.load_default(44))
    first.save(_pictures(root)[0], quality=95)
    run(root, "gate1")
    assert "art:" in decisions(root)
    answer(root / "decisions/carried.yaml")
    run(root, "gate1")
    for _ in range(3):  # whatever was drawn and is seen no more stays, run after run
        _, output = run(root, "gate1")
        assert len(list((root / "masks").iterdir())) == 2, output
        assert "next run" not in output
        assert "art:" in decisions(root)

    for kind in ("quality", "duplicates", "captions", "curation"):
        answer(root / f"decisions/{kind}.yaml")
    code, output = run(root, "dataset")
    assert code == 0, output
    drawn = {p.name: Image.open(io.BytesIO(p.read_bytes())) for p in sorted((root / "dataset/masks").rglob("*.png"))}
    mask = drawn[Path(signed[0]).with_suffix(".png").name]
    assert mask.getpixel((round(0.2 * mask.width), round(0.93 * mask.height))) == 0
    assert mask.getpixel((round(0.5 * mask.width), round(0.3 * mask.height))) == 255
    assert mask.size == Image.open(next((root / "dataset").rglob(Path(signed[0]).with_suffix(".png").name))).size


def test_without_the_extra_one_line_says_what_it_would_see(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, reading.UNREAD, "1")
    run(root, "gate1")
    gate = files.read_json(root / "build/gate1.json")
    (note,) = [r for r in gate["reasons"] if r["code"] == "not-read"]
    assert note["severity"] == "note"
    assert "pip install 'loraprep[text]'" in note["fix"]
    assert gate["waiting"].get("carried") == ["bars"]  # those need no reading


def test_a_finding_quotes_only_the_pictures_that_train(root: Path) -> None:
    signed = [p.name for p in _pictures(root)[:2]]
    away = Image.open(root / "images" / signed[1]).convert("RGB")
    at = 0.5 * away.width, 0.04 * away.height
    ImageDraw.Draw(away).text(at, "@someone.else", "white", ImageFont.load_default(34), stroke_width=2, stroke_fill="black")  # fmt: skip
    away.save(root / "images" / signed[1], quality=95)
    settings = root / "project.yaml"
    settings.write_text(settings.read_text("utf-8") + f"curation: {{exclude: [{signed[1]}]}}\n", "utf-8")
    run(root, "gate1")
    (found,) = [r for r in files.read_json(root / "build/gate1.json")["reasons"] if r["code"] == "carries-site"]
    assert found["images"] == signed[:1]
    assert "www.inkhouse.net" in found["sentence"]
    assert "someone" not in found["sentence"]
