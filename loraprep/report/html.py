"""Render report.html: the set as an artist looks at it. One file, made of what the phases found and of thumbnails."""

from __future__ import annotations

import base64
import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from loraprep.core import resources
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Caption, Fate, Gate, Group, Image, Reason
from loraprep.curation import similarity
from loraprep.imaging import thumbnails
from loraprep.imaging.pictures import Pictures
from loraprep.project import crops, groups
from loraprep.project.profiles import BaseModel, Kind
from loraprep.project.settings import Settings
from loraprep.project.sizes import enlargement, trained_sizes
from loraprep.report import contact_sheet, layout, plots
from loraprep.report.report_data import ReportData
from loraprep.trainers import placement

if TYPE_CHECKING:
    import jinja2

FOLDER = "resources/report"
LARGE, SMALL, MANY = 384, 256, 300  # px of a thumbnail up to MANY pictures, and above: 2,000 stay under 40 MB
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
    headline: str
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


class PictureCard(msgspec.Struct, frozen=True):
    """One picture on the page."""

    n: int  # its number, by which the page's parts refer to it
    image: Image
    fate: Fate
    thumb: bytes  # WebP, b"" without
    reasons: Sequence[Reason]  # that name it
    caption: Caption | None
    spans: list[tuple[str, str]]  # see `spans`
    terms: list[str]
    crop: CropBox | None  # at the largest trained size
    times: list[tuple[int, float]]  # trained size -> how far it is enlarged
    codes: list[str]
    marks: list[tuple[str, str]]  # (severity, code) of what is to be done
    notes: list[str]  # the rest, in words


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


class LikenessMap(msgspec.Struct, frozen=True):
    """All pictures laid out by likeness, as one WebP."""

    data: bytes
    spots: list[MapSpot]
    columns: int
    rows: int


def render_page(page: PageData, progress: Callable[[int, int], None] | None = None) -> tuple[str, dict[str, bytes]]:
    """Render (report.html, the pictures of dataset-report.md: name in report/ -> bytes, none for a first look)."""
    data, settings = page.data, page.data.settings
    pictures = [i for i in data.images if i.state == "image"]
    size = LARGE if len(pictures) <= MANY else SMALL
    thumbs = thumbnails.all_of(page.pictures, pictures, size, settings.dataset.backgrounds[0], page.cache, progress)
    likeness = similarity.picture_likeness(pictures)
    spots = layout.plane(likeness)
    order = layout.order(likeness, spots)
    fate = {f.path: f for f in data.fates}
    kept = [pictures[n] for n in order if fate[pictures[n].path].fate == "kept"]
    drawn = _plots(data, kept)
    beside = {}
    if not page.look:
        beside = {f"{name}.svg": plots.as_file(drawn[name]).encode() for name in ("enlargement", "terms", "palette")}
        beside["contact-sheet.webp"] = contact_sheet.contact(
            [(thumbs[pictures[n].path], fate[pictures[n].path].fate == "kept") for n in order],
            [pictures[n].path for n in order],
        )
    number = {i.path: n for n, i in enumerate(pictures)}
    rejected = [i for i in data.images if i.state == "rejected"]
    reasons = _reasons_by_picture(data, page.gate)
    listed = [(pictures[n], n, thumbs[pictures[n].path]) for n in order]
    listed += [(image, len(pictures) + n, b"") for n, image in enumerate(rejected)]
    cards = [_card(data, image, n, reasons[image.path], fate[image.path], thumb) for image, n, thumb in listed]
    captioned = {card.image.path: card.spans for card in cards if card.caption}
    text = _template().render(
        m=page,
        cards=cards,
        plots=drawn,
        map=_map(spots, pictures, thumbs),
        number=number,
        fate=fate,
        groups=[_group(page, g, thumbs) for g in data.groups],
        todo=[r for r in page.gate.reasons if _to_do(r)],
        settled=[r for r in page.gate.reasons if r.accepted or r.severity in ("note", "good")],
        captions=[(p, data.captions[p], captioned[p]) for p in sorted(captioned) if fate[p].fate == "kept"],
        others=[f for f in data.fates if f.fate in ("caption", "ignored")],
        trained=trained_sizes(settings, data.model),
        trainer=placement.reference_trainer(settings),
        triggers=groups.triggers(settings),
        codes=_codes(page.gate),
        terms=_common_terms(data.captions.values()),
        styles=_inks(),
        stretches=plots.STRETCH,
        css=resources.text(f"{FOLDER}/page.css"),
        script=resources.text(f"{FOLDER}/page.js"),
    )
    if page.cache:
        thumbnails.sweep(data.images, page.cache)
    return text, beside


