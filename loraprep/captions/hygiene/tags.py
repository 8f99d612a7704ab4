"""Tags that say nothing of a picture: quality that the base model was not taught, and facts of an upload."""

from __future__ import annotations

from collections.abc import Callable

from loraprep.captions.hygiene import words as lists
from loraprep.captions.hygiene.rule import About, rules_words
from loraprep.captions.hygiene.text import pieces


def without_foreign_quality(text: str, about: About) -> str:
    """Drop tags for quality, score, rating and source that this base model was not taught (facts: each has its own)."""
    scores = any(tag.startswith("score_") for tag in about.quality)
    words_too = any(not tag.startswith("score_") for tag in about.quality)

    def foreign(piece: str) -> bool:
        return lists.is_quality(piece) and not (scores if lists.is_rated(piece) else words_too)

    return _without_pieces(text, foreign)


def without_meta(text: str, _about: About) -> str:
    """Drop Danbooru's tags about an upload."""
    return _without_pieces(text, lambda piece: piece.casefold().replace("_", " ") in rules_words().meta)


def _without_pieces(text: str, unwanted: Callable[[str], bool]) -> str:
    split = pieces(text)
    kept = [piece for piece in split if not unwanted(piece.rstrip("."))]
    return ", ".join(kept) if len(kept) < len(split) else text
