"""`loraprep trust`: shows what is asked and allowed, asks on a terminal, takes flags, takes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loraprep.__main__ import main
from loraprep.core import terminal
from loraprep.project import trust
from loraprep.project.trust import Server, Trust

PROJECT = (
    "version: 1\nname: mill\nintent: {kind: style}\nmodel: flux\ntrigger: millstyle\n"
    "captioning: {captioner: [openai-compatible, claude], budget_usd: 2, server: {base_url: 'https://box.example/v1', "
    "model: m, key_variable: BOX_KEY}}\n"
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mill/images").mkdir(parents=True)
    (tmp_path / "mill/project.yaml").write_text(PROJECT, "utf-8")
    monkeypatch.setenv("LORAPREP_CONFIG", str(tmp_path / "config.yaml"))
    monkeypatch.chdir(tmp_path / "mill")
    return tmp_path / "mill"


def test_without_a_terminal_it_shows_what_is_asked_and_the_line_that_allows_it(root: Path, capsys: Any) -> None:
    assert main(["trust"]) == 1
    said = capsys.readouterr().out
    assert "Asked for: to send pictures to https://box.example/v1, with the key in BOX_KEY." in said
    assert "Asked for: to spend up to $2.00 on looking at its pictures." in said
    (line,) = [line for line in said.splitlines() if "--address" in line]
    for command in line.partition("without being asked: ")[2].split(" && "):
        assert main(command.split()[1:]) == 0
    assert trust.granted(root) == Trust(servers=(Server("https://box.example/v1", "BOX_KEY"),), budget_usd=2.0)
    capsys.readouterr()
    assert main(["trust"]) == 0
    said = capsys.readouterr().out
    assert "Allowed: to spend up to $2.00" in said
    assert "asks for nothing else" in said
    assert main(["trust", "--revoke"]) == 0
    assert not trust.granted(root)
    assert main(["trust"]) == 1


def test_on_a_terminal_it_takes_nothing_but_a_yes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "interactive", lambda: True)
    answers = ["", "n", "y"]
    monkeypatch.setattr("builtins.input", lambda _: answers.pop(0))
    assert [main(["trust"]) for _ in range(4)] == [1, 1, 0, 0]
    assert answers == []


def test_a_captioner_of_one_picture_is_asked_about_too(root: Path, capsys: Any) -> None:
    (root / "project.yaml").write_text(PROJECT.replace("[openai-compatible, claude]", "draft"), "utf-8")
    assert main(["trust"]) == 0
    assert capsys.readouterr().out == "This project asks nothing of you.\n"
    (root / "decisions").mkdir()
    (root / "decisions/captions.yaml").write_text("a.jpg: {captioner: claude}\n", "utf-8")
    assert main(["trust"]) == 1
    assert "to spend up to $2.00" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--budget", "much"], '"much" is no amount of US dollars'),
        (["--key-variable", "X"], "which server may get that key?"),
        (["--address", "http://box/v1"], "http://box/v1 is not encrypted"),
        (["/no/such/folder"], "there is no folder /no/such/folder"),
        (["--price", "m", "a", "b"], '"a" is no amount of US dollars'),
        (["--what"], "trust has no option --what"),
    ],
)
def test_a_wrong_flag_is_said(root: Path, args: list[str], said: str, capsys: Any) -> None:
    assert main(["trust", *args]) == 3
    assert said in capsys.readouterr().err
    assert not trust.granted(root)


def test_a_folder_outside_is_allowed_by_name(root: Path, tmp_path: Path) -> None:
    (tmp_path / "paintings").mkdir()
    assert main(["trust", "../paintings"]) == 0
    assert trust.trusted_folders(root) == ((tmp_path / "paintings").resolve(),)
