"""Held-out pictures: which they are, never one whose copy or variant trains, and what trainers are told of them."""

import itertools
import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from loraprep.core.findings import Code
from loraprep.core.records import Fate, Group, Image, Pair
from loraprep.dataset import held_out
from loraprep.project import profiles
from loraprep.trainers import naming
from loraprep.trainers.trainer import TrainingFolder, trainer_module
from tests import scenes
from tests.exported import TRAINERS, dataset
from tests.runs import AUTO, append, run


def found(number: int) -> list[Image]:
    return [Image(f"p{n:02}.jpg", "image", digest=f"{n:064x}") for n in range(number)]


def fates(images: list[Image]) -> list[Fate]:
    return [Fate(image.path, "kept", "") for image in images]


def group(*paths: str) -> Group:
    pairs = tuple(Pair(a, b, "variant", 0.9) for a, b in itertools.pairwise(paths))
    return Group(tuple(sorted(paths)), "variant", paths[0], "", paths, pairs)


def held(chosen: list[Fate]) -> list[str]:
    return [fate.path for fate in chosen if fate.fate == "held out"]


@pytest.mark.parametrize(("share", "number", "wanted"), [("5%", 40, 2), ("5%", 9, 1), ("10%", 26, 3), ("50%", 4, 2)])
def test_a_share_is_as_many_as_come_nearest_and_at_least_one(share: str, number: int, wanted: int) -> None:
    images = found(number)
    assert len(held(held_out.hold_out(fates(images), images, [], share))) == wanted


def test_the_choice_is_of_the_digest_and_not_of_names_or_order() -> None:
    images = found(30)
    renamed = [Image(f"x/{image.path}", "image", digest=image.digest) for image in reversed(images)]
    first = held(held_out.hold_out(fates(images), images, [], "20%"))
    again = held(held_out.hold_out(fates(renamed), renamed, [], "20%"))
    assert sorted(f"x/{path}" for path in first) == sorted(again)


def test_one_more_picture_changes_the_choice_by_one_at_most() -> None:
    images = found(60)
    for number in range(20, 60):
        before = set(held(held_out.hold_out(fates(images[:number]), images[:number], [], "10%")))
        after = set(held(held_out.hold_out(fates(images[: number + 1]), images[: number + 1], [], "10%")))
        assert len(before - after) <= 1


@pytest.mark.parametrize("share", ["5%", "10%", "25%", "50%"])
def test_copies_variants_and_details_stay_on_one_side(share: str) -> None:
    images = [*found(24), Image("p03.jpg#face", "image", digest="f" * 64, of="p03.jpg")]
    groups = [group("p00.jpg", "p01.jpg"), group("p03.jpg", "p04.jpg", "p05.jpg"), group("p10.jpg", "p11.jpg")]
    scenes_ = [*(set(g.pictures) for g in groups), {"p03.jpg", "p03.jpg#face"}]
    away = set(held(held_out.hold_out(fates(images), images, groups, share)))
    assert 1 <= len(away) <= round(int(share[:-1]) / 100 * 25)
    assert all(scene <= away or not scene & away for scene in scenes_)


def test_two_variants_of_a_copy_that_left_are_one_scene() -> None:
    images = found(20)
    kept = [Fate(i.path, "left out" if i.path == "p01.jpg" else "kept", "") for i in images]
    chosen = held_out.hold_out(kept, images, [group("p00.jpg", "p01.jpg", "p02.jpg")], ["p00.jpg"])
    assert held(chosen) == ["p00.jpg", "p02.jpg"]
    assert [fate.why for fate in chosen if fate.fate == "held out"] == [
        "named in dataset.validation",
        "held out with p00.jpg, which shows the same",
    ]
    assert [f.code for f in held_out.findings_of(chosen, ["p00.jpg"])] == [Code.HELD_OUT_ALONG]


