"""Phase 5: is the set varied, which pictures carry it, what is missing? Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loraprep.decisions import Decisions, Question
from loraprep.model import Axis, Caption, Elements, Fate, Finding, Image

HEADER = """\
# You have more pictures than the set needs. These could stay out: others show nearly the same.
# answer: recommended | all (keep them all) | [names of the pictures to leave out instead]
# Pictures you never want to lose go into project.yaml under curation.include. Nothing in images/ is ever deleted.
"""

# A C* or b* this far from zero reads as a colour and not as grey (CIELAB, 2.3 is one just noticeable step).
_TINTED = 6.0
_VIVID = 35.0


@dataclass(frozen=True, slots=True)
class Curation:
    axes: list[Axis]
    findings: list[Finding]
    questions: list[Question]
    add: list[str]  # what to collect next, in words, most useful first


def palette(image: Image) -> str:
    """The measured palette in two words: temperature and strength."""
    temperature = "warm" if image.warmth > _TINTED else "cool" if image.warmth < -_TINTED else "neutral"
    return f"{temperature}, {'vivid' if image.chroma > _VIVID else 'muted'}"


def shape(image: Image) -> str:
    """ "upright", "square" or "wide", with a tenth of tolerance around square."""
    ratio = image.width / image.height
    return "square" if 0.9 <= ratio <= 1.11 else "wide" if ratio > 1 else "upright"


def _terms(axis: Mapping[str, Any], image: Image, elements: Elements | None, caption: Caption | None) -> list[str]:
    """What this picture counts as on the axis; [] if nobody looked.

    Elements come first. Else the words a person or captioner wrote are searched for the axis's own
    terms: a picture whose caption says "wide view" is a wide view, one that says nothing is not looked at.
    """
    source = axis["element"]
    if source == "palette":
        return [palette(image)]
    if source == "aspect":
        return [shape(image)]
    group, key = source.split(".")
    seen = list(getattr(elements, group).get(key, ())) if elements else []
    if seen or not caption:
        return seen
    said = " ".join(caption.text.lower().replace(",", " ").replace(".", " ").split())
    return [term for term in axis["wants"] if f" {term} " in f" {said} "]


def diversity(
    kind: Mapping[str, Any],
    images: Sequence[Image],
    elements: Mapping[str, Elements],
    captions: Mapping[str, Caption],
) -> list[Axis]:
    """Counts along every axis of the kind, and what its wanted terms still lack."""
    axes = []
    for name, axis in kind["axes"].items():
        terms = {i.path: _terms(axis, i, elements.get(i.path), captions.get(i.path)) for i in images}
        counts = Counter(term for found in terms.values() for term in set(found))
        seen = sum(bool(found) for found in terms.values())
        # Only an axis that most pictures were looked at for can say what is missing.
        missing = (
            {t: want - counts[t] for t in axis["wants"] if (want := max(1, round(len(images) / 10))) > counts[t]}
            if seen * 2 > len(images)
            else {}
        )
        axes.append(Axis(name, axis["label"], dict(sorted(counts.items())), seen, missing))
    return axes


def likeness(images: Sequence[Image]) -> NDArray[np.float32]:
    """n x n, 1 for the same picture, 0 for nothing in common: half layout (pHash), half colour (3x3 Lab).

    Two unrelated pictures differ in about 32 of 64 pHash bits; a mean Lab distance of 40 separates
    pictures that share no colour.
    """
    if not images:
        return np.zeros((0, 0), np.float32)
    bits = np.array([int(i.phash, 16) for i in images], np.uint64)
    mirrored = np.array([int(i.phash_mirror, 16) for i in images], np.uint64)
    hamming = np.minimum(
        np.bitwise_count(bits[:, None] ^ bits[None, :]), np.bitwise_count(bits[:, None] ^ mirrored[None, :])
    ).astype(np.float32)
    hamming = np.minimum(hamming, hamming.T)
    colour = np.array([i.colour for i in images], np.float32).reshape(len(images), 9, 3)
    distance = np.stack([np.linalg.norm(colour - one, axis=2).mean(axis=1) for one in colour])
    alike: NDArray[np.float32] = 1 - 0.5 * np.minimum(1, hamming / 32) - 0.5 * np.minimum(1, distance / 40)
    return alike.astype(np.float32)


def quality(images: Sequence[Image]) -> NDArray[np.float32]:
    """0..1 a picture: how much real detail it holds, relative to the set."""
    if not images:
        return np.zeros(0, np.float32)
    real = np.array([i.width * i.height * i.detail**2 for i in images], np.float64) ** 0.5
    sharp = np.sqrt([i.sharpness for i in images])
    scores = real / max(real.max(), 1) / 2 + sharp / max(sharp.max(), 1e-9) / 2
    return np.asarray(scores, np.float32)


def subset(alike: NDArray[np.float32], worth: NDArray[np.float32], target: int, pinned: Sequence[int]) -> list[int]:
    """Indices of `target` pictures that stand for all: greedy facility location, pins first, ties to the first.

    Maximizes sum_i max_{j in S} alike[i, j] + 0.1 sum_{j in S} worth[j] (Nemhauser, Wolsey and Fisher
    1978: greedy is within 1 - 1/e of the best).
    """
    chosen = sorted(set(pinned))
    covered = alike[:, chosen].max(axis=1) if chosen else np.zeros(len(alike), np.float32)
    while len(chosen) < min(target, len(alike)):
        gain = np.maximum(alike - covered[:, None], 0).sum(axis=0) + 0.1 * worth
        gain[chosen] = -np.inf
        best = int(np.argmax(gain))
        chosen.append(best)
        covered = np.maximum(covered, alike[:, best])
    return sorted(chosen)


def clusters(images: Sequence[Image], alike: NDArray[np.float32], threshold: float) -> list[list[int]]:
    """Groups of three or more pictures, each at least `threshold` like its group's first."""
    groups: list[list[int]] = []
    taken: set[int] = set()
    for index in range(len(images)):
        near = [j for j in range(len(images)) if j not in taken and alike[index, j] >= threshold]
        if index not in taken and len(near) >= 3:
            groups.append(near)
            taken.update(near)
    return groups


