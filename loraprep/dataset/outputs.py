"""Plan what dataset/ is to hold: which file from which pixels, and what its caption says. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from msgspec import UNSET
from PIL import ImageColor

from loraprep.captions import objects
from loraprep.captions.render import prefix
from loraprep.core import files
from loraprep.core.dataset_lock import LockedFolder, LockedImage, MaskFolders
from loraprep.core.errors import Problem, UserError
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Caption, Fate, Image
from loraprep.core.text import listed
from loraprep.project import groups, profiles
from loraprep.project.decisions import Decisions, Entry
from loraprep.project.profiles import BaseModel
from loraprep.project.repeats import name_of, repeats_of
from loraprep.project.resolution import entry_for
from loraprep.project.settings import Settings
from loraprep.project.sizes import trained_sizes
from loraprep.scan import pairing
from loraprep.trainers import naming

MASKS = "masks"  # dataset/masks/10_mystyle/pier.png: kohya, ai-toolkit and diffusion-pipe take a folder of masks
ONETRAINER = "onetrainer"  # OneTrainer wants them beside the pictures, where the others would train on them


def _operations(image: Image, background: str, area: int) -> str:
    """What is done to pixels, as the lock writes it."""
    steps = ["upright srgb rgb8"]
    if image.turn:
        steps.append(f"turn={image.turn}")
    if image.box:
        steps.append(f"box={','.join(f'{n:g}' for n in image.box)}")
    if background:
        steps.append(f"background={background}")
    if area:
        steps.append(f"least_area={area}")
    return " ".join(steps)


@dataclass(frozen=True, slots=True)
class Control:
    """A picture before the change, beside its target. `file`: relative to dataset/; `area` as of an Output."""

    file: str
    image: Image
    background: str
    area: int

    @property
    def source(self) -> str:
        """What it is made of: changes when it must be written anew."""
        return f"{self.image.pixel_digest} {_operations(self.image, self.background, self.area)}"


@dataclass(frozen=True, slots=True)
class Output:
    """One picture of dataset/ and its caption. `place`: "10_mystyle/pier", without extension.

    `background`: a colour, "" where nothing is transparent; with `several` there is a copy on each. `area`: px to
    enlarge to, 0 for as it is. `mask`: "" or what it is made of: a file of masks/, "alpha" or "white". `masks`: the
    files it is written to, and `twins`: places where the picture stands once more; both relative to dataset/.
    `listings`: files with the captions of a whole folder, and their text, which its first picture carries.
    `decided` is the digest of what decisions/captions.yaml says about it, "" for nothing. `caption` begins with
    `before`, what captioning.prefix puts before the trigger; each of its lines is one of several lengths, if there are.
    """

    place: str
    image: Image
    background: str
    area: int
    caption: str
    origin: str
    decided: str
    trigger: str
    before: str = ""
    several: bool = False
    mask: str = ""
    masks: tuple[str, ...] = ()
    twins: tuple[str, ...] = ()
    controls: tuple[Control, ...] = ()
    listings: tuple[tuple[str, str], ...] = ()

    @property
    def operations(self) -> str:
        """What is done to the source's pixels, as the lock writes it."""
        return _operations(self.image, self.background, self.area)

    @property
    def controls_from(self) -> dict[str, str]:
        """File of a picture before the change -> what it is made of."""
        return {control.file: control.source for control in self.controls}

    @property
    def mask_source(self) -> str:
        """What the mask is made of: changes when it must be written anew."""
        return f"{self.mask} {self.image.mask_digest}".strip() if self.mask else ""


def repeats_for_steps(kept: int, settings: Settings, spent: int = 0) -> int:
    """Compute how often a folder is repeated to come closest to the steps aimed at.

    Steps are images x repeats x epochs / batch size. `spent`: views (images x repeats x epochs) that other folders
    take. Rounded, not ceiled: ceil gives up to 38 % more steps than asked. At least 1.
    """
    dataset = settings.dataset
    views = max(0, dataset.steps * dataset.batch_size - spent)  # of pictures, in the whole training
    return dataset.repeats or max(1, round(views / (max(1, kept) * dataset.epochs)))


