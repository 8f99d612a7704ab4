"""`loraprep samples` as a person meets it: each sample in words, an answer, and the file that results."""

import os
import shutil
from pathlib import Path

import pytest

from loraprep.project import decisions
from tests.gallery import paint
from tests.runs import run

if os.name == "nt":
    pytest.skip("there are no pseudo-terminals on Windows", allow_module_level=True)

from tests.terminals import CONTROL_D, ENTER, Terminal

pytestmark = pytest.mark.run
WHETHER = "Does this capture both what's in the image AND how it's painted?"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = paint(tmp_path_factory.mktemp("samples") / "mystyle", 12)
    run(root, "samples")
    return root


@pytest.fixture
def root(asked: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(asked, tmp_path / "mystyle"))


def test_a_pipe_is_never_asked(asked: Path) -> None:
    code, output = run(asked, "samples")
    assert code == 0
    assert WHETHER not in output


def test_approve_adjust_skip_and_later(root: Path) -> None:
    editor = root.parent / "editor"
    editor.write_text('#!/bin/sh\nprintf "[trigger], my own words\\n" > "$1"\n', "utf-8")
    editor.chmod(0o755)
    keys = sorted(decisions.read_decisions(root, "captions").entries)
    person = Terminal(root, "samples", columns=100, rows=40, env={"EDITOR": str(editor), "VISUAL": str(editor)})
    seen = person.see(f"Image 1 of {len(keys)}: {keys[0]}")
    assert "Caption: brushy, " in seen
    assert f"Open: {(root / 'images' / keys[0]).resolve()}" in " ".join(seen.split())
    assert "Content elements: " in seen
    assert "Style elements: loose strokes" in seen
    person.answer(WHETHER)  # Enter takes what is recommended
    # each once it listens: what was typed before approves nothing, and Ctrl-D a terminal keeps to itself
    for number, (keys_pressed, then) in enumerate({"adjust": ENTER, "skip": ENTER, CONTROL_D: ""}.items(), 2):
        person.see(f"Image {number} of {len(keys)}: {keys[number - 1]}")
        person.answer("Esc goes back.", keys_pressed, then=then)
    assert person.ended() == 0
    assert f"{len(keys) - 3} samples not answered; loraprep samples goes on there." in person.text
    person.close()
    given = decisions.read_decisions(root, "captions").entries
    assert [given[key].answer for key in keys] == ["approve", "adjust", "skip", None, None]
    assert given[keys[1]].data["caption"] == "[trigger], my own words"


@pytest.mark.parametrize(
    ("declared", "asks"),
    [
        ("captioning: {style_words: omit}", "Does this capture what's in the image?"),
        ("photographs", "Does this capture both what's in the image AND how it's photographed?"),
    ],
)
def test_only_what_the_captions_are_to_say_is_asked_about(declared: str, asks: str, root: Path) -> None:
    path = root / "project.yaml"
    text = path.read_text("utf-8")
    text = f"{text}\n{declared}\n" if ":" in declared else text.replace("loose bright painting", "misty photographs")
    path.write_text(text, "utf-8")
    person = Terminal(root, "samples", columns=100, rows=40)
    person.see(asks)
    person.close()


@pytest.mark.parametrize("editor", ["", "no-such-editor"])
def test_without_an_editor_the_caption_is_changed_right_there(root: Path, editor: str) -> None:
    key, *others = sorted(decisions.read_decisions(root, "captions").entries)
    before = decisions.read_decisions(root, "captions").entries[key].data["caption"]
    person = Terminal(root, "samples", columns=100, rows=40, env={"EDITOR": editor, "VISUAL": ""})
    person.see(f"Image 1 of {len(others) + 1}: {key}")
    person.answer("Your answer:", "adjust")
    assert before.replace("\n", " ")[:40] in person.see("Caption: [trigger], ")
    person.answer("Change what is not right.", ", at dusk")
    person.see(f"Image 2 of {len(others) + 1}: {others[0]}")
    person.close()
    given = decisions.read_decisions(root, "captions").entries[key]
    assert (given.answer, given.data["caption"]) == ("adjust", f"{before}, at dusk")
