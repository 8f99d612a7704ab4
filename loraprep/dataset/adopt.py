"""Move captions that a person edited in dataset/, with whatever editor, to decisions/captions.yaml."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from loraprep.core import files
from loraprep.core.dataset_lock import LockedImage
from loraprep.core.errors import Problem, UserError
from loraprep.dataset.manifest import read_manifest, write_manifest
from loraprep.dataset.outputs import decision_digest, without_background
from loraprep.project import decision_edits, decisions, resolution
from loraprep.project.decisions import Entry
from loraprep.scan import metadata

_DECISIONS = "decisions/captions.yaml"


@dataclass(frozen=True, slots=True)
class _EditedCaption:
    """A caption file, relative to dataset/, the place it belongs to, and what it says now, with [trigger]."""

    name: str
    place: str
    caption: str


def edited_captions(root: Path, before: Mapping[str, LockedImage]) -> list[str]:
    """List the caption files in dataset/ (relative to it) whose words are no longer those we wrote."""
    return [name for name, _ in _edited(root, before)]


def _edited(root: Path, before: Mapping[str, LockedImage]) -> list[tuple[str, str]]:
    """List (caption file, its place)."""
    changed = []
    for place, image in sorted(before.items()):
        ours = image.caption_digests
        for name in image.caption_files(place):
            path = root / "dataset" / name
            if files.plain(path) and files.sha256(path) not in ours and _digest_as_written(_text(path)) not in ours:
                changed.append((name, place))
    return changed


def _text(path: Path) -> str:
    return " ".join(metadata.decode(files.read(path)).split())


def _digest_as_written(text: str) -> str:
    """Return the digest of the file as we would have written it: an editor's own line end is no edit."""
    return hashlib.sha256(f"{text}\n".encode()).hexdigest()


def adopt_captions(root: Path, header: str, current: Mapping[str, str]) -> list[str]:
    """Take edited captions over into decisions/captions.yaml; return the paths of the pictures.

    `header` begins the file if there is none yet; `current`: path -> digest of the pictures there are, so that a
    renamed one is found. Raises UserError with every case, and writes nothing, if a decision changed too since
    dataset/ was built, if two copies of a caption were edited differently, or if nothing is left of a caption.
    """
    before = read_manifest(root)
    found: dict[str, list[_EditedCaption]] = {}
    renamed = {digest: path for path, digest in current.items()}
    for name, place in _edited(root, before):
        image = before[place]
        if image.path:  # else an interrupted build left it, and the next one writes it again
            path = image.path if image.path in current else renamed.get(image.digest, image.path)
            found.setdefault(path, []).append(_EditedCaption(name, place, _caption(root, name, image)))
    if not found:
        return []
    given = decisions.read_decisions(root, "captions")
    problems: list[Problem] = []
    adopted: list[str] = []
    wanted: dict[str, str] = {}  # key in the decision file -> caption
    agreed: list[tuple[_EditedCaption, str]] = []
    for path, edits in sorted(found.items()):
        image, caption = before[edits[0].place], edits[0].caption
        entry, _ = resolution.entry_for(given, path, image.digest)
        now = str(entry.data.get("caption", "")) if entry else ""
        problem = _problem(path, edits, now, entry, image)
        if problem:
            problems.append(problem)
            continue
        key = entry.key if entry else path
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


def _caption(root: Path, name: str, image: LockedImage) -> str:
    """Read a caption as decisions/captions.yaml would say it: with [trigger], and without the copy's background."""
    text = _text(root / "dataset" / name)
    if isinstance(image.background, str):
        text = without_background(text, image.background)
    text = text.removeprefix(image.before or "")
    return re.sub(rf"^{re.escape(image.trigger)}(?!\w)", "[trigger]", text, flags=re.IGNORECASE)


def _problem(
    path: str, edits: list[_EditedCaption], now: str, entry: Entry | None, image: LockedImage
) -> Problem | None:
    """Say why the edits of one picture cannot be taken over; `now`: the caption that its decision holds, if any."""
    first = edits[0]
    if not first.caption.replace("[trigger]", "").strip(" ,"):
        return Problem(
            "you left nothing of this caption, and no words say what is in the picture",
            f"dataset/{first.name}",
            "Write what is in it, or delete this file to have the earlier caption back.",
        )
    if any(edit.caption != first.caption for edit in edits):
        both = "\n".join(f"dataset/{edit.name}: {edit.caption}" for edit in edits)
        return Problem(
            "you edited two captions of this picture, differently", path, "Make them the same, then run it again.", both
        )
    if now != first.caption and decision_digest(entry) != image.decided:
        both = f"dataset/{first.name}: {first.caption}\n{_DECISIONS}: {now or 'no caption any more'}"
        return Problem(
            "its caption was edited in both places since the dataset was built; nothing is written",
            path,
            f"Write the one you want into both, or delete dataset/{first.name} to keep the one in {_DECISIONS}.",
            both,
        )
    return None


def _write(root: Path, wanted: Mapping[str, str], header: str) -> None:
    """Write all captions in one edit: the value of an entry that is there, else a line of its own."""
    if not (root / _DECISIONS).exists():
        decisions.update_questions(root, "captions", header, [])
    doc = decisions.load_document(root, "captions")
    there = doc.data if doc else {}
    values = {
        key: {"caption": caption, **({"verdict": "adjust"} if "verdict" in there.get(key, {}) else {})}
        for key, caption in sorted(wanted.items())
    }
    try:
        decision_edits.write_answers(root, "captions", values, doc.digest if doc else "")
    except decision_edits.Changed:
        raise UserError(
            "changed while your captions were taken over; nothing was written", place=_DECISIONS, hint="Run it again."
        ) from None


def _agree(root: Path, before: dict[str, LockedImage], agreed: list[tuple[_EditedCaption, str]]) -> None:
    """Note in the manifest what both say now, so that the next edit is told from this one."""
    given = decisions.read_decisions(root, "captions")
    for edit, key in agreed:
        old = before[edit.place]
        copies = old.caption_files(edit.place)
        before[edit.place] = replace(
            old,
            was=old.caption if len(copies) > 1 else old.was,  # the other copy is as we wrote it
            caption=files.sha256(root / "dataset" / edit.name),
            decided=decision_digest(given.entries.get(key)),
        )
    write_manifest(root, before)
