"""Pairs on the page: before and after beside each other, one in the place of the other, and what differs."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from loraprep.project import crops
from loraprep.review import light
from tests import couples
from tests.browsers import open_, serving, window
from tests.reviewed import Reviewed
from tests.runs import run
from tests.scenes import scene

pytestmark = pytest.mark.run


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten pairs from each of which a thing is taken, with drafts to approve; Gate 1 run once."""
    here = tmp_path_factory.mktemp("pairs")
    couples.write(here / "pics", "remove", [scene(600 + n, 480, 400) for n in range(10)])
    init = ["init", "mystyle", "--kind", "edit", "--model", "flux-kontext", "--images", "pics", "--no-input"]
    assert run(here, *init, "--captioner", "draft")[0] == 0
    assert run(here / "mystyle", "gate1")[0] == 1
    return here / "mystyle"


@pytest.fixture
def page(asked: Path, tmp_path: Path) -> Reviewed:
    return Reviewed.of_copy(asked, tmp_path)


def shown(page: Reviewed, path: str) -> str:
    s = page.snapshot()
    return crops.shown(s.images.get(path) or s.before[path])


def test_the_light_table_has_the_picture_before(page: Reviewed) -> None:
    p = light.light(page.snapshot(), "target/p03.jpg", ["target/p03.jpg"])
    assert p.befores == [("control/p03.jpg", shown(page, "control/p03.jpg"))]
    assert "control/p03.jpg" not in page.snapshot().images  # no picture to train on
    before, after = (
        np.asarray(Image.open(io.BytesIO(page.get(f"/whole/{shown(page, path)}/0").content)), int)
        for path in ("control/p03.jpg", "target/p03.jpg")
    )
    first = page.get(f"/difference/{shown(page, 'target/p03.jpg')}/{shown(page, 'control/p03.jpg')}")
    assert first.status_code == 200
    apart = np.abs(before - after).max(axis=2) > 60
    marked = np.asarray(Image.open(io.BytesIO(first.content)).convert("RGB"), int)
    assert marked.shape == after.shape
    near = np.abs(marked - after).max(axis=2) < 40  # in full where it differs, pale elsewhere
    assert near[apart].mean() > 0.6 > 0.4 > near[~apart].mean()


def test_a_pair_whose_two_pictures_are_cut_alike_differs_where_it_did(page: Reviewed) -> None:
    (page.root / "decisions/crops.yaml").write_text("target/p03.jpg: {crop: [0, 0, 300, 300]}\n", "utf-8")
    assert run(page.root, "scan")[0] == 0
    again = Reviewed(page.root)
    answer = again.get(f"/difference/{shown(again, 'target/p03.jpg')}/{shown(again, 'control/p03.jpg')}")
    assert answer.status_code == 200
    assert Image.open(io.BytesIO(answer.content)).size == (300, 300)


def test_a_sample_asks_about_the_change_with_both_in_view(page: Reviewed) -> None:
    html = page.get("/captions").text
    assert "Would you ask for the change like this?" in html
    assert "Would you describe it like this?" not in html
    assert html.count("<figcaption>before</figcaption>") == html.count("<figcaption>after</figcaption>") == 5


def test_without_a_trigger_none_is_written_before_an_instruction(page: Reviewed) -> None:
    words = light.light(page.snapshot(), "target/p03.jpg", ["target/p03.jpg"]).words
    assert words
    assert words.text == couples.ASKED["remove"][3]  # and the draft says nothing of colours
    assert "[trigger]" not in page.get("/texts").text


def test_by_keyboard_before_and_after_change_places(browser: Any, asked: Path) -> None:
    with serving(asked) as address, window(browser, address) as page:
        open_(page, "captions")
        page.keyboard.press("Space")
        page.wait_for_selector(".light[open] .laid-out")
        image = page.locator(".light image")
        after = image.get_attribute("href")
        page.keyboard.press("f")
        before = image.get_attribute("href")
        assert before != after
        assert page.locator("[data-do=look-at][data-key=f]").get_attribute("aria-pressed") == "true"
        page.keyboard.press("d")
        assert image.get_attribute("href").startswith("/difference/")
        assert page.locator("[data-do=look-at][data-key=f]").get_attribute("aria-pressed") == "false"
        page.keyboard.press("d")
        assert image.get_attribute("href") == after
        page.keyboard.press("v")
        page.wait_for_function("() => document.querySelector('.befores img').naturalWidth > 0")
        left, right = (page.locator(at).bounding_box() for at in (".befores img", ".light svg"))
        assert left["x"] + left["width"] <= right["x"] + 1
        page.keyboard.press("v")
        assert page.locator(".befores").is_hidden()
