"""What a vision model is asked about a picture: the same question for every captioner that looks."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from loraprep.captions.vision.store import digest_of
from loraprep.core import resources
from loraprep.project import profiles


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


def question(kind: str, examples: Sequence[str] = ()) -> VisionQuestion:
    """Compose the question for a kind: resources/prompts/common.md and the kind's own `prompt`.

    `examples`: texts without the trigger.
    """
    parts = [resources.text("resources/prompts/common.md").strip(), profiles.kind(kind).prompt.strip()]
    return VisionQuestion("\n\n".join(filter(None, parts)) + "\n", tuple(sorted(set(examples))))
