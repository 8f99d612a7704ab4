"""Captions as work: one at a time with what is said of it as it is written, and many at once. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal, get_args

import msgspec

from loraprep.captions import booru, hygiene, own_words, pieces, tokens
from loraprep.captions.compose import compose_captions, spoken_of
from loraprep.captions.samples import own_caption
from loraprep.core import findings
from loraprep.core.findings import Code, Finding, Value
from loraprep.core.records import Caption, Elements, Grade
from loraprep.project import groups
from loraprep.project.decisions import Decisions, Entry
from loraprep.project.profiles import tokens_read
from loraprep.review import since, stay, views
from loraprep.review.cards import EntryCard, PictureView, Rows, View
from loraprep.review.snapshot import Snapshot, ident, remembered

Only = Literal["", "none", "draft", "edited", "long", "bare", "held"]
ONLY: dict[str, str] = {
    "none": "No words yet",
    "draft": "Draft",
    "edited": "Edited",
    "long": "Too long",
    "bare": "Nobody described",
    "held": "Held out",
}
_SELDOM = ("bare", "held")  # shown only where there are any
_SUGGESTED = 8  # tags that complete what is typed
_THIS = "this picture"
_ALONE = "The trigger alone is trained, as you chose. What you write here goes beside it."


class Sought(msgspec.Struct, frozen=True):
    """Which captions are shown: those that say `find`, or all its words, not `without`, and are such (`only`).

    `of`: the ident of a finding, whose pictures alone are shown; `name`: what the file's name has in it.
    """

    find: str = ""
    without: str = ""
    only: Only = ""
    of: str = ""
    name: str = ""


def sought(query: Mapping[str, str]) -> Sought:
    """Read what an address of the page asks for: `find`, `not`, `only`, `of` and `name`."""
    known: tuple[Only, ...] = get_args(Only)
    only = next((one for one in known if one == query.get("only")), known[0])
    return Sought(query.get("find", ""), query.get("not", ""), only, query.get("of", ""), query.get("name", ""))


class Chip(View, frozen=True):
    """A part of a caption. `style`: of how the picture is made; `unknown`: no tag of the base model's."""

    text: str
    style: bool
    unknown: bool


class Limit(View, frozen=True):
    """How many tokens those trainers read, and whether the caption has more."""

    trainers: str
    limit: int
    over: bool


class Measure(View, frozen=True):
    """What a caption amounts to. `tokens`: at most so many where they are no `exact` count; `soft`: read well.

    `glue`: what stands between the chips; "" where there are none. `content`, `style`: what sentences speak of.
    `most`: tokens that the base model can read; 0 where a trainer reads as many. `note`: what is so and not wrong.
    """

    tokens: int
    exact: bool
    encoder: str
    soft: int
    most: int
    note: str
    limits: list[Limit]
    said: list[tuple[str, str]]  # findings: what is wrong, and what to do
    chips: list[Chip]
    glue: str
    content: list[str]
    style: list[str]


class Words(View, frozen=True):
    """A picture's caption, ready to be written. `id`: whose answer it is; `own`: a hand-written entry, to take back.

    `trigger`: what [trigger] stands for, "" where the picture trains without one.
    """

    id: str
    name: str
    text: str
    origin: str
    own: str
    trigger: str
    measure: Measure


class Desk(View, frozen=True):
    """A picture large beside its caption: number `n` (from 0) of those shown, -1 if it is none of them.

    `mine`: captions of `every` one that a person wrote.
    `near`: the number of the one shown that comes next to it then, by name; -1 if none is shown.
    """

    picture: PictureView
    n: int
    near: int
    total: int
    mine: int
    every: int
    words: Words


class TextRow(PictureView, frozen=True):
    """A caption that would train. `marks`: of ONLY, why somebody may look for it."""

    text: str
    origin: str
    tokens: int
    marks: list[str]


class CaptionCard(EntryCard, frozen=True):
    """A sample with its caption. `before`: what was approved earlier, "" if nothing was."""

    picture: PictureView
    words: Words
    what: str
    before: str
    answer: str


class Changed(View, frozen=True):
    """A caption that a change would make another one."""

    id: str
    name: str
    shown: str
    before: str
    after: str


# --- one caption


def caption_card(s: Snapshot, entry: Entry) -> CaptionCard:
    """Show a sample with its caption."""
    path = views.subject(entry)
    return CaptionCard(
        id=ident("captions", entry.key),
        state=views.state(s, "captions", entry),
        picture=views.picture(s, path, views.located(s, entry, path)),
        words=_words(s, path, str(entry.data.get("caption", "")), ident("captions", entry.key)),
        what=entry.data.get("what") or "",
        before=entry.data.get("before") or "",
        answer=views.answer_text(entry.data.get("verdict")),
    )


