"""Sample prompts and start lines: in each base model's form, in each trainer's own file, and no values of loraprep's."""

import json
import re
from typing import Any

import msgspec
import pytest
import yaml

from loraprep.core import resources
from loraprep.core.dataset_lock import DatasetLock, LockedImage
from loraprep.curation.assessment import SamplePrompt
from loraprep.project import profiles
from loraprep.trainers import export, prompts
from loraprep.trainers.plan import CutCaption
from loraprep.trainers.trainer import TrainingFolder, trainer_module
from tests.exported import TRAINERS, dataset

MODELS = resources.names("resources/models")
ASKED = [SamplePrompt("emberveil, a cat on a kitchen table", "new"), SamplePrompt("a cat on a kitchen table", "leak")]


def made(model: str, *before: str) -> list[str]:
    return [prompts.in_form(each.prompt, "emberveil", before, profiles.base_model(model)) for each in ASKED]


def test_prose_stays_as_it_is() -> None:
    assert made("flux") == ["emberveil, a cat on a kitchen table", "a cat on a kitchen table"]


def test_a_model_of_tags_is_asked_in_tags_with_what_stands_before_the_trigger() -> None:
    first, second = made("illustrious", "masterpiece")
    assert first == f"masterpiece, emberveil, {second.removeprefix('masterpiece, ')}"
    assert "cat" in first.split(", ")
    assert not re.search(r"\b(a|on)\b", first)


def test_a_model_of_tags_without_a_list_loses_its_articles() -> None:
    assert made("sdxl") == ["emberveil, cat on kitchen table", "cat on kitchen table"]


def test_a_model_of_json_gets_an_object_with_the_trigger_in_its_first_text() -> None:
    first, second = (json.loads(text) for text in made("ideogram4"))
    bare = {"background": "", "elements": []}  # the verifiers of trainers want it in every object
    assert first == {
        "high_level_description": "emberveil, a cat on a kitchen table",
        "compositional_deconstruction": bare,
    }
    assert second == {"high_level_description": "a cat on a kitchen table", "compositional_deconstruction": bare}


@pytest.mark.parametrize("model", MODELS)
def test_every_model_has_the_trigger_where_it_is_asked_for_and_nowhere_else(model: str) -> None:
    first, second = made(model)
    assert "emberveil" in first
    assert "emberveil" not in second
    assert "\n" not in first + second


def locked(**places: str) -> DatasetLock:
    return DatasetLock({place: LockedImage(path=path) for place, path in places.items()})


def test_captions_of_held_out_pictures_come_first_then_of_those_that_carry_the_set() -> None:
    lock = locked(**{"4_x/a": "a.jpg", "4_x/b": "b.jpg", "4_x/c": "c.jpg", "x-held-out/h": "h.jpg"})
    captions = {f"{place}.png": f"emberveil, {place[-1]}\nemberveil, shorter\n" for place in lock.images}
    model = profiles.base_model("flux")
    got = prompts.sample_prompts(ASKED, lock, captions, ["c.jpg", "a.jpg"], "emberveil", [], model)
    assert [each.prompt for each in got[2:]] == ["emberveil, h", "emberveil, c"]
    assert "h.jpg, which is held out" in got[2].shows
    again = prompts.sample_prompts([*ASKED, *ASKED], lock, captions, ["c.jpg", "a.jpg"], "emberveil", [], model)
    assert again == got  # none twice


NASTY = [
    SamplePrompt('# emberveil, a sign --w 9999 "so"', "a"),
    SamplePrompt("emberveil\n--n nothing", "b"),
    SamplePrompt("emberveil, a hill -- and a mill", "c"),
]


def kohya_reads(text: str) -> list[dict[str, Any]]:
    """Read a file of prompts as sd-scripts' load_prompts and line_to_prompt_dict do."""
    kept = [line.strip() for line in text.splitlines(keepends=True) if line.strip() and line[0] != "#"]
    return [{"prompt": first, **{p.split(" ")[0]: p.split(" ")[1] for p in options}}
            for first, *options in (line.split(" --") for line in kept)]  # fmt: skip


@pytest.mark.parametrize("trainer", ["kohya", "musubi-tuner"])
def test_a_prompt_cannot_become_an_option_or_a_comment(trainer: str) -> None:
    files = trainer_module(trainer).config_files(dataset(trainer, prompts=NASTY))
    got = kohya_reads(files["sample_prompts.txt"])
    more = {"f": "1"} if trainer == "musubi-tuner" else {}
    assert got == [
        {"prompt": '# emberveil, a sign -w 9999 "so"', "w": "1024", "h": "1024", "d": "1", **more},
        {"prompt": "emberveil -n nothing", "w": "1024", "h": "1024", "d": "1", **more},
        {"prompt": "emberveil, a hill - and a mill", "w": "1024", "h": "1024", "d": "1", **more},
    ]


