"""What each view shows, for its template. Pure: a Snapshot in, frozen records out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Literal

import msgspec

from loraprep.captions.compose import compose_captions
from loraprep.captions.samples import own_caption, recommended
from loraprep.carried.questions import asked_in
from loraprep.core import findings
from loraprep.core.findings import Code
from loraprep.core.records import Elements, Grade, Image
from loraprep.curation.rulings import curation_entry
from loraprep.project import crops, decisions, groups
from loraprep.project.decisions import ANSWERS, Answer, Decisions, Entry
from loraprep.project.profiles import tokens_read
from loraprep.project.sizes import enlargement, trained_sizes
from loraprep.report import opening
from loraprep.report.gate import acceptance, accepts_undescribed, never_accepted
from loraprep.review import leaving
from loraprep.review.snapshot import Snapshot, by_short, ident, pair, remembered
from loraprep.trainers import placement

State = Literal["open", "answered", "accepted", "gone"]
TITLES = {
    "duplicates": "Duplicates",
    "quality": "Quality",
    "carried": "Lettering and bars",
    "captions": "Captions",
    "curation": "Curation",
    "findings": "Findings",
    "texts": "All captions",
}
AT_ONCE = 48  # of a long list; fills a window
_SHOWN = 12  # pictures of a finding
_OTHERS = 8  # pictures of the character, to compare a stranger with
NEAREST = "closest to "  # how a curation question names the picture that stays instead


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a template shows."""


class Queue(View, frozen=True):
    """A view, and how much in it waits."""

    name: str
    title: str
    open: int


class PictureView(View, frozen=True):
    """A picture. `shown`: the digest of its pixels, "" if there is none to show; `width`, `height`: px."""

    id: str
    name: str
    shown: str
    width: int
    height: int


class Rows(View, frozen=True):
    """The first of a list of `total`, and the address of the rest: /part/`part`."""

    part: str
    total: int
    items: list[View]


class EntryCard(View, frozen=True):
    """An entry of a decision file."""

    id: str
    state: State


class DuplicatePicture(PictureView, frozen=True):
    """A picture of a group."""

    facts: str
    recommended: bool  # to stay
    stays: bool
    askable: bool  # may an answer name it?
    why: str  # why it is the best
    what: str  # what it is to one that is recommended


class DuplicateCard(EntryCard, frozen=True):
    """A group of copies or variants. `all`: is it recommended to keep all?"""

    what: str
    pictures: list[DuplicatePicture]
    answer: str
    all: bool


class TrainedView(View, frozen=True):
    """A picture at a trained size (px): how many times it is enlarged, and its bucket (width, height)."""

    size: int
    times: str
    bucket: tuple[int, int]


class QualityCard(EntryCard, frozen=True):
    """A picture that would be enlarged. `trainer`: whose buckets are shown."""

    picture: PictureView
    sizes: list[TrainedView]
    trainer: str
    what: str
    recommended: str
    answer: str


class CaptionMeasure(View, frozen=True):
    """What a caption amounts to: tokens and the encoder's limits, what must not be in it, what it names."""

    tokens: int
    soft: int
    hard: int
    encoder: str
    faults: list[str]
    content: list[str]
    style: list[str]


class CaptionCard(EntryCard, frozen=True):
    """A sample with its caption; the rest as in CaptionMeasure."""

    picture: PictureView
    text: str
    what: str
    before: str  # what was approved earlier, "" if nothing was
    answer: str
    tokens: int
    soft: int
    hard: int
    encoder: str
    faults: list[str]
    content: list[str]
    style: list[str]


class CurationPicture(PictureView, frozen=True):
    """A picture of a curation question, and the one that stays instead."""

    facts: str
    out: bool
    nearest: PictureView | None


class StyleView(View, frozen=True):
    """A manner of drawing, its most typical pictures first."""

    id: str
    name: str
    out: bool
    pictures: Rows


