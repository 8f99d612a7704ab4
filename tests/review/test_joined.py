"""Questions of one kind stand on one card: one answer for all, exceptions, and each by itself where wanted."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from loraprep.project import decision_edits
from loraprep.review import decks, joined, lists, views
from loraprep.review.snapshot import ident
from loraprep.review.words import Sought
from tests.browsers import open_, serving, window
from tests.reviewed import Reviewed, changed
from tests.runs import run

pytestmark = pytest.mark.run


@pytest.fixture
def page(asked_together: Path, tmp_path: Path) -> Reviewed:
    return Reviewed.of_copy(asked_together, tmp_path)


def unit(page: Reviewed, kind: str) -> views.Unit:
    (found,) = views.units(page.snapshot(), kind)
    return found


def opened(page: Reviewed) -> dict[str, int]:
    return {q.name: q.open for q in views.queues(page.snapshot()) if q.open}


def lines(page: Reviewed, kind: str, before: str) -> list[str]:
    return [x[2:].split("  #")[0].strip() for x in changed(before, page.file(kind)) if x[0] == "+"]


def test_many_questions_are_one_card_and_one_to_answer(page: Reviewed) -> None:
    assert opened(page) == {"duplicates": 1, "quality": 1, **{k: n for k, n in opened(page).items() if k == "findings"}}
    shown = page.get("/duplicates").text
    assert shown.count('class="joined-item') == 7
    assert "7 pictures are there more than once" in shown
    assert "p03_web.jpg is a smaller copy of p03.jpg" in shown
    card = joined.card(page.snapshot(), "quality", unit(page, "quality"))
    assert (card.recommended, card.answer, card.own) == ("keep", "", 0)
    before = page.file("quality")
    assert page.answer("quality", unit(page, "quality").key, {"do": "remove"}).status_code == 200
    assert lines(page, "quality", before) == ["do: remove"]
    assert "quality" not in opened(page)
    assert page.post("/undo", {}).status_code == 200
    assert page.file("quality") == before


def test_exceptions_are_named_and_taken_back(page: Reviewed) -> None:
    before = page.file("quality")
    key = unit(page, "quality").key
    page.answer("quality", "small3.jpg", {"do": "remove"})
    assert lines(page, "quality", before) == ["except: {small3.jpg: remove}"]
    card = joined.card(page.snapshot(), "quality", unit(page, "quality"))
    assert (card.state, card.own) == ("open", 1)
    items = {i.heading: i for i in card.items.items if isinstance(i, joined.Item) and i.own}
    assert [i.answer for i in items.values()] == ["remove"]
    page.answer("quality", key, {"do": "keep"})
    one = joined.item(page.snapshot(), "quality", page.snapshot().decisions["quality"].entries["small3.jpg"])
    assert (one.answer, one.own, one.back) == ("remove", True, "keep")
    page.answer("quality", "small3.jpg", {"do": one.back})
    assert lines(page, "quality", before) == ["do: keep"]
    assert page.answer("quality", key, {"do": "burn"}).status_code == 400
    assert page.answer("quality", "nowhere", {"do": "keep"}).status_code == 400


def test_each_is_looked_at_by_itself_where_wanted_and_says_what_follows(page: Reviewed) -> None:
    s = page.snapshot()
    of = unit(page, "duplicates")
    each = ident("duplicates", of.key)
    alone = decks.deck(s, "duplicates", "", each)
    assert (alone.total, alone.each) == (7, each)
    assert decks.deck(s, "duplicates", "", "nobody").total == 1
    assert decks.deck(s, "duplicates", ident("duplicates", "p04.jpg")).at == each  # a question leads to its card
    entry = s.decisions["duplicates"].entries["p04.jpg"]
    card = views.duplicate_card(s, entry)
    assert card.heading == "p04_web.jpg is a smaller copy of p04.jpg"
    assert card.then == ["p04_web.jpg is small, too; if it leaves, that is not asked."]
    assert "Accept the rest" not in page.get(f"/duplicates?each={each}").text
    assert decks.step(s, "duplicates", each).href == "/quality"  # nothing else is open there: no stop on the way
    assert lists.paths(s, f"joined/duplicates/{each}", Sought())[:2] == ["p00.jpg", "p00_web.jpg"]
    assert page.get("/part/joined/duplicates/nobody?from=0").status_code == 404
    assert page.get("/part/joined/gate/nobody?from=0").status_code == 404
    page.answer("duplicates", "p04.jpg", {"keep": "all"})
    s = page.snapshot()
    then = views.duplicate_card(s, s.decisions["duplicates"].entries["p04.jpg"]).then
    assert then == ["If p04_web.jpg stays, its size is asked about next."]


def test_what_was_answered_here_counts(page: Reviewed) -> None:
    told = page.answer("duplicates", "p03.jpg", {"keep": "all"}).json()
    assert told["lines"][0]["text"].strip().startswith("except: {p03.jpg: all}")
    assert page.answer("duplicates", unit(page, "duplicates").key, {"keep": "recommended"}).status_code == 200
    page.answer("quality", unit(page, "quality").key, {"do": "keep"})
    _, output = run(page.root, "gate1")
    assert "decisions/duplicates.yaml" not in output
    staying = json.loads((page.root / "build/staying.json").read_text("utf-8"))["paths"]
    assert [name for name in staying if name.endswith("_web.jpg")] == ["p03_web.jpg"]


def test_a_file_that_was_changed_meanwhile_is_shown(page: Reviewed) -> None:
    seen = decision_edits.document_digest(page.root, "quality")
    path = page.root / "decisions/quality.yaml"
    path.write_text(page.file("quality") + "# a remark\n", "utf-8")
    refused = page.answer("quality", unit(page, "quality").key, {"do": "keep"}, seen)
    assert refused.status_code == 409
    assert "small0.jpg" in refused.json()["theirs"]


def written(page: Any, text: str) -> None:
    page.wait_for_function(
        "t => document.querySelector('.toast').textContent.includes(t) && !document.body.ariaBusy", arg=text
    )


def test_by_keyboard_and_by_mouse(browser: Any, asked_together: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(asked_together, tmp_path / "mystyle"))

    def answers(kind: str) -> list[str]:
        text = (root / f"decisions/{kind}.yaml").read_text("utf-8")
        return [re.sub(r"\s+#.*", "", x.strip()) for x in text.splitlines() if re.match(r"  (do|keep|except):", x)]

    with serving(root) as address, window(browser, address) as page:
        open_(page, "quality")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("l")  # the one that is marked
        written(page, "except: {small1.jpg: remove}")
        page.wait_for_selector(".joined-item.own.here")
        page.keyboard.press("Enter")  # the others as recommended
        written(page, "do: recommended")
        assert answers("quality") == ["do: recommended", "except: {small1.jpg: remove}"]
        page.wait_for_selector(".done:visible")
        page.keyboard.press("z")
        written(page, "Taken back")
        page.locator(".joined-item.own button[aria-pressed=true]").click()  # pressed again: as the others
        page.wait_for_function("() => !document.querySelector('.joined-item.own') && !document.body.ariaBusy")
        page.locator(".card.joined > .actions button").nth(2).click()  # all are left out
        written(page, "do: remove")
        assert answers("quality") == ["do: remove", "except: {}"]
        open_(page, "duplicates")
        page.locator(".joined-item").nth(2).locator(".only-this").nth(1).click()  # the smaller one, by mouse
        written(page, "except: {p02.jpg: [p02_web.jpg]}")
        page.wait_for_selector(".joined-item.own .only-this[aria-pressed=true]")
        assert "have an answer" not in page.locator(".joined > header").inner_text()
        assert "1, which has an answer of its own" in page.locator(".joined > header .note").inner_text()
        assert page.locator(".joined > .actions .primary").inner_text().startswith("The others as recommended")
        page.keyboard.press("Shift+Digit2")  # pressed again: as the others
        page.wait_for_function("() => !document.querySelector('.joined-item.own') && !document.body.ariaBusy")
        page.keyboard.press("i")
        page.wait_for_selector("body[data-ready] .card.duplicates:not([hidden])")
        assert page.locator(".card:visible h2").inner_text() == "p00_web.jpg is a smaller copy of p00.jpg"
        page.keyboard.press("a")
        written(page, "except: {p00.jpg: all}")
        page.wait_for_function("() => document.querySelector('.card:not([hidden]) h2').innerText.startsWith('p01')")
        page.locator(".place a.button").click()
        page.wait_for_selector("body[data-ready] .card.joined")
        assert page.locator(".joined-item.own strong").inner_text() == "p00_web.jpg is a smaller copy of p00.jpg"
        page.keyboard.press("Enter")
        written(page, "keep: recommended")
    assert answers("duplicates") == ["keep: recommended", "except: {p00.jpg: all}"]
