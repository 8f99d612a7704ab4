"""decisions/*.yaml: the tool appends questions, the person answers, and nothing answered is ever lost."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec
from filelock import FileLock

from loraprep.core import files, typed, yamlfile
from loraprep.core.errors import Problem, UserError
from loraprep.core.findings import Code
from loraprep.core.nearest import did_you_mean
from loraprep.core.yamlfile import MAX_BYTES, Document
from loraprep.project import crops, noted, schema, together

KINDS = ("quality", "duplicates", "carried", "captions", "curation")
# The key whose value is the answer. A caption alone (written by hand) is an answer too.
ANSWERS = {"quality": "do", "duplicates": "keep", "captions": "verdict", "curation": "answer", "carried": "answer"}
RESERVED = frozenset({"rest", "cleaning"})  # keys of the file itself, and no picture's
_ABOUT = (
    "pictures",
    "digests",
    "strangers",
    "unlike",
    "looks",
)  # keys of an entry that say what it is about
SHORT = 12  # hex digits of a digest that an entry shows


Answer = str | list[str]


class Like(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of question of which many are asked in one entry, of this `key`. `what`: in words, with {n}."""

    key: str
    what: str


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a phase wants to ask. `entry` holds the answer's key with None; `digests`: path -> sha256."""

    key: str
    entry: dict[str, Any]
    digests: dict[str, str]
    comments: dict[str, str] = msgspec.field(default_factory=dict)
    like: Like | None = None  # None: always asked by itself


class Entry(msgspec.Struct, frozen=True):
    """What a decision file says under one key. `digests`: path -> first 12 hex digits, {} if written by hand."""

    key: str
    data: dict[str, Any]
    digests: dict[str, str]
    touched: bool  # a person changed it, or wrote it
    answered: bool = False  # touched, but nothing except the answer was changed
    within: str = ""  # the entry in which it is asked together with others

    @property
    def answer(self) -> Answer | None:
        """The value of the key that holds the answer, None while it is open."""
        given: Iterator[Answer | None] = (self.data.get(key) for key in ANSWERS.values())
        return next((answer for answer in given if answer is not None), None)


