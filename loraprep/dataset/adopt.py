"""Captions that a person edited in dataset/, with whatever editor: their words move to decisions/captions.yaml."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loraprep.core import files
from loraprep.core.errors import Problem, UserError
from loraprep.dataset.lock import MANIFEST, entries, known, texts
from loraprep.dataset.outputs import off, says
from loraprep.project import decision_edits, decisions, resolution
from loraprep.project.decisions import Entry
from loraprep.scan import metadata

_DECISIONS = "decisions/captions.yaml"


@dataclass(frozen=True, slots=True)
class _Edit:
    """A caption file, relative to dataset/, the place it belongs to, and what it says now, with [trigger]."""

    name: str
    place: str
    caption: str


def edited(root: Path, before: Mapping[str, Any]) -> list[str]:
    """Caption files in dataset/ (relative to it) whose words are no longer those we wrote."""
    return [name for name, _ in _edited(root, before)]


def _edited(root: Path, before: Mapping[str, Any]) -> list[tuple[str, str]]:
    changed = []
    for place, entry in sorted(before.items()):
        ours = known(entry)
        for name in texts(place, entry):
            path = root / "dataset" / name
            if path.is_file() and files.sha256(path) not in ours and _plain(_text(path)) not in ours:
                changed.append((name, place))
    return changed


def _text(path: Path) -> str:
    return " ".join(metadata.decode(path.read_bytes()).split())


def _plain(text: str) -> str:
    """The digest we would have written: an editor's own line end is no edit."""
    return hashlib.sha256(f"{text}\n".encode()).hexdigest()


def adopt(root: Path, header: str, current: Mapping[str, str]) -> list[str]:
    """Takes edited captions over into decisions/captions.yaml; returns the pictures' paths.

    `header` begins the file if there is none yet; `current`: path -> digest of the pictures there are, so that a
    renamed one is found. Nothing is written, and UserError raised with every case, if a decision changed too since
    dataset/ was built, if two copies of a caption were edited differently, or if nothing is left of a caption.
    """
    before = entries(root)
    found: dict[str, list[_Edit]] = {}
    renamed = {digest: path for path, digest in current.items()}
    for name, place in _edited(root, before):
        entry = before[place]
        if "path" in entry:  # else an interrupted build left it, and the next one writes it again
            path = entry["path"] if entry["path"] in current else renamed.get(entry["digest"], entry["path"])
            found.setdefault(path, []).append(_Edit(name, place, _words(root, name, entry)))
    if not found:
        return []
    given = decisions.read(root, "captions")
    problems: list[Problem] = []
    adopted: list[str] = []
    wanted: dict[str, str] = {}  # key in the decision file -> caption
    agreed: list[tuple[_Edit, str]] = []
    for path, edits in sorted(found.items()):
        entry, caption = before[edits[0].place], edits[0].caption
        answer, _ = resolution.entry_for(given, path, entry["digest"])
        now = str(answer.data.get("caption", "")) if answer else ""
        problem = _problem(path, edits, now, answer, entry)
        if problem:
            problems.append(problem)
            continue
        key = answer.key if answer else path
        agreed += [(edit, key) for edit in edits]
        if now != caption:
            wanted[key] = caption
            adopted.append(path)
    if problems:
        raise UserError.many(problems)
    if wanted:
        _write(root, wanted, header)
    _agree(root, before, agreed)
    return adopted


def _words(root: Path, name: str, entry: Mapping[str, Any]) -> str:
    text = _text(root / "dataset" / name)
    if "background" in entry:
        text = off(text, entry["background"])
    return re.sub(rf"^{re.escape(entry['trigger'])}(?!\w)", "[trigger]", text, flags=re.IGNORECASE)


def _problem(path: str, edits: list[_Edit], now: str, answer: Entry | None, entry: Mapping[str, Any]) -> Problem | None:
    first = edits[0]
    if not first.caption.replace("[trigger]", "").strip(" ,"):
        return Problem(
            "you left nothing of this caption, and no words say what is in the picture",
            f"dataset/{first.name}",
            "Write what is in it, or delete this file to have the earlier caption back.",
        )
    if any(edit.caption != first.caption for edit in edits):
        said = "\n".join(f"dataset/{edit.name}: {edit.caption}" for edit in edits)
        return Problem(
            "you edited two captions of this picture, differently", path, "Make them the same, then run it again.", said
        )
    if now != first.caption and says(answer) != entry["decided"]:
        said = f"dataset/{first.name}: {first.caption}\n{_DECISIONS}: {now or 'no caption any more'}"
        return Problem(
            "its caption was edited in both places since the dataset was built; nothing is written",
            path,
            f"Write the one you want into both, or delete dataset/{first.name} to keep the one in {_DECISIONS}.",
            said,
        )
    return None


def _write(root: Path, wanted: Mapping[str, str], header: str) -> None:
    """All captions in one edit: the value of an entry that is there, else a line of its own."""
    if not (root / _DECISIONS).exists():
        decisions.ask(root, "captions", header, [])
    doc = decisions.load(root, "captions")
    there = doc.data if doc else {}
    values = {
        key: {"caption": caption, **({"verdict": "adjust"} if "verdict" in there.get(key, {}) else {})}
        for key, caption in sorted(wanted.items())
    }
    try:
        decision_edits.answer(root, "captions", values, doc.digest if doc else "")
    except decision_edits.Changed:
        raise UserError(
            "changed while your captions were taken over; nothing was written", place=_DECISIONS, hint="Run it again."
        ) from None


def _agree(root: Path, before: dict[str, Any], agreed: list[tuple[_Edit, str]]) -> None:
    """The manifest learns what both say now, so that the next edit is told from this one."""
    given = decisions.read(root, "captions")
    for edit, key in agreed:
        old = before[edit.place]
        twins = {"was": old["caption"]} if len(texts(edit.place, old)) > 1 else {}  # the other copy is as we wrote it
        digest = files.sha256(root / "dataset" / edit.name)
        before[edit.place] = {**old, **twins, "caption": digest, "decided": says(given.entries.get(key))}
    files.write_json(root / "build" / MANIFEST, before)
