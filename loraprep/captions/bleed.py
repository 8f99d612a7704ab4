"""Concept bleed: terms that so many captions hold, or so many pictures show, that the trigger takes them over."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from loraprep.captions import booru, hygiene
from loraprep.core.findings import Code, Finding, Value
from loraprep.core.known import NOWHERE, Known
from loraprep.core.records import Caption, Elements
from loraprep.core.text import listed
from loraprep.core.typed import Chosen
from loraprep.project import groups
from loraprep.project.profiles import Kind
from loraprep.project.settings import Settings

_LEVELS = (Code.FUSED_CRITICAL, Code.FUSED_WARNING, Code.FUSED_WATCH)
_MANY = 5  # terms that as many captions hold: more are no coincidence
LEAST = 5  # captions below which "in nearly all of them" says nothing


class _Level(NamedTuple):
    code: Code
    share: float  # of the captions, from which on it is said


def fused_terms(
    captions: Mapping[str, Caption],
    elements: Mapping[str, Elements],
    settings: Settings,
    kind: Kind,
    memory: Known = NOWHERE,
) -> list[Finding]:
    """Find terms that the model cannot tell from the trigger, by document frequency over the kept captions.

    Levels are thresholds.captions in project.yaml; of a sentence the last word of each phrase counts too
    ("green pond" -> "pond"). Exempt are the trigger, the class word, declared terms, counts and framings ("1girl",
    "close-up"), colours and parts of a body alone, as everybody has hair and eyes, where things are in the picture,
    and, where a style is taught, how the pictures are made.
    Where most pictures were looked at, each finding knows its cause: "pictures" (they show it: collect contrast) or
    "wording" (only captions say it: drop it).
    `memory`: where the terms of each caption are kept.
    """
    spoken = Chosen(captions, (path for path in sorted(captions) if captions[path].origin != "none"))
    if len(spoken) < LEAST or kind.pairs:  # every instruction names the change that is taught
        return []
    limits = settings.thresholds.captions
    style_too = not kind.teaches_style
    style = {path: elements[path].style_sentence if path in elements else "" for path in spoken}

    def given(path: str) -> object:
        c = spoken[path]
        return c.text, groups.trigger(path, settings), c.content, c.style, c.form, style[path]

    def terms_of(path: str) -> list[str]:  # nobody wrote "pic" because the trigger is "pics"
        c = spoken[path]
        bare = hygiene.without_trigger(c.text, groups.trigger(path, settings))
        return sorted(_named(replace(c, text=bare), style[path], style_too))

    named = memory.each("named", style_too, spoken, given, terms_of, list[str])
    least = len(spoken) * min(limits.fused_critical, limits.fused_warning, limits.fused_watch)
    every = Counter(term for terms in named.values() for term in terms)
    sides = {key.rpartition(".")[2] for key in kind.omit}
    counts = {term: n for term, n in every.items() if n >= least and term not in sides and not _exempt(term, settings)}
    if any(map(hygiene.like_a_trigger, counts)):  # another training's, which is told as that
        bare = {path: hygiene.without_trigger(c.text, groups.trigger(path, settings)) for path, c in spoken.items()}
        for word in set(hygiene.foreign_trigger(bare).values()) & counts.keys():
            del counts[word]
    looked = {path: _shown(elements[path]) for path in spoken if path in elements and independent(elements[path])}
    known = len(looked) * 2 > len(spoken)
    levels = (
        _Level(Code.FUSED_CRITICAL, limits.fused_critical),
        _Level(Code.FUSED_WARNING, limits.fused_warning),
        _Level(Code.FUSED_WATCH, limits.fused_watch),
    )
    found = []
    for term, number in sorted(counts.items(), key=lambda x: (-x[1], x[0])):
        level = next((level for level in levels if number >= level.share * len(spoken)), None)
        if level is None or any(
            n == number and t != term and (t.endswith(" " + term) or hygiene.head(t) == term) for t, n in counts.items()
        ):
            continue  # rare, or said by "green pond" already
        seen = sum(any(hygiene.says(t, term) for t in terms) for terms in looked.values())
        showing = seen >= level.share * len(looked)
        cause = ("pictures" if showing else "wording") if known else "unknown"
        values: dict[str, Value] = {
            "term": term,
            "share": f"{number} of {len(spoken)}",
            "cause": cause,
            "seen": f"{seen} of {len(looked)}",
            "count": 1,
        }
        found.append(Finding(level.code, (), values))
    return found + (_unnamed(spoken, elements, counts, settings, kind) if known else [])


def together(found: Sequence[Finding]) -> list[Finding]:
    """Join the terms that as many captions hold where there are many: a text that repeats, and one finding."""
    held: dict[tuple[Code, str], list[str]] = {}
    for finding in found:
        if finding.code in _LEVELS:
            held.setdefault((finding.code, finding.text("share")), []).append(finding.text("term"))
    result = []
    for finding in found:
        terms = held.get((finding.code, str(finding.values.get("share"))), []) if finding.code in _LEVELS else []
        if len(terms) <= _MANY:
            result.append(finding)
        elif finding.values["term"] == terms[0]:
            said: dict[str, Value] = {"term": listed([f'"{term}"' for term in terms]), "count": len(terms)}
            result.append(replace(finding, values={**finding.values, **said, "cause": "repeated"}))
    return result


def _unnamed(
    spoken: Mapping[str, Caption],
    elements: Mapping[str, Elements],
    counts: Mapping[str, int],
    settings: Settings,
    kind: Kind,
) -> list[Finding]:
    """Find what nearly every picture shows and hardly a caption names; what an axis counts is said there."""
    limits = settings.thresholds.captions
    meant = {key.rpartition(".")[2] for key in (*kind.omit, *(axis.element for axis in kind.axes.values()))}
    seen = [elements[path] for path in spoken if path in elements and independent(elements[path])]
    shown = Counter(
        term
        for e in seen
        for term in {
            t.casefold()
            for key, terms in e.content.items()
            if key in hygiene.CONTENT and key not in meant
            for t in terms
        }
    )
    left_out = {hygiene.clean(t.replace("_", " ")).casefold() for t in settings.captioning.omit}
    return [
        Finding(Code.FUSED_UNNAMED, (), {"term": term, "share": f"{number} of {len(seen)}"})
        for term, number in sorted(shown.items(), key=lambda x: (-x[1], x[0]))
        if number >= limits.fused_critical * len(seen)
        and counts.get(term, 0) < limits.fused_watch * len(spoken)
        and sum(_says(c.text, term) for c in spoken.values()) < limits.fused_watch * len(spoken)
        and term not in left_out
        and not _exempt(term, settings)
    ]


def _says(text: str, term: str) -> bool:
    """Say whether a caption names a term, as it is or as the tags that stand for it."""
    return hygiene.says(text, term) or any(hygiene.says(text, name) for name in booru.tags_of(term))


def independent(elements: Elements) -> bool:
    """Say whether the elements were seen in the picture, so that they can testify about a caption's wording."""
    return elements.state == "seen" and elements.captioner != "existing"


