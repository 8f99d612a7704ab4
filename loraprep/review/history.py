"""What was answered in each window, for undo and redo. Both give back the file's own bytes where nobody else wrote."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from loraprep.core.errors import UserError
from loraprep.project import decision_edits
from loraprep.project.decision_edits import Written

_KEPT = 50_000_000  # characters of a window's answers; each holds its file's text twice


class Done(msgspec.Struct, frozen=True):
    """An edit, and the question it answered: its view and its ident there, as the page names them."""

    written: Written
    view: str
    at: str


@dataclass
class _Tab:
    done: list[Done] = field(default_factory=list)  # newest last
    undone: list[Done] = field(default_factory=list)


class History:
    """Answers by window: what one takes back was never another's."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._tabs: defaultdict[str, _Tab] = defaultdict(_Tab)

    def add(self, tab: str, done: Done) -> None:
        """Note an answer; what was undone before it can no longer be redone."""
        mine = self._tabs[tab]
        mine.done.append(done)
        while len(mine.done) > 1 and sum(2 * len(d.written.after or "") for d in mine.done) > _KEPT:
            del mine.done[0]
        mine.undone.clear()

    def undo(self, tab: str) -> Done:
        """Take the last answer back. Raises UserError if there is none, and Changed."""
        mine = self._tabs[tab]
        return self._over(mine.done, mine.undone, "there is nothing to take back")

    def redo(self, tab: str) -> Done:
        """Give the answer again that was taken back last. Raises UserError if there is none, and Changed."""
        mine = self._tabs[tab]
        return self._over(mine.undone, mine.done, "there is nothing to do again")

    def _over(self, source: list[Done], target: list[Done], nothing: str) -> Done:
        if not source:
            raise UserError(nothing)
        done = source[-1]
        back = msgspec.structs.replace(done, written=decision_edits.restore(self.root, done.written))
        source.pop()
        target.append(back)
        return back
