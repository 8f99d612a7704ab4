"""SimpleTuner: its buckets, and multidatabackend.json.

Sources: bghira/SimpleTuner bc8e6ab7, August 2026. Keys: documentation/DATALOADER.md. Buckets: simpletuner/helpers/
multiaspect/image.py calculate_new_size_by_pixel_area; image_manipulation/training_sample.py calculate_target_size.
A bucket of a store: helpers/data_backend/aws.py `list_files` lists all of it, whatever the prefix; builders/aws.py
stops without an endpoint and keys in that file.
"""

from __future__ import annotations

import math

from loraprep.core import files
from loraprep.trainers.buckets import BucketFit, Size, centred_crop
from loraprep.trainers.trainer import ConfigTable, TrainingFolder, TrainingSet

HOW = """\
Start SimpleTuner in the project's folder (or set `dataset.path` in project.yaml) and point `data_backend_config` in
its config.json at this multidatabackend.json; set `num_train_epochs` and `train_batch_size` there too. Its `repeats`
counts the extra times, so it is one less than kohya's. Regularization works with LyCORIS adapters only, not with a
standard LoRA. Pictures that fill no batch of their shape come up again until they do, in every repeat: with more than
one picture a step those alone in their shape are seen more often. Never set `delete_unwanted_images` or
`delete_problematic_images`: they delete your pictures."""
PAIRS = """\
Where each picture has several before it, set `conditioning_multidataset_sampling` to "combined" in its config.json,
or it shows one of them at random."""
BUCKET = """\
The pictures are in a bucket. SimpleTuner finds no keys by itself: on the machine that trains, copy this
multidatabackend.json to where no git looks, and write the store's endpoint (Amazon's is like
https://s3.eu-central-1.amazonaws.com) and two keys over the words in capitals. The keys must be allowed to write, since
it keeps its lists of pictures (aspect_ratio_bucket_indices_*.json) there. It takes every picture that is in the bucket,
so put nothing else there. What it makes of them stays on its own disk."""


def bucket_fit(width: int, height: int, size: int, grid: int, _enlarge: bool) -> BucketFit | None:
    """Take the bucket of size x size px in area that has the picture's width / height to two digits.

    Where two buckets have one such ratio, SimpleTuner takes whichever it met first; here each picture has its own.
    """
    aspect, edge = width / height, _whole(size, grid)
    ratio = round(aspect, 2)
    if not ratio:
        return None
    bucket = (_whole(edge * math.sqrt(ratio), grid), _whole(edge / math.sqrt(ratio), grid))
    resized = _covering(aspect, bucket)
    if round(bucket[0] / bucket[1], 2) == 1:
        bucket = (edge, edge)
        if resized[0] < edge:
            resized = bucket
    return centred_crop((width, height), bucket, resized)


def _whole(side: float, grid: int) -> int:
    return max(grid, round(side / grid) * grid)


def _covering(aspect: float, bucket: Size) -> Size:
    """Return the size to which a picture is scaled before the bucket is cropped out of it."""
    wide, high = bucket
    resized = (wide, int(wide / aspect)) if wide < high else (int(high * aspect), high)
    if wide > resized[0]:
        more = wide - resized[0]
        return wide, resized[1] + int(more / aspect)
    if high > resized[1]:
        more = high - resized[1]
        return resized[0] + int(more * aspect), high
    return resized


