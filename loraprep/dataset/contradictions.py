"""Decisions that contradict each other about a picture, each told once with both places. Pure but for the places."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from loraprep.core.findings import Code, Finding
from loraprep.core.patterns import Patterns
from loraprep.core.records import Fate, Group, Image
from loraprep.core.text import listed
from loraprep.curation.rulings import curation_entry
from loraprep.duplicates.clusters import copies
from loraprep.project.decisions import Decisions
from loraprep.project.resolution import Present, entry_for
from loraprep.project.settings import CurationSettings

Place = Callable[[str, Sequence[str | int]], str]  # (kind of decision, keys) -> "decisions/quality.yaml:12:3"
_SHOWN = 6


class Contradictions(msgspec.Struct, frozen=True):
    """What is found, and who is meant to have no picture left (`keep: none`): an answer, no accident."""

    findings: list[Finding]
    meant: list[str]


def contradictions(
    images: Sequence[Image],
    groups: Sequence[Group],
    decisions: Mapping[str, Decisions],
    curation: CurationSettings,
    fates: Mapping[str, Fate],
    duplicates: Mapping[str, Fate],
    place: Place,
) -> Contradictions:
    """Find what a person decided twice and differently, and the copies of which none stays.

    `decisions` by kind; `fates` what becomes of every file by path, `duplicates` what the answers about copies alone
    make of it.
    """
    asked = _Answers(images, decisions, curation, place)
    kept_and_out = list(asked.kept_and_out())
    empty, none = asked.keeping_none(groups)
    told, meant = {path for path, _ in (*kept_and_out, *empty)}, set(none)
    alone = [c for c in _none_stays(groups, fates, duplicates) if not told & {f.path for f in c}]
    found = [
        _finding(kept_and_out, "keep"),
        _finding(list(asked.wanted_and_out(groups)), "include"),
        _finding(empty, "empty"),
        _alone([c for c in alone if not meant >= {f.path for f in c}]),
        _alone([c for c in alone if meant >= {f.path for f in c}]),
    ]
    return Contradictions([f for f in found if f], sorted(none))


_Said = tuple[str, str]  # path, what is said of it


def _finding(said: Sequence[_Said], cause: str) -> Finding | None:
    if not said:
        return None
    told = list(dict.fromkeys(words for _, words in said))  # one sentence may be about several pictures
    shown = "; ".join(told[:_SHOWN]) + (f"; and {len(told) - _SHOWN} more" if len(told) > _SHOWN else "")
    return Finding(Code.CONTRADICTION, tuple(sorted({path for path, _ in said})), {"said": shown, "cause": cause})


class _Answers:
    """What a person said of each picture, in one file and in another."""

    def __init__(
        self, images: Sequence[Image], decisions: Mapping[str, Decisions], curation: CurationSettings, place: Place
    ) -> None:
        self._images = {image.path: image for image in images if image.state == "image"}
        self._decisions, self._place = decisions, place
        self._present = Present({path: image.digest for path, image in self._images.items()})
        self._away, self._wanted = Patterns(curation.exclude), Patterns(curation.include)
        self._lines = curation

    def _out(self, path: str) -> str:
        """Say where a person leaves a picture out by name, but in duplicates.yaml; "" if nowhere."""
        entry, match = entry_for(self._decisions["quality"], path, self._images[path].digest)
        if entry and match in ("exact", "renamed") and entry.answer == "remove":
            return f"{self._place('quality', (entry.key, 'do'))} removes it"
        if self._away.match(path):
            return "curation.exclude in project.yaml leaves it out"
        return ""

    def kept_and_out(self) -> Iterator[_Said]:
        """Find pictures that an answer in duplicates.yaml keeps by name, and that another decision leaves out."""
        for key, entry in sorted(self._decisions["duplicates"].entries.items()):
            for n, name in enumerate(entry.answer if isinstance(entry.answer, list) else ()):
                path, _ = self._present.find(name, entry.digests.get(name, ""))
                if path in self._images and (out := self._out(path)):
                    yield path, f"{path}: {self._place('duplicates', (key, 'keep', n))} keeps it, {out}"

    def keeping_none(self, groups: Sequence[Group]) -> tuple[list[_Said], list[str]]:
        """Find what is said of groups that an empty list leaves without a picture, and the pictures of `keep: none`."""
        of = {path: group for group in groups for path in group.pictures}
        empty, none = [], []
        for key, entry in sorted(self._decisions["duplicates"].entries.items()):
            now = [self._present.find(*named)[0] for named in entry.digests.items()] or [key]
            pictures = sorted({p for path in now if path in self._images for p in (path, *_copies_of(of.get(path)))})
            if entry.answer == []:
                words = (
                    f"{self._place('duplicates', (key, 'keep'))} keeps none of the {len(pictures)}: {listed(pictures)}"
                )
                empty += [(path, words) for path in pictures]
            elif entry.answer == "none":
                none += pictures
        return empty, none

    def wanted_and_out(self, groups: Sequence[Group]) -> Iterator[_Said]:
        """Find pictures that curation.include wants always, and that a decision leaves out."""
        if not self._lines.include:
            return
        copied, spare = self._left_as_copies(groups), self._left_as_spare()
        for path in sorted(self._images):
            if not self._wanted.match(path):
                continue
            out = self._out(path) or copied.get(path) or spare.get(path, "")
            if out:
                yield path, f"{path}: curation.include in project.yaml wants it always, {out}"

    def _left_as_copies(self, groups: Sequence[Group]) -> dict[str, str]:
        """Path -> where an answer about copies leaves it out: a list without its name, or none."""
        of = {path: group for group in groups for path in group.pictures}
        found = {}
        for key, entry in sorted(self._decisions["duplicates"].entries.items()):
            if entry.answer != "none" and not isinstance(entry.answer, list):
                continue
            named = entry.digests or dict.fromkeys(of[key].pictures if key in of else [key], "")
            for name, digest in named.items():
                path, match = self._present.find(name, digest)
                if match and not {name, path} & set(entry.answer if isinstance(entry.answer, list) else ()):
                    found[path] = f"{self._place('duplicates', (key, 'keep'))} leaves it out"
        return found

    def _left_as_spare(self) -> dict[str, str]:
        """Path -> where an answer in curation.yaml leaves it out."""
        found = {}
        for key, entry in sorted(self._decisions["curation"].entries.items()):
            for name in curation_entry(entry).left_out(entry.answer) if entry.answer is not None else ():
                path, match = self._present.find(name, entry.digests.get(name, ""))
                if match:
                    found[path] = f"{self._place('curation', (key, 'answer'))} leaves it out"
        return found


def _copies_of(group: Group | None) -> tuple[str, ...]:
    return group.pictures if group else ()


def _none_stays(groups: Sequence[Group], fates: Mapping[str, Fate], duplicates: Mapping[str, Fate]) -> list[list[Fate]]:
    """Find copies of one picture that all leave: some as copies, and the rest because a person said so elsewhere.

    Where all leave by answers about copies, the whole group has to: a list may keep one of several variants.
    """
    found = []
    for group in groups:
        whole = all(path in fates and fates[path].fate == "left out" for path in group.pictures)
        for cluster in copies(group.pictures, group.pairs):
            here = [fates[path] for path in cluster if path in fates]
            if len(here) < 2 or any(f.fate != "left out" or f.open for f in here):
                continue
            others = [f for f in here if f.path not in duplicates or duplicates[f.path].why != f.why]
            if (len(others) < len(here) and all(f.by == "you" for f in others)) if others else whole:
                found.append(here)
    return found


def _alone(clusters: Sequence[Sequence[Fate]]) -> Finding | None:
    if not clusters:
        return None
    told = ["; ".join(f"{f.path} ({f.why})" for f in cluster) for cluster in clusters]
    said = ". ".join(told[:_SHOWN]) + (f". And {len(told) - _SHOWN} more" if len(told) > _SHOWN else "")
    return Finding(Code.NONE_STAYS, tuple(sorted(f.path for c in clusters for f in c)), {"said": said})