def _template() -> jinja2.Template:
    import jinja2  # 0.1 s that `loraprep init` and a null run need not wait for

    loader = jinja2.FileSystemLoader(resources.path(FOLDER))
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["webp"] = _webp
    environment.filters["plain"] = _plain
    return environment.get_template("page.html.j2")


def _webp(data: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(data).decode("ascii")


def _plain(text: str) -> str:
    """Control and bidirectional characters made visible: a name must not reorder the line it stands in."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _to_do(reason: Reason) -> bool:
    return reason.severity in ("block", "warn") and not reason.accepted


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


def _reasons_by_picture(data: ReportData, gate: Gate) -> dict[str, list[Reason]]:
    """List what the gate says about each picture; praise apart."""
    named: dict[str, list[Reason]] = {image.path: [] for image in data.images}
    for reason in gate.reasons:
        for path in dict.fromkeys(reason.images):
            if reason.severity != "good" and path in named:
                named[path].append(reason)
    return named


def _card(
    data: ReportData, image: Image, number: int, reasons: Sequence[Reason], fate: Fate, thumb: bytes
) -> PictureCard:
    sizes = trained_sizes(data.settings, data.model)
    usable = image.state == "image"
    caption = data.captions.get(image.path)
    notes = [r.code.replace("-", " ") + (" (settled)" if r.accepted else "") for r in reasons if not _to_do(r)]
    return PictureCard(
        n=number,
        image=image,
        fate=fate,
        thumb=thumb,
        reasons=reasons,
        caption=caption,
        spans=spans(caption, data.settings.trigger) if caption else [],
        terms=sorted({t.casefold() for t in (*caption.content, *caption.style)}) if caption else [],
        crop=crop(image, sizes[-1], data.settings) if usable else None,
        times=[(s, enlargement(image, s)) for s in sizes] if usable else [],
        codes=sorted({r.code for r in reasons}),
        marks=list(dict.fromkeys((r.severity, r.code) for r in reasons if _to_do(r))),
        notes=list(dict.fromkeys(notes)),
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


def _group(page: PageData, group: Group, thumbs: Mapping[str, bytes]) -> GroupCard:
    """Show each picture of a group beside its best, with what is not the same glowing."""
    image = {i.path: i for i in page.data.images}
    rows = []
    for path in (p for p in group.pictures if p != group.best):
        direct = [p for p in group.pairs if {p.a, p.b} == {path, group.best}]
        pair = direct[0] if direct else next((p for p in group.pairs if path in (p.a, p.b)), None)
        same = crops.shown(image[path]) == crops.shown(image[group.best])
        mirrored, turns = direct[0].over(group.best) if direct else (False, 0)
        heat = b"" if same else _heat(page, image[group.best], image[path], thumbs, mirrored, turns)
        rows.append(GroupRow(path, pair.what if pair else "", heat, same, mirrored))
    return GroupCard(group, rows)


def _heat(page: PageData, best: Image, other: Image, thumbs: Mapping[str, bytes], mirrored: bool, turns: int) -> bytes:
    """Show where two pictures differ, as WebP; b"" if one of them has no thumbnail."""
    first, second = thumbs[best.path], thumbs[other.path]
    if not (first and second):
        return b""

    def make() -> bytes:
        return contact_sheet.differing(first, second, mirrored, turns)

    lies = f"{'-mirrored' if mirrored else ''}{f'-{turns}' if turns else ''}"
    name = f"{crops.shown(best)}-{crops.shown(other)}{lies}.webp"
    return thumbnails.kept(page.cache / name if page.cache else None, make)


def _map(plane: NDArray[np.float64], pictures: Sequence[Image], thumbs: Mapping[str, bytes]) -> LikenessMap | None:
    """Draw the map as one picture, and say where each thumbnail lies on it; None without pictures.

    `plane`: (n, 2) positions in 0..1.
    """
    if not pictures:
        return None
    side = math.ceil(math.sqrt(len(pictures) * 2.2))
    columns, rows = max(6, round(side * 1.25)), max(4, round(side * 0.82))
    while columns * rows < len(pictures):
        rows += 1
    places = layout.cells(plane, columns, rows)
    cell = max(20, min(96, 1500 // columns))
    data = contact_sheet.mosaic([thumbs[i.path] for i in pictures], places, columns, rows, cell)
    spots = [
        MapSpot(n, image.path, round(column * 100 / columns, 3), round(row * 100 / rows, 3))
        for n, (image, (column, row)) in enumerate(zip(pictures, places, strict=True))
    ]
    return LikenessMap(data, spots, columns, rows)


def _plots(data: ReportData, kept: Sequence[Image]) -> dict[str, str]:
    """Draw every plot: name -> SVG. `kept`: the pictures that train, like beside like."""
    sizes = trained_sizes(data.settings, data.model)
    fused = data.found(Code.FUSED_CRITICAL, Code.FUSED_WARNING, Code.FUSED_WATCH)
    levels = {f.text("term"): f.code.removeprefix("fused-") for f in fused}
    captions = [data.captions[i.path] for i in kept if i.path in data.captions]
    rows = []
    for (term, side), count in _ranked_terms(captions)[:TERMS]:
        rows.append((_plain(term), count, side, levels.pop(term, "")))
    for term, level in sorted(levels.items()):  # a last word that several longer terms share
        rows.append((_plain(term), sum(_has_term(c, term) for c in captions), "content", level))
    rows.sort(key=lambda r: (-r[1], r[0]))
    limits = data.settings.thresholds.captions
    step = max(1, math.ceil(len(kept) / STRIPES))
    return {
        "enlargement": plots.enlargement({s: [enlargement(i, s) for i in kept] for s in sizes}),
        "aspects": plots.aspects([(i.width, i.height) for i in kept]),
        "terms": plots.terms(
            rows,
            len(captions),
            {"watch": limits.fused_watch, "warning": limits.fused_warning, "critical": limits.fused_critical},
        ),
        "variety": plots.variety(
            [
                (a.label, sorted(a.counts.items(), key=lambda x: (-x[1], x[0])), a.thin, a.seen)
                for a in data.assessment.axes
            ],
            len(kept),
        ),
        "palette": plots.palette([[(hexa, share) for _, hexa, share in i.palette] for i in kept[::step]]),
    }


def _ranked_terms(captions: Collection[Caption]) -> list[tuple[tuple[str, str], int]]:
    """List ((term, "content" or "style"), captions it is in), most first."""
    count = Counter((t, "content") for c in captions for t in {t.casefold() for t in c.content})
    count.update((t, "style") for c in captions for t in {t.casefold() for t in c.style})
    return sorted(count.items(), key=lambda x: (-x[1], x[0]))


def _has_term(caption: Caption, word: str) -> bool:
    """Say whether a term of the caption is `word`, or ends in it."""
    return any(t.casefold() == word or t.casefold().endswith(" " + word) for t in (*caption.content, *caption.style))


def _codes(gate: Gate) -> list[tuple[str, int]]:
    """List the findings that name pictures, for the filter: (code, pictures)."""
    named: dict[str, set[str]] = {}
    for reason in gate.reasons:
        if reason.images and reason.severity != "good":
            named.setdefault(reason.code, set()).update(reason.images)
    return [(code, len(paths)) for code, paths in named.items()]


def _common_terms(captions: Collection[Caption]) -> list[tuple[str, int]]:
    """List words to filter by, most common first; a word that one caption holds is found by typing it."""
    count: Counter[str] = Counter()
    for (term, _), n in _ranked_terms(captions):
        count[term] += n
    return [(t, n) for t, n in sorted(count.items(), key=lambda x: (-x[1], x[0])) if n > 1][:300]


def _inks() -> tuple[str, str]:
    """Write the plots' colours as CSS variables, for light and for dark."""
    light, dark = ("".join(f"--{name}:{pair[n]};" for name, pair in plots.INKS.items()) for n in (0, 1))
    return light, dark
