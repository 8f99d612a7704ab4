"""The bar over every view: the phases of the work, what is open in each, and the verdict. Pure."""

from __future__ import annotations

from loraprep.core.text import number_of
from loraprep.project import decisions
from loraprep.review import views
from loraprep.review.cards import View
from loraprep.review.snapshot import Snapshot

PHASES = {
    "Pictures": ("duplicates", "quality", "carried"),
    "Words": ("captions", "texts"),
    "The set": ("curation", "map", "findings"),
}
_SHORT = {"carried": "Lettering"}
_ASKING = (*decisions.KINDS, "findings")  # the views in which something can be open


class Place(View, frozen=True):
    """A view in its phase: what is `open` there; `done`: Gate 1 has looked, and nothing is."""

    name: str
    title: str
    open: int
    done: bool


class Phase(View, frozen=True):
    """A phase and its views, in the order of the work."""

    title: str
    places: list[Place]


class Making(View, frozen=True):
    """Something that is made of the set: `run` makes it. `ready`: it may be made now; `done`: it is."""

    title: str
    run: str
    ready: bool
    done: bool


class Bar(View, frozen=True):
    """`verdict`: "go", "wait" or "nogo", "" before there is one; `said`: the same in a few words."""

    phases: list[Phase]
    making: list[Making]
    verdict: str
    said: str


def bar(s: Snapshot) -> Bar:
    """Say how far the work is. Answers given since the last run count."""
    queues = {queue.name: queue for queue in views.queues(s)}
    verdict, said = _verdict(s)
    ready = verdict == "go"
    return Bar(
        phases=[
            Phase(
                title=title,
                places=[
                    Place(
                        name=q.name,
                        title=_SHORT.get(q.name, q.title),
                        open=q.open,
                        done=s.gate is not None and not q.open and q.name in _ASKING and q.name not in s.problems,
                    )
                    for q in (queues[name] for name in names)
                ],
            )
            for title, names in PHASES.items()
        ],
        making=[
            Making(title="Build the folder", run="dataset", ready=ready, done=ready and "dataset" in s.made),
            Making(title="Export", run="export", ready=ready, done=ready and "export" in s.made),
        ],
        verdict=verdict,
        said=said,
    )


def _verdict(s: Snapshot) -> tuple[str, str]:
    if s.gate is None:
        return "", "Gate 1 has not run"
    if s.problems:  # nobody knows what is answered in there
        return "nogo", f"{number_of(len(s.problems), 'file')} to mend"
    left = sum(queue.open for queue in views.queues(s) if queue.name in decisions.KINDS)
    if left and (wrong := views.in_the_way(s)):
        return "nogo", f"NO-GO: {wrong} to mend, {left} to answer"
    if left:
        return "wait", f"Not yet: {left} to answer"
    if s.gate.only_waiting:
        return "wait", "All answered: run Gate 1"
    if s.gate.verdict == "GO":
        return "go", "GO, changed since" if s.changed else "GO"
    wrong = views.in_the_way(s)
    return ("nogo", f"NO-GO: {wrong} to mend") if wrong else ("wait", "Mended: run Gate 1")