def decision_digest(entry: Entry | None) -> str:
    """Return the digest of what a decision says, "" for none: it tells whether a person changed it since."""
    return hashlib.sha256(files.dumps(entry.data).encode()).hexdigest()[:12] if entry else ""


def line_digest(line: str) -> str:
    """Return the digest of one line of a caption file that holds several captions, however it is spaced."""
    return hashlib.sha256(" ".join(line.split()).encode()).hexdigest()


def locked(output: Output, image: str, pixels: str, also: Mapping[str, str]) -> LockedImage:
    """Say what the lock says of a picture; the digests are those of its PNG, of its pixels and of its other files."""
    record, lines = output.image, output.caption.splitlines()
    return LockedImage(
        path=record.path,
        digest=record.digest,
        trigger=output.trigger,
        before=output.before or UNSET,
        taken_from=record.upscaled or record.of or record.path,
        source=record.pixel_digest,
        operations=output.operations,
        image=image,
        pixels=pixels,
        caption=hashlib.sha256(f"{output.caption}\n".encode()).hexdigest(),
        lines=tuple(map(line_digest, lines)) if len(lines) > 1 else UNSET,
        caption_from=output.origin,
        decided=output.decided,
        background=output.background if output.several else UNSET,
        also=dict(also) or UNSET,
        came_from=", ".join(filter(None, (record.generator and f"made by {record.generator}", record.origin))) or UNSET,
        mask_from=output.mask_source if output.masks or output.twins else UNSET,
        controls=output.controls_from or UNSET,
    )


def plan_outputs(
    found: Sequence[Image],
    fates: Sequence[Fate],
    captions: Mapping[str, Caption],
    decisions: Decisions,
    settings: Settings,
    model: BaseModel,
    *,
    keep_kohya: bool,
) -> list[Output]:
    """List every picture that dataset/ is to hold, sorted by place. Raises UserError if two would get one name."""
    kept = {f.path: f for f in fates if f.stays}
    held_out = {path for path, fate in kept.items() if fate.fate == "held out"}
    image = {i.path: i for i in found}
    colours = settings.dataset.backgrounds
    cutouts = {path for path in kept if image[path].alpha}
    every = output_places(kept, cutouts, settings, keep_kohya=keep_kohya, held_out=held_out)
    if clash := naming.collisions(every):
        raise UserError.many(
            Problem(f"would get the same name in dataset/: {' and '.join(pair)}", pair[0], "Rename one of them.")
            for pair in clash
        )
    size = trained_sizes(settings, model)[-1]
    before = "".join(f"{tag}, " for tag in prefix(settings.captioning, model))
    outputs = []
    for (path, colour), place in every.items():
        caption = captions[path]
        texts = [before + text for text in (caption.text, *caption.others)]
        if colour:
            texts = [with_background(text, colour, caption.form) for text in texts]
        area = size * size if kept[path].upscale else 0
        outputs.append(
            Output(
                place=place,
                image=image[path],
                background=(colour or colours[0]) if path in cutouts else "",
                area=area,
                caption="\n".join(texts),
                origin=caption.origin,
                decided=decision_digest(entry_for(decisions, path, image[path].digest)[0]),
                trigger=groups.trigger(path, settings),
                before=before,
                several=bool(colour),
                mask=mask_of(image[path], settings),
                controls=tuple(
                    Control(f"{folder}/{place}.png", before, colours[0] if before.alpha else "", area)
                    for folder, before in zip(naming.CONTROLS, pairing.before(image[path], image), strict=False)
                ),
            )
        )
    planned = sorted(_with_masks(outputs, settings.dataset.trainers), key=lambda o: o.place)
    return _with_listings(planned, settings.dataset.trainers)


