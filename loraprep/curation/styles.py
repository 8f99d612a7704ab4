"""Is this one style, or several? Groups of pictures drawn alike, the question about them, what is only worth a note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from loraprep.core.findings import Code, Finding, Value
from loraprep.core.records import Image
from loraprep.core.text import listed
from loraprep.curation import similarity
from loraprep.curation.measures import style_clusters
from loraprep.imaging import style
from loraprep.project.decisions import Question
from loraprep.project.profiles import Kind
from loraprep.project.settings import Settings

LEAST = 8  # pictures whose style can be measured, below which nothing is said of styles
_MOST = 2 / 3  # from this share of the largest group on, leaving out the others is the recommendation
_WIDE = 1.6  # mean distance of two pictures, from which they are of several styles: of one origin it is 1.5 at most
_JUMBLE = 0.4  # share of a set that is drawn like its most typical picture, below which no style holds a set that wide
_EXAMPLES = 3
APART = 0.9  # chance that a picture of one group has more of a fact than one of the other, from which they differ in it
_LARGER = 1.5  # times the pixels
_GREY = 3.0  # mean C* below which a picture has no colour
_TOLD = 1.0  # deviations within the groups from which a difference in drawing is worth a word
# What a person can check, and the numbers that say so: (what more of them means, what less means, names).
WORDS = (
    ("flat colour", "shaded colour", ("even", "one_tone")),
    ("grain", "clean surfaces", ("grain",)),
    ("hard edges", "soft edges", ("width0",)),
    ("dark outlines", "pale lines", ("ink_thin", "ink_thick")),
    ("many tones", "few tones", ("tones",)),
    ("texture everywhere", "smooth areas", ("calm0_50", "calm0_30")),
    ("strokes side by side", "no common direction", ("along0", "along1")),
    ("crisp colours", "colours that run", ("sharp_green_90", "sharp_blue_90")),
)

Level = Literal["", "hinted", "asked"]


class StyleGroups(msgspec.Struct, frozen=True):
    """Paths of pictures by style, the largest group first."""

    groups: list[list[str]]
    examples: list[list[str]]  # the most typical of each
    measured: int  # pictures whose style can be measured
    level: Level = ""  # how sure it is that the groups are styles
    how: str = ""  # in which the second differs from the first, in words a person can check
    export: str = ""  # what else differs ("light"), where that is all there is to it
    jumble: bool = False  # no one style holds the set, and it falls into no few of them
    held: float = 1.0  # share of the set that is drawn like its most typical picture

    @property
    def distinct(self) -> bool:
        """Are they so surely apart that it is a question?"""
        return self.level == "asked" and len(self.groups) > 1


def in_group(path: str, settings: Settings) -> bool:
    """Tell whether the picture lies in a folder that project.yaml declares under groups."""
    return any(path.startswith(f"{folder}/") for folder in settings.groups)


def group_by_style(images: Sequence[Image], styles: Mapping[str, Sequence[float]], settings: Settings) -> StyleGroups:
    """Group a set by style. Pictures of a group that project.yaml declares have a style of their own already.

    Of very many an even choice tells the styles (style_clusters.spoken_for), and the others join the nearest.
    """
    told = [i for i in images if styles.get(i.path) and not in_group(i.path, settings)]
    paths = [i.path for i in told]
    if len(paths) < LEAST:
        return StyleGroups([paths] if paths else [], [paths[:_EXAMPLES]] if paths else [], len(paths))
    some = style_clusters.spoken_for(len(paths))
    raw = np.array([styles[p] for p in paths[some]])
    points = style_clusters.style_points(raw)
    known = style_clusters.scale()
    ways = style_clusters.ways(points)
    groups, _ = style_clusters.divided(points, known.asked, ways)
    level: Level = "asked"
    least = known.asked
    if len(groups) == 1:
        least = known.hinted
        groups, _ = style_clusters.divided(points, least, ways)
        level = "hinted" if len(groups) > 1 else ""
    export = ""
    differ = _other_facts(told[some], groups) if len(groups) == 2 else {}
    if differ and len(differ.keys() - {"sharpness"}) < 2:  # two that are drawn otherwise differ in several
        left = style_clusters.without(points, [edit for edits in differ.values() for edit in edits])
        if style_clusters.evidence(left, *groups) < least:
            export, level = listed(list(differ)), ""
    held = style_clusters.held_together(points)
    jumble = held < _JUMBLE and style_clusters.widest(points, groups) >= _WIDE
    examples = []
    for cluster in groups:
        far = np.linalg.norm(points[cluster] - points[cluster].mean(0), axis=1)
        examples.append([paths[some][cluster[k]] for k in np.argsort(far, kind="stable")[:_EXAMPLES]])
    whole = groups
    if len(raw) < len(paths):
        whole = style_clusters.joined(similarity.drawn(paths, styles), some, groups)
    return StyleGroups(
        [[paths[n] for n in cluster] for cluster in whole],
        examples,
        len(paths),
        level,
        _in_words(raw, groups) if level else "",
        export,
        jumble,
        held,
    )


def _other_facts(images: Sequence[Image], groups: Sequence[Sequence[int]]) -> dict[str, tuple[str, ...]]:
    """Find in which facts of the files two groups differ, and the edits that change them (Scale.edits)."""
    a, b = ([images[n] for n in group] for group in groups)
    found: dict[str, tuple[str, ...]] = {}
    if _more([i.lightness for i in a], [i.lightness for i in b]) >= APART:
        found["light"] = ("night",)
    grey = [sum(i.chroma < _GREY for i in part) / len(part) for part in (a, b)]
    if max(grey) >= APART and min(grey) <= 1 - APART:
        found["colour"] = ("grey",)
    pixels = [[float(i.width * i.height) for i in part] for part in (a, b)]
    small, large = sorted(float(np.median(part)) for part in pixels)
    if _more(*pixels) >= APART and large >= _LARGER * small:
        found["size"] = ("halved", "doubled")
    forms = [{i.format for i in part} for part in (a, b)]
    if not forms[0] & forms[1] or _more([i.jpeg_quality for i in a], [i.jpeg_quality for i in b]) >= APART:
        found["file type"] = ("re-saved",)
    if _more([i.sharpness for i in a], [i.sharpness for i in b]) >= APART:
        found["sharpness"] = ("sharpened", "halved", "doubled")
    return found


def _more(a: Sequence[float], b: Sequence[float]) -> float:
    """Measure the chance 0.5..1 that one of the one has more than one of the other (Mann and Whitney 1947)."""
    one, two = np.array(a, float)[:, None], np.array(b, float)[None, :]
    share = float((one > two).mean() + (one == two).mean() / 2)
    return max(share, 1 - share)


def _in_words(raw: NDArray[np.float64], groups: Sequence[Sequence[int]]) -> str:
    """Say how the second group is drawn against the first: "flat colour and hard edges against grain"; "" if unsure."""
    at = {name: k for k, name in enumerate(style.NAMES)}
    first, second = (raw[list(group)] for group in groups[:2])
    inside = np.sqrt((first.var(0) * len(first) + second.var(0) * len(second)) / (len(first) + len(second))) + 1e-6
    differ = (first.mean(0) - second.mean(0)) / inside
    told = sorted(
        ((float(np.mean([differ[at[n]] for n in names])), more, less) for more, less, names in WORDS),
        key=lambda t: -abs(t[0]),
    )
    strong = [t for t in told if abs(t[0]) >= _TOLD][:2]
    if not strong:
        return ""
    left, right = ([(more if (d > 0) == mine else less) for d, more, less in strong] for mine in (True, False))
    return f"{listed(left)} against {listed(right)}"


def style_question(images: Sequence[Image], found: StyleGroups, kind: Kind, taken: Set[str]) -> Question | None:
    """Ask one question when the styles are so plainly apart that the measure can be trusted; else None.

    `taken`: keys already asked under.
    """
    if not found.distinct or found.jumble or kind.looks != "ask":
        return None
    names = [f"look {n}" for n in range(1, len(found.groups) + 1)]
    largest, total = len(found.groups[0]), sum(len(g) for g in found.groups)
    leave_out = largest >= _MOST * total and largest >= kind.recommended.min and total > largest
    counts = ", ".join(f"{name} ({len(g)})" for name, g in zip(names, found.groups, strict=True))
    # "together" is never recommended: it would advise the average that the question warns of
    entry = {
        "what": f"these look like {len(found.groups)} hands: {counts}{': ' + found.how if found.how else ''}. Together "
        "they train an average that is none of them. Which belong?",
        "looks": dict(zip(names, found.groups, strict=True)),
        "examples": dict(zip(names, found.examples, strict=True)),
        "recommended": "leave out" if leave_out else "own trigger",
        "answer": None,
    }
    digests = {i.path: i.digest for i in images}
    members = [p for group in found.groups for p in group]
    key = next(p for group in found.groups[1:] for p in group if p not in taken)
    return Question(key=key, entry=entry, digests={p: digests[p] for p in members})


def style_findings(
    images: Sequence[Image], found: StyleGroups, kind: Kind, ways: str = "", *, asked: bool = False
) -> list[Finding]:
    """Say that there are several styles, or why nothing can be said.

    `ways`: a sentence on what trains either way it is answered. `asked`: is there a question about them?
    """
    if not images:
        return []
    if found.measured < LEAST:
        return [Finding(Code.LOOKS_UNTOLD, (), {"count": found.measured, "least": LEAST})]
    result = []
    others = tuple(sorted(p for g in found.groups[1:] for p in g))
    if found.jumble and kind.looks == "ask":
        share = f"{round(found.held * found.measured)} of {found.measured}"
        result.append(Finding(Code.JUMBLE, (), {"share": share}))
    elif found.export:
        result.append(Finding(Code.OTHER_EXPORT, others, {"how": found.export}))
    elif len(found.groups) > 1:
        *most, last = (str(len(g)) for g in found.groups)
        values: dict[str, Value] = {
            "hands": len(found.groups),
            "counts": f"{', '.join(most)} and {last}",
            "examples": "; ".join(f"{n}: {', '.join(e)}" for n, e in enumerate(found.examples, 1)),
            "ways": ways,
            "how": f": {found.how}" if found.how else "",
        }
        code = Code.SEVERAL_HANDS if found.distinct else Code.PERHAPS_HANDS
        if kind.looks != "ask":
            code = Code.SEVERAL_LOOKS
        elif code == Code.SEVERAL_HANDS:
            values["cause"] = "asked" if asked else "later"
        result.append(Finding(code, others, values))
    return result
