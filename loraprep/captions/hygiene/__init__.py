"""Caption hygiene: what must not be in a caption, in one room of rules (`room.RULES`), and the words they speak of.

A rule is a small record: its name, what it does (mend, ask, warn), for which forms. How each is said, and the words
it knows, is resources/hygiene.yaml.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loraprep.captions.hygiene.room import (
        OF_A_FOLDER,
        OF_PAIRS,
        RULES,
        SET_RULES,
        Mended,
        asked,
        code_of,
        mend,
        rule_named,
        seen,
        written_form,
    )
    from loraprep.captions.hygiene.rule import NOTHING, About, Rule, about, about_each, said
    from loraprep.captions.hygiene.sets import foreign_trigger, like_a_trigger
    from loraprep.captions.hygiene.words import (
        CONTENT,
        STYLE,
        bare,
        clean,
        ends_in_verb,
        faults,
        form_of,
        head,
        is_count,
        is_quality,
        is_style,
        key_of,
        lists,
        only_colours,
        phrases,
        says,
        says_nothing_alone,
        singular,
        style_categories,
        terms,
        without_term,
        without_trigger,
        without_verb,
    )
    from loraprep.captions.hygiene.wrappings import refuses, without_thoughts

__all__ = [
    "CONTENT",
    "NOTHING",
    "OF_A_FOLDER",
    "OF_PAIRS",
    "RULES",
    "SET_RULES",
    "STYLE",
    "About",
    "Mended",
    "Rule",
    "about",
    "about_each",
    "asked",
    "bare",
    "clean",
    "code_of",
    "ends_in_verb",
    "faults",
    "foreign_trigger",
    "form_of",
    "head",
    "is_count",
    "is_quality",
    "is_style",
    "key_of",
    "like_a_trigger",
    "lists",
    "mend",
    "only_colours",
    "phrases",
    "refuses",
    "rule_named",
    "said",
    "says",
    "says_nothing_alone",
    "seen",
    "singular",
    "style_categories",
    "terms",
    "without_term",
    "without_thoughts",
    "without_trigger",
    "without_verb",
    "written_form",
]


def __getattr__(name: str) -> object:
    """Load the room when the first of its names is asked for: a run in which nothing is stale asks for none."""
    if name not in __all__:
        raise AttributeError(name)
    from loraprep.captions.hygiene import room, rule, sets, words, wrappings

    for module in (room, rule, sets, words, wrappings):
        globals().update({known: value for known, value in vars(module).items() if known in __all__})
    return globals()[name]
