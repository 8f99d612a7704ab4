"""dataset.lock.json: what was built, for `verify`, `diff`, the trainers' files and the next build."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from loraprep.core import files, paths
from loraprep.core.errors import UserError
from loraprep.core.text import on_backgrounds

LOCK = "dataset.lock.json"


class LockedImage(msgspec.Struct, frozen=True, kw_only=True, rename={"taken_from": "from"}):
    """One picture of dataset/ as it was written. Digests are SHA-256; what an earlier version did not write is "".

    `files`, `next` and `was` stand in the manifest alone: the files that an interrupted build may have written, the
    digest of the caption it was about to write, and that of the caption before another copy of it was adopted.
    """

    path: str = ""  # of the image
    digest: str = ""  # of images/<path>
    trigger: str = ""
    before: str | UnsetType = UNSET  # what stands before the trigger in its caption, with its comma
    taken_from: str = ""  # the file its pixels come from
    source: str = ""  # the digest of that file
    operations: str = ""  # see Output.operations
    image: str = ""  # the digest of the PNG, "" if it was not written yet
    pixels: str = ""  # the digest of its decoded pixels
    caption: str = ""  # the digest of the .txt file
    lines: tuple[str, ...] | UnsetType = UNSET  # those of its lines, where there are several captions
    caption_from: str = ""  # Caption.origin
    decided: str = ""  # see Output.decided
    background: str | UnsetType = UNSET  # the colour of a copy that stands on several
    also: dict[str, str] | UnsetType = UNSET  # masks, twins, controls and listings: file in dataset/ -> digest
    came_from: str | UnsetType = UNSET  # the generator that made the source, or the place it was taken from
    mask_from: str | UnsetType = UNSET  # see Output.mask_source
    controls: dict[str, str] | UnsetType = UNSET  # see Output.controls_from: file in dataset/ -> what it is made of
    shard: str | UnsetType = UNSET  # the file in dataset/ that it stands in with others: then its own files are inside
    # of the first picture in a shard: that file -> its digest, and the digest of all that it is made of
    shards: dict[str, str] | UnsetType = UNSET
    recipe: str | UnsetType = UNSET
    files: tuple[str, ...] | UnsetType = UNSET
    next: str | UnsetType = UNSET
    was: str | UnsetType = UNSET

    def written(self, place: str) -> dict[str, str]:
        """File in dataset/ -> its digest, "" for one that an interrupted build may have written; `place` is its key."""
        known = dict.fromkeys(self.files or (), "")
        if self.shard:
            return known | (self.shards or {})
        return known | self.own(place)

    def own(self, place: str) -> dict[str, str]:
        """File -> its digest, of its own files, whether they lie in dataset/ or in a shard there."""
        return {f"{place}.png": self.image, f"{place}.txt": self.caption, **(self.also or {})} if self.image else {}

    def caption_files(self, place: str) -> list[str]:
        """Its caption files in dataset/, all with the same words."""
        return [name for name in self.written(place) if name.endswith(".txt")]

    @property
    def listings(self) -> dict[str, str]:
        """The files with the captions of its whole folder, which its first picture carries -> their digests."""
        return {name: digest for name, digest in (self.also or {}).items() if name.endswith(".json")}

    @property
    def caption_digests(self) -> frozenset[str]:
        """The digests that a caption of ours may have."""
        return frozenset(digest for digest in (self.caption, self.next, self.was) if digest)


class LockedFolder(msgspec.Struct, frozen=True):
    """A folder of dataset/."""

    images: int
    repeats: int  # of each picture in an epoch
    group: str  # the folder of the group in project.yaml, "" for none
    masks: bool  # has each of its pictures a loss mask?
    seen: int  # how often a picture comes up in the whole training
    held_out: bool | UnsetType = UNSET  # True: never trained, but measured with


class MaskFolders(msgspec.Struct, frozen=True):
    """Folders in dataset/: of the masks, and of OneTrainer's own copies with masks beside them; "" for none."""

    folder: str = ""
    onetrainer: str = ""


class DatasetLock(msgspec.Struct, frozen=True):
    """dataset.lock.json. `images`: place in dataset/ without extension -> picture; `made_with`: library -> version."""

    images: dict[str, LockedImage]
    folders: dict[str, LockedFolder] = msgspec.field(default_factory=dict)
    repeats: int = 1  # of the folder with most pictures
    seen: int = 0  # of the same folder
    masks: MaskFolders = MaskFolders()
    made_with: dict[str, str] = msgspec.field(default_factory=dict)


def counted(images: Mapping[str, LockedImage]) -> str:
    """Count pictures of the lock: "46 pictures on 3 backgrounds = 138"."""
    several = [image for image in images.values() if image.background is not UNSET]
    copied, colours = ({i.path for i in several}, {i.background for i in several})
    return on_backgrounds(len({i.path for i in images.values()}), len(copied), len(colours))


def at(root: Path, name: str = "") -> str:
    """Say where a file of dataset/ is, for people: dataset/10_mystyle/pier.txt, or in its bucket."""
    there = files.training_folder(root)
    return f"{there.address if there else 'dataset'}/{name}"


def read_lock(root: Path) -> DatasetLock | None:
    """Read dataset.lock.json, None without one. Raises UserError if it is damaged."""
    if not (root / LOCK).is_file():
        return None
    return parse_lock(files.read_text(root / LOCK, "replace"), LOCK)


def parse_lock(text: str, name: str) -> DatasetLock:
    """Read the lock in `text`. Raises UserError with `name` as its place if it is damaged."""
    try:
        lock = files.parse_json(text, DatasetLock)
        if not all(image.image and image.caption for image in lock.images.values()):
            raise ValueError("a picture without digests")
        check_names(lock.images)
    except ValueError:
        hint = f"Take it from git (git checkout {LOCK}), or delete it and run loraprep dataset."
        raise UserError("this file is damaged, or holds a git merge conflict", place=name, hint=hint) from None
    # what stands in the manifest alone says what may be overwritten; a lock from elsewhere does not
    ours = {place: replace(i, files=UNSET, next=UNSET, was=UNSET) for place, i in lock.images.items()}
    return replace(lock, images=ours)


def check_names(images: Mapping[str, LockedImage]) -> None:
    """Raise ValueError if a file of dataset/ that these name would lie anywhere else."""
    for place, image in images.items():
        for name in (place, *image.own(place), *image.written(place), *([image.shard] if image.shard else [])):
            if why := paths.fault(name, windows=os.name == "nt"):
                raise ValueError(f"{name}: {why}")


def write_lock(root: Path, lock: DatasetLock) -> None:
    """Write dataset.lock.json, if it differs."""
    files.write_records(root / LOCK, lock)
