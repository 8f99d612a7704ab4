"""Who describes the pictures: one file a captioner, found by its name.

A captioner is a module with `describe(image, context) -> Elements`, which is pure, `SAMPLES` (its captions are shown
as samples first) and `NEEDS_APPROVAL` (it costs something, and waits until the samples are answered). One that has to
look at the pixels also has `ask(images, job) -> Outcome`: it stores what it saw in responses/, and `describe` reads
that (`from loraprep.vision.question import described as describe`); and `settings(config, question)`, what an answer
asked for now would be stored with. A new captioner is one new file here.

`captioning.captioner` names one, or a chain of them: the first that answers describes a picture.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import importlib.util
import pkgutil
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Protocol, cast

from msgspec import structs

from loraprep.captions import hygiene
from loraprep.captions.vision.job import Job, Outcome
from loraprep.captions.vision.prompt import Question
from loraprep.captions.vision.store import Answers
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.core.records import Elements, Image


@dataclass(frozen=True, slots=True)
class Context:
    """What a captioner may know besides the picture. `common`: name words that over half the pictures share.

    `answers`: digest -> what vision models said; `missing`: path -> why one was not asked, a code; `chosen`: path ->
    the captioner that a person chose for that picture.
    """

    trigger: str
    common: frozenset[str] = field(default_factory=frozenset)
    config: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, Answers] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    chosen: Mapping[str, str] = field(default_factory=dict)


class Captioner(Protocol):
    """The shape of a captioner's module."""

    SAMPLES: bool
    NEEDS_APPROVAL: bool

    def describe(self, image: Image, context: Context, /) -> Elements: ...


class Looker(Captioner, Protocol):
    """The shape of a captioner's module that has to look at the pixels first."""

    def ask(self, images: Sequence[Image], job: Job, /) -> Outcome: ...

    def settings(self, config: Mapping[str, Any], question: Question, /) -> dict[str, Any]: ...


