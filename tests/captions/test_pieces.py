"""A caption in pieces: split, put together again, and what many captions take at once."""

from __future__ import annotations

import pytest

from loraprep.captions import pieces


@pytest.mark.parametrize(
    ("caption", "head", "parts", "glue", "tail"),
    [
        ("[trigger], a mill, oak_tree", "[trigger], ", ("a mill", "oak_tree"), ", ", ""),
        ("[trigger] a painting of a mill, oak", "[trigger] ", ("a painting of a mill", "oak"), ", ", ""),
        ("a mill, oak,, pond ,", "", ("a mill", "oak", "pond"), ", ", ""),
        ("[trigger], A mill. Oaks behind it.", "[trigger], ", ("A mill.", "Oaks behind it."), " ", ""),
        ("[trigger], A mill, with oaks.", "[trigger], ", ("A mill", "with oaks"), ", ", "."),
        ('[trigger], a sign "salt, pepper", bow (a, b)', "[trigger], ", ('a sign "salt, pepper"', "bow (a, b)"), ", ", ""),
        ("[trigger]", "[trigger], ", (), ", ", ""),
        ('{"a":"b, c"}', '{"a":"b, c"}', (), "", ""),
        ("[trigger]s, a mill", "", ("[trigger]s", "a mill"), ", ", ""),
    ],
)  # fmt: skip
def test_a_caption_is_split_where_its_form_says(
    caption: str, head: str, parts: tuple[str, ...], glue: str, tail: str
) -> None:
    assert pieces.split(caption) == pieces.Pieces(head, parts, glue, tail)


@pytest.mark.parametrize(
    "caption",
    ["[trigger], a mill, oak", "[trigger], A mill. Oaks.", "[trigger], A mill, with oaks.", "[trigger]", '{"a":"b"}'],
)
def test_put_together_again_it_is_the_same(caption: str) -> None:
    assert pieces.split(caption).text == caption


@pytest.mark.parametrize(
    ("what", "words", "before", "after"),
    [
        ("add", "oak", "[trigger], a mill", "[trigger], a mill, oak"),
        ("add", "oak tree", "[trigger], oak_tree, pond", "[trigger], oak_tree, pond"),
        ("add", "oak", "[trigger]", "[trigger], oak"),
        ("add", "Oaks", "[trigger], A mill. A pond.", "[trigger], A mill. A pond. Oaks."),
        ("add", "oak", "[trigger], A mill, a pond.", "[trigger], A mill, a pond, oak."),
        ("add", "oak", '{"a":"b"}', '{"a":"b"}'),
        ("add", " , ", "[trigger], a mill", "[trigger], a mill"),
        ("delete", "Oak Tree", "[trigger], oak_tree, pond", "[trigger], pond"),
        ("delete", "oak", "[trigger], oak tree, pond", "[trigger], oak tree, pond"),
        ("delete", "pond", "[trigger], pond", "[trigger]"),
        ("delete", "^_^", "[trigger], ^_^, pond", "[trigger], pond"),
        ("front", "pond", "[trigger], oak, Pond", "[trigger], Pond, oak"),
        ("front", "pond", "[trigger], pond, oak", "[trigger], pond, oak"),
        ("front", "elm", "[trigger], pond, oak", "[trigger], pond, oak"),
    ],
)
def test_one_change_to_one_of_many(what: str, words: str, before: str, after: str) -> None:
    assert pieces.CHANGES[what](before, words) == after


def test_only_its_own_parts_come_into_another_order() -> None:
    assert pieces.in_order("[trigger], a, b, c", ["c", "a", "b"]) == "[trigger], c, a, b"
    assert pieces.in_order("[trigger], a, b", ["a"]) == "[trigger], a, b"
    assert pieces.in_order("[trigger], a, b", ["a", "b", "c"]) == "[trigger], a, b"


def test_what_is_replaced_is_never_the_trigger_and_takes_its_comma_along() -> None:
    def replaced(text: str, find: str, put: str, *, words: bool = True) -> str:
        return pieces.replaced(text, find, put, case=False, words=words)

    assert replaced("[trigger], Oak, oaks", "oak", "elm") == "[trigger], elm, oaks"
    assert replaced("[trigger], oak, pond", "oak", "") == "[trigger], pond"
    assert replaced("[trigger], pond", "trigger", "x") == "[trigger], pond"
    assert replaced("[trigger], pond", "(", "x", words=False) == "[trigger], pond"
    assert pieces.replaced("an Oak", "oak", "elm", case=True, words=True) == "an Oak"


def test_signs_without_end_are_split_at_once() -> None:
    assert pieces.split('"(' * 10_000).text == '"(' * 10_000
