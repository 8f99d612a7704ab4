"""What a file is for, if not to be trained on: a mask, a trainer's sample, a NAS's thumbnail ...

A name suggests a role and the content confirms it; where it does not, a person is asked. `images.roles` in project.yaml
settles it either way. Pure: what is known of the files is handed in.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from loraprep.core.patterns import Patterns
from loraprep.core.records import Image, Role
from loraprep.imaging import formats
from loraprep.project.repeats import repeats_of

TRAIN = "train"

# Folders that systems make and nobody keeps pictures in: the name says it all. In small letters. Sources: Synology
# (@eaDir, #recycle), QNAP (@Recycle, .@__thumb), Windows, freedesktop.org's Trash and Thumbnail specifications, Finder.
_SYSTEMS: dict[str, Role] = {
    **dict.fromkeys(("#recycle", "$recycle.bin", "@recycle", "recycler", ".trash", ".trashes"), "bin"),
    **dict.fromkeys(("@eadir", ".@__thumb", ".thumbnails", ".thumb"), "thumbnail"),
    **dict.fromkeys(("__macosx", ".appledouble"), "cache"),
}
# What trainers and people call a folder. Sources: kohya_ss (reg, sample, img), sd-scripts and musubi-tuner
# (sample), ai-toolkit (samples, _controls, _latent_cache, _t_e_cache), OneTrainer (samples), SimpleTuner
# (validation_images), diffusion-pipe (cache).
_FOLDERS: dict[str, Role] = {
    **dict.fromkeys(
        (
            *("reg", "regs", "reg_img", "reg_imgs", "reg_image", "reg_images", "reg_data", "regularization"),
            *("regularisation", "regularization_images", "regularisation_images", "class_images", "prior_images"),
        ),
        "regularization",
    ),
    **dict.fromkeys(("mask", "masks", "masklabel", "masklabels", "loss_mask", "loss_masks"), "mask"),
    **dict.fromkeys(("sample", "samples", "sample_images", "training_samples", "validation_images"), "sample"),
    **dict.fromkeys(
        ("control", "controls", "_controls", "control_images", "conditioning", "conditioning_images", "condlabel"),
        "control",
    ),
    **dict.fromkeys(("thumb", "thumbs", "thumbnail", "thumbnails"), "thumbnail"),
}
# "reg_woman", "woman-reg", "train_masks": what a folder is for, and of what
_OF_WHAT = re.compile(
    r"(?:(regs?|regularization|regularisation|masks?)_.+|.+_(regs?|regularization|regularisation|masks?))"
)
_CACHES = frozenset({"cache", "_latent_cache", "_t_e_cache", "_clip_vision_cache", "_controls"})
# musubi-tuner keeps them beside the pictures if it is told no other place
_MUSUBI = re.compile(r"_(?:[0-9]{4,}x[0-9]{4,}_[a-z0-9]+|[a-z0-9]+_te)\.safetensors\Z")
_CACHED = frozenset({".npz", ".safetensors", ".pt", ".arrow"})
# What stands at the end of a name. OneTrainer: -masklabel, -condlabel; the others are people's.
_ENDINGS: dict[str, Role] = {
    **dict.fromkeys(("masklabel", "mask"), "mask"),
    **dict.fromkeys(("condlabel", "control", "cond"), "control"),
    **dict.fromkeys(("thumb", "thumbnail"), "thumbnail"),
}
_ENDING = re.compile(rf"(?i)[-_. ]({'|'.join(_ENDINGS)})\Z")
# How trainers call their samples. Sources: sd-scripts library/train_util.py sample_image_inference, which musubi-tuner
# follows; ai-toolkit toolkit/config_modules.py GenerateImageConfig and jobs/process/BaseSDTrainProcess.py sample;
# OneTrainer modules/trainer/GenericTrainer.py; SimpleTuner helpers/training/validation.py.
_SAMPLES = {
    "kohya sd-scripts or musubi-tuner": re.compile(
        r"(?<![^_])(?:e[0-9]{6}_[0-9]{2}(?:_|\Z)|[0-9]{6}_[0-9]{2}_[0-9]{14}(?:_-?[0-9]{1,20})?\Z)"
    ),
    "ai-toolkit": re.compile(r"\A[0-9]{13}__[0-9]{9}_[0-9]{1,4}\Z"),
    "OneTrainer": re.compile(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}_[0-9]{2}-[0-9]{2}-[0-9]{2}-training-sample-[0-9-]++\Z"),
    "SimpleTuner": re.compile(r"\Astep_[0-9]{1,9}_.+_[0-9]{1,5}x[0-9]{1,5}\Z"),
}
# The time of a generation, in seconds or thousandths since 1970, and a number: also what sites call what they serve
_PERHAPS = re.compile(r"1[5-9][0-9]{8}(?:[0-9]{3})?_{1,2}(?:[0-9]+_)?[0-9]{1,3}")
_PERHAPS_GRID = 64  # px: trainers sample at sizes of their buckets
_GRID = 8  # px: every model makes pictures whose sides are multiples of it (the factor of their autoencoders)
# C*: below it no colour is seen; a just noticeable difference is about 2.3 (Mahy et al. 1994, Color Res. Appl. 19)
_COLOURLESS = 2.3
_SHAPE = 0.02  # relative difference of two aspect ratios that rounding explains
_PLAIN = 0.6  # share of a picture in pure black and white, of which a mask is made
_MOST_OF = 0.5  # of a folder's files that are what its name says: then the others are too

WORDS: dict[Role, tuple[str, str]] = {  # one, many
    "regularization": ("regularization picture", "regularization pictures"),
    "mask": ("mask", "masks"),
    "sample": ("sample of a trainer", "samples of a trainer"),
    "control": ("control picture", "control pictures"),
    "cache": ("file of a cache", "files of a cache"),
    "thumbnail": ("thumbnail", "thumbnails"),
    "bin": ("picture in a bin", "pictures in a bin"),
    "clip": ("clip", "clips"),
}


class Suggested(NamedTuple):
    """What a name says. `top`: the folder that is asked about; `of`: the stem of the picture it belongs to."""

    role: Role
    top: str
    of: str
    by: str = ""  # the trainer whose way of naming it is


class Facts(NamedTuple):
    """What content says of one picture. `plain`: the share in black and white; `made`: a generator says it made it."""

    width: int
    height: int
    chroma: float
    plain: float
    made: bool


class Found(NamedTuple):
    """The role of a picture. `asked`: the content does not confirm it, and `leave` is the advice; `why`: one clause."""

    role: Role
    why: str
    top: str = ""
    asked: bool = False
    leave: bool = True
    of: str = ""  # for a mask: the picture it belongs to


class Given:
    """images.roles of project.yaml: patterns -> a role, or "train"; the last that fits a path decides."""

    def __init__(self, roles: Mapping[str, str]) -> None:
        self._given = [(Patterns([line]), role) for line, role in roles.items()]

    def __bool__(self) -> bool:
        return bool(self._given)

    def of(self, path: str) -> str:
        """Return the role that a person gave, "train", or "" where nothing was said."""
        return next((role for pattern, role in reversed(self._given) if pattern.match(path)), "")


def of_system(name: str) -> Role | None:
    """Say what the folder of a system is for, by its name; None for a folder of a person's."""
    name = name.lower()
    return "bin" if name.startswith(".trash-") else _SYSTEMS.get(name)


