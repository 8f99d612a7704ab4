"""Judge the set: GO or NO-GO. Pure, and closed by default: what is not known to be good is not good."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import cache

from loraprep.captions import bleed, samples
from loraprep.core import findings
from loraprep.core.findings import Code, Finding, Value
from loraprep.core.records import Caption, Fate, Gate, Grade, Image, Reason
from loraprep.core.text import listed, number_of, with_article
from loraprep.curation.rulings import PARTS
from loraprep.project import profiles, sizes
from loraprep.project.decisions import Acceptance
from loraprep.project.settings import Settings
from loraprep.project.sizes import enlargement, trained_sizes
from loraprep.report.opening import BATCH, blocking_among, only_waiting
from loraprep.report.report_data import ALREADY_OUT, ReportData
from loraprep.trainers import naming

_COPIES = (Code.BYTE_COPIES, Code.COPIES)
_NAMED = 3  # unusable files that a sentence names
_SAME_FACT = {  # of many pictures, of few; of what is asked about, and of what once was a note
    Code.ONLY_NAMED: Code.CAPTION_DRAFT,
    Code.CAPTION_DRAFT: Code.ONLY_NAMED,
    Code.STRAYS: Code.UNLIKE_LOOK,
}


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


def acceptance(code: str, accepted: Mapping[str, Acceptance]) -> Acceptance | None:
    """Return what is accepted of a finding, None if nothing is.

    That nobody has described a picture is one fact, whether few or many are in that state.
    """
    same = _SAME_FACT.get(Code(code))
    return accepted.get(code) or (accepted.get(same) if same else None)


def accepts_undescribed(path: str, accepted: Mapping[str, Acceptance]) -> bool:
    """Say whether the artist knows, and accepts, that nobody has described the picture at `path`."""
    known = acceptance(Code.ONLY_NAMED, accepted)
    return known is not None and known.covers(path)


def _waiting(data: ReportData) -> dict[str, list[str]]:
    """Return the open questions by decision file: none about a sample without content that is accepted as it is."""

    def moot(file: str, key: str) -> bool:
        caption = data.captions.get(key) if file == "captions" else None
        if caption is None or caption.grade is not Grade.NAMED or samples.shows_content(caption, data.settings):
            return False
        return accepts_undescribed(key, data.accepted)

    open_ = {file: sorted(k for k in keys if not moot(file, k)) for file, keys in sorted(data.waiting.items())}
    return {file: keys for file, keys in open_.items() if keys}


def only_of(found: Sequence[Finding], pictures: Set[str]) -> list[Finding]:
    """Return findings about single pictures as far as they are about `pictures`; those that name none are left away."""
    parts = (f.about(p for p in f.images if p in pictures) for f in found)
    return [part for part in parts if part.images]


def without(found: Sequence[Finding], code: Code, pictures: Set[str]) -> Iterator[Finding]:
    """Yield the findings, those of `code` as far as they are not about `pictures`."""
    for finding in found:
        rest = tuple(p for p in finding.images if p not in pictures)
        if finding.code != code or rest == finding.images:
            yield finding
        elif rest:
            yield finding.about(rest)


def judge(data: ReportData) -> Gate:
    """Give the verdict with all its reasons, worst first."""
    kept, waiting = data.kept, _waiting(data)
    images = {i.path: i for i in data.images}
    rejected = [f.path for f in data.fates if f.fate == "rejected"]
    questions = [
        Finding(Code.OPEN_QUESTION, tuple(keys), {"file": f"decisions/{file}.yaml", "cause": file})
        for file, keys in waiting.items()
    ]
    every = [
        *data.findings,
        *_size_findings(data, kept, images, rejected),
        *_caption_findings(data.built, data),
        *_integrity_findings(data, data.built),
        *questions,
    ]
    every = bleed.together(findings.uncovered(every))
    severities = data.settings.severity
    leaving = _settled_by_leaving(data.fates)
    parts = [part for f in every for part in _split(f, data.accepted, leaving.get(f.code, frozenset()))]
    parts.sort(key=lambda part: findings.order(part[0], severities))
    reasons = [_reason(finding, findings.severity(finding.code, severities), note) for finding, note in parts]
    if out := sorted({p for r in reasons if r.code == Code.VISION_BATCH for p in r.images}):
        waiting[BATCH] = out
    return Gate(
        name=data.settings.name,
        verdict="NO-GO" if blocking_among(reasons) else "GO",
        waiting=waiting,
        only_waiting=only_waiting(reasons),
        reasons=reasons,
        counts=_counts(data, kept, images, reasons, sum(len(f.images) for f in questions)),
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
    data: ReportData, kept: Sequence[str], images: Mapping[str, Image], reasons: Sequence[Reason], questions: int
) -> dict[str, int]:
    fates = data.fates
    grades = Counter(_grade(p, data.captions) for p in kept)
    left_out = [fate for fate in fates if fate.fate == "left out"]
    balance = findings.in_section("balance")
    return {
        "found": sum(not i.of for i in data.images),
        "kept": len(kept),
        "held_out": sum(f.fate == "held out" for f in fates),
        "details": sum(bool(images[p].of) for p in kept if p in images),
        "captioned": grades[Grade.DESCRIBED] + grades[Grade.TRIGGER_ONLY],
        **{grade.name.lower(): grades[grade] for grade in Grade},
        "rejected": sum(f.fate == "rejected" for f in fates),
        "ignored": sum(f.fate == "ignored" for f in fates),
        "captions": sum(f.fate == "caption" for f in fates),
        **({"controls": sum(f.fate == "control" for f in fates)} if data.kind.pairs else {}),
        "left_out": len(left_out),
        "duplicates_found": sum(len(f.images) for f in data.findings if f.code in _COPIES),
        "duplicates_removed": sum("copy" in fate.why and not fate.open for fate in left_out),
        "duplicates_waiting": sum("copy" in fate.why and fate.open for fate in left_out),
        # what the report lists as such: not what blocks, which is listed apart, nor notes, nor what is settled
        "quality_issues": sum(r.severity == "warn" and not r.accepted and r.code not in balance for r in reasons),
        "open_questions": questions,
    }


def _settled_by_leaving(fates: Sequence[Fate]) -> dict[Code, frozenset[str]]:
    """Return, by finding code, the pictures that the finding no longer concerns, since they leave.

    Copies, styles and strangers are settled by an answer alone: an open question has still to be looked at.
    """
    leaving = frozenset(f.path for f in fates if f.fate == "left out")
    decided = frozenset(f.path for f in fates if f.fate == "left out" and not f.open)
    return {**dict.fromkeys(findings.in_section("quality"), leaving), **dict.fromkeys((*_COPIES, *PARTS), decided)}


def _split(finding: Finding, accepted: Mapping[str, Acceptance], left_out: Set[str]) -> list[tuple[Finding, str]]:
    """Split a finding into what is settled, with the reason, and the rest, with ""."""
    known_of = acceptance(finding.code, accepted)
    gone = tuple(p for p in finding.images if p in left_out)
    if gone:
        here = tuple(p for p in finding.images if p not in left_out)
        rest = _split(finding.about(here), accepted, frozenset()) if here else []
        return [*rest, (finding.about(gone), ALREADY_OUT)]
    if known_of is None or finding.code in never_accepted():
        return [(finding, "")]
    note = known_of.reason or "accepted"
    if known_of.images is None or not finding.images:
        return [(finding, note)]
    known = tuple(p for p in finding.images if p in known_of.images)
    new = tuple(p for p in finding.images if p not in known_of.images)
    return [(finding.about(part), n) for part, n in ((known, note), (new, "")) if part]


def _size_findings(
    data: ReportData, kept: Sequence[str], images: Mapping[str, Image], rejected: Sequence[str]
) -> list[Finding]:
    """Say whether there are enough pictures, and enough pixels.

    `rejected`: files that are not usable as they are; to mend them comes before looking for new pictures.
    """
    kind, number = data.kind, len(kept)
    rescue: dict[str, Value] = {
        "lost": listed(rejected, _NAMED),
        "cause": "mend" if rejected else "none",
    }
    if not number:
        left = sum(fate.fate == "left out" for fate in data.fates)
        cause = {"cause": "left"} if left and not rejected else {}
        return [Finding(Code.NO_IMAGES, (), {**rescue, "out": number_of(left, "picture"), **cause})]
    low, high = kind.recommended.min, kind.recommended.max
    values: dict[str, Value] = {
        "count": number,
        "floor": kind.floor,
        "min": low,
        "max": high,
        "kind": with_article(kind.title.lower()),
        "units": "pairs" if kind.pairs else "pictures",
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
    limit = data.settings.thresholds.audit.mostly_enlarged
    blurred = tuple(p for p in kept if enlargement(images[p], smallest) > limit)
    sides = [sizes.side(images[p]) for p in kept]
    if sizes.mostly_enlarged(sides, smallest, limit):
        helps, models = _smaller(sides, data, limit)
        way: dict[str, Value] = {"models": models, "cause": helps}
        result.append(Finding(Code.MOSTLY_ENLARGED, blurred, {"size": smallest, "kept": number, **way}))
    return result


def _smaller(sides: Sequence[float], data: ReportData, limit: float) -> tuple[str, str]:
    """Return which fix helps against enlarging, and what it says to write into project.yaml."""
    settings, model = data.settings, data.model
    if settings.dataset.sizes:
        fits = not sizes.mostly_enlarged(sides, min(model.sizes), limit)
        return ("sizes", f"`dataset: {{sizes: {[*model.sizes]}}}`") if fits else ("none", "")
    names = sizes.models_that_fit(sides, settings.intent.kind, settings.dataset.trainers, model.form, limit)
    smaller = {name: profiles.base_model(name) for name in names[:2]}
    said = [f"`model: {name}` ({model.title}, from {min(model.sizes)} px)" for name, model in smaller.items()]
    return ("model" if said else "none", " or ".join(said))


def _grade(path: str, captions: Mapping[str, Caption]) -> Grade:
    return captions[path].grade if path in captions else Grade.MISSING


def many_named(named: int, kept: int, settings: Settings) -> bool:
    """Say whether so many pictures that nobody described are too many of those that are kept."""
    return named > settings.thresholds.captions.named * kept


def _caption_findings(kept: Sequence[str], data: ReportData) -> list[Finding]:
    """Name the pictures that have no caption, and those that nobody has described.

    Left out are those without one that a finding about a vision model names with its reason.
    """
    explained = {p for f in data.findings if f.code in undescribed_codes() for p in f.images}
    bare = tuple(p for p in kept if p not in explained and _grade(p, data.captions) is Grade.MISSING)
    named = tuple(p for p in kept if _grade(p, data.captions) is Grade.NAMED)
    parts = {i.path for i in data.images if i.of}
    cause = "parts" if parts.issuperset(bare) else "files" if parts.isdisjoint(bare) else "both"
    folder = f"{data.settings.images.folder.rstrip('/')}/"
    found = [Finding(Code.UNCAPTIONED, bare, {"kept": len(kept), "cause": cause, "folder": folder})] if bare else []
    if many_named(len(named), len(kept), data.settings):
        return [*found, Finding(Code.ONLY_NAMED, named, {"kept": len(kept)})]
    return [*found, Finding(Code.CAPTION_DRAFT, named, {})] if named else found


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