class CurationCard(EntryCard, frozen=True):
    """A question of curation: spare pictures, styles (`looks`), or strangers beside some of the `others`."""

    what: str
    pictures: Rows
    answer: str
    strangers: bool
    others: list[PictureView]
    looks: list[StyleView]
    recommended: str


class CarriedPicture(PictureView, frozen=True):
    """A picture with marks, as shares of what is shown of it. `act`: what becomes of them; `kept`: an exception."""

    facts: str
    boxes: list[list[float]]
    crop: list[float]
    act: str
    kept: bool


class CarriedCard(EntryCard, frozen=True):
    """A question about one kind of lettering, or about bars."""

    what: str
    pictures: Rows
    answer: str
    recommended: str


class FindingCard(View, frozen=True):
    """A reason of the verdict. `accepted`: why it is settled, "" if it is not; `mine`: does gate.yaml name it?"""

    id: str
    code: str
    severity: str
    sentence: str
    why: str
    fix: str
    accepted: str
    mine: bool
    acceptable: bool
    blocks: bool
    state: State
    pictures: list[PictureView]
    more: int  # pictures that are not shown


class TextRow(PictureView, frozen=True):
    """A caption that would train. `mine`: a person wrote it; `limit`: tokens that the encoder reads."""

    text: str
    mine: bool
    origin: str
    tokens: int
    limit: int


@lru_cache(maxsize=2)
def queues(s: Snapshot) -> list[Queue]:
    """List the views in the order to work through them, with what is still open in each."""
    waiting = {kind: sum(known == "open" for known in states(s, kind)) for kind in decisions.KINDS}
    waiting["findings"] = sum(c.blocks for c in finding_cards(s))
    return [Queue(name=name, title=title, open=waiting.get(name, 0)) for name, title in TITLES.items()]


@lru_cache(maxsize=2)
def _gone(s: Snapshot) -> frozenset[str]:
    return frozenset().union(*(_gone_by(s, kind) for kind in s.decisions))


@remembered(lambda s, kind: s.digests[kind], size=8)
def _gone_by(s: Snapshot, kind: str) -> frozenset[str]:
    return frozenset(leaving.leaving({kind: s.decisions[kind]}))


def asks_by(s: Snapshot, kind: str) -> tuple[str, frozenset[str]]:
    """Return what decides which entries are asked, and how they stand: the file, and what leaves by any of them."""
    return s.digests[kind], _gone(s)


@remembered(lambda s, kind: (asks_by(s, kind), s.digests["gate"]), size=8)
def states(s: Snapshot, kind: str) -> list[State]:
    """List the state of each entry that `asked` lists."""
    return [state(s, kind, e) for e in asked(s, kind)]


@remembered(asks_by, size=8)
def asked(s: Snapshot, kind: str) -> list[Entry]:
    """List the entries of a decision file that the page shows, in the file's order."""
    gone = _gone(s)
    asking = (e for e in s.decisions[kind].entries.values() if _asks(s, kind, e))
    return [e for e in asking if not leaving.nothing_left_to_ask(kind, e, gone)]


def _asks(s: Snapshot, kind: str, entry: Entry) -> bool:
    """Leave out a caption that a person wrote, which has no verdict to give, and what leaves (of quality: for good)."""
    if kind not in ("captions", "quality"):
        return True
    answer, fate = ANSWERS[kind], s.fates.get(subject(entry))
    out = fate is not None and not fate.stays and (kind == "captions" or not fate.open)
    return entry.data.get(answer) is not None or (not out and (kind == "quality" or answer in entry.data))


def state(s: Snapshot, kind: str, entry: Entry) -> State:
    """Say whether somebody answered it."""
    named = [entry.key, *entry.digests, *entry.data.get("pictures", {})]
    if s.images and not any(located(s, entry, path) for path in named):
        return "gone"
    if entry.data.get(ANSWERS[kind]) is not None or (kind == "captions" and own_caption(entry)):
        return "answered"
    recommends = kind != "captions" or recommended(entry) is not None
    if recommends and s.decisions[kind].accepts(auto=s.project.auto(kind)):
        return "accepted"
    return "accepted" if not recommends and accepts_undescribed(subject(entry), s.accepted) else "open"


