"""What the last run found is told of the pictures it is still about: none that left, none that somebody described."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loraprep.captions.file_names import words_of_name
from loraprep.core.findings import Code
from loraprep.review import since, stay, views, words
from loraprep.review.cards import FindingCard
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


def describe(page: Reviewed, path: str, text: str = "a heron") -> None:
    digest = page.snapshot().digests["captions"]
    page.post("/answer", {"kind": "captions", "id": ident("picture", path), "values": {"caption": f"[trigger], {text}"},
                          "expected": digest})  # fmt: skip


def card(page: Reviewed) -> FindingCard:
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
    of = card(page).id  # what the list of captions is asked for
    for name, text in zip(names, ("a heron", "an empty chair", "a kite"), strict=False):
        describe(page, name, text)
    assert (card(page).code, card(page).severity, card(page).blocks) == (Code.CAPTION_DRAFT, "warn", False)
    assert card(page).sentence.startswith(f"For 2 pictures ({names[3]} and {names[4]})")
    assert words.found(page.snapshot(), words.Sought(of=of)) == names[3:]  # to its last picture
    for name, text in zip(names[3:], ("a mill", "an oak"), strict=True):
        describe(page, name, text)
    assert words.found(page.snapshot(), words.Sought(of=of)) == []


def test_what_is_written_into_many_captions_alike_describes_none(page: Reviewed) -> None:
    names = sorted(words.captioned(page.snapshot()))
    found(page, "only-named", names)
    for name in names:
        describe(page, name)  # in the same words
    assert since.about(page.snapshot(), "only-named") == names
    assert words.counted(page.snapshot())["bare"] == len(names)
    assert card(page).state == "open"


def test_what_the_name_says_is_no_description_and_the_page_says_so(page: Reviewed) -> None:
    s = page.snapshot()
    name = next(path for path in sorted(words.captioned(s)))
    only = "It says nothing that the picture's name does not say."
    text = " ".join(words_of_name(name))
    assert [said for said, _ in words.measured(s, name, f"[trigger], {text}").said] == [only]
    assert only not in [said for said, _ in words.measured(s, name, f"[trigger], {text} at a well").said]


def test_once_all_are_described_or_gone_it_is_settled(page: Reviewed) -> None:
    names = sorted(words.captioned(page.snapshot()))[:3]
    found(page, "uncaptioned", names)
    leave(page, names[0])
    describe(page, names[1])
    describe(page, names[2], "a kite")
    assert card(page).accepted == "1 of them leaves by your answers since. You described 2 of them since."
    assert (card(page).state, card(page).words, views.in_the_way(page.snapshot())) == ("answered", 0, 0)
    told, left = words.finding(page.snapshot(), card(page).id)  # what the captions are listed under
    assert (told, left) == (f"Nobody described 3. {card(page).accepted}", frozenset())


def test_what_stays_by_an_answer_is_counted_wherever_pictures_are(page: Reviewed) -> None:
    names = sorted(words.captioned(page.snapshot()))[:9]
    found(page, "only-named", names)
    assert card(page).sentence == "Nobody described 9."  # as the run said it: nothing is another number
    assert words.waiting(page.snapshot()) == 0
    page.answer("duplicates", next(iter(page.snapshot().decisions["duplicates"].entries)), {"keep": "all"})
    s = page.snapshot()
    more = len(stay.staying(s)) - len(words.captioned(s))
    assert more == words.waiting(s) > 0
    assert card(page).sentence.startswith(f"For 9 of {len(stay.staying(s))} pictures (")
    assert f'<p class="hint" data-waiting>{more} more stay' in page.get("/texts").text
