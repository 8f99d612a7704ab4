"""Gate 1 with the captioners at home, as a person runs it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.homeserver import Answer, good, serving
from tests.runs import allow, answer, ran, run
from tests.scenes import pictures

pytestmark = pytest.mark.run

PICTURES = 10  # a style's least


def make(root: Path, captioning: str, model: str = "flux") -> Path:
    pictures(root, PICTURES)
    (root / "project.yaml").write_text(
        "version: 1\nname: mill\nintent: {kind: style, description: loose painting}\n"
        f"model: {model}\ntrigger: millstyle\ncaptioning: {captioning}\n"
        "review: {quality: auto, duplicates: auto, curation: auto}\n", "utf-8")  # fmt: skip
    return root


def captions(root: Path) -> dict[str, str]:
    stored = json.loads((root / "build/captions.json").read_text("utf-8"))["captions"]
    return {path: c["text"] for path, c in stored.items()}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def clone(root: Path, to: Path) -> Path:
    shutil.copytree(root, to, ignore=shutil.ignore_patterns("build", ".doit*"), copy_function=shutil.copyfile)
    return to


def test_a_server_at_home_from_samples_to_a_clone(tmp_path: Path) -> None:
    def reply(number: int, body: dict[str, Any]) -> Answer:
        if "response_format" in body:
            return Answer("this model takes no response_format together with images", 400)
        return good(content_sentence=f"A water mill number {number} stands beside a pond.")

    with serving(reply) as home:
        root = make(tmp_path / "mill", f"{{captioner: openai-compatible, base_url: '{home.address}', model: qwen3-vl}}")
        allow(root)
        code, output = run(root, "gate1")
        assert code == 1, output
        assert "Not yet: 5 answers from you" in output
        assert home.forms().count("prompt") == 5  # the samples; the ladder is gone down once, by at most four at a time
        down = len(home.asked)
        answer(root / "decisions/captions.yaml")
        code, output = run(root, "gate1")
        assert code == 0, output
        assert home.forms()[down:] == ["prompt"] * (PICTURES - 5)
        assert "described like this" in home.asked[-1]["messages"][0]["content"]
        code, output = run(root, "gate1")
        assert code == 0
        assert ran(output) == ["scan"]
        asked = len(home.asked)
        edit(root / "project.yaml", "model: flux", "model: pony")
        code, output = run(root, "gate1")
        assert code == 0, output
        assert len(home.asked) == asked
        for file in [*root.glob("responses/*"), root / "dataset-report.md"]:
            assert home.address not in file.read_text("utf-8")
    there = clone(root, tmp_path / "elsewhere")
    code, output = run(there, "gate1", fresh=True)
    assert code == 0, output
    assert captions(there) == captions(root)
    assert (there / "dataset-report.md").read_bytes() == (root / "dataset-report.md").read_bytes()


def test_a_server_that_is_off_leaves_the_rest_of_gate_1_working(tmp_path: Path) -> None:
    root = make(tmp_path / "mill", "{captioner: openai-compatible, base_url: 'http://127.0.0.1:9/v1', model: m}")
    allow(root)
    code, output = run(root, "gate1")
    assert code == 1
    assert "Traceback" not in output
    assert "The server could not be asked about 5 pictures (nothing answers there)." in output


def test_a_tagger_describes_everything_at_once_and_checks_the_tags(tmp_path: Path, tagger: Path) -> None:
    root = make(tmp_path / "mill", f"{{captioner: [wd-tagger, draft], tagger: {{folder: '{tagger}', general: 0.02}}}}",
                model="illustrious")  # fmt: skip
    code, output = run(root, "gate1")
    assert code == 1
    assert "Not yet: 5 answers from you" in output
    assert len(list(root.glob("responses/*.json"))) == PICTURES
    file = root / "decisions/captions.yaml"
    file.write_text(file.read_text("utf-8") + 'p09.jpg: {caption: "[trigger], watermill, blue sky"}\n', "utf-8")
    answer(file)
    code, output = run(root, "gate1")
    assert code == 0, output
    report = (root / "dataset-report.md").read_text("utf-8")
    assert 'no Danbooru tags: "watermill" (near: water mill)' in report
    assert all(text.startswith("millstyle, ") for text in captions(root).values())
    there = clone(root, tmp_path / "elsewhere")
    edit(there / "project.yaml", str(tagger), "/not/here/wd-tiny-tagger")
    code, output = run(there, "gate1", fresh=True)
    assert code == 0, output
    assert (there / "dataset-report.md").read_text("utf-8") == report


def test_one_picture_gets_another_captioner(tmp_path: Path, tagger: Path) -> None:
    root = make(tmp_path / "mill", f"{{captioner: draft, tagger: {{folder: '{tagger}', general: 0.02}}}}")
    run(root, "gate1")
    assert not (root / "responses").exists()
    sample = json.loads((root / "build/samples.json").read_text("utf-8"))["samples"][0]
    file = root / "decisions/captions.yaml"
    other = next(f"p{n:02}.jpg" for n in range(PICTURES) if f"p{n:02}.jpg:\n" not in file.read_text("utf-8"))
    file.write_text(file.read_text("utf-8") + f"{other}: {{captioner: wd-tagger}}\n", "utf-8")
    edit(file, f"{sample}:\n", f"{sample}:\n  captioner: wd-tagger\n")
    run(root, "gate1")
    seen = json.loads((root / "build/elements.json").read_text("utf-8"))["elements"]
    assert {path for path, e in seen.items() if e["captioner"] == "wd-tagger"} == {sample, other}
    assert ran(run(root, "gate1")[1]) == ["scan"]
