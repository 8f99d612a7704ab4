"""What curation is given of the pictures and what it says of a set: records of build/looks.json and curation.json."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec import structs

from loraprep.core.findings import Finding
from loraprep.core.records import Axis, Caption, Elements, Image
from loraprep.heads.people import People
from loraprep.pairs.change import Change


class Numbers(Mapping[str, tuple[float, ...]]):
    """Numbers by path, packed as 32 bits each until they are asked for: those of very many pictures are held so."""

    def __init__(self, packed: Mapping[str, bytes]) -> None:
        self._packed = packed

    def __getitem__(self, path: str) -> tuple[float, ...]:
        packed = self._packed[path]
        return struct.unpack(f"<{len(packed) // 4}f", packed)

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)


class PictureFeatures(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"styles": "looks", "embeddings": "embedded"}
):
    """build/looks.json: what was measured on the pixels, by path; `Numbers`."""

    styles: dict[str, bytes]  # descriptors of line and stroke, none where they cannot be measured
    embeddings: dict[str, bytes]  # what the image encoder makes of it; {} without an encoder
    marks: list[Finding]  # the same mark in a corner of several


class Observations(msgspec.Struct, frozen=True):
    """Everything known of the pictures before curation but their answers, by path."""

    elements: Mapping[str, Elements]
    captions: Mapping[str, Caption]
    styles: Mapping[str, Sequence[float]]  # as in PictureFeatures, () where they cannot be measured
    embeddings: Mapping[str, Sequence[float]] = {}
    marks: Sequence[Finding] = ()
    measured: Mapping[str, Mapping[str, str]] = {}  # element -> path -> term, measured on heads (heads.views)
    people: People = People()
    before: Mapping[str, Image] = {}  # of pairs: the picture before the change
    changes: Mapping[str, Change] = {}  # of pairs: what differs between the two
    scenes: Mapping[str, str] = {}  # of copies and variants: the first of those they show one scene with

    def around(self, images: Sequence[Image]) -> list[Image]:
        """Return what the pictures are varied in apart from their changes: those before, each under its own path."""
        return [
            structs.replace(self.before[i.path], path=i.path, rating=i.rating) if i.path in self.before else i
            for i in images
        ]


class SamplePrompt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A prompt to try after training."""

    prompt: str
    shows: str  # what its result tells


class RegularizationCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether regularization pictures are worth it for this set."""

    worth: bool
    why: str  # the reasons in a clause, "" if there are none
    number: int  # of pictures, times the repeats
    prompts: list[str]  # how they are captioned
    folder: str  # dataset.regularization, "" without one


class Assessment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said of a set of pictures, in words for the report."""

    axes: list[Axis]
    findings: list[Finding]
    variety: str  # as how many different pictures it counts, one sentence; "" for less than two
    add: str  # what to collect next, one sentence; "" if nothing is thin
    strong: str  # what it covers well, a clause
    weak: str  # what will come out weak, a clause
    prompts: list[SamplePrompt]
    regularization: RegularizationCase
    carried: list[tuple[str, float]]  # path, how many pictures' worth of the set only it shows; most first
