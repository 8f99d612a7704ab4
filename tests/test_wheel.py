"""The wheel alone: built without a network, unpacked outside the checkout, it does the whole of gate 1."""

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests import ROOT
from tests.scenes import scene


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built by the hatchling of the test environment, the one that pyproject.toml pins for everybody."""
    place = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "--no-index",
               "--wheel-dir", str(place), str(ROOT)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    (made,) = place.glob("*.whl")
    return made


def test_the_tests_build_with_the_pinned_hatchling() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    (pinned,) = declared["build-system"]["requires"]
    assert pinned in declared["project"]["optional-dependencies"]["test"]
    assert pinned in (ROOT / "constraints.txt").read_text("utf-8").splitlines()


@pytest.mark.run
def test_it_holds_all_that_is_read_at_run_time(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("schemas", "resources"):
        wanted = {f"loraprep/{p.relative_to(ROOT).as_posix()}" for p in (ROOT / folder).rglob("*") if p.is_file()}
        assert wanted
        assert wanted <= held
    modules = {p.relative_to(ROOT).as_posix() for p in (ROOT / "loraprep").rglob("*.py")}
    assert modules <= held
    assert not [name for name in held if name.startswith(("tests/", "examples/")) or "__pycache__" in name]


@pytest.mark.run
def test_the_wheel_alone_makes_a_project_and_judges_it(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "unpacked")
    (tmp_path / "pics").mkdir()
    for n in range(3):
        scene(n, 560, 520).save(tmp_path / f"pics/{n}.jpg")

    def run(folder: Path, *args: str) -> tuple[int, str]:
        done = subprocess.run([sys.executable, "-m", *args], cwd=folder, capture_output=True, text=True, timeout=600,
                              check=False, env={**os.environ, "PYTHONPATH": str(tmp_path / "unpacked")})  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    where = "import loraprep; print(loraprep.__file__)"
    found = subprocess.run([sys.executable, "-c", where], cwd=tmp_path, capture_output=True, text=True, check=True,
                           env={**os.environ, "PYTHONPATH": str(tmp_path / "unpacked")})  # fmt: skip
    assert Path(found.stdout.strip()).is_relative_to(tmp_path / "unpacked")
    code, output = run(tmp_path, "loraprep", "init", "mine", "--kind", "character", "--model", "sd15", "--trigger",
                       "brushy", "--images", "pics", "--captioner", "none", "--no-input")  # fmt: skip
    assert code == 0, output
    for command in ("loraprep", "doit"):
        code, output = run(tmp_path / "mine", command, "gate1")
        assert code == 1, output
        assert "Only 3 pictures would train" in output
    assert "## " in (tmp_path / "mine/dataset-report.md").read_text("utf-8")
