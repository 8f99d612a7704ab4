"""The light table as a person uses it: by keyboard alone, and by mouse alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from loraprep.review.snapshot import ident
from tests.browsers import missing, open_, serving, window

pytestmark = pytest.mark.run


def name(page: Any) -> str:
    return str(page.locator("#light-title").inner_text())


def said(page: Any, text: str) -> None:
    """Waits until the page says it in its toast and has nothing on its way."""
    page.wait_for_function(
        "t => document.querySelector('.toast').textContent.includes(t) && !document.body.ariaBusy", arg=text
    )


def laid(page: Any, title: str = "") -> None:
    page.wait_for_function(
        "t => { const h = document.querySelector('.light[open] h2'); return h && (!t || h.innerText === t); }",
        arg=title,
    )


def file(root: Path, kind: str) -> str:
    path = root / f"decisions/{kind}.yaml"
    return path.read_text("utf-8") if path.exists() else ""


@pytest.mark.parametrize("view", ["", "duplicates", "quality", "captions", "curation", "map", "findings", "texts"])
def test_from_every_view_a_picture_opens_by_mouse_and_by_key_and_the_hand_is_back_afterwards(
    browser: Any, root: Path, view: str
) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, view)
        first = page.locator("main [data-lay]:visible").first
        wanted = (first.get_attribute("aria-label") or "").removeprefix("Look at ")
        first.click()
        laid(page, wanted)
        page.wait_for_function("() => document.querySelector('.light image').getBBox().width > 0")
        page.locator("[data-do=close-light]").click()
        page.wait_for_selector(".light:not([open])", state="attached")
        assert page.evaluate("document.activeElement.matches('[data-lay]')")
        page.locator("main h1").first.evaluate("() => document.activeElement.blur()")
        page.keyboard.press("Space")
        laid(page)
        if page.locator("[data-turn-to]").count():
            before = name(page)
            page.keyboard.press("ArrowRight")
            page.wait_for_function("b => document.querySelector('#light-title').innerText !== b", arg=before)
            page.keyboard.press("ArrowLeft")
            laid(page, before)
        page.keyboard.press("Escape")
        page.wait_for_selector(".light:not([open])", state="attached")


def test_by_keyboard_alone(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        page.keyboard.press("Space")
        laid(page)
        title = name(page)
        for _ in range(2):
            page.keyboard.press("ArrowRight")
            page.wait_for_function("b => document.querySelector('#light-title').innerText !== b", arg=title)
            title = name(page)
        page.keyboard.press("c")
        for key in ("s", "ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft", "ArrowUp"):
            page.keyboard.press(key)
        assert "the shape of a bucket" in page.locator(".measure").inner_text()
        page.keyboard.press("Escape")  # left as it is
        assert file(root, "crops") == ""
        page.keyboard.press("c")
        page.keyboard.press("Enter")
        said(page, "crops.yaml")
        assert re.search(rf"^\"?{re.escape(title)}\"?: {{crop: \[", file(root, "crops"), re.MULTILINE)
        page.keyboard.press("t")
        said(page, "turn: 90")
        page.wait_for_function("() => document.querySelector('.laid-out').dataset.turn === '90'")
        page.keyboard.press("w")
        page.wait_for_function("() => document.querySelector('.laid-out').dataset.drawn === ''")
        assert "crop" not in file(root, "crops").splitlines()[-1]
        page.keyboard.press("l")
        said(page, "you left it out")
        page.wait_for_selector(".light .leaves")
        page.keyboard.press("z")  # one undo
        page.wait_for_selector(".light .standing .stays")
        page.keyboard.press("p")
        said(page, "you pinned it")
        page.keyboard.press("b")
        assert page.locator(".bucket.drawn").count() == 1
        page.keyboard.press("1")
        page.wait_for_function("() => document.querySelector('.pixel-by-pixel img').naturalWidth > 0")
        page.keyboard.press("1")
        page.keyboard.press("e")
        page.keyboard.type(", a red kite")
        page.keyboard.press("Enter")  # saved, and the next one's words
        page.wait_for_function("b => document.querySelector('#light-title').innerText !== b", arg=title)
        page.wait_for_function("() => document.activeElement.matches('.words textarea') && !document.body.ariaBusy")
        assert ', a red kite"' in file(root, "captions")
        page.keyboard.type(", half a thought")
        page.wait_for_function(
            "() => document.querySelector('.words .kept').innerText.startsWith('saved')"
        )  # by itself
        assert ', half a thought"' in file(root, "captions")
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        page.wait_for_selector(".keys[open]")
        keys = page.locator(".keys dt").all_inner_texts()
        assert {"Esc", "L", "P", "C", "T", "1", "B", "E", "Z", "?"} <= set(keys)
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.wait_for_selector(".light:not([open])", state="attached")


def test_by_mouse_alone_a_box_is_drawn_and_takes_the_shape_of_a_bucket(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        page.locator(".sheet [data-lay]").nth(3).click()
        laid(page)
        page.locator("[data-do=crop]").click()
        frame = page.locator(".light image").bounding_box()
        x, y, w, h = (frame[n] for n in ("x", "y", "width", "height"))
        page.mouse.move(x + 0.2 * w, y + 0.2 * h)
        page.mouse.down()
        page.mouse.move(x + 0.7 * w, y + 0.75 * h, steps=5)
        page.mouse.up()
        page.mouse.move(x + 0.4 * w, y + 0.4 * h)  # and moved
        page.mouse.down()
        page.mouse.move(x + 0.3 * w, y + 0.3 * h, steps=5)
        page.mouse.up()
        page.locator("[data-do=crop-write]").click()
        said(page, "crop: [")
        found = re.search(r"crop: \[([^]]+)\]", file(root, "crops"))
        assert found
        left, top, right, bottom = map(float, found[1].split(","))
        assert (left, top) == (pytest.approx(0.1, abs=0.06), pytest.approx(0.1, abs=0.06))
        page.wait_for_function("() => document.querySelector('.laid-out').dataset.drawn === 'true'")
        size = page.locator(".laid-out").evaluate("e => [e.dataset.width, e.dataset.height].map(Number)")
        shape = (right - left) * size[0] / ((bottom - top) * size[1])
        shapes = page.locator(".laid-out").evaluate("e => JSON.parse(e.dataset.ratios)")
        assert min(abs(shape / r - 1) for r in shapes) < 0.005
        assert float(re.findall(r"cuts ([\d.]+) %", page.locator(".shapes").inner_text())[0]) < 1
        page.locator(".standing [data-key=l]").click()
        said(page, "you left it out")
        page.wait_for_timeout(700)  # pressed twice at once it counts once
        page.locator(".standing [data-key=l]").click()
        page.wait_for_selector(".light .standing .stays")
        page.locator(".words textarea").click()
        page.keyboard.type("x")  # what a hand at the keyboard writes, a click elsewhere saves
        page.locator("[data-turn-to='1']").click()
        page.wait_for_function("() => !document.body.ariaBusy")
        assert "caption:" in file(root, "captions").splitlines()[-1]


def test_an_edit_meanwhile_shows_and_words_being_written_stay(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        page.locator(".sheet [data-lay]").nth(3).click()
        laid(page)
        page.keyboard.press("e")
        page.keyboard.type(", mine")
        title = name(page)
        (root / "decisions/crops.yaml").write_text(f'"{title}": {{turn: 270}}\n', "utf-8")
        page.wait_for_function("() => document.querySelector('.laid-out').dataset.turn === '270'")
        assert page.locator(".words textarea").input_value().endswith(", mine")
        assert page.evaluate("document.activeElement.matches('.words textarea')")
        page.keyboard.press("Escape")
        page.wait_for_function("() => !document.body.ariaBusy")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1024])
def test_nothing_for_axe_and_nothing_wider_than_the_window(browser: Any, root: Path, scheme: str, width: int) -> None:
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        missing("axe-playwright-python is not installed (pip install -e '.[test]')")
    with serving(root) as address:
        context = browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme=scheme, bypass_csp=True, has_touch=width == 390
        )
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector("body[data-ready]")
        page.locator(".sheet [data-lay]").nth(3).click()
        laid(page)
        page.wait_for_timeout(400)
        found = [(v["id"], n["html"][:200]) for v in Axe().run(page).response["violations"] for n in v["nodes"]]
        wide = page.evaluate("[document.querySelector('.light').scrollWidth, innerWidth]")
        context.close()
    assert found == []
    assert wide[0] <= wide[1]


def test_a_key_answers_once_and_of_the_picture_that_is_seen(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "")
        page.locator(".sheet [data-lay]").nth(3).click()
        laid(page, "scene-00.jpg")
        place = page.locator(".light .place").inner_text()
        for _ in range(3):  # a hand that presses on: the first one counts
            page.keyboard.press("l")
        said(page, "scene-00.jpg leaves")
        page.wait_for_function("() => document.querySelector('.light .mark').innerText === 'leaves'")
        page.keyboard.press("l")
        assert page.locator(".light .mark").inner_text() == "leaves"
        assert file(root, "curation").count("you left it out") == 1
        assert page.locator(".light .place").inner_text() == place  # it left that list; arrows go on from there
        page.evaluate(  # nobody has seen the next one yet
            """() => { for (const key of ['ArrowRight', 'l'])
            document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })); }"""
        )
        laid(page, "scene-04.jpg")
        page.wait_for_timeout(300)
        assert page.locator(".light .mark").inner_text() == "stays"
        assert "scene-04" not in file(root, "curation")
        page.keyboard.press("ArrowLeft")
        laid(page, "[a].jpg")
        page.wait_for_timeout(150)
        page.keyboard.press("l")  # it is seen: at once
        said(page, "[a].jpg leaves")


def test_the_next_picture_lies_ready_and_is_of_now(browser: Any, root: Path) -> None:
    asked: list[str] = []
    with serving(root) as address, window(browser, address) as page:

        def comes(wanted: str) -> None:
            for _ in range(100):
                if [url for url in asked if f"/light/{wanted}?" in url]:
                    return
                page.wait_for_timeout(50)
            raise AssertionError("it is not asked for")

        def turned(n: int) -> str:
            page.keyboard.press("ArrowRight")
            page.wait_for_function("n => document.querySelector('.laid-out').dataset.n === n", arg=str(n))
            return str(page.locator(".laid-out").get_attribute("data-after"))

        page.on("request", lambda request: asked.append(request.url))
        page.keyboard.press("Space")
        laid(page)
        after = page.locator(".laid-out").get_attribute("data-after")
        comes(after)
        page.wait_for_timeout(300)
        asked.clear()
        second = turned(2)
        assert not [url for url in asked if f"/light/{after}?" in url]
        comes(second)
        asked.clear()
        third = page.evaluate("document.querySelector('.laid-out').dataset.after")
        named = next(p.name for p in sorted((root / "images").iterdir()) if ident("picture", p.name) == third)
        captions = root / "decisions/captions.yaml"
        captions.write_text(captions.read_text("utf-8") + f'\n"{named}": {{caption: "a word of now"}}\n', "utf-8")
        comes(third)
        page.wait_for_timeout(300)
        turned(3)
        assert page.locator(".light textarea").input_value() == "a word of now"
