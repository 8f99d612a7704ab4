"""Render report.html: the set as an artist looks at it. One file, made of what the phases found and of thumbnails."""

from __future__ import annotations

import base64
import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from loraprep.core import resources
from loraprep.core.findings import PAIR_CODES, Code, Finding
from loraprep.core.meanwhile import Meanwhile
from loraprep.core.records import Caption, Fate, Gate, Group, Image, Lying, Pair, Reason
from loraprep.core.text import printable
from loraprep.core.typed import Chosen
from loraprep.curation import changes, similarity
from loraprep.duplicates.descriptions import standing
from loraprep.imaging import thumbnails
from loraprep.imaging.pictures import Pictures
from loraprep.pairs import judge
from loraprep.pairs.change import Change
from loraprep.project import crops, groups
from loraprep.project.profiles import BaseModel, Kind
from loraprep.project.settings import Settings
from loraprep.project.sizes import as_times, enlargement, trained_sizes
from loraprep.report import contact_sheet, layout, plots, sample, ways
from loraprep.report.glossary import Explainer
from loraprep.report.opening import Opening
from loraprep.report.report_data import ALREADY_OUT, ReportData
from loraprep.trainers import placement

if TYPE_CHECKING:
    import jinja2

FOLDER = "resources/report"
# px of a thumbnail by how many pictures there are: what a few may take to be seen large, 2,000 in 40 MB cannot
LARGE, MIDDLE, SMALL = (100, 640), (300, 384), (math.inf, 256)
NAME = 48  # characters of a file name in the opening, which has to fit one screen; the list below has it whole
SEEN = 6  # pictures shown beside a finding
TERMS = 14  # words in the plot
STRIPES = 240  # pictures in the palette


@dataclass(frozen=True, slots=True)
class PageData:
    """What the page shows besides the set itself. Its template, page.html.j2, calls it `m`."""

    data: ReportData
    gate: Gate
    pictures: Pictures
    cache: Path | None  # where thumbnails are kept; None: nowhere
    title: str
    opening: Opening
    following: Sequence[str]  # the commands to type next
    since: Sequence[str] = ()  # what changed since the last verdict, sentences
    look: bool = False  # a first look, without a project

    @property
    def kind(self) -> Kind:
        """What is taught."""
        return self.data.kind

    @property
    def model(self) -> BaseModel:
        """What gets trained."""
        return self.data.model

    @property
    def config(self) -> Settings:
        """project.yaml."""
        return self.data.settings

    @property
    def add(self) -> str:
        """What to collect next, a sentence; "" if nothing is thin."""
        return self.data.assessment.add

    @property
    def clusters(self) -> list[Finding]:
        """The findings about pictures that are much alike."""
        return self.data.found(Code.TOO_SIMILAR)


class CropBox(msgspec.Struct, frozen=True):
    """What a trainer keeps of a picture: the box in percent of its sides, `cut` in percent of its area."""

    left: float
    top: float
    width: float
    height: float
    cut: int
    bucket: str  # "1024x768"
    size: int  # px, the trained size


class FindingEntry(msgspec.Struct, frozen=True):
    """A finding as the page lists it."""

    ident: str  # "f-plain-frame": where it stands on the page
    reason: Reason
    paths: Sequence[str]  # of the files it is about, without those that are left out

    @property
    def words(self) -> str:
        """What it is called where there is no room for its sentence: "plain frame"."""
        return self.reason.code.replace("-", " ")

    @property
    def to_do(self) -> bool:
        """Does it ask for something?"""
        return self.reason.severity in ("block", "warn") and not self.reason.accepted


class PictureCard(msgspec.Struct, frozen=True):
    """One picture on the page."""

    n: int  # its number, by which the page's parts refer to it
    image: Image
    fate: Fate
    thumb: bytes  # WebP, b"" without
    caption: Caption | None
    spans: list[tuple[str, str]]  # see `spans`
    terms: list[str]
    crop: CropBox | None  # at the largest trained size
    times: list[tuple[int, float]]  # trained size -> how far it is enlarged
    entries: Sequence[FindingEntry]  # that name it


