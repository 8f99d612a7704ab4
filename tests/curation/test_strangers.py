"""Somebody else among the pictures of a character: asked, answered, settled, and what is exported then."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import pytest

from loraprep.captions.vision.form import SeenElements
from loraprep.captions.vision.store import Answer, Store
from loraprep.core import files
from tests.runs import answer, run
from tests.scenes import pictures

pytestmark = pytest.mark.run

STRAY = "p07.jpg"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty pictures of a woman with red hair and one of a man, as Claude described them; Gate 1 has run once."""
    root = pictures(tmp_path_factory.mktemp("strangers") / "mira", 21)
    for number, path in enumerate(sorted((root / "images").iterdir())):
        usual = {"subject": "a young woman", "hair": ["long red hair"], "eyes": ["green eyes"]}
        odd = {"subject": "a man", "hair": ["short black hair"], "eyes": ["brown eyes"]}
        content = {**(odd if path.name == STRAY else usual), "setting": [f"room {number}"]}
        Store(root).add(files.sha256(path), Answer(
            captioner="claude", model="m", prompt="p", examples="", parameters={}, schema=1, state="seen",
            elements=msgspec.convert({"content": content, "style": {"medium": "oil painting"}}, SeenElements),
        ))  # fmt: skip
    (root / "project.yaml").write_text(
        "version: 1\nname: mira\nintent: {kind: character, description: a woman}\nmodel: sd15\ntrigger: miravale\n"
        "captioning: {captioner: claude, budget_usd: 1.00}\ndataset: {trainers: [kohya]}\n",
        "utf-8",
    )
    code, output = run(root, "gate1")
    assert code == 1, output
    for name in ("quality", "duplicates", "captions"):
        answer(root / f"decisions/{name}.yaml")
    code, output = run(root, "gate1")
    assert code == 1, output
    return root


@pytest.fixture
def root(asked: Path, tmp_path: Path) -> Path:
    shutil.copytree(asked, tmp_path / "mira")
    return tmp_path / "mira"


def told(root: Path, said: str) -> tuple[int, str]:
    path = root / "decisions/curation.yaml"
    text = path.read_text("utf-8")
    assert text.count("answer: null") == 1
    path.write_text(text.replace("answer: null", f"answer: {said}"), "utf-8")
    return run(root, "gate1")


def built(root: Path) -> set[str]:
    """The pictures in dataset/ and in what is exported, which have to be the same ones."""
    for task in ("dataset", "export"):
        code, output = run(root, task)
        assert code == 0, output
    lock = json.loads((root / "dataset.lock.json").read_text("utf-8"))
    assert list((root / "exports").rglob("*.toml"))
    return {p.stem for p in (root / "dataset").rglob("*.*") if p.suffix in (".jpg", ".png")} & {
        Path(name).stem for name in lock["images"]
    }


def test_it_is_asked_before_anything_else_is_left_out(asked: Path) -> None:
    text = (asked / "decisions/curation.yaml").read_text("utf-8")
    assert f'{STRAY}: "a man, dark hair, dark eyes; the others: a woman, red hair, green eyes"' in text
    assert "recommended: leave out" in text
    report = (asked / "dataset-report.md").read_text("utf-8")
    assert f"One answer is missing in decisions/curation.yaml: {STRAY}." in report


def test_left_out_it_is_in_no_dataset(root: Path) -> None:
    code, output = told(root, "leave out")
    assert code == 0, output
    report = (root / "dataset-report.md").read_text("utf-8")
    assert f"| `{STRAY}` | left out | it seems to show somebody else; your decision |" in report
    assert "- p07.jpg seems to show somebody else" not in report
    assert built(root) == {f"p{n:02}" for n in range(21) if n != 7}


def test_kept_it_trains_and_is_settled(root: Path) -> None:
    code, output = told(root, "keep")
    assert code == 0, output
    report = (root / "dataset-report.md").read_text("utf-8")
    (line,) = (x for x in report.splitlines() if x.startswith("- p07.jpg seems to show somebody"))
    assert line.endswith(" Settled: you answered: keep")
    assert built(root) == {f"p{n:02}" for n in range(21)}


def test_a_trigger_of_its_own_is_not_settled_before_the_picture_lies_in_a_group(root: Path) -> None:
    code, output = told(root, "own trigger")
    assert code == 0, output
    lines = (root / "dataset-report.md").read_text("utf-8").splitlines()
    (line,) = (x for x in lines if x.startswith("- p07.jpg seems to show somebody"))
    assert "goes into a subfolder, named under `groups` in project.yaml" in line
    (root / "images/brother").mkdir()
    (root / f"images/{STRAY}").rename(root / f"images/brother/{STRAY}")
    with (root / "project.yaml").open("a", encoding="utf-8") as stream:
        stream.write("groups: {brother: {suffix: _tom}}\n")
    code, output = run(root, "gate1")
    assert code == 0, output
    assert "seems to show somebody else" not in (root / "dataset-report.md").read_text("utf-8")
    built(root)
    assert (root / "dataset.lock.json").read_text("utf-8").count(f"brother/{STRAY}")
