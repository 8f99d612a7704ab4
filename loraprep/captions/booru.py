"""Danbooru's own tags, shipped with loraprep: free phrases become tags that a base model has seen.

The list, its licence and its date: resources/danbooru.md.
"""

from __future__ import annotations

import gzip
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache

import msgspec

from loraprep.captions import colours, danbooru, hygiene, lexicon
from loraprep.core import resources, typed, yamlfile

GENERAL, SERIES, CHARACTER, META = 0, 3, 4, 5
_ARTICLES = frozenset({"a", "an", "the", "some", "his", "her", "its", "their"})
# where a phrase goes on about something else: "a chair by the window" names both
_APART = re.compile(
    r"(\b(?:of|with|without|in|on|at|by|beside|behind|under|over|above|below|near|from|against|around|across|along|and|or|"
    r"to|towards?|into|onto|through|between|next|inside|for)\b|[,;:()])"
)
_SPELLED = (("colour", "color"), ("grey", "gray"), ("armour", "armor"), ("pointed", "pointy"), ("centre", "center"))
_LEAST = 200  # pictures, for a tag that stands for only a part of a phrase: rarer ones often mean something else
_GROUPS = {GENERAL: "general", SERIES: "series", CHARACTER: "character", META: "style"}


class Tag(msgspec.Struct, frozen=True):
    """One tag, spelled with spaces. `implies`: the tags that it says already."""

    name: str
    category: int
    count: int  # pictures on Danbooru that have it
    implies: tuple[str, ...] = ()


@cache
def _listed() -> tuple[dict[str, Tag], dict[str, str]]:
    """Load (name -> tag, other spelling -> name)."""
    tags: dict[str, Tag] = {}
    others: dict[str, str] = {}
    for line in gzip.decompress(resources.data("resources/danbooru.tsv.gz")).decode().splitlines():
        raw, category, count, aliases, implied = line.split("\t")
        name = _spaced(raw)
        tags[name] = Tag(name, int(category), int(count), tuple(_spaced(tag) for tag in implied.split()))
        for alias in filter(None, aliases.split(",")):
            others.setdefault(_spaced(alias), name)
    return tags, others


def _spaced(tag: str) -> str:
    """Write a tag as captions have it; a kaomoji keeps its underscores."""
    return tag.replace("_", " ") if re.search(r"[^\W\d_]{2}", tag) else tag


def tag(name: str) -> Tag | None:
    """Return the tag of that very name, or of which it is another spelling, None if there is none."""
    tags, others = _listed()
    plain = " ".join(_spaced(name.replace("\\", "").strip().casefold()).split())
    return tags.get(plain) or tags.get(others.get(plain, ""))


def is_tag(term: str) -> bool:
    """Say whether a term is a tag as it stands, up to its case and underscores."""
    return _listed()[0].get(_spaced(term.strip().casefold())) is not None


def group(name: str) -> str:
    """Return the group of a tag in a base model's order: count, character, series, general or style."""
    if hygiene.is_count(name):
        return "count"
    found = tag(name)
    return _GROUPS[found.category] if found else "general"


def surprise(name: str) -> float:
    """Return how much a tag tells, in bits: -log2 of the share of Danbooru's pictures that have it.

    Self-information (Shannon 1948, "A Mathematical Theory of Communication"), as in the idf of text retrieval. inf for
    what is no tag.
    """
    found = tag(name)
    return math.log2(_most() / max(1, found.count)) if found else math.inf


def beginning(wanted: str, most: int) -> list[tuple[str, int]]:
    """Return (tag, pictures) of tags that begin so, then of those of which a word does, the most common first."""
    begin = [name for name in _common_first() if name.startswith(wanted)][:most]
    inside = f" {wanted}"
    if len(begin) < most:
        begin += [name for name in _common_first() if inside in name and name not in begin][: most - len(begin)]
    return [(name, found.count) for name in begin if (found := tag(name))]


