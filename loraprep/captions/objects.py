"""Captions that are JSON objects, for a base model that learned from such: written, read, and with the trigger in them.

The trigger stands at the beginning of the first text in the object, wherever the base model's order of keys puts it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from loraprep.captions import hygiene
from loraprep.captions.hygiene.json_text import too_nested
from loraprep.core.records import Caption
from loraprep.project.profiles import JsonPart

Json = object


def written(parts: Sequence[JsonPart], said: Mapping[str, Sequence[str]]) -> str:
    """Write an object, its keys in the order of `parts`; places that there are no words for are left out.

    `said`: source ("content_sentence", "style.lighting") -> its words. Those that are `bare` stand without any. One
    line without spaces between keys, letters as they are: how the tools that read such captions check them
    (musubi-tuner's docs on Ideogram 4, and its caption_verifier.py).
    """
    made: dict[str, Json] = {}
    told = [
        part.key.rpartition(".")[0] for part in parts if any(said.get(source) for source in (*part.says, part.each))
    ]
    for part in parts:
        value: Json
        element, _, word = part.when.replace("!=", "=!").partition("=")
        if element and (word.removeprefix("!") in said.get(element, ())) == word.startswith("!"):
            continue
        if part.each:
            value = [_item(part.item, word) for word in said.get(part.each, ())]
        else:
            found = next((words for source in part.says if (words := said.get(source))), ())
            value = _cut(", ".join(found), part.words)
        beside = part.bare == "beside" and part.key.rpartition(".")[0] in told
        if value or beside or part.bare == "always":
            _put(made, part.key.split("."), value)
    return compact(made)


def compact(made: Json) -> str:
    """Write JSON on one line, without spaces between keys."""
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"))


def _item(keys: Sequence[str], word: str) -> dict[str, Json]:
    return {name: text or word for name, _, text in (key.partition("=") for key in keys)}


def _cut(text: str, words: int) -> str:
    split = text.split()
    return " ".join(split[:words]).rstrip(",;") if words and len(split) > words else text


def _put(made: dict[str, Json], way: Sequence[str], value: Json) -> None:
    """Set a value at the end of a way of keys; a second list at one place goes on where the first ends."""
    for key in way[:-1]:
        inner = made.setdefault(key, {})
        if not isinstance(inner, dict):
            return
        made = inner
    there = made.get(way[-1])
    made[way[-1]] = [*there, *value] if isinstance(there, list) and isinstance(value, list) else value


def leaves(value: Json) -> Iterator[str]:
    """Yield the texts of an object in its order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from leaves(inner)


def parsed(caption: str) -> dict[str, Json] | None:
    """Read a caption as the object that it is, None if it is none."""
    if not caption.lstrip().startswith("{") or too_nested(caption):
        return None
    try:
        found = json.loads(caption)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def texts(caption: str) -> list[str]:
    """List the texts of a caption that is an object, in its order; [] if it is none."""
    return [text for text in leaves(parsed(caption)) if text.strip()]


def with_first(caption: str, change: Callable[[str], str]) -> str:
    """Change the first text of a caption that is an object; any other caption as a whole."""
    found = parsed(caption)
    return change(caption) if found is None else compact(_changed(found, iter([change])))


def _changed(value: Json, left: Iterator[Callable[[str], str]]) -> Json:
    if isinstance(value, str):
        change = next(left, None) if value.strip() else None
        return change(value) if change else value
    if isinstance(value, dict):
        return {key: _changed(inner, left) for key, inner in value.items()}
    if isinstance(value, list):
        return [_changed(inner, left) for inner in value]
    return value


def with_trigger(caption: str, trigger: str) -> str:
    """Put the trigger before the first text of an object."""
    return with_first(caption, lambda text: f"{trigger}, {text}") if trigger else caption


def unfilled(caption: str, trigger: str) -> str:
    """Write [trigger] for the trigger at the beginning, as decisions/captions.yaml has it."""
    if not trigger:
        return caption
    return with_first(caption, lambda text: "[trigger]" + text.removeprefix(trigger))


def faults_of(caption: Caption, trigger: str) -> list[str]:
    """List why a trainer must not get this caption, as `hygiene.faults`; of an object, what is wrong with its texts."""
    if caption.form != "json":
        return hygiene.faults(caption.text, trigger)
    said = texts(caption.text)
    return hygiene.faults(", ".join(said), trigger) if said else ["it is no whole JSON"]


def body_of(caption: Caption, trigger: str) -> str:
    """Return the words of a caption without the trigger; of an object those of its texts."""
    return hygiene.without_trigger(", ".join(texts(caption.text)) or caption.text, trigger)
