"""What stands around a caption: what the model that wrote it said besides, and what the program put with it.

What is certain: a text in, the same text out without what no trainer should read. Each is linear: what may repeat is
possessive or bounded, and told apart from what follows it.
"""

from __future__ import annotations

import html
import re
from functools import cache

from loraprep.captions.hygiene.json_text import FENCE
from loraprep.captions.hygiene.rule import NOTHING, About, rules_words
from loraprep.captions.hygiene.text import any_of, sentences, tidied, with_gaps

_THOUGHT = re.compile(r"</?think(?:ing)?>", re.IGNORECASE)


def without_thoughts(text: str, _about: About = NOTHING) -> str:
    """Take out <think>...</think>: an open one to the end, a close alone from the start (templates open it)."""
    kept: list[str] = []
    at, inside = 0, False
    for sign in _THOUGHT.finditer(text):
        if sign.group()[1] == "/" and not inside:
            kept.clear()
        elif sign.group()[1] != "/" and not inside:
            kept.append(text[at : sign.start()])
        inside = sign.group()[1] != "/"
        at = sign.end()
    return " ".join([*kept, "" if inside else text[at:]]).strip() if at else text


_SETTINGS = re.compile(r"(?:^|[\s,.])(?:Negative prompt:|Steps: \d{1,4}, (?:Sampler|CFG|Seed|Schedule))")
_FLAGS = re.compile(r"\s--(?:ar|aspect|v|version|q|quality|s|style|stylize|chaos|seed|no|niji|iw|weird|tile|raw|c)\b")


def without_settings(text: str, _about: About) -> str:
    """Cut at AUTOMATIC1111's negative prompt and settings, and at Midjourney's --flags."""
    for known in (_SETTINGS, _FLAGS):
        if found := known.search(text):
            text = text[: found.start()].rstrip(" ,.")
    return text


_MARK = re.compile(r"<\|[^|<>]{1,40}+\|>|<｜[^｜<>]{1,40}+｜>")
_SPEAKER = re.compile(r"^\s*(?:###\s*)?(?:assistant|user|system|human|gpt|bot)\s?:\s*", re.IGNORECASE)


_ANSWER = re.compile(r"(?<!\w)(?:assistant|gpt)\s?:\s", re.IGNORECASE)


# how chat templates open the model's own turn: ChatML, Llama 3, Gemma, Phi, Mistral; what stands before was asked
_TURN = re.compile(
    r"<\|(?:im_start|start_header_id)\|>\s{0,8}assistant(?:<\|end_header_id\|>)?|<start_of_turn>\s{0,8}model\b|"
    r"<\|assistant\|>|\[/inst\]",
    re.IGNORECASE,
)


def without_marks(text: str, _about: About) -> str:
    """Take out the signs that part a chat for a language model, who speaks, and what was asked of the model."""
    answer = _TURN.split(text)[-1]
    text = answer if answer.strip() else text
    text = any_of(rules_words().marks).sub(" ", _MARK.sub(" ", text))
    speaker = _SPEAKER.match(text)
    answers = list(_ANSWER.finditer(text)) if speaker else []
    return text[max([speaker.end(), *(m.end() for m in answers)]) :] if speaker else text


_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});", re.IGNORECASE)


@cache
def _element() -> re.Pattern[str]:
    known = "|".join(sorted(rules_words().html, key=len, reverse=True))
    return re.compile(rf"</?(?:{known})(?:\s[^<>]{{0,300}}+|\s?/)?>|<!--[^<>]{{0,300}}+>", re.IGNORECASE)


def without_html(text: str, _about: About) -> str:
    """Take out the elements of HTML, and write entities as the letters they stand for."""
    if "&" in text:
        text = _ENTITY.sub(lambda m: html.unescape(m.group()), text)
    plain = _element().sub(" ", text) if "<" in text else text
    return text if plain == text else re.sub(r"\s+(?=[.,;:!?](?:\s|$))", "", plain)


