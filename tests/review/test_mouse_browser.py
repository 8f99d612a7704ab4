"""Every view by mouse alone: nothing is pressed on the keyboard, and what is answered is written and taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browsers import serving, window

pytestmark = pytest.mark.run
DECKS = {"duplicates": "Duplicates", "quality": "Quality", "captions": "Captions"}


def test_from_view_to_view_answered_undone_and_done_again(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:

        def said(text: str) -> None:
            page.wait_for_function(
                "t => document.querySelector('.toast').textContent.includes(t) && !document.body.ariaBusy", arg=text
            )

        for kind in DECKS:
            page.locator(f"nav a[href='/{kind}']").click()
            page.wait_for_selector(f"body[data-ready] main[data-view={kind}]")
            file = root / f"decisions/{kind}.yaml"
            before = file.read_text("utf-8")
            card = page.locator(".card:not([hidden])")
            first = card.get_attribute("data-id")
            card.locator(".actions .primary:visible").click()
            said(f"decisions/{kind}.yaml")
            answered = file.read_text("utf-8")
            assert answered != before, kind
            page.wait_for_function("id => document.querySelector('.card:not([hidden])').dataset.id !== id", arg=first)
            page.locator(".foot [data-do=undo]").click()
            page.wait_for_function("id => document.querySelector('.card:not([hidden])').dataset.id === id", arg=first)
            page.wait_for_function("() => !document.body.ariaBusy")
            assert file.read_text("utf-8") == before, kind
            page.locator(".foot [data-do=redo]").click()
            page.wait_for_function("() => !document.body.ariaBusy")
            page.wait_for_timeout(300)
            assert file.read_text("utf-8") == answered, kind
        for view in ("carried", "curation", "map", "findings", "texts"):
            page.locator(f"nav a[href='/{view}']").click()
            page.wait_for_selector(f"body[data-ready] main[data-view={view}]")
        page.locator("nav a[href='/findings']").click()
        page.wait_for_selector("body[data-ready] main[data-view=findings]")
        page.locator(".foot [data-do=keys]").click()
        page.locator("dialog.keys button").click()
        page.locator("a.name").click()
        page.wait_for_selector("body[data-ready] main[data-view=overview]")


def test_what_comes_while_a_button_is_held_down_takes_no_click_away(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        page.locator(".sheet [data-lay]").nth(1).hover()
        page.mouse.down()
        with page.expect_response(lambda r: r.url.split("?")[0] == address.split("?")[0]):
            (root / "decisions/crops.yaml").write_text("p00.jpg: {turn: 90}\n", "utf-8")
        page.wait_for_timeout(200)
        page.mouse.up()
        page.wait_for_selector(".light[open] h2")


def test_a_list_that_is_scrolled_while_a_button_is_held_down_takes_no_click_away(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address, viewport={"width": 390, "height": 600}) as page:
        there = page.locator(".sheet >> nth=0").locator("figure")
        shown = there.count()
        assert shown < int(page.locator(".sheet").first.get_attribute("data-total"))  # the rest is not laid out yet
        tile = there.nth(1).locator("[data-lay]")
        tile.scroll_into_view_if_needed()
        box = tile.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 4)
        page.mouse.down()
        page.evaluate("by => scrollBy(0, by)", box["height"] - 8)
        page.wait_for_function("shown => document.querySelectorAll('.sheet figure').length > shown", arg=shown)
        page.mouse.up()
        page.wait_for_selector(".light[open] h2")
