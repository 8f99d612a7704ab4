"""Which closed term a caption's words mean along an axis: "a robin on a snowy branch" is an animal.

The lists are data: resources/lexicon.yaml, axis -> {counted term: words that mean it}. A word after "=" means it only
where it is all that is said: "front" is an angle, "in front of a mill" is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache

from loraprep.captions import hygiene
from loraprep.core import resources, yamlfile
from loraprep.core.text import plural

# Words that show a thing but are not it: "no humans", "without a hat".
_DENIED = re.compile(r"\b(?:no|without)\s++(?:(?:an?|any|the)\s++)?[^\W_]++", re.IGNORECASE)


@cache
def _lists() -> dict[str, dict[str, list[str]]]:
    name = "resources/lexicon.yaml"
    data: dict[str, dict[str, list[str]]] = yamlfile.load(resources.path(name), name).data
    return data


@cache
def _words(axis: str) -> dict[str, str]:
    """Map words and phrases, plurals included, to counted terms. An earlier list wins a word that is in two."""
    known: dict[str, str] = {}
    for term, words in _lists().get(axis, {}).items():
        for word in [term, *words]:
            for form in (word, plural_of(word)) if word[0] != "=" and f"={word}" not in words else ():
                known.setdefault(form.casefold(), term)
    return known


@cache
def _whole(axis: str) -> dict[str, str]:
    """Map words that have to stand alone to counted terms."""
    return {word[1:]: term for term, words in _lists().get(axis, {}).items() for word in words if word[0] == "="}


def plural_of(word: str) -> str:
    """Put a regular noun into the plural."""
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")


@cache
def words_of(axis: str, term: str) -> tuple[str, ...]:
    """List the words and phrases that mean a closed term."""
    return tuple(_lists()[axis][term])


@cache
def _pattern(axis: str) -> re.Pattern[str]:
    longest = sorted(_words(axis), key=lambda w: (-len(w), w))
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest))})(?![\w-])", re.IGNORECASE)


@cache
def _asked() -> dict[str, str]:
    name = "resources/asked.yaml"
    data: dict[str, str] = yamlfile.load(resources.path(name), name).data
    return data


def asked(number: int, term: str) -> str:
    """Word a term as it is said after a number: "person", "people", "in dim light"."""
    one, _, many = _asked().get(term, term).partition(" | ")
    return many if many and number != 1 else one


def named(number: int, term: str) -> str:
    """Word a term as things that may be spoken of: "portraits", "pictures in daylight"."""
    return asked(number, term) if _is_thing(term) else f"{plural(number, 'picture')} {asked(number, term)}"


def _is_thing(term: str) -> bool:
    return " | " in _asked().get(term, f"{term} | {term}")


def pictures(number: int, term: str, more: str = "") -> str:
    """Word so many pictures of a term: "1 portrait", "2 pictures against the light"; `more`: "20 more landscapes"."""
    name, _, many = _asked().get(term, f"{term} | {term}").partition(" | ")
    what = asked(number, term) if many else f"{plural(number, 'picture')} {name}"
    return " ".join(filter(None, (str(number), more, what)))


@cache
def terms(axis: str) -> tuple[str, ...]:
    """Return the closed list of an axis; () if there is none, as for outfits."""
    return tuple(_lists().get(axis, {}))


def counted(axis: str, term: str) -> str:
    """Return the closed term that a vision model's own term stands for, or that term if the lists don't know it."""
    if not terms(axis):
        return term
    plain = term.casefold().replace("_", " ").strip()
    found = _pattern(axis).findall(plain)
    whole = _words(axis).get(plain) or _whole(axis).get(plain)
    return whole or (_words(axis)[found[-1].casefold()] if found else plain)


@lru_cache(1 << 12)  # captions of a set say the same again and again
def meant(axis: str, text: str) -> str:
    """Return the closed term that a text means along an axis, "" if none.

    For subjects the first phrase that names one decides, by its last name before any verb ("man riding horse" is a
    person). Elsewhere the lists come in order of weight: a lit street "at night" is night before it is lamplight.
    """
    if not terms(axis):
        return ""
    shown, pieces = _affirmed(text)
    if axis == "subject_class":
        return next(filter(None, map(_head, _clauses(shown))), "")
    known, alone = _words(axis), _whole(axis)
    said = {known[hit.casefold()] for hit in _pattern(axis).findall(shown)}
    said |= {alone[piece] for piece in pieces & alone.keys()}
    return next((term for term in terms(axis) if term in said), "") if said else ""


@lru_cache(1 << 10)  # one axis after the other asks of the same words
def _affirmed(text: str) -> tuple[str, frozenset[str]]:
    """Return (a text without what it denies, its pieces between commas)."""
    shown = _DENIED.sub(" ", text.replace("_", " "))
    return shown, frozenset(piece.strip().casefold() for piece in re.split(r"[,;.]", shown))


def subjects(text: str) -> set[str]:
    """Return every subject that a text names, as closed terms: of landscapes, people and houses all three."""
    return set(filter(None, map(_head, _clauses(_affirmed(text)[0]))))


def _clauses(text: str) -> Iterable[str]:
    """Yield phrases in the order of the text; "still life" and the like are never cut."""
    for piece in re.split(r"[,;.:()]", text):
        yield from hygiene.phrases(piece)


def _head(phrase: str) -> str:
    found = ""
    end = 0
    for hit in _pattern("subject_class").finditer(phrase):
        if found and re.search(r"\b\w++(?<=\w\wing)", phrase[end : hit.start()]):
            break
        found, end = _words("subject_class")[hit.group().casefold()], hit.end()
    return found
