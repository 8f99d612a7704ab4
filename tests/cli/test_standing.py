"""`loraprep` alone: what this is, or where the project stands. It runs nothing and writes nothing."""

import os
from pathlib import Path

import pytest

from loraprep.__main__ import main
from loraprep.cli import standing
from loraprep.core.findings import Code
from loraprep.core.records import Reason
from loraprep.pipeline import artifacts, results, state
from loraprep.pipeline.artifacts import Judged, Selected
from loraprep.pipeline.workspace import Workspace
from loraprep.project import project

PROJECT = "version: 1\nname: p\nintent: {kind: style}\nmodel: sd15\ntrigger: brushy\ncaptioning: {captioner: none}\n"


def _judged(verdict: str, waiting: dict[str, list[str]]) -> str:
    counts = {"kept": 12}
    few = Reason(Code.BELOW_FLOOR, "block", "Too few.", "", "Add pictures.", ())
    return artifacts.encode(
        Judged(name="p", verdict=verdict, waiting=waiting, only_waiting=bool(waiting),
               reasons=[few] if verdict == "NO-GO" and not waiting else [], counts=counts, why="w.", next="Add pictures.")
    )  # fmt: skip


def test_outside_it_says_what_this_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([]) == 0
    assert capsys.readouterr().out == standing.ABOUT
    assert [line.split()[1] for line in standing.ABOUT.splitlines()[2:]] == ["look", "init", "--help"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("verdict", "waiting", "said"),
    [
        ("", {}, "No verdict yet.\nNext: loraprep gate1\n"),
        ("GO", {}, "GO. 12 pictures are ready to train p.\nNext: loraprep dataset export\n"),
        ("NO-GO", {"quality": ["a", "b"]}, "Not yet: 2 answers from you (2 in decisions/quality.yaml).\n"
                                           "Next: loraprep review\n"),
        ("NO-GO", {}, "NO-GO: 1 thing to mend before any GPU time is spent.\nNext: Add pictures.\n"),
    ],
)  # fmt: skip
def test_inside_it_says_where_it_stands(
    verdict: str, waiting: dict[str, list[str]], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "images").mkdir()
    (tmp_path / "decisions").mkdir()
    (tmp_path / project.NAME).write_text(PROJECT, "utf-8")
    if verdict:
        (tmp_path / "build").mkdir()
        (tmp_path / "build/gate1.json").write_text(_judged(verdict, waiting), "utf-8")
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.chdir(tmp_path / "images")  # from within, too
    assert main([]) == 0
    assert (
        capsys.readouterr().out
        == f"p: style for Stable Diffusion 1.5, trigger brushy.\nCaptions: none. Trainers: kohya.\n{said}"
    )
    assert sorted(tmp_path.rglob("*")) == before


ENTRY = "a.png: {what: small, recommended: keep, do: %s}\nb.png: {what: small, recommended: keep, do: %s}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ENTRY % ("keep", "remove"), "All that was asked is answered since the last verdict.\nNext: loraprep gate1\n"),
        ("rest: recommended\n" + ENTRY % ("null", "null"), "All that was asked is answered since the last verdict.\n"
                                                           "Next: loraprep gate1\n"),
        (ENTRY % ("keep", "null"), "Not yet: 1 answer from you (1 in decisions/quality.yaml).\nNext: loraprep review\n"),
    ],
)  # fmt: skip
def test_answers_count_as_they_stand_in_the_files(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("images", "decisions", "build"):
        (tmp_path / folder).mkdir()
    (tmp_path / project.NAME).write_text(PROJECT, "utf-8")
    (tmp_path / "build/gate1.json").write_text(_judged("NO-GO", {"quality": ["a.png", "b.png"]}), "utf-8")
    (tmp_path / "decisions/quality.yaml").write_text(text, "utf-8")
    (tmp_path / state.NAME).write_bytes(b"")  # a run began after the answers, and was interrupted
    judged = (tmp_path / "build/gate1.json").stat().st_mtime_ns
    os.utime(tmp_path / "decisions/quality.yaml", ns=(judged + 10**9, judged + 10**9))
    os.utime(tmp_path / state.NAME, ns=(judged + 2 * 10**9, judged + 2 * 10**9))
    monkeypatch.chdir(tmp_path)
    assert main([]) == 0
    assert capsys.readouterr().out.endswith(said)


def test_what_to_mend_stands_on_the_screen_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / project.NAME).write_text(PROJECT, "utf-8")
    work, fix = Workspace(project.load(tmp_path)), "Write what each shows into a .txt file. " * 30
    broken = Reason(code="broken", severity="block", sentence="a.png is broken.", why="", fix=fix, images=())
    gate = Judged(name="p", verdict="NO-GO", waiting={}, only_waiting=False, reasons=[broken], counts={"kept": 12},
                  why="w.", next=fix)  # fmt: skip
    work.write(gate)
    work.write(Selected(fates=[], waiting={}, findings=[], settled={}))
    results.print_verdict(work, lambda: False)
    said = capsys.readouterr().out
    assert " ".join(said.split()).count(fix.strip()) == 1
    assert said.endswith("\nNext: mend what is marked x, then loraprep gate1\n")


def test_what_was_edited_since_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("images", "decisions", "build"):
        (tmp_path / folder).mkdir()
    (tmp_path / project.NAME).write_text(PROJECT, "utf-8")
    (tmp_path / "build/gate1.json").write_text(_judged("GO", {}), "utf-8")
    (tmp_path / "decisions/quality.yaml").write_text("rest: recommended\n", "utf-8")
    later = (tmp_path / "build/gate1.json").stat().st_mtime_ns + 10**9
    os.utime(tmp_path / "decisions/quality.yaml", ns=(later, later))
    monkeypatch.chdir(tmp_path)
    assert main([]) == 0
    said = capsys.readouterr().out
    assert said.endswith("Changed since then: decisions/quality.yaml.\nNext: loraprep gate1\n")
