"""What the verdict and both reports are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from loraprep.core.findings import Code, Finding
from loraprep.core.records import Caption, Fate, Group, Image
from loraprep.curation.assessment import Assessment
from loraprep.pairs.change import Change
from loraprep.project.decisions import Acceptance
from loraprep.project.profiles import BaseModel, Kind
from loraprep.project.settings import Settings
from loraprep.report.masked import Masked

ALREADY_OUT = "already left out"  # as a reason's `accepted`


@dataclass(frozen=True, slots=True)
class ReportData:
    """What the phases found of a set."""

    settings: Settings
    model: BaseModel
    kind: Kind
    images: Sequence[Image]  # every file found
    fates: Sequence[Fate]  # one for each of `images`
    groups: Sequence[Group]  # of copies and variants
    captions: Mapping[str, Caption]  # by path
    assessment: Assessment  # of the pictures that train
    findings: Sequence[Finding]  # of every phase, those of `assessment` among them
    kohya_layout: bool  # do the images lie in folders named as kohya's?
    changes: Mapping[str, Change] = field(default_factory=dict)  # of pairs, by target
    waiting: Mapping[str, Sequence[str]] = field(default_factory=dict)  # decision file -> keys of open questions
    masked: Mapping[str, Masked] = field(default_factory=dict)  # of pictures that stay and have a mask in masks/
    accepted: Mapping[str, Acceptance] = field(default_factory=dict)  # finding code -> what is known of it

    @property
    def kept(self) -> list[str]:
        """The paths of the pictures that train."""
        return [fate.path for fate in self.fates if fate.fate == "kept"]

    @property
    def built(self) -> list[str]:
        """The pictures that go into dataset/: to train, or held out."""
        return [fate.path for fate in self.fates if fate.stays]

    def found(self, *codes: Code) -> list[Finding]:
        """Return the findings of these codes."""
        return [finding for finding in self.findings if finding.code in codes]
