"""Trainers' caches that are not of today's picture or caption. Reads names and times alone; no cache is opened.

Every trainer knows a cached picture by its name, at most by its size too: what was retouched since is trained as it was
before. Captions: kohya, musubi-tuner and OneTrainer do not notice that one changed either. A cache is stale if what it
was made of was written after it. The names, as read in kohya-ss/sd-scripts library/strategy_*.py,
kohya-ss/musubi-tuner dataset/{architectures,image_video_dataset}.py, ostris/ai-toolkit toolkit/dataloader_mixins.py,
bghira/SimpleTuner helpers/caching/vae.py, tdrussell/diffusion-pipe utils/{cache,dataset}.py and Nerogar/mgds
pipelineModules/DiskCache.py. What is named otherwise is nobody's cache here and is left alone: kohya's `stem.npz` of
before 2024 too, since anybody may call a file so.

Of pairs musubi-tuner and diffusion-pipe keep the pictures before the change with those after, musubi-tuner's words for
Qwen-Image-Edit are of both too, and SimpleTuner keeps those before in caches of their own.
"""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple, TypeAlias

import msgspec

from loraprep.core import files
from loraprep.core.text import listed, number_of, plural
from loraprep.imaging.formats import EXTENSIONS
from loraprep.trainers.naming import CAPTIONS, CONTROLS

CLEARS = "loraprep export --clear-caches removes them; the trainer makes them anew."

_PROJECT = ("dataset", "exports")  # trainers' caches lie beside the pictures, or where an exported configuration says
_CACHE, _LATENTS = "cache", "_latent_cache"
_MUSUBI = "musubi-tuner"
_SEES = "_qie_te.safetensors"  # Qwen-Image-Edit's words are encoded with the pictures before the change in view
_ARCHITECTURES = "hv|wan|fp|fk|f2d|f2k4b|f2k9b|qi|qie|qil|k5|hv15|zi|ho1|i4|kr2"


class _Form(NamedTuple):
    """How a trainer calls a cache that it makes of one picture or caption, whose `stem` is in the name."""

    trainer: str
    name: re.Pattern[str]
    caption: bool  # made of the caption


_BY_STEM = (
    _Form("kohya sd-scripts", re.compile(r"(?P<stem>.+)_\d{4,}x\d{4,}_(?:sdxl?|sd3|flux|lumina|hi|anima)\.npz"), False),
    _Form("kohya sd-scripts", re.compile(r"(?P<stem>.+)_(?:(?:sd3|flux|lumina|hi|anima)_te|te_outputs)\.npz"), True),
    _Form(_MUSUBI, re.compile(rf"(?P<stem>.+)_\d{{4,}}x\d{{4,}}_(?:{_ARCHITECTURES})\.safetensors"), False),
    _Form(_MUSUBI, re.compile(rf"(?P<stem>.+)_(?:{_ARCHITECTURES})_te\.safetensors"), True),
)
# What follows the stem, in _latent_cache/. An MD5 in the letters of URLs: 22 of them, "_" and "-" among them.
_AI_TOOLKIT, _AI_TOOLKIT_LENGTH = re.compile(r"_[\w-]{22}\.safetensors", re.ASCII), 35
_BEFORE = re.compile(r"-control(?:-([23]))?\Z")  # how SimpleTuner's caches of pictures before a change end
_SIMPLETUNER = re.compile(r"[0-9a-f]{64}\.pt")  # the SHA-256 of the picture's stem
# A folder of files that are of use together only, made of all the pictures of the folder around it or, OneTrainer, of
# its concepts. Matched against the path's last parts.
_DIFFUSION_PIPE = re.compile(r"cache/[^/]+/cache_[^/]+/latents/(?:metadata\.db(?:-journal)?|shard_\d+\.bin)")
_ONETRAINER = re.compile(r"(?P<kind>image|text)/[0-9a-f]{64}/variation-\d+/(?:aggregate|\d+)\.pt")

_Written: TypeAlias = Mapping[str, int]  # name -> when it was written, ns


class StaleCache(msgspec.Struct, frozen=True):
    """A cache that is not of today's picture or caption. `path` and `of` are POSIX, relative to the folder."""

    path: str
    trainer: str  # its title
    of: str  # the latest of what it was made of; "": it is gone, and musubi-tuner trains all that lies in its cache


