"""Pictures that are held out: the word stands on each, wherever it is seen, with what it means beside it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from loraprep.report.glossary import glossary
from loraprep.review import likeness
from tests.browsers import open_, serving, window
from tests.reviewed import Reviewed
from tests.runs import run

pytestmark = pytest.mark.run
HELD = ("scene-05.jpg", "scene-09.jpg")
MEANS = "Never trained; your trainer measures on it whether the model still learns or only remembers."


@pytest.fixture(scope="module")
def holding(asked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the other tests, with two pictures and a copy of one held out."""
    root = shutil.copytree(asked, tmp_path_factory.mktemp("held") / "mystyle")
    with (root / "project.yaml").open("a", encoding="utf-8") as file:
        file.write(f"dataset: {{validation: [{', '.join(HELD)}]}}\n")
    code, output = run(root, "gate1")
    assert code == 1, output
    return root


def test_what_stays_and_what_is_held_out_are_told_apart(holding: Path) -> None:
    page = Reviewed(holding)
    s = page.snapshot()
    held = {path for path, fate in s.fates.items() if fate.fate == "held out"}
    assert {*HELD} <= held
    assert glossary()["held out"].means == MEANS
    overview = page.get("/").text
    kept = sum(fate.fate == "kept" for fate in s.fates.values())
    assert f"{kept} pictures would train, {len(held)} are held out</h2>" in overview
    assert MEANS in overview
    assert overview.count('class="held"') == len(held)
    on_map = {spot.picture.name for row in likeness.laid_out(s).rows for spot in row if spot and spot.picture.held}
    assert on_map == held
    assert all(spot.stays for row in likeness.laid_out(s).rows for spot in row if spot and spot.picture.held)
    assert MEANS in page.get("/map").text
    shown = page.get("/texts?only=held").text
    assert shown.count('role="option"') == len(held)
    assert MEANS in shown
    report = (holding / "report.html").read_text("utf-8")
    assert "<option>held out</option>" in report
    assert f"held out</dt><dd>{len(held)}</dd>" in report.replace("</button>", "").replace("</span>", "")


def test_without_any_nothing_is_said_of_it(asked: Path) -> None:
    page = Reviewed(asked)
    for view in ("/", "/map", "/texts"):
        assert "held out" not in page.get(view).text.casefold(), view
    assert "<option>held out</option>" not in (asked / "report.html").read_text("utf-8")


def test_the_word_is_seen_on_the_tile_and_beside_the_large_picture(browser: Any, holding: Path) -> None:
    with serving(holding) as address, window(browser, address) as page:
        tile = page.locator(f"[aria-label='Look at {HELD[0]}, held out']").first
        assert tile.locator(".held").inner_text() == "held out"
        tile.scroll_into_view_if_needed()
        box, word = tile.bounding_box(), tile.locator(".held").bounding_box()
        assert box["x"] <= word["x"]
        assert word["x"] + word["width"] <= box["x"] + box["width"]
        tile.click()
        page.wait_for_selector(".light[open] .standing")
        assert page.locator(".standing .mark").inner_text() == "held out"
        assert page.locator(".standing .hint").first.inner_text() == f"{MEANS} Named in dataset.validation."
        page.keyboard.press("Escape")
        page.get_by_role("link", name="Show them").click()
        page.wait_for_selector("main[data-view=texts] [data-only=held][aria-pressed=true]")
        assert page.locator(".row .mark").all_inner_texts() == ["held out"] * page.locator(".row").count()
        open_(page, "texts")
        page.keyboard.press("5")  # the key that its button names
        page.wait_for_selector("[data-only=held][aria-pressed=true]")
