"""A caption as the pieces that it is made of, tags or sentences, and the changes that many take at once. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec

from loraprep.captions import objects
from loraprep.captions.hygiene.text import normal

What = Literal["replace", "add", "delete", "front"]
_TRIGGER = re.compile(r"\[trigger\](?!\w)\s*(?:[,;:]\s*)?")
_SENTENCES = re.compile(r"[.!?]\s+\S")
_END = re.compile(r"(?<=[.!?])\s+")
_COMMA = re.compile(r'((?:"[^"]*"|“[^”]*”|\([^()]*\)|[^,;])+)')  # none inside quotation marks or brackets


class Pieces(msgspec.Struct, frozen=True):
    """A caption: `head` (the trigger with its comma, or ""), its parts, what stands between them, and a last full stop.

    An object (JSON) has no parts.
    """

    head: str
    parts: tuple[str, ...]
    glue: str
    tail: str = ""

    @property
    def text(self) -> str:
        """The caption of them."""
        body = self.glue.join(self.parts)
        return f"{self.head}{body}{self.tail if body else ''}".rstrip(" ,;:")


def split(caption: str) -> Pieces:
    """Split after full stops where there are several sentences, else at commas."""
    caption = " ".join(caption.split())
    if objects.parsed(caption) is not None:
        return Pieces(caption, (), "")
    found = _TRIGGER.match(caption)
    head = found.group() if found else ""
    body = caption[len(head) :]
    if head and not body:
        head = "[trigger], "
    if _SENTENCES.search(body):
        return Pieces(head, tuple(_END.split(body)), " ")
    tail = "." if body.endswith(".") and not body.endswith("..") else ""
    parts = (part.strip() for part in _COMMA.findall(body.removesuffix(tail)))
    return Pieces(head, tuple(part for part in parts if part), ", ", tail)


def in_order(caption: str, parts: Sequence[str]) -> str:
    """Put the parts of a caption into another order; as it is if these are not its parts."""
    now = split(caption)
    if sorted(now.parts) != sorted(parts):
        return caption
    return msgspec.structs.replace(now, parts=tuple(parts)).text


def added(caption: str, words: str) -> str:
    """Add words at the end, unless they are one of its parts."""
    now, words = split(caption), words.strip(" ,;")
    if not words or now.glue == "" or _among(now.parts, words):
        return caption
    if now.glue == " " and words[-1] not in ".!?":
        words = f"{words}."
    return msgspec.structs.replace(now, parts=(*now.parts, words)).text


def deleted(caption: str, words: str) -> str:
    """Take a part out; words inside of one stay."""
    now = split(caption)
    if not _among(now.parts, words):
        return caption
    return msgspec.structs.replace(now, parts=tuple(p for p in now.parts if _like(p) != _like(words))).text


def fronted(caption: str, words: str) -> str:
    """Move a part to the front, behind the trigger."""
    now = split(caption)
    mine = [p for p in now.parts if _like(p) == _like(words)]
    if now.parts[: len(mine)] == tuple(mine):
        return caption
    return msgspec.structs.replace(now, parts=(*mine, *(p for p in now.parts if p not in mine))).text


def replaced(caption: str, find: str, put: str, *, case: bool, words: bool) -> str:
    """Put other words in the place of some, everywhere but in [trigger]. An empty `put` takes the comma along."""
    if not find.strip():
        return caption
    core = re.escape(find)
    pattern = re.compile(rf"(?<!\w){core}(?!\w)" if words else core, 0 if case else re.IGNORECASE)
    after = "[trigger]".join(pattern.sub(lambda _: put, part) for part in caption.split("[trigger]"))
    if after != caption and not put.strip():
        after = re.sub(r"\s+([,.;:])", r"\1", " ".join(after.split()))
        after = re.sub(r",(?:\s*,)+", ",", after).strip(" ,")
    return after


def _among(parts: Sequence[str], words: str) -> bool:
    return any(_like(p) == _like(words) for p in parts)


def _like(words: str) -> str:
    """Return what two spellings of one tag have in common; of a kaomoji its signs."""
    return normal(words) or words.strip()


CHANGES: Mapping[str, Callable[[str, str], str]] = {"add": added, "delete": deleted, "front": fronted}
