"""`loraprep init --from TREE`: what is taken over of each trainer's tree, with counts, what is named, what is refused."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from loraprep.__main__ import main
from loraprep.core import files
from loraprep.trainers.takeover import reader
from tests import trained
from tests.runs import run
from tests.trees import picture, put


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(*flags: str) -> int:
    return main(["init", "mine", "--kind", "style", "--no-input", *flags])


def found(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def project(root: Path) -> dict[str, Any]:
    said: dict[str, Any] = yaml.safe_load((root / "mine/project.yaml").read_text("utf-8"))
    return said


def stamps(folder: Path) -> dict[str, tuple[int, str]]:
    return {p: ((folder / p).stat().st_mtime_ns, files.sha256(folder / p)) for p in found(folder)}


@pytest.mark.parametrize(
    "make",
    [trained.kohya_folders, trained.kohya_toml, trained.onetrainer, trained.ai_toolkit, trained.huggingface],
    ids=lambda make: make.__name__,
)
def test_the_tree_itself_is_only_read(make: Callable[[Path], Path], here: Path) -> None:
    make(here / "tree")
    before = stamps(here / "tree")
    assert init("--from", "tree", "--model", "flux") == 0
    assert stamps(here / "tree") == before


def test_kohyas_folders(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained.kohya_folders(here / "tree")
    assert init("--from", "tree", "--model", "sdxl") == 0
    said = capsys.readouterr().out.replace("\n", " ")
    assert "Taken over: 5 pictures, 5 captions, 2 regularization pictures from kohya sd-scripts's tree/." in said
    assert "img/loose/, which has no repeats in its name, so that kohya passes it over" in said
    assert "log/" in said
    assert "meta_cap.json (if it holds captions, put it into images/)" in said
    top = here / "mine/images"
    assert found(top) == [
        *(f"10_emberveil woman/{n}{s}" for n in "abc" for s in (".png", ".txt")),
        *(f"4_hands/{n}{s}" for n in "de" for s in (".png", ".txt")),
    ]
    assert found(here / "mine/reg") == ["p.png", "p.txt", "q.png", "q.txt"]
    assert project(here)["dataset"]["regularization"] == "reg"
    assert (project(here)["trigger"], project(here)["dataset"]["trainers"]) == ("emberveil", ["kohya"])


def test_kohyas_toml(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained.kohya_toml(here / "tree")
    assert init("--from", "tree", "--model", "flux") == 0
    said = capsys.readouterr().out.replace("\n", " ")
    assert (
        "Taken over: 4 pictures, 6 captions, 4 masks, 3 regularization pictures, 2 held-out pictures from kohya" in said
    ), said
    assert "flip_aug = true (datasets 2)" in said
    assert "1 file of words in ink/, which kohya sd-scripts does not read there (it reads .cap)" in said
    assert "image_dir says /workspace/run 7/data/ink, which is read as data/ink" in said
    assert found(here / "mine/images") == [
        *(f"6_ink/{n}{s}" for n in "abcd" for s in (".png", ".txt")),
        *(f"validation/{n}{s}" for n in "xy" for s in (".png", ".txt")),
    ]
    assert (here / "mine/images/6_ink/a.txt").read_text("utf-8") == "emberveil, a hill 0\n"
    assert found(here / "mine/masks") == [f"6_ink/{n}.png" for n in "abcd"]
    dataset = project(here)["dataset"]
    assert {k: dataset[k] for k in ("batch_size", "sizes", "regularization", "validation")} == {
        "batch_size": 2, "sizes": [512, 768], "regularization": "reg", "validation": ["validation/**"]}  # fmt: skip


def test_onetrainers_concepts(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained.onetrainer(here / "tree")
    assert init("--from", "tree", "--model", "sdxl") == 0
    said = capsys.readouterr().out.replace("\n", " ")
    assert "Taken over: 5 pictures, 6 captions, 1 mask, 2 regularization pictures, 1 held-out picture" in said
    for left in ("1 control picture", "enable_random_flip of", "balancing = 0.5 of half", "away, which is turned off"):
        assert left in said
    assert found(here / "mine/images") == [
        *(f"1_half/{n}{s}" for n in "de" for s in (".png", ".txt")),
        *(f"5_ink/{n}{s}" for n in "abc" for s in (".png", ".txt")),
        "validation/x.png", "validation/x.txt"]  # fmt: skip
    assert found(here / "mine/masks") == ["5_ink/a.png"]
    assert project(here)["dataset"]["sizes"] == [512, 768]
    assert project(here)["dataset"]["trainers"] == ["onetrainer"]


def test_a_job_of_ai_toolkits(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained.ai_toolkit(here / "tree")
    assert init("--from", "tree/job.yaml") == 0  # the base model is read too
    said = capsys.readouterr().out.replace("\n", " ")
    assert "Taken over: 4 pictures, 4 captions, 1 mask, 2 regularization pictures from ai-toolkit's tree/." in said
    assert "flip_x = true (datasets 1)" in said
    assert "folder_path says /home/someone/pics, which is read as pics" in said
    assert found(here / "mine/images") == [
        "a.png", "a.txt", "b.png", "b.txt", "c.png", "c.txt", "more/d.png", "more/d.txt"]  # fmt: skip
    assert found(here / "mine/masks") == ["a.png"]
    told = project(here)
    assert (told["model"], told["trigger"], told["dataset"]["trainers"]) == ("flux", "emberveil", ["ai-toolkit"])
    assert (told["dataset"]["steps"], told["dataset"]["sizes"]) == (2400, [512, 768])
    assert told["dataset"]["validation"] == ["c.png"]


def test_a_hugging_face_folder(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained.huggingface(here / "tree")
    assert init("--from", "tree", "--model", "flux") == 0
    said = capsys.readouterr().out.replace("\n", " ")
    assert "Taken over: 4 pictures, 1 list of words from Hugging Face ImageFolder's tree/." in said
    assert "1 row of pictures that are not there (metadata.jsonl: train/gone.png)" in said
    assert found(here / "mine/images") == [
        "metadata.jsonl", "train/a.png", "train/b.png", "train/c.png", "validation/x.png"]  # fmt: skip
    assert project(here)["dataset"]["validation"] == ["validation/**"]


@pytest.mark.run
def test_what_was_taken_over_goes_on_as_words_repeats_masks_and_held_out_pictures(here: Path) -> None:
    trained.kohya_toml(here / "tree", (900, 760))
    code, output = run(here, "init", "mine", "--kind", "style", "--model", "flux", "--no-input", "--from", "tree")
    assert code == 0, output
    code, output = run(here / "mine", "trainers")
    assert code == 0, output
    fates = json.loads((here / "mine/build/selection.json").read_text("utf-8"))["fates"]
    assert sorted(f["path"] for f in fates if f["fate"] == "held out") == ["validation/x.png", "validation/y.png"]
    captions = json.loads((here / "mine/build/captions.json").read_text("utf-8"))["captions"]
    for number, name in enumerate("abcd"):
        assert captions[f"6_ink/{name}.png"]["text"].startswith(f"emberveil, a hill {number}")
    told = json.loads((here / "mine/build/placements.json").read_text("utf-8"))
    assert told["repeats"] == {f"6_ink/{n}.png": 6 for n in "abcd"}
    length = told["plans"][0]["length"]
    # 4 pictures 6 times at 2 sizes, two at once; regularization beside masks has whole repeats: 3 pictures 8 times
    assert length["steps_per_epoch"] == 4 * 6 // 2 * 2 + 3 * 8 // 2 * 2
    images = [json.loads(line) for line in (here / "mine/build/images.jsonl").read_text("utf-8").splitlines()]
    assert sum(image.get("mask", "") != "" for image in images) == 4


@pytest.mark.parametrize(
    ("name", "text", "place", "cause"),
    [
        ("config.toml", "[[datasets]]\nresolution = 512\nbatch_size = = 2\n", "config.toml:3:14", "invalid value"),
        ("config.toml", '[general]\ncaption_extension = ".txt\n', "config.toml:2:", "TOML"),
        ("concepts.json", '[{"path": "a",}]', "concepts.json:1:", "JSON"),
        ("job.yaml", "config:\n  process:\n  - datasets: [\n", "job.yaml:", ""),
        ("job.yaml", "a: &a [1]\nconfig: {process: [{datasets: [*a, *a]}]}\n", "job.yaml:1:", ""),
        ("metadata.jsonl", '{"file_name": "a.png"}\n{"file_name": \n', "metadata.jsonl:2", "JSON"),
    ],
)
def test_what_cannot_be_read_is_named_with_line_and_cause(
    name: str, text: str, place: str, cause: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture(here / "tree", "a.png", trained.SMALL)
    put(here / "tree", name, text)
    assert init("--from", "tree", "--model", "flux") == 3
    said = capsys.readouterr().err
    assert place in said
    assert cause in said
    assert "Traceback" not in said
    assert not (here / "mine").exists()


def test_a_path_that_leads_out_of_the_tree_is_not_followed_and_every_one_is_said(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained.pictures(here, "private/ink", "abc")
    put(
        here / "tree",
        "config.toml",
        f"""\
