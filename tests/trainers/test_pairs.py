"""What each trainer is told of pairs, by the keys that its own source reads."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
import yaml

from loraprep.project import profiles
from loraprep.trainers import export
from loraprep.trainers.plan import TrainingLength, TrainingPlan
from loraprep.trainers.trainer import TrainingFolder, TrainingSet, trainer_module

TOP = "dataset/4_night"


def files(trainer: str, model: str, controls: int = 1) -> dict[str, str]:
    folders = [f"dataset/{name}/4_night" for name in ("control", "control_2", "control_3")[:controls]]
    profile = profiles.trainer(trainer)
    data = TrainingSet(
        name="night", trigger="", before=0, lines=1, class_prompt="change", tags=False, model="X", sizes=[512, 768],
        folders=[TrainingFolder("4_night", TOP, 4, 2, controls=tuple(folders))], regularization=None,
        captions={"4_night/a.png": "make it night", "4_night/b.png": "night falls"}, batch_size=1, enlarge=False,
        plan=TrainingPlan(trainer, [512, 768], [], TrainingLength(5, 72, 360, 150, True, 0), {}, 512), profile=profile,
        by=profiles.base_model(model).by(trainer),
    )  # fmt: skip
    written = trainer_module(trainer).config_files(data)
    return {**written, "README.md": export.readme(data, "HOW")}


MUSUBI = {  # config_utils.py: any other key raises
    "image_directory", "image_jsonl_file", "cache_directory", "control_directory", "no_resize_control",
    "control_resolution", "resolution", "num_repeats",
}  # fmt: skip


@pytest.mark.parametrize(
    ("model", "controls", "more"),
    [
        ("flux-kontext", 1, {}),
        ("qwen-image-edit", 1, {"control_resolution": [1024, 1024]}),
        ("qwen-image-edit-2511", 2, {"control_resolution": [1024, 1024]}),
        ("flux2-dev", 1, {"no_resize_control": True, "control_resolution": [2024, 2024]}),
        ("flux2-klein", 3, {"no_resize_control": True, "control_resolution": [1024, 1024]}),
    ],
)
def test_musubi_tuner(model: str, controls: int, more: dict[str, Any]) -> None:
    made = files("musubi-tuner", model, controls)
    sets = tomllib.loads(made["dataset_config.toml"])["datasets"]
    assert len({one["cache_directory"] for one in sets}) == len(sets) == 2
    for one in sets:
        assert set(one) <= MUSUBI
        assert {key: one[key] for key in ("no_resize_control", "control_resolution") if key in one} == more
        if controls == 1:
            assert (one["image_directory"], one["control_directory"]) == (TOP, "dataset/control/4_night")
        else:  # its folders want numbers in the names: the list names them
            assert one["image_jsonl_file"] == "exports/musubi-tuner/4_night.jsonl"
    assert ("dataset_config_jsonl.toml" in made) == (controls == 1)
    row = json.loads(made["4_night.jsonl"].splitlines()[0])
    keys = ["control_path"] if controls == 1 else [f"control_path_{n}" for n in range(controls)]
    folders = ["control", "control_2", "control_3"][:controls]
    assert row == {
        "image_path": f"{TOP}/a.png",
        "caption": "make it night",
        **{key: f"dataset/{folder}/4_night/a.png" for key, folder in zip(keys, folders, strict=True)},
    }


def test_its_network_and_encoders_are_those_of_the_base_model() -> None:
    start = files("musubi-tuner", "flux-kontext")["README.md"]
    assert "src/musubi_tuner/flux_kontext_train_network.py" in start
    assert "--network_module networks.lora_flux " in start
    assert "--text_encoder1 T5_ENCODER --text_encoder2 TEXT_ENCODER" in start
    assert "networks.lora_qwen_image " in files("musubi-tuner", "qwen-image-edit")["README.md"]


@pytest.mark.parametrize("controls", [1, 3])
def test_ai_toolkit(controls: int) -> None:
    [entry] = yaml.safe_load(files("ai-toolkit", "flux2-dev", controls)["datasets.yaml"])["config"]["process"][0][
        "datasets"
    ]
    wanted = {"control_path": "dataset/control/4_night"}
    if controls == 3:
        names = ("control", "control_2", "control_3")
        wanted = {f"control_path_{n}": f"dataset/{name}/4_night" for n, name in enumerate(names, 1)}
    assert {key: value for key, value in entry.items() if key.startswith("control")} == wanted
    assert entry["folder_path"] == TOP
    assert entry["resolution"] == [512, 768]


@pytest.mark.parametrize("controls", [1, 2])
def test_simpletuner(controls: int) -> None:
    entries = {e["id"]: e for e in json.loads(files("simpletuner", "flux2-dev", controls)["multidatabackend.json"])}
    for size in (512, 768):
        target = entries[f"night-4_night-{size}"]
        assert target["dataset_type"] == "image"
        befores = [entries[name] for name in target["conditioning_data"]]
        assert [b["instance_data_dir"] for b in befores] == [
            "dataset/control/4_night", "dataset/control_2/4_night"
        ][:controls]  # fmt: skip
        for before in befores:
            assert (before["dataset_type"], before["conditioning_type"]) == ("conditioning", "reference_strict")
            same = ("resolution", "resolution_type", "crop", "crop_aspect", "repeats")
            assert [before[key] for key in same] == [target[key] for key in same]
            assert before["caption_strategy"] is None  # absent it is "filename": names instead of instructions
    assert len({e["cache_dir_vae"] for e in entries.values() if "cache_dir_vae" in e}) == 2 * (1 + controls)


def test_diffusion_pipe() -> None:
    [directory] = tomllib.loads(files("diffusion-pipe", "flux-kontext")["dataset.toml"])["directory"]
    assert directory == {"path": TOP, "num_repeats": 4, "control_path": "dataset/control/4_night"}


def test_the_readme_says_where_they_are() -> None:
    said = "- The pictures before the change, under the names of those after: dataset/control/4_night."
    assert said in files("diffusion-pipe", "flux-kontext")["README.md"]
    assert "before the change" not in files("diffusion-pipe", "flux-kontext", 0)["README.md"]
