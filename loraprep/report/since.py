"""What changed since the last verdict: GO yesterday, NO-GO today, and why. Pure.

What is compared lies in build/ and is of this machine's last run, so only the terminal and report.html tell of it:
the committed dataset-report.md is the same from a clone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from loraprep import __version__
from loraprep.core.files import Json, dumps
from loraprep.core.records import Caption, Gate, Image
from loraprep.core.text import listed, number_of
from loraprep.project import crops
from loraprep.project.settings import Settings

_MOST = 12  # sentences
_NOT_YET = "Not yet"  # as the verdict is told while it only waits for answers
_SHORT = 12  # hex digits
_LOUD = ("block", "warn")  # severities that are told


class FoundThen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finding that blocked or warned. `sentence` is the verdict's own."""

    severity: str
    sentence: str
    images: list[str]


class VerdictRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A verdict and what it hung on, to compare the next one with."""

    program: str  # loraprep's version
    verdict: str  # as it was told: GO, NO-GO or Not yet
    open_questions: int
    findings: dict[str, list[FoundThen]]  # by code: what blocked or warned, and was not accepted
    pictures: dict[str, str]  # in training: path -> what decides how it looks
    captions: dict[str, str]  # path -> the start of its caption's digest
    settings: dict[str, str]  # dotted key of project.yaml -> its value as JSON


def verdict_record(
    gate: Gate, kept: Sequence[str], images: Mapping[str, Image], captions: Mapping[str, Caption], settings: Settings
) -> VerdictRecord:
    """Record a verdict about the pictures `kept`."""
    found: dict[str, list[FoundThen]] = {}
    for reason in gate.reasons:
        if reason.severity in _LOUD and not reason.accepted:
            then = FoundThen(reason.severity, reason.sentence, sorted(reason.images))
            found.setdefault(reason.code, []).append(then)
    return VerdictRecord(
        program=__version__,
        verdict=_NOT_YET if gate.only_waiting else gate.verdict,
        open_questions=sum(len(keys) for keys in gate.waiting.values()),
        findings=found,
        pictures={path: crops.shown(images[path]) for path in kept if path in images},
        captions={path: _short(captions[path].text) for path in kept if path in captions},
        settings=dict(_flat(msgspec.to_builtins(settings))),
    )


def changes(before: VerdictRecord, after: VerdictRecord) -> list[str]:
    """Say what changed between two verdicts, at most twelve short sentences, the verdict first; [] if nothing did."""
    told = [
        *_verdict(before, after),
        *_declared(before, after),
        *_pictures(before, after),
        *_findings(before, after),
    ]
    return told if len(told) <= _MOST else [*told[: _MOST - 1], f"And {len(told) - _MOST + 1} changes more."]


def _verdict(before: VerdictRecord, after: VerdictRecord) -> Iterator[str]:
    if before.verdict != after.verdict:
        yield f"The verdict was {before.verdict} and is {after.verdict} now."
    asked = after.open_questions - before.open_questions
    if asked > 0:
        yield f"{number_of(asked, 'more question waits', 'more questions wait')} for your answer."
    elif asked < 0:
        yield f"{number_of(-asked, 'question fewer waits', 'questions fewer wait')} for your answer."


def _declared(before: VerdictRecord, after: VerdictRecord) -> Iterator[str]:
    for key in sorted(before.settings.keys() | after.settings.keys()):
        was, now = before.settings.get(key, "not there"), after.settings.get(key, "not there")
        if was != now and before.program == after.program:
            yield f"project.yaml: {key} was {was} and is {now}."
        elif was != now and key in before.settings and key in after.settings:
            yield f"{key} was {was} and is {now}."  # perhaps another default
    if before.program != after.program:
        yield f"loraprep {before.program} judged then, {after.program} now."


def _pictures(before: VerdictRecord, after: VerdictRecord) -> Iterator[str]:
    then, now = before.pictures, after.pictures
    both = sorted(then.keys() & now.keys())
    came, left = sorted(now.keys() - then.keys()), sorted(then.keys() - now.keys())
    other = [path for path in both if then[path] != now[path]]
    words = [path for path in both if before.captions.get(path) != after.captions.get(path)]
    for paths, one, many in (
        (came, "picture came", "pictures came"),
        (left, "picture left", "pictures left"),
        (other, "picture has other pixels", "pictures have other pixels"),
        (words, "caption is another", "captions are others"),
    ):
        if paths:
            yield f"{number_of(len(paths), one, many)}: {listed(paths)}."


def _findings(before: VerdictRecord, after: VerdictRecord) -> Iterator[str]:
    """What blocks comes first, and what came before what went."""
    came: list[tuple[bool, str]] = []
    for code, found in sorted(after.findings.items()):
        known = {path for then in before.findings.get(code, ()) for path in then.images}
        for one in found:
            fresh = [path for path in one.images if path not in known]
            loud = one.severity == "block"
            if code not in before.findings or (fresh and len(fresh) == len(one.images)):
                came.append((loud, f"New: {one.sentence}"))
            elif fresh:
                came.append((loud, f"New under {_words(code)}: {listed(fresh)}."))
            elif loud and all(then.severity != "block" for then in before.findings[code]):
                came.append((loud, f"Blocks now: {one.sentence}"))
    yield from (said for _, said in sorted(came, key=lambda c: not c[0]))
    for code, were in sorted(before.findings.items()):
        here = {path for one in after.findings.get(code, ()) for path in one.images}
        gone = [path for one in were for path in one.images if path not in here]
        if code not in after.findings:
            yield f"Gone: {were[0].sentence}"
        elif gone:
            yield f"No longer under {_words(code)}: {listed(gone)}."


def _words(code: str) -> str:
    return f'"{code.replace("-", " ")}"'


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_SHORT]


def _flat(value: Json, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield (dotted key, value as JSON) of every setting."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}" if key else name)
    else:
        yield key, dumps(value, indent=None).strip()
