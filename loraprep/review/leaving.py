"""What leaves by one answer is asked about nowhere else, at once: before Gate 1 runs again. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Set

from loraprep.curation.rulings import curation_entry
from loraprep.project.decisions import Answer, Decisions, Entry

_ASKED_TOGETHER = {"duplicates": 2}  # of how many pictures a question needs at least; of the others one is enough


def leaving(given: Mapping[str, Decisions]) -> set[str]:
    """Return the short digests of all pictures that a person's answers leave out. `given`: decisions by kind.

    What was written by hand without digests counts once Gate 1 has run.
    """
    entries = [(kind, entry) for kind, answers in given.items() for entry in answers.entries.values()]
    return {
        entry.digests[path]
        for kind, entry in entries
        if entry.answer is not None
        for path in left_out(kind, entry, entry.answer)
        if path in entry.digests
    }


def left_out(kind: str, entry: Entry, answer: Answer) -> list[str]:
    """List the pictures of an entry that leave under this answer, as the entry calls them."""
    return _LEFT_OUT[kind](entry, answer) if kind in _LEFT_OUT else []


def nothing_left_to_ask(kind: str, entry: Entry, gone: Set[str]) -> bool:
    """Say whether an unanswered entry asks about nothing any more: its pictures leave. `gone`: as `leaving` says."""
    if entry.answer is not None or not entry.digests:
        return False
    return sum(digest not in gone for digest in entry.digests.values()) < _ASKED_TOGETHER.get(kind, 1)


def _by_size(entry: Entry, answer: Answer) -> list[str]:
    said = entry.data.get("recommended") if answer == "recommended" else answer
    return _about(entry) if said == "remove" else []


def _as_copies(entry: Entry, answer: Answer) -> list[str]:
    keep = entry.data.get("recommended", "all") if answer == "recommended" else answer
    if keep == "all":
        return []
    return [path for path in _about(entry) if keep == "none" or path not in keep]


def _about(entry: Entry) -> list[str]:
    """List what an entry is about; of one that was written by hand, what it names."""
    return [*(entry.digests or entry.data.get("pictures") or [entry.key])]


def _from_the_set(entry: Entry, answer: Answer) -> list[str]:
    return curation_entry(entry).left_out(answer)


_LEFT_OUT = {"quality": _by_size, "duplicates": _as_copies, "curation": _from_the_set}
