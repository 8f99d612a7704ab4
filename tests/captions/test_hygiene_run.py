"""Caption files as people find them lying about, from the folder to the report; and one answer that takes a mend back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.runs import replace, run
from tests.scenes import project

pytestmark = pytest.mark.run

LYING = {
    "scene-00": "{a mill|a barn}, oak",
    "scene-01": "(oak:1.3), a mill at dawn, tagme",
    "scene-02": "Here is a detailed caption: A harbour at night.<|im_end|>",
    "scene-03": "I'm sorry, but I can't help with that image.",
}


def captions(root: Path) -> dict[str, str]:
    found = json.loads((root / "build/captions.json").read_text("utf-8"))["captions"]
    return {path.removesuffix(".jpg"): caption["text"] for path, caption in found.items()}


def test_they_are_mended_asked_about_and_taken_back(tmp_path: Path) -> None:
    root = project(tmp_path / "mystyle", 8)
    for name, words in LYING.items():
        (root / f"images/{name}.txt").write_text(words, "utf-8")
    replace("project.yaml", "trigger: brushy\n", "trigger: brushy\ncaptioning: {captioner: existing}\n")(root)
    code, said = run(root, "gate1")
    assert code == 1
    assert "A caption is unclear: several captions in one - scene-00.jpg: {a mill|a barn}" in said
    assert "scene-03.jpg has no caption" in said
    texts = captions(root)
    assert texts["scene-01"] == "brushy, oak, a mill at dawn"
    assert texts["scene-02"] == "brushy, A harbour at night."
    report = (root / "dataset-report.md").read_text("utf-8")
    assert "`brushy, oak, a mill at dawn`" in report
    assert "as it lay there: `(oak:1.3), a mill at dawn, tagme`" in report

    with (root / "decisions/captions.yaml").open("a", encoding="utf-8") as file:
        file.write('scene-00.jpg: {caption: "[trigger], a mill, oak"}\nscene-01.jpg: {cleaning: undo}\n')
        file.write('scene-03.jpg: {caption: "[trigger], a cat at noon"}\n')
    code, said = run(root, "gate1")
    assert "unclear" not in said
    assert captions(root)["scene-01"] == "brushy, (oak:1.3), a mill at dawn, tagme"
    assert captions(root)["scene-00"] == "brushy, a mill, oak"
    assert "Cleaning is taken back" not in said

    path = root / "decisions/captions.yaml"
    before = path.read_text("utf-8")
    path.write_text(f"{before}scene-04.jpg: {{cleaning: undo}}\n", "utf-8")  # of words that nothing was taken out of
    run(root, "gate1")
    line = len(before.splitlines()) + 1
    report = (root / "dataset-report.md").read_text("utf-8").replace("\\", "")
    assert (
        f"Cleaning is taken back at decisions/captions.yaml:{line}:26 (scene-04.jpg), and nothing was cleaned" in report
    )
    path.write_text(before, "utf-8")

    with (root / "decisions/captions.yaml").open("a", encoding="utf-8") as file:
        file.write("cleaning: [talk]\n")
    run(root, "gate1")
    assert captions(root)["scene-02"] == "brushy, Here is a detailed caption: A harbour at night."


def test_a_wrong_word_is_refused_with_its_place(tmp_path: Path) -> None:
    root = project(tmp_path / "mystyle", 4)
    assert run(root, "gate1")[0] == 1
    with (root / "decisions/captions.yaml").open("a", encoding="utf-8") as file:
        file.write("cleaning: [wieghts]\n")
    code, said = run(root, "gate1")
    assert code == 1
    assert "decisions/captions.yaml" in said
    assert "wieghts" in said
