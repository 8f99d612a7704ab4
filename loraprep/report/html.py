"""report.html: the set as an artist looks at it. One file, made of what the phases found and of thumbnails."""

from __future__ import annotations

import base64
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from loraprep.core import resources
from loraprep.core.findings import Finding
from loraprep.core.records import Axis, Caption, Fate, Gate, Group, Image, Reason
from loraprep.imaging import thumbnails
from loraprep.imaging.pictures import Pictures
from loraprep.project import crops, groups
from loraprep.project.settings import Settings
from loraprep.project.sizes import enlargement, trained_sizes
from loraprep.report import contact_sheet, layout, plots
from loraprep.trainers import placement

FOLDER = "resources/report"
LARGE, SMALL, MANY = 384, 256, 300  # px of a thumbnail up to MANY pictures, and above: 2,000 stay under 40 MB
TERMS = 14  # words in the plot
STRIPES = 240  # pictures in the palette


@dataclass(frozen=True, slots=True)
class Material:
    """Everything the page shows. `fused` and `clusters` are findings, `alike` the likeness of the pictures in `found`.

    `source` says where the pixels are, `cache` where thumbnails are kept (None: nowhere). `title` and
    `headline` are the page's, `following` the commands to type next, `look` a first look without a project.
    """

    source: Pictures
    cache: Path | None
    title: str
    headline: str
    following: Sequence[str]
    found: Sequence[Image]
    fates: Sequence[Fate]
    groups: Sequence[Group]
    captions: Mapping[str, Caption]
    axes: Sequence[Axis]
    add: str
    gate: Gate
    clusters: Sequence[Finding]
    fused: Sequence[Finding]
    alike: NDArray[Any]
    config: Mapping[str, Any]
    settings: Settings
    model: Mapping[str, Any]
    kind: Mapping[str, Any]
    look: bool = False


def render(m: Material, progress: Callable[[int, int], None] | None = None) -> tuple[str, dict[str, bytes]]:
    """(report.html, the pictures that dataset-report.md shows: name in report/ -> bytes, none for a first look)."""
    pictures = [i for i in m.found if i.state == "image"]
    size = LARGE if len(pictures) <= MANY else SMALL
    small = thumbnails.all_of(m.source, pictures, size, groups.backgrounds(m.config)[0], m.cache, progress)
    spots = layout.plane(m.alike)
    order = layout.order(m.alike, spots)
    fate = {f.path: f for f in m.fates}
    kept = [pictures[n] for n in order if fate[pictures[n].path].fate == "kept"]
    drawn = _plots(m, kept)
    beside = {}
    if not m.look:
        beside = {f"{name}.svg": plots.as_file(drawn[name]).encode() for name in ("enlargement", "terms", "palette")}
        beside["contact-sheet.webp"] = contact_sheet.contact(
            [(small[pictures[n].path], fate[pictures[n].path].fate == "kept") for n in order],
            [pictures[n].path for n in order],
        )
    number = {i.path: n for n, i in enumerate(pictures)}
    rejected = [i for i in m.found if i.state == "rejected"]
    told = _told(m)
    shown = [(pictures[n], n, small[pictures[n].path]) for n in order]
    shown += [(image, len(pictures) + n, b"") for n, image in enumerate(rejected)]
    cards = [_card(m, image, n, told[image.path], fate[image.path], data) for image, n, data in shown]
    spoken = {card["image"].path: card["spans"] for card in cards if card["caption"]}
    page = _template().render(
        m=m,
        cards=cards,
        plots=drawn,
        map=_map(spots, pictures, small),
        number=number,
        fate=fate,
        groups=[_group(m, g, small) for g in m.groups],
        todo=[r for r in m.gate.reasons if _to_do(r)],
        settled=[r for r in m.gate.reasons if r.accepted or r.severity in ("note", "good")],
        captions=[(p, m.captions[p], spoken[p]) for p in sorted(spoken) if fate[p].fate == "kept"],
        others=[f for f in m.fates if f.fate in ("caption", "ignored")],
        trained=trained_sizes(m.config, m.model),
        trainer=placement.reference_trainer(m.settings),
        triggers=groups.triggers(m.config),
        codes=_codes(m),
        terms=_common(m),
        styles=_inks(),
        stretches=plots.STRETCH,
        css=resources.text(f"{FOLDER}/page.css"),
        script=resources.text(f"{FOLDER}/page.js"),
    )
    if m.cache:
        thumbnails.sweep(m.found, m.cache)
    return page, beside


