"""Elements out of replies that no schema could be forced on: fenced, broken, flattened, or plain sentences."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import json_repair

from loraprep.captions import hygiene
from loraprep.captions.captioners.draft import sorted_terms
from loraprep.captions.vision.prompt import LONGEST_TEXT, schema

_MOST = 50_000  # characters of a reply; a form that is filled in has a tenth of that
_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_SORRY = re.compile(
    r"\W*(?:i['’]?m (?:so |very )?sorry|sorry\b|i (?:can['’]?t|cannot|am unable|won['’]?t)\b|as an ai\b)", re.IGNORECASE
)
_FEWEST = 3  # words of a sentence that says something


def form(rule: Mapping[str, Any]) -> str:
    """The form of a reply in words, for a server that takes no schema: a JSON skeleton with its closed lists."""
    skeleton = json.dumps(_skeleton(rule), ensure_ascii=False, indent=1)
    return f"Answer with one JSON object and nothing else. Where | stands, choose from what it parts:\n{skeleton}\n"


def _skeleton(rule: Mapping[str, Any]) -> Any:
    if rule["type"] == "object":
        return {key: _skeleton(sub) for key, sub in rule["properties"].items()}
    if rule["type"] == "array":
        return [_skeleton(rule["items"])] if "enum" in rule["items"] else [rule.get("description", "")]
    return " | ".join(v or '""' for v in rule["enum"]) if "enum" in rule else rule.get("description", "")


def refuses(text: str) -> bool:
    """Does it apologize instead of describing?"""
    text = _THOUGHT.sub("", text)
    return "{" not in text and bool(_SORRY.match(text))


def elements(text: str, *, sentences: bool) -> dict[str, Any] | None:
    """What a reply says about the picture, still to be checked by `question.read`; None if it says nothing.

    `sentences`: prose counts too; its words are sorted into elements by the word lists.
    """
    text = _THOUGHT.sub("", text).strip()
    if not text or len(text) > _MOST:
        return None
    if "{" not in text:
        return _from_prose(text) if sentences else None
    try:
        found = json_repair.loads(text)
    except (ValueError, RecursionError):
        return None
    objects = [o for o in (found if isinstance(found, list) else [found]) if isinstance(o, dict)]
    read = [e for o in objects if (e := _grouped(o))]
    return max(read, key=len, default=None)


def _grouped(data: Mapping[str, Any]) -> dict[str, Any]:
    """The known fields of an object, put where they belong: models wrap the form into another or leave groups out."""
    known = schema()["properties"]
    if len(data) == 1 and not data.keys() & known.keys():
        inner = next(iter(data.values()))
        return _grouped(inner) if isinstance(inner, dict) else {}
    result: dict[str, Any] = {key: value for key, value in data.items() if key in known}
    for group in ("content", "style"):
        loose = {key: value for key, value in data.items() if key in known[group]["properties"]}
        if loose:
            given = result.get(group)
            result[group] = {**loose, **(given if isinstance(given, dict) else {})}
    return result


def _from_prose(text: str) -> dict[str, Any] | None:
    line = hygiene.clean(re.sub(r"[*#`_]+", "", text))
    if len(line.split()) < _FEWEST:
        return None
    content: list[str] = []
    style: list[str] = []
    for sentence in re.split(r"(?<=[.!?])\s+", line):
        said = hygiene.phrases(sentence)
        about_style = sum(hygiene.is_style(p) for p in said) * 2 >= len(said) > 0
        (style if about_style else content).append(sentence)
    seen, made = sorted_terms(hygiene.phrases(line))
    return {
        "content": seen,
        "style": made,
        "content_sentence": _whole(content),
        "style_sentence": _whole(style),
        "confidence": {"content": "low", "style": "low"},
    }


def _whole(sentences: list[str]) -> str:
    """As many whole sentences as there is room for."""
    text = ""
    for sentence in sentences:
        longer = f"{text} {sentence}".strip()
        if len(longer) > LONGEST_TEXT:
            break
        text = longer
    return text or " ".join(sentences)[:LONGEST_TEXT].rpartition(" ")[0]
