"""What a stuck captioner says again."""

from __future__ import annotations

import re

from loraprep.captions.hygiene import words as lists
from loraprep.captions.hygiene.rule import About, rules_words
from loraprep.captions.hygiene.text import normal, pieces, sentences, with_gaps


def without_repeats(text: str, about: About) -> str:
    """Say once what a stuck captioner says again: the same tag, sentence, run of words or little word."""
    return _once(_unlooped(text), about)


def _once(text: str, _about: About) -> str:
    if lists.form_of(text) == "tags":
        split = pieces(text)
        seen: dict[str, str] = {}
        for piece in split:
            seen.setdefault(normal(piece) or piece, piece)
        return ", ".join(seen.values()) if len(seen) < len(split) else text
    text = _pieces_once(text)
    said = sentences(text)
    once: dict[str, str] = {}
    for sentence in said:
        once.setdefault(normal(sentence) or sentence, sentence)
    return " ".join(once.values()) if len(once) < len(said) else text


_SAME_PIECE = 5  # words that nobody writes twice between commas; shorter ones may belong to two things


def _pieces_once(text: str) -> str:
    """Leave out of a sentence what was said before between commas: five words and more, or for the third time."""
    split = with_gaps(text, re.compile(r"[,;]"))
    same = [normal(piece) for piece in split]
    again = {s for s in same if s and same.count(s) > 2} if len(split) < 200 else set()
    kept: dict[str, str] = {}
    for number, (piece, key) in enumerate(zip(split, same, strict=True)):
        once = key in again or (key and len(piece.split()) >= _SAME_PIECE)
        kept.setdefault(key if once else f"{number} {key}", piece)
    return "".join(kept.values()).rstrip(" ,;") if len(kept) < len(split) else text


_STUCK = 8  # words: fewer may be a refrain


def stuck(text: str, _about: About) -> str:
    """Find words of which most are one run again and again; return what is left of them."""
    left, said = _unlooped(text), text.split()
    return f'"{left}", of {len(said)} words' if len(said) >= _STUCK and 2 * len(left.split()) < len(said) else ""


_LONGEST_LOOP = 24  # words: JoyCaption's glitches repeat a clause


def _unlooped(text: str) -> str:
    split = text.split()
    plain = [w.casefold().strip(".,;:!?") for w in split]
    out: list[str] = []
    at = 0
    while at < len(split):
        run, times = _loop_at(plain, at)
        end = at + run * times
        if times == 1:
            out.append(split[at])
        elif not any(c.isalpha() for word in plain[at : at + run] for c in word):  # "- - -" is no word
            out += split[at:end]
        else:
            tail = 0  # the beginning of another round, where the captioner ran out of room
            while run > 1 and tail < run and end + tail < len(plain) and plain[end + tail] == plain[at + tail]:
                tail += 1
            out += split[at : at + run]
            end += tail if end + tail == len(plain) else 0
        at = end
    if len(out) == len(split):
        return text
    while out and out[-1].casefold().strip(".,;") in rules_words().cut_off:  # the round that was begun last
        out.pop()
    return " ".join(out).strip(" ,")


def _loop_at(plain: list[str], at: int) -> tuple[int, int]:
    """Return (words of a round, rounds) of what is here three times in a row, or a little word twice; else (1, 1)."""
    for run in range(1, _LONGEST_LOOP + 1):
        unit, times = plain[at : at + run], 1
        while plain[at + times * run : at + (times + 1) * run] == unit:
            times += 1
        if times > 2 or (run == 1 and times == 2 and unit[0] in rules_words().doubled):
            return run, times
        if at + 2 * run > len(plain):
            break
    return 1, 1
