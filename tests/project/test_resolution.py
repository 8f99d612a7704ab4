"""What counts for a question, who said so, and where a picture is now that an answer is about."""

import pytest

from loraprep.project.decisions import Decisions, Entry, Question
from loraprep.project.resolution import Present, Resolution, again_key, resolve, settle, stale, waiting

A, B = "a" * 64, "b" * 64


def asked(key: str = "a.png", digest: str = A) -> Question:
    return Question(key, {"what": "small", "recommended": "remove", "do": None}, {key: digest})


def given(*entries: Entry, rest: str | None = None) -> Decisions:
    return Decisions(rest, {entry.key: entry for entry in entries})


def said(answer: str | None, key: str = "a.png", digest: str = A) -> Entry:
    return Entry(key, {"do": answer}, {key.split(" ")[0]: digest[:12]}, touched=True)


@pytest.mark.parametrize(
    ("decisions", "auto", "counts"),
    [
        (given(), False, ("remove", "recommendation", True)),
        (given(), True, ("remove", "rule", False)),
        (given(rest="recommended"), False, ("remove", "recommendation", False)),
        (given(said(None)), False, ("remove", "recommendation", True)),
        (given(said("keep")), False, ("keep", "you", False)),
        (given(said("keep")), True, ("keep", "you", False)),
        (given(said("recommended")), False, ("remove", "you", False)),
    ],
)
def test_who_said_what_counts(decisions: Decisions, auto: bool, counts: tuple[str, str, bool]) -> None:
    found = resolve(asked(), decisions, auto=auto)
    assert (found.answer, found.by, found.open) == counts
    assert waiting([asked()], decisions, auto=auto) == (["a.png"] if found.open else [])


def test_an_answer_of_nothing_is_an_answer() -> None:
    none = Entry("a.png", {"keep": []}, {}, touched=True)
    assert none.answer == []
    assert settle(none.answer, given(), auto=True) == Resolution([], "you", False)


def test_an_answer_follows_its_picture_where_it_is_asked_to() -> None:
    decisions, renamed = given(said("keep")), asked("deep/new.png")
    assert resolve(renamed, decisions, auto=False).open
    followed = resolve(renamed, decisions, auto=False, follow=True)
    assert (followed.answer, followed.by, followed.open, followed.match) == ("keep", "you", False, "renamed")


def test_a_retouched_picture_is_asked_again_beside_the_answer_that_stands() -> None:
    decisions, retouched = given(said("keep")), asked(digest=B)
    earlier = resolve(retouched, decisions, auto=False, follow=True)
    assert (earlier.answer, earlier.match) == ("keep", "retouched")
    assert again_key(decisions, "a.png") == "a.png (again)"
    confirmed = given(said("keep"), said("upscale", "a.png (again)", B))
    assert again_key(confirmed, "a.png") == "a.png (again 2)"
    now = resolve(retouched, confirmed, auto=False, follow=True)
    assert (now.answer, now.match) == ("upscale", "exact")


def test_where_a_picture_is_now() -> None:
    present = Present({"b.png": A, "a.png": A, "c.png": B})
    assert present.find("b.png", A[:12]) == ("b.png", "exact")  # its own name first, whatever else holds the same
    assert present.find("gone.png", A[:12]) == ("a.png", "renamed")
    assert present.find("c.png", "") == ("c.png", "exact")
    assert present.find("c.png", "0" * 12) == ("c.png", "retouched")
    assert present.find("gone.png", "0" * 12) == ("gone.png", "")
    assert stale(given(said("keep", "gone.png", "0" * 64), said("keep", "old.png", B)), {"c.png": B}) == ["gone.png"]
