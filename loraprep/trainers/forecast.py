"""What each trainer will do with each picture: bucket, stretch, crop, and how long it trains. Pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

import msgspec

from loraprep.captions import tokens
from loraprep.captions.render import prefix
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Caption, Fate, Image
from loraprep.core.text import listed
from loraprep.project import profiles
from loraprep.project.profiles import BaseModel, TrainerProfile
from loraprep.project.settings import Settings
from loraprep.project.sizes import trained_sizes
from loraprep.trainers import placement, regularization
from loraprep.trainers.buckets import Size, steps_per_epoch
from loraprep.trainers.plan import (
    CutCaption,
    PlacedPicture,
    TrainingLength,
    TrainingPlan,
    alone_in_bucket,
    usual_repeats,
)
from loraprep.trainers.trainer import bucket_rules

MOST_DRAWN = 6  # crops drawn in the report; its tables name the rest


class TrainingPicture(msgspec.Struct, frozen=True):
    """A picture as it will stand in dataset/."""

    path: str
    size: Size  # px, enlarged if the artist asked for it
    repeats: int  # how often it comes up in an epoch
    caption: Caption | None
    folder: str = ""  # of dataset/, where it will stand
    masked: bool = False  # that folder has loss masks
    copies: int = 1  # on so many backgrounds: `repeats` counts them all


def training_pictures(
    images: Sequence[Image],
    fates: Sequence[Fate],
    captions: Mapping[str, Caption],
    repeats: Mapping[str, int],
    largest: int,
    folders: Mapping[str, str] | None = None,
    masked: Collection[str] = (),
    copies: Mapping[str, int] | None = None,
) -> list[TrainingPicture]:
    """Describe the kept pictures in the order of `fates`.

    `largest`: px up to which `dataset` enlarges. `folders`: path -> its folder in dataset/; `masked`: those of them
    that have loss masks; `copies`: path -> on how many backgrounds it stands.
    """
    by_path, folders, copies = {i.path: i for i in images}, folders or {}, copies or {}
    return [
        TrainingPicture(
            f.path,
            _built_size(by_path[f.path], largest if f.upscale else 0),
            repeats[f.path],
            captions.get(f.path),
            folders.get(f.path, ""),
            folders.get(f.path, "") in masked,
            copies.get(f.path, 1),
        )
        for f in fates
        if f.fate == "kept"
    ]


def _built_size(image: Image, least: int) -> Size:
    """Width and height in dataset/, of at least `least` x `least` px in area, as `dataset` makes it."""
    factor = max(1.0, least / math.sqrt(image.width * image.height))
    return round(image.width * factor), round(image.height * factor)


def training_plan(
    trainer: str,
    profile: TrainerProfile,
    pictures: Sequence[TrainingPicture],
    settings: Settings,
    model: BaseModel,
    regularizing: Sequence[Size] = (),
) -> TrainingPlan:
    """Plan the training of `pictures`. `regularizing`: the sizes of the regularization pictures."""
    sizes = trained_sizes(settings, model)
    known = bucket_rules(trainer) is not None
    placed = [_placed(trainer, p, size, settings) for p in pictures for size in sizes if known]
    encoder = model.encoder
    limit = profiles.tokens_read(trainer, settings.model, model)
    before = prefix(settings.captioning, model)
    room = limit - (tokens.count(", ".join(before) + ", ", encoder.name) if before else 0)
    masks = any(p.masked for p in pictures)
    way = profile.regularization_beside_masks if masks and profile.regularization_beside_masks else ""
    extra = _Regularization(
        trainer, way or profile.regularization, list(regularizing) if known else [], len(regularizing)
    )
    captions = sorted((p.path, p.caption) for p in pictures if p.caption)
    return TrainingPlan(
        trainer,
        sizes,
        placed,
        _length(profile, placed, pictures, sizes, settings, extra),
        {path: cut for path, caption in captions if (cut := _cut(caption, encoder.name, room))},
        limit,
        _unfilled(profile, placed, pictures, sizes, settings.dataset.batch_size),
    )


def _cut(caption: Caption, encoder: str, read: int) -> CutCaption | None:
    if caption.tokens <= read:
        return None
    lost = tokens.cut(caption.text, read)[1] if caption.exact else ""
    return CutCaption(caption.tokens, read, caption.exact and tokens.exact(encoder), lost)


def _placed(trainer: str, picture: TrainingPicture, size: int, settings: Settings) -> PlacedPicture:
    width, height = picture.size
    fit = placement.place_picture(width, height, size, settings, trainer)
    if fit is None:
        return PlacedPicture(picture.path, size, None)
    left, top, right, bottom = fit.box
    box = (left / width, top / height, right / width, bottom / height)
    return PlacedPicture(
        picture.path, size, fit.bucket, round(fit.scale, 4), round(fit.cut, 4), tuple(round(x, 4) for x in box)
    )


class _Regularization(msgspec.Struct, frozen=True):
    """The regularization pictures and how the trainer takes them."""

    trainer: str
    way: str  # TrainerProfile.regularization
    sizes: list[Size]  # where the trainer's buckets are known
    pictures: int

    def times(self, shown: int) -> list[int]:
        """How often each comes up in an epoch in which yours come up `shown` times together."""
        if self.way == "fills":
            return regularization.regularization_turns(self.pictures, shown)
        return (
            [regularization.regularization_repeats(self.pictures, shown)] * self.pictures
            if self.way == "folder"
            else []
        )


# By TrainerProfile.batches: with which of yours regularization pictures share their batches.
_REGULARIZATION_IN = {"together": "", "masks": "", "folder": "regularization"}


def _apart(profile: TrainerProfile, picture: TrainingPicture) -> str:
    """Name the dataset of the trainer that a picture is in: a batch never holds pictures of two."""
    if profile.batches == "folder":
        return f"/{picture.folder}"
    return "masks" if profile.batches == "masks" and picture.masked else ""


def _captions_shown(profile: TrainerProfile, pictures: Sequence[TrainingPicture]) -> int:
    """Count the captions with each of which a picture comes up: as many as the picture that has most."""
    if profile.several != "each":
        return 1
    return max((1 + len(p.caption.others) for p in pictures if p.caption), default=1)


def _looks(
    profile: TrainerProfile,
    placed: Sequence[PlacedPicture],
    pictures: Sequence[TrainingPicture],
    sizes: Sequence[int],
    repeats: Mapping[str, int],
) -> Counter[tuple[str, int, Size]]:
    """Count (dataset of the trainer, trained size, bucket) -> pictures shown in an epoch."""
    apart = {p.path: _apart(profile, p) for p in pictures}
    several = _captions_shown(profile, pictures)
    counts: Counter[tuple[str, int, Size]] = Counter()
    for picture in placed:
        if picture.bucket and (profile.sizes == "each" or picture.size == sizes[-1]):
            often = repeats[picture.path]
            if profile.batches == "folder":  # a dataset of its own for each caption
                for n in range(several):
                    counts[f"{apart[picture.path]}{n or ''}", picture.size, picture.bucket] += often
            else:
                counts[apart[picture.path], picture.size, picture.bucket] += often * several
    return counts


def _unfilled(
    profile: TrainerProfile,
    placed: Sequence[PlacedPicture],
    pictures: Sequence[TrainingPicture],
    sizes: Sequence[int],
    batch: int,
) -> list[str]:
    """Name the pictures whose bucket, at one size at least, holds fewer than a batch: it is dropped whole, or stops."""
    if profile.last_batch == "kept":
        return []
    counts = _looks(profile, placed, pictures, sizes, {p.path: p.repeats for p in pictures})
    apart = {p.path: _apart(profile, p) for p in pictures}
    short = {key for key, shown in counts.items() if shown < batch}
    return sorted({p.path for p in placed if p.bucket and (apart[p.path], p.size, p.bucket) in short})


def _length(
    profile: TrainerProfile,
    placed: Sequence[PlacedPicture],
    pictures: Sequence[TrainingPicture],
    sizes: Sequence[int],
    settings: Settings,
    extra: _Regularization,
) -> TrainingLength:
    """Count epochs and steps: a trainer that shows every picture at every size needs so many times fewer epochs.

    Regularization pictures come on top, about as often as yours: that leaves alone how often yours are seen.
    """
    batch, epochs = settings.dataset.batch_size, settings.dataset.epochs
    repeats = {p.path: p.repeats for p in pictures}
    common = usual_repeats(repeats.values())
    each = profile.sizes == "each"
    several = _captions_shown(profile, pictures)
    times = (len(sizes) if each else 1) * several
    if not profile.repeats:  # every repeat becomes an epoch
        epochs *= usual_repeats(p.repeats // p.copies for p in pictures)
        repeats = {p.path: p.copies for p in pictures}
        common = usual_repeats(repeats.values())
    wanted = max(1, round(epochs / times))
    counts = _looks(profile, placed, pictures, sizes, repeats)
    shown = sum(repeats.values())
    added = extra.times(shown) if shown else []
    if counts:
        for size in sizes if each else sizes[-1:]:
            for (width, height), often in zip(extra.sizes, added, strict=False):
                fit = placement.place_picture(width, height, size, settings, extra.trainer)
                if fit:
                    counts[_REGULARIZATION_IN[profile.batches], size, fit.bucket] += often
        steps = steps_per_epoch(counts.values(), batch, keep_partial=profile.last_batch != "dropped")
    else:
        steps = math.ceil((shown + sum(added)) * times / batch)
    if extra.pictures and extra.way == "alternates":
        steps *= 2
    exact = batch == 1 or (bool(counts) and (each or len(sizes) == 1))
    used = bool(extra.pictures) and extra.way != "none"
    folder_repeats = added[0] if extra.way == "folder" and added else 1
    return TrainingLength(
        epochs=wanted,
        steps_per_epoch=steps,
        steps=steps * wanted,
        seen=common * wanted * times,
        exact=exact,
        captions=several,
        regularization=folder_repeats if used else 0,
    )


def training_findings(
    plans: Sequence[TrainingPlan],
    profiles: Mapping[str, TrainerProfile],
    settings: Settings,
    model: BaseModel,
) -> list[Finding]:
    """Find what an artist should know before training, trainers with the same trouble named together."""
    titles = {name: p.title for name, p in profiles.items()}
    return [
        *_badly_placed(plans, titles, settings),
        *_cut_captions(plans, titles, model.encoder.hard),
        *_alone(plans, profiles, settings.dataset.batch_size),
    ]


def _badly_placed(plans: Sequence[TrainingPlan], titles: Mapping[str, str], settings: Settings) -> list[Finding]:
    """Pictures of which much is cut off, and those that a trainer has no bucket for.

    No bucket fits either if a trainer has to blow up a long picture beyond what is recommended to keep
    (`thresholds.audit.enlargement_most`) until a strip of it fills one.
    """
    limit, most = settings.thresholds.placement.cut, settings.thresholds.audit.enlargement_most
    result: list[Finding] = []
    worst: dict[str, tuple[float, str]] = {}  # path -> share, trainer and size
    unplaced: defaultdict[str, set[str]] = defaultdict(set)
    for plan in plans:
        for picture in plan.placed:
            strip = picture.size == plan.sizes[0] and picture.scale > most and picture.cut > limit
            if picture.bucket is None or strip:
                unplaced[plan.trainer].add(picture.path)
            elif picture.cut > limit:
                where = f"{titles[plan.trainer]} at {picture.size}"
                worst[picture.path] = max(worst.get(picture.path, (0.0, "")), (picture.cut, where), key=lambda w: w[0])
    if worst:
        cut, where = max(worst.values(), key=lambda w: w[0])
        values = {"most": _percent(cut), "limit": _percent(limit), "where": where}
        result.append(Finding(Code.CUT_OFF, tuple(sorted(worst)), values))
    for trainer, paths in sorted(unplaced.items()):
        result.append(Finding(Code.NO_BUCKET, tuple(sorted(paths)), {"trainer": titles[trainer]}))
    return result


def _alone(plans: Sequence[TrainingPlan], profiles: Mapping[str, TrainerProfile], batch: int) -> list[Finding]:
    """Pictures alone in their bucket where a batch wants more than one, and those whose bucket fills no batch."""
    result = []
    for plan in plans if batch > 1 else ():
        profile, unfilled = profiles[plan.trainer], set(plan.unfilled)
        never = Code.BUCKET_STOPS if profile.last_batch == "stops" else Code.BUCKET_DROPPED
        alone = {p.path for p in alone_in_bucket(plan)} - unfilled
        for code, paths in ((never, unfilled), (Code.BUCKET_LONELY, alone)):
            if paths:
                result.append(Finding(code, tuple(sorted(paths)), {"trainer": profile.title, "batch": batch}))
    return result


def _cut_captions(plans: Sequence[TrainingPlan], titles: Mapping[str, str], hard: int) -> list[Finding]:
    """Captions that trainers read in part, those that cut the same ones at the same place named together."""
    alike: defaultdict[tuple[int, tuple[str, ...], bool], list[str]] = defaultdict(list)
    for plan in plans:
        if plan.cut_captions and plan.reads < hard:  # what the encoder itself cannot read is said elsewhere
            exact = all(cut.exact for cut in plan.cut_captions.values())
            alike[plan.reads, tuple(plan.cut_captions), exact].append(titles[plan.trainer])
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


def crops_to_draw(plans: Sequence[TrainingPlan], limit: float) -> dict[str, tuple[float, ...]]:
    """Path -> box of its worst crop, for the MOST_DRAWN pictures that lose most, all above `limit` of their area."""
    worst: dict[str, PlacedPicture] = {}
    for picture in (p for plan in plans for p in plan.placed if p.cut > limit):
        worst[picture.path] = max(worst.get(picture.path, picture), picture, key=lambda p: p.cut)
    most = sorted(worst.items(), key=lambda item: (-item[1].cut, item[0]))[:MOST_DRAWN]
    return {path: p.box for path, p in sorted(most)}