def of_picture(s: Snapshot, path: str) -> Words | None:
    """Return the caption that a picture would train with; None before there is any."""
    return _words(s, path, written(s, path)[0], ident("picture", path)) if path in s.captions else None


def _words(s: Snapshot, path: str, text: str, of: str) -> Words:
    entry = s.decisions["captions"].entries.get(path)
    by_hand = entry is not None and not entry.digests and bool(own_caption(entry))
    return Words(
        id=of,
        name=path,
        text=text,
        origin=_origin(s, path),
        own=ident("captions", path) if by_hand else "",
        trigger=groups.trigger(path, s.project.settings),
        measure=measured(s, path, text),
    )


def desk(s: Snapshot, path: str, among: Sequence[str]) -> Desk | None:
    """Lay a caption on the desk; `among`: the paths of those shown, sorted. None if the picture has none."""
    words = of_picture(s, path)
    if words is None:
        return None
    near = min(bisect_left(among, path), len(among) - 1)
    n = near if among and among[near] == path else -1
    mine = sum("edited" in known.marks for known in _now(s).values())
    picture = views.picture(s, path)
    return Desk(picture=picture, n=n, near=near, total=len(among), mine=mine, every=len(_now(s)), words=words)


def measured(s: Snapshot, path: str, text: str) -> Measure:
    """Measure a caption as decisions/ would have it.

    Asked of the captions' own checks, as if this were the only caption and a person had written it, so that the page
    never says something else.
    """
    project, encoder = s.project, s.project.base_model.encoder
    nobody = Elements(path, "", "none", "seen")
    given = Decisions(None, {path: Entry(path, {"caption": text}, {}, True)})
    shown = {path: len(s.images[path].controls)} if path in s.images and s.images[path].controls else {}
    made = compose_captions({path: nobody}, given, project.settings, project.base_model, project.kind, shown=shown)
    caption = made.captions[path]
    of_it = caption
    if path in s.elements and not project.kind.pairs:
        of_it = own_words.graded({path: caption}, {path: s.elements[path]}, project.settings)[path]
    parts = pieces.split(text)
    alone = path in s.captions and s.captions[path].grade is Grade.TRIGGER_ONLY
    unknown = set(_unknown(s, path, parts.parts)) if parts.glue == ", " else set()
    return Measure(
        tokens=caption.tokens,
        exact=tokens.exact(encoder.name),
        encoder=encoder.name,
        soft=encoder.soft,
        most=0 if encoder.hard in _by_limit(s) else encoder.hard,
        limits=[
            Limit(trainers=", ".join(names), limit=limit, over=caption.tokens > limit)
            for limit, names in _by_limit(s).items()
        ],
        said=_named_alone(of_it, caption)
        or _said(path, caption, [*made.findings, *_no_tags(path, sorted(unknown))], alone=alone),
        note=_ALONE if alone and not caption.captioned else "",
        chips=[Chip(text=part, style=hygiene.is_style(part), unknown=part in unknown) for part in parts.parts],
        glue=parts.glue,
        content=list(caption.content),
        style=list(caption.style),
    )


_NOT_OF_ONE = (Code.CONSTANT_TRAITS, Code.CAPTION_ONE_LENGTH)  # findings about settings, whatever a caption says


def _named_alone(of_it: Caption, caption: Caption) -> list[tuple[str, str]]:
    """Say that a caption describes nothing that its picture's name does not say. `of_it`: graded as such."""
    if of_it.captioned or not caption.captioned:
        return []
    return [("It says nothing that the picture's name does not say.", "Write what you see.")]


def _said(path: str, caption: Caption, found: Sequence[Finding], *, alone: bool) -> list[tuple[str, str]]:
    """Say what is wrong with a caption in the words of the report, without its file's name.

    `alone`: that the trigger alone is trained was chosen.
    """
    if not caption.captioned and alone:
        return []
    if not caption.captioned:
        return [("It does not say what is in the picture.", "Write what you see.")]
    of_it = [f for f in found if f.code not in _NOT_OF_ONE]
    here = [_of_this(path, f) for f in of_it]
    return [(findings.sentence(f).replace(f"{_THIS}: ", ""), views.here(f.code, findings.fix(f))) for f in here]


def _of_this(path: str, found: Finding) -> Finding:
    said: dict[str, Value] = {
        name: {_THIS: value.get(path, "")} if isinstance(value, dict) else value for name, value in found.values.items()
    }
    return msgspec.structs.replace(found, images=(_THIS,) if found.images else (), values=said)


def _unknown(s: Snapshot, path: str, parts: Sequence[str]) -> list[str]:
    """List the parts that are no tags, where the base model learned Danbooru's; words that were declared pass."""
    model = s.project.base_model
    if not model.vocabulary:
        return []
    known = {word.casefold() for word in hygiene.about(path, s.project.settings, model).allowed}
    return [p for p in parts if not (booru.is_tag(p) or hygiene.is_quality(p) or p.casefold() in known)]


