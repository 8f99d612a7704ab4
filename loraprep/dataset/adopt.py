"""Move captions that a person edited in dataset/, with whatever editor, to decisions/captions.yaml."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec import UNSET
from msgspec.structs import replace

from loraprep.captions import objects
from loraprep.core import files
from loraprep.core.dataset_lock import LockedImage, at
from loraprep.core.errors import Problem, UserError
from loraprep.dataset.manifest import read_manifest, write_manifest
from loraprep.dataset.outputs import decision_digest, line_digest, without_background
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
            if files.plain(path) and files.sha256(path) not in ours and not _as_written(path, image, ours):
                changed.append((name, place))
    return changed


def _text(path: Path) -> str:
    return " ".join(metadata.decode(files.read(path)).split())


def _as_written(path: Path, image: LockedImage, ours: Collection[str]) -> bool:
    """Say whether a file is as we would have written it: an editor's own line ends are no edit."""
    if image.lines:
        return _lines(path) == image.lines
    return hashlib.sha256(f"{_text(path)}\n".encode()).hexdigest() in ours


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
            found.setdefault(path, []).extend(
                _EditedCaption(name, place, text) for text in _captions(root, name, image)
            )
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
        problem = _problem(root, path, edits, now, entry, image)
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


def _lines(path: Path) -> tuple[str, ...]:
    return tuple(line_digest(line) for line in metadata.decode(files.read(path)).splitlines() if line.strip())


def _captions(root: Path, name: str, image: LockedImage) -> list[str]:
    """Read what somebody wrote into a caption file, as decisions/captions.yaml would say it.

    With [trigger], and without the copy's background. Of a file that we gave several lengths it is the lines that are
    new; where none is, lines were taken out, and the first that is left is meant.
    """
    if not image.lines:
        return [_said(_text(root / "dataset" / name), image)]
    lines = [line for line in metadata.decode(files.read(root / "dataset" / name)).splitlines() if line.strip()]
    new = [line for line in lines if line_digest(line) not in image.lines]
    return [_said(" ".join(line.split()), image) for line in new or lines[:1] or [""]]


def _said(text: str, image: LockedImage) -> str:
    if isinstance(image.background, str):
        text = without_background(text, image.background)
    text = text.removeprefix(image.before or "")

    def unfilled(first: str) -> str:
        if not image.trigger:
            return first
        return re.sub(rf"^{re.escape(image.trigger)}(?!\w)", "[trigger]", first, flags=re.IGNORECASE)

    return objects.with_first(text, unfilled)


def _problem(
    root: Path, path: str, edits: list[_EditedCaption], now: str, entry: Entry | None, image: LockedImage
) -> Problem | None:
    """Say why the edits of one picture cannot be taken over; `now`: the caption that its decision holds, if any."""
    first = edits[0]
    if not first.caption.replace("[trigger]", "").strip(" ,"):
        return Problem(
            "you left nothing of this caption, and no words say what is in the picture",
            at(root, first.name),
            "Write what is in it, or delete this file to have the earlier caption back.",
        )
    if any(edit.caption != first.caption for edit in edits):
        both = "\n".join(f"{at(root, edit.name)}: {edit.caption}" for edit in edits)
        if len({edit.name for edit in edits}) == 1:
            hint = "Your own caption is the only one of its picture: keep one of these lines, then run it again."
            return Problem("you edited two captions of this picture, differently", path, hint, both)
        return Problem(
            "you edited two captions of this picture, differently", path, "Make them the same, then run it again.", both
        )
    if now != first.caption and decision_digest(entry) != image.decided:
        both = f"{at(root, first.name)}: {first.caption}\n{_DECISIONS}: {now or 'no caption any more'}"
        return Problem(
            "its caption was edited in both places since the dataset was built; nothing is written",
            path,
            f"Write the one you want into both, or delete {at(root, first.name)} to keep the one in {_DECISIONS}.",
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
            lines=_lines(root / "dataset" / edit.name) if old.lines else UNSET,
            decided=decision_digest(given.entries.get(key)),
        )
    write_manifest(root, before)
