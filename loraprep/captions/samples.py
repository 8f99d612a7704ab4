"""Which captions a person is shown before the rest is written, and what they answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath

from loraprep.captions import hygiene, objects
from loraprep.captions.render import says_content
from loraprep.core.records import Caption, Image
from loraprep.project import groups
from loraprep.project.decisions import Answer, Decisions, Entry, Question
from loraprep.project.profiles import base_model
from loraprep.project.resolution import entry_for, last_asked, settle
from loraprep.project.settings import Settings

HEADER = """\
# Pictures that differ. Would you describe them like this: what is in them, and how they are made?
# verdict: approve | adjust (edit the caption, then say adjust) | skip (not an example; the picture stays in)
# What you approve is trained word for word, until its trigger, the base model or a caption setting changes.
# [trigger] is filled in. Any other picture may be given a caption here too: name.jpg: {caption: "[trigger], ..."},
# or a captioner of its own: name.jpg: {captioner: draft}
# Words of yours that were cleaned before they train (the report shows before and after): name.jpg: {cleaning: undo}
# trains that picture's as they lie; cleaning: undo, or cleaning: [labels, weights], does so for all of them.
"""
SAMPLES = 5


def skipped_samples(decisions: Decisions) -> list[str]:
    """Return the samples that a person skipped, sorted."""
    return sorted(e.key for e in decisions.entries.values() if e.answer == "skip")


def captioners_by_key(decisions: Decisions) -> dict[str, str]:
    """Return key -> the captioner that a person chose in that entry."""
    return {e.key: e.data["captioner"] for e in decisions.entries.values() if e.data.get("captioner")}


def captioners_by_path(images: Sequence[Image], decisions: Decisions) -> dict[str, str]:
    """Return path -> the captioner that a person chose for that picture, also under an earlier name."""
    entries = ((i.path, entry_for(decisions, i.path, i.digest)[0]) for i in images)
    return {path: entry.data["captioner"] for path, entry in entries if entry and entry.data.get("captioner")}


def spared_rules(images: Sequence[Image], decisions: Decisions) -> dict[str, frozenset[str]]:
    """Return path -> the rules of caption hygiene that a person took back, for all pictures or for that one."""
    undone = decisions.cleaning or ()
    everywhere = _every_rule() if undone == "undo" else frozenset(undone)
    entries = ((i.path, entry_for(decisions, i.path, i.digest)[0]) for i in images)
    own = {path for path, entry in entries if entry and entry.data.get("cleaning") == "undo"}
    spared = {i.path: _every_rule() if i.path in own else everywhere for i in images}
    return {path: rules for path, rules in spared.items() if rules}


def cleaning_undone(decisions: Decisions) -> list[str]:
    """Return what a person took back of caption hygiene in short: rules, and keys of pictures; sorted."""
    undone = [decisions.cleaning] if isinstance(decisions.cleaning, str) else decisions.cleaning or []
    return sorted([*undone, *(e.key for e in decisions.entries.values() if e.data.get("cleaning") == "undo")])


def undone_in_vain(
    images: Sequence[Image], decisions: Decisions, captions: Mapping[str, Caption], settings: Settings
) -> list[tuple[str, ...]]:
    """Return the keys in captions.yaml that take cleaning back where nothing is cleaned, in their order.

    Nothing is cleaned of a caption that a person wrote or approved or a model saw, nor of words that are clean.
    """
    if not cleaning_undone(decisions):
        return []
    used: dict[str, set[str]] = {}  # path -> the rules that change the words that lie there
    model = base_model(settings.model)
    for image in images:
        of_it = captions.get(image.path)
        if of_it is not None and of_it.origin in ("draft", "existing"):
            about = hygiene.about(image.path, settings, model)
            used[image.path] = {rule for _, text in image.words for rule in hygiene.mend(text, about).rules}
    vain: list[tuple[str, ...]] = []
    every = set[str]().union(*used.values())
    undone = decisions.cleaning or ()
    if (undone == "undo" and not every) or (undone != "undo" and undone and not every & set(undone)):
        vain.append(("cleaning",))
    for image in images:
        entry = entry_for(decisions, image.path, image.digest)[0]
        if entry and entry.data.get("cleaning") == "undo" and not used.get(image.path):
            vain.append((entry.key, "cleaning"))
    return vain


@cache
def _every_rule() -> frozenset[str]:
    return frozenset(rule.name for rule in hygiene.RULES if rule.does == "mend")


def choose_samples(images: Sequence[Image], decisions: Decisions, left: Sequence[Image] = ()) -> list[str]:
    """Choose min(5, n) paths that differ, sorted: one per subfolder first (largest first), then the least alike.

    What was asked before stays as long as its picture does; while every one is skipped, as many others join.
    A renamed picture's answer still counts, so that it is not asked again; nor is one whose caption a person wrote.
    So does an answer about one of those that `left` the set since: how it was described was said, and no other is asked
    in its place, as long as one of the five is of the pictures that stay.
    """
    asked: dict[str, str] = {}  # path -> verdict
    settled, own = set(), set()
    for image in images:
        entry, how = entry_for(decisions, image.path, image.digest)
        if entry is None:
            continue
        if not entry.digests:
            own.add(image.path)
            continue
        asked[image.path] = str(entry.answer or "")
        if how == "renamed" and _answer(entry) is not None:
            settled.add(image.path)
    open_to = [i for i in sorted(images, key=lambda i: i.path) if i.path not in own]
    all_skipped = bool(asked) and set(asked.values()) == {"skip"}
    said = sum(1 for image in left if (e := entry_for(decisions, image.path, image.digest)[0]) and _approves(e))
    wanted = min(len(open_to), max(1, SAMPLES - said) + (len(asked) if all_skipped else 0))
    return sorted(set(_spread(open_to, sorted(asked), wanted)) - settled)


def _spread(images: Sequence[Image], chosen: Sequence[str], wanted: int) -> list[str]:
    """Add to `chosen`: every folder once, then always the picture farthest from those chosen (greedy k-center)."""
    picked = [i for i in images if i.path in set(chosen)]
    folders: dict[str, list[Image]] = {}
    for image in images:
        folders.setdefault(str(PurePosixPath(image.path).parent), []).append(image)
    for _, inside in sorted(folders.items(), key=lambda f: (-len(f[1]), f[0])):
        if len(picked) < wanted and not any(i in picked for i in inside):
            picked.append(_farthest(inside, picked))
    while len(picked) < wanted:
        taken = {i.path for i in picked}
        picked.append(_farthest([i for i in images if i.path not in taken], picked))
    return [i.path for i in picked]


def _farthest(images: Sequence[Image], picked: Sequence[Image]) -> Image:
    """Return the picture least like those picked; ties go to the first path, and so does the very first pick."""
    return max(images, key=lambda i: min((_unlikeness(i, p) for p in picked), default=0.0))


def _unlikeness(a: Image, b: Image) -> float:
    """Add up unlikeness in colour (Lab in a 3x3 grid, over 20 a number) and layout (hash bits, over 32), each 0..1."""
    layout = (int(a.phash or "0", 16) ^ int(b.phash or "0", 16)).bit_count() / 32
    colour = sum(abs(x - y) for x, y in zip(a.colour, b.colour, strict=False)) / (27 * 20)
    return layout + colour


@dataclass(frozen=True, slots=True)
class Renewal:
    """An approval that no longer holds: the key to ask again under, why, and the caption that was approved."""

    key: str
    what: str
    before: str


def sample_questions(
    samples: Sequence[str],
    captions: Mapping[str, Caption],
    digests: Mapping[str, str],
    settings: Settings,
    under: Mapping[str, Mapping[str, str]],
    renewals: Mapping[str, Renewal],
) -> list[Question]:
    """Ask one question a sample: its caption, with content and style told apart. `digests`: path -> sha256.

    Nothing is recommended for one that says nothing of its picture or would break in training: `what` says why.
    `renewals`: path -> its earlier approval, which no longer holds; shown as `before`.
    """
    questions = []
    for path in samples:
        caption, renewal, trigger = captions[path], renewals.get(path), groups.trigger(path, settings)
        wrong = why_not_recommended(caption, settings)
        entry = {
            **({"what": why} if (why := wrong or (renewal.what if renewal else "")) else {}),
            **({"before": renewal.before} if renewal else {}),
            "caption": objects.unfilled(caption.text, trigger),
            **({"also": [objects.unfilled(text, trigger) for text in caption.others]} if caption.others else {}),
            "content": list(caption.content),
            "style": list(caption.style),
            "tokens": caption.length,
            "form": caption.form,
            "under": under[path],
            "recommended": None if wrong else "approve",
            "verdict": None,
        }
        key = renewal.key if renewal else path
        questions.append(Question(key, entry, {path: digests[path]}))
    return questions


def why_not_recommended(caption: Caption, settings: Settings) -> str:
    """Say why nobody should simply approve this sample, "" if one may: it says what is in the picture, and trains."""
    path = caption.path
    if broken := objects.faults_of(caption, groups.trigger(path, settings)):
        return f"{' and '.join(broken)}: mend the caption"
    return "" if shows_content(caption, settings) else "nobody has said what is in it: write that into the caption"


def shows_content(caption: Caption, settings: Settings) -> bool:
    """Say whether a caption says anything of what this picture shows, apart from colours and its group's words."""
    return says_content([term for term in caption.content if term not in groups.words(caption.path, settings)])


