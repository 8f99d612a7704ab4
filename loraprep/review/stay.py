"""Whether a picture stays, wherever it is looked at: by which answer it leaves, and what would change that. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from typing import TypeAlias

import msgspec

from loraprep.core.errors import UserError
from loraprep.core.records import Fate
from loraprep.curation.rulings import curation_entry
from loraprep.project import noted
from loraprep.project.decisions import SHORT, Answer, Entry
from loraprep.review import leaving
from loraprep.review.snapshot import Snapshot, by_short, remembered

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"  # as a browser sends it
_LEFT, _PINNED = "you left it out", "you pinned it"  # what the entries say that the page writes for one picture


class Plan(msgspec.Struct, frozen=True):
    """An edit of decisions/<kind>.yaml, as `decision_edits.write_answers` takes it."""

    kind: str
    values: dict[str, Json]


class Standing(msgspec.Struct, frozen=True):
    """How a picture stands by the answers as they are now. `why`: one clause, "" while it stays.

    `by`: kind and key of the entry by which it leaves; None while it stays, or where no answer of this page decides.
    `pinned`: an answer says that it stays.
    """

    stays: bool
    why: str
    by: tuple[str, str] | None
    pinned: bool


_DECIDING = ("curation", "duplicates", "quality")  # whose answers say who leaves, the first that does with its reason
_WHY = {"duplicates": "another picture of its group stays", "quality": "it is to be removed for its size"}


@remembered(lambda s, kind: s.digests[kind], size=8)
def _leaves(s: Snapshot, kind: str) -> dict[str, str]:
    """Map picture -> the key of the entry by which it leaves, answered or, while nobody answered, as recommended."""
    found: dict[str, str] = {}
    for entry in s.decisions[kind].entries.values():
        recommended = entry.data.get("recommended") is not None
        answer: Answer | None = entry.answer or ("recommended" if recommended else None)
        for named in leaving.left_out(kind, entry, answer) if answer is not None else ():
            found.setdefault(_present(s, entry, named), entry.key)
    return found


@remembered(lambda s: s.digests["curation"])
def _pinned(s: Snapshot) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in s.decisions["curation"].entries.values():
        if entry.answer is not None and curation_entry(entry).about_need:
            out = set(curation_entry(entry).left_out(entry.answer))
            found |= {
                _present(s, entry, named): entry.key for named in entry.data.get("pictures", ()) if named not in out
            }
    return found


def _answers(s: Snapshot) -> tuple[str, ...]:
    return tuple(s.digests[kind] for kind in _DECIDING)


@remembered(_answers)
def leaving_by_now(s: Snapshot) -> frozenset[str]:
    """Return every picture that leaves by the answers as they are now: what counts, lists and asks, leaves these out.

    A missing answer counts as its recommendation. What is cut out of a picture leaves with it.
    """
    gone = {path for kind in _DECIDING for path in _leaves(s, kind)}
    gone |= {path for path, fate in s.fates.items() if _whatever_is_answered(fate)}
    cut = {path for path, image in s.images.items() if image.apart and not image.of}
    return frozenset(path for path, image in s.images.items() if path in gone or path in cut or image.of in gone)


@remembered(leaving_by_now)
def staying(s: Snapshot) -> list[str]:
    """List the pictures that would train or be held out, as answered by now."""
    gone = leaving_by_now(s)
    return [path for path in usable(s) if path not in gone]


@remembered()
def usable(s: Snapshot) -> list[str]:
    """List the pictures that could train."""
    return [p for p, fate in sorted(s.fates.items()) if (fate.stays or fate.fate == "left out") and p in s.images]


@remembered(_answers)
def left_since(s: Snapshot) -> frozenset[str]:
    """Return the pictures that stayed by the last run, and leave by the answers given since."""
    return frozenset(path for path in leaving_by_now(s) if path in s.fates and s.fates[path].stays)


def since(paths: Collection[str], left: Set[str]) -> str:
    """Say how many of these leave by the answers given since the last run, which told of them; "" if none does."""
    out = sum(path in left for path in paths)
    if not out or len(paths) == 1:
        return "It leaves by your answers since." if out else ""
    number = "All" if out == len(paths) else str(out)
    return f"{number} of them {'leaves' if out == 1 else 'leave'} by your answers since."


def _whatever_is_answered(fate: Fate) -> bool:
    """Say whether no answer of the page keeps a picture: the settings, or that it is there twice."""
    out = not fate.stays and fate.fate == "left out"
    return out and ("curation.exclude" in fate.why or (fate.by != "you" and not fate.open))


def _present(s: Snapshot, entry: Entry, named: str) -> str:
    """Return the path that a picture of an entry has now."""
    short = entry.digests.get(named)
    if named in s.images or not short:
        return named
    there = by_short(s).get(short)
    return there.path if there else named


def standing(s: Snapshot, path: str) -> Standing:
    """Say how a picture stands."""
    for kind in _DECIDING:
        key = _leaves(s, kind).get(path)
        if key is not None:
            entry = s.decisions[kind].entries[key]
            why = curation_entry(entry).why if kind == "curation" else _WHY[kind]
            return Standing(False, why, (kind, key), pinned=False)
    fate = s.fates.get(path)
    if fate is not None and _whatever_is_answered(fate):
        return Standing(False, fate.why, None, pinned=False)  # such as the same file twice
    return Standing(True, "", None, path in _pinned(s))


def plan(s: Snapshot, path: str, *, stays: bool) -> Plan:
    """Plan the edit after which a picture stays, or leaves. Raises UserError where no answer can say so."""
    now = standing(s, path)
    if stays and not now.stays:
        if now.by is None:
            raise UserError(
                f"{path} cannot be brought back here: {now.why}", hint="project.yaml and the report say more."
            )
        return _back(s, path, *now.by)
    if not stays and now.stays:
        return _out(s, path)
    raise UserError("this is not there any more", hint="Reload the page.")


def pin(s: Snapshot, path: str, *, pinned: bool) -> Plan:
    """Plan the edit after which an answer says that a picture stays, or none says so."""
    key = _pinned(s).get(path)
    if pinned and key is None and standing(s, path).stays:
        return _own(s, path, "all", _PINNED)
    if not pinned and key is not None:
        entry = s.decisions["curation"].entries[key]
        if by_the_page(entry):
            return Plan("curation", {key: None})
        return _with(entry, path, leaves=True)
    raise UserError("this is not there any more", hint="Reload the page.")


def by_the_page(entry: Entry) -> bool:
    """Say whether an entry of curation is no question: what a person said of one picture, unasked."""
    return entry.data.get("what") in (_LEFT, _PINNED)


def _named(s: Snapshot, entry: Entry, path: str) -> str:
    """Return what an entry calls the picture."""
    return next((name for name in entry.digests if _present(s, entry, name) == path), path)


def _back(s: Snapshot, path: str, kind: str, key: str) -> Plan:
    entry = s.decisions[kind].entries[key]
    if kind == "quality":
        return Plan(kind, {key: {"do": "keep"}})
    if kind == "duplicates":
        name = _named(s, entry, path)
        leaves = {*leaving.left_out(kind, entry, entry.answer or "recommended")} - {name}
        keep: list[Json] = [p for p in entry.data.get("pictures") or entry.digests if p not in leaves]
        return Plan(kind, {key: {"keep": keep if leaves else "all"}})
    if by_the_page(entry):
        return Plan(kind, {key: None})
    return _with(entry, _named(s, entry, path), leaves=False)


def _with(entry: Entry, path: str, *, leaves: bool) -> Plan:
    """Plan the answer of a curation entry once one of its pictures leaves, or stays, too."""
    asked = curation_entry(entry)
    out = dict.fromkeys(asked.left_out(entry.answer or "recommended"))
    out = out | {path: None} if leaves else {p: None for p in out if p != path}
    names: list[Json] = [*out]
    nobody = "together" if asked.looks else "keep" if asked.apart else "all"
    return Plan("curation", {entry.key: {"answer": names or nobody}})


def _out(s: Snapshot, path: str) -> Plan:
    key = _pinned(s).get(path)
    if key is not None:
        return _with(s.decisions["curation"].entries[key], path, leaves=True)
    return _own(s, path, [path], _LEFT)


def _own(s: Snapshot, path: str, answer: Json, what: str) -> Plan:
    """Plan an entry for one picture; of one that has its name already, only the answer."""
    entries: Mapping[str, Entry] = s.decisions["curation"].entries
    if path in entries:
        return _with(entries[path], path, leaves=answer != "all")
    digests = {path: s.images[path].digest[:SHORT]}
    fields = {"what": what, "pictures": {path: None}, "answer": answer, "digests": digests}
    return Plan("curation", {path: noted.gathered(fields)})
