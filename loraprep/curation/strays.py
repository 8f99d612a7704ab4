"""Which pictures strayed in? Those drawn or shown unlike all others, how they differ, and the question about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set

import msgspec
import numpy as np
from numpy.typing import NDArray

from loraprep.core.findings import Code, Finding
from loraprep.core.records import Image
from loraprep.curation import similarity, styles
from loraprep.curation.measures import style_clusters
from loraprep.imaging import style
from loraprep.project.decisions import Question
from loraprep.project.profiles import Kind
from loraprep.project.settings import Settings

# Of a hundred sets of one origin in how many a picture is asked about, or hinted at, for nothing
# (tests/benchmarks/calibration.py)
_ASKED, _HINTED = 0.05, 0.1
_ENOUGH = 12  # pictures of a style from which on that rate was found to hold; of fewer it is a hint
_TOLD = 3  # differences that are said of a picture
_SURE = 1.0  # deviations from which a difference is worth a word
_SHOWN = 8  # typical pictures that a question names, to compare with
_PLAIN = (  # what anybody sees: (what more of it is called, less of it, the least that is seen)
    ("on plain ground", "filled to its edges", 0.3),
    ("lighter", "darker", 10.0),
    ("stronger colours", "paler colours", 8.0),
    ("more contrast", "less contrast", 0.05),
)

Differences = tuple[tuple[str, str], ...]  # (what is so of a picture, what of the others)


class Strays(msgspec.Struct, frozen=True):
    """Path -> how it differs from the others."""

    asked: dict[str, Differences] = {}  # so surely that it is a question
    hinted: dict[str, Differences] = {}
    typical: list[str] = []  # pictures to compare them with, the most typical first


def find_strays(
    images: Sequence[Image],
    drawn: Mapping[str, Sequence[float]],
    found: styles.StyleGroups,
    medium: Callable[[str], str],
    kind: Kind,
    settings: Settings,
) -> Strays:
    """Find the pictures that lie too far from the others of their style for a set of one origin.

    `drawn`: descriptors of line and stroke by path; `found`: the set's styles; `medium`: what the picture at
    a path is said to be made with. Where the set is asked about as several styles, or may be of several, nothing else
    is asked of it. Of very many an even choice says what they are made with, and how drawn.
    """
    if found.measured < styles.LEAST or found.jumble:
        return Strays()
    own = {i.path: i for i in images if not styles.in_group(i.path, settings)}
    parts = [[own[p] for p in group] for group in found.groups] if found.level else [[*own.values()]]
    asks = kind.looks == "ask" and not found.distinct
    asked: dict[str, Differences] = {}
    hinted: dict[str, Differences] = {}
    typical: list[str] = []
    for part in parts:
        if len(part) < styles.LEAST:
            continue
        # a cut-out stands on no ground, and bars are asked about where they are found: neither says who drew it
        unlike = [i.alpha or any(i.border) for i in part]
        own_ground = np.array(unlike) & (2 * sum(unlike) < len(part))
        place = similarity.places(part, drawn, grounds=True, own_ground=own_ground)
        chance = style_clusters.by_chance(place)
        odd = np.flatnonzero(chance < _HINTED)
        if not len(odd):
            continue
        others = np.flatnonzero(chance >= _HINTED)
        near = np.argsort(np.linalg.norm(place[others] - place[others].mean(0), axis=1), kind="stable")[:_SHOWN]
        typical += [part[others[k]].path for k in near]
        usual = _Usual(part, others, drawn, medium)
        for n in odd.tolist():
            level = asked if asks and len(part) >= _ENOUGH and chance[n] < _ASKED else hinted
            level[part[n].path] = usual.differences(n, plain=not own_ground[n])
    return Strays(dict(sorted(asked.items())), dict(sorted(hinted.items())), typical[:_SHOWN])


class _Usual:
    """What is so of the others of a style, told once for all that are unlike them."""

    def __init__(
        self,
        part: Sequence[Image],
        others: NDArray[np.intp],
        drawn: Mapping[str, Sequence[float]],
        medium: Callable[[str], str],
    ) -> None:
        """`others`: which of `part` are usual; the rest as in `find_strays`."""
        self._part, self._others, self._drawn, self._medium = part, others, drawn, medium
        self._facts = _plain_facts(part)
        some = others[style_clusters.spoken_for(len(others))]
        self._asked = len(some)
        self._made = Counter(filter(None, (medium(part[k].path) for k in some)))
        told = [drawn[part[k].path] for k in some if drawn.get(part[k].path)]
        self._rest = np.array(told, float).reshape(len(told), -1)

    def differences(self, number: int, *, plain: bool) -> Differences:
        """Say in what one of `part` differs from (nearly) all others, most striking first: medium, then facts.

        `plain`: also what is plain of it, ground and light.
        """
        told: list[tuple[float, str, str]] = []
        odd, usual = self._part[number], self._made
        if (made := self._medium(odd.path)) and usual.total() * 2 > self._asked:
            other, times = max(sorted(usual.items()), key=lambda c: c[1])
            if other != made and times >= styles.APART * usual.total():
                told.append((np.inf, made, other))
        for (more, less, least), facts in zip(_PLAIN, self._facts, strict=True) if plain else ():
            told += _difference(facts[[number, *self._others]], more, less, least)
        if self._drawn.get(odd.path) and len(self._rest):
            raw = np.vstack([self._drawn[odd.path], self._rest])
            deviations = (raw - raw.mean(0)) / (raw.std(0) + 1e-6)
            for more, less, names in styles.WORDS:
                told += _difference(deviations[:, [style.NAMES.index(n) for n in names]].mean(1), more, less)
        return tuple((mine, theirs) for _, mine, theirs in sorted(told, key=lambda t: -t[0])[:_TOLD])


def _plain_facts(images: Sequence[Image]) -> list[NDArray[np.float64]]:
    """Measure of each picture, in the order of _PLAIN."""
    facts = [similarity.plain_edges(images)]
    return facts + [np.array([getattr(i, name) for i in images]) for name in ("lightness", "chroma", "contrast")]


def _difference(values: NDArray[np.float64], more: str, less: str, least: float = 0.0) -> list[tuple[float, str, str]]:
    """Tell [(in how many deviations, what the first is, what the others are)], [] where it is no rule of the others."""
    first, rest = float(values[0]), values[1:]
    apart = (first - float(np.median(rest))) / (float(values.std()) + 1e-9)
    beyond = float((rest < first).mean() if apart > 0 else (rest > first).mean())
    if beyond < styles.APART or abs(apart) < _SURE or abs(first - float(np.median(rest))) < least:
        return []
    return [(abs(apart), more, less) if apart > 0 else (abs(apart), less, more)]


def in_words(differences: Differences) -> str:
    """Say "a photograph, soft edges; the others: ink, hard edges"; "" if nothing can be told."""
    if not differences:
        return ""
    mine, theirs = zip(*differences, strict=True)
    return f"{', '.join(mine)}; the others: {', '.join(theirs)}"


def stray_question(images: Sequence[Image], found: Strays, settled: Set[str], taken: Set[str]) -> Question | None:
    """Ask one question about all that is so surely odd; None if nothing is.

    `settled`: pictures that are answered, or asked about, elsewhere; `taken`: keys already asked under.
    """
    paths = [p for p in found.asked if p not in settled]
    key = next((p for p in paths if p not in taken), None)
    if key is None:
        return None
    digests = {i.path: i.digest for i in images}
    number = f"{len(paths)} of {len(images)} pictures {'is' if len(paths) == 1 else 'are'}"
    entry = {
        "what": f"{number} drawn or shown unlike all others. The model would try to learn that too. "
        f"{'Does it' if len(paths) == 1 else 'Do they'} belong?",
        "unlike": {p: in_words(found.asked[p]) or "drawn otherwise" for p in paths},
        "examples": {"the others": found.typical},
        "recommended": "leave out",
        "answer": None,
    }
    return Question(key=key, entry=entry, digests={p: digests[p] for p in paths})


def stray_findings(found: Strays) -> list[Finding]:
    """Name them: those that are asked about, and those that are only worth a look."""
    return [
        Finding(code, tuple(odd), {"how": _of_all(list(odd.values()))})
        for code, odd in ((Code.STRAYS, found.asked), (Code.UNLIKE_LOOK, found.hinted))
        if odd
    ]


def _of_all(found: Sequence[Differences]) -> str:
    """Say what is so of every one of them: " (soft edges; the others: hard edges)"; "" if nothing is."""
    said = in_words(tuple(d for d in found[0] if all(d in other for other in found)))
    return f" ({said})" if said else ""
