"""What somebody typed, and which of several things it means: a number, a name in any case, the beginning of one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

import msgspec


class Choice(msgspec.Struct, frozen=True):
    """One of several answers. `also`: other spellings of its name; `line`: what to know about it."""

    name: str
    line: str = ""
    also: tuple[str, ...] = ()

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every spelling, without what people leave away or add."""
        return tuple(bare(spelling) for spelling in (self.name, *self.also))


def bare(text: str) -> str:
    """Letters and digits alone, small."""
    return re.sub(r"[\W_]", "", text.casefold())


def meant(typed: str, choices: Sequence[Choice], *, numbers: bool = True) -> list[int]:
    """Return the places of the choices that may be meant: one if it is clear, [] if none is."""
    plain = typed.strip()
    if numbers and plain.isdecimal() and plain.isascii():
        return [int(plain) - 1] if 0 < int(plain) <= len(choices) else []
    wanted = bare(plain)
    if not wanted:
        return [n for n, choice in enumerate(choices) if plain and plain in choice.also]
    exact = [n for n, choice in enumerate(choices) if wanted in choice.spellings]
    return exact or [n for n, choice in enumerate(choices) if any(s.startswith(wanted) for s in choice.spellings)]


def fault(typed: str, choices: Sequence[Choice], *, numbers: bool = True) -> str:
    """Say why it is not clear what was meant, "" if it is."""
    found = meant(typed, choices, numbers=numbers)
    if len(found) == 1:
        return ""
    if found:
        names = [choices[n].name for n in found]
        return f'"{typed.strip()}" could be {", ".join(names[:-1])} or {names[-1]}'
    if typed.strip().isdecimal():
        return f"there are {len(choices)} answers, and no {typed.strip()}"
    spelled = {spelling: choice.name for choice in choices for spelling in choice.spellings if spelling}
    near = difflib.get_close_matches(bare(typed), spelled, 1)
    return f'"{typed.strip()}" is none of these' + (f"; did you mean {spelled[near[0]]}?" if near else "")


def parts(typed: str) -> list[str]:
    """Take a list apart, at commas, or at spaces where there is no comma."""
    return [part.strip() for part in (typed.split(",") if "," in typed else typed.split()) if part.strip()]


def several(typed: str, choices: Sequence[Choice]) -> list[int]:
    """Return the places of all that are clearly meant, in the order of the choices."""
    found = [meant(part, choices) for part in parts(typed)]
    return sorted({places[0] for places in found if len(places) == 1})
