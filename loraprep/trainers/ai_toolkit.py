"""ai-toolkit: its buckets, and the dataset part of a job's YAML.

Sources: ostris/ai-toolkit, August 2026. Keys: toolkit/config_modules.py DatasetConfig and config/examples/. Buckets:
toolkit/buckets.py get_bucket_for_image_size as of commit 99be3d96, read in an audit of that commit, with the buckets
it gave for nineteen pictures, and in three ports of it, which agree to the letter; that it is used from
toolkit/dataloader_mixins.py BucketsMixin.setup_buckets, and how it scales and crops there, in the file itself. Older
versions differ: until 2026 a list of SDXL's shapes, the one that loses fewest pixels (0bc4d555); between them two
that took the ratio of the areas without its root.
"""

from __future__ import annotations

import json
import math

from loraprep.core import yamlfile
from loraprep.core.files import Json
from loraprep.trainers import prompts
from loraprep.trainers.buckets import BucketFit, centred_crop
from loraprep.trainers.trainer import ConfigTable, TrainingFolder, TrainingSet

DROPOUT = 0.05  # of captions, as in ai-toolkit's own Flux example
HOW = """\
Copy `datasets` and the lines of `train` and `sample` from datasets.yaml into your job's `config.process` entry.
ai-toolkit counts steps and not epochs. Leave `trigger_word` out: the trigger is in every caption already, and
regularization captions must not have it. Leave `shuffle_tokens` off: it moves the trigger too, and `keep_tokens` only
guards it against dropout. Paths are seen from where ai-toolkit is started; set `dataset.path` in project.yaml
to have them written out. A trigger word put before a caption that is JSON would spoil it. It leaves `.aitk_size.json`
and `_latent_cache/` beside the pictures; loraprep ignores both."""
SEVERAL = """\
Each picture has several captions, and ai-toolkit would read a .txt file as one. So each folder is listed once for each:
`dataset_path` names a .json that has the pictures with `caption` and `caption_short`, and `use_short_captions` takes
the second. Export again after editing a caption."""


def bucket_fit(width: int, height: int, size: int, grid: int, _enlarge: bool) -> BucketFit | None:
    """Take the corner of the grid nearest in area to the picture, up to size x size: nothing is stretched."""
    limit = size * size
    area = min(width * height, limit)
    scale = math.sqrt(area / (width * height))
    wide, high = width * scale / grid, height * scale / grid
    shapes = [
        (w * grid, h * grid) for w in (math.floor(wide), math.ceil(wide)) for h in (math.floor(high), math.ceil(high))
    ]
    inside = [s for s in shapes if min(s) > 0 and s[0] * s[1] <= limit]
    if not inside:
        inside = [(max(grid, math.floor(wide) * grid), max(grid, math.floor(high) * grid))]
    bucket = min(inside, key=lambda s: abs(s[0] * s[1] - area))
    cover = max(bucket[0] / width, bucket[1] / height)
    return centred_crop((width, height), bucket, (math.ceil(width * cover), math.ceil(height * cover)))


def config_files(dataset: TrainingSet) -> dict[str, str]:
    """Write the entry of config.process that a job needs for this dataset."""
    sets = [entry for folder in dataset.folders for entry in _entries(folder, dataset)]
    if dataset.regularization:
        sets.append({**_entry(dataset.regularization, dataset), "is_reg": True, "caption_dropout_rate": 0.0})
    train: dict[str, Json] = {"batch_size": dataset.batch_size, "steps": dataset.plan.length.steps}
    if dataset.held_out:
        items = [item for folder in dataset.held_out for item in dataset.captioned(folder).items()]
        train["validation_config"] = {
            "validation_items": [{"image_path": path, "prompt": texts[0]} for path, texts in items],
            "resolution": dataset.sizes[-1],
        }
    process: dict[str, Json] = {"datasets": sets, "train": train}
    if dataset.prompts:
        side = dataset.sizes[-1]
        asked = [prompts.line(each.prompt) for each in dataset.prompts]
        process["sample"] = {"width": side, "height": side, "seed": prompts.SEED, "walk_seed": False, "prompts": asked}
    written = {"datasets.yaml": yamlfile.document({"config": {"process": [process]}}, dataset.made_for)}
    for folder in dataset.folders if dataset.lines > 1 else ():
        for name, captions in _captions(folder, dataset).items():
            # it opens the file in the machine's own encoding, which letters beyond ASCII may not survive
            written[name] = json.dumps(captions, indent=1)
    return written


def _entries(folder: TrainingFolder, dataset: TrainingSet) -> list[ConfigTable]:
    """Describe a folder: where pictures have several captions once for each, the shortest last."""
    if dataset.lines == 1:
        return [_entry(folder, dataset)]
    named = [f"{dataset.above}exports/ai-toolkit/{name}" for name in _captions(folder, dataset)]
    listed = [_entry(folder, dataset, {"dataset_path": path}) for path in named]
    return [*listed, {**listed[0], "use_short_captions": True}]


def _captions(folder: TrainingFolder, dataset: TrainingSet) -> dict[str, dict[str, dict[str, str]]]:
    """Return file -> picture -> its `caption` and `caption_short`, the shortest; a file for each of the longer ones.

    toolkit/dataloader_mixins.py CaptionProcessingDTOMixin.load_caption, where the file's keys are the pictures' paths.
    """
    sorted_ = {path: sorted(texts, key=len) for path, texts in dataset.captioned(folder).items()}
    return {
        f"{folder.name}{f'-{n}' if n > 1 else ''}.json": {
            path: {"caption": texts[n], "caption_short": texts[0]} for path, texts in sorted_.items()
        }
        for n in range(1, dataset.lines)
    }


def _entry(folder: TrainingFolder, dataset: TrainingSet, pictures: ConfigTable | None = None) -> ConfigTable:
    return {
        **(pictures or {"folder_path": folder.path}),
        "caption_ext": "txt",
        "num_repeats": folder.repeats,
        "resolution": dataset.sizes,
        "buckets": True,
        "caption_dropout_rate": DROPOUT,
        "shuffle_tokens": False,  # it would move the trigger as well
        "flip_x": False,
        "cache_latents_to_disk": True,
        **({"mask_path": folder.masks} if folder.masks else {}),
        **_before(folder),
    }


def _before(folder: TrainingFolder) -> dict[str, str]:
    """Name the folders of the pictures before the change: its window calls them so where there are several."""
    if len(folder.controls) == 1:
        return {"control_path": folder.controls[0]}
    return {f"control_path_{n}": path for n, path in enumerate(folder.controls, 1)}