class GroupRow(msgspec.Struct, frozen=True):
    """A picture beside the best of its group."""

    path: str
    what: str  # what it is to the other
    heat: bytes  # WebP, where they differ; b"" if nothing can be shown
    same: bool  # the very same file
    mirrored: bool


class GroupCard(msgspec.Struct, frozen=True):
    """A group of copies or variants on the page."""

    group: Group
    rows: list[GroupRow]


class MapSpot(msgspec.Struct, frozen=True):
    """Where a picture lies on the map, in percent of its sides."""

    n: int
    path: str
    left: float
    top: float


class PairCard(msgspec.Struct, frozen=True):
    """A target beside the pictures before its change."""

    path: str
    before: list[tuple[str, bytes]]  # path, WebP
    heat: bytes  # WebP, where the first of them differs; b"" if nothing can be shown
    facts: str
    entries: Sequence[FindingEntry]  # about the pair


class LikenessMap(msgspec.Struct, frozen=True):
    """All pictures laid out by likeness, as one WebP."""

    data: bytes
    spots: list[MapSpot]
    columns: int
    rows: int


Heats = Mapping[tuple[str, str], bytes]  # of two pictures, by path: where they differ


def render_page(page: PageData, progress: Callable[[int, int], None] | None = None) -> tuple[str, dict[str, bytes]]:
    """Render (report.html, the pictures of dataset-report.md: name in report/ -> bytes, none for a first look)."""
    data, settings = page.data, page.data.settings
    every = [i for i in data.images if i.state == "image"]
    fate, found = {f.path: f for f in data.fates}, {i.path: i for i in data.images}
    entries, unlisted = finding_entries(page.gate, fate)
    pictures = sample.shown(every, (e.paths[:SEEN] for e in entries if e.to_do), data.groups, fate)
    rejected = [i for i in data.images if i.state == "rejected"][: sample.MOST]
    there = {i.path for i in (*pictures, *rejected)}
    entries = [msgspec.structs.replace(e, paths=[p for p in e.paths if p in there]) for e in entries]
    size = thumbnail_size(len(every))
    couples = _couples(data, [p for e in entries if e.to_do for p in e.paths], {i.path for i in pictures})

    def small() -> dict[str, bytes]:
        ground = settings.dataset.backgrounds[0]
        made = thumbnails.all_of(page.pictures, pictures, size, ground, page.cache, progress)
        return made | _before(page, found, couples, size)

    making = Meanwhile(small)
    likeness = similarity.picture_likeness(pictures)
    spots = layout.plane(likeness)
    order = layout.order(likeness, spots)
    kept = [pictures[n] for n in order if fate[pictures[n].path].fate == "kept"]
    drawn = _plots(data, [i for i in every if fate[i.path].fate == "kept"], kept, page.cache)
    thumbs = making.result()
    beside = {}
    if not page.look:
        beside = {f"{name}.svg": plots.as_file(drawn[name]).encode() for name in ("enlargement", "terms", "palette")}
    laid = [(thumbs[i.path], fate[i.path].stays) for i in (pictures[n] for n in order)]
    paths = [pictures[n].path for n in order]

    def sheets() -> dict[str, bytes]:
        made = {"pairs.webp": _pairs_sheet(couples, thumbs)} if couples else {}
        return made | {
            "contact-sheet.webp": thumbnails.remembered(
                page.cache, "contact-sheet", (laid, paths), lambda: contact_sheet.contact(laid, paths)
            )
        }

    laying_out = None if page.look else Meanwhile(sheets)
    likeness_map = _map(pictures, data.changes, spots, thumbs, page.cache)
    # here, as OpenCV holds to its settings in the thread alone in which it was loaded (imaging/opencv)
    heats = _heats(page, found, _compared(data.groups, found, couples, thumbs), thumbs)
    beside |= laying_out.result() if laying_out else {}
    number = {i.path: n for n, i in enumerate(pictures)}
    about: dict[str, list[FindingEntry]] = {path: [] for path in there}
    for entry in entries:
        for path in entry.paths:
            about[path].append(entry)
    listed = [(pictures[n], n, thumbs[pictures[n].path]) for n in order]
    listed += [(image, len(pictures) + n, b"") for n, image in enumerate(rejected)]
    cards = [_card(data, image, n, about[image.path], fate[image.path], thumb) for image, n, thumb in listed]
    captioned = {card.image.path: card.spans for card in cards if card.caption}
    names = sorted({n for image in data.images for n in (image.path, image.path.rpartition("/")[2])})
    explainer = Explainer(_plain(part) for name in names for part in (name, shortened(name, [name])))
    text = _template(explainer).render(
        m=page,
        opening=[shortened(text, names) for text in (page.opening.why, page.opening.next)],
        stamp=stamp(page.opening.verdict),
        explainer=explainer,
        ways=ways,
        cards=cards,
        plots=drawn,
        map=likeness_map,
        more=len(every) - len(pictures),
        number=number,
        fate=fate,
        groups=[_group(found, g, _beside_best(g, thumbs), heats) for g in data.groups if _is_shown(g, thumbs)],
        instructions=data.captions,
        of_pairs=PAIR_CODES,
        pairs=[_pair(page, target, thumbs, heats, about[target.path]) for target in couples],
        todo=[e for e in entries if e.to_do],
        settled=[e for e in entries if not e.to_do],
        unlisted=unlisted,
        shown_beside=SEEN,
        captions=[(p, data.captions[p], captioned[p]) for p in sorted(captioned) if fate[p].stays],
        others=[f for f in data.fates if f.fate in ("caption", "control", "ignored")][: sample.MOST],
        trained=trained_sizes(settings, data.model),
        trainer=placement.reference_trainer(settings),
        triggers=groups.triggers(settings),
        codes=_codes(entries),
        terms=_common_terms(data.captions.values()),
        styles=_inks(),
        stretches=plots.STRETCH,
        css=resources.text(f"{FOLDER}/page.css"),
        script=resources.text(f"{FOLDER}/page.js"),
    )
    if page.cache:
        thumbnails.sweep(data.images, page.cache)
    return text, beside


