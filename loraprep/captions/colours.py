"""Colours of things in plain words: what Danbooru calls them, and which thing a sentence gives which colour.

The words are data: resources/colours.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import msgspec

from loraprep.captions import hygiene
from loraprep.core import resources, typed, yamlfile


class _Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The form of resources/colours.yaml."""

    colours: dict[str, tuple[str, ...]]  # Danbooru's name -> other words for it
    shades: frozenset[str]


@cache
def _listed() -> _Listed:
    name = "resources/colours.yaml"
    return typed.convert(yamlfile.load(resources.path(name), name).data, _Listed)


@cache
def _others() -> dict[str, tuple[str, ...]]:
    """Map each word for a colour to Danbooru's names for it, itself first."""
    found: dict[str, list[str]] = {name: [name] for name in _listed().colours}
    for name, words in _listed().colours.items():
        for word in words:
            found.setdefault(word, [word]).append(name)
    return {word: tuple(names) for word, names in found.items()}


def names(word: str) -> tuple[str, ...]:
    """Return what a word may be called on Danbooru, itself first: crimson -> crimson, red."""
    return _others().get(word, (word,))


def plain(words: Sequence[str]) -> list[str]:
    """Leave out the shades of colours: dark brown hair is brown hair; of navy-blue and blue one is enough."""
    split = [part for word in words for part in (_parted(word) or [word])]
    return [word for at, word in enumerate(split) if not (_shade(word) and _coloured(split[at + 1 : at + 2]))]


def _parted(word: str) -> list[str]:
    """Return the parts of a word of colours and shades alone: black-and-white, dark-brown; [] of others."""
    parts = [part for part in re.split(r"-", word) if part != "and"]
    return parts if len(parts) > 1 and all(part in _others() or _shade(part) for part in parts) else []


def _shade(word: str) -> bool:
    return word in _listed().shades


def _coloured(words: Sequence[str]) -> bool:
    return any(word in _others() or _shade(word) for word in words)


@cache
def _pattern() -> str:
    """Match one colour or several of one thing: dark red, black and white, red-and-gold."""
    known = "|".join(map(re.escape, sorted(_others(), key=lambda word: (-len(word), word))))
    shades = "|".join(map(re.escape, sorted(_listed().shades, key=lambda word: (-len(word), word))))
    one = rf"(?:(?:{shades})[ -])?(?:{known})"
    return rf"{one}(?:(?:, | and |-and-|, and | |-){one}){{0,3}}"


@cache
def _row() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){_pattern()}(?![\w-])")


def together(phrase: str) -> str:
    """Write colours of one thing without what joins them, so that no phrase is parted there: red white."""
    return _row().sub(lambda found: re.sub(r",? and |-and-|, ", " ", found.group()), phrase)


def of_thing(term: str, text: str) -> list[str]:
    """Return how a text calls a thing by its colour, in its order: dress -> "red velvet dress"; [] if it does not.

    One word may stand between. A term that names a colour itself has none to look for.
    """
    thing = re.sub(r"^(?:an?|the) ", "", term.casefold())
    if not thing or any(word in _others() for word in re.findall(r"[^\W_]+", thing)):
        return []
    found = re.finditer(
        rf"(?<![\w-]){_pattern()}(?P<between> [^\W_]+(?:-[^\W_]+)*)? {re.escape(thing)}(?:e?s)?(?![\w-])",
        text.casefold(),
    )
    return list(dict.fromkeys(hit.group() for hit in found if not _parts_them(hit["between"] or "")))


def _parts_them(word: str) -> bool:
    return word.strip() in hygiene.lists().stopwords
