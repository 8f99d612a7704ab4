"""Whether a person's caption is of that picture: what it says beyond its name, and beyond what was put into many alike.

Only the words are asked, not how they came there: on the page or in captions.yaml. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from msgspec import structs

from loraprep.captions import hygiene
from loraprep.captions.file_names import without_ending, words_of_name
from loraprep.captions.hygiene.text import normal, words
from loraprep.core.records import Caption, Elements, Grade
from loraprep.project import groups
from loraprep.project.settings import Settings

_FORETOLD = 0.8  # of the captions beside which it might stand have a word: one left over or changed again is no reason
_FEW = 3  # captions: two that say the same are no edit of many
_WITHIN = 4  # letters of a word that is looked for inside a name, "lake" in moonlitlake.jpg; "art" would be in "party"
_SENTENCE = 5  # words of a name that somebody wrote as a sentence, as a prompt is; a .txt of them is a caption


class Read(NamedTuple):
    """What a caption says of its own, and what an edit of many may go by that foretells it."""

    caption: Caption
    own: frozenset[str]
    signs: frozenset[str]


def graded(
    captions: Mapping[str, Caption],
    elements: Mapping[str, Elements],
    settings: Settings,
    read: dict[str, Read] | None = None,
) -> dict[str, Caption]:
    """Return all captions; one of a person's that says nothing of its own picture counts as its name does.

    Deleting, moving and repeating words of the name says nothing. Nor does a word that was put into many captions at
    once: into all, or into all whose names share a word ("hull" -> "spaceship"), so that the names foretell it; in .txt
    files beside the pictures that is left to whoever wrote them, since one caption for all is a way to train too. Words
    that a model or a tagger saw are not asked; nor is a caption that was approved as it was shown, one of a set whose
    captions are the trigger alone by choice, and what asks for a change of a pair.

    `read`: what was read of captions before, with the same elements and settings; what is read now is added.
    """
    nothing = saying_nothing(captions, elements, settings, read)
    return {path: structs.replace(c, grade=Grade.NAMED) if path in nothing else c for path, c in captions.items()}


def saying_nothing(
    captions: Mapping[str, Caption],
    elements: Mapping[str, Elements],
    settings: Settings,
    read: dict[str, Read] | None = None,
) -> set[str]:
    """Return the paths of those that `graded` counts as their names."""
    nothing: set[str] = set()
    said: dict[str, frozenset[str]] = {}
    by: dict[str, frozenset[str]] = {}
    for path, caption in captions.items():
        seen = elements[path]
        if not _is_asked(caption, seen):
            continue
        drafted = caption.origin == "written" or not _beside(seen)
        known = read.get(path) if read is not None else None
        if known is None or known.caption != caption:
            known = Read(
                caption, _beyond(caption, seen, settings), _foretelling(path, seen) if drafted else frozenset()
            )
            if read is not None:
                read[path] = known
        if not known.own:
            nothing.add(path)
        elif drafted:
            said[path], by[path] = known.own, known.signs
    many = max(_FEW, int(settings.thresholds.captions.named * len(captions)) + 1)
    return nothing | _put_into_many(said, by, many)


def _is_asked(caption: Caption, elements: Elements) -> bool:
    """Say whether a caption counts as described only because a person's words are in it."""
    if caption.grade is not Grade.DESCRIBED or elements.captioner == "none" or elements.asks:
        return False
    if _beside(elements):
        return caption.origin in ("written", "existing", "draft")
    return caption.origin == "written" and not (elements.state == "seen" and elements.captioner)


def _beside(elements: Elements) -> bool:
    """Say whether the words that lay there are a caption file's."""
    return elements.sources.get("text", "").startswith("sidecar:")


def _beyond(caption: Caption, elements: Elements, settings: Settings) -> frozenset[str]:
    """Return the words of a caption that neither its name nor anything else that lay there without a look says."""
    named, letters = _name(caption.path), normal(without_ending(caption.path))
    lying, measured = _lying(elements)
    group, stop = groups.words(caption.path, settings), hygiene.lists().stopwords
    found: set[str] = set()
    for term in caption.content:
        of_term = {hygiene.singular(word) for word in words(term) if word not in stop and any(map(str.isalpha, word))}
        if term not in group and not of_term <= measured and not hygiene.is_quality(term):
            found |= of_term
    of_name = {word for word in found if word in named or (len(word) >= _WITHIN and word in letters)}
    if caption.origin != "written" and _beside(elements) and len(of_name) >= _SENTENCE:
        return frozenset(of_name)
    return frozenset(found - of_name - lying - hygiene.lists().machine_names)


@lru_cache(2)  # asked twice of the same one
def _name(path: str) -> frozenset[str]:
    return frozenset(map(hygiene.singular, words_of_name(path)))


def _lying(elements: Elements) -> tuple[set[str], set[str]]:
    """Return (words of names and metadata, of measured colour and light) of which the draft would be made."""
    if elements.state not in ("draft", "none") or _beside(elements):
        return set(), set()
    measured = {
        term for key, terms in elements.style.items() if elements.sources.get(key) == "measured" for term in terms
    }
    every = {term for part in (elements.content, elements.style) for terms in part.values() for term in terms}
    return _singular(every - measured), _singular(measured)


def _singular(terms: set[str]) -> set[str]:
    return {hygiene.singular(word) for term in terms for word in words(term)}


def _foretelling(path: str, elements: Elements) -> frozenset[str]:
    """Return what an edit of many goes by: words that lay there, and "" for none, which is of all."""
    return _name(path) | _lying(elements)[0] | {""}


def _put_into_many(said: Mapping[str, frozenset[str]], by: Mapping[str, frozenset[str]], many: int) -> set[str]:
    """Return the captions of whose own words every one stands in at least `many`, foretold by one thing they share.

    Those that say anything rarer are of their picture and count for nothing here: who describes some anew must not
    make the rest count as described. What is foretold leaves, and the others are asked again without it.
    """
    times = Counter(word for own in said.values() for word in own)
    left = {path for path, own in said.items() if all(times[word] >= many for word in own)}
    found: set[str] = set()
    while left:
        holders = Counter(sign for path in left for sign in by[path])
        both = Counter((sign, word) for path in left for sign in by[path] for word in said[path])
        foretold = {pair for pair, n in both.items() if n >= many and n >= _FORETOLD * holders[pair[0]]}
        new = {path for path in left if all(any((s, word) in foretold for s in by[path]) for word in said[path])}
        if not new:
            break
        found |= new
        left -= new
    return found
