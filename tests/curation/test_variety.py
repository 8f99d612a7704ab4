"""A set that is one scene again and again is no set: said, and NO-GO, whatever its captions say."""

import json
from pathlib import Path

import pytest
from PIL import ImageDraw

from tests.runs import AUTO, run
from tests.scenes import scene

pytestmark = pytest.mark.run
PROJECT = f"version: 1\nname: mystyle\nintent: {{kind: style}}\nmodel: sd15\ntrigger: brushy\n{AUTO}"
THINGS = (
    "a boat",
    "a lamp",
    "a dog",
    "a tower",
    "a kite",
    "a well",
    "a barn",
    "a cart",
    "a crane",
    "a bell",
    "a fox",
    "a mill",
)


def project(root: Path, *, one: bool) -> Path:
    (root / "images").mkdir(parents=True)
    (root / "project.yaml").write_text(PROJECT, "utf-8")
    for n, thing in enumerate(THINGS):
        picture = scene(5 if one else 5 + n)
        ImageDraw.Draw(picture).ellipse((40 + 30 * n, 60, 60 + 30 * n, 80), fill=(200, 40, 40))
        picture.save(root / f"images/{n:02}.png")
        (root / f"images/{n:02}.txt").write_text(f"{thing} before a hill, loose strokes", "utf-8")
    return root


def codes(root: Path) -> dict[str, str]:
    reasons = json.loads((root / "build/gate1.json").read_text("utf-8"))["reasons"]
    return {r["code"]: r["sentence"] for r in reasons}


def test_one_scene_twelve_times_blocks(tmp_path: Path) -> None:
    root = project(tmp_path / "mystyle", one=True)
    code, output = run(root, "gate1")
    assert code == 1
    assert (
        codes(root)["one-scene"]
        == "12 pictures count as 1: they show one scene again and again; 3 different ones are the least."
    )
    assert "x 12 pictures count as 1: they show one scene again and again; 3 different ones are the least." in output


def test_twelve_scenes_do_not(tmp_path: Path) -> None:
    root = project(tmp_path / "mystyle", one=False)
    run(root, "gate1")
    assert "one-scene" not in codes(root)


def test_frames_of_a_camera_that_moves_are_one_scene_though_somebody_keeps_them_all(tmp_path: Path) -> None:
    root = project(tmp_path / "mystyle", one=True)
    for n in range(len(THINGS)):
        at = (12 * (n % 4), 10 * (n // 4))
        frame = scene(5).crop((*at, *(side - 40 + shift for side, shift in zip(scene(5).size, at, strict=True))))
        frame.save(root / f"images/{n:02}.png")
    run(root, "gate1")
    asked = root / "decisions/duplicates.yaml"
    asked.write_text(asked.read_text("utf-8").replace("  keep: null", "  keep: all"), "utf-8")
    code, _ = run(root, "gate1")
    assert code == 1
    assert codes(root)["one-scene"].startswith("12 pictures count as 1: ")
