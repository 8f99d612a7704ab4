"""The manifest in build/: what was written into dataset/, by whole builds and by one that was interrupted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from loraprep.core import files
from loraprep.core.dataset_lock import LockedImage, read_lock

MANIFEST = "dataset.manifest.json"  # inside build/, so that a trainer never reads it as a picture


def read_manifest(root: Path) -> dict[str, LockedImage]:
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


def written_files(images: Mapping[str, LockedImage]) -> dict[str, str]:
    """File in dataset/ -> its digest, of all `images`; "" for what an interrupted build may have written."""
    return {name: digest for place, image in images.items() for name, digest in image.written(place).items()}


def caption_edited(root: Path) -> bool:
    """Say whether some caption in dataset/ no longer holds the bytes we wrote. Cheap; `adopt` says what it means."""
    return any(
        (path := root / "dataset" / name).is_file() and files.sha256(path) not in image.caption_digests
        for place, image in read_manifest(root).items()
        for name in image.caption_files(place)
    )


def dataset_intact(root: Path) -> bool:
    """Say whether dataset/ holds every file of the manifest, byte for byte."""
    before = written_files(read_manifest(root))
    return bool(before) and all(
        (path := root / "dataset" / name).is_file() and files.sha256(path) == digest for name, digest in before.items()
    )
