"""What was written into dataset/: dataset.lock.json, in git, and the manifest in build/, which knows half builds too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import UNSET, UnsetType

from loraprep.core import files
from loraprep.core.errors import UserError

MANIFEST = "dataset.manifest.json"  # inside build/, so that a trainer never reads it as a picture
LOCK = "dataset.lock.json"


class LockedImage(msgspec.Struct, frozen=True, kw_only=True, rename={"taken_from": "from"}):
    """One picture of dataset/ as it was written. Digests are SHA-256; what an earlier version did not write is "".

    `files`, `next` and `was` stand in the manifest alone: the files that an interrupted build may have written, the
    digest of the caption it was about to write, and that of the caption before another copy of it was adopted.
    """

    path: str = ""  # of the image
    digest: str = ""  # of images/<path>
    trigger: str = ""
    taken_from: str = ""  # the file its pixels come from
    source: str = ""  # the digest of that file
    operations: str = ""  # see Output.operations
    image: str = ""  # the digest of the PNG, "" if it was not written yet
    pixels: str = ""  # the digest of its decoded pixels
    caption: str = ""  # the digest of the .txt file
    caption_from: str = ""  # Caption.origin
    decided: str = ""  # see Output.decided
    background: str | UnsetType = UNSET  # the colour of a copy that stands on several
    also: dict[str, str] | UnsetType = UNSET  # masks and twins: file in dataset/ -> digest
    mask_from: str | UnsetType = UNSET  # see Output.mask_source
    files: tuple[str, ...] | UnsetType = UNSET
    next: str | UnsetType = UNSET
    was: str | UnsetType = UNSET

    def written(self, place: str) -> dict[str, str]:
        """File in dataset/ -> its digest, "" for one that an interrupted build may have written; `place` is its key."""
        known = dict.fromkeys(self.files or (), "")
        if self.image:
            known |= {f"{place}.png": self.image, f"{place}.txt": self.caption, **(self.also or {})}
        return known

    def caption_files(self, place: str) -> list[str]:
        """Its caption files in dataset/, all with the same words."""
        return [name for name in self.written(place) if name.endswith(".txt")]

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


def manifest(root: Path) -> dict[str, LockedImage]:
    """Read what was written where: from the manifest, else (build/ was deleted) from the lock; {} without both.

    Raises UserError if there is only a lock and it cannot be read.
    """
    try:
        return msgspec.json.decode((root / "build" / MANIFEST).read_bytes(), type=dict[str, LockedImage])
    except (OSError, ValueError):
        lock = read_lock(root)
        return lock.images if lock else {}


def write_manifest(root: Path, images: Mapping[str, LockedImage]) -> None:
    """Write the manifest, if it differs."""
    files.write_json(root / "build" / MANIFEST, msgspec.to_builtins(images))


def read_lock(root: Path) -> DatasetLock | None:
    """Read dataset.lock.json, None without one. Raises UserError if it is damaged."""
    if not (root / LOCK).is_file():
        return None
    return parse_lock((root / LOCK).read_text(encoding="utf-8", errors="replace"), LOCK)


def parse_lock(text: str, name: str) -> DatasetLock:
    """Read the lock in `text`. Raises UserError with `name` as its place if it is damaged."""
    try:
        lock = msgspec.json.decode(text, type=DatasetLock)
        if not all(image.image and image.caption for image in lock.images.values()):
            raise ValueError("a picture without digests")
    except ValueError:
        hint = f"Take it from git (git checkout {LOCK}), or delete it and run loraprep dataset."
        raise UserError("this file is damaged, or holds a git merge conflict", place=name, hint=hint) from None
    return lock


def write_lock(root: Path, lock: DatasetLock) -> None:
    """Write dataset.lock.json, if it differs."""
    files.write_json(root / LOCK, msgspec.to_builtins(lock))


def written_files(images: Mapping[str, LockedImage]) -> dict[str, str]:
    """File in dataset/ -> its digest, of all `images`; "" for what an interrupted build may have written."""
    return {name: digest for place, image in images.items() for name, digest in image.written(place).items()}


def caption_edited(root: Path) -> bool:
    """Say whether some caption in dataset/ no longer holds the bytes we wrote. Cheap; `adopt` says what it means."""
    return any(
        (path := root / "dataset" / name).is_file() and files.sha256(path) not in image.caption_digests
        for place, image in manifest(root).items()
        for name in image.caption_files(place)
    )


def dataset_intact(root: Path) -> bool:
    """Say whether dataset/ holds every file of the manifest, byte for byte."""
    before = written_files(manifest(root))
    return bool(before) and all(
        (path := root / "dataset" / name).is_file() and files.sha256(path) == digest for name, digest in before.items()
    )
