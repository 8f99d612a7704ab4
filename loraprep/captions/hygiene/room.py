"""All rules, in the order in which they are applied: what takes others' signs along comes first."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

import msgspec

from loraprep.captions.hygiene import flaws, json_text, notation, repeats, respelt, sets, tags, wrappings
from loraprep.captions.hygiene import words as lists
from loraprep.captions.hygiene.rule import ANY, MOST, NOTHING, About, Form, Rule
from loraprep.captions.hygiene.text import eyes_open, eyes_shut
from loraprep.core.findings import Code

RULES: tuple[Rule, ...] = (
    Rule("thoughts", "mend", wrappings.without_thoughts, ANY),
    Rule("nothing", "mend", wrappings.without_nothing),
    Rule("alternatives", "ask", flaws.alternatives, code=Code.CAPTION_UNCLEAR),
    Rule("broken-json", "ask", flaws.broken_json, code=Code.CAPTION_UNCLEAR),
    Rule("stuck", "ask", repeats.stuck),
    Rule("marks", "mend", wrappings.without_marks, ANY),
    Rule("json", "mend", json_text.out_of_json),
    Rule("negative", "mend", wrappings.without_settings),
    Rule("garbled", "mend", wrappings.without_garbled, ANY),
    Rule("html", "mend", wrappings.without_html),
    Rule("markdown", "mend", wrappings.without_markdown),
    Rule("talk", "mend", wrappings.without_talk),
    Rule("opening", "mend", wrappings.without_opening),
    Rule("quotes", "mend", notation.without_quotes),
    Rule("places", "mend", notation.without_places),
    Rule("escapes", "mend", notation.without_escapes),
    Rule("rights", "mend", wrappings.without_rights),
    Rule("placeholders", "mend", notation.without_placeholders),
    Rule("weights", "mend", notation.without_weights),
    Rule("operators", "mend", notation.without_operators),
    Rule("wide", "mend", notation.without_wide),
    Rule("labels", "mend", wrappings.without_labels),
    Rule("hashes", "mend", notation.without_hashes),
    Rule("trigger-spelt", "mend", respelt.without_respelt_trigger),
    Rule("meta", "mend", tags.without_meta),
    Rule("quality", "mend", tags.without_foreign_quality),
    Rule("repeats", "mend", repeats.without_repeats),
    Rule("signs", "mend", notation.clean_signs),
    Rule("hedging", "warn", flaws.hedging, code=Code.CAPTION_HEDGING),
    Rule("flattery", "warn", flaws.flattery, code=Code.CAPTION_FLATTERY, of="pictures"),  # "make it beautiful" asks
    Rule("sentence-in-tags", "warn", flaws.sentence_in_tags, ("tags",)),
    Rule("cut-off", "warn", flaws.cut_off, ("prose",)),
    Rule("picture-talk", "warn", flaws.picture_talk, of="pictures"),
    Rule("contradiction", "warn", flaws.contradiction, of="pictures"),  # "turn day into night" is none
    Rule("describes", "warn", flaws.describes, ("prose",), of="pairs"),
    Rule("unseen", "warn", flaws.unseen, ("prose",), of="pairs"),
    Rule("trigger-near", "warn", flaws.trigger_near),
    Rule("other-trigger", "warn", flaws.other_trigger),
    Rule("other-character", "warn", flaws.other_character),
    Rule("said-twice", "warn", flaws.said_twice, ("prose",)),
    Rule("few-words", "warn", flaws.few_words),
    Rule("garbled-left", "warn", flaws.garbled_left, ANY),
)


class SetRule(msgspec.Struct, frozen=True):
    """A rule about all captions of a set: path -> words without the trigger -> path -> what it objects to."""

    name: str
    see: Callable[[Mapping[str, str]], dict[str, str]]


SET_RULES: tuple[SetRule, ...] = (
    SetRule("nearly-twice", sets.nearly_twice),
    SetRule("template", sets.template),
    SetRule("length", sets.length),
    SetRule("foreign-trigger", sets.foreign_trigger),
)
OF_PAIRS: tuple[SetRule, ...] = (SetRule("one-wording", sets.one_wording), SET_RULES[-1])
OF_A_FOLDER: tuple[SetRule, ...] = (*SET_RULES[:-1], SetRule("trigger-missing", sets.trigger_missing))
_ROUNDS = 5  # what one rule takes out may join up what another sees


class Mended(msgspec.Struct, frozen=True):
    """Words as they train now, and the names of the rules that changed them."""

    text: str
    rules: tuple[str, ...] = ()


def written_form(text: str, about: About) -> Form:
    """Return the form of a text: JSON counts as one only where the base model reads it."""
    if about.instruction:
        return "prose"
    return "json" if about.form == "json" and json_text.looks_like_json(text) else lists.form_of(text)


def mend(text: str, about: About = NOTHING, spared: Collection[str] = ()) -> Mended:
    """Mend what is certain, until nothing more is found. `spared`: rules that the artist does not want."""
    text = eyes_shut(text[:MOST])
    head = _head(text, about.trigger)  # what opens a caption stands after it
    text = text[len(head) :]
    used: dict[str, bool] = {}
    if set(head) & set(_WIDE) and "wide" not in spared:
        head, used["wide"] = f"{head.rstrip(_WIDE + ' ,')}, ", True
    for _ in range(_ROUNDS):
        before = text
        form, quoted = written_form(text, about), list[str]()
        for rule in RULES:
            if rule.name == _QUOTED_FROM and form != "json":
                text, quoted = _shielded(text)
            elif rule.name == "signs":
                text = _unshielded(text, quoted)
            if rule.does == "mend" and rule.reads(form, about) and (rule.name not in spared or rule.name == "signs"):
                # whether another spelling stands beside the trigger is seen with it alone
                now = rule.see(head + text, about).removeprefix(head) if rule.name == _BESIDE else rule.see(text, about)
                now = eyes_shut(now)
                if _bare(now) != _bare(text):
                    used[rule.name] = True
                text = now
        if text == before:
            break
    return Mended(eyes_open(head + text), tuple(rule.name for rule in RULES if rule.name in used))


_WIDE = "，、；："
_BESIDE = "trigger-spelt"


def _head(text: str, trigger: str) -> str:
    """Return the trigger at the start of a text with the comma or space after it, "" if it is not there."""
    found = re.match(
        rf"\s{{0,8}}(?:\[trigger\]|{re.escape(trigger)})(?!\w)[\s,.:;|{_WIDE}]{{0,8}}", text, re.IGNORECASE
    )
    return found.group() if trigger and found else ""


_QUOTED_FROM = "places"  # the rules from here on know nothing of what stands in quotation marks: a model may draw it
_QUOTED = re.compile(r'"[^"]{1,300}+"|“[^“”]{1,300}+”|「[^「」]{1,300}+」')
_STANDS_IN = range(0x10600, 0x10737)  # letters of Linear A, which nobody writes captions in


def _shielded(text: str) -> tuple[str, list[str]]:
    """Put one letter in the place of each quotation; return what they stand for as well."""
    quoted: list[str] = []

    def letter(match: re.Match[str]) -> str:
        if len(quoted) == len(_STANDS_IN):
            return match.group()
        quoted.append(match.group())
        return chr(_STANDS_IN[len(quoted) - 1])

    return _QUOTED.sub(letter, text), quoted


def _unshielded(text: str, quoted: list[str]) -> str:
    for code, said in zip(_STANDS_IN, quoted, strict=False):
        text = text.replace(chr(code), said)
    return text


def _bare(text: str) -> str:
    """Return what a reader would call the same words: spaces, and signs left over at the ends, do not count."""
    return " ".join(text.split()).strip(" ,;")


def asked(text: str, about: About = NOTHING) -> dict[str, str]:
    """Return rule -> what only a person can decide in words as they lie, before anything is mended."""
    form = written_form(text, about)
    found = {r.name: r.see(text[:MOST], about) for r in RULES if r.does == "ask" and r.reads(form, about)}
    return {name: said for name, said in found.items() if said}


def seen(text: str, about: About = NOTHING) -> dict[str, str]:
    """Return rule -> the words it objects to, for those that ask or warn."""
    text = text[:MOST]
    form = written_form(text, about)
    asked = ((rule.name, rule.see(text, about)) for rule in RULES if rule.does != "mend" and rule.reads(form, about))
    return {name: words for name, words in asked if words}


def rule_named(name: str) -> Rule:
    """Return a rule by its name. Raises KeyError."""
    return _BY_NAME[name]


def code_of(name: str) -> Code:
    """Return the finding that a rule becomes, one of a set included."""
    return _BY_NAME[name].code if name in _BY_NAME else Code.CAPTION_ODD


_BY_NAME = {rule.name: rule for rule in RULES}
