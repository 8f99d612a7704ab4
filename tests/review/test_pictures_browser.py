"""Small pictures come a few at a time, so that a key never waits for one that is being drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browsers import open_, serving, window

pytestmark = pytest.mark.run


def test_a_key_finds_a_way_to_the_server_while_pictures_are_drawn_and_then_all_of_them_come(
    browser: Any, root: Path
) -> None:
    with serving(root) as address, window(browser, address) as page:
        held: dict[str, Any] = {}
        drawn: list[bool] = []
        page.route("**/thumb", lambda r: r.continue_() if drawn else held.update({r.request.url: r}))
        open_(page, "map")
        here = "[...document.querySelectorAll('.map img[data-thumb]')].filter(i => i.getBoundingClientRect().top < innerHeight)"
        page.wait_for_function(f"() => {here}.filter(i => i.src).length === 3")
        page.wait_for_timeout(300)
        asked = page.evaluate(f"{here}.filter(i => i.src).map(i => i.src)")
        assert len(asked) == 3 < page.evaluate(f"{here}.length")
        page.keyboard.press("Space")
        page.wait_for_selector(".light[open] h2")
        page.keyboard.press("Escape")
        drawn.append(True)
        for picture in asked:
            held[picture].continue_()
        page.wait_for_function(f"() => {here}.every(i => i.naturalWidth > 0)")


def test_a_picture_that_was_there_is_there_again_without_a_gap(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "map")
        page.wait_for_function("() => [...document.querySelectorAll('.map img')].some(i => i.naturalWidth > 0)")
        again = page.evaluate(
            "async () => { const old = [...document.querySelectorAll('.map img')].find(i => i.naturalWidth > 0);"
            " const fresh = old.cloneNode(); fresh.removeAttribute('src'); old.replaceWith(fresh);"
            " await Promise.resolve(); return fresh.src === location.origin + fresh.dataset.thumb; }"
        )
        assert again
