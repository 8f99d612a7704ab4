"""Captions as work, as a person does it: by keyboard alone, by mouse alone, and many at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browsers import missing, open_, serving, window

pytestmark = pytest.mark.run


def file(root: Path) -> str:
    return (root / "decisions/captions.yaml").read_text("utf-8")


def on_desk(page: Any, name: str) -> None:
    page.wait_for_function(
        "n => document.querySelector('.desk h2').innerText === n && !document.body.ariaBusy", arg=name
    )


def saying(page: Any, text: str) -> None:
    """Waits until the desk's words are those and nothing is on its way."""
    page.wait_for_function(
        "t => document.querySelector('.desk textarea').value === t && !document.body.ariaBusy", arg=text
    )


def parts(page: Any) -> list[str]:
    return [str(t) for t in page.locator(".desk [data-piece]").all_inner_texts()]


def names(page: Any) -> list[str]:
    return [str(t) for t in page.locator(".row strong").all_inner_texts()]


def test_by_keyboard_alone(browser: Any, root: Path) -> None:
    before = file(root)
    with serving(root) as address, window(browser, address) as page:
        open_(page, "texts")
        first, second, third = names(page)[:3]
        page.keyboard.press("ArrowDown")
        on_desk(page, second)
        page.keyboard.press("ArrowUp")
        on_desk(page, first)
        page.keyboard.press("e")
        page.keyboard.type(", half a thought")
        page.wait_for_function("() => document.querySelector('.desk .kept').innerText === 'not saved yet'")
        page.wait_for_function("() => document.querySelector('.desk .kept').innerText.startsWith('saved, captions.')")
        assert ', half a thought"' in file(root)  # by itself
        assert page.evaluate("document.activeElement.matches('.desk textarea')")
        page.keyboard.type(", it appears to be {oak}")
        page.wait_for_function("() => document.querySelector('.desk .faults').innerText.includes('hedges')")
        assert "it holds braces" in page.locator(".desk .faults").inner_text()
        tokens = int(page.locator(".desk [data-tokens]").inner_text())
        assert tokens > 20
        page.keyboard.press("Enter")  # saved, and the next one's words
        on_desk(page, second)
        page.wait_for_function("() => document.activeElement.matches('.desk textarea') && !document.body.ariaBusy")
        assert "it appears to be {oak}" in file(root)
        page.keyboard.type(", no")
        page.keyboard.press("Escape")  # as it was
        words = page.locator(".desk textarea").input_value()
        assert not words.endswith(", no")
        page.keyboard.press(",")
        before_parts = parts(page)
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Shift+ArrowRight")  # one place on
        moved = [before_parts[0], before_parts[2], before_parts[1], *before_parts[3:]]
        saying(page, "[trigger], " + ", ".join(moved))
        page.wait_for_function("t => document.activeElement.innerText === t", arg=before_parts[1])
        page.keyboard.press("f")  # to the front
        front = [before_parts[1], before_parts[0], *before_parts[2:]]
        saying(page, "[trigger], " + ", ".join(front))
        page.wait_for_function("t => document.activeElement.innerText === t", arg=before_parts[1])
        page.keyboard.press("Delete")
        saying(page, "[trigger], " + ", ".join(front[1:]))
        page.keyboard.press("Escape")
        page.keyboard.press("a")
        page.keyboard.type("a mi")
        page.wait_for_selector(".desk .offers [role=option]")
        page.keyboard.press("ArrowDown")
        taken = page.locator(".desk .offers [aria-selected=true]").get_attribute("data-term")
        page.keyboard.press("Enter")
        saying(page, "[trigger], " + ", ".join([*front[1:], taken]))
        page.keyboard.press("Escape")
        page.keyboard.press("z")  # each of them one undo
        saying(page, "[trigger], " + ", ".join(front[1:]))
        for _ in range(3):
            page.keyboard.press("z")
            page.wait_for_function("() => !document.body.ariaBusy")
        saying(page, words)
        page.keyboard.press("?")
        page.wait_for_selector(".keys[open]")
        told = page.locator(".keys dt").all_inner_texts()
        assert {"/", "N", "1", "2", "3", "4", "M", "E", ",", "A", "Z", "⇧Z", "Space", "⇧← ⇧→", "Esc", "↵"} <= {
            t.upper() if len(t) == 1 else t for t in told
        }
        page.keyboard.press("Escape")
        page.keyboard.press("3")  # edited
        page.wait_for_function("() => document.querySelectorAll('.row').length === 1")
        on_desk(page, first)
        page.keyboard.press("Escape")
        page.wait_for_function("() => document.querySelectorAll('.row').length > 1")
        page.keyboard.press("n")
        page.keyboard.type("dawn")
        page.wait_for_function(
            "() => [...document.querySelectorAll('.row .text')].every(t => !/dawn/.test(t.innerText))"
        )
        page.wait_for_url("**dawn*")
        page.reload()  # what is sought stays
        page.wait_for_selector("body[data-ready] .row")
        assert page.locator("[name=not]").input_value() == "dawn"
        assert third in names(page) or "dawn" not in file(root)
        for _ in range(2):  # what was written before
            page.locator("body").press("z")
            page.wait_for_function("() => document.querySelector('.saved').innerText && !document.body.ariaBusy")
    assert file(root) == before


