"""OneTrainer: the pipeline that its data loader of the base model builds, through both of its caches, without models."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.benchmarks.loading.epoch import Epoch, Laid, absent, called

_ABSENT = ("torchaudio", "bitsandbytes", "tensorboard", "torch.utils.tensorboard", "xformers", "deepspeed")


def load(project: Path, source: Path, model: str) -> dict[str, Epoch]:
    """Load an epoch of what is trained, and what is measured on. `model`: its own name, such as "FLUX_2".

    Of the models' modules only those that encode are left out: a "latent" is the picture, an eighth as large.
    """
    absent(*_ABSENT)
    import torch
    from modules.dataLoader.BaseDataLoader import BaseDataLoader
    from modules.util import factory
    from modules.util.config.TrainConfig import TrainConfig
    from modules.util.enum.ModelType import ModelType
    from modules.util.TrainProgress import TrainProgress

    factory.import_dir(f"{source}/modules/dataLoader", "modules.dataLoader")
    type_ = ModelType[model or "STABLE_DIFFUSION_XL_10_BASE"]
    kind = _without_models(factory.get(BaseDataLoader, type_))
    config = TrainConfig.default_values()
    config.model_type, config.concept_file_name = type_, "exports/onetrainer/concepts.json"
    config.masked_training = config.latent_caching = config.aspect_ratio_bucketing = True
    config.train_device = config.temp_device = "cpu"
    config.cache_dir, config.validation, config.batch_size = str(project / "onetrainer-cache"), True, _batch(project)
    stand = SimpleNamespace(train_dtype=SimpleNamespace(torch_dtype=lambda: torch.float32))
    setup = SimpleNamespace(prepare_text_caching=lambda *_: None)
    cpu = torch.device("cpu")
    trained = kind(cpu, cpu, config, stand, setup, TrainProgress())
    epoch = Epoch()
    for batch in _epoch(trained):
        epoch.steps += 1
        _count(batch, epoch)
    measured = kind(cpu, cpu, config, stand, setup, TrainProgress(), is_validation=True)
    epoch.measured = {called(path) for batch in _epoch(measured) for path in batch["image_path"]}
    return {"concepts.json": epoch}


def _batch(project: Path) -> int:
    told = (project / "exports/onetrainer/README.md").read_text("utf-8")
    return int(told.partition("(batch size): ")[2].partition(".")[0])


def _epoch(loader: Any) -> Any:
    loader.get_data_set().start_next_epoch()
    return loader.get_data_loader()


def _count(batch: Any, epoch: Epoch) -> None:
    for n, path in enumerate(batch["image_path"]):
        high, wide = (side * 8 for side in batch["latent_image"][n].shape[-2:])
        picture, size = called(path), (int(wide), int(high))
        epoch.looks[picture, size] += 1
        epoch.says(picture, batch["prompt"][n])
        if not any(laid.picture == picture and laid.bucket == size for laid in epoch.masks):
            epoch.masks.append(Laid(picture, size, batch["latent_mask"][n].squeeze()))


def _without_models(kind: Any) -> Any:
    """Return its loader of a base model, where what encodes is a shrinking."""
    from mgds.pipelineModules.MapData import MapData
    from mgds.pipelineModules.ScaleImage import ScaleImage

    class Loader(kind):  # type: ignore[misc]
        def _preparation_modules(self, config: Any, model: Any) -> list[Any]:
            return [
                ScaleImage(in_name="image", out_name="latent_image", factor=0.125),
                ScaleImage(in_name="mask", out_name="latent_mask", factor=0.125),
                MapData(in_name="prompt", out_name="tokens", map_fn=lambda text: text),
            ]

        def _cache_modules(self, config: Any, model: Any, model_setup: Any) -> list[Any]:
            split = ["latent_image", "latent_mask", "original_resolution", "crop_offset"]
            return self._cache_modules_from_names(  # type: ignore[no-any-return]
                model, model_setup,
                image_split_names=split,
                image_aggregate_names=["crop_resolution", "image_path"],
                text_split_names=["tokens"],
                sort_names=["crop_resolution", "image_path", *split, "prompt", "tokens", "concept"],
                config=config,
                text_caching=True,
                before_cache_image_fun=lambda: None,
            )  # fmt: skip

        def _output_modules(self, config: Any, model: Any, model_setup: Any) -> list[Any]:
            names = ["image_path", "latent_image", "latent_mask", "prompt", "tokens", "crop_resolution"]
            return self._output_modules_from_out_names(  # type: ignore[no-any-return]
                model, model_setup,
                output_names=names,
                config=config,
                before_cache_image_fun=lambda: None,
                autocast_context=[],
                train_dtype=model.train_dtype,
            )  # fmt: skip

        def _debug_modules(self, config: Any, model: Any) -> list[Any]:
            return []

    return Loader
