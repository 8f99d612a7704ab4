"""The questions of one kind around the one that is looked at, and where to go when all are answered."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from loraprep.project import crops, decisions
from loraprep.project.decisions import Entry
from loraprep.review import views, words
from loraprep.review.snapshot import Snapshot, ident, remembered
from loraprep.review.views import EntryCard, View

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
    """A question in its place: `n` of all; the idents before and after it, and the next open one ("" if none is)."""

    card: EntryCard
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
    """The questions of one kind. `answered`: by a person; `at`: the ident of the one looked at."""

    total: int
    open: int
    answered: int
    at: str
    turns: list[Turn]
    marks: list[Mark]


class Step(View, frozen=True):
    """What to do next, and where: an address of the page, or what to `run`."""

    text: str
    label: str
    href: str = ""
    run: str = ""


@remembered(views.asks_by, size=8)
def _idents(s: Snapshot, kind: str) -> dict[str, int]:
    return {ident(kind, entry.key): n for n, entry in enumerate(views.asked(s, kind))}


def deck(s: Snapshot, kind: str, at: str) -> Deck:
    """Lay out the questions around `at`; around the first open one if it is not there."""
    entries, states, idents = views.asked(s, kind), views.states(s, kind), [*_idents(s, kind)]
    opened = [n for n, known in enumerate(states) if known == "open"]
    here = _idents(s, kind).get(at, opened[0] if opened else 0)
    ahead = [*(n for n in opened if n > here), *(n for n in opened if n < here)]
    near = [n for n in (here - 1, here, here + 1) if 0 <= n < len(entries)]
    shown = sorted({*near, *ahead[:AHEAD]})
    return Deck(
        total=len(entries),
        open=len(opened),
        answered=states.count("answered"),
        at=idents[here] if idents else "",
        turns=[_turn(s, kind, n, _next(ahead, here, n)) for n in shown],
        marks=[_mark(s, kind, n) for n in range(max(0, here - _AROUND), min(len(entries), here + _AROUND + 1))],
    )


def _next(ahead: list[int], here: int, n: int) -> int | None:
    """Find the open question to go to from number `n`; `ahead`: all that are open but `here`, from there on."""
    if n == here or n not in ahead:
        return next((other for other in ahead if other > n), ahead[0] if ahead else None)
    return next(islice(ahead, ahead.index(n) + 1, None), None)


def _turn(s: Snapshot, kind: str, n: int, onward: int | None) -> Turn:
    entries, idents = views.asked(s, kind), [*_idents(s, kind)]
    card = _CARDS[kind](s, entries[n])
    answer = getattr(card, "answer", "")
    return Turn(
        card=card,
        n=n + 1,
        said=_STATES.get(card.state) or f"answered: {answer}".removesuffix(": "),
        before=idents[n - 1],
        after=idents[(n + 1) % len(idents)],
        onward=idents[onward] if onward is not None else "",
        key="Enter" if card.state == "open" else "",
    )


def _mark(s: Snapshot, kind: str, n: int) -> Mark:
    entry = views.asked(s, kind)[n]
    path = views.subject(entry)
    image = views.located(s, entry, path)
    shown = crops.shown(image) if image else ""
    return Mark(id=ident(kind, entry.key), state=views.states(s, kind)[n], name=path, shown=shown)


def step(s: Snapshot, view: str) -> Step:
    """Say what comes after a view, as if everything in it were answered."""
    names = [queue.name for queue in views.queues(s)]
    turn = names.index(view) + 1 if view in names else 0
    queues = [*views.queues(s)[turn:], *views.queues(s)[:turn]]
    waiting = next((queue for queue in queues if queue.open and queue.name != view), None)
    done = f"{views.TITLES[view]} done. " if view in decisions.KINDS else ""
    if waiting is not None:
        text = f"{done}Next: {waiting.title} ({waiting.open})"
        return Step(text=text, label=f"Go to {waiting.title}", href=f"/{waiting.name}")
    if s.gate is None:
        return _run("", "gate1")
    if s.gate.verdict == "GO":
        return _run("The set is ready.", "export" if s.dataset else "dataset")
    if s.gate.only_waiting or view in decisions.KINDS:
        return _run(f"{done}Everything is answered.", "gate1")
    return Step(text="Some things stand in the way.", label="Look at the findings", href="/findings")


def _run(text: str, what: str) -> Step:
    return Step(text=text, label=_RUNS[what], run=what)
