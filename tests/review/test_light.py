"""The light table: what it says of a picture, and what it writes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from PIL import Image

from loraprep.core.errors import UserError
from loraprep.project import decision_edits
from loraprep.review import edits, light, stay
from loraprep.review.snapshot import Reader, ident
from tests.gallery import paint
from tests.reviewed import Reviewed, changed
from tests.runs import run

pytestmark = pytest.mark.run


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 pictures, one of them with a mask; Gate 1 run once, nothing answered."""
    root = paint(tmp_path_factory.mktemp("light") / "mystyle", 12)
    (root / "masks").mkdir()
    mask = Image.new("L", (640, 560))
    mask.paste(255, (0, 0, 320, 560))
    mask.save(root / "masks/scene-00.png")
    assert run(root, "gate1")[0] == 1
    return root


@pytest.fixture
def page(asked: Path, tmp_path: Path) -> Reviewed:
    return Reviewed.of_copy(asked, tmp_path)


def table(page: Reviewed, path: str, among: list[str] | None = None) -> light.LightView:
    return light.light(page.snapshot(), path, among or [path])


def write(page: Reviewed, kind: str, path: str, values: dict[str, Any]) -> Any:
    seen = decision_edits.document_digest(page.root, kind)
    body = {"kind": kind, "id": ident("picture", path), "values": values, "expected": seen}
    return page.post("/answer", body)


def test_a_crop_and_a_turn_are_written_and_shown_at_once_and_what_else_stands_there_stays(page: Reviewed) -> None:
    path = page.root / "decisions/crops.yaml"
    path.write_text("# mine\n\nscene-00.jpg: {extra: [{name: eye, box: [0, 0, 100, 100]}]}  # the left one\n", "utf-8")
    assert write(page, "crops", "scene-00.jpg", {"crop": [0, 0, 0.5, 1]}).status_code == 200
    eye = "extra: [{name: eye, box: [0, 0, 100, 100]}]"
    assert path.read_text("utf-8") == f"# mine\n\nscene-00.jpg: {{{eye}, crop: [0, 0, 0.5, 1]}}  # the left one\n"
    p = table(page, "scene-00.jpg")
    assert (p.pixels, p.part, p.drawn, p.waits) == ((320, 560), (0.0, 0.0, 50.0, 100.0), True, True)
    assert write(page, "crops", "scene-00.jpg", {"turn": 90}).status_code == 200
    p = table(page, "scene-00.jpg")
    assert (p.width, p.height, p.turn, p.pixels) == (560, 640, 90, (560, 320))
    assert p.part == (0.0, 0.0, 100.0, 50.0)  # what was left is above
    assert "crop: [0, 0, 1, 0.5], turn: 90}" in path.read_text("utf-8")
    for values in ({"turn": None}, {"crop": None}):
        assert write(page, "crops", "scene-00.jpg", values).status_code == 200
    assert path.read_text("utf-8") == f"# mine\n\nscene-00.jpg: {{{eye}}}  # the left one\n"
    assert (table(page, "scene-00.jpg").drawn, table(page, "scene-00.jpg").waits) == (False, False)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_crop_turns_with_its_picture(page: Reviewed, turn: int) -> None:
    write(page, "crops", "scene-04.jpg", {"crop": [0.1, 0.2, 0.6, 0.9]})
    before = table(page, "scene-04.jpg")
    write(page, "crops", "scene-04.jpg", {"turn": turn})
    after = table(page, "scene-04.jpg")
    assert after.pixels == (before.pixels if turn == 180 else before.pixels[::-1])
    s = page.snapshot()
    image = s.images["scene-04.jpg"]
    whole = Image.open(io.BytesIO(page.get(f"/whole/{image.pixel_digest}/0").content))
    there = Image.open(io.BytesIO(page.get(f"/whole/{image.pixel_digest}/{turn}").content))
    assert there.size == (after.width, after.height)

    def part(picture: Image.Image, box: light.Box) -> Image.Image:
        x, y, w, h = (n / 100 * side for n, side in zip(box, picture.size * 2, strict=True))
        return picture.crop((round(x), round(y), round(x + w), round(y + h)))

    one = part(whole, before.part).rotate(-turn, expand=True).resize((16, 16), Image.Resampling.BOX)
    two = part(there, after.part).resize((16, 16), Image.Resampling.BOX)
    off = sum(abs(a - b) for a, b in zip(one.tobytes(), two.tobytes(), strict=True)) / len(one.tobytes())
    assert off < 3


