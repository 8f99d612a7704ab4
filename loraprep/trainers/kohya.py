"""kohya sd-scripts: its buckets, and dataset_config.toml.

Sources: kohya-ss/sd-scripts, February 2026. Keys: docs/config_README-en.md. Buckets: library/model_util.py
make_bucket_resolutions and library/train_util.py BucketManager.select_bucket, trim_and_resize_if_required.
"""

from __future__ import annotations

import math
from functools import cache

import tomlkit

from loraprep.trainers import prompts
from loraprep.trainers.buckets import BucketFit, Size, centred_crop
from loraprep.trainers.trainer import ConfigTable, ConfigValue, TrainingFolder, TrainingSet

KOHYA_STEP = 64  # bucket_reso_steps, which we write into its file
HOW = """\
Start kohya in the project's folder, or set `dataset.path` in project.yaml, with the whole command under Start. Leave
out `--train_data_dir` and `--reg_data_dir`: they read the `{repeats}_{name}` folders instead, without the settings
here, and then need `--caption_extension .txt`. With `--cache_text_encoder_outputs`, set `shuffle_caption = false`:
kohya stops otherwise, and it stops for caption dropout too, which is why there is none. With masks, add
`--masked_loss`; kohya stretches a mask over the bucket where it cuts the picture, so `masks/` beside this file holds
them cut for each size. SD 1.5 and SDXL read 75 tokens of a caption unless `--max_token_length` says 150 or 225."""
SEVERAL = """\
Each picture has several captions, a line each, and `enable_wildcard` has kohya take one at random each time. Leave out
`--cache_text_encoder_outputs`: what is cached is one line of each, for ever. Braces in a caption are a choice too."""