_COUPLES = 60  # pairs beside each other on the page
_SHEET = 12  # and on the sheet in dataset-report.md


def _couples(data: ReportData, named: Sequence[str], shown: Collection[str]) -> list[Image]:
    """List the targets that are shown with those before them: what is named first, then by how much changed."""
    images = {i.path: i for i in data.images if i.path in shown and i.state == "image" and i.controls}
    known = {path: change for path, change in data.changes.items() if path in images}
    return [images[path] for path in judge.worst_first(known, named)][:_COUPLES]


def _before(page: PageData, images: Mapping[str, Image], couples: Sequence[Image], size: int) -> dict[str, bytes]:
    """Make the thumbnails of the pictures before."""
    background = page.config.dataset.backgrounds[0]
    controls = {path: msgspec.structs.replace(images[path], state="image") for t in couples for path in t.controls}
    return thumbnails.all_of(page.pictures, list(controls.values()), size, background, page.cache)


def _pair(
    page: PageData,
    target: Image,
    thumbs: Mapping[str, bytes],
    heats: Heats,
    entries: Sequence[FindingEntry],
) -> PairCard:
    change, about = page.data.changes[target.path], [e for e in entries if e.to_do and e.reason.code in PAIR_CODES]
    facts = "nothing differs" if change.same else f"{100 * change.area:.0f} % of it changed beside its tone"
    heat = heats[target.controls[0], target.path]
    return PairCard(target.path, [(path, thumbs[path]) for path in target.controls], heat, facts, about)


def _pairs_sheet(couples: Sequence[Image], thumbs: Mapping[str, bytes]) -> bytes:
    there = [t for t in couples if thumbs[t.path] and thumbs[t.controls[0]]][:_SHEET]
    laid = [(contact_sheet.beside(thumbs[t.controls[0]], thumbs[t.path]), True) for t in there]
    return contact_sheet.contact(laid, [t.path for t in there])


def thumbnail_size(pictures: int) -> int:
    """Return the longer side, in px, of the thumbnails of a page with so many pictures."""
    return next(px for most, px in (LARGE, MIDDLE, SMALL) if pictures <= most)


def _template(explainer: Explainer) -> jinja2.Template:
    import jinja2  # 0.1 s that `loraprep init` and a null run need not wait for

    loader = jinja2.FileSystemLoader(resources.path(FOLDER))
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["as_times"] = as_times
    environment.filters["webp"] = _webp
    environment.filters["plain"] = _plain
    environment.filters["told"] = told
    environment.filters["explained"] = explainer.mark
    return environment.get_template("page.html.j2")


