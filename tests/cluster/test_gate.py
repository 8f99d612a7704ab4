"""A whole project on a cluster: the same bytes as without, whoever is killed, and nobody is asked for nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loraprep.cli import tree
from loraprep.core import child
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.imaging import pool
from tests import ROOT, clusters, runs, scenes

pytestmark = [pytest.mark.run, pytest.mark.skipif(os.name == "nt", reason="signals")]
NOBODY = "tcp://127.0.0.1:1"
COMMAND = "from loraprep import __main__; __main__.program()"


@pytest.fixture(scope="module")
def workers() -> Iterator[Any]:
    """Two workers of one thread."""
    clusters.needed()
    with clusters.local() as started:
        yield started


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of twelve pictures that nobody looked at yet; the same name in every folder it is copied to."""
    root = scenes.project(tmp_path_factory.mktemp("drawn") / "mystyle", 12)
    shutil.rmtree(root / "build")
    runs.append("project.yaml", runs.AUTO)(root)
    return root


@pytest.fixture(scope="module")
def alone(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after gate1 and dataset without a cluster."""
    clusters.needed()
    root = tmp_path_factory.mktemp("alone") / "mystyle"
    shutil.copytree(drawn, root)
    runs.finish(root)
    return root


def test_the_same_bytes_of_everything(drawn: Path, alone: Path, workers: Any, tmp_path: Path) -> None:
    root = tmp_path / "mystyle"
    shutil.copytree(drawn, root)
    runs.finish(root, "--cluster", workers.scheduler_address)
    there, here = runs.left(root), runs.left(alone)
    assert {"dataset-report.md", "dataset.lock.json", "decisions/captions.yaml", "build/images.jsonl"} <= set(there)
    assert [name for name in {*there, *here} if there.get(name) != here.get(name)] == []


def test_the_same_bytes_on_one_here(drawn: Path, alone: Path, tmp_path: Path) -> None:
    root = tmp_path / "mystyle"
    shutil.copytree(drawn, root)
    runs.finish(root, "--cluster", "local:2")
    assert runs.left(root) == runs.left(alone)


def test_the_same_bytes_whoever_is_killed(drawn: Path, alone: Path, tmp_path: Path) -> None:
    """One of three workers is killed each second; for a minute, and less often: python -m tests.benchmarks.cluster."""
    root = tmp_path / "mystyle"
    shutil.copytree(drawn, root)
    usual = {"distributed.scheduler.allowed-failures": 3}  # as Dask comes: on a busy computer one may die at it twice
    with clusters.local(3, **usual) as cluster:
        cluster.wait_for_workers(3, timeout=60)
        with clusters.killing(cluster, 1) as killed:
            runs.finish(root, "--cluster", cluster.scheduler_address)
    assert len(killed) > 1
    assert runs.left(root) == runs.left(alone)


def test_a_run_with_nothing_to_do_asks_nobody(alone: Path, tmp_path: Path) -> None:
    root = tmp_path / "mystyle"
    shutil.copytree(alone, root)
    time.sleep(2.2)  # what was just copied is looked at once more
    assert runs.run(root, "gate1")[0] == 0
    code, said = runs.run(root, "gate1", "--cluster", NOBODY)
    assert code == 0, said
    assert "scheduler" not in said
    code = runs.run(root, "gate1", env={**os.environ, "LORAPREP_CLUSTER": NOBODY})[0]
    assert code == 0


def test_what_is_to_do_asks_whom_the_person_named(drawn: Path, tmp_path: Path) -> None:
    clusters.needed()
    for words, env in (["--cluster", NOBODY], {}), ([], {"LORAPREP_CLUSTER": NOBODY}):
        root = tmp_path / str(len(words)) / "mystyle"
        shutil.copytree(drawn, root)
        code, said = runs.run(root, "gate1", *words, env={**os.environ, **env, "COLUMNS": "200"})
        assert code == 1
        assert f"--cluster: no scheduler answers at {NOBODY}\n" in said
        assert "Traceback" not in said
        assert not (root / "dataset-report.md").exists()


@pytest.mark.parametrize("line", [f"cluster: {NOBODY}", f"images: {{cluster: '{NOBODY}'}}"])
def test_no_project_names_one(line: str, drawn: Path, tmp_path: Path) -> None:
    root = tmp_path / "mystyle"
    shutil.copytree(drawn, root)
    runs.append("project.yaml", f"{line}\n")(root)
    code, said = runs.run(root, "gate1")
    assert code == UNUSABLE
    assert "cluster" in said


def test_a_wrong_address_is_said_before_anything_else(tmp_path: Path) -> None:
    with pytest.raises(UserError, match='"somewhere" is no address of a cluster'):
        tree.run(["gate1", "--cluster", "somewhere"])


def test_ctrl_c_ends_it_there_too(drawn: Path, workers: Any, tmp_path: Path) -> None:
    """Within two seconds; the next run goes on."""
    root = tmp_path / "mystyle"
    shutil.copytree(drawn, root)
    env = {k: v for k, v in os.environ.items() if k not in (child.SAFE_PATH, pool.IN_PROCESS)}
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", COMMAND, "gate1", "-v", "--cluster", workers.scheduler_address], cwd=root,
        env={**env, "PYTHONPATH": str(ROOT)}, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    end = time.monotonic() + 60
    while time.monotonic() < end and not workers.scheduler.tasks:
        time.sleep(0.01)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=20)
    assert time.monotonic() - start < 4  # seconds, on a machine that has other things to do
    assert process.returncode == 130, said
    assert "Stopped." in said
    assert "Traceback" not in said
    end = time.monotonic() + 5
    while time.monotonic() < end and (workers.scheduler.tasks or len(workers.scheduler.clients) > 1):
        time.sleep(0.05)
    assert not workers.scheduler.tasks
    code, said = runs.run(root, "scan", "--cluster", workers.scheduler_address)
    assert code == 0, said