def curate(
    images: Sequence[Image],
    elements: Mapping[str, Elements],
    captions: Mapping[str, Caption],
    kind: Mapping[str, Any],
    config: Mapping[str, Any],
    decisions: Decisions,
) -> Curation:
    """Everything phase 5 says about `images`, the pictures that phases 2 and 3 let through, sorted by path."""
    ruled = _rulings(decisions, {i.digest: i.path for i in images})
    remaining = [i for i in images if not ruled.get(i.path, False)]
    alike, worth = likeness(remaining), quality(remaining)
    target = config["curation"]["target"] or kind["target"]
    pinned = [
        n for n, i in enumerate(remaining) if i.path in ruled or i.of or matches(i.path, config["curation"]["include"])
    ]
    kept = set(subset(alike, worth, target, pinned))
    extra = [n for n in range(len(remaining)) if n not in kept]
    axes = diversity(kind, [remaining[n] for n in sorted(kept)], elements, captions)
    findings = [
        Finding(
            "too-similar",
            tuple(remaining[n].path for n in group),
            {"keep": remaining[max(group, key=lambda n: (worth[n], -n))].path},
        )
        for group in clusters(remaining, alike, config["thresholds"]["curation"]["similar"])
    ]
    findings += [Finding("not-looked-at", (), {"axes": _joined(a.label for a in axes if not a.seen)})] * bool(
        remaining and any(not a.seen for a in axes)
    )
    findings += [
        Finding("one-sided", (), {"label": a.label, "term": term, "share": f"{count} of {len(kept)}"})
        for a in axes
        for term, count in a.counts.items()
        if len(kept) >= 5 and count / len(kept) >= 0.8
    ]
    return Curation(axes, findings, _questions(remaining, extra, sorted(kept), alike, target), _add(axes, kind))


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Does a pattern of project.yaml name this picture? A pattern is a path or a glob."""
    return any(path == pattern or fnmatch(path, pattern) for pattern in patterns)


def _joined(labels: Iterable[str]) -> str:
    return ", ".join(labels)


def _questions(
    images: Sequence[Image], extra: list[int], kept: list[int], alike: NDArray[np.float32], target: int
) -> list[Question]:
    if not extra:
        return []
    nearest = {n: images[kept[int(np.argmax(alike[n, kept]))]].path for n in extra}
    paths = {n: images[n].path for n in extra}
    number = "1 picture" if len(extra) == 1 else f"{len(extra)} pictures"
    entry = {
        "what": f"{number} more than the {target} that the set needs; what they show, others show too",
        "pictures": {paths[n]: f"closest to {nearest[n]}" for n in extra},
        "recommended": [paths[n] for n in extra],
        "answer": None,
    }
    return [Question(key=paths[extra[0]], entry=entry, digests={images[n].path: images[n].digest for n in extra})]


def _rulings(decisions: Decisions, paths: Mapping[str, str]) -> dict[str, bool]:
    """path -> is it left out? For every picture that an answered entry ruled on, renamed ones included."""
    now = {digest[:12]: path for digest, path in paths.items()}
    ruled: dict[str, bool] = {}
    for entry in decisions.entries.values():
        answer = entry.data.get("answer")
        if answer is None:
            continue
        out = entry.data.get("recommended", []) if answer == "recommended" else [] if answer == "all" else answer
        for path, digest in entry.digests.items():
            ruled[now.get(digest, path)] = path in out
    return ruled


def outcome(
    questions: Sequence[Question], decisions: Decisions, images: Sequence[Image], *, auto: bool
) -> dict[str, Fate]:
    """Who leaves, by the answers given, or by the recommendation where none is."""
    fates = {
        path: Fate(path, "left out", "not needed: others show the same", "you")
        for path, out in _rulings(decisions, {i.digest: i.path for i in images}).items()
        if out
    }
    accepted = decisions.rest == "recommended"
    for question in questions:
        entry = decisions.entries.get(question.key)
        if entry is not None and entry.data.get("answer") is not None:
            continue
        for path in question.entry["recommended"]:
            fates[path] = Fate(path, "left out", "not needed: others show the same",
                               "rule" if auto else "recommendation", not (auto or accepted))  # fmt: skip
    return fates


def _add(axes: Sequence[Axis], kind: Mapping[str, Any]) -> list[str]:
    """What would help most, from the axes' wants: the thinnest first, at most four."""
    lacking = [
        (axis.counts.get(term, 0), -number, term, axis) for axis in axes for term, number in axis.missing.items()
    ]
    return [f"{-number} x {term} ({axis.label})" for _, number, term, axis in sorted(lacking, key=lambda x: x[:3])][:4]
