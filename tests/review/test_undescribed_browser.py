"""The captions that nobody wrote are found from home and in All captions; a finding is accepted with a reason only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.browsers import open_, serving, window

pytestmark = pytest.mark.run


def blocked(root: Path, names: list[str]) -> None:
    """As if Gate 1 had found that nobody described those."""
    path = root / "build/gate1.json"
    verdict = json.loads(path.read_text("utf-8"))
    one = {**verdict["reasons"][0], "code": "only-named", "severity": "block", "images": names, "accepted": ""}
    verdict["reasons"] = [
        {**one, "sentence": "Nobody has described 3 pictures.", "fix": "Write it, or set `captioner`."}
    ]
    path.write_text(json.dumps(verdict), "utf-8")


def test_from_home_to_the_captions_that_nobody_described(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "texts")
        names = page.locator(".row strong").all_inner_texts()[:3]
        blocked(root, names)
        open_(page, "")
        assert page.locator(".reasons code").first.inner_text() == "captioner"
        page.locator(".reasons a.button", has_text="Write these 3 captions here").click()
        page.wait_for_selector("body[data-ready] main[data-view=texts]")
        assert page.locator(".row strong").all_inner_texts() == names
        open_(page, "texts")
        chip = page.locator("[data-only=bare]")
        assert chip.locator("b").inner_text() == "3"
        chip.click()
        page.wait_for_function("() => document.querySelectorAll('.row').length === 3")
        page.keyboard.press("e")
        page.keyboard.type(", a mill")
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.querySelector('[data-only=bare] b').innerText === '2'")
        assert page.locator(".row strong").all_inner_texts() == names[1:]


def test_accept_without_a_reason_says_that_one_is_needed(browser: Any, root: Path) -> None:
    blocked(root, ["scene-01.jpg"])
    with serving(root) as address, window(browser, address) as page:
        open_(page, "findings")
        assert page.locator(".finding a.primary").inner_text().startswith("Write this caption here")
        assert page.locator(".accept .primary").count() == 0  # what stands in the way is not accepted first
        page.keyboard.press("a")
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.querySelector('.toast').textContent.startsWith('Write a reason first')")
        assert page.evaluate("document.activeElement.name") == "reason"
        page.keyboard.type("a study")
        page.keyboard.press("Enter")
        page.wait_for_function("() => [...document.querySelectorAll('.quote')].some(q => q.innerText === 'a study')")
