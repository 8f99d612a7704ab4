"""The trigger: one made-up word that no model knows yet."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache

from loraprep.core import resources

PATTERN = re.compile(r"[a-z][a-z0-9_]{2,23}")
_LONGEST = 20  # of a name that is proposed as it is: short words cost fewer tokens
_BEGINNING = 4  # letters of a name that a made-up word begins with
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"  # what most languages can say
_REASON = "the model already has a meaning for it. Make up a word."

Doubt = Callable[[str, str], str]  # of a trigger and the class word: why it is a poor one, "" if it is a good one


def propose(name: str, class_word: str = "", doubt: Doubt | None = None) -> str:
    """Propose a trigger from a name: the name where it means nothing ("Vrethil" -> "vrethil"), else a made-up word
    that begins like it ("cat" -> "catumev"). The same name gets the same word.
    """
    doubt = doubt or warning
    plain = re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", name.lower())).lstrip("0123456789")[:_LONGEST]
    if len(plain) >= 3 and not doubt(plain, class_word):
        return plain
    return next(word for word in _made_up(plain) if not doubt(word, class_word))


def _made_up(plain: str) -> Iterator[str]:
    """Yield words that can be said, such as "mystarun": the beginning of `plain` and syllables drawn by its digest."""
    start = re.sub(r"\d.*", "", plain)[:_BEGINNING]
    start = start.rstrip(_VOWELS) or "l"
    number = int.from_bytes(hashlib.sha256(plain.encode()).digest()[:8], "big")
    for step in range(1 << 20):
        rest, word = number + step * 7919, start
        while len(word) < len(start) + 4 or len(word) < 7:
            letters = _VOWELS if word[-1] not in _VOWELS else _CONSONANTS
            rest, place = divmod(rest, len(letters))
            word += letters[place]
        yield word if word[-1] not in _VOWELS else f"{word}{_CONSONANTS[rest % len(_CONSONANTS)]}"


def fault(trigger: str) -> str:
    """Say why it cannot be a trigger, "" if it can."""
    if PATTERN.fullmatch(trigger):
        return ""
    return f'"{trigger}" cannot be a trigger: one word of 3 to 24 lower-case letters, digits or _, a letter first'


def warning(trigger: str, class_word: str) -> str:
    """Say why it is a poor trigger, "" if it is a good one, as far as the lists here know."""
    what = listed(trigger, class_word)
    return means(trigger, what) if what else ""


def listed(trigger: str, class_word: str) -> str:
    """Say what a trigger is already, "" if the lists here know nothing: "a common word"."""
    words = re.findall(r"\w+", class_word.lower())
    if bare(trigger) in {*words, "".join(words)}:
        return "also the class word"
    return "a common word" if trigger in known_words() or bare(trigger) in known_words() else ""


def means(trigger: str, what: str) -> str:
    """Say that a trigger is something already."""
    return f'"{trigger}" is {what}; {_REASON}'


@cache
def known_words() -> frozenset[str]:
    """Load common English and booru words, as listed and without the _ and spaces between their parts."""
    lines = [line.strip().lower() for line in resources.text("resources/dataset/trigger-words.txt").splitlines()]
    listed = [line for line in lines if line and not line.startswith("#")]
    return frozenset(listed) | frozenset(bare(word) for word in listed)


def bare(word: str) -> str:
    """Take out what people put between the parts of a word."""
    return re.sub(r"[_\s-]", "", word)
