"""Looks at every file under images/ once: what it is, what its pixels say, which words lie beside it."""

from __future__ import annotations

import importlib.util
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, TypeVar, Unpack

import PIL

from loraprep import __version__
from loraprep.core import files, machine
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.core.findings import Code
from loraprep.core.records import Image
from loraprep.imaging import decode, pool
from loraprep.imaging.errors import BadImage, TooSlow
from loraprep.imaging.pictures import REDUCTIONS, Pictures
from loraprep.imaging.reduction import Reductions
from loraprep.scan import image_list, inspect, roles, walk
from loraprep.scan.assemble import Records
from loraprep.scan.cache import FileStamp, Inspection, ScanCache, discard, file_stamp, path_of_key

T = TypeVar("T")


class ScanOptions(TypedDict, total=False):
    """Options of a scan. `roles`: project.yaml's images.roles; `regularization`: the folder of such pictures, seen from
    the folder that is scanned; `pairs`: each picture trains with those before its change (`pairing`); `cache`: the file
    that remembers what was seen; `full`: digest every file again.

    `progress(done, total)` is called from the thread that scans.
    """

    include: Sequence[str]
    exclude: Sequence[str]
    roles: Mapping[str, str]
    regularization: str
    pairs: bool
    max_megapixels: float
    max_megabytes: float
    max_seconds: float
    max_memory: float | None
    cache: Path | None
    full: bool
    progress: Callable[[int, int], None] | None


@dataclass(frozen=True, slots=True)
class ScanSummary:
    """What else there was. `orphans`: files in upscaled/ of no picture, `masks` those in masks/ that cannot be used ->
    why. `settled`: the next scan of the same files would say the same.
    """

    orphans: list[str]
    masks: dict[str, str]
    settled: bool


@dataclass(frozen=True, slots=True)
class Scan(ScanSummary):
    """`images`: a record for each file found and each detail cut out of one, by path."""

    images: list[Image]


def scan(folder: Path, root: Path, **how: Unpack[ScanOptions]) -> Scan:
    """Record every file under `folder` sorted by path; nothing in it is ever written.

    Raises UserError: the folder cannot be listed (exit code 3), decisions/crops.yaml needs mending.
    """
    found, summary = _scan(folder, root, how, list)
    return Scan(summary.orphans, summary.masks, summary.settled, found)


def scan_to_file(path: Path, folder: Path, root: Path, **how: Unpack[ScanOptions]) -> ScanSummary:
    """Write what `scan` finds into a file: a line with the version, then one JSON object a line; only if it differs.

    The records are made one by one, so that a hundred thousand take no more memory than one.
    """
    return _scan(folder, root, how, lambda images: files.write_lines(path, image_list.encode_images(images)))[1]


def _scan(folder: Path, root: Path, how: ScanOptions, into: Callable[[Iterator[Image]], T]) -> tuple[T, ScanSummary]:
    """Hand the records to `into`. With a cache that turns out to be damaged it is called again, with a new one."""
    if not folder.is_dir() and not files.in_store(folder):
        raise UserError(f"the images folder {folder} is not there", place="project.yaml", exit_code=UNUSABLE)
    cache = how.get("cache")
    try:
        return _once(folder, root, how, into)
    except sqlite3.Error as error:
        if cache is None:
            raise
        if machine.withheld(error):
            raise machine.told(error, f"build/{cache.name}") from None
    try:
        discard(cache)
    except OSError as error:
        raise _unwritable(cache, error) from None
    try:
        return _once(folder, root, how, into)
    except sqlite3.Error as error:
        raise _unwritable(cache, error) from None


def _unwritable(cache: Path, error: Exception) -> UserError:
    said = getattr(error, "strerror", None) or str(error)
    return UserError(
        f"it cannot be written ({said.lower()})",
        place=f"build/{cache.name}",
        hint="Make sure that the disk has room and that you may write into build/.",
    )


def _once(folder: Path, root: Path, how: ScanOptions, into: Callable[[Iterator[Image]], T]) -> tuple[T, ScanSummary]:
    limits = how.get("max_megapixels") or decode.MAX_MEGAPIXELS, how.get("max_megabytes") or decode.MAX_MEGABYTES
    # facts from another library or limit may differ; digests never do
    heif = importlib.util.find_spec("pillow_heif") is not None
    stamp = files.dumps([image_list.VERSION, __version__, PIL.__version__, *limits, heif], indent=None)
    given = roles.Given(how.get("roles") or {})
    found = walk.find_files(folder, root, how.get("include", ("**/*",)), how.get("exclude", ()), given)
    kept = cache_path.with_name(REDUCTIONS) if (cache_path := how.get("cache")) else None
    pictures = Pictures(folder, root, limits[0], how.get("max_seconds") or pool.SECONDS, how.get("max_memory"), kept)
    records = Records(pictures, found, given, how.get("regularization", ""), pairs=how.get("pairs", False))
    with closing(ScanCache(how.get("cache"), stamp, patience=pictures.max_seconds)) as cache:
        _inspect_new(records.keys(), cache, pictures, limits, how)
        result = into(records.images(cache))
        settled = not any(
            i.code in (Code.UNREADABLE, Code.UNEXPECTED, Code.TOO_SLOW, Code.TOO_HEAVY)
            for i in cache.transient.values()
        )
        cache.tidy(records.parts)
    return result, ScanSummary(records.orphans, dict(sorted(records.useless.items())), settled)


def _inspect_new(
    keys: Sequence[str], cache: ScanCache, pictures: Pictures, limits: tuple[float, float], how: ScanOptions
) -> None:
    """Bring the cache up to date with every file that `keys` name."""
    top, home = str(pictures.folder.absolute()), str(pictures.root.absolute())
    progress = how.get("progress") or (lambda done, total: None)
    todo = cache.unknown(((key, path_of_key(key, top, home)) for key in keys), full=how.get("full", False))
    done = len(keys) - len(todo)
    progress(done, len(keys))
    outside = [str(where) for where in files.picture_folders(pictures.folder)]
    cache_path = str(where.absolute()) if (where := how.get("cache")) else ""
    work = pool.Work(inspect.file_inspector, (top, home, outside, *limits, cache_path))
    begun, stamps = time.time(), {key: _stamp(path_of_key(key, top, home)) for key in todo}
    sizes = {key: stamp[0] if stamp else 0 for key, stamp in stamps.items()}
    patience, budget = pictures.max_seconds, pictures.max_memory
    if not todo:
        return
    given = pool.each(work, todo, weigh=sizes.__getitem__, seconds=patience, budget=budget)
    with closing(given) as answers, closing(Reductions(pictures.reductions)) as reductions:
        for key, answer in answers:
            if isinstance(answer, TooSlow):
                slow = Inspection("", sizes[key], "rejected", answer.code, answer.reason)
                cache.store_slow(key, stamps[key], begun, slow)
            else:
                then, at, digest, found, small = _answer(answer, sizes[key])
                cache.store(key, then, at, digest, found)
                reductions.put(digest, small)
            done += 1
            progress(done, len(keys))
        cache.save()
        reductions.keep_only(cache.digests())


def _answer(answer: inspect.Answer | Exception, size: int) -> inspect.Answer:
    if isinstance(answer, BadImage):
        return None, 0, "", Inspection("", size, "rejected", answer.code, answer.reason), b""
    if isinstance(answer, Exception):
        raise answer
    return answer


def _stamp(path: str) -> FileStamp | None:
    try:
        return file_stamp(files.stat(path))
    except OSError:
        return None
