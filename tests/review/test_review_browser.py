"""The review page as a person uses it: Chromium, the keyboard, and the files that result."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.browsers import answered, missing, open_, serving, window
from tests.gallery import ODD, paint
from tests.runs import run

pytestmark = pytest.mark.run

VIEWS = ("", "duplicates", "captions", "quality", "carried", "curation", "map", "findings", "texts")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 pictures, Gate 1 run once, nothing answered."""
    root = paint(tmp_path_factory.mktemp("gallery") / "mystyle")
    code, output = run(root, "gate1")
    assert code == 1, output
    return root


def press(page: Any, key: str) -> None:
    """One key, and what it wrote, if it writes: the count of what the page said tells."""
    page.keyboard.press(key)


def decisions(root: Path) -> dict[str, str]:
    return {p.name: p.read_text("utf-8") for p in sorted((root / "decisions").glob("*.yaml"))}


def changed(before: str, after: str) -> list[str]:
    return [x for x in difflib.ndiff(before.splitlines(), after.splitlines()) if x[:2] in ("- ", "+ ")]


def test_by_keyboard_alone_from_seventeen_questions_to_go(browser: Any, root: Path) -> None:
    before = decisions(root)
    images = {p.name: p.read_bytes() for p in (root / "images").iterdir()}
    with serving(root) as address, window(browser, address) as page:
        page.keyboard.press("Enter")  # "Begin with duplicates"
        page.wait_for_selector("body[data-ready] main[data-view=duplicates]")
        for number, key in enumerate(["Enter", "Enter", "2", "a", "x", "Enter"], 1):
            page.keyboard.press(key)
            answered(page, number)
        assert page.locator(".toast pre").text_content().startswith("decisions/duplicates.yaml:")

        page.wait_for_selector(".done:visible")
        assert page.locator(".done p").inner_text() == "Duplicates done. Next: Quality (5)"
        page.keyboard.press("Enter")
        page.wait_for_selector("body[data-ready] main[data-view=quality]")
        for number, key in enumerate(["u", "k", "r", "Enter", "Enter"], 1):
            page.keyboard.press(key)
            answered(page, number)

        open_(page, "captions")
        page.keyboard.press("Enter")
        answered(page, 1)
        page.keyboard.press("e")
        page.keyboard.type(", a second light")
        page.wait_for_function(
            "() => document.querySelector('.card:not([hidden]) .chips').innerText.includes('second light')"
        )
        page.keyboard.press("Enter")
        answered(page, 2)
        page.keyboard.press("Escape")  # the cursor is in the next caption already
        page.wait_for_timeout(700)  # a letter right behind what was written is no command
        page.keyboard.press("s")
        answered(page, 3)
        for number in (4, 5):
            page.keyboard.press("Enter")
            answered(page, number)

        open_(page, "curation")
        page.keyboard.press("Enter")
        answered(page, 1)
        after = decisions(root)

        page.keyboard.press("g")
        # copies and a small picture were kept, so the set is larger than it was: one more question
        page.wait_for_selector(".card[data-state=open]:not([hidden])", timeout=600_000)
        page.wait_for_function(
            "() => document.querySelector('.progress strong').innerText === 'Not yet: 1 answer from you.'"
        )
        assert not page.locator(".progress pre").is_visible()  # the log is folded away
        again = decisions(root)
        page.keyboard.press("Enter")
        answered(page, 2)
        assert changed(again["curation.yaml"], decisions(root)["curation.yaml"]) == [
            "-   answer: null", "+   answer: recommended"]  # fmt: skip
        page.keyboard.press("g")
        page.wait_for_function("() => document.querySelector('.pill').innerText === 'GO'", timeout=600_000)
        open_(page, "")
        assert page.locator("h1").inner_text().startswith("GO. ")

    assert json.loads((root / "build/gate1.json").read_text("utf-8"))["verdict"] == "GO"
    for name, text in decisions(root).items():  # a run appends, and changes nothing that is answered
        assert text.startswith(after[name]), name
    assert {p.name: p.read_bytes() for p in (root / "images").iterdir()} == images
    lines = {name: changed(before[name], text) for name, text in after.items()}
    assert lines["duplicates.yaml"] == [
        "-   keep: null", "+   keep: recommended", "-   keep: null", "+   keep: recommended",
        "-   keep: null", "+   keep: [scene-06-web.jpg]", "-   keep: null", "+   keep: all",
        "-   keep: null", "+   keep: none", "-   keep: null", "+   keep: recommended",
    ]  # fmt: skip
    assert lines["quality.yaml"] == [
        "-   do: null", "+   do: upscale", "-   do: null", "+   do: keep", "-   do: null", "+   do: remove",
        "-   do: null", "+   do: recommended", "-   do: null", "+   do: recommended",
    ]  # fmt: skip
    assert lines["curation.yaml"] == ["-   answer: null", "+   answer: recommended"]
    written = lines["captions.yaml"]
    assert [x for x in written if "verdict" in x] == [
        "-   verdict: null", "+   verdict: approve", "-   verdict: null", "+   verdict: adjust",
        "-   verdict: null", "+   verdict: skip", "-   verdict: null", "+   verdict: approve",
        "-   verdict: null", "+   verdict: approve",
    ]  # fmt: skip
    (old, new) = (x for x in written if "verdict" not in x)
    assert new == "+" + old[1:-1] + ', a second light"'