def test_a_set_of_one_scene_holds_nothing_out_and_says_so() -> None:
    images = found(3)
    chosen = held_out.hold_out(fates(images), images, [group("p00.jpg", "p01.jpg", "p02.jpg")], "50%")
    assert held(chosen) == []
    assert [f.code for f in held_out.findings_of(chosen, "50%")] == [Code.HELD_OUT_NONE]


def test_what_leaves_is_never_held_out() -> None:
    images = found(2)
    gone = [Fate("p00.jpg", "left out", "a copy"), Fate("p01.jpg", "kept", "")]
    assert held(held_out.hold_out(gone, images, [], ["*.jpg"])) == ["p01.jpg"]


def test_folders_of_held_out_pictures_have_no_repeats_in_front() -> None:
    assert naming.held_out_folder("mystyle") == "mystyle-held-out"
    assert naming.held_out_folder("10_cat") == "cat-10-held-out"
    assert naming.holds_out("mystyle-held-out")
    assert not naming.holds_out("4_mystyle-held-out")  # a group of that name


HELD = TrainingFolder("mystyle-held-out", "/ws/dataset/mystyle-held-out", 1, 1)


def exported(trainer: str) -> dict[str, str]:
    captions = {"10_mystyle/pier.png": "myst_7, a pier", "mystyle-held-out/mill.png": "myst_7, a mill"}
    return trainer_module(trainer).config_files(dataset(trainer, held_out=[HELD], captions=captions))


def test_kohya_splits_off_the_whole_folder_with_a_seed_and_never_trains_it() -> None:
    sets: list[dict[str, Any]] = tomllib.loads(exported("kohya")["dataset_config.toml"])["datasets"]
    *trained, last = sets
    assert not any(HELD.path == s["image_dir"] for d in trained for s in d["subsets"])
    assert [s["image_dir"] for s in last["subsets"]] == [HELD.path]
    assert (last["validation_split"], last["validation_seed"], last["resolution"]) == (1.0, 0, 1024)
    assert not any("validation_split" in s for s in last["subsets"])  # kohya stops for one there
    assert not any("validation_split" in d for d in trained)


def test_ai_toolkit_gets_a_list_of_pictures_with_their_captions() -> None:
    process = yaml.safe_load(exported("ai-toolkit")["datasets.yaml"])["config"]["process"][0]
    assert HELD.path not in [each["folder_path"] for each in process["datasets"]]
    assert process["train"]["validation_config"] == {
        "validation_items": [{"image_path": f"{HELD.path}/mill.png", "prompt": "myst_7, a mill"}],
        "resolution": 1024,
    }


def test_onetrainer_simpletuner_and_diffusion_pipe_get_them_in_their_own_form() -> None:
    concepts = json.loads(exported("onetrainer")["concepts.json"])
    assert [c["path"] for c in concepts if c["type"] == "VALIDATION"] == [HELD.path]
    assert HELD.path not in [c["path"] for c in concepts if c["type"] != "VALIDATION"]
    entries = json.loads(exported("simpletuner")["multidatabackend.json"])
    assert [e["instance_data_dir"] for e in entries if e["dataset_type"] == "eval"] == [HELD.path]
    assert HELD.path not in [e.get("instance_data_dir") for e in entries if e["dataset_type"] != "eval"]
    written = exported("diffusion-pipe")
    assert [d["path"] for d in tomllib.loads(written["held-out.toml"])["directory"]] == [HELD.path]
    assert HELD.path not in [d["path"] for d in tomllib.loads(written["dataset.toml"])["directory"]]


