"""kohya sd-scripts: dataset_config.toml. Keys: docs/config_README-en.md of kohya-ss/sd-scripts, February 2026."""

from __future__ import annotations

from typing import Any

import tomlkit

from loraprep.trainers.buckets import KOHYA_STEP, kohya_sides
from loraprep.trainers.export import Dataset, Folder

NAME = "kohya"
HOW = """\
Start kohya in the project's folder (or set `dataset.path` in project.yaml) and add to its command:

    --dataset_config exports/kohya/dataset_config.toml --max_train_epochs EPOCHS

Leave out `--train_data_dir` and `--reg_data_dir`: they read the `{repeats}_{name}` folders instead, without the
settings here, and then need `--caption_extension .txt`. With `--cache_text_encoder_outputs`, set
`shuffle_caption = false`: kohya stops otherwise, and it stops for caption dropout too, which is why there is none.
With masks, add `--masked_loss`. SD 1.5 and SDXL read 75 tokens of a caption; `--max_token_length 225` reads more."""


def files(dataset: Dataset) -> dict[str, str]:
    """One [[datasets]] a trained size, since kohya has one size in each."""
    doc = tomlkit.document()
    doc.add(tomlkit.comment(dataset.made_for))
    general = tomlkit.table()
    general.add("enable_bucket", True)
    general.add("caption_extension", tomlkit.string(".txt").comment("kohya would look for .caption"))
    general.add("shuffle_caption", dataset.tags)
    general.add("keep_tokens", tomlkit.item(1).comment("the trigger stays first"))
    general.add("flip_aug", tomlkit.item(False).comment("mirroring would teach left as right"))
    doc.add("general", general)
    sets = tomlkit.aot()
    plain = [_subset(f, dataset.trigger) for f in dataset.folders if not f.masks]
    if dataset.regularization:
        plain.append(_subset(dataset.regularization, dataset.class_word, is_reg=True))
    masked = [_masked(f) for f in dataset.folders if f.masks]
    for size in dataset.sizes:
        for subsets in filter(None, (plain, masked)):  # kohya takes masks in a [[datasets]] of their own only
            sets.append(_dataset(size, subsets, dataset))
    doc.add("datasets", sets)
    return {"dataset_config.toml": tomlkit.dumps(doc)}


def _dataset(size: int, subsets: list[dict[str, Any]], dataset: Dataset) -> tomlkit.items.Table:
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


def _subset(folder: Folder, words: str, **more: Any) -> dict[str, Any]:
    """`class_tokens` are only used for a picture without a caption."""
    return {"image_dir": folder.path, "num_repeats": folder.repeats, "class_tokens": words, **more}


def _masked(folder: Folder) -> dict[str, Any]:
    """A folder with loss masks: docs/masked_loss_README.md. No class_tokens, which kohya refuses here."""
    return {"image_dir": folder.path, "num_repeats": folder.repeats, "conditioning_data_dir": folder.masks}
