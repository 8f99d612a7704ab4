"""The bar over every view: phases, what is open, the verdict."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from loraprep.project import decision_edits
from loraprep.review import bar, decks, views
from loraprep.review.app import VIEWS
from loraprep.review.snapshot import ident
from tests.reviewed import Reviewed

pytestmark = pytest.mark.run


@pytest.fixture
def page(asked: Path, tmp_path: Path) -> Reviewed:
    return Reviewed.of_copy(asked, tmp_path)


def places(page: Reviewed) -> dict[str, bar.Place]:
    return {place.name: place for phase in bar.bar(page.snapshot()).phases for place in phase.places}


def accepted(page: Reviewed, *kinds: str) -> None:
    for kind in kinds:
        page.post("/answer", {"kind": kind, "id": "", "values": {"rest": True},
                              "expected": decision_edits.document_digest(page.root, kind)})  # fmt: skip


def judged(page: Reviewed, verdict: str, *, waiting: bool = False) -> None:
    """Let Gate 1 have come to another verdict."""
    path = page.root / "build/gate1.json"
    data = json.loads(path.read_text("utf-8"))
    data |= {"verdict": verdict, "only_waiting": waiting}
    path.write_text(json.dumps(data), "utf-8")


def test_every_view_is_in_a_phase_and_every_view_has_the_bar(page: Reviewed) -> None:
    assert {*places(page)} == {*VIEWS} - {"overview"}
    for name in VIEWS:
        shown = page.get("/" if name == "overview" else f"/{name}").text
        assert shown.count('class="phase"') == 4
        assert shown.count('aria-current="page"') == (name != "overview")


def test_what_is_open_and_what_is_done_is_said_and_answers_count_at_once(page: Reviewed) -> None:
    now = places(page)
    assert (now["duplicates"].open, now["duplicates"].done) == (6, False)
    assert (now["carried"].open, now["carried"].done) == (0, True)
    left = sum(q.open for q in views.queues(page.snapshot()) if q.name != "findings")
    assert bar.bar(page.snapshot()).said == f"Not yet: {left} to answer"
    accepted(page, "duplicates")
    assert places(page)["duplicates"].done
    accepted(page, "quality", "captions", "curation")
    now_said = bar.bar(page.snapshot())
    assert (now_said.verdict, now_said.said) == ("wait", "All answered: run Gate 1")


def test_what_is_made_of_the_set_is_made_from_the_bar_once_the_verdict_is_go(page: Reviewed) -> None:
    accepted(page, "duplicates", "quality", "captions", "curation")
    judged(page, "NO-GO")
    said = bar.bar(page.snapshot())
    assert said.verdict == "wait"  # nothing but the answers stood in the way
    assert [m.ready for m in said.making] == [False, False]
    judged(page, "GO")
    said = bar.bar(page.snapshot())
    assert (said.verdict, said.said) == ("go", "GO")
    assert [(m.run, m.ready, m.done) for m in said.making] == [("dataset", True, False), ("export", True, False)]
    exported = replace(page.snapshot(), made=frozenset({"dataset", "export"}))
    assert decks.step(exported, "duplicates").href == "/"  # no key exports again while something else is looked at
    assert decks.step(exported, "overview") == decks.Step(
        text="The set is built and exported.", label="Export again", run="export", again=True
    )
    (page.root / "dataset.lock.json").write_text("{}", "utf-8")
    for name in page.snapshot().project.settings.dataset.trainers:
        (page.root / f"exports/{name}").mkdir(parents=True)
        (page.root / f"exports/{name}/README.md").write_text("how", "utf-8")
    assert [(m.ready, m.done) for m in bar.bar(page.snapshot()).making] == [(True, False), (True, False)]
    assert decks.step(page.snapshot(), "overview").label == "Build the training folder"


def test_what_changed_since_the_verdict_is_said_and_what_is_taken_back_did_not_change(page: Reviewed) -> None:
    assert not page.snapshot().changed
    first = next(iter(page.snapshot().decisions["duplicates"].entries))
    page.answer("duplicates", first, {"keep": "all"})
    assert page.snapshot().changed
    told = page.post("/undo", {"kind": ""}).json()["said"]
    assert told.startswith("Taken back")
    assert first in told
    assert not page.snapshot().changed  # newer than the run, and what it read
    accepted(page, "duplicates", "quality", "captions", "curation")
    judged(page, "GO")
    assert decks.step(page.snapshot(), "overview").text == "The set is ready."
    name = sorted(page.snapshot().captions)[0]
    page.post("/answer", {"kind": "curation", "id": ident("picture", name), "values": {"stays": False},
                          "expected": decision_edits.document_digest(page.root, "curation")})  # fmt: skip
    s = page.snapshot()
    assert (bar.bar(s).verdict, bar.bar(s).said) == ("go", "GO, changed since")
    assert (decks.step(s, "overview").text, decks.step(s, "overview").run) == (views.CHANGED, "dataset")
    assert f'<p class="lead">{views.CHANGED}</p>' in page.get("/").text


def test_what_stood_in_the_way_and_does_no_more_leads_to_the_gate(page: Reviewed) -> None:
    accepted(page, "duplicates", "quality", "captions", "curation")
    judged(page, "NO-GO")
    path = page.root / "build/gate1.json"
    data = json.loads(path.read_text("utf-8"))
    names = sorted(page.snapshot().captions)[:2]
    data["reasons"] = [{**data["reasons"][0], "code": "soft", "severity": "block", "images": names, "accepted": ""}]
    path.write_text(json.dumps(data), "utf-8")
    s = page.snapshot()
    assert bar.bar(s).said == "NO-GO: 1 to mend"
    assert views.headline(s) == "NO-GO: 1 thing to mend before any GPU time is spent."
    for name in names:
        page.post("/answer", {"kind": "curation", "id": ident("picture", name), "values": {"stays": False},
                              "expected": decision_edits.document_digest(page.root, "curation")})  # fmt: skip
    s = page.snapshot()
    assert bar.bar(s).said == "Mended: run Gate 1"
    assert views.headline(s) == views.MENDED
    assert decks.step(s, "overview").run == "gate1"


def test_before_the_first_run_nothing_is_done(page: Reviewed) -> None:
    (page.root / "build/gate1.json").unlink()
    said = bar.bar(page.snapshot())
    assert (said.verdict, said.said) == ("", "Gate 1 has not run")
    assert not any(place.done for phase in said.phases for place in phase.places)
