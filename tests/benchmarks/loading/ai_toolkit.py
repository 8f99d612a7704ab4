"""ai-toolkit: its own data loaders, both for what is trained and for regularization, through its cache of latents."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.benchmarks.loading.epoch import Epoch, Laid, absent, called

_ABSENT = (
    "torchaudio", "torchao", "torchcodec", "librosa", "mutagen", "controlnet_aux", "lycoris", "k_diffusion",
    "bitsandbytes", "prodigyopt", "lpips", "kornia", "open_clip", "timm", "pytorch_wavelets", "optimum",
)  # fmt: skip


def load(project: Path, source: Path, model: str) -> dict[str, Epoch]:
    """Load every batch of an epoch. `model`: the step of the base model's buckets, 16 unless told."""
    import yaml

    absent(*_ABSENT)
    from toolkit.config_modules import DatasetConfig, ValidationConfig
    from toolkit.data_loader import get_dataloader_from_datasets, preprocess_dataset_raw_config

    grid = int(model or 16)
    told = yaml.safe_load((project / "exports/ai-toolkit/datasets.yaml").read_text("utf-8"))["config"]["process"][0]
    batch, sd = told["train"]["batch_size"], _model(grid)
    raw = [{**entry, "caption_dropout_rate": 0.0} for entry in told["datasets"]]  # else some come up without words
    configs = [DatasetConfig(**each) for each in preprocess_dataset_raw_config(raw)]
    # as jobs/process/BaseSDTrainProcess.py: regularization comes from a loader of its own, every second step
    trained = get_dataloader_from_datasets([c for c in configs if not c.is_reg], batch, sd)
    extra = get_dataloader_from_datasets([c for c in configs if c.is_reg], batch, sd)
    epoch = Epoch(steps=len(trained) * (2 if extra else 1))
    for loader in filter(None, (trained, extra)):
        for loaded in loader:
            _count(loaded, epoch)
    held = ValidationConfig(**told["train"].get("validation_config", {})).validation_items
    epoch.measured = {called(item.image_path) for item in held if Path(item.image_path).is_file()}
    return {"datasets.yaml": epoch}


def _count(loaded: Any, epoch: Epoch) -> None:
    latents, masks = loaded.latents, loaded.mask_tensor
    high, wide = latents.shape[-2] * 8, latents.shape[-1] * 8
    for n, item in enumerate(loaded.file_items):
        picture = called(item.path)
        assert (item.crop_width, item.crop_height) == (wide, high), item.path
        known = any(laid.picture == picture and laid.bucket == (wide, high) for laid in epoch.masks)
        epoch.looks[picture, (wide, high)] += 1
        epoch.says(picture, item.caption)
        if masks is not None and not known:
            epoch.masks.append(Laid(picture, (wide, high), masks[n][0]))


def _model(grid: int) -> Any:
    """Stand for its model: latents are the picture itself, an eighth as large."""
    import torch

    class Model:
        device = device_torch = torch.device("cpu")
        torch_dtype = torch.float32
        vae = unet = SimpleNamespace(config=SimpleNamespace())
        model_config = SimpleNamespace(latent_space_version="any", arch="any", is_pixart_sigma=False)
        latent_space_version = text_embedding_space_version = "any"
        te_padding_side = "right"

        def get_bucket_divisibility(self) -> int:
            return grid

        def encode_images(self, images: Any, *_: Any, **__: Any) -> Any:
            return torch.nn.functional.avg_pool2d(images, 8)

        def get_frame_count_snapper(self) -> None:
            """It makes no films."""

        def set_device_state_preset(self, _: str) -> None:
            """There is no device."""

        def restore_device_state(self) -> None:
            """There is no device."""

        def __getattr__(self, name: str) -> bool:
            return False  # it is no model of this or that kind

    return Model()
