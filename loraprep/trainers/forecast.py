"""What each trainer will do with each picture: bucket, stretch, crop, and how long it trains. Pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loraprep.captions import tokens
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Caption, Fate, Image
from loraprep.core.text import listed
from loraprep.project.sizes import trained_sizes
from loraprep.trainers import buckets, placement, regularization
from loraprep.trainers.plan import CutCaption, Length, Placed, Plan, lonely, usual

Size = tuple[int, int]
DRAWN = 6  # crops drawn in the report; its tables name the rest


def plan(
    trainer: str,
    profile: Mapping[str, Any],
    found: Sequence[Image],
    fates: Sequence[Fate],
    captions: Mapping[str, Caption],
    repeats: Mapping[str, int],
    config: Mapping[str, Any],
    model: Mapping[str, Any],
    extra: Sequence[Size] = (),
) -> Plan:
    """The plan for the kept pictures. `repeats`: path -> how often its folder is repeated in an epoch.

    `extra`: the sizes of the regularization pictures.
    """
    sizes = trained_sizes(config, model)
    image = {i.path: i for i in found}
    kept = [f for f in fates if f.fate == "kept"]
    known = trainer in buckets.ALGORITHMS
    placed = [
        _place(trainer, f.path, _built(image[f.path], sizes[-1] if f.upscale else 0), size, config)
        for f in kept
        for size in sizes
        if known
    ]
    encoder = model["encoder"]
    limit = profile["tokens"].get(config["model"], profile["tokens"].get(encoder["name"], encoder["hard"]))
    texts = {f.path: captions[f.path] for f in kept if f.path in captions}
    shown = {f.path: repeats[f.path] for f in kept}
    beside = _Extra(trainer, profile["regularization"], list(extra) if known else [], len(extra))
    return Plan(
        trainer,
        sizes,
        placed,
        _length(profile, placed, shown, sizes, config, beside),
        {path: cut for path, c in sorted(texts.items()) if (cut := _cut(c, encoder["name"], limit))},
        limit,
    )


def _cut(caption: Caption, encoder: str, read: int) -> CutCaption | None:
    if caption.tokens <= read:
        return None
    lost = tokens.cut(caption.text, read)[1] if caption.exact else ""
    return CutCaption(caption.tokens, read, caption.exact and tokens.exact(encoder), lost)


def _built(image: Image, least: int) -> Size:
    """Width and height in dataset/: enlarged there if the artist asked for it, as `dataset` does."""
    factor = max(1.0, least / math.sqrt(image.width * image.height))
    return round(image.width * factor), round(image.height * factor)


def _place(trainer: str, path: str, built: Size, size: int, config: Mapping[str, Any]) -> Placed:
    where = placement.placed(*built, size, config, trainer)
    if where is None:
        return Placed(path, size, None)
    left, top, right, bottom = where.box
    box = (left / built[0], top / built[1], right / built[0], bottom / built[1])
    return Placed(path, size, where.bucket, round(where.scale, 4), round(where.cut, 4), tuple(round(x, 4) for x in box))


@dataclass(frozen=True, slots=True)
class _Extra:
    """The regularization pictures: how the trainer takes them, their sizes where its buckets are known, how many."""

    trainer: str
    way: str
    sizes: list[Size]
    pictures: int

    def times(self, looks: int) -> list[int]:
        """How often each comes up in an epoch in which yours come up `looks` times together."""
        if self.way == "fills":
            return regularization.filled(self.pictures, looks)
        return [regularization.repeats(range(self.pictures), looks)] * self.pictures if self.way == "folder" else []


def _length(
    profile: Mapping[str, Any],
    placed: Sequence[Placed],
    repeats: Mapping[str, int],
    sizes: Sequence[int],
    config: Mapping[str, Any],
    extra: _Extra,
) -> Length:
    """A trainer that shows every picture at every size needs so many times fewer epochs for the same length.

    Regularization pictures come on top, about as often as yours: that leaves alone how often yours are seen.
    """
    batch, epochs = config["dataset"]["batch_size"], config["dataset"]["epochs"]
    common = usual(repeats.values())
    each = profile["sizes"] == "each"
    times = len(sizes) if each else 1
    if not profile["repeats"]:  # every repeat becomes an epoch
        epochs, repeats, common = epochs * common, dict.fromkeys(repeats, 1), 1
    wanted = max(1, round(epochs / times))
    counts: Counter[tuple[int, int, int]] = Counter()
    for p in placed:
        if p.bucket and (each or p.size == sizes[-1]):
            counts[p.size, *p.bucket] += repeats[p.path]
    looks = sum(repeats.values())
    beside = extra.times(looks) if looks else []
    if counts:
        for size in sizes if each else sizes[-1:]:
            for shape, shown in zip(extra.sizes, beside, strict=False):
                where = placement.placed(*shape, size, config, extra.trainer)
                if where:
                    counts[size, *where.bucket] += shown
        steps = buckets.steps_per_epoch(counts.values(), batch, keep_partial=profile["last_batch"] == "kept")
    else:
        steps = math.ceil((looks + sum(beside)) * times / batch)
    if extra.pictures and extra.way == "alternates":
        steps *= 2
    exact = batch == 1 or (bool(counts) and (each or len(sizes) == 1))
    used = bool(extra.pictures) and extra.way != "none"
    own = beside[0] if extra.way == "folder" and beside else 1
    return Length(wanted, steps, steps * wanted, common * wanted * times, exact, own if used else 0)


def findings(
    plans: Sequence[Plan],
    profiles: Mapping[str, Mapping[str, Any]],
    repeats: Mapping[str, int],
    config: Mapping[str, Any],
    model: Mapping[str, Any],
) -> list[Finding]:
    """What an artist should know before training, trainers with the same trouble named together."""
    limit, batch = config["thresholds"]["placement"]["cut"], config["dataset"]["batch_size"]
    title = {name: p["title"] for name, p in profiles.items()}
    result: list[Finding] = []
    values: dict[str, Any]
    worst: dict[str, tuple[float, str]] = {}
    unplaced: defaultdict[str, set[str]] = defaultdict(set)
    for one in plans:
        for p in one.placed:
            if p.bucket is None:
                unplaced[one.trainer].add(p.path)
            elif p.cut > limit:
                where = f"{title[one.trainer]} at {p.size}"
                worst[p.path] = max(worst.get(p.path, (0.0, "")), (p.cut, where), key=lambda w: w[0])
    if worst:
        cut, where = max(worst.values(), key=lambda w: w[0])
        values = {"most": _percent(cut), "limit": _percent(limit), "where": where}
        result.append(Finding(Code.CUT_OFF, tuple(sorted(worst)), values))
    for trainer, homeless in sorted(unplaced.items()):
        result.append(Finding(Code.NO_BUCKET, tuple(sorted(homeless)), {"trainer": title[trainer]}))
    result += _cut_captions(plans, title, model["encoder"]["hard"])
    for one in plans:
        alone = {p.path: repeats[p.path] for p in lonely(one)} if batch > 1 else {}
        dropped = profiles[one.trainer]["last_batch"] == "dropped"
        never = tuple(sorted(path for path, times in alone.items() if dropped and times < batch))
        rest = tuple(sorted(set(alone) - set(never)))
        for code, paths in ((Code.BUCKET_DROPPED, never), (Code.BUCKET_LONELY, rest)):
            if paths:
                result.append(Finding(code, paths, {"trainer": title[one.trainer], "batch": batch}))
    return result


def _cut_captions(plans: Sequence[Plan], title: Mapping[str, str], hard: int) -> list[Finding]:
    """Captions that trainers read in part, those that cut the same ones at the same place named together."""
    alike: defaultdict[tuple[int, tuple[str, ...], bool], list[str]] = defaultdict(list)
    for one in plans:
        if one.cut_captions and one.reads < hard:  # what the encoder itself cannot read is said elsewhere
            exact = all(cut.exact for cut in one.cut_captions.values())
            alike[one.reads, tuple(one.cut_captions), exact].append(title[one.trainer])
    return [
        Finding(
            Code.CAPTION_CUT if exact else Code.CAPTION_MAY_BE_CUT,
            paths,
            {"trainers": listed(names), "read": read, "reads": "reads" if len(names) == 1 else "read"},
        )
        for (read, paths, exact), names in alike.items()
    ]


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def drawn(plans: Sequence[Plan], limit: float) -> dict[str, tuple[float, ...]]:
    """path -> the box of its worst crop, for the DRAWN pictures that lose most, all more than `limit` of their area."""
    worst: dict[str, Placed] = {}
    for p in (p for one in plans for p in one.placed if p.cut > limit):
        worst[p.path] = max(worst.get(p.path, p), p, key=lambda q: q.cut)
    most = sorted(worst.items(), key=lambda item: (-item[1].cut, item[0]))[:DRAWN]
    return {path: p.box for path, p in sorted(most)}
