"""What would go wrong with a dataset folder in each trainer. Pure; the words are in resources/check.yaml."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

import msgspec

from loraprep.captions import hygiene
from loraprep.core.findings import Code, Finding
from loraprep.core.text import clauses, listed
from loraprep.project.profiles import Reads, TrainerProfile, models_of_pairs, trainers_of
from loraprep.project.repeats import repeats_of
from loraprep.scan import pairing
from loraprep.scan.pairing import Pairing
from loraprep.trainers.caches import StaleCache
from loraprep.trainers.folder import FolderFile

_COPIES = ("masks", "onetrainer")  # folders of dataset/ beside those that are trained on
_SPELLED = 6  # details in one sentence; the rest are named
_QUOTED = 60  # characters of a caption in a sentence
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


class Hazard(msgspec.Struct, frozen=True):
    """One thing that would go wrong in one trainer. Hazards of one code and sort of detail become one finding."""

    code: Code
    path: str
    detail: str = ""


class Configured(msgspec.Struct, frozen=True):
    """What a configuration of kohya's says of the captions in a folder."""

    extension: str
    lines: bool = False  # each is a caption of its own


def lint_folder(
    files: Sequence[FolderFile],
    profiles: Mapping[str, TrainerProfile],
    configured: Mapping[str, Configured] | None = None,
    pairs: Pairing | None = None,
) -> list[Finding]:
    """Find every hazard for the trainers in `profiles` that read folders, the same one in several named once.

    `configured`: folder (relative, "" for the top) -> what a dataset_config.toml of kohya's says of it. These folders
    need no repeats in their names. `pairs`: as `pairs_of` found them.
    """
    links = [f for f in files if f.link]
    unseen = [Finding(Code.CHECK_LINK, tuple(f.path for f in links))] if links else []
    if not any(f.kind == "picture" or f.pointer for f in files):
        return unseen or [Finding(Code.CHECK_NO_PICTURES)]
    linked = {(f.folder, f.stem) for f in links}
    # words beside a link are not alone
    files = [f for f in files if f.kind == "picture" or (f.folder, f.stem) not in linked]
    files = without_copies(files, pairs)
    by_hazard: defaultdict[Hazard, set[str]] = defaultdict(set)
    for profile in profiles.values():
        for hazard in _hazards(files, profile.reads, configured or {}) if profile.reads else ():
            by_hazard[hazard].add(profile.title)
    grouped: defaultdict[tuple[Code, tuple[str, ...]], list[Hazard]] = defaultdict(list)
    for hazard, titles in by_hazard.items():
        grouped[hazard.code, tuple(sorted(titles, key=str.casefold))].append(hazard)
    found = [
        Finding(
            code,
            tuple(sorted(h.path for h in hazards)),
            {
                "trainers": listed(titles, None),
                "details": "; ".join(sorted(f"{h.path}: {h.detail}" for h in hazards if h.detail)[:_SPELLED]),
            },
        )
        for (code, titles), hazards in sorted(grouped.items())
    ]
    return [*unseen, *found, *_unpaired(pairs), *_of_words(files, pairs)]


def pairs_of(files: Sequence[FolderFile]) -> Pairing | None:
    """Find the pairs of before and after in a folder; None if most of its pictures are of none."""
    names = [file.path for file in without_copies(files) if file.kind == "picture"]
    found = pairing.pair(names, {})
    before = {path for controls in found.controls.values() for path in controls}
    return found if 2 * (len(found.controls) + len(before)) > len(names) else None


def that_train_pairs(profiles: Mapping[str, TrainerProfile]) -> dict[str, TrainerProfile]:
    """Keep the trainers that train some base model on pairs; all of them if none does."""
    able = {name for model in models_of_pairs() for name in trainers_of(model, pairs=True)}
    return {name: profile for name, profile in profiles.items() if name in able} or dict(profiles)


