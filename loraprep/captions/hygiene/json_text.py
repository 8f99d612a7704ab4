"""A caption that lies in a form: JSON as a model or a tool wrote it, whole or cut off."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from loraprep.captions.hygiene.rule import MOST, About

Json = object
_BRACKETS = 300  # of a form that is filled in there are 40; json_repair takes the square of open ones in seconds


FENCE = re.compile(r"```[a-z]{0,12}+")
_TAGS_FIRST = ("tags", "booru_tags", "danbooru_tags", "keywords")
_PROSE_FIRST = (
    "caption", "detailed_caption", "long_caption", "long", "description", "detailed_description", "prompt",
    "high_level_description", "content_sentence", "text", "summary", "short_caption", "short", "instruction",
)  # fmt: skip


def looks_like_json(text: str) -> bool:
    """Say whether a text begins as an object or a list of texts does."""
    begin = FENCE.sub("", text).strip()[:200]
    return begin.startswith(("{", "[")) and '"' in begin and (begin[0] == "[" or ":" in begin)


def out_of_json(text: str, about: About) -> str:
    """Take the caption out of an object that holds one, in the form that the base model reads; else all its texts."""
    bare = FENCE.sub("", text).strip()
    found = read_json(bare) if looks_like_json(text) else _without_braces(bare)
    if found is None:
        return text
    if isinstance(found, dict):
        first = (*_TAGS_FIRST, *_PROSE_FIRST) if about.form == "tags" else (*_PROSE_FIRST, *_TAGS_FIRST)
        by_key = {str(key).casefold().replace(" ", "_").replace("-", "_"): value for key, value in found.items()}
        found = next((value for key in first if (value := by_key.get(key))), found)
    return ", ".join(dict.fromkeys(_leaves(found))) or text


_FIRST_KEY = re.compile(r'"([^\W\d][\w -]{0,30})"\s{0,3}:\s{0,3}(?=["\[])')


def _without_braces(text: str) -> Json:
    """Parse an object whose braces something took out, as much as is left of it; None if it is none."""
    key = _FIRST_KEY.match(text)
    if not key:
        return None
    whole = f"{{{text.strip(' ,')}}}"
    try:
        found: Json = json.loads(whole)
    except (ValueError, RecursionError):
        known = key[1].casefold().replace(" ", "_").replace("-", "_") in (*_PROSE_FIRST, *_TAGS_FIRST)
        return read_json(whole) if known else None
    return found


def read_json(text: str) -> Json:
    """Parse an object or list, mended where a model or an editor broke it; None if it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None if too_nested(text) else repaired(text[:MOST])
    return found if isinstance(found, dict | list) and found else None


def too_nested(text: str) -> bool:
    """Say whether a text has more brackets than any form, so that to mend it would take long."""
    return text.count("{") + text.count("[") > _BRACKETS


def repaired(text: str) -> Json:
    """Parse what was meant as JSON, mended where it is broken; None if nobody can tell. See `too_nested`."""
    import json_repair  # here, as a run in which nothing is stale mends nothing

    try:
        return json_repair.loads(text)
    except (ValueError, RecursionError):
        return None


def _leaves(value: Json, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str) and value.strip():
        yield " ".join(value.split()).strip(" ,")
    elif isinstance(value, dict | list) and depth < 8:
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner, depth + 1)
