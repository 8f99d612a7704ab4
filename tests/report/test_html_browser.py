"""The page in a real browser: it runs without errors, filters, follows keys, and axe finds nothing serious."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browsers import missing

pytestmark = pytest.mark.run


@pytest.fixture
def view(browser: Any, hostile: Path) -> Iterator[Any]:
    """The page at 1440 px, light; anything it asks the network for, and any error in its script, fails the test."""
    yield from opened(browser, hostile, 1440, "light")


def opened(browser: Any, root: Path, width: int, scheme: str) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    tab = context.new_page()
    trouble: list[str] = []
    tab.on("pageerror", lambda error: trouble.append(str(error)))
    tab.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
    tab.on("dialog", lambda dialog: (trouble.append("a script in a name or caption ran"), dialog.dismiss()))
    address = (root / "report.html").as_uri()
    tab.on("request", lambda asked: None if asked.url.startswith(("data:", address)) else trouble.append(asked.url))
    tab.goto(address)
    yield tab
    context.close()
    assert trouble == []


def shown(view: Any) -> list[str]:
    return view.eval_on_selector_all(".card:not([hidden])", "cards => cards.map(c => c.dataset.name)")


def until(view: Any, script: str, arg: Any = None) -> None:
    """Waits for a script to be true; Playwright's own wait needs an eval that the page's policy forbids."""
    for _ in range(100):
        if view.evaluate(script, arg):
            return
        view.wait_for_timeout(100)
    raise AssertionError(f"never came true: {script}")


def test_filters_by_fate_finding_and_word(view: Any) -> None:
    everything = shown(view)
    assert len(everything) == 33
    view.select_option("#fate", "left out")
    assert shown(view) == ["scene-00 <b>web.jpg"]
    assert view.inner_text("#shown") == "1 of 33"
    view.keyboard.press("Escape")
    assert shown(view) == everything
    view.select_option("#code", "broken")
    assert shown(view) == ["broken.jpg"]
    view.click("#reset")
    view.fill("#q", "lighthouse")
    assert shown(view)
    assert set(shown(view)) <= {"scene-07.jpg", "scene-19.jpg"}
    view.fill("#q", "no such word")
    assert shown(view) == []
    view.click("#none button")
    assert shown(view) == everything


def test_a_finding_in_the_list_shows_its_pictures(view: Any) -> None:
    button = view.locator("#todo .show[data-show='broken']").first
    button.click()
    assert shown(view) == ["broken.jpg"]


def test_keys_alone_are_enough(view: Any) -> None:
    view.keyboard.press("/")
    assert view.evaluate("document.activeElement.id") == "q"
    view.keyboard.type("scene-1")
    names = shown(view)
    assert len(names) >= 10
    view.locator(".card:not([hidden])").first.focus()
    view.keyboard.press("ArrowRight")
    assert view.evaluate("document.activeElement.dataset.name") == names[1]
    columns = view.evaluate("getComputedStyle(sheet).gridTemplateColumns.split(' ').length")
    view.keyboard.press("ArrowDown")
    assert view.evaluate("document.activeElement.dataset.name") == names[1 + columns]
    view.keyboard.press("ArrowUp")
    view.keyboard.press("ArrowLeft")
    assert view.evaluate("document.activeElement.dataset.name") == names[0]
    view.keyboard.press("Enter")
    assert view.evaluate("document.activeElement.classList.contains('open')")
    view.keyboard.press("Escape")
    assert len(shown(view)) == 33


def test_one_tab_stop_for_the_sheet_and_one_for_the_map(view: Any) -> None:
    assert view.locator(".card[tabindex='0']").count() == 1
    assert view.locator(".map a:not([tabindex='-1'])").count() == 1


def test_the_order_and_the_wall(view: Any) -> None:
    view.select_option("#sort", "name")
    names = shown(view)
    assert names == view.evaluate("names => [...names].sort((a, b) => a.localeCompare(b))", names)
    view.click("#wall")
    assert not view.locator(".card .more").first.is_visible()
    view.locator(".card:not([hidden])").first.click()
    assert view.locator(".card.open .more").first.is_visible()


def test_a_spot_on_the_map_leads_to_its_card_even_when_it_is_filtered_away(view: Any) -> None:
    view.select_option("#fate", "rejected")
    spot = view.locator(".map a").nth(4)
    path = spot.get_attribute("aria-label")
    spot.focus()
    view.keyboard.press("Enter")
    until(view, "path => document.activeElement.dataset?.name === path", path)


def test_pictures_shown_again_are_borrowed_from_their_cards(view: Any) -> None:
    view.locator("#twice").scroll_into_view_if_needed()
    until(view, "document.querySelector('#twice img[data-of]').naturalWidth > 0")


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_and_axe_finds_nothing_serious(browser: Any, hostile: Path, width: int, scheme: str) -> None:
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        missing("axe-playwright-python is not installed (pip install -e '.[test]')")
    for tab in opened(browser, hostile, width, scheme):
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        # axe sees only what is laid out: let nothing be skipped for being far down
        tab.add_style_tag(content="*{content-visibility:visible!important}details>*{display:block}")
        tab.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        result = Axe().run(tab)
        serious = [
            (v["id"], v["help"], [n["html"][:200] for n in v["nodes"]][:3])
            for v in result.response["violations"] if v["impact"] in ("serious", "critical", "moderate")
        ]  # fmt: skip
        assert serious == []


@pytest.mark.parametrize("width", [390, 1440])
def test_the_menu_leads_to_the_heading_whatever_is_laid_out_on_the_way(
    browser: Any,
    hostile: Path,
    width: int,
) -> None:
    for view in opened(browser, hostile, width, "light"):
        for name in ("twice", "map", "pictures", "figures"):
            view.click(f"nav a[href='#{name}']")
            until(view, "id => Math.abs(document.getElementById(id).getBoundingClientRect().top - 64) < 4", name)
            view.wait_for_timeout(300)  # and stays there
            until(view, "id => Math.abs(document.getElementById(id).getBoundingClientRect().top - 64) < 4", name)