def test_wrong_boxes_are_refused_and_comments_inside_an_entry_are_never_lost(page: Reviewed) -> None:
    path = page.root / "decisions/crops.yaml"
    text = "scene-00.jpg:\n  # the boat\n  crop: [0, 0, 300, 300]\n"
    path.write_text(text, "utf-8")
    refused = write(page, "crops", "scene-00.jpg", {"turn": 90})
    assert refused.status_code == 400
    assert "comments stand inside this entry" in refused.json()["message"]
    assert path.read_text("utf-8") == text
    for values in ({"crop": [0, 0, 1]}, {"crop": [0, 0, -1, 1]}, {"turn": 45}, {"crop": "all"}, {"box": [0, 0, 1, 1]}):
        assert write(page, "crops", "scene-05.jpg", values).status_code == 400
    assert path.read_text("utf-8") == text


def test_undo_takes_the_first_crop_back_with_its_file(page: Reviewed) -> None:
    assert not (page.root / "decisions/crops.yaml").exists()
    write(page, "crops", "scene-05.jpg", {"turn": 180})
    assert "\nscene-05.jpg: {turn: 180}\n" in page.file("crops")
    assert page.post("/undo", {"tab": ""}).status_code == 200
    assert not (page.root / "decisions/crops.yaml").exists()


def test_a_picture_leaves_comes_back_and_is_pinned_and_gate_1_obeys(page: Reviewed) -> None:
    before = page.file("curation")
    assert table(page, "scene-09.jpg").standing.stays
    assert write(page, "curation", "scene-09.jpg", {"stays": False}).status_code == 200
    now = table(page, "scene-09.jpg").standing
    assert (now.stays, now.why, now.by) == (False, "you left it out", ("curation", "scene-09.jpg"))
    (line,) = [x for x in changed(before, page.file("curation")) if x.strip("+ ")]
    assert line.startswith(
        "+ scene-09.jpg: {what: you left it out, pictures: {scene-09.jpg: null}, answer: [scene-09.jpg]"
    )
    assert write(page, "curation", "scene-09.jpg", {"stays": True}).status_code == 200
    assert page.file("curation").rstrip() == before.rstrip()
    write(page, "curation", "scene-10.jpg", {"stays": False})
    write(page, "curation", "scene-11.jpg", {"pin": True})
    assert table(page, "scene-11.jpg").standing.pinned
    run(page.root, "gate1")
    fates = page.snapshot().fates
    assert (fates["scene-10.jpg"].fate, fates["scene-10.jpg"].why, fates["scene-10.jpg"].by) == (
        "left out", "you left it out", "you")  # fmt: skip
    assert fates["scene-11.jpg"].fate == "kept"
    write(page, "curation", "scene-11.jpg", {"pin": False})
    assert not table(page, "scene-11.jpg").standing.pinned


def test_a_copy_is_brought_back_in_its_groups_own_answer(page: Reviewed) -> None:
    p = table(page, "scene-05-web.jpg")
    assert (p.standing.stays, p.leave) == (False, "duplicates")
    assert write(page, "duplicates", "scene-05-web.jpg", {"stays": True}).status_code == 200
    assert table(page, "scene-05-web.jpg").standing.stays
    key = next(k for k, e in page.snapshot().decisions["duplicates"].entries.items() if "scene-05-web.jpg" in e.digests)
    assert page.snapshot().decisions["duplicates"].entries[key].answer == "all"


def test_what_is_removed_for_its_size_comes_back_as_kept(page: Reviewed) -> None:
    page.answer("quality", "small-0.jpg", {"do": "remove"})
    p = table(page, "small-0.jpg")
    assert (p.standing.stays, p.leave) == (False, "quality")
    assert write(page, "quality", "small-0.jpg", {"stays": True}).status_code == 200
    assert page.snapshot().decisions["quality"].entries["small-0.jpg"].answer == "keep"


def test_another_decision_than_the_page_showed_is_never_written(page: Reviewed) -> None:
    before = {kind: page.file(kind) for kind in ("duplicates", "curation", "quality")}
    assert write(page, "curation", "scene-05-web.jpg", {"stays": True}).status_code == 400  # its group decides
    assert write(page, "curation", "scene-00.jpg", {"stays": True}).status_code == 400  # it stays
    assert write(page, "curation", "scene-00.jpg", {"pin": False}).status_code == 400
    assert {kind: page.file(kind) for kind in before} == before
    with pytest.raises(UserError):
        edits.planned_answer(page.snapshot(), "crops", ident("picture", "nowhere.jpg"), {"turn": 90})