# ":d" and "ryuu (style)", which are said whole: booru writes what tells two of one name apart behind it, in brackets
_A_NAME = re.compile(r"^[^\w\s]|[()]")


def _named(caption: Caption, style_sentence: str, style_too: bool) -> set[str]:
    """Return the terms that a caption holds, in lower case; without those of its style unless these count too.

    Of each phrase what it is about counts as well: "black cat" and "cat washing its paw" are both a cat. The last word
    may be a verb, and one before it a quality. `style_sentence`: of whoever described the picture, "" without one.
    """
    said = {t.casefold() for t in (*caption.content, *caption.style)}
    if caption.form == "prose":
        said = {t for t in (*said, *hygiene.phrases(caption.text)) if hygiene.says(caption.text, t)}
    if not style_too:
        content = caption.text.replace(style_sentence, "") if style_sentence else caption.text
        for term in caption.style:
            content = hygiene.without_term(content, term)
        said = {t for t in said if hygiene.says(content, t) and not hygiene.is_style(t)}
    spoken = (t for t in said if hygiene.key_of(t) != "framing" and not _A_NAME.search(t))
    heads = {hygiene.head(phrase) for t in spoken for phrase in hygiene.phrases(t)} - {""}
    whole = {t for t in said if not hygiene.ends_in_verb(t)}
    return whole | heads if style_too else whole | {t for t in heads if not hygiene.is_style(t)}


def _shown(elements: Elements) -> list[str]:
    """List what was seen, as terms and as the tags for them; sentences are wording and testify to nothing."""
    parts = (elements.content, elements.style)
    seen = [t for group in parts for terms in group.values() for t in terms] + elements.tags
    return [*seen, *(name for term in seen for name in booru.tags_of(term))]


def _exempt(term: str, settings: Settings) -> bool:
    intent = settings.intent
    words = [
        word for group in groups.every(settings) for word in (group.trigger, *group.words)
    ]  # meant to belong to it
    declared = (settings.trigger, intent.class_word, *intent.fused, *words)
    return (
        any(hygiene.says(hygiene.clean(d), term) for d in declared)
        or hygiene.key_of(term) == "framing"
        or hygiene.is_count(term)
        or hygiene.is_quality(term)
        or hygiene.says_nothing_alone(term)
    )
