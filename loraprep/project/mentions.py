"""Names that decisions/*.yaml and project.yaml mention and that nothing has: a word that is not heard is said aloud.

An answered entry that the tool wrote carries digests, by which its pictures are followed; when they are gone it is
stale and no more (`resolution.stale`). What a person wrote by hand has nothing but the name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from loraprep.core import nearest
from loraprep.core.findings import Code, Finding
from loraprep.core.nearest import did_you_mean
from loraprep.core.patterns import Patterns
from loraprep.core.records import Group
from loraprep.core.yamlfile import Document
from loraprep.project import crops, decisions, together
from loraprep.project.decisions import ANSWERS, Acceptance, Decisions, Entry
from loraprep.project.resolution import Present
from loraprep.project.settings import Settings

_SHOWN = 8  # spelled out with what was meant; the others are counted
_WILD = frozenset("*?[")
_OF_ONE = frozenset({"crops", "captions"})  # each entry is of its own picture: no other trains differently for it
NO_PICTURE = "no picture has its name"  # why a mask is of no use


class Mention(msgspec.Struct, frozen=True):
    """A name where it stands. `keys` lead to it in decisions/<kind>.yaml; for project.yaml `kind` is ""."""

    kind: str
    keys: tuple[str | int, ...]
    name: str
    known: Collection[str] = ()  # what may be meant


class Places:
    """Where something stands in decisions/*.yaml, as "decisions/quality.yaml:12:3"; files are read when asked for."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._read: dict[str, Document | None] = {}

    def of(self, kind: str, keys: Sequence[str | int]) -> str:
        """Return the place of a value, or of its key if it is a key alone. Raises UserError if the file is broken."""
        if not kind:
            return f"project.yaml, {'.'.join(str(key) for key in keys if isinstance(key, str))}"
        if kind not in self._read:
            self._read[kind] = decisions.load_document(self._root, kind)
        doc = self._read[kind]
        if doc is None:
            return f"decisions/{kind}.yaml"
        there = together.place(doc.data or {}, keys)
        return doc.problem(there, "", at_key=len(keys) == 1).place


def silent_in_decisions(
    kind: str, given: Decisions, digests: Mapping[str, str], groups: Sequence[Group] = ()
) -> list[Mention]:
    """Find the keys and the names in answers of decisions/<kind>.yaml that name no picture.

    `digests`: path -> sha256 of everything found, by which renames are followed. `groups`: of copies and variants.
    """
    present = Present(digests)
    of = {path: group for group in groups for path in group.pictures}
    found = []
    for key, entry in given.entries.items():
        about = _about(entry, present, of)
        if not entry.digests and key not in digests:
            found.append(Mention(kind, (key,), key, digests))
        elif isinstance(entry.answer, list):
            known = about if entry.digests else {*about, *digests}
            found += [
                Mention(
                    kind, (key, ANSWERS[kind], n), name, [k for k in known if k in digests or k.startswith("look ")]
                )
                for n, name in enumerate(entry.answer)
                if name not in known
            ]
    return found


def _about(entry: Entry, present: Present, of: Mapping[str, Group]) -> set[str]:
    """Return every name an answer of this entry may use: its pictures as written and as they are now, its looks."""
    now = {present.find(*named)[0] for named in entry.digests.items()}
    looks = entry.data.get("looks", {})
    named = (entry.data.get(key, {}) for key in ("pictures", "strangers", "unlike"))
    listed = {*entry.digests, *now, *looks}.union(*named)
    listed.update(path for paths in looks.values() for path in paths)
    return listed.union(*(of[path].pictures for path in {entry.key, *now} if path in of))


def silent_crops(root: Path, paths: Collection[str]) -> list[Mention]:
    """Find the pictures that decisions/crops.yaml speaks of and that are not there. Raises UserError."""
    return [Mention("crops", (path,), path, paths) for path in crops.cropped_paths(root) if path not in paths]


def parted(found: Iterable[Mention]) -> tuple[list[Mention], list[Mention]]:
    """Part mentions into those that a slip of the pen explains, which are not heard, and those of pictures that are
    gone: what is drawn or written for one picture alone changes nothing without it, and often outlives it.
    """
    slips: list[Mention] = []
    gone: list[Mention] = []
    for mention in found:
        alone = mention.kind in _OF_ONE and len(mention.keys) == 1
        (slips if not alone or nearest.slips(mention.name, mention.known) else gone).append(mention)
    return slips, gone


def silent_acceptances(accepted: Mapping[str, Acceptance], known: Collection[str]) -> list[Mention]:
    """Find what decisions/gate.yaml accepts for a name that neither a file nor a finding has."""
    return [
        Mention("gate", (code, "images", n), name, known)
        for code, given in accepted.items()
        for n, name in enumerate(given.images or ())
        if name not in known
    ]


def silent_patterns(
    settings: Settings, paths: Collection[str], pictures: Collection[str]
) -> tuple[list[Mention], list[Mention]]:
    """Find the (names, patterns) of project.yaml that match none of `paths`: a name is meant, a pattern may wait.

    What is left alone while listing (`images`) may be named beforehand, such as Thumbs.db. `pictures`: what may be
    meant by a name.
    """
    names: list[Mention] = []
    waiting: list[Mention] = []
    folders = {str(parent) for path in paths for parent in PurePosixPath(path).parents} - {"."}
    held_out = settings.dataset.validation
    listed = (
        ("curation", "include", settings.curation.include),
        ("curation", "exclude", settings.curation.exclude),
        ("dataset", "validation", held_out if isinstance(held_out, tuple) else ()),
        ("images", "include", settings.images.include),
        ("images", "exclude", settings.images.exclude),
    )
    for table, key, lines in listed:
        for n, line in enumerate(lines):
            bare = line.removeprefix("!")
            if line == "**/*" or _matches(bare, paths):
                continue
            mention = Mention("", (table, key, n), line, {*pictures, *folders})
            (names if table != "images" and not _WILD & set(bare) else waiting).append(mention)
    waiting += [
        Mention("", ("images", "roles"), line, pictures)
        for line in settings.images.roles
        if not _matches(line.removeprefix("!"), paths)
    ]
    for folder in settings.groups:
        if not any(path.startswith(folder + "/") for path in paths):
            names.append(Mention("", ("groups",), folder, folders))
    return names, waiting


