"""What was left out does not come back: not before the next run, and not after it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loraprep.core.findings import Code
from loraprep.review import likeness, since, stay, views, words
from loraprep.review.cards import PictureView
from loraprep.review.snapshot import ident
from loraprep.review.words import Sought
from tests.reviewed import Reviewed
from tests.runs import run

pytestmark = pytest.mark.run

GONE = "scene-10-sun.jpg"  # one of two versions of a scene


def leave(page: Reviewed, path: str) -> None:
    assert page.post(
        "/answer",
        {"kind": "curation", "id": ident("picture", path), "values": {"stays": False}, "expected": page.snapshot().digests["curation"]},
    ).status_code == 200  # fmt: skip


def test_at_once_it_is_in_no_count_and_no_list(root: Path) -> None:
    page = Reviewed(root)
    before = page.snapshot()
    number, said = len(stay.staying(before)), len(words.captioned(before))
    assert {GONE} < {*stay.staying(before)} & {*words.captioned(before)}
    leave(page, GONE)
    s = page.snapshot()
    assert (len(stay.staying(s)), len(words.captioned(s))) == (number - 1, said - 1)
    assert GONE in views.leaving_now(s)
    assert stay.left_since(s) == {GONE}
    assert GONE not in words.found(s, Sought(find="scene-10")) + words.captioned(s)
    spots = {spot.picture.name: spot.stays for row in likeness.laid_out(s).rows for spot in row if spot}
    assert spots[GONE] is False
    assert f"{number - 1} pictures would train" in page.get("/").text
    for card in views.finding_cards(s):
        assert GONE not in {*(p.name for p in card.pictures), *since.about(s, card.code)}
    told = next(card for card in views.finding_cards(s) if card.code == Code.VARIANTS)
    assert told.since == "1 of them leaves by your answers since."
    assert told.since in page.get("/findings").text
    assert page.post("/undo", {}).status_code == 200
    assert len(stay.staying(page.snapshot())) == number
    assert not stay.left_since(page.snapshot())


def test_a_finding_of_which_all_leave_is_settled(root: Path) -> None:
    page = Reviewed(root)
    card = next(c for c in views.finding_cards(page.snapshot()) if c.code == Code.VARIANTS and not c.accepted)
    for picture in card.pictures:
        leave(page, picture.name)
    s = page.snapshot()
    now = next(c for c in views.finding_cards(s) if c.code == Code.VARIANTS)
    assert (now.state, now.accepted, now.pictures) == ("answered", "All of them leave by your answers since.", [])


def test_marks_of_one_that_left_are_not_asked_about(root: Path) -> None:
    page = Reviewed(root)
    first, second = stay.staying(page.snapshot())[:2]
    shown = {path: page.snapshot().images[path].digest[:12] for path in (first, second)}
    (root / "decisions/carried.yaml").write_text(
        "bars:\n  what: 2 pictures have bars\n"
        f"  pictures: {json.dumps(dict.fromkeys(shown, 'on the left'))}\n"
        f"  marks: {json.dumps({path: [[0, 0, 0.1, 1]] for path in shown})}\n"
        f"  recommended: crop\n  answer: null\n  digests: {json.dumps(shown)}\n",
        "utf-8",
    )
    leave(page, first)
    s = page.snapshot()
    card = views.carried_card(s, s.decisions["carried"].entries["bars"])
    assert [p.name for p in card.pictures.items if isinstance(p, PictureView)] == [second]
    assert card.since == "1 of them leaves by your answers since."


def test_after_a_run_findings_and_captions_are_of_those_that_stay(root: Path) -> None:
    leave(Reviewed(root), GONE)
    run(root, "gate1")
    verdict = json.loads((root / "build/gate1.json").read_bytes())
    named = [r for r in verdict["reasons"] if GONE in r["sentence"] or GONE in r["images"]]
    assert [r["code"] for r in named if r["accepted"] != "already left out"] == []
    assert GONE not in json.loads((root / "build/captions.json").read_bytes())["captions"]


def test_what_was_left_out_unasked_is_no_question(root: Path) -> None:
    page = Reviewed(root)
    before = page.get("/curation").text
    questions = views.asked(page.snapshot(), "curation")
    leave(page, GONE)
    s = page.snapshot()
    assert GONE in s.decisions["curation"].entries
    assert views.asked(s, "curation") == questions
    after = page.get("/curation").text
    assert after.count('class="card') == before.count('class="card')
    assert "you left it out" not in after
    assert GONE in page.get("/part/out?from=0").text