[[datasets]]
resolution = 512
[[datasets.subsets]]
image_dir = "../private/ink"
[[datasets.subsets]]
image_dir = "{(here / "private/ink").as_posix()}"
[[datasets.subsets]]
image_dir = 7
[[datasets.subsets]]
image_dir = "link"
""",
    )
    if os.name != "nt":
        (here / "tree/link").symlink_to(here / "private/ink", target_is_directory=True)
    assert init("--from", "tree", "--model", "flux") == 3
    said = capsys.readouterr().err
    assert said.count("nothing outside of it is read unasked") == 3
    assert "image_dir names no folder" in said
    assert not (here / "mine").exists()


def test_a_folder_elsewhere_is_read_if_the_person_names_it(here: Path) -> None:
    trained.pictures(here, "paintings/ink", "abc")
    text = f'[[datasets]]\n[[datasets.subsets]]\nimage_dir = "{(here / "paintings/ink").as_posix()}"\nnum_repeats = 3\n'
    put(here / "tree", "config.toml", text)
    assert init("--from", "tree/config.toml", "--model", "flux", "--images", "paintings") == 0
    assert found(here / "mine/images")[:2] == ["3_ink/a.png", "3_ink/a.txt"]


def test_masks_of_a_folder_elsewhere_come_along(here: Path) -> None:
    trained.kohya_toml(here / "tree")
    put(here, "runs/config.toml", (here / "tree/config.toml").read_text("utf-8"))
    assert init("--from", "runs/config.toml", "--model", "flux", "--images", "tree") == 0
    assert found(here / "mine/masks") == [f"6_ink/{n}.png" for n in "abcd"]


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_links_that_lead_out_are_not_copied(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained.kohya_folders(here / "tree")
    put(here, "secret.txt", "nobody's business\n")
    (here / "tree/img/4_hands/e.txt").unlink()
    (here / "tree/img/4_hands/e.txt").symlink_to(here / "secret.txt")
    assert init("--from", "tree", "--model", "flux") == 0
    assert not (here / "mine/images/4_hands/e.txt").exists()
    said = " ".join(capsys.readouterr().out.split())
    assert "links that lead out of 4_hands/ (if they are yours, put the files themselves there): e.txt" in said


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_folder_of_links_alone_gives_nothing_and_says_so(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained.kohya_folders(here / "elsewhere")
    (here / "tree/img/4_hands").mkdir(parents=True)
    for there in sorted((here / "elsewhere/img/4_hands").glob("*.png")):
        (here / "tree/img/4_hands" / there.name).symlink_to(there)
    assert init("--from", "tree", "--model", "flux", "--trigger", "inkhand") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Taken over: nothing from" in said


def test_several_configurations_are_not_guessed_among(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained.kohya_toml(here / "tree")
    shutil.copy(here / "tree/config.toml", here / "tree/other.toml")
    assert init("--from", "tree", "--model", "flux") == 3
    assert "several configurations tell of pictures: config.toml and other.toml" in capsys.readouterr().err
    assert init("--from", "tree/other.toml", "--model", "flux") == 0


@pytest.mark.parametrize("flags", [("--from", "nowhere"), ("--from", "empty"), ("--from", "tree", "--in-place")])
def test_what_is_no_tree_is_refused_with_the_wrong_flags_beside_it(
    flags: tuple[str, ...], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained.kohya_folders(here / "tree")
    (here / "empty").mkdir()
    assert init(*flags, "--model", "flux") == 3
    said = capsys.readouterr().err
    assert ("--from" in said) or ("--in-place" in said) or ("nothing to take over" in said)
    assert not (here / "mine").exists()


def test_a_file_that_stands_beside_a_picture_is_no_configuration(here: Path) -> None:
    trained.huggingface(here / "tree")
    picture(here / "tree", "pier.jpg", trained.SMALL)
    put(here / "tree", "pier.json", '{"tags": [')
    put(here / "tree", "pier.jpg.json", "no JSON")
    assert init("--from", "tree", "--model", "flux") == 0
    assert "pier.jpg" in found(here / "mine/images")


def test_a_wrong_flag_and_a_wrong_tree_are_said_together(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init("--from", "nowhere", "--model", "nosuch") == 3
    said = capsys.readouterr().err
    assert "--from" in said
    assert 'unknown base model "nosuch"' in said


def test_the_project_never_lies_inside_of_the_tree(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained.kohya_folders(here)
    assert init("--from", ".", "--model", "flux") == 3
    assert "the project would lie inside the folder that is taken over" in capsys.readouterr().err


def test_a_training_that_names_its_folders(here: Path) -> None:
    trained.kohya_folders(here / "tree")
    text = (
        '[folders]\ntrain_data_dir = "/ws/img"\nreg_data_dir = "/ws/reg"\n[run]\nmax_train_epochs = 12\n'
        'resolution = "1024,768"\ntrain_batch_size = 4\n'
    )
    put(here / "tree", "run.toml", text)
    tree = reader.read_tree(here / "tree")
    assert [(p.folder.name, p.repeats, p.role) for p in tree.parts] == [
        ("10_emberveil woman", 10, "train"), ("4_hands", 4, "train"), ("1_woman", 0, "regularization")]  # fmt: skip
    assert tree.dataset == {"epochs": 12, "sizes": [887], "batch_size": 4}


def test_a_tree_that_moved_with_parts_that_stayed_behind(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained.pictures(here / "tree", "ink", "abc")
    trained.pictures(here / "tree", "plain", "pq")
    text = """\
