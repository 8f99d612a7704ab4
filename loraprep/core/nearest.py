"""The name a person meant: the nearest of those there are to one that is not there."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path, PurePosixPath

from loraprep.core import files
from loraprep.core.text import listed

_SHOWN = 3  # of several that are as near as each other
_MANY = 2000  # names above which only those with half of the name in common are compared by letters: it takes long
_ZEROS = re.compile(r"0+(?=\d)")


def nearest(name: str, known: Collection[str]) -> list[str]:
    """Find which of `known` were meant by `name`, at most three that are as near as each other; [] if none is near.

    The commonest slips come first, each only if those before it find nothing: another case, other slashes, another
    spelling of the same accents (Unicode NFC and NFD) or the folder of the pictures in front; no ending or another
    one; another folder; more or fewer zeros before a number. Then the letters decide (`difflib`, Ratcliff and
    Obershelp's matching, with its usual limit of 0.6).
    """
    for slip in (_folded, _without_ending, _alone, _stem_alone, _numbered, _stem_numbered):
        wanted = slip(name)
        for spelling in (wanted, wanted.partition("/")[2]):  # images/pier.jpg
            if spelling and (found := sorted(k for k in known if slip(k) == spelling)):
                return found[:_SHOWN]
    return _by_letters(_folded(name), known)


def slips(name: str, known: Collection[str]) -> list[str]:
    """Return those of `nearest` that a slip of the pen made `name` of: at most one letter differs, and no number.

    "IMG_0412.jpg" is no slip for "IMG_0413.jpg" but another picture, that was perhaps here once.
    """
    return [k for k in nearest(name, known) if _numbers(name) == _numbers(k) and _one_letter(name, k)]


def _one_letter(name: str, other: str) -> bool:
    """Say whether the stems are a letter apart: one more, one less, another, or two that changed places."""
    a, b = _ZEROS.sub("", _stem_alone(name)), _ZEROS.sub("", _stem_alone(other))
    return not _shortened(a).isdisjoint(_shortened(b))


def _shortened(text: str) -> set[str]:
    return {text, *(text[:n] + text[n + 1 :] for n in range(len(text)))}


def _numbers(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"[0-9]+", _stem_alone(name))]


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return "did you mean p00004.jpg?", or "" if nothing is near."""
    found = nearest(name, known)
    return f"did you mean {_either(found)}?" if found else ""


def folder_meant(folder: Path) -> str:
    """Return "Did you mean pics?" of a folder that is not there, by those beside it; "" if none is near."""
    found = nearest(folder.name, [path.name for path in folders_in(folder.parent)]) if folder.name else []
    return f"Did you mean {_either([folder.with_name(name).as_posix() for name in found])}?" if found else ""


def folders_in(folder: Path) -> list[Path]:
    """List the folders in a folder that a person would name."""
    return [path for path in files.listed(folder) if path.is_dir() and not path.name.startswith(".")]


def _either(names: Sequence[str]) -> str:
    return listed(names).replace(" and ", " or ") if len(names) > 1 else names[0]


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).replace("\\", "/").removeprefix("./").strip("/").strip().casefold()


def _without_ending(name: str) -> str:
    path = PurePosixPath(_folded(name))
    return str(path.with_suffix("")) if path.name else ""


def _alone(name: str) -> str:
    return PurePosixPath(_folded(name)).name


def _stem_alone(name: str) -> str:
    return PurePosixPath(_folded(name)).stem


def _numbered(name: str) -> str:
    return _ZEROS.sub("", _folded(name))


def _stem_numbered(name: str) -> str:
    return _ZEROS.sub("", _without_ending(name))


def _by_letters(name: str, known: Iterable[str]) -> list[str]:
    spelled: dict[str, str] = {}
    for each in sorted(known):
        spelled.setdefault(_folded(each), each)
    if len(spelled) > _MANY:
        half = max(1, len(name) // 2)  # one slip leaves a half as it is
        spelled = {s: k for s, k in spelled.items() if s.startswith(name[:half]) or s.endswith(name[-half:])}
    return [spelled[found] for found in difflib.get_close_matches(name, spelled, n=1)]