def test_by_mouse_alone(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "texts")
        page.locator(".row").nth(4).click()
        on_desk(page, names(page)[4])
        had = parts(page)
        first = page.locator(".desk [data-piece]").first.bounding_box()
        page.mouse.move(first["x"] + 20, first["y"] + 10)  # dragged behind the third
        page.mouse.down()
        third = page.locator(".desk [data-piece]").get_by_text(had[2], exact=True)
        for _ in range(3):  # the others give way, to the line above too, and the hand follows
            place = third.bounding_box()
            page.mouse.move(place["x"] + place["width"] - 4, place["y"] + 10, steps=8)
        page.mouse.up()
        saying(page, "[trigger], " + ", ".join([had[1], had[2], had[0], *had[3:]]))
        page.locator(".desk [data-piece]").last.click()
        page.locator(".desk [data-do=chip-front]").click()
        saying(page, "[trigger], " + ", ".join([had[-1], had[1], had[2], had[0], *had[3:-1]]))
        page.locator(".desk [data-do=chip-on]").click()
        saying(page, "[trigger], " + ", ".join([had[1], had[-1], had[2], had[0], *had[3:-1]]))
        page.locator(".desk [data-do=chip-out]").click()
        saying(page, "[trigger], " + ", ".join([had[1], had[2], had[0], *had[3:-1]]))
        page.locator(".desk [data-complete]").fill("loose")
        page.locator(".desk .offers [role=option]").first.click()
        page.wait_for_function("() => !document.querySelector('.offers:not([hidden])') && !document.body.ariaBusy")
        page.locator("[data-do=undo]").click()
        page.wait_for_function("() => !document.body.ariaBusy")
        page.locator(".desk textarea").click()
        page.keyboard.type("x")
        page.locator(".desk [data-by='1']").click()
        on_desk(page, names(page)[5])
        assert page.locator(".row").nth(4).locator(".facts").inner_text().startswith("yours")
        page.locator("[data-only=edited]").click()
        page.wait_for_function("() => document.querySelectorAll('.row').length === 1")
        assert page.locator("[data-shown]").inner_text() == "1"
        page.locator(".desk [data-values]").click()  # my words back
        page.wait_for_function("() => document.querySelectorAll('.row').length === 0")
        page.locator("[data-do=everything]").click()
        page.wait_for_function("() => document.querySelectorAll('.row').length > 5")


