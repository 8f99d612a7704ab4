"""Is it somebody else? For kinds with an identity: pictures whose subject contradicts what nearly all others show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set

from loraprep.captions import lexicon
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Elements, Image
from loraprep.core.text import clauses
from loraprep.curation.styles import in_group
from loraprep.project.decisions import Question
from loraprep.project.profiles import Kind
from loraprep.project.settings import Settings

LEAST = 8  # pictures in which a trait was seen, below which nothing is taken for the rule
_RULE = 0.8  # share of those pictures from which what they show is the character's own
_CONTRADICTIONS = 2  # one differing trait may be a wig, a costume or a slip of whoever looked
_MOST = 0.2  # of the set: if more differ, there is no rule to differ from
_UNSURE = frozenset({"at night", "dim light", "backlight", "lamplight"})  # light in which colours say little


def find_strangers(
    images: Sequence[Image], elements: Mapping[str, Elements], kind: Kind, settings: Settings
) -> dict[str, str]:
    """Find out path -> how it differs, for pictures in which two traits or more contradict the rest of the set.

    Traits are the kind's `identity`, read from what a vision model saw; drafts and pixels are not enough. Whoever
    belongs to a group of project.yaml is somebody of their own already.
    """
    seen = {
        i.path: {t: _trait(t, element, elements[i.path]) for t, element in kind.identity.items()}
        for i in images
        if i.path in elements and elements[i.path].state == "seen" and not in_group(i.path, settings)
    }
    rules = {}
    for trait in kind.identity:
        counts = Counter(traits[trait] for traits in seen.values() if traits[trait])
        if counts and counts.total() >= LEAST:
            most, count = max(sorted(counts.items()), key=lambda c: c[1])
            if count >= _RULE * counts.total():
                rules[trait] = most
    differing = {}
    for path, traits in seen.items():
        odd = {t: traits[t] for t, rule in rules.items() if traits[t] and traits[t] != rule}
        shadows = sum(term == "dark" for term in odd.values())
        if len(odd) - max(0, shadows - 1) >= _CONTRADICTIONS:  # dark hair and dark eyes may be one shadow
            differing[path] = f"{_in_words(odd)}; the others: {_in_words({t: rules[t] for t in odd})}"
    return differing if len(differing) <= _MOST * len(seen) else {}


def _in_words(traits: Mapping[str, str]) -> str:
    """Spell out traits: "a man, dark hair, blue eyes"."""
    return ", ".join(f"a {term}" if trait == "person" else f"{term} {trait}" for trait, term in traits.items())


def _trait(name: str, element: str, elements: Elements) -> str:
    """Find the closed term of resources/lexicon.yaml, "" if it was not seen or the light leaves it open."""
    group, key = element.split(".")
    said = ", ".join(getattr(elements, group).get(key, ()))
    lights = {lexicon.meant("lighting", light) for light in elements.style.get("lighting", ())}
    if not said or (name != "person" and lights & _UNSURE):
        return ""
    return lexicon.meant(name, said)


def stranger_question(images: Sequence[Image], found: Mapping[str, str], taken: Set[str]) -> Question | None:
    """Ask about all of them at once; None if there are none. `taken`: keys already asked under."""
    paths = [i.path for i in images if i.path in found]
    key = next((p for p in paths if p not in taken), None)
    if key is None:
        return None
    number = "1 picture seems" if len(paths) == 1 else f"{len(paths)} pictures seem"
    entry = {
        "what": f"{number} to show somebody else. The model would learn a mix of both. Is it your character?",
        "strangers": {p: found[p] for p in paths},
        "recommended": "leave out",
        "answer": None,
    }
    return Question(key=key, entry=entry, digests={i.path: i.digest for i in images if i.path in found})


def stranger_findings(found: Mapping[str, str]) -> list[Finding]:
    """Name those that train all the same."""
    differences = clauses([f"{path}: {how}" if len(found) > 1 else how for path, how in sorted(found.items())])
    return [Finding(Code.SOMEBODY_ELSE, tuple(sorted(found)), {"how": differences})] if found else []
