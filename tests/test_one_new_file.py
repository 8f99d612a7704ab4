"""A kind, a base model and a trainer are one new thing each: nothing that is there already is edited for them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.runs import AUTO
from tests.scenes import scene

pytestmark = pytest.mark.run

NEW = {
    "resources/kinds/costume.yaml": """\
title: Costume
teaches: One costume, whoever wears it.
floor: 3
recommended: {min: 4, max: 30}
target: 30
separation: Let everybody wear it.
looks: note
axes:
  framing: {label: Framing, element: content.framing, wants: [portrait, full body]}
  shape: {label: Picture shape, element: aspect, wants: [upright, wide]}
regularization: {advice: Seldom needed., class_prompt: "a {class_word}", class_word: costume}
try_first:
  - {prompt: "{trigger} on a scarecrow", things: [], shows: "Is it the costume or who wears it?"}
""",
    "resources/models/tiny.yaml": """\
title: Tiny
form: prose
encoder: {name: tiny-encoder, soft: 100, hard: 200}
native: 512
sizes: [384, 512]
aliases: [Tiny One]
sources: ["made up"]
""",
    "resources/trainers/easel.yaml": """\
title: Easel
version: of yesterday
repeats: true
sizes: each
last_batch: kept
regularization: none
tokens: {tiny: 90}
grid: {default: 8, tiny: 128}
sources: ["made up"]
""",
    "loraprep/trainers/easel.py": '''\
"""Easel: square buckets, and one line a folder."""

from __future__ import annotations

from loraprep.trainers.buckets import BucketFit, centred_crop
from loraprep.trainers.trainer import TrainingSet

HOW = "Put it on the easel for EPOCHS epochs."


def bucket_fit(width: int, height: int, size: int, grid: int, _enlarge: bool) -> BucketFit | None:
    """The largest square of whole grids."""
    side = size // grid * grid
    scale = side / min(width, height)
    return centred_crop((width, height), (side, side), (round(width * scale), round(height * scale)))


def config_files(dataset: TrainingSet) -> dict[str, str]:
    """A line a folder."""
    return {"easel.txt": "".join(f"{f.repeats} x {f.path}: {dataset.sizes}\\n" for f in dataset.folders)}
''',
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """loraprep with the new files added, beside a project that names them all and whose dataset is exported."""
    house = tmp_path_factory.mktemp("house")
    for folder in ("loraprep", "schemas", "resources"):
        shutil.copytree(ROOT / folder, house / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in NEW.items():
        assert not (house / name).exists()
        (house / name).write_text(text, "utf-8")
    (house / "pics").mkdir()
    for number in range(5):
        scene(number, 700, 560).save(house / f"pics/p{number}.jpg", quality=92)
        (house / f"pics/p{number}.txt").write_text(f"a mill on hill {number}", "utf-8")
    run(house, house, "init", "mine", "--kind", "costume", "--model", "tiny", "--trigger", "brushy", "--images", "pics",
        "--captioner", "draft", "--no-input")  # fmt: skip
    root = house / "mine"
    declared = (root / "project.yaml").read_text("utf-8")
    assert "trainers: [kohya]" in declared
    (root / "project.yaml").write_text(AUTO + declared.replace("trainers: [kohya]", "trainers: [easel]"), "utf-8")
    return house


def run(house: Path, folder: Path, *args: str, code: int = 0) -> str:
    env = {**os.environ, "PYTHONPATH": str(house), "NO_COLOR": "1", "COLUMNS": "200"}
    done = subprocess.run([sys.executable, "-m", "loraprep", *args], cwd=folder, capture_output=True, text=True,
                          timeout=300, check=False, env=env)  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_they_go_all_the_way_to_the_trainer(house: Path) -> None:
    root = house / "mine"
    run(house, root, "gate1")
    report = (root / "dataset-report.md").read_text("utf-8")
    assert "Kind: costume." in report
    assert "Tiny" in report
    assert "| Framing |" in report
    assert "brushy on a scarecrow" in report
    assert "| 384 | 384x384 | 5 |" in report  # whole 128s
    run(house, root, "export")
    assert (root / "exports/easel/easel.txt").read_text("utf-8").endswith("_mine: [384, 512]\n")
    assert "Put it on the easel for " in (root / "exports/easel/README.md").read_text("utf-8")


def test_a_vision_model_is_asked_about_a_kind_that_has_nothing_to_say_to_it(house: Path) -> None:
    root = house / "mine"
    project = root / "project.yaml"
    project.write_text(project.read_text("utf-8").replace("captioner: draft", "captioner: claude"), "utf-8")
    said = run(house, root, "gate1", code=1)
    assert "No such file" not in said
    assert "Traceback" not in said
    assert "Nothing was sent: no budget" in (root / "dataset-report.md").read_text("utf-8")
