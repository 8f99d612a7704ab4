"""Everything that is wrong in all YAML files is told in one run, and forms that can only mean one thing are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from loraprep.core.errors import UserError
from loraprep.project import crops, decisions, project, slips
from tests.runs import ran, run

PROJECT = "version: 1\nname: mine\nintent: {kind: style}\nmodel: sd15\ntrigger: brushy\n"
ENTRY = "a.jpg:\n  pictures: {{a.jpg: '4x4', b.jpg: '4x4'}}\n  keep: {0}\n"


def write(root: Path, **files: str) -> Path:
    (root / "images").mkdir()
    (root / "decisions").mkdir()
    (root / "project.yaml").write_text(files.pop("project", PROJECT), "utf-8")
    for name, text in files.items():
        (root / f"decisions/{name}.yaml").write_text(text, "utf-8")
    return root


def told(root: Path) -> str:
    with pytest.raises(UserError) as first:
        project.load(root)
    return str(slips.with_others(root, first.value))


def test_slips_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        project=f"{PROJECT}triger: x\n",
        crops="a.jpg: {crop: [10, 10, 900]}\n",
        duplicates=ENTRY.format("recomended"),
        quality="a.jpg:\n  do:remove\n  why: small\n",
        captions="a.jpg: {captoin: words}\n",
    )
    assert told(root) == (
        'project.yaml:6:1: unknown key "triger"\n    triger: x\n    ^\n    Did you mean trigger?\n'
        'decisions/captions.yaml:1:9: unknown key "captoin"\n    a.jpg: {captoin: words}\n            ^\n'
        "    Did you mean caption?\n"
        "decisions/crops.yaml:1:15: a.jpg.crop: has 3 of 4 values\n    a.jpg: {crop: [10, 10, 900]}\n"
        "                  ^\n    [left, top, right, bottom]: shares of the sides when all are 0 to 1, else pixels of "
        "the picture as shown.\n"
        'decisions/duplicates.yaml:3:9: a.jpg.keep: unknown value "recomended"\n      keep: recomended\n'
        "            ^\n    Did you mean recommended?\n"
        "decisions/quality.yaml:2:3: a space is missing after the :\n      do:remove\n      ^\n    Write do: remove"
    )


@pytest.mark.parametrize(("slip", "meant"), [
    ("rest:recommended  # all of it", "rest: recommended"), ('rest:"a # b"', 'rest: "a # b"'), ("rest:a#b", "rest: a#b"),
])  # fmt: skip
def test_a_comment_is_no_part_of_what_was_meant(slip: str, meant: str, tmp_path: Path) -> None:
    root = write(tmp_path, quality=f"{slip}\na.jpg:\n  do: remove\n")
    with pytest.raises(UserError, match=f"Write {meant}$"):
        decisions.read_decisions(root, "quality")


@pytest.mark.parametrize("apart", ["", "\n", "\n# said of it\n\n"])
@pytest.mark.parametrize("name", ["a.jpg", '"too small, and needed"'])
def test_a_missing_space_is_told_where_it_is_missing(apart: str, name: str, tmp_path: Path) -> None:
    root = write(tmp_path, quality=f"rest:recommended\n{apart}{name}:\n  do: remove\n")
    with pytest.raises(UserError) as error:
        decisions.read_decisions(root, "quality")
    assert str(error.value) == (
        "decisions/quality.yaml:1:1: a space is missing after the :\n    rest:recommended\n    ^\n"
        "    Write rest: recommended"
    )


def test_a_mark_between_documents_that_is_indented(tmp_path: Path) -> None:
    """As a form on the web hands configurations out, all of it two blanks to the right."""
    root = write(tmp_path, quality="  ---\n  a.jpg:\n    do: remove\n")
    with pytest.raises(UserError) as error:
        decisions.read_decisions(root, "quality")
    assert str(error.value) == (
        "decisions/quality.yaml:1:1: blanks stand before the ---, which makes a word of it\n      ---\n    ^\n"
        "    Take the line out."
    )


def test_a_missing_space_in_braces(tmp_path: Path) -> None:
    root = write(tmp_path, gate="only-named: {accept:known, reason: studies}\n")
    with pytest.raises(UserError) as error:
        decisions.accepted_findings(root)
    assert (
        "decisions/gate.yaml:1:14: a space is missing after the :\n    only-named: {accept:known, reason: studies}\n"
        "                 ^\n    Write accept: known"
    ) in str(error.value)
    for slip in ("{turn:90}", "{crop:0.5}", '{crop:"none"}'):
        (root / "decisions/crops.yaml").write_text(f"a.jpg: {slip}\n", "utf-8")
        with pytest.raises(UserError, match="a space is missing after the :"):
            crops.drawn(root)


def test_what_is_no_slip_in_a_file_stands_alone(tmp_path: Path) -> None:
    root = write(tmp_path, quality="a.jpg: {do: nonsense}\n")
    error = UserError("the disk is full", place="dataset/a.png")
    assert slips.with_others(root, error) is error


def test_one_name_without_brackets_is_a_list_of_one(tmp_path: Path) -> None:
    root = write(tmp_path, duplicates=ENTRY.format("b.jpg"))
    assert decisions.read_decisions(root, "duplicates").entries["a.jpg"].answer == ["b.jpg"]


def test_a_word_stays_a_word(tmp_path: Path) -> None:
    root = write(tmp_path, duplicates=ENTRY.format("all"))
    assert decisions.read_decisions(root, "duplicates").entries["a.jpg"].answer == "all"


def test_a_mistyped_key_is_told_once_and_not_as_a_missing_one_too(tmp_path: Path) -> None:
    said = told(write(tmp_path, project=PROJECT.replace("model:", "modle:").replace("trigger: brushy\n", "")))
    assert 'unknown key "modle"' in said
    assert '"trigger" is missing' in said
    assert '"model" is missing' not in said


@pytest.mark.run
@pytest.mark.parametrize("kind", ["gate", "captions", "curation"])
def test_slips_are_told_before_anything_is_looked_at(kind: str, tmp_path: Path) -> None:
    root = write(tmp_path, **{kind: "a.png: {nonsense: 1}\n", "quality": "a.png:\n  do:remove\n  why: small\n"})
    (root / "images/a.png").write_bytes(b"a picture, if anybody looked")
    code, output = run(root, "gate1")
    assert code == 1
    assert f"decisions/{kind}.yaml:1:" in output
    assert "decisions/quality.yaml:2:3: a space is missing" in output
    assert ran(output) == ["intent", "scan"]
    assert not (root / "build/images.jsonl").exists()


def test_what_remains_of_a_run_is_not_foretold() -> None:
    from loraprep.core import terminal

    bar = terminal._bar()
    bar.update(bar.add_task("gate1", total=20, note="", run=True), completed=1)
    bar.update(bar.add_task("Reading", total=50, note=""), completed=1)
    shown = [bar.columns[3].render(task) for task in bar.tasks]
    assert [bool(text.plain) for text in shown] == [False, True]
