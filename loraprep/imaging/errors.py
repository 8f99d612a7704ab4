"""What goes wrong with a picture, in words."""

from __future__ import annotations

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


def too_slow(reasons: Mapping[str, str]) -> Finding:
    """Return the finding for pictures that took too long, path -> reason."""
    named = sorted(reasons.items())
    said = clauses([f"{path}: {reason}" for path, reason in named])
    return Finding(Code.TOO_SLOW, tuple(path for path, _ in named), {"reasons": said, "reason": named[0][1]})