def test_marks_pins_undo_and_the_rest(browser: Any, root: Path) -> None:
    before = decisions(root)
    with serving(root) as address, window(browser, address) as page:
        open_(page, "duplicates")
        page.keyboard.press("d")
        page.wait_for_function(
            "() => [...document.querySelectorAll('.card:not([hidden]) .difference')].every(i => i.complete && i.naturalWidth)"
        )
        page.keyboard.press("f")
        page.keyboard.press("f")
        assert page.locator(".card:not([hidden]) figure:visible strong").inner_text() == "scene-04-light.jpg"
        behind = "() => [...document.querySelectorAll('.card:not([hidden]) figure.front .open')].map(b => getComputedStyle(b).opacity)"
        assert page.evaluate(behind) == ["0"]  # laid over the first, it does not lie there in its own frame as well
        page.keyboard.press("s")
        assert page.locator(".card:not([hidden]) figure.covered").count() == 0
        page.keyboard.press("Shift+Digit2")  # the group of three: this one stays too
        answered(page, 1)
        assert changed(before["duplicates.yaml"], decisions(root)["duplicates.yaml"])[1] == (
            "+   keep: [scene-04.jpg, scene-04-light.jpg]"
        )
        page.keyboard.press("z")
        answered(page, 0)
        assert decisions(root) == before
        page.keyboard.press("R")
        page.wait_for_function("() => document.querySelector('.deck').dataset.open === '0'")
        rest = '  # write "recommended" to accept everything below that is still open'
        assert changed(before["duplicates.yaml"], decisions(root)["duplicates.yaml"]) == [
            f"- rest: null{rest}", f"+ rest: recommended{rest}"]  # fmt: skip

        open_(page, "curation")
        names = page.locator(".pairs figcaption strong").all_inner_texts()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("p")
        answered(page, 1)
        leaving = [n for n in names if n != names[1]]
        entry = json.dumps(leaving)
        line = changed(before["curation.yaml"], decisions(root)["curation.yaml"])[1]
        assert [n for n in names if n in line] == leaving, entry
        page.wait_for_function("() => document.querySelectorAll('figure.stays .mark').length === 1")
        page.keyboard.press("p")  # and unpinned
        page.wait_for_function("() => document.querySelectorAll('figure.stays .mark').length === 0")


def test_an_edit_in_an_editor_shows_and_a_race_is_never_lost(browser: Any, root: Path) -> None:
    path = root / "decisions/quality.yaml"
    with serving(root) as address, window(browser, address) as page:
        open_(page, "quality")
        path.write_text(path.read_text("utf-8").replace("  do: null", "  do: keep  # by hand", 1), "utf-8")
        answered(page, 1)  # the page follows the file
        there = path.read_text("utf-8") + "# a remark\n"
        path.write_text(there, "utf-8")  # between look and key
        page.keyboard.press("r")
        page.wait_for_selector("dialog.conflict[open]")
        assert page.locator(".conflict .message").inner_text() == (
            "decisions/quality.yaml was changed meanwhile, so nothing was written."
        )
        assert "do: keep  # by hand" in page.locator(".theirs").inner_text()
        assert page.locator(".yours").inner_text() == "small-0.jpg: {do: remove}"
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog.conflict:not([open])", state="attached")
        assert path.read_text("utf-8") == there
        page.wait_for_function("() => !document.body.ariaBusy")
        there += "# and another\n"
        path.write_text(there, "utf-8")
        page.keyboard.press("r")
        page.wait_for_selector("dialog.conflict[open]")
        page.keyboard.press("w")
        page.wait_for_function("() => document.querySelector('.toast').textContent.includes('do: remove  # by hand')")
        assert path.read_text("utf-8") == there.replace("do: keep", "do: remove")


