"""What a file is for is seen by its name and its content, and asked where the two do not agree."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from loraprep.core import findings
from loraprep.core.findings import Code
from loraprep.core.records import Image as Record
from loraprep.project.decisions import Decisions, Entry
from loraprep.scan import audit, roles, scan
from tests import pictures, trees
from tests.runs import AUTO, append, run
from tests.scenes import project
from tests.trees import kohya, mask, picture, put


def seen(root: Path, **options: object) -> dict[str, Record]:
    return {i.path: i for i in scan.scan(root, root.parent, **options).images}  # type: ignore[arg-type]


def training(found: dict[str, Record]) -> list[str]:
    return [path for path, i in found.items() if i.state == "image"]


def test_of_a_kohya_tree_only_its_pictures_train(tmp_path: Path) -> None:
    found = seen(trees.around(kohya(tmp_path / "images")))
    assert training(found) == [f"img/10_x woman/{name}.png" for name in "abcd"]
    assert roles.counted(i for i in found.values() if not i.path.endswith(".txt")) == {
        "regularization": 3, "sample": 2, "cache": 1, "bin": 3, "thumbnail": 2,
    }  # fmt: skip
    assert found["reg/1_woman/p.txt"].reason == "words of what does not train"
    assert not [i for i in found.values() if i.state == "image" and i.role], "nothing is asked"
    (finding,) = [f for f in audit._roles(list(found.values()), "images") if f.code == Code.ROLES]
    assert "`dataset.regularization` in project.yaml, such as images/reg/1_woman." in findings.fix(finding)


@pytest.mark.parametrize(("name", "who"), [
    ("x_e000004_00_20240101120000_42.png", "kohya"), ("e000010_02_20240101120000.png", "kohya"),
    ("x_000100_01_20240101120000.png", "kohya"), ("1727012345678__000000250_0.jpg", "ai-toolkit"),
    ("2024-05-01_10-11-12-training-sample-100-2-0.png", "OneTrainer"), ("step_500_woman_0_1024x1024.png", "SimpleTuner"),
])  # fmt: skip
def test_each_trainers_samples_are_known_by_their_names_wherever_they_lie(tmp_path: Path, name: str, who: str) -> None:
    root = tmp_path / "images"
    for folder in ("", "out/", "samples/"):
        picture(root, folder + name, (512, 768))
    picture(root, "pier.png")
    found = seen(root)
    assert training(found) == ["pier.png"]
    assert who in found[name].reason
    assert {i.role for i in found.values()} == {"", "sample"}


def test_what_is_called_like_a_sample_and_has_another_size_is_asked(tmp_path: Path) -> None:
    picture(tmp_path / "images", "1727012345678__000000250_0.jpg", (517, 389))
    picture(tmp_path / "images", "1672531200123_1.jpg", (1023, 767))  # as sites call their photos
    found = seen(tmp_path / "images")
    assert [(i.state, i.role) for i in found.values()] == [("image", ""), ("image", "sample")]
    asked = audit.role_questions(list(found.values()))
    assert [(q.key, q.entry["recommended"]) for q in asked] == [("1727012345678__000000250_0.jpg", "keep")]


MASKS = ["a-masklabel.png", "a_mask.png", "a-mask.png", "masks/a.png", "Masks/a.png", "mask/a_mask.png"]


@pytest.mark.parametrize("name", MASKS)
def test_a_mask_is_used_as_the_mask_of_its_picture(tmp_path: Path, name: str) -> None:
    root = tmp_path / "images"
    picture(root, "a.png")
    picture(root, "b.png")
    mask(root, name)
    found = seen(root)
    assert training(found) == ["a.png", "b.png"]
    assert (found["a.png"].mask, found["b.png"].mask) == (f"images/{name}", "")
    assert found["a.png"].mask_digest == found[name].digest


def test_the_projects_own_mask_comes_first(tmp_path: Path) -> None:
    picture(tmp_path / "images", "a.png")
    mask(tmp_path / "images", "a_mask.png")
    mask(tmp_path, "masks/a.png")
    assert seen(tmp_path / "images")["a.png"].mask == "masks/a.png"


def test_venetian_masks_are_asked_once_and_train_unless_a_person_says_else(tmp_path: Path) -> None:
    root = tmp_path / "images"
    for n in range(3):
        picture(root, f"masks/venice{n}.png", seed=n + 1)
    images = list(seen(root).values())
    (question,) = audit.role_questions(images)
    assert question.key == "masks/venice0.png"
    assert list(question.digests) == [f"masks/venice{n}.png" for n in range(3)]
    assert "3 pictures in masks are named like masks: in colour, as no mask is" in question.entry["what"]
    named = {i.path: i.role for i in images}
    fates = audit.outcome([question], Decisions(), auto=False, roles_of=named)
    assert {(f.fate, f.open) for f in fates.values()} == {("kept", True)}
    said = Decisions(entries={question.key: Entry(question.key, {"do": "remove"}, {}, touched=True)})
    fates = audit.outcome([question], said, auto=False, roles_of=named)
    assert {(f.fate, f.why) for f in fates.values()} == {("left out", "mask by its name")}


def test_black_and_white_photographs_in_masks_are_asked_too(tmp_path: Path) -> None:
    grey = pictures.scene(400, 300, seed=4).convert("L")
    put(tmp_path / "images", "masks/carnival.png", pictures.png(grey))
    (question,) = audit.role_questions(list(seen(tmp_path / "images").values()))
    assert question.entry["recommended"] == "keep"


def test_a_mask_without_a_picture_is_a_mask_among_masks(tmp_path: Path) -> None:
    root = tmp_path / "images"
    for name in "abc":
        picture(root, f"{name}.png")
        mask(root, f"masks/{name}.png")
    mask(root, "masks/gone.png")
    found = seen(root)
    assert training(found) == ["a.png", "b.png", "c.png"]
    assert found["masks/gone.png"].reason == "among masks"


def test_images_roles_settles_it_either_way(tmp_path: Path) -> None:
    root = tmp_path / "images"
    picture(root, "pier.png")
    picture(root, "masks/venice.png", seed=5)
    picture(root, "samples/x_e000004_00_20240101120000_42.png", (512, 512))
    picture(root, "#recycle/old.png")
    picture(root, "#recycle/older.png")
    mask(root, "cut/pier.png")
    given = {"samples/**": "train", "masks/**": "train", "#recycle/old.png": "train", "cut": "mask"}
    found = seen(root, roles=given)
    assert not [i for i in found.values() if i.state == "image" and i.role]
    assert training(found) == [
        "#recycle/old.png", "masks/venice.png", "pier.png", "samples/x_e000004_00_20240101120000_42.png"
    ]  # fmt: skip
    assert found["pier.png"].mask == "images/cut/pier.png"
    assert found["#recycle"].holds == 1


def test_thumbnails_and_control_pictures_are_told_by_the_picture_they_belong_to(tmp_path: Path) -> None:
    root = tmp_path / "images"
    picture(root, "a.png", seed=2)
    picture(root, "a_thumb.png", (160, 128), seed=2)
    picture(root, "thumbs/a.png", (160, 128), seed=2)
    picture(root, "a-condlabel.png", seed=9)
    picture(root, "control/a.png", seed=9)
    picture(root, "b_thumb.png", seed=3)  # of nothing: a picture of a thumb
    found = seen(root)
    assert training(found) == ["a.png", "b_thumb.png"]
    assert Counter(i.role for i in found.values() if i.state == "ignored") == {"thumbnail": 2, "control": 2}
    assert found["b_thumb.png"].role == "thumbnail"


def test_regularization_is_told_by_what_lies_beside_it_else_asked(tmp_path: Path) -> None:
    root = tmp_path / "images"
    picture(root, "a.png", seed=2)
    picture(root, "reg/w.png", seed=3)
    (question,) = audit.role_questions(list(seen(root).values()))
    assert (question.key, question.entry["recommended"]) == ("reg/w.png", "remove")
    named = seen(root, regularization="reg")
    assert named["reg/w.png"].role == "regularization"
    assert not audit.role_questions(list(named.values()))
    stream = io.BytesIO()
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("parameters", "a woman\nSteps: 20, Sampler: Euler a")
    pictures.scene(512, 512, seed=3).save(stream, "PNG", pnginfo=info)
    put(root, "reg/w.png", stream.getvalue())
    assert seen(root)["reg/w.png"].reason == "a generator made it"


def test_a_style_of_pictures_under_usual_names_is_no_role(tmp_path: Path) -> None:
    root = tmp_path / "images"
    names = ["unmask.png", "samplers.png", "regatta/boat.png", "controlled.png", "masked ball.png", "thumbelina.jpg"]
    for name in names:
        picture(root, name)
    assert training(seen(root)) == sorted(names)


def test_clips_are_declined_in_one_line_with_their_words(tmp_path: Path) -> None:
    root = tmp_path / "images"
    put(root, "one.mp4", trees.FILM)
    put(root, "one.txt", "a walk")
    put(root, "two.webm", b"\x1a\x45\xdf\xa3" + b"\0" * 40)
    put(root, "three.mov", "no film at all")
    found = seen(root)
    assert {p: (i.state, i.role or i.code) for p, i in found.items()} == {
        "one.mp4": ("ignored", "clip"), "one.txt": ("ignored", "clip"), "two.webm": ("ignored", "clip"),
        "three.mov": ("rejected", "unsupported"),
    }  # fmt: skip
    (finding,) = [f for f in audit._roles(list(found.values()), "images") if f.code == Code.CLIPS]
    assert findings.sentence(finding) == "2 clips are no pictures and are left to others: one.mp4 and two.webm."
    assert "PySceneDetect" in findings.fix(finding)
    assert "ffmpeg" in findings.fix(finding)


def test_a_name_is_judged_in_linear_time() -> None:
    for name in ("_" * 200_000, "1" * 200_000, "a_e" * 60_000, "step_1_" * 40_000, "-mask" * 40_000):
        roles.by_name(f"{name}.png")


@pytest.mark.run
def test_what_leaves_by_its_role_is_counted_in_the_report_and_masks_are_trained_with(tmp_path: Path) -> None:
    root = project(tmp_path / "mystyle", 12)
    append("project.yaml", AUTO + "dataset: {repeats: 10, trainers: [onetrainer]}\n")(root)
    with Image.open(root / "images/scene-01.jpg") as first:
        mask(root, "images/scene-01_mask.png", first.size)
    picture(root, "images/samples/x_e000004_00_20240101120000_42.png", (512, 512))
    picture(root, "images/#recycle/old.png")
    code, output = run(root, "dataset")
    assert code == 0, output
    report = (root / "dataset-report.md").read_text("utf-8")
    assert "(by role: 1 mask, 1 sample of a trainer, 1 picture in a bin)" in report
    (made,) = (root / "dataset").rglob("scene-01-masklabel.png")
    with Image.open(made) as drawn:
        assert drawn.getextrema() == (0, 255)
    code, output = run(root, "verify")
    assert code == 0, output
