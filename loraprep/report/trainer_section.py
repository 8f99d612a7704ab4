"""Write the report's section on trainers: what each of them will do with every picture. Pure text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from loraprep.core.escape import cell, code
from loraprep.core.text import listed, on_backgrounds
from loraprep.project.profiles import TrainerProfile
from loraprep.project.settings import Settings, Thresholds
from loraprep.project.sizes import as_times
from loraprep.report.appendix import LISTED, first_of
from loraprep.trainers import naming
from loraprep.trainers.plan import CutCaption, PlacedPicture, TrainingPlan, alone_in_bucket, usual_repeats

_MORE = 1.1  # times the steps asked for: rounding alone does not get there
CROPS = "report/crops"  # where the drawn crops are, relative to the project


def trainer_section(
    plans: Sequence[TrainingPlan],
    profiles: Mapping[str, TrainerProfile],
    repeats: Mapping[str, int],
    cut: Sequence[str],
    settings: Settings,
    copies: Mapping[str, int],
) -> list[str]:
    """Write the lines of "What your trainers will do". `cut`: pictures whose crop is drawn in report/crops/;
    `repeats`: picture -> how often it comes up in an epoch, on all backgrounds, `copies`: on how many it stands.

    Pictures are listed one by one only where, by `limits`, much is cut off or enlarged, or a caption is cut.
    """
    if not repeats:
        return []
    lines = ["### What your trainers will do", "", *_lengths(plans, profiles, repeats, settings, copies)]
    if beside := [profiles[p.trainer].title for p in plans if p.length.regularization]:
        lines += [
            "",
            f"Your regularization pictures come up about as often as yours in {listed(beside)}. Their steps "
            "are counted in, so there are about twice as many; yours are seen just as often.",
        ]
    if any(not c.exact for p in plans for c in p.cut_captions.values()):
        lines += [
            "",
            "How many tokens a caption has is not counted exactly for this base model: figures are the most "
            "there can be, so a caption named as cut may be read whole.",
        ]
    if cut:
        lines += ["", "What the largest crops cut off (bright is what stays):", ""]
        lines += [f"- {code(path)} ![{naming.stem(path)}]({CROPS}/{naming.stem(path)}.png)" for path in cut]
    for plan in plans:
        title = profiles[plan.trainer].title
        if plan.placed:
            lines += ["", f"#### {title}", "", *_buckets(plan), *_pictures(plan, settings.thresholds)]
        elif plan.cut_captions:
            lines += ["", f"#### {title}", ""]
            rows = [*plan.cut_captions.items()]
            lines += first_of(rows, "their captions are cut as well", lambda row: f"- {code(row[0])}: {_read(row[1])}")
    return lines


def _lengths(
    plans: Sequence[TrainingPlan],
    profiles: Mapping[str, TrainerProfile],
    repeats: Mapping[str, int],
    settings: Settings,
    copies: Mapping[str, int],
) -> list[str]:
    common, files = usual_repeats(repeats.values()), {path: n // copies[path] for path, n in repeats.items()}
    most = usual_repeats(files.values())  # of a file: a picture on three backgrounds is three of them
    others = sorted(set(files.values()) - {most})
    times = ", ".join(str(n) for n in sorted(set(files.values())))
    often = {p.trainer: p.length.seen * most // common for p in plans}
    seen = sorted(set(often.values()))
    views = f"{seen[0]} times" if len(seen) == 1 else f"{seen[0]} to {seen[-1]} times"
    more = [f"those with {n} repeats about {seen[0] * n // most}" for n in others]
    several = [path for path in repeats if copies[path] > 1]
    counted = on_backgrounds(len(repeats), len(several), max(copies.values()))
    whose = f"{counted}: each of these" if several else "Each picture"
    each = " and with each of its captions" if any(p.length.captions > 1 for p in plans) else ""
    lines = [
        "A trainer shows your pictures again and again, a few at a time: one such showing is a step, once through all "
        "of them is an epoch, and repeats is how often each comes up in one. Every picture is scaled and cut to the "
        "nearest of some fixed shapes, called buckets; one that is alone in its bucket is still trained.",
        "",
        f"{whose} is seen about {views} in the whole training{''.join(f', {m}' for m in more)}, whichever trainer "
        f"you use. A trainer that shows every picture at every size{each} in one epoch needs fewer epochs for that.",
        "",
        "| Trainer | Sizes | Repeats | Epochs to set | Steps per epoch | Steps | Each picture is seen |",
        "|---|---|---|---|---|---|---|",
    ]
    for plan in plans:
        length, profile = plan.length, profiles[plan.trainer]
        about = "" if length.exact else "about "
        cells = [
            profile.title,
            ", ".join(map(str, plan.sizes)),
            times if profile.repeats else "none",
            str(length.epochs),
            f"{about}{length.steps_per_epoch}",
            f"{about}{length.steps}",
            f"{' or '.join(str(n) for n in _seen(often[plan.trainer], most, others if profile.repeats else ()))} times",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines + _too_many_steps(sum(copies[path] for path in repeats), set(files.values()), settings)


def _too_many_steps(shown: int, repeats: set[int], settings: Settings) -> list[str]:
    """Say why there are more steps than project.yaml asks for: each of the `shown` pictures comes up at least once."""
    dataset = settings.dataset
    least = shown * dataset.epochs / dataset.batch_size
    epochs = max(1, round(dataset.steps * dataset.batch_size / shown))
    if dataset.repeats or repeats != {1} or least < _MORE * dataset.steps or epochs >= dataset.epochs:
        return []
    return [
        "",
        f"project.yaml asks for {dataset.steps} steps, and {shown} pictures once in each of {dataset.epochs} epochs "
        f"are more. With `epochs: {epochs}` it comes nearest.",
    ]


def _seen(usually: int, most: int, others: Iterable[int]) -> list[int]:
    """Count how often pictures are seen, by the repeats there are: ascending. `most`: those of the usual ones."""
    return sorted({usually, *(usually * n // most for n in others)})


def _buckets(plan: TrainingPlan) -> list[str]:
    crowd = Counter((p.size, p.bucket) for p in plan.placed if p.bucket)
    alone = {(p.size, p.bucket): p.path for p in alone_in_bucket(plan)}
    lines = ["| Size | Bucket | Pictures |", "|---|---|---|"]
    for (size, bucket), count in sorted(crowd.items()):
        only = f": {cell(alone[size, bucket])}, alone in its shape" if (size, bucket) in alone else ""
        lines.append(f"| {size} | {bucket[0]}x{bucket[1]} | {count}{only} |")
    return lines


def _pictures(plan: TrainingPlan, limits: Thresholds) -> list[str]:
    """List the pictures that the trainer changes much, or whose caption it cuts; of very many those it changes most."""
    much = {p.path for p in plan.placed if not p.bucket or _changed(p, limits)} | set(plan.cut_captions)
    if not much:
        return ["", "No picture is cut or enlarged much."]
    sizes = sorted({p.size for p in plan.placed})
    by_path: dict[str, list[PlacedPicture]] = {}
    for p in (p for p in plan.placed if p.path in much):
        by_path.setdefault(p.path, []).append(p)
    lines = [
        "",
        "<details><summary>Pictures that are cut or enlarged much, or whose caption is cut</summary>",
        "",
        f"| Picture | {' | '.join(f'at {s}' for s in sizes)} | Caption |",
        f"|---|{'---|' * len(sizes)}---|",
    ]
    most = sorted(by_path, key=lambda path: max(_beyond(p, limits) for p in by_path[path]), reverse=True)[:LISTED]
    for path in sorted(most):
        placed = by_path[path]
        cells = [_words(p) for p in sorted(placed, key=lambda p: p.size)]
        cut = plan.cut_captions.get(path)
        lines.append(f"| {cell(path)} | {' | '.join(cells)} | {_read(cut) if cut else 'read whole'} |")
    if (more := len(by_path) - len(most)) > 0:
        lines += ["", f"And {more} more, which are changed less."]
    return [*lines, "", "</details>"]


def _beyond(placed: PlacedPicture, limits: Thresholds) -> tuple[bool, float]:
    """How far it is beyond what is much: the larger, the farther."""
    return not placed.bucket, max(placed.scale - limits.audit.enlargement_note, placed.cut - limits.placement.cut)


def _changed(placed: PlacedPicture, limits: Thresholds) -> bool:
    return placed.scale >= limits.audit.enlargement_note or placed.cut > limits.placement.cut


def _read(cut: CutCaption) -> str:
    """Say how much of a caption is read, and what is not."""
    if cut.exact:
        return f"{cut.read} of {cut.tokens} tokens are read, not: {code(cut.lost)}"
    return f"at most {cut.tokens} tokens, of which {cut.read} are read"


def _words(placed: PlacedPicture) -> str:
    if not placed.bucket:
        return "no bucket"
    told = as_times(placed.scale)
    change = f"{'enlarged' if placed.scale > 1 else 'shrunk to'} {told}x"
    if told == "1.0":
        change = "as it is" if placed.scale == 1 else "nearly as it is"
    return f"{placed.bucket[0]}x{placed.bucket[1]}, {change}, " + (
        f"{placed.cut * 100:.0f} % cut" if placed.cut >= 0.005 else "whole"
    )
