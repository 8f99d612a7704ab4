"""What captions say of the ground that transparent pictures are laid on: named it can be prompted away. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from msgspec.structs import replace

from loraprep.captions import hygiene, lexicon
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Caption

_PLAIN = "plain background"  # of resources/lexicon.yaml
_FUSED = (Code.FUSED_CRITICAL, Code.FUSED_WARNING, Code.FUSED_WATCH)


def told_once(
    found: Sequence[Finding], captions: Mapping[str, Caption], transparent: Set[str], trigger: str
) -> list[Finding]:
    """Say one thing of that ground where most pictures are `transparent`.

    Captions are asked to name it. Where most do, that is said instead, and no other finding warns of the words.
    `captions`: of the pictures that train.
    """
    cut_out = [captions[path] for path in sorted(transparent & captions.keys())]
    if 2 * len(cut_out) <= len(captions):
        return [*found]
    named = sum(_names(caption, trigger) for caption in cut_out)
    said = [f for f in found if f.code not in _FUSED or not is_ground(f.text("term"))]
    if 2 * named <= len(cut_out):
        return said
    return [replace(f, values={**f.values, "cause": "named"}) if f.code == Code.TRANSPARENT else f for f in said]


def is_ground(term: str) -> bool:
    """Say whether a term is about what lies behind everything: "white background", "backdrop"."""
    return hygiene.head(term) in _grounds()


def _names(caption: Caption, trigger: str) -> bool:
    return any(is_ground(phrase) for phrase in hygiene.phrases(hygiene.without_trigger(caption.text, trigger)))


def _grounds() -> set[str]:
    return {hygiene.head(word) for word in lexicon.words_of("setting", _PLAIN) if " " in word}
