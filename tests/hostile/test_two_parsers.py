"""YAML is read with libyaml where it is there and with PyYAML's own parser where not: the same values, the same complaints."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from loraprep.core import child, yamlfile
from loraprep.core.errors import UserError
from loraprep.core.yamlfile import Document, reading, texts
from tests import ROOT
from tests.hostile import corpus

needs_both = pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML was built without libyaml")
KINDS = [name for name in corpus.READERS if name.endswith(".yaml")]


def told(text: str) -> tuple[object, ...]:
    """All that reading a text gives: values with their types and places, or what is wrong with it."""
    try:
        doc = reading.parse(text, "a.yaml", comments_alone=True)
    except UserError as error:
        return tuple(str(problem) for problem in error.problems)
    return repr(doc.data), *places(doc.root), repr(texts(doc) if isinstance(doc.data, dict) else "")


def places(node: yaml.Node | None) -> list[tuple[object, ...]]:
    if node is None:
        return []
    below = (
        [n for pair in node.value for n in (pair if isinstance(pair, tuple) else (pair,))]
        if isinstance(node.value, list)
        else []
    )
    start, end = node.start_mark, node.end_mark
    # of the end nothing but the index is used; without a last newline libyaml counts a line more there. What is empty
    # may stand before or behind the space around it.
    mine = (node.tag, start.index, start.line, start.column, end.index) if end.index > start.index else (node.tag,)
    return [mine, *(place for n in below for place in places(n))]


def both(text: str, monkeypatch: pytest.MonkeyPatch) -> tuple[tuple[object, ...], tuple[object, ...]]:
    fast = told(text)
    with monkeypatch.context() as without:
        without.setattr(yaml, "__with_libyaml__", False)
        return fast, told(text)


@needs_both
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_say_the_same(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(250):
        text = corpus.damaged(7, number, kind).data[:3000].decode("utf-8", "replace")
        fast, slow = both(text, monkeypatch)
        if "!!" in text:  # a tag ends before a comma or behind it, they do not agree; it is refused anyway
            fast, slow = (tuple(t for t in told if not str(t).startswith("a.yaml:")) for told in (fast, slow))
        assert fast == slow, text


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=30),
    st.sampled_from(["no", "16:9", "1_000", "0x1f", "1e3", ".5", "-.inf", "~", "2026-11-28", "= ", "<<", "a: b", "#", "- x", "\u2028", "\x85"]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda of: st.lists(of, max_size=4) | st.dictionaries(st.text(max_size=12), of, max_size=4)
)


@needs_both
@given(value=VALUES, flow=st.sampled_from([True, False, None]), wide=st.booleans(), plain=st.booleans())
def test_whatever_is_written_is_read_alike(value: object, flow: bool | None, wide: bool, plain: bool) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, width=20 if wide else 10_000, allow_unicode=plain)
    with pytest.MonkeyPatch.context() as monkeypatch:
        fast, slow = both(text, monkeypatch)
    assert fast == slow


@needs_both
@given(
    st.lists(st.sampled_from([*"ab1:-#[]{},\"'&*!|>?%@`~ \n.\\", "\n  ", ": ", "- ", "é", "😀", "\u2028"]), max_size=40)
)
def test_letters_that_mean_something_are_read_alike(letters: list[str]) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        fast, slow = both("".join(letters), monkeypatch)
    assert fast == slow


LARGE: dict[str, Callable[[int], str]] = {
    "numbers": lambda size: "a: [" + "1," * (size // 2) + "1]\n",
    "brackets": lambda size: "a: " + "[" * size,
    "keys": lambda size: "".join(f"k{n}: 1\n" for n in range(size // 10)),
    "the same key": lambda size: "a: 1\n" * (size // 5),
    "lists": lambda size: "a:\n" + "- {a: {b: {c: [1]}}}\n" * (size // 22),
    "tags": lambda size: "".join(f"k{n}: !x 1\n" for n in range(size // 12)),
    "one line": lambda size: "a: " + "x " * (size // 2),
    "one text": lambda size: 'a: "' + "x\\n" * (size // 3) + '"',
    "comments": lambda size: "a: 1\n" + "# x\n" * (size // 4),
    "questions": lambda size: "? a\n" * (size // 4),
    "dashes": lambda size: "- " * size,
    "quotes": lambda size: "a: '" + "''" * (size // 2),
}


@pytest.mark.parametrize("kind", LARGE)
def test_what_is_large_is_read_in_seconds_or_refused(kind: str) -> None:
    """In linear time: a tenth of what may stand in a file of answers, in a tenth of the time. CPU time, which others on
    the machine do not lengthen so much.
    """
    text = LARGE[kind](reading.MOST_VALUES // 10 * 4)[: yamlfile.MAX_BYTES // 10]
    before = time.process_time()
    told_of_it(text)
    assert time.process_time() - before < 2.5


def told_of_it(text: str) -> Document | UserError:
    try:
        return reading.parse(text, "a.yaml")
    except UserError as error:
        return error


def test_more_values_than_anybody_answers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_VALUES", 1000)
    refused = told_of_it("a: 1\n" + "b:\n" + "- x\n" * 2000)
    assert isinstance(refused, UserError)
    assert str(refused).startswith("a.yaml:998:3: more than 1,000 values are far too many for a file that people edit")
    assert isinstance(told_of_it("b:\n" + "- x\n" * 990), Document)


def test_where_libyaml_is_missing_everything_is_read_all_the_same() -> None:
    """In a process of its own, in which PyYAML finds no libyaml."""
    code = (
        "import sys; sys.modules['yaml._yaml'] = None\n"
        "import yaml; assert not yaml.__with_libyaml__\n"
        "from loraprep.core.yamlfile import parse; from loraprep.core import findings\n"
        "assert parse('a: [1, x]', 'a').data == {'a': [1, 'x']}; assert findings.catalogue()\n"
    )
    env = {**child.environment(), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], check=True, env=env, cwd=os.path.sep, timeout=120)


def test_deep_nesting_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    lot = random.Random(1)
    for _ in range(5):
        before = time.process_time()
        told_of_it("a: " + "".join(lot.choices("[{", k=5000)))
        assert time.process_time() - before < 2
