"""One answer settles a picture in every other list, before Gate 1 runs again."""

from typing import Any

import pytest

from loraprep.project.decisions import ANSWERS, Decisions, Entry
from loraprep.review.leaving import leaving, nothing_left_to_ask

A, B, C = "a" * 12, "b" * 12, "c" * 12
ALL = {"a.jpg": A, "b.jpg": B, "c.jpg": C}


def entry(kind: str, answer: Any, *paths: str, **more: Any) -> Entry:
    data = {ANSWERS[kind]: answer, **more}
    return Entry(paths[0], data, {path: ALL[path] for path in paths}, touched=answer is not None)


@pytest.mark.parametrize(
    ("kind", "answered", "gone"),
    [
        ("quality", entry("quality", "remove", "a.jpg"), {A}),
        ("quality", entry("quality", "recommended", "a.jpg", recommended="remove"), {A}),
        ("quality", entry("quality", "keep", "a.jpg", recommended="remove"), set()),
        ("duplicates", entry("duplicates", ["a.jpg"], "a.jpg", "b.jpg"), {B}),
        ("duplicates", entry("duplicates", "none", "a.jpg", "b.jpg"), {A, B}),
        ("duplicates", entry("duplicates", "recommended", "a.jpg", "b.jpg", recommended=["b.jpg"]), {A}),
        ("duplicates", entry("duplicates", "recommended", "a.jpg", "b.jpg", recommended="all"), set()),
        ("duplicates", entry("duplicates", None, "a.jpg", "b.jpg", recommended=["b.jpg"]), set()),
        ("curation", entry("curation", ["c.jpg"], "b.jpg", "c.jpg"), {C}),
        ("curation", entry("curation", "leave out", "a.jpg", "b.jpg", looks={"look 1": ["a.jpg"], "look 2": ["b.jpg"]}), {B}),
    ],
)  # fmt: skip
def test_who_leaves_by_an_answer(kind: str, answered: Entry, gone: set[str]) -> None:
    assert leaving({kind: Decisions(entries={answered.key: answered})}) == gone


def test_what_leaves_is_asked_about_nowhere_else() -> None:
    assert nothing_left_to_ask("quality", entry("quality", None, "a.jpg"), {A})
    assert nothing_left_to_ask("captions", entry("captions", None, "a.jpg"), {A})
    assert nothing_left_to_ask("duplicates", entry("duplicates", None, "a.jpg", "b.jpg"), {A})  # no copy any more
    assert not nothing_left_to_ask("duplicates", entry("duplicates", None, "a.jpg", "b.jpg", "c.jpg"), {A})
    assert not nothing_left_to_ask("curation", entry("curation", None, "a.jpg", "b.jpg"), {A})


def test_an_answer_stays_in_sight() -> None:
    assert not nothing_left_to_ask("quality", entry("quality", "keep", "a.jpg"), {A})
    assert not nothing_left_to_ask("quality", Entry("a.jpg", {"do": None}, {}, touched=True), {A})