_LINK = re.compile(r"!?\[([^\[\]]{1,200}+)\]\((?:https?:|/|#|\.)[^()\s]{0,300}+\)")
_BOLD = re.compile(r"\*\*([^*]{1,400}+)\*\*")
_STRONG = re.compile(r"(?<!\w)__((?=\w)[^_]{1,200}?\s[^_]{0,200}?(?<=\w))__(?!\w)")  # of one word it is a wildcard
_ITALIC = re.compile(r"(?<![\w*])\*([^\W\d_][^*]{2,200}+)\*(?![\w*])")
_CODE = re.compile(r"`([^`]{1,400}+)`")
_HEADING = re.compile(r"(?:^|(?<=\s))#{2,6}\s|^#\s")
_BULLET = re.compile(r"(?:^|\n)[ \t]{0,8}[-*+•·]\s|(?<=\s)[•▪◦]\s")


def without_markdown(text: str, _about: About) -> str:
    """Keep the words of bold, italic, code, headings, links and bullets."""
    text = _LINK.sub(r"\1", FENCE.sub(" ", text))
    for known in (_BOLD, _STRONG, _ITALIC, _CODE):
        text = known.sub(r"\1", text)
    text = _BULLET.sub(" ", _HEADING.sub("", text)).lstrip(" ")
    return text.replace("**", "") if "**" in text else text


_GARBLED = re.compile("[ÃÂâ][\u0080-\u00bf\u2018-\u203a€™œ”“šž‚ƒ„…†‡ˆ‰]")


def without_garbled(text: str, _about: About) -> str:
    """Read again what was UTF-8 and was read as Windows-1252 ("cafÃ©"), where all of it can be."""
    if not _GARBLED.search(text):
        return text
    for wrong in ("cp1252", "latin-1"):
        try:
            return text.encode(wrong).decode("utf-8")
        except UnicodeError:
            continue
    return text


def without_nothing(text: str, _about: About) -> str:
    """Take out what stands for "no caption" and is all there is: None, nan, untitled, "no caption"."""
    return "" if text.casefold().strip(" .,;:-_()[]<>\"'") in rules_words().nothing else text


_RIGHTS = re.compile(
    r"(?:\(c\)|©|copyright\b)\W{0,3}(?:\(c\)|©|\d{4}|by\b|of\b)|©\s?\w|all rights reserved\b|licensed under\b|"
    r"(?:photo(?:graph)?|picture|image|art(?:work)?) (?:credits?|courtesy)\b|courtesy of\b|creative commons\b",
    re.IGNORECASE,
)


_NOTICE = re.compile(r"\s{0,4}(?:\([cC]\)\s?(?=\d{4})|©\s?(?=\d{4}|[^\W\d_]))(?:[^,;.\"]|(?<=\b[A-Z])\.){1,80}")


def without_rights(text: str, _about: About) -> str:
    """Take out lines about whose picture it is ("© 2019 J. Smith. All rights reserved"): they say nothing of it."""
    if not _RIGHTS.search(text):
        return text
    parts = with_gaps(_NOTICE.sub("", text), re.compile(r"[,;]|(?<=[.!?])(?<!\b[A-Z]\.)\s"))
    kept = [part for part in parts if not _RIGHTS.match(part.lstrip(" -|"))]
    plain = tidied("".join(kept)).lstrip(" .")
    return text if plain == tidied(text) else plain


_POLITE = re.compile(r"\W{0,20}+(?:sure|certainly|of course|absolutely|okay|ok|great|yes)(?: thing)?\s*[!.,:]\s*", re.I)
_PROMISE = re.compile(
    r"\W{0,20}+(?:here(?:['’]s| is| are)|below (?:is|are)|this is|the following is)\s(?:[\w-]{1,20}\s){0,6}?"
    r"(?:captions?|descriptions?|prompts?|tags|list of tags|summary|instructions?|breakdown)\b[^.:!?]{0,80}+[.:!?]\s*",
    re.IGNORECASE,
)


_OPENINGS = 4  # one after the other: "Sure! Of course. Here is the caption:"


def refuses(text: str) -> bool:
    """Say whether a text begins by apologizing to whoever asked instead of describing."""
    return text.casefold().replace("’", "'").lstrip(" \"'*-.,!").startswith(rules_words().refusals)


