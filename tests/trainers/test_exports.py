"""The trainers' own files: compared whole with committed ones, read back by a parser, and the same anywhere."""

import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import yaml
from PIL import Image as Pillow

from loraprep.captions import tokens
from loraprep.core import findings
from loraprep.core.dataset_lock import DatasetLock, LockedImage
from loraprep.core.errors import UserError
from loraprep.core.records import Caption, Fate, Grade, Image
from loraprep.project import profiles, schema
from loraprep.project.settings import complete_settings
from loraprep.project.sizes import trained_sizes
from loraprep.report import trainer_section
from loraprep.trainers import export, forecast, kohya, onetrainer
from loraprep.trainers.plan import CutCaption, TrainingPlan
from loraprep.trainers.trainer import TrainingFolder, TrainingSet, trainer_module
from tests import ROOT, pictures
from tests.examples import clone
from tests.exported import TRAINERS, dataset
from tests.runs import run
from tests.scenes import remember

GOLDEN = ROOT / "tests/golden/exports"


def test_tags_before_the_trigger_are_guarded_with_it() -> None:
    text = kohya.config_files(dataset("kohya", before=2))["dataset_config.toml"]
    assert "keep_tokens = 3 # what stands before the trigger, and the trigger\n" in text
    concepts = onetrainer.config_files(dataset("onetrainer", before=2))
    assert '"keep_tags_count": 3' in "".join(concepts.values())


def test_every_profile_has_its_writer_and_no_other() -> None:
    modules = {p.stem for p in Path(export.__file__).parent.glob("*.py") if "\nHOW = " in p.read_text("utf-8")}
    assert modules == {name.replace("-", "_") for name in TRAINERS}


def test_project_yaml_knows_exactly_these_trainers() -> None:
    allowed = schema.schema("project")["properties"]["dataset"]["properties"]["trainers"]["items"]["enum"]
    assert sorted(allowed) == TRAINERS


@pytest.mark.parametrize("trainer", TRAINERS)
def test_the_files_are_the_committed_ones(trainer: str, tmp_path: Path) -> None:
    written = export.write_exports(tmp_path, {trainer: dataset(trainer)})
    made = {path: (tmp_path / path).read_text("utf-8") for path in written}
    wanted = {f"exports/{p.relative_to(GOLDEN).as_posix()}": p.read_text("utf-8")
              for p in sorted((GOLDEN / trainer).iterdir())}  # fmt: skip
    assert made == wanted


def parsed(trainer: str, data: TrainingSet) -> Any:
    files = trainer_module(trainer).config_files(data)
    ((name, text),) = files.items()
    match name.rpartition(".")[2]:
        case "toml":
            return tomllib.loads(text)
        case "yaml":
            return yaml.safe_load(text)
        case "jsonl":
            return [json.loads(line) for line in text.splitlines()]
        case _:
            return json.loads(text)


def test_kohya_has_a_dataset_for_each_size_and_keys_it_knows() -> None:
    known = {
        "general": {"enable_bucket", "caption_extension", "shuffle_caption", "keep_tokens", "flip_aug"},
        "datasets": {"resolution", "batch_size", "min_bucket_reso", "max_bucket_reso", "bucket_reso_steps",
                     "bucket_no_upscale", "subsets"},
        "subsets": {"image_dir", "num_repeats", "class_tokens", "is_reg"},
    }  # fmt: skip
    config = parsed("kohya", dataset("kohya"))
    assert set(config) == {"general", "datasets"}
    assert set(config["general"]) <= known["general"]
    assert [d["resolution"] for d in config["datasets"]] == [512, 768, 1024]
    for one in config["datasets"]:
        assert set(one) <= known["datasets"]
        assert one["min_bucket_reso"] <= one["resolution"] <= one["max_bucket_reso"]
        assert one["min_bucket_reso"] % 64 == one["max_bucket_reso"] % 64 == 0
        assert [s["num_repeats"] for s in one["subsets"]] == [10, 3, 1]
        assert [s.get("is_reg", False) for s in one["subsets"]] == [False, False, True]
        assert all(set(s) <= known["subsets"] for s in one["subsets"])


@pytest.mark.parametrize("trainer", ["kohya", "ai-toolkit", "onetrainer"])
def test_nothing_is_mirrored_and_the_trigger_stays_first(trainer: str) -> None:
    config = parsed(trainer, dataset(trainer))
    if trainer == "kohya":
        assert config["general"]["flip_aug"] is False
        assert (config["general"]["shuffle_caption"], config["general"]["keep_tokens"]) == (True, 1)
        assert not any("dropout" in key for key in config["general"])
    elif trainer == "ai-toolkit":
        for entry in config["config"]["process"][0]["datasets"]:
            assert entry["flip_x"] is False
            assert entry["shuffle_tokens"] is False  # it would move the trigger, whatever keep_tokens says
    else:
        for concept in config:
            assert not any(on for key, on in concept["image"].items() if "flip" in key or "jitter" in key)
            assert concept["text"]["keep_tags_count"] == 1


