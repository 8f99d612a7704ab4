"""What is certain: a text in, the same text out without what no trainer should read.

Each is linear: what may repeat is possessive or bounded, and told apart from what follows it.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from functools import cache

import json_repair

from loraprep.captions.hygiene import words as lists
from loraprep.captions.hygiene.rule import MOST, NOTHING, About, rules_words
from loraprep.captions.hygiene.text import eastern, normal, pieces, sentences, slips
from loraprep.captions.tokens import plain_english

Json = object
BRACKETS = 300  # of a form that is filled in there are 40; json_repair takes the square of open ones in seconds

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
    text = _any_of(rules_words().marks, "marks").sub(" ", _MARK.sub(" ", text))
    speaker = _SPEAKER.match(text)
    answers = list(_ANSWER.finditer(text)) if speaker else []
    return text[max([speaker.end(), *(m.end() for m in answers)]) :] if speaker else text


@cache
def _any_of(known: tuple[str, ...], _name: str) -> re.Pattern[str]:
    longest = sorted(known, key=lambda word: (-len(word), word))
    return re.compile("|".join(map(re.escape, longest)), re.IGNORECASE)


_FENCE = re.compile(r"```[a-z]{0,12}+")
_TAGS_FIRST = ("tags", "booru_tags", "danbooru_tags", "keywords")
_PROSE_FIRST = (
    "caption", "detailed_caption", "long_caption", "long", "description", "detailed_description", "prompt",
    "high_level_description", "content_sentence", "text", "summary", "short_caption", "short", "instruction",
)  # fmt: skip


def looks_like_json(text: str) -> bool:
    """Say whether a text begins as an object or a list of texts does."""
    begin = _FENCE.sub("", text).strip()[:200]
    return begin.startswith(("{", "[")) and '"' in begin and (begin[0] == "[" or ":" in begin)


def out_of_json(text: str, about: About) -> str:
    """Take the caption out of an object that holds one, in the form that the base model reads; else all its texts."""
    bare = _FENCE.sub("", text).strip()
    found = read_json(bare) if looks_like_json(text) else _without_braces(bare)
    if found is None:
        return text
    if isinstance(found, dict):
        first = (*_TAGS_FIRST, *_PROSE_FIRST) if about.form == "tags" else (*_PROSE_FIRST, *_TAGS_FIRST)
        by_key = {str(key).casefold().replace(" ", "_").replace("-", "_"): value for key, value in found.items()}
        found = next((value for key in first if (value := by_key.get(key))), found)
    return ", ".join(dict.fromkeys(_leaves(found))) or text


_FIRST_KEY = re.compile(r'"([^\W\d][\w -]{0,30})"\s{0,3}:\s{0,3}(?=["\[])')


def _without_braces(text: str) -> Json:
    """Parse an object whose braces something took out, as much as is left of it; None if it is none."""
    key = _FIRST_KEY.match(text)
    if not key:
        return None
    whole = f"{{{text.strip(' ,')}}}"
    try:
        found: Json = json.loads(whole)
    except (ValueError, RecursionError):
        known = key[1].casefold().replace(" ", "_").replace("-", "_") in (*_PROSE_FIRST, *_TAGS_FIRST)
        return read_json(whole) if known else None
    return found


def read_json(text: str) -> Json:
    """Parse an object or list, mended where a model or an editor broke it; None if it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        if text.count("{") + text.count("[") > BRACKETS:
            return None
        try:
            found = json_repair.loads(text[:MOST])
        except (ValueError, RecursionError):
            return None
    return found if isinstance(found, dict | list) and found else None


def _leaves(value: Json, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str) and value.strip():
        yield " ".join(value.split()).strip(" ,")
    elif isinstance(value, dict | list) and depth < 8:
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner, depth + 1)


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
    text = _LINK.sub(r"\1", _FENCE.sub(" ", text))
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
    parts = _with_gaps(_NOTICE.sub("", text), re.compile(r"[,;]|(?<=[.!?])(?<!\b[A-Z]\.)\s"))
    kept = [part for part in parts if not _RIGHTS.match(part.lstrip(" -|"))]
    plain = _tidied("".join(kept)).lstrip(" .")
    return text if plain == _tidied(text) else plain


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
    for sentence in _with_gaps(text, re.compile(r"(?<=[.!?])\s")):
        kept = []
        for piece in _with_gaps(sentence, re.compile(r"[,;]")):
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
    return _tidied(" ".join(filter(None, out))) if changed else text


