"""Load an exported project in the trainers' own loaders, and compare what they count with what was foretold.

    python tests/benchmarks/loaders.py TRAINER SOURCE PROJECT [MODEL]

TRAINER is kohya, musubi-tuner, musubi-pairs (the pairs alone, without torch) or diffusion-pipe; SOURCE a checkout of it; PROJECT a folder after `loraprep export`.
MODEL is musubi-tuner's short name of an architecture ("qi" for Qwen-Image). It runs in an interpreter that has torch and
what the trainer imports, so it imports nothing of loraprep and is no test. Nothing is trained: buckets and batches are
made, and latents are empty files. It stands in PROJECT, since paths are seen from there.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any


def musubi(project: Path, model: str, config: str) -> tuple[int, Counter[Any]]:
    """Make both caches empty, then count what training would read: (steps an epoch, bucket -> looks)."""
    from musubi_tuner.dataset import config_utils as cu
    from safetensors.torch import save_file

    told = cu.load_user_config(str(project / "exports/musubi-tuner" / config))
    made = cu.BlueprintGenerator(cu.ConfigSanitizer()).generate(told, argparse.Namespace(), architecture=model)
    caching = cu.generate_dataset_group_by_blueprint(made.dataset_group)
    for dataset in caching.datasets:
        for folder in [Path(dataset.cache_directory)]:
            folder.mkdir(parents=True, exist_ok=True)
        for _, batch in dataset.retrieve_latent_cache_batches(2):
            for item in batch:
                save_file({}, item.latent_cache_path)
        for batch in dataset.retrieve_text_encoder_output_cache_batches(2):
            for item in batch:
                assert item.caption.strip()
                save_file({}, item.text_encoder_output_cache_path)
    training = cu.generate_dataset_group_by_blueprint(made.dataset_group, training=True)
    looks: Counter[Any] = Counter()
    for dataset in training.datasets:
        dataset.prepare_for_training()
        for bucket, items in dataset.batch_manager.buckets.items():
            looks[tuple(bucket[:2])] += len(items)
    return sum(len(d) for d in training.datasets), looks


def musubi_pairs(project: Path) -> dict[str, list[tuple[str, list[str], str]]]:
    """Read each configuration's pairs as musubi-tuner's own sources do: (target, its controls, instruction).

    These need no torch: its `av`, which opens films, may be absent.
    """
    import os
    import tomllib
    import types

    sys.modules.setdefault("av", types.ModuleType("av"))
    from musubi_tuner.dataset.datasources import ImageDirectoryDatasource, ImageJsonlDatasource

    os.chdir(project)
    found = {}
    for path in sorted(Path("exports/musubi-tuner").glob("*.toml")):
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


def kohya(project: Path) -> tuple[int, Counter[Any]]:
    """Build its datasets, whose buckets are made with them."""
    from library import config_util as cu

    told = cu.load_user_config(str(project / "exports/kohya/dataset_config.toml"))
    masked = any("conditioning_data_dir" in s for d in told["datasets"] for s in d["subsets"])
    namespace = argparse.Namespace(masked_loss=masked, debug_dataset=False, max_token_length=None)
    sanitizer = cu.ConfigSanitizer(True, True, masked, True)
    made = cu.BlueprintGenerator(sanitizer).generate(told, namespace)
    training, measuring = cu.generate_dataset_group_by_blueprint(made.dataset_group)
    trained = {path for dataset in training.datasets for path in dataset.image_data}
    measured = {path for dataset in (measuring.datasets if measuring else ()) for path in dataset.image_data}
    wanted = {path.relative_to(project).as_posix() for path in project.glob("dataset/*-held-out/*.png")}
    assert measured == wanted, f"held out {sorted(wanted)}, but it measures on {sorted(measured)}"
    assert not trained & wanted, f"it trains {sorted(trained & wanted)}"
    print(f"dataset_config.toml: {len(trained)} pictures trained, {len(measured)} measured on")
    steps, looks = 0, Counter()
    for dataset in training.datasets:
        real = getattr(dataset, "dreambooth_dataset_delegate", dataset)
        for shape, items in zip(real.bucket_manager.resos, real.bucket_manager.buckets, strict=True):
            looks[tuple(shape)] += len(items)
            steps += math.ceil(len(items) / real.batch_size)
    return steps, looks


def foretold(project: Path, trainer: str) -> dict[str, Any]:
    """Read the plan in build/placements.json."""
    plans = json.loads((project / "build/placements.json").read_text("utf-8"))["plans"]
    return next(plan for plan in plans if plan["trainer"] == trainer)


def main() -> int:
    """Run one loader; 0 if its number of steps is the one that was foretold."""
    logging.disable(logging.INFO)
    trainer, source, where, *rest = sys.argv[1:]
    project = Path(where).resolve()
    sys.path[:0] = [source, f"{source}/src"]
    os.chdir(project)
    if trainer == "musubi-pairs":
        for name, pairs in musubi_pairs(project).items():
            print(f"{name}: {len(pairs)} pairs, such as {pairs[0]}")
        return 0
    plan = foretold(project, trainer)
    if trainer == "kohya":
        results = {"dataset_config.toml": kohya(project)}
    else:
        forms = ("dataset_config.toml", "dataset_config_jsonl.toml")
        results = {name: musubi(project, rest[0], name) for name in forms}
    wanted = plan["length"]["steps_per_epoch"]
    for name, (steps, looks) in results.items():
        print(f"{name}: {steps} steps an epoch, foretold {wanted}; {dict(sorted(looks.items()))}")
    return 0 if all(steps == wanted for steps, _ in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
