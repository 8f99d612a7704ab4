"""Caption hygiene: what must not be in a caption, in one room of rules (`room.RULES`), and the words they speak of.

A rule is a small record: its name, what it does (mend, ask, warn), for which forms. How each is said, and the words
it knows, is resources/hygiene.yaml.
"""

from loraprep.captions.hygiene.mends import refuses, without_thoughts
from loraprep.captions.hygiene.room import (
    OF_A_FOLDER,
    RULES,
    SET_RULES,
    Mended,
    asked,
    code_of,
    mend,
    rule,
    seen,
    written_form,
)
from loraprep.captions.hygiene.rule import NOTHING, About, Rule, about, said
from loraprep.captions.hygiene.words import (
    CONTENT,
    STYLE,
    bare,
    clean,
    faults,
    form_of,
    is_count,
    is_quality,
    is_style,
    key_of,
    lists,
    only_colours,
    phrases,
    says,
    style_categories,
    terms,
    without_term,
    without_trigger,
)

__all__ = [
    "CONTENT",
    "NOTHING",
    "OF_A_FOLDER",
    "RULES",
    "SET_RULES",
    "STYLE",
    "About",
    "Mended",
    "Rule",
    "about",
    "asked",
    "bare",
    "clean",
    "code_of",
    "faults",
    "form_of",
    "is_count",
    "is_quality",
    "is_style",
    "key_of",
    "lists",
    "mend",
    "only_colours",
    "phrases",
    "refuses",
    "rule",
    "said",
    "says",
    "seen",
    "style_categories",
    "terms",
    "without_term",
    "without_thoughts",
    "without_trigger",
    "written_form",
]
