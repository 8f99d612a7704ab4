"""One picture on the light table: large, as each trainer takes it, with what is known of it. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from msgspec.structs import asdict, replace

from loraprep.core.records import Image
from loraprep.dataset.outputs import mask_of
from loraprep.project import crops, decisions
from loraprep.project.crops import Drawn
from loraprep.project.decisions import Entry
from loraprep.project.sizes import as_times, trained_sizes
from loraprep.review import since, stay, views, words
from loraprep.review.cards import PictureView, View
from loraprep.review.snapshot import Snapshot, ident, remembered
from loraprep.review.stay import Json
from loraprep.review.words import Words
from loraprep.trainers import placement
from loraprep.trainers.trainer import bucket_rules

Box = tuple[float, float, float, float]  # left, top, width, height in percent of the whole picture
_WIDEST, _STEPS = 3.0, 240  # shapes to ask a trainer for its buckets: from 1:3 to 3:1


class Shape(View, frozen=True):
    """What a trainer makes of the picture at a trained size (px)."""

    trainer: str
    size: int
    bucket: tuple[int, int]
    times: str  # how many times it is enlarged
    cut: str  # percent of what trains that it cuts off
    box: Box


class Remark(View, frozen=True):
    """A finding about the picture; `id` is its card's."""

    id: str
    severity: str
    sentence: str
    fix: str


class Asked(View, frozen=True):
    """A question about the picture, and where it stands."""

    title: str
    id: str
    view: str
    state: str


class LightView(PictureView, frozen=True):
    """A picture. `width`, `height`: px of the whole, as it lies by now; `part`: of it what trains.

    `before`, `after`: idents of its neighbours in the list it was opened from, number `n` of `total`; 0 once an answer
    took it from that list.
    """

    n: int
    total: int
    before: str
    after: str
    turn: int
    part: Box
    drawn: bool  # is there a crop?
    of: str  # of a detail: the picture it is cut from
    parts: bool  # may it be cut and turned: it is no detail of another one
    waits: bool  # crops.yaml says something else than Gate 1 saw
    pixels: tuple[int, int]  # of what trains
    facts: list[tuple[str, str]]
    shapes: list[Shape]
    untold: list[str]  # trainers whose rules are not known
    ratios: list[float]  # width / height of the first trainer's buckets
    standing: stay.Standing
    leave: str  # kind of decision that leaving or coming back is written to
    held_why: str  # of a picture that is held out: by what
    held_means: str
    stuck: bool  # no answer of the page brings it back
    mask: bool
    words: Words | None  # None before there is a caption
    findings: list[Remark]
    asked: list[Asked]


def whole(image: Image, turn: int) -> Image:
    """Return the record of all of its picture, turned by so many degrees; of a detail the detail itself."""
    if image.of:
        return image
    width, height = _whole_size(image)
    wide, high = crops.turned((width, height), turn)
    return replace(image, box=(), turn=turn, width=wide, height=high)


def _whole_size(image: Image) -> tuple[int, int]:
    """Width and height of the file's picture as it is shown without any crop or turn, px."""
    return crops.turned(crops.whole_size(image), image.turn)