def test_names_and_captions_with_markup_are_text(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "texts")
        names = page.locator(".row strong").all_inner_texts()
        assert ODD in names
        assert "[a].jpg" in names
        page.keyboard.press("i")
        page.keyboard.type("onerror")
        page.wait_for_function("() => document.querySelectorAll('.row').length === 1")
        page.wait_for_function("t => document.querySelector('.desk h2').innerText === t", arg=ODD)
        page.keyboard.press("Escape")  # clears
        page.wait_for_function("() => document.querySelectorAll('.row').length > 1")
        page.keyboard.press("Escape")  # leaves, for the caption from which the search began
        page.locator(".row", has_text=ODD).click()
        page.wait_for_function("t => document.querySelector('.desk h2').innerText === t", arg=ODD)
        page.keyboard.press("e")
        page.keyboard.press("Control+a")
        evil = '[trigger], <img src=x onerror=alert(2)> "quoted" </p><script>alert(3)</script>'
        page.keyboard.type(evil)
        page.keyboard.press("Enter")  # saved, and on
        page.wait_for_function("t => document.querySelector('.desk h2').innerText !== t", arg=ODD)
        page.keyboard.press("Escape")
        page.wait_for_function("() => !document.body.ariaBusy")
        odd = page.locator(".row", has_text="alert(2)")
        assert odd.locator(".text").inner_text() == evil
        assert odd.locator(".facts").inner_text() == "yours"
        page.reload()
        page.wait_for_selector("body[data-ready] .row")
        assert page.locator(".row", has_text="alert(2)").locator(".text").inner_text() == evil
        assert page.locator("main script, main .row .text *").count() == 0
        last = decisions(root)["captions.yaml"].splitlines()[-1]
        assert (
            last
            == r'"<img src=x onerror=alert(1)>.png": {caption: "[trigger], <img src=x onerror=alert(2)> \"quoted\" </p><script>alert(3)</script>"}'
        )


def test_a_finding_is_accepted_by_keyboard(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "findings")
        page.keyboard.press("a")
        page.keyboard.type('It is <b>a study</b>: "fine"')
        page.keyboard.press("Enter")
        said = 'It is <b>a study</b>: "fine"'
        page.wait_for_function("s => [...document.querySelectorAll('.quote')].some(q => q.innerText === s)", arg=said)
    assert decisions(root)["gate.yaml"].splitlines()[-1].endswith(r'reason: "It is <b>a study</b>: \"fine\""}')


def test_words_that_are_being_written_survive_an_edit_elsewhere(browser: Any, root: Path) -> None:
    path = root / "decisions/captions.yaml"
    with serving(root) as address, window(browser, address) as page:
        open_(page, "captions")
        page.keyboard.press("e")
        page.keyboard.type(", half a thought")
        path.write_text(path.read_text("utf-8") + "# a remark\n", "utf-8")
        page.wait_for_function(
            "h => JSON.parse(document.querySelector('main').dataset.digests).captions !== h",
            arg=json.loads(page.locator("main").get_attribute("data-digests"))["captions"],
        )
        page.wait_for_function("() => document.activeElement.matches('textarea')")
        page.keyboard.type(", and the rest")
        page.keyboard.press("Enter")
        answered(page, 1)
    text = path.read_text("utf-8")
    assert ', half a thought, and the rest"' in text
    assert text.endswith("# a remark\n")


