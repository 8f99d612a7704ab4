"""Signs that a prompt, a tagger or a file speaks in and no trainer reads.

What is certain: a text in, the same text out without what no trainer should read. Each is linear: what may repeat is
possessive or bounded, and told apart from what follows it.
"""

from __future__ import annotations

import re
from functools import cache

from loraprep.captions.hygiene import words as lists
from loraprep.captions.hygiene.rule import About, rules_words
from loraprep.captions.hygiene.text import any_of, eastern, eyes_open, eyes_shut, tidied, with_gaps

_SUFFIX = (
    ".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".txt", ".caption",
    ".safetensors", ".psd", ".mp4", ".webm",
)  # fmt: skip
_WINDOWS = re.compile(
    r"(?<!\w)(?:[a-z]:[\\/]|\\\\[\w.-]{1,40}+\\)"
    r"(?:[^,;\"<>|]{0,200}?\.(?:png|jpe?g|webp|gif|bmp|tiff?|txt|caption|psd)\b|[^\s,;\"<>|]{0,300}+)",
    re.IGNORECASE,
)
_UNIX = re.compile(
    r"(?<![\w.:/])(?:file://|~)?/(?:home|mnt|media|users|root|tmp|var|data|workspace|content|kaggle|opt|srv)/[^\s,;]{1,300}+",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s,;)\]]{1,400}+", re.IGNORECASE)


def without_places(text: str, _about: About) -> str:
    """Take out paths, addresses and file names: they tell where something lay, and not what it shows."""
    bare = _UNIX.sub(" ", _WINDOWS.sub(" ", _ADDRESS.sub(" ", text)))
    kept = [w for w in bare.split() if not _is_file(w.strip(" ,;:()\"'"))]
    return tidied(" ".join(kept)) if bare != text or len(kept) < len(bare.split()) else text


def _is_file(word: str) -> bool:
    return word.casefold().endswith(_SUFFIX) and len(word) > 5 and "." in word[1:]


_ESCAPE = re.compile(r"\\(?:([nrt])|u([0-9a-fA-F]{4})|([\"'/]))")


def without_escapes(text: str, _about: About) -> str:
    r"""Write \n, \" and \u00e9, as JSON has them, as what they stand for."""

    def meant(match: re.Match[str]) -> str:
        if match[2]:
            char = chr(int(match[2], 16))
            return "" if "\ud800" <= char <= "\udfff" else char
        return match[3] or " "

    return _ESCAPE.sub(meant, text) if "\\" in text else text


_WEIGHT = re.compile(r"[(\[]([^()\[\]{}:]{1,200}+):\s?-?\d{1,3}(?:\.\d{1,4})?[)\]]")
_DOUBLED = re.compile(r"(?<!\[)\[{2,}+([^\[\]]{1,300}+)\]{2,}+|(?<!\()\({2,}+([^()]{1,300}+)\){2,}+"
                      r"|(?<!\{)\{{2,}+([^{}|]{1,300}+)\}{2,}+")  # fmt: skip
_NOVEL = re.compile(r"-?\d(?:\.\d{1,3})?::([^:]{1,200}+)::")
_EMBEDDING = re.compile(r"(?<!\w)embedding:[\w.-]{1,80}+", re.IGNORECASE)
_PLUS = re.compile(r"(?<=[^\W\d_])\+{1,5}(?=\s*(?:[,;]|$))")
_ESCAPED = re.compile(r"\\([()\[\]])")
_INNER = re.compile(r"[^\W_]{2}")


_SCORED = re.compile(
    r"[(\[]\s?(?:(?:score|confidence|conf|prob|probability|similarity|p)\s?[:=]?\s?)?(?:[01]?\.\d{1,6}|\d{1,3}(?:\.\d)?\s?%)\s?[)\]]",
    re.IGNORECASE,
)
_SURE = re.compile(r"([^\d,;]{2,60}+)\b[ \t]{0,3}[01]?\.\d{2,6}(?:[\s,;]{1,4}|$)")  # a tagger's "mill 0.98, river 0.87"


def without_weights(text: str, about: About) -> str:
    """Keep the words of (oak:1.3), ((oak)), [[oak]], oak:1.3, 1.2::oak::, oak++ and oak (0.98); drop embedding:name."""
    plain = _SCORED.sub(" ", text)
    if len(_SURE.findall(plain)) > 1 and not _SURE.sub("", plain):  # every one has its number
        plain = _SURE.sub(r"\1, ", plain)
    plain = _EMBEDDING.sub(" ", _NOVEL.sub(r"\1", plain))
    for _ in range(4):  # one within the other
        plain = _DOUBLED.sub(lambda m: m[1] or m[2] or m[3], _WEIGHT.sub(r"\1", plain))
    tags = lists.form_of(plain) == "tags"
    plain = _ESCAPED.sub(r"\1", plain)
    if tags:
        plain = _PLUS.sub("", plain)
    plain = "".join(_unweighted(piece, about, tags=tags) for piece in with_gaps(plain, re.compile(r"[,;]")))
    return text if plain == text else tidied(plain)


