"""Is this one hand, or several? Groups of looks, the question about them, and what is only worth a note."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from loraprep.core.findings import Code, Finding
from loraprep.core.records import Image
from loraprep.curation.measures import style_clusters
from loraprep.project.decisions import Question

LEAST = 8  # pictures whose look can be told, below which nothing is said of hands
_MOST = 2 / 3  # from this share of the largest look on, leaving out the others is the recommendation
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Looks:
    """Paths by look, the largest first; `examples`: the most typical of each; `odd`: like none of them."""

    groups: list[list[str]]
    examples: list[list[str]]
    odd: list[str]
    told: int  # pictures whose look can be told
    sure: bool = False  # is each so much of one piece, and so far from the others, that it is a question?


def find(
    images: Sequence[Image], looks: Mapping[str, Sequence[float]], kind: Mapping[str, Any], config: Mapping[str, Any]
) -> Looks:
    """The looks of a set. Pictures of a group that project.yaml declares are a hand of their own already."""
    declared = config.get("groups") or {}
    here = [i.path for i in images if looks.get(i.path) and not any(i.path.startswith(f"{g}/") for g in declared)]
    if len(here) < LEAST:
        return Looks([here] * bool(here), [here[:_EXAMPLES]] * bool(here), [], len(here))
    points = style_clusters.place([looks[p] for p in here])
    large, odd = style_clusters.looks(points, style_clusters.threshold())
    examples = []
    for part in large:
        far = np.linalg.norm(points[part] - points[part].mean(0), axis=1)
        examples.append([here[part[k]] for k in np.argsort(far, kind="stable")[:_EXAMPLES]])
    return Looks(
        [[here[n] for n in part] for part in large],
        examples,
        [here[n] for n in odd],
        len(here),
        style_clusters.sure(points, large),
    )


def question(images: Sequence[Image], found: Looks, kind: Mapping[str, Any]) -> Question | None:
    """One question when a style comes from hands so plainly apart that the measure can be trusted."""
    if len(found.groups) < 2 or not found.sure or kind["looks"] != "ask":
        return None
    names = [f"look {n}" for n in range(1, len(found.groups) + 1)]
    total = sum(len(g) for g in found.groups)
    rest = total - len(found.groups[0])
    sure = len(found.groups[0]) >= _MOST * total and len(found.groups[0]) >= kind["recommended"]["min"]
    counts = ", ".join(f"{name} ({len(g)})" for name, g in zip(names, found.groups, strict=True))
    hint = _family(images, found.groups)
    entry: dict[str, Any] = {
        "what": f"these look like {len(found.groups)} hands: {counts}. Together they train an average that is none of "
        "them. Which belong?" + (f" ({hint}: if that is the only difference, answer together)" if hint else ""),
        "looks": dict(zip(names, found.groups, strict=True)),
        "examples": dict(zip(names, found.examples, strict=True)),
        "recommended": "leave out" if sure and rest else "together",
        "answer": None,
    }
    digests = {i.path: i.digest for i in images}
    members = [p for group in found.groups for p in group]
    return Question(key=found.groups[1][0], entry=entry, digests={p: digests[p] for p in members})


def leaving(asked: Question | None) -> list[str]:
    """The pictures that leave if the recommendation is taken."""
    if asked is None or asked.entry["recommended"] != "leave out":
        return []
    return [p for group in list(asked.entry["looks"].values())[1:] for p in group]


def findings(images: Sequence[Image], found: Looks, kind: Mapping[str, Any]) -> list[Finding]:
    """Several hands, single pictures drawn unlike the rest, or why nothing can be said."""
    if not images:
        return []
    if found.told < LEAST:
        return [Finding(Code.LOOKS_UNTOLD, (), {"count": found.told, "least": LEAST})]
    result = []
    if len(found.groups) > 1:
        *most, last = (str(len(g)) for g in found.groups)
        counts = f"{', '.join(most)} and {last}"
        shown = "; ".join(f"{n}: {', '.join(e)}" for n, e in enumerate(found.examples, 1))
        style = Code.SEVERAL_HANDS if found.sure else Code.PERHAPS_HANDS
        result.append(
            Finding(
                style if kind["looks"] == "ask" else Code.SEVERAL_LOOKS,
                tuple(sorted(p for g in found.groups[1:] for p in g)),
                {"hands": len(found.groups), "counts": counts, "examples": shown},
            )
        )
    if found.odd:
        result.append(Finding(Code.UNLIKE_LOOK, tuple(found.odd), {}))
    return result


def _family(images: Sequence[Image], groups: Sequence[Sequence[str]]) -> str:
    """A hint when looks and kinds of file coincide: another scanner or another export may be all there is to it."""
    at = {i.path: i for i in images}
    for name, of in (("file type", _type), ("size", _size), ("folder", _folder)):
        mains = [Counter(of(at[p]) for p in group).most_common(1)[0] for group in groups]
        pure = all(count == len(group) for (_, count), group in zip(mains, groups, strict=True))
        if pure and len({value for value, _ in mains}) == len(groups):
            return f"they also differ in {name}"
    return ""


def _type(image: Image) -> str:
    return image.format


def _size(image: Image) -> str:
    return "large" if image.width * image.height > 1_000_000 else "small"


def _folder(image: Image) -> str:
    return str(PurePosixPath(image.path).parent)
