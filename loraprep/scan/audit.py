"""Phase 2: is every picture technically fit to train on? Pure; all words are in resources/gate.yaml."""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from pathlib import PurePosixPath
from typing import Literal

import msgspec

from loraprep.core.findings import Code, Finding, Value
from loraprep.core.nearest import did_you_mean
from loraprep.core.records import Fate, Image, Role
from loraprep.core.text import SHOWN, clauses, listed, number_of
from loraprep.project.decisions import Decisions, Like, Question
from loraprep.project.profiles import BaseModel, Kind
from loraprep.project.repeats import repeats_of
from loraprep.project.resolution import again_key, entry_for, resolve
from loraprep.project.settings import Settings
from loraprep.project.sizes import as_times, enlargement, trained_sizes
from loraprep.scan import roles

HEADER = """\
# Pictures that are smaller than what you train at: a trainer enlarges them, and the model learns the blur. And files
# that are named like masks, samples or the like and do not look it (images.roles in project.yaml settles these, too).
# do: upscale (plain enlarging: adds no detail) | remove | keep | recommended
# Better than all three: put a larger version into upscaled/ under the same name (pixel art: enlarged without
# smoothing). Nothing in images/ is ever deleted.
"""

# What each extension promises; anything else inside is named, since some trainers go by the name.
_PROMISED = {
    ".jpg": {"JPEG", "MPO"},
    ".jpeg": {"JPEG", "MPO"},
    ".jfif": {"JPEG", "MPO"},
    ".png": {"PNG"},
    ".webp": {"WEBP"},
    ".bmp": {"BMP"},
    ".tif": {"TIFF"},
    ".tiff": {"TIFF"},
    ".gif": {"GIF"},
    ".avif": {"AVIF"},
    ".heic": {"HEIF"},
    ".heif": {"HEIF"},
}
_CALLED = {"#ffffff": "white", "#000000": "black"}


def layout(images: Sequence[Image]) -> Literal["flat", "kohya", "folders"]:
    """Tell how the pictures lie: all in one folder, in kohya's {repeats}_{name} folders, or in others."""
    folders = {PurePosixPath(i.path).parts[0] for i in images if "/" in i.path}
    if not folders:
        return "flat"
    return "kohya" if any(repeats_of(f) for f in folders) else "folders"


class Audit(msgspec.Struct, frozen=True):
    """What the audit says and asks."""

    findings: list[Finding]
    questions: list[Question]
    layout: str


