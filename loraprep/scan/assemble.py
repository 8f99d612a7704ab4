"""Joins what was seen in each file with what lies beside it: the lines of build/images.jsonl."""

from __future__ import annotations

import heapq
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TypedDict

from loraprep.imaging import decode
from loraprep.project import crops
from loraprep.project.crops import Crop
from loraprep.scan import inspect, metadata, walk
from loraprep.scan.cache import ScanCache, Seen, spelled
from loraprep.scan.walk import File


# A line in two pieces: fields of its own, and the JSON of what its pixels say, which is copied as it is.
class _Head(TypedDict, total=False):
    """The fields of records.Image that a file has of its own; what is absent holds its default."""

    path: str
    state: str
    code: str
    reason: str
    digest: str
    bytes: int
    upscaled: str
    pixel_digest: str
    pixel_bytes: int
    words: metadata.Words
    sidecars: Sequence[str]
    box: tuple[float, ...]
    of: str
    mask: str
    mask_digest: str


_Record = tuple[_Head, str]


class Records:
    """The files that were found in the images folder, with those in upscaled/ and masks/ that belong to them.

    `orphans`: files in upscaled/ of no picture; `useless`: files in masks/ -> why, and `parts`: the keys of parts in
    the cache that are used, both complete once the lines have been made.
    """

    def __init__(self, folder: Path, root: Path, found: Sequence[File], max_megapixels: float) -> None:
        self._folder, self._root, self._found, self._limit = folder, root, found, max_megapixels
        pictures = [f.path for f in found if f.state == "image"]
        self._better, self.orphans = walk.beside(root, "upscaled", pictures)
        self._masks, strays = walk.beside(root, "masks", pictures)
        self._sidecars = walk.sidecars(found)
        self._listed = [(path, metadata.listing(folder / path, path)) for path in walk.listings(found)]
        self.useless = dict.fromkeys(strays, "no picture has its name")
        self.parts: set[str] = set()

    def keys(self) -> list[str]:
        """Of every file that must be looked at, as the cache has them, sorted."""
        pictures = ("images/" + f.path for f in self._found if f.state == "image")
        return [*pictures, *sorted(self._masks.values()), *sorted(self._better.values())]

    def lines(self, cache: ScanCache) -> Iterator[str]:
        """One JSON object and a line feed for each file and detail, by path.

        Raises UserError with every problem in decisions/crops.yaml, sqlite3.Error if the cache lacks a file.
        """
        changed, details = self._cuts(cache)
        for _, record in heapq.merge(self._all(cache, changed), sorted(details.items()), key=lambda r: r[0]):
            yield _line(*record)

    def _all(self, cache: ScanCache, changed: Mapping[str, _Record]) -> Iterator[tuple[str, _Record]]:
        remembered = cache.below("images")
        for item in self._found:
            if item.state != "image":
                yield item.path, (_without_defaults(item), "")
                continue
            key = "images/" + item.path
            own = cache.passing.get(key)
            if own is None:
                there, own = next(remembered, ("", None))
                if there != key or own is None:
                    raise sqlite3.DatabaseError("rows are missing")
            yield item.path, changed.get(item.path) or self._record(item.path, own, cache)

    def _record(self, path: str, own: Seen, cache: ScanCache) -> _Record:
        """A picture as it is used: with better pixels, its mask and its words."""
        better, mask = self._better.get(path, ""), self._masks.get(path, "")
        seen = (better and cache.seen(better)) or own
        head: _Head = {
            "path": path,
            "state": seen.state,
            "digest": own.digest,
            "bytes": own.bytes,
            "pixel_digest": seen.digest,
            "pixel_bytes": seen.bytes,
        }
        if seen.code:
            stands_in = f"{better}, which stands in for it: " if better else ""
            head |= {"code": seen.code, "reason": stands_in + seen.reason}
        if better:
            head["upscaled"] = better
        if mask:
            head |= self._mask(mask, seen, cache.seen(mask))
        inside = list(dict.fromkeys(map(tuple, [*_pairs(own.words), *(_pairs(seen.words) if better else ())])))
        beside = self._sidecars.get(path, ())
        texts = [pair for name in beside for pair in metadata.sidecar(self._folder / name, name)]
        texts += [pair for name, entries in self._listed for pair in _listed(path, name, entries)]
        known = {text for _, text in texts}
        if said := [*texts, *(pair for pair in inside if pair[1] not in known)]:
            head["words"] = said
        if beside:
            head["sidecars"] = beside
        return head, seen.pixels

    def _mask(self, mask: str, picture: Seen, seen: Seen | None) -> _Head:
        """What a record says of its mask; if that cannot be used, `useless` says why."""
        if seen is None or seen.state != "image":
            self.useless[mask] = seen.reason if seen else "it changed while it was looked at; run loraprep scan again"
        elif picture.state == "image":
            ratio = seen.width * picture.height / (seen.height * picture.width)
            if abs(ratio - 1) < 0.02:  # of the same shape, rounding aside
                return {"mask": mask, "mask_digest": seen.digest}
            self.useless[mask] = f"it is {seen.width}x{seen.height}, another shape than its picture"
        return {}

    def _cuts(self, cache: ScanCache) -> tuple[dict[str, _Record], dict[str, _Record]]:
        """By path: pictures of which only a part is used, and details, pictures of their own."""
        records: dict[str, _Record] = {}
        sizes: dict[str, tuple[int, int]] = {}
        taken: set[str] = set()
        if named := crops.cropped_paths(self._root):
            taken = {f.path for f in self._found}
        for path in named:
            own = cache.seen("images/" + path)
            if own is None:
                continue
            record = self._record(path, own, cache)
            if record[0]["state"] == "image":
                # a person draws boxes in the pixels of the picture in images/; better pixels may be more
                seen = own if own.width else cache.seen(record[0]["upscaled"]) or own
                records[path], sizes[path] = record, (seen.width, seen.height)
        changed: dict[str, _Record] = {}
        details: dict[str, _Record] = {}
        for cut in crops.read_crops(self._root, sizes, taken):
            (details if cut.detail else changed)[cut.path] = self._cut(cut, records[cut.of][0], cache)
        return changed, details

    def _cut(self, cut: Crop, whole: _Head, cache: ScanCache) -> _Record:
        key = f"{whole['pixel_digest']}@{','.join(map(str, cut.box))}"
        self.parts.add(key)
        pixels = cache.part(key)
        if pixels is None:
            try:
                data = (self._root / whole["upscaled"] if "upscaled" in whole else self._folder / cut.of).read_bytes()
                pixels = inspect.part(data, self._limit, cut.box)
            except (decode.BadImage, OSError):  # it was there a moment ago
                reason = "it changed while it was looked at; run loraprep scan again"
                return {"path": cut.path, "state": "rejected", "code": "unreadable", "reason": reason}, ""
            cache.keep_part(key, pixels)
        head: _Head = {**whole, "path": cut.path, "box": cut.box, "digest": crops.digest(whole["digest"], cut.box)}
        if cut.detail:
            head.pop("words", None)
            head.pop("sidecars", None)
            head["of"] = cut.of
        return head, pixels


def _without_defaults(item: File) -> _Head:
    head: _Head = {"path": item.path, "state": item.state}
    if item.code:
        head["code"] = item.code
    if item.reason:
        head["reason"] = item.reason
    if item.bytes:
        head["bytes"] = item.bytes
    return head


def _line(head: _Head, pixels: str) -> str:
    # joined as text: to parse and spell all facts again would cost a second scan of 20,000 files a second
    start = spelled(head)
    return f"{start[:-1]},{pixels[1:]}\n" if len(pixels) > 2 else start + "\n"


def _pairs(text: str) -> list[list[str]]:
    return [] if text == "[]" else json.loads(text)


def _listed(path: str, name: str, entries: dict[str, metadata.Words]) -> metadata.Words:
    """Entries of a metadata JSON are keyed by full path, by path or by stem; the tail must agree."""
    here = PurePosixPath(path)
    beside = here.relative_to(PurePosixPath(name).parent) if here.is_relative_to(PurePosixPath(name).parent) else here
    for key in (str(beside), str(beside.with_suffix("")), here.name, here.stem):
        if key in entries:
            return entries[key]
    return []