def test_many_at_once_shown_first_and_taken_back_by_one_undo(browser: Any, root: Path) -> None:
    before = file(root)
    with serving(root) as address, window(browser, address) as page:
        open_(page, "texts")
        page.keyboard.press("/")
        page.keyboard.type("dawn")
        page.wait_for_function(
            "() => [...document.querySelectorAll('.row .text')].every(t => /dawn/.test(t.innerText))"
        )
        number = int(page.locator("[data-shown]").inner_text())
        page.keyboard.press("Enter")  # the hand off the search
        page.keyboard.press("m")
        page.wait_for_selector(".change[open]")
        page.keyboard.type("loose strokes")
        page.locator("[name=put]").fill("broken strokes")
        page.wait_for_function("n => document.querySelectorAll('.change-one').length === n", arg=number)
        assert page.locator(".preview h3").inner_text() == f"{number} captions would change"
        assert file(root) == before
        page.locator(".preview input").first.uncheck()
        page.wait_for_selector("[data-do=change-write]:enabled")
        page.locator("[name=words]").press("Enter")  # on to the next field ...
        assert page.evaluate("document.activeElement.name") == "put"
        page.keyboard.press("Enter")  # ... and what is shown is written
        page.wait_for_selector(".change:not([open])", state="attached")
        page.wait_for_function("() => !document.body.ariaBusy")
        assert file(root).count("broken strokes") == number - 1
        assert page.locator(".foot .toast .says").inner_text() == f"{number - 1} captions changed"
        page.keyboard.press("z")
        page.wait_for_function("() => document.querySelector('.toast').textContent.startsWith('Taken back')")
        assert page.locator(".foot .toast .says").inner_text() == f"Taken back; {number - 1} captions"
        assert file(root) == before
        page.keyboard.press(",")  # a tag of one caption, out of all that are shown
        page.wait_for_function("() => document.activeElement.matches('.chip')")
        while page.evaluate("document.activeElement.innerText") != "loose strokes":
            page.keyboard.press("ArrowRight")
        page.keyboard.press("X")
        page.wait_for_function("n => document.querySelectorAll('.change-one').length === n", arg=number)
        page.keyboard.press("Escape")  # left as they are
        page.wait_for_selector(".change:not([open])", state="attached")
        for what, begins in (("add", "a"), ("front", "[trigger], loose strokes")):
            page.keyboard.press("m")
            page.locator(f".change [value={what}]").check()
            page.locator(".change [name=words]").fill("oak" if what == "add" else "loose strokes")
            page.wait_for_selector(".change-one ins")
            assert all(begins in t for t in page.locator(".change-one ins").all_inner_texts())
            page.keyboard.press("Escape")
            page.keyboard.press("Escape") if page.locator(".change[open]").count() else None
    assert file(root) == before


def test_an_edit_elsewhere_is_met_and_no_words_are_lost(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "texts")
        first = names(page)[0]
        page.keyboard.press("e")
        page.keyboard.type(", mine")
        path = root / "decisions/captions.yaml"
        path.write_text(file(root) + f'"{names(page)[1]}": {{caption: "[trigger], by hand"}}\n', "utf-8")
        page.wait_for_selector("dialog.conflict[open]")  # it was to be saved by itself
        page.keyboard.press("w")
        page.wait_for_function("() => document.querySelector('.desk .kept').innerText.startsWith('saved')")
        assert ', mine"' in file(root)
        assert "[trigger], by hand" in file(root)
        page.keyboard.press("Escape")
        page.wait_for_function("() => [...document.querySelectorAll('.row .text')][1].innerText.includes('by hand')")
        on_desk(page, first)


def test_a_finding_leads_to_its_captions(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "findings")
        page.locator("a[href^='/texts?of=']").first.click()
        page.wait_for_selector("body[data-ready] main[data-view=texts]")
        assert page.locator("[data-of]").inner_text().startswith("Only where this was found: ")
        assert page.locator(".desk textarea").count() == 1
        page.keyboard.press("Escape")
        page.wait_for_function("() => !document.querySelector('[data-of]')")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1024])
def test_nothing_for_axe_and_nothing_wider_than_the_window(browser: Any, root: Path, scheme: str, width: int) -> None:
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        missing("axe-playwright-python is not installed (pip install -e '.[test]')")
    with serving(root) as address:
        context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, bypass_csp=True)
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector("body[data-ready]")  # it goes to its own address first
        found = []
        open_(page, "texts")
        for step in ("", ",", "a", "m"):
            if step:
                page.locator("main h1").evaluate("() => document.activeElement.blur()")
                page.keyboard.press(step)
            page.wait_for_timeout(200)
            page.keyboard.type("a") if step in ("a", "m") else None
            page.wait_for_timeout(500)
            result = Axe().run(page).response
            found += [(step, v["id"], n["html"][:200]) for v in result["violations"] for n in v["nodes"]]
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), step
        context.close()
    assert found == []
