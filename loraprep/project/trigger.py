"""The trigger: one made-up word that no model knows yet."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from loraprep.core import resources

PATTERN = re.compile(r"[a-z][a-z0-9_]{2,23}")
_LONGEST = 20  # of a proposal: short words cost fewer tokens, and an ending may be added


def propose(name: str, class_word: str = "") -> str:
    """Propose a trigger from a name: "My Style!" -> "mystyle"; a word with a meaning gets an ending, "catx"."""
    plain = unicodedata.normalize("NFKD", name.lower())
    word = re.sub(r"[^a-z0-9]", "", plain).lstrip("0123456789")[:_LONGEST]
    if len(word) < 3:
        word += "lora"
    while warning(word, class_word):
        word += "x"
    return word


def fault(trigger: str) -> str:
    """Say why it cannot be a trigger, "" if it can."""
    if PATTERN.fullmatch(trigger):
        return ""
    return f'"{trigger}" cannot be a trigger: one word of 3 to 24 lower-case letters, digits or _, a letter first'


def warning(trigger: str, class_word: str) -> str:
    """Say why it is a poor trigger, "" if it is a good one."""
    words = re.findall(r"\w+", class_word.lower())
    if _bare(trigger) in {*words, "".join(words)}:
        return f'"{trigger}" is also the class word; the model already has a meaning for it. Make up a word.'
    if trigger in known_words() or _bare(trigger) in known_words():
        return f'"{trigger}" is a common word; the model already has a meaning for it. Make up a word.'
    return ""


@cache
def known_words() -> frozenset[str]:
    """Load common English and booru words, as listed and without the _ and spaces between their parts."""
    lines = [line.strip().lower() for line in resources.text("resources/dataset/trigger-words.txt").splitlines()]
    listed = [line for line in lines if line and not line.startswith("#")]
    return frozenset(listed) | frozenset(_bare(word) for word in listed)


def _bare(word: str) -> str:
    return re.sub(r"[_\s-]", "", word)
