"""What a person agreed to: whether the rest may be asked about, and what serves as examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loraprep.captions import hygiene
from loraprep.captions.samples import open_samples, own_caption
from loraprep.core.records import Elements, Image
from loraprep.project.decisions import Decisions
from loraprep.project.resolution import entry_for, settle

_MOST = 12  # examples: enough to show a tone, and they are sent with every picture


def approved(samples: Sequence[str], decisions: Decisions, *, auto: bool) -> bool:
    """Say whether the rest may be asked about: every sample is answered, and at least one is not skipped."""
    if decisions.accepts(auto=auto) or not samples:
        return True
    skips = [s for s in samples if s in decisions.entries and decisions.entries[s].answer == "skip"]
    return not open_samples(samples, decisions, auto=False) and len(skips) < len(samples)


def examples(
    images: Sequence[Image], elements: Mapping[str, Elements], decisions: Decisions, trigger: str, *, auto: bool
) -> list[str]:
    """Collect what a person agreed to, as texts without the trigger: own captions, and what they approved as seen.

    Of an approved sample the sentences and tags count and not its caption, so that another base model changes
    nothing. Skipped ones are no examples.
    """
    found = set()
    for image in images:
        entry, _ = entry_for(decisions, image.path, image.digest)
        if entry is None:
            continue
        verdict, seen = settle(entry.answer, decisions, auto=auto, recommended="approve"), elements.get(image.path)
        if own := own_caption(entry):
            found.add(hygiene.without_trigger(hygiene.clean(own), trigger))
        elif seen is not None and seen.state == "seen" and verdict.answer == "approve" and not verdict.open:
            tags = f" Tags: {', '.join(seen.tags)}" if seen.tags else ""
            found.add(f"{seen.content_sentence} {seen.style_sentence}{tags}".strip())
    return sorted(filter(None, found))[:_MOST]