def test_onetrainer_has_a_concept_for_each_size_with_a_cache_of_its_own() -> None:
    """With latents cached one concept of three sizes trains each picture at one of them for ever."""
    concepts = parsed("onetrainer", dataset("onetrainer"))
    sizes = [c["image"]["resolution_override"] for c in concepts]
    assert sizes == ["512"] * 2 + ["768"] * 2 + ["1024"] * 2 + ["512", "768", "1024"]
    assert len({c["seed"] for c in concepts}) == len(concepts)  # path and seed are the key of its cache
    assert {c["balancing"] for c in concepts if c["name"].startswith("10_")} == {10.0}
    (one,) = {c["name"] for c in parsed("onetrainer", dataset("onetrainer", sizes=[1024])) if "10_" in c["name"]}
    assert one == "10_mystyle"


def test_musubi_tuner_is_told_keys_it_knows_in_both_forms() -> None:
    """Any other key raises: config_utils.ConfigSanitizer. Each dataset has a cache of its own, or it raises as well."""
    files = trainer_module("musubi-tuner").config_files(dataset("musubi-tuner", above="/workspace/mystyle/"))
    known = {"resolution", "num_repeats", "cache_directory"}
    general = {"enable_bucket", "bucket_no_upscale", "batch_size"}
    folders, lists = (tomllib.loads(files[f"dataset_config{form}.toml"]) for form in ("", "_jsonl"))
    assert set(folders["general"]) == {*general, "caption_extension"}
    assert set(lists["general"]) == general
    for config, source in ((folders, "image_directory"), (lists, "image_jsonl_file")):
        assert [d["resolution"] for d in config["datasets"]] == [[n, n] for n in (512, 768, 1024) for _ in range(2)]
        assert all(set(d) == {*known, source} for d in config["datasets"])
        caches = [d["cache_directory"] for d in config["datasets"]]
        assert len(set(caches)) == len(caches)
        assert caches[0] == "/workspace/mystyle/exports/musubi-tuner/cache/10_mystyle-512"
    assert lists["datasets"][0]["image_jsonl_file"] == "/workspace/mystyle/exports/musubi-tuner/10_mystyle.jsonl"
    lines = [json.loads(line) for line in files["10_mystyle.jsonl"].splitlines()]
    assert lines[1] == {"image_path": "/workspace/mystyle/dataset/10_mystyle/pier.png", "caption": "myst_7, a pier"}


def test_the_start_of_musubi_tuner_names_whose_values_it_has() -> None:
    model = profiles.base_model("qwen-image")
    made = dataset("musubi-tuner", by=model.by("musubi-tuner"), model=model.title)
    text = export.readme(made, trainer_module("musubi-tuner").HOW)
    assert "    python src/musubi_tuner/qwen_image_cache_latents.py --dataset_config exports/musubi-tuner/" in text
    assert text.count("--model_version original") == 3
    assert "--max_train_epochs 5 " in text
    assert "From `--timestep_sampling shift` on the values are musubi-tuner's own example for Qwen-Image;" in text


def test_prose_is_never_shuffled() -> None:
    assert parsed("kohya", dataset("kohya", tags=False))["general"]["shuffle_caption"] is False
    assert not any(c["text"]["enable_tag_shuffling"] for c in parsed("onetrainer", dataset("onetrainer", tags=False)))


def test_simpletuner_counts_extra_repeats_and_never_deletes() -> None:
    entries = parsed("simpletuner", dataset("simpletuner"))
    assert [e["repeats"] for e in entries if "repeats" in e] == [9, 9, 9, 2, 2, 2, 0, 0, 0]
    assert len({e["id"] for e in entries}) == len(entries)
    assert all(
        str(e.get("cache_dir_vae", e.get("cache_dir"))).startswith("exports/simpletuner/cache/") for e in entries
    )
    assert [e for e in entries if e["dataset_type"] == "text_embeds" and e["default"]] == entries[-1:]
    assert not any(key.startswith("delete") for e in entries for key in e)