def kohya_sides(size: int, step: int = KOHYA_STEP) -> Size:
    """Return the shortest and longest side of a kohya bucket that we export for a trained size, in px.

    Half and twice the size, in whole steps, so that formats up to 4:1 keep theirs. kohya's own default of
    1024 would leave nothing but the square at size 1024, and stops for a size above it.
    """
    return max(step, size // 2 // step * step), math.ceil(size * 2 / step) * step


@cache
def kohya_buckets(size: int, shortest: int, longest: int, step: int = KOHYA_STEP) -> tuple[Size, ...]:
    """List kohya's predefined buckets for an area of size x size px, ascending."""
    area = size * size
    square = size // step * step
    found = {(square, square)}
    for side in range(shortest, longest + 1, step):
        other = min(longest, area // side // step * step)
        if other >= shortest:
            found |= {(side, other), (other, side)}
    return tuple(sorted(found))


def bucket_fit(width: int, height: int, size: int, grid: int, enlarge: bool) -> BucketFit | None:
    """Take the predefined bucket whose width / height is nearest; without `enlarge` what bucket_no_upscale does."""
    if not enlarge:
        return _no_upscale(width, height, size, grid)
    buckets = kohya_buckets(size, *kohya_sides(size, grid), grid)
    ratio = width / height
    # An exact size wins; then the first with the smallest difference of width / height.
    bucket = (
        (width, height)
        if (width, height) in buckets
        else min(buckets, key=lambda b: abs(b[0] / b[1] - ratio) if b[1] else math.inf)
    )
    if min(bucket) < 1:
        return None
    scale = bucket[1] / height if ratio > bucket[0] / bucket[1] else bucket[0] / width
    return centred_crop((width, height), bucket, (int(width * scale + 0.5), int(height * scale + 0.5)))


def _no_upscale(width: int, height: int, size: int, step: int) -> BucketFit | None:
    """Take the picture's own sides in whole steps, after shrinking it to an area of size x size px if it is larger."""
    area, ratio = size * size, width / height

    def rounded(side: float) -> int:
        return int(side + 0.5) // step * step

    resized = (width, height)
    if width * height > area:
        by_width = rounded(math.sqrt(area * ratio))
        by_height = rounded(area / math.sqrt(area * ratio))
        beside, below = rounded(by_width / ratio), rounded(by_height * ratio)
        if not beside or not by_height:
            return None  # kohya divides by these
        # The side that rounds with the smaller change of format is kept exact; a tie keeps the height.
        if abs(by_width / beside - ratio) < abs(below / by_height - ratio):
            resized = (by_width, int(by_width / ratio + 0.5))
        else:
            resized = (int(by_height * ratio + 0.5), by_height)
    return centred_crop((width, height), (resized[0] // step * step, resized[1] // step * step), resized)


def config_files(dataset: TrainingSet) -> dict[str, str]:
    """Write one [[datasets]] a trained size, since kohya has one size in each."""
    doc = tomlkit.document()
    doc.add(tomlkit.comment(dataset.made_for))
    general = tomlkit.table()
    general.add("enable_bucket", True)
    general.add("caption_extension", tomlkit.string(".txt").comment("kohya would look for .caption"))
    general.add("shuffle_caption", dataset.tags)
    general.add("keep_tokens", tomlkit.item(dataset.before + 1).comment(_first(dataset)))
    if dataset.lines > 1:
        general.add("enable_wildcard", tomlkit.item(True).comment("one line of the caption at random, each time"))
    general.add("flip_aug", tomlkit.item(False).comment("mirroring would teach left as right"))
    doc.add("general", general)
    sets = tomlkit.aot()
    plain = [_subset(f, dataset.trigger) for f in dataset.folders if not f.masks]
    masked = [f for f in dataset.folders if f.masks]
    if dataset.regularization:
        # is_reg counts the other subsets of its own [[datasets]], and kohya refuses it beside masks: there it would
        # never be trained. As a plain subset with repeats of its own it is, and weighs the same (prior_loss_weight 1).
        known: ConfigTable = {} if masked else {"is_reg": True}
        plain.append(_subset(dataset.regularization, dataset.class_prompt, **known))
    for size in dataset.sizes:
        beside = [_masked(folder, dataset.masks_of(folder, size)) for folder in masked]
        for subsets in filter(None, (plain, beside)):  # kohya takes masks in a [[datasets]] of their own only
            sets.append(_dataset(size, subsets, dataset))
    if dataset.held_out:
        sets.append(_held_out(dataset))
    doc.add("datasets", sets)
    written = {"dataset_config.toml": tomlkit.dumps(doc)}
    if dataset.prompts:
        written["sample_prompts.txt"] = prompts.lines(dataset.prompts, dataset.sizes[-1])
    return written


def _first(dataset: TrainingSet) -> str:
    """Say what keep_tokens guards: the tags before the trigger too, as the same stand in every caption."""
    return "what stands before the trigger, and the trigger" if dataset.before else "the trigger stays first"


def _dataset(size: int, subsets: list[ConfigTable], dataset: TrainingSet) -> tomlkit.items.Table:
    shortest, longest = kohya_sides(size)
    table = tomlkit.table()
    table.update(
        resolution=size,
        batch_size=dataset.batch_size,
        min_bucket_reso=shortest,
        max_bucket_reso=longest,
        bucket_reso_steps=KOHYA_STEP,
        bucket_no_upscale=not dataset.enlarge,
    )
    listed = tomlkit.aot()
    for subset in subsets:
        entry = tomlkit.table()
        entry.update(subset)
        listed.append(entry)
    table.add("subsets", listed)
    return table


def _held_out(dataset: TrainingSet) -> tomlkit.items.Table:
    """Describe a [[datasets]] of which all is split off for validation.

    kohya knows no other way, in a [[datasets]] only, and without a seed it shuffles twice and trains what it split off.
    Masks are left away, since beside them the split is not made at all.
    """
    table = _dataset(dataset.sizes[-1], [_subset(folder, dataset.trigger) for folder in dataset.held_out], dataset)
    table.add("validation_split", tomlkit.item(1.0).comment("held out: measured with, and never trained"))
    table.add("validation_seed", 0)
    return table


def _subset(folder: TrainingFolder, words: str, **more: ConfigValue) -> ConfigTable:
    """`class_tokens` are only used for a picture without a caption."""
    return {"image_dir": folder.path, "num_repeats": folder.repeats, "class_tokens": words, **more}


def _masked(folder: TrainingFolder, masks: str) -> ConfigTable:
    """Describe a folder with loss masks: docs/masked_loss_README.md. No class_tokens, which kohya refuses here."""
    return {"image_dir": folder.path, "num_repeats": folder.repeats, "conditioning_data_dir": masks}
