"""Folders as people give them, and what is said of what is in them."""

import os
from pathlib import Path

import pytest
from PIL import Image

from loraprep.cli.init import create, folder, given
from loraprep.cli.init.folder import Contents
from loraprep.cli.init.options import suited
from loraprep.imaging import pool
from loraprep.project import profiles

posix = pytest.mark.skipif(os.name == "nt", reason="shells quote otherwise there")


@pytest.fixture
def pics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "it's my (best) pics"
    path.mkdir()
    return path


@posix
def test_every_way_to_write_it(pics: Path) -> None:
    path = str(pics)
    escaped = path.replace(" ", "\\ ").replace("'", "\\'").replace("(", "\\(").replace(")", "\\)")
    url = "file://" + path.replace(" ", "%20").replace("'", "%27")
    quoted = "'" + path.replace("'", "'\\''") + "'"
    written = [path, f"{path}/", f" {path} ", f'"{path}"', f"{escaped} ", quoted, url, url.replace("file://", "file://localhost"),
               f"'{url}'", "~/" + pics.name, f"“{path}”"]  # fmt: skip
    for text in written:
        assert given.folder(text) == pics, text
    assert given.folder("~/it\\'s\\ my\\ \\(best\\)\\ pics") == pics
    assert given.folder("  ") is None


@posix
def test_a_windows_path_under_wsl(pics: Path) -> None:
    assert given.folder(r"C:\Users\me\my pics") == Path("/mnt/c/Users/me/my pics")
    assert given.folder(r'"D:\art"') == Path("/mnt/d/art")
    assert given.folder("file:///C:/art") == Path("C:/art")
    what, hint = folder.missing(r"C:\Users\me", Path("/mnt/c/Users/me"))
    assert (what, hint) == (
        r"there is no folder C:\Users\me",
        "On this computer it would be /mnt/c/Users/me, which is not there.",
    )


@posix
def test_a_folder_really_called_so_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("'a b'", "a\\ b", "a b"):
        Path(name).mkdir()
    assert given.folder("'a b'") == Path("'a b'")
    assert given.folder("a\\ b") == Path("a\\ b")


def test_what_is_not_there_is_said(pics: Path) -> None:
    Image.new("RGB", (8, 8)).save(pics / "a.png")
    assert folder.missing(str(pics / "a.png"), pics / "a.png") == (
        "a.png is a file",
        f"Name the folder it lies in: {pics}",
    )
    both = f'"{pics}" "{pics / "a.png"}"'
    assert folder.missing(both, Path(both)) == ("several things were given", "Name the one folder they lie in.")
    assert folder.missing(str(pics / "x/y"), pics / "x/y")[1] == f"{pics} is there; what follows is not."
    (pics.parent / "my pics").mkdir()
    assert (
        folder.missing("my pcis", pics.parent / "my pcis")[1] == f"Did you mean {(pics.parent / 'my pics').as_posix()}?"
    )
    assert folder.missing("a\0b", Path("a\0b"))[0] == "there is no folder a\0b"
    assert given.folder("a\0b") == Path("a\0b")


def test_it_is_looked_into(pics: Path) -> None:
    for n in range(12):
        side = 700 if n < 3 else 1200
        Image.new("RGB", (side, side)).save(pics / f"{n}.png")
    (pics / "deep").mkdir()
    Image.new("RGB", (2048, 512)).save(pics / "deep/wide.jpg")  # as many pixels as 1024 x 1024
    (pics / "broken.png").write_bytes(b"no picture")
    (pics / "0.txt").write_text("a pier", "utf-8")
    (pics / "1.txt").write_text(" \n", "utf-8")  # says nothing
    (pics / "readme.txt").write_text("hello", "utf-8")
    found = folder.look(pics)
    assert (found.pictures, found.captioned, len(found.sides)) == (14, 1, 13)
    style = profiles.kind("style")
    assert folder.told(found, style, "style", 1024) == (
        "14 pictures, 1 .txt caption, 3 below 1024 px. For a style 20 to 100 is a good number."
    )
    few = Contents(pictures=4, captioned=0, sides=(2000,) * 4)
    assert folder.told(few, profiles.kind("object"), "object", 1024) == (
        "4 pictures. For an object that is too few: 5 is the least, 10 to 30 a good number."
    )
    assert (
        folder.told(Contents(pictures=0, captioned=0, sides=()), style, "style", 512)
        == "There is no picture in that folder."
    )


def test_small_pictures_suit_a_small_base_model() -> None:
    assert suited([400] * 9 + [1500], "style") == "sd15"
    for sides, kind in (([1296] * 9, "style"), ([800] * 9, "style"), ([], "style"), ([400], "edit"), ([400], "stlye")):
        assert suited(sides, kind) == ""


def test_a_folder_named_from_here_is_measured_by_whoever_works_elsewhere(
    pics: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(pool.IN_PROCESS)
    monkeypatch.chdir(pics.parent)
    Image.new("RGB", (400, 100)).save(pics / "a.png")
    assert folder.look(Path(pics.name)).sides == (200,)


def test_the_history_of_a_folder_of_pictures_is_no_part_of_it(pics: Path) -> None:
    """With a .git of its own in images/, git commits no picture of the project."""
    for name in ("a.png", ".git/objects/aa", "red/.git", "red/b.png"):
        (pics / name).parent.mkdir(parents=True, exist_ok=True)
        (pics / name).write_bytes(b"")
    assert create.files_below(pics) == [Path("a.png"), Path("red/b.png")]
