"""Joins what was found in each file with what lies beside it: the records of build/images.jsonl."""

from __future__ import annotations

import heapq
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import structs

from loraprep.core import files, typed
from loraprep.core.findings import Code
from loraprep.core.records import Image
from loraprep.core.text import listed
from loraprep.imaging import formats
from loraprep.imaging.errors import BadImage
from loraprep.imaging.pictures import Pictures
from loraprep.project import crops, mentions
from loraprep.project.crops import Crop
from loraprep.scan import inspect, listings, metadata, pairing, roles, walk
from loraprep.scan.cache import Inspection, ScanCache
from loraprep.scan.inspect import ImageFacts
from loraprep.scan.pairing import Pairing
from loraprep.scan.walk import FoundFile

_CHANGED = "it changed while it was looked at; run loraprep scan again"


class Records:
    """The files that were found in the images folder, with those in upscaled/ and masks/ that belong to them.

    `orphans`: files in upscaled/ of no picture; `useless`: files in masks/ -> why, and `parts`: the keys of parts in
    the cache that are used, both complete once the records have been made. `given`, `regularization`: project.yaml's
    images.roles, and its folder of regularization pictures as seen from the folder of pictures.
    """

    def __init__(
        self,
        where: Pictures,
        found: Sequence[FoundFile],
        given: roles.Given | None = None,
        regularization: str = "",
        *,
        pairs: bool = False,
    ) -> None:
        self._given, self._regularization = given or roles.Given({}), regularization
        self._roles: dict[str, roles.Found] = {}
        self._owners: defaultdict[str, list[str]] = defaultdict(list)  # caption file -> pictures, where any has a role
        root = where.root
        self._where, self._found = where, found
        pictures = [f.path for f in found if f.state == "image"]
        self._better, self.orphans = walk.beside(root, "upscaled", pictures)
        self._masks, strays = walk.beside(root, "masks", pictures)
        self._sidecars = walk.sidecars(found)
        self._listed = [(path, metadata.listing(self._words_file(path), path)) for path in walk.listings(found)]
        self._pairing = self._paired(pictures) if pairs else None
        self._before = self._pairing.targets() if self._pairing else {}
        told = [(path, entries) for path, entries in self._listed if entries]
        every = listings.Pictures(pictures if told else ())
        self._rows = [(path, every.rows(path, entries)) for path, entries in told]
        self._useful = {path for path, entries in self._listed if entries}  # a table need not be about pictures
        self.useless = dict.fromkeys(strays, mentions.NO_PICTURE)
        if pairs:
            self.useless.update(dict.fromkeys(self._masks.values(), "a pair is learned whole, without a mask"))
            self._masks = {}
        self.parts: set[str] = set()

    def _paired(self, pictures: Sequence[str]) -> Pairing:
        """Pair the pictures, by lists and names; what a list of pairs says counts before other words in it."""
        rows = {path: metadata.pair_rows(self._words_file(path), path) for path, _ in self._listed}
        asked = {path: {target: row.words for target, row in rows[path].items() if row.words} for path in rows}
        self._listed = [(path, {**entries, **asked[path]}) for path, entries in self._listed]
        given = {path: role for path in pictures if (role := self._given.of(path))}
        named = {path: {target: row.controls for target, row in found.items()} for path, found in rows.items()}
        return pairing.pair((path for path in pictures if _may_pair(path, given)), named, given)

    def _words_file(self, path: str) -> Path:
        return walk.words_file(path, self._where.folder, self._where.root)

    def keys(self) -> list[str]:
        """Return the keys of every file that must be inspected, as the cache has them, sorted."""
        pictures = ("images/" + f.path for f in self._found if f.state == "image")
        return [*pictures, *sorted(self._masks.values()), *sorted(self._better.values())]

    def images(self, cache: ScanCache) -> Iterator[Image]:
        """Make a record for each file and detail, by path.

        Raises UserError with every problem in decisions/crops.yaml, sqlite3.Error if the cache lacks a file.
        """
        self._roles = self._judged(cache)
        for path, role in self._roles.items():
            if role.role == "mask" and role.of and not role.asked and self._pairing is None:
                self._masks.setdefault(role.of, "images/" + path)
        for path, beside in self._sidecars.items() if self._roles else ():
            for name in beside:
                self._owners[name].append(path)
        cropped, details = self._crops(cache)
        yield from heapq.merge(self._all(cache, cropped), sorted(details, key=_path), key=_path)

    def _all(self, cache: ScanCache, cropped: Mapping[str, Image]) -> Iterator[Image]:
        remembered = cache.inspections_below("images")
        for item in self._found:
            if item.state != "image":
                code, reason = item.code, item.reason
                if code == "sidecar" and (owner := self._owner_with_role(item.path)):
                    code, reason = owner, "words of what does not train"
                elif self._pairing and (lost := self._pairing.missing.get(item.path)):
                    code, reason = Code.PAIR_LIST, listed(list(dict.fromkeys(lost)))
                elif code == "sidecar" and reason == walk.STRAY:
                    code, reason = (
                        ("sidecar", "words of many pictures") if item.path in self._useful else ("not-an-image", reason)
                    )
                elif code == "sidecar" and item.path.lower().endswith(formats.TABLES) and item.path not in self._useful:
                    code, reason = "not-an-image", "not a picture"
                elif code == "sidecar":
                    code, reason = metadata.sidecar_note(self._words_file(item.path), item.path) or (code, reason)
                yield Image(item.path, item.state, code, reason, bytes=item.bytes, role=item.role, holds=item.holds)
                continue
            key = "images/" + item.path
            own = cache.transient.get(key)
            if own is None:
                there, own = next(remembered, ("", None))
                if there != key or own is None:
                    raise sqlite3.DatabaseError("rows are missing")
            yield cropped.get(item.path) or self._record(item.path, own, cache)

    def _judged(self, cache: ScanCache) -> dict[str, roles.Found]:
        """Find the role of each picture that has one, by its name and what is known of its pixels."""

        def facts(path: str) -> roles.Facts | None:
            seen = cache.inspection("images/" + path)
            if seen is None or seen.state != "image":
                return None
            pixels = _decode_facts(seen.pixels)
            plain = sum(share for name, _, share in pixels.palette if name in ("black", "white"))
            return roles.Facts(seen.width, seen.height, pixels.chroma, plain, bool(pixels.generator))

        paired = {*self._pairing.controls, *self._pairing.alone, *self._before} if self._pairing else set()
        pictures = [f.path for f in self._found if f.state == "image" and f.path not in paired]
        others = (f.path for f in self._found if f.state != "image")
        try:
            found = roles.judge(pictures, self._given, facts, others=others, regularization=self._regularization)
        except (ValueError, TypeError) as error:
            raise sqlite3.DatabaseError("facts are damaged") from error
        serves = {path: roles.Found("control", f"before {listed(of)}") for path, of in self._before.items()}
        return found | serves

    def _owner_with_role(self, words: str) -> str:
        """Return the role of the pictures that a caption file belongs to, "" if one of them trains."""
        owners = [self._roles.get(path) for path in self._owners.get(words, ())]
        found = [role.role for role in owners if role and not role.asked]
        return found[0] if found and len(found) == len(owners) else ""

    def _record(self, path: str, own: Inspection, cache: ScanCache) -> Image:
        """Make the record of a picture as it is used: with better pixels, its mask and its words."""
        better, mask = self._better.get(path, ""), self._masks.get(path, "")
        shown = (better and cache.inspection(better)) or own
        stands_in = f"{better}, which stands in for it: " if better and shown.code else ""
        mask_digest = self._mask_digest(mask, shown, cache.inspection(mask)) if mask else ""
        inside = dict.fromkeys([*_pairs(own.words), *(_pairs(shown.words) if better else ())])
        beside = self._sidecars.get(path, ())
        texts = [pair for name in beside for pair in metadata.sidecar(self._words_file(name), name)]
        texts += [pair for _, rows in self._rows for pair in rows.get(path, ())]
        known = {text for _, text in texts}
        record = Image(
            path,
            "image" if shown.state == "image" else "rejected",
            code=shown.code,
            reason=stands_in + shown.reason,
            digest=own.digest,
            bytes=own.bytes,
            upscaled=better,
            pixel_digest=shown.digest,
            pixel_bytes=shown.bytes,
            words=(*texts, *(pair for pair in inside if pair[1] not in known)),
            sidecars=beside,
            origin=next((o for name in beside if (o := metadata.origin(self._words_file(name), name))), ""),
            mask=mask if mask_digest else "",
            mask_digest=mask_digest,
        )
        if self._pairing is not None and record.state == "image" and path not in self._roles:
            record = self._pair(record, self._pairing, cache)
        role = self._roles.get(path)
        if role is None or record.state != "image":
            return _with_facts(record, shown.pixels)
        if path in self._before:
            record = structs.replace(record, state="ignored", code=role.role, reason=role.why, role=role.role)
            return _with_facts(structs.replace(record, words=(), sidecars=(), origin=""), shown.pixels)
        if role.asked:
            return _with_facts(
                structs.replace(record, role=role.role, leaves=role.leave, reason=role.why), shown.pixels
            )
        return Image(path, "ignored", role.role, role.why, digest=own.digest, bytes=own.bytes, role=role.role)

    def _pair(self, record: Image, pairing: Pairing, cache: ScanCache) -> Image:
        """Give a picture those before its change; without any that can be opened it is not usable."""
        controls, before = pairing.controls.get(record.path, ()), list[str]()
        for control in controls:
            own = cache.inspection("images/" + control)
            if own is None or own.state != "image":
                why = f"{control}, the picture before it: {own.reason if own else 'it is gone'}"
                return structs.replace(record, state="rejected", code=Code.UNPAIRED, reason=why)
            before.append(own.digest)
        if not controls:
            why = pairing.alone.get(record.path, "no list and no name pairs it")
            return structs.replace(record, state="rejected", code=Code.UNPAIRED, reason=why)
        return structs.replace(record, controls=controls, before=tuple(before))

    def _mask_digest(self, mask: str, picture: Inspection, found: Inspection | None) -> str:
        """Return the digest of a picture's mask; "" if it cannot be used, and then `useless` says why."""
        if found is None or found.state != "image":
            self.useless[mask] = found.reason if found else "it changed while it was looked at; run loraprep scan again"
        elif picture.state == "image":
            ratio = found.width * picture.height / (found.height * picture.width)
            if abs(ratio - 1) < 0.02:  # of the same shape, rounding aside
                return found.digest
            self.useless[mask] = f"it is {found.width}x{found.height}, another shape than its picture"
        return ""

    def _crops(self, cache: ScanCache) -> tuple[dict[str, Image], list[Image]]:
        """Make the records of pictures of which only a part is used, by path, and of details, pictures of their own."""
        records: dict[str, Image] = {}
        sizes: dict[str, tuple[int, int]] = {}
        taken: set[str] = set()
        if named := crops.cropped_paths(self._where.root):
            taken = {f.path for f in self._found}
        for path in named:
            own = cache.inspection("images/" + path)
            if own is None:
                continue
            record = self._record(path, own, cache)
            if record.state == "image":
                # a person draws boxes in the pixels of the picture in images/; better pixels may be more
                drawn_in = own if own.width else cache.inspection(record.upscaled) or own
                records[path], sizes[path] = record, (drawn_in.width, drawn_in.height)
        drawn = crops.read_crops(self._where.root, sizes, taken)
        return (
            {crop.path: self._crop(crop, records[crop.of], cache) for crop in drawn if not crop.detail},
            [self._crop(crop, records[crop.of], cache) for crop in drawn if crop.detail],
        )

    def _crop(self, crop: Crop, whole: Image, cache: ScanCache) -> Image:
        if not crop.box and not crop.turn:
            return structs.replace(whole, apart=crop.apart)
        key = f"{whole.pixel_digest}@{','.join(map(str, crop.box))}" + (f"@{crop.turn}" if crop.turn else "")
        self.parts.add(key)
        pixels = cache.part(key)
        if pixels is None:
            try:
                pixels = self._where.apart(inspect.inspect_part, whole, crop.box, crop.turn)
            except BadImage as bad:
                if bad.code in (Code.TOO_SLOW, Code.TOO_HEAVY, Code.UNEXPECTED):
                    return Image(crop.path, "rejected", bad.code, bad.reason)
                return Image(crop.path, "rejected", Code.UNREADABLE, _CHANGED)
            except OSError:  # it was there a moment ago
                return Image(crop.path, "rejected", Code.UNREADABLE, _CHANGED)
            cache.store_part(key, pixels)
        digest = crops.digest(whole.digest, crop.box, crop.turn)
        record = structs.replace(whole, path=crop.path, box=crop.box, turn=crop.turn, digest=digest, apart=crop.apart)
        if crop.detail:
            record = structs.replace(record, of=crop.of, words=(), sidecars=())
        return _with_facts(record, pixels)


