"""The table of keys that `?` shows is made of the buttons there are: in every view it tells each key that one shows.

Of several cards in a view, the keys are for the one that is marked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loraprep.review.app import VIEWS
from tests.browsers import open_, serving, window

pytestmark = pytest.mark.run
ON_BUTTONS = """() => [...document.querySelectorAll('[data-key] kbd')]
  .filter(k => k.checkVisibility() && !k.closest('dialog, :disabled, [data-item]:not(.here)'))
  .map(k => k.textContent.trim())"""


def test_every_key_that_a_button_shows_is_told_once(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        for view in VIEWS:
            open_(page, view.replace("overview", ""))
            shown = {*page.evaluate(ON_BUTTONS)}
            assert {"Z", "G", "?"} <= shown
            page.keyboard.press("?")
            page.wait_for_selector("dialog.keys[open]")
            told = page.locator("dialog.keys dt").all_inner_texts()
            assert shown <= {*told}, (view, shown - {*told})
            said = page.locator("dialog.keys dd").all_inner_texts()
            assert len(said) == len(told)
            assert all(said), view
            page.keyboard.press("Escape")
            page.wait_for_selector("dialog.keys:not([open])", state="attached")
