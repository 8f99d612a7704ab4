"""Is it somebody else? For kinds with an identity: pictures whose subject contradicts what nearly all others show.

By what a vision model saw, and in photographs by their faces (heads/people).
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence, Set

from loraprep.captions import lexicon
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Elements, Image
from loraprep.core.text import clauses
from loraprep.curation.assessment import Observations
from loraprep.curation.styles import in_group
from loraprep.imaging import style
from loraprep.project.decisions import Question
from loraprep.project.profiles import Kind
from loraprep.project.settings import Settings

LEAST = 8  # pictures in which a trait was seen, below which nothing is taken for the rule
_RULE = 0.8  # share of those pictures from which what they show is the character's own
_CONTRADICTIONS = 2  # one differing trait may be a wig, a costume or a slip of whoever looked
_MOST = 0.2  # of the set: if more differ, there is no rule to differ from
# How far the strength of an edge goes on, 0..1: drawings have edges of a pixel. Usual are 0.69-0.75 in seven sets of
# photographs, 0.50-0.61 in five of drawings; three of painterly pictures, 0.68-0.71, cannot be told from photographs
_EDGES, _SOFT = "strength0_2", 0.65
_SHOWN = 8  # typical pictures that a question names, to compare with
_UNSURE = frozenset({"at night", "dim light", "backlight", "lamplight"})  # light in which colours say little


def all_strangers(images: Sequence[Image], seen: Observations, kind: Kind, settings: Settings) -> dict[str, str]:
    """Find out path -> how it differs, by its traits, by its face, or both."""
    traits, faces = find_strangers(images, seen.elements, kind, settings), _other_faces(images, seen, kind, settings)
    both = sorted(traits.keys() | faces.keys())
    return {path: clauses([found[path] for found in (traits, faces) if path in found]) for path in both}


def _other_faces(images: Sequence[Image], seen: Observations, kind: Kind, settings: Settings) -> dict[str, str]:
    strangers = seen.people.strangers() if kind.identity and _photographs(images, seen, settings) else {}
    return {i.path: strangers[i.path] for i in images if i.path in strangers and not in_group(i.path, settings)}


def _photographs(images: Sequence[Image], seen: Observations, settings: Settings) -> bool:
    """Say whether the set is of photographs: whose face a drawing shows, cannot be measured so.

    By what is said of them; where nobody says what they are made with, by their edges.
    """
    texts = [medium_said(i.path, seen) for i in images] + [f"{settings.intent.description}. {settings.intent.notes}"]
    said = Counter(term for text in texts if (term := lexicon.meant("medium", text)))
    if said:
        return said["photograph"] * 2 > said.total()
    edges = [seen.styles[i.path][style.NAMES.index(_EDGES)] for i in images if seen.styles.get(i.path)]
    return len(edges) * 2 > len(images) and statistics.median(edges) >= _SOFT


def medium_said(path: str, seen: Observations) -> str:
    """Return what is said of a picture that may name what it is made with; "" if nobody said anything.

    A draft's colours are measured and count for nothing here: "charcoal" is one of them, and no drawing in charcoal.
    """
    elements, caption = seen.elements.get(path), seen.captions.get(path)
    medium = ", ".join(elements.style.get("medium", ())) if elements else ""
    if elements and elements.state == "seen" and medium:
        return medium
    if caption and caption.origin == "draft":
        return ", ".join(filter(None, (medium, *caption.content)))
    return caption.text if caption else ""


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


def stranger_question(
    images: Sequence[Image], found: Mapping[str, str], taken: Set[str], typical: Sequence[str] = ()
) -> Question | None:
    """Ask about all of them at once; None if there are none.

    `taken`: keys already asked under; `typical`: pictures of the character, the most typical first. Where a fifth and
    more show somebody else, they are hardly a slip: they are recommended a trigger of their own.
    """
    paths = [i.path for i in images if i.path in found]
    key = next((p for p in paths if p not in taken), None)
    if key is None:
        return None
    number = f"{len(paths)} of {len(images)} pictures {'seems' if len(paths) == 1 else 'seem'}"
    few = len(paths) <= _MOST * len(images)
    entry = {
        "what": f"{number} to show somebody else. The model would learn a mix of both. Is it your character?",
        "strangers": {p: found[p] for p in paths},
        **({"examples": {"the others": list(typical[:_SHOWN])}} if typical else {}),
        "recommended": "leave out" if few else "own trigger",
        "answer": None,
    }
    return Question(key=key, entry=entry, digests={i.path: i.digest for i in images if i.path in found})


def stranger_findings(found: Mapping[str, str]) -> list[Finding]:
    """Name those that train all the same."""
    differences = clauses([f"{path}: {how}" if len(found) > 1 else how for path, how in sorted(found.items())])
    return [Finding(Code.SOMEBODY_ELSE, tuple(sorted(found)), {"how": differences})] if found else []
