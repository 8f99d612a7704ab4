"""From elements to a caption, as a pure function: another base model or trigger asks nobody again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec
from msgspec import structs

from loraprep.captions import booru, colours, danbooru, hygiene, objects, tokens
from loraprep.core.known import NOWHERE, Known
from loraprep.core.records import Caption, Elements, Grade
from loraprep.core.text import ended, in_quotes
from loraprep.project import groups, profiles
from loraprep.project.profiles import BaseModel, Kind
from loraprep.project.settings import Captioning, Length, Settings

Form = Literal["tags", "prose", "json"]
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
    limit: int | None = None,
) -> Caption:
    """Render the caption for a base model: trigger, content, then style (unless style words are omitted).

    `words` (a group's own) follow the trigger, unless the caption says them anyway. Left out are `captioning.omit`,
    the `traits` that the trigger stands for, tags that ask for quality, unless wanted, and what a model that knows
    only Danbooru's tags cannot know. Of a pair it is the sentence that asks for the change. `existing` captions stay
    as they are, whatever the base model's form. `limit`: tokens into which a caption is to fit that is no person's own
    words; what goes for that is in its `left_out`.
    """
    form: Form = model.written
    sentences = elements.form == "prose" if elements.text else _prose_alone(elements)
    if form == "tags" and not model.vocabulary and sentences:
        form = "prose"  # SDXL and SD 1.5 read short sentences too
    lead: list[str] = [term for word in words if (term := hygiene.clean(word))]
    gone: list[str] = []
    budget = _Budget(limit, _joined(trigger, *lead), model.encoder.name)
    if elements.captioner == "existing" and elements.text:
        form, body = form_of(elements.form), elements.text
        body = body if form == "json" else hygiene.bare(body, trigger)
        content, style = _flat(elements.content), _flat(elements.style)
    elif elements.asks:  # an instruction is a sentence, whatever the base model learned from
        form, content, style = "prose", elements.content["changed"], []
        body, gone = _instruction(elements, captioning, model, budget)
        body = hygiene.bare(body, trigger)
    else:
        pairs = _allowed(_pairs(elements, model, traits), trigger, captioning, traits.left_out)
        body, pairs, gone = _body(elements, pairs, form, captioning, model, traits, budget)
        content = [t for key, t in pairs if key not in hygiene.STYLE]
        style = [t for key, t in pairs if key in hygiene.STYLE]
        body = body if form == "json" else hygiene.bare(body, trigger)
    lead = [term for term in lead if not hygiene.says(body, term)]
    if form == "json":
        text = objects.with_trigger(body, _joined(trigger, *lead)) if body else trigger
    else:
        text = _joined(trigger, *lead, body)
    origin = elements.captioner if elements.captioner in ("draft", "existing", "none") else "rendered"
    return Caption(
        elements.path,
        text,
        form,
        origin,
        _grade(elements, body, content, trigger),
        tokens.count(text, model.encoder.name),
        model.encoder.hard,
        (*lead, *content),
        tuple(style),
        tokens.exact(model.encoder.name),
        tuple(gone),
    )


def _joined(*parts: str) -> str:
    """Join what there is: a project of pairs may have no trigger."""
    return ", ".join(filter(None, parts))


def _instruction(
    elements: Elements, captioning: Captioning, model: BaseModel, budget: _Budget
) -> tuple[str, list[str]]:
    """Return (what asks for a pair's change, long where that is wanted; the sentences that went for the budget)."""
    long = _length(captioning, model) == "long" and elements.content_long
    said = _SENTENCE.split(elements.content_long) if long else [elements.content_sentence]
    for term in captioning.omit:
        said = [hygiene.without_term(sentence, term) for sentence in said]
    said, gone = budget.fit_sentences([sentence for sentence in said if sentence.strip()])
    return " ".join(said), gone


def _body(
    elements: Elements,
    pairs: Terms,
    form: Form,
    captioning: Captioning,
    model: BaseModel,
    traits: Traits,
    budget: _Budget,
) -> tuple[str, Terms, list[str]]:
    """Return (what stands after the trigger, the terms it names, what went for the budget)."""
    mixed = model.form == "tags then prose" and not (elements.form == "prose" and elements.text)
    if form in ("tags", "json") or mixed:
        pairs = _in_colour(pairs, elements, captioning, model, traits)
    if form == "tags" or mixed:
        if model.vocabulary and (elements.state == "seen" or elements.form == "prose"):
            pairs = _real_tags(pairs, elements, captioning, model, traits) or pairs
        if _length(captioning, model) == "short":
            pairs = [pair for pair in pairs if not _style(pair)]
    content = [t for key, t in pairs if key not in hygiene.STYLE]
    if form == "json":
        body, gone = _object(elements, pairs, captioning, model, traits, budget)
        return body, pairs, gone
    sentences, gone = list[str](), list[str]()
    if form == "prose" and not elements.text and elements.content_sentence:
        sentences = _sentences(elements, content, captioning, model, traits)
        room = budget.after([term for _, term in pairs]) if mixed else budget
        sentences, gone = room.fit_sentences(sentences)
    elif form == "prose" and not mixed:
        style = [t for key, t in pairs if key in hygiene.STYLE]
        return _words_in_a_row(elements, content, style, captioning), pairs, []
    told = " ".join(sentences)
    if form == "prose" and not mixed:
        return _following(told), pairs, gone
    if not elements.text:
        pairs, went = budget.before(told).fit_terms(pairs, traits.named)
        gone += went
    tags = ", ".join(term for _, term in pairs)
    if tags and captioning.quality_tags and not quality_first(model):
        tags = ", ".join([tags, *model.quality_tags])
    return (f"{tags}. {told}" if tags and told else tags or _following(told)), pairs, gone


def _in_colour(pairs: Terms, elements: Elements, captioning: Captioning, model: BaseModel, traits: Traits) -> Terms:
    """Name things by the colour that the sentences give them, where the terms forgot it.

    For tags both are named, as red dress says dress already and white horse does not say horse.
    """
    said = " ".join(filter(None, (elements.content_sentence, elements.content_long)))
    if not said or elements.text:
        return pairs
    never = (*traits.left_out, *captioning.omit)
    found: Terms = []
    for key, term in pairs:
        seen = [] if _style((key, term)) else colours.of_thing(term, said)
        seen = [phrase for phrase in seen if not any(hygiene.says(phrase, word) for word in never)]
        found += [(key, phrase) for phrase in seen]
        if not seen or model.vocabulary:
            found.append((key, term))
    return list(dict.fromkeys(found))


def quality_first(model: BaseModel) -> bool:
    """Say whether a base model was taught its quality tags before all else: then they stand before the trigger."""
    return model.order[:1] == ("quality",) or "quality" not in model.order


def prefix(captioning: Captioning, model: BaseModel) -> tuple[str, ...]:
    """Return the tags that stand before the trigger in the files that are trained on."""
    if model.form == "json":  # nothing stands before an object
        return ()
    own = model.quality_tags if captioning.quality_tags and model.tagged and quality_first(model) else ()
    return tuple(dict.fromkeys((*captioning.prefix, *own)))


def _length(captioning: Captioning, model: BaseModel) -> str:
    """Return the length of the caption that is being written: the first that is wanted, else as it was taught."""
    return next(iter(captioning.lengths), model.length)


def lengths_of(settings: Settings, model: BaseModel) -> tuple[Length, ...]:
    """Return the lengths in which each picture is captioned: all that are wanted where some trainer shows several.

    One that nobody has looked at may read them as one, and then the first is all there is.
    """
    wanted = settings.captioning.lengths
    shown = {profiles.trainer(name).several for name in settings.dataset.trainers}
    several = bool(shown & {"random", "each"}) and "" not in shown
    return wanted if several and model.form != "json" else wanted[:1]


def limit_of(settings: Settings, model: BaseModel) -> int:
    """Return the tokens that every chosen trainer reads of a caption, without those of the prefix.

    A trainer that cuts earlier than the encoder decides; `length: long` counts on CLIP's longest window where a
    trainer has one (kohya's --max_token_length).
    """
    encoder = model.encoder
    least = encoder.hard
    for name in settings.dataset.trainers:
        read = profiles.trainer(name)
        own = profiles.tokens_read(name, settings.model, model)
        long = "long" in (settings.captioning.lengths or (model.length,))
        least = min(least, max(own, *read.windows) if long and read.windows and tokens.exact(encoder.name) else own)
    before = prefix(settings.captioning, model)
    return least - (tokens.count(", ".join(before) + ", ", encoder.name) if before else 0)


class _Budget(NamedTuple):
    """How long a caption may be. `lead`: what stands before its body anyway."""

    limit: int | None
    lead: str
    encoder: str
    tail: str = ""

    def holds(self, body: str) -> bool:
        return self.limit is None or tokens.count(f"{self.lead}, {body}{self.tail}", self.encoder) <= self.limit

    def after(self, terms: Sequence[str]) -> _Budget:
        """Return what is left behind tags."""
        return self._replace(lead=", ".join([self.lead, *terms]))

    def before(self, sentences: str) -> _Budget:
        """Return what is left before sentences."""
        return self._replace(tail=f". {sentences}" if sentences else "")

    def fit_terms(self, pairs: Terms, kept: Collection[str]) -> tuple[Terms, list[str]]:
        """Leave out terms until the rest fits, those first that tell least; return (the rest, what went).

        Of Danbooru's tags the most common tell least; of other phrases the last do. Who is counted stays, and so do
        the first term and those in `kept`.
        """
        rest, gone = list(pairs), list[str]()
        while len(rest) > 1 and not self.holds(", ".join(term for _, term in rest)):
            free = [
                at
                for at, (_, term) in enumerate(rest)
                if at and term.casefold() not in kept and booru.group(term) != "count"
            ]
            if not free:
                break
            at = min(free, key=lambda at: (booru.surprise(rest[at][1]), -at))
            gone.append(rest.pop(at)[1])
        return rest, gone

    def fit_sentences(self, sentences: list[str]) -> tuple[list[str], list[str]]:
        """Leave out sentences from the end until the rest fits, never the first; return (the rest, what went)."""
        rest, gone = list(sentences), list[str]()
        while len(rest) > 1 and not self.holds(" ".join(rest)):
            gone.append(rest.pop())
        return rest, gone


def _grade(elements: Elements, body: str, content: Sequence[str], trigger: str) -> Grade:
    """Grade what is written of `elements`: `body` without trigger and a group's words, its `content` terms."""
    if elements.captioner == "none" and trigger:
        return Grade.TRIGGER_ONLY
    if not body or elements.state == "waiting":  # other words may still come
        return Grade.MISSING
    if elements.sources.get("text", "").startswith("sidecar:"):
        return Grade.DESCRIBED if says_content(content) else Grade.NAMED
    if elements.asks:
        return Grade.DESCRIBED
    if elements.state == "seen" and not elements.text:
        return Grade.DESCRIBED if says_content(content) else Grade.MISSING
    return Grade.NAMED


def says_content(content: Sequence[str]) -> bool:
    """Say whether content terms tell what a picture shows: any of them more than a colour."""
    return not hygiene.only_colours(" ".join(content))


def form_of(text: str) -> Form:
    """Read a form as it is stored; all that is neither "tags" nor "json" is prose."""
    return "tags" if text == "tags" else "json" if text == "json" else "prose"


def _flat(group: Mapping[str, Sequence[str]]) -> list[str]:
    return [term for terms in group.values() for term in terms]


def _pairs(elements: Elements, model: BaseModel, traits: Traits) -> Terms:
    """List (key, term) in the order to write them: a person's own tags as they stand, else by element.

    A vision model's tags are for base models that know Danbooru's; the others get its plain phrases.
    """
    group = {"content": elements.content, "style": elements.style}
    by_key = [
        (k, t)
        for keys, name in ((hygiene.CONTENT, "content"), (hygiene.STYLE, "style"))
        for k in keys
        for t in group[name].get(k, ())
    ]
    own: Sequence[str] = ()
    if model.tagged:
        wanted = model.vocabulary or not elements.content_sentence  # only who writes sentences has phrases too
        own = hygiene.terms(elements.text) if elements.form == "tags" else elements.tags if wanted else ()
    keys = {term.casefold(): key for key, term in by_key}
    tagged = [(keys.get(t.casefold()) or danbooru.key_of(t) or "objects", t) for t in own]
    # a person's or a tagger's tags take the place of the content terms; style follows, measured style last, unless a
    # tagger's tags name that side of it already
    by_tags = {key for key, _ in tagged} if elements.tags else set()
    # vision models keep these out of their tags
    named = [(key, t) for key, t in by_key if t.casefold() in traits.named]
    rest = by_key if model.vocabulary and elements.content_sentence else [*named, *(p for p in by_key if _style(p))]
    return [*tagged, *(p for p in rest if not _style(p) or p[0] not in by_tags)] if tagged else by_key


_WHO = 8  # words at the start of a sentence that name who is shown


def _prose_alone(elements: Elements) -> bool:
    """Say whether whoever looked wrote sentences and filled in no form: cut into terms they would be none."""
    unsure = elements.confidence.get("content") == "low"  # as such a reply is read
    return unsure and bool(elements.content_sentence) and not elements.tags


def _style(pair: tuple[str, str]) -> bool:
    """Say whether a (key, term) speaks of how a picture is made."""
    return pair[0] in hygiene.STYLE


def _real_tags(pairs: Terms, elements: Elements, captioning: Captioning, model: BaseModel, traits: Traits) -> Terms:
    """Turn terms into the tags that they name, in the base model's order of groups; what names none goes.

    Tags that others say already go too (dress beside white dress), and those that go without saying come in.
    """
    seen = set(elements.tags)
    told = [
        (key, name)
        for key, term in pairs
        if _style((key, term)) or not _prose_alone(elements)
        for name in booru.tags_of(
            term, whole=_style((key, term)), names=term in seen, place=key in ("place", "setting")
        )
    ]
    told.sort(key=_style)
    if elements.form == "prose" and elements.text and elements.captioner == "draft":
        sentence = elements.text
        told = [("objects", name) for found in booru.tags_in(sentence) for name in _with_colour(found, sentence)]
        told += [("subject", name) for name in booru.concluded(sentence, "", [name for _, name in told])]
    if elements.content_sentence:  # a tagger names who is there, and that nobody is
        first = " ".join(elements.content.get("subject", ()))
        kind = next(iter(elements.content.get("subject_class", ())), "")
        if _prose_alone(elements):
            said = f"{elements.content_sentence} {elements.content_long}"
            told = [("objects", name) for found in booru.tags_in(said) for name in _with_colour(found, said)] + told
            first = " ".join(elements.content_sentence.split()[:_WHO])
        told += [("subject", name) for name in booru.concluded(first, kind, [name for _, name in told])]
    never = set(traits.left_out) | {
        name for term in (*traits.left_out, *captioning.omit) for name in booru.tags_of(term)
    }
    never |= {hygiene.clean(term.replace("_", " ")).casefold() for term in captioning.omit}
    keys: dict[str, str] = {}
    for key, name in told:
        if name not in never:
            keys.setdefault(name, key)
    return [(keys[name], name) for name in booru.in_order(booru.without_implied(list(keys)), model.order)]


def _with_colour(name: str, said: str) -> list[str]:
    """Return the tags of a thing in each colour that sentences give it, then its own."""
    return [*(tag for phrase in colours.of_thing(name, said) for tag in booru.tags_of(phrase)), name]


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


# what marks a picture as somebody's: signs and addresses, and the words that sites of stock pictures write over them
_MARK = re.compile(
    r"©|\(c\)|®|™|@\w|https?:|www\.|\.(?:com|net|org|de|jp)\b|watermark|signature|copyright|all rights reserved"
    r"|(?<!\bin )(?<!\bof )stock\b|getty|alamy|dreamstime|123rf|depositphotos|freepik|fotolia|pixiv|deviantart"
    r"|artstation|patreon",
    re.IGNORECASE,
)
# a name, initials, or either with a year: J. Arden, M.K. '19, Lena Vogt 2021
_NAME = re.compile(
    r"(?:[A-Z]\. ?){1,3}(?:[A-Z][\w'’-]{1,30})?(?: ?['’]?\d{2,4})?"
    r"|[A-Z][a-z'’-]{1,30} [A-Z][a-z'’-]{1,30}(?: ['’]?\d{2,4})?|[A-Z][\w'’-]{1,30} ['’]\d{2}"
)


def marks(elements: Elements) -> list[str]:
    """Return what of the words in a picture is a signature, a watermark or an address.

    A vision model quotes what belongs to the picture in its long description: a name that is not there is a signature.
    """
    known = elements.content_long and "visible_text" not in elements.sources  # else a person says it belongs there
    told = f"{elements.content_sentence} {elements.content_long}" if known else ""
    return [
        text
        for text in elements.visible_text
        if _MARK.search(text) or (told and text not in told and _NAME.fullmatch(text.strip()))
    ]


_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'“])")


def _sentences(
    elements: Elements, content: Sequence[str], captioning: Captioning, model: BaseModel, traits: Traits
) -> list[str]:
    """List the sentences of a caption, the vision model's own, whole: what is shown, what it reads, how it is made."""
    length = _length(captioning, model)
    said = _shown(elements, length, content, traits)
    for term in captioning.omit:
        said = [hygiene.without_term(sentence, term) for sentence in said]
    written = " ".join(said).casefold()
    never = marks(elements)
    drawn = [w for w in elements.visible_text if w.casefold() not in written and w not in never]
    if model.quotes and drawn:
        said.append(f"It reads {in_quotes(drawn)}.")
    if captioning.style_words == "include" and length != "short" and elements.style_sentence:
        said += _SENTENCE.split(elements.style_sentence)
    return [ended(s) for s in said if s.strip()]


def _shown(elements: Elements, length: str, content: Sequence[str], traits: Traits) -> list[str]:
    """Return the sentences of what is shown: with the traits where one of them is to be named in this picture."""
    if _prose_alone(elements):
        told = [s for s in _SENTENCE.split(f"{elements.content_sentence} {elements.content_long}".strip()) if s]
        return told[:1] if length == "short" else told
    whole = elements.with_traits
    named = [t for t in content if t.casefold() in traits.named]
    short, long = elements.content_sentence, elements.content_long
    if named and whole.get("content_sentence"):
        short, long = whole["content_sentence"], whole.get("content_long", "")
    elif unsaid := [t for t in named if not hygiene.says(short, t)]:  # an answer from before there were both
        end = short[-1] if short[-1] in ".!?" else ""
        short = ", ".join([short.rstrip(".!? "), *unsaid]) + end
    return _SENTENCE.split(long) if length == "long" and long else [short]


def _object(
    elements: Elements, pairs: Terms, captioning: Captioning, model: BaseModel, traits: Traits, budget: _Budget
) -> tuple[str, list[str]]:
    """Return (an object as the base model was taught it, the sentences that went for the budget).

    Without a vision model's sentence a person's own, else the terms, stand where that would.
    """
    content = [term for key, term in pairs if key not in hygiene.STYLE]
    style = [] if captioning.style_words == "omit" else [elements.style_sentence]
    if _prose_alone(elements):  # of its lists only what is chosen from closed ones is no scrap of a sentence
        pairs = [(key, term) for key, term in pairs if key in ("medium", "lighting")]
    if elements.content_sentence and not elements.text:
        shown = _shown(elements, _length(captioning, model), content, traits)
    else:
        shown = [elements.text or ", ".join(content)]
    for term in captioning.omit:
        shown = [hygiene.without_term(sentence, term) for sentence in shown]
    shown, gone = [hygiene.clean(s) for one in shown for s in _SENTENCE.split(one) if s.strip()], list[str]()
    most = max((part.words for part in model.json if "content_sentence" in part.says), default=0)
    while most and len(shown) > 1 and len(" ".join(shown).split()) > most:
        gone.append(shown.pop())
    said: dict[str, list[str]] = {"tags": content, "style_sentence": [*filter(None, style)]}
    never = marks(elements)
    said["visible_text"] = [hygiene.clean(word) for word in elements.visible_text if word not in never]
    for key, term in pairs:
        said.setdefault(f"{'style' if key in hygiene.STYLE else 'content'}.{key}", []).append(term)
    while True:
        text = objects.written(model.json, {**said, "content_sentence": [" ".join(shown)] if any(shown) else []})
        if len(shown) < 2 or budget.holds(text):
            return (text if shown or content else ""), gone
        gone.append(shown.pop())


def _following(text: str) -> str:
    """Write a sentence as it follows the trigger and a comma."""
    return text[0].lower() + text[1:] if text[:2] in ("A ", "An", "Th", "Tw") else text


def _words_in_a_row(elements: Elements, content: Sequence[str], style: Sequence[str], captioning: Captioning) -> str:
    """Write a person's own sentence where there is one, else the terms, and the style terms that it does not say."""
    sentence = elements.text if elements.form == "prose" else ""
    for term in captioning.omit:
        sentence = hygiene.without_term(sentence, term)
    sentence = _following(sentence.strip() or ", ".join(content))
    if captioning.style_words == "omit":
        return sentence
    if elements.style_sentence and not elements.text:
        return f"{sentence.rstrip('. ')}. {elements.style_sentence}".lstrip(". ")
    unsaid = ", ".join(t for t in style if not hygiene.says(sentence, t))
    if unsaid and _SENTENCE.search(sentence):  # the last of them need not be what the picture is said to be
        return f"{ended(sentence)} {unsaid[0].upper()}{unsaid[1:]}."
    return ", ".join(filter(None, [sentence.rstrip(". "), unsaid]))


def traits_of(elements: Mapping[str, Elements], settings: Settings, model: BaseModel, kind: Kind) -> Traits:
    """Part what the kind's `omit` names in this set into what is constant and what varies.

    Constant, and left to the trigger, is a term that at least thresholds.captions.fused_critical of the pictures share
    in which that trait was looked at: hair that changes is no trait of a character. What stands in fewer than
    thresholds.captions.fused_watch of those that anybody described is none either, though nothing else be said there:
    a beard in two pictures, the ponytail that is left where a person took the colour out. Under
    captioning.constant_traits: include all of it is named.
    """
    keys = {key.rpartition(".")[2] for key in kind.omit}
    if not keys:
        return NO_TRAITS
    told = ([pair for pair in _trait_terms(e, model) if not _style(pair)] for e in elements.values())
    seen = [
        {(key, term.casefold()) for key, raw in said if key in keys for term in hygiene.terms(raw)}
        for said in told
        if said
    ]
    limits = settings.thresholds.captions
    looked = Counter(key for pairs in seen for key in {key for key, _ in pairs})
    times = Counter(pair for pairs in seen for pair in pairs)
    least = limits.fused_watch * len(seen)
    constant = frozenset(
        term for (key, term), n in times.items() if n >= max(least, limits.fused_critical * looked[key])
    )
    left_out = frozenset[str]() if settings.captioning.constant_traits == "include" else constant
    return Traits(left_out, frozenset(term for _, term in times) - left_out)


def _trait_terms(elements: Elements, model: BaseModel) -> Terms:
    by_key = [(key, term) for key, terms in elements.content.items() for term in terms]
    return [*by_key, *_pairs(elements, model, NO_TRAITS)]


def render_all(
    elements: Mapping[str, Elements],
    settings: Settings,
    model: BaseModel,
    kind: Kind,
    known: Known = NOWHERE,
    traits: Traits | None = None,
) -> Mapping[str, Caption]:
    """Render each path's caption, without what is constant in this set: `traits`, told of `elements` if not given.

    `known`: where captions are kept.
    """
    traits = traits or traits_of(elements, settings, model, kind)
    limit = limit_of(settings, model)
    if kind.identity:  # the trigger is the name: another character's would stand beside it
        model = structs.replace(model, order=tuple(g for g in model.order if g not in ("character", "series")))
    first, *others = lengths_of(settings, model) or (None,)

    def given(path: str) -> tuple[Elements, str, Sequence[str]]:
        return elements[path], groups.trigger(path, settings), groups.words(path, settings)

    def of_length(path: str, length: Length | None) -> Caption:
        e, trigger, words = given(path)
        captioning = structs.replace(settings.captioning, length=length)
        return render(e, trigger, captioning, model, traits, words, limit)

    def of_path(path: str) -> Caption:
        caption = of_length(path, first)
        more = dict.fromkeys(of_length(path, length).text for length in others)
        return structs.replace(caption, others=tuple(text for text in more if text != caption.text))

    under = (settings.captioning, model, traits, limit, first, others)
    return known.each("rendered", under, sorted(elements), given, of_path, Caption)
