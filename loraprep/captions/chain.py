"""The chain of captioners: the first that answers describes a picture.

`captioning.captioner` in project.yaml names one captioner, or several in the order in which they are tried; a person
may choose another for a single picture.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from msgspec import structs

from loraprep.captions import hygiene
from loraprep.captions.captioner import Captioner, Context, looks_at_pixels
from loraprep.captions.file_names import picture_names
from loraprep.captions.registry import load_captioner
from loraprep.captions.vision.job import Job, Outcome
from loraprep.captions.vision.store import Answers
from loraprep.core import files
from loraprep.core.known import NOWHERE, Known
from loraprep.core.records import Elements, Image
from loraprep.core.typed import Packed
from loraprep.project import profiles
from loraprep.project.settings import Captioning, Settings

FINAL = frozenset({"refused", "truncated", "unclear"})  # asking again would say the same; all else may still come
COMING = frozenset({"approval", "batch"})  # an answer is on its way: nobody steps in
PER_PICTURE = FINAL | {"unsendable", "request"}  # says nothing about other pictures


def describes(elements: Elements) -> bool:
    """Say whether a description counts, so that nobody further down the chain is asked."""
    return elements.state == "seen" or elements.trusted or elements.captioner == "none"


def describe_all(
    images: Sequence[Image],
    everyone: Sequence[Image],
    settings: Settings,
    progress: Callable[[int, int], None] | None = None,
    *,
    answers: Mapping[str, Answers] | None = None,
    missing: Mapping[str, str] | None = None,
    chosen: Mapping[str, str] | None = None,
    spared: Mapping[str, Collection[str]] | None = None,
    known: Known = NOWHERE,
) -> Mapping[str, Elements]:
    """Describe each of `images`: path -> elements. Raises UserError if a captioner is unknown.

    `everyone` is the whole set, for what its names have in common; `answers`, `missing`, `chosen` and `spared` are a
    Context's. `known`: where descriptions by words alone are kept.
    """
    model = profiles.base_model(settings.model)
    about = hygiene.about_each((i.path for i in images), settings, model)
    names = _names_of(everyone)
    context = Context(settings.trigger, names, answers or {}, missing or {}, chosen or {}, about, spared or {})
    asked = {i.path: _names(i, context.chosen, settings.captioning) for i in images}
    found, done = {i.path: i for i in images}, itertools.count()
    code = {name: _code(name) for name in {*itertools.chain.from_iterable(set(asked.values())), "draft"}}
    anew = {name for name, digest in code.items() if not digest}

    def describe(path: str) -> Elements:
        if progress:
            progress(next(done), len(images))
        return _first_description(found[path], asked[path], context)

    def given(path: str) -> object:
        return found[path], asked[path], names.get(path, ()), about[path], sorted(context.spared.get(path, ()))

    kept = [path for path in found if anew.isdisjoint(asked[path])]
    result = known.each("elements", (settings.trigger, sorted(code.items())), kept, given, describe, Elements)
    described = Packed(Elements)
    for path in found:
        described[path] = result[path] if path in result else describe(path)
    return described


def _code(name: str) -> str:
    """Digest the file of a captioner, which may be a person's own; "" of one whose answers come from elsewhere."""
    captioner = load_captioner(name)
    file = getattr(captioner, "__file__", None)
    return files.sha256(Path(file)) if file and not looks_at_pixels(captioner) else ""


def _names_of(everyone: Sequence[Image]) -> dict[str, list[str]]:
    return picture_names([i.path for i in everyone])


def _names(image: Image, chosen: Mapping[str, str], captioning: Captioning) -> tuple[str, ...]:
    """Return the captioners to try: the one that a person chose for this picture, else the project's."""
    return (chosen[image.path],) if image.path in chosen else captioning.captioners


def _first_description(image: Image, names: Sequence[str], context: Context) -> Elements:
    """Return the first description that counts; where a vision model was wanted in vain, mark it as a stand-in.

    Without any other captioner that is the draft captioner's words, which do not count as a caption while the vision
    model may still answer.
    """
    missing, detail, described = "", "", None
    for name in names:
        if missing in COMING:
            break
        found = load_captioner(name).describe(image, context)
        if describes(found):
            return structs.replace(found, missing=missing)
        if not missing:
            missing, detail = found.missing, found.sources.get("missing", "")
        described = found if found.state in ("draft", "none") else described
    if not missing and described is not None:
        return described
    stand_in = load_captioner("draft").describe(image, context)
    return structs.replace(
        stand_in,
        state="refused" if missing in FINAL else "waiting",
        missing=missing,
        trusted=stand_in.trusted and missing in FINAL,
        sources={**stand_in.sources, "missing": detail},
    )


def ask_all(images: Sequence[Image], everyone: Sequence[Image], job: Job, *, approved: bool) -> Outcome:
    """Have every picture looked at that nobody earlier in the chain describes and that has no stored answer yet.

    What needs approval is asked only if `approved`. Return who has no answer, and why. Raises UserError.
    """
    context = Context(job.settings.trigger, _names_of(everyone), chosen=job.chosen)
    total = Outcome()
    groups: dict[tuple[str, ...], list[Image]] = {}
    for image in images:
        groups.setdefault(_names(image, job.chosen, job.settings.captioning), []).append(image)
    for names, group in groups.items():
        _ask_in_turn(names, group, context, job, total, approved=approved)
    return total


def _ask_in_turn(
    names: Sequence[str], images: Sequence[Image], context: Context, job: Job, total: Outcome, *, approved: bool
) -> None:
    """Add to `total` what came of asking one captioner after the other."""
    left = list(images)
    for name in names:
        captioner = load_captioner(name)
        outcome = _ask_one(name, captioner, left, job, approved=approved)
        total.missing = outcome.missing | total.missing  # the first reason is the one to tell
        total.findings += outcome.findings
        coming = {path for path, code in outcome.missing.items() if code in COMING}
        now = dataclasses.replace(context, answers=job.store.read_all(i.asked_as for i in left))
        left = [i for i in left if i.path not in coming and not describes(captioner.describe(i, now))]


def _ask_one(name: str, captioner: Captioner, images: Sequence[Image], job: Job, *, approved: bool) -> Outcome:
    if not looks_at_pixels(captioner):
        return Outcome()
    wanting = [i for i in images if job.next_request(i, name)]
    if captioner.NEEDS_APPROVAL and not approved:
        return Outcome().add_missing("approval", wanting)
    if not wanting:
        return Outcome()
    first = {i.asked_as: i for i in reversed(wanting)}  # the same file twice is looked at once
    outcome = captioner.ask_vision_model(sorted(first.values(), key=lambda i: i.path), job)
    codes = {i.path: outcome.missing.get(first[i.asked_as].path, "") for i in wanting}
    outcome.missing |= {path: code for path, code in codes.items() if code}
    return outcome


def undescribed(images: Sequence[Image], everyone: Sequence[Image], job: Job) -> list[Image]:
    """Return those that no captioner of the chain describes, as the store stands now. Raises UserError."""
    given = job.store.read_all(i.asked_as for i in images)
    seen = describe_all(images, everyone, job.settings, answers=given, chosen=job.chosen)
    return [i for i in images if seen[i.path].missing not in FINAL and not describes(seen[i.path])]
