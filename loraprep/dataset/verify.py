"""Compare dataset/ with dataset.lock.json, and both with what would be built here."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from loraprep.core import files
from loraprep.core.dataset_lock import DatasetLock, LockedImage, at
from loraprep.core.files import Json
from loraprep.core.findings import Code
from loraprep.core.text import number_of
from loraprep.dataset import packed, pixels, shards
from loraprep.dataset.manifest import strangers, written_files
from loraprep.dataset.outputs import Output
from loraprep.imaging.colour import DECODE_ERRORS
from loraprep.imaging.errors import BadImage
from loraprep.imaging.pictures import Pictures
from loraprep.trainers import caches, naming
from loraprep.trainers.caches import CLEARS, StaleCache

_SHOWN = 3  # of many differences alike


@dataclass(frozen=True, slots=True)
class Verification:
    """How dataset/ compares with its lock."""

    pictures: int
    differs: list[tuple[str, str]]  # (file or picture, what is different), sorted
    same_pixels: list[str]  # files of other bytes that show the same
    strangers: list[str]  # files in dataset/ that are not ours
    libraries: list[tuple[str, str, str]]  # (name, version in the lock, version here) of those that differ
    stale: list[StaleCache]  # trainers' caches of what was there before


def verify_dataset(
    pictures: Pictures,
    outputs: Sequence[Output],
    lock: DatasetLock,
    form: str,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Verification:
    """Compare the lock with what would be built here and with the files in dataset/, where there are any.

    Where nothing of it is built, as in a fresh clone, pictures and masks are rendered in memory; else a file that is
    not there is named. Where bytes differ, decoded pixels decide. `form`: dataset.format.
    """
    root = pictures.root
    wanted = {o.place: o for o in outputs}
    here, there = pixels.made_with(form), lock.made_with
    known = written_files(lock.images)
    if in_bucket := files.training_folder(root):
        in_bucket.refresh()
        in_bucket.learn(known)
    built = any(files.is_file(root / "dataset" / name) for name in known)
    differs: list[tuple[str, str]] = []
    same: list[str] = []
    now = {output.image.path: place for place, output in wanted.items()}
    named = shards.names(wanted, form) if form != "folder" else {}
    for place in sorted(set(lock.images) - set(wanted)):
        differs.append((place, _gone(place, now.get(lock.images[place].path, place))))
    for number, (place, output) in enumerate(sorted(wanted.items())):
        if progress:
            progress(number, len(wanted))
        locked = lock.images.get(place)
        if locked is None:
            differs.append((place, f"would be built from {output.image.path}, and is not in dataset.lock.json"))
            continue
        differs += _inputs(root, place, output, locked)
        if (locked.shard or "") != named.get(place, ""):
            differs.append((place, f"would be in {named.get(place, 'a file of its own')} now"))
        if built and locked.shard:
            continue  # read below, each shard once
        if built:
            found, alike = _there(root, place, output, locked)
        else:
            found, alike = _unbuilt(pictures, place, output, locked, alike=here == there)
        differs += found
        same += alike
    if built:
        found, alike = _shards(root, lock, wanted)
        differs += found
        same += alike
    libraries = [
        (name, there.get(name, "none"), here.get(name, "none"))
        for name in sorted(set(here) | set(there))
        if here.get(name) != there.get(name)
    ]
    stale = caches.of_project(root)
    return Verification(len(wanted), sorted(set(differs)), sorted(same), strangers(root, known), libraries, stale)


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What --json shows, in the form of schemas/output/verify.schema.json."""

    version: int = 1
    same: bool  # nothing differs
    pictures: int
    differs: list[Difference]
    same_pixels: list[str]  # files of other bytes that show the same
    strangers: list[str]  # files in dataset/ that are not ours
    libraries: list[OtherVersion]
    stale_caches: list[str]  # files of trainers that are older than the picture or caption they were made of


class Difference(msgspec.Struct, frozen=True):
    """A file or picture, and what is different."""

    name: str
    what: str


class OtherVersion(msgspec.Struct, frozen=True):
    """A library whose version is another than in the lock."""

    name: str
    locked: str
    here: str


def verification_json(found: Verification) -> Json:
    """Return `Verified` as plain values."""
    verified = Verified(
        same=not found.differs,
        pictures=found.pictures,
        differs=[Difference(*each) for each in found.differs],
        same_pixels=found.same_pixels,
        strangers=found.strangers,
        libraries=[OtherVersion(*each) for each in found.libraries],
        stale_caches=[each.path for each in found.stale],
    )
    plain: Json = msgspec.to_builtins(verified)
    return plain


