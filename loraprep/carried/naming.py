"""What is written in a picture, as words of its caption: where a person chose to name it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import structs

from loraprep.carried.kinds import Mark, What
from loraprep.carried.questions import TAGS, Act
from loraprep.core.records import Elements
from loraprep.core.text import ended, in_quotes
from loraprep.core.typed import Packed
from loraprep.project.profiles import BaseModel

_WORDS = 6  # places of one picture whose words are named; a model draws no more


def with_marks(
    elements: Mapping[str, Elements],
    marks: Mapping[str, Sequence[Mark]],
    acts: Mapping[tuple[str, What], Act],
    model: BaseModel,
) -> Mapping[str, Elements]:
    """Complete the elements of each picture by the marks that are to be named.

    Words in the art, subtitles and dates are `visible_text`, which models that draw text get in quotation marks; a
    signature or a watermark is said to be there, its own words are not. Models that were taught Danbooru's tags get
    these, others plain words. What a person wrote beside a picture is completed in the form in which it is written.
    An answer that says so already stays as it is, and so does one that asks for a change.
    """
    named = {path: [m for m in own if acts.get((path, m.what)) == "name"] for path, own in marks.items()}
    completed = Packed(Elements)
    for path, e in elements.items():
        completed[path] = _with(e, named[path], model) if named.get(path) and not e.asks else e
    return completed


def _with(elements: Elements, marks: Sequence[Mark], model: BaseModel) -> Elements:
    kinds = list(dict.fromkeys(mark.what for mark in marks))
    words = [mark.words for mark in marks if mark.what in _READ][:_WORDS]
    read = {text.casefold() for text in elements.visible_text}
    content = dict(elements.content)
    objects = content.get("objects", ())
    tags = [tag for kind in kinds for tag in _tags(kind, marks)]
    unread = [kind for kind in kinds if not (model.quotes and kind in _READ)]
    if model.vocabulary:
        terms = tags
    else:  # an object has a place of its own for words that are read, and so has a caption behind its sentence
        quoted = [f"the words {in_quotes(words)}"] if model.quotes and words and model.form == "prose" else []
        terms = [*(_SAID[kind] for kind in unread), *quoted]
    content["objects"] = [*objects, *(term for term in terms if term not in objects)]
    return structs.replace(
        elements,
        visible_text=[*elements.visible_text, *(w for w in words if w.casefold() not in read)],
        tags=[*elements.tags, *(t for t in tags if t not in elements.tags)] if elements.tags else elements.tags,
        text=_completed(elements, terms, unread, words, model),
        content=content,
        sources={**elements.sources, "visible_text": "a person"} if words else elements.sources,
        content_sentence=_said(elements.content_sentence, unread),
        content_long=_said(elements.content_long, unread),
    )


def _completed(
    elements: Elements, terms: Sequence[str], unread: Sequence[What], words: Sequence[str], model: BaseModel
) -> str:
    """Return what a person wrote beside a picture, with what they want named there."""
    if not elements.text:
        return elements.text
    own = elements.text.casefold()
    if elements.form == "tags":
        there = {term.strip() for term in own.split(",")}
        return ", ".join([elements.text, *(term for term in terms if term not in there)])
    told = _said(elements.text, unread)
    drawn = [word for word in words if word.casefold() not in own] if model.quotes else []
    return f"{ended(told)} It reads {in_quotes(drawn)}." if drawn else told


def _tags(kind: What, marks: Sequence[Mark]) -> list[str]:
    """Return the tags of a kind; "english text" only for what is written in plain letters."""
    latin = all(mark.words.isascii() for mark in marks if mark.what == kind)
    return [tag for tag in TAGS[kind] if latin or tag != "english text"]


_READ: tuple[What, ...] = ("art", "subtitle", "stamp")  # whose words are named by who can write them
_SAID: dict[What, str] = {
    "site": "a watermark",
    "signature": "a signature",
    "stamp": "a printed date",
    "subtitle": "a subtitle",
    "art": "lettering",
    "tiled": "a tiled watermark",
    "bars": "a plain border",
}


def _said(sentence: str, kinds: Sequence[What]) -> str:
    """Say behind a sentence what marks there are: "There is a signature on it."."""
    told = [_SAID[kind] for kind in kinds if _SAID[kind].split()[-1] not in sentence.casefold()]
    if not sentence or not told:
        return sentence
    return f"{ended(sentence)} There is {' and '.join(told)} on it."
