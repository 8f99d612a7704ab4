"""responses/: what a vision model saw, one file a picture, kept for good. Seen once, never paid for twice.

A file is named after the digest of images/NAME, or of all pictures of a pair together, and holds every answer in the
order they came; nothing in it is ever taken out. No key, no address and no path is in it, so it can go into git, and a
clone needs no key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from loraprep.captions.vision.form import Json, SeenElements
from loraprep.core import files, typed
from loraprep.core.errors import Problem, UserError

FOLDER = "responses"
VERSION = 1  # of the file's form
TRIES = 2  # a cut off or unusable reply is asked for once more, then it stands

State = Literal["seen", "refused", "truncated", "unclear"]
Request = Literal["", "ask", "again", "larger"]
Parameters: TypeAlias = dict[str, str | int | float | bool | None]


class AnswerSettings(msgspec.Struct, frozen=True):
    """What an answer was asked with: it decides whether asking again could say something else."""

    captioner: str
    model: str
    prompt: str  # digest of the instructions, 12 hex digits
    examples: str  # digest of the examples, "" without any
    parameters: Parameters
    schema: int  # version of schemas/elements.schema.json


class Answer(AnswerSettings, frozen=True):
    """One reply about one picture, and what it was asked with. Keys of later versions are ignored.

    `state`: "seen"; "refused"; "truncated" (cut off before its end); "unclear" (not in the form asked for).
    """

    state: State
    elements: SeenElements = SeenElements()
    detail: str = ""  # why not, in a few words
    usage: dict[str, int] = msgspec.field(default_factory=dict)  # kind of tokens -> number

    @property
    def settings(self) -> AnswerSettings:
        """What it was asked with."""
        return AnswerSettings(self.captioner, self.model, self.prompt, self.examples, self.parameters, self.schema)


class Answers(msgspec.Struct, frozen=True):
    """Every answer about one picture, in the order they came."""

    listed: tuple[Answer, ...] = ()

    @property
    def current(self) -> Answer | None:
        """The one that counts: the last that saw something, else the last."""
        seen = [a for a in self.listed if a.state == "seen"]
        return seen[-1] if seen else self.listed[-1] if self.listed else None

    def by(self, captioner: str) -> Answers:
        """Return only those that this captioner gave."""
        return Answers(tuple(a for a in self.listed if a.captioner == captioner))

    def next_request(self, captioner: str, since: int = 0, *, alone: bool = False) -> Request:
        """Say what this captioner still has to ask, judged by the answers from number `since` on.

        "" once anybody saw the picture (`alone`: once this one did) or this captioner's answer stands; "larger" after a
        reply that was cut off.
        """
        given = Answers(self.listed[since:]).by(captioner).listed if alone else self.listed[since:]
        if any(a.state == "seen" for a in given):
            return ""
        own = [a for a in given if a.captioner == captioner]
        if not own:
            return "ask"
        if own[-1].state == "refused" or len(own) >= TRIES:
            return ""
        return "larger" if own[-1].state == "truncated" else "again"


@dataclass(frozen=True, slots=True)
class Store:
    """The folder responses/ of a project."""

    root: Path

    def _path(self, digest: str) -> Path:
        return files.under(self.root / FOLDER, f"{digest}.json", FOLDER)

    def read(self, digest: str) -> Answers:
        """Read the answers about the picture with that digest. Raises UserError naming a file that cannot be read."""
        return Answers(tuple(_answer(digest, raw) for raw in self._raw(digest)))

    def _raw(self, digest: str) -> list[Json]:
        """Read the answers as they stand in the file."""
        try:
            data: Json = files.read_json(self._path(digest))
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise _damaged(digest, str(error)) from None
        version = data.get("version") if isinstance(data, dict) else None
        answers = data.get("answers") if isinstance(data, dict) else None
        if isinstance(version, int) and version > VERSION:
            raise _damaged(digest, "it was written by a newer loraprep")
        if not isinstance(version, int) or not isinstance(answers, list):
            raise _damaged(digest, f"it lacks {'answers' if isinstance(version, int) else 'version'!r}")
        return answers

    def read_all(self, digests: Iterable[str]) -> dict[str, Answers]:
        """Read digest -> its answers, for those that have any. Raises UserError with every damaged file."""
        found: dict[str, Answers] = {}
        problems: list[Problem] = []
        for digest in sorted(set(digests)):
            try:
                answers = self.read(digest)
            except UserError as error:
                problems += error.problems
                continue
            if answers.listed:
                found[digest] = answers
        if problems:
            raise UserError.many(problems)
        return found

    def add(self, digest: str, answer: Answer) -> Answers:
        """Append the answer and return all of them; it is on disk, whole and synced, before this returns.

        Earlier answers are written back as they were. Raises UserError if the file cannot be read.
        """
        before = self.read(digest)
        answers = [*self._raw(digest), msgspec.to_builtins(answer)]
        files.write_json(self._path(digest), {"version": VERSION, "answers": answers})
        return Answers((*before.listed, answer))

    def fingerprint(self, digests: Iterable[str] | None = None) -> str:
        """Digest the files' names and contents: of those pictures, or of all there are."""
        folder = self.root / FOLDER
        names = (
            [p.name for p in files.listed(folder, ".json")]
            if digests is None
            else sorted(f"{d}.json" for d in set(digests))
        )
        total = hashlib.sha256()
        for name in names:
            path = folder / name
            total.update(f"{name}:{files.sha256(path) if path.is_file() else ''}\n".encode())
        return total.hexdigest()


def _answer(digest: str, data: Json) -> Answer:
    try:
        return typed.convert(data, Answer)
    except msgspec.ValidationError as error:
        raise _damaged(digest, str(error)) from None


def _damaged(digest: str, why: str) -> UserError:
    return UserError(
        f"this stored answer cannot be read: {why}",
        place=f"{FOLDER}/{digest}.json",
        hint="Bring it back from git. If you delete it, the picture is asked about again, which costs.",
    )


def digest_of(texts: Sequence[str]) -> str:
    """Return 12 hex digits for a list of texts, "" for an empty one."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12] if texts else ""