def audit(
    found: Sequence[Image],
    orphans: Sequence[str],
    masks: Mapping[str, str],
    settings: Settings,
    model: BaseModel,
    kind: Kind,
) -> Audit:
    """Find what is to be said about single files, good news included, and ask about their size.

    `orphans`: the files in upscaled/ of no picture; `masks`: those in masks/ of no use -> why.
    """
    images = [i for i in found if i.state == "image"]
    limits = settings.thresholds.audit
    findings = [*_rejected(found), *_caption_files(found), *_size_notes(images, settings, model)]

    def report(code: Code, hits: Sequence[Image], **values: Value) -> None:
        if hits:
            findings.append(Finding(code, tuple(i.path for i in hits), values))

    report(
        Code.WRONG_EXTENSION,
        [i for i in images if i.format not in _PROMISED.get(_suffix(i), {i.format})],
        formats=_formats(images),
    )
    report(Code.ROTATED, [i for i in images if i.orientation != 1])
    report(Code.CMYK, [i for i in images if i.mode == "CMYK"])
    report(Code.INDEXED, [i for i in images if i.mode in ("P", "PA")])
    report(Code.DEEP, [i for i in images if i.bits > 8])
    report(Code.BROKEN_PROFILE, [i for i in images if i.icc == "unreadable"])
    report(
        Code.OTHER_COLOURS,
        [i for i in images if i.icc and i.icc != "unreadable" and "srgb" not in i.icc.lower()],
    )
    colours = settings.dataset.backgrounds
    settled = "varied" if len(colours) > 1 else "masked" if settings.dataset.cutouts == "mask" else ""
    report(
        Code.TRANSPARENT_SETTLED if settled else Code.TRANSPARENT,
        [i for i in images if i.alpha],
        cause=settled or "unnamed",
        background=_colours(colours),
    )
    report(Code.ANIMATED, [i for i in images if i.frames > 1 and i.format != "MPO"])
    report(Code.PLAIN_FRAME, [i for i in images if max(i.border) >= limits.border])
    report(Code.NEARLY_FLAT, [i for i in images if i.spread < 100 * limits.contrast and i.flat > limits.flat])
    report(Code.LONG_SHAPE, [i for i in images if _aspect(i) > limits.aspect_ratio], ratio=limits.aspect_ratio)
    report(Code.LOCATION, [i for i in images if "gps" in i.hidden])
    findings += _layout_notes(images, settings)
    findings += [*_roles(found, settings.images.folder), *_generated(images), *_words(images)]
    if orphans:
        findings.append(Finding(Code.UPSCALED_ORPHAN, tuple(sorted(orphans)), {"near": _meant(orphans, images)}))
    if masks:
        reasons = clauses([f"{path}: {reason}" for path, reason in sorted(masks.items())])
        findings.append(Finding(Code.MASK_UNUSABLE, tuple(sorted(masks)), {"reasons": reasons}))
    if (
        images
        and all(i.mode in ("RGB", "RGBA") and not i.alpha for i in images)
        and not any(f.code == Code.DEEP for f in findings)
    ):
        findings.append(Finding(Code.ALL_RGB, (), {"count": len(images)}))
    if images and not any(f.code in (Code.BROKEN, Code.UNEXPECTED) for f in findings):
        findings.append(Finding(Code.ALL_OPEN, (), {"count": len(images)}))
    return Audit(findings, size_questions(images, settings, model, kind), layout(images))


def _meant(orphans: Sequence[str], images: Sequence[Image]) -> str:
    """Say which pictures the files in upscaled/ are probably meant for, "" if nobody can tell."""
    known = [image.path for image in images]
    asked = ((path, did_you_mean(path.removeprefix("upscaled/"), known)) for path in sorted(orphans)[:SHOWN])
    return "".join(f" {path}: {question}" for path, question in asked if question)


def _suffix(image: Image) -> str:
    return posixpath.splitext(image.upscaled or image.path)[1].lower()  # of the file that `format` speaks of


def _aspect(image: Image) -> float:
    return max(image.width, image.height) / max(1, min(image.width, image.height))


def _formats(images: Sequence[Image]) -> str:
    wrong = [i for i in images if i.format not in _PROMISED.get(_suffix(i), {i.format})]
    return clauses([f"{i.path} is really {i.format}" for i in wrong])


def _rejected(found: Sequence[Image]) -> list[Finding]:
    """Name what cannot be used; what is not read here only where no picture made of it lies beside it."""
    alike: defaultdict[tuple[str, str], list[Image]] = defaultdict(list)
    pictured = _pictured(found)
    for i in found:
        if i.code == Code.UNSUPPORTED and _apart_from_suffix(i) in pictured:  # a raw file and the camera's JPEG
            continue
        if i.state == "rejected":  # Git LFS's placeholders are fetched in another way than DVC's
            alike[i.code, i.reason if i.code == Code.POINTER else ""].append(i)
    return [_with_reasons(Code(code), hits) for (code, _), hits in sorted(alike.items())]


def _pictured(found: Sequence[Image]) -> set[str]:
    """The names, without the end, of the pictures there are."""
    return {_apart_from_suffix(i) for i in found if i.state == "image"}


def _apart_from_suffix(image: Image) -> str:
    return str(PurePosixPath(image.path).with_suffix("")).casefold()


def _caption_files(found: Sequence[Image]) -> list[Finding]:
    """Name the caption files whose words are not used, or not as they stand."""
    noted = [(code, [i for i in found if i.state == "ignored" and i.code == code]) for code in _CAPTION_FILES]
    return [_with_reasons(code, hits) for code, hits in noted if hits]


_CAPTION_FILES = (Code.CAPTION_FILE_UNUSED, Code.CAPTION_FILE_CLEANED, Code.PAIR_LIST)