def _no_tags(path: str, unknown: Sequence[str]) -> list[Finding]:
    tags = ", ".join(f'"{tag}"' for tag in unknown)
    return [Finding(Code.UNKNOWN_TAGS, (path,), {"tags": tags, "times": len(unknown)})] if unknown else []


@remembered()
def _by_limit(s: Snapshot) -> dict[int, list[str]]:
    """Map how many tokens of a caption are read -> the chosen trainers that do; the encoder where none is chosen."""
    model, settings = s.project.base_model, s.project.settings
    found: dict[int, list[str]] = {}
    for name in settings.dataset.trainers:
        found.setdefault(tokens_read(name, settings.model, model), []).append(name)
    return dict(sorted(found.items())) or {model.encoder.hard: [model.encoder.name]}


def completions(s: Snapshot, typed: str) -> list[tuple[str, int]]:
    """Return (term, pictures) that begin so, then those of which a word does: the set's own, then Danbooru's."""
    wanted = typed.replace("_", " ").strip().casefold()
    if not wanted:
        return []
    known = {term: n for terms in terms_used(s).values() for term, n in terms}
    mine = sorted((t for t in known if _begins(t, wanted)), key=lambda t: (_begins(t, wanted), -known[t], t))
    found = [(t, known[t]) for t in mine[:_SUGGESTED]]
    if s.project.base_model.vocabulary:
        found += [(t, n) for t, n in booru.beginning(wanted, _SUGGESTED) if t not in known]
    return found[:_SUGGESTED]


def _begins(term: str, wanted: str) -> int:
    """Return 1 if a term begins so, 2 if one of its words does, 0 if neither."""
    return 1 if term.startswith(wanted) else 2 if f" {wanted}" in term else 0


# --- all of them


@remembered(stay.leaving_by_now)
def captioned(s: Snapshot) -> list[str]:
    """List the pictures whose captions would train, as answered by now."""
    gone = stay.leaving_by_now(s)
    return [path for path in sorted(s.captions) if path in s.images and path not in gone]


def waiting(s: Snapshot) -> int:
    """Count the pictures that stay by the answers given since the last run, which therefore wrote no caption."""
    return sum(path not in s.captions for path in stay.staying(s))


def written(s: Snapshot, path: str) -> tuple[str, bool]:
    """Return a picture's caption as decisions/captions.yaml would say it, and whether a person wrote it there."""
    entry = s.decisions["captions"].entries.get(path)
    own = own_caption(entry) if entry else ""
    caption = s.captions.get(path)
    return (own, True) if own else (_unfilled(s, path, caption.text if caption else ""), False)


def _unfilled(s: Snapshot, path: str, text: str) -> str:
    """Write [trigger] for the trigger at the beginning; a project of pairs may have none."""
    trigger = groups.trigger(path, s.project.settings)
    return f"[trigger]{text.removeprefix(trigger)}" if trigger else text


def _origin(s: Snapshot, path: str) -> str:
    if written(s, path)[1]:
        return "yours"
    return s.captions[path].origin if path in s.captions else ""


class _Known(msgspec.Struct, frozen=True):
    """What is looked for in one caption: what it says, and why it may want somebody."""

    said: str
    marks: tuple[str, ...]


@remembered()
def _lying(s: Snapshot) -> dict[str, _Known]:
    """Map picture -> what its caption says as the last run left it."""
    return {path: _known(s, path, written_by_run=True) for path in sorted(s.captions) if path in s.images}


@remembered(lambda s: (s.digests["captions"], stay.leaving_by_now(s)))
def _now(s: Snapshot) -> dict[str, _Known]:
    """Map picture -> what its caption says by now, of those that would train."""
    lying, mine = _lying(s), s.decisions["captions"].entries
    return {path: _known(s, path, written_by_run=False) if path in mine else lying[path] for path in captioned(s)}


def _known(s: Snapshot, path: str, *, written_by_run: bool) -> _Known:
    caption, own = s.captions[path], False
    text = _unfilled(s, path, caption.text)
    if not written_by_run:
        text, own = written(s, path)
    origin = "yours" if own else caption.origin
    filled = text.replace("[trigger]", groups.trigger(path, s.project.settings))
    count = tokens.count(filled, s.project.base_model.encoder.name) if own else caption.tokens
    empty = not text.replace("[trigger]", "").strip(" ,.")
    marks = {
        "none": empty,
        "draft": origin == "draft" and not empty,
        "edited": own or origin == "written",
        "long": count > min(_by_limit(s)),
        "bare": path in _bare(s) and (written_by_run or path not in since.described(s)),
        "held": path in s.fates and s.fates[path].fate == views.HELD_OUT,
    }
    return _Known(text.casefold(), tuple(name for name, it_is in marks.items() if it_is))


