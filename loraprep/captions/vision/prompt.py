"""What a vision model is asked about a picture or a pair: the same question for every captioner that looks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import msgspec

from loraprep.captions import hygiene
from loraprep.captions.vision.form import Name
from loraprep.captions.vision.store import digest_of
from loraprep.core import resources
from loraprep.core.records import Image
from loraprep.project import groups, profiles
from loraprep.project.settings import Settings

if TYPE_CHECKING:
    from loraprep.captions.vision.encode import Prepared

_MOST_HINTS = 400  # characters of a picture's own words


class VisionQuestion(msgspec.Struct, frozen=True):
    """What is asked about every picture of a set, or every pair; only the pictures themselves are added.

    `besides`: of the examples those that somebody wrote for pictures that were not asked about. They are shown like
    the others, but answers given without them are as good.
    """

    instructions: str
    examples: tuple[str, ...] = ()
    besides: frozenset[str] = frozenset()
    form: Name = "elements"

    @property
    def system(self) -> str:
        """The whole text that goes before the picture."""
        if not self.examples:
            return self.instructions
        listed = "\n".join(f"- {e}" for e in self.examples)
        if self.form == "change":
            return (
                f"{self.instructions}\nFor other pairs of this set the artist agreed to these. Name the same things as "
                f"they do, in the same tone; ask in words of your own, so that no two sound alike:\n{listed}\n"
            )
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
        """The digest of the examples that an answer is stored with, but for those `besides`; "" without any."""
        return digest_of([e for e in self.examples if e not in self.besides])


def question(
    settings: Settings, examples: Sequence[str] = (), besides: Collection[str] = frozenset()
) -> VisionQuestion:
    """Compose the question: what is asked of all, the kind's own `prompt`, what the artist said of the set.

    `examples`: texts without the trigger; `besides`: those of them that make it no other question.
    """
    intent, pairs = settings.intent, profiles.kind(settings.intent.kind).pairs
    own = (
        {
            "The artist says of the change": intent.description,
            "What has to stay as it is, the artist says": intent.notes,
        }
        if pairs
        else {
            "The artist says of these pictures": intent.description,
            "What they show is called": intent.class_word,
            "These words may stand in every caption": ", ".join(intent.fused),
        }
    )
    told = {
        **own,
        "Leave these words out": ", ".join(settings.captioning.omit),
        "The artist asks": settings.captioning.instructions or "",
    }
    said = "\n".join(f"{lead}: {line}" for lead, words in told.items() if (line := hygiene.clean(words)))
    form: Name = "change" if pairs else "elements"
    return VisionQuestion(instructions(intent.kind, said), tuple(sorted(set(examples))), frozenset(besides), form)


def instructions(kind: str, said: str = "") -> str:
    """Compose what every picture of a kind is asked, and what the artist `said` of the set."""
    profile = profiles.kind(kind)
    common = resources.text(f"resources/prompts/{'change' if profile.pairs else 'common'}.md")
    return "\n\n".join(filter(None, [common.strip(), profile.prompt.strip(), said])) + "\n"


def leads(shown: Prepared) -> list[str]:
    """Say before each picture of a pair which one it is, in the order in which they are shown; [""] for one alone."""
    number = len(shown.before)
    if not number:
        return [""]
    before = [f"Before the change, image {n}:" for n in range(1, number + 1)] if number > 1 else ["Before the change:"]
    return [*before, "After the change:"]


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