def by_name(path: str) -> Suggested | None:
    """Say which role the name of a picture suggests: a folder's first, the outermost, then the file's own."""
    parts = path.split("/")
    stem = parts[-1].rpartition(".")[0] or parts[-1]
    by = next((who for who, pattern in _SAMPLES.items() if pattern.search(stem)), "")
    ending = _ENDING.search(stem)
    bare = stem[: ending.start()] if ending else stem
    for n, part in enumerate(parts[:-1]):
        if role := of_system(part) or _of_folder(part):
            return Suggested(role, "/".join(parts[: n + 1]), _folded(bare), by if role == "sample" else "")
    above = "/".join(parts[:-1])
    if by or _PERHAPS.fullmatch(stem):
        return Suggested("sample", above, "", by)
    if ending and bare:
        return Suggested(_ENDINGS[ending[1].lower()], above, _folded(bare))
    return None


def _of_folder(name: str) -> Role | None:
    """Say what a folder of trainers' and people's is for, by its name."""
    name = name.casefold().replace("-", "_").replace(" ", "_")
    if role := _FOLDERS.get(name):
        return role
    found = None if repeats_of(name) else _OF_WHAT.fullmatch(name)  # "10_gas mask" is what is taught
    return _FOLDERS[(found[1] or found[2])] if found else None


def cached(path: str, head: bytes) -> bool:
    """Say whether this is a trainer's cache. `head`: its first bytes, which a file of numbers begins with.

    Sources: NumPy's .npz and PyTorch's .pt are ZIP files; safetensors begins with a length and a JSON object.
    """
    *folders, name = path.lower().split("/")
    suffix = name[name.rfind(".") :] if "." in name else ""
    if suffix == ".npz" or (suffix in _CACHED and not _CACHES.isdisjoint(folders)) or _MUSUBI.search(name):
        return head.startswith(b"PK") if suffix in (".npz", ".pt") else head[8:9] == b"{" or suffix == ".arrow"
    return listed_by_trainer(name)


def listed_by_trainer(name: str) -> bool:
    """Say whether a trainer calls what it remembers of a folder so: its words are nobody's captions.

    Sources: ai-toolkit .aitk_size.json, diffusion-pipe metadata_cache.json, SimpleTuner's buckets.
    """
    return name in (".aitk_size.json", "metadata_cache.json") or name.startswith("aspect_ratio_bucket_")