def _unpaired(pairs: Pairing | None) -> list[Finding]:
    """Name what a folder of pairs holds without a partner."""
    if not pairs or not pairs.alone:
        return []
    details = clauses([f"{path}: {why}" for path, why in pairs.alone.items()])
    return [Finding(Code.CHECK_UNPAIRED, tuple(pairs.alone), {"details": details})]


def unread_configs(problems: Mapping[str, str]) -> list[Finding]:
    """Name configurations that cannot be read. `problems`: path -> why, with the line."""
    details = "; ".join(f"{path}: {why}" for path, why in sorted(problems.items())[:_SPELLED])
    return [Finding(Code.CHECK_CONFIG, tuple(sorted(problems)), {"details": details})] if problems else []


def of_caches(stale: Sequence[StaleCache]) -> list[Finding]:
    """Name caches that are not of today's picture or caption, a finding for each trainer."""
    return [
        Finding(Code.CHECK_STALE, tuple(each.path for each in stale if each.trainer == trainer), {"trainers": trainer})
        for trainer in sorted({each.trainer for each in stale})
    ]


_ANY_QUALITY = ("score_9", "masterpiece")  # which base model it is for is not known here


def _of_words(files: Sequence[FolderFile], pairs: Pairing | None) -> list[Finding]:
    """What caption hygiene sees in the captions beside pictures, one finding a rule, whoever trains them."""
    pictured = {file.path.removesuffix(file.suffix) for file in files if file.kind == "picture"}
    beside = (f for f in files if f.kind == "caption" and f.path.removesuffix(f.suffix) in pictured)
    captions = {file.path: file.text for file in beside if file.text}
    hits: defaultdict[str, dict[str, str]] = defaultdict(dict)
    shown = {target.rpartition(".")[0]: len(before) for target, before in pairs.controls.items()} if pairs else {}
    for path, text in captions.items():
        about = hygiene.About(  # a sentence before tags is no fault of itself
            form="prose",
            quality=_ANY_QUALITY,
            instruction=pairs is not None,
            shown=shown.get(path.rpartition(".")[0], 1),
        )
        mended = hygiene.mend(text, about)
        for name in mended.rules:
            hits[name][path] = f'"{_short(text)}"'
        for name, words in {**hygiene.asked(text, about), **hygiene.seen(mended.text, about)}.items():
            hits[name][path] = words
    *of_words, of_trigger = hygiene.OF_A_FOLDER
    triggers = hygiene.SET_RULES[-1].see(captions)  # no word of what is shown, here as in a project
    bare = {p: hygiene.without_trigger(text, triggers[p]) if p in triggers else text for p, text in captions.items()}
    for rule in hygiene.OF_PAIRS[:1] if pairs else of_words:
        hits[rule.name] |= rule.see(bare)
    hits[of_trigger.name] |= of_trigger.see(captions)
    return [
        Finding(Code.CHECK_WORDS, tuple(sorted(paths)), {"details": f"{hygiene.said(name).sees} - {_each_once(paths)}"})
        for name, paths in sorted(hits.items())
        if paths
    ]


def _each_once(said: Mapping[str, str]) -> str:
    """Say what is in which captions, what is the same in several once. `said`: path -> what is in it."""
    where: defaultdict[str, list[str]] = defaultdict(list)
    for path, words in sorted(said.items()):
        where[words].append(path)
    return clauses([f"{listed(paths)}: {words}" for words, paths in where.items()])


def _short(text: str) -> str:
    return text if len(text) <= _QUOTED else f"{text[: _QUOTED - 4].rstrip()} ..."


def without_copies(files: Sequence[FolderFile], pairs: Pairing | None = None) -> list[FolderFile]:
    """Leave out the masks and OneTrainer's copies that a built dataset/ keeps in folders of their own.

    And the pictures before the change of `pairs`, which no trainer looks at by themselves.
    """
    before = {path for controls in pairs.controls.values() for path in controls} if pairs else set()
    bases = {file.path.removesuffix(file.suffix) for file in files if file.kind == "picture"}

    def copy(file: FolderFile) -> bool:
        top, _, rest = file.path.removesuffix(file.suffix).partition("/")
        return file.path in before or (top in _COPIES and rest.removesuffix("-masklabel") in bases)

    return [file for file in files if not copy(file)]