def _with_reasons(code: Code, hits: Sequence[Image]) -> Finding:
    reasons = clauses([f"{i.path}: {i.reason}" for i in hits])
    return Finding(code, tuple(i.path for i in hits), {"reasons": reasons, "reason": hits[0].reason})


def _size_notes(images: Sequence[Image], settings: Settings, model: BaseModel) -> list[Finding]:
    """Judge the resolution both ways: the short side against the base model's native size, and the enlargement."""
    trained = trained_sizes(settings, model)
    limits = settings.thresholds.audit
    small = [i for i in images if min(i.width, i.height) < model.native]
    findings = []
    if small:
        findings.append(
            Finding(
                Code.BELOW_NATIVE,
                tuple(i.path for i in small),
                {"native": model.native, "title": model.title},
            )
        )
    elif images:
        findings.append(Finding(Code.LARGE_ENOUGH, (), {"count": len(images), "native": model.native}))
    soft = [i for i in images if enlargement(i, trained[0]) >= limits.enlargement_question]
    findings += _enlarged(Code.TOO_SMALL, soft, trained[0])
    stretched = [
        i
        for i in images
        if enlargement(i, trained[-1]) >= limits.enlargement_note
        and enlargement(i, trained[0]) < limits.enlargement_question
    ]
    findings += _enlarged(Code.STRETCHED, stretched, trained[-1])
    return findings


def _enlarged(code: Code, hits: Sequence[Image], size: int) -> list[Finding]:
    """Whole pictures and details cut out of others apart: there is no larger original of a detail."""
    found = []
    for part in ([i for i in hits if not i.of], [i for i in hits if i.of]):
        if part:
            times = {i.path: as_times(enlargement(i, size)) for i in part}
            cause = {"cause": "detail"} if part[0].of else {}
            found.append(Finding(code, tuple(i.path for i in part), {"times": times, "size": size, **cause}))
    return found


def _generated(images: Sequence[Image]) -> list[Finding]:
    """Count the pictures that a generator made, by what it wrote into them."""
    made = [i for i in images if i.generator]
    counts = Counter(i.generator for i in made).most_common()
    values: dict[str, Value] = {"said": ", ".join(f"{by} {n}" for by, n in counts), "images": len(images)}
    return [Finding(Code.GENERATED, tuple(i.path for i in made), values)] if made else []


def _words(images: Sequence[Image]) -> list[Finding]:
    """Name the places in which words lie, used and unused, where any beside a picture are not used."""
    found = {
        image.path: list(dict.fromkeys(s if s.startswith("sidecar:") else "inside" for s, _ in image.words))
        for image in images
        if image.words
    }
    several = [path for path, sources in found.items() if any(s.startswith("sidecar:") for s in sources[1:])]
    if not several:
        return []
    used: Counter[str] = Counter()
    unused: Counter[str] = Counter()
    for path, sources in found.items():
        used[_place(path, sources[0])] += 1
        unused.update(_place(path, source) for source in sources[1:])
    said = []
    for place in dict.fromkeys([*used, *unused]):
        counts = [f"{used[place]} used"] * bool(used[place]) + [f"{unused[place]} not"] * bool(unused[place])
        said.append(f"{place} ({', '.join(counts)})")
    return [Finding(Code.WORDS_ELSEWHERE, tuple(several), {"said": "; ".join(said[:SHOWN])})]


def _place(path: str, source: str) -> str:
    """Name the place of words as people call it: ".txt", "captions/", "metadata.jsonl" or "inside the picture"."""
    if not source.startswith("sidecar:"):
        return "inside the picture"
    name = PurePosixPath(source.removeprefix("sidecar:"))
    here = PurePosixPath(path)
    if name.stem.casefold() not in (here.stem.casefold(), here.name.casefold()):
        return name.name  # a list of many
    return name.suffix.lower() if name.parent == here.parent else f"{name.parent.name}/*{name.suffix.lower()}"