def _webp(data: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(data).decode("ascii")


def _plain(text: str) -> str:
    """Control and bidirectional characters made visible: a name must not reorder the line it stands in."""
    return printable(text, "?")


def told(text: str) -> Markup:
    """Escape a sentence; what stands in backticks in it becomes code."""
    pieces = _plain(text).split("`")
    if len(pieces) % 2 == 0:  # one has no partner
        return escape(_plain(text))
    return Markup("").join(Markup("<code>{}</code>").format(p) if n % 2 else p for n, p in enumerate(pieces))


def stamp(verdict: str) -> tuple[str, str]:
    """Split the verdict into ("GO", "NO-GO", "Not yet" or "", the rest of the sentence)."""
    found = re.match(r"(GO|NO-GO|Not yet)[.:]\s+(?=\S)", verdict)
    return (found[1], verdict[found.end() :]) if found else ("", verdict)


def shortened(text: str, names: Collection[str]) -> str:
    """Cut the middle out of file names longer than NAME characters; `names`: all that the text may hold."""
    for name in sorted((n for n in names if len(n) > NAME and n in text), key=lambda n: -len(n)):
        text = text.replace(name, f"{name[: NAME // 2]}\u2026{name[-NAME // 3 :]}")
    return text


def finding_entries(gate: Gate, fate: Mapping[str, Fate]) -> tuple[list[FindingEntry], int]:
    """List what the gate says, but for what is only about pictures that are left out; and count those pictures.

    A picture whose question is still open is not left out yet.
    """
    gone = {path for path, f in fate.items() if f.fate == "left out" and not f.open}
    entries: list[FindingEntry] = []
    unlisted: set[str] = set()
    times: Counter[str] = Counter()
    for reason in gate.reasons:
        if reason.accepted == ALREADY_OUT or (reason.images and gone.issuperset(reason.images)):
            unlisted.update(reason.images)
            continue
        times[reason.code] += 1
        again = f"-{times[reason.code]}" if times[reason.code] > 1 else ""
        paths = [p for p in dict.fromkeys(reason.images) if p in fate and p not in gone]
        praise = reason.severity == "good"
        entries.append(FindingEntry(f"f-{reason.code}{again}", reason, () if praise else tuple(paths)))
    return entries, len(unlisted)


def crop(image: Image, size: int, settings: Settings) -> CropBox | None:
    """Return what the trainer keeps of a picture at `size` px; None if it cannot place it."""
    placed = placement.place_picture(image.width, image.height, size, settings)
    if placed is None:
        return None
    left, top, right, bottom = placed.box
    across, down = 100 / image.width, 100 / image.height
    return CropBox(
        left=round(left * across, 2),
        top=round(top * down, 2),
        width=round((right - left) * across, 2),
        height=round((bottom - top) * down, 2),
        cut=round(placed.cut * 100),
        bucket=f"{placed.bucket[0]}x{placed.bucket[1]}",
        size=size,
    )


def _card(
    data: ReportData, image: Image, number: int, entries: Sequence[FindingEntry], fate: Fate, thumb: bytes
) -> PictureCard:
    sizes = trained_sizes(data.settings, data.model)
    usable = image.state == "image"
    caption = data.captions.get(image.path)
    return PictureCard(
        n=number,
        image=image,
        fate=fate,
        thumb=thumb,
        caption=caption,
        spans=spans(caption, data.settings.trigger) if caption else [],
        terms=sorted({t.casefold() for t in (*caption.content, *caption.style)}) if caption else [],
        crop=crop(image, sizes[-1], data.settings) if usable else None,
        times=[(s, enlargement(image, s)) for s in sizes] if usable else [],
        entries=entries,
    )


def spans(caption: Caption, trigger: str) -> list[tuple[str, str]]:
    """Split the caption into ("trigger" | "content" | "style" | "", text). Joined they are the caption, unchanged."""
    kinds = {t.casefold(): "content" for t in caption.content} | {t.casefold(): "style" for t in caption.style}
    kinds[trigger.casefold()] = "trigger"
    known = sorted((t for t in kinds if t), key=lambda t: (-len(t), t))
    if not known:
        return [("", caption.text)]
    pattern = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, known))})(?!\w)", re.IGNORECASE)
    pieces = pattern.split(caption.text)
    return [(kinds.get(piece.casefold(), "") if n % 2 else "", piece) for n, piece in enumerate(pieces) if piece]