[[datasets]]
resolution = 640
[[datasets.subsets]]
image_dir = 'D:\\loras\\ink'
num_repeats = 6
conditioning_data_dir = 'D:\\loras\\masks'
[[datasets.subsets]]
image_dir = "/home/nobody-here/more"
[[datasets]]
resolution = 896
[[datasets.subsets]]
image_dir = "plain"
is_reg = true
"""
    put(here / "tree", "config.toml", text.replace("\\\\", "\\"))
    assert init("--from", "tree", "--model", "flux") == 0
    said = capsys.readouterr().out.replace("\n", " ")
    assert "Taken over: 3 pictures, 3 captions, 2 regularization pictures" in said
    assert "image_dir says D:\\loras\\ink, which is read as ink" in said
    assert "image_dir = /home/nobody-here/more, which is not here" in said
    assert "conditioning_data_dir = D:\\loras\\masks, which is not here" in said
    assert project(here)["dataset"]["sizes"] == [640]  # nothing is trained at that of the regularization pictures


def test_a_tree_of_which_nothing_is_here_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(here, "run/config.toml", "[[datasets]]\n[[datasets.subsets]]\nimage_dir = '/home/nobody-here/ink'\n")
    assert init("--from", "run", "--model", "flux") == 3
    said = capsys.readouterr().err
    assert "config.toml: image_dir: /home/nobody-here/ink is not here" in said
    assert "--images THAT-FOLDER" in said


def test_what_lies_deeper_than_kohya_reads_and_words_that_say_nothing(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.JPG", "b.JPG", "near/c.PNG", "masks/a.png"):
        picture(here / "tree", f"img/10_sks woman/{name}", trained.SMALL)
    put(here / "tree", "img/10_sks woman/a.TXT", "sks woman, red hair")
    put(here / "tree", "img/10_sks woman/b.txt", " \n")
    picture(here / "tree", "img/3_sks woman outdoors/d.jpeg", trained.SMALL)
    put(here / "tree", "img/3_sks woman outdoors/d.txt", "sks woman, a street")
    assert init("--from", "tree", "--model", "sdxl") == 0
    said = capsys.readouterr().out.replace("\n", " ")
    assert "Taken over: 3 pictures, 2 captions, 1 empty caption from" in said
    assert "1 picture in folders below 10_sks woman/, which kohya sd-scripts does not read there" in said
    assert '"sks" as the trigger, which the model knows already: captions still begin with it' in said
    assert project(here)["trigger"] != "sks"
    shutil.rmtree(here / "mine")
    assert init("--from", "tree", "--model", "sdxl", "--trigger", "sks") == 0
    assert "as the trigger" not in capsys.readouterr().out
    assert project(here)["trigger"] == "sks"


def test_two_characters_with_a_trigger_each(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder, word in (("10_one", "mirelva"), ("5_one armor", "mirelva"), ("8_two", "dornak")):
        for name in "ab":
            picture(here / "tree", f"img/{folder}/{name}.png", trained.SMALL)
            put(here / "tree", f"img/{folder}/{name}.txt", f"{word}, standing, {name}")
    assert init("--from", "tree", "--model", "sdxl") == 0
    said = capsys.readouterr().out.replace("\n", " ")
    assert (
        'Not taken over: "mirelva" of 10_one/ and 5_one armor/ and "dornak" of 8_two/ as triggers: a project teaches '
        "one, and these stay in their captions as names; for a trigger each, make a project of each." in said
    )
    assert project(here)["trigger"] not in ("mirelva", "dornak")


def test_splits_in_a_folder_of_their_own(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, split in (("a", "train"), ("sub/b", "train"), ("t", "test")):
        picture(here / "tree", f"data/{split}/{name}.jpg", trained.SMALL)
    put(
        here / "tree",
        "data/train/metadata.jsonl",
        '{"file_name": "a.jpg", "prompt": "a cat"}\n{"file_name": "sub/b.jpg", "prompt": "a dog"}\n',
    )
    put(here / "tree", "data/test/metadata.csv", "file_name,text\nt.jpg,a horse\n")
    assert init("--from", "tree", "--model", "flux") == 0
    assert "Taken over: 3 pictures, 2 lists of words from" in capsys.readouterr().out.replace("\n", " ")
    assert project(here)["dataset"]["validation"] == ["data/test/**"]


def test_concepts_in_onetrainers_own_folder_are_read_from_there_too(here: Path) -> None:
    trained.onetrainer(here / "tree")
    folder = here / "tree/training_concepts"
    folder.mkdir(exist_ok=True)
    for path in (here / "tree").glob("*.json"):
        path.rename(folder / path.name)
    (config,) = folder.glob("*.json")
    assert init("--from", f"tree/training_concepts/{config.name}", "--model", "sdxl") == 0
    assert project(here)["dataset"]["trainers"] == ["onetrainer"]
