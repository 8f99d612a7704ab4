"""What a word means to a model already, before it becomes a trigger: words, names, tags, and what others trained on."""

from __future__ import annotations

import re
from collections.abc import Container
from functools import cache

from loraprep.captions import danbooru, tokens
from loraprep.project import trigger

_SHORTEST, _TAIL = 2, 4  # letters of the parts of which a word is made up: "my" and "style"
# What guides and services have written since DreamBooth (Ruiz et al. 2022) asked for rare tokens: everybody's trigger.
_USUAL = frozenset({"sks", "ohwx", "zwx", "tok"})


def doubt(word: str, class_word: str = "", tags: Container[str] = ()) -> str:
    """Say why a word is a poor trigger, "" if it is a good one. `tags`: of a tagger's list, if there is one."""
    plain = trigger.bare(word)
    if what := sure(word, class_word):
        return trigger.means(word, what)
    if _in_the_dictionary(plain):
        return trigger.means(word, "a common word or a name")
    if word in _tags() or plain in _tags() or word.replace("_", " ") in tags:
        return trigger.means(word, "a Danbooru tag")
    if plain.isalpha() and tokens.count(plain) == 1:
        return trigger.means(word, "one token to CLIP, as only words, names and tags are that it met often")
    return ""


def sure(word: str, class_word: str = "") -> str:
    """Say what a word is to every model already, "" of one that is rare enough to be taken as made up."""
    return "in many guides, so that models are trained on it" if word in _USUAL else trigger.listed(word, class_word)


def doubt_of_proposal(word: str, class_word: str = "") -> str:
    """Say why a word is not made up, "" if it is: as `doubt`, and no two words that mean something side by side."""
    if found := doubt(word, class_word):
        return found
    letters = re.sub(r"[^a-z]", "", word)
    for at in range(_SHORTEST, len(letters) - _TAIL + 1):
        if _in_the_dictionary(letters[at:]) and (_in_the_dictionary(letters[:at]) or at < _SHORTEST + 2):
            return trigger.means(word, "made of words")
    return ""


@cache
def _dictionary() -> frozenset[str]:
    """Load pyspellchecker's 160,000 English words and names (MIT licence), each seen often in films' subtitles."""
    from spellchecker import SpellChecker

    return frozenset(SpellChecker(language="en").word_frequency.dictionary)


def _in_the_dictionary(word: str) -> bool:
    return word in _dictionary()


@cache
def _tags() -> frozenset[str]:
    return frozenset(trigger.bare(tag) for tag in danbooru.listed_tags())