def subject(entry: Entry) -> str:
    """Return the picture of an entry about one: its key, unless that is about a picture "(again)"."""
    return entry.key if entry.key in entry.digests else next(iter(entry.digests), entry.key)


def located(s: Snapshot, entry: Entry, path: str) -> Image | None:
    """Find the picture an entry calls `path`, by its digest if it has another name by now."""
    short = entry.digests.get(path)
    here = s.images.get(path)
    if here or not short:
        return here
    return by_short(s).get(short)


def picture(s: Snapshot, path: str, image: Image | None = None) -> PictureView:
    """Describe one picture to a template; `image`: the record, if it has another path by now."""
    image = image or s.images.get(path)
    return PictureView(
        id=ident("picture", path),
        name=path,
        shown=crops.shown(image) if image else "",
        width=image.width if image else 0,
        height=image.height if image else 0,
    )


@remembered()
def _best(s: Snapshot) -> dict[str, str]:
    return {group.best: group.why for group in s.groups}


def duplicate_card(s: Snapshot, entry: Entry) -> DuplicateCard:
    """Show a group of copies or variants, what to compare with first."""
    best = _best(s)
    facts: Mapping[str, str | None] = entry.data.get("pictures") or dict.fromkeys(entry.digests or [entry.key], "")
    recommended = _named(entry.data.get("recommended", "all"), facts, ())
    answer = entry.data.get("keep")
    staying = _named(recommended if answer in (None, "recommended") else answer, facts, recommended)
    pictures = [
        DuplicatePicture(
            **msgspec.structs.asdict(picture(s, path, located(s, entry, path))),
            facts=text or "",
            recommended=path in recommended,
            stays=path in staying,
            askable=not entry.digests or path in entry.digests,
            why=best.get(path, ""),
            what="" if path in recommended else _relation(s, path, recommended),
        )
        for path, text in sorted(facts.items(), key=lambda f: f[0] not in recommended)  # what to compare with
    ]
    return DuplicateCard(
        id=ident("duplicates", entry.key),
        state=state(s, "duplicates", entry),
        what=entry.data.get("what") or "",
        pictures=pictures,
        answer=_answer_text(answer),
        all=len(recommended) == len(facts),
    )


def _named(value: Answer, facts: Iterable[str], recommended: Iterable[str]) -> list[str]:
    """List the pictures that an answer keeps."""
    if value == "all":
        return list(facts)
    if value == "recommended":
        return list(recommended)
    return list(value) if isinstance(value, list) else []


def _relation(s: Snapshot, path: str, recommended: Iterable[str]) -> str:
    """Say what a picture is to the first of those recommended that it is known beside; "" if to none."""
    return next((what for other in recommended if (known := pair(s, path, other)) and (what := known.what)), "")


def _answer_text(answer: Answer | None) -> str:
    return ", ".join(answer) if isinstance(answer, list) else str(answer or "")


def quality_card(s: Snapshot, entry: Entry) -> QualityCard:
    """Show a picture that would be enlarged, with what the trainer makes of it at every size."""
    settings, path = s.project.settings, subject(entry)
    image = located(s, entry, path)
    sizes = []
    for size in trained_sizes(settings, s.project.base_model) if image else []:
        placed = placement.place_picture(image.width, image.height, size, settings) if image else None
        if image and placed:
            times = enlargement(image, size)  # as the question itself counts it
            sizes.append(TrainedView(size=size, times=f"{times:.1f}", bucket=placed.bucket))
    return QualityCard(
        id=ident("quality", entry.key),
        state=state(s, "quality", entry),
        picture=picture(s, path, image),
        sizes=sizes,
        trainer=placement.reference_trainer(settings),
        what=entry.data.get("what") or "",
        recommended=entry.data.get("recommended", ""),
        answer=_answer_text(entry.data.get("do")),
    )


