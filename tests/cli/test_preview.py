"""`loraprep look`: one page about any folder, and not one other byte written."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from loraprep.cli import looking, tree
from loraprep.core import resources
from loraprep.core.errors import UserError
from tests import pictures
from tests.pages import Parsed, outside
from tests.runs import run
from tests.scenes import draw, scene


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a name that shells stumble over: 12 scenes, a copy, a broken file, a folder called dataset."""
    home = tmp_path_factory.mktemp("look")
    root = home / "my  'best' $HOME"
    draw(root, 12)
    shutil.copy(root / "scene-03.jpg", root / "scene-03 (1).jpg")
    (root / "broken.png").write_bytes(pictures.png()[:300])
    (root / "dataset").mkdir()
    scene(77).save(root / "dataset/scene-77.jpg", quality=92)
    (root / "dataset/scene-77.txt").write_text("a barn in snow\n", "utf-8")
    return root


def everything(root: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(p.relative_to(root)): (p.read_bytes(), p.stat().st_mtime_ns) for p in sorted(root.rglob("*")) if p.is_file()
    }


@pytest.fixture(scope="module")
def looked(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    here = tmp_path_factory.mktemp("here")
    before = everything(folder.parent)
    code, output = run(here, "look", str(folder), "--model", "sd15")
    assert code == 0, output
    assert everything(folder.parent) == before
    return here, output


@pytest.mark.run
def test_it_writes_one_page_and_says_where(looked: tuple[Path, str], folder: Path) -> None:
    here, output = looked
    assert [p.name for p in here.iterdir()] == ["look-my-best-HOME.html"]
    line = f"loraprep init my-best-HOME --kind style --model sd15 --images {shlex.quote(str(folder.resolve()))}"
    assert output.splitlines() == [
        "15 pictures, 13 .txt captions. 13 could train, 1 would be left out, 1 cannot be used. As style for Stable Diffusion "
        "1.5.",
        "Nothing here would stop Gate 1: 13 pictures could train.",
        "Look at it: look-my-best-HOME.html",
        "Start from there:",
        f"  {line}",
    ]


@pytest.mark.run
def test_the_page_shows_what_gate_1_would_say(looked: tuple[Path, str], folder: Path) -> None:
    here, _ = looked
    html = (here / "look-my-best-HOME.html").read_text("utf-8")
    parsed = Parsed(html)
    assert outside(parsed) == []
    cards = {a["data-name"]: a["data-fate"] for a in parsed.of_class("card")}
    assert cards.pop("scene-03 (1).jpg") == "left out"
    assert cards.pop("broken.png") == "rejected"
    assert cards == dict.fromkeys([*(f"scene-{n:02}.jpg" for n in range(12)), "dataset/scene-77.jpg"], "kept")
    text = "".join(parsed.text)
    assert "my  'best' $HOME" in text
    assert "not one byte differs" in text
    assert shlex.quote(str(folder.resolve())) in text


@pytest.mark.run
def test_the_line_it_ends_with_starts_a_project(looked: tuple[Path, str], folder: Path) -> None:
    here, output = looked
    words = shlex.split(output.splitlines()[-1])
    assert words[:2] == ["loraprep", "init"]
    code, said = run(here, *words[1:])
    assert code == 0, said
    assert (here / "my-best-HOME/images/dataset/scene-77.jpg").read_bytes() == (
        folder / "dataset/scene-77.jpg"
    ).read_bytes()
    shutil.rmtree(here / "my-best-HOME")


@pytest.mark.run
def test_it_writes_its_page_again_but_nobody_elses(looked: tuple[Path, str], folder: Path) -> None:
    here, _ = looked
    page = here / "look-my-best-HOME.html"
    before = page.read_bytes()
    assert run(here, "look", str(folder), "--model", "sd15")[0] == 0
    assert page.read_bytes() == before
    other = here / "mine.html"
    other.write_text("my own page", "utf-8")
    code, said = run(here, "look", str(folder), "--out", "mine.html")
    assert (code, said) == (
        3,
        "mine.html: there is another file under this name\n    It stays as it is; name another with --out FILE.\n",
    )
    assert other.read_text("utf-8") == "my own page"
    other.unlink()


@pytest.mark.parametrize(
    "words", [["look", "pcis"], ["check", "pic"], ["-C", "pcis", "gate1"], ["init", "mine", "--images", "pic"]]
)
def test_a_folder_mistyped_is_named_as_it_was_meant(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pics").mkdir()
    with pytest.raises(UserError, match=r"Did you mean pics\?"):
        tree.run(words)


def test_what_lies_there_is_told_of_a_folder_like_none_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("mountains", "portraits"):
        (tmp_path / name).mkdir()
    with pytest.raises(UserError, match=r"There you have mountains and portraits\."):
        tree.run(["look", "xyz"])


def test_everything_wrong_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        tree.run(["look", "gone", "--kind", "stlye", "--model", "flx", "--out", "no/where.html"])
    assert caught.value.exit_code == 3
    assert str(caught.value) == (
        "gone: there is no such folder\n    Name the folder with your pictures.\n"
        '--kind: unknown kind "stlye"\n    One of: character, edit, object, style.\n'
        f'--model: unknown model "flx"\n    One of: {", ".join(resources.names("resources/models"))}.\n'
        "no/where.html: that is no place for a file\n    Name a file in a folder that exists."
    )


def test_the_page_never_lands_among_the_pictures_unless_one_stands_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "art").mkdir()
    (tmp_path / "art/a.jpg").write_bytes(pictures.jpeg())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="the page would lie among your pictures"):
        tree.run(["look", "art", "--out", "art/look.html"])
    monkeypatch.chdir(tmp_path / "art")
    assert tree.run(["look", "."]) == 0
    assert sorted(p.name for p in (tmp_path / "art").iterdir()) == ["a.jpg", "look-art.html"]


