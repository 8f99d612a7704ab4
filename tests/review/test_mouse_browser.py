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
                "t => document.querySelector('.toast').innerText.includes(t) && !document.body.ariaBusy", arg=text
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