@cache
def _titled() -> re.Pattern[str]:
    """Match a label with a capital inside a text, as lines that begin with one are joined: " Setting: "."""
    known = sorted((f"{name[0].upper()}{name[1:]}" for name in rules_words().labels_kept), key=lambda n: (-len(n), n))
    return re.compile(rf"(?<=[^\s,;.!?])\s(?:{'|'.join(known)})\s?[:：]\s")


def _with_gaps(text: str, parts: re.Pattern[str]) -> list[str]:
    """Split before each match, which stays with the piece before it."""
    ends = [m.end() for m in parts.finditer(text)]
    return [text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]


_COMMAS = re.compile(r"(?<!\s)\s*+([,;])[\s,;]*+")


def _tidied(text: str) -> str:
    """Bring commas and spaces in order after something was taken out."""
    return _COMMAS.sub(r"\1 ", " ".join(text.split())).strip(" ,;").replace(" .", ".")


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
    return _tidied(" ".join(kept)) if bare != text or len(kept) < len(bare.split()) else text


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
    plain = "".join(_unweighted(piece, about, tags=tags) for piece in _with_gaps(plain, re.compile(r"[,;]")))
    return text if plain == text else _tidied(plain)


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
    return text if plain == text else _tidied(plain)


_PIVOTAL = r"(?:<s\d{1,2}>){1,8}+"
_WILDCARD = re.compile(r"(?<![\w])__[\w/*-]{1,60}?__(?!\w)")
_TEMPLATE = re.compile(r"%\w{2,20}%")


def without_placeholders(text: str, about: About) -> str:
    """Take out what a template or another training left: [filewords], %caption%, <s0><s1>, TOK, sks, __wildcard__."""
    plain = _TEMPLATE.sub(" ", _WILDCARD.sub(" ", re.sub(_PIVOTAL, " ", _pivotal().sub(" ", text))))
    plain = _any_of(rules_words().placeholders, "placeholders").sub(" ", _slots().sub(" ", plain))
    made_up = tuple(sorted(w for w in rules_words().placeholder_words if w.casefold() not in about.triggers))
    if made_up:
        plain = _made_up(made_up).sub(" ", plain)
    return text if plain == text else _tidied(plain)


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
    return _tidied(" ".join([*kept, text[start:]]).lstrip(" .:，、；："))


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


def without_foreign_quality(text: str, about: About) -> str:
    """Drop tags for quality, score, rating and source that this base model was not taught (facts: each has its own)."""
    scores = any(tag.startswith("score_") for tag in about.quality)
    words_too = any(not tag.startswith("score_") for tag in about.quality)

    def foreign(piece: str) -> bool:
        return lists.is_quality(piece) and not (scores if lists.is_rated(piece) else words_too)

    return _without_pieces(text, foreign)


def without_meta(text: str, _about: About) -> str:
    """Drop Danbooru's tags about an upload."""
    return _without_pieces(text, lambda piece: piece.casefold().replace("_", " ") in rules_words().meta)


def _without_pieces(text: str, unwanted: Callable[[str], bool]) -> str:
    split = pieces(text)
    kept = [piece for piece in split if not unwanted(piece.rstrip("."))]
    return ", ".join(kept) if len(kept) < len(split) else text


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
        return _tidied(re.sub(r"[，、；]", ", ", text))
    plain = "".join(_narrow(c) for c in text)
    return _tidied(plain)


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
    split = _with_gaps(text, re.compile(r"[,;]"))
    same = [normal(piece) for piece in split]
    again = {s for s in same if s and same.count(s) > 2} if len(split) < 200 else set()
    kept: dict[str, str] = {}
    for number, (piece, key) in enumerate(zip(split, same, strict=True)):
        once = key in again or (key and len(piece.split()) >= _SAME_PIECE)
        kept.setdefault(key if once else f"{number} {key}", piece)
    return "".join(kept.values()).rstrip(" ,;") if len(kept) < len(split) else text


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


_EMPTY = re.compile(r"[,;]\s?(?:[,;]\s?)++")


def clean_signs(text: str, _about: About) -> str:
    """Apply `words.clean`, and leave no empty tag."""
    return _EMPTY.sub(", ", lists.clean(text))
