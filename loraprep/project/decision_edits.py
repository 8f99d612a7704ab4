"""Answers written into decisions/*.yaml as a person would in an editor: the values named change, nothing else."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec

from loraprep.core import files, yamlfile
from loraprep.core.errors import UserError
from loraprep.core.files import Json
from loraprep.core.yamlfile import Document
from loraprep.project import decisions, schema, together

_HEADERS = {
    "gate": "# Findings you know and accept, each with your reason; the report quotes it. New pictures are asked about "
    "again.\n",
    "crops": "# Which part of a picture trains, and how it is turned. Nothing in images/ is ever changed.\n",
}
_FREE = ("crops",)  # whose entries get fields and lose them (None) as a person draws


class Changed(Exception):
    """The file is no longer what the answer was given to. `now`: its digest, "" if it is gone; `text`: the entry."""

    def __init__(self, name: str, now: str, text: str, line: str) -> None:
        self.name, self.now, self.text, self.line = name, now, text, line
        super().__init__(name)


class Written(msgspec.Struct, frozen=True):
    """What an edit did. `lines`: (number from 1, text) of every line that is new; `digest`: the file's now.

    `before` and `after` are whole texts (None: no file), `was` and `put` what the keys named said (as `write_answers`
    takes it), so that `restore` can take the edit back.
    """

    kind: str
    lines: list[tuple[int, str]]
    digest: str
    before: str | None
    after: str | None
    was: dict[str, Json]
    put: dict[str, Json]


def write_answers(
    root: Path, kind: str, values: Mapping[str, Json], expected: str, *, keep_file: bool = False
) -> Written:
    """Write answers into decisions/<kind>.yaml, changing one line for each value; an entry of crops is one line.

    `values`: key -> value for a plain key such as "rest", or key -> {field: value} for an entry. An entry that is
    not there is appended on a line of its own; None takes a hand-written entry out, and of crops a field. `expected`:
    sha256 of the file as it was read, "" for none. A file that says nothing any more goes, but for `keep_file`: a run
    that is under way counts on it. Raises Changed if it is another one now, and UserError if the answer
    breaks the schema, names a field that the entry lacks, or cannot be written without touching something else.
    """
    path, name = decisions.decision_file(root, kind)
    with decisions.locked(root):
        doc = decisions.load_document(root, kind)
        answer = decisions.ANSWERS.get(kind, "")
        given, was = values, {key: _said(doc, key, value, answer) for key, value in values.items()}
        values = together.as_written(doc.data or {}, given, answer) if doc is not None else given
        _check(doc, expected, name, next(iter(values)), values)
        before = doc.text if doc else None
        there = doc or _parsed(_empty(kind), name)
        if kind in _FREE:
            text, wanted = _put(there, {key: _whole(there, key, value) for key, value in values.items()}, whole=True)
        else:
            text, wanted = _put(there, values)
        if not keep_file and not wanted and text.strip() == _empty(kind).strip():  # nothing of a person's is in it
            files.remove(path)
            return Written(kind, [], "", before, None, was, dict(given))
        edited = yamlfile.parse(text, name, path, comments_alone=True)
        decisions.take_bare_names(edited, answer)  # as what was there before was read
        if edited.data != wanted:
            raise UserError(
                "this entry is written in a way that only an editor can change",
                place=name,
                hint=f"Write it there: {_spelled(values)}",
            )
        # what the other entries say was asked of the schema when they were read
        if found := schema.problems(replace(edited, data={k: v for k, v in wanted.items() if k in values}), kind):
            raise UserError.many(found)
        if found := decisions.misread(edited, answer):
            raise UserError.many(found)
        yamlfile.save(path, text, doc.digest if doc else None)
        digest = files.sha256(path)
        decisions.remember(path, edited, digest)
        return Written(kind, _new_lines(before or "", text), digest, before, text, was, dict(given))


def restore(root: Path, done: Written) -> Written:
    """Take an edit back, byte for byte if nobody edited the file since, else only the values it wrote.

    Raises Changed if one of those is another one by now, and UserError as `write_answers` does.
    """
    path, name = decisions.decision_file(root, done.kind)
    with decisions.locked(root):
        doc = decisions.load_document(root, done.kind)
        now = doc.text if doc else None
        if (doc.digest if doc else "") == done.digest:
            if done.before is None:
                files.remove(path)
                return Written(done.kind, [], "", now, None, done.put, done.was)
            yamlfile.save(path, done.before, doc.digest if doc else None)
            lines = _new_lines(now or "", done.before)
            return Written(done.kind, lines, files.sha256(path), now, done.before, done.put, done.was)
        for key, value in done.put.items():
            if _said(doc, key, value, decisions.ANSWERS.get(done.kind, "")) != value:
                _check(doc, done.digest, name, key, {key: done.was[key]})
    return write_answers(root, done.kind, done.was, doc.digest if doc else "")


def _said(doc: Document | None, key: str, value: Json, answer: str) -> Json:
    """Return what the file says where `value` is put: of an entry those fields alone, None if it is not there.

    `answer`: the field of a question's answer.
    """
    data = doc.data if doc is not None and isinstance(doc.data, dict) else {}
    there = data.get(key)
    if (within := together.holder(data, key)) is not None:
        there = next(part.data for part in together.parts(data[within], answer) if part.key == key)
    if isinstance(value, Mapping) and isinstance(there, Mapping):
        return {field_: there.get(field_) for field_ in value}
    return copy.deepcopy(there)


def document_digest(root: Path, kind: str) -> str:
    """Return the sha256 of decisions/<kind>.yaml, "" without one."""
    path, _ = decisions.decision_file(root, kind)
    return files.sha256(path) if path.is_file() else ""


def _parsed(text: str, name: str) -> Document:
    return yamlfile.parse(text, name, comments_alone=True)


def _empty(kind: str) -> str:
    return decisions.schema_line(kind) + _HEADERS[kind] if kind in _HEADERS else decisions.empty_file(kind, "")


def _line(key: str, value: Json) -> str:
    return f"{yamlfile.dump(key)}: {yamlfile.dump(value)}"


def _spelled(values: Mapping[str, Json]) -> str:
    return "\n".join(_line(key, value) for key, value in values.items())


def _check(doc: Document | None, expected: str, name: str, key: str, values: Mapping[str, Json]) -> None:
    now = doc.digest if doc else ""
    if now != expected:
        there = doc is not None and isinstance(doc.data, dict) and key in doc.data
        raise Changed(name, now, yamlfile.entry_text(doc, key).rstrip() if doc and there else "", _spelled(values))


def _whole(doc: Document, key: str, value: Json) -> Json:
    """Return all that an entry says once some of its fields are others; None if it says nothing any more."""
    there = doc.data.get(key) if isinstance(doc.data, dict) else None
    fields = {**(there if isinstance(there, Mapping) else {}), **(value if isinstance(value, Mapping) else {})}
    return {name: item for name, item in fields.items() if item is not None} or None


def _put(doc: Document, values: Mapping[str, Json], *, whole: bool = False) -> tuple[str, dict[str, Json]]:
    """Return the text with those values in their places, and what it has to say then. `whole`: of entries, all of it.

    Each entry is edited by itself, so that many in a large file cost no more than reading it.
    """
    wanted: dict[str, Json] = {**doc.data}  # entries are put in anew, never changed
    entries = yamlfile.texts(doc)
    changes: dict[str, str | None] = {}
    new = ""
    for key, value in values.items():
        if key not in entries and value is None:
            continue
        if key not in entries:
            wanted[key] = copy.deepcopy(value)
            new += _line(key, value) + "\n"
        elif value is None and isinstance(wanted[key], dict):
            del wanted[key]
            changes[key] = None
        elif whole:
            wanted[key] = copy.deepcopy(value)
            changes[key] = f"{_line(key, value)}{_remark(doc, key, entries[key], value)}\n"
        else:
            there = wanted[key]
            fields = there if isinstance(there, Mapping) else {}
            text = entries[key].replace("\r\n", "\n")
            for field_, item in value.items() if isinstance(value, Mapping) else [("", value)]:
                if field_ and field_ not in fields:
                    raise _lost(doc, key, field_, item)
                text = yamlfile.set_value(_parsed(text, doc.name), [key, field_] if field_ else [key], item)
            wanted[key] = {**fields, **value} if isinstance(value, Mapping) else value
            changes[key] = text
    return yamlfile.rewrite(doc, changes, [new] if new else []), wanted


def _remark(doc: Document, key: str, text: str, value: Json) -> str:
    """Return the comment at the end of an entry of one line. Raises UserError if comments stand anywhere else in it."""
    said = _parsed(text, doc.name).data
    found = []
    for match in re.finditer(r"(?:^|(?<=\s))#", text):
        end = text.find("\n", match.start())
        without = text[: match.start()] + (text[end:] if end >= 0 else "")
        try:
            found += [text[match.start() : end]] if _parsed(without, doc.name).data == said else []
        except UserError:  # it was a sign inside a name
            continue
    if not found:
        return ""
    if len(found) == 1 and text.rstrip().count("\n") == 0:
        return f"  {found[0].rstrip()}"
    raise UserError(
        "comments stand inside this entry, so only an editor can change it",
        place=doc.name,
        hint=f"Write it there: {_line(key, value)}",
    )


def _lost(doc: Document, key: str, field_: str, item: Json) -> UserError:
    """Say at its place that an entry lost one of its lines."""
    message = f'this entry has no line "{field_}" any more'
    return UserError.many([doc.problem([key], message, f"Write it there: {_line(field_, item)}", at_key=True)])


def _new_lines(before: str, after: str) -> list[tuple[int, str]]:
    """List (number from 1, text) of what is new, where values changed in place and lines were added at one spot."""
    old, new = before.splitlines(), after.splitlines()
    start = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    left, changed = old[start : len(old) - end], new[start : len(new) - end]
    in_place = len(left) <= len(changed)
    return [
        (start + n + 1, line)
        for n, line in enumerate(changed)
        if line.strip() and not (in_place and n < len(left) and left[n] == line)
    ]
