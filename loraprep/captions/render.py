"""From elements to a caption, as a pure function: another base model or trigger asks nobody again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import msgspec

from loraprep.captions import danbooru, hygiene, tokens
from loraprep.core.records import Caption, Elements, Grade
from loraprep.project import groups
from loraprep.project.profiles import BaseModel, Kind
from loraprep.project.settings import Captioning, Settings

Form = Literal["tags", "prose"]
Terms = list[tuple[str, str]]  # (element key, term)


class Traits(msgspec.Struct, frozen=True):
    """Terms, in lower case, for what belongs to the one thing that is taught: left to the trigger, or named."""

    left_out: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()


NO_TRAITS = Traits()


def render(
    elements: Elements,
    trigger: str,
    captioning: Captioning,
    model: BaseModel,
    traits: Traits = NO_TRAITS,
    words: Sequence[str] = (),
) -> Caption:
    """Render the caption for a base model: trigger, content, then style (unless style words are omitted).

    `words` (a group's own) follow the trigger, unless the caption says them anyway. Left out are `captioning.omit`,
    the `traits` that the trigger stands for, and tags that ask for quality, unless wanted. `existing` captions stay as
    they are, whatever the base model's form.
    """
    form: Form = model.form
    if elements.captioner == "existing" and elements.text:
        form, body = form_of(elements.form), hygiene.bare(elements.text, trigger)
        content, style = _flat(elements.content), _flat(elements.style)
    else:
        pairs = _allowed(_pairs(elements, form, traits), trigger, captioning, traits.left_out)
        content = [t for key, t in pairs if key not in hygiene.STYLE]
        style = [t for key, t in pairs if key in hygiene.STYLE]
        body = ", ".join([*content, *style]) if form == "tags" else _prose(elements, content, style, captioning, traits)
        if captioning.quality_tags and form == "tags" and body:
            body = ", ".join([*model.quality_tags, body])
        body = hygiene.bare(body, trigger)
    lead = [term for word in words if (term := hygiene.clean(word)) and not hygiene.says(body, term)]
    text = ", ".join([trigger, *lead, *([body] if body else [])])
    origin = elements.captioner if elements.captioner in ("draft", "existing", "none") else "rendered"
    return Caption(
        elements.path,
        text,
        form,
        origin,
        _grade(elements, body, content),
        tokens.count(text, model.encoder.name),
        model.encoder.hard,
        (*lead, *content),
        tuple(style),
        tokens.exact(model.encoder.name),
    )


def _grade(elements: Elements, body: str, content: Sequence[str]) -> Grade:
    """Grade what is written of `elements`: `body` without trigger and a group's words, its `content` terms."""
    if elements.captioner == "none":
        return Grade.TRIGGER_ONLY
    if not body or elements.state == "waiting":  # other words may still come
        return Grade.MISSING
    if elements.sources.get("text", "").startswith("sidecar:"):
        return Grade.DESCRIBED if says_content(content) else Grade.NAMED
    if elements.state == "seen" and not elements.text:
        return Grade.DESCRIBED if says_content(content) else Grade.MISSING
    return Grade.NAMED


def says_content(content: Sequence[str]) -> bool:
    """Say whether content terms tell what a picture shows: any of them more than a colour."""
    return not hygiene.only_colours(" ".join(content))


def form_of(text: str) -> Form:
    """Read a form as it is stored; all that is not "tags" is prose."""
    return "tags" if text == "tags" else "prose"


def _flat(group: Mapping[str, Sequence[str]]) -> list[str]:
    return [term for terms in group.values() for term in terms]


def _pairs(elements: Elements, form: Form, traits: Traits) -> Terms:
    """List (key, term) in the order to write them: a person's own tags as they stand, else by element."""
    group = {"content": elements.content, "style": elements.style}
    by_key = [
        (k, t)
        for keys, name in ((hygiene.CONTENT, "content"), (hygiene.STYLE, "style"))
        for k in keys
        for t in group[name].get(k, ())
    ]
    own = hygiene.terms(elements.text) if form == elements.form == "tags" else elements.tags if form == "tags" else []
    keys = {term.casefold(): key for key, term in by_key}
    tagged = [(keys.get(t.casefold()) or danbooru.key_of(t) or "objects", t) for t in own]
    # a person's or a tagger's tags take the place of the content terms; style follows, measured style last, unless a
    # tagger's tags name that side of it already
    by_tags = {key for key, _ in tagged} if elements.tags else set()
    # vision models keep these out of their tags
    named = [(key, t) for key, t in by_key if t.casefold() in traits.named]
    return (
        [*tagged, *named, *(p for p in by_key if p[0] in hygiene.STYLE and p[0] not in by_tags)] if tagged else by_key
    )


def _allowed(pairs: Terms, trigger: str, captioning: Captioning, traits: Collection[str]) -> Terms:
    """Leave out what the project omits and what the trigger stands for; every term is made safe, and comes once."""
    never = set(traits) | {hygiene.clean(term.replace("_", " ")).casefold() for term in captioning.omit}
    kept: dict[str, tuple[str, str]] = {}
    for key, raw in pairs:
        for term in hygiene.terms(hygiene.bare(raw, trigger)):
            folded = term.casefold()
            style = key in hygiene.STYLE and captioning.style_words == "omit"
            if folded not in never and not style and not hygiene.is_quality(term):
                kept.setdefault(folded, (key, term))
    return list(kept.values())


def _prose(
    elements: Elements, content: Sequence[str], style: Sequence[str], captioning: Captioning, traits: Traits
) -> str:
    """Write a sentence: a person's or the vision model's own where one may be used, else the terms in a row."""
    sentence = elements.text if elements.form == "prose" else elements.content_sentence
    for term in captioning.omit:
        sentence = hygiene.without_term(sentence, term)
    written = {key: terms for key, terms in elements.content.items() if key != "subject_class"}  # that is counted only
    left_out = [t for t in _flat(written) if t not in content]
    if not elements.text and any(hygiene.says(sentence, t) for t in left_out):
        sentence = ""  # it speaks of what this kind's captions leave to the trigger
    sentence = sentence.strip()
    if sentence and not elements.text:  # vision models keep these out of their sentences too
        named = [t for t in content if t.casefold() in traits.named and not hygiene.says(sentence, t)]
        end = sentence[-1] if sentence[-1] in ".!?" else ""
        sentence = ", ".join([sentence.rstrip(".!? "), *named]) + end
    if not sentence:
        sentence = ", ".join(content)
    if sentence[:2] in ("A ", "An", "Th"):  # it follows the trigger and a comma
        sentence = sentence[0].lower() + sentence[1:]
    if captioning.style_words == "omit":
        return sentence
    if elements.style_sentence and not elements.text:
        return f"{sentence.rstrip('. ')}. {elements.style_sentence}".lstrip(". ")
    unsaid = ", ".join(t for t in style if not hygiene.says(sentence, t))
    return ", ".join(filter(None, [sentence.rstrip(". "), unsaid]))


def traits_of(elements: Mapping[str, Elements], settings: Settings, form: Form, kind: Kind) -> Traits:
    """Part what the kind's `omit` names in this set into what is constant and what varies.

    Constant, and left to the trigger, is a term that at least thresholds.captions.fused_critical of the pictures share
    in which that trait was looked at: hair that changes is no trait of a character. Under
    captioning.constant_traits: include all of it is named.
    """
    keys = {key.rpartition(".")[2] for key in kind.omit}
    seen = [
        {(key, term.casefold()) for key, raw in _trait_terms(e, form) if key in keys for term in hygiene.terms(raw)}
        for e in elements.values()
    ]
    share = settings.thresholds.captions.fused_critical
    looked = Counter(key for pairs in seen for key in {key for key, _ in pairs})
    times = Counter(pair for pairs in seen for pair in pairs)
    constant = frozenset(term for (key, term), n in times.items() if n >= share * looked[key])
    left_out = frozenset[str]() if settings.captioning.constant_traits == "include" else constant
    return Traits(left_out, frozenset(term for _, term in times) - left_out)


def _trait_terms(elements: Elements, form: Form) -> Terms:
    by_key = [(key, term) for key, terms in elements.content.items() for term in terms]
    return [*by_key, *_pairs(elements, form, NO_TRAITS)]


def render_all(
    elements: Mapping[str, Elements], settings: Settings, model: BaseModel, kind: Kind
) -> dict[str, Caption]:
    """Render each path's caption, without what is constant in this set."""
    traits = traits_of(elements, settings, model.form, kind)
    return {
        path: render(
            e, groups.trigger(path, settings), settings.captioning, model, traits, groups.words(path, settings)
        )
        for path, e in sorted(elements.items())
    }
