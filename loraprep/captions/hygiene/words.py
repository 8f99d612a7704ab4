"""The words of a caption: their form, what they speak of, what must not be in them.

The word lists are data: resources/words.json.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Literal

import msgspec

from loraprep.captions.hygiene.text import eastern, eyes_open, eyes_shut
from loraprep.core import resources, typed
from loraprep.core.text import replaced

CONTENT = (
    "subject",
    "action",
    "pose",
    "expression",
    "outfit",
    "hair",
    "eyes",
    "face",
    "material",
    "shape",
    "objects",
    "setting",
    "time",
    "framing",
    "angle",
)
STYLE = (
    "medium",
    "technique",
    "brushwork",
    "palette",
    "temperature",
    "lighting",
    "composition",
    "edges",
    "texture",
    "harmony",
    "mood",
)
_READ = 20_000  # characters of one text from anywhere that are looked at: ten times the longest that an encoder reads
_EASTERN_TAG = 8  # signs: of Danbooru's Japanese names for tags 98 of 100 have no more
_JOINERS = "\u200c\u200d"  # zero-width, but letters of Persian, Hindi and emoji hang on them
_BETWEEN = re.compile(r"(?<!\[trigger)[^\w\s'’\[-]+|\[(?!trigger\])")  # clauses; "charcoal[trigger]" is one word
_CALL = re.compile(r"<\s*+(?:lora|lyco|hypernet)\s*+:[^>]*+>?", re.IGNORECASE)
_RATED = re.compile(r"(?:score_\d(?:_up)?|source_\w+|rating_\w+)", re.IGNORECASE)  # Pony's own tags keep "_"
_RATED_SPOKEN = re.compile(  # the same after an editor took the underscores out
    r"score \d(?: up)?|source (?:pony|furry|cartoon|anime)|rating (?:safe|questionable|explicit)", re.IGNORECASE
)


class WordLists(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The form of resources/words.json; all words are in lower case."""

    about: str
    keys: dict[str, tuple[str, ...]]  # element key -> terms that name it
    categories: dict[str, frozenset[str]]  # side of a style -> the element keys that speak of it
    hedging: tuple[str, ...]
    flattery: tuple[str, ...]
    quality: frozenset[str]  # tags that ask for quality
    machine_names: frozenset[str]  # what cameras and programs write into file names
    colours_alone: frozenset[str]
    stopwords: frozenset[str]
    nouns: frozenset[str]  # that end like a verb: "building"
    plurals: dict[str, str]  # that no ending tells: "women" -> "woman"
    placing: frozenset[str]  # where in the picture, and how near: "frame", "left"
    body: frozenset[str]  # what everybody has


@cache
def lists() -> WordLists:
    """Load resources/words.json."""
    return typed.from_json(resources.text("resources/words.json"), WordLists)


def _unsafe(char: str) -> bool:
    return char not in _JOINERS and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def clean(text: str) -> str:
    """Make words from anywhere one safe line: no control characters, braces or `<lora:` that a tool would act on."""
    before, text = None, eyes_shut(text[:_READ])
    while text != before:  # what is taken out may join up what stands around it
        before = text
        text = text if text.isprintable() else replaced(text, _unsafe)  # whose characters are none of those
        uncalled = _CALL.sub(" ", text)
        if uncalled != text:  # the comma it stood before goes with it
            uncalled = re.sub(r"([,;])(?:\s*[,;])+", r"\1", uncalled)
        text = re.sub(r"[{}\\]", "", uncalled)
        text = " ".join(text.split()).strip(" ,;")
    return eyes_open(text)


_STYLE_OF = r"(?:,?\s?\b(?:in |with )?(?:the |a |an )?style of (?:the |a |an )?)"
_LEADING = r"(?:of|by|with|named|called|featuring|showing|depicting|from|for|as|and)"
_HANGING = (  # where a preposition would hang: nothing follows that it could belong to
    r"(?=\s?(?:$|[,.;:!?)])|\s(?:(?:in|on|with|by|at|and|near|from|as|beside|under|over|against|behind|through|inside|"
    r"outside|during|while|who|that|which|is|was|are|has|wears|holds|sits|stands|looks)\b|\w{2,20}ing\b))"
)


