"""`loraprep duplicates --against DIR`: what of a project is in another folder as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from loraprep.__main__ import main
from loraprep.cli import against
from loraprep.core.errors import UNUSABLE
from loraprep.core.records import Group, Pair
from tests.scenes import scene

PROJECT = "version: 1\nname: mine\nintent: {kind: style}\nmodel: sd15\ntrigger: brushy\n"


def test_what_is_said_of_a_group() -> None:
    theirs = "/against/held/pier.jpg"
    pairs = (Pair("a.jpg", theirs, "copy", 1.0), Pair("a.jpg", "b.jpg", "variant", 0.9))
    group = Group(("/against/held/pier.jpg", "a.jpg", "b.jpg"), "variant", "a.jpg", "", ("a.jpg",), pairs)
    own = Group(("c.jpg", "d.jpg"), "copy", "c.jpg", "", ("c.jpg",), (Pair("c.jpg", "d.jpg", "copy", 1.0),))
    assert against.lines([group, own], "../other") == [
        "a.jpg: the same picture: ../other/held/pier.jpg",
        "b.jpg: the same scene, changed: ../other/held/pier.jpg",
    ]


def test_a_cut_in_another_folder_is_found_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    (mine / "images").mkdir(parents=True)
    other.mkdir()
    (mine / "project.yaml").write_text(PROJECT, "utf-8")
    for seed in (1, 2):
        scene(seed).save(mine / f"images/{seed}.jpg")
    scene(1).crop((60, 40, 500, 400)).save(other / "cut.jpg")
    scene(3).save(other / "3.jpg")
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.chdir(mine / "images")
    assert main(["duplicates", "--against", "../../other"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "1.jpg: the same picture: ../../other/cut.jpg",
        "2 pictures compared with 2 in ../../other: 1 there as well.",
    ]
    assert sorted(tmp_path.rglob("*")) == before
    assert main(["duplicates", "--against", "nowhere"]) == UNUSABLE
    assert "nowhere: there is no such folder" in capsys.readouterr().err
