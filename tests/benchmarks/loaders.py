"""Load an exported project in the trainers' own loaders, and compare what they count with what was foretold.

    python tests/benchmarks/loaders.py TRAINER SOURCE PROJECT [MODEL]

TRAINER is kohya, musubi-tuner, musubi-pairs (the pairs alone, without torch), kohya-masks or diffusion-pipe-masks (how
each lays the loss masks on its pictures), ai-toolkit or diffusion-pipe (steps, and the captions each picture comes up
with; without torch); SOURCE a checkout of it; PROJECT a folder after `loraprep export`.
MODEL is musubi-tuner's short name of an architecture ("qi" for Qwen-Image); for ai-toolkit and diffusion-pipe it is the
step of the base model's buckets, 16 unless it is given. It runs in an interpreter that has torch and
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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Laid = tuple[Path, Path, Any, Any]  # picture, its mask, and both as a trainer has them: (3, h, w), (h, w) from 0 to 1


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


def _of_kohya(project: Path) -> tuple[Any, Any]:
    """Build its datasets, as its training does: (to train, to measure on)."""
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
    namespace = argparse.Namespace(**told_besides)
    sanitizer = cu.ConfigSanitizer(True, True, masked, True)
    made = cu.BlueprintGenerator(sanitizer).generate(told, namespace)
    return cu.generate_dataset_group_by_blueprint(made.dataset_group)


def kohya_masks(project: Path) -> Iterator[Laid]:
    """Load each batch of its masked datasets, without tokens."""
    from library import strategy_base

    class Untold(strategy_base.TokenizeStrategy):
        def tokenize(self, text: Any) -> list[Any]:
            import torch

            return [torch.zeros(1, 1, dtype=torch.long)]

        def tokenize_with_weights(self, text: Any) -> tuple[list[Any], list[Any]]:
            return self.tokenize(text), self.tokenize(text)

    strategy_base.TokenizeStrategy.set_strategy(Untold())
    training, _ = _of_kohya(project)
    training.set_current_strategies()
    for dataset in training.datasets:
        real = getattr(dataset, "dreambooth_dataset_delegate", None)
        for number in range(len(dataset) if real else 0):
            batch, at = dataset[number], real.buckets_indices[number]
            start = at.batch_index * at.bucket_batch_size
            keys = real.bucket_manager.buckets[at.bucket_index][start : start + at.bucket_batch_size]
            for n, key in enumerate(keys):
                info = real.image_data[key]
                mask = batch["conditioning_images"][n][0]
                mask = (mask + 1) / 2 if float(mask.min()) < 0 else mask
                picture = Path(info.absolute_path)  # its own mask, of which the one that kohya is told of is a cut
                own = Path("dataset/masks", picture.parent.name, f"{picture.stem}.png")
                yield picture, own, batch["images"][n], mask


def _take(module: Path, wanted: set[str], names: dict[str, Any]) -> None:
    """Run the functions, classes and constants `wanted` out of a module, which imports far more than they need."""
    import __future__

    import ast

    def called(node: Any) -> str:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        return getattr(node, "name", "") or getattr(target, "id", "")

    tree = ast.parse(module.read_text("utf-8"))
    tree.body = [node for node in tree.body if called(node) in wanted]
    flags = __future__.annotations.compiler_flag
    exec(compile(tree, str(module), "exec", flags, dont_inherit=True), names)


Captions = dict[str, Counter[str]]  # picture -> how often it comes up with each caption in an epoch


def ai_toolkit(project: Path, source: Path, grid: int) -> tuple[int, Counter[Any], Captions]:
    """Build its datasets, its buckets and captions; the pictures themselves are not loaded."""
    import random
    import traceback
    from types import SimpleNamespace

    import yaml
    from PIL import Image

    class Nothing:
        is_caching_text_embeddings = False

        def cache_latents_all_latents(self) -> None:
            """Latents are not needed."""

    latent, control, clip, text, base = (type(name, (Nothing,), {}) for name in "abcde")
    names: dict[str, Any] = {
        "os": os, "json": json, "math": math, "random": random, "traceback": traceback, "tqdm": lambda given: given,
        "print_acc": lambda *_: None, "RescaleTransform": lambda: None, "Dataset": base, "TypedDict": dict,
        "transforms": SimpleNamespace(Compose=lambda _: None, ToTensor=lambda: None),
        "LatentCachingMixin": latent, "ControlCachingMixin": control, "CLIPCachingMixin": clip,
        "TextEmbeddingCachingMixin": text,
    }  # fmt: skip
    toolkit = source / "toolkit"
    for module, wanted in {
        "prompt_utils.py": {"inject_trigger_into_prompt"},
        "buckets.py": {"get_bucket_for_image_size", "BucketResolution"},
        "config_modules.py": {"DatasetConfig", "preprocess_dataset_raw_config"},
        "dataloader_mixins.py": {
            "clean_caption",
            "Bucket",
            "BucketsMixin",
            "CaptionMixin",
            "CaptionProcessingDTOMixin",
        },
        "data_loader.py": {"AiToolkitDataset", "image_extensions"},
    }.items():
        _take(toolkit / module, wanted, names)

    class Item(names["CaptionProcessingDTOMixin"]):  # type: ignore[misc]
        """Stands for its FileItemDTO, which opens films as well."""

        def __init__(self, path: str, dataset_config: Any, **_: Any) -> None:
            self.path, self.is_reg = path, dataset_config.is_reg
            with Image.open(path) as opened:
                self.width, self.height = opened.size
            self.dataset_config = dataset_config
            self.raw_caption = self.raw_caption_short = self.trigger_word = None

    names["FileItemDTO"] = Item
    plain = SimpleNamespace(config=SimpleNamespace())
    flags = dict.fromkeys(("is_xl", "is_v3", "is_auraflow", "is_flux", "encode_control_in_text_embeddings"), False)
    model = SimpleNamespace(
        **flags,
        get_bucket_divisibility=lambda: grid,
        model_config=SimpleNamespace(latent_space_version="any", arch="any", is_pixart_sigma=False),
        latent_space_version="any",
        vae=plain,
        unet=plain,
        text_embedding_space_version="any",
        te_padding_side="right",
    )
    told = yaml.safe_load((project / "exports/ai-toolkit/datasets.yaml").read_text("utf-8"))["config"]["process"][0]
    steps, looks, captions = 0, Counter[Any](), dict[str, Counter[str]]()
    for entry in names["preprocess_dataset_raw_config"](told["datasets"]):
        config = names["DatasetConfig"](**{**entry, "caption_dropout_rate": 0.0})  # else some come up without words
        dataset = names["AiToolkitDataset"](config, batch_size=told["train"]["batch_size"], sd=model)
        steps += len(dataset)
        for shape, bucket in dataset.buckets.items():
            looks[shape] += len(bucket.file_list_idx)
        for item in dataset.file_list:
            item.load_caption(dataset.caption_dict)
            said = " ".join(item.caption.split())  # it doubles the spaces after commas
            captions.setdefault(item.path, Counter())[said] += 1
    return steps, looks, captions


def diffusion_pipe(project: Path, source: Path, grid: int) -> tuple[int, Counter[Any], Captions]:
    """Build its datasets, without latents, and count what an epoch shows."""
    import hashlib
    import random
    import tomllib
    from collections import defaultdict

    import datasets
    import numpy as np
    from PIL import Image

    datasets.disable_progress_bars()

    class NoFilm:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"it wants {name}")

    names: dict[str, Any] = {
        "os": os, "json": json, "math": math, "random": random, "hashlib": hashlib, "np": np, "datasets": datasets,
        "Path": Path, "Image": Image, "defaultdict": defaultdict, "tqdm": lambda given, **_: given, "tarfile": NoFilm(),
        "logger": logging.getLogger(), "is_main_process": lambda: True, "NUM_PROC": None, "ROUND_DECIMAL_DIGITS": 3,
        "UNCOND_FRACTION": 0.0, "VIDEO_EXTENSIONS": (), "imageio": NoFilm(), "InputImpl": NoFilm(),
        "_map_and_cache": lambda dataset, *_, **__: dataset, "print": lambda *_: None,
    }  # fmt: skip
    _take(source / "utils/common.py", {"round_to_nearest_multiple"}, names)
    wanted = {"shuffle_with_seed", "shuffle_captions", "bucket_suffix", "dedup_and_sort", "seed_from_hash"}
    wanted |= {"SizeBucketDataset", "ConcatenatedBatchedDataset", "ARBucketDataset", "DirectoryDataset"}
    _take(source / "utils/dataset.py", {*wanted, "CAPTIONS_JSON_FILE"}, names)
    told = tomllib.loads((project / "exports/diffusion-pipe/dataset.toml").read_text("utf-8"))
    readme = (project / "exports/diffusion-pipe/README.md").read_text("utf-8")
    batch = int(readme.partition("(batch size): ")[2].partition(".")[0])
    alike: dict[Any, list[Any]] = defaultdict(list)
    captions: Captions = {}
    for directory in told["directory"]:
        made = names["DirectoryDataset"](directory, told, "any", round_to_multiple=grid)
        made.cache_metadata()
        for shaped in made.ar_bucket_datasets:
            shaped.cache_latents(None)
            for sized in shaped.get_size_bucket_datasets():
                alike[tuple(sized.size_bucket)].append(sized)
                for at in range(len(sized)):
                    entry = sized.iteration_order[at % len(sized.iteration_order)]
                    captions.setdefault(entry["image_spec"][1], Counter())[entry["caption"]] += 1
    steps, looks = 0, Counter[Any]()
    for shape, same in alike.items():
        joined = names["ConcatenatedBatchedDataset"](same)
        joined.post_init({None: batch}, {None: batch}, 0, 1)
        steps += len(joined)
        looks[shape[1:3]] += sum(map(len, same))
    return steps, looks, captions


def all_captions(project: Path, seen: Captions) -> int:
    """Print how often pictures come up with their captions; 0 if with each of theirs, all of them as often."""
    wrong = 0
    for path, found in sorted(seen.items()):
        lines = Path(path).with_suffix(".txt").read_text("utf-8").splitlines()
        wrong += {*found} != {*lines}
    times = sorted({(len(found), sum(found.values())) for found in seen.values()})
    wrong += len(set(project.glob("dataset/*_*/*.png"))) != len(seen)
    print(f"{len(seen)} pictures; captions of one, times it comes up: {times}; {wrong} wrong")
    return wrong


def diffusion_pipe_masks(project: Path, source: Path) -> Iterator[Laid]:
    """Load each picture as its PreprocessMediaFile does, taken out of a module that imports all its models."""
    import tomllib

    import torch
    import torchvision
    from PIL import Image, ImageOps
    from torchvision import transforms

    wanted = {"PreprocessMediaFile", "convert_crop_and_resize", "round_to_nearest_multiple", "round_down_to_multiple"}
    names: dict[str, Any] = {
        "torch": torch, "torchvision": torchvision, "transforms": transforms, "Image": Image, "ImageOps": ImageOps,
        "Path": Path, "VIDEO_EXTENSIONS": (), "tarfile": None, "np": None,
    }  # fmt: skip
    for module in ("utils/common.py", "models/base.py"):
        _take(source / module, wanted, names)
    load = names["PreprocessMediaFile"]({"dataset": ""}, support_video=False)
    told = tomllib.loads((project / "exports/diffusion-pipe/dataset.toml").read_text("utf-8"))
    shapes = told["ar_buckets"]
    for folder in told["directory"]:
        for mask in sorted(Path(folder.get("mask_path", "none")).glob("*.png")):
            picture = Path(folder["path"]) / mask.name
            with Image.open(picture) as opened:
                ratio = opened.width / opened.height
            shape = min(shapes, key=lambda s: abs(math.log(s / ratio)))
            area = told["resolutions"][0] ** 2
            bucket = round(math.sqrt(area * shape) / 32) * 32, round(math.sqrt(area / shape) / 32) * 32
            ((image, _, laid),) = load((None, str(picture)), str(mask), (*bucket, 1))
            yield picture, mask, image, laid


def laid_rightly(laid: Iterator[Laid]) -> int:
    """Print how well each mask lies on the part of its picture that is trained; 0 if none is off.

    Foretold is that both are scaled and cropped alike, about the middle. `shift`: by how many pixels of the bucket the
    edges of what is hidden are off at most.
    """
    import numpy as np
    from PIL import Image, ImageOps

    off, known = 0, set()
    for picture, mask, image, seen in laid:
        if picture in known:  # it comes up more than once in an epoch
            continue
        known.add(picture)
        high, wide = image.shape[-2:]
        assert tuple(seen.shape) == (high, wide), f"{mask}: {tuple(seen.shape)}, its picture is {(high, wide)}"
        with Image.open(mask) as opened:
            wanted = np.asarray(ImageOps.fit(opened.convert("L"), (wide, high), Image.Resampling.BILINEAR)) < 128
        told = np.asarray(seen.float()) < 0.5
        if not wanted.any() and not told.any():
            continue
        both, either = (wanted & told).sum(), (wanted | told).sum()
        edges = [
            abs(int(np.flatnonzero(a.any(axis=n))[e]) - int(np.flatnonzero(b.any(axis=n))[e]))
            for a, b in ((wanted, told),)
            for n in (0, 1)
            for e in (0, -1)
        ]
        off += both < 0.9 * either
        print(f"{picture.name} {wide}x{high}: overlap {both / either:.2f}, shift {max(edges)}")
    print(f"{len(known)} masks, {off} off by more than a tenth")
    return int(off > 0 or not known)


def kohya(project: Path) -> tuple[int, Counter[Any]]:
    """Build its datasets, whose buckets are made with them."""
    training, measuring = _of_kohya(project)
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
    if trainer.endswith("-masks"):
        kohyas = trainer.startswith("kohya")
        return laid_rightly(kohya_masks(project) if kohyas else diffusion_pipe_masks(project, Path(source)))
    plan = foretold(project, trainer)
    wrong = 0
    if trainer in ("ai-toolkit", "diffusion-pipe"):
        load = ai_toolkit if trainer == "ai-toolkit" else diffusion_pipe
        steps, looks, captions = load(project, Path(source), int(rest[0]) if rest else 16)
        results = {trainer: (steps, looks)}
        wrong = all_captions(project, captions)
    elif trainer == "kohya":
        results = {"dataset_config.toml": kohya(project)}
    else:
        forms = ("dataset_config.toml", "dataset_config_jsonl.toml")
        results = {name: musubi(project, rest[0], name) for name in forms}
    wanted = plan["length"]["steps_per_epoch"]
    for name, (steps, looks) in results.items():
        print(f"{name}: {steps} steps an epoch, foretold {wanted}; {dict(sorted(looks.items()))}")
    return 0 if all(steps == wanted for steps, _ in results.values()) and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