def stand_in(made_up: str, flags: int = re.IGNORECASE) -> re.Pattern[str]:
    """Match a made-up word (`made_up`: a pattern) with all that would be left hanging of a sentence without it.

    "in the style of W" and "in W style" go whole, "of W" where no other word follows that it could belong to ("a photo
    of W, smiling", "a photo of W standing"), and a genitive.
    """
    word = rf"(?<![\w-])(?:{made_up})(?![\w-])"
    return re.compile(
        rf"{_STYLE_OF}{word}(?:['’]s)?|,?\s?\bin (?:the |a |an )?{word} style\b|"
        rf"(?:(?<!\w){_LEADING}\s)(?:the |an? )?{word}{_HANGING}|{word}(?:['’]s(?!\w))?",
        flags,
    )


def without_trigger(text: str, trigger: str) -> str:
    """Take the trigger out wherever it stands as a word, with the comma it leaves behind, and what would hang."""
    if not _alone(trigger).search(text):
        return text
    text = eyes_shut(text)
    bare = _alone(trigger).sub("", _trigger(trigger).sub("", text))
    bare = re.sub(r"\s+([,.;:])", r"\1", " ".join(bare.split()))
    return eyes_open(_PARTED.sub("", re.sub(r",(?:\s*,)+", ",", bare)).strip(" ,;:，、；："))


# what parted a trigger from what follows it: "[trigger]. A mill", "[trigger] - a mill"
_PARTED = re.compile(r"^(?:[\s,;:|，、；：。]|\.(?!\d)|[-–—](?=\s))++")


@cache
def _alone(trigger: str) -> re.Pattern[str]:
    """Match a trigger that is glued to no word: where it is, it stays for `faults` to name."""
    return re.compile(rf"(?<!\w)(?:\[trigger\]|{re.escape(trigger)})(?!\w)", re.IGNORECASE)


@cache
def _trigger(trigger: str) -> re.Pattern[str]:
    return stand_in(rf"\[trigger\]|{re.escape(trigger)}" if trigger else r"\[trigger\]")


def bare(text: str, trigger: str) -> str:
    """Apply `clean` and `without_trigger` until neither finds anything more."""
    before = None
    while text != before:
        before, text = text, without_trigger(clean(text), trigger)
    return text


def form_of(text: str) -> Literal["tags", "prose"]:
    """Tell tags (comma-separated pieces, mostly of one to three words without an article) from prose."""
    if eastern(text):  # no spaces between words: a tag is short, and a sentence ends in its own full stop
        signs = [len(p.strip()) for p in re.split(r"[,;，、；]", text) if p.strip()]
        return "tags" if "。" not in text and max(signs) <= _EASTERN_TAG else "prose"
    pieces = [p.split() for p in re.split(r"[,;]", eyes_shut(text)) if p.strip()]
    if not pieces or re.search(r"[.!?]\s+\S", text):
        return "prose"
    if sum("_" in w for p in pieces for w in p) * 2 >= len(pieces):
        return "tags"
    articles = sum(p[0].lower() in ("a", "an", "the") for p in pieces)
    short = sum(len(p) <= 3 for p in pieces)
    return "tags" if short * 4 >= len(pieces) * 3 and articles * 3 <= len(pieces) else "prose"


def _plain(tag: str) -> str:
    """Write a booru tag as words; kaomoji such as ^_^ and Pony's score_9 keep their underscores."""
    if _RATED.fullmatch(tag) or not re.search(r"[^\W\d_]{2}", tag):
        return tag
    return " ".join(tag.replace("_", " ").split())


def terms(text: str) -> list[str]:
    """Split at commas: in order, each piece once (ignoring case), without underscores as booru writes them."""
    seen: dict[str, str] = {}
    for piece in re.split(r"[,;]", eyes_shut(text)):
        term = eyes_open(_plain(" ".join(piece.split()).rstrip(".")))
        if term:
            seen.setdefault(term.casefold(), term)
    return list(seen.values())


def phrases(text: str) -> list[str]:
    """List what a sentence speaks of: its runs of words between stopwords and punctuation, each once.

    "A water mill beside a green pond." -> ["water mill", "green pond"]

    Before an article no noun stands in the plural: "she wears a hat" speaks of a hat alone.
    """
    stop = lists().stopwords
    found: dict[str, str] = {}
    for clause in _BETWEEN.split(text):
        run: list[str] = []
        said = clause.split()
        for word in [*said, ""]:
            if word and word.lower() not in stop:
                run.append(word)
                continue
            if word.lower() in _DETERMINERS and run and _PLURAL.search(run[-1]):
                run.pop()
            if run:
                found.setdefault(" ".join(run).casefold(), " ".join(run).lower())
                run = []
    return list(found.values())