def _matches(line: str, paths: Collection[str]) -> bool:
    if line in paths:
        return True
    pattern = Patterns([line])
    return any(pattern.match(path) for path in paths)


def silent_findings(root: Path, mentions: Iterable[Mention], masks: Mapping[str, str] | None = None) -> list[Finding]:
    """Say in one finding which names match nothing, each with its place and what was probably meant; [] for none.

    `masks`: files in masks/ of no picture -> what they may be meant for.
    """
    places = Places(root)
    said = [*_said(places, mentions), *(f"{path}{_meant(meant)}" for path, meant in sorted((masks or {}).items()))]
    return [Finding(Code.UNKNOWN_NAME, (), {"count": len(said), "said": _joined(said)})] if said else []


def left_findings(root: Path, mentions: Iterable[Mention], masks: Iterable[str] = ()) -> list[Finding]:
    """Tell what was written or drawn for pictures that are gone; [] for nothing. `masks`: files in masks/."""
    places = Places(root)
    said = [*(f'{places.of(m.kind, m.keys)}: "{m.name}"' for m in mentions), *sorted(masks)]
    return [Finding(Code.LEFT_BEHIND, (), {"count": len(said), "said": _joined(said)})] if said else []


def waiting_findings(mentions: Sequence[Mention]) -> list[Finding]:
    """Note the patterns of project.yaml that match nothing yet; [] for none."""
    said = [f'"{m.name}" in {".".join(str(k) for k in m.keys[:2])}' for m in mentions]
    return [Finding(Code.PATTERN_UNUSED, (), {"count": len(said), "said": _joined(said)})] if said else []


def _said(places: Places, mentions: Iterable[Mention]) -> Iterator[str]:
    for shown, mention in enumerate(mentions):
        if shown < _SHOWN:  # the nearest of many names takes a while
            yield f'{places.of(mention.kind, mention.keys)}: "{mention.name}"' + _meant(
                did_you_mean(mention.name, mention.known)
            )
        else:
            yield mention.name


def _meant(question: str) -> str:
    return f" ({question})" if question else ""


def _joined(said: Sequence[str]) -> str:
    more = len(said) - _SHOWN
    return "; ".join(said[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")
