"""The manifest in build/: what was written into dataset/, by whole builds and by one that was interrupted."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path, PurePosixPath

from loraprep.core import files
from loraprep.core.dataset_lock import LOCK, LockedImage, at, check_names, read_lock

# Folders that trainers write their caches into, and what file managers leave behind.
_CACHES = ("cache", "_latent_cache", "_controls", "_clip_vision_cache")
_IGNORED = (".npz", ".safetensors", ".aitk_size.json", "Thumbs.db", ".DS_Store", "desktop.ini")
_LISTS = "aspect_ratio_bucket_"  # SimpleTuner's, of pictures and their sizes, beside them
MANIFEST = "dataset.manifest.json"  # inside build/, so that a trainer never reads it as a picture


def _path(root: Path) -> Path:
    """Return where the manifest is: each bucket has one of its own, since each holds what was put there."""
    there = files.training_folder(root)
    return root / "build" / (f"{there.name}.manifest.json" if there else MANIFEST)


def read_manifest(root: Path) -> dict[str, LockedImage]:
    """Read what was written where: from the manifest, else (build/ was deleted) from the lock; {} without both.

    Raises UserError if there is only a lock and it cannot be read.
    """
    try:
        images = files.parse_json(files.read(_path(root)), dict[str, LockedImage])
        check_names(images)
        return images
    except (OSError, ValueError):
        lock = read_lock(root)
        return lock.images if lock else {}


def has_manifest(root: Path) -> bool:
    """Say whether a build of this folder wrote down what it put into dataset/: else it may be anybody's."""
    return files.plain(_path(root))


def strangers(root: Path, known: Collection[str]) -> list[str]:
    """List the files in dataset/ that are not `known`, and that no trainer or file manager leaves there."""
    found = [PurePosixPath(name) for name in files.below(root / "dataset")]
    return [
        at(root, p.as_posix())
        for p in found
        if p.as_posix() not in known
        and not p.name.endswith(_IGNORED)
        and not p.name.startswith(_LISTS)
        and not set(p.parts) & set(_CACHES)
    ]


def write_manifest(root: Path, images: Mapping[str, LockedImage]) -> None:
    """Write the manifest, if it differs."""
    files.write_records(_path(root), images)


def written_files(images: Mapping[str, LockedImage]) -> dict[str, str]:
    """File in dataset/ -> its digest, of all `images`; "" for what an interrupted build may have written."""
    return {name: digest for place, image in images.items() for name, digest in image.written(place).items()}


def look(root: Path) -> None:
    """Where dataset/ is a bucket and something was put there: list it, and read the captions that are not known.

    Raises Unreachable.
    """
    there, before = files.training_folder(root), read_manifest(root)
    if there and before:
        there.refresh()
        there.learn(name for place, image in before.items() for name in image.caption_files(place))


def caption_edited(root: Path) -> bool:
    """Say whether some caption in dataset/ no longer holds the bytes we wrote. Cheap; `adopt` says what it means."""
    digest_of = _lying(root)
    return any(
        (digest := digest_of(name)) is not None and digest not in image.caption_digests
        for place, image in read_manifest(root).items()
        for name in image.caption_files(place)
    )


def _lying(root: Path) -> Callable[[str], str | None]:
    """Return what tells the digest of a file in dataset/; of a bucket, as far as it is known."""
    if there := files.training_folder(root):
        return there.digests().get
    return lambda name: files.sha256(path) if files.plain(path := root / "dataset" / name) else None


def dataset_intact(root: Path) -> bool:
    """Say whether dataset/ holds every file of the manifest as it was written.

    A file is read only if something touched it since the build ended: of twenty thousand pictures reading takes a
    minute, asking for their times a moment. Of a bucket, as far as is known of what was put there.
    """
    before = written_files(read_manifest(root))
    if there := files.training_folder(root):
        known = there.digests()
        return bool(before) and all(known.get(name) == digest for name, digest in before.items())
    built = _built(root)
    return bool(before) and all(_as_written(root / "dataset" / name, digest, built) for name, digest in before.items())


def _as_written(path: Path, digest: str, built: int) -> bool:
    if not digest or not files.plain(path):
        return False
    now = path.stat()
    return max(now.st_mtime_ns, now.st_ctime_ns) < built or files.sha256(path) == digest


def _built(root: Path) -> int:
    """Return when the last build ended, in ns; 0 where times don't tell.

    The earlier of what a build writes last: each of the two is also written, or fetched, for other reasons. On Windows
    a file that takes another's place can keep the times of both.
    """
    written = (root / "build" / MANIFEST, root / LOCK)
    if os.name == "nt" or not all(map(files.plain, written)):
        return 0
    return min(path.stat().st_mtime_ns for path in written)
