"""A caption in pieces, sentences and words, whatever its script. All of it linear in the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set
from functools import cache, lru_cache

_EAST = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"  # kana, ideographs, hangul
_EASTERN = re.compile(f"[{_EAST}]")
_WORD = re.compile(rf"[{_EAST}]|(?:(?![{_EAST}])[^\W_])+(?:['’][^\W\d_]+)?")
_PIECE = re.compile(r"[,;]")
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s|(?<=[。！？])")
# a tag such as ":d", ";_;" or "._.", whose eyes are no punctuation; letters of Linear A stand for them meanwhile
_FACE = re.compile(r"(?:^|(?<=,))\s*+[:;.][^\s,]{1,2}(?=\s*+(?:,|$))")
_EYES = "\U00010740\U00010741\U00010742"
_SHUT, _OPEN = str.maketrans(":;.", _EYES), str.maketrans(_EYES, ":;.")


def eyes_shut(text: str) -> str:
    """Return a text in which the faces among tags hold no punctuation; `eyes_open` brings it back."""
    return _FACE.sub(lambda face: face[0].translate(_SHUT), text) if any(eye in text for eye in ":;.") else text


def eyes_open(text: str) -> str:
    """Return what `eyes_shut` was given, or what became of it."""
    return text if text.isascii() else text.translate(_OPEN)


def eastern(text: str) -> bool:
    """Say whether most letters are of scripts that put no spaces between words."""
    if text.isascii():
        return False
    letters = sum(c.isalpha() for c in text)
    return 2 * len(_EASTERN.findall(text)) > letters > 0


def pieces(text: str) -> list[str]:
    """Split at commas and semicolons, what is empty left out."""
    return [eyes_open(piece) for part in _PIECE.split(eyes_shut(text)) if (piece := part.strip())]


def sentences(text: str) -> list[str]:
    """Split after full stops, question and exclamation marks."""
    return [sentence for part in _SENTENCE.split(text) if (sentence := part.strip())]


def words(text: str) -> list[str]:
    """List the words in lower case; of scripts without spaces every sign counts as one."""
    return _WORD.findall(text.casefold())


@lru_cache(1 << 11)  # of the same words, again and again
def normal(text: str) -> str:
    """Bring spellings of one tag together: case, underscores, hyphens and spaces do not count."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def alike(first: Set[str], second: Set[str]) -> float:
    """Return the Jaccard index of two sets of words, 0..1 (Jaccard 1901; caption-audit 1.3 takes it for captions)."""
    both = len(first & second)
    return both / (len(first) + len(second) - both) if first or second else 0.0


def slips(first: str, second: str, most: int) -> bool:
    """Say whether at most `most` letters are missing, added, changed or swapped with their neighbour.

    Optimal string alignment (Damerau 1964), on at most 40 letters.
    """
    if abs(len(first) - len(second)) > most or max(len(first), len(second)) > 40:
        return False
    earlier: list[int] = []
    before = list(range(len(second) + 1))
    for row, a in enumerate(first, 1):
        now = [row]
        for column, b in enumerate(second, 1):
            cost = min(before[column] + 1, now[-1] + 1, before[column - 1] + (a != b))
            if row > 1 and column > 1 and a == second[column - 2] and first[row - 2] == b:
                cost = min(cost, earlier[column - 2] + 1)
            now.append(cost)
        earlier, before = before, now
    return before[-1] <= most


@cache
def any_of(known: tuple[str, ...]) -> re.Pattern[str]:
    """Match any of these words in any case, the longest first."""
    longest = sorted(known, key=lambda word: (-len(word), word))
    return re.compile("|".join(map(re.escape, longest)), re.IGNORECASE)


def with_gaps(text: str, parts: re.Pattern[str]) -> list[str]:
    """Split before each match, which stays with the piece before it."""
    ends = [m.end() for m in parts.finditer(text)]
    return [text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]


_COMMAS = re.compile(r"(?<!\s)\s*+([,;])[\s,;]*+")


def tidied(text: str) -> str:
    """Bring commas and spaces in order after something was taken out."""
    return _COMMAS.sub(r"\1 ", " ".join(text.split())).strip(" ,;").replace(" .", ".")
