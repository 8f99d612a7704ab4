"""The map of the set on the page: like near like, every picture opens, arrows go where the eye does."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from loraprep.report import sample
from loraprep.review import likeness, lists
from loraprep.review.app import VIEWS
from loraprep.review.snapshot import Snapshot
from loraprep.review.words import Sought
from tests.browsers import open_, serving, window
from tests.reviewed import Reviewed

pytestmark = pytest.mark.run


@pytest.fixture(scope="module")
def still(asked: Path) -> Reviewed:
    """For tests that only read."""
    return Reviewed(asked)


def test_every_picture_has_a_place_of_its_own_and_copies_lie_beside_each_other(still: Reviewed) -> None:
    s = still.snapshot()
    laid = likeness.laid_out(s)
    there = {
        spot.picture.name: (column, row)
        for row, spots in enumerate(laid.rows)
        for column, spot in enumerate(spots)
        if spot
    }
    assert {*there} == {*s.images}
    assert laid.shown == len(there) == len({*there.values()})
    near = [abs(a - b) for a, b in zip(there["scene-05.jpg"], there["scene-05-web.jpg"], strict=True)]
    assert max(near) <= 1
    stays = {spot.picture.name for row in laid.rows for spot in row if spot and spot.stays}
    assert stays == {path for path, fate in s.fates.items() if fate.fate == "kept"}
    assert [*lists.paths(s, "map", Sought())] == sorted(there, key=lambda path: there[path][::-1])


def replace_build(s: Snapshot) -> Snapshot:
    return dataclasses.replace(s, build="another")


def test_of_very_many_a_share_is_shown(still: Reviewed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "MOST", 9)
    shown = likeness.laid_out(replace_build(still.snapshot()))  # not what was made before
    assert shown.shown == 9


def test_arrows_go_where_the_eye_does_and_space_opens(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        open_(page, "map")
        where = "() => { const t = document.querySelector('td.here'); return [t.cellIndex, t.parentElement.rowIndex]; }"
        first = page.evaluate(where)
        page.keyboard.press("ArrowDown")
        page.wait_for_function(f"r => ({where})()[1] > r", arg=first[1])
        page.keyboard.press("ArrowUp")
        page.wait_for_function(f"r => ({where})()[1] === r", arg=first[1])
        page.keyboard.press("ArrowRight")
        page.wait_for_function(f"c => String(({where})()) !== String(c)", arg=first)
        name = page.locator("td.here [data-lay]").get_attribute("aria-label")
        page.keyboard.press("Space")
        page.wait_for_selector(".light[open] h2")
        assert name == f"Look at {page.locator('#light-title').inner_text()}"
        total = page.locator(".light .place").inner_text().split(" of ")[1]
        assert int(total) == page.locator("td[data-item]").count()


def test_at_200_percent_what_sticks_leaves_room(browser: Any, root: Path) -> None:
    small = {"viewport": {"width": 720, "height": 450}, "reduced_motion": "reduce"}
    with serving(root) as address, window(browser, address, **small) as page:
        for view in VIEWS:
            open_(page, view.replace("overview", ""))
            page.evaluate("scrollTo(0, 300)")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            sticks = page.evaluate(
                "[...document.querySelectorAll('*')].filter(e => ['sticky', 'fixed'].includes(getComputedStyle(e).position)"
                " && e.offsetParent && e.offsetWidth > 500).map(e => e.className)"
            )
            assert sticks == []
            moving = page.evaluate(
                "[...document.querySelectorAll('.frame img')].map(e => getComputedStyle(e).transition)"
            )
            assert all("opacity" not in t for t in moving)
