"""Lists and numbers of things in a sentence; signs that no text of ours may hold."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

SHOWN = 6  # names spelled out in one sentence; the report lists all of them
_MANY = 20  # different characters from which on one way through the text is faster than one for each
_SOME = 3  # of more names: enough to know what is meant


def listed(items: Sequence[str], shown: int | None = SHOWN) -> str:
    """Join to "a, b and c", or from more than `shown` (None: no limit) on to "a, b, c and 14 more"."""
    if shown is not None and len(items) > shown:
        some = min(shown, _SOME)
        return f"{', '.join(items[:some])} and {len(items) - some} more"
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


def with_article(noun: str) -> str:
    """Put a or an before a noun, by its first letter: "a style", "an object"."""
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def clauses(said: Sequence[str], shown: int = SHOWN) -> str:
    """Join to "a; b", or from more than `shown` on to "a; b; and 4 more"."""
    more = [f"and {len(said) - shown} more"] if len(said) > shown else []
    return "; ".join([*said[:shown], *more])


def plural(number: int, one: str, many: str = "") -> str:
    """Return the word for that many: `one`, or `many` (by default `one` with an s)."""
    return one if number == 1 else many or f"{one}s"


def number_of(number: int, one: str, many: str = "") -> str:
    """Return "1 picture" or "3 pictures"; see `plural`."""
    return f"{number} {plural(number, one, many)}"


def on_backgrounds(pictures: int, copied: int, colours: int) -> str:
    """Count pictures of which `copied` stand once on each of `colours`: "46 pictures on 3 backgrounds = 138"."""
    said = number_of(pictures, "picture")
    if not copied or colours < 2:
        return said
    of_them = "" if copied == pictures else f", {copied} of them"
    return f"{said}{of_them} on {colours} backgrounds = {pictures + copied * (colours - 1)}"


def printable(text: str, by: str = " ") -> str:
    """Return the text with `by` for every character that a terminal or page could not show, or would act on."""
    return text if text.isprintable() else replaced(text, lambda char: not char.isprintable(), by)


def replaced(text: str, odd: Callable[[str], bool], by: str = " ") -> str:
    """Return the text with `by` for every character that is `odd`; each is asked about once, however long the text."""
    found = [char for char in set(text) if odd(char)]
    if len(found) > _MANY:
        return text.translate(dict.fromkeys(map(ord, found), by))
    for char in found:
        text = text.replace(char, by)
    return text


def in_quotes(words: Sequence[str]) -> str:
    """List words as they are read somewhere: “OPEN”, “24 h”."""
    return ", ".join(f"“{word}”" for word in words)


def alike_at_start(first: Sequence[str], second: Sequence[str]) -> int:
    """Count how many of two lists are the same from the start."""
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))


def ended(sentence: str) -> str:
    """Return a sentence with a full stop, unless it ends in a mark of its own."""
    return sentence if sentence.rstrip()[-1:] in '.!?"”' else f"{sentence}."