@cache
def _common_first() -> tuple[str, ...]:
    return tuple(sorted(_listed()[0], key=lambda name: -_listed()[0][name].count))


@cache
def _most() -> int:
    """Return the pictures of the commonest tag, which nearly all have."""
    return max(found.count for found in _listed()[0].values())


class Phrases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The form of resources/phrases.yaml."""

    people: dict[str, frozenset[str]]  # girl, boy, other -> words for them
    numbers: dict[str, int]
    classes: dict[str, str]  # kind of subject -> the tag it says where nobody is shown
    nobody: str
    alone: str
    loose: frozenset[str]  # terms of closed lists that say less than any tag that means them
    parts: frozenset[str]  # last words that name no thing
    belong: frozenset[str]  # last words for a part of what stands before them: "tree trunk"
    worn: frozenset[str]  # what is worn or of a body to Danbooru, and may be something else in the name of a place
    shapes: frozenset[str]  # words for how much of a thing there is, or in which shape: "a bed of flowers"
    kinds: frozenset[str]  # things of which a thing named before them only says which: "tower shield"
    of_things: dict[str, frozenset[str]]  # tag of what a person does -> things that do it, too
    worn_in: dict[str, str]  # word -> the tag that it means of a person who is in it


@cache
def phrases() -> Phrases:
    """Load resources/phrases.yaml."""
    name = "resources/phrases.yaml"
    return typed.convert(yamlfile.load(resources.path(name), name).data, Phrases)


def counted(subject: str) -> str:
    """Return the tag that counts whom a subject names ("two women" -> 2girls), "" if it names nobody."""
    words = re.findall(r"[^\W_]+", subject.casefold())
    for at, word in enumerate(words):
        for who, names in phrases().people.items():
            if word in names:
                number = _number(words[:at])
                return f"{number}{who}{'s' if number > 1 else ''}"
    return ""


def _number(before: Sequence[str]) -> int:
    """Return how many there are of what these words stand before: "two young" 2, "two javelins and a" 1."""
    for word in reversed(before):
        if word in phrases().numbers or word in "123456":
            return phrases().numbers.get(word) or int(word)
        if word in _ARTICLES or word in hygiene.lists().stopwords:
            break
    return 1


def vocabulary() -> danbooru.Vocabulary:
    """Return all tags as the list that captions are checked against where no tagger's is at hand."""
    return danbooru.Vocabulary(tuple(danbooru.Row(t.name, t.category, t.count) for t in _listed()[0].values()))


def concluded(subject: str, kind: str, names: Sequence[str]) -> list[str]:
    """Return the tags that go without saying: who is counted, that one is alone, or that nobody is there.

    `subject` and `kind` (its class) as the vision model said them; `names`: the tags that are known already.
    """
    people = [name for name in names if hygiene.is_count(name)]
    told = [] if people else [who for who in (counted(subject),) if who and kind in ("person", "creature", "")]
    someone = [*people, *told]
    if someone:
        alone = [name for name in someone if name[:1] == "1"] == someone and len(someone) == 1
        return [*told, *([phrases().alone] if alone else [])]
    if not kind or kind in ("person", "creature") or "crowd" in names:
        return []
    return [phrases().nobody, *([phrases().classes[kind]] if kind in phrases().classes else [])]


@cache
def _closed() -> dict[str, str]:
    """Map the terms that vision models choose from ("wide view", "back") to the tag that means them."""
    found: dict[str, str] = {}
    for key, term, pattern in danbooru.counted_terms():
        if key not in ("subject_class", "subject") and term not in phrases().loose:
            known = tag(pattern)
            found.setdefault(term.casefold(), known.name if known else "")  # the first that is listed, or none
    return {term: name for term, name in found.items() if name}


