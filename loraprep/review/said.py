"""What an answer comes to, in one short sentence: shown once it is written. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loraprep.core.files import Json
from loraprep.core.text import number_of
from loraprep.project.decision_edits import Written
from loraprep.review import leaving, views
from loraprep.review.snapshot import Snapshot, path_of

_NAMED = 2  # files that a sentence names; of more it says how many
_WORDS: dict[str, dict[Json, str]] = {  # field of an answer -> its value -> what it comes to
    "rest": {True: "The rest as recommended"},
    "keep": {"recommended": "As recommended", "all": "All stay", "none": "None of them stays"},
    "do": {"recommended": "As recommended", "keep": "Stays as it is", "upscale": "To be enlarged"},
    "answer": {
        "recommended": "As recommended",
        "together": "Together",
        "own trigger": "A trigger of its own",
        "keep": "Kept",
        "all": "Kept all",
        "mask": "Masked",
        "crop": "Cropped",
        "cut": "Cut into pieces",
        "name": "Named in captions",
    },
    "keeps": {True: "Kept as it is", False: "As the others"},
    "verdict": {"approve": "Approved", "skip": "Skipped"},
    "pin": {True: "Pinned", False: "No longer pinned"},
    "withdraw": {True: "Withdrawn"},
    "crop": {None: "The whole picture again"},
}
_ANY = {"caption": "Your words are saved", "reason": "Accepted", "turn": "Turned", "crop": "Cropped"}


def answered(before: Snapshot, after: Snapshot, kind: str, wanted: str, given: Mapping[str, Json]) -> str:
    """Say what an answer comes to. `kind`, `wanted` and `given`: as `edits.planned_answer` takes them."""
    field, value = next(((name, given[name]) for name in (*_WORDS, *_ANY) if name in given), ("", None))
    one = given.get("picture")
    about = path_of(before, one if isinstance(one, str) else wanted) or _subject(before, kind, wanted)
    known = _WORDS.get(field, {}).get(value) if not isinstance(value, list | dict) else None
    said = known or _ANY.get(field, "")
    if field == "keep" and isinstance(value, list):
        names = before.names()
        said = f"Kept {_listed([names[i] for i in value if isinstance(i, str) and i in names])}"
    then = followed(before, after, kind)
    if said and not then and about:
        said += f": {about}"
    return "; ".join(part for part in (said, then) if part) or "Written"


def stepped(before: Snapshot, after: Snapshot, written: Written) -> str:
    """Say what an edit that is taken back, or made again, is about: what leaves or comes back, else its pictures."""
    if then := followed(before, after, written.kind):
        return f"; {then}"
    if written.kind == "captions" and len(written.put) > 1:
        return f"; {number_of(len(written.put), 'caption')}"
    if "rest" in written.put:
        return ": the rest as recommended"
    named = (key if key in before.images else _one(before, after, written.kind, key) for key in written.put)
    about = [path for path in named if path]
    return f": {_listed(about)}" if about else ""


def followed(before: Snapshot, after: Snapshot, kind: str) -> str:
    """Say which pictures leave by the answers of a kind that did not, and which come back; "" if none does."""
    was, now = _gone(before, kind), _gone(after, kind)
    moved = ((sorted(now - was), "leaves", "leave"), (sorted(was - now), "comes back", "come back"))
    return "; ".join(f"{_listed(names)} {one if len(names) == 1 else many}" for names, one, many in moved if names)


def _one(before: Snapshot, after: Snapshot, kind: str, key: str) -> str:
    """Return the picture that an entry is about, "" where it is about a kind of pictures or is no entry of theirs."""
    known = (s.decisions[kind].entries.get(key) for s in (before, after) if kind in s.decisions)
    entry = next(filter(None, known), None)
    return views.subject(entry) if entry is not None and len(entry.digests) == 1 else ""


def _subject(s: Snapshot, kind: str, wanted: str) -> str:
    key = s.entry_key(kind, wanted) if kind in s.decisions else None
    entry = s.decisions[kind].entries.get(key) if key is not None else None
    if entry is None or kind == "duplicates":
        return ""
    about = entry.digests or entry.data.get("pictures", ())
    many = len(about) > 1 and entry.key not in about
    return number_of(len(about), "picture") if many else views.subject(entry)


def _gone(s: Snapshot, kind: str) -> set[str]:
    entries = s.decisions[kind].entries.values() if kind in s.decisions else ()
    return {path for e in entries if e.answer is not None for path in leaving.left_out(kind, e, e.answer)}


def _listed(names: Sequence[str]) -> str:
    if len(names) <= _NAMED:
        return " and ".join(names)
    return f"{names[0]} and {len(names) - 1} more"
