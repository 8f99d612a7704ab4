"""Every picture's caption: a person's own words where they gave some, else rendered from what was seen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from msgspec import structs

from loraprep.captions import approval, hygiene, objects, own_words, tokens
from loraprep.captions.checks import check_captions
from loraprep.captions.danbooru import Vocabulary
from loraprep.captions.render import form_of, lengths_of, limit_of, marks, render_all, traits_of
from loraprep.captions.samples import own_caption, shows_content
from loraprep.core.findings import Code, Finding
from loraprep.core.known import NOWHERE, Known
from loraprep.core.records import Caption, Elements, Grade
from loraprep.core.text import SHOWN, listed
from loraprep.core.typed import Packed
from loraprep.project import groups, profiles
from loraprep.project.decisions import Decisions, Entry
from loraprep.project.profiles import BaseModel, Kind
from loraprep.project.resolution import entry_for
from loraprep.project.settings import Settings


class Captions(NamedTuple):
    """Every caption by path, and what is wrong with them."""

    captions: Mapping[str, Caption]
    findings: list[Finding]


def compose_captions(
    elements: Mapping[str, Elements],
    decisions: Decisions,
    settings: Settings,
    model: BaseModel,
    kind: Kind,
    vocabulary: Vocabulary | None = None,
    shown: Mapping[str, int] | None = None,
    known: Known = NOWHERE,
) -> Captions:
    """Compose every caption: a person's words verbatim where they gave or approved some, else rendered; check them all.

    An approval holds as `approval` says. Words of a person's own always do; those written for another base model are
    listed. `vocabulary`: the tags that the base model can know, if a list is at hand. `shown`: see `check_captions`.
    `known`: where what was made of single pictures is kept.
    """
    captions, other_form, otherwise = Packed(Caption), [], []
    accepted = decisions.accepts(auto=settings.review.captions == "auto")
    traits = traits_of(elements, settings, model, kind)
    for path, rendered in render_all(elements, settings, model, kind, known, traits).items():
        entry, _ = entry_for(decisions, path, elements[path].digest)
        caption, trigger = rendered, groups.trigger(path, settings)
        if entry is not None and own_caption(entry):
            caption = verbatim(rendered, entry, trigger, model.encoder.name, settings)
            if _for_another_model(entry, model):
                other_form.append(path)
        elif entry is not None and approval.approved_words(entry) and rendered.origin != "none":
            if approval.holds(entry, path, decisions):
                caption = _approved(rendered, entry, trigger, model.encoder.name, settings)
            elif accepted and not approval.shown_as(rendered.text, path, decisions):  # else it is asked about
                otherwise.append(path)
        captions[path] = caption
    if not kind.pairs:  # one instruction may be right for all of them
        for path in own_words.saying_nothing(captions, elements, settings):
            captions[path] = structs.replace(captions[path], grade=Grade.NAMED)
    found = check_captions(captions, elements, settings, model, kind, vocabulary, shown, known)
    if not kind.pairs:  # an instruction is short, whatever the base model learned from
        found += _of_another_form(captions, elements, model, frozenset(other_form))
    found += _of_one_length(settings, model)
    found += _shortened(captions, limit_of(settings, model))
    found += _marks(elements)
    if other_form:
        found.append(Finding(Code.CAPTION_OTHER_FORM, tuple(other_form), {"form": model.form, "title": model.title}))
    if otherwise:
        found.append(Finding(Code.CAPTION_APPROVED_OTHERWISE, tuple(otherwise), {}))
    if traits.left_out:
        found.append(Finding(Code.CONSTANT_TRAITS, (), {"terms": ", ".join(sorted(traits.left_out))}))
    return Captions(captions, found)


def _of_another_form(
    captions: Mapping[str, Caption], elements: Mapping[str, Elements], model: BaseModel, said: frozenset[str]
) -> list[Finding]:
    """Find tags for a base model that learned from sentences, and sentences for one that knows Danbooru's tags only.

    Whoever wrote them; `said`: what is named already. A draft of names is named as such.
    """
    tags: list[str] = []
    prose: list[str] = []
    tagged: dict[str, list[str]] = {}
    for path in sorted(captions):
        caption = captions[path]
        body = caption.text.partition(", ")[2]
        seen = elements[path]
        draft = caption.origin == "draft" or (caption.origin == "approved" and seen.captioner == "draft")
        bare = draft and not seen.text  # of names and colours, which is said as such
        if not body or path in said or bare or not caption.captioned:
            continue
        if model.form == "prose" and _in_tags(body):
            of_tagger = caption.origin == "rendered" and not seen.content_sentence and seen.tags
            tagged.setdefault(seen.captioner, []).append(path) if of_tagger else tags.append(path)
        elif model.vocabulary and not model.reads("prose") and (_in_sentences(body) or _matched(seen, caption)):
            prose.append(path)
    found = [
        Finding(Code.CAPTIONER_ONLY_TAGS, tuple(paths), {"captioner": name, "title": model.title})
        for name, paths in tagged.items()
    ]
    for code, paths in ((Code.CAPTION_TAGS_FOR_PROSE, tags), (Code.CAPTION_PROSE_FOR_TAGS, prose)):
        if paths:
            found.append(Finding(code, tuple(paths), {"title": model.title}))
    return found


def _of_one_length(settings: Settings, model: BaseModel) -> list[Finding]:
    """Say who gets the first alone of the lengths asked for."""
    wanted, written = settings.captioning.lengths, lengths_of(settings, model)
    if len(wanted) < 2:
        return []
    of_trainers = [profiles.trainer(name) for name in settings.dataset.trainers]
    titles = [trainer.title for trainer in of_trainers if trainer.several in ("", "first")]
    if not titles and len(written) < len(wanted):
        titles = [model.title]
    return (
        [Finding(Code.CAPTION_ONE_LENGTH, (), {"trainers": listed(titles, None), "first": wanted[0]})] if titles else []
    )


def _matched(elements: Elements, caption: Caption) -> bool:
    """Say whether a draft's tags are all that was left of a person's sentence."""
    return caption.origin == "draft" and elements.form == "prose" and _in_sentences(elements.text)


_TAG = 4  # words: "two people under one umbrella" says what belongs to what, though commas part it from the rest


def _in_tags(body: str) -> bool:
    """Say whether a caption is a list of tags and nothing else: several, and none as long as a phrase."""
    terms = hygiene.terms(body)
    return len(terms) > 1 and hygiene.form_of(body) == "tags" and all(len(t.split()) <= _TAG for t in terms)


def _in_sentences(body: str) -> bool:
    return bool(re.search(r"[.!?]$", body)) and hygiene.form_of(body) == "prose"


def _shortened(captions: Mapping[str, Caption], limit: int) -> list[Finding]:
    """Say what went so that captions fit into what the trainers read."""
    gone = Counter(term for c in captions.values() if c.origin == "rendered" for term in c.left_out)
    paths = tuple(sorted(p for p, c in captions.items() if c.origin == "rendered" and c.left_out))
    if not paths:
        return []
    common = sorted(gone, key=lambda term: (-gone[term], term))
    more = f" and {len(common) - SHOWN} more" if len(common) > SHOWN else ""
    return [Finding(Code.CAPTION_SHORTENED, paths, {"limit": limit, "terms": ", ".join(common[:SHOWN]) + more})]


def _marks(elements: Mapping[str, Elements]) -> list[Finding]:
    """Find what a vision model read in a picture that is a signature, a watermark or an address."""
    read = {path: texts for path in sorted(elements) if (texts := marks(elements[path]))}
    paths = tuple(read)
    said = sorted({text for texts in read.values() for text in texts})
    return [Finding(Code.VISIBLE_MARKS, paths, {"said": ", ".join(said[:SHOWN])})] if paths else []


def _for_another_model(entry: Entry, model: BaseModel) -> bool:
    """Say whether a person's words were written for a base model that wants another form than this one reads."""
    return "form" in entry.data and not model.reads(form_of(entry.data["form"]))