def caption_card(s: Snapshot, entry: Entry) -> CaptionCard:
    """Show a sample with its caption, its words and their length."""
    text = str(entry.data.get("caption", ""))
    measure = measured(s, text)
    return CaptionCard(
        id=ident("captions", entry.key),
        state=state(s, "captions", entry),
        picture=picture(s, subject(entry), located(s, entry, subject(entry))),
        text=text,
        what=entry.data.get("what") or "",
        before=entry.data.get("before") or "",
        answer=_answer_text(entry.data.get("verdict")),
        tokens=measure.tokens,
        soft=measure.soft,
        hard=measure.hard,
        encoder=measure.encoder,
        faults=measure.faults,
        content=entry.data.get("content", []),
        style=entry.data.get("style", []),
    )


def measured(s: Snapshot, text: str) -> CaptionMeasure:
    """Measure a caption as written in decisions/.

    Asked of the captions' own checks, as if this were some picture's only caption, so that the page never says
    something else.
    """
    project, encoder = s.project, s.project.base_model.encoder
    nobody = Elements("", "", "draft", "draft")
    given = Decisions(None, {"": Entry("", {"caption": text}, {}, True)})
    made = compose_captions({"": nobody}, given, project.settings, project.base_model, project.kind)
    caption = made.captions[""]
    broken = [f.text("reasons").removeprefix(": ") for f in made.findings if f.code == Code.CAPTION_UNUSABLE]
    return CaptionMeasure(
        tokens=caption.tokens,
        soft=encoder.soft,
        hard=encoder.hard,
        encoder=encoder.name,
        faults=broken or _unsaid(caption.grade),
        content=list(caption.content),
        style=list(caption.style),
    )


@remembered()
def limits(s: Snapshot) -> list[tuple[str, int]]:
    """List how many tokens of a caption each chosen trainer reads; the encoder's own where no trainer is chosen."""
    model, settings = s.project.base_model, s.project.settings
    read = [(name, tokens_read(name, settings.model, model)) for name in settings.dataset.trainers]
    return read or [(model.encoder.name, model.encoder.hard)]


def _unsaid(grade: Grade) -> list[str]:
    said = {Grade.MISSING: ["it says nothing"], Grade.NAMED: ["it does not say what is in the picture"]}
    return said.get(grade, [])


def curation_card(s: Snapshot, entry: Entry) -> CurationCard:
    """Show what curation asks: each picture that leaves beside the one that stays; styles; strangers."""
    strangers = "strangers" in entry.data
    out = curation_out(entry)
    return CurationCard(
        id=ident("curation", entry.key),
        state=state(s, "curation", entry),
        what=entry.data.get("what") or "",
        pictures=rows(f"spares/{ident('curation', entry.key)}", spares(s, entry), lambda path: spare(s, entry, path)),
        answer=_answer_text(entry.data.get("answer")),
        strangers=strangers,
        others=_others(s, entry) if strangers else [],
        looks=_styles(s, entry, out),
        recommended=_answer_text(entry.data.get("recommended")),
    )


def curation_out(entry: Entry) -> set[str]:
    """Return the pictures that leave as a curation entry stands."""
    return set(curation_entry(entry).left_out(entry.data.get("answer") or "recommended"))


def spares(s: Snapshot, entry: Entry) -> list[str]:
    """List the pictures that a curation entry asks about one by one."""
    return [] if entry.data.get("looks") else [*(entry.data.get("pictures") or entry.data.get("strangers") or {})]


def spare(s: Snapshot, entry: Entry, path: str) -> CurationPicture:
    """Show one of `spares`."""
    facts: Mapping[str, str | None] = entry.data.get("pictures") or entry.data.get("strangers") or {}
    nearest = str(facts[path] or "").removeprefix(NEAREST)
    return CurationPicture(
        **msgspec.structs.asdict(picture(s, path, located(s, entry, path))),
        facts=facts[path] or "",
        out=path in _out(s, entry.key),
        nearest=picture(s, nearest) if nearest in s.images else None,
    )


