"""What hangs together that should not: one term in nearly every picture, two axes that move as one."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from loraprep.captions import lexicon
from loraprep.core.findings import Code, Finding, Value
from loraprep.core.records import Axis
from loraprep.curation.axes import AxisLabels, first_labels
from loraprep.curation.measures import diversity

LEAST = 12  # pictures seen on both axes, below which nothing is said of a pair of axes
TRUSTED = 60  # from so many on the strength of a single set follows the truth (Spearman 0.95: tests/benchmarks)
_CHANCE = 0.05  # that any tie is said of a set without one
_MOST = 0.7  # share of one term's pictures that have the other, from which an artist would notice
_NEARLY_ALL = 0.8  # share of the pictures looked at, from which an axis is one-sided
_FEW = 5  # pictures, below which neither that nor a pair is said


def one_sided_findings(axes: Sequence[Axis], kept: int) -> list[Finding]:
    """Find axes on which nearly all pictures that were looked at are the same.

    A picture's shape is left out: trainers sort by it, and the model is told the shape apart from the words.
    """
    return [
        Finding(Code.ONE_SIDED, (), {"label": a.label, "term": term, "share": f"{count} of {a.seen}"})
        for a in axes
        for term, count in a.counts.items()
        if a.name != "shape" and kept >= _FEW and a.seen >= _FEW and a.judged(kept) and count >= _NEARLY_ALL * a.seen
    ]


class _Cell(msgspec.Struct, frozen=True):
    """Two terms of two axes that were both seen on the same pictures."""

    a: str
    b: str
    paths: tuple[str, ...]  # that have both
    of_a: int
    of_b: int
    right: tuple[str, ...]  # of every picture seen on both axes, its term on b's axis
    chance: float

    @property
    def share(self) -> float:
        """Of a's pictures, how many have b."""
        return len(self.paths) / self.of_a


def tied_findings(axes: Sequence[Axis], found: AxisLabels) -> list[Finding]:
    """Find every two terms that come together beyond chance, most surely first: "all your portraits are warm".

    Each cell of each table is tried by Fisher's exact test: one bound term is drowned in a table whose others are free,
    and the more so the larger the set. All cells keep to one rate of error (Holm 1979); those whose terms are too rare
    or too common to be told apart from chance at all are not counted as tried (Tarone 1990). A picture's shape is left
    out: it follows what is shown, and trainers sort by it anyway.
    """
    pairs = itertools.combinations([a for a in axes if a.name != "shape"], 2)
    cells = [cell for a, b in pairs for cell in _cells(found[a.name], found[b.name])]
    told = diversity.holm([cell.chance for cell in cells], [_least_chance(cell) for cell in cells], _CHANCE)
    tied = [cell for cell, sure in zip(cells, told, strict=True) if sure and cell.share >= _MOST]
    return [_tie(cell) for cell in sorted(tied, key=lambda c: (c.chance, -c.share, c.paths))]


def _cells(left: Mapping[str, list[str]], right: Mapping[str, list[str]]) -> list[_Cell]:
    """List the cells of two axes that enough pictures lie in, of those seen on both."""
    paths = sorted(set(left) & set(right))
    if len(paths) < LEAST:
        return []
    a, b = first_labels(left, paths), first_labels(right, paths)
    counts, others = Counter(a), Counter(b)
    result = []
    for x, y in sorted(set(zip(a, b, strict=True))):
        both = tuple(p for p, u, v in zip(paths, a, b, strict=True) if (u, v) == (x, y))
        if len(both) < _FEW or len(paths) in (counts[x], others[y]):
            continue
        chance = diversity.fisher(len(both), counts[x], others[y], len(paths))
        result.append(_Cell(x, y, both, counts[x], others[y], tuple(b), chance))
    return result


def _least_chance(cell: _Cell) -> float:
    return diversity.fisher(min(cell.of_a, cell.of_b), cell.of_a, cell.of_b, len(cell.right))


def _tie(cell: _Cell) -> Finding:
    both, of_a = len(cell.paths), cell.of_a
    instead = Counter(y for y in cell.right if y != cell.b).most_common(1)[0][0]
    rest = cell.of_b - both
    values: dict[str, Value] = {
        "a_said": lexicon.named(2, cell.a),
        "b_said": lexicon.asked(1, cell.b),
        "c_said": lexicon.asked(1, instead),
        "how_many": f"All {both} of your" if both == of_a else f"{both} of your {of_a}",
        "a": cell.a,
        "b": cell.b,
        "both": both,
        "of_a": of_a,
        "rest": f"{rest or 'none'} {'is' if rest < 2 else 'are'}",
        "instead": instead,
        "others": len(cell.right) - of_a,
    }
    return Finding(Code.TIED, cell.paths, values)


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