_DETERMINERS = frozenset({"a", "an", "the", "his", "her", "its", "their"})
_PLURAL = re.compile(r"[^\Ws]s$", re.IGNORECASE)


def head(phrase: str) -> str:
    """Return what a phrase is about, its noun in the singular: "cat" of "two black cats washing"; "" of a verb alone.

    The last word before a verb's -ing ("man riding horse" is a man), or before an -ed at the end ("cat painted").
    """
    words = phrase.casefold().replace("_", " ").split()
    end = _verb(words)
    return singular(words[end - 1]) if end > 0 else ""


def ends_in_verb(phrase: str) -> bool:
    """Say whether a phrase runs into a verb: "cat washing"."""
    words = phrase.casefold().replace("_", " ").split()
    return _verb(words) < len(words)


def without_verb(phrase: str) -> str:
    """Leave out the verb that a phrase runs into, and what follows: "young cat" of "young cat washing"."""
    words = phrase.split()
    return " ".join(words[: _verb([word.casefold() for word in words])])


def _verb(words: list[str]) -> int:
    """Find where a verb begins; len(words) if none does."""
    nouns = lists().nouns
    end = next((n for n, w in enumerate(words) if w.endswith("ing") and len(w) > 4 and w not in nouns), len(words))
    if end == len(words) and words and words[-1].endswith("ed") and len(words[-1]) > 5 and words[-1] not in nouns:
        end -= 1
    return end


