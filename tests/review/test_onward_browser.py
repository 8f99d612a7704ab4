"""Every view leads on, one key is on one button, and a list stays where it is while it is narrowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.page import made
from tests.browsers import answered, open_, serving, window

pytestmark = pytest.mark.run
ENTERS = """() => [...document.querySelectorAll('button kbd, a kbd')]
  .filter(k => k.checkVisibility() && k.textContent === '↵').map(k => k.parentElement.innerText.split('\\n')[0].trim())"""
MARKED = """() => { const row = document.querySelector('.row.here'); return row && row.querySelector('strong').innerText; }"""
TOP = "() => Math.round(document.querySelector('.row.here').getBoundingClientRect().top)"
DESK = "name => document.querySelector('.on-desk h2').innerText === name && document.querySelector('.row.here')"


def test_where_nothing_is_asked_enter_goes_on(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "carried")
        assert page.locator(".empty").is_visible()
        assert page.locator(".done p").inner_text() == "Next: Captions (5)"
        assert page.evaluate(ENTERS) == ["Go to Captions"]
        page.keyboard.press("Enter")
        page.wait_for_selector("body[data-ready] main[data-view=captions]")


def test_enter_goes_on_from_a_picture_that_the_hand_came_back_to(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "curation")
        page.keyboard.press("Space")
        page.wait_for_selector(".light[open]")
        page.keyboard.press("Escape")
        page.wait_for_selector(".light:not([open])", state="attached")
        assert page.evaluate("document.activeElement.matches('.open')")
        page.keyboard.press("?")
        page.wait_for_selector(".keys[open]")
        page.keyboard.press("Escape")
        page.wait_for_selector(".keys:not([open])", state="attached")
        page.keyboard.press("Enter")
        page.wait_for_selector("body[data-ready] main:not([data-view=curation])")
        open_(page, "curation")
        page.locator("main .open").first.focus()  # where somebody went by Tab, the picture opens
        page.keyboard.press("Enter")
        page.wait_for_selector(".light[open]")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768)])
def test_the_question_its_pictures_and_the_answers_are_in_view_together(
    browser: Any, root: Path, width: int, height: int
) -> None:
    with serving(root) as address, window(browser, address, viewport={"width": width, "height": height}) as page:
        for view in ("duplicates", "quality"):
            open_(page, view)
            seen = page.evaluate("""() => {
              const box = (e) => e.getBoundingClientRect(), card = document.querySelector('.card:not([hidden])');
              const [acts, foot] = [box(card.querySelector('.actions')), box(document.querySelector('.foot'))];
              return { pictures: [...card.querySelectorAll('.stage .frame')].map(f => box(f).bottom <= acts.top),
                answers: acts.bottom <= foot.top + 1, question: box(card.querySelector('h2')).top > 0 }; }""")
            assert seen["pictures"], view
            assert all(seen["pictures"]), (view, seen)
            assert seen["answers"], (view, seen)
            assert seen["question"], (view, seen)


def test_what_differs_has_a_legend_and_what_is_typed_next_can_be_copied(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "duplicates")
        legend = page.locator(".card:visible .legend")
        assert not legend.is_visible()
        page.keyboard.press("d")
        page.wait_for_function(
            "() => document.querySelector('.card:not([hidden]) .legend').innerText.startsWith('Grey is alike in both')"
        )
        page.keyboard.press("?")
        keys = page.locator(".keys dd").all_inner_texts()
        names = page.locator(".card:visible figcaption strong").all_inner_texts()
        assert {f"Keep only {name}" for name in names} <= {*keys}
        page.keyboard.press("Escape")
        page.evaluate("""async () => {
          const run = await import(document.querySelector('script').src.replace('main.js', 'run.js'));
          run.started({ what: 'export' });
          run.said(['export', 'Next, kohya (exports/kohya/README.md):', '  train --epochs 3', 'Next, other: see its README']);
          run.ended({ code: 0, what: 'export' }); }""")
        assert page.locator(".next pre").all_inner_texts() == ["train --epochs 3"]
        assert page.locator(".next button").inner_text() == "Copy"
        assert not page.locator(".progress details pre").is_visible()


def test_while_cropping_the_keys_are_those_of_the_crop(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        page.keyboard.press("Space")
        page.wait_for_selector(".light[open]")
        page.keyboard.press("c")
        page.keyboard.press("?")
        keys = page.locator(".keys dd").all_inner_texts()
        assert {"Use this part", "Move the box"} <= {*keys}
        assert not {"The picture before", "Leave out"} & {*keys}


def test_before_gate_1_no_view_says_that_nothing_is_there(browser: Any, root: Path) -> None:
    for path in (root / "build").glob("*.json"):
        path.unlink()
    for path in (root / "decisions").iterdir():
        path.unlink()
    with serving(root) as address, window(browser, address) as page:
        open_(page, "duplicates")
        assert page.locator(".empty").count() == 0
        assert page.locator(".done p").inner_text() == "Gate 1 has not run yet."
        assert page.evaluate(ENTERS) == ["Run Gate 1"]


def test_one_key_is_on_one_button(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "findings")
        assert page.evaluate(ENTERS) == []
        page.keyboard.press("a")
        assert page.evaluate(ENTERS) == ["Accept"]
        open_(page, "captions")
        for number in range(1, 6):
            assert page.evaluate(ENTERS) == ["Approve"]
            page.keyboard.press("e")
            page.keyboard.type(", a mill")
            page.wait_for_function("() => !document.querySelector('.card:not([hidden]) [data-do=save-words]').hidden")
            assert page.evaluate(ENTERS) == ["Save my words"]
            page.keyboard.press("Enter")
            answered(page, number)
            page.keyboard.press("Escape")
        assert page.evaluate(ENTERS) == ["Go to Duplicates"]
        page.wait_for_timeout(700)
        page.keyboard.press("e")
        page.keyboard.type(" again")  # what was answered is written anew, with what comes next in view
        page.wait_for_function("() => document.querySelector('.words.edited')")
        assert page.evaluate(ENTERS) == ["Save my words"]


def test_behind_the_last_caption_it_is_said_and_enter_goes_on(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "texts?name=scene-10")
        assert page.locator(".on-desk .place span").first.inner_text() == "1 of the 2 shown"
        assert page.locator(".shown span").inner_text() == "2 of 18 shown"
        page.keyboard.press("ArrowDown")
        page.wait_for_function(DESK, arg="scene-10.jpg")
        assert page.locator(".done").is_hidden()
        page.keyboard.press("e")
        page.keyboard.type(", a mill")
        page.keyboard.press("Enter")
        page.wait_for_selector(".done:focus")
        assert page.locator(".done p").inner_text() == "That was the last of the captions shown. Next: Duplicates (6)"
        page.keyboard.press("ArrowUp")
        page.wait_for_function(DESK, arg="scene-10-sun.jpg")
        assert page.locator(".done").is_hidden()
        for _ in range(2):
            page.keyboard.press("ArrowDown")
            page.wait_for_function(DESK, arg="scene-10.jpg")
        page.wait_for_selector(".done:focus")
        page.keyboard.press("Enter")
        page.wait_for_selector("body[data-ready] main[data-view=duplicates]")
    assert "a mill" in (root / "decisions/captions.yaml").read_text("utf-8")


def test_a_list_that_is_narrowed_stays_where_it_is(browser: Any, tmp_path: Path) -> None:
    root = tmp_path / "mystyle"
    made(root, 200)
    with serving(root) as address, window(browser, address) as page:
        open_(page, "texts")
        for n in range(1, 31):
            page.keyboard.press("ArrowDown")
            page.wait_for_function(DESK, arg=f"p-{n:05}.jpg")
        top = page.evaluate(TOP)
        page.keyboard.press("/")
        for letter in "number 3":  # each of them narrows it; number 30 is sought, too
            page.keyboard.type(letter)
        page.wait_for_function("() => Number(document.querySelector('[data-shown]').innerText) < 20")
        page.wait_for_function(DESK, arg="p-00030.jpg")
        page.keyboard.type("8")  # another one: what comes next in the list
        page.wait_for_function(DESK, arg="p-00038.jpg")
        page.keyboard.press("Escape")  # none is sought any more
        page.wait_for_function(DESK, arg="p-00030.jpg")
        assert page.evaluate(MARKED) == "p-00030.jpg"
        assert abs(page.evaluate(TOP) - top) <= 2
        page.keyboard.press("/")
        page.keyboard.type("number 38")
        page.wait_for_function(DESK, arg="p-00038.jpg")
        page.keyboard.press("Enter")  # found
        page.keyboard.press("Escape")  # among all of them again
        page.wait_for_function("() => document.querySelector('[data-shown]').innerText !== '1'")
        page.wait_for_function(DESK, arg="p-00038.jpg")
        assert page.evaluate(MARKED) == "p-00038.jpg"
