"""From photographs of a character to what is said of their heads, and to the question whether it is the same person."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from loraprep.carried import reading
from loraprep.core import files
from loraprep.heads import finding
from tests.heads.photographs import astronaut, hopper
from tests.runs import run
from tests.scenes import scene

pytestmark = pytest.mark.run

PROJECT = """\
version: 1
name: mira
model: flux
trigger: mira
intent: {kind: character, description: photographs of Mira}
review: {duplicates: auto, captions: auto, curation: ask, quality: auto}
"""
OWN = 9
TEXT = (".json", ".jsonl", ".yaml", ".md", ".html", ".txt", ".toml")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nine pictures of one person before as many scenes, one of another person, and one of nobody; no captions."""
    pytest.importorskip("dlib")
    pytest.importorskip("skimage")
    monkeypatch.delenv(reading.UNREAD, raising=False)
    monkeypatch.setattr(reading, "installed", lambda: False)
    root = tmp_path / "p"
    (root / "images").mkdir(parents=True)
    (root / "project.yaml").write_text(PROJECT, "utf-8")
    for n in range(OWN + 1):
        person = astronaut().crop((90, 30, 420, 512)) if n < OWN else hopper()
        side = 0.8 + 0.02 * n
        picture = scene(n, 760, 640)
        person = person.resize((round(person.width * side), round(person.height * side)))
        picture.paste(person, (20 + 40 * (n % 9), 640 - person.height))
        picture.save(root / f"images/p{n}.png")
    scene(20, 640, 640).save(root / "images/nobody.png")
    return root


def test_a_stranger_is_asked_about_and_heads_are_counted(root: Path) -> None:
    _, output = run(root, "gate1")
    seen = files.read_json(root / "build/heads.json")
    assert sorted(seen["heads"]) == [f"p{n}.png" for n in range(OWN + 1)], output
    assert seen["people"]["others"] == [[f"p{OWN}.png"]]
    asked = (root / "decisions/curation.yaml").read_text("utf-8")
    assert f"p{OWN}.png: not the face of the {OWN} most alike" in asked
    assert "1 of 11 pictures seems to show somebody else" in asked
    report = (root / "dataset-report.md").read_text("utf-8")
    assert f"front {OWN}, three-quarter 0, side 0; in 1 picture none was found" in report  # the stranger waits aside
    assert "measured on heads" in report


def test_descriptors_stay_in_the_cache(root: Path) -> None:
    run(root, "gate1")
    with sqlite3.connect(root / "build/pixels.sqlite") as db:
        found = [finding.unpacked(data) for (data,) in db.execute("SELECT data FROM heads")]
    faces = [face for each in found for face in each.faces]
    assert len(faces) == OWN + 1
    numbers = [f"{np.frombuffer(face, np.float32)[0]:.4f}" for face in faces]
    for path in sorted(p for p in root.rglob("*") if p.is_file() and p.name != "pixels.sqlite"):
        data = path.read_bytes()
        assert not any(face in data for face in faces), path
        assert path.suffix not in TEXT or not any(number.encode() in data for number in numbers), path


def test_without_the_extra_one_line_says_what_it_would_see(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(reading.UNREAD, "1")
    run(root, "gate1")
    gate = files.read_json(root / "build/gate1.json")
    (note,) = [r for r in gate["reasons"] if r["code"] == "heads-unseen"]
    assert note["severity"] == "note"
    assert "pip install 'loraprep[faces]'" in note["fix"]
    assert "whether it is always the same person would be told" in note["sentence"]
    assert "strangers:" not in (root / "decisions/curation.yaml").read_text("utf-8")


def test_portraits_are_measured_in_a_style_too_and_nobody_is_a_stranger_there(root: Path) -> None:
    settings = PROJECT.replace("character, description: photographs of Mira", "style, description: old portraits")
    (root / "project.yaml").write_text(settings, "utf-8")
    run(root, "gate1")
    seen = files.read_json(root / "build/heads.json")
    assert len(seen["heads"]) == OWN + 1
    assert seen["people"]["others"] == []
    report = (root / "dataset-report.md").read_text("utf-8")
    assert f"front {OWN + 1}, three-quarter 0, side 0" in report
    assert "more than one head" not in report


@pytest.mark.parametrize(("said", "told"), [("portraits in chalk", True), ("harbours in chalk", False)])
def test_without_the_extra_only_who_speaks_of_portraits_is_told_to_look(
    root: Path, monkeypatch: pytest.MonkeyPatch, said: str, told: bool
) -> None:
    monkeypatch.setenv(reading.UNREAD, "1")
    settings = PROJECT.replace("character, description: photographs of Mira", f"style, description: {said}")
    (root / "project.yaml").write_text(settings, "utf-8")
    run(root, "gate1")
    notes = [r for r in files.read_json(root / "build/gate1.json")["reasons"] if r["code"] == "heads-unseen"]
    assert bool(notes) == told
    assert all("same person" not in note["sentence"] for note in notes)
