"""What hangs together that should not: one term in nearly every picture, two axes that move as one."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

from loraprep.captions import lexicon
from loraprep.core.findings import Code, Finding, Value
from loraprep.core.records import Axis
from loraprep.curation.axes import AxisLabels, first_labels
from loraprep.curation.measures import diversity

LEAST = 12  # pictures seen on both axes, below which nothing is said of a pair of axes
TRUSTED = 60  # from so many on the strength of a single set follows the truth (Spearman 0.95: tests/benchmarks)
_CHANCE = 0.05  # for all pairs of axes together (Bonferroni)
_STRENGTH = 0.4  # of the corrected Cramer's V, from which an artist would notice
_NEARLY_ALL = 0.8  # share of the pictures looked at, from which an axis is one-sided
_FEW = 5  # pictures, below which neither that nor a pair is said


def one_sided_findings(axes: Sequence[Axis], kept: int) -> list[Finding]:
    """Find axes on which nearly all pictures that were looked at are the same."""
    return [
        Finding(Code.ONE_SIDED, (), {"label": a.label, "term": term, "share": f"{count} of {a.seen}"})
        for a in axes
        for term, count in a.counts.items()
        if kept >= _FEW and a.seen >= _FEW and a.judged(kept) and count >= _NEARLY_ALL * a.seen
    ]


def tied_findings(axes: Sequence[Axis], found: AxisLabels) -> list[Finding]:
    """Find pairs of axes that move together beyond chance, strongest first: "every portrait is warm".

    A picture's shape is left out: it follows what is shown, and trainers sort by it anyway.
    """
    pairs = list(itertools.combinations([a for a in axes if a.name != "shape"], 2))
    seen = {(a.name, b.name): sorted(set(found[a.name]) & set(found[b.name])) for a, b in pairs}
    tried = [(a, b) for a, b in pairs if len(seen[a.name, b.name]) >= LEAST]
    result = []
    for a, b in tried:
        paths = seen[a.name, b.name]
        left, right = first_labels(found[a.name], paths), first_labels(found[b.name], paths)
        strength, chance = diversity.association(left, right)
        if strength < _STRENGTH or chance * len(tried) > _CHANCE:
            continue
        a_term, b_term, both = diversity.linked_pair(left, right, _FEW)
        if not both:  # they hang together, but no pair is plain enough to say
            continue
        members = [p for p, x, y in zip(paths, left, right, strict=True) if (x, y) == (a_term, b_term)]
        instead = Counter(y for y in right if y != b_term).most_common(1)[0][0]
        rest = sum(x != a_term and y == b_term for x, y in zip(left, right, strict=True))
        values: dict[str, Value] = {
            "a_said": lexicon.asked(2, a_term),
            "b_said": lexicon.asked(1, b_term),
            "c_said": lexicon.asked(1, instead),
            "how_many": f"All {both} of your" if both == left.count(a_term) else f"{both} of your {left.count(a_term)}",
            "a": a_term,
            "b": b_term,
            "both": both,
            "of_a": left.count(a_term),
            "rest": f"{rest or 'none'} {'is' if rest < 2 else 'are'}",
            "instead": instead,
            "others": len(paths) - left.count(a_term),
        }
        result.append((-strength, Finding(Code.TIED, tuple(members), values)))
    return [finding for _, finding in sorted(result, key=lambda r: (r[0], r[1].images))]


def unknown_findings(axes: Sequence[Axis], kept: int) -> list[Finding]:
    """Say what cannot be told, and why: axes that nobody or hardly anybody looked at, too few pictures for pairs."""
    if not kept:
        return []
    blind = [a.label.lower() for a in axes if not a.seen]
    thin = [f"{a.label.lower()} ({a.seen} of {kept})" for a in axes if a.seen and not a.judged(kept)]
    found = []
    if blind:
        found.append(Finding(Code.NOT_LOOKED_AT, (), {"axes": ", ".join(blind)}))
    if thin:
        found.append(Finding(Code.HARDLY_LOOKED_AT, (), {"axes": ", ".join(thin)}))
    if kept < LEAST:
        found.append(Finding(Code.TOO_FEW_TO_TELL, (), {"count": kept, "least": LEAST}))
    elif kept < TRUSTED:
        found.append(Finding(Code.TIES_ROUGHLY, (), {"count": kept, "trusted": TRUSTED}))
    return found
