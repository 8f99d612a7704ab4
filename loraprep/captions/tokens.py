"""How long a caption is for a text encoder: exact for CLIP, whose vocabulary is here; an upper bound for others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import pairwise

from loraprep.core import resources

_CONTRACTION = re.compile(r"'(?:s|t|re|ve|m|ll|d)")
_END = "</w>"


def exact(encoder: str) -> bool:
    """Say whether `count` for this encoder is the very number that a trainer gets."""
    return encoder.upper() == "CLIP"


@lru_cache(maxsize=1 << 14)  # the captions of a large set; the review page measures every keystroke
def count(text: str, encoder: str = "CLIP") -> int:
    """Count the tokens of a text, without CLIP's start and end, as trainers' limits of 75 and 225 leave them out too.

    For CLIP exact: byte-pair encoding with the encoder's own merges (resources/clip-merges.txt), on text in NFC
    and lower case, split as the tokenizer of openai/CLIP and of Hugging Face's transformers does. For T5 and Qwen,
    whose vocabularies are not at hand, a wide margin: a plain English word (resources/clip-words.txt) counts as
    two, every other byte as one, and one is added for the end.
    """
    return sum(_merged(piece) for piece in _pieces(text)) if exact(encoder) else _bound(text)


def plain_english(text: str) -> float:
    """Return the share of a text's words that are plain English ones, 0..1; 0 without any word.

    Telling a language by how much of a text its commonest words cover: Grefenstette 1995, "Comparing two language
    identification schemes". Ordinary English captions have 0.7 and more, those in other languages 0.2 and less.
    """
    words = re.findall(r"[^\W\d_]+", text.lower())
    known = _plain()
    return sum(len(word) == 1 or word in known for word in words) / len(words) if words else 0.0


def cut(text: str, read: int) -> tuple[str, str]:
    """Cut a caption into what CLIP reads and what it does not, if a trainer lets it read the first `read` tokens.

    Counted as in `count`. A word of which only some tokens are read counts as lost, since another word is read.
    """
    plain = unicodedata.normalize("NFC", text)
    lower = plain.lower()
    shown = plain if len(plain) == len(lower) else lower  # some capitals are longer as small letters
    used = 0
    for start, end in _spans(lower):
        used += _merged(lower[start:end])
        if used > read:
            return shown[:start].rstrip(" ,"), shown[start:].lstrip(" ,")
    return shown, ""


def _pieces(text: str) -> Iterator[str]:
    text = unicodedata.normalize("NFC", text).lower()
    return (text[start:end] for start, end in _spans(text))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of runs of letters, single digits, runs of signs; 's, 't and their like apart."""
    at = 0
    while at < len(text):
        short = _CONTRACTION.match(text, at)
        end = short.end() if short else at + 1
        kind = _kind(text[at])
        while not short and kind != "number" and end < len(text) and _kind(text[end]) == kind:
            end += 1
        if kind != "space":
            yield at, end
        at = end


@lru_cache(maxsize=1 << 12)
def _kind(char: str) -> str:
    if char.isspace():
        return "space"
    return {"L": "letter", "N": "number"}.get(unicodedata.category(char)[0], "sign")


@cache
def _ranks() -> dict[tuple[str, str], int]:
    lines = resources.text("resources/clip-merges.txt").partition("\n---\n")[2].splitlines()
    return {(first, second): rank for rank, line in enumerate(lines) for first, second in [line.split(" ")]}


@cache
def _letters() -> list[str]:
    """Map a byte to the letter that stands for it in the merges: itself if it can be printed, else one from 256 on."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = iter(range(0x100, 0x200))
    return [chr(byte if byte in shown else next(hidden)) for byte in range(0x100)]


@lru_cache(maxsize=1 << 15)  # the words of a large set's captions
def _merged(piece: str) -> int:
    """Count the tokens that are left when the pairs of lowest rank are joined as long as there are any."""
    letters = [_letters()[byte] for byte in piece.encode("utf-8", "replace")]
    parts = [*letters[:-1], letters[-1] + _END]
    ranks = _ranks()
    while len(parts) > 1:
        best = min(pairwise(parts), key=lambda pair: ranks.get(pair, len(ranks)))
        if best not in ranks:
            break
        joined: list[str] = []
        at = 0
        while at < len(parts):
            pair = tuple(parts[at : at + 2]) == best
            joined.append("".join(parts[at : at + 1 + pair]))
            at += 1 + pair
        parts = joined
    return len(parts)


@cache
def _plain() -> frozenset[str]:
    lines = resources.text("resources/clip-words.txt").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def _bound(text: str) -> int:
    total = 1
    for match in re.finditer(r"[^\W\d_]+|[^\s]", text.lower()):
        run = match.group()
        total += min(2, len(run)) if run in _plain() else len(run.encode("utf-8", "replace"))
    return total