def test_the_others_own_forms() -> None:
    sample = yaml.safe_load(
        trainer_module("ai-toolkit").config_files(dataset("ai-toolkit", prompts=ASKED))["datasets.yaml"]
    )
    said = sample["config"]["process"][0]["sample"]
    assert (said["prompts"], said["width"]) == ([each.prompt for each in ASKED], 1024)
    drawn = json.loads(trainer_module("onetrainer").config_files(dataset("onetrainer", prompts=ASKED))["samples.json"])
    assert [(d["prompt"], d["seed"], d["random_seed"]) for d in drawn] == [(e.prompt, 1, False) for e in ASKED]
    library = trainer_module("simpletuner").config_files(dataset("simpletuner", prompts=ASKED))
    assert list(json.loads(library["user_prompt_library.json"]).values()) == [each.prompt for each in ASKED]


@pytest.mark.parametrize("trainer", TRAINERS)
def test_every_readme_lists_them_and_says_how_or_that_there_are_none(trainer: str) -> None:
    text = export.readme(dataset(trainer, prompts=ASKED), trainer_module(trainer).HOW)
    assert "- `emberveil, a cat on a kitchen table`: new" in text
    none = "draws no samples while it trains" in text
    assert none == (not profiles.trainer(trainer).samples)
    assert "{" not in text.split("## Sample prompts")[1].split("## How")[0].replace('"{', "")
    assert "## Sample prompts" not in export.readme(dataset(trainer), trainer_module(trainer).HOW)


STARTED = [
    (trainer, model)
    for trainer in TRAINERS
    for model in MODELS
    if profiles.trainer(trainer).start and profiles.base_model(model).by(trainer).calls
]


@pytest.mark.parametrize(("trainer", "model"), STARTED)
def test_a_start_names_whose_values_it_has(trainer: str, model: str) -> None:
    base = profiles.base_model(model)
    masked = [TrainingFolder("3_x", "dataset/3_x", 3, 1, masks="dataset/masks/3_x")]
    text = export.readme(dataset(trainer, by=base.by(trainer), model=base.title, folders=masked), "How.")
    assert "## Start" in text
    start = text.split("## Start")[1].split("## How")[0]
    assert not re.search(r"[{}]", start)
    if trainer == "musubi-tuner" and not base.by(trainer).says.get("example"):
        return
    if trainer == "simpletuner":  # it has no values on its line: they stand in its own config.json
        assert re.findall(r"^    (.*)$", start, re.MULTILINE) == ["simpletuner train"]
        return
    assert "'s own example for " in start or " has no example of its own for " in start
    assert re.search(r"loraprep recommends none (of its values )?but the (epochs|steps)", start)
    assert ("--masked_loss" in start) == (trainer == "kohya")


@pytest.mark.parametrize(
    ("longest", "exact", "told"), [(79, True, 150), (151, True, 225), (300, True, 0), (79, False, 0), (0, True, 0)]
)
def test_a_start_of_kohya_reads_long_captions_whole(longest: int, exact: bool, told: int) -> None:
    """library/train_util.py: --max_token_length is 150 or 225, and 75 without it."""
    by, plan = profiles.base_model("sdxl").by("kohya"), dataset("kohya").plan
    cut = msgspec.structs.replace(plan, cut_captions={"a.png": CutCaption(longest, 75, exact)} if longest else {})
    text = export.readme(dataset("kohya", by=by, model="SDXL", plan=cut), "How.")
    (line,) = [line for line in text.splitlines() if line.startswith("    accelerate")]
    assert re.findall(r"--max_token_length (\d+) ", line) == ([str(told)] if told else [])
    assert ("reads them whole" in text) == bool(told)


def test_a_start_of_kohya_is_whole() -> None:
    by = profiles.base_model("chroma").by("kohya")
    text = export.readme(dataset("kohya", by=by, model="Chroma", prompts=ASKED), "How.")
    line = next(line for line in text.splitlines() if line.startswith("    accelerate"))
    for part in (
        "flux_train_network.py", "--model_type chroma --t5xxl T5XXL --ae AE", "--network_module networks.lora_flux",
        "--dataset_config exports/kohya/dataset_config.toml", "--max_train_epochs 5", "--output_name mystyle",
        "--sample_prompts exports/kohya/sample_prompts.txt --sample_every_n_epochs 1",
    ):  # fmt: skip
        assert part in line
    assert "--clip_l" not in line
    assert "From `--network_dim 16` on the values are kohya sd-scripts's own example for FLUX.1;" in text