def config_files(dataset: TrainingSet) -> dict[str, str]:
    """Write an entry for each folder and size, its masks, and one for the text embeddings it insists on."""
    entries = []
    for folder in dataset.folders:
        for size in dataset.sizes:
            entries += _with_masks(folder, size, dataset)
    if dataset.regularization:
        for size in dataset.sizes:
            entries.append({**_entry(dataset.regularization, size, dataset), "is_regularisation_data": True})
    for folder in dataset.held_out:
        entries.append({**_entry(folder, dataset.sizes[-1], dataset), "dataset_type": "eval"})
    entries.append(
        {
            "id": f"{dataset.name}-text-embeds",
            "type": "local",
            "dataset_type": "text_embeds",
            "default": True,
            "cache_dir": f"{dataset.above}exports/simpletuner/cache/text/{dataset.name}",
        }
    )
    if dataset.bucket:
        entries.append({"id": _embeds(dataset), "type": "local", "dataset_type": "image_embeds"})
    written = {"multidatabackend.json": files.dumps(entries)}
    if dataset.prompts:  # its keys become names of files
        asked = {f"sample_{number}": each.prompt for number, each in enumerate(dataset.prompts, 1)}
        written["user_prompt_library.json"] = files.dumps(asked)
    return written


def _with_masks(folder: TrainingFolder, size: int, dataset: TrainingSet) -> list[ConfigTable]:
    """Loss masks are a dataset of their own, paired by name and cut the same way: documentation/DREAMBOOTH.md."""
    entry = _entry(folder, size, dataset)
    if folder.controls:
        befores = [_before(entry, path, n) for n, path in enumerate(folder.controls, 1)]
        return [{**entry, "conditioning_data": [before["id"] for before in befores]}, *befores]
    if not folder.masks:
        return [entry]
    masks = {
        **entry,
        "id": f"{entry['id']}-masks",
        "dataset_type": "conditioning",
        "conditioning_type": "mask",
        "caption_strategy": None,  # else it looks for a caption of each mask, and stops
        "instance_data_dir": folder.masks,
        "cache_dir_vae": f"{entry['cache_dir_vae']}-masks",
    }
    return [{**entry, "conditioning_data": masks["id"]}, masks]


def _before(entry: ConfigTable, path: str, number: int) -> ConfigTable:
    """The pictures before the change are a dataset of their own, cut as those after: quickstart/FLUX_KONTEXT.md."""
    further = f"-{number}" if number > 1 else ""
    return {
        **entry,
        "id": f"{entry['id']}-control{further}",
        "dataset_type": "conditioning",
        "conditioning_type": "reference_strict",
        "caption_strategy": None,  # else their names are captions, which it may take for the instructions
        "instance_data_dir": path,
        "cache_dir_vae": f"{entry['cache_dir_vae']}-control{further}",
    }


def _embeds(dataset: TrainingSet) -> str:
    """Where latents are kept of pictures that are in a bucket: on this disk, and not beside them."""
    return f"{dataset.name}-image-embeds"


def _place(folder: TrainingFolder, dataset: TrainingSet) -> ConfigTable:
    """Where a folder is. Keys are no business of loraprep's, and SimpleTuner takes none from anywhere else."""
    if not dataset.bucket or not folder.path.startswith(f"{dataset.bucket}/"):
        return {"type": "local", "instance_data_dir": folder.path}
    return {
        "type": "aws",
        "aws_bucket_name": dataset.bucket.partition("://")[2],
        "aws_data_prefix": folder.path.removeprefix(f"{dataset.bucket}/"),
        "aws_region_name": None,
        "aws_endpoint_url": "ENDPOINT",
        "aws_access_key_id": "ACCESS_KEY_ID",
        "aws_secret_access_key": "SECRET_ACCESS_KEY",
        "image_embeds": _embeds(dataset),
    }


def _entry(folder: TrainingFolder, size: int, dataset: TrainingSet) -> ConfigTable:
    name = f"{dataset.name}-{folder.name}-{size}"
    return {
        "id": name,
        **_place(folder, dataset),
        "dataset_type": "image",
        "cache_dir_vae": f"{dataset.above}exports/simpletuner/cache/vae/{name}",
        "caption_strategy": "textfile",
        "metadata_backend": "discovery",
        "resolution": size,
        "resolution_type": "pixel_area",
        "minimum_image_size": 0,  # nothing is left out: Gate 1 has judged the sizes
        "crop": True,
        "crop_style": "center",
        "crop_aspect": "preserve",
        "repeats": folder.repeats - 1,
    }
