"""What the page shows of its keys and answers is what they do: also while somebody writes, and once it is answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browsers import answered, open_, serving, window

pytestmark = pytest.mark.run

FILLED = """() => [...document.querySelectorAll('.card:not([hidden]) > .actions button')]
  .filter(b => getComputedStyle(b).backgroundColor === getComputedStyle(document.querySelector('.count')).backgroundColor)
  .map(b => b.innerText.split('\\n')[0].trim())"""  # the buttons in the colour that everything to press next has
LETTERS = """() => [...document.querySelectorAll('button kbd, label kbd')].filter(k => k.checkVisibility({ visibilityProperty: true }))
  .map(k => k.innerText)"""  # keys that are shown


def test_what_was_chosen_is_filled_and_not_what_was_recommended(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "duplicates")
        assert page.evaluate(FILLED) == ["As recommended"]
        page.keyboard.press("a")
        answered(page, 1)
        assert page.evaluate(FILLED) == ["As recommended"]  # of the next question
        page.keyboard.press("ArrowLeft")
        assert page.evaluate(FILLED) == ["Keep all"]


def test_flip_says_what_is_seen_and_the_way_back(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "duplicates")
        names = page.locator(".card:visible figcaption strong").all_inner_texts()
        page.keyboard.press("f")
        legend, card = page.locator(".card:visible .legend"), page.locator(".card:visible")
        assert legend.inner_text() == f"You see {names[0]}. Flip again, or F: {names[1]}. Esc: side by side."
        page.keyboard.press("f")
        assert legend.inner_text().startswith(f"You see {names[1]}.")
        page.keyboard.press("Escape")
        assert card.get_attribute("data-look") == "beside"
        assert not legend.is_visible()
        assert page.locator("[data-look=beside][aria-pressed=true]:visible").count() == 1
        assert card.get_attribute("data-state") == "open"


def test_while_somebody_writes_no_letter_is_shown_as_a_key(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "captions")
        assert {"E", "A", "S", "Z", "?"} <= {*page.evaluate(LETTERS)}
        page.keyboard.press("e")
        page.keyboard.type(", a mill")
        page.keyboard.press("Enter")
        answered(page, 1)
        assert page.evaluate("() => document.activeElement.matches('.card:not([hidden]) textarea')")
        assert {*page.evaluate(LETTERS)} == {"↵"}
        assert not page.locator(".foot .moves").is_visible()
        page.keyboard.press("Escape")
        assert {"E", "A", "S", "Z", "?"} <= {*page.evaluate(LETTERS)}


def test_enter_opens_what_is_marked_alone_and_arrows_are_named_where_they_move(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "map")
        page.keyboard.press("ArrowRight")
        name = page.locator("td.here img").get_attribute("alt")
        page.keyboard.press("?")
        assert page.locator(".keys dt", has_text="↵").count() == 1
        page.keyboard.press("Escape")
        page.keyboard.press("Enter")
        page.wait_for_selector(".light[open]")
        assert page.locator("#light-title").inner_text() == name
        page.keyboard.press("Escape")
        page.wait_for_selector(".light:not([open])", state="attached")
        assert page.locator(".moves").is_visible()
        open_(page, "")
        assert not page.locator(".moves").is_visible()
        page.keyboard.press("?")
        assert page.locator(".keys dt", has_text="←").count() == 0


def test_sentences_about_keys_are_read_out_and_not_shown_to_who_has_none(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "captions")
        told = page.locator(".card:visible .by-key")
        assert told.is_visible()
        read = told.evaluate(
            "e => { for (const h of e.querySelectorAll('[aria-hidden]')) h.remove(); return e.textContent; }"
        )
        assert read == "While you write, Enter saves your words and goes on, Escape puts back what was there."
    touch: dict[str, Any] = {"has_touch": True, "is_mobile": True, "viewport": {"width": 390, "height": 844}}
    with serving(root) as address, window(browser, address, **touch) as page:
        for view in ("captions", "texts"):
            open_(page, view)
            assert page.locator(".by-key").count()
            assert not page.locator(".by-key >> visible=true").count()
