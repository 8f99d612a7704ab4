"""What is asked about lettering and bars: one question a kind, with exceptions by name; and what an answer means.

Pure. An entry of decisions/carried.yaml holds all that its answer needs, so that what it draws does not depend on what
is read later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, get_args

import msgspec

from loraprep.carried import drawing
from loraprep.carried.drawing import Wish
from loraprep.carried.kinds import KINDS, Mark, Parted, What, alike, by_kind
from loraprep.carried.reading import Box
from loraprep.core import typed
from loraprep.core.findings import Code, Finding, catalogue
from loraprep.core.records import Image
from loraprep.core.text import SHOWN, listed, number_of
from loraprep.project.crops import whole_path
from loraprep.project.decisions import SHORT, Decisions, Entry, Question
from loraprep.project.profiles import BaseModel
from loraprep.project.resolution import Present, again_key

HEADER = """\
# What these pictures carry that the model would learn: lettering, bars, the gutters of strips. One question a kind.
# answer: mask (a loss mask in masks/, so that the place is not learned) | crop (a box in decisions/crops.yaml; masked
#         where too little would be left) | name (said in the caption) | keep | recommended
#         Of strips and panoramas: cut (each panel or tile is a picture of its own, the whole does not train) | keep
# except: what you want otherwise for single pictures, such as {pier.jpg: keep}
# A picture that should not train at all, such as a screenshot: name it under curation.exclude in project.yaml.
# What is drawn is yours to change. Nothing in images/ is ever changed. The words are what was read there, no more.
"""

Act = Literal["crop", "mask", "name", "cut", "keep"]

CODES: dict[What, Code] = {
    "site": Code.CARRIES_SITE,
    "signature": Code.CARRIES_SIGNATURE,
    "stamp": Code.CARRIES_STAMP,
    "subtitle": Code.CARRIES_SUBTITLE,
    "art": Code.CARRIES_LETTERING,
    "tiled": Code.CARRIES_TILES,
}
_TITLES: dict[What, str] = {
    "site": "an address, a name of a site or a copyright line",
    "signature": "a signature",
    "stamp": "a date or a time printed on {it}",
    "subtitle": "a subtitle",
    "art": "words that belong to what is shown",
    "tiled": "the same words all over {it}",
    "bars": "bars or a frame at {its} sides",
}
_WORDS = 60  # characters of one place that a question quotes
_PLACES = 3  # of one picture
_COMPARED = 2000  # places whose words are compared with each other
_MANY = 3  # pictures with the same words are one finding
TAGS: dict[What, tuple[str, ...]] = {  # Danbooru's
    "site": ("watermark",),
    "signature": ("signature",),
    "stamp": ("dated",),
    "subtitle": ("subtitled", "english text"),
    "art": ("text", "english text"),
    "tiled": ("watermark",),
    "bars": ("letterboxed",),
}


class Asked(msgspec.Struct, frozen=True):
    """What an entry says of its pictures, all by path, as shares: boxes that are hidden, the box that stays, and pieces
    that become pictures of their own.
    """

    marks: dict[str, list[list[float]]] = {}
    crops: dict[str, list[float]] = {}
    pieces: dict[str, list[list[float]]] = {}
    recommended: str = "keep"
    answer: str | None = None
    exceptions: dict[str, str] = msgspec.field(name="except", default_factory=dict)

    def act(self, path: str, *, accepted: bool) -> Act | None:
        """Return what is to be done with a picture; None while nobody said so."""
        given = self.exceptions.get(path) or self.answer or ("recommended" if accepted else None)
        said = self.recommended if given == "recommended" else given
        return said if said in get_args(Act) else None  # type: ignore[return-value]


def asked_in(data: Mapping[str, Any]) -> Asked:
    """Convert what decisions/carried.yaml, accepted by its schema, says under one key."""
    return typed.convert({name: said for name, said in data.items() if said is not None}, Asked)


def kind_of(key: str) -> What | None:
    """Return the kind that an entry is about: "signature (again)" is about signatures."""
    first = _first(key)
    return first if first in KINDS else None


def _first(key: str) -> str:
    return key.partition(" (again")[0]


def ruled(given: Decisions, images: Sequence[Image], *, auto: bool) -> dict[tuple[str, What], Act]:
    """Find (path, kind) -> what a person wants done, pictures that were renamed since included."""
    said = _said(given, images, auto=auto)
    return {(path, kind): act for path, key, act in said if (kind := kind_of(key)) and act}


def in_pieces(given: Decisions, images: Sequence[Image], *, auto: bool) -> dict[str, Act | None]:
    """Map each picture that a question offers to cut into pieces to what is to be done; None while that is open."""
    return {path: act for path, key, act in _said(given, images, auto=auto) if _first(key) in get_args(Parted)}


def _said(given: Decisions, images: Sequence[Image], *, auto: bool) -> Iterator[tuple[str, str, Act | None]]:
    """Yield (path, key, what is to be done) of each picture of each entry that is still as it was asked about."""
    present = Present({i.path: i.digest for i in images})
    for entry in given.entries.values():
        asked = asked_in(entry.data)
        for named, digest in entry.digests.items():
            path, match = present.find(named, digest)
            if match in ("exact", "renamed"):
                yield path, entry.key, asked.act(named, accepted=given.accepts(auto=auto))


def spoken_of(given: Decisions, images: Sequence[Image]) -> set[tuple[str, str]]:
    """Return (picture or part, kind) of what some entry is about, by the paths now."""
    present = Present({i.path: i.digest for i in images})
    return {
        (present.find(*named)[0], _first(entry.key))
        for entry in given.entries.values()
        for named in entry.digests.items()
    }


def wishes(given: Decisions, images: Sequence[Image], *, auto: bool) -> dict[str, list[Wish]]:
    """Return what the answers want drawn, by the path of each picture now; a part is drawn on its whole."""
    present, whole = Present({i.path: i.digest for i in images}), {i.path: i.of for i in images if i.of}
    found: dict[str, list[Wish]] = {}
    for named, digest, entry in _named(given):
        path, match = present.find(named, digest)  # a crop makes another picture of it: retouched, too
        if match and (wish := _wish(entry, named, path, accepted=given.accepts(auto=auto))):
            found.setdefault(whole.get(path, path), []).append(wish)
    return dict(sorted(found.items()))


def wishes_of_gone(given: Decisions, there: Container[str], *, auto: bool) -> dict[str, list[Wish]]:
    """Return what the answers wanted drawn for pictures that nothing is called any more, by the name they had.

    `there`: the names there are. Of a part, the name of its whole.
    """
    found: dict[str, list[Wish]] = {}
    for named, _, entry in _named(given):
        whole = whole_path(named)
        if whole not in there and (wish := _wish(entry, named, named, accepted=given.accepts(auto=auto))):
            found.setdefault(whole, []).append(wish)
    return dict(sorted(found.items()))


def _named(given: Decisions) -> Iterator[tuple[str, str, Entry]]:
    return ((named, digest, entry) for entry in given.entries.values() for named, digest in entry.digests.items())


def _wish(entry: Entry, named: str, path: str, *, accepted: bool) -> Wish | None:
    """Return what an entry wants drawn for the picture that it calls `named` and that is at `path`, if anything."""
    asked = asked_in(entry.data)
    act = asked.act(named, accepted=accepted)
    if act not in ("crop", "mask", "cut"):
        return None
    return Wish(
        path,
        _first(entry.key),
        tuple(tuple(mark) for mark in asked.marks.get(named, ())),
        tuple(asked.crops.get(named, ())) if act == "crop" else (),
        tuple(tuple(piece) for piece in asked.pieces.get(named, ())) if act == "cut" else (),
    )


def bars(images: Iterable[Image], least: float) -> dict[str, list[Mark]]:
    """Return the bars and frames that the scan found, as marks, by path. `least`: share of the side."""
    found = {}
    for image in images:
        left, top, right, bottom = image.border
        if image.state != "image" or max(image.border) < least or image.of:
            continue
        sides = (
            (0.0, 0.0, left, 1.0),
            (0.0, 0.0, 1.0, top),
            (1.0 - right, 0.0, 1.0, 1.0),
            (0.0, 1.0 - bottom, 1.0, 1.0),
        )
        widths = (left, top, right, bottom)
        found[image.path] = [Mark("bars", side, "", width) for side, width in zip(sides, widths, strict=True) if width]
    return found


def questions(
    found: Mapping[str, Sequence[Mark]],
    images: Sequence[Image],
    given: Decisions,
    model: BaseModel,
    *,
    masks: bool,
) -> list[Question]:
    """Ask about each kind of marks once; about pictures that came later, once more.

    `found`: marks by path, without those that a mask hides. `masks`: some trainer of the project reads loss masks.
    """
    known = {image.path: image for image in images}
    asked = []
    for kind, pictures in by_kind(found).items():
        answered = _answered(given, kind)
        new = {p: own for p, own in pictures.items() if known[p].digest[:SHORT] not in answered}
        if not new:
            continue
        key = again_key(given, kind) if kind in given.entries and given.entries[kind].answer else kind
        asked.append(_question(key, kind, new, known, model, masks=masks))
    return asked


def parted(
    kind: Parted, found: Mapping[str, Sequence[Box]], images: Sequence[Image], given: Decisions, *, cut: bool
) -> list[Question]:
    """Ask once about all pictures that can be cut into pieces; about those that came later, once more.

    `found`: path -> pieces, as shares of what is used of it; `cut`: whether that is the advice.
    """
    known = {image.path: image for image in images}
    answered = _answered(given, kind)
    new = {path: boxes for path, boxes in sorted(found.items()) if known[path].digest[:SHORT] not in answered}
    if not new:
        return []
    many, number = len(new), sum(map(len, new.values()))
    one = number_of(many, "picture")
    what = {
        "strip": f"{one} {'is' if many == 1 else 'are'} made of panels: {number} of them are large enough to train",
        "panorama": f"{one} {'is' if many == 1 else 'are'} so wide or tall that most of it is cut off or shrunk: "
        f"{number} tiles side by side would train",
    }
    word = {"strip": "panel", "panorama": "tile"}[kind]
    asked = Question(
        key=again_key(given, kind) if kind in given.entries and given.entries[kind].answer else kind,
        entry={
            "what": what[kind],
            "pictures": {p: f"{_size(known[p])}, {number_of(len(boxes), word)}" for p, boxes in new.items()},
            "pieces": {p: [[*_in_whole(box, known[p].box)] for box in boxes] for p, boxes in new.items()},
            "recommended": "cut" if cut else "keep",
            "answer": None,
            "except": {},
        },
        digests={path: known[path].digest for path in new},
    )
    return [asked]


def _size(image: Image) -> str:
    return f"{image.width}x{image.height}"


def _in_whole(box: Sequence[float], part: Sequence[float]) -> list[float]:
    """Return what is a share of `part` as shares of the whole, to a pixel of the longest strips."""
    left, top, right, bottom = part or drawing.WHOLE
    wide, high = right - left, bottom - top
    a, b, c, d = box
    return [round(v, 5) for v in (left + a * wide, top + b * high, left + c * wide, top + d * high)]


def _answered(given: Decisions, kind: What | Parted) -> set[str]:
    """Return the short digests of the pictures of which a person said what becomes of such marks."""
    found = set()
    for entry in given.entries.values():
        asked = asked_in(entry.data) if _first(entry.key) == kind else Asked()
        found |= {short for path, short in entry.digests.items() if asked.act(path, accepted=False)}
    return found


def _question(
    key: str,
    kind: What,
    pictures: Mapping[str, Sequence[Mark]],
    known: Mapping[str, Image],
    model: BaseModel,
    *,
    masks: bool,
) -> Question:
    boxes = {path: [[*drawing.in_whole(mark.box, known[path].box)] for mark in own] for path, own in pictures.items()}
    crops = {
        path: [round(v, 4) for v in box]
        for path, marks in boxes.items()
        if not known[path].of and (box := _crop(kind, pictures[path], marks, known[path])) is not None
    }
    recommended = _recommended(kind, len(crops) / len(pictures), model, masks=masks)
    has, it, its = ("has", "it", "its") if len(pictures) == 1 else ("have", "them", "their")
    has = f"{number_of(len(pictures), 'picture')} {has} {_TITLES[kind].format(it=it, its=its)}"
    cut = (
        f"; a crop keeps {_percent(min(map(drawing.area, crops.values())))} of {_of(len(crops), len(pictures))}"
        if crops
        else ""
    )
    return Question(
        key=key,
        entry={
            "what": f"{has}{_quoted(pictures)}{cut}",
            "pictures": {path: _facts(own) for path, own in pictures.items()},
            "marks": boxes,
            "crops": crops,
            "recommended": recommended,
            "answer": None,
            "except": {},
        },
        digests={path: known[path].digest for path in pictures},
    )


def _crop(kind: What, own: Sequence[Mark], marks: Sequence[Sequence[float]], image: Image) -> Sequence[float] | None:
    if kind != "bars":
        return drawing.without(marks, image.box)
    from loraprep.imaging import decode, facts  # not for a run in which nothing changed

    # all that is within, whatever its shape; where a side ends was seen to a pixel of the picture halved
    step = decode.halvings((image.width, image.height), facts.SMALL)
    left, top, right, bottom = (
        share and share + step / side for share, side in zip(image.border, (image.width, image.height) * 2, strict=True)
    )
    return drawing.in_whole((left, top, 1 - right, 1 - bottom), image.box)


def _of(some: int, of: int) -> str:
    return ("it" if of == 1 else "them") if some == of else f"{some} of them"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


def _recommended(kind: What, croppable: float, model: BaseModel, *, masks: bool) -> Act:
    """Say what serves best: what is no part of the picture goes, what belongs to it is said."""
    if kind == "art":
        return "name" if model.quotes or model.vocabulary else "keep"
    if kind in ("bars", "subtitle") and croppable == 1:
        return "crop"
    if masks:
        return "mask"
    return "crop" if croppable > 0.5 else "name" if model.vocabulary else "keep"


def _quoted(pictures: Mapping[str, Sequence[Mark]]) -> str:
    said = Counter(mark.words[:_WORDS] for own in pictures.values() for mark in own if mark.words)
    return f": {listed([f'“{words}”' for words, _ in said.most_common()])}" if said else ""


def _facts(own: Sequence[Mark]) -> str:
    """Say what a picture carries, and where: "“M. Rossi” at the bottom right, 0.8 % of the picture"."""
    area = f"{_percent(sum(m.area for m in own))} of the picture"
    if not own[0].words:
        return f"{listed([_side(m.box) for m in own])}, {_percent(max(m.area for m in own))} of the side at most"
    said = [f"“{m.words[:_WORDS]}” {_place(m.box)}" for m in own[:_PLACES]]
    more = f" and {number_of(len(own) - _PLACES, 'more place')}" if len(own) > _PLACES else ""
    return f"{', '.join(said)}{more}, {area}"


def _side(box: Sequence[float]) -> str:
    if box[2] - box[0] > box[3] - box[1]:
        return "above" if box[1] == 0 else "below"
    return "on the left" if box[0] == 0 else "on the right"


def _place(box: Sequence[float]) -> str:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    down = "top" if y < 1 / 3 else "bottom" if y > 2 / 3 else ""
    across = "left" if x < 1 / 3 else "right" if x > 2 / 3 else ""
    return f"at the {' '.join(filter(None, (down, across)))}" if down or across else "in the middle"


def findings(found: Mapping[str, Sequence[Mark]], pictures: int) -> list[Finding]:
    """Say what the pictures carry, a finding a kind, and the same words over many of them as one.

    `pictures`: how many were looked at.
    """
    told, same = [], _same_words(found, pictures)
    for kind, own in by_kind(found).items():
        if kind == "bars":  # the audit says so
            continue
        said = Counter(mark.words[:_WORDS] for marks in _told_here(kind, own, same) for mark in marks)
        values = {"said": listed([f"“{words}”" for words, _ in said.most_common()])}
        told.append(Finding(CODES[kind], tuple(own), values))
    return [*same, *told]


def _told_here(kind: What, own: Mapping[str, Sequence[Mark]], same: Sequence[Finding]) -> Sequence[Sequence[Mark]]:
    """Leave out pictures of which it is told instead that they share words; all of them where nothing else is left."""
    shared = {path for finding in same for path in finding.images}
    spared = CODES[kind] in catalogue()[Code.SAME_WORDS].covers
    return [marks for path, marks in own.items() if not (spared and path in shared)] or list(own.values())


def _same_words(found: Mapping[str, Sequence[Mark]], pictures: int) -> list[Finding]:
    """Find words that stand on several pictures, each counted once, whatever kind of mark it is there."""
    places = [(path, mark) for path, own in sorted(found.items()) for mark in own if mark.words and mark.what != "art"]
    told = []
    for numbers in alike([mark.words for _, mark in places][:_COMPARED], least=_MANY):
        paths = sorted({places[n][0] for n in numbers})
        if len(paths) >= _MANY:
            words = Counter(places[n][1].words for n in numbers).most_common(1)[0][0][:_WORDS]
            told.append(Finding(Code.SAME_WORDS, tuple(paths), {"words": words, "count": len(paths), "of": pictures}))
    return told[:SHOWN]


def settled(
    given: Decisions, images: Sequence[Image], found: Mapping[str, Sequence[Mark]], *, auto: bool
) -> dict[Code, list[str]]:
    """Find the findings that an answer settles, and the pictures: kept as they are, or named in the caption."""
    acts = ruled(given, images, auto=auto)
    result: dict[Code, list[str]] = {}
    for (path, kind), act in sorted(acts.items()):
        if act in ("keep", "name"):
            result.setdefault(Code.PLAIN_FRAME if kind == "bars" else CODES[kind], []).append(path)
    if whole := sorted(path for path, act in in_pieces(given, images, auto=auto).items() if act == "keep"):
        result[Code.LONG_SHAPE] = whole
    for path, own in sorted(found.items()):
        kinds = {mark.what for mark in own} - {"art", "bars"}
        if kinds and all(acts.get((path, kind)) in ("keep", "name") for kind in kinds):
            result.setdefault(Code.SAME_WORDS, []).append(path)
    return result
