"""What counts for a question, who said so, and which picture an answer is about after renames and retouches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from loraprep.project.decisions import SHORT, Answer, Decisions, Entry, Question

By = Literal["you", "rule", "recommendation"]
Match = Literal["exact", "renamed", "retouched", ""]  # how an entry and a picture belong together; "": not at all


class Resolution(msgspec.Struct, frozen=True):
    """What counts for a question.

    `answer`: the person's, else the recommendation (None where nothing is recommended). `open`: nobody answered, or
    the picture changed since, and the recommendation is not accepted for all. `match`: how `entry` was found.
    """

    answer: Answer | None
    by: By
    open: bool
    match: Match = ""
    entry: Entry | None = None


def settle(
    answer: Answer | None,
    given: Decisions,
    *,
    auto: bool,
    recommended: Answer | None = None,
    recommends: bool = True,
    changed: bool = False,
) -> Resolution:
    """Resolve a question whose `answer` has been looked up; None: nobody gave one.

    `auto`: project.yaml's review for this kind of question. `changed`: the answer was about other pixels. Where
    nothing is recommended (not `recommends`) there is nothing to accept: only a person settles it.
    """
    return Resolution(
        answer=recommended if answer is None or answer == "recommended" else answer,
        by="you" if answer is not None else "rule" if auto else "recommendation",
        open=(answer is None or changed) and not (recommends and given.accepts(auto=auto)),
    )


def resolve(question: Question, given: Decisions, *, auto: bool, follow: bool = False) -> Resolution:
    """Say what counts for `question`, by the entry of its key.

    With `follow` the key is the path of the one picture asked about, and its entry is found after a rename, too.
    """
    match: Match
    if follow:
        entry, match = entry_for(given, question.key, question.digests[question.key])
    else:
        entry = given.entries.get(question.key)
        match = "exact" if entry else ""
    settled = settle(
        entry.answer if entry else None,
        given,
        auto=auto,
        recommended=question.entry.get("recommended"),
        recommends=question.entry.get("recommended") is not None,
        changed=match == "retouched",
    )
    return msgspec.structs.replace(settled, match=match, entry=entry)


def waiting(questions: Iterable[Question], given: Decisions, *, auto: bool) -> list[str]:
    """The keys of the questions that still wait for an answer, sorted."""
    return sorted(q.key for q in questions if resolve(q, given, auto=auto).open)


def taken_by_rest(before: Decisions, asked: Iterable[Question]) -> list[Question]:
    """Return the questions that `rest: recommended` answers though nobody could have seen them when it was written.

    They are new in the file, or recommend something else now. `before`: the file as it stood.
    """
    if before.rest != "recommended":
        return []
    found = []
    for question in asked:
        entry, recommended = before.entries.get(question.key), question.entry.get("recommended")
        open_still = entry is None or entry.answer is None
        if recommended is not None and open_still and recommended != (entry.data.get("recommended") if entry else None):
            found.append(question)
    return found


def entry_for(given: Decisions, path: str, digest: str) -> tuple[Entry | None, Match]:
    """Find the entry about a picture: under its path, or, after a rename, under the path it had before.

    After a retouch, or where it was asked again, it is the earlier answer, until the later question has one.
    """
    here = given.entries.get(path)
    if here is not None:
        about = [e for e in (here, *_again(given, path)) if e.digests.get(path) in (None, digest[:SHORT])]
        answered = [e for e in about if e is here or _settles(e)]
        return (answered[-1], "exact") if answered else (here, "retouched")
    about = given.by_digest.get(digest[:SHORT], [])
    answered = [e for e in about if _settles(e)]
    return ([*about[:1], *answered][-1], "renamed") if about else (None, "")


def _settles(entry: Entry) -> bool:
    """Say whether a person gave an answer: the value asked for, or a caption edited without a word."""
    return entry.answer is not None or (entry.touched and not entry.answered and "caption" in entry.data)


def last_asked(given: Decisions, path: str) -> Entry | None:
    """Return what was asked last about the picture at `path`: its entry, or the last "(again)"."""
    asked = [entry for entry in (given.entries.get(path), *_again(given, path)) if entry]
    return asked[-1] if asked else None


class Present:
    """The pictures there are, to find those again that an entry names. `digests`: path -> sha256."""

    def __init__(self, digests: Mapping[str, str]) -> None:
        self._digests = {path: digest[:SHORT] for path, digest in digests.items()}
        self._paths = {digest: path for path, digest in sorted(self._digests.items(), reverse=True)}

    def find(self, path: str, digest: str) -> tuple[str, Match]:
        """Return where the picture is now that an entry names with this short digest ("": written by hand)."""
        here = self._digests.get(path)
        if here is not None and digest in ("", here):
            return path, "exact"
        if digest in self._paths:
            return self._paths[digest], "renamed"
        return path, "retouched" if here is not None else ""


def again_key(given: Decisions, path: str) -> str:
    """Return the key under which a retouched picture is asked about again, beside the answer that stands."""
    answered = sum(entry.answer is not None for entry in _again(given, path))
    return _again_key(path, answered)


def _again(given: Decisions, path: str) -> Sequence[Entry]:
    found: list[Entry] = []
    while entry := given.entries.get(_again_key(path, len(found))):
        found.append(entry)
    return found


def _again_key(path: str, earlier: int) -> str:
    return f"{path} (again {earlier + 1})" if earlier else f"{path} (again)"


def stale(given: Decisions, current: Mapping[str, str]) -> list[str]:
    """Return the keys of the entries all of whose pictures are gone, followed by digest; `current`: path -> sha256.

    An entry without digests was written by hand: what it names was perhaps never there (project/mentions).
    """
    present = Present(current)
    return sorted(
        entry.key
        for entry in given.entries.values()
        if entry.digests
        and entry.key not in current
        and not any(present.find(*named)[1] for named in entry.digests.items())
    )
