"""A folder whose name says masks and whose pictures do not look it: asked once, with all of them to look at."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from loraprep.review import views
from loraprep.review.cards import QualityCard
from tests.browsers import open_, serving, window
from tests.pictures import jpeg, scene
from tests.reviewed import Reviewed
from tests.runs import run

pytestmark = pytest.mark.run
NAMES = [f"masks/carnival-{n}.jpg" for n in range(60)]


@pytest.fixture(scope="module")
def masked(asked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the other tests, with a folder of masks that are painted ones."""
    root = shutil.copytree(asked, tmp_path_factory.mktemp("masks") / "mystyle")
    (root / "images/masks").mkdir()
    for n, name in enumerate(NAMES):
        (root / "images" / name).write_bytes(jpeg(scene(560, 600, 300 + n)))
    code, output = run(root, "gate1")
    assert code == 1, output
    return root


def question(page: Reviewed) -> QualityCard:
    s = page.snapshot()
    cards = [views.quality_card(s, entry) for entry in views.asked(s, "quality")]
    (found,) = (card for card in cards if card.pictures.total > 1)
    return found


def test_all_pictures_that_are_asked_about_are_listed(masked: Path) -> None:
    page = Reviewed(masked)
    card = question(page)
    assert "60 pictures in masks are named like masks" in card.what
    assert card.pictures.total == len(NAMES)
    first = [p.name for p in card.pictures.items]  # type: ignore[attr-defined]
    assert first == sorted(NAMES)[: views.IN_CARD]
    rest = page.get(f"/part/{card.pictures.part}?from={views.AT_ONCE}")
    assert rest.text.count("<figure") == len(NAMES) - views.AT_ONCE
    assert page.get("/part/quality/nothing").status_code == 404


def test_they_are_seen_opened_and_answered_by_one_key(browser: Any, masked: Path, tmp_path: Path) -> None:
    root = shutil.copytree(masked, tmp_path / "mystyle")
    card = question(Reviewed(root))
    with serving(root) as address, window(browser, address) as page:
        open_(page, f"quality?at={card.id}")
        shown = page.locator(".card:not([hidden])")
        assert shown.locator("h2").inner_text() == "masks/carnival-0.jpg and 59 more"
        assert shown.locator("figure img:visible").count() > 10
        assert not shown.locator("button", has_text="Upscale").count()
        shown.locator("[data-lay]").nth(2).click()
        page.wait_for_selector(".light[open] h2")
        assert page.locator(".light .place").first.inner_text() == "3 of 60"
        page.keyboard.press("Escape")
        page.wait_for_selector(".light:not([open])", state="attached")
        page.keyboard.press("k")
        page.wait_for_function(
            "() => !document.body.ariaBusy && document.querySelector('.toast').textContent.includes('keep')"
        )
    assert "do: keep" in (root / "decisions/quality.yaml").read_text("utf-8")
