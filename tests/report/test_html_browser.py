"""The page in a real browser: it runs without errors, filters, follows keys, and axe finds nothing serious."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browsers import missing
from tests.examples import rebuilt

pytestmark = pytest.mark.run


@pytest.fixture
def view(browser: Any, hostile: Path) -> Iterator[Any]:
    """The page at 1440 px, light; anything it asks the network for, and any error in its script, fails the test."""
    yield from opened(browser, hostile, 1440, "light")


SIZES = {1440: 900, 390: 844}  # width -> height of a desktop's and a phone's window


def opened(browser: Any, root: Path, width: int, scheme: str, **options: Any) -> Iterator[Any]:
    size = {"width": width, "height": SIZES[width]}
    context = browser.new_context(viewport=size, color_scheme=scheme, **options)
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


FOCUSED = "document.activeElement.closest('.card')?.dataset.name"


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
    button = view.locator("#todo .show[data-show='f-broken']").first
    button.click()
    assert shown(view) == ["broken.jpg"]


def test_keys_alone_are_enough(view: Any) -> None:
    view.keyboard.press("/")
    assert view.evaluate("document.activeElement.id") == "q"
    view.keyboard.type("scene-1")
    names = shown(view)
    assert len(names) >= 10
    view.locator(".card:not([hidden]) .mat").first.focus()
    view.keyboard.press("ArrowRight")
    assert view.evaluate(FOCUSED) == names[1]
    columns = view.evaluate("getComputedStyle(sheet).gridTemplateColumns.split(' ').length")
    view.keyboard.press("ArrowDown")
    assert view.evaluate(FOCUSED) == names[1 + columns]
    view.keyboard.press("ArrowUp")
    view.keyboard.press("ArrowLeft")
    assert view.evaluate(FOCUSED) == names[0]
    view.keyboard.press("Enter")
    assert view.inner_text("#large-name") == names[0]
    view.keyboard.press("Escape")
    until(view, f"name => !large.open && {FOCUSED} === name", names[0])
    view.keyboard.press("Escape")
    until(view, "document.querySelectorAll('.card:not([hidden])').length === 33")


def test_escape_pressed_twice_at_once_closes_the_large_picture_and_clears_the_filter(view: Any) -> None:
    view.fill("#q", "scene-1")
    view.locator(".card:not([hidden]) .mat").first.click()
    twice = """() => {
        large.close();
        large.addEventListener("close", () => document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" })), { once: true });
    }"""
    view.evaluate(twice)
    until(view, "document.querySelectorAll('.card:not([hidden])').length === 33")
    view.wait_for_timeout(100)
    assert len(shown(view)) == 33


def test_one_tab_stop_for_the_sheet_and_one_for_the_map(view: Any) -> None:
    assert view.locator(".card .mat[tabindex='0']").count() == 1
    stops = view.locator(".card a[tabindex='0']").evaluate_all("links => links.map(a => a.closest('.card').id)")
    assert set(stops) <= {view.locator(".card:has(.mat[tabindex='0'])").get_attribute("id")}
    assert view.locator(".map a:not([tabindex='-1'])").count() == 1


def test_the_order_and_the_wall(view: Any) -> None:
    view.select_option("#sort", "name")
    names = shown(view)
    assert names == view.evaluate("names => [...names].sort((a, b) => a.localeCompare(b))", names)
    view.click("#wall")
    assert not view.locator(".card .more").first.is_visible()
    view.locator(".card:not([hidden]) .mat").first.click()
    assert view.locator("#large .caption").is_visible()


def test_a_spot_on_the_map_shows_its_picture_even_when_it_is_filtered_away(view: Any) -> None:
    view.select_option("#fate", "rejected")
    spot = view.locator(".map a").nth(4)
    path = spot.get_attribute("aria-label")
    spot.focus()
    view.keyboard.press("Enter")
    assert view.inner_text("#large-name") == path
    assert view.inner_text("#place").endswith("of 33")
    view.keyboard.press("Escape")
    until(view, "path => document.activeElement.getAttribute('aria-label') === path", path)
    assert len(shown(view)) == 3


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
        assert serious(Axe().run(tab)) == []
        tab.locator(".card .mat").first.click()  # and the picture, with an explanation over it
        tab.locator("#large button.term").first.click()
        assert tab.locator("#large .tip:not([hidden])").is_visible()
        assert tab.locator(".large").evaluate("e => e.scrollWidth <= e.clientWidth")
        assert serious(Axe().run(tab)) == []


def serious(result: Any) -> list[tuple[str, str, list[str]]]:
    return [
        (v["id"], v["help"], [n["html"][:200] for n in v["nodes"]][:3])
        for v in result.response["violations"] if v["impact"] in ("serious", "critical", "moderate")
    ]  # fmt: skip


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


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("of", ["brushwork", "nogo", "hostile"])
def test_verdict_why_and_next_are_the_first_screen(browser: Any, hostile: Path, width: int, of: str) -> None:
    root = hostile if of == "hostile" else rebuilt(of)[0]
    for view in opened(browser, root, width, "light"):
        ends = [box(view, f"#{name}") for name in ("verdict", "why", "next")]
        assert all(e["x"] >= 0 and e["x"] + e["width"] <= width for e in ends)
        assert all(e["y"] >= 0 and e["y"] + e["height"] <= SIZES[width] for e in ends)
        above = view.evaluate(
            """() => [...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && !e.closest('.head, .skip')
                && e.getBoundingClientRect().bottom > 0 && !e.contains(document.getElementById('next'))
                && e.getBoundingClientRect().top < document.getElementById('next').getBoundingClientRect().bottom).length"""
        )
        assert above == 0


def test_even_a_long_opening_fits_a_phone(browser: Any, hostile: Path) -> None:
    """Six names as long as they are ever shown there, in a sentence with a reason and a remedy."""
    names = ", ".join("x" * 40 + f"{n}.png" for n in range(6))
    for view in opened(browser, hostile, 390, "light"):
        view.evaluate(
            """names => { document.querySelector('.opening').classList.add('long');
                document.getElementById('why').append(`12 pictures would be enlarged up to 2.7x at 1024: ${names} and 6 more.`);
                document.getElementById('next').append('Best: find larger originals. Else put enlarged versions there.'); }""",
            names,
        )
        end = box(view, "#next")
        assert end["y"] + end["height"] <= 844
        assert view.evaluate("document.documentElement.scrollWidth") <= 390


def box(view: Any, selector: str) -> dict[str, float]:
    found = view.locator(selector).bounding_box()
    assert found
    return dict(found)


@pytest.mark.parametrize("width", [390, 1440])
def test_a_tap_on_a_word_says_what_it_means(browser: Any, hostile: Path, width: int) -> None:
    for view in opened(browser, hostile, width, "light", has_touch=True):
        words = view.locator("button.term:visible")
        assert words.count() > 20
        for n in range(0, words.count(), 6):
            word = words.nth(n)
            word.scroll_into_view_if_needed()
            word.tap()
            tip = view.locator(".tip:not([hidden])")
            assert tip.count() == 1
            assert tip.get_attribute("id") == word.get_attribute("aria-describedby")
            assert tip.get_attribute("role") == "tooltip"
            at, here = tip.bounding_box(), word.bounding_box()
            assert at["x"] >= 0
            assert at["x"] + at["width"] <= width
            assert at["y"] >= 0
            assert at["y"] + at["height"] <= SIZES[width]
            assert at["y"] + at["height"] <= here["y"] or at["y"] >= here["y"] + here["height"] / 2  # not over it
        view.locator("#todo-h").tap()
        assert view.locator(".tip:not([hidden])").count() == 0


def test_words_are_explained_to_the_keyboard_and_to_a_pointer_too(view: Any) -> None:
    word = view.locator("#next ~ * .term, .about .term").first
    word.focus()
    assert view.locator(".tip:not([hidden])").count() == 1
    view.keyboard.press("Escape")
    assert view.locator(".tip:not([hidden])").count() == 0
    assert word.evaluate("e => e === document.activeElement")
    word.hover()
    tip = view.locator(".tip:not([hidden])")
    assert tip.inner_text().endswith(".")
    tip.hover()  # who reads with a magnifier goes there
    view.wait_for_timeout(300)
    assert tip.is_visible()
    view.locator("h2").first.hover()
    until(view, "!document.querySelector('.tip:not([hidden])')")


def test_a_picture_large_has_its_words_findings_and_neighbours(view: Any) -> None:
    view.select_option("#code", "variants")
    names = shown(view)
    first = view.locator(".card:not([hidden]) .mat").first
    first.click()
    assert view.locator("#large").evaluate("d => d.open && d.contains(document.activeElement)")
    assert view.inner_text("#large-name") == names[0]
    assert view.locator("#stage img").evaluate("i => i.naturalWidth > 0")
    assert view.inner_text("#large .caption")
    assert any("show a scene" in said for said in view.locator("#large .says").all_inner_texts())
    assert view.inner_text("#place") == f"1 of {len(names)}"
    view.locator("#large .findings .term").first.click()
    tip = view.locator("#large .tip:not([hidden])")
    assert tip.evaluate(
        "t => t.contains(document.elementFromPoint(t.getBoundingClientRect().x + 20, t.getBoundingClientRect().y + 8))"
    )
    view.keyboard.press("Escape")  # the explanation first, the picture after it
    assert view.locator("#large").evaluate("d => d.open")
    view.keyboard.press("Escape")
    until(view, "!document.getElementById('large').open")
    until(view, f"name => {FOCUSED} === name", names[0])
    view.click("#reset")
    names = shown(view)
    view.locator(".card .mat").first.click()
    view.keyboard.press("ArrowRight")
    view.keyboard.press("ArrowRight")
    view.keyboard.press("ArrowLeft")
    assert view.inner_text("#large-name") == names[1]
    view.mouse.click(3, 3)  # beside the picture
    until(view, f"name => {FOCUSED} === name", names[1])


def test_the_crop_is_drawn_on_the_large_picture(browser: Any) -> None:
    for view in opened(browser, rebuilt("brushwork")[0], 1440, "light"):
        view.locator(".card:has(.crop) .mat").first.click()
        pic, crop = box(view, "#stage .pic"), box(view, "#stage .crop")
        assert pic["width"] > 500
        assert 0.7 < crop["width"] * crop["height"] / (pic["width"] * pic["height"]) < 1
        view.click("#outline")
        assert not view.locator("#stage .crop").is_visible()


@pytest.mark.parametrize("width", [390, 1440])
def test_from_a_picture_to_its_finding_to_its_pictures_and_back(browser: Any, hostile: Path, width: int) -> None:
    for view in opened(browser, hostile, width, "light"):
        view.fill("#q", "scene-00 <b>")
        (name,) = shown(view)
        view.locator(".card:not([hidden]) .mat").click()
        view.locator("#large .findings a").first.click()
        assert not view.locator("#large").evaluate("d => d.open")
        entry = view.locator("li.lit")
        assert entry.evaluate("e => e === document.activeElement")
        at = entry.bounding_box()
        assert at["y"] < SIZES[width]
        assert at["y"] + at["height"] > 0
        entry.locator(".show").click()
        many = shown(view)
        assert name in many
        assert view.locator("#only a").get_attribute("href") == f"#{entry.get_attribute('id')}"
        view.go_back()
        until(view, "document.activeElement.closest('li.lit') !== null")
        view.go_back()
        until(view, "document.getElementById('large').open")
        assert view.inner_text("#large-name") == name
        view.go_back()
        until(view, f"name => !document.getElementById('large').open && {FOCUSED} === name", name)
        assert shown(view) == [name]
        view.locator(".card:not([hidden]) .badges a, .card:not([hidden]) .notes a").first.click()
        assert view.locator("li.lit").evaluate("e => e === document.activeElement")


def test_what_differs_can_be_seen_large(view: Any) -> None:
    view.locator(".heat").first.scroll_into_view_if_needed()
    view.locator(".heat").first.click()
    assert "differs from" in view.inner_text("#large-name")
    view.keyboard.press("Escape")
    until(view, "document.activeElement.classList.contains('heat')")


def test_a_line_for_the_terminal_is_copied_and_where_it_may_not_be_it_is_marked(view: Any) -> None:
    row = view.locator("#map .way")
    line = row.locator("code").inner_text()
    assert line == "loraprep review map"
    view.evaluate(
        "() => { navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }; }"
    )
    row.locator("button").click()
    until(view, "() => document.querySelector('#map .copy').textContent === 'copied'")
    assert view.evaluate("window.copied") == line
    view.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    row.locator("button").click()
    until(view, "line => getSelection().toString() === line", line)
    view.locator(".card .mat").first.click()
    assert view.locator("#large-facts .copy").is_visible()  # also of a picture that is large