MARKS = """
bars:
  what: "2 pictures have bars at their sides"
  pictures: {scene-04.jpg: "above and below", scene-05.jpg: "above"}
  marks:
    scene-04.jpg: [[0.0, 0.0, 1.0, 0.1], [0.0, 0.9, 1.0, 1.0]]
    scene-05.jpg: [[0.0, 0.0, 1.0, 0.1]]
  crops: {scene-04.jpg: [0.0, 0.1, 1.0, 0.9]}
  recommended: crop
  answer: null
  except: {}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_for_axe_and_nothing_wider_than_the_window(browser: Any, root: Path, scheme: str, width: int) -> None:
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        missing("axe-playwright-python is not installed (pip install -e '.[test]')")
    look = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme}
    (root / "decisions/carried.yaml").write_text(MARKS, "utf-8")
    with serving(root) as address:
        context = browser.new_context(**look, bypass_csp=True)  # axe puts its script into the page
        page = context.new_page()
        page.goto(address)
        found = []
        for view in VIEWS:
            open_(page, view)
            page.wait_for_timeout(250)
            result = Axe().run(page).response
            found += [
                (view, v["id"], n["html"][:200], n["failureSummary"]) for v in result["violations"] for n in v["nodes"]
            ]
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
        page.keyboard.press("?")
        page.wait_for_selector(".keys[open]")
        found += [("keys", v["id"], v["help"], "") for v in Axe().run(page).response["violations"]]
        context.close()
    assert found == []


@pytest.mark.parametrize("wanted", ["reduce", "no-preference"])
def test_nothing_moves_for_who_wants_that(browser: Any, root: Path, wanted: str) -> None:
    moves = "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration !== '0s').length"
    with serving(root) as address, window(browser, address, reduced_motion=wanted) as page:
        found = {}
        for view in VIEWS:
            open_(page, view)
            found[view] = page.evaluate(moves)
        page.keyboard.press("?")
        page.wait_for_selector(".keys[open]")
        found["keys"] = page.evaluate(moves)
    assert any(found.values()) == (wanted == "no-preference"), found  # for others the pictures of a card fade


CUT_AWAY = """() => [...document.querySelectorAll('main img')].filter(img => {
    let { left, top, right, bottom } = img.getBoundingClientRect();
    if (!(right - left) || !img.checkVisibility()) return false;
    for (let at = img.parentElement; at.tagName !== 'MAIN'; at = at.parentElement) {
        if (!['hidden', 'clip'].includes(getComputedStyle(at).overflow)) continue; // what scrolls can be reached
        const box = at.getBoundingClientRect();
        [left, top, right, bottom] = [Math.max(left, box.left), Math.max(top, box.top), Math.min(right, box.right), Math.min(bottom, box.bottom)];
    }
    return right - left < 16 || bottom - top < 16;
}).map(img => img.alt || img.src)"""


@pytest.mark.parametrize("width", [390, 1440])
def test_no_picture_is_cut_away_by_what_holds_it(browser: Any, root: Path, width: int) -> None:
    (root / "decisions/carried.yaml").write_text(MARKS, "utf-8")
    with serving(root) as address:
        page = browser.new_page(viewport={"width": width, "height": 844})
        page.goto(address)
        for view in VIEWS:
            open_(page, view)
            page.wait_for_timeout(250)
            assert page.evaluate(CUT_AWAY) == [], view
            if view == "carried":
                assert page.locator(".marked img").count() > 0
        page.close()


LOOKS = """
scene-07.jpg:
  what: "these look like 2 hands: look 1 (3), look 2 (2). Which belong?"
  looks:
    look 1: [scene-04.jpg, scene-05.jpg, scene-06.jpg]
    look 2: [scene-07.jpg, scene-08.jpg]
  examples:
    look 1: [scene-06.jpg]
    look 2: [scene-08.jpg]
  recommended: together
  answer: null
"""


def test_looks_are_shown_apart_and_answered_by_keyboard(browser: Any, root: Path) -> None:
    path = root / "decisions/curation.yaml"
    path.write_text(path.read_text("utf-8") + LOOKS, "utf-8")
    with serving(root) as address, window(browser, address) as page:
        open_(page, "curation")
        page.keyboard.press("Enter")  # the picture that is not needed
        answered(page, 1)
        assert page.locator(".look:visible h3").all_inner_texts() == ["look 1: 3 pictures", "look 2: 2 pictures"]
        assert page.locator(".look:visible figcaption").all_inner_texts() == [
            "scene-06.jpg", "scene-04.jpg", "scene-05.jpg", "scene-08.jpg", "scene-07.jpg"]  # fmt: skip
        for key, written in {
            "2": "answer: [look 2]", "t": "answer: together", "l": "answer: leave out", "o": "answer: own trigger",
            "": "answer: recommended",
        }.items():  # fmt: skip
            page.keyboard.press(key) if key else page.locator(".actions:visible .primary").click()
            page.wait_for_function(
                "text => document.querySelector('.toast').textContent.includes(text) && !document.body.ariaBusy",
                arg=written,
            )
            assert f"  {written}\n" in path.read_text("utf-8")
            gone = page.locator(".look.leaves h3").all_inner_texts()
            assert gone == (["look 2: 2 pictures"] if key and key in "2l" else [])


@contextmanager
def asked_too(browser: Any, root: Path, question: str) -> Iterator[tuple[Any, Any]]:
    """The page at a second question of curation, behind the one about the picture that is not needed; its card."""
    path = root / "decisions/curation.yaml"
    path.write_text(path.read_text("utf-8") + question, "utf-8")
    with serving(root) as address, window(browser, address) as page:
        open_(page, "curation")
        page.keyboard.press("Enter")
        answered(page, 1)
        yield page, page.locator(".card.curation:visible")


STRANGERS = """
scene-07.jpg:
  what: "2 pictures seem to show somebody else. The model would learn a mix of both. Is it your character?"
  strangers:
    scene-07.jpg: "a man, dark hair; the others: a woman, red hair"
    scene-08.jpg: "blond hair, blue eyes; the others: red hair, green eyes"
  recommended: leave out
  answer: null