def names() -> list[str]:
    """Every captioner there is, sorted."""
    return sorted(m.name.replace("_", "-") for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def get(name: str) -> Captioner:
    """The captioner of that name. Raises UserError (exit code 3) if there is none."""
    known = names()
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        guess = f'Did you mean "{near[0]}"? ' if near else ""
        raise UserError(
            f'there is no captioner "{name}"',
            place="project.yaml",
            hint=f"{guess}captioning.captioner can be {', '.join(known)}",
            exit_code=UNUSABLE,
        )
    return cast(Captioner, importlib.import_module(f"{__name__}.{name.replace('-', '_')}"))


def chain(captioning: Mapping[str, Any]) -> list[str]:
    """The captioners in the order they are tried."""
    named = captioning["captioner"]
    return [named] if isinstance(named, str) else list(named)


def _chain_of(image: Image, context: Context) -> list[str]:
    """The one that a person chose for this picture, else the project's."""
    own = context.chosen.get(image.path)
    return [own] if own else chain(context.config["captioning"])


def lookers(captioning: Mapping[str, Any], chosen: Iterable[str] = ()) -> dict[str, Looker]:
    """Those of the chain, and of those chosen for single pictures, that have to look, by name."""
    found = {name: get(name) for name in [*chain(captioning), *sorted(chosen)]}
    return {name: cast(Looker, module) for name, module in found.items() if hasattr(module, "ask")}


def asks_samples(captioning: Mapping[str, Any]) -> bool:
    """Does the project's captioner show samples before the batch?"""
    return any(get(name).SAMPLES for name in chain(captioning))


def answers(elements: Elements) -> bool:
    """Does this description count, so that nobody further down the chain is asked?"""
    return elements.state == "seen" or elements.trusted or elements.captioner == "none"


def describe(
    images: Sequence[Image],
    everyone: Sequence[Image],
    config: Mapping[str, Any],
    progress: Callable[[int, int], None] | None = None,
    stored: Mapping[str, Answers] | None = None,
    missing: Mapping[str, str] | None = None,
    chosen: Mapping[str, str] | None = None,
) -> dict[str, Elements]:
    """path -> elements of each of `images`; `everyone` is the whole set, for what its names have in common.

    `stored`, `missing` and `chosen` are a Context's `answers`, `missing` and `chosen`.
    """
    common = common_words([i.path for i in everyone])
    context = Context(config["trigger"], common, config, stored or {}, missing or {}, chosen or {})
    result = {}
    for number, image in enumerate(images):
        if progress:
            progress(number, len(images))
        result[image.path] = _first(image, context)
    return result


def _first(image: Image, context: Context) -> Elements:
    """The first description of the chain that counts; where a vision model was wanted in vain, marked as a stand-in.

    Whoever named no other captioner gets the draft captioner's words, which do not count as a caption while the
    vision model may still answer.
    """
    named = _chain_of(image, context)
    missing, detail, described = "", "", None
    for name in named:
        if missing in COMING:
            break
        found = get(name).describe(image, context)
        if answers(found):
            return structs.replace(found, missing=missing)
        if not missing:
            missing, detail = found.missing, found.sources.get("missing", "")
        described = found if found.state in ("draft", "none") else described
    if not missing:
        return cast(Elements, described)
    stand_in = get("draft").describe(image, context)
    return structs.replace(
        stand_in,
        state="refused" if missing in FINAL else "waiting",
        missing=missing,
        trusted=stand_in.trusted and missing in FINAL,
        sources={**stand_in.sources, "missing": detail},
    )


FINAL = frozenset({"refused", "truncated", "unclear"})  # asking again would say the same; all else may still come
COMING = frozenset({"approval", "batch"})  # an answer is on its way: nobody steps in
PER_PICTURE = FINAL | {"unsendable", "request"}  # says nothing about other pictures


def ask(images: Sequence[Image], everyone: Sequence[Image], job: Job, *, approved: bool) -> Outcome:
    """Has every picture looked at that nobody earlier in the chain answers for and whose answer is not stored yet.

    What costs something is asked only if `approved`. Returns who has no answer, and why.
    """
    common = common_words([i.path for i in everyone])
    context = Context(job.config["trigger"], common, job.config, chosen=job.chosen)
    total = Outcome()
    for named in dict.fromkeys(tuple(_chain_of(i, context)) for i in images):
        group = [i for i in images if tuple(_chain_of(i, context)) == named]
        _ask_in_turn(named, group, context, job, total, approved=approved)
    return total


def _ask_in_turn(
    named: Sequence[str], images: Sequence[Image], context: Context, job: Job, total: Outcome, *, approved: bool
) -> None:
    """Adds to `total` what came of asking one captioner after the other."""
    left = list(images)
    for name in named:
        captioner = get(name)
        outcome = _asked(name, captioner, left, job, approved=approved)
        total.missing = outcome.missing | total.missing  # the first reason is the one to tell
        total.findings += outcome.findings
        coming = {path for path, code in outcome.missing.items() if code in COMING}
        now = dataclasses.replace(context, answers=job.store.read_all(i.digest for i in left))
        left = [i for i in left if i.path not in coming and not answers(captioner.describe(i, now))]


def undescribed(images: Sequence[Image], everyone: Sequence[Image], job: Job) -> list[Image]:
    """Those that no captioner of the chain describes, as the store stands now."""
    given = job.store.read_all(i.digest for i in images)
    seen = describe(images, everyone, job.config, stored=given, chosen=job.chosen)
    return [i for i in images if seen[i.path].missing not in FINAL and not answers(seen[i.path])]


def _asked(name: str, captioner: Captioner, images: Sequence[Image], job: Job, *, approved: bool) -> Outcome:
    if not hasattr(captioner, "ask"):
        return Outcome()
    wanting = [i for i in images if job.wants(i, name)]
    if captioner.NEEDS_APPROVAL and not approved:
        return Outcome().lack("approval", wanting)
    if not wanting:
        return Outcome()
    first = {i.digest: i for i in reversed(wanting)}  # the same file twice is looked at once
    outcome = cast(Looker, captioner).ask(sorted(first.values(), key=lambda i: i.path), job)
    codes = {i.path: outcome.missing.get(first[i.digest].path, "") for i in wanting}
    outcome.missing |= {path: code for path, code in codes.items() if code}
    return outcome


def common_words(paths: Sequence[str]) -> frozenset[str]:
    """The name words that over half the names share: they tell no picture from another."""
    counts = Counter(word for path in paths for part in name_terms(path) for word in set(part.split()))
    return frozenset(word for word, n in counts.items() if n * 2 > len(paths) > 1)


_PIECE = re.compile(r"[^\s_\-.,;+()\[\]{}&#@!'=~]+")
_HEX = re.compile(r"(?=.*\d)[0-9a-f]{4,}|[0-9a-f]{8,}", re.IGNORECASE)


def name_terms(path: str) -> list[str]:
    """What a file's name and then its folders say, one lower-case term each, e.g. "mill pond".

    Left out: numbers, sizes, hashes, codes, single letters, and what cameras and programs write by themselves
    (IMG_1234, DSC, final, copy; resources/words.json `machine_names`).
    """
    parts = PurePosixPath(unicodedata.normalize("NFC", path)).parts
    found = []
    for part in [PurePosixPath(parts[-1]).stem, *reversed(parts[:-1])]:
        words = [word for piece in _PIECE.findall(part) for word in _piece(piece)]
        while words and words[-1] in hygiene.lists()["stopwords"]:
            words.pop()
        if any(word not in hygiene.lists()["stopwords"] for word in words):
            found.append(" ".join(words))
    return list(dict.fromkeys(found))


def _piece(piece: str) -> list[str]:
    """The words of one run without separators: "MillPond2" -> ["mill", "pond"]; [] for a code."""
    if _HEX.fullmatch(piece):
        return []
    runs = re.findall(r"\d+|[^\d]+", piece)
    letters = [run for run in runs if not run[0].isdigit()]
    if len(letters) > 1 or (len(runs) > 1 and len(letters[0]) < 3):  # 3fa19c, a7Xq2, v2, 10th, 1024x768
        return []
    words = []
    for run in letters:
        if run.lower() in hygiene.lists()["machine_names"]:  # WhatsApp, ComfyUI: before camel case is split
            continue
        split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", run).split()
        if sum(len(word) < 3 for word in split) * 2 > len(split) > 1:  # aXbQz: a code, not words
            return []
        words += [word.lower() for word in split]
    return [w for w in words if _says_something(w)]


def _says_something(word: str) -> bool:
    if word in hygiene.lists()["machine_names"]:
        return False
    if not any(c.isalpha() for c in word):
        return False
    if word.isascii():  # "a" and "of" stay inside a name; single letters and "dscq" are no words
        stop = word in hygiene.lists()["stopwords"]
        return stop or (len(word) > 1 and bool(re.search(r"[aeiouy]", word)))
    return True
