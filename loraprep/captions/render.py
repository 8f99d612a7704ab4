"""From elements to a caption, as a pure function: another base model or trigger asks nobody again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from loraprep.captions import danbooru, hygiene, tokens
from loraprep.core.records import Caption, Elements
from loraprep.project import groups

Form = Literal["tags", "prose"]
Terms = list[tuple[str, str]]  # (element key, term)


@dataclass(frozen=True, slots=True)
class Traits:
    """Terms, in lower case, of what belongs to the one thing that is taught: left to the trigger, or named."""

    left_out: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()


NO_TRAITS = Traits()


def render(
    elements: Elements,
    trigger: str,
    rules: Mapping[str, Any],
    model: Mapping[str, Any],
    traits: Traits = NO_TRAITS,
    words: Sequence[str] = (),
) -> Caption:
    """The caption for a base model: trigger first, then content, then style (unless style words are omitted).

    `words` (a group's own) follow the trigger, unless the caption says them anyway.
    `rules` is project.yaml's captioning. Left out are its `omit`, the `traits` that the trigger stands for,
    and tags that ask for quality, unless wanted. `existing` captions stay as they are, whatever the base model's form.
    """
    form: Form = model["form"]
    if elements.captioner == "existing" and elements.text:
        form, body = form_of(elements.form), hygiene.bare(elements.text, trigger)
        content, style = _flat(elements.content), _flat(elements.style)
    else:
        pairs = _kept(_pairs(elements, form, traits), trigger, rules, traits.left_out)
        content = [t for key, t in pairs if key not in hygiene.STYLE]
        style = [t for key, t in pairs if key in hygiene.STYLE]
        body = ", ".join([*content, *style]) if form == "tags" else _prose(elements, content, style, rules, traits)
        if rules["quality_tags"] and form == "tags" and body:
            body = ", ".join([*model.get("quality_tags", []), body])
        body = hygiene.bare(body, trigger)
    lead = [term for word in words if (term := hygiene.clean(word)) and not hygiene.says(body, term)]
    content = [*lead, *content]
    text = ", ".join([trigger, *lead, *([body] if body else [])])
    captioned = elements.captioner == "none" or (
        bool(body) and (elements.trusted or (elements.state == "seen" and bool(content)))
    )
    origin = elements.captioner if elements.captioner in ("draft", "existing", "none") else "rendered"
    encoder = model["encoder"]
    return Caption(
        elements.path,
        text,
        form,
        origin,
        captioned,
        tokens.count(text, encoder["name"]),
        encoder["hard"],
        tuple(content),
        tuple(style),
        tokens.exact(encoder["name"]),
    )


def form_of(text: str) -> Form:
    return "tags" if text == "tags" else "prose"


def _flat(group: Mapping[str, Sequence[str]]) -> list[str]:
    return [term for terms in group.values() for term in terms]


def _pairs(elements: Elements, form: Form, traits: Traits) -> Terms:
    """(key, term) in the order to write them: a person's own tags as they stand, else by element."""
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
    said = {key for key, _ in tagged} if elements.tags else set()
    # vision models keep these out of their tags
    named = [(key, t) for key, t in by_key if t.casefold() in traits.named]
    return [*tagged, *named, *(p for p in by_key if p[0] in hygiene.STYLE and p[0] not in said)] if tagged else by_key


def _kept(pairs: Terms, trigger: str, rules: Mapping[str, Any], traits: Collection[str]) -> Terms:
    """Without what the project leaves out and what the trigger stands for; every term safe, and once."""
    never = set(traits) | {hygiene.clean(term.replace("_", " ")).casefold() for term in rules["omit"]}
    kept: dict[str, tuple[str, str]] = {}
    for key, raw in pairs:
        for term in hygiene.terms(hygiene.bare(raw, trigger)):
            plain = term.casefold()
            style = key in hygiene.STYLE and rules["style_words"] == "omit"
            if plain not in never and not style and not hygiene.is_quality(term):
                kept.setdefault(plain, (key, term))
    return list(kept.values())


def _prose(
    elements: Elements, content: Sequence[str], style: Sequence[str], rules: Mapping[str, Any], traits: Traits
) -> str:
    """A sentence: a person's or the vision model's own where one may be used, else the terms in a row."""
    sentence = elements.text if elements.form == "prose" else elements.content_sentence
    for term in rules["omit"]:
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
    if rules["style_words"] == "omit":
        return sentence
    if elements.style_sentence and not elements.text:
        return f"{sentence.rstrip('. ')}. {elements.style_sentence}".lstrip(". ")
    said = ", ".join(t for t in style if not hygiene.says(sentence, t))
    return ", ".join(filter(None, [sentence.rstrip(". "), said]))


def traits_of(
    elements: Mapping[str, Elements], config: Mapping[str, Any], form: Form, kind: Mapping[str, Any]
) -> Traits:
    """What the kind's `omit` names in this set, parted into what is constant and what varies.

    Constant, and left to the trigger, is a term that at least thresholds.captions.fused_critical of the pictures share
    in which that trait was looked at: hair that changes is no trait of a character. Under
    captioning.constant_traits: include all of it is named.
    """
    keys = {key.rpartition(".")[2] for key in kind.get("omit", ())}
    seen = [
        {(key, term.casefold()) for key, raw in _trait_terms(e, form) if key in keys for term in hygiene.terms(raw)}
        for e in elements.values()
    ]
    share = config["thresholds"]["captions"]["fused_critical"]
    looked = Counter(key for pairs in seen for key in {key for key, _ in pairs})
    times = Counter(pair for pairs in seen for pair in pairs)
    constant = frozenset(term for (key, term), n in times.items() if n >= share * looked[key])
    left_out = frozenset[str]() if config["captioning"]["constant_traits"] == "include" else constant
    return Traits(left_out, frozenset(term for _, term in times) - left_out)


def _trait_terms(elements: Elements, form: Form) -> Terms:
    by_key = [(key, term) for key, terms in elements.content.items() for term in terms]
    return [*by_key, *_pairs(elements, form, NO_TRAITS)]


def render_all(
    elements: Mapping[str, Elements], config: Mapping[str, Any], model: Mapping[str, Any], kind: Mapping[str, Any]
) -> dict[str, Caption]:
    """`render` for each path, without what is constant in this set."""
    traits = traits_of(elements, config, model["form"], kind)
    return {
        path: render(e, groups.trigger(path, config), config["captioning"], model, traits, groups.words(path, config))
        for path, e in sorted(elements.items())
    }