"""


def test_strangers_are_shown_beside_the_others_and_answered_by_keyboard(browser: Any, root: Path) -> None:
    path = root / "decisions/curation.yaml"
    with asked_too(browser, root, STRANGERS) as (page, card):
        assert [" ".join(t.split()) for t in card.locator(".actions button").all_inner_texts()] == [
            "As recommended: leave out \u21b5", "It is my character: keep K", "Leave out L", "Own trigger O"]  # fmt: skip
        assert card.locator(".facts").all_inner_texts() == [
            "a man, dark hair; the others: a woman, red hair",
            "blond hair, blue eyes; the others: red hair, green eyes",
        ]
        others = card.locator(".others figcaption").all_inner_texts()
        assert len(others) == 8
        assert not {"scene-07.jpg", "scene-08.jpg"} & {*others}
        assert card.locator("figure.leaves strong").all_inner_texts() == ["scene-07.jpg", "scene-08.jpg"]
        for key, written, leaving in (
            ("k", "answer: keep", []), ("2", "answer: [scene-08.jpg]", ["scene-08.jpg"]), ("2", "answer: keep", []),
            ("1", "answer: [scene-07.jpg]", ["scene-07.jpg"]), ("o", "answer: own trigger", []),
            ("l", "answer: leave out", ["scene-07.jpg", "scene-08.jpg"]),
            ("", "answer: recommended", ["scene-07.jpg", "scene-08.jpg"]),
        ):  # fmt: skip
            page.keyboard.press(key) if key else page.locator(".actions:visible .primary").click()
            page.wait_for_function(
                "text => document.querySelector('.toast').textContent.includes(text) && !document.body.ariaBusy",
                arg=written,
            )
            assert f"  {written}\n" in path.read_text("utf-8")
            assert card.locator("figure.leaves strong").all_inner_texts() == leaving


def test_undo_shows_the_question_again_and_redo_answers_it(browser: Any, root: Path) -> None:
    before = decisions(root)
    with serving(root) as address, window(browser, address) as page:
        open_(page, "quality")
        first = page.locator(".card:visible h2").inner_text()
        page.keyboard.press("r")
        page.wait_for_function("f => document.querySelector('.card:not([hidden]) h2').innerText !== f", arg=first)
        answered(page, 1)
        after = decisions(root)
        page.keyboard.press("z")
        answered(page, 0)
        assert page.locator(".card:visible h2").inner_text() == first
        assert page.evaluate("document.activeElement.matches('.card:not([hidden])')")
        assert decisions(root) == before
        page.keyboard.press("Shift+Z")
        answered(page, 1)
        assert decisions(root) == after
        page.keyboard.press("z")
        answered(page, 0)
        page.keyboard.press("k")  # what is in view is answered, and nothing else
        answered(page, 1)
        assert changed(before["quality.yaml"], decisions(root)["quality.yaml"]) == ["-   do: null", "+   do: keep"]
        open_(page, "captions")
        page.keyboard.press("z")  # the answer was given in another view: it shows again there
        page.wait_for_selector("body[data-ready] main[data-view=quality]")
        answered(page, 0)
        assert page.locator(".card:visible h2").inner_text() == first
        assert decisions(root) == before


def test_a_key_answers_nothing_that_is_out_of_view_and_nothing_twice(browser: Any, root: Path) -> None:
    before = decisions(root)
    with serving(root) as address, window(browser, address, viewport={"width": 1024, "height": 500}) as page:
        open_(page, "curation")
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.wait_for_function("() => scrollY > 400")
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.querySelector('.toast').textContent.startsWith('Here is what')")
        assert decisions(root) == before
        open_(page, "quality")
        for _ in range(12):  # held down: the browser says that it repeats
            page.keyboard.down("k")
        page.keyboard.up("k")
        answered(page, 1)
        assert decisions(root)["quality.yaml"].count("do: keep") == 1
        page.keyboard.press("ArrowLeft")  # back to what is answered: Enter goes on from there
        page.wait_for_selector(".card[data-state=answered]:visible")
        page.keyboard.press("Enter")
        page.wait_for_selector(".card[data-state=open]:visible")
        assert decisions(root)["quality.yaml"].count("do: null") == before["quality.yaml"].count("do: null") - 1


def test_two_windows_lose_nothing_and_each_takes_back_its_own(browser: Any, root: Path) -> None:
    before = decisions(root)
    with serving(root) as address, window(browser, address) as page:
        open_(page, "quality")
        other = page.context.new_page()
        other.goto(page.url.split("/quality")[0] + "/quality")
        other.wait_for_selector("body[data-ready]")
        page.keyboard.press("k")
        answered(page, 1)
        answered(other, 1)  # it follows the file
        other.keyboard.press("ArrowRight")
        other.keyboard.press("r")
        answered(other, 2)
        page.keyboard.press("z")
        answered(page, 1)
        lines = changed(before["quality.yaml"], decisions(root)["quality.yaml"])
        assert lines == ["-   do: null", "+   do: remove"]
        other.close()


def test_words_written_in_two_windows_are_asked_about(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "captions")
        other = page.context.new_page()
        other.goto(page.url.split("/captions")[0] + "/captions")
        other.wait_for_selector("body[data-ready]")
        for each, words in ((page, ", of one"), (other, ", of two")):
            each.keyboard.press("e")
            each.keyboard.type(words)
        before = json.loads(other.locator("main").get_attribute("data-digests"))["captions"]
        page.keyboard.press("Enter")
        answered(page, 1)
        other.wait_for_function(
            "h => JSON.parse(document.querySelector('main').dataset.digests).captions !== h", arg=before
        )
        other.keyboard.press("Enter")
        other.wait_for_selector("dialog.conflict[open]")
        assert ", of one" in other.locator(".theirs").inner_text()
        assert ", of two" in other.locator(".yours").inner_text()
        other.keyboard.press("Escape")
        other.wait_for_function("() => !document.body.ariaBusy")
        assert ', of one"' in (text := (root / "decisions/captions.yaml").read_text("utf-8"))
        assert ", of two" not in text
        other.close()


UNLIKE = """
scene-07.jpg:
  what: "1 of 12 pictures is drawn or shown unlike all others. The model would try to learn that too. Does it belong?"
  unlike:
    scene-07.jpg: "filled to its edges, soft edges; the others: on plain ground, hard edges"
  examples:
    the others: [scene-05.jpg]
  recommended: leave out
  answer: null
