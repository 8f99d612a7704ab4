"""What used to end in a traceback: each is a sentence with its file, or is made anew."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from loraprep.core import machine
from loraprep.core.findings import Code
from loraprep.pipeline import action
from loraprep.scan import walk
from loraprep.trainers import folder
from tests import pictures, runs, scenes
from tests.hostile import clones
from tests.runs import run

pytestmark = pytest.mark.run
SOMEBODY = {
    "LORAPREP_TESTS_USER": "65534",
    "NO_COLOR": "1",
    "COLUMNS": "200",
    "HOME": "/nowhere",
    "LORAPREP_CONFIG": "/nowhere/c.yaml",
}
as_root = pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can be somebody else")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(clones.go_project(), tmp_path / "mystyle"))


def sentence(root: Path, *args: str, **env: str) -> str:
    code, output = run(
        root, *args, env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", "LORAPREP_PROGRESS": "", **env}
    )
    assert "Traceback" not in output, output
    assert "a bug in loraprep" not in output, output
    assert code in (0, 1, 3), output
    return output


def test_what_is_damaged_in_build_is_made_anew(root: Path) -> None:
    said = sentence(root, "gate1")
    for name, damage in {
        "audit.json": b"",
        "images.jsonl": b"5",
        "gate1.json": None,
        "pixels.sqlite": b"5",
    }.items():
        place = root / "build" / name
        before = place.read_bytes()
        place.write_bytes(before[: len(before) // 2] if damage is None else damage)
        assert sentence(root, "gate1").endswith(said[-200:]), name
        assert name == "pixels.sqlite" or place.read_bytes() == before, name
    for state in (b"garbage" * 99, b"SQLite format 3\0"):
        (root / ".doit.sqlite").write_bytes(state)
        told = sentence(root, "gate1")  # whether what was exported is today's is not known any more
        assert told.endswith("\nNext: loraprep dataset export\n"), state
        assert "\nGO. " in told, state


def test_what_stands_in_the_way(root: Path) -> None:
    lock = root / ".doit.sqlite.lock"
    lock.unlink(missing_ok=True)
    lock.symlink_to("/etc/hosts")
    assert ".doit.sqlite.lock: is a link" in sentence(root, "gate1")
    lock.unlink()
    lock.mkdir()
    assert ".doit.sqlite.lock: a folder stands where a file has to be" in sentence(root, "gate1")
    lock.rmdir()
    (root / "dataset.lock.json").write_text('{"images": 5}', "utf-8")
    assert "dataset.lock.json: this file is damaged" in sentence(root, "verify")


def test_an_images_folder_that_is_not_mounted_forgets_nothing(root: Path) -> None:
    (root / "images").rename(root / "away")
    (root / "images").mkdir()
    listed = (root / "build/images.jsonl").read_bytes()
    assert "images: this folder is empty, and" in sentence(root, "gate1")
    assert (root / "build/images.jsonl").read_bytes() == listed
    (root / "images").rmdir()
    assert 'there is no folder "images"' in sentence(root, "gate1")


@as_root
def test_a_project_of_somebody_else_can_be_read_alone(root: Path, tmp_path: Path) -> None:
    for above in [tmp_path, *tmp_path.parents]:
        if above.is_relative_to("/tmp") and above != Path("/tmp"):
            above.chmod(0o755)
    for command in ("gate1", "verify", "select"):
        assert "mystyle: this project can only be read" in sentence(root, command, **SOMEBODY)
    closed = tmp_path / "pics/closed"
    closed.mkdir(parents=True)
    closed.chmod(0)
    work = tmp_path / "work"
    work.mkdir()
    work.chmod(0o777)
    flags = ("init", "mine", "--kind", "style", "--model", "sd15", "--no-input", "--images", str(closed.parent))
    for more in ((), ("--in-place",)):
        assert "closed cannot be opened" in sentence(work, *flags, *more, **SOMEBODY)
    assert not [*work.iterdir()]


STEPS = ("duplicates.find_duplicates", "audit.measure_detail", "curation.measure_styles", "report.write_report")


@pytest.mark.parametrize(("step", "cut"), [(step, number % 2 == 0) for number, step in enumerate(STEPS)])
def test_a_picture_that_goes_during_a_run(step: str, cut: bool, root: Path, monkeypatch: pytest.MonkeyPatch,
                                          capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    from loraprep.__main__ import main

    assert runs.marked
    (root / "build/pixels.sqlite").unlink()
    (root / ".doit.sqlite").unlink()
    gone = sorted((root / "images").glob("*.jpg"))[0]
    call = action.Action.__call__

    def goes(self: action.Action, **options: object) -> object:
        if self.step == step and gone.exists():
            data = gone.read_bytes()
            gone.unlink()
            if cut:
                gone.write_bytes(data[: len(data) // 2])
        return call(self, **options)

    monkeypatch.setattr(action.Action, "__call__", goes)
    monkeypatch.chdir(root)
    assert main(["gate1"]) in (0, 1)
    output = "".join(capsys.readouterr())
    assert "Traceback" not in output, output
    assert "a bug in loraprep" not in output, output


def test_systems_own_folders_are_passed_over_in_check_too(tmp_path: Path) -> None:
    data = pictures.png(pictures.scene(64, 64, 1))
    names = ("__MACOSX/a.png", "@eaDir/a.png", "#recycle/a.png", ".AppleDouble/a.png", "lost+found/a.png", "deep/@EADIR/a.png",
             "Thumbs.db", "deep/.hidden.png", "$RECYCLE.BIN/a.png")  # fmt: skip
    for name in (*names, "a.png", "deep/b.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    assert [f.path for f in folder.read_folder(tmp_path)] == ["a.png", "deep/b.png"]
    found = walk.find_files(tmp_path, tmp_path, ["**/*"], [])
    assert [f.path for f in found if f.state == "image"] == ["a.png", "deep/b.png"]
    systems = {"__MACOSX", "@eaDir", "#recycle", ".AppleDouble", "deep/@EADIR", "$RECYCLE.BIN"}  # counted, as one each
    assert {f.path for f in found if f.role} == systems
    assert {f.path for f in found if f.state != "image"} - systems <= {"Thumbs.db", "deep/.hidden.png"}
    assert not [f for f in found if f.code == Code.UNEXPECTED]


@as_root
@pytest.mark.skipif(sys.platform != "linux", reason="tmpfs is Linux's")
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    """Of so many kilobytes: not enough for the state file, and enough for that but not for what tasks write."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        root = scenes.project(disk / "mystyle", 2)
        for kilobytes in (0, 12, 40):
            usage = shutil.disk_usage(disk)
            with (disk / "fill").open("wb") as fill:
                fill.write(bytes(usage.free - 1024 * kilobytes))
            assert "full" in sentence(root, "gate1"), kilobytes
            (disk / "fill").unlink()
        assert "NO-GO" in sentence(root, "gate1")
    finally:
        subprocess.run(["umount", disk], check=True)


def test_an_oserror_is_the_machines_and_names_its_file() -> None:
    said = str(machine.told(OSError(28, "No space left on device", "build/a.json")))
    assert said.startswith("build/a.json: the disk is full\n")
    assert str(machine.told(MemoryError())).startswith("there is not enough memory")
    assert "odd" in str(machine.told(OSError("odd")))