def _is_shown(group: Group, thumbs: Collection[str]) -> bool:
    return group.best in thumbs and sum(p in thumbs for p in group.pictures) > 1


def _beside_best(group: Group, thumbs: Collection[str]) -> list[tuple[str, Pair | None, Lying]]:
    """List the other pictures of a group: what each is to some other one, and how it lies on the best."""
    rows = []
    for path in (p for p in group.pictures if p != group.best and p in thumbs):
        direct = [p for p in group.pairs if {p.a, p.b} == {path, group.best}]
        pair = direct[0] if direct else next((p for p in group.pairs if path in (p.a, p.b)), None)
        rows.append((path, pair, direct[0].lying(group.best) if direct else Lying()))
    return rows


def _same(image: Mapping[str, Image], one: str, other: str) -> bool:
    return crops.shown(image[one]) == crops.shown(image[other])


def _group(
    image: Mapping[str, Image], group: Group, others: Iterable[tuple[str, Pair | None, Lying]], heats: Heats
) -> GroupCard:
    """Show each picture of a group beside its best, with what is not the same glowing."""
    rows = []
    for path, pair, lying in others:
        same = _same(image, group.best, path)
        heat = b"" if same else heats[group.best, path]
        rows.append(GroupRow(path, standing(pair, path) if pair else "", heat, same, lying.mirrored))
    return GroupCard(group, rows)


def _compared(
    found: Sequence[Group], image: Mapping[str, Image], couples: Sequence[Image], thumbs: Collection[str]
) -> dict[tuple[str, str], Lying]:
    """Say of which two pictures is shown where they differ, and how the second lies on the first."""
    laid = {
        (group.best, path): lying
        for group in found
        if _is_shown(group, thumbs)
        for path, _, lying in _beside_best(group, thumbs)
        if not _same(image, group.best, path)
    }
    return laid | {(target.controls[0], target.path): Lying() for target in couples}


def _heats(
    page: PageData,
    image: Mapping[str, Image],
    compared: Mapping[tuple[str, str], Lying],
    thumbs: Mapping[str, bytes],
) -> Heats:
    """Show where two pictures differ, as WebP; b"" if one of them has no thumbnail."""
    return {
        (best, other): _heat(page, image[best], image[other], thumbs, lying)
        for (best, other), lying in compared.items()
    }


def _heat(page: PageData, best: Image, other: Image, thumbs: Mapping[str, bytes], lying: Lying) -> bytes:
    first, second = thumbs[best.path], thumbs[other.path]
    if not (first and second):
        return b""

    def make() -> bytes:
        return contact_sheet.differing(first, second, lying)

    name = f"{crops.shown(best)}-{crops.shown(other)}-{'mirrored-' if lying.mirrored else ''}laid.webp"
    return thumbnails.kept(page.cache / name if page.cache else None, make)


