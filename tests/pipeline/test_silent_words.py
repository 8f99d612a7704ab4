"""Words of a person that nobody would have heard: whole runs over a small project."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from loraprep.core import findings
from tests import scenes
from tests.runs import AUTO, answer, run

pytestmark = pytest.mark.run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight pictures with captions, a smaller copy, a byte copy without words and three specks."""
    root = scenes.project(tmp_path_factory.mktemp("words") / "p", 8)
    images = root / "images"
    Image.open(images / "scene-00.jpg").resize((320, 280)).save(images / "small-00.jpg", quality=80)
    shutil.copyfile(images / "scene-01.jpg", images / "x.jpg")
    for side in (1, 8, 64):
        scenes.scene(50 + side, side, side).save(images / f"speck-{side}.png")
    (root / "project.yaml").write_text(scenes.SETTINGS + "captioning: {captioner: existing}\n", "utf-8")
    assert run(root, "gate1")[0] == 1
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "p"))


def verdict(root: Path) -> dict[str, Any]:
    return dict(json.loads((root / "build/gate1.json").read_text("utf-8")))


def said(root: Path, code: str) -> str:
    return " ".join(r["sentence"] for r in verdict(root)["reasons"] if r["code"] == code)


def asked(root: Path, kind: str) -> list[str]:
    doc = yaml.safe_load((root / f"decisions/{kind}.yaml").read_text("utf-8"))
    return [key for key in doc if key != "rest"]


def fates(root: Path) -> dict[str, dict[str, Any]]:
    return {f["path"]: f for f in json.loads((root / "build/selection.json").read_text("utf-8"))["fates"]}


def write(path: str, text: str) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        (root / path).parent.mkdir(exist_ok=True)
        before = (root / path).read_text("utf-8") if (root / path).exists() else ""
        (root / path).write_text(before + text, "utf-8")

    return edit


def settle(root: Path) -> None:
    """Answers everything as recommended."""
    for kind in ("quality", "duplicates"):
        answer(root / f"decisions/{kind}.yaml")


def test_specks_are_recommended_to_be_left_out_and_the_question_says_why(root: Path) -> None:
    doc = yaml.safe_load((root / "decisions/quality.yaml").read_text("utf-8"))
    assert {key: entry["recommended"] for key, entry in doc.items() if key != "rest"} == dict.fromkeys(
        ("speck-1.png", "speck-64.png", "speck-8.png"), "remove"
    )
    assert "512x at 512, more than an upscaler can make up for" in doc["speck-1.png"]["what"]
    settle(root)
    run(root, "gate1")
    assert {path for path, fate in fates(root).items() if fate["fate"] == "left out"} == {
        *("speck-1.png", "speck-64.png", "speck-8.png", "small-00.jpg", "x.jpg")
    }


def test_one_picture_one_question_and_none_about_one_that_leaves(root: Path) -> None:
    """small-00.jpg is small too, and asked about as a copy."""
    assert asked(root, "duplicates") == ["scene-00.jpg"]
    assert "small-00.jpg" not in asked(root, "quality")
    write("decisions/quality.yaml", "small-00.jpg: {do: remove}\n")(root)
    run(root, "gate1")
    assert asked(root, "duplicates") == []
    assert "duplicates" not in verdict(root)["waiting"]
    write("project.yaml", "curation: {exclude: [speck-1.png]}\n")(root)
    run(root, "gate1")
    assert "speck-1.png" not in asked(root, "quality")
    assert verdict(root)["waiting"] == {"quality": ["speck-64.png", "speck-8.png"]}


def test_no_finding_is_about_a_picture_that_is_left_out(root: Path) -> None:
    settle(root)
    run(root, "gate1")
    away = {path for path, fate in fates(root).items() if fate["fate"] == "left out"}
    loud = [r for r in verdict(root)["reasons"] if r["accepted"] != "already left out"]
    assert {p for r in loud if r["code"] not in ("byte-copies", "copies") for p in r["images"]} & away == set()
    assert not any("512" in r["sentence"] and "enlarged" in r["sentence"] for r in loud)


def test_the_byte_copy_with_words_stays(root: Path) -> None:
    assert fates(root)["x.jpg"]["why"] == "a byte copy of scene-01.jpg"
    assert fates(root)["scene-01.jpg"]["fate"] == "kept"


