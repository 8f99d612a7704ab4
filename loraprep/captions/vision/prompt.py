"""What a vision model is asked about a picture: the same question for every captioner that looks."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from loraprep.captions import hygiene
from loraprep.captions.vision.store import digest_of
from loraprep.core import resources
from loraprep.core.records import Image
from loraprep.project import groups, profiles
from loraprep.project.settings import Settings

_MOST_HINTS = 400  # characters of a picture's own words


class VisionQuestion(msgspec.Struct, frozen=True):
    """What is asked about every picture of a set; only the picture itself is added."""

    instructions: str
    examples: tuple[str, ...] = ()

    @property
    def system(self) -> str:
        """The whole text that goes before the picture."""
        if not self.examples:
            return self.instructions
        listed = "\n".join(f"- {e}" for e in self.examples)
        return (
            f"{self.instructions}\nOther pictures of this set were described like this, and the artist agreed. Use the "
            f"same words for the same things, as closely and in the same tone:\n{listed}\n"
        )

    @property
    def prompt_digest(self) -> str:
        """The digest of the instructions that an answer is stored with."""
        return digest_of([self.instructions])

    @property
    def examples_digest(self) -> str:
        """The digest of the examples that an answer is stored with, "" without any."""
        return digest_of(self.examples)


def question(settings: Settings, examples: Sequence[str] = ()) -> VisionQuestion:
    """Compose the question: resources/prompts/common.md, the kind's own `prompt`, what the artist said of the set.

    `examples`: texts without the trigger.
    """
    intent = settings.intent
    told = {
        "The artist says of these pictures": intent.description,
        "What they show is called": intent.class_word,
        "These words may stand in every caption": ", ".join(intent.fused),
        "Leave these words out": ", ".join(settings.captioning.omit),
        "The artist asks": settings.captioning.instructions or "",
    }
    said = "\n".join(f"{lead}: {line}" for lead, words in told.items() if (line := hygiene.clean(words)))
    return VisionQuestion(instructions(intent.kind, said), tuple(sorted(set(examples))))


def instructions(kind: str, said: str = "") -> str:
    """Compose what every picture of a kind is asked, and what the artist `said` of the set."""
    parts = [resources.text("resources/prompts/common.md").strip(), profiles.kind(kind).prompt.strip(), said]
    return "\n\n".join(filter(None, parts)) + "\n"


def hint(image: Image, settings: Settings) -> str:
    """Return what is said about this one picture: the words of caption files beside it, "" without any.

    Not what its file name or its metadata say, which may name people and places; the trigger is taken out.
    """
    trigger = groups.trigger(image.path, settings)
    beside = (hygiene.bare(words, trigger) for source, words in image.words if source.startswith("sidecar:"))
    own = list(dict.fromkeys(filter(None, beside)))
    text = "; ".join(own)
    if len(text) > _MOST_HINTS:
        text = text[:_MOST_HINTS].rpartition(" ")[0]
    return f"\nWords that the artist has for it, to be used where they can be seen: {text}" if text else ""
