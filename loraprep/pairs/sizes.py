"""What a trainer does with a picture before a change of another size or shape, and how many it reads. Pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from loraprep.core.findings import Code, Finding
from loraprep.core.records import Image
from loraprep.core.text import clauses, listed, number_of
from loraprep.project import profiles
from loraprep.project.profiles import BaseModel
from loraprep.project.settings import Settings
from loraprep.project.sizes import trained_sizes
from loraprep.scan import pairing

# By so much two shapes may differ: the edges of the one then lie 8 px of 1024 beside those of the other, half of what a
# model takes for one token (8 px of the autoencoder, two by two)
_SHAPES = 1.016


def findings(
    targets: Sequence[Image], found: Mapping[str, Image], settings: Settings, model: BaseModel
) -> list[Finding]:
    """Find pairs that a trainer would crop, stretch or refuse. `found`: all records by path."""
    before = {target.path: pairing.before(target, found) for target in targets}
    return [
        *_numbers(targets, settings, model),
        *_shapes(targets, before, settings, model),
        *_pixels(targets, before, settings, model),
        *_compressed(targets, before, settings),
    ]


def _numbers(targets: Sequence[Image], settings: Settings, model: BaseModel) -> list[Finding]:
    """Every pair has as many, and no more than every trainer reads."""
    counts = Counter(len(target.controls) for target in targets)
    result = []
    if len(counts) > 1:
        usual = max(counts, key=lambda n: (counts[n], -n))
        odd = tuple(target.path for target in targets if len(target.controls) != usual)
        result.append(Finding(Code.CONTROLS_DIFFER, odd, {"usual": usual}))
    for name in settings.dataset.trainers:
        most = model.by(name).controls
        if more := tuple(target.path for target in targets if len(target.controls) > most > 0):
            reads = number_of(most, "picture")
            result.append(
                Finding(Code.CONTROLS_TOO_MANY, more, {"trainer": profiles.trainer(name).title, "reads": reads})
            )
    return result


def of_one_shape(target: Image, control: Image) -> bool:
    """Say whether the two lie on each other as they are."""
    return _ratio(target, control) <= _SHAPES


def _ratio(one: Image, other: Image) -> float:
    """How much wider the one is than the other, for its height; at least 1."""
    ratio = one.width * other.height / (one.height * other.width)
    return max(ratio, 1 / ratio)


def _shapes(
    targets: Sequence[Image], before: Mapping[str, Sequence[Image]], settings: Settings, model: BaseModel
) -> list[Finding]:
    """Pairs of two shapes, by what each trainer makes of that."""
    odd = {t.path: _ratio(t, before[t.path][0]) for t in targets if not of_one_shape(t, before[t.path][0])}
    if not odd:
        return []
    by_fit: defaultdict[str, list[str]] = defaultdict(list)
    for name in settings.dataset.trainers:
        by_fit[model.by(name).fit].append(profiles.trainer(name).title)
    most = max(odd.values())
    does = {
        "cropped": f"cut off up to {100 * (1 - 1 / most):.0f} % of it",
        "stretched": f"stretch it by up to {100 * (most - 1):.0f} %",
        "own": "show it in its own shape",
    }
    said = clauses([f"{listed(names)} would {does[fit]}" for fit, names in sorted(by_fit.items())])
    return [Finding(Code.PAIR_SHAPES, tuple(odd), {"said": said})]


def _pixels(
    targets: Sequence[Image], before: Mapping[str, Sequence[Image]], settings: Settings, model: BaseModel
) -> list[Finding]:
    """Pairs of which a trainer would enlarge one picture more than the other, at its largest size."""
    size, limit = trained_sizes(settings, model)[-1], settings.thresholds.audit.enlargement_note
    held: dict[Code, dict[str, float]] = {Code.PAIR_SMALLER_BEFORE: {}, Code.PAIR_SMALLER_AFTER: {}}
    for target in targets:
        after, first = (min(math.sqrt(i.width * i.height), size) for i in (target, before[target.path][0]))
        if after > limit * first:
            held[Code.PAIR_SMALLER_BEFORE][target.path] = after / first
        elif first > limit * after:
            held[Code.PAIR_SMALLER_AFTER][target.path] = first / after
    return [
        Finding(code, tuple(paths), {"times": {path: f"{times:.1f}" for path, times in paths.items()}, "size": size})
        for code, paths in held.items()
        if paths
    ]


def _compressed(targets: Sequence[Image], before: Mapping[str, Sequence[Image]], settings: Settings) -> list[Finding]:
    """Pairs of which one picture is a poor JPEG and the other is not."""
    limit, odd = settings.thresholds.audit.jpeg_quality, {}
    for target in targets:
        control = before[target.path][0]
        poor = [0 < i.jpeg_quality < limit for i in (target, control)]
        if poor[0] != poor[1]:
            worse = target if poor[0] else control
            odd[target.path] = f"{worse.path} is a JPEG of quality {worse.jpeg_quality}"
    return [Finding(Code.PAIR_COMPRESSED, tuple(odd), {"said": clauses(list(odd.values()))})] if odd else []
