"""What a captioner must offer, and what it may know.

A captioner is one module in captioners/, found by its file's name ("wd_tagger.py" is "wd-tagger" in project.yaml).
It is a Captioner; one that looks at the pixels first is a VisionCaptioner.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeGuard

from loraprep.captions import hygiene
from loraprep.captions.vision.job import Job, Outcome
from loraprep.captions.vision.prompt import VisionQuestion
from loraprep.captions.vision.store import Answers, AnswerSettings
from loraprep.core.records import Elements, Image
from loraprep.project.settings import Settings
from loraprep.project.trust import Trust


@dataclass(frozen=True, slots=True)
class Context:
    """What a captioner may know besides the picture.

    `names`: path -> what its names say of this one picture. `answers`: digest -> what vision models said; `missing`:
    path -> why one was not asked, a code; `chosen`: path -> the captioner that a person chose for that picture.
    `about`: path -> what caption hygiene may know of it; `spared`: path -> its rules that a person took back.
    """

    trigger: str
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    answers: Mapping[str, Answers] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    chosen: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, hygiene.About] = field(default_factory=dict)
    spared: Mapping[str, Collection[str]] = field(default_factory=dict)

    def knows(self, path: str) -> hygiene.About:
        """Return what caption hygiene may know of the caption of `path`."""
        return self.about.get(path) or hygiene.About(trigger=self.trigger)

    def tidy(self, path: str, words: str) -> Tidied:
        """Make words that lie with a picture ready to train, without the trigger."""
        about = self.knows(path)
        mended = hygiene.mend(words, about, self.spared.get(path, ()))
        whole = hygiene.written_form(mended.text, about) == "json"  # braces and all
        return Tidied(
            mended.text if whole else hygiene.bare(mended.text, self.trigger),
            words if mended.rules else "",
            list(mended.rules),
            hygiene.asked(words, about),
        )


@dataclass(frozen=True, slots=True)
class Tidied:
    """Words as they train, as they lay there if that is not the same, the rules in between, and what is unclear."""

    text: str
    before: str = ""
    mended: list[str] = field(default_factory=list)
    unclear: dict[str, str] = field(default_factory=dict)


class Captioner(Protocol):
    """A captioner's module.

    ABOUT (may be missing): what it does, needs and costs, for somebody who has to choose; two short sentences.
    SAMPLES: some of its captions are shown for approval before the rest is written.
    NEEDS_APPROVAL: the rest is not even asked about before the samples are answered, as that costs money or time.
    """

    SAMPLES: bool
    NEEDS_APPROVAL: bool

    def describe(self, image: Image, context: Context, /) -> Elements:
        """Describe a picture; pure. One that looks reads what is stored: `describe_from_store` does that."""
        ...


class VisionCaptioner(Captioner, Protocol):
    """The module of a captioner that has to look at the pixels first."""

    def ask_vision_model(self, images: Sequence[Image], job: Job, /) -> Outcome:
        """Look at the pictures and store the answers in responses/. What is missing is said in the Outcome."""
        ...

    def asks(self, settings: Settings, /) -> Trust:
        """Return what of the person's it would use by these settings: servers, keys, money. `consent` holds it back."""
        ...

    def answer_settings(self, settings: Settings, question: VisionQuestion, /) -> AnswerSettings:
        """Return what an answer asked for now would be stored with."""
        ...

    def estimate_cost(self, images: Sequence[Image], job: Job, /) -> tuple[float, float]:
        """Return (likely, at most) US dollars for asking about those pictures once, without a network."""
        ...


def looks_at_pixels(captioner: Captioner) -> TypeGuard[VisionCaptioner]:
    """Say whether a captioner is a VisionCaptioner."""
    return hasattr(captioner, "ask_vision_model")
