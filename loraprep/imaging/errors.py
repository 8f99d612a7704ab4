"""What goes wrong with a picture, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from loraprep.core.findings import Code, Finding
from loraprep.core.text import clauses


class BadImage(Exception):
    """A file that is no usable picture. `reason`: a clause without a full stop; `path`: which one, where known."""

    def __init__(self, code: Code, reason: str, path: str = "") -> None:
        self.code = code
        self.reason = reason
        self.path = path
        super().__init__(reason)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.reason, self.path)


class TooSlow(BadImage):
    """A file that was given up after so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(Code.TOO_SLOW, f"it was not read after {seconds:.0f} seconds")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.seconds,)


class TooHeavy(BadImage):
    """A file that takes more bytes of memory than all pictures together may."""

    def __init__(self, need: float, budget: float) -> None:
        self.need, self.budget = need, budget
        # rounded so that the first is never the less
        most = math.floor(budget / 1e8) / 10
        reason = f"opening it takes about {math.ceil(need / 1e8) / 10:.1f} GB of memory, more than the {most:.1f} GB"
        super().__init__(Code.TOO_HEAVY, f"{reason} that may be used")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.need, self.budget)


def given_up(reasons: Mapping[Code, Mapping[str, str]]) -> list[Finding]:
    """Return the findings for pictures that were sound, but took too long or too much: code -> path -> reason."""
    return [_given_up(code, named) for code, named in sorted(reasons.items()) if named]


def _given_up(code: Code, reasons: Mapping[str, str]) -> Finding:
    named = sorted(reasons.items())
    said = clauses([f"{path}: {reason}" for path, reason in named])
    return Finding(code, tuple(path for path, _ in named), {"reasons": said, "reason": named[0][1]})
