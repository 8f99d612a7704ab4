"""What a person is asked about copies and variants, and what comes of the answers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

from loraprep.core.records import Fate, Group, Image
from loraprep.duplicates import descriptions, ranking
from loraprep.duplicates.clusters import copies
from loraprep.project.decisions import Decisions, Like, Question
from loraprep.project.resolution import Present, settle

HEADER = """\
# Every copy makes the model learn that one picture by heart instead of what your pictures have in common.
# Variants (the same scene, changed) are no copies: they teach what may change, and stay unless you say otherwise.
# Look first. Nothing in images/ is ever deleted.
# keep: recommended | all | none | [file names]
"""


_COPIES = Like("copies", "{n} pictures are there more than once; the best of each would stay")
_VARIANTS = Like("variants", "{n} scenes are there in several versions; all would stay")


def _byte_copies(group: Group, gone: Set[str]) -> dict[str, str]:
    """Map each byte copy to the one that stays for it: where that one is `gone`, to the copy with the shortest name."""
    families: dict[str, list[str]] = {}
    for pair in group.pairs:
        if pair.relation == "byte" and pair.a not in gone:
            families.setdefault(pair.b, []).append(pair.a)
    found = {}
    for original, same in families.items():
        heirs = sorted(same, key=lambda path: (len(path), path))
        first = original if original not in gone else heirs.pop(0)
        found.update(dict.fromkeys(heirs, first))
    return found


def _members_asked(group: Group, gone: Set[str]) -> list[str]:
    """Return the pictures a person is asked about: byte copies are settled by rule, and what leaves is out of it."""
    doubled = _byte_copies(group, gone)
    asked = [path for path in group.pictures if path not in doubled and path not in gone]
    return asked if len(asked) > 1 else []


class _Ruling(NamedTuple):
    stays: bool
    changed: bool  # the picture has other pixels than when the answer was given


def _rulings(groups: Sequence[Group], images: Iterable[Image], decisions: Decisions) -> dict[str, _Ruling]:
    """Return path -> ruling, for every picture an answered entry rules on; renames are followed."""
    present = Present({image.path: image.digest for image in images})
    of = {path: group for group in groups for path in group.pictures}
    ruled: dict[str, _Ruling] = {}
    for key, entry in sorted(decisions.entries.items()):
        if entry.answer is None:
            continue
        group = of.get(key)
        written = dict(entry.digests) or dict.fromkeys(group.pictures if group else [key], "")
        recommended = entry.data.get("recommended", list(group.recommended) if group else "all")
        chosen = recommended if entry.answer == "recommended" else entry.answer
        named = set(chosen) if isinstance(chosen, list) else set(written) if chosen == "all" else set()
        found = {path: present.find(path, digest) for path, digest in written.items()}
        groups_now = [of[now] for now, _ in found.values() if now in of]
        for path in sorted(named - set(written) - {now for now, _ in found.values()}):
            if any(path in group.pictures for group in groups_now):  # a byte copy named by hand
                found[path] = present.find(path, "")
        for path, (now, match) in found.items():
            if match and (now not in ruled or match != "retouched"):
                ruled[now] = _Ruling(bool({path, now} & named), match == "retouched")
    return ruled


def open_questions(
    groups: Sequence[Group],
    images: Sequence[Image],
    decisions: Decisions,
    gone: Set[str] = frozenset(),
    unwanted: Set[str] = frozenset(),
) -> list[Question]:
    """Ask one question a group of copies or variants with pictures nobody ruled on; byte copies need none.

    A group that grew asks for the newcomer alone, under the newcomer's name. A picture that changed since its
    answer is asked about again. `gone`, `unwanted`: pictures that another answer leaves out, about which nothing is
    asked: a file is gone, and its copy may stand in for it; a picture is unwanted, and so are its copies.
    """
    digests = {image.path: image.digest for image in images}
    known = {image.path: image for image in images}
    ruled = _rulings(groups, images, decisions)
    asked = []
    for group in groups:
        staying = _staying(group, ruled, known, gone)
        members = _members_asked(group, gone | _with_copies(group, staying, unwanted))
        open_ = [path for path in members if path not in ruled or ruled[path].changed]
        if not open_:
            continue
        recommended: list[str] | str = sorted(staying & set(open_))
        if len(recommended) == len(open_):
            recommended = "all"
        entry = {
            "what": descriptions.what_is_asked(group, members, open_),
            "pictures": {path: group.facts[path] for path in members},
            "recommended": recommended,
            "keep": None,
        }
        about = {path: digests[path] for path in open_}
        like = _VARIANTS if group.relation == "variant" and recommended == "all" else _COPIES
        asked.append(Question(_key(open_, decisions), entry, about, like=like))
    return asked


def _key(paths: Sequence[str], decisions: Decisions) -> str:
    """Return the first path whose name no answered entry has taken."""
    for path in paths:
        entry = decisions.entries.get(path)
        if entry is None or entry.answer is None:
            return path
    return f"{paths[0]} (again)"


def _staying(group: Group, ruled: Mapping[str, _Ruling], known: Mapping[str, Image], gone: Set[str]) -> set[str]:
    """Return who stays if every picture nobody ruled on takes the recommendation.

    Where another answer leaves out the one that was recommended, the best of its other copies takes its place.
    """
    staying = {path for path, ruling in ruled.items() if ruling.stays and path in group.pictures} - gone
    lesser = {pair.lesser for pair in group.pairs}
    for cluster in copies(group.pictures, group.pairs):
        left = [known[path] for path in cluster if path not in gone]
        if not left or any(path in ruled and path not in gone for path in cluster):
            continue  # the person has settled this picture already
        recommended = {image.path for image in left} & set(group.recommended)
        staying |= recommended or {min(left, key=lambda i: ranking.best_first(i, left, lesser)).path}
    return staying


def _with_copies(group: Group, staying: Set[str], unwanted: Set[str]) -> Set[str]:
    """Return the unwanted pictures of a group, and the copies of those that would have stayed for them."""
    out = unwanted & set(group.pictures)
    for same in copies(group.pictures, group.pairs) if out else ():
        if out & staying & set(same):
            out |= set(same)
    return out


def outcome(
    groups: Sequence[Group],
    images: Sequence[Image],
    decisions: Decisions,
    gone: Set[str] = frozenset(),
    unwanted: Set[str] = frozenset(),
    *,
    auto: bool,
) -> dict[str, Fate]:
    """Say which pictures leave because of duplicates, and which stay but wait for an answer. Others are absent.

    A missing answer counts as its recommendation, with `open` set unless `auto` or `rest: recommended`. `gone`,
    `unwanted`: as for `open_questions`; of what is gone nothing is said.
    """
    known = {image.path: image for image in images}
    ruled = _rulings(groups, images, decisions)
    fates: dict[str, Fate] = {}
    for group in groups:
        staying = _staying(group, ruled, known, gone)
        members = _members_asked(group, gone | _with_copies(group, staying, unwanted))
        doubled = _byte_copies(group, gone)
        same = {path: cluster for cluster in copies(group.pictures, group.pairs) for path in cluster}
        for path in (p for p in group.pictures if p not in gone):
            given = ruled.get(path)
            counts = settle(
                None if given is None else "keep" if given.stays else "leave out",
                decisions,
                auto=auto,
                changed=given is not None and given.changed,
            )
            waiting, by = counts.open and path in members, counts.by
            original = next((p for p in same[path] if p in staying), "")
            why = f"a copy of {original}" if original else "you left it out"
            if not given and path in doubled:
                why, by = f"a byte copy of {doubled[path]}", "rule"
            if path not in staying:
                fates[path] = Fate(path, "left out", why, by, waiting)
            elif waiting:
                fates[path] = Fate(path, "kept", "", by, True)
    return dict(sorted(fates.items()))