def test_masks_reach_every_trainer_that_learns_by_them() -> None:
    folders = [
        TrainingFolder("10_a", "dataset/10_a", 10, 2),
        TrainingFolder("5_b", "dataset/5_b", 5, 1, "dataset/masks/5_b", "dataset/onetrainer/5_b"),
    ]
    kohya = parsed("kohya", dataset("kohya", folders=folders, sizes=[1024]))["datasets"]
    assert not any("is_reg" in s for d in kohya for s in d["subsets"])  # beside masks it would never be trained
    assert [[(s["image_dir"], s.get("conditioning_data_dir", "")) for s in d["subsets"]] for d in kohya] == [
        [("dataset/10_a", ""), ("/workspace/mystyle/reg", "")], [("dataset/5_b", "exports/kohya/masks/1024/5_b")],
    ]  # fmt: skip
    assert "class_tokens" not in kohya[1]["subsets"][0]  # kohya refuses it beside masks
    process = parsed("ai-toolkit", dataset("ai-toolkit", folders=folders))["config"]["process"][0]
    assert [d.get("mask_path") for d in process["datasets"]] == [None, "dataset/masks/5_b", None]
    pipe = parsed("diffusion-pipe", dataset("diffusion-pipe", folders=folders))
    assert [d.get("mask_path") for d in pipe["directory"]] == [None, "dataset/masks/5_b"]
    assert [c["path"] for c in parsed("onetrainer", dataset("onetrainer", folders=folders))][:2] == [
        "dataset/10_a", "dataset/onetrainer/5_b",
    ]  # fmt: skip
    tuner = {e["id"]: e for e in parsed("simpletuner", dataset("simpletuner", folders=folders, sizes=[1024]))}
    assert tuner["mystyle-5_b-1024"]["conditioning_data"] == "mystyle-5_b-1024-masks"
    masks = tuner["mystyle-5_b-1024-masks"]
    assert (masks["conditioning_type"], masks["instance_data_dir"]) == ("mask", "dataset/masks/5_b")
    assert masks["caption_strategy"] is None  # with "textfile" it looks for captions of masks, and stops at the first


def test_masks_are_cut_for_each_bucket_of_a_trainer_that_stretches_them(tmp_path: Path) -> None:
    folders = [TrainingFolder("5_b", "/up/dataset/5_b", 5, 2, "/up/dataset/masks/5_b")]
    told = dataset("kohya", folders=folders, sizes=[512, 1024], above="/up/", enlarge=True, regularization=None,
                   captions={"5_b/pier.png": "abc, a pier", "5_b/tall.png": "abc, a tower"})  # fmt: skip
    with pytest.raises(UserError) as refused:
        export.write_exports(tmp_path, {"kohya": told})
    assert str(refused.value) == (
        "dataset/masks/5_b/pier.png: this mask is missing or damaged\n    Run loraprep dataset.\n"
        "dataset/masks/5_b/tall.png: this mask is missing or damaged\n    Run loraprep dataset."
    )
    (tmp_path / "dataset/masks/5_b").mkdir(parents=True)
    hidden = {"pier": (600, 40, 900, 240), "tall": (100, 500, 300, 800)}
    for name, size in (("pier", (1300, 700)), ("tall", (801, 1203))):
        mask = Pillow.new("L", size, 255)
        mask.paste(0, hidden[name])
        mask.save(tmp_path / f"dataset/masks/5_b/{name}.png")
    export.write_exports(tmp_path, {"kohya": told})
    sets = tomllib.loads((tmp_path / "exports/kohya/dataset_config.toml").read_text("utf-8"))["datasets"]
    assert [d["subsets"][0]["conditioning_data_dir"] for d in sets] == [
        f"/up/exports/kohya/masks/{size}/5_b" for size in (512, 1024)
    ]
    for size in (512, 1024):
        for name, shape in (("pier", (1300, 700)), ("tall", (801, 1203))):
            with Pillow.open(tmp_path / f"exports/kohya/masks/{size}/5_b/{name}.png") as opened:
                cut = np.asarray(opened)
            fit = kohya.bucket_fit(*shape, size, 64, True)
            assert fit is not None
            assert cut.shape == shape[::-1]  # kohya stops at any other
            (left, top, right, bottom), (x0, y0, x1, y1) = hidden[name], fit.box
            across, down = shape[0] / (x1 - x0), shape[1] / (y1 - y0)
            rows, columns = (np.flatnonzero((cut < 128).any(axis=n)) for n in (1, 0))
            found = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
            wanted = [(left - x0) * across, (top - y0) * down, (right - x0) * across, (bottom - y0) * down]
            assert np.abs(np.array(found) - wanted).max() <= 1
    export.write_exports(tmp_path, {"kohya": dataset("kohya")})
    assert not (tmp_path / "exports/kohya/masks").exists()


def test_odd_paths_survive_every_format() -> None:
    odd = 'C:\\Users\\Zoë "Z"\\art\\dataset\\10_mystyle'
    folders = [TrainingFolder("10_mystyle", odd, 10, 2)]
    assert parsed("kohya", dataset("kohya", folders=folders))["datasets"][0]["subsets"][0]["image_dir"] == odd
    assert parsed("diffusion-pipe", dataset("diffusion-pipe", folders=folders))["directory"][0]["path"] == odd
    process = parsed("ai-toolkit", dataset("ai-toolkit", folders=folders))["config"]["process"][0]
    assert process["datasets"][0]["folder_path"] == odd
    assert parsed("onetrainer", dataset("onetrainer", folders=folders))[0]["path"] == odd
    assert parsed("simpletuner", dataset("simpletuner", folders=folders))[0]["instance_data_dir"] == odd