def stale_caches(
    folder: Path, among: Iterable[str] = ("",), elsewhere: Mapping[str, int] | None = None
) -> list[StaleCache]:
    """Find the stale caches below a folder with pictures and captions: beside them, and in folders of their own.

    `among`: the folders inside of it that are looked into; `elsewhere`: what is in a bucket as if it lay there, and
    when it was written, ns. Sorted by path. Nothing is opened, and no link followed.
    """
    names = [(PurePosixPath(part) / name).as_posix() for part in among for name in files.below(folder / part)]
    written = {name: at for name in names if (at := _written(folder / name)) is not None} | dict(elsewhere or {})
    ours = {name: at for name, at in written.items() if not {_CACHE, _LATENTS} & {*PurePosixPath(name).parts[:-1]}}
    pictures = {name: at for name, at in ours.items() if PurePosixPath(name).suffix.lower() in EXTENSIONS}
    shown, texts = _by_stem(pictures), {n: a for n, a in ours.items() if PurePosixPath(n).suffix.lower() in CAPTIONS}
    # a text beside no picture is no caption: a list of sample prompts is one
    captions = {n: at for n, at in texts.items() if (str(PurePosixPath(n).parent), PurePosixPath(n).stem) in shown}
    sources = _Sources(pictures, captions, shown, _by_stem(captions), _by_digest(pictures))
    oldest: dict[str, int] = {}
    caches = [(name, made) for name in sorted(written) if (made := _made_of(PurePosixPath(name), sources))]
    for name, made in caches:
        oldest[made.whole or name] = min(written[name], oldest.get(made.whole or name, written[name]))
    return [
        StaleCache(name, made.trainer, max(late, key=made.of.__getitem__, default=""))
        for name, made in caches
        if (late := [of for of, at in made.of.items() if at > oldest[made.whole or name]]) or made.gone
    ]


def of_project(root: Path) -> list[StaleCache]:
    """Find those of a project: in dataset/ and exports/, and nowhere else."""
    there = files.training_folder(root)
    if not there:
        return stale_caches(root, _PROJECT)
    return stale_caches(root, ("exports",), {f"dataset/{name}": at for name, at in there.written().items()})


def told(stale: Sequence[StaleCache]) -> list[str]:
    """Say which caches are stale, in a line or two for each trainer; [] if none is."""
    lines = []
    for trainer in sorted({each.trainer for each in stale}):
        mine = [each for each in stale if each.trainer == trainer]
        if old := [each.path for each in mine if each.of]:
            lines.append(
                f"{trainer} has {number_of(len(old), 'cache')} older than the picture or caption "
                f"{plural(len(old), 'it was', 'they were')} made of, and trains what was there before: {listed(old)}."
            )
        if gone := [each.path for each in mine if not each.of]:
            lines.append(
                f"{trainer} has {number_of(len(gone), 'cache')} of a picture or caption that is gone, and trains "
                f"{plural(len(gone), 'it', 'them')} all the same: {listed(gone)}."
            )
    return lines


def clear(root: Path) -> int:
    """Delete the stale caches of a project, and their folders where they are empty then; return how many files went."""
    stale = of_project(root)
    for each in stale:
        path = root / each.path
        files.remove(path)
        files.remove_if_empty(path.parent)
    return len(stale)


class _Sources(NamedTuple):
    """What caches are made of."""

    pictures: _Written
    captions: _Written
    pictures_by_stem: Mapping[tuple[str, str], _Written]  # (folder, stem) -> those
    captions_by_stem: Mapping[tuple[str, str], _Written]
    pictures_by_digest: Mapping[str, _Written]  # of the stem


class _Made(NamedTuple):
    """What a file is a cache of."""

    trainer: str
    of: _Written
    whole: str = ""  # the folder whose files are of use together only
    gone: bool = False