def test_what_leaves_by_the_settings_says_so(page: Reviewed) -> None:
    s = page.snapshot()
    away = replace(s.fates["scene-00.jpg"], fate="left out", why="named in curation.exclude", by="you")
    s.fates["scene-00.jpg"] = away
    assert stay.standing(s, "scene-00.jpg") == stay.Standing(False, "named in curation.exclude", None, pinned=False)
    with pytest.raises(UserError, match="cannot be brought back here"):
        stay.plan(s, "scene-00.jpg", stays=True)


def test_each_trainer_and_size_draws_its_bucket(page: Reviewed) -> None:
    text = (page.root / "project.yaml").read_text("utf-8")
    (page.root / "project.yaml").write_text(
        text + "dataset: {trainers: [kohya, onetrainer], sizes: [512, 768]}\n", "utf-8"
    )
    p = table(page, "scene-00.jpg")
    assert [(z.trainer, z.size) for z in p.shapes] == [
        ("kohya", 512), ("kohya", 768), ("onetrainer", 512), ("onetrainer", 768)]  # fmt: skip
    for z in p.shapes:
        left, top, wide, high = z.box
        assert (left >= 0, top >= 0, left + wide <= 100.01, top + high <= 100.01) == (True,) * 4
        assert wide * p.width / (high * p.height) == pytest.approx(z.bucket[0] / z.bucket[1], rel=0.01)
    shape = min(p.ratios, key=lambda r: abs(r - 1.5))
    side = 0.9 * p.height
    box = [0, 0, round(min(1.0, side * shape / p.width), 4), 0.9]
    write(
        page, "crops", "scene-00.jpg", {"crop": box if box[2] < 1 else [0, 0, 1, round(p.width / shape / p.height, 4)]}
    )
    assert float(table(page, "scene-00.jpg").shapes[1].cut) < 1  # a box of a bucket's shape: nothing is cut off


def test_lists_go_round_and_findings_and_questions_lead_to_their_pictures(page: Reviewed) -> None:
    s = page.snapshot()
    kept = page.get(f"/light/{ident('picture', 'scene-00.jpg')}?in=kept").text
    staying = sorted(p for p, f in s.fates.items() if f.fate == "kept")
    assert f"{staying.index('scene-00.jpg') + 1} of {len(staying)}" in kept
    assert f'data-after="{ident("picture", staying[staying.index("scene-00.jpg") + 1])}"' in kept
    assert "1 of 1" in page.get(f"/light/{ident('picture', 'scene-00.jpg')}?in=nowhere/of/all").text
    assert [q.title for q in table(page, "small-0.jpg").asked] == ["Quality"]
    for reason in s.gate.reasons if s.gate else []:
        for path in [p for p in reason.images if p in s.images][:1]:
            if reason.severity in ("warn", "note") and reason.code != "open-question":
                assert reason.sentence in [f.sentence for f in table(page, path).findings]
    assert page.get("/light/0123456789").status_code == 404


def test_the_mask_is_shown_over_its_picture(page: Reviewed) -> None:
    assert table(page, "scene-00.jpg").mask
    assert not table(page, "scene-04.jpg").mask
    digest = page.snapshot().images["scene-00.jpg"].pixel_digest
    shown, plain = (Image.open(io.BytesIO(page.get(f"/{what}/{digest}/0").content)) for what in ("masked", "whole"))
    learned, left = (0, 0, 300, 560), (340, 0, 640, 560)

    def off(box: tuple[int, int, int, int]) -> float:
        one, two = (picture.crop(box).resize((8, 8), Image.Resampling.BOX).tobytes() for picture in (shown, plain))
        return sum(abs(a - b) for a, b in zip(one, two, strict=True)) / len(one)

    assert off(learned) < 3
    assert off(left) > 30
    assert page.get(f"/masked/{page.snapshot().images['scene-04.jpg'].pixel_digest}/0").status_code == 404
    assert page.get(f"/full/{digest}/45").status_code == 404
    assert Image.open(io.BytesIO(page.get(f"/full/{digest}/90").content)).size == (560, 640)


def test_a_detail_and_its_picture_are_two_pictures(page: Reviewed) -> None:
    (page.root / "decisions/crops.yaml").write_text(
        "scene-00.jpg: {extra: [{name: eye, box: [0, 0, 320, 280]}]}\n", "utf-8"
    )
    run(page.root, "gate1")
    s = Reader(page.root).read()
    assert s.by_shown[table(page, "scene-00.jpg").shown].path == "scene-00.jpg"
    p = table(page, "scene-00#eye.jpg")
    assert s.by_shown[p.shown].path == "scene-00#eye.jpg"
    assert (p.of, p.parts, p.width, p.height) == ("scene-00.jpg", False, 320, 280)
    assert write(page, "crops", "scene-00#eye.jpg", {"turn": 90}).status_code == 400
