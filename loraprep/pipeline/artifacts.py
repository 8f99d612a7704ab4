"""The files that the tasks leave in build/, as records: checked when they are read, whole or not at all."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import msgspec
from msgspec.structs import force_setattr

from loraprep.carried.kinds import Mark
from loraprep.core import files, typed
from loraprep.core.errors import UserError
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Caption, Elements, Fate, Gate, Group
from loraprep.curation.assessment import Assessment, PictureFeatures
from loraprep.curation.rulings import Settled
from loraprep.heads.finding import Head
from loraprep.heads.people import People
from loraprep.pairs.change import Change
from loraprep.project.decisions import Question
from loraprep.report.since import VerdictRecord
from loraprep.trainers.plan import TrainingPlan

FORMAT = 5  # of build/ as a whole: raised with any tag below, so that every task of an older project runs again


class Artifact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="version", tag=1):
    """One file of build/. A class whose form changes gets another `tag`: files of another version are not read."""

    NAME: ClassVar[str]
    MANY: ClassVar[bool] = False  # it grows with the pictures: files.spelled


class BesideImages(Artifact, frozen=True):
    """What lies in upscaled/ and masks/ and belongs to no picture."""

    NAME = "upscaled.json"

    orphans: list[str]  # files of upscaled/
    masks: dict[str, str]  # file of masks/ -> why it is of no use


class Audited(Artifact, frozen=True):
    """What was found in single files."""

    NAME = "audit.json"

    findings: list[Finding]
    questions: list[Question]
    layout: str  # "flat", "kohya" or "folders"


class Duplicates(Artifact, frozen=True):
    """What is there twice."""

    NAME = "duplicates.json"

    groups: list[Group]
    questions: list[Question]
    findings: list[Finding]


class Staying(Artifact, frozen=True):
    """Which pictures stay after the audit, the duplicates and curation.exclude, and why the others do not."""

    NAME = "staying.json"
    MANY = True

    paths: list[str]  # of those that stay
    quality: dict[str, Fate]  # by path: what the audit's questions and their answers mean
    duplicates: dict[str, Fate]  # the same of the duplicates'
    copies: dict[str, list[str]] = {}  # picture that stays -> its copies that leave, whose words it may take over


class PairsSeen(Artifact, frozen=True):
    """What differs between each picture that stays and the one before its change."""

    NAME = "pairs.json"

    changes: dict[str, Change]  # by target
    findings: list[Finding]


class DetailMeasured(Artifact, frozen=True):
    """The native detail of the pictures that stay."""

    NAME = "detail.json"

    detail: dict[str, float]  # path -> share of the size that the pixels really hold, 0..1
    findings: list[Finding]


class Shortlist(Artifact, frozen=True):
    """The pictures that curation.preselect leaves out."""

    NAME = "shortlist.json"

    fates: dict[str, Fate]  # by path


class FeaturesMeasured(Artifact, frozen=True, tag=2):
    """Line and stroke of the pictures that stay."""

    NAME = "looks.json"
    MANY = True

    features: PictureFeatures


class CarriedSeen(Artifact, frozen=True, tag=2):
    """What the pictures that stay carry and no mask hides: lettering and bars."""

    NAME = "carried.json"

    marks: dict[str, list[Mark]]  # by path
    findings: list[Finding]  # about the looking itself; what the marks say is told of those that train
    questions: list[Question]
    pictures: list[str]  # that were looked at


class HeadsSeen(Artifact, frozen=True, tag=2):
    """The heads in the pictures that stay, and who is in them. Descriptors stay in the cache."""

    NAME = "heads.json"

    heads: dict[str, list[Head]]  # by path
    people: People
    findings: list[Finding]  # about the looking itself; what the heads say is told of those that train
    pictures: list[str]  # that were looked at


class Sampled(Artifact, frozen=True):
    """The captions that are shown for approval."""

    NAME = "samples.json"

    samples: list[str]  # paths
    unseen: list[str]  # those that wait for a vision model
    missing: dict[str, str]  # path -> why it was not asked, a code
    findings: list[Finding]


class Described(Artifact, frozen=True):
    """What is in the pictures that stay."""

    NAME = "elements.json"
    MANY = True
    ROW: ClassVar = Elements  # the form of `rows`

    rows: dict[str, msgspec.Raw] = msgspec.field(name="elements")  # by path

    @classmethod
    def of(cls, elements: Mapping[str, Elements]) -> Described:
        """Keep what is in each picture."""
        return cls(rows=typed.spelled(elements))

    @property
    def elements(self) -> typed.ByPath[Elements]:
        """What is in each picture, by path."""
        return typed.ByPath(self.rows, Elements)


class VisionAsked(Artifact, frozen=True):
    """What came of asking vision models."""

    NAME = "vision.json"

    findings: list[Finding]
    waiting: dict[str, str]  # path -> why there is no answer, a code


class Captioned(Artifact, frozen=True, tag=2):
    """Every caption."""

    NAME = "captions.json"
    MANY = True
    ROW: ClassVar = Caption  # the form of `rows`

    rows: dict[str, msgspec.Raw] = msgspec.field(name="captions")  # by path
    findings: list[Finding]

    @classmethod
    def of(cls, captions: Mapping[str, Caption], findings: Sequence[Finding]) -> Captioned:
        """Keep every caption, and what was found in them."""
        return cls(rows=typed.spelled(captions), findings=[*findings])

    @property
    def captions(self) -> typed.ByPath[Caption]:
        """Every caption, by path."""
        return typed.ByPath(self.rows, Caption)


class Curated(Artifact, frozen=True, tag=3):
    """What is said of the set if every recommendation is taken, and what is asked about it."""

    NAME = "curation.json"

    assessment: Assessment
    questions: list[Question]
    assessed: str  # the digest of the paths of which just that is said, "" where it is said of others besides


class Selected(Artifact, frozen=True):
    """Every file found, its fate and why."""

    NAME = "selection.json"
    MANY = True

    fates: list[Fate]
    waiting: dict[str, list[str]]  # decision file -> keys of open questions
    findings: list[Finding]
    settled: dict[Code, Settled]  # findings that an answer accepts


class Forecast(Artifact, frozen=True):
    """What each trainer will do with each picture."""

    NAME = "placements.json"
    MANY = True

    plans: list[TrainingPlan]
    repeats: dict[str, int]  # path -> how often it comes up in an epoch
    drawn: list[str]  # paths of the pictures whose crop the report shows
    findings: list[Finding]


class VerdictTold(Artifact, frozen=True):
    """The verdict that was told last on this machine, and what had changed since the one before it."""

    NAME = "verdict.json"
    MANY = True

    record: VerdictRecord
    since: list[str]  # sentences
    turned: bool = False  # is it another verdict?


class Judged(Artifact, Gate, frozen=True, tag=2):
    """The verdict, in the words that a report opens with."""

    NAME = "gate1.json"
    MANY = True

    why: str
    next: str


A = TypeVar("A", bound=Artifact)


class _Versioned(msgspec.Struct):
    version: int


def encode(artifact: Artifact) -> str:
    """Spell an artefact as JSON: sorted keys, a final newline. Raises ValueError for NaN and infinity, unless MANY."""
    return spelled(artifact).decode()


def spelled(artifact: Artifact) -> bytes:
    """Do as `encode` does, for what is not shown: of very many pictures the text is large."""
    return files.spelled(artifact) if artifact.MANY else files.dumps(msgspec.to_builtins(artifact)).encode()


def decode(kind: type[A], data: bytes | str) -> A:
    """Read what `encode` wrote. Raises msgspec.MsgspecError for anything else, another version too."""
    files.parse_json(data, _Versioned)  # a tag may be absent for msgspec; here it must be there
    found = files.parse_json(data, kind)
    _named_once(found)
    if isinstance(found, Described | Captioned):  # each is read later, and none may turn out to be of no form then
        for row in found.rows.values():
            typed.from_json(row, found.ROW)
    return found


def _named_once(record: msgspec.Struct) -> None:
    """Have the names of pictures be the same in memory in all files of build/ and in the list of pictures."""
    for field in record.__struct_fields__:
        match getattr(record, field):
            case msgspec.Struct() as part:
                _named_once(part)
            case dict() as told:
                force_setattr(record, field, {_once(name): value for name, value in told.items()})
            case [str(), *_] as names:
                force_setattr(record, field, [*map(_once, names)])


def _once(name: Any) -> Any:
    return sys.intern(name) if type(name) is str else name  # a code is a word of a list of its own


def load(kind: type[A], root: Path) -> A:
    """Read a file of build/. Raises UserError if it is missing, damaged or of another version."""
    try:
        return decode(kind, files.read(root / "build" / kind.NAME))
    except (OSError, ValueError, msgspec.MsgspecError):
        raise UserError(
            "this file is missing, damaged or from another version of loraprep",
            place=f"build/{kind.NAME}",
            hint="Delete build/ and run loraprep gate1 again: it is all made anew.",
        ) from None
