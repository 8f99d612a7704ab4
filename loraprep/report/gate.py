"""Phase 6: GO or NO-GO. Pure, and closed by default: what is not known to be good is not good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from loraprep.core import findings as words
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Caption, Fate, Gate, Image, Reason
from loraprep.project import groups
from loraprep.project.sizes import enlargement, trained_sizes
from loraprep.trainers import naming

# A vision model has not described these yet, which is why they have no caption.
UNSEEN = words.in_section("looking")
# Findings about these can't be waved through by gate.yaml: the dataset would be wrong or unsafe.
NEVER_ACCEPTED = (
    frozenset(
        {
            Code.OPEN_QUESTION,
            Code.NO_IMAGES,
            Code.UNCAPTIONED,
            Code.CAPTION_UNUSABLE,
            Code.UNACCOUNTED,
            Code.NAME_COLLISION,
        }
    )
    | UNSEEN
)


def judge(
    found: Sequence[Image],
    fates: Sequence[Fate],
    captions: Mapping[str, Caption],
    findings: Sequence[Finding],
    waiting: Mapping[str, Sequence[str]],
    accepted: Mapping[str, Mapping[str, Any]],
    config: Mapping[str, Any],
    model: Mapping[str, Any],
    kind: Mapping[str, Any],
    *,
    keep_kohya: bool,
) -> Gate:
    """The verdict with all its reasons, worst first."""
    kept = [fate.path for fate in fates if fate.fate == "kept"]
    images = {i.path: i for i in found}
    every = [
        *findings,
        *_set_findings(kept, images, sum(f.fate == "rejected" for f in fates), config, model, kind),
        *_caption_findings(kept, captions, findings),
        *_integrity(found, fates, kept, config, keep_kohya),
        *(
            Finding(Code.OPEN_QUESTION, tuple(paths), {"file": f"decisions/{file}.yaml", "cause": file})
            for file, paths in sorted(waiting.items())
            if paths
        ),
    ]
    severity = config["severity"]
    away = {fate.path for fate in fates if fate.fate == "left out"}
    decided = {fate.path for fate in fates if fate.fate == "left out" and not fate.open}
    gone = {**dict.fromkeys(_QUALITY, away), **dict.fromkeys(_COPIES, decided)}
    parts = [part for f in every for part in _accept(f, accepted, gone.get(f.code, frozenset()))]
    parts.sort(key=lambda part: words.order(part[0], severity))
    reasons = [
        Reason(
            f.code, words.severity(f.code, severity), words.sentence(f), words.why(f.code), words.fix(f), f.images, note
        )
        for f, note in parts
    ]
    blocking = [r for r in reasons if r.severity == "block" and not r.accepted]
    left = [fate for fate in fates if fate.fate == "left out"]
    copies = [fate for fate in left if "copy" in fate.why]
    return Gate(
        name=config["name"],
        verdict="NO-GO" if blocking else "GO",
        waiting={file: sorted(paths) for file, paths in sorted(waiting.items()) if paths},
        only_waiting=bool(blocking) and all(r.code in (Code.OPEN_QUESTION, Code.VISION_APPROVAL) for r in blocking),
        reasons=reasons,
        counts={
            "found": sum(not i.of for i in found),
            "kept": len(kept),
            "details": sum(bool(images[p].of) for p in kept if p in images),
            "captioned": sum(captions[p].captioned for p in kept if p in captions),
            "drafts": sum(captions[p].captioned and captions[p].origin == "draft" for p in kept if p in captions),
            "rejected": sum(f.fate == "rejected" for f in fates),
            "ignored": sum(f.fate == "ignored" for f in fates),
            "captions": sum(f.fate == "caption" for f in fates),
            "left_out": len(left),
            "duplicates_found": sum(len(f.images) for f in findings if f.code in (Code.BYTE_COPIES, Code.COPIES)),
            "duplicates_removed": len(copies),
            "quality_issues": sum(r.severity in ("block", "warn") for r in reasons if r.code in _QUALITY),
            "open_questions": sum(len(paths) for paths in waiting.values()),
        },
    )


_QUALITY = words.in_section("quality")  # "good" entries are never counted: only block and warn are
_COPIES = (Code.BYTE_COPIES, Code.COPIES)  # settled by an answer alone: an open question has still to be looked at


def _accept(finding: Finding, accepted: Mapping[str, Mapping[str, Any]], away: Set[str]) -> list[tuple[Finding, str]]:
    """Splits a finding into what is settled (the picture is `away`, or the artist accepts it) and the rest."""
    entry = accepted.get(finding.code)
    gone = tuple(p for p in finding.images if p in away)
    if gone:
        here = tuple(p for p in finding.images if p not in away)
        rest = _accept(Finding(finding.code, here, finding.values), accepted, frozenset()) if here else []
        return [*rest, (Finding(finding.code, gone, finding.values), "already left out")]
    if not entry or finding.code in NEVER_ACCEPTED:
        return [(finding, "")]
    note = str(entry.get("reason") or "accepted")
    named = entry.get("images")
    if named is None or not finding.images:
        return [(finding, note)]
    known = tuple(p for p in finding.images if p in named)
    new = tuple(p for p in finding.images if p not in named)
    return [(Finding(finding.code, part, finding.values), n) for part, n in ((known, note), (new, "")) if part]


def _set_findings(
    kept: Sequence[str],
    images: Mapping[str, Image],
    lost: int,
    config: Mapping[str, Any],
    model: Mapping[str, Any],
    kind: Mapping[str, Any],
) -> list[Finding]:
    """`lost`: files that are not usable as they are; to mend them comes before looking for new pictures."""
    rescue = {"lost": lost, "cause": "none" if not lost else "one" if lost == 1 else "many"}
    number, low, high = len(kept), kind["recommended"]["min"], kind["recommended"]["max"]
    values = {"count": number, "floor": kind["floor"], "min": low, "max": high, "kind": kind["title"].lower()}
    if not number:
        return [Finding(Code.NO_IMAGES, (), rescue)]
    result = []
    if number < kind["floor"]:
        result.append(Finding(Code.BELOW_FLOOR, (), values | rescue))
    elif number < low:
        result.append(Finding(Code.BELOW_RECOMMENDED, (), values))
    elif number > high:
        result.append(Finding(Code.ABOVE_RECOMMENDED, (), values))
    else:
        result.append(Finding(Code.ENOUGH_IMAGES, (), values))
    smallest = trained_sizes(config, model)[0]
    blurred = tuple(p for p in kept if enlargement(images[p], smallest) > 2)
    if len(blurred) * 2 > number:
        result.append(Finding(Code.MOSTLY_ENLARGED, blurred, {"size": smallest, "kept": number}))
    return result


def _caption_findings(
    kept: Sequence[str], captions: Mapping[str, Caption], findings: Sequence[Finding]
) -> list[Finding]:
    """Pictures without a caption, but for those that a finding about looking names with its reason."""
    said = {p for f in findings if f.code in UNSEEN for p in f.images}
    bare = tuple(p for p in kept if p not in said and (p not in captions or not captions[p].captioned))
    return [Finding(Code.UNCAPTIONED, bare, {"kept": len(kept)})] if bare else []


def _integrity(
    found: Sequence[Image],
    fates: Sequence[Fate],
    kept: Sequence[str],
    config: Mapping[str, Any],
    keep_kohya: bool,
) -> list[Finding]:
    """Promise: every file found has exactly one fate, and every kept one a name of its own."""
    missing = {i.path for i in found} ^ {f.path for f in fates}
    twice = len(fates) != len({f.path for f in fates})
    result = [Finding(Code.UNACCOUNTED, tuple(sorted(missing)), {})] if missing or twice else []
    placed = naming.places(kept, config["name"], keep_kohya=keep_kohya, groups=config.get("groups", ()))
    cutouts = {i.path for i in found if i.alpha}
    every = naming.on_colours(placed, cutouts, groups.backgrounds(config))
    return result + [
        Finding(Code.NAME_COLLISION, pair, {"place": placed[pair[0]]}) for pair in naming.collisions(every)
    ]