@remembered(lambda s, _key: s.digests["curation"], size=8)
def _out(s: Snapshot, key: str) -> set[str]:
    return curation_out(s.decisions["curation"].entries[key])


def _others(s: Snapshot, entry: Entry) -> list[PictureView]:
    asked = set(spares(s, entry))
    others = (path for path in staying(s) if path not in asked)
    return [picture(s, path) for path in islice(others, _OTHERS)]


def _styles(s: Snapshot, entry: Entry, out: set[str]) -> list[StyleView]:
    card, styles = ident("curation", entry.key), look_pictures(entry)
    return [
        StyleView(
            id=ident("look", name),
            name=name,
            out=bool(paths) and out.issuperset(paths),
            pictures=rows(f"look/{card}/{n}", paths, lambda path: picture(s, path, located(s, entry, path))),
        )
        for n, (name, paths) in enumerate(styles.items())
    ]


def look_pictures(entry: Entry) -> dict[str, list[str]]:
    """Map look -> its pictures, its most typical ones first."""
    styles: Mapping[str, Sequence[str]] = entry.data.get("looks") or {}
    typical: Mapping[str, Sequence[str]] = entry.data.get("examples") or {}
    return {name: [*dict.fromkeys([*typical.get(name, ()), *paths])] for name, paths in styles.items()}


def carried_card(s: Snapshot, entry: Entry) -> CarriedCard:
    """Show what one kind of marks is on, and where."""
    part = f"carried/{ident('carried', entry.key)}"
    return CarriedCard(
        id=ident("carried", entry.key),
        state=state(s, "carried", entry),
        what=entry.data.get("what") or "",
        pictures=rows(part, carriers(entry), lambda path: carrier(s, entry, path)),
        answer=_answer_text(entry.data.get("answer")),
        recommended=entry.data.get("recommended") or "",
    )


def carriers(entry: Entry) -> list[str]:
    """List the pictures that an entry of decisions/carried.yaml asks about."""
    return [*(entry.data.get("pictures") or {})]


def carrier(s: Snapshot, entry: Entry, path: str) -> CarriedPicture:
    """Show one of `carriers`; its boxes are of the whole picture, and so are shown of a picture that is not cropped."""
    asked, image = asked_in(entry.data), located(s, entry, path)
    whole = image is not None and not image.box
    act = asked.act(path, accepted=s.decisions["carried"].accepts(auto=s.project.auto("carried")))
    return CarriedPicture(
        **msgspec.structs.asdict(picture(s, path, image)),
        facts=entry.data["pictures"].get(path) or "",
        boxes=asked.marks.get(path, []) if whole else [],
        crop=asked.crops.get(path, []) if whole else [],
        act=act or "",
        kept=asked.exceptions.get(path) == "keep",
    )


@remembered()
def staying(s: Snapshot) -> list[str]:
    """List the pictures that would train or be held out, by the last run."""
    return [path for path, fate in sorted(s.fates.items()) if fate.stays and path in s.images]


def kept(s: Snapshot) -> Rows:
    """Show the pictures that would train."""
    return rows("kept", staying(s), lambda path: picture(s, path))


@remembered()
def leaving_now(s: Snapshot) -> list[str]:
    """List the pictures that would not train, by the last run, and that could."""
    return [path for path, fate in sorted(s.fates.items()) if fate.fate == "left out" and path in s.images]


def left_out(s: Snapshot) -> Rows:
    """Show the pictures that would not train."""
    return rows("out", leaving_now(s), lambda path: picture(s, path))


def rows(part: str, keys: Sequence[str], show: Callable[[str], View]) -> Rows:
    """Show the first of a long list; the page asks for the rest where it is looked at."""
    return Rows(part=part, total=len(keys), items=[show(key) for key in keys[:AT_ONCE]])