def _map(
    pictures: Sequence[Image],
    made: Mapping[str, Change],
    plane: NDArray[np.float64],
    thumbs: Mapping[str, bytes],
    cache: Path | None,
) -> LikenessMap | None:
    """Draw the map as one picture, and say where each thumbnail lies on it; None without pictures.

    `plane`: (n, 2) positions in 0..1. Of pairs the change is what is taught, so those after it lie by how they changed.
    """
    numbered = [(n, image) for n, image in enumerate(pictures) if not made or image.path in made]
    if not numbered:
        return None
    if made:
        plane = layout.plane(changes.likeness([made[image.path] for _, image in numbered]))
    columns, rows, places = layout.grid(plane)
    cell = max(20, min(96, 1500 // columns))
    shown = [thumbs[i.path] for _, i in numbered]
    data = thumbnails.remembered(
        cache, "map", (shown, places, cell), lambda: contact_sheet.mosaic(shown, places, columns, rows, cell)
    )
    spots = [
        MapSpot(n, image.path, round(column * 100 / columns, 3), round(row * 100 / rows, 3))
        for (n, image), (column, row) in zip(numbered, places, strict=True)
    ]
    return LikenessMap(data, spots, columns, rows)


def _plots(data: ReportData, kept: Sequence[Image], striped: Sequence[Image], cache: Path | None) -> dict[str, str]:
    """Draw every plot whose figures changed: name -> SVG. `kept`: what trains; `striped`: of it, like beside like."""
    sizes = trained_sizes(data.settings, data.model)
    fused = data.found(Code.FUSED_CRITICAL, Code.FUSED_WARNING, Code.FUSED_WATCH)
    # as the findings count them: "cloud" is in "heavy clouds" and in "cloud over a hill"
    said = {f.text("term"): int(f.text("share").partition(" ")[0]) for f in fused}
    levels = {f.text("term"): f.code.removeprefix("fused-") for f in fused}
    captions = Chosen(data.captions, (i.path for i in kept if i.path in data.captions))
    rows = []
    for (term, side), count in _ranked_terms(captions.values())[:TERMS]:
        rows.append((_plain(term), said.get(term, count), side, levels.pop(term, "")))
    for term, level in sorted(levels.items()):  # a last word that several longer terms share
        rows.append((_plain(term), said[term], "content", level))
    rows.sort(key=lambda r: (-r[1], r[0]))
    limits = data.settings.thresholds.captions
    step = max(1, math.ceil(len(striped) / STRIPES))
    levels_at = {"watch": limits.fused_watch, "warning": limits.fused_warning, "critical": limits.fused_critical}
    axes = [
        (a.label, sorted(a.counts.items(), key=lambda x: (-x[1], x[0])), a.thin, a.seen) for a in data.assessment.axes
    ]
    wanted: dict[str, tuple[Callable[..., str], tuple[object, ...]]] = {
        "enlargement": (plots.enlargement, ({s: [enlargement(i, s) for i in kept] for s in sizes},)),
        "aspects": (plots.aspects, ([(i.width, i.height) for i in kept],)),
        "terms": (plots.terms, (rows, len(captions), levels_at)),
        "variety": (plots.variety, (axes, len(kept))),
        "palette": (plots.palette, ([[(hexa, share) for _, hexa, share in i.palette] for i in striped[::step]],)),
    }
    return {
        name: thumbnails.remembered(cache, name, arguments, partial(_svg, draw, arguments), ".svg").decode()
        for name, (draw, arguments) in wanted.items()
    }


def _svg(draw: Callable[..., str], arguments: tuple[object, ...]) -> bytes:
    return draw(*arguments).encode()


def _ranked_terms(captions: Iterable[Caption]) -> list[tuple[tuple[str, str], int]]:
    """List ((term, "content" or "style"), captions it is in), most first."""
    count: Counter[tuple[str, str]] = Counter()
    for caption in captions:  # each is made but for this
        count.update((t, "content") for t in {t.casefold() for t in caption.content})
        count.update((t, "style") for t in {t.casefold() for t in caption.style})
    return sorted(count.items(), key=lambda x: (-x[1], x[0]))


def _codes(entries: Sequence[FindingEntry]) -> list[tuple[str, int]]:
    """List the findings that name pictures, for the filter: (code, pictures)."""
    named: dict[str, set[str]] = {}
    for entry in entries:
        if entry.paths:
            named.setdefault(entry.reason.code, set()).update(entry.paths)
    return [(code, len(paths)) for code, paths in named.items()]


def _common_terms(captions: Iterable[Caption]) -> list[tuple[str, int]]:
    """List words to filter by, most common first; a word that one caption holds is found by typing it."""
    count: Counter[str] = Counter()
    for (term, _), n in _ranked_terms(captions):
        count[term] += n
    return [(t, n) for t, n in sorted(count.items(), key=lambda x: (-x[1], x[0])) if n > 1][:300]


def _inks() -> tuple[str, str]:
    """Write the plots' colours as CSS variables, for light and for dark."""
    light, dark = ("".join(f"--{name}:{pair[n]};" for name, pair in plots.INKS.items()) for n in (0, 1))
    return light, dark