def _shards(root: Path, lock: DatasetLock, wanted: Mapping[str, Output]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return (what is different, pictures of other bytes that show the same) among the shards of the lock."""
    inside: dict[str, dict[str, LockedImage]] = {}
    for place, image in lock.images.items():
        if image.shard:
            inside.setdefault(image.shard, {})[place] = image
    found: list[tuple[str, str]] = []
    alike: list[str] = []
    for name, digest in sorted(written_files(lock.images).items()):
        path = root / "dataset" / name
        if name not in inside:
            continue
        if not files.plain(path):
            found.append((at(root, name), "this file is missing"))
        elif files.sha256(path) != digest:
            more, same = packed.differences(
                at(root, name),
                name,
                files.read(path),
                inside[name],
                {p: wanted[p] for p in inside[name] if p in wanted},
            )
            found += more
            alike += same
    return found, alike


def _gone(then: str, now: str) -> str:
    """Say why a place of the lock is none any more; `now`: where its picture would stand."""
    before, after = (naming.holds_out(place.split("/")[0]) for place in (then, now))
    if before != after:
        return "was trained and would be held out" if after else "was held out and would be trained"
    return "is in dataset.lock.json, and would not be built any more"


def _inputs(root: Path, place: str, output: Output, locked: LockedImage) -> list[tuple[str, str]]:
    found = []
    source = output.image.upscaled or output.image.of or output.image.path
    if locked.source != output.image.pixel_digest:
        found.append((place, f"{source} is another file now"))
    if locked.operations != output.operations:
        found.append((place, f'its pixels were made with "{locked.operations}", now "{output.operations}"'))
    if locked.caption != hashlib.sha256(f"{output.caption}\n".encode()).hexdigest():
        found.append((place, f"its caption would now be: {output.caption}"))
    listings = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in output.listings}
    found += [
        (
            at(root, name),
            "it would now hold other captions" if name in listings else "it would not be built any more",
        )
        for name in sorted({**listings, **locked.listings})
        if listings.get(name) != locked.listings.get(name)
    ]
    if (locked.mask_from or "") != output.mask_source:
        found.append((place, "its mask is another one now"))
    if (locked.controls or {}) != output.controls_from:
        found.append((place, "the picture before its change is another one now"))
    return found


def _there(root: Path, place: str, output: Output, locked: LockedImage) -> tuple[list[tuple[str, str]], list[str]]:
    """Return (what is different, files of other bytes that show the same) among the files of one picture."""
    found: list[tuple[str, str]] = []
    alike: list[str] = []
    captions = locked.caption_files(place)
    for name, digest in locked.written(place).items():
        path, file = root / "dataset" / name, at(root, name)
        kind = "caption" if name in captions else "mask" if name in output.masks else "picture"
        kind = "picture before a change" if name in (locked.controls or {}) else kind
        kind = "list of captions" if name in locked.listings else kind
        if not files.plain(path):
            found.append((file, f"this {kind} is missing"))
        elif files.sha256(path) == digest or (kind == "picture" and _other(output, locked)):
            continue  # the latter is said already: another picture
        elif kind != "picture":
            found.append((file, f"this {kind} was changed"))
        else:
            try:
                if pixels.digest_of(path) == locked.pixels:
                    alike.append(file)
                else:
                    found.append((file, "its pixels are others"))
            except (BadImage, *DECODE_ERRORS):
                found.append((file, "it cannot be read"))
    return found, alike


def _unbuilt(
    pictures: Pictures, place: str, output: Output, locked: LockedImage, *, alike: bool
) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the same of a picture that is not built, rendered in memory. `alike`: under the libraries of the lock.

    Its captions are judged by their words. A mask is held to the lock's bytes only where bytes can be expected.
    """
    file = at(pictures.root, f"{place}.png")
    if _other(output, locked):
        return [], []
    try:
        data = _rendered(pictures, output)
        drawn = {name: pixels.render_mask(pictures, output, pixels.size_of(data)) for name in output.masks}
        befores = {control.file: pixels.render_control(pictures, control) for control in output.controls}
    except (BadImage, *DECODE_ERRORS):
        return [(file, "it cannot be read")], []
    wanted = locked.own(place)
    found = [
        (at(pictures.root, name), "this mask would be another one")
        for name, mask in drawn.items()
        if alike and hashlib.sha256(mask).hexdigest() != wanted.get(name)
    ]
    found += [
        (at(pictures.root, name), "this picture before a change would be another one")
        for name, made in befores.items()
        if alike and hashlib.sha256(made).hexdigest() != wanted.get(name)
    ]
    if hashlib.sha256(data).hexdigest() == locked.image:
        return found, []
    if pixels.digest(data) == locked.pixels:
        return found, [file]
    return [*found, (file, "its pixels are others")], []


def _other(output: Output, locked: LockedImage) -> bool:
    """Say whether it is made of another file, or otherwise, than the lock says."""
    return output.image.pixel_digest != locked.source or output.operations != locked.operations


def _rendered(pictures: Pictures, output: Output) -> bytes:
    source = pictures.source(output.image)
    if not files.is_file(source):
        raise BadImage(Code.UNREADABLE, f"{source.name} is not there")
    return pixels.render(pictures, output)


def verification_lines(found: Verification, *, every: bool = True) -> list[str]:
    """Say in a sentence what differs, and then each file: `every` one, or a few and how to see the rest."""
    lines = []
    if found.differs:
        kinds = Counter(what for _, what in found.differs).most_common(_SHOWN)
        said = "" if len(found.differs) == 1 else f", most of all: {'; '.join(f'{what} ({n})' for what, n in kinds)}"
        lines.append(
            f"{number_of(len(found.differs), 'difference')} from dataset.lock.json{said}. If you meant them, run "
            "loraprep dataset and commit; else take the files from git."
        )
    shown = found.differs if every else found.differs[:_SHOWN]
    lines += [f"{name}: {what}" for name, what in shown]
    if len(shown) < len(found.differs):
        lines.append(f"and {len(found.differs) - len(shown)} more: loraprep verify -v")
    if found.same_pixels:
        made = ", ".join(f"{name} {there} (here {here})" for name, there, here in found.libraries) or "other libraries"
        files_ = "1 file has" if len(found.same_pixels) == 1 else f"{len(found.same_pixels)} files have"
        lines.append(
            f"{files_} other bytes here and the same pixels: the lock was made with {made}. Training is the same."
        )
    lines += [f"{name}: not made by loraprep; a trainer may read it" for name in found.strangers]
    if found.stale:
        lines += [*caches.told(found.stale), CLEARS]
    if found.differs:
        return lines
    if found.same_pixels:
        lines.append(f"{_pictures(found.pictures)} and the captions are what dataset.lock.json says, in pixels.")
    else:
        lines.append(f"{_pictures(found.pictures)} and the captions are what dataset.lock.json says, byte for byte.")
    return lines


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"