class Acceptance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finding that the artist knows and accepts, or that an answer settles. `images` None: for all of them."""

    reason: str
    accept: Literal["known"] = "known"
    images: tuple[str, ...] | None = None

    def covers(self, path: str) -> bool:
        """Say whether it is accepted for a picture."""
        return self.images is None or path in self.images


class Decisions(msgspec.Struct, frozen=True, dict=True):
    """A decision file as it stands. `rest`: "recommended" accepts everything still open.

    `joined`: key of an entry that asks many questions -> what it says for all of them.
    """

    rest: str | None = None
    entries: dict[str, Entry] = msgspec.field(default_factory=dict)
    cleaning: str | list[str] | None = None  # captions: "undo", or the rules of caption hygiene that are undone
    joined: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)

    @cached_property
    def by_digest(self) -> dict[str, list[Entry]]:
        """Short digest -> the entries about that picture, in their order: each of many pictures is looked for."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries.values():
            for digest in set(entry.digests.values()):
                found.setdefault(digest, []).append(entry)
        return found

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Return the entries in which those questions stand, sorted: as many answers are missing."""
        return sorted({e.within or e.key if (e := self.entries.get(key)) else key for key in keys})

    def accepts(self, *, auto: bool) -> bool:
        """Say whether what nobody answered takes its recommendation without waiting."""
        return auto or self.rest == "recommended"


def decision_file(root: Path, kind: str) -> tuple[Path, str]:
    """Return where a decision file is, and what messages call it."""
    return root / "decisions" / f"{kind}.yaml", f"decisions/{kind}.yaml"


def load_document(root: Path, kind: str) -> Document | None:
    """Load and check the file, None without one. One of comments alone says nothing yet.

    Raises UserError with every problem and its place; for an empty one, too, which somebody emptied.
    """
    path, name = decision_file(root, kind)
    if not path.exists():
        return None
    known = _read.get(path)
    if known is not None and known.digest == files.sha256(path):
        return known
    doc = yamlfile.load(
        path,
        name,
        comments_alone=True,
        flaws=True,
        most=MAX_BYTES,
        if_empty="Bring it back from git, or delete it; then it is written anew.",
    )
    take_bare_names(doc, ANSWERS.get(kind, ""))
    if found := schema.problems(doc, kind) or misread(doc, ANSWERS.get(kind, "")):
        raise UserError.many(found)
    _read[path] = doc
    return doc


def misread(doc: Document, answer: str) -> list[Problem]:
    """Find what an entry that asks many questions cannot mean: a list for all of them, an exception of none."""
    data = doc.data if isinstance(doc.data, dict) else {}
    lists = [
        doc.problem([key, answer], "one list of names cannot answer many questions",
                    f"Write `{answer}: recommended` here, and the list under `{together.EXCEPT}`: {{name: [names]}}.")
        for key, entry in data.items()
        if isinstance(entry, dict) and together.EACH in entry and isinstance(entry.get(answer), list)
    ]  # fmt: skip
    return lists + _unfit(doc, data, answer) + [
        doc.problem([key, together.EXCEPT, name], f'nothing is asked about "{name}" here',
                    did_you_mean(name, known) or f"Name it as it stands under `{together.EACH}`.", at_key=True)
        for key, name, known in together.unknown(data)
    ]  # fmt: skip


def _unfit(doc: Document, data: Mapping[str, Any], answer: str) -> list[Problem]:
    """Find what is said of strips and is for marks, or the other way round; other entries hold neither."""
    found = []
    for key, entry in data.items():
        if not isinstance(entry, dict) or not {"pieces", "marks"} & entry.keys():
            continue
        parted = "pieces" in entry
        hint = "Write cut, keep or recommended." if parted else "Write mask, crop, name, keep or recommended."
        given = [([key, answer], entry.get(answer))]
        given += [([key, together.EXCEPT, name], said) for name, said in (entry.get(together.EXCEPT) or {}).items()]
        unfit = ("mask", "crop", "name") if parted else ("cut",)
        found += [
            doc.problem(keys, f"{said} is no answer to this question", hint) for keys, said in given if said in unfit
        ]
    return found


def take_bare_names(doc: Document, answer: str) -> None:
    """Read `keep: a.jpg` as `keep: [a.jpg]` where the entry is about such a picture."""
    for entry in doc.data.values() if isinstance(doc.data, dict) else ():
        if not isinstance(entry, dict):
            continue
        if isinstance(but := entry.get(together.EXCEPT), dict):
            about = {name for p in together.parts(entry, answer) for name in p.data.get("pictures") or ()}
            but.update({name: [given] for name, given in but.items() if isinstance(given, str) and given in about})
        given, said = entry.get(answer), noted.spread(entry)
        if isinstance(given, str) and any(given in said.get(of, ()) for of in _ABOUT if isinstance(said.get(of), dict)):
            entry[answer] = [given]


_read: dict[Path, Document] = {}  # what was found to be in order; a run asks several times


def remember(path: Path, doc: Document, digest: str) -> None:
    """Keep what was just written, so that a page which asks after each answer reads nothing twice."""
    _read[path] = replace(doc, digest=digest)


def read_decisions(root: Path, kind: str) -> Decisions:
    """Read the answers so far; no file counts as none. Raises UserError with every problem and its place."""
    doc = load_document(root, kind)
    given = _decisions(doc, ANSWERS[kind]) if doc else Decisions()
    if kind == "captions":  # a detail's caption stands beside its box; one in captions.yaml wins
        for path, caption in crops.detail_captions(root).items():
            given.entries.setdefault(path, Entry(path, {"caption": caption}, {}, touched=True))
    return given


def decision_keys(root: Path, kind: str) -> list[str]:
    """List the keys of the entries of decisions/<kind>.yaml, sorted. Raises UserError."""

    def asked() -> _Keys:
        doc = load_document(root, kind)
        return _Keys(sorted(set(doc.data if doc else ()) - RESERVED))

    return files.remembered(root / f"build/asked-{kind}.json", decision_file(root, kind)[0], asked, _Keys).keys


def given_answers(root: Path, kind: str) -> dict[str, Answer]:
    """Map key -> answer for the answered entries of decisions/<kind>.yaml. Raises UserError."""

    def given() -> _Given:
        entries = read_decisions(root, kind).entries
        return _Given({key: entry.answer for key, entry in sorted(entries.items()) if entry.answer is not None})

    return files.remembered(root / f"build/given-{kind}.json", decision_file(root, kind)[0], given, _Given).answers


class _Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    answers: dict[str, Answer]


class _Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keys: list[str]


def _decisions(doc: Document, answer: str) -> Decisions:
    """`answer`: the key whose value is the answer."""
    entries, joined = {}, {}
    for key, text in yamlfile.texts(doc).items():
        if key in RESERVED:
            continue
        value = noted.spread(doc.data[key])
        data = {k: v for k, v in value.items() if k != "digests"}
        touched = not yamlfile.untouched(text)
        answered = touched and yamlfile.only_answered(text, answer)
        if together.EACH in value:
            joined[key] = {k: v for k, v in data.items() if k not in (together.EACH, together.EXCEPT)}
            for part in together.parts(value, answer):
                if part.key not in doc.data:  # an entry of its own wins
                    entries[part.key] = Entry(part.key, part.data, part.digests, touched, answered, key)
        else:
            entries[key] = Entry(key, data, dict(value.get("digests", {})), touched, answered)
    return Decisions(doc.data.get("rest"), entries, doc.data.get("cleaning"), joined)


def update_questions(root: Path, kind: str, header: str, questions: Sequence[Question]) -> Decisions:
    """Bring decisions/<kind>.yaml up to date with what is asked now.

    Open entries that nobody touched are rewritten, or taken out if the question is gone; answered and
    touched ones are never changed; new questions are appended.
    """
    with locked(root):
        return _ask(root, kind, header, questions)


def _ask(root: Path, kind: str, header: str, questions: Sequence[Question]) -> Decisions:
    path, name = decision_file(root, kind)
    doc = load_document(root, kind)
    given = _decisions(doc, ANSWERS[kind]) if doc else Decisions()
    answer = ANSWERS[kind]
    data = doc.data if doc else {}
    ours = {k for e in given.entries.values() if not e.touched and data[k := e.within or e.key].get(answer) is None}
    pending = [q for q in questions if (e := given.entries.get(q.key)) is None or (e.within or e.key) in ours]
    wanted = {q.key: _text(q) for q in _together(pending, answer, data.keys() - ours)}
    changes = {key: wanted.get(key) for key in sorted(ours)}
    text = yamlfile.rewrite(
        doc or yamlfile.parse(empty_file(kind, header), name),
        {**_old_form(doc, answer), **changes},
        [wanted[key] for key in sorted(wanted) if key not in data],
    )
    if doc and text == doc.text:
        return _decisions(doc, ANSWERS[kind])
    asked = yamlfile.parse(text, name, path, comments_alone=True)  # before it is written: what we write can be read
    yamlfile.save(path, text, doc.digest if doc else None)
    _read[path] = asked
    return _decisions(asked, ANSWERS[kind])


def _old_form(doc: Document | None, answer: str) -> dict[str, str]:
    """Map the keys of entries that an earlier version wrote to their text as this one writes it."""
    texts = yamlfile.texts(doc) if doc else {}
    as_now = {key: noted.moved(text, answer) for key, text in texts.items()}
    return {key: text for key, text in as_now.items() if text != texts[key]}


def _together(questions: Sequence[Question], answer: str, taken: Collection[str]) -> list[Question]:
    """Ask questions of one kind in one entry where there are many. `taken`: keys of entries that stay as they are."""
    asked = []
    for like in sorted({q.like for q in questions}, key=lambda like: like.key if like else ""):
        alike = [q for q in questions if q.like == like]
        if like is None or len(alike) <= together.FEW:
            asked += alike
            continue
        digests = {path: digest for q in alike for path, digest in q.digests.items()}
        what = like.what.format(n=len(alike))
        entry = together.joined(what, {q.key: q.entry for q in alike}, answer)
        comments = {together.EXCEPT: "answers of their own for single ones: {name.jpg: ...}"}
        asked.append(Question(_free(like.key, taken), entry, digests, comments))
    return asked


def _free(key: str, taken: Collection[str]) -> str:
    """Return the key, or with a number the first that no entry has."""
    return next(k for n in itertools.count(1) if (k := key if n == 1 else f"{key} ({n})") not in taken)


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Keep other writers out, from reading to renaming: a run of the gate and the review page may meet."""
    with FileLock(files.opened_by_others(root / "build" / "decisions.lock")):
        yield


