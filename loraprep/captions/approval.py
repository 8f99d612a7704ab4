"""What a person agreed to: which words stand, under what; whether the rest may be asked about; what are examples."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from loraprep.captions import hygiene, objects
from loraprep.captions.samples import open_samples, own_caption, recommended
from loraprep.core import files
from loraprep.core.records import Caption, Elements, Image
from loraprep.project import groups
from loraprep.project.decisions import Decisions, Entry
from loraprep.project.resolution import entry_for, last_asked, settle
from loraprep.project.settings import Settings

_MOST = 12  # examples: enough to show a tone, and they are sent with every picture
_SHORT = 8  # hex digits of a digest that only tells settings apart
_CHANGED = {
    "trigger": "its trigger",
    "model": "the base model",
    "settings": "a caption setting",
    "before": "the picture before its change",
}


class ApprovedUnder(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a caption is shown and approved under; an approval holds as long as none of it changes.

    Other files, another captioner and better word lists are no part of it: the words are the person's by then.
    """

    trigger: str
    model: str  # the base model
    settings: str  # digest of what project.yaml says about captions, apart from who describes
    before: str = ""  # of a pair: digest of the pictures before the change


def approved_under(image: Image, settings: Settings) -> ApprovedUnder:
    """Say what a caption of a picture is approved under now."""
    said, path = settings.captioning, image.path
    parts: list[object] = [
        said.style_words,
        said.quality_tags,
        said.omit,
        said.constant_traits,
        groups.words(path, settings),
    ]
    if said.length:  # left out where it is not set, so that what was approved before there was one still stands
        parts.append(said.length)
    digest = hashlib.sha256(files.dumps(msgspec.to_builtins(parts)).encode()).hexdigest()[:_SHORT]
    before = hashlib.sha256(" ".join(image.before).encode()).hexdigest()[:_SHORT] if image.before else ""
    return ApprovedUnder(groups.trigger(path, settings), settings.model, digest, before)


def approved_words(entry: Entry | None) -> str:
    """Return the caption that a person approved as it was shown, "" if this entry says something else."""
    if entry is None or entry.answer != "approve" or own_caption(entry):
        return ""
    return str(entry.data.get("caption", "")).strip()


def holds(entry: Entry, path: str, decisions: Decisions) -> bool:
    """Say whether an approval stands: it does until the picture is asked about again (`approvals_to_renew`)."""
    return last_asked(decisions, path) in (None, entry)


def shown_as(text: str, path: str, decisions: Decisions) -> bool:
    """Say whether what was asked last about a picture showed this caption, trigger and all."""
    entry = last_asked(decisions, path)
    return entry is not None and _filled_in(entry) == text


def _changed_since(entry: Entry, image: Image, rendered: Caption, settings: Settings) -> str:
    """Say what changed since an approval, "" if nothing did.

    One from before `under` was noted is good as long as the base model wants captions of that form.
    """
    now, before = approved_under(image, settings), entry.data.get("under")
    if before is None:
        return "" if entry.data.get("form", rendered.form) == rendered.form else _CHANGED["model"]
    return " and ".join(said for name, said in _CHANGED.items() if before.get(name, "") != getattr(now, name))


def _filled_in(entry: Entry) -> str:
    """Return an entry's caption with the trigger that it was shown under."""
    trigger: Any = entry.data.get("under", {}).get("trigger", "[trigger]")
    return str(entry.data.get("caption", "")).replace("[trigger]", trigger)


def approvals_to_renew(
    images: Sequence[Image], rendered: Mapping[str, Caption], decisions: Decisions, settings: Settings
) -> dict[str, tuple[str, str]]:
    """Return path -> (what changed since it was approved, the caption that was approved), where both differ now.

    `rendered`: path -> the caption as it would be made anew.
    """
    found = {}
    for image in images:
        entry, _ = entry_for(decisions, image.path, image.digest)
        if entry is None or not approved_words(entry):
            continue
        now, before = rendered[image.path], _filled_in(entry)
        if (what := _changed_since(entry, image, now, settings)) and before not in (now.text, _unfilled(now, settings)):
            found[image.path] = (f"{what} changed since you approved it", before)
    return found


def _unfilled(caption: Caption, settings: Settings) -> str:
    return objects.unfilled(caption.text, groups.trigger(caption.path, settings))


def approved(samples: Sequence[str], decisions: Decisions, *, auto: bool) -> bool:
    """Say whether the rest may be asked about: every sample is answered, and at least one is not skipped.

    Where recommendations are accepted, one sample that has one, or that a person agreed to, is enough.
    """
    if not samples:
        return True
    asked = [(s, last_asked(decisions, s)) for s in samples]
    if decisions.accepts(auto=auto):
        agreed = ("approve", "adjust")
        return any(e is None or recommended(e) or e.answer in agreed or own_caption(e) for _, e in asked)
    skips = [s for s, entry in asked if entry is not None and entry.answer == "skip"]
    return not open_samples(samples, decisions, auto=False) and len(skips) < len(samples)


def examples(
    images: Sequence[Image],
    elements: Mapping[str, Elements],
    decisions: Decisions,
    trigger: str,
    *,
    auto: bool,
    by_hand: bool = True,
) -> list[str]:
    """Collect what a person agreed to, as texts without the trigger: own captions, and what they approved as seen.

    Of an approved sample the sentences and tags count and not its caption, so that another base model changes
    nothing. Skipped ones are no examples. `by_hand`: captions of pictures that nobody asked about count, too.
    """
    found = set()
    for image in images:
        entry, _ = entry_for(decisions, image.path, image.digest)
        if entry is None or not (by_hand or entry.digests):
            continue
        advised = recommended(entry)
        verdict = settle(entry.answer, decisions, auto=auto, recommended=advised, recommends=advised is not None)
        seen = elements.get(image.path)
        if own := own_caption(entry):
            found.add(hygiene.without_trigger(hygiene.clean(own), trigger))
        elif seen is not None and seen.state == "seen" and verdict.answer == "approve" and not verdict.open:
            tags = f" Tags: {', '.join(seen.tags)}" if seen.tags else ""
            more = seen.content_long if seen.asks else seen.style_sentence
            found.add(f"{seen.content_sentence} {more}{tags}".strip())
    return sorted(filter(None, found))[:_MOST]