def output_places(
    kept: Collection[str],
    cutouts: Collection[str],
    settings: Settings,
    *,
    keep_kohya: bool,
    held_out: Collection[str] = (),
) -> dict[tuple[str, str], str]:
    """Map (path, colour) -> place of every picture that stays; `cutouts` stand once on each colour.

    Those of `kept` that are `held_out` go to folders of their own.
    """
    colours = settings.dataset.backgrounds
    placed = naming.places(kept, settings.name, keep_kohya=keep_kohya, groups=settings.groups)
    times = {path: len(colours) if path in cutouts else 1 for path in kept}
    return naming.on_colours(folder_places(placed, settings, times, held_out), cutouts, colours)


def folder_places(
    placed: Mapping[str, str], settings: Settings, copies: Mapping[str, int], held_out: Collection[str] = ()
) -> dict[str, str]:
    """Map path -> "10_mystyle/pier", the final place; kohya folders and groups with repeats keep their own.

    What those take of the steps aimed at is no longer there for the rest. What is `held_out` takes none.
    """
    fixed: dict[str, int] = {}
    trained = {path: place for path, place in placed.items() if path not in held_out}
    for path, place in trained.items():
        group = groups.of(path, settings)
        own = group.repeats if group and group.repeats else repeats_of(place.split("/")[0])
        if own:
            fixed[path] = own
    rest = sum(copies[path] for path in trained if path not in fixed)
    spent = sum(copies[path] * own for path, own in fixed.items()) * settings.dataset.epochs
    times = repeats_for_steps(rest, settings, spent)
    result = {}
    for path, place in placed.items():
        folder, _, stem = place.partition("/")
        if path in held_out:
            result[path] = f"{naming.held_out_folder(folder)}/{stem}"
            continue
        folder = name_of(folder)
        result[path] = f"{fixed.get(path, times)}_{folder}/{stem}"
    return result


def mask_of(image: Image, settings: Settings) -> str:
    """Say what a picture's loss mask is made of: a file of masks/, "alpha" or "" for none."""
    return image.mask or ("alpha" if image.alpha and settings.dataset.cutouts == "mask" else "")


def unread_masks(masked: Sequence[str], reads: Mapping[str, bool]) -> list[Finding]:
    """Name the trainers that learn what masks hide. `masked`: pictures; `reads`: trainer's title -> it reads masks."""
    without = [title for title, reading in reads.items() if not reading]
    said = {"trainers": listed(without), "read": "reads" if len(without) == 1 else "read"}
    return [Finding(Code.MASKS_UNREAD, tuple(masked), said)] if masked and without else []


def _with_masks(outputs: Sequence[Output], trainers: Sequence[str]) -> list[Output]:
    """Say where masks and OneTrainer's own copies go; leave the outputs unchanged if none has a mask.

    Trainers that take a folder of masks want one for each picture: whatever has none gets a white one.
    """
    masked = {o.place.split("/")[0] for o in outputs if o.mask}
    alone, too = set(trainers) == {ONETRAINER}, ONETRAINER in trainers and bool(masked)
    result = []
    for o in outputs:
        if o.place.split("/")[0] not in masked:
            twins = () if alone or not too else (f"{ONETRAINER}/{o.place}",)
            result.append(replace(o, twins=twins))
            continue
        beside = [f"{o.place}-masklabel.png"] if alone else [f"{MASKS}/{o.place}.png"]
        if too and not alone:
            beside.append(f"{ONETRAINER}/{o.place}-masklabel.png")
        twins = (f"{ONETRAINER}/{o.place}",) if too and not alone else ()
        result.append(replace(o, mask=o.mask or "white", masks=tuple(beside), twins=twins))
    return result