"""


def test_what_strayed_in_is_shown_beside_the_others(browser: Any, root: Path) -> None:
    path = root / "decisions/curation.yaml"
    with asked_too(browser, root, UNLIKE) as (page, card):
        assert [" ".join(t.split()) for t in card.locator(".actions button").all_inner_texts()] == [
            "As recommended: leave out \u21b5", "It belongs: keep K", "Leave out L"]  # fmt: skip
        assert card.locator(".facts").all_inner_texts() == [
            "filled to its edges, soft edges; the others: on plain ground, hard edges"
        ]
        others = card.locator(".others figcaption").all_inner_texts()
        assert (others[0], len(others)) == ("scene-05.jpg", 8)  # the typical ones first
        assert not card.locator(".hint").count()  # nobody teaches a stray under a word of its own
        for key, written, leaving in (
            ("k", "answer: keep", []), ("1", "answer: [scene-07.jpg]", ["scene-07.jpg"]), ("1", "answer: keep", []),
            ("l", "answer: leave out", ["scene-07.jpg"]),
        ):  # fmt: skip
            page.keyboard.press(key)
            page.wait_for_function(
                "text => document.querySelector('.toast').textContent.includes(text) && !document.body.ariaBusy",
                arg=written,
            )
            assert f"  {written}\n" in path.read_text("utf-8")
            assert card.locator("figure.leaves strong").all_inner_texts() == leaving
