"""The tree of commands: each has a help with an example and its files, --json has a form, and shells complete."""

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from loraprep.__main__ import main
from loraprep.cli import commands, completing, standing, tree
from loraprep.core import terminal
from loraprep.pipeline import running
from tests import outputs
from tests.hostile import clones
from tests.runs import replace, run
from tests.terminals import Terminal

PROJECT = "version: 1\nname: p\nintent: {kind: style}\nmodel: sd15\ntrigger: brushy\ncaptioning: {captioner: none}\n"
EVERY = [c.name for c in commands.every()]


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "images").mkdir()
    (tmp_path / "project.yaml").write_text(PROJECT, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", EVERY)
def test_every_command_has_a_help(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)  # outside of any project
    assert main([name, "--help"]) == 0
    said = capfd.readouterr()
    assert said.err == ""
    assert said.out.startswith(f"Usage: loraprep {name}")
    assert commands.by_name(name).line.split()[0] in said.out  # type: ignore[union-attr]
    assert "\nExample:\n  $ " in said.out
    assert "\n  reads " in said.out
    assert "\n  writes " in said.out
    assert all(len(line) <= 80 for line in said.out.splitlines())
    assert list(tmp_path.iterdir()) == []


def test_every_command_is_in_the_list_unless_it_is_a_step_between(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listed = [line.split()[0] for line in capfd.readouterr().out.splitlines() if line.startswith("  ")]
    assert [name for name in listed if name in EVERY] == [c.name for c in commands.every() if not c.inner]


def test_the_tree_and_the_graph_say_the_same(empty: Path) -> None:
    graph = {task["basename"]: task for task in running.graph(empty)}
    assert {c.name for c in commands.every() if not c.code} == set(graph)
    for name, task in graph.items():
        command = tree.ROOT.get_command(tree.ROOT.make_context("loraprep", [name]), name)
        assert command is not None
        named = {p.name for p in command.params if p.name is not None} - {
            "words",
            "quiet",
            "verbose",
            "instead",
            "spread",
        }
        takes = {name.replace("_", "-") for name in named}
        assert takes == {param["long"] for param in task.get("params", ())}, name
        about = commands.by_name(name)
        assert about is not None
        assert about.json == ("json" in takes)
        for target in task.get("targets", ()):
            folder = target.partition("/")[0] + "/"
            assert target in about.writes or folder in about.writes or "decisions/*.yaml" in about.writes, target


@pytest.mark.parametrize("name", outputs.RECORDS)
def test_schemas_are_those_of_the_records(name: str) -> None:
    assert (outputs.FOLDER / f"{name}.schema.json").read_text("utf-8") == outputs.schema(name)


def test_every_json_has_a_schema() -> None:
    assert {c.name for c in commands.every() if c.json} == set(outputs.RECORDS)


def valid(name: str, output: str) -> Any:
    """What was printed first, on stdout; what stands behind it came on stderr."""
    data, _ = json.JSONDecoder().raw_decode(output)
    jsonschema.validate(data, json.loads((outputs.FOLDER / f"{name}.schema.json").read_text("utf-8")))
    return data


@pytest.mark.run
def test_json_is_what_lies_in_build(tmp_path: Path) -> None:
    root = Path(shutil.copytree(clones.go_project(), tmp_path / "mystyle"))
    for name, file in (("gate1", "gate1"), ("audit", "audit"), ("duplicates", "duplicates"), ("captions", "captions"),
                       ("select", "selection")):  # fmt: skip
        code, output = run(root, name, "--json")
        assert code == 0, output
        assert valid(name, output) == json.loads((root / f"build/{file}.json").read_text("utf-8")), name
    code, output = run(root, "check", "images", "--json")
    assert (code, valid("check", output)["folder"]) == (1, "images")
    code, output = run(root, "look", "images", "--json", "--out", "../page.html")
    assert code == 0, output
    assert valid("look", output)["next"].startswith("loraprep init ")
    assert run(root, "dataset")[0] == 0
    code, output = run(root, "verify", "--json")
    assert (code, valid("verify", output)["same"]) == (0, True)


@pytest.mark.run
def test_a_verdict_fits_a_small_terminal_and_says_nothing_twice(tmp_path: Path) -> None:
    root = Path(shutil.copytree(clones.go_project(), tmp_path / "mystyle"))
    seen = Terminal(root, "gate1", columns=80, rows=24)
    assert seen.ended() in (0, 1)
    lines = seen.text.splitlines()
    seen.close()
    assert len(lines) <= 20, seen.text
    assert [line for line in lines if not line.startswith(" ")][-1].startswith("Next"), seen.text
    assert len({line for line in lines if line}) == len([line for line in lines if line])


@pytest.mark.run
def test_why_names_the_setting_and_the_file(tmp_path: Path) -> None:
    root = Path(shutil.copytree(clones.go_project(), tmp_path / "mystyle"))
    assert run(root, "gate1")[0] == 0
    assert "gate1: nothing changed since it ran." in run(root, "why", "gate1")[1]
    replace("project.yaml", "repeats: 10", "repeats: 9")(root)
    said = run(root, "why", "dataset")[1]
    assert "dataset\n  dataset.repeats was 10 and is 9" in said, said
    assert said.count("was 10 and is 9") == 1, said
    assert "captions" not in said.partition("What that")[0]  # which does not depend on it


def completed(words: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv(completing.VARIABLE, "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    main([])
    return [line.partition(",")[2] for line in capfd.readouterr().out.splitlines() if line]


def test_what_a_shell_completes(
    empty: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def after(words: str) -> list[str]:
        return completed(words, capfd, monkeypatch)

    assert after("loraprep ga") == ["gate1"]
    assert after("loraprep gate1 --j") == ["--json"]
    assert "sdxl" in after("loraprep init x --model s")
    assert after("loraprep init x --trainers kohya,one") == ["kohya,onetrainer"]
    assert after("loraprep check . --trainer ko") == ["kohya"]
    assert after("loraprep why sel") == ["select"]
    assert after("loraprep captions ") == []  # nobody has looked yet: nothing, and no complaint


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_lines_for_a_shell(shell: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    said = capfd.readouterr()
    assert f"{completing.VARIABLE}={shell}_complete" in said.out
    assert said.err == ""


@pytest.mark.parametrize("width", [1, 20, 39, 80, 160])
def test_words_wrap_at_words(width: int) -> None:
    text = "x a picture called pier_at_the_sea_with_a_long_name.jpg is smaller 水車小屋 than\n    the others, twice"
    lines = terminal.wrapped(text, width, "  ")
    assert "".join("\n".join(lines).split()) == "".join(text.split())
    words = text.split()
    for line in lines:
        assert all(word in words for word in line.split())
        assert terminal.cell_len(line) <= width or len(line.split()) == 1


def test_columns_stay_where_lines_are_broken() -> None:
    assert terminal.wrapped(standing.ABOUT, 80)[3:] == standing.ABOUT.split("\n")[2:]


@pytest.mark.skipif(os.name == "nt", reason="there it stays in one line")
@pytest.mark.parametrize("width", [20, 40, 80, 160])
def test_a_command_is_copied_whole_from_any_width(width: int) -> None:
    command = (
        """accelerate launch --dataset_config 'exports/my  own/it is.toml' --name "it's" --lr 1e-4 can\\ do --sdpa"""
    )
    lines = terminal.typed(command, width)
    typed = "\n".join(["printf '%s\\n' \\", *lines])
    assert subprocess.check_output(["sh", "-c", typed], text=True).splitlines() == shlex.split(command)
    assert all(line.startswith("  ") for line in lines)
    assert all(len(line) <= width or len(shlex.split(line.removesuffix("\\"))) == 1 for line in lines)
    assert terminal.typed(command, None) == [f"  {command}"]


def test_doctor_shows_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret-value")
    main(["doctor"])
    said = capfd.readouterr().out
    assert "Captioner claude" in said
    assert "secret" not in said
    assert "Disk: " in said
    assert list(tmp_path.iterdir()) == []
