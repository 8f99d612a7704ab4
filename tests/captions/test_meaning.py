"""What a word means already: said of words, names, tags and everybody's triggers, and never of what is proposed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loraprep.captions import checks, meaning
from loraprep.core.findings import Code
from loraprep.project import trigger
from tests.typed import smallest


@pytest.mark.parametrize(
    ("word", "what"),
    [
        ("sks", "in many guides"),
        ("ohwx", "in many guides"),
        ("emma", "a common word or a name"),
        ("dmitri", "a common word or a name"),
        ("impasto", "a common word or a name"),
        ("cat", "a common word"),
        ("1girl", "a Danbooru tag"),
        ("multiple_girls", "a Danbooru tag"),
        ("yuki", "one token to CLIP"),
        ("naruto", "one token to CLIP"),
    ],
)
def test_what_means_something(word: str, what: str) -> None:
    assert meaning.doubt(word).startswith(f'"{word}" is {what}')
    assert meaning.doubt(word).endswith("the model already has a meaning for it. Make up a word.")


@pytest.mark.parametrize("word", ["emberveil", "vrethil", "mirra_3", "kvothe", "brushxo"])
def test_what_means_nothing(word: str) -> None:
    assert meaning.doubt(word) == ""


def test_the_class_word_means_something() -> None:
    assert "also the class word" in meaning.doubt("zorblat", "a zorblat")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("dog", '"dog" is a common word'),
        ("sks", '"sks" is in many guides, so that models are trained on it'),
        ("emma", ""),  # a name that few pictures bear: `init` says it, and a verdict leaves it alone
        ("emberveil", ""),
    ],
)
def test_a_project_whose_trigger_every_model_knows_is_told_so(word: str, said: str) -> None:
    found = checks.check_trigger(smallest(trigger=word))
    assert [(f.code, f.values["said"]) for f in found] == ([(Code.TRIGGER_KNOWN, said)] if said else [])


def test_a_name_made_of_words_is_not_proposed() -> None:
    assert meaning.doubt("mystyle") == ""  # one may well take it
    proposal = trigger.propose("mystyle", "", meaning.doubt_of_proposal)
    assert proposal.startswith("myst")
    assert "style" not in proposal


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30), st.sampled_from(["", "oil painting", "woman"]))
def test_a_proposal_means_nothing(name: str, class_word: str) -> None:
    proposal = trigger.propose(name, class_word, meaning.doubt_of_proposal)
    assert trigger.fault(proposal) == meaning.doubt_of_proposal(proposal, class_word) == ""


@pytest.mark.parametrize("folder", ["pics", "images", "photos"])
def test_what_a_folder_of_pictures_is_called_is_no_trigger(folder: str) -> None:
    assert trigger.propose(folder) != folder
