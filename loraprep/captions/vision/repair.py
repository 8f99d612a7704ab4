"""Elements out of replies that no schema could be forced on: fenced, broken, flattened, or plain sentences."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from loraprep.captions import hygiene
from loraprep.captions.elements import sort_terms
from loraprep.captions.hygiene.json_text import repaired, too_nested
from loraprep.captions.vision.form import FormField, Json, Name, form
from loraprep.captions.vision.reply import LONGEST_TEXT

_MOST = 50_000  # characters of a reply; a form that is filled in has a tenth of that
_FEWEST = 3  # words of a sentence that says something


def form_in_words(name: Name = "elements") -> str:
    """Word a form for a server that takes no schema: a JSON skeleton with its closed lists."""
    skeleton = json.dumps(_skeleton(form(name)), ensure_ascii=False, indent=1)
    return f"Answer with one JSON object and nothing else. Where | stands, choose from what it parts:\n{skeleton}\n"


def _skeleton(field: FormField) -> Json:
    if field.type == "object":
        return {key: _skeleton(sub) for key, sub in field.properties.items()}
    if field.items is not None:
        return [_skeleton(field.items)] if field.items.enum else [field.description]
    return " | ".join(v or '""' for v in field.enum) if field.enum else field.description


def refuses(text: str) -> bool:
    """Say whether a reply apologizes instead of describing."""
    text = hygiene.without_thoughts(text)
    return "{" not in text and hygiene.refuses(text)


_SEES_NOTHING = re.compile(
    r"(?:can(?:no|')t|can not|unable to|not able to|don't|do not|didn't|did not|ability to) (?:\w+ )?"
    r"(?:see|view|access|open|receive|look at)\b"
    r"|\bno (?:images?|pictures?|photos?) |(?:image|picture|photo) (?:is|was) (?:not|missing)"
    r"|\b(?:upload|provide|share|attach|send)\b[^.!?]{0,30}\b(?:image|picture|photo)"
)


def sees_nothing(text: str) -> bool:
    """Say whether a model apologizes for having been shown no picture at all."""
    return refuses(text) and bool(_SEES_NOTHING.search(text.casefold().replace("’", "'")))


def repair_reply(text: str, *, sentences: bool, name: Name = "elements") -> dict[str, Json] | None:
    """Find what a reply says in the form `name`, still to be checked by `parse_reply`; None if it says nothing.

    `sentences`: prose counts too; its words are sorted into elements by the word lists, or are an instruction.
    """
    text = hygiene.without_thoughts(text[: 2 * _MOST]).strip()
    if not text or len(text) > _MOST or too_nested(text):
        return None
    if "{" not in text:
        if not sentences:
            return None
        return _asked_in_prose(text) if name == "change" else _from_prose(text)
    found = repaired(text)
    objects = [o for o in (found if isinstance(found, list) else [found]) if isinstance(o, dict)]
    readable = [e for o in objects if (e := _grouped(o, name))]
    return max(readable, key=len, default=None)


def _grouped(data: Mapping[str, Json], name: Name) -> dict[str, Json]:
    """Put the known fields of an object where they belong: models wrap the form into another or leave groups out."""
    known = form(name).properties
    if len(data) == 1 and not data.keys() & known.keys():
        inner = next(iter(data.values()))
        return _grouped(inner, name) if isinstance(inner, dict) else {}
    result: dict[str, Json] = {key: value for key, value in data.items() if key in known}
    for group in {"content", "style"} & known.keys():
        loose = {key: value for key, value in data.items() if key in known[group].properties}
        if loose:
            given = result.get(group)
            result[group] = {**loose, **(given if isinstance(given, dict) else {})}
    return result


def _asked_in_prose(text: str) -> dict[str, Json] | None:
    line = hygiene.mend(text, hygiene.About(instruction=True)).text
    if len(line.split()) < 2:
        return None
    first, *_ = said = re.split(r"(?<=[.!?])\s+", line)
    return {"instruction": first, "instruction_long": _whole_sentences(said) if len(said) > 1 else ""}


def _from_prose(text: str) -> dict[str, Json] | None:
    line = hygiene.mend(text).text
    if len(line.split()) < _FEWEST:
        return None
    content: list[str] = []
    style: list[str] = []
    for sentence in re.split(r"(?<=[.!?])\s+", line):
        phrases = hygiene.phrases(sentence)
        about_style = sum(hygiene.is_style(p) for p in phrases) * 2 >= len(phrases) > 0
        (style if about_style else content).append(sentence)
    content_terms, style_terms = sort_terms(hygiene.phrases(line))
    return {
        "content": {key: [*terms] for key, terms in content_terms.items()},
        "style": {key: [*terms] for key, terms in style_terms.items()},
        "content_sentence": _whole_sentences(content),
        "style_sentence": _whole_sentences(style),
        "confidence": {"content": "low", "style": "low"},
    }


def _whole_sentences(sentences: list[str]) -> str:
    """Join as many whole sentences as there is room for."""
    text = ""
    for sentence in sentences:
        longer = f"{text} {sentence}".strip()
        if len(longer) > LONGEST_TEXT:
            break
        text = longer
    return text or " ".join(sentences)[:LONGEST_TEXT].rpartition(" ")[0]