def _roles(found: Sequence[Image], folder: str) -> list[Finding]:
    """Count what is for something else than training; clips apart, for which there is something to do.

    A clip under the name of a picture is the moment around it, as telephones keep it: for that there is nothing to do.
    """
    pictured = _pictured(found)
    clips = [i.path for i in found if i.role == "clip" and _apart_from_suffix(i) not in pictured]
    result = [Finding(Code.CLIPS, tuple(clips))] if clips else []
    before = {control for i in found for control in i.controls}
    counts = roles.counted(i for i in found if i.role != "clip" and i.path not in before)
    if counts:
        leaving = [i.path for i in found if i.state == "ignored" and i.role == "regularization"]
        folders = sorted({f"{folder}/{path}".rpartition("/")[0] for path in leaving})  # a trainer reads one flat folder
        cause = "regularization" if folders else "other"
        values: dict[str, Value] = {
            "said": roles.told(counts),
            "count": sum(counts.values()),
            "folder": listed(folders),
            "cause": cause,
        }
        result.append(Finding(Code.ROLES, (), values))
    return result


def asked_together(images: Sequence[Image]) -> dict[tuple[str, Role], list[Image]]:
    """Map (folder, role) -> pictures whose names suggest the role and whose contents do not confirm it.

    The folder is that of the name, or where names of files say it, that in which they lie.
    """
    asked: defaultdict[tuple[str, Role], list[Image]] = defaultdict(list)
    for image in images:
        if image.role and image.state == "image":
            named = roles.by_name(image.path)
            asked[named.top if named else "", image.role].append(image)
    return asked


def role_questions(images: Sequence[Image]) -> list[Question]:
    """Ask once for each folder whose name suggests what its pictures do not confirm; keyed by the first of them."""
    questions = []
    for (top, role), pictures in sorted(asked_together(images).items()):
        one, many = roles.WORDS[role]
        leaves = sum(i.leaves for i in pictures) * 2 > len(pictures)
        number = len(pictures)
        what = (
            f"{number_of(number, 'picture')} in {top or 'your folder'} {'is' if number == 1 else 'are'} named like "
            f"{'a ' + one if number == 1 else many}: {_why_asked(pictures)}. keep: "
            f"{'it trains' if number == 1 else 'they train'}"
        )
        questions.append(
            Question(
                key=pictures[0].path,
                entry={"what": what, "recommended": "remove" if leaves else "keep", "do": None},
                digests={i.path: i.digest for i in pictures},
            )
        )
    return questions


def _why_asked(pictures: Sequence[Image]) -> str:
    """Say the commonest reason for asking."""
    return Counter(i.reason for i in pictures).most_common(1)[0][0]


def _layout_notes(images: Sequence[Image], settings: Settings) -> list[Finding]:
    kind = layout(images)
    if kind == "flat" and images and "kohya" in settings.dataset.trainers:
        return [Finding(Code.FLAT_LAYOUT, (), {"count": len(images)})]
    if kind == "kohya":
        stray = [i for i in images if not repeats_of(PurePosixPath(i.path).parts[0]) or i.path.count("/") != 1]
        return [Finding(Code.KOHYA_LAYOUT, (), {"count": len(images)})] + (
            [Finding(Code.KOHYA_STRAY, tuple(i.path for i in stray))] if stray else []
        )
    return []


_BEST_OUT = Like("too small, better left out", "{n} pictures would train soft; enough others stay")
_BEST_KEPT = Like("too small, and needed", "{n} pictures would train soft; without them too few stay")


def size_questions(images: Sequence[Image], settings: Settings, model: BaseModel, kind: Kind) -> list[Question]:
    """Ask about each picture that the smallest trained size enlarges a lot.

    What would be enlarged beyond `thresholds.audit.enlargement_most` is best left out whatever else there is: a
    trainer would see a few blown-up pixels. Of the rest, leaving out is good advice only while enough stay.
    """
    size, limits = trained_sizes(settings, model)[0], settings.thresholds.audit
    asked = [i for i in images if enlargement(i, size) >= limits.enlargement_question]
    enough = len(images) - len(asked) >= kind.recommended.min
    questions = []
    for image in asked:
        times = enlargement(image, size)
        hopeless = times > limits.enlargement_most
        remove = hopeless or enough
        more = f", more than an upscaler can make up for (about {limits.enlargement_most}x): better left out"
        questions.append(
            Question(
                key=image.path,
                entry={
                    "what": f"{image.width}x{image.height}, would be enlarged {as_times(times)}x at {size}"
                    + (more if hopeless else ""),
                    "recommended": "remove" if remove else "keep",
                    "do": None,
                },
                digests={image.path: image.digest},
                like=_BEST_OUT if remove else _BEST_KEPT,
            )
        )
    return questions


