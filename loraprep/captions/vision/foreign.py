"""Replies in a form of the model's own, such as {"subject", "description", "tags", "style"}: put into ours, in full.

What the fields are called follows what captioning models write by themselves when asked for JSON. Where a field says
nothing of its kind, those around it do, and then its words: whole sentences describe, the rest are things.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple, cast

from loraprep.captions import hygiene, lexicon
from loraprep.captions.hygiene.json_text import repaired, too_nested
from loraprep.captions.vision.form import Json, closed_terms, form

# where the words of a field go, by the last word of its name
_NAMES = {
    "long": "description caption long detailed prompt alt response answer content paragraph",
    "short": "short summary title headline brief",
    "style": "style artistic aesthetic aesthetics",
    "tags": "tags tag keywords booru labels",
    "visible_text": "text texts ocr writing lettering",
    "subject": "subject subjects",
    "objects": "objects object items elements details things props people persons characters foreground animals",
    "setting": "setting background scene environment location surroundings weather backdrop",
    "outfit": "outfit clothing clothes attire accessories",
    "action": "action actions activity activities",
    "expression": "expression expressions emotion",
    "pose": "pose posture",
    "hair": "hair hairstyle",
    "time": "time day season",
    "angle": "angle perspective viewpoint",
    "framing": "framing shot",
    "palette": "palette colors colours color colour",
    "mood": "mood atmosphere tone",
    "lighting": "lighting light",
    "": "confidence score scores bbox box id count quality rating nsfw safety reasoning thoughts notes",
}
_FREE = {  # closed lists, and where words go that mean nothing of theirs
    "place": "setting", "pose": "action", "framing": "", "angle": "", "expression": "action", "subject_class": "",
    "medium": "technique", "temperature": "palette", "lighting": "technique",
}  # fmt: skip
_THINGS = ("name", "label", "object", "item")  # of what comes as an object with colours and the like
_COLOURS = ("color", "colour")
_SAYS = 3  # words of a text that may be a sentence
_MOST = 50_000  # characters of a reply
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_WORD = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+")


class _Told(NamedTuple):
    """One text of a reply. `goes`: where, None if no name says it, "" if nowhere."""

    goes: str | None
    text: str


@cache
def _places() -> dict[str, str]:
    parts = form().properties
    own = {key: key for group in ("content", "style") for key in parts[group].properties}
    return own | {name: goes for goes, names in _NAMES.items() for name in names.split()}


def translated(text: str) -> str:
    """Return a reply of another form in ours, as JSON; any other text as it is."""
    bare = hygiene.without_thoughts(text[: 2 * _MOST])
    if "{" not in bare or len(bare) > _MOST or too_nested(bare):
        return text
    found = cast(Json, repaired(bare[bare.index("{") :]))
    if isinstance(found, list):
        found = next((one for one in found if isinstance(one, dict)), None)
    while isinstance(found, dict) and len(found) == 1 and isinstance(inner := next(iter(found.values())), dict):
        found = inner
    if not isinstance(found, dict) or not _strange(found):
        return text
    return json.dumps(_ours(found), ensure_ascii=False)


def _strange(found: Mapping[str, Json]) -> bool:
    """Say whether a reply has fields of its own, or other things in ours, which would be lost."""
    parts = form().properties
    if isinstance(found.get("content"), dict) and found.get("content_sentence"):
        return False
    inner = {**parts["content"].properties, **parts["style"].properties}
    return any(
        key not in {*parts, *inner}
        or isinstance(value, dict) != (key in parts and bool(parts[key].properties))
        or (isinstance(value, list) and any(isinstance(one, dict) for one in value))
        for key, value in found.items()
    )


def _texts(value: Json, goes: str | None) -> Iterator[_Told]:
    """Yield every text of a reply in its order; each goes where its own name says, else with what is around it."""
    if isinstance(value, str):
        if value.strip() and value[0] != "#":  # of a colour no number says anything
            yield _Told(goes, value.strip())
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, goes)
    elif isinstance(value, dict):
        rest = dict(value)
        name = next((key for key in rest if key.casefold() in _THINGS and isinstance(rest[key], str)), None)
        if name is not None:
            colours = [str(rest.pop(key)) for key in [*rest] if key.casefold() in _COLOURS]
            yield _Told("objects" if goes in (None, "long") else goes, " ".join([*colours, str(rest.pop(name))]))
        for key, inner in rest.items():
            yield from _texts(inner, _place(key, goes))


def _place(key: str, around: str | None) -> str | None:
    words = [word.casefold() for word in _WORD.findall(key)]
    named = [_places()[word] for word in words if word in _places()]
    if words and words[0] == "short":
        return "short"
    if words == ["type"] and around is None:
        return "style"
    whole = _places().get("_".join(words))
    close = [goes for goes in named if goes != "objects"] or named  # outfit details are no things
    return whole if whole is not None else close[-1] if close else around


def _ours(found: Mapping[str, Json]) -> dict[str, Json]:
    parts = form().properties
    result: dict[str, Json] = {
        key: value
        for key, value in found.items()
        if key in parts and isinstance(value, dict) == bool(parts[key].properties) and value
    }
    told = list(_texts({key: value for key, value in found.items() if key not in result}, None))
    if len(told) == 1:  # whatever it is called, it is the description
        told = [told[0]._replace(goes="long")]
    by: dict[str, list[str]] = {}
    sentences: list[str] = []
    for goes, text in told:
        says = len(text.split()) >= _SAYS or text[-1] in ".!?"
        if goes is None and says and text[-1] in ".!?":
            sentences.append(text)
        elif goes == "long" and hygiene.form_of(text) == "tags" and "," in text:
            by.setdefault("tags", []).extend(hygiene.terms(text))
        elif goes is None or (goes in ("long", "short") and not says):
            by.setdefault("objects", []).append(text)
        elif goes == "tags":
            by.setdefault(goes, []).extend(hygiene.terms(text))
        elif goes:
            by.setdefault(goes, []).append(text)
    said = _SENTENCE.split(" ".join(by.get("long") or sentences)) if by.get("long") or sentences else []
    short = next(iter(by.get("short", ())), "")
    result.setdefault("content_sentence", short or (said[0] if said else ""))
    result.setdefault("content_long", " ".join(said) if len(said) > 1 or (short and said) else "")
    result.setdefault("style_sentence", _made(by))
    result.setdefault("tags", [*by.get("tags", ())])
    result.setdefault("visible_text", [*by.get("visible_text", ())])
    subject, *others = [*by.get("subject", ()), *by.get("objects", ())] or [""]
    by["subject"], by["objects"] = [subject], others
    for key, free in _FREE.items():
        meant = [(text, _meant(key, text)) for text in by.get(key, ())]
        by[key] = [term for _, term in meant if term]
        by.setdefault(free, []).extend(text for text, term in meant if not term)
    for group in ("content", "style"):
        listed: dict[str, Json] = {key: [*by[key]] for key in parts[group].properties if by.get(key)}
        already = result.get(group)
        result[group] = {**listed, **(already if isinstance(already, dict) else {})}
    return result


def _meant(key: str, text: str) -> str:
    """Return the term of a closed list that a text means, "" if none."""
    terms = next(terms for name, terms in closed_terms().items() if name.endswith(f".{key}"))
    folded = text.casefold().rstrip(".")
    found = next((term for term in terms if folded in (term, term.removesuffix(" light"))), "")
    found = found or lexicon.meant(key, folded)
    return found if found in terms else ""


def _made(by: dict[str, list[str]]) -> str:
    """Return the sentence on style, "" without one; words for it that are none are sorted into its lists."""
    said: list[str] = []
    for words in by.get("style", ()):
        if len(words.split()) >= _SAYS:
            said.append(words[0].upper() + words[1:].rstrip(".") + ".")
        else:
            by.setdefault("medium" if _meant("medium", words) == words.casefold() else "technique", []).append(words)
    return " ".join(said)