@lru_cache(maxsize=1 << 14)  # the terms of a large set
def tags_of(phrase: str, *, whole: bool = False, names: bool = False, place: bool = False) -> tuple[str, ...]:
    """Return the tags that a phrase names, in its order; () if it names none.

    "a mountain" -> mountain; "a woman in a red velvet dress" -> 1girl, red dress; "plank bridge" -> bridge. A whole
    phrase that is a tag is that tag; else each of its parts gives the tags made of its last word and one before it, or
    that word alone where many pictures have it as a tag. Only general tags and those for how a picture is made
    count; with `names` also a phrase that is a character's or a series'. `whole`: parts do not count. `place`: it says
    where, so that tidal flats are no shoes.
    """
    plain = _worn(" ".join(hygiene.clean(phrase).casefold().replace("_", " ").split())) if not tag(phrase) else phrase
    if known := _closed().get(plain) or _known(plain, names=names):
        return (known,)
    if counts := re.fullmatch(r"[1-9] ?([^\W\d_]+)", plain):  # 1man, 2 women; of 2cats the cats
        who = counted(f"{plain[0]} {counts[1]}")
        return (who,) if who else tags_of(counts[1], whole=whole, names=names, place=place)
    if known := _known(" ".join(w for w in plain.split() if w not in _ARTICLES)):
        return (known,)
    if whole:
        return ()
    found: dict[str, None] = {}
    for part in _parts(colours.together(plain)):
        if not (place and part[-1] in phrases().worn):
            for name in _of_part(colours.plain(part)):
                found.setdefault(name)
    return tuple(found)


_LONGEST = 4  # words of a tag that is looked for in a sentence


def tags_in(sentence: str) -> list[str]:
    """Return the tags that stand in a sentence, in its order, the longest first where several begin at a word.

    A word alone counts where many pictures have it as a tag; words that only hold a sentence together never do.
    """
    found = dict.fromkeys(
        name for clause in re.split(r"[.,;:!?()]+", _worn(sentence.casefold())) for name in _in_clause(clause)
    )
    return list(found)


def _in_clause(clause: str) -> Iterator[str]:
    words = _of_people(colours.plain(re.findall(r"[^\W_]+(?:[-'’][^\W_]+)*", clause)))
    glue = hygiene.lists().stopwords | _ARTICLES
    at = 0
    while at < len(words):
        step = 1
        if all(pairs := _pairs_of(words[at : at + 3])):  # long silver hair
            yield from pairs
            at += 3
            continue
        for length in range(min(_LONGEST, len(words) - at), 0, -1):
            run = words[at : at + length]
            if run[0] in glue or run[-1] in glue:
                continue
            name = _whole(run) if length > 1 else "" if _acts(words, at) else _common(run[0])
            if not name and run[1:2] == ["of"] and len(_bare(" ".join(run))) == 3:  # a bottle of (the) wine
                name = _turned(run[0], run[-1])
            if name:
                yield name
                step = length
                break
        at += step


_IN = r"\bin (?:(?!(?:an?|the|his|her|their|its|one|some|of|on|with)\b)[^\W_]+ ){0,4}"  # and no article


def _worn(text: str) -> str:
    """Write what somebody wears as its tag, where the word alone means another thing: in plate, in mail."""
    for word, name in phrases().worn_in.items():
        found = re.search(rf"{_IN}(?P<word>{word})\b(?! (?:of|armou?r)\b)", text)
        if found and any(lexicon.meant("subject_class", w) == "person" or counted(w) for w in text.split()):
            text = text[: found.start("word")] + name + text[found.end("word") :]
    return text


_DIRECTIONS = frozenset(
    {"up", "down", "left", "right", "upwards", "downwards", "forward", "forwards", "out", "outwards"}
)


def _of_people(words: Sequence[str]) -> list[str]:
    """Leave out what a thing does where the tag says it of a person: a sword pointing down."""
    kept: list[str] = []
    dropped = False
    for at, word in enumerate(words):
        things = phrases().of_things.get(word, frozenset())
        turned = dropped and word in _DIRECTIONS
        dropped = not turned and at > 0 and any(one in things for one in _variants(words[at - 1]))
        if not (dropped or turned):
            kept.append(word)
    return kept


