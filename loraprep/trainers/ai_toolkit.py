"""ai-toolkit: the dataset part of a job's YAML. Keys: ostris/ai-toolkit, toolkit/config_modules.py DatasetConfig
and config/examples/, August 2026."""

from __future__ import annotations

from typing import Any

from loraprep.core import yamlfile
from loraprep.trainers.export import Dataset, Folder

NAME = "ai-toolkit"
DROPOUT = 0.05  # of captions, as in ai-toolkit's own Flux example
HOW = """\
Copy `datasets` and the two lines of `train` from datasets.yaml into your job's `config.process` entry. ai-toolkit
counts steps and not epochs. Leave `trigger_word` out: the trigger is in every caption already, and regularization
captions must not have it. Leave `shuffle_tokens` off: it moves the trigger too, and `keep_tokens` only guards it
against dropout. Paths are seen from the folder where ai-toolkit is started; set `dataset.path` in project.yaml to
have them written out. It leaves `.aitk_size.json` and `_latent_cache/` beside the pictures; loraprep ignores both."""


def files(dataset: Dataset) -> dict[str, str]:
    """The entry of config.process that a job needs for this dataset."""
    sets = [_entry(folder, dataset) for folder in dataset.folders]
    if dataset.regularization:
        sets.append({**_entry(dataset.regularization, dataset), "is_reg": True, "caption_dropout_rate": 0.0})
    process = {
        "datasets": sets,
        "train": {"batch_size": dataset.batch_size, "steps": dataset.plan.length.steps},
    }
    return {"datasets.yaml": yamlfile.document({"config": {"process": [process]}}, dataset.made_for)}


def _entry(folder: Folder, dataset: Dataset) -> dict[str, Any]:
    return {
        "folder_path": folder.path,
        "caption_ext": "txt",
        "num_repeats": folder.repeats,
        "resolution": dataset.sizes,
        "buckets": True,
        "caption_dropout_rate": DROPOUT,
        "shuffle_tokens": False,  # it would move the trigger as well
        "flip_x": False,
        "cache_latents_to_disk": True,
        **({"mask_path": folder.masks} if folder.masks else {}),
    }