@remembered()
def _bare(s: Snapshot) -> frozenset[str]:
    """Return the pictures of which the last run found that nobody described them."""
    reasons = s.gate.reasons if s.gate else []
    return frozenset(path for r in reasons if r.code in (Code.UNCAPTIONED, Code.ONLY_NAMED) for path in r.images)


def counted(s: Snapshot, shown: Only = "") -> dict[str, int]:
    """Count the captions of each sort, as `ONLY` names them; some only where there are any, or they are `shown`."""
    counts = Counter(mark for known in _now(s).values() for mark in known.marks)
    return {name: counts[name] for name in ONLY if name not in _SELDOM or counts[name] or name == shown}


def finding(s: Snapshot, wanted: str) -> tuple[str, frozenset[str]]:
    """Return what a finding says, and its pictures; nothing for one that is not there any more."""
    card = next((card for card in views.finding_cards(s) if card.id == wanted), None)
    if card is None:
        return "", frozenset()
    return f"{card.sentence} {card.since}".strip(), frozenset(since.about(s, card.code))


@remembered(lambda s, _wanted: (s.digests["captions"], s.digests["gate"], stay.leaving_by_now(s)), size=32)
def found(s: Snapshot, wanted: Sought) -> list[str]:
    """List the pictures whose captions are sought; all of them for nothing."""
    whole, without, name = (text.casefold().strip() for text in (wanted.find, wanted.without, wanted.name))
    words = whole.split()
    if wanted == Sought():
        return captioned(s)
    told, named = finding(s, wanted.of) if wanted.of else ("", frozenset())
    return [
        path
        for path, known in _now(s).items()
        if (not wanted.only or wanted.only in known.marks)
        and (whole in known.said or all(word in known.said for word in words))
        and not (without and without in known.said)
        and name in path.casefold()
        and (not told or path in named)
    ]


def text_row(s: Snapshot, path: str) -> TextRow:
    """Show a caption that would train."""
    return TextRow(
        **msgspec.structs.asdict(views.picture(s, path)),
        text=written(s, path)[0],
        origin=_origin(s, path),
        tokens=s.captions[path].tokens,
        marks=[ONLY[mark].lower() for mark in _now(s)[path].marks if mark in ("none", "long", "held")],
    )


def rows(s: Snapshot, wanted: Sought) -> Rows:
    """Show the first captions of those that are sought."""
    return views.rows("texts", found(s, wanted), lambda path: text_row(s, path))


@remembered(lambda s: (s.digests["captions"], stay.leaving_by_now(s)))
def terms_used(s: Snapshot) -> dict[str, list[tuple[str, int]]]:
    """Count how often each term is in the captions by now, by "content" and "style", frequent first."""
    counts: dict[str, Counter[str]] = {"content": Counter(), "style": Counter()}
    mine = s.decisions["captions"].entries
    for path in captioned(s):
        caption, own = s.captions[path], own_caption(mine[path]) if path in mine else ""
        content, style = _spoken(own) if own else (caption.content, caption.style)
        counts["content"].update({t.casefold() for t in content})
        counts["style"].update({t.casefold() for t in style})
    return {name: sorted(c.items(), key=lambda x: (-x[1], x[0])) for name, c in counts.items()}


@lru_cache(maxsize=20_000)  # each answer changes one of them
def _spoken(own: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the terms of a person's words, as the next run would have them."""
    body = hygiene.bare(own.replace("[trigger]", ""), "")
    return spoken_of(body, hygiene.form_of(body))


class Change(msgspec.Struct, frozen=True):
    """One change to many captions; `put`, `case` (same capitals) and `whole` (words) are a replacement's."""

    what: pieces.What
    words: str
    put: str = ""
    case: bool = False
    whole: bool = True

    def of(self, text: str) -> str:
        """Return a caption with it."""
        if self.what == "replace":
            return pieces.replaced(text, self.words, self.put, case=self.case, words=self.whole)
        return pieces.CHANGES[self.what](text, self.words)


def changed(s: Snapshot, wanted: Sought, change: Change) -> list[Changed]:
    """List every caption, of those that are sought, that a change would make another one."""
    if not change.words.strip():
        return []
    texts = ((path, written(s, path)[0]) for path in found(s, wanted))
    differing = ((path, text, after) for path, text in texts if (after := change.of(text)) != text)
    return [Changed(**_named(s, path), before=text, after=after) for path, text, after in differing if after.strip()]


def _named(s: Snapshot, path: str) -> dict[str, str]:
    shown = views.picture(s, path)
    return {"id": shown.id, "name": shown.name, "shown": shown.shown}