@remembered(lambda s: s.digests["gate"])
def finding_cards(s: Snapshot) -> list[FindingCard]:
    """List the verdict's reasons that want a person, then those that are settled; good news is in the report."""
    cards = []
    for reason in s.gate.reasons if s.gate else []:
        if reason.severity == "good" or reason.code == Code.OPEN_QUESTION:
            continue
        known = acceptance(reason.code, s.accepted)
        new = (set(reason.images) - set(known.images)) if known and known.images is not None else set()
        settled = reason.accepted or (known.reason if known and not new else "")
        cards.append(
            FindingCard(
                id=ident("gate", reason.code),
                code=reason.code,
                severity=reason.severity,
                sentence=reason.sentence,
                why=reason.why,
                fix=reason.fix,
                accepted=settled,
                mine=reason.code in s.accepted,
                acceptable=reason.code not in never_accepted(),
                blocks=reason.severity == "block" and not settled,
                state="answered" if settled else "open",
                pictures=[picture(s, p) for p in islice((p for p in reason.images if p in s.images), _SHOWN)],
                more=max(0, len(reason.images) - _SHOWN),
            )
        )
    order: dict[str, int] = {name: n for n, name in enumerate(findings.SEVERITIES)}
    return sorted(cards, key=lambda c: (bool(c.accepted), order[c.severity]))  # else as the gate lists them


@remembered()
def captioned(s: Snapshot) -> list[str]:
    """List the pictures whose captions would train."""
    out = {path for path, fate in s.fates.items() if not fate.stays}
    return [path for path in sorted(s.captions) if path in s.images and path not in out]


def text_row(s: Snapshot, path: str) -> TextRow:
    """Show a caption that would train."""
    text, mine = written(s, path)
    caption = s.captions[path]
    return TextRow(
        **msgspec.structs.asdict(picture(s, path)),
        text=text,
        mine=mine,
        origin="yours" if mine else caption.origin,
        tokens=caption.tokens,
        limit=caption.limit,
    )


@remembered()
def terms(s: Snapshot) -> dict[str, list[tuple[str, int]]]:
    """Count how often each term is in the captions that would train, by "content" and "style", frequent first."""
    counts: dict[str, Counter[str]] = {"content": Counter(), "style": Counter()}
    for path in captioned(s):
        counts["content"].update({t.casefold() for t in s.captions[path].content})
        counts["style"].update({t.casefold() for t in s.captions[path].style})
    return {name: sorted(c.items(), key=lambda x: (-x[1], x[0])) for name, c in counts.items()}


@remembered(lambda s: s.digests["captions"])
def _said(s: Snapshot) -> list[tuple[str, str]]:
    return [(path, f"{path} {written(s, path)[0]} {s.captions[path].origin}".casefold()) for path in captioned(s)]


@remembered(lambda s, _wanted: s.digests["captions"], size=32)
def found(s: Snapshot, wanted: str) -> list[str]:
    """List the pictures whose name or caption says `wanted`, or all its words; all of them for ""."""
    whole = wanted.casefold().strip()
    words = whole.split()
    if not words:
        return captioned(s)
    return [path for path, said in _said(s) if whole in said or all(word in said for word in words)]


def written(s: Snapshot, path: str) -> tuple[str, bool]:
    """Return a picture's caption as decisions/captions.yaml would say it, and whether a person wrote it there."""
    entry = s.decisions["captions"].entries.get(path)
    own = own_caption(entry) if entry else ""
    caption = s.captions.get(path)
    body = caption.text.removeprefix(groups.trigger(path, s.project.settings)) if caption else ""
    return (own, True) if own else (f"[trigger]{body}", False)


def headline(s: Snapshot) -> str:
    """Say the verdict in one line, or what to do to get one; answers given since the last run count."""
    if s.gate is None:
        return "Gate 1 has not run yet. Run it to see what it asks."
    left = sum(q.open for q in queues(s) if q.name in decisions.KINDS)
    if left:
        return f"Not yet: {left} answer{'s' if left != 1 else ''} from you."
    if s.gate.only_waiting:
        return "Everything is answered. Run Gate 1 to see the verdict."
    return opening.headline(s.gate)
