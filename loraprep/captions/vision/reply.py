"""How a vision model's reply is read: checked against the form, cleaned, bounded."""

from __future__ import annotations

import json

from loraprep.captions import hygiene
from loraprep.captions.vision.form import FormField, Json, Name, SeenElements, form, json_schema
from loraprep.core import typed

# a reply is data from outside: bounded like any other
LATER = frozenset({"content_long", "with_traits"})  # a reply to a batch of an earlier version has none of these
LONGEST_TERM, LONGEST_TEXT, LONGEST_SENTENCES, MOST_TERMS = 80, 600, 1500, 40


class Unreadable(Exception):
    """A reply that is not in the form asked for; the text says what is wrong, in a few words."""


def parse_reply(text: str, *, mend: bool = False, name: Name = "elements") -> SeenElements:
    """Parse a reply's text, the form `name` filled in: one line each, bounded, without control characters.

    With `mend` missing fields count as empty and terms outside a closed list are dropped, for servers that cannot be
    held to a schema. Raises Unreadable.
    """
    try:
        data: Json = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("the reply is no JSON") from None
    if mend and isinstance(data, dict):
        data = _mend(data, form(name))
    from jsonschema import Draft202012Validator

    schema = json_schema(name)
    schema["required"] = [key for key in typed.convert(schema["required"], list[str]) if key not in LATER]
    error = next(iter(Draft202012Validator(schema).iter_errors(data)), None)
    if error is not None:
        where = ".".join(str(k) for k in error.absolute_path) or "the reply"
        raise Unreadable(f"{where} is not in the form asked for")
    found = typed.convert(_clean(data), SeenElements)
    said = found.instruction if name == "change" else found.content_sentence or found.tags
    if not (said or (found.content and found.content.subject)):
        raise Unreadable(f"the reply says nothing about the {'change' if name == 'change' else 'picture'}")
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
    asks = key.startswith("instruction")
    sentence = asks or key.endswith(
        ("_sentence", "_long")
    )  # in it models open, apologize and offer as they do in a chat
    about = hygiene.About(instruction=asks)
    text = hygiene.mend(str(data), about).text if sentence else hygiene.clean(str(data))
    text = _bounded(text, LONGEST_SENTENCES if key.endswith("_long") else LONGEST_TEXT)
    return text.casefold() if key == "subject" else text


def _bounded(text: str, most: int) -> str:
    """Cut a text that is too long, after its last whole sentence if there is one."""
    if len(text) <= most:
        return text.strip()
    return (text[: text.rfind(". ", 0, most) + 1] or text[:most]).strip()
