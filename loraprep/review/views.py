"""What each view shows, for its template. Pure: a Snapshot in, frozen records out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice

import msgspec

from loraprep.captions.samples import own_caption, recommended
from loraprep.carried.questions import Asked as Marked
from loraprep.carried.questions import asked_in
from loraprep.core import findings
from loraprep.core.findings import Code
from loraprep.core.records import Image
from loraprep.core.text import number_of
from loraprep.curation.rulings import curation_entry
from loraprep.duplicates.descriptions import standing
from loraprep.project import crops, decisions
from loraprep.project.decisions import ANSWERS, Answer, Entry
from loraprep.project.sizes import as_times, enlargement, trained_sizes
from loraprep.report import opening
from loraprep.report.gate import acceptance, accepts_undescribed, never_accepted
from loraprep.report.glossary import glossary
from loraprep.review import leaving, since, stay
from loraprep.review.cards import (
    CarriedCard,
    CarriedPicture,
    CurationCard,
    CurationPicture,
    DuplicateCard,
    DuplicatePicture,
    FindingCard,
    PictureView,
    QualityCard,
    Queue,
    Rows,
    State,
    StyleView,
    TrainedView,
    View,
)
from loraprep.review.snapshot import Snapshot, by_short, ident, pair, remembered
from loraprep.trainers import placement

TITLES = {
    "duplicates": "Duplicates",
    "quality": "Quality",
    "carried": "Lettering and bars",
    "captions": "Captions",
    "curation": "Curation",
    "map": "Map",
    "findings": "Findings",
    "texts": "All captions",
}
AT_ONCE = 48  # of a long list; fills a window
IN_CARD = 12  # of a card's list: four cards lie ready that nobody may look at, and each answer brings all of them anew
_SHOWN = 12  # pictures of a finding
_OTHERS = 8  # pictures of the character, to compare a stranger with
HELD_OUT = "held out"  # the fate, and the word for it on the page
MENDED = "What stood in the way is mended. Run Gate 1 to see the verdict."
CHANGED = "You changed something since the verdict; it is looked at again before anything is built."
NEAREST = "closest to "  # how a curation question names the picture that stays instead


@lru_cache(maxsize=2)
def queues(s: Snapshot) -> list[Queue]:
    """List the views in the order to work through them, with what is still open in each."""
    waiting = {kind: sum(known == "open" for known in unit_states(s, kind)) for kind in decisions.KINDS}
    waiting["findings"] = in_the_way(s)
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


class Unit(msgspec.Struct, frozen=True):
    """What is asked at once: one question, or those of one kind that one entry asks together. `key`: of that entry."""

    key: str
    entries: tuple[Entry, ...]


@remembered(asks_by, size=8)
def units(s: Snapshot, kind: str) -> list[Unit]:
    """List what is asked at once, in the file's order."""
    found: dict[str, list[Entry]] = {}
    for entry in asked(s, kind):
        found.setdefault(entry.within or entry.key, []).append(entry)
    return [Unit(key if len(of) > 1 else of[0].key, tuple(of)) for key, of in found.items()]


@remembered(lambda s, kind: (asks_by(s, kind), s.digests["gate"]), size=8)
def unit_states(s: Snapshot, kind: str) -> list[State]:
    """List the state of each of `units`: open while any question of it is."""
    by_key = {entry.key: known for entry, known in zip(asked(s, kind), states(s, kind), strict=True)}
    return [joined_state([by_key[entry.key] for entry in unit.entries]) for unit in units(s, kind)]


def joined_state(of: Sequence[State]) -> State:
    """Return the state of several questions together."""
    order: tuple[State, ...] = ("open", "answered", "accepted", "gone")
    return next(known for known in order if known in of)


def _asks(s: Snapshot, kind: str, entry: Entry) -> bool:
    """Leave out what is no question, as a caption that a person wrote, and what leaves (of quality: for good)."""
    if kind == "curation":
        return not stay.by_the_page(entry)
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
        held=image is not None and (fate := s.fates.get(image.path)) is not None and fate.fate == HELD_OUT,
        befores=[(b.path, crops.shown(b)) for name in (image.controls if image else ()) if (b := s.before.get(name))],
    )


@remembered()
def _best(s: Snapshot) -> dict[str, str]:
    return {group.best: group.why for group in s.groups}


def duplicate_card(s: Snapshot, entry: Entry) -> DuplicateCard:
    """Show a group of copies or variants, what to compare with first."""
    best = _best(s)
    facts, recommended, staying = group_of(entry)
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
        heading=group_heading(entry),
        then=_then_of_size(s, [p.name for p in pictures], staying),
        pictures=pictures,
        answer=answer_text(entry.data.get("keep")),
        all=len(recommended) == len(facts),
    )