@pytest.mark.skipif(os.name == "nt", reason="quoting as a POSIX shell wants it")
def test_the_line_fits_where_one_stands(tmp_path: Path) -> None:
    art = tmp_path / "art"
    art.mkdir()
    flags = ["--kind", "object", "--model", "sdxl"]
    assert shlex.split(looking.command(art, "art", "object", "sdxl", art)) == ["loraprep", "init", ".", *flags]
    # a project cannot lie in the folder it copies from: beside a folder of its own name it gets another one
    beside = shlex.split(looking.command(art, "art", "object", "sdxl", tmp_path))
    assert beside == ["loraprep", "init", "art-lora", *flags, "--images", "art"]
    dashed = tmp_path / "-x"
    dashed.mkdir()
    assert shlex.split(looking.command(dashed, "x", "object", "sdxl", tmp_path))[-1] == "./-x"


def test_an_empty_folder_is_no_page_but_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "my art").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        tree.run(["look", "none"])
    assert str(caught.value) == (
        "none: there is no file in this folder\n"
        "    Put your pictures there, or name another. Beside it there are my art."
    )
    assert not list(tmp_path.glob("*.html"))


def test_pictures_that_would_all_leave_are_told_of_without_a_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "small").mkdir()
    for number in range(3):
        scene(number, 100, 90).save(tmp_path / f"small/{number}.png")
    monkeypatch.chdir(tmp_path)
    tree.run(["look", "small"])
    said = " ".join(capsys.readouterr().out.split())
    assert "3 pictures would be left out; the report says why of each." in said
    assert "decisions/" not in said


def test_what_fits_a_pattern_is_looked_at_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "my art").mkdir()
    for number, name in enumerate(("a.jpg", "b.jpg", "c.png")):
        scene(number, 400, 360).save(tmp_path / "my art" / name)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="that is a file; name the folder"):
        tree.run(["look", "my art/a.jpg", "my art/b.jpg"])  # as a shell makes of my\\ art/*.jpg
    with pytest.raises(UserError) as caught:
        tree.run(["look", "my art", "nothing.jpg"])
    assert "could train" not in capsys.readouterr().out
    assert "nothing in it fits nothing.jpg" in str(caught.value)
    assert tree.run(["look", "my art", "*.jpg"]) == 0
    said = capsys.readouterr().out
    assert "2 could train" in said
    assert said.splitlines()[-1].strip().startswith("loraprep init my-art ")


@pytest.mark.run
@pytest.mark.parametrize("where", ["elsewhere", "among the pictures"])
def test_nothing_stays_of_what_was_measured_and_the_page_is_the_same(
    looked: tuple[Path, str], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    here, scratch = tmp_path / "here", (tmp_path if where == "elsewhere" else folder) / "tmp"
    here.mkdir()
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.chdir(here)
    before = everything(folder.parent)
    try:
        assert tree.run(["look", str(folder), "--model", "sd15"]) == 0
        assert list(scratch.iterdir()) == []
    finally:
        shutil.rmtree(scratch)
    assert everything(folder.parent) == before
    page = "look-my-best-HOME.html"
    assert (here / page).read_bytes() == (looked[0] / page).read_bytes()


def test_what_is_looked_at_is_said_before_what_looks_is_loaded() -> None:
    asked = "import sys; from loraprep.cli import preview; print([m for m in sys.modules if m.startswith('loraprep.')])"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert "loraprep.cli.preview" in loaded
    assert not any(f"loraprep.{room}" in loaded for room in ("pipeline", "report", "scan", "curation", "imaging"))
