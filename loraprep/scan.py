"""Looks at every file under images/ once: what it is, what its pixels say, which words lie beside it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray

from loraprep import __version__, crops, files, images, measure, walk, words
from loraprep.crops import Cut
from loraprep.errors import UNUSABLE, UserError
from loraprep.model import Image

VERSION = 3  # of a line of images.jsonl and of the cache; raised when a measurement changes
WORKERS = 2  # Pillow releases the GIL while it decodes; two keep memory under 1 GB
_SETTLED = 2.0  # seconds; a file changed less before its digest may change again within one clock tick


@dataclass(frozen=True, slots=True)
class Scan:
    """`images`: a record for each file found and each detail cut out of one, by path.

    `orphans`: files in upscaled/ of no picture, `masks` those in masks/ that cannot be used -> why.
    """

    images: list[Image]
    orphans: list[str]
    masks: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Limits:
    megapixels: float
    megabytes: float


def scan(
    folder: Path,
    root: Path,
    *,
    include: Sequence[str] = ("**/*",),
    exclude: Sequence[str] = (),
    max_megapixels: float = images.MAX_MEGAPIXELS,
    max_megabytes: float = images.MAX_MEGABYTES,
    cache: Path | None = None,
    full: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Scan:
    """Every file under `folder` as a record, sorted by path; nothing in it is ever written.

    `cache` is the JSON file that remembers digests by (size, mtime, ctime, inode) and facts by digest;
    `full` digests every file again. `progress(done, total)` is called from this thread.
    Raises UserError (exit code 3) if the folder cannot be listed.
    """
    if not folder.is_dir():
        raise UserError(f"the images folder {folder} is not there", place="project.yaml", exit_code=UNUSABLE)
    found = walk.walk(folder, root, include, exclude)
    pictures = [f.path for f in found if f.state == "image"]
    better, orphans = walk.beside(root, "upscaled", pictures)
    masks, strays = walk.beside(root, "masks", pictures)
    memory = _Memory(cache, _Limits(max_megapixels, max_megabytes), full)
    wanted = [("images/" + f.path, f.real) for f in found if f.state == "image"]
    wanted += [(name, root / name) for name in sorted([*better.values(), *masks.values()])]
    try:
        seen = _look(wanted, memory, progress)
    finally:  # an interrupted scan goes on where it stopped
        memory.save({key for key, _ in wanted})
    useless = dict.fromkeys(strays, "no picture has its name")
    beside = walk.sidecars(found)
    listed = [(path, words.listing(folder / path, path)) for path in walk.listings(found)]
    records = []
    for item in found:
        if item.state != "image":
            records.append(Image(item.path, item.state, item.code, item.reason, bytes=item.bytes))
            continue
        record = _record(item.path, seen["images/" + item.path], better.get(item.path, ""), seen)
        if mask := masks.get(item.path):
            record = _masked(record, mask, seen[mask], useless)
        own = beside.get(item.path, ())
        texts = [pair for name in own for pair in words.sidecar(folder / name, name)]
        texts += [pair for path, entries in listed for pair in _listed(item.path, path, entries)]
        embedded = [pair for pair in record.words if pair[1] not in {text for _, text in texts}]
        records.append(dataclasses.replace(record, words=tuple(texts + embedded), sidecars=tuple(own)))
    sizes = {r.path: _size(seen["images/" + r.path], r) for r in records if r.state == "image"}
    cuts = crops.read(root, sizes, {r.path: r for r in records})
    records = _with_cuts(records, cuts, root, folder, memory, progress)
    if cuts:
        memory.save({key for key, _ in wanted})
    return Scan(sorted(records, key=lambda r: r.path), orphans, dict(sorted(useless.items())))


def write(records: Sequence[Image], path: Path) -> bool:
    """One sorted JSON object a line, a first line with the version; True if the file changed."""
    lines = [files.dumps({"version": VERSION}, indent=None)]
    lines += [files.dumps(r.to_json(), indent=None) for r in sorted(records, key=lambda r: r.path)]
    return files.write(path, "".join(lines))


def read(path: Path) -> list[Image]:
    """The records that `write` wrote. Raises UserError if they are missing or from another version."""
    try:
        first, *lines = path.read_text(encoding="utf-8").splitlines()
        if json.loads(first) != {"version": VERSION}:
            raise ValueError
        return [Image.from_json(json.loads(line)) for line in lines]
    except (OSError, ValueError, TypeError, AttributeError):
        raise UserError(
            "the list of pictures is missing or from another version of loraprep",
            place=f"build/{path.name}",
            hint="run loraprep scan",
        ) from None


Facts = dict[str, Any]  # keys of model.Image; always "digest", "bytes" and "state"


class _Memory:
    """build/scan-cache.json: stat -> digest by file, digest -> facts: a rename costs no decode."""

    def __init__(self, path: Path | None, limits: _Limits, full: bool) -> None:
        self.path, self.limits, self.full = path, limits, full
        # facts from another library or limit may differ; digests never do
        self.stamp = [VERSION, __version__, PIL.__version__, limits.megapixels, images.heif()]
        self.stats: dict[str, list[Any]] = {}
        self.facts: dict[str, Facts] = {}
        self.cuts: set[str] = set()  # keys of facts about parts of pictures
        self.dirty = False
        try:
            data = files.read_json(path) if path else {}
            if data.get("version") == VERSION:
                self.stats = data["files"]
                self.facts = data["facts"] if data["stamp"] == self.stamp else {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self.stats, self.facts = {}, {}  # a cache: whatever is wrong with it, looking again mends it

    def digest(self, key: str, now: os.stat_result) -> str:
        """The digest of an unchanged file, "" if it must be read."""
        before = self.stats.get(key)
        if self.full or not before or before[:4] != _stamp(now):
            return ""
        changed = max(now.st_mtime_ns, now.st_ctime_ns) / 1e9
        return str(before[5]) if before[4] - changed >= _SETTLED else ""

    def keep(self, key: str, stat_: os.stat_result, at: float, digest: str, facts: Facts | None) -> None:
        self.stats[key] = [*_stamp(stat_), round(at, 3), digest]
        if facts is not None:
            self.facts[digest] = facts
        self.dirty = True

    def save(self, keys: set[str]) -> None:
        if self.path is None or not (self.dirty or set(self.stats) - keys):
            return
        stats = {k: v for k, v in self.stats.items() if k in keys}
        used = {v[5] for v in stats.values()}
        facts = {k: v for k, v in self.facts.items() if k in used or (k in self.cuts if self.cuts else "@" in k)}
        data = {"version": VERSION, "stamp": self.stamp, "files": stats, "facts": facts}
        files.write(self.path, files.dumps(data, indent=None))


def _stamp(now: os.stat_result) -> list[int]:
    return [now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino]


def _look(
    wanted: Sequence[tuple[str, Path]], memory: _Memory, progress: Callable[[int, int], None] | None
) -> dict[str, Facts]:
    seen: dict[str, Facts] = {}
    todo: list[tuple[str, Path]] = []
    for key, path in wanted:
        known = _known(key, path, memory)
        if known is None:
            todo.append((key, path))
        else:
            seen[key] = known
    if progress:
        progress(len(seen), len(wanted))
    if not todo:
        return seen
    pool = ThreadPoolExecutor(WORKERS)
    try:
        queue = iter(todo)
        running = {pool.submit(_one, key, path, memory): key for key, path in _take(queue, 2 * WORKERS)}
        while running:
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                key = running.pop(done)
                seen[key], stat_, at, fresh = done.result()
                if stat_ is not None:
                    memory.keep(key, stat_, at, seen[key]["digest"], seen[key] if fresh else None)
                for next_key, path in _take(queue, 1):
                    running[pool.submit(_one, next_key, path, memory)] = next_key
                if progress:
                    progress(len(seen), len(wanted))
    finally:
        pool.shutdown(cancel_futures=True)
    return seen


def _take(queue: Iterator[tuple[str, Path]], count: int) -> Iterator[tuple[str, Path]]:
    for _, item in zip(range(count), queue, strict=False):
        yield item


def _known(key: str, path: Path, memory: _Memory) -> Facts | None:
    try:
        return memory.facts.get(memory.digest(key, path.stat()))
    except OSError:
        return None


def _one(key: str, path: Path, memory: _Memory) -> tuple[Facts, os.stat_result | None, float, bool]:
    """Facts of one file, its stat and the time before it was read (None: not to be remembered), facts new?"""
    at = time.time()
    facts: Facts = {"digest": "", "bytes": 0, "state": "rejected"}
    try:
        before = path.stat()
        facts["bytes"] = before.st_size
        if not stat.S_ISREG(before.st_mode):
            return {**facts, "code": "special", "reason": "not an ordinary file"}, None, at, False
        if before.st_size > memory.limits.megabytes * 1e6:
            text = f"{before.st_size / 1e6:.0f} MB, more than the {memory.limits.megabytes:g} MB allowed"
            facts.update(digest=files.sha256(path), code="too-large", reason=text)
            return facts, None, at, False
        with images.alone(before.st_size):
            return _read(path, before, at, memory, facts)
    except OSError as error:
        reason = f"it cannot be read ({(error.strerror or type(error).__name__).lower()})"
        return {**facts, "code": "unreadable", "reason": reason}, None, at, False


def _read(
    path: Path, before: os.stat_result, at: float, memory: _Memory, facts: Facts
) -> tuple[Facts, os.stat_result | None, float, bool]:
    data = path.read_bytes()
    facts["digest"] = hashlib.sha256(data).hexdigest()
    known = memory.facts.get(facts["digest"])
    if known is not None:
        return known, before, at, False
    facts["bytes"] = len(data)
    try:
        facts.update(inspect(data, max_megapixels=memory.limits.megapixels), state="image")
    except images.BadImage as bad:
        facts.update(code=bad.code, reason=bad.reason)
    except Exception as error:  # one bad file never hides the rest: a defect of ours is reported as its own
        facts.update(code="unexpected", reason=f"looking at it failed in a way nobody foresaw ({type(error).__name__})")
        return facts, None, at, False
    return json.loads(json.dumps(facts)), before, at, True  # the same types as from the cache


def inspect(data: bytes, *, max_megapixels: float = images.MAX_MEGAPIXELS, box: Sequence[float] = ()) -> Facts:
    """All facts that the bytes of one picture, or the part of it in `box`, hold, by the names of model.Image.

    Raises images.BadImage.
    """
    enough = 0 if box else measure.SIDE  # of a part, nobody knows yet how much there is
    opened = images.cut(images.load(data, max_megapixels=max_megapixels, at_least=enough), box)
    said = {"words": words.embedded(opened.pixels), "rating": words.rating(opened.pixels)}
    alpha = images.transparent(opened.pixels)
    picture = images.upright(opened, at_least=measure.SIDE)  # takes the metadata off
    return {
        "format": opened.format,
        "width": opened.width,
        "height": opened.height,
        "orientation": opened.orientation,
        "mode": opened.mode,
        "bits": opened.bits,
        "icc": opened.icc,
        "alpha": alpha,
        "frames": opened.frames,
        "jpeg_quality": opened.quality,
        "hidden": opened.hidden,
        **measure.facts(picture),
        **said,
    }


def _record(path: str, own: Facts, better: str, seen: dict[str, Facts]) -> Image:
    facts = seen[better] if better else own
    texts = [*own.get("words", ()), *(facts.get("words", ()) if better else ())]
    record = Image.from_json({**facts, "path": path, "words": list(dict.fromkeys(map(tuple, texts)))})
    pixels = {"pixel_digest": record.digest, "pixel_bytes": record.bytes}
    if better and record.state != "image":
        record = dataclasses.replace(record, reason=f"{better}, which stands in for it: {record.reason}")
    changes: dict[str, Any] = {**pixels, "upscaled": better, "digest": own["digest"], "bytes": own["bytes"]}
    return dataclasses.replace(record, **changes)


def _size(own: Facts, record: Image) -> tuple[int, int]:
    """Of the picture in images/ as shown, in whose pixels a person draws boxes; better pixels may be more."""
    return own.get("width", record.width), own.get("height", record.height)


def _masked(record: Image, mask: str, facts: Facts, useless: dict[str, str]) -> Image:
    """The record with its mask, or `useless` with the reason why there is none."""
    if facts["state"] != "image":
        useless[mask] = str(facts["reason"])
    elif record.state == "image":
        ratio = facts["width"] * record.height / (facts["height"] * record.width)
        if abs(ratio - 1) < 0.02:  # of the same shape, rounding aside
            return dataclasses.replace(record, mask=mask, mask_digest=facts["digest"])
        useless[mask] = f"it is {facts['width']}x{facts['height']}, another shape than its picture"
    return record


def _with_cuts(
    records: list[Image],
    cuts: Sequence[Cut],
    root: Path,
    folder: Path,
    memory: _Memory,
    progress: Callable[[int, int], None] | None,
) -> list[Image]:
    """The records, measured anew where only a part is used, and with each detail as a picture of its own."""
    whole = {r.path: r for r in records}
    result = dict(whole)
    for number, cut in enumerate(cuts):
        if progress:
            progress(number, len(cuts))
        record = whole[cut.of]
        key = f"{record.pixel_digest}@{','.join(map(str, cut.box))}"
        memory.cuts.add(key)
        if key not in memory.facts:
            try:
                data = images.source(record, folder, root).read_bytes()
                facts = inspect(data, max_megapixels=memory.limits.megapixels, box=cut.box)
            except (images.BadImage, OSError):  # it was there a moment ago
                reason = "it changed while it was looked at; run loraprep scan again"
                result[cut.path] = Image(cut.path, "rejected", "unreadable", reason)
                continue
            memory.facts[key] = json.loads(json.dumps({k: v for k, v in facts.items() if k != "words"}))
            memory.dirty = True
        own: dict[str, Any] = {"words": [], "sidecars": [], "of": cut.of} if cut.detail else {}
        own |= {"path": cut.path, "box": list(cut.box), "digest": crops.digest(record.digest, cut.box)}
        result[cut.path] = Image.from_json({**record.to_json(), **memory.facts[key], **own})
    return list(result.values())


def _listed(path: str, name: str, entries: dict[str, words.Words]) -> words.Words:
    """Entries of a metadata JSON are keyed by full path, by path or by stem; the tail must agree."""
    here = PurePosixPath(path)
    beside = here.relative_to(PurePosixPath(name).parent) if here.is_relative_to(PurePosixPath(name).parent) else here
    for key in (str(beside), str(beside.with_suffix("")), here.name, here.stem):
        if key in entries:
            return entries[key]
    return []


def look(folder: Path, root: Path, record: Image, max_megapixels: float = images.MAX_MEGAPIXELS) -> NDArray[np.uint8]:
    """The picture of a record at 256 px on the long side, (height, width, 3) RGB, as its owner sees it."""
    opened = images.load_record(record, folder, root, max_megapixels=max_megapixels, at_least=256)
    return np.asarray(images.upright(opened, longest=256), np.uint8)