def _filled(own: str, trigger: str) -> str:
    """Fill the trigger into the person's words, or put it first if it is absent; glued to a word it is left to see."""
    if not trigger:
        return hygiene.without_trigger(own, trigger)
    text = re.sub(r"(?<!\w)\[trigger\](?!\w)", lambda _: trigger, own)
    if "[trigger]" not in own and not re.match(rf"{re.escape(trigger)}(?!\w)", next(iter(objects.texts(text)), text)):
        text = objects.with_trigger(text, trigger)
    return text


def spoken_of(body: str, form: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the terms of a person's words without their trigger: what is in the picture, and how it is made."""
    terms = hygiene.terms(body) if form == "tags" else hygiene.phrases(body)
    style = tuple(t for t in terms if hygiene.is_style(t))
    return tuple(t for t in terms if t not in style and not hygiene.is_quality(t)), style


def verbatim(rendered: Caption, entry: Entry, trigger: str, encoder: str, settings: Settings) -> Caption:
    """Take the person's words as they are, with the trigger filled in."""
    text = _filled(own_caption(entry), trigger)
    of_object = ", ".join(objects.texts(text)) if rendered.form == "json" else ""
    body = hygiene.bare(of_object or text, trigger)
    form = "json" if of_object else form_of(entry.data.get("form") or hygiene.form_of(body))
    content, style = spoken_of(body, form)
    return _graded(
        structs.replace(
            rendered,
            text=text,
            form=form,
            origin="written",
            tokens=tokens.count(text, encoder),
            content=content,
            style=style,
            others=(),
        ),
        settings,
    )


def _approved(rendered: Caption, entry: Entry, trigger: str, encoder: str, settings: Settings) -> Caption:
    """Take the caption that a person approved, word for word: who approved what it shows has said so."""
    text = _filled(approval.approved_words(entry), trigger)
    return _graded(
        structs.replace(
            rendered,
            text=text,
            form=form_of(entry.data.get("form") or rendered.form),
            origin="approved",
            tokens=tokens.count(text, encoder),
            content=tuple(entry.data.get("content", ())),
            style=tuple(entry.data.get("style", ())),
            others=tuple(_filled(str(text), trigger) for text in entry.data.get("also", ())),
        ),
        settings,
    )


def _graded(caption: Caption, settings: Settings) -> Caption:
    """Grade words that a person stands for by what they say."""
    trigger = groups.trigger(caption.path, settings)
    if not hygiene.bare(", ".join(objects.texts(caption.text)) or caption.text, trigger):
        return structs.replace(caption, grade=Grade.MISSING)
    return structs.replace(caption, grade=Grade.DESCRIBED if shows_content(caption, settings) else Grade.NAMED)