def turned_box(s: Snapshot, path: str, turn: int) -> list[Json]:
    """Return the crop of a picture, in shares, once the picture is turned by so many degrees instead."""
    drawn = s.drawn[path]
    full = whole(s.images[path], drawn.turn)
    left, top, right, bottom = crops.shares(drawn.crop, full.width, full.height)
    for _ in range((turn - drawn.turn) // 90 % 4):  # a quarter clockwise: what was below is left
        left, top, right, bottom = 1 - bottom, left, 1 - top, right
    return [round(n, 4) if 0 < n < 1 else round(n) for n in (left, top, right, bottom)]


def light(s: Snapshot, path: str, keys: Sequence[str]) -> LightView:
    """Lay a picture on the table. `keys`: the paths of the list it was opened from."""
    image, shown = s.images[path], views.picture(s, path)
    drawn = s.drawn.get(path, Drawn())
    full = whole(image, drawn.turn)
    box = crops.shares(drawn.crop, full.width, full.height) if drawn.crop and not image.of else (0.0, 0.0, 1.0, 1.0)
    wide, high = (max(1, round(n)) for n in (full.width * (box[2] - box[0]), full.height * (box[3] - box[1])))
    settings, now = s.project.settings, stay.standing(s, path)
    near = _Near(keys, path)
    return LightView(
        **{**asdict(shown), "width": full.width, "height": full.height},
        n=near.n + 1,
        total=near.total,
        before=ident("picture", near.before),
        after=ident("picture", near.after),
        turn=drawn.turn,
        part=_percent(box),
        drawn=bool(drawn.crop) and not image.of,
        of=image.of,
        parts=not image.of,
        waits=not image.of and (tuple(box) if drawn.crop else (), drawn.turn) != (image.box, image.turn),
        pixels=(wide, high),
        facts=_facts(image),
        shapes=_shapes(s, (wide, high), box),
        untold=[name for name in settings.dataset.trainers if bucket_rules(name) is None],
        ratios=_ratios(s, placement.reference_trainer(settings)),
        standing=now,
        leave=stay.plan(s, path, stays=not now.stays).kind if now.stays or now.by else "",
        held_why=s.fates[path].why if shown.held else "",
        held_means=views.held_out_means(),
        stuck=not now.stays and now.by is None,
        mask=bool(mask_of(image, settings)),
        words=words.of_picture(s, path),
        findings=_findings(s, path),
        asked=_asked(s, path),
    )


class _Near:
    """A picture's place in a list, and its neighbours; the list goes round. Out of it: those at its ends."""

    def __init__(self, keys: Sequence[str], path: str) -> None:
        among = keys or [path]
        self.n, self.total = among.index(path) if path in among else -1, len(among)
        self.before, self.after = among[max(self.n, 0) - 1], among[(self.n + 1) % self.total]


def _percent(box: Sequence[float]) -> Box:
    left, top, right, bottom = box
    first, second, third, fourth = (round(100 * n, 3) for n in (left, top, right - left, bottom - top))
    return first, second, third, fourth


def _shapes(s: Snapshot, size: tuple[int, int], box: Sequence[float]) -> list[Shape]:
    """Ask every trainer, for each trained size, what it makes of a picture of `size` px: `box` of the whole."""
    found = []
    settings = s.project.settings
    (wide, high), (left, top, right, bottom) = size, box
    chosen = [name for name in settings.dataset.trainers if bucket_rules(name)]
    for trainer in chosen or [placement.reference_trainer(settings)]:
        for trained in trained_sizes(settings, s.project.base_model):
            fit = placement.place_picture(wide, high, trained, settings, trainer)
            if fit is None:
                continue
            x, y = (right - left) / wide, (bottom - top) / high
            inside = (left + fit.box[0] * x, top + fit.box[1] * y, left + fit.box[2] * x, top + fit.box[3] * y)
            found.append(
                Shape(
                    trainer=trainer,
                    size=trained,
                    bucket=fit.bucket,
                    times=as_times(fit.scale),
                    cut=f"{100 * fit.cut:.1f}".removesuffix(".0"),
                    box=_percent(inside),
                )
            )
    return found


@remembered(size=4)
def _ratios(s: Snapshot, trainer: str) -> list[float]:
    """List the shapes (width / height) of the buckets that a trainer has at the largest trained size, ascending."""
    size = trained_sizes(s.project.settings, s.project.base_model)[-1]
    shapes = [_WIDEST ** (2 * n / _STEPS - 1) for n in range(_STEPS + 1)]
    sides = [(round(size * math.sqrt(shape)), round(size / math.sqrt(shape))) for shape in shapes]
    fits = [placement.place_picture(wide, high, size, s.project.settings, trainer) for wide, high in sides]
    return sorted({round(fit.bucket[0] / fit.bucket[1], 5) for fit in fits if fit})


def _facts(image: Image) -> list[tuple[str, str]]:
    told = [
        ("File", f"{image.format}, {_bytes(image.bytes)}"),
        ("Pixels from", image.upscaled),
        ("Detail of", image.of),
        ("Colours", f"{image.mode}, {image.bits} bit" + (f", {image.icc}" if image.icc else "")),
        ("Transparent", "in parts" if image.alpha else ""),
        ("JPEG quality", str(image.jpeg_quality or "")),
        ("Looks enlarged", f"{1 / image.detail:.1f} times" if 0 < image.detail < 0.7 else ""),
        ("Carries", ", ".join(image.hidden)),
        ("Stars", str(image.rating or "")),
        ("Mask", image.mask),
    ]
    return [(name, text) for name, text in told if text]


def _bytes(number: int) -> str:
    return f"{number / 1e6:.1f} MB" if number >= 1e6 else f"{max(1, round(number / 1e3))} kB"


def _findings(s: Snapshot, path: str) -> list[Remark]:
    about = {told.id for told in since.told(s) if path in told.reason.images}
    return [
        Remark(id=card.id, severity=card.severity, sentence=card.sentence, fix="" if card.accepted else card.fix)
        for card in views.finding_cards(s)
        if card.id in about
    ]


def _about(entry: Entry, path: str) -> bool:
    pictures: Collection[str] = entry.data.get("pictures", ())
    return path in entry.digests or path in pictures or (path == entry.key and not (entry.digests or pictures))


def _asked(s: Snapshot, path: str) -> list[Asked]:
    return [
        Asked(title=views.TITLES[kind], id=ident(kind, entry.key), view=kind, state=views.states(s, kind)[n])
        for kind in decisions.KINDS
        for n, entry in enumerate(views.asked(s, kind))
        if _about(entry, path)
    ]
