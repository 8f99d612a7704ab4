"""The questions of one kind around the one that is looked at, and where to go when all are answered."""

from __future__ import annotations

from collections.abc import Callable

from loraprep.project import crops, decisions
from loraprep.project.decisions import Entry
from loraprep.review import joined, views, words
from loraprep.review.cards import EntryCard, State, View
from loraprep.review.snapshot import Snapshot, ident
from loraprep.review.views import Unit

AHEAD = 4  # open questions that lie ready, so that the next key finds its question there
_AROUND = 20  # marks of the strip on either side
_STATES = {"open": "open", "accepted": "accepted with the rest", "gone": "its picture is gone"}
_CARDS: dict[str, Callable[[Snapshot, Entry], EntryCard]] = {
    "duplicates": views.duplicate_card,
    "quality": views.quality_card,
    "captions": words.caption_card,
    "curation": views.curation_card,
    "carried": views.carried_card,
}
_RUNS = {"gate1": "Run Gate 1", "dataset": "Build the training folder", "export": "Export for your trainers"}


class Turn(View, frozen=True):
    """A question in its place: `n` of all; the idents before and after it, and the next open one ("" if none is).

    `joined`: many questions are on its card.
    """

    card: EntryCard
    joined: bool
    n: int
    said: str
    before: str
    after: str
    onward: str
    key: str  # of its first answer: none once it is given, as the same key goes on then


class Mark(View, frozen=True):
    """A question in the strip below."""

    id: str
    state: str
    name: str
    shown: str


class Deck(View, frozen=True):
    """The questions of one kind. `answered`: by a person; `at`: the ident of the one looked at.

    `each`: the ident of those that are asked together, where they are looked at one by one; else "". `nothing`: that
    nothing is asked, as far as is known: Gate 1 has run, and the file of answers can be read.
    """

    nothing: bool
    total: int
    open: int
    answered: int
    at: str
    each: str
    turns: list[Turn]
    marks: list[Mark]


class Step(View, frozen=True):
    """What to do next, and where: an address of the page, or what to `run`; `again`: that is done already."""

    text: str
    label: str
    href: str = ""
    run: str = ""
    again: bool = False


def deck(s: Snapshot, kind: str, at: str, each: str = "") -> Deck:
    """Lay out the questions around `at`; around the first open one if it is not there.

    `each`: the ident of questions that are asked together and looked at one by one; others are left away then.
    """
    together = joined.unit(s, kind, each) if each else None
    units, states = _laid_out(s, kind, together)
    idents, parts = _idents(kind, units)
    opened = [n for n, known in enumerate(states) if known == "open"]
    here = parts.get(at, opened[0] if opened else 0)
    ahead = [*(n for n in opened if n > here), *(n for n in opened if n < here)]
    near = [n for n in (here - 1, here, here + 1) if 0 <= n < len(units)]
    shown = sorted({*near, *ahead[:AHEAD]})
    return Deck(
        nothing=not units and s.gate is not None and kind not in s.problems,
        total=len(units),
        open=len(opened),
        answered=states.count("answered"),
        at=idents[here] if idents else "",
        each=each if together else "",
        turns=[_turn(s, kind, units[n], n, idents, _next(opened, n)) for n in shown],
        marks=[
            _mark(s, kind, units[n], states[n])
            for n in range(max(0, here - _AROUND), min(len(units), here + _AROUND + 1))
        ],
    )


def _laid_out(s: Snapshot, kind: str, together: Unit | None) -> tuple[list[Unit], list[State]]:
    """Return what is asked at once, and how it stands; of `together` each question by itself."""
    if together is None:
        return views.units(s, kind), views.unit_states(s, kind)
    alone = [Unit(entry.key, (entry,)) for entry in together.entries]
    return alone, [views.state(s, kind, entry) for entry in together.entries]


def _idents(kind: str, units: list[Unit]) -> tuple[list[str], dict[str, int]]:
    """Return the ident of each unit, and ident -> number, also of each question of several together."""
    idents = [ident(kind, unit.key) for unit in units]
    parts = {ident(kind, entry.key): n for n, unit in enumerate(units) for entry in unit.entries}
    return idents, {**parts, **{known: n for n, known in enumerate(idents)}}


def _next(opened: list[int], n: int) -> int | None:
    """Find the open question to go to from number `n`: the next one, after the last the first."""
    others = [*(other for other in opened if other > n), *(other for other in opened if other < n)]
    return others[0] if others else None


def _turn(s: Snapshot, kind: str, unit: Unit, n: int, idents: list[str], onward: int | None) -> Turn:
    one = len(unit.entries) == 1
    card = _CARDS[kind](s, unit.entries[0]) if one else joined.card(s, kind, unit)
    answer = getattr(card, "answer", "")
    return Turn(
        card=card,
        joined=not one,
        n=n + 1,
        said=_STATES.get(card.state) or f"answered: {answer}".removesuffix(": "),
        before=idents[n - 1],
        after=idents[(n + 1) % len(idents)],
        onward=idents[onward] if onward is not None else "",
        key="Enter" if card.state == "open" else "",
    )


def _mark(s: Snapshot, kind: str, unit: Unit, state: State) -> Mark:
    entry = unit.entries[0]
    path = views.subject(entry)
    image = views.located(s, entry, path)
    name = path if len(unit.entries) == 1 else f"{unit.key}, {len(unit.entries)} together"
    return Mark(id=ident(kind, unit.key), state=state, name=name, shown=crops.shown(image) if image else "")


def step(s: Snapshot, view: str, each: str = "") -> Step:
    """Say what comes after a view, as if everything in it were answered; `each`: as in `deck`."""
    if each and _others_open(s, view, each):
        return Step(text="Each of these is answered.", label=f"Back to {views.TITLES[view]}", href=f"/{view}")
    names = [queue.name for queue in views.queues(s)]
    turn = names.index(view) + 1 if view in names else 0
    queues = [*views.queues(s)[turn:], *views.queues(s)[:turn]]
    waiting = next((queue for queue in queues if queue.open and queue.name != view), None)
    asked = view in decisions.KINDS and bool(views.units(s, view))
    done = f"{views.TITLES[view]} done. " if asked else ""
    if waiting is not None:
        text = f"{done}Next: {waiting.title} ({waiting.open})"
        return Step(text=text, label=f"Go to {waiting.title}", href=f"/{waiting.name}")
    if s.gate is None:
        return _run("Gate 1 has not run yet.", "gate1")
    if s.gate.verdict == "GO" and "export" in s.made:
        text = "The set is built and exported."
        if view == "overview":
            return Step(text=text, label="Export again", run="export", again=True)
        return Step(text=text, label="Go to the overview", href="/")
    if s.gate.verdict == "GO":
        text = views.CHANGED if s.changed else "The set is ready."
        return _run(text, "export" if "dataset" in s.made else "dataset")
    if s.gate.only_waiting or view in decisions.KINDS:
        return _run(f"{done}Everything is answered.", "gate1")
    if not views.in_the_way(s):
        return _run("What stood in the way is mended.", "gate1")
    return Step(text="Some things stand in the way.", label="Look at the findings", href="/findings")


def _others_open(s: Snapshot, kind: str, each: str) -> bool:
    known = zip(views.units(s, kind), views.unit_states(s, kind), strict=True)
    return any(how == "open" and ident(kind, unit.key) != each for unit, how in known)


def _run(text: str, what: str) -> Step:
    return Step(text=text, label=_RUNS[what], run=what)
