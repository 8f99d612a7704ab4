"""What is wrong with captions, one by one and as a set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import takewhile

import msgspec
from msgspec import structs

from loraprep.captions import hygiene, language, meaning, objects, tokens
from loraprep.captions.danbooru import CHARACTER, Vocabulary
from loraprep.core.findings import Code, Finding, Value
from loraprep.core.known import NOWHERE, Known
from loraprep.core.records import Caption, Elements, Grade
from loraprep.core.text import SHOWN, listed
from loraprep.core.typed import Chosen, Packed
from loraprep.project import groups, profiles
from loraprep.project.profiles import BaseModel, Kind
from loraprep.project.settings import Settings

_MOST = 0.5  # of the words: English captions have 0.7 and more, others 0.2 and less (tokens.plain_english)


def check_captions(
    captions: Mapping[str, Caption],
    elements: Mapping[str, Elements],
    settings: Settings,
    model: BaseModel,
    kind: Kind,
    vocabulary: Vocabulary | None = None,
    shown: Mapping[str, int] | None = None,
    known: Known = NOWHERE,
) -> list[Finding]:
    """Find what must not be trained on ("caption-unusable") and what is worth a warning or a note.

    Style words are missed only where a style is taught, and in captions that the word lists can read. `vocabulary`:
    the tags that the base model can know; only one that was trained on Danbooru's is held to them. `shown`: path -> how
    many pictures before the change a model is shown; one of a pair that is not named.
    """
    encoder = model.encoder
    trigger = {p: groups.trigger(p, settings) for p in captions}
    # a picture that nobody has looked at yet is named as such; its words are not the ones that will be trained on
    coming = {p for p, e in elements.items() if e.state == "waiting" and captions[p].grade is Grade.MISSING}
    spoken = Chosen(
        captions,
        (p for p, c in captions.items() if c.origin != "none" and c.text != trigger[p] and p not in coming),
    )
    times = Counter(c.text.casefold() for c in spoken.values())
    about = hygiene.about_each(spoken, settings, model, shown or {})
    styled = settings.captioning.style_words == "include" and kind.teaches_style
    judged = {p for p in spoken if elements[p].captioner != "draft"} if styled else set[str]()
    read = _read_each(spoken, about, judged, _characters(kind, vocabulary), known)
    hits = {
        Code.CAPTION_LONG: [p for p, c in spoken.items() if encoder.soft < c.tokens <= c.limit],
        Code.CAPTION_THIN_STYLE: [p for p, r in read.items() if r.thin],
        Code.CAPTION_TOO_LONG: [p for p, c in spoken.items() if c.tokens > c.limit],
        # several pairs may ask for the same change
        Code.CAPTION_TWICE: [p for p, c in spoken.items() if times[c.text.casefold()] > 1 and not kind.pairs],
    }
    sure = tokens.exact(encoder.name)
    values: dict[str, Value] = {
        "soft": encoder.soft,
        "limit": encoder.hard,
        "encoder": encoder.name,
        "title": model.title,
        "is": "is" if sure else "may be",
        "are": "are" if sure else "may be",
        "bound": "" if sure else " (an upper bound)",
    }
    found = [Finding(code, tuple(sorted(paths)), values) for code, paths in hits.items() if paths]
    if vocabulary and model.vocabulary == "danbooru":
        found += _unknown_tags(spoken, elements, settings, vocabulary)
    found += language.check({p: (r.body, r.language) for p, r in read.items()}, model)
    found += _of_hygiene(spoken, read, elements, settings)
    faults = {p: f for p in sorted(captions) if (f := objects.faults_of(captions[p], trigger[p]))}
    if faults:
        reasons = {path: " and ".join(told) for path, told in faults.items()}
        found.append(Finding(Code.CAPTION_UNUSABLE, tuple(faults), {"reasons": reasons}))
    return found


def check_trigger(settings: Settings) -> list[Finding]:
    """Find a trigger that every model knows as something else."""
    triggers = sorted({settings.trigger, *groups.triggers(settings)} - {""})
    known = [f'"{word}" is {what}' for word in triggers if (what := meaning.sure(word, settings.intent.class_word))]
    return [Finding(Code.TRIGGER_KNOWN, (), {"said": listed(known)})] if known else []


class _Read(msgspec.Struct, frozen=True):
    """What is found out of one caption by itself: its words without the trigger, their language, what is wrong."""

    body: str
    language: str  # as language.of
    thin: bool  # should say something of a style and hardly does, in words that the lists can read
    objections: dict[str, str]  # rule -> the words it objects to


def _read_each(
    captions: Mapping[str, Caption],
    about: Mapping[str, hygiene.About],
    judged: Collection[str],
    characters: frozenset[str],
    known: Known,
) -> Mapping[str, _Read]:
    """Read every caption by itself; `judged`: those that should say something of a style."""

    def given(path: str) -> object:
        c = captions[path]
        return c.text, c.form, c.origin, c.style, path in judged, about[path]

    def read(path: str) -> _Read:
        caption, knows = captions[path], structs.replace(about[path], characters=characters)
        body = objects.body_of(caption, knows.trigger)
        thin = path in judged and len(_style_categories(caption)) < 2 and tokens.plain_english(body) > _MOST
        spoken = language.of(body, tags=caption.form == "tags")
        return _Read(body, spoken, thin, _objections(caption, body, knows))

    return known.each("read", characters, captions, given, read, _Read)


_KINDS = 3  # kinds of faults spelled out in one sentence
_CLEANED = ("existing", "draft")  # origins of words that caption hygiene has been through
_OWN = ("written", "approved")  # origins of words that a person stands for: nothing of them was changed


def with_words_before(captions: Mapping[str, Caption], elements: Mapping[str, Elements]) -> Mapping[str, Caption]:
    """Note with each caption how its words lay there, where caption hygiene changed them."""
    noted = Packed(Caption)
    for path, caption in captions.items():
        before = elements[path].before if caption.origin not in _OWN else ""
        noted[path] = structs.replace(caption, before=before) if before else caption
    return noted


def _of_hygiene(
    captions: Mapping[str, Caption],
    read: Mapping[str, _Read],
    elements: Mapping[str, Elements],
    settings: Settings,
) -> list[Finding]:
    """Say what caption hygiene changed in words that lay there, what it cannot decide, and what it objects to.

    Of words that a person or a vision model wrote nothing is changed: what would be is objected to.
    """
    cleaned: dict[str, Elements] = {}
    objected: dict[str, dict[str, str]] = {}
    for path, element in elements.items():
        if path in captions and captions[path].origin in _OWN:
            continue
        if element.mended and not element.unclear and (path in captions or not element.text):
            cleaned[path] = element
        for name, words in element.unclear.items() if path in captions else ():
            objected.setdefault(name, {})[path] = words
    cleaned = dict(sorted(cleaned.items()))
    for path, found in read.items():
        for name, words in found.objections.items():
            objected.setdefault(name, {})[path] = words
    # captions made of names are said to be that; who wrote words is not measured by them
    described = {path: r.body for path, r in read.items() if captions[path].grade is Grade.DESCRIBED}
    for rule in hygiene.OF_PAIRS if profiles.kind(settings.intent.kind).pairs else hygiene.SET_RULES:
        if hits := rule.see(described):
            objected[rule.name] = hits
    return [*_mended(cleaned), *_findings(objected)]


def _objections(caption: Caption, body: str, about: hygiene.About) -> dict[str, str]:
    """Return rule -> the words it objects to in a caption as it trains."""
    found = {
        name: words for name, words in hygiene.seen(body, about).items() if hygiene.rule_named(name).does == "warn"
    }
    if caption.origin not in _CLEANED:
        found |= {name: f'"{_short(body)}"' for name in hygiene.mend(body, about).rules if name != "signs"}
    return found


def _mended(cleaned: Mapping[str, Elements]) -> list[Finding]:
    if not cleaned:
        return []
    rules = sorted({name for element in cleaned.values() for name in element.mended} - {"signs"})
    told = {p: _mend(e.before, e.text) for p, e in cleaned.items()}
    what = listed([hygiene.said(name).sees for name in rules or ["signs"]], _KINDS)
    values: dict[str, Value] = {"rules": ", ".join(rules), "what": what, "said": told}
    return [Finding(Code.CAPTION_MENDED, tuple(cleaned), values)]


def _mend(before: str, after: str) -> str:
    """Say what became of a caption: of long ones from shortly before where the two part, else both would read alike."""
    if not after:
        return f'"{_short(before)}" says nothing of the picture'
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    start = before.rfind(" ", 0, same - _SHOWN // 4) + 1 if same > _SHOWN // 2 else 0
    lead = "... " if start else ""
    return f'"{lead}{_short(before[start:])}" trains as "{lead}{_short(after[start:])}"'


def _findings(objected: Mapping[str, Mapping[str, str]]) -> Iterator[Finding]:
    for name, hits in sorted(objected.items()):
        paths, said = tuple(sorted(hits)), hygiene.said(name)
        values: dict[str, Value] = {
            "what": said.sees,
            "said": dict(hits),
            "because": said.why or "A trainer learns every sign of a caption as a word.",
            "fix": said.fix or "These words stay as they are until you change them in decisions/captions.yaml.",
        }
        match hygiene.code_of(name):
            case Code.CAPTION_HEDGING:
                yield Finding(Code.CAPTION_HEDGING, paths)
            case Code.CAPTION_FLATTERY:
                yield Finding(Code.CAPTION_FLATTERY, paths)
            case Code.CAPTION_UNCLEAR:
                yield Finding(Code.CAPTION_UNCLEAR, paths, values)
            case _:
                yield Finding(Code.CAPTION_ODD, paths, values)


_SHOWN = 70  # characters of a caption in a sentence; the appendix has all of them


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 4].rstrip()} ..."


def _characters(kind: Kind, vocabulary: Vocabulary | None) -> frozenset[str]:
    """Return the names of characters that taggers know, where a character is taught that is none of them."""
    if vocabulary is None or "content.face" not in kind.omit:
        return frozenset()
    return frozenset(row.name for row in vocabulary.rows if row.category == CHARACTER)


def _style_categories(caption: Caption) -> set[str]:
    return hygiene.style_categories(" , ".join([caption.text, *caption.style]))


def _measured(elements: Elements) -> set[str]:
    """Return the terms that only pixels gave: measured colours are no tags, and nobody's slip."""
    return {term for key, terms in elements.style.items() if elements.sources.get(key) == "measured" for term in terms}


def _unknown_tags(
    captions: Mapping[str, Caption], elements: Mapping[str, Elements], settings: Settings, known: Vocabulary
) -> list[Finding]:
    intent = settings.intent
    declared = [word for group in groups.every(settings) for word in group.words]
    allowed = (intent.class_word, *intent.fused, *declared)
    unknown = {
        p: known.unknown(
            hygiene.terms(hygiene.without_trigger(c.text, groups.trigger(p, settings))),
            (*allowed, *_measured(elements[p])),
        )
        for p, c in captions.items()
        if c.form == "tags" and (c.origin != "draft" or elements[p].text)
    }
    times = Counter(term.casefold() for terms in unknown.values() for term in terms)
    if not times:
        return []
    common = sorted(times, key=lambda term: (-times[term], term))
    shown = [f'"{t}"{f" (near: {near})" if (near := known.nearest(t)) else ""}' for t in common[:SHOWN]]
    more = f" and {len(common) - SHOWN} more" if len(common) > SHOWN else ""
    return [
        Finding(
            Code.UNKNOWN_TAGS,
            tuple(sorted(p for p, terms in unknown.items() if terms)),
            {"tags": ", ".join(shown) + more, "times": len(common)},
        )
    ]
