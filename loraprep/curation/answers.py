"""What the artist's answers in decisions/curation.yaml mean for each picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from loraprep.core.findings import Code
from loraprep.core.records import Fate, Image
from loraprep.project.decisions import Decisions, Question
from loraprep.project.resolution import Present, resolve

_OTHERS = "not needed: others show the same"
_HAND = "another look than the rest"
_STRANGER = "it seems to show somebody else"


def left_out(entry: Mapping[str, Any], answer: Any) -> list[str]:
    """The pictures that leave under this answer ("recommended" stands for the entry's own recommendation)."""
    if answer == "recommended":
        answer = entry.get("recommended") or []
    looks: Mapping[str, Sequence[str]] = entry.get("looks") or {}
    if answer == "leave out" and looks:  # the largest look stays; it is listed first
        return [path for pictures in list(looks.values())[1:] for path in pictures]
    if answer == "leave out":
        return list(entry.get("strangers") or {})
    if isinstance(answer, str):  # all, keep, together, own trigger
        return []
    return [path for item in answer for path in looks.get(item, [item])]


def _why(entry: Mapping[str, Any]) -> str:
    """Why a picture leaves under this entry."""
    return _HAND if "looks" in entry else _STRANGER if "strangers" in entry else _OTHERS


def rulings(decisions: Decisions, images: Sequence[Image], *, pins: bool = False) -> dict[str, Fate]:
    """path -> Fate for every picture that an answered entry ruled on, renamed ones included; "kept" if it stays.

    `pins`: only answers to whether the set needs a picture. One that is no stranger is not pinned into the set.
    """
    present = Present({image.path: image.digest for image in images})
    ruled: dict[str, Fate] = {}
    for entry in decisions.entries.values():
        why = _why(entry.data)
        if entry.answer is None or (pins and why != _OTHERS):
            continue
        out = left_out(entry.data, entry.answer)
        for path, digest in entry.digests.items():
            here, _ = present.find(path, digest)
            if here not in ruled or ruled[here].fate == "kept":
                ruled[here] = Fate(here, "left out", why, "you") if path in out else Fate(here, "kept", "", "you")
    return ruled


def outcome(
    questions: Sequence[Question], decisions: Decisions, images: Sequence[Image], *, auto: bool
) -> dict[str, Fate]:
    """Who leaves, by the answers given, or by the recommendation where none is."""
    fates = {path: fate for path, fate in rulings(decisions, images).items() if fate.fate == "left out"}
    for question in questions:
        counts = resolve(question, decisions, auto=auto)
        if counts.by == "you":
            continue
        why = _why(question.entry)
        for path in left_out(question.entry, "recommended"):
            fates.setdefault(path, Fate(path, "left out", why, counts.by, counts.open))
        for look in list(question.entry.get("looks", {}).values())[1:] if counts.open else ():
            fates.update({p: Fate(p, "kept", "", counts.by, True) for p in look if p not in fates})
    return fates


_ASKED = {"looks": Code.SEVERAL_HANDS, "strangers": Code.SOMEBODY_ELSE}  # an entry's own key: the finding it settles


def settled(decisions: Decisions, images: Sequence[Image], *, auto: bool) -> dict[str, dict[str, Any]]:
    """Findings that an answer settles, as decisions/gate.yaml would say it: code -> {images, reason}.

    A hand that shall get a trigger of its own is not settled before its pictures lie in a group.
    """
    present = Present({image.path: image.digest for image in images})
    found: dict[str, dict[str, Any]] = {}
    for entry in decisions.entries.values():
        code = next((_ASKED[key] for key in _ASKED if key in entry.data), None)
        answer = entry.answer
        if answer is None and decisions.accepts(auto=auto):
            answer = "recommended"
        if code is None or answer is None or answer == "own trigger":
            continue
        out = left_out(entry.data, answer)
        here = [present.find(*named)[0] for named in entry.digests.items() if named[0] not in out]
        said = (
            "as recommended"
            if answer == "recommended"
            else "you answered: " + (answer if isinstance(answer, str) else f"leave out {', '.join(answer)}")
        )
        earlier = found.get(code)
        found[code] = {
            "images": sorted({*(earlier["images"] if earlier else ()), *here}),
            "reason": earlier["reason"] if earlier else said,
        }
    return found
