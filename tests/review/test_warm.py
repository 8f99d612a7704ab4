"""What the next key may ask for is made ready once nobody asks for anything, and not beside a page that comes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from loraprep.review import warm
from loraprep.review.app import QUIET, Page
from loraprep.review.snapshot import Reader

pytestmark = pytest.mark.run


def test_every_step_waits_for_a_pause(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(Reader(root))
    began: list[float] = []

    def step() -> None:
        began.append(time.monotonic())
        if len(began) == 1:
            page.asked = time.monotonic()  # somebody opens another view meanwhile

    monkeypatch.setattr(warm, "steps", lambda _s: [step, step])
    page.asked = asked = time.monotonic()
    page._make_ready()
    assert began[0] - asked >= QUIET
    assert began[1] - began[0] >= QUIET


def test_who_asks_is_noticed(root: Path) -> None:
    page = Page(Reader(root))
    before = time.monotonic()
    assert page.asked < before
    TestClient(page.app()).get("/static/icon.svg")
    assert page.asked >= before
    there = page.asked
    TestClient(page.app()).get(f"/picture/{'0' * 64}/thumb")  # is drawn by others
    assert page.asked == there


def test_what_views_are_made_of_is_compiled_beforehand(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(Reader(root))
    monkeypatch.setattr(warm, "steps", lambda _s: [])
    page._make_ready()
    assert page.templates.cache is not None
    ready = {name for _, name in page.templates.cache}
    assert {"light.html", "desk.html", "part.html", "map.html"} <= ready
