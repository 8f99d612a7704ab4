"""The trigger in another spelling."""

from __future__ import annotations

import re

from loraprep.captions.hygiene.rule import About
from loraprep.captions.hygiene.text import normal, slips, tidied
from loraprep.captions.tokens import plain_english


def without_respelt_trigger(text: str, about: About) -> str:
    """Take out the trigger in another spelling, at the start or beside the trigger itself.

    "ember veil" beside `emberveil` or as the first tag is it; within a sentence it may be two words that mean what they
    say, so at its start the joined-up spellings (ember_veil, Ember-Veil) alone are taken. So is a slip of at most two
    letters (caption-audit 1.3) that is no English word, one letter in triggers shorter than eight.
    """
    wanted = normal(about.trigger)
    if len(wanted) < 4 or about.trigger.casefold() == text.strip(" ,").casefold():
        return text
    first_word = re.split(r"[\s,;.:，、；：]", text.lstrip(), maxsplit=1)[0]
    if wanted not in normal(text) and not slips(normal(first_word), wanted, 2):
        return text
    start = 0
    lowered = text.casefold()
    beside = bool(re.search(rf"(?<!\w)(?:{re.escape(about.trigger.casefold())}|\[trigger\])(?!\w)", lowered))
    tokens = list(re.finditer(r"[^\s,;.:，、；：]+", text))
    others = {normal(other) for other in about.others}
    spans = []
    at = 0
    while at < len(tokens):
        span = 0
        for run in (1, 2, 3, 4):
            if at + run > len(tokens):
                break
            raw = text[tokens[at].start() : tokens[at + run - 1].end()]
            end = tokens[at + run - 1].end()
            alone = at == 0 and text[end : end + 4].lstrip()[:1] in ("", *",;，、；")
            if _same_trigger(raw, wanted, about, others, first=at == 0, alone=alone, beside=beside, run=run):
                span = run
                break
        if span:
            spans.append((tokens[at].start(), tokens[at + span - 1].end()))
        at += span or 1
    if not spans:
        return text
    kept = []
    for begin, end in spans:
        kept.append(text[start:begin])
        start = end
    return tidied(" ".join([*kept, text[start:]]).lstrip(" .:，、；："))


def _same_trigger(
    raw: str, wanted: str, about: About, others: set[str], *, first: bool, alone: bool, beside: bool, run: int
) -> bool:
    exact = raw.casefold() == about.trigger.casefold()
    spelt = normal(raw)
    if exact or spelt in others or any(c in raw for c in ",;"):
        return False
    if spelt == wanted:
        return beside or (first and (alone or run == 1 or plain_english(raw) < 1))
    if not first or run > 1 or raw.casefold() in about.triggers:
        return False
    most = 1 if len(wanted) < 8 else 2
    return raw.isalnum() and slips(spelt, wanted, most) and plain_english(raw) == 0
