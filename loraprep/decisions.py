"""decisions/*.yaml: the tool appends questions, the person answers, and nothing answered is ever lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from loraprep import crops, schema, yamlfile
from loraprep.errors import UserError
from loraprep.yamlfile import Document

KINDS = ("quality", "duplicates", "captions", "curation")
# The key whose value is the answer. A caption alone (written by hand) is an answer too.
ANSWERS = {"quality": "do", "duplicates": "keep", "captions": "verdict", "curation": "answer"}
_SHORT = 12  # hex digits of a digest that an entry shows


@dataclass(frozen=True, slots=True)
class Question:
    """What a phase wants to ask. `entry` holds the answer's key with None; `digests`: path -> sha256."""

    key: str
    entry: dict[str, Any]
    digests: dict[str, str]
    comments: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a decision file says under one key. `digests`: path -> first 12 hex digits, {} if written by hand."""

    key: str
    data: dict[str, Any]
    digests: dict[str, str]
    touched: bool  # a person changed it, or wrote it


@dataclass(frozen=True, slots=True)
class Decisions:
    """A decision file as it stands. `rest`: "recommended" accepts everything still open."""

    rest: str | None = None
    entries: dict[str, Entry] = field(default_factory=dict)


def _place(root: Path, kind: str) -> tuple[Path, str]:
    return root / "decisions" / f"{kind}.yaml", f"decisions/{kind}.yaml"


def _load(root: Path, kind: str) -> Document | None:
    path, name = _place(root, kind)
    if not path.exists():
        return None
    doc = yamlfile.load(path, name)
    if found := schema.problems(doc, kind):
        raise UserError.many(found)
    return doc


def read(root: Path, kind: str) -> Decisions:
    """The answers so far; no file counts as none. Raises UserError with every problem and its place."""
    doc = _load(root, kind)
    given = _decisions(doc) if doc else Decisions()
    if kind == "captions":  # a detail's caption stands beside its box; one in captions.yaml wins
        for path, caption in crops.captions(root).items():
            given.entries.setdefault(path, Entry(path, {"caption": caption}, {}, True))
    return given


def _decisions(doc: Document) -> Decisions:
    entries = {}
    for key, value in doc.data.items():
        if key == "rest":
            continue
        data = {k: v for k, v in value.items() if k != "digests"}
        touched = not yamlfile.untouched(yamlfile.entry_text(doc, key))
        entries[key] = Entry(key, data, dict(value.get("digests", {})), touched)
    return Decisions(doc.data.get("rest"), entries)


def ask(
    root: Path, kind: str, header: str, questions: Sequence[Question], current: Mapping[str, str] | None = None
) -> Decisions:
    """Brings decisions/<kind>.yaml up to date with what is asked now.

    Open entries that nobody touched are rewritten, or taken out if the question is gone; answered and
    touched ones are never changed; new questions are appended. `current`: path -> sha256 of every picture,
    so that the question of a renamed picture moves along.
    """
    path, name = _place(root, kind)
    doc = _load(root, kind)
    text = doc.text if doc else _fresh(kind, header)
    wanted = {q.key: q for q in questions}
    answer = ANSWERS[kind]
    for key, entry in (_decisions(doc).entries if doc else {}).items():
        open_ = not entry.touched and entry.data.get(answer) is None
        now = yamlfile.parse(text, name)
        if key not in wanted and open_:
            text = yamlfile.remove_entry(now, key)
        elif key in wanted:
            if open_:
                text = yamlfile.replace_entry(now, key, _text(wanted[key]))
            del wanted[key]
    for key in sorted(wanted):
        text = yamlfile.append(text, _text(wanted[key]))
    yamlfile.save(path, text, doc.digest if doc else None)
    return _decisions(yamlfile.parse(text, name))


def _fresh(kind: str, header: str) -> str:
    language = f"# yaml-language-server: $schema=../schemas/{kind}.schema.json\n"
    rest = 'rest: null  # write "recommended" to accept everything below that is still open\n'
    return f"{language}{header.rstrip()}\n{rest}"


def _text(question: Question) -> str:
    short = {path: digest[:_SHORT] for path, digest in sorted(question.digests.items())}
    return yamlfile.signed(yamlfile.block(question.key, {**question.entry, "digests": short}, question.comments))


def entry_for(
    decisions: Decisions, path: str, digest: str
) -> tuple[Entry | None, Literal["exact", "renamed", "retouched", ""]]:
    """The entry about this picture: under its path, or, after a rename, under the path it had before."""
    here = decisions.entries.get(path)
    if here is not None:
        known = here.digests.get(path)
        return here, "exact" if known in (None, digest[:_SHORT]) else "retouched"
    for entry in decisions.entries.values():
        if digest[:_SHORT] in entry.digests.values():
            return entry, "renamed"
    return None, ""


def stale(decisions: Decisions, current: Mapping[str, str]) -> list[str]:
    """Keys of answered or touched entries all of whose pictures are gone, followed by digest."""
    present = {digest[:_SHORT] for digest in current.values()}
    return sorted(
        entry.key
        for entry in decisions.entries.values()
        if entry.key not in current
        and not any(path in current or digest in present for path, digest in entry.digests.items())
    )


def accepted(root: Path) -> dict[str, dict[str, Any]]:
    """decisions/gate.yaml: finding code -> {accept, images, reason}; {} without the file."""
    path, name = _place(root, "gate")
    if not path.exists():
        return {}
    doc = yamlfile.load(path, name)
    if found := schema.problems(doc, "gate"):
        raise UserError.many(found)
    data: dict[str, dict[str, Any]] = doc.data
    return data
