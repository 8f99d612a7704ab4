"""What each picture counts as along the kind's axes, and what is thin there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from loraprep.captions import hygiene, lexicon
from loraprep.core.known import NOWHERE, Known
from loraprep.core.records import Axis, Caption, Elements, Grade, Image
from loraprep.curation.measures import diversity
from loraprep.heads import views
from loraprep.project.profiles import Kind

# CIELAB, where 2.3 is one just noticeable step (Mahy et al. 1994).
_TINTED = 6.0  # mean b* this far from zero reads as warm or cool
_VIVID = 35.0  # mean C* above it reads as vivid
MEASURED = ("palette", "aspect")  # elements that are measured on the pixels and not seen or said

AxisLabels = dict[str, dict[str, list[str]]]  # axis name -> path -> terms; a path is absent if nothing is known of it


def palette_label(image: Image) -> str:
    """Name the measured palette in two words: "muted warm"."""
    temperature = "warm" if image.warmth > _TINTED else "cool" if image.warmth < -_TINTED else "neutral"
    return f"{'vivid' if image.chroma > _VIVID else 'muted'} {temperature}"


def shape_label(image: Image) -> str:
    """Name the shape: "upright", "square" or "wide", with a tenth of tolerance around square."""
    ratio = image.width / image.height
    return "square" if 0.9 <= ratio <= 1.11 else "wide" if ratio > 1 else "upright"


def axis_labels(
    kind: Kind,
    images: Sequence[Image],
    elements: Mapping[str, Elements],
    captions: Mapping[str, Caption],
    trigger: str,
    known: Known = NOWHERE,
) -> AxisLabels:
    """Label the pictures along every axis: what was seen there, else what the caption says, else what is measured.

    `known`: where what words say is kept.
    """
    worded = {name: axis.element for name, axis in kind.axes.items() if axis.element not in MEASURED}

    def given(path: str) -> tuple[list[str], object]:
        described, caption = elements.get(path), captions.get(path)
        texts = ([caption.text] if caption else []) + ([described.text] if described else [])
        seen = (described.state, described.content, described.style) if described else None
        return list(dict.fromkeys(texts)), seen

    def labels(path: str) -> dict[str, list[str]]:
        bare = [hygiene.without_trigger(text, trigger) for text in given(path)[0]]
        return {name: _terms(element, elements.get(path), bare) for name, element in worded.items()}

    told = known.each("labels", (worded, trigger), [i.path for i in images], given, labels, dict[str, list[str]])
    found: AxisLabels = {}
    one = dict[tuple[str, ...], list[str]]().setdefault  # most are the same few
    for name, axis in kind.axes.items():
        if name in worded:
            found[name] = {}
        else:
            measure = palette_label if axis.element == "palette" else shape_label
            found[name] = {i.path: one((term := measure(i),), [term]) for i in images}
    for path, terms in told.items():
        for name in worded:
            if terms[name]:
                found[name][path] = one(tuple(terms[name]), terms[name])
    return found


def _terms(element: str, elements: Elements | None, texts: Sequence[str]) -> list[str]:
    group, key = element.split(".")
    seen = list(getattr(elements, group).get(key, ())) if elements else []
    if not lexicon.terms(key):  # no closed list: outfits are counted by the words themselves
        return list(dict.fromkeys(t.casefold() for t in seen))
    if elements and elements.state == "seen" and seen:
        return [lexicon.meant(key, ", ".join(seen)) or lexicon.counted(key, seen[0])]
    said = (lexicon.meant(key, text) for text in texts)
    return [term for term in said if term][:1]


def with_measured(
    kind: Kind, found: AxisLabels, measured: Mapping[str, Mapping[str, str]], unseen: Collection[str]
) -> tuple[AxisLabels, dict[str, frozenset[str]]]:
    """Complete labels by what was measured on heads; return them and, by axis, the paths that it speaks for.

    What was seen and what a caption says come first; what only the name of a picture says (`unseen`) comes last.
    `measured`: element -> path -> term.
    """
    labels, told = dict(found), {}
    for name, axis in kind.axes.items():
        terms = measured.get(axis.element, {})
        counted = not set(axis.wants).isdisjoint(views.TERMS.get(axis.element, ()))  # else it asks for other terms
        own = {path: term for path, term in terms.items() if counted and (path in unseen or path not in found[name])}
        if own:
            labels[name] = {**found[name], **{path: [term] for path, term in own.items()}}
            told[name] = frozenset(own)
    return labels, told


def undescribed(captions: Mapping[str, Caption]) -> frozenset[str]:
    """Return the paths of those whose captions nobody wrote who had seen the picture: names are all that is known."""
    return frozenset(path for path, c in captions.items() if c.grade is not Grade.DESCRIBED)


def count_axes(
    kind: Kind,
    images: Sequence[Image],
    found: AxisLabels,
    unseen: Collection[str] = frozenset(),
    measured: Mapping[str, Collection[str]] | None = None,
) -> list[Axis]:
    """Count along every axis; what its wanted terms still lack is said only where most pictures were looked at.

    `unseen`: paths of those that only names speak of; what these say is counted apart. `measured`: by axis, the paths
    that were measured on heads. Where no head was found there may be one of the angles that are hardly ever found.
    """
    result = []
    for name, axis in kind.axes.items():
        told = [i.path for i in images if i.path in found[name]]
        by_heads = (measured or {}).get(name, ())
        named = {p for p in told if p in unseen and p not in by_heads and axis.element not in MEASURED}
        labelled = [found[name][path] for path in told if path not in named]
        counts = Counter(term for terms in labelled for term in terms)
        by_name = Counter(term for path in named for term in found[name][path])
        want = max(1, round(len(images) / 10))
        known = len(labelled) * 2 > len(images)
        hidden = len(images) - len(told) if by_heads else 0
        lacking = {t: want - counts[t] - (hidden if t in views.UNFOUND else 0) for t in axis.wants}
        missing = {t: number for t, number in lacking.items() if number > 0} if known else {}
        rare = [t for t, n in sorted(counts.items()) if missing and n < want and t not in missing]
        result.append(
            Axis(
                name,
                axis.label,
                dict(sorted(counts.items())),
                len(labelled),
                missing,
                round(diversity.hill(counts), 2),
                round(diversity.evenness(counts), 2),
                (*missing, *rare),
                dict(sorted(by_name.items())),
                sum(i.path in by_heads for i in images),
            )
        )
    return result


def seen_only(kind: Kind, found: AxisLabels, unseen: Collection[str]) -> AxisLabels:
    """Leave out what only names say of the pictures at `unseen`; what is measured stays."""
    if not unseen:
        return found
    return {
        name: {p: t for p, t in terms.items() if p not in unseen or kind.axes[name].element in MEASURED}
        for name, terms in found.items()
    }
