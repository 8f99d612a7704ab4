"""What would go wrong with a dataset folder in each trainer. Pure; the words are in resources/check.yaml."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loraprep.core.findings import Code, Finding
from loraprep.trainers import naming
from loraprep.trainers.folder import Seen

_COPIES = ("masks", "onetrainer")  # folders of dataset/ beside those that are trained on
_SPELLED = 6  # details in one sentence; the rest are named
_FACE_PARTS = 4  # kohya cuts this many underscore parts off a name to find the caption of the uncut picture

# By what a trainer's profile says under `reads`.
_TRANSPARENT = {"hidden": Code.CHECK_TRANSPARENT_HIDDEN, "white": Code.CHECK_TRANSPARENT_WHITE}
_LINES = {"first": Code.CHECK_LINES_FIRST, "each": Code.CHECK_LINES_EACH}
_UNCAPTIONED = {
    "class": Code.CHECK_UNCAPTIONED_CLASS,
    "skipped": Code.CHECK_UNCAPTIONED_SKIPPED,
    "empty": Code.CHECK_UNCAPTIONED_EMPTY,
    "needed": Code.CHECK_UNCAPTIONED_NEEDED,
}


@dataclass(frozen=True, slots=True)
class Hazard:
    """One thing that would go wrong in one trainer. Hazards of one code and sort of detail become one finding."""

    code: Code
    path: str
    detail: str = ""


def check(
    seen: Sequence[Seen], profiles: Mapping[str, Mapping[str, Any]], told: Mapping[str, str] | None = None
) -> list[Finding]:
    """Every hazard for the trainers in `profiles` (those that read folders), the same one in several named once.

    `told`: folder (relative, "" for the top) -> the extension of its captions, for folders that a dataset_config.toml
    of kohya's names. They need no repeats in their names.
    """
    if not any(s.kind == "picture" for s in seen):
        return [Finding(Code.CHECK_NO_PICTURES)]
    seen = trained(seen)
    by_hazard: defaultdict[Hazard, set[str]] = defaultdict(set)
    for profile in profiles.values():
        for hazard in _hazards(seen, profile["reads"], told or {}):
            by_hazard[hazard].add(profile["title"])
    grouped: defaultdict[tuple[Code, tuple[str, ...]], list[Hazard]] = defaultdict(list)
    for hazard, titles in by_hazard.items():
        grouped[hazard.code, tuple(sorted(titles, key=str.casefold))].append(hazard)
    return [
        Finding(
            code,
            tuple(sorted(h.path for h in hazards)),
            {
                "trainers": _listed(titles),
                "details": "; ".join(sorted(f"{h.path}: {h.detail}" for h in hazards if h.detail)[:_SPELLED]),
            },
        )
        for (code, titles), hazards in sorted(grouped.items())
    ]


def trained(seen: Sequence[Seen]) -> list[Seen]:
    """Without the masks and OneTrainer's copies that a built dataset/ keeps in folders of their own."""
    bases = {s.path.removesuffix(s.suffix) for s in seen if s.kind == "picture"}

    def copy(s: Seen) -> bool:
        top, _, rest = s.path.removesuffix(s.suffix).partition("/")
        return top in _COPIES and rest.removesuffix("-masklabel") in bases

    return [s for s in seen if not copy(s)]


def _listed(titles: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(titles[:-1]), titles[-1]]))


def _hazards(seen: Sequence[Seen], reads: Mapping[str, Any], told: Mapping[str, str]) -> Iterator[Hazard]:
    told = told if reads["folders"] == "repeats" else {}
    pictures = [s for s in seen if s.kind == "picture" and not _mask(s, reads)]
    taken = [s for s in pictures if _taken(s, reads)]
    seen_by_it = {s.path for s in taken}
    for s in pictures:
        if s.path not in seen_by_it:
            wrong_case = s.suffix.lower() in reads["pictures"]
            yield Hazard(Code.CHECK_MIXED_CASE if wrong_case else Code.CHECK_NOT_READ, s.path, s.suffix)
    if "masks" not in reads:
        yield from (Hazard(Code.CHECK_MASK, s.path) for s in taken if s.stem.endswith("-masklabel"))
    yield from _of_pictures(taken, reads)
    yield from _of_captions(taken, seen, reads, told)
    yield from _of_folders([s for s in pictures if s.folder not in told], reads)
    if not reads["pictures"]:
        left = (s for s in seen if s.kind != "picture" and s.suffix not in reads["leaves"])
        yield from (Hazard(Code.CHECK_TRIED, s.path) for s in left)


def _mask(s: Seen, reads: Mapping[str, Any]) -> bool:
    return "masks" in reads and s.stem.endswith(reads["masks"])