def _hazards(files: Sequence[FolderFile], reads: Reads, configured: Mapping[str, Configured]) -> Iterator[Hazard]:
    configured = configured if reads.folders == "repeats" else {}
    pictures = [file for file in files if file.kind == "picture" and not _mask(file, reads)]
    taken = [file for file in pictures if _taken(file, reads)]
    yield from (Hazard(Code.CHECK_POINTER, file.path, file.pointer) for file in files if file.pointer)
    taken_paths = {file.path for file in taken}
    for file in pictures:
        if file.path not in taken_paths:
            wrong_case = file.suffix.lower() in reads.pictures
            yield Hazard(Code.CHECK_MIXED_CASE if wrong_case else Code.CHECK_NOT_READ, file.path, file.suffix)
    if not reads.masks:
        yield from (Hazard(Code.CHECK_MASK, file.path) for file in taken if file.stem.endswith("-masklabel"))
    yield from _of_pictures(taken, reads)
    yield from _of_captions(taken, files, reads, configured)
    yield from _of_folders([file for file in pictures if file.folder not in configured], reads)
    if not reads.pictures:
        others = [file for file in files if file.kind != "picture" and not file.pointer]
        left = (file for file in others if file.suffix not in reads.leaves)
        yield from (Hazard(Code.CHECK_TRIED, file.path) for file in left)


def _mask(file: FolderFile, reads: Reads) -> bool:
    return bool(reads.masks) and file.stem.endswith(reads.masks)


def _taken(file: FolderFile, reads: Reads) -> bool:
    if not reads.pictures:
        return True
    if file.suffix.lower() not in reads.pictures:
        return False
    return reads.case == "any" or file.suffix in (file.suffix.lower(), file.suffix.upper())


def _of_pictures(taken: Iterable[FolderFile], reads: Reads) -> Iterator[Hazard]:
    for file in taken:
        if file.pointer:
            continue
        if file.problem:
            yield Hazard(Code.CHECK_HUGE if file.huge else Code.CHECK_UNREADABLE, file.path, file.problem)
            continue
        if file.orientation != 1 and not reads.upright:
            yield Hazard(Code.CHECK_SIDEWAYS, file.path)
        if file.transparent:
            yield Hazard(_TRANSPARENT[reads.transparent], file.path)
        if file.deep:
            yield Hazard(Code.CHECK_DEEP, file.path)
        if file.frames > 1:
            yield Hazard(Code.CHECK_ANIMATED, file.path)


def _of_captions(
    taken: Sequence[FolderFile], files: Sequence[FolderFile], reads: Reads, configured: Mapping[str, Configured]
) -> Iterator[Hazard]:
    """Captions by the extension the trainer looks for. What it would not see is named, and judged all the same."""
    captions: dict[str, FolderFile] = {}
    unseen: dict[str, FolderFile] = {}
    for file in files:
        if file.kind == "caption":
            told = configured.get(file.folder)
            wanted = file.suffix == (told.extension if told else reads.captions)
            (captions if wanted else unseen)[file.path.removesuffix(file.suffix)] = file
    if reads.captions != ".txt":
        unseen = {base: file for base, file in unseen.items() if file.suffix == ".txt" and base not in captions}
        yield from (Hazard(Code.CHECK_EXTENSION, file.path) for file in unseen.values())
        captions |= unseen
    listings = {file.folder: file for file in files if reads.listing and PurePosixPath(file.path).name == reads.listing}
    yield from (Hazard(Code.CHECK_LISTING, f.path, f.problem) for f in listings.values() if f.problem)
    owners: defaultdict[str, list[FolderFile]] = defaultdict(list)
    for file in taken:
        owners[file.path.removesuffix(file.suffix)].append(file)
    for base, sharing in owners.items():
        if len(sharing) > 1:
            yield from (Hazard(Code.CHECK_SHARED, file.path) for file in sharing)
        if (listing := listings.get(sharing[0].folder)) and not listing.pointer:
            yield from _of_listed(sharing, captions.get(base), listing, reads)
        elif base in captions:
            told = configured.get(captions[base].folder)
            yield from _of_caption(captions[base], reads, lines=bool(told and told.lines))
        else:
            yield from (_without(file, captions, reads) for file in sharing)
    folded: defaultdict[str, list[str]] = defaultdict(list)
    for base in owners:
        folded[base.casefold()].append(base)
    for twins in folded.values():
        if len(twins) > 1:
            yield from (Hazard(Code.CHECK_TWINS, file.path) for base in twins for file in owners[base])
    for base, caption in captions.items():
        if base not in owners:
            yield Hazard(Code.CHECK_ALONE, caption.path)


