"""A disk that is full or broken, and a kill, at writes, renames and syncs of a run: a sentence with the file, nothing lost.

A few of the places in the suite; all of them, an hour or so: EVERY_FAULT=1 pytest tests/hostile/test_faults.py
"""

import os
import re
import shutil
from pathlib import Path

import pytest

from tests import store
from tests.hostile.faults import PLACE
from tests.runs import run
from tests.scenes import project

pytestmark = pytest.mark.run
TOLD = {"ENOSPC+": "the disk is full", "EIO": "the disk answers with an error"}
SHARES = (0.02, 0.2, 0.37, 0.55, 0.71, 0.9)  # of the way through a run


def fresh(root: Path) -> Path:
    return Path(
        shutil.copytree(store.kept("faults", lambda folder: project(folder / "mystyle", 4) and None) / "mystyle", root)
    )


def faulty(root: Path, number: int, kind: str, told: Path = Path("-")) -> tuple[int, str]:
    return run(root, "gate1", env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", PLACE: f"{number} {kind} {told}"})


def verdict(output: str) -> str:
    return output[output.index("NO-GO") :]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    """How often a run writes, and what it says in the end."""
    folder = tmp_path_factory.mktemp("whole")
    code, output = faulty(fresh(folder / "mystyle"), 0, "EIO", folder / "count")
    assert code == 1, output
    return int((folder / "count").read_text()), verdict(output)


@pytest.mark.parametrize("kind", ["ENOSPC+", "EIO", "SIGKILL"])
def test_a_disk_that_refuses(kind: str, whole: tuple[int, str], tmp_path: Path) -> None:
    count, said = whole
    assert count > 150
    every = "EVERY_FAULT" in os.environ
    spread = range(1, count + 1) if every else [max(1, round(count * share)) for share in SHARES]
    for number in spread if every or kind != "SIGKILL" else list(spread)[::3]:
        root = fresh(tmp_path / str(number))
        pictures = {p.name: p.read_bytes() for p in (root / "images").iterdir()}
        code, output = faulty(root, number, kind)
        assert "Traceback" not in output, (number, output)
        assert "bug" not in output, (number, output)
        if kind != "SIGKILL" and code != 1:
            raise AssertionError((number, code, output))
        if kind in TOLD and "NO-GO" not in output:
            assert re.search(rf"(?m)^[^ :]+: {TOLD[kind]}$", output), (number, output)
        assert run(root, "gate1")[1].endswith(said), number
        assert {p.name: p.read_bytes() for p in (root / "images").iterdir()} == pictures
        assert kind == "SIGKILL" or not [*root.rglob(".loraprep-*")]
        shutil.rmtree(root)
