"""Judge the set: GO or NO-GO. Pure, and closed by default: what is not known to be good is not good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from functools import cache

from loraprep.core import findings
from loraprep.core.findings import Code, Finding, Value
from loraprep.core.records import Caption, Fate, Gate, Image, Reason
from loraprep.project.decisions import Acceptance
from loraprep.project.sizes import enlargement, trained_sizes
from loraprep.report.report_data import ALREADY_OUT, ReportData
from loraprep.trainers import naming

_COPIES = (Code.BYTE_COPIES, Code.COPIES)
_BLURRED = 2.0  # times enlarged, from which on a picture counts as mostly invented


@cache
def undescribed_codes() -> frozenset[Code]:
    """Return the codes that say why a vision model has not described a picture, which then has no caption."""
    return findings.in_section("looking")


@cache
def never_accepted() -> frozenset[Code]:
    """Return what gate.yaml cannot wave through: the dataset would be wrong or unsafe."""
    return undescribed_codes() | {
        Code.OPEN_QUESTION,
        Code.NO_IMAGES,
        Code.UNCAPTIONED,
        Code.CAPTION_UNUSABLE,
        Code.UNACCOUNTED,
        Code.NAME_COLLISION,
        Code.UNKNOWN_NAME,
    }


def joined_acceptances(settled: Mapping[Code, Acceptance], own: Mapping[str, Acceptance]) -> dict[str, Acceptance]:
    """Join what answers settle with what decisions/gate.yaml accepts (`own`, whose reason counts), by finding code.

    Where both name pictures, all of them are accepted.
    """
    joined = {**{str(code): known for code, known in settled.items()}, **own}
    for code in settled.keys() & own.keys():
        first, second = settled[code].images, own[code].images
        if first is not None and second is not None:
            joined[code] = Acceptance(own[code].reason, images=tuple(sorted({*first, *second})))
    return joined


def only_of(found: Sequence[Finding], pictures: Set[str]) -> list[Finding]:
    """Return findings about single pictures as far as they are about `pictures`; those that name none are left away."""
    parts = (Finding(f.code, tuple(p for p in f.images if p in pictures), f.values) for f in found)
    return [part for part in parts if part.images]


def judge(data: ReportData) -> Gate:
    """Give the verdict with all its reasons, worst first."""
    kept = data.kept
    images = {i.path: i for i in data.images}
    rejected = sum(f.fate == "rejected" for f in data.fates)
    questions = [
        Finding(Code.OPEN_QUESTION, tuple(keys), {"file": f"decisions/{file}.yaml", "cause": file})
        for file, keys in sorted(data.waiting.items())
        if keys
    ]
    every = [
        *data.findings,
        *_size_findings(data, kept, images, rejected),
        *_caption_findings(kept, data.captions, data.findings),
        *_integrity_findings(data, kept),
        *questions,
    ]
    severities = data.settings.severity
    leaving = _settled_by_leaving(data.fates)
    parts = [part for f in every for part in _split(f, data.accepted, leaving.get(f.code, frozenset()))]
    parts.sort(key=lambda part: findings.order(part[0], severities))
    reasons = [_reason(finding, findings.severity(finding.code, severities), note) for finding, note in parts]
    blocking = [r for r in reasons if r.severity == "block" and not r.accepted]
    return Gate(
        name=data.settings.name,
        verdict="NO-GO" if blocking else "GO",
        waiting={file: sorted(keys) for file, keys in sorted(data.waiting.items()) if keys},
        only_waiting=bool(blocking) and all(r.code in (Code.OPEN_QUESTION, Code.VISION_APPROVAL) for r in blocking),
        reasons=reasons,
        counts=_counts(data, kept, images, reasons),
    )


def _reason(finding: Finding, severity: str, accepted: str) -> Reason:
    return Reason(
        finding.code,
        severity,
        findings.sentence(finding),
        findings.why(finding.code),
        findings.fix(finding),
        finding.images,
        accepted,
    )


def _counts(
    data: ReportData, kept: Sequence[str], images: Mapping[str, Image], reasons: Sequence[Reason]
) -> dict[str, int]:
    fates, captions = data.fates, [data.captions[p] for p in kept if p in data.captions]
    left_out = [fate for fate in fates if fate.fate == "left out"]
    quality = findings.in_section("quality")
    return {
        "found": sum(not i.of for i in data.images),
        "kept": len(kept),
        "details": sum(bool(images[p].of) for p in kept if p in images),
        "captioned": sum(c.captioned for c in captions),
        "drafts": sum(c.captioned and c.origin == "draft" for c in captions),
        "rejected": sum(f.fate == "rejected" for f in fates),
        "ignored": sum(f.fate == "ignored" for f in fates),
        "captions": sum(f.fate == "caption" for f in fates),
        "left_out": len(left_out),
        "duplicates_found": sum(len(f.images) for f in data.findings if f.code in _COPIES),
        "duplicates_removed": sum("copy" in fate.why for fate in left_out),
        # praise and notes are never counted
        "quality_issues": sum(
            r.severity in ("block", "warn") and r.accepted != ALREADY_OUT for r in reasons if r.code in quality
        ),
        "open_questions": sum(len(keys) for keys in data.waiting.values()),
    }


def _settled_by_leaving(fates: Sequence[Fate]) -> dict[Code, frozenset[str]]:
    """Return, by finding code, the pictures that the finding no longer concerns, since they leave.

    Copies are settled by an answer alone: an open question has still to be looked at.
    """
    leaving = frozenset(f.path for f in fates if f.fate == "left out")
    decided = frozenset(f.path for f in fates if f.fate == "left out" and not f.open)
    return {**dict.fromkeys(findings.in_section("quality"), leaving), **dict.fromkeys(_COPIES, decided)}


def _split(finding: Finding, accepted: Mapping[str, Acceptance], left_out: Set[str]) -> list[tuple[Finding, str]]:
    """Split a finding into what is settled, with the reason, and the rest, with ""."""
    acceptance = accepted.get(finding.code)
    gone = tuple(p for p in finding.images if p in left_out)
    if gone:
        here = tuple(p for p in finding.images if p not in left_out)
        rest = _split(Finding(finding.code, here, finding.values), accepted, frozenset()) if here else []
        return [*rest, (Finding(finding.code, gone, finding.values), ALREADY_OUT)]
    if acceptance is None or finding.code in never_accepted():
        return [(finding, "")]
    note = acceptance.reason or "accepted"
    if acceptance.images is None or not finding.images:
        return [(finding, note)]
    known = tuple(p for p in finding.images if p in acceptance.images)
    new = tuple(p for p in finding.images if p not in acceptance.images)
    return [(Finding(finding.code, part, finding.values), n) for part, n in ((known, note), (new, "")) if part]


def _size_findings(data: ReportData, kept: Sequence[str], images: Mapping[str, Image], rejected: int) -> list[Finding]:
    """Say whether there are enough pictures, and enough pixels.

    `rejected`: files that are not usable as they are; to mend them comes before looking for new pictures.
    """
    kind, number = data.kind, len(kept)
    rescue: dict[str, Value] = {
        "lost": rejected,
        "cause": "none" if not rejected else "one" if rejected == 1 else "many",
    }
    if not number:
        return [Finding(Code.NO_IMAGES, (), rescue)]
    low, high = kind.recommended.min, kind.recommended.max
    values: dict[str, Value] = {
        "count": number,
        "floor": kind.floor,
        "min": low,
        "max": high,
        "kind": kind.title.lower(),
    }
    result = []
    if number < kind.floor:
        result.append(Finding(Code.BELOW_FLOOR, (), values | rescue))
    elif number < low:
        result.append(Finding(Code.BELOW_RECOMMENDED, (), values))
    elif number > high:
        result.append(Finding(Code.ABOVE_RECOMMENDED, (), values))
    else:
        result.append(Finding(Code.ENOUGH_IMAGES, (), values))
    smallest = trained_sizes(data.settings, data.model)[0]
    blurred = tuple(p for p in kept if enlargement(images[p], smallest) > _BLURRED)
    if len(blurred) * 2 > number:
        result.append(Finding(Code.MOSTLY_ENLARGED, blurred, {"size": smallest, "kept": number}))
    return result


def _caption_findings(kept: Sequence[str], captions: Mapping[str, Caption], noted: Sequence[Finding]) -> list[Finding]:
    """Name the pictures without a caption, but for those that a finding about a vision model names with its reason."""
    explained = {p for f in noted if f.code in undescribed_codes() for p in f.images}
    bare = tuple(p for p in kept if p not in explained and (p not in captions or not captions[p].captioned))
    return [Finding(Code.UNCAPTIONED, bare, {"kept": len(kept)})] if bare else []


def _integrity_findings(data: ReportData, kept: Sequence[str]) -> list[Finding]:
    """Hold the promise that every file found has exactly one fate, and every kept one a name of its own."""
    settings, fates = data.settings, data.fates
    missing = {i.path for i in data.images} ^ {f.path for f in fates}
    twice = len(fates) != len({f.path for f in fates})
    result = [Finding(Code.UNACCOUNTED, tuple(sorted(missing)), {})] if missing or twice else []
    placed = naming.places(kept, settings.name, keep_kohya=data.kohya_layout, groups=settings.groups)
    cutouts = {i.path for i in data.images if i.alpha}
    every = naming.on_colours(placed, cutouts, settings.dataset.backgrounds)
    return result + [
        Finding(Code.NAME_COLLISION, pair, {"place": placed[pair[0]]}) for pair in naming.collisions(every)
    ]
