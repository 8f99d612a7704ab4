"""Questions of one kind on one card: one answer for all of them, and exceptions. Pure."""

from __future__ import annotations

import msgspec

from loraprep.project import decisions
from loraprep.project.decisions import Entry
from loraprep.review import views
from loraprep.review.cards import EntryCard, PictureView, Rows, View
from loraprep.review.snapshot import Snapshot, ident
from loraprep.review.views import Unit


class Choice(View, frozen=True):
    """An answer, its words and its key."""

    value: str
    label: str
    key: str


CHOICES = {
    "quality": (("keep", "Keep", "k"), ("remove", "Leave out", "l"), ("upscale", "Upscale", "u")),
    "duplicates": (("recommended", "Best alone", "b"), ("all", "Keep all", "a"), ("none", "Keep none", "x")),
}  # kinds of which questions are asked together


class ItemPicture(PictureView, frozen=True):
    """A picture of one question, and whether it stays as that stands."""

    stays: bool


class Item(EntryCard, frozen=True):
    """One question. `answer`: what counts for it, as CHOICES name it; `own`: is it an exception?

    `back`: the answer to write for it to be as the others again; None while those are open.
    """

    heading: str
    pictures: list[ItemPicture]
    answer: str
    own: bool
    back: str | None
    field: str
    choices: list[Choice]


class JoinedCard(EntryCard, frozen=True):
    """Many questions. `answer`: for all of them, "" while there is none; `own`: how many are exceptions."""

    what: str
    recommended: str
    answer: str
    field: str
    choices: list[Choice]
    own: int
    items: Rows


def card(s: Snapshot, kind: str, unit: Unit) -> JoinedCard:
    """Show the questions of an entry that asks many."""
    said = s.decisions[kind].joined[unit.key]
    field = decisions.ANSWERS[kind]
    keys = [entry.key for entry in unit.entries]
    by_key = {entry.key: entry for entry in unit.entries}
    given = said.get(field)
    return JoinedCard(
        id=ident(kind, unit.key),
        state=views.joined_state([views.state(s, kind, entry) for entry in unit.entries]),
        what=said.get("what") or unit.key,
        recommended=_recommended(kind, said.get("recommended")),
        answer=views.answer_text(given),
        field=field,
        choices=[Choice(value=v, label=label, key=str(n)) for n, (v, label, _) in enumerate(_of(kind, unit), 1)],
        own=sum(entry.data.get(field) not in (None, given) for entry in unit.entries),
        items=views.card_rows(f"joined/{kind}/{ident(kind, unit.key)}", keys, lambda key: item(s, kind, by_key[key])),
    )


def _of(kind: str, unit: Unit) -> list[tuple[str, str, str]]:
    """List the answers that differ from the recommendation, or from each other."""
    recommended = {msgspec.json.encode(entry.data.get("recommended")) for entry in unit.entries}
    same = recommended == {b'"all"'}
    return [choice for choice in CHOICES[kind] if choice[0] != "recommended" and not (same and choice[0] == "all")]


def _recommended(kind: str, said: object) -> str:
    words = {value: label.lower() for value, label, _ in CHOICES[kind]}
    return words.get(str(said), "") or ("the best of each stays" if kind == "duplicates" else "as each says")


def item(s: Snapshot, kind: str, entry: Entry) -> Item:
    """Show one of the questions."""
    field = decisions.ANSWERS[kind]
    said, given = s.decisions[kind].joined.get(entry.within, {}), entry.data.get(field)
    counts = given if given not in (None, "recommended") else entry.data.get("recommended")
    if kind == "duplicates":
        facts, recommended, staying = views.group_of(entry)
        named = [(path, path in staying) for path in sorted(facts, key=lambda path: path not in recommended)]
        heading = views.group_heading(entry)
    else:
        path = views.subject(entry)
        named, heading = [(path, counts != "remove")], entry.data.get("what") or ""
    known = counts if isinstance(counts, str) else "recommended" if counts == entry.data.get("recommended") else ""
    all_stay = entry.data.get("recommended") == "all"
    return Item(
        id=ident(kind, entry.key),
        state=views.state(s, kind, entry),
        heading=heading,
        pictures=[
            ItemPicture(**msgspec.structs.asdict(views.picture(s, p, views.located(s, entry, p))), stays=stays)
            for p, stays in named
        ],
        answer=known,
        own=given not in (None, said.get(field)),
        back=said.get(field),
        field=field,
        choices=[
            Choice(value=value, label=label, key=key)
            for value, label, key in CHOICES[kind]
            if not (value == "recommended" and all_stay)
        ],
    )


def paths(s: Snapshot, unit: Unit) -> list[str]:
    """List the pictures of all questions of a card, in their order."""
    named = [path for entry in unit.entries for path in entry.data.get("pictures") or [views.subject(entry)]]
    return [path for path in dict.fromkeys(named) if path in s.images]


def unit(s: Snapshot, kind: str, wanted: str) -> Unit | None:
    """Return what is asked together under an ident; None if nothing is."""
    return next((u for u in views.units(s, kind) if len(u.entries) > 1 and ident(kind, u.key) == wanted), None)
