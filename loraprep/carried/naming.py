"""What is written in a picture, as words of its caption: where a person chose to name it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import structs

from loraprep.carried.kinds import Mark, What
from loraprep.carried.questions import TAGS, Act
from loraprep.core.records import Elements
from loraprep.core.text import plural
from loraprep.core.typed import Packed

_WORDS = 6  # places of one picture whose words are named; a model draws no more


def with_marks(
    elements: Mapping[str, Elements], marks: Mapping[str, Sequence[Mark]], acts: Mapping[tuple[str, What], Act]
) -> Mapping[str, Elements]:
    """Complete the elements of each picture by the marks that are to be named.

    Words in the art and subtitles are `visible_text`, which models that draw text get in quotation marks; a signature
    or a watermark is said to be there, its own words are not. Tag models get Danbooru's tags for each. An answer
    that says so already stays as it is, and so does one that asks for a change.
    """
    named = {path: [m for m in own if acts.get((path, m.what)) == "name"] for path, own in marks.items()}
    completed = Packed(Elements)
    for path, e in elements.items():
        completed[path] = _with(e, named[path]) if named.get(path) and not e.asks else e
    return completed


def _with(elements: Elements, marks: Sequence[Mark]) -> Elements:
    kinds = list(dict.fromkeys(mark.what for mark in marks))
    said = [mark.words for mark in marks if mark.what in ("art", "subtitle", "stamp")][:_WORDS]
    read = {text.casefold() for text in elements.visible_text}
    tags = [tag for kind in kinds for tag in _tags(kind, marks)]
    content = dict(elements.content)
    terms = [tag for tag in tags if tag not in content.get("objects", ())]
    content["objects"] = [*content.get("objects", ()), *terms]
    return structs.replace(
        elements,
        visible_text=[*elements.visible_text, *(w for w in said if w.casefold() not in read)],
        tags=[*elements.tags, *(t for t in tags if t not in elements.tags)] if elements.tags else elements.tags,
        content=content,
        sources={**elements.sources, "visible_text": "a person"} if said else elements.sources,
        content_sentence=_said(elements.content_sentence, kinds),
        content_long=_said(elements.content_long, kinds),
    )


def _tags(kind: What, marks: Sequence[Mark]) -> list[str]:
    """Return the tags of a kind; "english text" only for what is written in plain letters."""
    latin = all(mark.words.isascii() for mark in marks if mark.what == kind)
    return [tag for tag in TAGS[kind] if latin or tag != "english text"]


_SAID: dict[What, str] = {"signature": "a signature", "site": "a watermark", "tiled": "a tiled watermark"}


def _said(sentence: str, kinds: Sequence[What]) -> str:
    """Say behind a sentence what marks there are: "There is a signature on it."."""
    told = [_SAID[kind] for kind in kinds if kind in _SAID and _SAID[kind].split()[-1] not in sentence.casefold()]
    if not sentence or not told:
        return sentence
    ended = sentence if sentence.rstrip()[-1] in ".!?" else f"{sentence}."
    return f"{ended} There {plural(len(told), 'is', 'are')} {' and '.join(told)} on it."