def recommended(entry: Entry) -> str | None:
    """Return what is recommended for a sample; entries of an earlier version say so only by having no `what`."""
    given: str | None = entry.data.get("recommended", None if entry.data.get("what") else "approve")
    return given


def open_samples(samples: Sequence[str], decisions: Decisions, *, auto: bool) -> list[str]:
    """Return the keys of the samples' questions without an answer, sorted."""
    found = []
    for sample in samples:
        entry = last_asked(decisions, sample)
        recommends = entry is None or recommended(entry) is not None
        if settle(_answer(entry), decisions, auto=auto, recommends=recommends).open:
            found.append(entry.key if entry else sample)
    return sorted(found)


def _approves(entry: Entry) -> bool:
    """Say whether a person answered this sample, and as an example of how to describe."""
    return bool(entry.digests) and _answer(entry) not in (None, "skip")


def _answer(entry: Entry | None) -> Answer | None:
    """Return the verdict, or what an edited caption says without one."""
    if entry is None:
        return None
    return "adjust" if entry.answer is None and own_caption(entry) else entry.answer


def own_caption(entry: Entry) -> str:
    """Return the caption that a person wrote or edited, "" if the tool's stands."""
    text = str(entry.data.get("caption", "")).strip()
    if (
        not entry.digests
        or entry.data.get("verdict") == "adjust"
        or (entry.touched and not entry.answered and _edited(entry, text))
    ):
        return text
    return ""


def _edited(entry: Entry, text: str) -> bool:
    """Say whether the caption itself was changed; an answer alone makes an entry touched too.

    The tool's tags are exactly the terms listed beside them; its sentence holds all of those it was made from.
    """
    listed = {t.casefold() for t in (*entry.data.get("content", ()), *entry.data.get("style", ()))}
    body = text.removeprefix("[trigger]")
    if body == text and entry.data.get("under", {}).get("trigger") != "":
        return True
    if entry.data.get("form") == "tags":
        return {t.casefold() for t in hygiene.terms(body) if not hygiene.is_quality(t)} != listed
    known = {w for term in listed for w in term.split()} | hygiene.lists().stopwords
    strange = [w for p in hygiene.phrases(body) for w in p.split() if w not in known]
    return bool(strange) or not all(hygiene.says(body, t) for t in listed)