def test_a_trainer_taken_off_the_list_takes_its_files_along(tmp_path: Path) -> None:
    export.write_exports(tmp_path, {name: dataset(name) for name in ("kohya", "onetrainer")})
    (tmp_path / "exports/onetrainer/mine").mkdir()
    written = export.write_exports(tmp_path, {"kohya": dataset("kohya")})
    assert written == ["exports/kohya/README.md", "exports/kohya/dataset_config.toml"]
    assert [p.name for p in (tmp_path / "exports/onetrainer").iterdir()] == ["mine"]


# The whole way, on the brushwork example with every trainer.


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = clone("brushwork", tmp_path_factory.mktemp("exports") / "first", "exports")
    text = (root / "project.yaml").read_text("utf-8")
    assert "trainers: [kohya, ai-toolkit]\n" in text
    text = text.replace("[kohya, ai-toolkit]", f"[{', '.join(profiles.trainers_of('flux'))}]")
    (root / "project.yaml").write_text(f"{text}thresholds:\n  placement: {{cut: 0.1}}\n", "utf-8")
    code, output = run(root, "dataset", "export")
    assert code == 0, output
    start = (root / "exports/kohya/README.md").read_text("utf-8").partition("## Start\n\n    ")[2].partition("\n")[0]
    assert start.startswith("accelerate launch ")
    told = f"Next, kohya (exports/kohya/README.md; fill in the words in capitals):\n  {start}\n"
    assert told in output
    assert told in run(root)[1]  # where the project stands
    return root


def texts(root: Path) -> dict[str, str]:
    return {p.relative_to(root).as_posix(): p.read_text("utf-8") for p in sorted((root / "exports").rglob("*.*"))}


