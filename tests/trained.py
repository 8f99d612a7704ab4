"""Trees as trainers have them, made by script, to be taken over: each with counts that tests hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.trees import mask, picture, put

SMALL = (96, 80)


def pictures(
    root: Path, folder: str, names: str, suffix: str = ".txt", trigger: str = "emberveil", size: tuple[int, int] = SMALL
) -> None:
    """Write a small picture for each letter, with a caption of its own if there is a suffix."""
    for n, name in enumerate(names):
        picture(root, f"{folder}/{name}.png", size, seed=ord(name))
        if suffix:
            put(root, f"{folder}/{name}{suffix}", f"{trigger}, a hill {n}\n")


def kohya_folders(root: Path) -> Path:
    """Write two folders with repeats, one without any (which kohya passes over), regularization, logs, a list, a cache."""
    pictures(root, "img/10_emberveil woman", "abc")
    pictures(root, "img/4_hands", "de")
    pictures(root, "img/loose", "z")
    pictures(root, "reg/1_woman", "pq", trigger="woman")
    put(root, "log/events.out", b"\0")
    put(root, "meta_cap.json", b"{}")
    put(root, "img/4_hands/d_0096x0080_sdxl.npz", b"PK\3\4")
    return root


def kohya_toml(root: Path, size: tuple[int, int] = SMALL) -> Path:
    """Write a dataset_config.toml: two sizes, masks, regularization, held-out pictures, words in .cap files."""
    pictures(root, "data/ink", "abcd", ".cap", size=size)
    put(root, "data/ink/a.txt", "an older caption\n")
    for name in "abcd":
        mask(root, f"masks/{name}.png", size)
    pictures(root, "data/measure", "xy", ".cap", size=size)
    pictures(root, "data/women", "pqr", ".cap", "woman")
    put(
        root,
        "config.toml",
        """\
[general]
caption_extension = ".cap"
shuffle_caption = true
[[datasets]]
resolution = 512
batch_size = 2
[[datasets.subsets]]
image_dir = "/workspace/run 7/data/ink"
num_repeats = 6
conditioning_data_dir = "masks"
[[datasets]]
resolution = [768, 768]
batch_size = 2
flip_aug = true
[[datasets.subsets]]
image_dir = "data/ink"
num_repeats = 6
[[datasets.subsets]]
image_dir = "data/women"
is_reg = true
[[datasets]]
resolution = 768
batch_size = 2
validation_split = 1.0
[[datasets.subsets]]
image_dir = "data/measure"
""",
    )
    return root


def concept(path: str, **more: Any) -> dict[str, Any]:
    """Make a concept of OneTrainer's as it writes them, with what is said of it."""
    return {"name": path.rpartition("/")[2], "path": path, "enabled": True, "type": "STANDARD", "balancing": 1.0,
            "balancing_strategy": "REPEATS", "loss_weight": 1.0, "include_subdirectories": False,
            "image": {"enable_crop_jitter": True, "enable_random_flip": False},
            "text": {"prompt_source": "sample"}} | more  # fmt: skip


def onetrainer(root: Path) -> Path:
    """Write concepts.json: one folder at two sizes with masks beside, one of reals, one off, a prior, held-out ones."""
    pictures(root, "sets/ink", "abc")
    mask(root, "sets/ink/a-masklabel.png", SMALL)
    mask(root, "sets/ink/b-condlabel.png", SMALL)
    pictures(root, "sets/half", "de")
    pictures(root, "sets/prior", "pq", trigger="woman")
    pictures(root, "sets/measure", "x")

    def sized(size: int) -> dict[str, Any]:
        return {"enable_resolution_override": True, "resolution_override": str(size), "enable_random_flip": True}

    concepts = [
        concept("C:\\runs\\sets\\ink", balancing=5.0, image=sized(512)),
        concept("C:\\runs\\sets\\ink", balancing=5.0, image=sized(768)),
        concept("sets/half", balancing=0.5),
        concept("sets/away", enabled=False),
        concept("sets/prior", type="PRIOR_PREDICTION"),
        concept("sets/measure", type="VALIDATION"),
    ]
    put(root, "training_concepts/concepts.json", json.dumps(concepts))
    return root


def ai_toolkit(root: Path) -> Path:
    """Write a job: a folder with a subfolder and a mask, a trigger, regularization, held-out pictures, an arch."""
    pictures(root, "pics", "abc", trigger="[trigger]")
    pictures(root, "pics/more", "d", trigger="[trigger]")
    mask(root, "loss/a.png", SMALL)
    pictures(root, "class", "pq", trigger="woman")
    put(
        root,
        "job.yaml",
        """\
job: extension
config:
  name: ink
  process:
    - type: sd_trainer
      trigger_word: emberveil
      model: {arch: flux, name_or_path: black-forest-labs/FLUX.1-dev}
      train:
        steps: 2400
        batch_size: 1
        lr: 1e-4
        validation_config:
          validation_items:
            - {image_path: pics/c.png, prompt: "emberveil, a hill 2"}
      datasets:
        - folder_path: /home/someone/pics
          caption_ext: txt
          resolution: [512, 768]
          mask_path: loss
          flip_x: true
        - folder_path: class
          is_reg: true
""",
    )
    return root


def huggingface(root: Path) -> Path:
    """Write two splits with metadata.jsonl at the top; one row's picture is gone."""
    pictures(root, "train", "abc", "")
    pictures(root, "validation", "x", "")
    rows = [{"file_name": f"train/{n}.png", "text": f"emberveil, a hill {n}"} for n in "abc"]
    rows += [{"file_name": "validation/x.png", "text": "emberveil, x"}, {"file_name": "train/gone.png", "text": "no"}]
    put(root, "metadata.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    return root
