"""SimpleTuner: the backends that its factory makes, its buckets, and what its samplers draw in an epoch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.benchmarks.loading.epoch import Epoch, Laid, absent, called


def load(project: Path, source: Path, model: str) -> dict[str, Epoch]:
    """Draw an epoch of each of its datasets. `model`: its own name of a family, such as "flux2", with its own checks.

    Neither latents nor texts are encoded; its check of the family sets the step of the buckets.
    """
    family, models = model or "sdxl", (source / "simpletuner/helpers/models").glob("*/model.py")
    absent(
        "torchaudio",
        "torchao",
        "optimum",
        "bitsandbytes",
        "librosa",
        "simpletuner.helpers.training.diffusers_overrides",
    )
    # its parser asks every family for what it can; each wants packages of its own
    absent(*(f"simpletuner.helpers.models.{m.parent.name}" for m in models if m.parent.name != family))
    os.environ["SIMPLETUNER_LOG_LEVEL"] = "ERROR"
    from accelerate import Accelerator
    from simpletuner.helpers.configuration.cmd_args import parse_cmdline_args
    from simpletuner.helpers.data_backend.factory import FactoryRegistry
    from simpletuner.helpers.data_backend.runtime.dataloader_iterator import random_dataloader_iterator
    from simpletuner.helpers.models.registry import ModelRegistry
    from simpletuner.helpers.training.state_tracker import StateTracker

    told = (project / "exports/simpletuner/README.md").read_text("utf-8")
    batch = told.partition("(batch size): ")[2].partition(".")[0]
    typed = {
        "model_family": family, "model_type": "lora", "train_batch_size": batch, "num_train_epochs": 1,
        "data_backend_config": "exports/simpletuner/multidatabackend.json", "output_dir": "simpletuner-output",
        "cache_dir": "simpletuner-cache", "skip_file_discovery": "vae,text", "optimizer": "adamw_bf16",
        "max_train_steps": 0, "caption_dropout_probability": 0,
    }  # fmt: skip
    args = parse_cmdline_args([f"--{key}={value}" for key, value in typed.items()])
    accelerator = Accelerator(cpu=True)
    StateTracker.set_args(args)
    StateTracker.set_accelerator(accelerator)
    model = object.__new__(ModelRegistry.get(family))  # its own class, of which nothing is loaded
    model.config, model.accelerator, model.AUTOENCODER_CLASS = args, accelerator, None
    model.check_user_config()
    StateTracker.set_model(model)
    backends = FactoryRegistry(args, accelerator, [], [], model).configure()["data_backends"]
    epoch = Epoch()
    loaders = {name: backend["sampler"] for name, backend in backends.items() if "sampler" in backend}
    StateTracker.init_repeats({})
    while drawn := random_dataloader_iterator(1, loaders, update_epoch_step=False):  # False at its end
        _count(drawn, epoch)
    # helpers/training/trainer.py counts so, and trains no further; what is drawn beyond fills batches up
    epoch.steps = sum(len(each["metadata_backend"]) for each in backends.values() if "sampler" in each)
    held = StateTracker.get_data_backends(_type="eval", _types=())
    epoch.measured = {called(path) for each in held.values() for path in each["sampler"]._val_master_list}
    return {"multidatabackend.json": epoch}


def _count(drawn: Any, epoch: Epoch) -> None:
    """Count a batch: pictures, and behind them their masks."""
    from simpletuner.helpers.training.collate import conditioning_pixels

    pictures = [each for each in drawn if isinstance(each, dict)]
    masks = {called(each.image_path()): each for each in drawn if not isinstance(each, dict)}
    for each in pictures:
        path, size = each["image_path"], tuple(int(side) for side in each["target_size"])
        picture = called(path)
        known = any(laid.picture == picture and laid.bucket == size for laid in epoch.masks)
        epoch.looks[picture, size] += 1
        epoch.says(picture, each["instance_prompt_text"])
        if picture in masks and not known:
            mask = masks[picture]
            pixels = conditioning_pixels(
                [mask.image_path()], [path], [each], mask.data_backend_id, each["data_backend_id"]
            )
            epoch.masks.append(Laid(picture, size, (pixels[0][0] + 1) / 2))