def _of_listed(
    sharing: Sequence[FolderFile], caption: FolderFile | None, listing: FolderFile, reads: Reads
) -> Iterator[Hazard]:
    """Captions that a file for the whole folder holds, in place of those beside the pictures."""
    listed = listing.listed
    if listed is None:  # said already
        return
    for file in sharing:
        texts = [" ".join(text.split()) for text in listed.get(PurePosixPath(file.path).name, ())]
        if not any(texts):
            yield Hazard(_UNCAPTIONED[reads.missing], file.path)
        elif caption and caption.text not in (*texts, " ".join(dict.fromkeys(texts))):
            yield Hazard(Code.CHECK_LISTED_OTHERWISE, caption.path)


def _without(file: FolderFile, captions: Mapping[str, FolderFile], reads: Reads) -> Hazard:
    parts = file.stem.split("_")
    if reads.folders == "repeats" and len(parts) > _FACE_PARTS:
        other = "/".join(filter(None, [file.folder, "_".join(parts[:-_FACE_PARTS])]))
        if other in captions:
            return Hazard(Code.CHECK_UNDERSCORES, file.path, f"takes {captions[other].path}")
    return Hazard(_UNCAPTIONED[reads.missing], file.path)


def _of_caption(caption: FolderFile, reads: Reads, *, lines: bool) -> Iterator[Hazard]:
    """`lines`: the trainer is told to take each for a caption of its own, which somebody means then."""
    if caption.pointer:
        return
    if not caption.utf8:
        yield Hazard(Code.CHECK_NOT_UTF8, caption.path)
        return
    if caption.bom:
        yield Hazard(Code.CHECK_BOM, caption.path)
    if not caption.bytes and reads.empty == "stops":
        yield Hazard(Code.CHECK_EMPTY_STOPS, caption.path)
    elif not caption.lines or (reads.lines == "first" and not caption.first):
        yield Hazard(Code.CHECK_EMPTY, caption.path)
    elif caption.lines > 1 and reads.lines != "all" and not lines:
        yield Hazard(_LINES[reads.lines], caption.path)


def _of_folders(pictures: Sequence[FolderFile], reads: Reads) -> Iterator[Hazard]:
    """Subfolders a trainer does not look into, and for kohya the names that carry the repeats."""
    if reads.folders == "deep":
        return
    holding = {file.folder for file in pictures}
    parent = "" not in holding or any(repeats_of(f.split("/")[0]) for f in holding if f)
    for file in pictures:
        top, _, below = file.folder.partition("/")
        if reads.folders == "repeats" and parent:
            if not file.folder:
                yield Hazard(Code.CHECK_BESIDE, file.path)
            elif below:
                yield Hazard(Code.CHECK_NESTED, file.path)
            elif not repeats_of(top):
                yield Hazard(Code.CHECK_REPEATS, file.path, top)
        elif file.folder and any(file.folder != f and (not f or file.folder.startswith(f + "/")) for f in holding):
            yield Hazard(Code.CHECK_NESTED, file.path)
