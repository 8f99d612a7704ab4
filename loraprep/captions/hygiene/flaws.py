"""What a program can see in one caption and only a person can mend: the words it objects to, "" for none."""

from __future__ import annotations

import re
from functools import cache
from itertools import dropwhile

from loraprep.captions.hygiene import words as lists
from loraprep.captions.hygiene.json_text import looks_like_json, read_json
from loraprep.captions.hygiene.rule import About, WordLists, rules_words
from loraprep.captions.hygiene.text import alike, eastern, normal, pieces, sentences, slips, words
from loraprep.captions.tokens import plain_english

_BRACES = re.compile(r"\{[^{}]{1,1000}+\}")
_CHOICE = re.compile(r"\[[^\[\]|]{1,200}+\|[^\[\]]{1,200}+\]|\[[^\[\]:]{1,100}+:[^\[\]:]{1,100}+:\s?\d?\.?\d{1,3}\]")
_OPTION = re.compile(
    r"(?:^|(?<=\s))(?:option|caption|version|alternative|variant|description)\s?#?(?:[1-9]|[a-d](?=[:.)]))\s?[:.)]",
    re.I,
)
_NUMBERED = (re.compile(r"^\s*1[.)]\s"), re.compile(r"\s2[.)]\s"))


_KEPT = 3  # parts that sd-scripts' keep_tokens_separator can make of a caption: kept in front, shuffled, kept behind
_CLAUSE = 3  # words of what may be a caption: "and / or" and "red / blue" are none


def alternatives(text: str, _about: About) -> str:
    """Find `{a|b}`, `[a|b]`, `[a:b:0.5]`, "||" or "|||" between captions, "Option 1: ... Option 2: ...", lists."""
    for braces in _BRACES.finditer(text):
        if "|" in braces.group():
            return _short(braces.group())
    if choice := _CHOICE.search(text):
        return _short(choice.group())
    parts = text.split(" / ")
    whole = all(len(w := part.split()) >= _CLAUSE and w[-1].lower() not in ("and", "or") for part in parts)
    if len(parts) > 1 and whole:
        return f"{_short(parts[0])} / {_short(parts[1])}"
    if "||" in text.replace("|||", ""):
        before, _, after = text.partition("||")
        return f"{_short(before)} || {_short(after)}"
    apart = [part for part in text.split("|||") if part.strip()]
    # kohya's parts what stays in front from what is shuffled: tags on both sides, at most twice in a caption
    if len(apart) > 1 and ("," not in text or len(apart) > _KEPT) and all(len(p.split()) >= _CLAUSE for p in apart):
        return f"{_short(apart[0])} ||| {_short(apart[1])}"
    options = [m.group().strip() for m in _OPTION.finditer(text)]
    if len(options) > 1:
        return f"{options[0]} ... {options[1]}"
    if _NUMBERED[0].match(text) and _NUMBERED[1].search(text):
        return "1. ... 2. ..."
    return ""


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 40 else f"{text[:37].rstrip()}..."


def broken_json(text: str, _about: About) -> str:
    """Find an object that no parser can read."""
    return _short(text) if looks_like_json(text) and text.strip()[0] == "{" and read_json(text) is None else ""


def hedging(text: str, _about: About) -> str:
    """Find words that hedge ("it appears", "possibly")."""
    return _first(text, lists.lists().hedging)


def flattery(text: str, _about: About) -> str:
    """Find praise ("beautiful", "stunning") in place of a description."""
    return _first(text, lists.lists().flattery)


def _first(text: str, known: tuple[str, ...]) -> str:
    found = _any_word(known).search(text.replace("’", "'"))
    return found.group() if found else ""


@cache
def _any_word(known: tuple[str, ...]) -> re.Pattern[str]:
    longest = sorted(known, key=lambda word: (-len(word), word))
    inner = "|".join(r"[\s_]".join(map(re.escape, word.split())) for word in longest)
    return re.compile(rf"(?<![^\W_])(?:{inner})(?![^\W_])", re.IGNORECASE)


_LONG_TAG = 8  # words: the longest of Danbooru's common tags have seven


def sentence_in_tags(text: str, about: About) -> str:
    """Find a piece of eight words or more with a verb among tags, where the base model reads tags.

    Without one it is a long phrase, as in "hooded woman ranger in a brown cowl": captions are built of these, too.
    """
    split, known = pieces(text), rules_words().finite
    if about.form != "tags" or len(split) < 4 or eastern(text):
        return ""
    long = [p for p in split if len(said := p.casefold().split()) >= _LONG_TAG and not known.isdisjoint(said)]
    return _short(long[0]) if long and 4 * len(long) <= len(split) else ""


def cut_off(text: str, _about: About) -> str:
    """Find an end with a word that asks for another one ("a mill beside the")."""
    split = text.rstrip().split()
    return f"... {' '.join(split[-3:])}" if len(split) > 4 and split[-1].lower() in rules_words().cut_off else ""


def picture_talk(text: str, _about: About) -> str:
    """Find talk about the file, or about what is absent (JoyCaption's habits)."""
    return _first(text, rules_words().picture_talk)


_PLAIN = 0.5  # of the words: what is less English is not judged by English verbs
_ASIDE = re.compile(
    r"\b(?:should|must|needs? to|ha(?:s|ve) to|(?:is|are) to be|want|i need|i(?:'d| would) like|let(?:'s)?)\b", re.I
)
_CLAUSES = re.compile(r"[,;:.!?()\"“”]|\s(?:-|–|—|and|but|then|while|so that|as if|to)\s", re.I)