def test_words_of_a_copy_that_leaves_are_used(root: Path) -> None:
    """The larger picture has none; those of its smaller copy, and a caption written for a byte copy, are its own."""
    (root / "images/scene-00.txt").rename(root / "images/small-00.txt")
    (root / "images/scene-01.txt").unlink()
    write("decisions/captions.yaml", "x.jpg: {caption: '[trigger], a harbour at noon'}\n")(root)
    settle(root)
    run(root, "gate1")
    captions = json.loads((root / "build/captions.json").read_text("utf-8"))["captions"]
    stays = next(p for p in ("scene-01.jpg", "x.jpg") if fates(root)[p]["fate"] == "kept")
    assert captions["scene-00.jpg"]["text"].startswith("brushy, a mill at dawn")
    assert captions[stays]["text"] == "brushy, a harbour at noon"
    assert "its words go to scene-00.jpg" in fates(root)["small-00.jpg"]["why"]


SLIPS: dict[str, tuple[Callable[[Path], None], str]] = {
    "quality": (write("decisions/quality.yaml", "scene-2.jpg: {do: remove}\n"), "scene-02.jpg"),
    "captions": (write("decisions/captions.yaml", "SCENE-02.jpg: {caption: a mill}\n"), "scene-02.jpg"),
    "crops": (write("decisions/crops.yaml", "scene-02: {crop: [0, 0, 0.9, 0.9]}\n"), "scene-02.jpg"),
    "exclude": (write("project.yaml", "curation: {exclude: [scene-02]}\n"), "scene-02.jpg"),
    "include": (write("project.yaml", "curation: {include: [scene-002.jpg]}\n"), "scene-02.jpg"),
    "gate": (
        write("decisions/gate.yaml", "soft: {accept: known, images: [images/scene-02.jpg], reason: mine}\n"),
        "scene-02.jpg",
    ),
}


@pytest.mark.parametrize("where", SLIPS)
def test_a_name_that_matches_nothing_blocks(root: Path, where: str) -> None:
    settle(root)
    edit, meant = SLIPS[where]
    edit(root)
    assert run(root, "gate1")[0] == 1
    assert verdict(root)["verdict"] == "NO-GO"
    assert meant in said(root, "unknown-name"), where


def test_a_mask_of_no_picture_blocks(root: Path) -> None:
    settle(root)
    (root / "masks").mkdir()
    Image.new("L", (640, 560), 255).save(root / "masks/scene-002.png")
    run(root, "gate1")
    assert "masks/scene-002.png (did you mean scene-02.jpg?)" in said(root, "unknown-name")
    assert said(root, "mask-unusable") == ""


def test_a_misspelt_name_in_keep_is_not_heard_as_no_name(root: Path) -> None:
    path = root / "decisions/duplicates.yaml"
    path.write_text(path.read_text("utf-8").replace("keep: null", "keep: [scene-0.jpg]"), "utf-8")
    run(root, "gate1")
    assert '"scene-0.jpg" (did you mean scene-00.jpg?)' in said(root, "unknown-name")
    assert "decisions/duplicates.yaml:" in said(root, "unknown-name")


def test_what_cannot_both_be_heard_blocks(root: Path) -> None:
    path = root / "decisions/duplicates.yaml"
    path.write_text(path.read_text("utf-8").replace("keep: null", "keep: [scene-00.jpg]"), "utf-8")
    write("decisions/quality.yaml", "scene-00.jpg: {do: remove}\n")(root)
    write("project.yaml", "curation: {include: [scene-03.jpg], exclude: [scene-03.jpg]}\n")(root)
    run(root, "gate1")
    told = said(root, "contradiction")
    assert "scene-00.jpg: decisions/duplicates.yaml:" in told
    assert "decisions/quality.yaml:" in told
    assert "scene-03.jpg: curation.include in project.yaml wants it always" in told


def test_acceptances_of_what_is_not_found_are_noted(root: Path) -> None:
    write("decisions/gate.yaml", "cmyk: {accept: known, reason: mine}\nuncaptioned: {accept: known, reason: mine}\n")(
        root
    )
    run(root, "gate1")
    told = said(root, "accepts-nothing")
    assert "cmyk, which is nowhere" in told
    assert "uncaptioned, which cannot be accepted" in told


def test_a_verdict_that_turned_says_why(root: Path) -> None:
    settle(root)
    write("project.yaml", AUTO + "severity: {below-floor: warn}\n")(root)
    assert run(root, "gate1")[0] == 0
    before = (root / "dataset-report.md").read_bytes()
    words = (root / "images/scene-05.txt").read_bytes()
    (root / "images/scene-05.txt").unlink()
    code, output = run(root, "gate1", "-v")
    assert code == 1
    assert "Since the last verdict:" in output
    assert "The verdict was GO and is NO-GO now." in output
    assert findings.catalogue()[findings.Code.UNCAPTIONED].severity == "block"
    assert "New: scene-05.jpg has no caption" in output
    assert "Since the last verdict" in (root / "report.html").read_text("utf-8")
    (root / "images/scene-05.txt").write_bytes(words)
    assert run(root, "gate1")[0] == 0
    assert (root / "dataset-report.md").read_bytes() == before  # what is committed tells of now alone