def _template() -> Any:
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


def _to_do(reason: Any) -> bool:
    return reason.severity in ("block", "warn") and not reason.accepted


def crop(image: Image, size: int, settings: Settings) -> dict[str, Any] | None:
    """What the trainer keeps at `size`: left, top, width, height in percent of the picture; None if all or nothing."""
    placed = placement.place_picture(image.width, image.height, size, settings)
    if placed is None:
        return None
    left, top, right, bottom = placed.box
    across, down = 100 / image.width, 100 / image.height
    return {
        "left": round(left * across, 2),
        "top": round(top * down, 2),
        "width": round((right - left) * across, 2),
        "height": round((bottom - top) * down, 2),
        "cut": round(placed.cut * 100),
        "bucket": f"{placed.bucket[0]}x{placed.bucket[1]}",
        "size": size,
    }


def _told(m: Material) -> dict[str, list[Reason]]:
    """What the gate says about each picture; praise apart."""
    told: dict[str, list[Reason]] = {image.path: [] for image in m.found}
    for reason in m.gate.reasons:
        for path in dict.fromkeys(reason.images):
            if reason.severity != "good" and path in told:
                told[path].append(reason)
    return told


def _card(m: Material, image: Image, number: int, reasons: Sequence[Reason], fate: Fate, data: bytes) -> dict[str, Any]:
    sizes = trained_sizes(m.config, m.model)
    seen = image.state == "image"
    caption = m.captions.get(image.path)
    return {
        "n": number,
        "image": image,
        "fate": fate,
        "thumb": data,
        "reasons": reasons,
        "caption": caption,
        "spans": spans(caption, m.config["trigger"]) if caption else [],
        "terms": sorted({t.casefold() for t in (*caption.content, *caption.style)}) if caption else [],
        "crop": crop(image, sizes[-1], m.settings) if seen else None,
        "times": [(s, enlargement(image, s)) for s in sizes] if seen else [],
        "codes": sorted({r.code for r in reasons}),
        "marks": list(dict.fromkeys((r.severity, r.code) for r in reasons if _to_do(r))),
        "notes": list(
            dict.fromkeys(
                r.code.replace("-", " ") + (" (settled)" if r.accepted else "") for r in reasons if not _to_do(r)
            )
        ),
    }


def spans(caption: Caption, trigger: str) -> list[tuple[str, str]]:
    """The caption in pieces: ("trigger" | "content" | "style" | "", text). Joined they are the caption, unchanged."""
    kinds = {t.casefold(): "content" for t in caption.content} | {t.casefold(): "style" for t in caption.style}
    kinds[trigger.casefold()] = "trigger"
    known = sorted((t for t in kinds if t), key=lambda t: (-len(t), t))
    if not known:
        return [("", caption.text)]
    pattern = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, known))})(?!\w)", re.IGNORECASE)
    pieces = pattern.split(caption.text)
    return [(kinds.get(piece.casefold(), "") if n % 2 else "", piece) for n, piece in enumerate(pieces) if piece]


def _group(m: Material, group: Group, small: Mapping[str, bytes]) -> dict[str, Any]:
    """Each picture of a group beside its best, with what is not the same glowing."""
    image = {i.path: i for i in m.found}
    rows = []
    for path in (p for p in group.pictures if p != group.best):
        direct = [p for p in group.pairs if {p.a, p.b} == {path, group.best}]
        pair = direct[0] if direct else next((p for p in group.pairs if path in (p.a, p.b)), None)
        same = crops.shown(image[path]) == crops.shown(image[group.best])
        lies = direct[0].over(group.best) if direct else (False, 0)
        heat = b"" if same else _heat(m, image[group.best], image[path], small, lies)
        rows.append({"path": path, "what": pair.what if pair else "", "heat": heat, "same": same, "mirrored": lies[0]})
    return {"group": group, "rows": rows}


