"""What the artist's answers in decisions/curation.yaml mean for each picture."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from loraprep.core import typed
from loraprep.core.findings import Code
from loraprep.core.records import Fate, Image
from loraprep.project.decisions import Answer, Decisions, Entry, Question
from loraprep.project.resolution import Present, resolve

# What is said of pictures that a question is about, besides
PARTS = frozenset({Code.SEVERAL_HANDS, Code.SOMEBODY_ELSE, Code.STRAYS})
_SURPLUS = "not needed: others show the same"
_BY_HAND = "you left it out"  # nothing was recommended
_OTHER_STYLE = "another look than the rest"
_STRANGER = "it seems to show somebody else"
_STRAY = "drawn or shown unlike the others"


class CurationEntry(msgspec.Struct, frozen=True):
    """An entry of decisions/curation.yaml: about styles, strangers, strays, or pictures more than the set needs."""

    looks: dict[str, list[str]] = {}  # "look 1" -> pictures of one style, the largest first
    strangers: dict[str, str] = {}  # picture -> how it differs from the rest
    unlike: dict[str, str] = {}  # the same of pictures drawn or shown otherwise
    recommended: Answer = ""

    @property
    def why(self) -> str:
        """Why a picture leaves under this entry, one clause."""
        if self.looks or self.apart:
            return _OTHER_STYLE if self.looks else _STRANGER if self.strangers else _STRAY
        return _SURPLUS if self.recommended else _BY_HAND

    @property
    def about_need(self) -> bool:
        """Say whether it is about which pictures the set needs."""
        return not (self.looks or self.apart)

    @property
    def apart(self) -> dict[str, str]:
        """Pictures that may not belong, and how they differ from the rest."""
        return self.strangers or self.unlike

    @property
    def settles(self) -> Code | None:
        """The finding that an answer to it settles."""
        if self.looks:
            return Code.SEVERAL_HANDS
        return Code.SOMEBODY_ELSE if self.strangers else Code.STRAYS if self.unlike else None

    @property
    def other_styles(self) -> list[list[str]]:
        """The pictures of every style but the largest, which is listed first."""
        return list(self.looks.values())[1:]

    def left_out(self, answer: Answer) -> list[str]:
        """List the pictures that leave under this answer ("recommended" stands for the entry's own recommendation)."""
        if answer == "recommended":
            answer = self.recommended
        if answer == "leave out" and self.looks:
            return [path for pictures in self.other_styles for path in pictures]
        if answer == "leave out":
            return list(self.apart)
        if isinstance(answer, str):  # all, keep, together, own trigger
            return []
        return [path for item in answer for path in self.looks.get(item, [item])]


def curation_entry(asked: Question | Entry) -> CurationEntry:
    """Convert what a question, or decisions/curation.yaml, accepted by its schema, says under one key."""
    return typed.convert(asked.entry if isinstance(asked, Question) else asked.data, CurationEntry)


def curation_rulings(decisions: Decisions, images: Sequence[Image], *, pins: bool = False) -> dict[str, Fate]:
    """Find path -> Fate for every picture that an answered entry ruled on, renamed ones included.

    "kept" if it stays. `pins`: only answers to whether the set needs a picture; one that is no stranger is not pinned
    into the set.
    """
    present = Present({image.path: image.digest for image in images})
    ruled: dict[str, Fate] = {}
    for given in decisions.entries.values():
        entry = curation_entry(given)
        if given.answer is None or (pins and not entry.about_need):
            continue
        out = entry.left_out(given.answer)
        by_hand = dict.fromkeys([*given.data.get("pictures", ()), *out], "")
        for named, digest in (given.digests or by_hand).items():
            path, _ = present.find(named, digest)
            if path not in ruled or ruled[path].fate == "kept":
                leaves = not {named, path}.isdisjoint(out)  # an answer may use the name a picture has now
                ruled[path] = Fate(path, "left out", entry.why, "you") if leaves else Fate(path, "kept", "", "you")
    return ruled


def curation_fates(
    questions: Sequence[Question], decisions: Decisions, images: Sequence[Image], *, auto: bool
) -> dict[str, Fate]:
    """Find who leaves, by the answers given, or by the recommendation where none is; and whose style is asked about."""
    fates = {path: fate for path, fate in curation_rulings(decisions, images).items() if fate.fate == "left out"}
    for question in questions:
        counts = resolve(question, decisions, auto=auto)
        if counts.by == "you":
            continue
        entry = curation_entry(question)
        for path in entry.left_out("recommended"):
            fates.setdefault(path, Fate(path, "left out", entry.why, counts.by, counts.open))
        for pictures in entry.other_styles if counts.open else ():
            fates.update({p: Fate(p, "kept", "", counts.by, True) for p in pictures if p not in fates})
    return fates


class Settled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finding that an answer settles, as decisions/gate.yaml would say it."""

    images: list[str]
    reason: str


def settled_findings(decisions: Decisions, images: Sequence[Image], *, auto: bool) -> dict[Code, Settled]:
    """Find what the answers settle.

    A style that shall get a trigger of its own is not settled before its pictures lie in a group.
    """
    present = Present({image.path: image.digest for image in images})
    found: dict[Code, Settled] = {}
    for given in decisions.entries.values():
        entry = curation_entry(given)
        answer = given.answer
        if answer is None and decisions.accepts(auto=auto):
            answer = "recommended"
        meant = entry.recommended if answer == "recommended" else answer
        if entry.settles is None or answer is None or meant == "own trigger":
            continue
        out = entry.left_out(answer)
        stay = {present.find(path, digest)[0] for path, digest in given.digests.items() if path not in out}
        earlier = found.get(entry.settles, Settled([], _reason(answer)))
        found[entry.settles] = Settled(sorted({*earlier.images, *stay}), earlier.reason)
    return found


def _reason(answer: Answer) -> str:
    if answer == "recommended":
        return "as recommended"
    return "you answered: " + (answer if isinstance(answer, str) else f"leave out {', '.join(answer)}")
