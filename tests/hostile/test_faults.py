"""A disk that is full or broken, and a kill, at writes, renames and syncs: a sentence with the file, nothing lost.

Whatever happened, the next run finishes and leaves the same bytes as one that nothing disturbed. A few of the places in
the suite; all of them, some hours: EVERY_FAULT=1 pytest tests/hostile/test_faults.py. EVERY_FAULT=10 takes each tenth.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import store
from tests.hostile import clones
from tests.hostile.faults import PLACE
from tests.runs import run, told
from tests.scenes import project

pytestmark = pytest.mark.run
TOLD = {
    "ENOSPC+": "the disk is full",
    "EIO": "the disk answers with an error",
    "EACCES": "you may not",
}
EVERY = int(os.environ.get("EVERY_FAULT", "0"))
# where the suite tries it: early, midway, among the report's files and the last ones
SHARES = {"ENOSPC+": (0.02, 0.71), "EIO": (0.8,), "EACCES": (0.6,), "SIGKILL": (0.45,)}
# of a run that was disturbed and one that was not: what says when something was looked at, and states of others
_TIMES = re.compile(r"\.doit\.sqlite|\.lock$|^build/(?:scan-unchanged\.json|.*\.sqlite|given-.*|.*-cache\..*)")


def _small(root: Path) -> Path:
    kept = store.kept("faults", lambda folder: project(folder / "mystyle", 4) and None)
    return Path(shutil.copytree(kept / "mystyle", root))


def _good(root: Path) -> Path:
    """One that says GO, without its dataset: the places of its own are tried, gate1 has been."""
    kept = store.kept("faults-good", lambda folder: _without_dataset(folder / "mystyle"))
    return Path(shutil.copytree(kept / "mystyle", root))


def _without_dataset(root: Path) -> None:
    shutil.copytree(clones.go_project(), root)
    for name in ("dataset", "exports"):
        shutil.rmtree(root / name)
    (root / "dataset.lock.json").unlink()
    code, output = run(root, "gate1")
    assert code == 0, output


class Task(NamedTuple):
    """A command, a project to run it in, what it ends with, and how often it writes at the least."""

    command: str
    fresh: Callable[[Path], Path]
    code: int
    least: int


TASKS = {"gate1": Task("gate1", _small, 1, 150), "dataset": Task("dataset", _good, 0, 100)}


class Undisturbed(NamedTuple):
    """How often a run changes something on disk, what it says in the end, and the digests of what it leaves."""

    count: int
    said: str
    left: dict[str, str]


def faulty(root: Path, task: Task, number: int, kind: str, told: Path = Path("-")) -> tuple[int, str]:
    env = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200", PLACE: f"{number} {kind} {told}"}
    return run(root, task.command, env=env)


def left(root: Path) -> dict[str, str]:
    """Every file but what holds times: path -> digest."""
    found = {p.relative_to(root).as_posix(): p for p in root.rglob("*") if p.is_file()}
    return {n: hashlib.sha256(p.read_bytes()).hexdigest() for n, p in sorted(found.items()) if not _TIMES.search(n)}


@cache
def _undisturbed(name: str, folder: Path) -> Undisturbed:
    task, root = TASKS[name], folder / "mystyle"
    code, output = faulty(task.fresh(root), task, 0, "EIO", folder / "count")
    assert code == task.code, output
    code, output = run(root, task.command)  # as the runs below, which are second ones too
    return Undisturbed(int((folder / "count").read_text()), _end(output), left(root))


def _end(output: str) -> str:
    output = told(output)
    return output[output.index("NO-GO") :] if "NO-GO" in output else output.strip().rpartition("\n")[2]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Undisturbed]:
    folders = {name: tmp_path_factory.mktemp(name) for name in TASKS}
    return lambda name: _undisturbed(name, folders[name])


@pytest.mark.parametrize("kind", SHARES)
@pytest.mark.parametrize("name", TASKS)
def test_a_disk_that_refuses(kind: str, name: str, whole: Callable[[str], Undisturbed], tmp_path: Path) -> None:
    task, sound = TASKS[name], whole(name)
    assert sound.count > task.least
    some = [max(1, round(sound.count * share)) for share in SHARES[kind]]
    for number in range(1, sound.count + 1, EVERY) if EVERY else some:
        root = task.fresh(tmp_path / str(number))
        pictures = {p.name: p.read_bytes() for p in (root / "images").iterdir()}
        code, output = faulty(root, task, number, kind)
        assert "Traceback" not in output, (number, output)
        assert "a bug in loraprep" not in output, (number, output)
        if kind != "SIGKILL":
            assert code in (task.code, 1), (number, code, output)
            if code != task.code or (task.code == 1 and "NO-GO" not in output):
                assert re.search(rf"(?m)^[^ :]+: .*(?:{TOLD[kind]})", output), (number, output)
        assert _end(run(root, task.command)[1]) == sound.said, number
        assert left(root) == sound.left, (number, kind)
        assert {p.name: p.read_bytes() for p in (root / "images").iterdir()} == pictures
        shutil.rmtree(root)
