"""What the last run found is told of the pictures it is still about: none that left, none that somebody described."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loraprep.core.findings import Code
from loraprep.review import since, stay, views, words
from loraprep.review.snapshot import ident
from tests.reviewed import Reviewed

pytestmark = pytest.mark.run


@pytest.fixture
def page(root: Path) -> Reviewed:
    return Reviewed(root)


def found(page: Reviewed, code: str, names: list[str]) -> None:
    """Let the last run have found that nobody described those, and nothing else."""
    path = page.root / "build/gate1.json"
    verdict = json.loads(path.read_text("utf-8"))
    one = {**verdict["reasons"][0], "code": code, "severity": "block", "images": names, "accepted": ""}
    verdict["reasons"] = [{**one, "sentence": f"Nobody described {len(names)}.", "fix": "Write it."}]
    path.write_text(json.dumps(verdict), "utf-8")


def leave(page: Reviewed, path: str) -> None:
    digest = page.snapshot().digests["curation"]
    page.post("/answer", {"kind": "curation", "id": ident("picture", path), "values": {"stays": False},
                          "expected": digest})  # fmt: skip


def describe(page: Reviewed, path: str) -> None:
    digest = page.snapshot().digests["captions"]
    page.post("/answer", {"kind": "captions", "id": ident("picture", path), "values": {"caption": "[trigger], a mill"},
                          "expected": digest})  # fmt: skip


def card(page: Reviewed) -> views.FindingCard:
    return next(iter(views.finding_cards(page.snapshot())))


def test_every_count_of_what_nobody_described_is_of_now(page: Reviewed) -> None:
    names = sorted(words.captioned(page.snapshot()))[:9]
    found(page, "only-named", names)
    leave(page, names[0])
    describe(page, names[1])
    s, left = page.snapshot(), names[2:]
    stays = len(stay.staying(s))
    assert card(page).sentence.startswith(f"For 7 of {stays} pictures ({left[0]}")
    assert (card(page).words, card(page).since, card(page).blocks) == (7, "", True)
    assert since.about(s, "only-named") == left
    assert words.found(s, words.Sought(of=card(page).id)) == left
    assert words.found(s, words.Sought(only="bare")) == left
    assert words.counted(s)["bare"] == 7
    assert "Write these 7 captions here" in page.get("/").text


def test_few_of_whom_nobody_knows_are_no_longer_in_the_way(page: Reviewed) -> None:
    names = sorted(words.captioned(page.snapshot()))[:5]
    found(page, "only-named", names)
    assert card(page).blocks
    for name in names[:3]:
        describe(page, name)
    assert (card(page).code, card(page).severity, card(page).blocks) == (Code.CAPTION_DRAFT, "warn", False)
    assert card(page).sentence.startswith(f"For 2 pictures ({names[3]} and {names[4]})")


def test_once_all_are_described_or_gone_it_is_settled(page: Reviewed) -> None:
    names = sorted(words.captioned(page.snapshot()))[:3]
    found(page, "uncaptioned", names)
    leave(page, names[0])
    describe(page, names[1])
    describe(page, names[2])
    assert card(page).accepted == "1 of them leaves by your answers since. You described 2 of them since."
    assert (card(page).state, card(page).words, views.in_the_way(page.snapshot())) == ("answered", 0, 0)
