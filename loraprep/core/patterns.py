"""Names of files as .gitignore writes them: in images.include and exclude, in curation's, and in `recaption PATTERN`.

`*.png` and `sketches` mean any depth, `a/*.png` the one folder, `**` crosses folders, a folder means all in it, and
`!name` takes out again. Upper and lower case are one on every system, since Windows and macOS do not tell a.JPG from
a.jpg; `#` is no comment, for these are values and not lines of a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

_STAR = "[^/]*"  # how pathspec writes `*`
_FOLDERS = "(?:/.+)?"  # and `/**` inside a pattern
_FROM_ANYWHERE = "^(?:.+/)?"  # and `**/` at its start
_LONGEST = 4096  # characters of a pattern; no path is longer (PATH_MAX of Linux)
_RANGE = re.compile(r"\\.|\[(?!\^/\])\^?\]?[^]]*+(?:\]|\Z)", re.DOTALL)  # or an escaped letter, which is none


class Patterns:
    """Any number of patterns; the last one that fits a path decides. A path that is spelled out fits as it is."""

    def __init__(self, lines: Iterable[str]) -> None:
        from pathspec import GitIgnoreSpec  # 0.03 s that a run with nothing to do need not wait for

        self._names = frozenset(lines := tuple(lines))
        # the plain backend always: another one that happens to be installed must not decide what a pattern means
        self._spec = GitIgnoreSpec([p for line in lines if (p := _compiled(line))], backend="simple")

    def match(self, path: str) -> bool:
        """Does a relative POSIX path fit?"""
        return path in self._names or self._spec.match_file(path)


def usable(line: str) -> bool:
    """Is it a pattern? Not so are an open or backward range, a backslash at the end, and what is empty."""
    if not {"[", "\\"} & set(line):  # told without loading the library: project.yaml is read in every run
        return line.strip() not in ("", "/", "!", "!/")
    return _compiled(line) is not None


def _compiled(line: str) -> GitIgnoreSpecPattern | None:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    if len(line) > _LONGEST:
        return None
    line = line.removeprefix("./")
    try:
        regex, include = GitIgnoreSpecPattern.pattern_to_regex("\\" + line if line.startswith("#") else line)
        return GitIgnoreSpecPattern(re.compile(_linear(_in_one_name(regex)), re.IGNORECASE), include) if regex else None
    except (ValueError, re.error):
        return None


def _in_one_name(regex: str) -> str:
    """Keep ranges from a slash, which [!a] and [+-9] would take; git does not."""
    return _RANGE.sub(lambda found: found[0] if found[0].startswith("\\") else f"(?!/){found[0]}", regex)


def _linear(regex: str) -> str:
    """Rewrite pathspec's regular expression so that it never goes back over a wildcard but the last ones.

    As it is, `*a*a*a*a*a*a*a*a*b` looks at a name of 255 letters for minutes. It need not: what stands between two
    wildcards has one length (in letters, or in whole folders), so that the first place where it fits is as good as any
    later one, and an atomic group may keep it. pathspec's re2 backend would do the same for a compiled dependency.
    """
    first, *others = (_linear_stars(part) for part in regex.split(_FOLDERS))
    if not others:
        return first
    if first.startswith(_FROM_ANYWHERE):
        first = f"^(?>(?:.+?/)??{first.removeprefix(_FROM_ANYWHERE)}(?=/))"
    *inner, last = others
    return "".join([first, *(f"(?>(?:/.+?)??{part}(?=/))" for part in inner), _FOLDERS, last])


def _linear_stars(regex: str) -> str:
    first, *others = regex.split(_STAR)
    # the last star of a name has to reach its end, and may go back to do so
    ends = [n == len(others) or "/" in part.replace("[^/]", "") for n, part in enumerate(others, 1)]
    parts = (f"{_STAR}{part}" if end else f"(?>{_STAR}?{part})" for part, end in zip(others, ends, strict=True))
    return "".join([first, *parts])