def without_talk(text: str, _about: About) -> str:
    """Take out whole sentences that a model says to whoever asked it: politeness, offers, refusals."""
    for _ in range(_OPENINGS):
        opening = _PROMISE.match(text) or (_POLITE.match(text) if _answers(text) else None)
        if opening is None:
            break
        text = text[opening.end() :]
    said = sentences(text)
    kept = [s for s in said if not _talks(s)]
    return text if len(kept) == len(said) else " ".join(kept)


def _answers(text: str) -> bool:
    """Say whether "Sure!" at the beginning answers somebody: a promise or a new sentence follows."""
    polite = _POLITE.match(text)
    if polite is None:
        return False
    return polite.group().rstrip()[-1] in "!.:" or bool(_PROMISE.match(text, polite.end()))


def _talks(sentence: str) -> bool:
    plain = sentence.casefold().replace("’", "'").lstrip(" \"'*-.,!")
    return plain.startswith(rules_words().talk) or refuses(plain.removeprefix("note: "))


_IMAGINE = re.compile(r"\s{0,8}/imagine\s{1,8}(?:prompt\s?:\s?)?", re.IGNORECASE)  # Midjourney's command
_TITLE = re.compile(
    r"(?<!\s)\s*+(?:(?:detailed|short|long|image|full|final|positive|generated|alt|booru|danbooru)[ _-]){0,2}"
    r"(?:(?:captions?|descriptions?|prompt|tags|keywords|title|instruction|answer|output|response|text)\s?\d{0,2}|"
    r"an? (?:\w{1,20} )?(?:caption|description|prompt) (?:of|for) (?:the|this|your) (?:image|picture|photo))"
    r"\s?[:：]\s*",
    re.IGNORECASE,
)
_SHOWS = re.compile(
    r"(?<!\s)\s*+(?:(?:however|but|that said),?\s)?(?:(?:this|the|in this|in the)\s(?:\w{1,20}\s)?(?:image|picture),?\s"
    r"(?:(?:clearly |prominently |also )?(?:shows?|depicts?|features?|captures?|displays?|presents?|portrays?|"
    r"illustrates?|showcases?|contains?|is of|is showing|consists of)|(?:we|you)(?: can)? see|there (?:is|are)|"
    r"is(?=\s(?:an?|the)\s))\s(?:us\s)?)",
    re.IGNORECASE,
)


def without_opening(text: str, _about: About) -> str:
    """Take out "Caption:", and "The image shows": what any picture could begin with (argus-lens 0.10: openers)."""
    for _ in range(_OPENINGS):
        opening = _IMAGINE.match(text) or _TITLE.match(text) or _SHOWS.match(text)
        if opening is None:
            break
        text = text[opening.end() :]
    return text


def without_labels(text: str, _about: About) -> str:
    """Take out "Subject:" before words that stay, and "artist: name" with what it labels."""
    if ":" not in text and "：" not in text:
        return text
    known, changed = rules_words(), False
    text = _titled().sub(", ", text)
    out = []
    for sentence in with_gaps(text, re.compile(r"(?<=[.!?])\s")):
        kept = []
        for piece in with_gaps(sentence, re.compile(r"[,;]")):
            label, sign, rest = piece.replace("：", ":", 1).partition(":")
            name = label.strip().casefold().replace("_", " ")
            if not sign or rest.startswith("//") or len(label) > 30:
                kept.append(piece)
            elif name in known.labels_dropped:
                changed = True
            elif name in known.labels_kept and rest.strip():
                kept.append(f" {rest.lstrip()}" if piece[:1] == " " else rest.lstrip())
                changed = True
            else:
                kept.append(piece)
        out.append("".join(kept).strip(" ,;"))
    return tidied(" ".join(filter(None, out))) if changed else text


@cache
def _titled() -> re.Pattern[str]:
    """Match a label with a capital inside a text, as lines that begin with one are joined: " Setting: "."""
    known = sorted((f"{name[0].upper()}{name[1:]}" for name in rules_words().labels_kept), key=lambda n: (-len(n), n))
    return re.compile(rf"(?<=[^\s,;.!?])\s(?:{'|'.join(known)})\s?[:：]\s")
