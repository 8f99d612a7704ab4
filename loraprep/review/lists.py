"""Long lists, a part at a time: the page asks for what is in the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from loraprep.curation.rulings import curation_entry
from loraprep.project import decisions
from loraprep.review import joined, likeness, since, stay, views, words
from loraprep.review.cards import View
from loraprep.review.snapshot import Snapshot
from loraprep.review.views import AT_ONCE
from loraprep.review.words import Sought

Listed = tuple[str, Sequence[str], Callable[[str], View]]  # the macro that shows an item, all keys, and one as a record


def part(s: Snapshot, name: str, start: int, wanted: Sought) -> tuple[str, int, list[View]] | None:
    """Return the macro, how many there are, and those from number `start` on; None for a list that is not there.

    `name` is what `Rows.part` says; `wanted`: which captions.
    """
    what, *of = name.split("/")
    listed = _LISTS[what](s, of, wanted) if what in _LISTS else None
    if listed is None:
        return None
    macro, keys, show = listed
    return macro, len(keys), [show(key) for key in keys[start : start + AT_ONCE]]


def paths(s: Snapshot, name: str, wanted: Sought) -> Sequence[str]:
    """List the pictures of a list, also of those that no part of is asked for; [] for one that is not there."""
    what, *of = name.split("/")
    if what in decisions.KINDS and not of:
        return [path for entry in views.asked(s, what) if (path := views.subject(entry)) in s.images]
    if name == "map":
        return likeness.paths(s)
    if what == "joined" and len(of) == 2 and of[0] in joined.CHOICES:
        unit = joined.unit(s, *of)
        return joined.paths(s, unit) if unit else []
    if what in _CARDS and len(of) == 1:
        return [path for path in _CARDS[what](s, of[0]) if path in s.images]
    listed = _LISTS[what](s, of, wanted) if what in _LISTS else None
    return listed[1] if listed else []


def _kept(s: Snapshot, _of: list[str], _wanted: Sought) -> Listed:
    return "cell", stay.staying(s), lambda path: views.picture(s, path)


def _texts(s: Snapshot, _of: list[str], wanted: Sought) -> Listed:
    return "row", words.found(s, wanted), lambda path: words.text_row(s, path)


def _spares(s: Snapshot, of: list[str], _wanted: Sought) -> Listed | None:
    key = s.entry_key("curation", of[0]) if len(of) == 1 else None
    if key is None:
        return None
    entry = s.decisions["curation"].entries[key]
    macro = "stranger" if curation_entry(entry).apart else "spare"
    return macro, views.spares(s, entry), lambda path: views.spare(s, entry, path)


def _look(s: Snapshot, of: list[str], _wanted: Sought) -> Listed | None:
    key = s.entry_key("curation", of[0]) if len(of) == 2 and of[1].isdecimal() else None
    if key is None:
        return None
    entry = s.decisions["curation"].entries[key]
    looks = [*views.look_pictures(entry).values()]
    paths = looks[int(of[1])] if int(of[1]) < len(looks) else []
    return "cell", paths, lambda path: views.picture(s, path, views.located(s, entry, path))


def _quality(s: Snapshot, of: list[str], _wanted: Sought) -> Listed | None:
    key = s.entry_key("quality", of[0]) if len(of) == 1 else None
    if key is None:
        return None
    entry = s.decisions["quality"].entries[key]
    return "cell", views.quality_pictures(entry), lambda path: views.picture(s, path, views.located(s, entry, path))


def _carried(s: Snapshot, of: list[str], _wanted: Sought) -> Listed | None:
    key = s.entry_key("carried", of[0]) if len(of) == 1 else None
    if key is None:
        return None
    entry = s.decisions["carried"].entries[key]
    return "carrying", views.carriers(s, entry), lambda path: views.carrier(s, entry, path)


def _joined(s: Snapshot, of: list[str], _wanted: Sought) -> Listed | None:
    unit = joined.unit(s, *of) if len(of) == 2 and of[0] in joined.CHOICES else None
    if unit is None:
        return None
    entries = {entry.key: entry for entry in unit.entries}
    return "joined", [*entries], lambda key: joined.item(s, of[0], entries[key])


def _out(s: Snapshot, _of: list[str], _wanted: Sought) -> Listed:
    return "cell", views.leaving_now(s), lambda path: views.picture(s, path)


def _finding(s: Snapshot, wanted: str) -> Sequence[str]:
    return next((since.about(s, card.code) for card in views.finding_cards(s) if card.id == wanted), [])


def _group(s: Snapshot, wanted: str) -> Sequence[str]:
    key = s.entry_key("duplicates", wanted)
    entry = s.decisions["duplicates"].entries[key] if key is not None else None
    return [p.name for p in views.duplicate_card(s, entry).pictures] if entry else []


_CARDS: dict[str, Callable[[Snapshot, str], Sequence[str]]] = {"finding": _finding, "group": _group}
_LISTS: dict[str, Callable[[Snapshot, list[str], Sought], Listed | None]] = {
    "kept": _kept,
    "out": _out,
    "texts": _texts,
    "spares": _spares,
    "look": _look,
    "quality": _quality,
    "carried": _carried,
    "joined": _joined,
}