def _heat(m: Material, best: Image, other: Image, small: Mapping[str, bytes], lies: tuple[bool, int]) -> bytes:
    first, second = small[best.path], small[other.path]
    if not (first and second):
        return b""

    def make() -> bytes:
        return contact_sheet.differing(first, second, *lies)

    name = f"{crops.shown(best)}-{crops.shown(other)}{'-mirrored' * lies[0]}{f'-{lies[1]}' * bool(lies[1])}.webp"
    return thumbnails.kept(m.cache / name if m.cache else None, make)


def _map(plane: NDArray[Any], pictures: Sequence[Image], small: Mapping[str, bytes]) -> dict[str, Any]:
    """The map as one picture, and where each thumbnail lies on it, in percent."""
    if not pictures:
        return {}
    side = math.ceil(math.sqrt(len(pictures) * 2.2))
    columns, rows = max(6, round(side * 1.25)), max(4, round(side * 0.82))
    while columns * rows < len(pictures):
        rows += 1
    places = layout.cells(plane, columns, rows)
    cell = max(20, min(96, 1500 // columns))
    data = contact_sheet.mosaic([small[i.path] for i in pictures], places, columns, rows, cell)
    spots = [
        {"n": n, "path": i.path, "left": round(c * 100 / columns, 3), "top": round(r * 100 / rows, 3)}
        for n, (i, (c, r)) in enumerate(zip(pictures, places, strict=True))
    ]
    return {"data": data, "spots": spots, "columns": columns, "rows": rows}


def _plots(m: Material, kept: Sequence[Image]) -> dict[str, str]:
    sizes = trained_sizes(m.config, m.model)
    levels = {f.values["term"]: f.code.removeprefix("fused-") for f in m.fused}
    staying = [m.captions[i.path] for i in kept if i.path in m.captions]
    rows = []
    for (term, side), count in _ranked(staying)[:TERMS]:
        rows.append((_plain(term), count, side, levels.pop(term, "")))
    for term, level in sorted(levels.items()):  # a last word that several longer terms share
        rows.append((_plain(term), sum(_says(c, term) for c in staying), "content", level))
    rows.sort(key=lambda r: (-r[1], r[0]))
    limits = {level: m.config["thresholds"]["captions"][f"fused_{level}"] for level in ("watch", "warning", "critical")}
    step = max(1, math.ceil(len(kept) / STRIPES))
    return {
        "enlargement": plots.enlargement({s: [enlargement(i, s) for i in kept] for s in sizes}),
        "aspects": plots.aspects([(i.width, i.height) for i in kept]),
        "terms": plots.terms(rows, len(staying), limits),
        "variety": plots.variety(
            [(a.label, sorted(a.counts.items(), key=lambda x: (-x[1], x[0])), a.thin, a.seen) for a in m.axes],
            len(kept),
        ),
        "palette": plots.palette([[(hexa, share) for _, hexa, share in i.palette] for i in kept[::step]]),
    }


def _ranked(captions: Sequence[Caption]) -> list[tuple[tuple[str, str], int]]:
    """((term, "content" or "style"), captions it is in), most first."""
    count = Counter((t, "content") for c in captions for t in {t.casefold() for t in c.content})
    count.update((t, "style") for c in captions for t in {t.casefold() for t in c.style})
    return sorted(count.items(), key=lambda x: (-x[1], x[0]))


def _says(caption: Caption, word: str) -> bool:
    return any(t.casefold() == word or t.casefold().endswith(" " + word) for t in (*caption.content, *caption.style))


def _codes(m: Material) -> list[tuple[str, int]]:
    """The findings that name pictures, for the filter: (code, pictures)."""
    named: dict[str, set[str]] = {}
    for reason in m.gate.reasons:
        if reason.images and reason.severity != "good":
            named.setdefault(reason.code, set()).update(reason.images)
    return [(code, len(paths)) for code, paths in named.items()]


def _common(m: Material) -> list[tuple[str, int]]:
    """Words to filter by, most common first; a word that one caption holds is found by typing it."""
    count: Counter[str] = Counter()
    for (term, _), n in _ranked(list(m.captions.values())):
        count[term] += n
    return [(t, n) for t, n in sorted(count.items(), key=lambda x: (-x[1], x[0])) if n > 1][:300]


def _inks() -> tuple[str, str]:
    light, dark = ("".join(f"--{name}:{pair[n]};" for name, pair in plots.INKS.items()) for n in (0, 1))
    return light, dark