def _unweighted(piece: str, about: About, *, tags: bool) -> str:
    core = piece.strip(" ,;")
    begin, end = core[:1], core[-1:]
    inner = core[1:-1]
    around = (begin, end) in (("(", ")"), ("[", "]"), ("{", "}")) and not set(inner) & set("()[]{}|:")
    if tags and around and _INNER.search(inner) and core.casefold() not in ("[trigger]", *about.triggers):
        return piece.replace(core, inner, 1)
    name, sign, weight = core.rpartition(":")
    if sign and "." in weight and weight.replace(".", "", 1).isdecimal() and name[-1:].isalpha() and len(weight) < 6:
        return piece.replace(core, name, 1)
    return piece


@cache
def _operators() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(rules_words().operators)})\b|(?<=\s)AND(?=\s)")


def without_operators(text: str, _about: About) -> str:
    """Write BREAK, AND (in capitals, in a text that is not) and signs that part a caption as commas."""
    plain = text
    if sum(c.islower() for c in text) > sum(c.isupper() for c in text):
        plain = _operators().sub(",", plain)
    plain = plain.replace("|||", ", ")
    if "{" not in plain and "[" not in plain and "||" not in plain:
        plain = plain.replace(" | ", ", ")
    return text if plain == text else tidied(plain)


_PIVOTAL = r"(?:<s\d{1,2}>){1,8}+"
_WILDCARD = re.compile(r"(?<![\w])__[\w/*-]{1,60}?__(?!\w)")
_TEMPLATE = re.compile(r"%\w{2,20}%")


def without_placeholders(text: str, about: About) -> str:
    """Take out what a template or another training left: [filewords], %caption%, <s0><s1>, TOK, sks, __wildcard__."""
    plain = _TEMPLATE.sub(" ", _WILDCARD.sub(" ", re.sub(_PIVOTAL, " ", _pivotal().sub(" ", text))))
    plain = any_of(rules_words().placeholders).sub(" ", _slots().sub(" ", plain))
    made_up = tuple(sorted(w for w in rules_words().placeholder_words if w.casefold() not in about.triggers))
    if made_up:
        plain = _made_up(made_up).sub(" ", plain)
    return text if plain == text else tidied(plain)


@cache
def _pivotal() -> re.Pattern[str]:
    return lists.stand_in(_PIVOTAL)


@cache
def _slots() -> re.Pattern[str]:
    """Match a placeholder with what would be left hanging: "by [filewords]" at an end."""
    return lists.stand_in("|".join(map(re.escape, rules_words().placeholders)))


@cache
def _made_up(known: tuple[str, ...]) -> re.Pattern[str]:
    return lists.stand_in("|".join(known), re.NOFLAG)  # "tok" may be a word


_WIDE = re.compile(r"[\uff01-\uff5e\u3000、。]")


def without_wide(text: str, _about: About) -> str:
    """Write full-width commas between tags, and all full-width signs in a text of Latin letters, as trainers read them.

    Sentences of Chinese, Japanese or Korean keep their own punctuation.
    """
    if not _WIDE.search(text):
        return text
    if eastern(text):
        if lists.form_of(text) != "tags":
            return text
        return tidied(re.sub(r"[，、；]", ", ", text))
    plain = "".join(_narrow(c) for c in text)
    return tidied(plain)


def _narrow(char: str) -> str:
    if "\uff01" <= char <= "\uff5e":
        narrow = chr(ord(char) - 0xFEE0)
        return f"{narrow} " if narrow in ",;:.!?" else narrow
    return {"、": ", ", "。": ". ", "\u3000": " "}.get(char, char)


_HASH = re.compile(r"(?<!\S)#(?=[^\W\d_])(?![0-9A-Fa-f]{3}(?:[0-9A-Fa-f]{3})?(?!\w))")


def without_hashes(text: str, _about: About) -> str:
    """Write #sunset as sunset; #1A2B3C is a colour."""
    return _HASH.sub("", text) if "#" in text else text


_QUOTES = {'"': '"', "“": "”", "«": "»", "'": "'", "‘": "’", "「": "」"}


def without_quotes(text: str, _about: About) -> str:
    """Take off quotation marks around the whole; those within stay, as a model may draw what they quote."""
    bare = text.strip(" ,")
    close = _QUOTES.get(bare[:1])
    inside = bare[1:-1]
    whole = len(bare) > 2 and close == bare[-1] and bare[0] not in inside and bare[-1] not in inside
    return inside.strip() if whole and len(inside.split()) > 2 else text


_EMPTY = re.compile(r"[,;]\s?(?:[,;]\s?)++")


def clean_signs(text: str, _about: About) -> str:
    """Apply `words.clean`, and leave no empty tag."""
    return eyes_open(_EMPTY.sub(", ", eyes_shut(lists.clean(text))))
