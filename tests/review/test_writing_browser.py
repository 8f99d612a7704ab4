"""Writing one caption after the other without waiting: every letter lands in the caption that comes, none is a command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loraprep.core import yamlfile
from tests.browsers import open_, serving, window

pytestmark = pytest.mark.run

# Answers come as late as a slow computer's: ms that /desk, the page and the next part of a list take.
SLOWED = """([desk, page, measure]) => {
  const now = window.fetch;
  window.fetch = async (address, more) => {
    const ms = address.startsWith("/desk") || address.startsWith("/light") ? desk : address.startsWith("/measure") ? measure : address.startsWith("/answer") ? 40 : address.startsWith("/events") ? 0 : page;
    if (ms) await new Promise((go) => setTimeout(go, ms));
    return now(address, more);
  };
}"""
NAMED = """async () => {
  const list = new DOMParser().parseFromString(await (await fetch("/part/texts?from=0")).text(), "text/html");
  return [...list.querySelectorAll("strong")].map((e) => e.textContent);
}"""
TYPED = ", gzlx? 1"  # each of them a key that does something elsewhere


def saved(root: Path) -> dict[str, str]:
    entries = yamlfile.load(root / "decisions/captions.yaml", "captions.yaml").data
    return {
        key: str(entry["caption"]) for key, entry in entries.items() if isinstance(entry, dict) and "caption" in entry
    }


def listed(page: Any) -> list[tuple[str, str]]:
    return page.evaluate(  # type: ignore[no-any-return]
        "() => [...document.querySelectorAll('.row')].map(r => ["
        "r.querySelector('strong').innerText, r.querySelector('.text').textContent])"
    )


def holds(page: Any, name: str, text: str) -> None:
    """Waits until a caption is on the desk with those words and the cursor behind them."""
    page.wait_for_function(
        "([name, text]) => { const t = document.activeElement; return document.querySelector('.desk h2').innerText === name"
        " && t.matches('.desk textarea') && t.value === text && t.selectionStart === text.length }",
        arg=[name, text],
        timeout=15_000,
    )


@pytest.mark.parametrize(
    ("query", "desk", "page_"), [("", 0, 0), ("only=draft", 500, 0), ("only=draft", 0, 500), ("", 350, 150), ("only=draft", 150, 350)]
)  # fmt: skip
def test_what_is_typed_after_enter_is_of_the_next_caption(
    browser: Any, root: Path, query: str, desk: int, page_: int
) -> None:
    sent: list[tuple[str, str]] = []
    with serving(root) as address, window(browser, address) as page:
        open_(page, f"texts?{query}")
        rows = listed(page)[:4]
        assert len(rows) == 4
        page.evaluate(SLOWED, [desk, page_, 30])
        page.on(
            "request",
            lambda r: sent.append((r.url.rsplit("/", 1)[1], r.post_data or "")) if r.method == "POST" else None,
        )
        page.keyboard.press("e")
        page.keyboard.type(TYPED)
        for name, text in rows[1:3]:
            page.keyboard.press("Enter")
            page.keyboard.type(TYPED)
            holds(page, name, text + TYPED)
            page.wait_for_timeout(desk)  # the hand rests
        page.keyboard.press("Enter")
        page.keyboard.press("Control+a")  # all of it anew, before it is there
        page.keyboard.type("[trigger], g")
        holds(page, rows[3][0], "[trigger], g")
        page.wait_for_timeout(desk + page_ + 300)
        page.keyboard.type("o")
        holds(page, rows[3][0], "[trigger], go")
        page.keyboard.press("Enter")  # nothing typed, gone on
        page.wait_for_function(
            "n => document.querySelector('.desk h2').innerText !== n && !document.body.ariaBusy", arg=rows[3][0]
        )
        page.wait_for_timeout(desk + page_ + 300)
        assert page.evaluate("document.activeElement.matches('.desk textarea')")
        assert page.locator("dialog[open], .progress:not([hidden])").count() == 0
    assert {what for what, _ in sent} == {"answer", "measure"}
    written = saved(root)
    for name, text in rows[:3]:
        assert written[name] == text + TYPED
    assert written[rows[3][0]] == "[trigger], go"


def test_a_letter_is_no_command_while_the_next_caption_comes(browser: Any, root: Path) -> None:
    sent: list[str] = []
    with serving(root) as address, window(browser, address) as page:
        open_(page, "texts")
        second = listed(page)[1]
        page.evaluate(SLOWED, [1000, 0, 0])
        page.on("request", lambda r: sent.append(r.url.rsplit("/", 1)[1]) if r.method == "POST" else None)
        page.keyboard.press("e")
        page.keyboard.press("Enter")
        page.evaluate("document.activeElement.blur()")  # however it came about
        page.keyboard.type("gzm?")
        page.wait_for_function("n => document.querySelector('.desk h2').innerText === n", arg=second[0])
        assert page.locator("dialog[open], .progress:not([hidden])").count() == 0
        page.wait_for_timeout(700)  # the sentence is over
        page.keyboard.press("?")
        page.wait_for_selector(".keys[open]")
    assert [what for what in sent if what != "measure"] == []


def test_a_second_enter_before_the_next_caption_is_there_glues_nothing(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "texts")
        second = listed(page)[1]
        page.evaluate(SLOWED, [1000, 200, 0])
        page.keyboard.press("e")
        page.keyboard.press("Enter")
        page.keyboard.type(", one")
        page.keyboard.press("Enter")
        page.keyboard.type(", two")
        holds(page, second[0], second[1] + ", one")
        page.keyboard.type(", more")
        holds(page, second[0], second[1] + ", one, more")


def test_whoever_leaves_the_trigger_away_is_told_that_it_comes_first_by_itself(browser: Any, root: Path) -> None:
    said = "[trigger] stands for brushy. Left away, it is put first by itself."
    with serving(root) as address, window(browser, address) as page:
        for view, box in (("captions", ".card:visible"), ("texts", ".desk")):
            open_(page, view)
            assert page.locator(f"{box} [data-trigger]").inner_text() == said
        page.keyboard.press("e")
        with_it = int(page.locator(".desk [data-tokens]").inner_text())
        text = page.locator(".desk textarea").input_value()
        assert text.startswith("[trigger], ")
        page.keyboard.press("Control+a")
        page.keyboard.type(text.removeprefix("[trigger], "))  # all anew, without it
        page.wait_for_function("() => document.querySelector('.desk .kept').innerText.startsWith('saved')")
        assert page.locator(".desk [data-trigger]").is_visible()
        assert int(page.locator(".desk [data-tokens]").inner_text()) == with_it  # it is counted all the same


def test_the_light_table_goes_on_writing_too(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "texts")
        rows = listed(page)
        page.keyboard.press(" ")
        page.wait_for_selector(".light[open] textarea")
        page.evaluate(SLOWED, [600, 100, 30])
        page.keyboard.press("e")
        page.keyboard.type(TYPED)
        page.keyboard.press("Enter")
        page.keyboard.type(TYPED)
        page.wait_for_function(
            "([name, text]) => document.querySelector('#light-title').innerText === name"
            " && document.activeElement.matches('.light textarea') && document.activeElement.value === text",
            arg=[rows[1][0], rows[1][1] + TYPED],
        )
        page.keyboard.press("Enter")
        page.wait_for_function(
            "n => document.querySelector('#light-title').innerText !== n && !document.body.ariaBusy", arg=rows[1][0]
        )
    written = saved(root)
    for name, text in rows[:2]:
        assert written[name] == text + TYPED


def test_the_cursor_follows_from_sample_to_sample_and_none_is_leapt_over(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "captions")
        names = page.locator(".strip button").evaluate_all("all => all.map(b => b.ariaLabel.split(',')[0])")
        shown = "n => document.querySelector('.card:not([hidden]) h2').innerText === n && !document.body.ariaBusy"
        page.evaluate(SLOWED, [0, 200, 30])
        page.keyboard.press("Enter")  # the first is approved ...
        page.wait_for_function(shown, arg=names[1])
        page.keyboard.press("ArrowLeft")  # ... and then written after all
        page.wait_for_function(shown, arg=names[0])
        page.keyboard.press("e")
        page.keyboard.type(TYPED)
        for name in names[1:4]:
            page.keyboard.press("Enter")
            page.keyboard.type(TYPED)
            page.wait_for_function(shown, arg=name)
            value = page.evaluate("() => document.activeElement.value")
            assert value == page.evaluate("() => document.activeElement.dataset.was") + TYPED
    written = saved(root)
    assert [written[name].endswith(TYPED) for name in names[:4]] == [True, True, True, False]


def test_show_all_takes_one_click_from_the_box_and_esc_leaves_the_search(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "texts?only=draft")
        total = int(page.locator("[data-shown]").inner_text())
        assert total > 2
        page.evaluate(SLOWED, [0, 400, 0])
        page.keyboard.press("e")
        page.keyboard.type(", oak")
        page.locator("[data-do=everything]").click()  # with the cursor in the box: it is saved, and all are shown
        page.wait_for_function("() => !document.body.ariaBusy")
        page.wait_for_timeout(1500)  # whatever was on its way has come
        assert page.locator("[data-do=everything]").is_hidden()
        assert page.locator("[aria-pressed=true][data-only]").count() == 0
        assert int(page.locator("[data-shown]").inner_text()) >= total
        page.keyboard.press("/")
        page.keyboard.type("no such words")
        page.wait_for_function("() => document.querySelectorAll('.row').length === 0")
        page.keyboard.press("Escape")
        page.wait_for_function("() => document.querySelectorAll('.row').length > 2")
        assert page.locator("#search").input_value() == ""
        assert not page.evaluate("document.activeElement.matches('input')")
        keys = page.locator("[data-key=Escape]").evaluate_all("all => all.map(b => b.dataset.do)")
        assert keys.count("everything") == 1
        assert "hide-run" not in keys  # Esc is one button's alone


def test_esc_shows_all_from_a_word_of_the_set_and_what_is_not_written_is_not_called_saved(
    browser: Any, root: Path
) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "texts")
        total = page.locator("[data-shown]").inner_text()
        page.locator(".tools summary").click()
        chip = page.locator("[data-term]").last
        chip.click()
        page.wait_for_function("t => document.querySelector('[data-shown]').textContent !== t", arg=total)
        assert page.evaluate("document.activeElement.matches('[data-term]')")
        page.keyboard.press("Escape")
        page.wait_for_function("t => document.querySelector('[data-shown]').textContent === t", arg=total)
        open_(page, "captions")
        page.keyboard.press("Enter")
        page.wait_for_function(
            "() => document.querySelector('.saved').textContent === 'Saved' && !document.body.ariaBusy"
        )
        page.keyboard.press(",")
        page.keyboard.press("x")
        page.wait_for_selector(".card:not([hidden]) .words.edited")
        assert page.locator(".saved").inner_text() == ""
        assert page.locator(".card:visible .kept").inner_text() == "not saved yet"
        page.keyboard.press("Escape")
        page.keyboard.press("Enter")
        page.wait_for_function(
            "() => document.querySelector('.saved').textContent === 'Saved' && !document.body.ariaBusy"
        )


@pytest.mark.parametrize(("width", "height"), [(390, 844), (720, 450)])  # a phone; a laptop at 200 %
def test_where_the_list_stands_below_the_desk_one_goes_on_all_the_same(
    browser: Any, root: Path, width: int, height: int
) -> None:
    with serving(root) as address, window(browser, address, viewport={"width": width, "height": height}) as page:
        open_(page, "texts")
        page.wait_for_timeout(300)
        assert page.evaluate("scrollY") == 0  # the caption, and not its place in the list
        names = page.evaluate(NAMED)[:9]
        on_desk = page.locator(".desk h2")
        for name in names[1:3]:
            page.locator("[data-by='1']").click()
            page.wait_for_function("n => document.querySelector('.desk h2').innerText === n", arg=name)
        for name in names[3:5]:
            page.keyboard.press("ArrowRight")
            page.wait_for_function("n => document.querySelector('.desk h2').innerText === n", arg=name)
        page.keyboard.press("e")
        for name in names[4:8]:
            assert on_desk.inner_text() == name
            page.keyboard.type(f", number {names.index(name)}")
            page.keyboard.press("Enter")
            following = names[names.index(name) + 1]
            page.wait_for_function(
                "n => document.querySelector('.desk h2').innerText === n && !document.body.ariaBusy", arg=following
            )
        assert page.evaluate("document.activeElement.getBoundingClientRect().bottom <= innerHeight")
    assert {*saved(root)} >= {*names[4:8]}
