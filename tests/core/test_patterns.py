"""Patterns mean the same wherever one may be written, and take no longer than it takes to read a name."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from loraprep.core import patterns
from loraprep.core.patterns import Patterns


@pytest.mark.parametrize(
    ("pattern", "path", "met"),
    [
        ("**/*", "a/b.png", True),
        ("*.gif", "a/b.GIF", True),
        ("sketches", "x/sketches/a.png", True),
        ("sketches/", "x/Sketches/y/a.png", True),
        ("./sketches/a.png", "sketches/a.png", True),
        ("sketches/", "sketches", False),  # a file of that name
        ("a/*.png", "a/b/c.png", False),
        ("a/*", "a/b/c.png", True),
        ("a/**", "a/b/c.png", True),
        ("a/**/c.png", "a/c.png", True),
        ("[ab].png", "b.png", True),
        ("[!ab].png", "b.png", False),
        ("a[!b]c.png", "a/c.png", False),
        ("pier [1].png", "pier [1].png", True),  # spelled out
        ("#1", "#1/a.png", True),
        ("[", "a", False),
        ("[", "[", True),
    ],
)
def test_patterns(pattern: str, path: str, met: bool) -> None:
    assert Patterns([pattern]).match(path) is met


def test_the_last_pattern_that_fits_decides() -> None:
    some = Patterns(["*.png", "!keep.png"])
    assert (some.match("a/b.png"), some.match("a/keep.png"), some.match("a.jpg")) == (True, False, False)


@pytest.mark.parametrize("pattern", ["[", "[z-a].png", "a\\", "", "/"])
def test_what_is_no_pattern_is_known(pattern: str) -> None:
    assert not patterns.usable(pattern)


@pytest.mark.parametrize("pattern", ["*a" * 16 + "*b", "**/" + "a/**/" * 16 + "b", "**/" + "*a" * 16 + "*b/**/c"])
def test_no_pattern_takes_more_than_a_moment(pattern: str) -> None:
    """An ordinary regular expression would need longer than anybody waits."""
    assert not Patterns([pattern]).match("a" * 255)
    assert not Patterns([pattern]).match("/".join(["a"] * 2000))


def letters(some: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(some), min_size=1, max_size=6).map("".join)


SEGMENT = letters("ab*?") | st.sampled_from(["**", "[ab]", "*[!a]*", "[+-9]?", "*"])
PATTERN = st.builds(
    lambda start, names, end: start + "/".join(names) + end,
    st.sampled_from(["", "/"]),
    st.lists(SEGMENT, min_size=1, max_size=5),
    st.sampled_from(["", "/"]),
)
PATH = st.lists(letters("abc"), min_size=1, max_size=6).map("/".join)


@given(PATTERN, PATH)
def test_in_linear_time_they_mean_what_git_means(pattern: str, path: str) -> None:
    regex, _ = GitIgnoreSpecPattern.pattern_to_regex(pattern)
    if regex:
        plain = patterns._in_one_name(regex)
        assert bool(re.match(patterns._linear(plain), path)) == bool(re.match(plain, path))
