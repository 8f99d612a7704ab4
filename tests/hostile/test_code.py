"""Nothing that lies in a project runs, whatever it is called and whichever way loraprep starts another process."""

import asyncio
import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from loraprep.core import child
from loraprep.core.errors import UserError
from loraprep.report import diff
from loraprep.review.runs import Runs
from tests import pictures
from tests.hostile import clones

MANY = 12  # pictures: every worker has some
AS_SCRIPT = ("-P", "-c", clones.SCRIPT)
AS_MODULE = ("-m", "loraprep")
UNDER_MODULE = ("yaml.py", "PIL/__init__.py", "numpy/__init__.py", "msgspec/__init__.py", "difflib.py", "signal.py")


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "it ran"


@pytest.fixture
def root(tmp_path: Path, marker: Path) -> Path:
    root = clones.bare(tmp_path / "mystyle")
    clones.plant_code(root, marker)
    return root


def start(root: Path, *args: str, how: tuple[str, ...] = AS_SCRIPT) -> str:
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PATH": f".{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, *how, *args], cwd=root, capture_output=True, text=True, timeout=300, check=False, env=env
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.run
@pytest.mark.parametrize("args", [("gate1",), ("look", "."), ("check", ".")], ids=lambda a: a[0])
def test_a_command_runs_nothing_that_lies_in_the_folder(root: Path, marker: Path, args: tuple[str, ...]) -> None:
    assert start(root, *args)
    assert not marker.exists()


@pytest.mark.run
def test_nor_do_the_workers_of_a_large_scan(root: Path, marker: Path) -> None:
    for n in range(MANY):
        (root / f"images/{n:03}.png").write_bytes(pictures.png(pictures.scene(48, 48, n)))
    start(root, "scan")
    assert (root / "build/images.jsonl").read_text("utf-8").count("\n") > MANY
    assert not marker.exists()
    env = {name: value for name, value in os.environ.items() if name != child.SAFE_PATH}
    subprocess.run([sys.executable, "-c", "import yaml"], cwd=root, check=False, env=env)
    assert marker.exists()  # as Python does it by itself


@pytest.mark.run
def test_started_as_a_module_it_takes_libraries_from_where_they_are_installed(root: Path, marker: Path) -> None:
    """`python -m loraprep` takes a `loraprep/` or `runpy.py` of the folder, before any line of ours: see promises.md."""
    for name in clones.SHADOWS:
        (root / name).unlink()
    for name in UNDER_MODULE:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(clones.module(marker), "utf-8")
    (root / "loraprep").rmdir()
    for n in range(MANY):
        (root / f"images/{n:03}.png").write_bytes(pictures.png(pictures.scene(48, 48, n)))
    start(root, "scan", how=AS_MODULE)
    assert not marker.exists()


@pytest.mark.run
def test_the_pages_run_button_runs_ours(root: Path, marker: Path) -> None:
    async def pressed() -> Runs:
        runs = Runs(root)
        await runs.start("gate1")
        assert runs._task is not None
        await runs._task
        return runs

    runs = asyncio.run(pressed())
    assert runs.code in (0, 1), runs.lines
    assert any("NO-GO" in line or "Not yet" in line for line in runs.lines), runs.lines
    assert not marker.exists()


def test_git_is_the_persons_and_runs_nothing_that_the_clone_configures(root: Path, marker: Path) -> None:
    def git(*args: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        subprocess.run([child.program("git") or "git", *who, *args], cwd=root, check=True, capture_output=True)

    git("init", "-q")
    (root / "report").mkdir()
    (root / diff.SET_RECORD).write_text("{}", "utf-8")
    (root / ".gitattributes").write_text("* diff=evil filter=evil\n", "utf-8")
    git("add", "report")
    git("commit", "-qm", "a")
    for key in ("core.fsmonitor", "core.pager", "core.sshCommand", "core.alternateRefsCommand", "diff.evil.textconv",
                "diff.evil.command", "filter.evil.smudge", "diff.external", "alias.show", "alias.rev-parse"):  # fmt: skip
        git("config", key, f"!touch '{marker}'" if key.startswith("alias") else f"touch '{marker}'")
    for key, value in {"remote.origin.url": f"ext::sh -c touch% {marker}", "protocol.ext.allow": "always",
                       "remote.origin.promisor": "true", "extensions.partialClone": "origin",
                       "core.repositoryformatversion": "1"}.items():  # fmt: skip
        git("config", key, value)
    assert diff.committed_text(root, "HEAD", diff.SET_RECORD) == "{}"
    blob = next((root / ".git/objects").glob("??/*"))
    for path in (root / ".git/objects").glob("??/*"):  # a partial clone lacks what it would fetch
        if path != blob:
            path.unlink()
    marker.unlink(missing_ok=True)  # git's own commands above may have run it
    with contextlib.suppress(UserError):
        diff.committed_text(root, "HEAD", diff.SET_RECORD)
    assert not marker.exists()


def test_a_child_has_no_way_to_the_project(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", ".", "lib", str(Path(__file__).parents[2])]))
    monkeypatch.setattr(sys, "path", ["", ".", str(root), *sys.path])
    given = child.environment(MORE="1")
    assert (given["PYTHONSAFEPATH"], given["MORE"]) == ("1", "1")
    assert given["PYTHONPATH"] == str(Path(__file__).parents[2])
    assert not {"", ".", str(root)} & set(child.module_places())
    code = "import sys, os; print(sys.flags.safe_path, os.getcwd()); import signal, yaml; print(signal.__file__)"
    done = subprocess.run(child.python(code), env=given, cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("True ")
    assert str(root) not in done.stdout.splitlines()[1]


def test_loraprep_stays_findable_where_it_is_installed(tmp_path: Path) -> None:
    assert child.places_without(["", "sub", "/lib"], tmp_path, tmp_path) == [str(tmp_path), "/lib"]
    assert child.places_without([str(tmp_path), "/lib"], tmp_path, tmp_path) == [str(tmp_path), "/lib"]
    assert child.places_without(["", str(tmp_path), "/lib"], tmp_path, Path("/lib")) == ["/lib"]


def test_a_program_is_looked_for_in_absolute_folders_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clones.plant_code(tmp_path, tmp_path / "it ran")
    monkeypatch.chdir(tmp_path)
    assert child.program("git", {"PATH": os.pathsep.join(["", ".", str(tmp_path.name)])}) is None
    assert child.program("git", {"PATH": os.pathsep.join([".", str(tmp_path)])}) == str(tmp_path / "git")
