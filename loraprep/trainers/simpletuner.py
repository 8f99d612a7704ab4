"""SimpleTuner: multidatabackend.json. Keys: bghira/SimpleTuner, documentation/DATALOADER.md, August 2026."""

from __future__ import annotations

from loraprep.core import files
from loraprep.trainers.trainer import ConfigTable, TrainingFolder, TrainingSet

HOW = """\
Start SimpleTuner in the project's folder (or set `dataset.path` in project.yaml) and point `data_backend_config` in
its config.json at this multidatabackend.json; set `num_train_epochs` and `train_batch_size` there too. Its `repeats`
counts the extra times, so it is one less than kohya's. Regularization works with LyCORIS adapters only, not with a
standard LoRA. Never set `delete_unwanted_images` or `delete_problematic_images`: they delete your pictures."""
PAIRS = """\
Where each picture has several before it, set `conditioning_multidataset_sampling` to "combined" in its config.json,
or it shows one of them at random."""


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
        "instance_data_dir": folder.masks,
        "cache_dir_vae": f"{entry['cache_dir_vae']}-masks",
    }
    return [{**entry, "conditioning_data": masks["id"]}, masks]


def _before(entry: ConfigTable, path: str, number: int) -> ConfigTable:
    """The pictures before the change are a dataset of their own, cut as those after: quickstart/FLUX_KONTEXT.md."""
    further = f"-{number}" if number > 1 else ""
    return {
        **{key: value for key, value in entry.items() if key != "caption_strategy"},
        "id": f"{entry['id']}-control{further}",
        "dataset_type": "conditioning",
        "conditioning_type": "reference_strict",
        "instance_data_dir": path,
        "cache_dir_vae": f"{entry['cache_dir_vae']}-control{further}",
    }


def _entry(folder: TrainingFolder, size: int, dataset: TrainingSet) -> ConfigTable:
    name = f"{dataset.name}-{folder.name}-{size}"
    return {
        "id": name,
        "type": "local",
        "dataset_type": "image",
        "instance_data_dir": folder.path,
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