def group_of(entry: Entry) -> tuple[Mapping[str, str | None], list[str], list[str]]:
    """Return what is known of each picture of a group, which are recommended to stay, and which do as it stands."""
    facts: Mapping[str, str | None] = entry.data.get("pictures") or dict.fromkeys(entry.digests or [entry.key], "")
    recommended = _named(entry.data.get("recommended", "all"), facts, ())
    answer = entry.data.get("keep")
    staying = _named(recommended if answer in (None, "recommended") else answer, facts, recommended)
    return facts, recommended, staying


def group_heading(entry: Entry) -> str:
    """Name the pictures that a group's question is about, first the one that is spoken of."""
    facts, recommended, _ = group_of(entry)
    names = sorted(facts, key=lambda path: path in recommended)
    what = entry.data.get("what") or "asked about together"
    if len(names) == 2 and what.startswith(names[0]):
        return what
    if len(names) == 2 and names[1] in what:  # "... copy of" that one, as earlier versions wrote it
        return f"{names[0]}: {what}"
    more = f" and {names[1]}" if len(names) == 2 else f" and {len(names) - 1} more" if len(names) > 2 else ""
    return f"{names[0]}{more}: {what}"


def _then_of_size(s: Snapshot, paths: Sequence[str], staying: Sequence[str]) -> list[str]:
    """Say of the small pictures among copies what becomes of the question about their size."""
    settings = s.project.settings
    size, least = trained_sizes(settings, s.project.base_model)[0], settings.thresholds.audit.enlargement_question
    small = [p for p in paths if p in s.images and enlargement(s.images[p], size) >= least]
    return [
        f"If {path} stays, its size is asked about next." if path in staying
        else f"{path} is small, too; if it leaves, that is not asked."
        for path in small
    ]  # fmt: skip


def _named(value: Answer, facts: Iterable[str], recommended: Iterable[str]) -> list[str]:
    """List the pictures that an answer keeps."""
    if value == "all":
        return list(facts)
    if value == "recommended":
        return list(recommended)
    return list(value) if isinstance(value, list) else []


def _relation(s: Snapshot, path: str, recommended: Iterable[str]) -> str:
    """Say what a picture is to the first of those recommended that it is known beside; "" if to none."""
    found = (pair(s, path, other) for other in recommended)
    return next((standing(known, path) for known in found if known and known.what), "")


def answer_text(answer: Answer | None) -> str:
    return ", ".join(answer) if isinstance(answer, list) else str(answer or "")


def quality_card(s: Snapshot, entry: Entry) -> QualityCard:
    """Show a picture that would be enlarged, with what the trainer makes of it at every size; of several, those."""
    settings, path, every = s.project.settings, subject(entry), quality_pictures(entry)
    image = located(s, entry, path)
    sizes = []
    for size in trained_sizes(settings, s.project.base_model) if image else []:
        placed = placement.place_picture(image.width, image.height, size, settings) if image else None
        if image and placed:
            times = enlargement(image, size)  # as the question itself counts it
            sizes.append(TrainedView(size=size, times=as_times(times), bucket=placed.bucket))
    return QualityCard(
        id=ident("quality", entry.key),
        state=state(s, "quality", entry),
        picture=picture(s, path, image),
        pictures=card_rows(
            f"quality/{ident('quality', entry.key)}", every, lambda p: picture(s, p, located(s, entry, p))
        ),
        sizes=sizes,
        trainer=placement.reference_trainer(settings),
        what=entry.data.get("what") or "",
        then=_then_of_sample(s, path),
        recommended=entry.data.get("recommended", ""),
        answer=answer_text(entry.data.get("do")),
    )


def quality_pictures(entry: Entry) -> list[str]:
    """List the pictures that a question of quality is about; several only where their names alike raise it."""
    return [*entry.digests] or [entry.key]


def _then_of_sample(s: Snapshot, path: str) -> list[str]:
    """Say what becomes of the question about its caption, if it is a sample."""
    asked_too = any(subject(entry) == path for entry in asked(s, "captions"))
    return ["If it leaves, its caption is not asked about; another picture is shown instead."] if asked_too else []


def curation_card(s: Snapshot, entry: Entry) -> CurationCard:
    """Show what curation asks: each picture that leaves beside the one that stays; styles; strangers; strays."""
    asked, out = curation_entry(entry), curation_out(entry)
    return CurationCard(
        id=ident("curation", entry.key),
        state=state(s, "curation", entry),
        what=entry.data.get("what") or "",
        pictures=card_rows(
            f"spares/{ident('curation', entry.key)}", spares(s, entry), lambda path: spare(s, entry, path)
        ),
        answer=answer_text(entry.data.get("answer")),
        apart=bool(asked.apart),
        somebody=bool(asked.strangers),
        others=_others(s, entry) if asked.apart else [],
        looks=_styles(s, entry, out),
        recommended=answer_text(entry.data.get("recommended")),
    )


