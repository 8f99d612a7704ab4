"""What loraprep will never do (resources/promises.md): each promise names a test, and each of those tests is there."""

import ast
import re

import pytest

from tests import ROOT

PAGE = (ROOT / "resources/promises.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


@pytest.mark.parametrize(("file", "test"), NAMED, ids=lambda part: part.rpartition("/")[2])
def test_the_test_that_holds_it_is_there(file: str, test: str) -> None:
    names = {n.name for n in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))) if isinstance(n, ast.FunctionDef)}
    assert test in names


def test_every_promise_names_its_test() -> None:
    promises = re.findall(r"^- .*?(?=^- |^#|^$|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert len(promises) > 10
    for promise in promises:
        assert "::test_" in promise, promise
