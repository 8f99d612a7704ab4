"""What an answer comes to is said in one short sentence, where it covers nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browsers import open_, serving, window

pytestmark = pytest.mark.run

OUTSIDE = """() => { const [t, f] = ['.toast', '.foot'].map(q => document.querySelector(q).getBoundingClientRect());
  return t.left < f.left || t.right > f.right || t.top < f.top || t.bottom > f.bottom; }"""  # of the foot


def says(page: Any, text: str) -> None:
    for _ in range(60):
        if page.evaluate(
            "t => document.querySelector('.toast').textContent.startsWith(t) && !document.body.ariaBusy", text
        ):
            break
        page.wait_for_timeout(100)
    assert page.locator(".toast .says").inner_text() == text
    assert page.locator(".toast").is_visible()


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768), (390, 844)])
def test_an_answer_and_its_undo_are_said_in_words_beside_the_buttons(
    browser: Any, root: Path, width: int, height: int
) -> None:
    with serving(root) as address, window(browser, address, viewport={"width": width, "height": height}) as page:
        open_(page, "duplicates")
        heights = {page.locator(".foot").bounding_box()["height"]}
        for _ in range(2):
            first, kept, *more = page.locator(".card:visible figcaption strong").all_inner_texts()
            leaving = " and ".join(sorted([first, *more]))
            page.locator(".card:visible .picks [data-values]").nth(1).click()
            says(page, f"Kept {kept}; {leaving} {'leave' if more else 'leaves'}")
            heights.add(page.locator(".foot").bounding_box()["height"])
            assert not page.evaluate(OUTSIDE)
            assert page.locator(".toast summary").inner_text() == "duplicates.yaml"
            told = page.locator(".toast pre").text_content().splitlines()
            assert told[0].startswith("decisions/duplicates.yaml:")
            assert f"keep: [{kept}]" in told[0]
        assert len(heights) == 1  # nothing gives way to it, and it does not grow
        page.locator("[data-do=undo]").click()
        says(page, f"Taken back; {leaving} {'come' if more else 'comes'} back")
        page.locator("[data-do=redo]").click()
        says(page, f"Done again; {leaving} {'leave' if more else 'leaves'}")
        page.locator(".toast summary").click()
        assert page.locator(".toast pre").is_visible()


def test_the_large_view_says_it_in_words_too(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "texts")
        name = page.locator(".desk h2").inner_text()
        page.keyboard.press(" ")
        page.wait_for_selector(".light[open]")
        for key, said in (
            ("l", f"{name} leaves"), ("l", f"{name} comes back"), ("t", f"Turned: {name}"),
            ("z", f"Taken back: {name}"), ("p", f"Pinned: {name}"),
        ):  # fmt: skip
            page.wait_for_function("n => document.querySelector('#light-title').innerText === n", arg=name)
            if said.endswith("comes back"):
                page.wait_for_selector(".light [data-key=l]:has-text('Bring back')")
                page.wait_for_timeout(700)  # pressed twice at once it counts once
            page.keyboard.press(key)
            says(page, said)
        page.keyboard.press("c")
        page.keyboard.press("Enter")
        says(page, f"Cropped: {name}")
        assert "yaml-language-server" not in page.locator(".toast").text_content()
