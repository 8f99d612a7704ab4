"""musubi-tuner: both caches made empty, then what its training reads of them; and its pairs, without torch."""

from __future__ import annotations

import argparse
import sys
import tomllib
import types
from pathlib import Path
from typing import Any

from tests.benchmarks.loading.epoch import Epoch, called


def load(project: Path, _source: Path, model: str) -> dict[str, Epoch]:
    """Load both forms of its configuration. `model`: its short name of an architecture, such as "qi"."""
    forms = ("dataset_config.toml", "dataset_config_jsonl.toml")
    found = [form for form in forms if (project / "exports/musubi-tuner" / form).is_file()]
    return {form: _epoch(project, model, form) for form in found}


def _epoch(project: Path, model: str, config: str) -> Epoch:
    from musubi_tuner.dataset import config_utils as cu
    from safetensors.torch import save_file

    told = cu.load_user_config(str(project / "exports/musubi-tuner" / config))
    made = cu.BlueprintGenerator(cu.ConfigSanitizer()).generate(told, argparse.Namespace(), architecture=model)
    caching = cu.generate_dataset_group_by_blueprint(made.dataset_group)
    epoch, known = Epoch(), dict[str, tuple[str, str]]()  # known: latent cache -> picture, caption
    for dataset in caching.datasets:
        Path(dataset.cache_directory).mkdir(parents=True, exist_ok=True)
        for _, batch in dataset.retrieve_latent_cache_batches(2):
            for item in batch:
                save_file({}, item.latent_cache_path)
                known[str(item.latent_cache_path)] = called(item.item_key), item.caption
        for batch in dataset.retrieve_text_encoder_output_cache_batches(2):
            for item in batch:
                save_file({}, item.text_encoder_output_cache_path)
                assert (called(item.item_key), item.caption) in known.values(), item.item_key
    training = cu.generate_dataset_group_by_blueprint(made.dataset_group, training=True)
    for dataset in training.datasets:
        dataset.prepare_for_training()
        for bucket, items in dataset.batch_manager.buckets.items():
            for item in items:
                picture, caption = known[str(item.latent_cache_path)]
                epoch.looks[picture, (bucket[0], bucket[1])] += 1
                epoch.says(picture, caption)
    epoch.steps = sum(len(d) for d in training.datasets)
    return epoch


def pairs(project: Path) -> dict[str, list[tuple[str, list[str], str]]]:
    """Read each configuration's pairs as musubi-tuner's own sources do: (target, its controls, instruction).

    These need no torch: its `av`, which opens films, may be absent.
    """
    sys.modules.setdefault("av", types.ModuleType("av"))
    from musubi_tuner.dataset.datasources import ImageDirectoryDatasource, ImageJsonlDatasource

    found = {}
    for path in sorted((project / "exports/musubi-tuner").glob("*.toml")):
        told = tomllib.loads(path.read_text("utf-8"))
        for dataset in told["datasets"][:1]:
            if folder := dataset.get("image_directory"):
                caption, before = told["general"]["caption_extension"], dataset["control_directory"]
                source: Any = ImageDirectoryDatasource(folder, caption, before, None)
            else:
                source = ImageJsonlDatasource(dataset["image_jsonl_file"], None)
            read = [source.get_image_data(n) for n in range(len(source))]
            found[path.name] = [(Path(i[0]).name, [str(c.size) for c in i[3]], i[2]) for i in read]
    return found