def still_asked(images: Sequence[Image], decisions: Decisions, elsewhere: Set[str]) -> list[Image]:
    """Return the pictures that may be asked about: one question a picture, and none about one that leaves.

    `elsewhere`: those that leave by another answer, or that another question is about. What has its answer keeps it.
    """
    return [
        image
        for image in images
        if image.state == "image"
        and (
            image.path not in elsewhere
            or ((entry := entry_for(decisions, image.path, image.digest)[0]) is not None and entry.answer is not None)
        )
    ]


def removed(images: Sequence[Image], decisions: Decisions) -> set[str]:
    """Return the pictures that a person's answer in decisions/quality.yaml leaves out, renamed ones included."""
    found = set()
    for image in images if decisions.entries else ():
        entry, match = entry_for(decisions, image.path, image.digest)
        answer = entry.answer if entry else None
        if (
            entry
            and match != "retouched"
            and (entry.data.get("recommended") if answer == "recommended" else answer) == "remove"
        ):
            found.add(image.path)
    return found


def to_ask(questions: Sequence[Question], decisions: Decisions) -> list[Question]:
    """The questions to write: none for a renamed picture that has its answer, a retouched one is asked to confirm."""
    asked = []
    for question in questions:
        entry, match = entry_for(decisions, question.key, question.digests[question.key])
        answer = entry.answer if entry else None
        if answer and match == "retouched":
            what = f"changed since you said {answer}; now {question.entry['what']}"
            key = again_key(decisions, question.key)
            asked.append(msgspec.structs.replace(question, key=key, entry={**question.entry, "what": what}))
        elif not (answer and match == "renamed"):
            asked.append(question)
    return asked


def outcome(
    questions: Sequence[Question],
    decisions: Decisions,
    *,
    auto: bool,
    roles_of: Mapping[str, Role | Literal[""]] | None = None,
    images: Sequence[Image] = (),
) -> dict[str, Fate]:
    """What the answers mean for each picture asked about; recommendations stand in for missing answers.

    `roles_of`: path -> the role that its name suggests. `images`: all, of which one that a person left out stays out
    where it is no longer asked about, such as a small one under a base model that takes it.
    """
    fates: dict[str, Fate] = {}
    for question in questions:
        counts = resolve(question, decisions, auto=auto, follow=True)
        leaves = counts.answer == "remove"
        for path in question.digests:
            role = roles_of.get(path, "") if roles_of else ""
            fates[path] = Fate(
                path,
                "left out" if leaves else "kept",
                (f"{roles.WORDS[role][0]} by its name" if role else "too small to train sharp") if leaves else "",
                counts.by,
                counts.open or counts.match == "retouched",  # a changed picture is confirmed one by one
                counts.answer == "upscale" and not role,
            )
    # A person may rule on any picture, asked about or not.
    for key, entry in decisions.entries.items():
        if not entry.digests and key not in fates and entry.answer in ("remove", "upscale"):
            remove = entry.answer == "remove"
            fates[key] = Fate(
                key, "left out" if remove else "kept", "you left it out" if remove else "", "you", False, not remove
            )
    held = Fate("", "left out", "you left it out, in decisions/quality.yaml", "you")
    return {path: msgspec.structs.replace(held, path=path) for path in removed(images, decisions)} | fates


def _colours(backgrounds: Sequence[str]) -> str:
    """Name colours as a person would, if they have such a name."""
    return listed([_CALLED.get(colour.lower(), colour) for colour in backgrounds], shown=None)