def schema_line(kind: str) -> str:
    """Return the first line, by which an editor finds the schema."""
    return f"# yaml-language-server: $schema=../schemas/{kind}.schema.json\n"


def empty_file(kind: str, header: str) -> str:
    """Return a decision file without any question."""
    rest = 'rest: null  # write "recommended" to accept everything below that is still open\n'
    return f"{schema_line(kind)}{header.rstrip()}\n{rest}"


def _text(question: Question) -> str:
    short = {path: digest[:SHORT] for path, digest in sorted(question.digests.items())}
    fields = noted.gathered({**question.entry, "digests": short})
    return yamlfile.signed(yamlfile.block(question.key, fields, question.comments, in_line=(noted.KEY,)))


def accepted_of(root: Path, codes: Collection[Code]) -> dict[str, Acceptance]:
    """Return what decisions/gate.yaml accepts of those findings, as `accepted_findings`; not parsed while unchanged."""

    def accepted() -> _Accepted:
        return _Accepted(accepted_findings(root))

    every = files.remembered(root / "build/given-gate.json", decision_file(root, "gate")[0], accepted, _Accepted)
    return {code: known for code, known in sorted(every.findings.items()) if code in codes}


class _Accepted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    findings: dict[str, Acceptance]


def accepted_findings(root: Path) -> dict[str, Acceptance]:
    """Read decisions/gate.yaml: finding code -> what the artist accepts; {} without the file. Raises UserError."""
    doc = load_document(root, "gate")
    return typed.convert(doc.data, dict[str, Acceptance]) if doc else {}
