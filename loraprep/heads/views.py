"""What the main head says of a picture: how much of the body can be in it, and which way it is turned. Pure.

The limits were set by eye on 113 pictures sorted by each measure; tests/benchmarks/faces.py says how they do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import inf

from loraprep.core.findings import Code, Finding
from loraprep.core.text import number_of
from loraprep.heads.finding import Found, Head

# Heights of the face (brows to chin) from the chin to the picture's lower edge; a body that stands has 8 of them
_FRAMING = ((0.5, "close-up"), (1.4, "portrait"), (7.5, "upper body"), (inf, "full body"))
_ANGLE = ((0.12, "front"), (0.38, "three-quarter"), (inf, "side"))  # of Head.turn
_PROFILE = 0.34, 0.76  # of Head.apart and Head.narrowed: of 210 heads six lie below both, all of them turned far away
_ANOTHER = 0.4  # of the main head's height, from which another one is somebody beside, not somebody in a poster
_PORTRAITS = 0.5  # of a set's pictures, from which it is a set of portraits, whoever they show
TERMS = {"content.framing": tuple(t for _, t in _FRAMING), "content.angle": tuple(t for _, t in _ANGLE)}
UNFOUND = frozenset({"side", "back"})  # angles at which the detector hardly finds a head: their want cannot be measured


def measured(heads: Mapping[str, Sequence[Head]]) -> dict[str, dict[str, str]]:
    """Name framing and angle of each picture with a head by resources/lexicon.yaml, by element and path."""
    found: dict[str, dict[str, str]] = {"content.framing": {}, "content.angle": {}}
    for path, own in heads.items():
        if own:
            found["content.framing"][path] = _named(own[0].below, _FRAMING)
            found["content.angle"][path] = _angle(own[0])
    return found


def _angle(head: Head) -> str:
    profile = head.apart < _PROFILE[0] and head.narrowed < _PROFILE[1]
    return _ANGLE[-1][1] if profile else _named(abs(head.turn), _ANGLE)


def portraits(heads: Mapping[str, Found], pictures: int) -> dict[str, Found]:
    """Leave those in which a head is the subject, if most of a set's `pictures` are such; else none.

    In a street or a landscape a small head says nothing of how the picture is framed.
    """
    close = {path: own for path, own in heads.items() if own.heads and own.heads[0].below < _FRAMING[-2][0]}
    return close if close and len(close) >= _PORTRAITS * pictures else {}


def _named(value: float, limits: Sequence[tuple[float, str]]) -> str:
    return next(term for limit, term in limits if value < limit)


def findings(heads: Mapping[str, Sequence[Head]], pictures: int, *, alone: bool) -> list[Finding]:
    """Say what was measured, which faces the edge cuts, and, where one is meant to be `alone`, who is not.

    `heads`: by path, those without any left out; `pictures`: how many were looked at.
    """
    told = []
    if heads:
        angles = Counter(measured(heads)["content.angle"].values())
        said = ", ".join(f"{term} {angles[term]}" for _, term in _ANGLE)
        without = pictures - len(heads)
        others = f"; in {number_of(without, 'picture')} none was found" if without else ""
        told.append(
            Finding(Code.HEADS_MEASURED, (), {"said": said, "seen": len(heads), "of": pictures, "others": others})
        )
    if cut := [path for path, own in sorted(heads.items()) if own[0].cut]:
        told.append(Finding(Code.HEAD_CUT, tuple(cut)))
    if alone and (several := [path for path, own in sorted(heads.items()) if _beside(own)]):
        told.append(Finding(Code.SEVERAL_HEADS, tuple(several)))
    return told


def _beside(heads: Sequence[Head]) -> bool:
    return len(heads) > 1 and _high(heads[1]) >= _ANOTHER * _high(heads[0])


def _high(head: Head) -> float:
    return head.box[3] - head.box[1]
