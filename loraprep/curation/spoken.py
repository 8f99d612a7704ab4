"""Whom or what a caption speaks of first, and the things and places beside it: what no axis of a kind counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from loraprep.captions import booru, hygiene, lexicon
from loraprep.core.known import NOWHERE, Known
from loraprep.core.records import Caption

_AT = r"of|in|on|at|by|under|beside|near|before|against|behind|with|over|inside|among"
PREPOSITIONS = frozenset(_AT.split("|"))
_BESIDE = re.compile(rf"\b((?:{_AT})\s+(?:(?:an?|the|his|her|their|its)\s+)?)$", re.IGNORECASE)
_OF = re.compile(r"^of\b")  # a bowl of fruit is one thing
_NOBODY = re.compile(r"\bno humans\b", re.IGNORECASE)
_WHO = {"other": "person", "people": "person", "women": "woman", "men": "man"}  # as counts call them, in plain words
_BEFORE = 40  # signs before a phrase in which its preposition stands


class Spoken(msgspec.Struct, frozen=True):
    """What one caption says: heads of phrases, in the singular."""

    medium: str = ""  # how the picture is made, a closed term
    whom: str = ""  # of the first phrase that is no framing, light or way of drawing: "cat"
    beside: dict[str, str] = {}  # head -> as it is said: "umbrella" -> "with a red umbrella"


def spoken(captions: Mapping[str, Caption], trigger: str, known: Known = NOWHERE) -> Mapping[str, Spoken]:
    """Read every caption, by path; `known`: where what was read is kept."""

    def read(path: str) -> Spoken:
        return _read(hygiene.without_trigger(captions[path].text, trigger))

    return known.each("spoken", trigger, captions, lambda path: captions[path].text, read, Spoken)


def _read(text: str) -> Spoken:
    whom, beside = "", dict[str, str]()
    text = _NOBODY.sub(" ", text)
    medium = lexicon.meant("medium", text)
    for phrase, before in _phrases(text):
        counts, head = _of(phrase)
        if counts:
            whom = whom or head  # beside it nothing stands: "solo" and "scenery" say whom again
            continue
        if not head:
            continue
        if not whom:
            whom = head
        elif head != whom and not _OF.search(before):
            beside.setdefault(head, f"{before or 'with '}{hygiene.without_verb(phrase)}")
    return Spoken(medium, whom, beside)


@lru_cache(1 << 14)  # captions of a set speak of the same things
def _of(phrase: str) -> tuple[bool, str]:
    """Return (does a phrase count who is there, whom it counts or what it is about: "" of what says neither)."""
    if hygiene.is_count(phrase) or phrase.casefold() in booru.phrases().classes.values():
        return True, _who(phrase)
    head = hygiene.head(phrase)
    said = not head or _counted(phrase) or hygiene.is_style(phrase) or hygiene.is_quality(phrase)
    return False, "" if said else head


def _phrases(text: str) -> Iterable[tuple[str, str]]:
    """Yield (phrase, preposition and article before it): ("red mat", "on the ") of "a cat on the red mat"."""
    at = 0
    folded = text.casefold()
    for phrase in hygiene.phrases(text):
        found = folded.find(phrase, at)
        at = max(found, at)
        before = _BESIDE.search(folded[:found][-_BEFORE:]) if found >= 0 else None
        yield phrase, " ".join(before[1].split()) + " " if before else ""


def _who(count: str) -> str:
    """Return whom a tag counts ("2girls" -> girl), "" of what counts nobody."""
    found = re.search(r"girl|boy|other|person|people|wom[ae]n|m[ae]n|animal", count.casefold())
    return _WHO.get(found[0], found[0]) if found else ""


def _counted(phrase: str) -> bool:
    """Is it what an axis of every kind counts already: framing, angle, light, medium?"""
    return any(lexicon.meant(axis, phrase) for axis in ("framing", "angle", "lighting", "medium"))
