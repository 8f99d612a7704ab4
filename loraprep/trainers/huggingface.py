"""Hugging Face ImageFolder: metadata.jsonl. Keys: huggingface/datasets, docs/source/image_dataset.mdx."""

from __future__ import annotations

from loraprep.core import files
from loraprep.trainers.trainer import TrainingSet

HOW = """\
Copy metadata.jsonl into dataset/, beside the picture folders. Then the folder loads as it is, and can be uploaded:

    load_dataset("imagefolder", data_dir="dataset", split="train")

Each row has `image` and `text`, which is what diffusers' training scripts expect (`--caption_column text`). Repeats
are not part of that format: a row is one picture, and epochs alone decide how often it is seen."""


SEVERAL = """\
Each picture has several captions: `text` is a list of them, and diffusers' scripts take one at random each time."""


def config_files(dataset: TrainingSet) -> dict[str, str]:
    """Write a line a picture: its path, seen from dataset/, and its caption, or all where there are several."""
    away = {folder.name for folder in dataset.held_out}
    trained = {name: text for name, text in dataset.captions.items() if name.rpartition("/")[0] not in away}
    several = dataset.lines > 1  # then a list in every row: a column holds one kind of value
    lines = [
        files.dumps({"file_name": name, "text": [*text.splitlines()] if several else text}, indent=None)
        for name, text in trained.items()
    ]
    return {"metadata.jsonl": "".join(lines)}
