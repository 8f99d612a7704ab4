"""ledger.jsonl: what this project has spent, and a ceiling that holds whatever happens in between.

Money is reserved before a request is sent, at the most it can cost, and settled from what the reply says was used.
What was never settled - a timeout, a kill - may have been billed and stays counted at its reserved price.
"""

from __future__ import annotations

import json
import math
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TypedDict, Unpack

import msgspec

from loraprep.core import files
from loraprep.core.errors import UserError

NAME = "ledger.jsonl"
_HINT = "Bring the file back from git; it keeps spending below your budget."
_EXACT = 9  # decimals of a dollar: a single token of the cheapest model costs 1e-7


class LedgerLine(msgspec.Struct, frozen=True):
    """What counts of a line; the last one of an id holds. `usd`: US dollars, finite as all numbers in JSON."""

    id: Annotated[str, msgspec.Meta(min_length=1)]
    usd: Annotated[float, msgspec.Meta(ge=0)]


class Purpose(TypedDict, total=False):
    """What a line is about, for whoever reads the file; never read back."""

    image: str  # first digits of its digest
    pictures: int
    model: str
    batch: bool
    usage: dict[str, int]  # kind of tokens -> number


@dataclass(slots=True)
class Budget:
    """The ceiling `limit` in US dollars over the project's whole life; None: nothing may be sent."""

    root: Path
    limit: float | None
    _lines: dict[str, float] = field(default_factory=dict)  # id -> dollars that count
    _torn: bool = False

    @classmethod
    def open(cls, root: Path, limit: float | None) -> Budget:
        """Read the ledger. Raises UserError naming a line that does not fit: without it the ceiling is unknown."""
        budget = cls(root, limit)
        try:
            text = files.read_text(root / NAME)
        except FileNotFoundError:
            return budget
        except (OSError, UnicodeDecodeError):
            raise UserError("the ledger cannot be read, so nothing is spent", place=NAME, hint=_HINT) from None
        lines = text.split("\n")
        budget._torn = bool(lines[-1])  # a kill while it was written; nothing is sent before its line is whole
        for number, line in enumerate(lines[:-1], 1):
            if not line.strip():
                continue
            try:
                entry = files.parse_json(line, LedgerLine)
                budget._lines[entry.id] = entry.usd
            except msgspec.MsgspecError as error:
                if _torn(line, error):  # by a kill: what it would have released stays reserved
                    continue
                message = f"this line of the ledger cannot be read, so nothing is spent: {str(error).lower()}"
                raise UserError(message, place=f"{NAME}:{number}:1", hint=_HINT) from None
        return budget

    @property
    def spent(self) -> float:
        """What counts against the limit, reservations included."""
        return round(sum(self._lines.values()), _EXACT)

    @property
    def left(self) -> float:
        """What may still be spent."""
        return max(0.0, round((self.limit or 0.0) - self.spent, _EXACT))

    def reserve(self, usd: float, **purpose: Unpack[Purpose]) -> str:
        """Set the money aside, on disk before this returns; the reservation's id, "" if the ceiling forbids it."""
        usd = round(usd, _EXACT)
        if self.limit is None or not 0 <= usd <= self.left:  # what is no number is refused, too
            return ""
        key = secrets.token_hex(6)
        self._write(key, usd, "reserved", purpose)
        return key

    def settle(self, key: str, usd: float, **purpose: Unpack[Purpose]) -> None:
        """Write down what the request really cost: 0 if it was certainly not billed.

        A cost that cannot be one, out of a reply that says nonsense, leaves what was reserved.
        """
        if not (math.isfinite(usd) and usd >= 0):
            self.lose(key, **purpose)
            return
        self._write(key, round(usd, _EXACT), "spent" if usd else "not billed", purpose)

    def lose(self, key: str, **purpose: Unpack[Purpose]) -> None:
        """Count a request in full, as nobody knows whether it was billed. Raises UserError if it was never reserved."""
        if key not in self._lines:
            message = f"the ledger has no line of {key}, which something was sent for"
            raise UserError(message, place=NAME, hint=_HINT)
        self._write(key, self._lines[key], "possibly billed", purpose)

    def _write(self, key: str, usd: float, what: str, purpose: Purpose) -> None:
        line = json.dumps({"id": key, "usd": usd, "what": what, **purpose}, ensure_ascii=False)
        files.append(self.root / NAME, (("\n" if self._torn else "") + line + "\n").encode())
        self._torn = False
        self._lines[key] = usd


def _torn(line: str, error: msgspec.MsgspecError) -> bool:
    """Was the line broken off while we wrote it? Only then it lacks its end."""
    if not line.startswith('{"id": ') or isinstance(error, msgspec.ValidationError):
        return False
    return not line.endswith("}") or "truncated" in str(error)
