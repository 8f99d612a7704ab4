"""From elements to a caption, as a pure function: another base model or trigger asks nobody again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from loraprep import groups, wording
from loraprep.model import Caption, Elements

Form = Literal["tags", "prose"]
Terms = list[tuple[str, str]]  # (element key, term)


def render(
    elements: Elements,
    trigger: str,
    rules: Mapping[str, Any],
    model: Mapping[str, Any],
    kind: Mapping[str, Any],
    words: Sequence[str] = (),
) -> Caption:
    """The caption for a base model: trigger first, then content, then style (unless style words are omitted).

    `words` (a group's own) follow the trigger, unless the caption says them anyway.

    `rules` is project.yaml's captioning. Left out are its `omit`, the element keys in the kind's `omit`, and tags
    that ask for quality, unless wanted. `existing` captions stay as they are, whatever the base model's form.
    """
    form: Form = model["form"]
    if elements.captioner == "existing" and elements.text:
        form, body = form_of(elements.form), wording.bare(elements.text, trigger)
        content, style = _flat(elements.content), _flat(elements.style)
    else:
        pairs = _kept(_pairs(elements, form), trigger, rules, kind)
        content = [t for key, t in pairs if key not in wording.STYLE]
        style = [t for key, t in pairs if key in wording.STYLE]
        body = ", ".join([*content, *style]) if form == "tags" else _prose(elements, content, style, rules)
        if rules["quality_tags"] and form == "tags" and body:
            body = ", ".join([*model.get("quality_tags", []), body])
        body = wording.bare(body, trigger)
    lead = [term for word in words if (term := wording.clean(word)) and not wording.says(body, term)]
    content = [*lead, *content]
    text = ", ".join([trigger, *lead, *([body] if body else [])])
    captioned = elements.captioner == "none" or (
        bool(body) and (elements.trusted or (elements.state == "seen" and bool(content)))
    )
    origin = elements.captioner if elements.captioner in ("draft", "existing", "none") else "rendered"
    return Caption(elements.path, text, form, origin, captioned, wording.tokens(text, model["encoder"]["name"]),
                   model["encoder"]["hard"], tuple(content), tuple(style))  # fmt: skip


def form_of(text: str) -> Form:
    return "tags" if text == "tags" else "prose"


def _flat(group: Mapping[str, Sequence[str]]) -> list[str]:
    return [term for terms in group.values() for term in terms]


def _pairs(elements: Elements, form: Form) -> Terms:
    """(key, term) in the order to write them: a person's own tags as they stand, else by element."""
    group = {"content": elements.content, "style": elements.style}
    by_key = [(k, t) for keys, name in ((wording.CONTENT, "content"), (wording.STYLE, "style"))
              for k in keys for t in group[name].get(k, ())]  # fmt: skip
    own = wording.terms(elements.text) if form == elements.form == "tags" else elements.tags if form == "tags" else []
    keys = {term.casefold(): key for key, term in by_key}
    tagged = [(keys.get(t.casefold()) or wording.key_of(t) or "objects", t) for t in own]
    # a person's or a tagger's tags take the place of the content terms; style follows, measured style last
    return [*tagged, *(p for p in by_key if p[0] in wording.STYLE)] if tagged else by_key


def _kept(pairs: Terms, trigger: str, rules: Mapping[str, Any], kind: Mapping[str, Any]) -> Terms:
    """Without what project and kind leave out; every term safe, and once."""
    left_out = {key.rpartition(".")[2] for key in kind["omit"]}
    never = {wording.clean(term.replace("_", " ")).casefold() for term in rules["omit"]}
    kept: dict[str, tuple[str, str]] = {}
    for key, raw in pairs:
        for term in wording.terms(wording.bare(raw, trigger)):
            plain = term.casefold()
            style = key in wording.STYLE and rules["style_words"] == "omit"
            if key not in left_out and plain not in never and not style and not wording.is_quality(term):
                kept.setdefault(plain, (key, term))
    return list(kept.values())


def _prose(elements: Elements, content: Sequence[str], style: Sequence[str], rules: Mapping[str, Any]) -> str:
    """A sentence: a person's or the vision model's own where one may be used, else the terms joined by "and"."""
    sentence = elements.text if elements.form == "prose" else elements.content_sentence
    for term in rules["omit"]:
        sentence = wording.without_term(sentence, term)
    left_out = [t for t in _flat(elements.content) if t not in content]
    if not elements.text and any(wording.says(sentence, t) for t in left_out):
        sentence = ""  # it speaks of what this kind's captions leave to the trigger
    sentence = sentence.strip()
    if not sentence:
        sentence = " and ".join(filter(None, [", ".join(content[:-1]), *content[-1:]]))
    if sentence[:2] in ("A ", "An", "Th"):  # it follows the trigger and a comma
        sentence = sentence[0].lower() + sentence[1:]
    if rules["style_words"] == "omit":
        return sentence
    if elements.style_sentence and not elements.text:
        return f"{sentence.rstrip('. ')}. {elements.style_sentence}".lstrip(". ")
    said = ", ".join(t for t in style if not wording.says(sentence, t))
    return ", ".join(filter(None, [sentence.rstrip(". "), said]))


def render_all(
    elements: Mapping[str, Elements], config: Mapping[str, Any], model: Mapping[str, Any], kind: Mapping[str, Any]
) -> dict[str, Caption]:
    """`render` for each path."""
    return {
        path: render(e, groups.trigger(path, config), config["captioning"], model, kind, groups.words(path, config))
        for path, e in sorted(elements.items())
    }
