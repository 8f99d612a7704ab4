"""How well copies are told from what is only alike: python -m tests.benchmarks.quality [FOLDER ...]

Every harder edit is judged on its own, beside the originals and what is only alike, so that no other copy helps. A cut
that leaves out the only part in which two pictures differ is no error beside either of them; it counts as found beside
the one it was made from.
FOLDER: pictures of your own, no two alike, in place of ours: the thresholds were chosen on those.
"""

from __future__ import annotations

import itertools
import sys
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from loraprep.core.records import Group
from loraprep.duplicates import clusters
from tests.benchmarks.planted import ALIKE, EASY, HARD, Planted, plant
from tests.folders import find_groups

Pairs = set[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Score:
    """Of pairs called copies, and, `met`, the share of true ones that are shown together as anything at all."""

    pairs: int
    precision: float
    recall: float
    met: float
    wrong: tuple[tuple[str, str], ...] = ()

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / max(1e-9, self.precision + self.recall)


@dataclass(frozen=True, slots=True)
class Quality:
    """`easy`: the whole first list at once; `each`: by edit, against the originals; `variants`: proposed to leave."""

    pictures: int
    originals: int
    easy: Score
    each: dict[str, Score]
    variants: int


def _same(group: Group, path: str) -> tuple[str, ...]:
    """The pictures of the group that are `path` again, itself too."""
    return next(c for c in clusters.copies(group.pictures, group.pairs) if path in c)


def measure(folders: Sequence[Path] = (), thresholds: dict[str, float] | None = None) -> Quality:
    made = list(plant(list(folders), {**EASY, **HARD}))
    first = ["", "byte copy", "PNG copy", *EASY]
    jobs = [(made, first, thresholds or {})] + [(made, ["", edit], thresholds or {}) for edit in HARD]
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(_judge, jobs))
    easy, each, variants = found[0]
    for more in found[1:]:
        each |= more[1]
        variants += more[2]
    return Quality(len(made), sum(p.edit == "" for p in made), easy, each, variants)


def _judge(job: tuple[list[Planted], list[str], dict[str, float]]) -> tuple[Score, dict[str, Score], int]:
    made, edits, thresholds = job
    there = [p for p in made if p.edit in edits or p.edit in ALIKE]
    looks = {p.image.path: p.look for p in there}
    groups = find_groups([p.image for p in there], lambda i: looks[i.path], **thresholds)
    copies: Pairs = set()
    met: Pairs = set()
    for group in groups:
        met |= set(itertools.combinations(group.pictures, 2))
        for path in group.pictures:
            copies |= set(itertools.combinations(_same(group, path), 2))
    by_origin: dict[str, list[str]] = defaultdict(list)
    for p in there:
        by_origin[p.of].append(p.image.path)
    true = {pair for paths in by_origin.values() for pair in itertools.combinations(sorted(paths), 2)}
    either = {tuple(sorted((p.image.path, q.image.path))) for p in there if p.either for q in there if q.of == p.either}
    copies -= either
    original = {p.of: p.image.path for p in there if p.edit == ""}
    each = {}
    for edit in edits[1:]:
        pairs = {tuple(sorted((p.image.path, original[p.of]))) for p in there if p.edit == edit}
        each[edit] = _score(pairs, copies & pairs | (copies - true), met)
    alike = {p.image.path for p in there if p.edit in ALIKE}
    lost = sum(not set(_same(g, path)) & set(g.recommended) for g in groups for path in alike & set(g.pictures))
    return _score(true, copies, met), each, lost


def _score(true: Pairs, copies: Pairs, met: Pairs) -> Score:
    right = len(true & copies)
    wrong = tuple(sorted(copies - true))
    return Score(len(true), right / max(1, len(copies)), right / len(true), len(true & met) / len(true), wrong)


def lines(found: Quality) -> list[str]:
    """A Markdown table."""
    easy = found.easy
    return [
        f"{found.originals} originals, {found.pictures} pictures. First list, all at once: {easy.pairs} true pairs, "
        f"precision {easy.precision:.3f}, recall {easy.recall:.3f}, **F1 {easy.f1:.3f}**; "
        f"variants proposed for removal: {found.variants}.",
        "",
        "| edit | called a copy | shown together | precision |",
        "|---|---|---|---|",
        *(
            f"| {edit} | {s.recall:.2f} | {s.met:.2f} | {f'{s.precision:.3f}' if s.recall else '-'} |"
            for edit, s in found.each.items()
        ),
    ]


def main(folders: list[Path]) -> None:
    found = measure(folders)
    print("\n".join(lines(found)))
    for name, score in (("first list", found.easy), *found.each.items()):
        for a, b in score.wrong[:12]:
            print(f"  {name}, taken for copies: {a} | {b}")


if __name__ == "__main__":
    main([Path(folder) for folder in sys.argv[1:]])
