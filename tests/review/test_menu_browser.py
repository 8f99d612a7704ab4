"""The menu: every word can be read, none moves from view to view, and what acts at once looks like it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browsers import open_, serving, window

pytestmark = pytest.mark.run

PLACES = """() => [...document.querySelectorAll('.top nav a, .top nav button')].map(e => {
  const r = e.getBoundingClientRect(); return [e.firstChild.textContent.trim(), Math.round(r.left), Math.round(r.right)]; })"""


@pytest.mark.parametrize("width", [1024, 1280, 1440, 1800])
def test_every_word_of_the_menu_is_read_and_none_shifts(browser: Any, root: Path, width: int) -> None:
    with serving(root) as address, window(browser, address, viewport={"width": width, "height": 768}) as page:
        seen = []
        for view in ("duplicates", "texts", "findings"):
            open_(page, view)
            page.wait_for_function("() => document.fonts.status === 'loaded'")
            seen.append(page.evaluate(PLACES))
        words = [word for word, *_ in seen[0]]
        assert words[-2:] == ["Build the folder", "Export"]
        left, right = page.evaluate(
            "() => { const r = document.querySelector('.top nav').getBoundingClientRect(); return [r.left, r.right]; }"
        )
        for _, start, end in seen[0]:
            assert left - 1 <= start < end <= right + 1 <= width + 1
        assert seen[0] == seen[1] == seen[2]


def test_what_acts_at_once_looks_like_a_button(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        edges = "q => [...document.querySelectorAll(q)].map(e => getComputedStyle(e).borderTopStyle)"
        assert set(page.evaluate(edges, ".top nav button")) == {"solid"}
        assert set(page.evaluate(edges, ".top nav a")) == {"none"}