def _taken(s: Seen, reads: Mapping[str, Any]) -> bool:
    if not reads["pictures"]:
        return True
    if s.suffix.lower() not in reads["pictures"]:
        return False
    return reads["case"] == "any" or s.suffix in (s.suffix.lower(), s.suffix.upper())


def _of_pictures(taken: Iterable[Seen], reads: Mapping[str, Any]) -> Iterator[Hazard]:
    for s in taken:
        if s.problem:
            yield Hazard(Code.CHECK_HUGE if s.huge else Code.CHECK_UNREADABLE, s.path, s.problem)
            continue
        if s.orientation != 1 and not reads["upright"]:
            yield Hazard(Code.CHECK_SIDEWAYS, s.path)
        if s.transparent:
            yield Hazard(_TRANSPARENT[reads["transparent"]], s.path)
        if s.deep:
            yield Hazard(Code.CHECK_DEEP, s.path)


def _of_captions(
    taken: Sequence[Seen], seen: Sequence[Seen], reads: Mapping[str, Any], told: Mapping[str, str]
) -> Iterator[Hazard]:
    """Captions by the extension the trainer looks for. What it would not see is named, and judged all the same."""
    captions: dict[str, Seen] = {}
    unseen: dict[str, Seen] = {}
    for s in seen:
        if s.kind == "caption":
            wanted = s.suffix == told.get(s.folder, reads["captions"])
            (captions if wanted else unseen)[s.path.removesuffix(s.suffix)] = s
    if reads["captions"] != ".txt":
        unseen = {base: s for base, s in unseen.items() if s.suffix == ".txt" and base not in captions}
        yield from (Hazard(Code.CHECK_EXTENSION, s.path) for s in unseen.values())
        captions |= unseen
    owners: defaultdict[str, list[Seen]] = defaultdict(list)
    for s in taken:
        owners[s.path.removesuffix(s.suffix)].append(s)
    for base, sharing in owners.items():
        if len(sharing) > 1:
            yield from (Hazard(Code.CHECK_SHARED, s.path) for s in sharing)
        if base in captions:
            yield from _of_caption(captions[base], reads)
        else:
            yield from (_without(s, captions, reads) for s in sharing)
    folded: defaultdict[str, list[str]] = defaultdict(list)
    for base in owners:
        folded[base.casefold()].append(base)
    for twins in folded.values():
        if len(twins) > 1:
            yield from (Hazard(Code.CHECK_TWINS, s.path) for base in twins for s in owners[base])
    for base, caption in captions.items():
        if base not in owners:
            yield Hazard(Code.CHECK_ALONE, caption.path)


def _without(s: Seen, captions: Mapping[str, Seen], reads: Mapping[str, Any]) -> Hazard:
    parts = s.stem.split("_")
    if reads["folders"] == "repeats" and len(parts) > _FACE_PARTS:
        other = "/".join(filter(None, [s.folder, "_".join(parts[:-_FACE_PARTS])]))
        if other in captions:
            return Hazard(Code.CHECK_UNDERSCORES, s.path, f"takes {captions[other].path}")
    return Hazard(_UNCAPTIONED[reads["missing"]], s.path)


def _of_caption(caption: Seen, reads: Mapping[str, Any]) -> Iterator[Hazard]:
    if not caption.utf8:
        yield Hazard(Code.CHECK_NOT_UTF8, caption.path)
        return
    if caption.bom:
        yield Hazard(Code.CHECK_BOM, caption.path)
    if not caption.bytes and reads["empty"] == "stops":
        yield Hazard(Code.CHECK_EMPTY_STOPS, caption.path)
    elif not caption.lines or (reads["lines"] == "first" and not caption.first):
        yield Hazard(Code.CHECK_EMPTY, caption.path)
    elif caption.lines > 1 and reads["lines"] != "all":
        yield Hazard(_LINES[reads["lines"]], caption.path)


def _of_folders(pictures: Sequence[Seen], reads: Mapping[str, Any]) -> Iterator[Hazard]:
    """Subfolders a trainer does not look into, and for kohya the names that carry the repeats."""
    if reads["folders"] == "deep":
        return
    holding = {s.folder for s in pictures}
    parent = "" not in holding or any(naming.repeats_of(f.split("/")[0]) for f in holding if f)
    for s in pictures:
        top, _, below = s.folder.partition("/")
        if reads["folders"] == "repeats" and parent:
            if not s.folder:
                yield Hazard(Code.CHECK_BESIDE, s.path)
            elif below:
                yield Hazard(Code.CHECK_NESTED, s.path)
            elif not naming.repeats_of(top):
                yield Hazard(Code.CHECK_REPEATS, s.path, top)
        elif s.folder and any(s.folder != f and (not f or s.folder.startswith(f + "/")) for f in holding):
            yield Hazard(Code.CHECK_NESTED, s.path)
