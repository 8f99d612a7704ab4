"""What only all captions together show. Each takes path -> words without the trigger; path -> what it objects to."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from statistics import median

from loraprep.captions.hygiene import words as lists
from loraprep.captions.hygiene.rule import rules_words
from loraprep.captions.hygiene.text import alike, pieces, words
from loraprep.captions.tokens import plain_english

_FEW = 8  # captions: of fewer nothing can be said to be usual
_ALIKE = 0.9  # Jaccard index of the words (caption-audit 1.3)
_FEWEST = 5  # words: of fewer, chance makes alike


def nearly_twice(captions: Mapping[str, str]) -> dict[str, str]:
    """Name those whose words are nearly those of another; the very same ones are told elsewhere.

    Pairs are sought by their rarest words alone: two sets with a Jaccard index of t share one of the
    |a| - ceil(t |a|) + 1 rarest words of each (prefix filter; Chaudhuri, Ganti and Kaushik 2006).
    """
    one: dict[str, str] = {}  # of very many captions the words are held once
    read = ((path, frozenset(one.setdefault(word, word) for word in words(text))) for path, text in captions.items())
    sets = {path: found for path, found in read if len(found) >= _FEWEST}
    times = Counter(word for found in sets.values() for word in found)
    by_words: dict[frozenset[str], list[str]] = defaultdict(list)
    for path in sorted(sets):
        by_words[sets[path]].append(path)
    index: dict[str, list[frozenset[str]]] = defaultdict(list)  # of each word, the shortest first
    result: dict[str, str] = {}
    for found in sorted(by_words, key=lambda s: (len(s), by_words[s])):
        rare = sorted(found, key=lambda word: (times[word], word))
        least = math.ceil(_ALIKE * len(rare))
        prefix = rare[: len(rare) - least + 1]
        near = (other for word in prefix for other in index[word][bisect_left(index[word], least, key=len) :])
        if other := next((other for other in near if alike(found, other) >= _ALIKE), None):
            result[by_words[found][0]] = f"like {by_words[other][0]}"
        same = by_words[found]
        texts = {captions[path].casefold() for path in same}
        if len(texts) > 1:  # the same words in another order
            result.update({path: f"like {same[0]}" for path in same[1:] if path not in result})
        for word in prefix:
            index[word].append(found)
    return result


_SHARE = 0.9  # of the captions begin alike: a template
_OPENING = 3  # words of an opening


def template(captions: Mapping[str, str]) -> dict[str, str]:
    """Name those that begin with the three words with which nine tenths of all captions begin."""
    if len(captions) < _FEW:
        return {}
    opening = {path: tuple(words(text)[:_OPENING]) for path, text in captions.items()}
    common, times = (
        Counter(o for o in opening.values() if len(o) == _OPENING).most_common(1)[0]
        if any(len(o) == _OPENING for o in opening.values())
        else ((), 0)
    )
    if times < _SHARE * len(captions) or times < _FEW:
        return {}
    return {path: " ".join(common) for path, said in opening.items() if said == common}


def one_wording(captions: Mapping[str, str]) -> dict[str, str]:
    """Name the instructions that nine tenths of all pairs share word for word; case and signs do not count."""
    said = {path: tuple(words(text)) for path, text in captions.items()}
    common, times = Counter(filter(None, said.values())).most_common(1)[0] if any(said.values()) else ((), 0)
    if times < _FEW or times < _SHARE * len(captions):
        return {}
    return {path: f'"{" ".join(common)}"' for path, own in said.items() if own == common}


_FAR = 3.5  # modified z-score (Iglewicz and Hoaglin 1993, "How to detect and handle outliers")
_NORMAL = 0.6745  # of a standard deviation is the median deviation of a normal distribution
_LEAST = 0.1  # the least spread of logarithms taken for one: sets written by a machine are all of one length


def length(captions: Mapping[str, str]) -> dict[str, str]:
    """Name those whose number of words is far off, by the median of its logarithm; two times at least."""
    counts = {path: len(words(text)) for path, text in captions.items()}
    said = {path: math.log(n) for path, n in counts.items() if n}
    if len(said) < _FEW:
        return {}
    middle = median(said.values())
    spread = max(_LEAST, median(abs(n - middle) for n in said.values()))
    far = {path for path, n in said.items() if abs(n - middle) > max(math.log(2), _FAR * spread / _NORMAL)}
    return {path: f"{counts[path]} words, most have about {round(math.exp(middle))}" for path in sorted(far)}


def foreign_trigger(captions: Mapping[str, str]) -> dict[str, str]:
    """Name those that begin with one and the same word that is no English one: another training's trigger.

    One word that stands as a tag of its own in more than half of the captions. Tags that count ("1girl") are none.
    """
    if len(captions) < _FEW:
        return {}
    first = {path: split[0].casefold() for path, text in captions.items() if (split := pieces(text))}
    if not first:
        return {}
    common, times = Counter(first.values()).most_common(1)[0]
    if not like_a_trigger(common) or 2 * times <= len(captions) or times == len(captions) == 1:
        return {}
    return {path: common for path, word in first.items() if word == common}


def trigger_missing(captions: Mapping[str, str]) -> dict[str, str]:
    """Name those that do not begin with the first word of more than half, where that looks like a trigger.

    For a folder whose trigger nobody has told; `captions` are whole. A word that more than half of one subfolder begin
    with is a trigger as well: a set may teach several.
    """
    with_it = foreign_trigger(captions)
    if not with_it:
        return {}
    word = next(iter(with_it.values()))
    firsts = {path: split[0].casefold() for path, text in captions.items() if (split := pieces(text))}
    inside: dict[str, list[str]] = defaultdict(list)
    for path in captions:
        inside[path.rpartition("/")[0]].append(firsts.get(path, ""))
    return {
        path: word
        for path in sorted(captions)
        if path not in with_it and not _shared(firsts.get(path, ""), inside[path.rpartition("/")[0]])
    }


def _shared(first: str, others: Sequence[str]) -> bool:
    return like_a_trigger(first.partition("_")[0]) and 2 * others.count(first) > len(others)


def like_a_trigger(word: str) -> bool:
    """Say whether it is one word, no English one and no tag that counts."""
    asks = word in rules_words().verbs  # "colorize", alone
    return word.isalnum() and not plain_english(word) and not lists.is_count(word) and not asks
