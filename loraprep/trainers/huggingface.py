"""Hugging Face ImageFolder: metadata.jsonl. Keys: huggingface/datasets, docs/source/image_dataset.mdx."""

from __future__ import annotations

from loraprep.core import files
from loraprep.trainers.trainer import TrainingSet

HOW = """\
Copy metadata.jsonl into dataset/, beside the picture folders. Then the folder loads as it is, and can be uploaded:

    load_dataset("imagefolder", data_dir="dataset", split="train")

Each row has `image` and `text`, which is what diffusers' training scripts expect (`--caption_column text`). Repeats
are not part of that format: a row is one picture, and epochs alone decide how often it is seen."""

SHARDS = {
    "webdataset": """\
Each folder holds files of some dozens of pictures with their captions, 00000.tar and so on. Nothing has to be copied:

    load_dataset("webdataset", data_files="dataset/FOLDER/*.tar", split="train")
    webdataset.WebDataset("dataset/FOLDER/{00000..00003}.tar", shardshuffle=False).decode("pil")

Each picture has `png`, `txt` and `json`, so diffusers' training scripts take `--image_column png --caption_column txt`.
`json` names the picture's own file, its width and height, and its captions where it has several (`txt` has a line for
each). A loss mask is `mask.png`, a picture before a change `control.png`. Repeats are not part of that format: epochs
alone decide how often a picture is seen.""",
    "parquet": """\
Each folder holds files of some dozens of pictures with their captions, 00000.parquet and so on. Nothing has to be
copied:

    load_dataset("parquet", data_files="dataset/FOLDER/*.parquet", split="train")

Each row has `image` and `text`, which is what diffusers' training scripts expect (`--caption_column text`), and `file`,
`width` and `height`. A loss mask is `mask`, a picture before a change `control`. Repeats are not part of that format: a
row is one picture, and epochs alone decide how often it is seen.""",
}


BUCKET = """\
The files are in a bucket: `data_files` is its address, as `s3://BUCKET/FOLDER/*.tar`, and `storage_options` what s3fs
has to know of the store (`{"endpoint_url": ...}`); keys it finds where the store's own tools find them."""
SEVERAL = """\
Each picture has several captions: `text` is a list of them, and diffusers' scripts take one at random each time."""


def config_files(dataset: TrainingSet) -> dict[str, str]:
    """Write a line a picture: its path, seen from dataset/, and its caption, or all where there are several."""
    if dataset.format != "folder":
        return {}
    away = {folder.name for folder in dataset.held_out}
    trained = {name: text for name, text in dataset.captions.items() if name.rpartition("/")[0] not in away}
    several = dataset.lines > 1  # then a list in every row: a column holds one kind of value
    lines = [
        files.dumps({"file_name": name, "text": [*text.splitlines()] if several else text}, indent=None)
        for name, text in trained.items()
    ]
    return {"metadata.jsonl": "".join(lines)}
