"""The last line of an entry of a decision file, which is the tool's own: all above it is for a person's eye. Pure.

It holds what the tool has to know again: which pictures the entry is about, how long the caption is, what it was shown
under. Files of before have a line for each of these among the others, and are read as if they had not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loraprep.core import yamlfile
from loraprep.core.errors import UserError

KEY = "noted"
FIELDS = ("tokens", "form", "under", "digests")


def gathered(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry's fields as they are written: the tool's own as one, at the end."""
    own = {name: fields[name] for name in FIELDS if name in fields}
    return {**{name: value for name, value in fields.items() if name not in own}, KEY: own}


def spread(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry's fields as they are meant: those of its last line among the others."""
    own = entry.get(KEY)
    said = {name: value for name, value in entry.items() if name != KEY}
    return {**said, **own} if isinstance(own, Mapping) else said


def moved(text: str, answer: str) -> str:
    """Return the text of an entry of before with the tool's lines gathered at its end, and every other as it is.

    `answer`: the field of the answer. One in which the tool's lines are not as it wrote them stays whole.
    """
    if "\n  digests: " not in text.replace("\r\n", "\n"):
        return text
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    body, mark = yamlfile.parted("\n".join(lines))
    [(key, entry)] = yamlfile.parse(body, "").data.items()
    own = {name: f"  {name}: {yamlfile.dump(entry[name])}" for name in FIELDS if name in entry}
    kept = [line for line in body.split("\n") if line not in own.values()]
    after = "\n".join([*kept, f"  {KEY}: {yamlfile.dump(gathered(entry)[KEY])}"])
    try:
        as_it_was = spread(yamlfile.parse(after, "").data[key]) == entry
    except UserError:
        return text
    if not as_it_was or KEY in entry or len(kept) != len(lines) - len(own):
        return text
    if yamlfile.untouched(text) or yamlfile.only_answered(text, answer):
        return yamlfile.signed(after, but=answer)
    return after + mark + "\n"
