"""How a vision model's reply is read: checked against the form, cleaned, bounded."""

from __future__ import annotations

import json

import msgspec

from loraprep.captions import hygiene
from loraprep.captions.vision.form import FormField, Json, SeenElements, form, json_schema

LONGEST_TERM, LONGEST_TEXT, MOST_TERMS = 80, 600, 40  # a reply is data from outside: bounded like any other


class Unreadable(Exception):
    """A reply that is not in the form asked for; the text says what is wrong, in a few words."""


def parse_reply(text: str, *, mend: bool = False) -> SeenElements:
    """Parse a reply's text into elements: one line each, bounded, without control characters.

    With `mend` missing fields count as empty and terms outside a closed list are dropped, for servers that cannot be
    held to a schema. Raises Unreadable.
    """
    try:
        data: Json = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("the reply is no JSON") from None
    if mend and isinstance(data, dict):
        data = _mend(data, form())
    from jsonschema import Draft202012Validator

    error = next(iter(Draft202012Validator(json_schema()).iter_errors(data)), None)
    if error is not None:
        where = ".".join(str(k) for k in error.absolute_path) or "the reply"
        raise Unreadable(f"{where} is not in the form asked for")
    found = msgspec.convert(_clean(data), SeenElements)
    if not ((found.content and found.content.subject) or found.content_sentence or found.tags):
        raise Unreadable("the reply says nothing about the picture")
    return found


def _mend(data: Json, field: FormField) -> Json:
    """Force `data` into the form of `field`: what does not fit becomes empty."""
    if field.type == "object":
        given = data if isinstance(data, dict) else {}
        return {key: _mend(given.get(key), sub) for key, sub in field.properties.items()}
    if field.items is not None:
        items = field.items
        if isinstance(data, str):
            data = list(hygiene.terms(data))
        known = {term.casefold() for term in items.enum}
        kept = [v for v in data if not known or str(v).casefold() in known] if isinstance(data, list) else []
        return [v for v in (_mend(v, items) for v in kept) if v]
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    text = str(data).strip() if isinstance(data, str | int | float) and not isinstance(data, bool) else ""
    if field.enum:
        return next((v for v in field.enum if v.casefold() == text.casefold()), field.enum[-1])  # "" or "low"
    return text


def _clean(data: Json, key: str = "") -> Json:
    if isinstance(data, dict):
        return {k: _clean(v, k) for k, v in data.items()}
    if isinstance(data, list):
        terms = [hygiene.clean(str(v))[:LONGEST_TERM].strip() for v in data[:MOST_TERMS]]
        return [t if key == "visible_text" else t.casefold() for t in terms if t]
    text = hygiene.clean(str(data))[:LONGEST_TEXT].strip()
    return text if key.endswith("_sentence") else text.casefold() if key == "subject" else text