def curation_out(entry: Entry) -> set[str]:
    """Return the pictures that leave as a curation entry stands."""
    return set(curation_entry(entry).left_out(entry.data.get("answer") or "recommended"))


def spares(s: Snapshot, entry: Entry) -> list[str]:
    """List the pictures that a curation entry asks about one by one."""
    return [] if entry.data.get("looks") else [*_facts(entry)]


def _facts(entry: Entry) -> Mapping[str, str | None]:
    facts: Mapping[str, str | None] = entry.data.get("pictures") or curation_entry(entry).apart
    return facts


def spare(s: Snapshot, entry: Entry, path: str) -> CurationPicture:
    """Show one of `spares`."""
    facts = _facts(entry)
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
    typical = [path for paths in (entry.data.get("examples") or {}).values() for path in paths]
    stays = stay.staying(s)
    others = (p for p in dict.fromkeys([*(p for p in typical if p in stays), *stays]) if p not in asked)
    return [picture(s, path) for path in islice(others, _OTHERS)]


def _styles(s: Snapshot, entry: Entry, out: set[str]) -> list[StyleView]:
    card, styles = ident("curation", entry.key), look_pictures(entry)
    return [
        StyleView(
            id=ident("look", name),
            name=name,
            out=bool(paths) and out.issuperset(paths),
            pictures=card_rows(f"look/{card}/{n}", paths, lambda path: picture(s, path, located(s, entry, path))),
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
        pictures=card_rows(part, carriers(s, entry), lambda path: carrier(s, entry, path)),
        answer=answer_text(entry.data.get("answer")),
        recommended=entry.data.get("recommended") or "",
        parted="pieces" in entry.data,
        cropped=bool(entry.data.get("crops")),
        since=stay.since(_carrying(entry), stay.leaving_by_now(s)),
    )


def _carrying(entry: Entry) -> list[str]:
    return [*(entry.data.get("pictures") or {})]


def carriers(s: Snapshot, entry: Entry) -> list[str]:
    """List the pictures that an entry of decisions/carried.yaml asks about, and that stay as answered by now."""
    gone = stay.leaving_by_now(s)
    return [path for path in _carrying(entry) if path not in gone]


def carrier(s: Snapshot, entry: Entry, path: str) -> CarriedPicture:
    """Show one of `carriers`; its boxes are of the whole picture, and so are shown of a picture that is not cropped."""
    asked, image = _marked(s, entry.key), located(s, entry, path)
    whole = image is not None and not image.box
    act = asked.act(path, accepted=s.decisions["carried"].accepts(auto=s.project.auto("carried")))
    return CarriedPicture(
        **msgspec.structs.asdict(picture(s, path, image)),
        facts=entry.data["pictures"].get(path) or "",
        boxes=asked.marks.get(path, []) if whole else [],
        crop=asked.crops.get(path, []) if whole else [],
        pieces=asked.pieces.get(path, []) if whole else [],
        act=act or "",
        kept=asked.exceptions.get(path) == "keep",
    )


@remembered(lambda s, _key: s.digests["carried"], size=8)
def _marked(s: Snapshot, key: str) -> Marked:
    return asked_in(s.decisions["carried"].entries[key].data)


def kept(s: Snapshot) -> Rows:
    """Show the pictures that would train or be held out."""
    return rows("kept", stay.staying(s), lambda path: picture(s, path))


def held_out(s: Snapshot) -> int:
    """Count the pictures that are held out by the last run, and stay."""
    return sum(s.fates[path].fate == HELD_OUT for path in stay.staying(s))


def held_out_means() -> str:
    """Say what it means that a picture is held out, as the report does."""
    return glossary()[HELD_OUT].means


@remembered(stay.leaving_by_now)
def leaving_now(s: Snapshot) -> list[str]:
    """List the pictures that would not train, as answered by now, and that could."""
    gone = stay.leaving_by_now(s)
    return [path for path in stay.usable(s) if path in gone]


def left_out(s: Snapshot) -> Rows:
    """Show the pictures that would not train."""
    return rows("out", leaving_now(s), lambda path: picture(s, path))


def rows(part: str, keys: Sequence[str], show: Callable[[str], View], first: int = AT_ONCE) -> Rows:
    """Show the `first` of a long list; the page asks for the rest where it is looked at."""
    return Rows(part=part, total=len(keys), items=[show(key) for key in keys[:first]])


def card_rows(part: str, keys: Sequence[str], show: Callable[[str], View]) -> Rows:
    """Show the first of a card's list."""
    return rows(part, keys, show, IN_CARD)


@remembered(lambda s: (s.digests["gate"], s.digests["captions"], stay.leaving_by_now(s)))
def finding_cards(s: Snapshot) -> list[FindingCard]:
    """List the verdict's reasons that want a person, then those that are settled; good news is in the report."""
    cards = []
    for told in since.told(s):
        reason, concerned = told.reason, told.reason.images
        if reason.severity == "good" or reason.code == Code.OPEN_QUESTION:
            continue
        known = acceptance(reason.code, s.accepted)
        new = (set(reason.images) - set(known.images)) if known and known.images is not None else set()
        settled = reason.accepted or (known.reason if known and not new else "")
        if told.over:
            settled = settled or told.since
        cards.append(
            FindingCard(
                id=told.id,
                code=reason.code,
                severity=reason.severity,
                sentence=reason.sentence,
                why=reason.why,
                fix=here(reason.code, reason.fix),
                accepted=settled,
                mine=reason.code in s.accepted,
                acceptable=reason.code not in never_accepted(),
                blocks=reason.severity == "block" and not settled,
                state="answered" if settled else "open",
                pictures=[picture(s, p) for p in islice((p for p in concerned if p in s.images), _SHOWN)],
                more=max(0, len(concerned) - _SHOWN),
                words=len(concerned) if about_words(reason.code) else 0,
                since=told.since,
            )
        )
    order: dict[str, int] = {name: n for n, name in enumerate(findings.SEVERITIES)}
    return sorted(cards, key=lambda c: (bool(c.accepted), order[c.severity]))  # else as the gate lists them


_IN_A_FILE = re.compile(r"\bin(?:to)? (?:decisions/captions\.yaml|a \.txt file(?: of the same name)? beside it)")
_LEAVING = re.compile(r": (?:its|each) name and `do: remove` in decisions/quality\.yaml")
_IN_PAGE = re.compile(r"`loraprep review(?: \w+)?`")
_OF_WORDS = frozenset({Code.UNCAPTIONED, Code.ONLY_NAMED, Code.UNKNOWN_TAGS})


def here(code: str, fix: str) -> str:
    """Say what to do as the page says it: what is mended in a file elsewhere is mended here."""
    known = Code(code)
    instead = findings.catalogue()[known].here
    said = _IN_A_FILE.sub("here", fix).replace(f"in {findings.accepting(known)}", "under Findings, with a reason")
    said = _LEAVING.sub(" (open it, L)", said)
    return instead or _IN_PAGE.sub("this page", said)


def unread(s: Snapshot) -> str:
    """Say that nobody has read what is written on the pictures, and what would; "" if somebody has."""
    told = [r for r in s.gate.reasons if r.code == Code.NOT_READ and not r.accepted] if s.gate else []
    return " ".join(f"{r.sentence} {r.fix}" for r in told)


def in_the_way(s: Snapshot) -> int:
    """Count the findings that stand in the way of GO, by the answers given since the last run."""
    if s.gate is None or s.gate.only_waiting or s.gate.verdict == "GO":
        return 0
    return sum(card.blocks for card in finding_cards(s))


def about_words(code: str) -> bool:
    """Say whether a finding is mended by writing captions."""
    return code in _OF_WORDS or (code.startswith("caption-") and not code.startswith("caption-file-"))


def headline(s: Snapshot) -> str:
    """Say the verdict in one line, or what to do to get one; answers given since the last run count."""
    if s.gate is None:
        return "Gate 1 has not run yet. Run it to see what it asks."
    if s.problems:
        return f"{number_of(len(s.problems), 'file')} of your answers cannot be read. Mend that first."
    left = sum(q.open for q in queues(s) if q.name in decisions.KINDS)
    if left and (wrong := in_the_way(s)):
        return f"NO-GO: {number_of(wrong, 'thing')} to mend and {number_of(left, 'answer')} to give."
    if left:
        return f"Not yet: {number_of(left, 'answer')} from you."
    if s.gate.only_waiting:
        return "Everything is answered. Run Gate 1 to see the verdict."
    if s.gate.verdict != "GO":
        wrong = in_the_way(s)
        return f"NO-GO: {number_of(wrong, 'thing')} to mend before any GPU time is spent." if wrong else MENDED
    kept = sum(s.fates[path].fate == "kept" for path in stay.staying(s))
    return opening.headline(msgspec.structs.replace(s.gate, counts={**s.gate.counts, "kept": kept}))