@pytest.mark.parametrize("trainer", [name for name in TRAINERS if not profiles.trainer(name).validation])
def test_a_trainer_that_cannot_measure_never_sees_them_and_it_is_said(trainer: str) -> None:
    assert "mill" not in "".join(exported(trainer).values())
    chosen = [Fate("a.jpg", "held out", "")]
    title = profiles.trainer(trainer).title
    assert [f.code for f in held_out.unread(chosen, {title: ""})] == [Code.HELD_OUT_UNREAD]
    assert held_out.unread(chosen, {title: "so"}) == []


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = scenes.project(tmp_path_factory.mktemp("held") / "mystyle", 12)
    append("project.yaml", AUTO + "dataset: {steps: 900, epochs: 10, trainers: [kohya, huggingface]}\n")(root)
    code, output = run(root, "export")
    assert code == 0, output
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return root


def plans(root: Path) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = json.loads((root / "build/placements.json").read_text("utf-8"))["plans"]
    return made


@pytest.mark.run
def test_from_the_setting_to_the_folder_and_back(built: Path) -> None:
    """Steps are of what trains; the summary, the lock, verify and diff know what is held out; null undoes it all."""
    before = plans(built)[0]["length"]
    project = built / "project.yaml"
    text = project.read_text("utf-8")
    project.write_text(text.replace("dataset: {", "dataset: {validation: [scene-03.jpg, scene-07.jpg], "), "utf-8")
    code, output = run(built, "verify")
    assert code == 1
    assert "was trained and would be held out (2)" in output, output
    code, output = run(built, "export")
    assert code == 0, output
    after = plans(built)[0]["length"]
    trained = {p["path"] for p in plans(built)[0]["placed"]}
    assert len(trained) == 10
    assert not {"scene-03.jpg", "scene-07.jpg"} & trained
    # of 900 steps in 10 epochs: 12 pictures 8 times each, 10 pictures 9 times each
    assert (before["steps_per_epoch"], after["steps_per_epoch"]) == (96, 90)
    lock = json.loads((built / "dataset.lock.json").read_text("utf-8"))
    folder = lock["folders"]["mystyle-held-out"]
    assert (folder["images"], folder["held_out"], folder["seen"]) == (2, True, 0)
    assert all("held_out" not in f for name, f in lock["folders"].items() if name != "mystyle-held-out")
    assert lock["repeats"] == 9
    assert sorted(p.name for p in (built / "dataset/mystyle-held-out").iterdir()) == [
        "scene-03.png", "scene-03.txt", "scene-07.png", "scene-07.txt"]  # fmt: skip
    report = (built / "dataset-report.md").read_text("utf-8")
    assert "10 in training. Of 24 files found: 10 in training, 2 held out, 12 captions." in report
    assert "Hugging Face ImageFolder has no use for held-out pictures: 2 are left out of the training there" in report
    code, output = run(built, "verify")
    assert code == 0, output
    code, output = run(built, "diff", "HEAD")
    assert "2 pictures are no longer in training:" in output
    assert "scene-03.jpg (held out: named in dataset.validation; your decision)" in output, output
    project.write_text(text, "utf-8")
    code, output = run(built, "export")
    assert code == 0, output
    assert not (built / "dataset/mystyle-held-out").exists()
    assert plans(built)[0]["length"] == before


@pytest.mark.run
def test_a_name_that_no_picture_has_stops_gate1_and_a_wrong_share_is_refused(built: Path, tmp_path: Path) -> None:
    project = built / "project.yaml"
    text = project.read_text("utf-8")
    try:
        project.write_text(text.replace("dataset: {", "dataset: {validation: [scene-0x.jpg], "), "utf-8")
        code, output = run(built, "gate1")
        assert code == 1
        assert 'project.yaml, dataset.validation: "scene-0x.jpg"' in output, output
        project.write_text(text.replace("dataset: {", "dataset: {validation: 80%, "), "utf-8")
        code, output = run(built, "gate1")
        assert code != 0
        assert "A share of the pictures, 1% to 50%." in output, output
        project.write_text(text.replace("dataset: {", "dataset: {validation: [../x.jpg], "), "utf-8")
        code, output = run(built, "gate1")
        assert code != 0
        assert "leaves the images folder" in output, output
    finally:
        project.write_text(text, "utf-8")