def singular(word: str) -> str:
    """Return an English noun in the singular, as its regular endings or resources/words.json tell."""
    if word in lists().plurals:
        return lists().plurals[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def says(text: str, term: str) -> bool:
    """Say whether the text holds the term as whole words, whatever its case, with spaces or underscores."""
    words = term.replace("_", " ").split()
    if not words or not (text.isascii() and term.isascii()):
        return bool(words) and bool(_whole(term).search(text))
    # the same without a pattern, which takes a hundred times as long to make as to search for
    line, wanted = _line(text), " ".join(words).lower()
    at = line.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        if not (line[at - 1 : at].isalnum() or line[end : end + 1].isalnum()):
            return True
        at = line.find(wanted, at + 1)
    return False


@lru_cache(maxsize=64)  # many terms are looked for in one text after the other
def _line(text: str) -> str:
    return " ".join(text.replace("_", " ").split()).lower()


_BEFORE_IT = (
    r"(?P<onto>\b(?:of|on|in|at|by|with|beside|near|under|behind|from|against|over|through|into|to)\s{1,3})?"
    r"(?P<article>\b(?:an?|the)\s{1,3})?"
)
_BEHIND_IT = r"(?P<joins>\s{1,3}(?:and|or)\b)?(?P<of>\s{1,3}of\b)?(?P<list>,)?"
_NEXT_WORD = re.compile(r"\s{1,3}([^\W\d_]{1,40})")


def without_term(text: str, term: str) -> str:
    """Take a term out of a sentence, with the loose ends it leaves, so that a whole sentence remains.

    "a mill beside a pond" is a mill; "a round table" a table; who does something ("a cat sits") is only it.
    """

    def instead(hit: re.Match[str]) -> str:
        following = _NEXT_WORD.match(text, hit.end())
        word = following[1].casefold() if following else ""
        onto, article = hit["onto"] or "", hit["article"] or ""
        begins = not text[: hit.start()].strip(" \"'“") or text[: hit.start()].rstrip()[-1:] in ".!?"
        acts = word in ("is", "was", "has") or (word.endswith("s") and not word.endswith("ss") and article[:1] in "aA")
        if hit["joins"] or hit["of"]:
            return onto
        if not word or word in lists().stopwords or acts:
            return "It" if begins and acts and article and not onto else hit["list"] or ""
        if hit["list"] and not article:
            return ","
        if article.strip().casefold() in ("a", "an"):
            article = f"{article[0]}{'n' if word[0] in 'aeiou' else ''} "
        return f"{onto}{article}"

    cut = _whole(term, _BEFORE_IT, _BEHIND_IT).sub(instead, text)
    cut = re.sub(r"\s+([,.;:])", r"\1", " ".join(cut.split()))
    cut = re.sub(r"([,.;:])(?:\s*,)+", r"\1", cut).strip(" ,;:")
    return cut[:1].upper() + cut[1:] if text[:1].isupper() else cut


@lru_cache(maxsize=1 << 14)  # the words of a large set; re itself keeps 512
def _whole(term: str, before: str = "", after: str = "") -> re.Pattern[str]:
    words = r"[\s_]+".join(re.escape(word) for word in term.replace("_", " ").split())
    return re.compile(rf"{before}(?<![^\W_]){words}(?![^\W_]){after}", re.IGNORECASE)


@cache
def _vocabulary() -> dict[str, str]:
    return {term: key for key, known in lists().keys.items() for term in known}


def key_of(term: str) -> str:
    """Return the element that a short term names ("framing", "lighting" ...), "" if the lists do not say.

    The words at its end decide: "blue hair" is hair, "warm evening light" lighting, "a mill at dawn" neither,
    since what stands after "of", "at", "in" only tells more about something else.
    """
    words = term.casefold().replace("_", " ").split()
    known = _vocabulary()
    if len(words) > 5 or {"of", "at", "in", "with", "on", "by"} & set(words[:-1]) - {words[0]}:
        return ""
    for start in range(len(words)):  # the longest known end wins
        if key := known.get(" ".join(words[start:])):
            return key
    return known.get(words[0], "") if words and words[0] in ("muted", "vivid", "warm", "cool", "pastel") else ""


def is_style(term: str) -> bool:
    """Say whether a term speaks of how a picture is made rather than of what is in it."""
    return key_of(term) in STYLE


def is_quality(term: str) -> bool:
    """Say whether a tag asks for quality (masterpiece, score_9) and describes nothing."""
    return term.casefold().replace("_", " ") in lists().quality or is_rated(term)


def says_nothing_alone(term: str) -> bool:
    """Say whether a term only tells where in the picture, what everybody has, or one colour: "left", "head", "red"."""
    words = term.casefold().replace("_", " ").split()
    known = lists().placing | lists().body
    return all(singular(word) in known or word in known for word in words) or (len(words) == 1 and only_colours(term))


def is_rated(term: str) -> bool:
    """Say whether a tag is one of Pony's own for score, source and rating."""
    return bool(_RATED.fullmatch(term) or _RATED_SPOKEN.fullmatch(term))


_COUNT = re.compile(
    r"solo|no humans|multiple \w+"
    r"|(?:(?<!\d)\d++\+?|one|two|three|four|five|six) ?(?:girl|boy|other|person|people|woman|women|man|men|animal)s?",
    re.IGNORECASE,
)


def is_count(term: str) -> bool:
    """Say whether a tag counts who is in the picture ("1girl", "solo", "no humans")."""
    return bool(_COUNT.fullmatch(term.replace("_", " ")))


def style_categories(text: str) -> set[str]:
    """Return the sides of a style that the words touch: colour, texture, lighting, composition, medium, mood."""
    said = {key for term, key in _vocabulary().items() if key in STYLE and says(text, term)}
    return {name for name, keys in lists().categories.items() if said & keys}


def only_colours(text: str) -> bool:
    """Say whether there are only names of colours and tones, which tell nothing of what is in a picture."""
    return set(re.findall(r"[^\W\d_]+", text.casefold())) <= lists().colours_alone


def faults(text: str, trigger: str) -> list[str]:
    """List why a trainer must not get this caption; [] if it may."""
    found = []
    after = text[len(trigger) :]
    if trigger and (not text.startswith(trigger) or re.match(r"\w", after)):
        found.append("the trigger is not at the start")
    if trigger and re.search(rf"(?<!\w){re.escape(trigger)}(?!\w)", after, re.IGNORECASE):
        found.append("the trigger is in it twice")
    if glued := re.search(r"(?<!\w)\w*+\[trigger\]\w*", text, re.IGNORECASE):
        found.append(f"{glued.group()} glues [trigger] to a word: put a space or a comma between")
    if not text.isprintable() and any(map(_unsafe, set(text))):
        found.append("it holds a line break or control character")
    if re.search(r"<\s*+lora\s*+:", text, re.IGNORECASE):
        found.append("it calls a LoRA")
    if "{" in text or "}" in text:
        found.append("it holds braces, which some trainers read as wildcards")
    return found