def describes(text: str, _about: About) -> str:
    """Find an instruction that asks for nothing: no clause of it begins with a verb, or says what should be.

    A verb is one of a list, or any word that is none of the little ones and has one that points behind it ("ink the
    outlines"). Only English is judged.
    """
    known, said = rules_words(), text.replace("’", "'")
    if eastern(said) or plain_english(said) <= _PLAIN or _ASIDE.search(said):
        return ""
    return "" if any(_asks(words(clause), known) for clause in _CLAUSES.split(said)) else f'"{_short(text)}"'


def _asks(said: list[str], known: WordLists) -> bool:
    clause = list(dropwhile(lambda word: word in known.asking or word.endswith("ly"), said))
    if not clause:
        return False
    if clause[0] in known.joining:  # "in the background add a tree"
        return any(word in known.verbs for word in clause[1:])
    if clause[0] in known.verbs or " ".join(clause[:2]) in known.verbs:
        return True
    behind = clause[2:] if clause[1:] and clause[1] in known.parts else clause[1:]  # "clean up the wall"
    points = bool(behind) and behind[0] in known.pointing
    return points and clause[0] not in known.pointing and not clause[0].endswith(("ing", "ed"))


_NUMBERED_PICTURE = re.compile(r"\b(?:image|picture|photo|figure)\s?#?([2-9])\b", re.I)
_COUNTED = {"second": 2, "third": 3, "fourth": 4}
_COUNTED_PICTURE = re.compile(r"\b(second|third|fourth) (?:image|photo)\b(?! (?:on|from|hanging|in) the)", re.I)


def unseen(text: str, about: About) -> str:
    """Find a picture that an instruction speaks of and nobody shows the model: the one after, or one too many."""
    if found := _first(text, rules_words().unseen):
        return found
    for match in (*_NUMBERED_PICTURE.finditer(text), *_COUNTED_PICTURE.finditer(text)):
        said = match[1].casefold()
        if (_COUNTED.get(said) or int(said)) > about.shown:
            return match.group()
    return ""


def contradiction(text: str, _about: About) -> str:
    """Find two tags that exclude each other; in sentences fewer do, as "day and night" may be a habit."""
    if lists.form_of(text) != "tags":
        for first, second in rules_words().exclusive_said:
            if (one := _first(text, first)) and (other := _first(text, second)):
                return f"{one} and {other}"
        return ""
    said = {piece.casefold().replace("_", " ").rstrip(".") for piece in pieces(text)}
    if said & {"multiple views", "comic", "split screen", "4koma", "collage", "before and after"}:
        return ""
    several = any(lists.is_count(piece) and piece not in ("solo", "1girl", "1boy", "1other") for piece in said)
    for first, second in rules_words().exclusive:
        a, b = said & set(first), said & set(second)
        if a and b and not (several and ("hair" in min(a) or "eyes" in min(a))):
            return f"{min(a)} and {min(b)}"
    return ""


def trigger_near(text: str, about: About) -> str:
    """Find the trigger respelt inside the caption: joined-up otherwise, or with a slip that is no English word."""
    wanted = normal(about.trigger)
    if len(wanted) < 5:
        return ""
    split = [w.strip(".,;:!?\"'()，、；：。") for w in text.split()]
    others = {normal(other) for other in about.others}
    most = 1 if len(wanted) < 8 else 2
    for at, word in enumerate(split):
        spelt = normal(word)
        if word.casefold() in about.triggers or spelt in others:
            continue
        if spelt == wanted:
            return word
        if word.isalpha() and slips(spelt, wanted, most) and plain_english(word) == 0:
            return word
        if any(normal("".join(split[at : at + run])) == wanted for run in (2, 3)):
            return next(" ".join(split[at : at + n]) for n in (2, 3) if normal("".join(split[at : at + n])) == wanted)
    return ""


def other_trigger(text: str, about: About) -> str:
    """Find the trigger of another group of the project."""
    return _first(text, tuple(sorted(about.others))) if about.others else ""


def other_character(text: str, about: About) -> str:
    """Find the name of a character that taggers know, where the trigger stands for one."""
    known = about.characters
    if not known:
        return ""
    mine = {word.casefold() for word in (about.trigger, *about.others, *about.allowed)}
    for piece in pieces(text):
        plain = piece.casefold().replace("_", " ").replace("\\", "").strip(" .")
        if plain in known and plain not in mine:
            return piece
    return ""


_ALIKE = 0.7  # of the words of two sentences; captions of another picture of one set seldom reach 0.5
_FEWEST = 5  # words of a sentence that can be compared


def said_twice(text: str, _about: About) -> str:
    """Find two sentences of nearly the same words."""
    said = [(s, set(w)) for s in sentences(text)[:60] if len(w := words(s)) >= _FEWEST]
    for at, (sentence, first) in enumerate(said):
        if any(alike(first, second) >= _ALIKE for _, second in said[at + 1 :]):
            return _short(sentence)
    return ""


_TOKENS = 40  # words from which the ratio means something: it falls with length (Heaps 1978)
_TYPES = 0.25  # of the words are different ones (caption-audit 1.3)


def few_words(text: str, _about: About) -> str:
    """Find a text of which fewer than a quarter of the words are different ones."""
    said = words(text)
    return (
        f"{len(set(said))} different words of {len(said)}"
        if len(said) >= _TOKENS and len(set(said)) < _TYPES * len(said)
        else ""
    )


def garbled_left(text: str, _about: About) -> str:
    """Find the sign for a letter that was lost, or question marks in its place."""
    return "�" if "�" in text else "???" if "????" in text else ""
