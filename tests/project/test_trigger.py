"""The trigger: proposals are always usable, and words with a meaning are warned about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loraprep.project import trigger


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    known = frozenset({"cat", "catx", "solo", "longhair", "long_hair"})
    monkeypatch.setattr(trigger, "known_words", lambda: known)


@pytest.mark.parametrize(
    ("name", "proposal"),
    [
        ("My Style!", "mystyle"),
        ("mystyle", "mystyle"),
        ("2nd-try", "ndtry"),
        ("Ölbilder", "olbilder"),
        ("a" * 60, "a" * 20),
    ],
)
def test_proposes_the_name_where_it_means_nothing(name: str, proposal: str) -> None:
    assert trigger.propose(name) == proposal


@pytest.mark.parametrize(
    ("name", "start"), [("cat", "cat"), ("Solo", "sol"), ("ab", "ab"), ("", ""), ("日本", ""), ("long-hair", "long")]
)
def test_makes_up_a_word_that_begins_like_the_name(name: str, start: str) -> None:
    proposal = trigger.propose(name)
    assert proposal.startswith(start)
    assert proposal != name
    assert 7 <= len(proposal) <= 10
    assert proposal == trigger.propose(name)  # and not another one the next time


def test_never_proposes_the_class_word() -> None:
    assert trigger.propose("mug", "a blue mug") not in ("mug", "blue", "abluemug")


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_proposal_can_always_be_used(name: str, class_word: str) -> None:
    proposal = trigger.propose(name, class_word)
    assert trigger.fault(proposal) == ""
    assert trigger.warning(proposal, class_word) == ""


@pytest.mark.parametrize("word", ["abc", "a" * 24, "m1_style", "no_"])
def test_usable(word: str) -> None:
    assert trigger.fault(word) == ""


@pytest.mark.parametrize("word", ["", "ab", "a" * 25, "1abc", "_abc", "Abc", "two words", "é-é", "abc\n", "abc,"])
def test_not_usable(word: str) -> None:
    assert trigger.fault(word).endswith(
        "cannot be a trigger: one word of 3 to 24 lower-case letters, digits or _, a letter first"
    )


@pytest.mark.parametrize(
    ("word", "class_word", "said"),
    [
        ("emberveil", "oil painting", ""),
        ("cat", "", '"cat" is a common word; the model already has a meaning for it. Make up a word.'),
        ("long_hair", "", '"long_hair" is a common word; the model already has a meaning for it. Make up a word.'),
        ("longhair", "", '"longhair" is a common word; the model already has a meaning for it. Make up a word.'),
        ("woman", "Woman", '"woman" is also the class word; the model already has a meaning for it. Make up a word.'),
        (
            "oil_painting",
            "oil painting",
            '"oil_painting" is also the class word; the model already has a meaning for it. Make up a word.',
        ),
    ],
)
def test_warns_of_words_with_a_meaning(word: str, class_word: str, said: str) -> None:
    assert trigger.warning(word, class_word) == said


def test_the_bundled_list_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    trigger.known_words.cache_clear()
    assert {"cat", "dog"} <= trigger.known_words()
    assert not any(word.startswith("#") for word in trigger.known_words())