@pytest.mark.run
def test_the_same_files_in_another_folder_and_none_knows_where_it_was_made(built: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    shutil.copytree(built, other, ignore=shutil.ignore_patterns("build", ".doit*", "dataset", "exports"),
                    copy_function=shutil.copyfile)  # fmt: skip
    remember(built, other)
    code, output = run(other, "export", fresh=True)  # builds what it needs by itself
    assert code == 0, output
    assert texts(other) == texts(built)
    assert not any(str(built.parent) in text or str(other) in text for text in texts(other).values())


@pytest.mark.run
def test_a_second_run_does_nothing_and_a_lost_folder_comes_back(built: Path) -> None:
    before = texts(built)
    code, output = run(built, "export")
    assert code == 0
    assert "export: " not in output.replace("exports/", "")
    shutil.rmtree(built / "exports/kohya")
    code, output = run(built, "export")
    assert code == 0
    assert texts(built) == before


@pytest.mark.run
def test_every_trainer_sees_each_picture_as_often(built: Path) -> None:
    stored = json.loads((built / "build/placements.json").read_text("utf-8"))
    plans = msgspec.convert(stored["plans"], list[TrainingPlan])
    assert {p.trainer: (p.length.epochs, p.length.steps, p.length.seen) for p in plans} == {
        "kohya": (5, 1575, 45), "ai-toolkit": (5, 1575, 45), "simpletuner": (5, 1575, 45),
        "diffusion-pipe": (5, 1575, 45), "onetrainer": (5, 1575, 45), "huggingface": (45, 1305, 45),
    }  # fmt: skip


@pytest.mark.run
def test_the_built_folder_passes_its_own_check(built: Path) -> None:
    code, output = run(built, "check", "dataset")
    assert code == 0, output
    asked = "ai-toolkit, diffusion-pipe, kohya sd-scripts, OneTrainer, SimpleTuner"  # the project's, not musubi-tuner
    assert output.endswith(f"29 pictures checked for {asked}: nothing to mend.\n")


@pytest.mark.run
def test_large_crops_are_a_finding_and_drawn(built: Path) -> None:
    report = (built / "dataset-report.md").read_text("utf-8")
    assert "A trainer's crop would cut more than 10 % off 4 pictures, up to 12 % (kohya sd-scripts at 512)" in report
    assert "- `birches.jpg` ![birches](report/crops/birches.png)" in report
    drawn = sorted(p.name for p in (built / "report/crops").iterdir())
    assert drawn == ["birches.png", "cafe.png", "robin.png", "sunflowers.png"]
    assert "| 1024 | 1152x896 | 1: `mountains.jpg`, alone in its shape |" in report


@pytest.mark.run
def test_a_missing_regularization_folder_is_said(built: Path, tmp_path: Path) -> None:
    root = tmp_path / "reg"
    shutil.copytree(built, root)
    path = root / "project.yaml"
    path.write_text(path.read_text("utf-8").replace("dataset:\n", "dataset:\n  regularization: reg\n"), "utf-8")
    code, output = run(root, "export")
    assert code == 1
    assert 'project.yaml: dataset.regularization: there are no pictures in "reg"' in output
    assert "Put regularization pictures into that folder, or write null." in output
    assert '! There are no pictures in "reg", which dataset.regularization names.' in run(root, "gate1", "-v")[1]
    path.write_text(path.read_text("utf-8").replace("regularization: reg", "regularization: ../reg"), "utf-8")
    assert 'dataset.regularization: "../reg" leaves the project' in run(root, "export")[1]
    (root / "reg").mkdir()
    for number in range(3):
        (root / f"reg/{number}.png").write_bytes(pictures.png())
    path.write_text(path.read_text("utf-8").replace("regularization: ../reg", "regularization: reg"), "utf-8")
    code, output = run(root, "export")
    assert code == 0, output
    report = (root / "dataset-report.md").read_text("utf-8")
    assert "Your regularization pictures come up about as often as yours in ai-toolkit, kohya sd-scripts, OneTrainer " \
           "and SimpleTuner. Their steps are counted in" in report  # fmt: skip
    assert "steps: 3150" in (root / "exports/ai-toolkit/datasets.yaml").read_text("utf-8")
    assert run(root, "gate1")[0] == 0
    said = 'No caption stands beside 0.png, 1.png and 2.png in "reg", and ai-toolkit, OneTrainer and SimpleTuner take'
    report = (root / "dataset-report.md").read_text("utf-8")
    assert said in report.replace("\\", "").replace("`", "")
    for number in range(3):
        (root / f"reg/{number}.txt").write_text("painting\n", "utf-8")
    assert run(root, "gate1")[0] == 0
    assert "No caption stands beside" not in (report := (root / "dataset-report.md").read_text("utf-8"))
    assert "lies in" not in report
    trained = sorted((root / "images").glob("*.*"))[0]
    shutil.copy(trained, root / "reg/3.png")
    (root / "reg/3.txt").write_text("painting\n", "utf-8")
    assert run(root, "gate1")[0] == 0
    report = (root / "dataset-report.md").read_text("utf-8").replace("\\", "").replace("`", "")
    assert f'{trained.name} trains, and lies in "reg", too.' in report
    assert '"balancing": 35.0' in (root / "exports/onetrainer/concepts.json").read_text("utf-8")  # 105 looks of yours
    shutil.rmtree(root / "reg")
    assert "there are no pictures in" in run(root, "export")[1]  # a folder that changes is noticed


@pytest.mark.run
def test_no_export_under_no_go(tmp_path: Path) -> None:
    root = clone("nogo", tmp_path / "nogo", "exports")
    code, output = run(root, "export")
    assert code == 1
    assert "NO-GO" in output
    assert not (root / "exports").exists()
    assert not (root / "dataset").exists()


# What each trainer will do, in numbers.


LONG = "abc, a hill, " + "tall poplar trees, " * 18 + "wide view"  # 79 tokens of CLIP


def planned(
    trainer: str,
    shapes: dict[str, tuple[int, int]],
    repeats: int = 1,
    *,
    base: str = "sdxl",
    caption: str = LONG,
    extra: list[tuple[int, int]] | None = None,
    **chosen: Any,
) -> tuple[TrainingPlan, list[Any]]:
    config = schema.with_defaults({"version": 1, "name": "x", "model": base, "trigger": "abc",
                                   "intent": {"kind": "style"}, "dataset": chosen}, "project")  # fmt: skip
    model, profile, told = profiles.base_model(base), profiles.trainer(trainer), complete_settings(config)
    encoder = model.encoder.name
    found = [Image(path, "image", width=w, height=h) for path, (w, h) in shapes.items()]
    fates = [Fate(path, "kept", "") for path in shapes]
    words = {path: Caption(path, caption, "tags", "draft", Grade.DESCRIBED, tokens.count(caption, encoder), 225,
                           exact=tokens.exact(encoder)) for path in list(shapes)[:1]}  # fmt: skip
    times = dict.fromkeys(shapes, repeats)
    pictures = forecast.training_pictures(found, fates, words, times, trained_sizes(told, model)[-1])
    plan = forecast.training_plan(trainer, profile, pictures, told, model, extra or [])
    return plan, forecast.training_findings([plan], {trainer: profile}, told, model)


@pytest.mark.parametrize(("captions", "shuffled"), [
    (("abc, 1girl, red hair, smile", "abc, 1girl, hat, night"), True),
    (("abc, a king on a throne between banners, a wounded man kneels before him",
      "abc, a white statue of a king with a raised sword, a temple behind it"), False),
    (("abc, 1girl, red hair, smile", "abc, a king on a throne between banners, a wounded man kneels before him"), True),
    (("abc", "abc"), True),  # one piece: there is nothing to shuffle
])  # fmt: skip
def test_only_tags_are_shuffled_whatever_the_base_model_reads(captions: tuple[str, ...], shuffled: bool) -> None:
    config = schema.with_defaults({"version": 1, "name": "x", "model": "sdxl", "trigger": "abc",
                                   "intent": {"kind": "style"}}, "project")  # fmt: skip
    plan, _ = planned("kohya", {"0.png": (1024, 1024), "1.png": (1024, 1024)})
    lock = DatasetLock({f"4_x/{n}": LockedImage(path=f"{n}.png") for n in range(len(captions))})
    made = export.training_set(
        Path(), lock, plan, profiles.trainer("kohya"), complete_settings(config), profiles.base_model("sdxl"), "x",
        captions={f"4_x/{n}": caption for n, caption in enumerate(captions)},
    )  # fmt: skip
    assert made.tags is shuffled


def test_33_pictures_in_batches_bucket_by_bucket() -> None:
    shapes = {f"{n}.png": (1024, 1024) for n in range(30)} | {f"w{n}.png": (1920, 1080) for n in range(3)}
    plan, _ = planned("kohya", shapes, batch_size=4, epochs=10)
    assert (plan.length.steps_per_epoch, plan.length.steps) == (8 + 1, 90)
    plan, _ = planned("diffusion-pipe", shapes, batch_size=4, epochs=10)
    assert plan.length.steps_per_epoch == 7 + 0  # it throws away what does not fill a batch


def test_a_lonely_bucket_is_named_when_it_matters() -> None:
    shapes = {f"{n}.png": (1024, 1024) for n in range(8)} | {"wide.png": (1920, 1080)}
    assert "bucket-lonely" not in {f.code for f in planned("kohya", shapes)[1]}
    (lonely,) = [f for f in planned("kohya", shapes, batch_size=2)[1] if f.code == "bucket-lonely"]
    assert lonely.images == ("wide.png",)
    (dropped,) = [f for f in planned("onetrainer", shapes, batch_size=2)[1] if f.code == "bucket-dropped"]
    assert dropped.images == ("wide.png",)
    assert not [f for f in planned("onetrainer", shapes, repeats=2, batch_size=2)[1] if f.code == "bucket-dropped"]


def test_pictures_of_one_shape_that_fill_no_batch_together_are_named() -> None:
    shapes = {f"{n}.png": (1024, 1024) for n in range(8)} | {f"w{n}.png": (1920, 1080) for n in range(3)}
    for trainer, code in (
        ("onetrainer", "bucket-dropped"),
        ("diffusion-pipe", "bucket-dropped"),
        ("simpletuner", "bucket-stops"),
    ):
        plan, found = planned(trainer, shapes, batch_size=4)
        assert plan.unfilled == ["w0.png", "w1.png", "w2.png"]
        assert [f.images for f in found if f.code == code] == [("w0.png", "w1.png", "w2.png")]
        assert not planned(trainer, shapes, repeats=2, batch_size=4)[0].unfilled  # six of them: one batch at least
        assert not planned(trainer, shapes)[0].unfilled
    assert not planned("kohya", shapes, batch_size=4)[0].unfilled  # it trains what is left as a smaller batch
    assert findings.severity("bucket-stops", {}) == "block"


def test_simpletuner_has_datasets_of_their_own_for_folders() -> None:
    """Its samplers never mix two folders in a batch, so that each has to fill its own."""
    plan, _ = planned(
        "simpletuner", {f"{n}.png": (1024, 1024) for n in range(3)}, 3, batch_size=2, extra=[(1024, 1024)]
    )
    assert plan.length.exact
    assert plan.length.steps_per_epoch == 5 + 5  # ceil(9 / 2) of yours, and as many of regularization


@pytest.mark.parametrize(("trainer", "own", "reg", "batch", "repeats", "steps"), [
    ("kohya", {"": (33, (1024, 1024))}, [(1024, 1024)] * 4, 1, 1, 66),  # as kohya's own loader was seen to do
    ("kohya", {"": (33, (1024, 1024))}, [(1920, 1080)] * 4, 4, 1, 9 + 9),  # in a bucket of their own
    ("kohya", {"": (3, (1024, 1024))}, [(1024, 1024)] * 9, 1, 2, 12),  # more than it needs: six are used
    ("kohya", {"": (3, (1024, 1024))}, [(1024, 1024)] * 4, 4, 2, 3),  # 6 + 2 + 2 + 1 + 1 in batches of 4
    ("ai-toolkit", {"": (33, (1024, 1024))}, [(1920, 1080)] * 4, 4, 1, 18),  # every second step is theirs
    ("onetrainer", {"": (33, (1024, 1024))}, [(1024, 1024)] * 4, 1, 1, 33 + 4 * 8),
    ("simpletuner", {"": (33, (1024, 1024))}, [(1024, 1024)] * 4, 1, 2, 66 + 4 * 16),
    ("diffusion-pipe", {"": (33, (1024, 1024))}, [(1024, 1024)] * 4, 1, 1, 33),
    ("musubi-tuner", {"": (33, (1024, 1024))}, [(1024, 1024)] * 4, 1, 1, 33),
    ("huggingface", {"": (33, (1024, 1024))}, [(1024, 1024)] * 4, 1, 1, 33),
])  # fmt: skip
def test_regularization_pictures_are_counted_as_each_trainer_shows_them(
    trainer: str, own: dict[str, tuple[int, Any]], reg: list[tuple[int, int]], batch: int, repeats: int, steps: int
) -> None:
    shapes = {f"{n}.png": size for count, size in own.values() for n in range(count)}
    alone = planned(trainer, shapes, repeats, batch_size=batch)[0].length
    length = planned(trainer, shapes, repeats, batch_size=batch, extra=reg)[0].length
    assert length.steps_per_epoch == steps
    assert length.steps == steps * length.epochs
    assert (length.epochs, length.seen) == (alone.epochs, alone.seen)  # yours are seen as often as without
    assert bool(length.regularization) == (steps > alone.steps_per_epoch)


def test_regularization_at_three_sizes_is_repeated_to_match() -> None:
    shapes = {f"{n}.png": (1024, 1024) for n in range(20)}
    plan, _ = planned("kohya", shapes, 3, base="flux", extra=[(1024, 1024)] * 7)
    assert plan.length.steps_per_epoch == 3 * (60 + 60)
    tuner, _ = planned("simpletuner", shapes, 3, base="flux", extra=[(1024, 1024)] * 7)
    assert (tuner.length.regularization, tuner.length.steps_per_epoch) == (9, 3 * (60 + 63))


def test_masks_and_regularization_are_counted_as_kohya_trains_them() -> None:
    """Its own loader: 14 pictures, 4 regularization, two sizes, batches of two, with masks or without: 392 steps."""
    shapes = [(900, 700)] * 5 + [(1024, 1024)] * 3 + [(640, 640)] * 2 + [(700, 1100)] * 2 + [(1500, 1000), (1600, 900)]
    config = schema.with_defaults({"version": 1, "name": "x", "model": "sdxl", "trigger": "abc",
                                   "intent": {"kind": "style"}, "dataset": {"batch_size": 2, "sizes": [512, 768]}},
                                  "project")  # fmt: skip
    config["dataset"]["trainers"] = ["kohya"]
    model, profile, told = profiles.base_model("sdxl"), profiles.trainer("kohya"), complete_settings(config)
    for masked, repeats in ((True, 49), (False, 1)):
        own = [forecast.TrainingPicture(f"{n}.png", size, 14, None, "14_x", masked) for n, size in enumerate(shapes)]
        plan = forecast.training_plan("kohya", profile, own, told, model, [(800, 800)] * 4)
        assert plan.length.steps_per_epoch == 392
        assert plan.length.regularization == repeats


def test_each_folder_fills_batches_of_its_own_in_musubi_tuner() -> None:
    config = schema.with_defaults({"version": 1, "name": "x", "model": "z-image", "trigger": "abc",
                                   "intent": {"kind": "style"}, "dataset": {"batch_size": 4}}, "project")  # fmt: skip
    told, model = complete_settings(config), profiles.base_model("z-image")
    assert told.dataset.trainers == ("musubi-tuner",)
    own = [forecast.TrainingPicture(f"{n}.png", (1024, 1024), 1, None, f"1_{n % 2}") for n in range(6)]
    plan = forecast.training_plan("musubi-tuner", profiles.trainer("musubi-tuner"), own, told, model)
    assert plan.length.steps_per_epoch == 2  # three and three, where six together would have filled one and a half


def test_pictures_on_several_backgrounds_are_counted_alike_everywhere() -> None:
    """46 pictures on 3 backgrounds in 15 epochs: 138 a epoch, 2,070 steps, also where a trainer has no repeats."""
    told = complete_settings(schema.with_defaults(
        {"version": 1, "name": "x", "model": "sd15", "trigger": "abc", "intent": {"kind": "style"},
         "dataset": {"trainers": ["kohya", "huggingface"], "steps": 1500, "epochs": 15}}, "project"))  # fmt: skip
    paths = [f"{n}.png" for n in range(46)]
    own = [forecast.TrainingPicture(path, (512, 512), 3, None, "1_x", copies=3) for path in paths]
    named = {name: profiles.trainer(name) for name in told.dataset.trainers}
    plans = [forecast.training_plan(name, each, own, told, profiles.base_model("sd15")) for name, each in named.items()]
    assert {plan.length.steps for plan in plans} == {2070}
    assert {plan.length.epochs for plan in plans} == {15}
    lines = trainer_section.trainer_section(plans, named, dict.fromkeys(paths, 3), [], told, dict.fromkeys(paths, 3))
    said = "\n".join(lines)
    assert "46 pictures on 3 backgrounds = 138: each of these is seen about 15 times in the whole training" in said
    assert "| kohya sd-scripts | 512 | 1 | 15 | 138 | 2070 | 15 times |" in said
    assert (
        "asks for 1500 steps, and 138 pictures once in each of 15 epochs are more. With `epochs: 11` it comes" in said
    )


def test_a_caption_that_a_trainer_cuts_is_quoted() -> None:
    two = {"a.png": (1024, 1024), "b.png": (1024, 1024)}
    plan, found = planned("kohya", two)
    assert plan.cut_captions == {"a.png": CutCaption(79, 75, True, "trees, wide view")}
    assert [(f.code, f.values["trainers"], f.values["read"]) for f in found] == [
        ("caption-cut", "kohya sd-scripts", 75)
    ]
    assert msgspec.json.decode(msgspec.json.encode(plan), type=TrainingPlan) == plan
    assert planned("kohya", two, caption="abc, a hill")[0].cut_captions == {}


@pytest.mark.parametrize(("base", "read"), [
    ("sdxl", {"kohya": 75, "ai-toolkit": 75, "onetrainer": 75, "simpletuner": 75, "diffusion-pipe": 75, "musubi-tuner": 75,
              "huggingface": 75}),
    ("flux", {"kohya": 512, "ai-toolkit": 512, "onetrainer": 77, "simpletuner": 512, "diffusion-pipe": 512, "musubi-tuner": 512,
              "huggingface": 512}),
    ("sd35", {"kohya": 256, "ai-toolkit": 256, "onetrainer": 77, "simpletuner": 154, "diffusion-pipe": 256, "musubi-tuner": 256,
              "huggingface": 256}),
    ("qwen-image", {"kohya": 512, "ai-toolkit": 512, "onetrainer": 512, "simpletuner": 512, "diffusion-pipe": 1024, "musubi-tuner": 1024,
                    "huggingface": 512}),
])  # fmt: skip
def test_what_each_trainer_reads_of_a_caption(base: str, read: dict[str, int]) -> None:
    assert {name: planned(name, {"a.png": (1024, 1024)}, base=base)[0].reads for name in TRAINERS} == read


def test_where_tokens_are_not_known_it_is_a_note_that_says_so() -> None:
    plan, found = planned("onetrainer", {"a.png": (1024, 1024)}, base="flux")
    (cut,) = plan.cut_captions.values()
    assert (cut.read, cut.exact, cut.lost) == (77, False, "")
    (note,) = [f for f in found if f.code.startswith("caption")]
    assert note.code == "caption-may-be-cut"
    assert findings.severity(note.code, {}) == "note"
    assert findings.sentence(note) == (
        "OneTrainer reads 77 tokens of a caption unless told otherwise; that of a.png may be longer."
    )


def test_trainers_that_cut_alike_are_named_together() -> None:
    one, two = (planned(name, {"a.png": (1024, 1024)})[0] for name in ("kohya", "simpletuner"))
    config = schema.with_defaults({"version": 1, "name": "x", "model": "sdxl", "trigger": "abc",
                                   "intent": {"kind": "style"}}, "project")  # fmt: skip
    both = {name: profiles.trainer(name) for name in ("kohya", "simpletuner")}
    model = profiles.base_model("sdxl")
    (found,) = forecast.training_findings([one, two], both, complete_settings(config), model)
    assert findings.sentence(found) == (
        "kohya sd-scripts and SimpleTuner read 75 tokens of a caption unless told otherwise; that of a.png is longer."
    )


def test_a_picture_without_a_bucket_is_named() -> None:
    plan, found = planned("kohya", {"a.png": (40, 30), "b.png": (1024, 1024)}, enlarge=False)
    assert [p.bucket for p in plan.placed] == [None, (1024, 1024)]
    assert [(f.code, f.images) for f in found if f.code == "no-bucket"] == [("no-bucket", ("a.png",))]


@pytest.mark.parametrize(("trainer", "fits"), [("kohya", False), ("onetrainer", False), ("ai-toolkit", True)])
def test_a_strip_blown_up_to_fill_a_bucket_has_none(trainer: str, fits: bool) -> None:
    """ai-toolkit makes a bucket of the picture's own shape; the others fill theirs with a twentieth of it."""
    _, found = planned(trainer, {"long.png": (4000, 60), "b.png": (1024, 1024)})
    assert [f.images for f in found if f.code == "no-bucket"] == ([] if fits else [("long.png",)])
    assert findings.severity(findings.Code.NO_BUCKET, {}) == "block"
