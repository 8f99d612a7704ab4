"""Is this one style, or several? Groups of pictures drawn alike, the question about them, what is only worth a note."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath

import msgspec
import numpy as np

from loraprep.core.findings import Code, Finding
from loraprep.core.records import Image
from loraprep.curation.measures import style_clusters
from loraprep.project.decisions import Question
from loraprep.project.profiles import Kind
from loraprep.project.settings import Settings

LEAST = 8  # pictures whose style can be measured, below which nothing is said of styles
_MOST = 2 / 3  # from this share of the largest group on, leaving out the others is the recommendation
_EXAMPLES = 3


class StyleGroups(msgspec.Struct, frozen=True):
    """Paths of pictures by style, the largest group first."""

    groups: list[list[str]]
    examples: list[list[str]]  # the most typical of each
    odd: list[str]  # like none of them
    measured: int  # pictures whose style can be measured
    distinct: bool = False  # each is so much of one piece, and so far from the others, that it is a question


def in_group(path: str, settings: Settings) -> bool:
    """Tell whether the picture lies in a folder that project.yaml declares under groups."""
    return any(path.startswith(f"{folder}/") for folder in settings.groups)


def group_by_style(images: Sequence[Image], styles: Mapping[str, Sequence[float]], settings: Settings) -> StyleGroups:
    """Group a set by style. Pictures of a group that project.yaml declares have a style of their own already."""
    paths = [i.path for i in images if styles.get(i.path) and not in_group(i.path, settings)]
    if len(paths) < LEAST:
        return StyleGroups([paths] if paths else [], [paths[:_EXAMPLES]] if paths else [], [], len(paths))
    points = style_clusters.style_points([styles[p] for p in paths])
    clusters, odd = style_clusters.style_groups(points, style_clusters.group_distance())
    examples = []
    for cluster in clusters:
        far = np.linalg.norm(points[cluster] - points[cluster].mean(0), axis=1)
        examples.append([paths[cluster[k]] for k in np.argsort(far, kind="stable")[:_EXAMPLES]])
    return StyleGroups(
        [[paths[n] for n in cluster] for cluster in clusters],
        examples,
        [paths[n] for n in odd],
        len(paths),
        style_clusters.are_distinct(points, clusters),
    )


def style_question(images: Sequence[Image], found: StyleGroups, kind: Kind) -> Question | None:
    """Ask one question when the styles are so plainly apart that the measure can be trusted; else None."""
    if len(found.groups) < 2 or not found.distinct or kind.looks != "ask":
        return None
    names = [f"look {n}" for n in range(1, len(found.groups) + 1)]
    largest, total = len(found.groups[0]), sum(len(g) for g in found.groups)
    leave_out = largest >= _MOST * total and largest >= kind.recommended.min and total > largest
    counts = ", ".join(f"{name} ({len(g)})" for name, g in zip(names, found.groups, strict=True))
    hint = _coincidence(images, found.groups)
    # "together" is never recommended: it would advise the average that the question warns of
    entry = {
        "what": f"these look like {len(found.groups)} hands: {counts}. Together they train an average that is none of "
        "them. Which belong?" + (f" ({hint}: if that is the only difference, answer together)" if hint else ""),
        "looks": dict(zip(names, found.groups, strict=True)),
        "examples": dict(zip(names, found.examples, strict=True)),
        "recommended": "leave out" if leave_out else "own trigger",
        "answer": None,
    }
    digests = {i.path: i.digest for i in images}
    members = [p for group in found.groups for p in group]
    return Question(key=found.groups[1][0], entry=entry, digests={p: digests[p] for p in members})


def style_findings(images: Sequence[Image], found: StyleGroups, kind: Kind, ways: str = "") -> list[Finding]:
    """Say that there are several styles, which pictures are drawn unlike the rest, or why nothing can be said.

    `ways`: a sentence on what trains either way it is answered.
    """
    if not images:
        return []
    if found.measured < LEAST:
        return [Finding(Code.LOOKS_UNTOLD, (), {"count": found.measured, "least": LEAST})]
    result = []
    if len(found.groups) > 1:
        *most, last = (str(len(g)) for g in found.groups)
        counts = f"{', '.join(most)} and {last}"
        examples = "; ".join(f"{n}: {', '.join(e)}" for n, e in enumerate(found.examples, 1))
        asked = Code.SEVERAL_HANDS if found.distinct else Code.PERHAPS_HANDS
        result.append(
            Finding(
                asked if kind.looks == "ask" else Code.SEVERAL_LOOKS,
                tuple(sorted(p for g in found.groups[1:] for p in g)),
                {"hands": len(found.groups), "counts": counts, "examples": examples, "ways": ways},
            )
        )
    if found.odd:
        result.append(Finding(Code.UNLIKE_LOOK, tuple(found.odd), {}))
    return result


def _coincidence(images: Sequence[Image], groups: Sequence[Sequence[str]]) -> str:
    """Hint that styles and kinds of file coincide: another scanner or another export may be all there is to it."""
    by_path = {i.path: i for i in images}
    facts: dict[str, Callable[[Image], str]] = {
        "file type": lambda i: i.format,
        "size": lambda i: "large" if i.width * i.height > 1_000_000 else "small",
        "folder": lambda i: str(PurePosixPath(i.path).parent),
    }
    for name, fact in facts.items():
        most = [Counter(fact(by_path[p]) for p in group).most_common(1)[0] for group in groups]
        pure = all(count == len(group) for (_, count), group in zip(most, groups, strict=True))
        if pure and len({value for value, _ in most}) == len(groups):
            return f"they also differ in {name}"
    return ""
