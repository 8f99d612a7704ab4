"""kohya sd-scripts: dataset_config.toml. Keys: docs/config_README-en.md of kohya-ss/sd-scripts, February 2026."""

from __future__ import annotations

from typing import Any

import tomlkit

from loraprep.buckets import KOHYA_STEP, kohya_sides
from loraprep.exports import Dataset, Folder

NAME = "kohya"
HOW = """\
Start kohya in the project's folder (or set `dataset.path` in project.yaml) and add to its command:

    --dataset_config exports/kohya/dataset_config.toml --max_train_epochs EPOCHS

Leave out `--train_data_dir` and `--reg_data_dir`: they read the `{repeats}_{name}` folders instead, without the
settings here, and then need `--caption_extension .txt`. With `--cache_text_encoder_outputs`, set
`shuffle_caption = false`: kohya stops otherwise, and it stops for caption dropout too, which is why there is none.
SD 1.5 and SDXL read 75 tokens of a caption; `--max_token_length 225` reads more."""


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
    for size in dataset.sizes:
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
        subsets = tomlkit.aot()
        for folder in dataset.folders:
            subsets.append(_subset(folder, dataset.trigger))
        if dataset.regularization:
            subsets.append(_subset(dataset.regularization, dataset.class_word, is_reg=True))
        table.add("subsets", subsets)
        sets.append(table)
    doc.add("datasets", sets)
    return {"dataset_config.toml": tomlkit.dumps(doc)}


def _subset(folder: Folder, words: str, **more: Any) -> tomlkit.items.Table:
    """`class_tokens` are only used for a picture without a caption."""
    table = tomlkit.table()
    table.update(image_dir=folder.path, num_repeats=folder.repeats, class_tokens=words, **more)
    return table