def _with_listings(outputs: Sequence[Output], trainers: Sequence[str]) -> list[Output]:
    """Say what stands in the file that a trainer takes several captions from, for each folder; `outputs` are sorted.

    ASCII alone: diffusion-pipe opens it in the machine's own encoding.
    """
    names = {name for trainer in trainers if (name := profiles.trainer(trainer).listing)}
    texts = {output.place: output.caption.splitlines() for output in outputs}
    most = max(map(len, texts.values()), default=1)
    if not names or most < 2:
        return list(outputs)
    folders: dict[str, dict[str, list[str]]] = {}
    for place, captions in texts.items():
        folder, _, stem = place.partition("/")
        folders.setdefault(folder, {})[f"{stem}.png"] = naming.as_many(captions, most)
    listed = []
    for output in outputs:
        folder = output.place.partition("/")[0]
        made = f"{json.dumps(folders.pop(folder), indent=1)}\n" if folder in folders else ""
        listings = tuple((f"{folder}/{name}", made) for name in sorted(names) if made)
        listed.append(replace(output, listings=listings))
    return listed


@dataclass(frozen=True, slots=True)
class FolderLayout:
    """What the lock says of the folders; `repeats` and `seen` of the one with most pictures."""

    folders: dict[str, LockedFolder]
    repeats: int
    seen: int
    masks: MaskFolders


def folder_layout(outputs: Sequence[Output], settings: Settings) -> FolderLayout:
    """Count pictures and repeats of each folder, and say where masks stand."""
    epochs = settings.dataset.epochs
    counts = Counter(o.place.split("/")[0] for o in outputs)
    masked = {o.place.split("/")[0] for o in outputs if o.mask}
    group = {o.place.split("/")[0]: g.folder for o in outputs if (g := groups.of(o.image.path, settings))}
    held_out = {folder for folder in counts if naming.holds_out(folder)}
    times = {folder: repeats_of(folder) or 1 for folder in counts}
    usual = max(times.keys() - held_out, key=lambda folder: (counts[folder], folder), default="")
    alone = set(settings.dataset.trainers) == {ONETRAINER}
    twins = any(o.twins for o in outputs)
    return FolderLayout(
        {
            folder: LockedFolder(
                images=counts[folder],
                repeats=times[folder],
                group=group.get(folder, ""),
                masks=folder in masked,
                seen=0 if folder in held_out else times[folder] * epochs,
                held_out=True if folder in held_out else UNSET,
            )
            for folder in sorted(counts)
        },
        times.get(usual, 1),
        times.get(usual, 1) * epochs,
        MaskFolders(MASKS if masked and not alone else "", ONETRAINER if twins else ""),
    )


COLOURS = ("white", "black", "grey", "red", "green", "blue", "yellow", "orange", "purple", "pink", "brown", "cyan")
_PLAIN = "|".join((*COLOURS, "gray", "plain", "simple"))
_NAMED = re.compile(  # it starts where a run of "plain plain" does and nowhere inside of it: linear
    rf"(?<!plain )(?<!simple )(?<!solid )(?:(?:plain|simple|solid) )*(?<!\w)(?:{_PLAIN}) background\b", re.IGNORECASE
)


def colour_name(background: str) -> str:
    """Name a colour in a word that a caption can use: of #rrggbb the nearest in RGB."""
    red, green, blue = ImageColor.getrgb(background)[:3]

    def far(name: str) -> int:
        r, g, b = ImageColor.getrgb(name)[:3]
        return (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2

    return background if background in COLOURS else min(COLOURS, key=far)


def with_background(text: str, background: str, form: str) -> str:
    """Caption a copy on a colour: name that background, and no other."""
    named = f"{colour_name(background)} background"
    if _NAMED.search(text):
        return _NAMED.sub(named, text)
    said = named if form == "tags" else f"on a {named}"
    return objects.with_first(text, lambda first: f"{first.rstrip('. ')}, {said}")


def without_background(text: str, background: str) -> str:
    """Take out of a caption the background that `with_background` wrote at its end."""
    written = rf",(?: on a)? {colour_name(background)} background$"
    return objects.with_first(text, lambda first: re.sub(written, "", first))
