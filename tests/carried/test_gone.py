"""What an answer drew goes with its picture, follows another name, and comes back with it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from loraprep.carried import reading
from tests.runs import run
from tests.scenes import project

pytestmark = pytest.mark.run
CROPS = "decisions/crops.yaml"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight pictures; two had bars, which an answer cut off, and one had them hidden."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(reading.UNREAD, "1")
        root = project(tmp_path_factory.mktemp("gone") / "p", 8)
        for path in sorted((root / "images").glob("*.jpg"))[:3]:
            whole = Image.open(path).convert("RGB")
            barred = Image.new("RGB", whole.size, "black")
            barred.paste(whole.resize((whole.width, round(0.75 * whole.height))), (0, round(0.125 * whole.height)))
            barred.save(path, quality=95)
        run(root, "gate1")
        asked = root / "decisions/carried.yaml"
        text = asked.read_text("utf-8").replace("answer: null", "answer: crop")
        asked.write_text(text.replace("except: {}", "except: {scene-02.jpg: mask}"), "utf-8")
        run(root, "gate1")
    assert set(drawn(root)) == {"scene-00.jpg", "scene-01.jpg"}
    assert (root / "masks/scene-02.png").is_file()
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(reading.UNREAD, "1")
    return Path(shutil.copytree(made, tmp_path / "p"))


def drawn(root: Path) -> list[str]:
    lines = (root / CROPS).read_text("utf-8").splitlines()
    return [line.partition(":")[0] for line in lines if line and not line.startswith("#")]


def codes(root: Path) -> set[str]:
    return {r["code"] for r in json.loads((root / "build/gate1.json").read_text("utf-8"))["reasons"]}


def away(root: Path, *names: str) -> None:
    for name in names:
        for path in (root / "images").glob(f"{name}.*"):
            path.rename(root / path.name)


def test_a_picture_that_is_taken_out_takes_its_line_and_its_mask_along(root: Path) -> None:
    away(root, "scene-00", "scene-02")
    run(root, "gate1")
    assert not {"unknown-name", "left-behind", "carries-undrawn"} & codes(root)
    run(root, "gate1")
    assert drawn(root) == ["scene-01.jpg"]
    assert not (root / "masks/scene-02.png").exists()
    for name in ("scene-00", "scene-02"):
        for path in root.glob(f"{name}.*"):
            path.rename(root / "images" / path.name)
    for _ in range(2):
        run(root, "gate1")
    assert sorted(drawn(root)) == ["scene-00.jpg", "scene-01.jpg"]
    assert (root / "masks/scene-02.png").is_file()
    assert "carries-undrawn" not in codes(root)


def test_in_a_clone_too(root: Path) -> None:
    away(root, "scene-00", "scene-02")
    shutil.rmtree(root / "build")
    run(root, "gate1")
    assert not {"unknown-name", "left-behind"} & codes(root)
    run(root, "gate1")
    assert drawn(root) == ["scene-01.jpg"]
    assert not (root / "masks/scene-02.png").exists()


def test_another_name_is_followed(root: Path) -> None:
    for old, new in (("scene-01", "pier"), ("scene-02", "quay")):
        for path in (root / "images").glob(f"{old}.*"):
            path.rename(path.with_stem(new))
    for _ in range(2):
        run(root, "gate1")
    assert sorted(drawn(root)) == ["pier.jpg", "scene-00.jpg"]
    assert [path.name for path in (root / "masks").iterdir()] == ["quay.png"]
    assert not {"unknown-name", "left-behind", "carries-undrawn"} & codes(root)


def test_what_a_person_drew_or_wrote_stays_and_is_told_without_blocking(root: Path) -> None:
    away(root, "scene-00", "scene-05")
    changed = (root / CROPS).read_text("utf-8").replace("scene-00.jpg: {", "scene-00.jpg: {turn: 180, ")
    (root / CROPS).write_text(f"{changed}scene-05.jpg: {{crop: [0, 0, 0.9, 0.9]}}  # mine\n", "utf-8")
    captions = (root / "decisions/captions.yaml").read_text("utf-8")
    (root / "decisions/captions.yaml").write_text(f"{captions}scene-09.jpg: {{caption: a cat}}\n", "utf-8")
    Image.new("L", (640, 560), 255).save(root / "masks/scene-05.png")
    for _ in range(2):
        _, output = run(root, "gate1")
    gate = json.loads((root / "build/gate1.json").read_text("utf-8"))
    assert "unknown-name" not in codes(root), output
    (told,) = [r for r in gate["reasons"] if r["code"] == "left-behind"]
    assert told["severity"] == "warn"
    assert told["sentence"].startswith("4 things are still written or drawn for pictures that are not there")
    for place in (
        f'{CROPS}:4:1: "scene-00.jpg"',
        '"scene-05.jpg"',
        "decisions/captions.yaml:",
        '"scene-09.jpg"',
        "masks/scene-05.png",
    ):
        assert place in told["sentence"]
    assert {"scene-00.jpg", "scene-05.jpg"} <= set(drawn(root))
    assert (root / "masks/scene-05.png").is_file()