def _may_pair(path: str, given: Mapping[str, str]) -> bool:
    """Say whether a picture can be of a pair: by its owner's word, else if its name does not say that it is a mask or
    the like."""
    if path in given:
        return given[path] in (roles.TRAIN, "control")
    named = roles.by_name(path)
    return named is None or named.role == "control"


def _decode_facts(pixels: str) -> ImageFacts:
    return typed.from_json(pixels, ImageFacts)


def _with_facts(record: Image, pixels: str) -> Image:
    """Fill in what `Inspection.pixels` holds. Raises sqlite3.DatabaseError if that is damaged."""
    if pixels == "{}":
        return record
    try:
        found = structs.asdict(_decode_facts(pixels))
        return structs.replace(record, **{**found, "thumb": typed.Hex.fromhex(found["thumb"])})
    except (ValueError, TypeError) as error:
        raise sqlite3.DatabaseError("facts are damaged") from error


def _path(record: Image) -> str:
    return record.path


def _pairs(text: str) -> metadata.Words:
    """Read `Inspection.words`. Raises sqlite3.DatabaseError if they are damaged."""
    try:
        return [] if text == "[]" else files.parse_json(text, list[tuple[str, str]])
    except (ValueError, TypeError) as error:
        raise sqlite3.DatabaseError("words are damaged") from error