def filmed(head: bytes) -> bool:
    """Say whether a file begins as a film does: MP4 and QuickTime, Matroska and WebM, AVI."""
    return (
        head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
        or head.startswith(b"\x1a\x45\xdf\xa3")
        or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
    )


def judge(
    pictures: Sequence[str],
    given: Given,
    facts: Callable[[str], Facts | None],
    *,
    others: Iterable[str] = (),
    regularization: str = "",
) -> dict[str, Found]:
    """Find the role of every picture that has one; the others train.

    `pictures`: paths of those that can be opened; `facts` of one of them, None if it cannot be used after all;
    `others`: paths of the other files, for what lies beside a folder; `regularization`: the folder that
    dataset.regularization names, "" for none or one elsewhere.
    """
    named: dict[str, Suggested] = {}
    found: dict[str, Found] = {}
    for path in pictures:
        said = given.of(path)
        if said == TRAIN:
            continue
        if said:
            role: Role = said  # type: ignore[assignment]  # the schema has accepted it
            suggested = by_name(path)
            stem = suggested.of if suggested and suggested.of else _folded(_stem(path))
            found[path] = Found(role, "so you say in images.roles")
            named[path] = Suggested(role, "", stem)
        elif regularization and path.startswith(f"{regularization}/"):
            found[path] = Found("regularization", "in the folder that dataset.regularization names")
        elif suggested := by_name(path):
            named[path] = suggested
    if not named:
        return found
    trains = [path for path in pictures if path not in named and path not in found]
    where = _Beside(trains, others)
    for path, suggested in named.items():
        if path not in found:
            if judged := _CONTENT[suggested.role](path, suggested, facts, where):
                found[path] = judged
        elif suggested.role == "mask":  # by a person's word: its picture is still to be found
            of = where.picture_of(path, suggested)
            found[path] = found[path]._replace(of=of or "")
    return _in_company(found)


def _in_company(found: dict[str, Found]) -> dict[str, Found]:
    """A folder most of whose files are what its name says is such a folder: a mask without a picture is still a mask.

    Only by folders of that name, and only where content says nothing against it.
    """
    tops: defaultdict[tuple[str, Role], list[str]] = defaultdict(list)
    for path, each in found.items():
        if each.top:
            tops[each.top, each.role].append(path)
    for (_, role), paths in tops.items():
        sure = sum(not found[path].asked for path in paths)
        if len(paths) > sure > _MOST_OF * len(paths):
            for path in paths:
                if found[path].asked and (found[path].leave or role == "sample"):
                    found[path] = found[path]._replace(asked=False, why=f"among {WORDS[role][1]}")
    return found


class _Beside:
    """The pictures that train, to find the one that something belongs to; and what else lies about."""

    def __init__(self, pictures: Sequence[str], others: Iterable[str]) -> None:
        self._by_stem: defaultdict[str, list[str]] = defaultdict(list)
        for path in pictures:
            self._by_stem[_folded(_stem(path))].append(path)
        self._folders = {path.rpartition("/")[0] for path in pictures}
        self._models = {path.rpartition("/")[0] for path in others if path.lower().endswith((".safetensors", ".ckpt"))}

    def picture_of(self, path: str, suggested: Suggested) -> str | None:
        """Find the picture that a mask belongs to: the only one of its stem, the nearest where there are several."""
        same = self._by_stem.get(suggested.of, ())
        if len(same) < 2:
            return next(iter(same), None)
        above = path.rpartition("/")[0]
        beyond = suggested.top.rpartition("/")[0]
        inner = path[len(suggested.top) + 1 :].rpartition("/")[0] if above != suggested.top else ""
        wanted = [above, "/".join(filter(None, (beyond, inner)))]
        near = [p for p in same if p.rpartition("/")[0] in wanted]
        return near[0] if len(near) == 1 else None

    def repeats(self, top: str) -> bool:
        """Say whether kohya's {repeats}_{name} folders lie beside this one, or in one beside it as in its own tree."""
        above = top.rpartition("/")[0]
        for folder in self._folders:
            inner = folder[len(above) + 1 :] if above and folder.startswith(above + "/") else "" if above else folder
            if any(repeats_of(part) for part in inner.split("/")[:2]):
                return True
        return False

    def trained(self, top: str) -> bool:
        """Say whether a model was saved beside this folder, or above it."""
        return top.rpartition("/")[0] in self._models


_Facts = Callable[[str], Facts | None]


