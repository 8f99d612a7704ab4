"""What a report opens with, wherever it is read: the verdict, why, and what to do next. A sentence or two each."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from loraprep.core.findings import Code
from loraprep.core.records import Gate, Reason
from loraprep.core.text import listed, number_of, with_article
from loraprep.curation.rulings import PARTS
from loraprep.project.sizes import as_times, enlargement, trained_sizes
from loraprep.report.report_data import ReportData

BATCH = "batch"  # the key of Gate.waiting under which a batch's pictures stand, beside those of the decision files
_ACCEPTED = 3  # findings accepted that the opening tells; the decision and the appendix tell more
_AS_IT_IS = 1.05  # times enlarged: less is said as 1.0, and nobody sees it
_PENDING = frozenset({Code.OPEN_QUESTION, Code.VISION_APPROVAL, Code.VISION_BATCH})  # waits, and is not wrong


BUILD = (  # whether it is done already no report can know: it would be another one then
    "`loraprep dataset export` builds the training folder and what your trainers read; where that is done, `loraprep` "
    "says how training starts."
)


class Opening(msgspec.Struct, frozen=True):
    """Plain text; commands stand in backticks."""

    verdict: str
    why: str
    next: str


def opening(data: ReportData, gate: Gate) -> Opening:
    """Say the verdict, its strongest reason, and the one thing that changes most."""
    mend = blocking(gate)
    if gate.only_waiting:
        # how many answers wait, and where, the verdict says itself
        about = [r.sentence for r in mend if r.code != Code.OPEN_QUESTION]
        about += [r.sentence for r in gate.reasons if r.code in PARTS and not r.accepted]
        why = " ".join([*about, "Nothing else stands in the way of GO."])
        return Opening(headline(gate), why, _answer(gate))
    if mend:
        first = mend[0]
        why = " ".join(filter(None, [first.sentence, first.why]))
        return Opening(headline(gate), why, first.fix or "Mend it and run `loraprep gate1` again.")
    return Opening(
        headline(gate),
        _sound(data, gate),
        BUILD,
    )


def headline(gate: Gate) -> str:
    """Say the verdict in one sentence, also for the terminal."""
    if gate.only_waiting:
        return f"Not yet: {listed(_awaited(gate))}."
    if gate.verdict == "GO":
        return f"GO. {number_of(gate.counts['kept'], _trained(gate))} are ready to train {gate.name}."
    return f"NO-GO: {to_do(gate)} before any GPU time is spent."


def to_do(gate: Gate) -> str:
    """Count what stands between the set and GO: "3 things to mend and 1 answer to give"; "" if nothing does."""
    wrong = sum(r.code not in _PENDING for r in blocking(gate))
    asked = sum(len(keys) for file, keys in gate.waiting.items() if file != BATCH)
    parts = [(wrong, "thing", "to mend"), (asked, "answer", "to give")]
    return " and ".join(f"{number_of(number, what)} {how}" for number, what, how in parts if number)


def _trained(gate: Gate) -> str:
    return "pair" if "controls" in gate.counts else "picture"


def blocking(gate: Gate) -> list[Reason]:
    """List what stands between the set and GO, what helps most first."""
    return blocking_among(gate.reasons)


def blocking_among(reasons: Sequence[Reason]) -> list[Reason]:
    """Pick what blocks GO and is not settled, in its order."""
    return [r for r in reasons if r.severity == "block" and not r.accepted]


def only_waiting(reasons: Sequence[Reason]) -> bool:
    """Tell whether what blocks only waits, for answers or for a batch: nothing is wrong then."""
    codes = {r.code for r in blocking_among(reasons)}
    return bool(codes) and codes <= _PENDING


def _awaited(gate: Gate) -> list[str]:
    parts = []
    asked = {file: len(keys) for file, keys in gate.waiting.items() if file != BATCH}
    if number := sum(asked.values()):
        where = ", ".join(f"{n} in decisions/{file}.yaml" for file, n in asked.items())
        parts.append(f"{number_of(number, 'answer')} from you ({where})")
    if out := gate.waiting.get(BATCH):
        parts.append(f"{number_of(len(out), 'picture')} in a batch that is still being looked at")
    return parts


def _answer(gate: Gate) -> str:
    if set(gate.waiting) == {BATCH}:
        return "`loraprep gate1` looks again; it costs nothing more."
    return "`loraprep review` shows the pictures and asks; then `loraprep gate1`."


def _sound(data: ReportData, gate: Gate) -> str:
    """Say what speaks for GO: how many, described by whom, how sharp."""
    kept, kind, sizes = gate.counts["kept"], data.kind, trained_sizes(data.settings, data.model)
    images = {i.path: i for i in data.images}
    advice = f"{kind.recommended.min} to {kind.recommended.max} work best for {with_article(kind.title.lower())}"
    parts = [f"{number_of(kept, _trained(gate))} ({advice})"]
    captioned = gate.counts["captioned"]
    if gate.counts["trigger_only"] == kept:
        parts.append("their captions are the trigger alone, as you chose")
    else:
        parts.append(
            f"{'all' if captioned == kept else captioned} {'have an instruction' if kind.pairs else 'are captioned'}"
        )
    at = f"{sizes[-1]} px" if len(sizes) == 1 else f"all of {listed([str(s) for s in sizes])} px"
    times = [enlargement(images[p], sizes[-1]) for p in data.kept]
    parts.append(large_enough(times, at, data.settings.thresholds.audit.enlargement_note))
    known = [r for r in gate.reasons if r.accepted and r.severity == "block"]
    told = [f"You accepted: {r.sentence} ({r.accepted})" for r in known[:_ACCEPTED]]
    more = [f"You accepted {number_of(len(known) - _ACCEPTED, 'more finding')}."] if len(known) > _ACCEPTED else []
    return " ".join([f"{'; '.join(parts)}.", *told, *more])


def large_enough(times: Sequence[float], at: str, little: float) -> str:
    """Say how many pictures are large enough, nearly so (enlarged fewer `times` than are told as soft), and neither."""
    large, nearly = sum(t < _AS_IT_IS for t in times), [t for t in times if _AS_IT_IS <= t < little]
    if not large and not nearly:
        return f"all are enlarged at {at}, up to {as_times(max(times, default=1))}x"
    most = f"{as_times(max(nearly))}x" if nearly else ""
    soft = len(times) - large - len(nearly)
    others = f"the other {soft}" if soft > 1 else "the other"
    upto = f"up to {as_times(max(times))}x"
    if not large:
        rest = f", {others} {upto}" if soft else ""
        return f"{_of(len(nearly), len(times))} nearly large enough for {at}: enlarged up to {most}{rest}"
    more = f", {len(nearly)} nearly (enlarged up to {most})" if nearly else ""
    rest = f", {others} {'are' if soft > 1 else 'is'} enlarged {upto}" if soft else ""
    return f"{_of(large, len(times))} large enough for {at}{more}{rest}"


def _of(number: int, every: int) -> str:
    return "all are" if number == every else f"{number} {'is' if number == 1 else 'are'}"
