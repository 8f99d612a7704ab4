"""kohya's sd-scripts: datasets built as its training builds them, and each batch of those with masks."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.loading.epoch import Epoch, Laid, called


def load(project: Path, _source: Path, _model: str) -> dict[str, Epoch]:
    """Build its datasets, whose buckets are made with them, and load the batches that have masks."""
    training, measuring = _datasets(project)
    made = Epoch(measured={called(p) for d in (measuring.datasets if measuring else ()) for p in d.image_data})
    _without_tokens()
    training.set_current_strategies()
    for dataset in training.datasets:
        real = getattr(dataset, "dreambooth_dataset_delegate", dataset)
        for shape, items in zip(real.bucket_manager.resos, real.bucket_manager.buckets, strict=True):
            made.looks.update((called(key), tuple(shape)) for key in items)
            made.steps += math.ceil(len(items) / real.batch_size)
        for key, info in real.image_data.items():
            made.says(called(key), info.caption)
        if real is not dataset:
            made.masks += _masks(dataset, real)
    return {"dataset_config.toml": made}


def _datasets(project: Path) -> tuple[Any, Any]:
    """Return what it trains, and what it measures on."""
    from library import config_util as cu

    told = cu.load_user_config(str(project / "exports/kohya/dataset_config.toml"))
    masked = any("conditioning_data_dir" in s for d in told["datasets"] for s in d["subsets"])
    told_besides = {
        "masked_loss": masked,
        "debug_dataset": False,
        "max_token_length": None,
        "keep_tokens_separator": "",
        "caption_separator": ",",
        "secondary_separator": None,
    }
    sanitizer = cu.ConfigSanitizer(True, True, masked, True)
    made = cu.BlueprintGenerator(sanitizer).generate(told, argparse.Namespace(**told_besides))
    return cu.generate_dataset_group_by_blueprint(made.dataset_group)


def _without_tokens() -> None:
    import torch
    from library import strategy_base

    class Untold(strategy_base.TokenizeStrategy):  # type: ignore[misc]
        def tokenize(self, text: Any) -> list[Any]:
            return [torch.zeros(1, 1, dtype=torch.long)]

        def tokenize_with_weights(self, text: Any) -> tuple[list[Any], list[Any]]:
            return self.tokenize(text), self.tokenize(text)

    strategy_base.TokenizeStrategy.set_strategy(Untold())


def _masks(dataset: Any, real: Any) -> Iterator[Laid]:
    """Load each of its batches until every picture was there once."""
    known: set[str] = set()
    for number in range(len(dataset)):
        at = real.buckets_indices[number]
        start = at.batch_index * at.bucket_batch_size
        keys = real.bucket_manager.buckets[at.bucket_index][start : start + at.bucket_batch_size]
        if known.issuperset(keys):
            continue
        known.update(keys)
        batch = dataset[number]
        for n, key in enumerate(keys):
            mask = batch["conditioning_images"][n][0]
            high, wide = batch["images"][n].shape[-2:]
            yield Laid(called(key), (wide, high), (mask + 1) / 2 if float(mask.min()) < 0 else mask)