_ONTO = frozenset(
    {"him", "her", "them", "it", "us", "down", "up", "along", "through", "across", "over", "past", "into", "around"}
)
_ELSEWHERE = frozenset({"outside", "inside"})  # of what is shown, or behind a window


def _acts(words: Sequence[str], at: int) -> bool:
    """Say whether a word alone tells how some thing is or what it does: old planks, a parrot watches them."""
    word, after = words[at], words[at + 1 : at + 2]
    if word in _ELSEWHERE or (after and _describes(word, after[0])):
        return True
    if not (word.endswith("s") and after and after[0] in _ONTO):
        return False
    somebody = lexicon.meant("subject_class", " ".join(words[max(0, at - 1) : at])) in ("person", "animal")
    return not (_common(word).endswith("ing") and (somebody or words[max(0, at - 1)] in ("he", "she", "who", "they")))


def _describes(word: str, after: str) -> bool:
    """Say whether a word only describes the thing behind it, and names none itself; "a cat laughs" has a cat."""
    if any(one in phrases().kinds for one in _variants(after)):
        return True
    thing = "" if after in hygiene.lists().stopwords else _common(after)
    return bool(thing) and not thing.endswith("ing") and not lexicon.meant("subject_class", word)


def _whole(run: Sequence[str]) -> str:
    """Return the tag of some words as they stand, or with the colour before the last as Danbooru calls it."""
    known = _known(" ".join(run))
    return known or (_first_known(f"{name} {run[1]}" for name in colours.names(run[0])) if len(run) == 2 else "")


def _pairs_of(run: Sequence[str]) -> list[str]:
    """Return what each of three words makes with the last one, [""] unless both make a tag."""
    glue = hygiene.lists().stopwords | _ARTICLES
    if len(run) < 3 or any(word in glue for word in run) or _known(" ".join(run)):
        return [""]
    return [_whole([word, run[2]]) for word in run[:2]]


def _parts(plain: str) -> Iterator[list[str]]:
    """Yield the words of each part; "a bottle of wine" is one, wine bottle, and "a sea of clouds" is clouds."""
    split = _APART.split(plain)
    pieces, signs = split[::2], [*split[1::2], ""]
    at = 0
    while at < len(pieces):
        words, sign = _of_people(_bare(pieces[at])), signs[at]
        at += 1
        if not words:
            continue
        if sign == "of":
            if turned := _turned(words[-1], pieces[at]):
                words = [*words[:-1], *turned.split()]
                at += len(_bare(pieces[at])) == 1  # of red wine more is said than that it is wine
            elif _a_shape(words[-1], pieces[at]):
                continue
        yield words


def _bare(piece: str) -> list[str]:
    return [word for word in piece.split() if word not in _ARTICLES]


def _turned(thing: str, of: str) -> str:
    """Return the tag of "a `thing` of `of`", said the other way round; "" without one.

    None that says more, as Danbooru takes a coffee cup for a disposable coffee cup.
    """
    for one in _variants(_bare(of)[-1]) if _bare(of) else ():
        known = _known(f"{one} {thing}")
        if known and not {one, thing} < {*known.split()}:
            return known
    return ""


def _a_shape(word: str, of: str) -> bool:
    """Say whether "a `word` of `of`" is nothing but `of`: a sea of clouds, and not the leg of a bed."""
    return of.split()[:1] == _bare(of)[:1] != [] and any(one in phrases().shapes for one in _variants(word))


