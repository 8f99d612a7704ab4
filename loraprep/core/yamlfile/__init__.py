"""The only YAML code: a strict loader with places, and edits that change one value and nothing else."""

from loraprep.core.yamlfile.editing import (
    append,
    block,
    document,
    dump,
    entry_text,
    only_answered,
    parted,
    rewrite,
    save,
    set_value,
    signed,
    texts,
    untouched,
)
from loraprep.core.yamlfile.reading import MAX_BYTES, Document, load, parse

__all__ = [
    "MAX_BYTES",
    "Document",
    "append",
    "block",
    "document",
    "dump",
    "entry_text",
    "load",
    "only_answered",
    "parse",
    "parted",
    "rewrite",
    "save",
    "set_value",
    "signed",
    "texts",
    "untouched",
]