def _mask(path: str, suggested: Suggested, facts: _Facts, where: _Beside) -> Found:
    own, of = facts(path), where.picture_of(path, suggested)
    top = suggested.top
    if own is None:
        return Found("mask", "it cannot be opened", top)
    if own.chroma >= _COLOURLESS:
        return Found("mask", "in colour, as no mask is", top, asked=True, leave=False)
    mine = facts(of) if of else None
    if of and mine and _same_shape(own, mine):
        return Found("mask", f"the mask of {of}", top, of=of)
    missing = f"of another shape than {of}" if of else "without a picture of their name"
    return Found("mask", missing, top, asked=True, leave=own.plain >= _PLAIN)


def _control(path: str, suggested: Suggested, facts: _Facts, where: _Beside) -> Found:
    own, of = facts(path), where.picture_of(path, suggested)
    mine = facts(of) if of else None
    if own is None or (of and mine and _same_shape(own, mine)):
        return Found("control", f"the control picture of {of}" if of else "it cannot be opened", suggested.top)
    return Found("control", "without a picture of their name and shape", suggested.top, asked=True, leave=False)


def _thumbnail(path: str, suggested: Suggested, facts: _Facts, where: _Beside) -> Found:
    own, of = facts(path), where.picture_of(path, suggested)
    mine = facts(of) if of else None
    if own is None or (mine and own.width * 2 <= mine.width and own.height * 2 <= mine.height):
        return Found("thumbnail", f"{of} made small" if of else "it cannot be opened", suggested.top)
    return Found("thumbnail", "without a larger picture of their name", suggested.top, asked=True, leave=False)


def _sample(path: str, suggested: Suggested, facts: _Facts, where: _Beside) -> Found | None:
    own, top = facts(path), suggested.top
    grid = 0 if own is None else math.gcd(own.width, own.height)
    if suggested.by and grid % _GRID == 0:
        return Found("sample", f"{suggested.by} calls its samples so", top)
    if grid and grid % _GRID == 0 and where.trained(top):
        return Found("sample", "beside a trained model", top)
    if suggested.by and own:
        why = f"called as {suggested.by} calls them, but of no size that a generator makes"
        return Found("sample", why, top, asked=True, leave=False)
    if not _in_folder(suggested):
        if grid % _PERHAPS_GRID:
            return None  # a photo that a site named so
        return Found("sample", "called and sized as a trainer's are", top, asked=True)
    return Found("sample", "with nothing but the folder's name to say so", top, asked=True, leave=False)


def _in_folder(suggested: Suggested) -> bool:
    """Say whether it was a folder's name that suggested the role."""
    return _of_folder(suggested.top.rpartition("/")[2]) is not None


def _regularization(path: str, suggested: Suggested, facts: _Facts, where: _Beside) -> Found:
    own, top = facts(path), suggested.top
    inner = path[len(top) + 1 :].split("/")
    if len(inner) > 1 and repeats_of(inner[0]):
        return Found("regularization", f"in kohya's {inner[0]}", top)
    if where.repeats(top):
        return Found("regularization", "beside kohya's folders of what is trained", top)
    if own is None or own.made:
        return Found("regularization", "a generator made it" if own else "it cannot be opened", top)
    return Found("regularization", "with nothing but the folder's name to say so", top, asked=True)


def _named(path: str, suggested: Suggested, _facts: _Facts, _where: _Beside) -> Found:
    return Found(suggested.role, "a system's own folder", suggested.top)


_CONTENT: dict[Role, Callable[[str, Suggested, _Facts, _Beside], Found | None]] = {
    "mask": _mask,
    "control": _control,
    "thumbnail": _thumbnail,
    "sample": _sample,
    "regularization": _regularization,
    "bin": _named,
    "cache": _named,
}


def _same_shape(a: Facts, b: Facts) -> bool:
    return abs(a.width * b.height / (a.height * b.width) - 1) < _SHAPE


def _stem(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def told(counts: Mapping[Role, int]) -> str:
    """Count what has a role: "12 regularization pictures, 4 masks"; "" for nothing."""
    return ", ".join(f"{n} {one if n == 1 else many}" for role, (one, many) in WORDS.items() if (n := counts.get(role)))


def counted(found: Iterable[Image]) -> dict[Role, int]:
    """Count the pictures, clips and files of caches that leave by their role; captions beside them do not count."""
    counts: defaultdict[Role, int] = defaultdict(int)
    for image in found:
        if image.role and image.state == "ignored":
            counts[image.role] += image.holds or 1
    return dict(counts)


def counted_by_name(paths: Iterable[str]) -> dict[Role, int]:
    """Count the roles that names alone suggest, before anything is opened."""
    counts: defaultdict[Role, int] = defaultdict(int)
    for path in paths:
        suffix = path[path.rfind(".") :].lower()
        if suffix in formats.CLIPS:
            counts["clip"] += 1
        elif suffix in formats.EXTENSIONS and (suggested := by_name(path)):
            counts[suggested.role] += 1
    return dict(counts)
