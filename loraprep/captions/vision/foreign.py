"""Replies in a form of the model's own, such as {"subject", "description", "tags", "style"}: put into ours, in full.

What the fields are called follows what captioning models write by themselves when asked for JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import cast

import json_repair

from loraprep.captions import hygiene
from loraprep.captions.hygiene.mends import BRACKETS
from loraprep.captions.vision.form import Json, form

_LONG = ("description", "caption", "long_description", "long_caption", "detailed_description", "detailed_caption")
_SHORT = ("short_description", "short_caption", "summary", "title")
_STYLE = ("style", "style_description", "art_style", "artistic_style")
_TAGS = ("tags", "keywords", "booru_tags")
_TEXT = ("visible_text", "text", "ocr", "texts")
_CONTENT = {"background": "setting", "scene": "setting", "environment": "setting", "location": "setting",
            "items": "objects", "elements": "objects", "clothing": "outfit", "clothes": "outfit",
            "activity": "action", "actions": "action", "time_of_day": "time", "camera_angle": "angle",
            "perspective": "angle", "shot": "framing"}  # fmt: skip
_LOOKS = {"colors": "palette", "colours": "palette", "color_palette": "palette", "atmosphere": "mood"}
_MOST = 50_000  # characters of a reply
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def translated(text: str) -> str:
    """Return a reply of another form in ours, as JSON; any other text as it is."""
    bare = hygiene.without_thoughts(text[: 2 * _MOST])
    if "{" not in bare or len(bare) > _MOST or bare.count("{") + bare.count("[") > BRACKETS:
        return text
    try:
        found = cast(Json, json_repair.loads(bare[bare.index("{") :]))
    except (ValueError, RecursionError):
        return text
    while isinstance(found, dict) and len(found) == 1 and isinstance(inner := next(iter(found.values())), dict):
        found = inner
    if not isinstance(found, dict) or not _strange(found):
        return text
    return json.dumps(_ours(found), ensure_ascii=False)


def _strange(found: Mapping[str, Json]) -> bool:
    """Say whether a reply has fields of its own that say something which ours would lose."""
    known = {*form().properties, *form().properties["content"].properties, *form().properties["style"].properties}
    names = {*_LONG, *_SHORT, *_STYLE, *_TAGS, *_TEXT, *_CONTENT, *_LOOKS}
    return any(key.casefold() in names - known for key in found) or isinstance(found.get("style"), str)


def _ours(found: Mapping[str, Json]) -> dict[str, Json]:
    given = {key.casefold().replace(" ", "_"): value for key, value in found.items()}
    parts = form().properties
    result: dict[str, Json] = {key: value for key, value in given.items() if key in parts}
    content, style = dict[str, Json](), dict[str, Json]()
    for key, value in given.items():
        name = _CONTENT.get(key, key)
        look = _LOOKS.get(key, key)
        if name in parts["content"].properties:
            content.setdefault(name, _short(value))
        elif look in parts["style"].properties:
            style.setdefault(look, _short(value))
    sentences = _SENTENCE.split(_first(given, _LONG)) if _first(given, _LONG) else []
    short = _first(given, _SHORT)
    result.setdefault("content_sentence", short if len(short.split()) > 2 else sentences[0] if sentences else "")
    result.setdefault("content_long", " ".join(sentences) if len(sentences) > 1 else "")
    made = _first(given, _STYLE)
    if len(made.split()) > 2:
        result.setdefault("style_sentence", made[0].upper() + made[1:].rstrip(".") + ".")
    elif made:
        style.setdefault("medium" if made.casefold() in parts["style"].properties["medium"].enum else "technique", made)
    result["tags"] = next((given[key] for key in _TAGS if given.get(key)), [])
    result["visible_text"] = next((given[key] for key in _TEXT if given.get(key)), [])
    for key, group in (("content", content), ("style", style)):
        already = result.get(key)
        result[key] = {**group, **(already if isinstance(already, dict) else {})}
    return result


def _first(given: Mapping[str, Json], keys: tuple[str, ...]) -> str:
    return next((value.strip() for key in keys if isinstance(value := given.get(key), str) and value.strip()), "")


def _short(value: Json) -> Json:
    """Return a value as our lists take it: names of things that come as objects, else as it is."""
    if isinstance(value, list):
        return [next(iter(v.values()), "") if isinstance(v, dict) else v for v in value]
    return value