def _made_of(path: PurePosixPath, sources: _Sources) -> _Made | None:
    """Say what a file is a cache of; None if it is no trainer's cache."""
    above = path.parent
    if above.name == _LATENTS:
        stem, tail = path.name[:-_AI_TOOLKIT_LENGTH], path.name[-_AI_TOOLKIT_LENGTH:]
        if not (stem and _AI_TOOLKIT.fullmatch(tail)):
            return None
        return _Made("ai-toolkit", _at(above.parent, stem, sources.pictures_by_stem))
    for form in _BY_STEM:
        if match := form.name.fullmatch(path.name):
            known = sources.captions_by_stem if form.caption else sources.pictures_by_stem
            made = _beside(form.trainer, above, match["stem"], known)
            seen = form.trainer == _MUSUBI and (not form.caption or path.name.endswith(_SEES))
            return made._replace(of=_and_before(made.of, sources)) if seen else made
    if _SIMPLETUNER.fullmatch(path.name):
        return _Made("SimpleTuner", _of_its_folder(above, sources.pictures_by_digest.get(path.stem, {})))
    if _DIFFUSION_PIPE.fullmatch("/".join(path.parts[-5:])):
        held = path.parents[4]
        of = {name: at for name, at in sources.pictures.items() if PurePosixPath(name).parent == held}
        return _Made("diffusion-pipe", _and_before(of, sources), above.as_posix())
    if match := _ONETRAINER.fullmatch("/".join(path.parts[-4:])):
        return _Made("OneTrainer", sources.pictures if match["kind"] == "image" else sources.captions, above.as_posix())
    return None


def _beside(trainer: str, above: PurePosixPath, stem: str, known: Mapping[tuple[str, str], _Written]) -> _Made:
    """Find a picture or caption beside its cache or, musubi-tuner, in the folder that its own is called after.

    exports/musubi-tuner/cache/10_mystyle-1024 is of dataset/10_mystyle; masks lie deeper under the same name.
    """
    if (beside := _at(above, stem, known)) or trainer != _MUSUBI or _CACHE not in above.parts:
        return _Made(trainer, beside)
    meant = above.name.rpartition("-")[0]
    holders = {PurePosixPath(folder) for folder, _ in known}
    nearest = min((h for h in holders if h.name == meant), key=lambda h: (len(h.parts), h), default=None)
    if nearest is None:
        return _Made(trainer, {})
    of = _at(nearest, stem, known)
    return _Made(trainer, of, gone=not of)


def _and_before(of: _Written, sources: _Sources) -> _Written:
    """Add the pictures before the change: dataset/control/10_mystyle/pier.png of dataset/10_mystyle/pier.png."""
    found = dict(of)
    for name in of:
        path = PurePosixPath(name)
        for folder in CONTROLS:
            found |= _at(path.parent.parent / folder / path.parent.name, path.stem, sources.pictures_by_stem)
    return found


def _of_its_folder(above: PurePosixPath, known: _Written) -> _Written:
    """Of pictures of one stem, find that of the folder which SimpleTuner's cache is called after.

    exports/simpletuner/cache/vae/mystyle-10_mystyle-1024 is of dataset/10_mystyle, and with -masks of its masks. There,
    one of no such folder is of regularization pictures; a cache that a person named is taken for one of any folder.
    What ends in -control, -control-2 ... is of the pictures before a change, and nothing else is.
    """
    before = _BEFORE.search(above.name)
    wanted_in = {f"control_{before[1]}" if before[1] else "control"} if before else set()
    known = {name: at for name, at in known.items() if {*CONTROLS} & {*PurePosixPath(name).parts[:-2]} == wanted_in}
    depths = {
        name: len(PurePosixPath(name).parts)
        for name in known
        if f"-{PurePosixPath(name).parent.name}-" in f"{above.name}-"
    }
    wanted = (max if above.name.endswith("-masks") else min)(depths.values(), default=0)
    of = {name: known[name] for name, depth in depths.items() if depth == wanted}
    return of if of or above.parts[:1] == ("exports",) else known


def _at(folder: PurePosixPath, stem: str, known: Mapping[tuple[str, str], _Written]) -> _Written:
    return known.get((folder.as_posix(), stem), {})


def _by_stem(written: _Written) -> dict[tuple[str, str], dict[str, int]]:
    found: dict[tuple[str, str], dict[str, int]] = {}
    for name, at in written.items():
        path = PurePosixPath(name)
        found.setdefault((path.parent.as_posix(), path.stem), {})[name] = at
    return found


def _by_digest(written: _Written) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for name, at in written.items():
        found.setdefault(hashlib.sha256(PurePosixPath(name).stem.encode()).hexdigest(), {})[name] = at
    return found


def _written(path: Path) -> int | None:
    """Return when a file was written, ns; None for a link, and for what went this moment."""
    try:
        seen = path.lstat()
    except OSError:
        return None
    return seen.st_mtime_ns if stat.S_ISREG(seen.st_mode) else None