def _of_part(words: list[str]) -> Iterator[str]:
    """Yield the tags of one part: verb and thing, each describing word with the last one, else the last alone."""
    yield from (name for word in words for name in _borne(word))
    words = [word for word in words if not _borne(word)]
    if not words:
        return
    if len(words) == 1:
        if alone := _common(words[0]):
            yield alone
        return
    if whole := _known(" ".join(words)):
        yield whole
        return
    if words[0].endswith("ing"):
        if known := _common(words[0]):
            yield known
        if pair := _known(f"{words[0]} {words[-1]}"):
            yield pair
        yield from _of_part(words[1:])
        return
    head = words[-1]
    if head in phrases().belong:
        yield from _of_part(words[:-1])
        return
    two = _known(" ".join(words[-2:])) if len(words) > 2 else ""  # a white tank top is no white top
    pairs: list[str] = []
    for word in words[: -2 if two else -1]:
        ends = (" ".join(words[-2:]), head) if two else (head,)
        pairs += [known for end in ends if (known := _first_known(f"{name} {end}" for name in colours.names(word)))][:1]
    pairs += [two] if two else []
    yield from pairs
    if not pairs and (head_alone := _common(head)):
        yield head_alone


def _first_known(phrases: Iterable[str]) -> str:
    return next(filter(None, map(_known, phrases)), "")


@lru_cache(maxsize=1 << 12)
def _borne(word: str) -> tuple[str, ...]:
    """Return the tag of what a word says its bearer has: red-haired -> red hair, long-sleeved -> long sleeves."""
    which, dash, what = word.rpartition("-")
    if not dash or not what.endswith("ed") or _known(word):
        return ()
    ends = [what.removesuffix(ending) + more for ending in ("ed", "d") for more in ("", "s")]
    found = _first_known(f"{name} {end}" for end in ends for name in colours.names(which.rpartition("-")[2]))
    return (found,) if found else ()


def _common(word: str) -> str:
    """Return the tag of a word that stands alone; another spelling of a longer tag says less (pipe: smoking pipe)."""
    name = "" if word in phrases().parts else _known(word)
    found = tag(name) if name else None
    return name if found and found.count >= _LEAST and " " not in name else ""


def _known(phrase: str, *, names: bool = False) -> str:
    """Return the tag of that spelling, in the singular, or in American English; "" without one.

    A word that Danbooru takes for a longer tag with that word in it means that only there (pipe: smoking pipe, horn:
    single horn, overflow).
    """
    for variant in _variants(phrase):
        found = tag(variant)
        narrowed = found is not None and " " in found.name and variant in found.name.split()
        if found and not narrowed and (names or found.category in (GENERAL, META)):
            return found.name
    return ""


def _variants(phrase: str) -> Iterator[str]:
    yield phrase
    for british, american in _SPELLED:
        if british in phrase:
            yield phrase.replace(british, american)
    for ending, instead in (("ies", "y"), ("ves", "f"), ("ses", "s"), ("shes", "sh"), ("ches", "ch"), ("s", "")):
        if phrase.endswith(ending) and not phrase.endswith("ss"):
            yield phrase.removesuffix(ending) + instead
    if " " in phrase:
        yield phrase.replace(" ", "-")
        yield phrase.replace(" ", "")
    if "-" in phrase:
        yield phrase.replace("-", " ")


def without_implied(names: Sequence[str]) -> list[str]:
    """Leave out the tags that others of them say already, through any number of steps: dress beside white dress."""
    said = set().union(*(all_implied(name) for name in names)) if names else set()
    said |= {name.rpartition(" (")[0] for name in names}  # beside bow (weapon), a bow is no ribbon
    return [name for name in names if name not in said]


@lru_cache(maxsize=1 << 13)
def all_implied(name: str) -> frozenset[str]:
    """Return the tags that a tag says already, through any number of steps, without itself."""
    found: set[str] = set()
    open_ends: list[str] = [name]
    while open_ends:
        known = tag(open_ends.pop())
        fresh: Iterable[str] = (t for t in known.implies if t not in found) if known else ()
        for implied in fresh:
            found.add(implied)
            open_ends.append(implied)
    return frozenset(found - {name})


def in_order(names: Sequence[str], order: Sequence[str]) -> list[str]:
    """Sort tags into a base model's order of groups, as they come within one; groups it does not name are left out."""
    return [name for wanted in order for name in names if group(name) == wanted]
