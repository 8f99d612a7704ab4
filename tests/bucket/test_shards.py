"""A training folder in shards in a bucket: the same bytes as on a disk, each put there by whoever rendered it, once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from loraprep.core import object_folder
from loraprep.core.storage import Listed
from loraprep.imaging import pool
from loraprep.project import trust
from loraprep.project.trust import Bucket, Trust
from tests import buckets, clusters, runs, scenes
from tests.buckets import Server

pytestmark = [pytest.mark.run]
TRAINED = "dataset: {trainers: [huggingface], repeats: 3, format: webdataset}\n"
SHARD = "train/3_mystyle/00000.tar"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    buckets.needed()
    for name in ("webdataset", "pyarrow"):
        pytest.importorskip(name, reason="pip install -e '.[test]'")
    with buckets.served() as found:
        yield found


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of twelve pictures with its shard on a disk."""
    root = scenes.project(tmp_path_factory.mktemp("built") / "mystyle", 12)
    runs.append("project.yaml", runs.AUTO + TRAINED)(root)
    runs.finish(root)
    return root


@pytest.fixture
def root(built: Path, server: Server, tmp_path: Path) -> Path:
    """The same with its training folder in an empty bucket that may be written."""
    os.environ |= buckets.KEY
    buckets.forget()
    root = Path(
        shutil.copytree(built, tmp_path / "mystyle", ignore=shutil.ignore_patterns("dataset", "*.manifest.json"))
    )
    (root / "dataset.lock.json").unlink()
    runs.replace("project.yaml", "webdataset}", "webdataset, path: s3://pictures/train}")(root)
    trust.grant(root, Trust(buckets=(Bucket("s3://pictures", server.endpoint, write=True),)))
    server.empty()
    server.asked.clear()
    return root


def _build(root: Path, *how: str) -> None:
    code, said = runs.run(root, "dataset", *how)
    assert code == 0, said


def _held(server: Server) -> bytes:
    assert server.names() == [SHARD]
    return bytes(server.client().get_object(Bucket=buckets.NAME, Key=SHARD)["Body"].read())


def _written(server: Server) -> list[tuple[str, str]]:
    found = [(method, path) for method, path, _ in server.asked if method in ("PUT", "POST", "DELETE")]
    server.asked.clear()
    return found


def test_the_same_bytes_as_on_a_disk_and_nothing_twice(root: Path, built: Path, server: Server) -> None:
    _build(root)
    assert _written(server) == [("PUT", f"/pictures/{SHARD}")]
    assert _held(server) == (built / "dataset/3_mystyle/00000.tar").read_bytes()
    assert (root / "dataset.lock.json").read_bytes() == (built / "dataset.lock.json").read_bytes()
    server.asked.clear()
    for command in ("dataset", "verify", "export"):
        code, said = runs.run(root, command)
        assert code == 0, said
    assert server.read() == []
    (root / "images/scene-00.txt").write_text("a red barn on a hill\n", "utf-8")
    assert runs.run(root, "gate1")[0] == 0
    server.asked.clear()
    _build(root)
    assert [path for method, path, _ in server.asked if method == "GET" and SHARD in path] == [f"/pictures/{SHARD}"]
    assert _written(server) == [("PUT", f"/pictures/{SHARD}")]
    assert b"a red barn on a hill" in _held(server)
    words = (root / "exports/huggingface/README.md").read_text("utf-8")
    assert "`s3://BUCKET/FOLDER/*.tar`" in words


def test_workers_of_a_cluster_write_it(
    root: Path, built: Path, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clusters.needed()
    monkeypatch.delenv(pool.IN_PROCESS)
    with clusters.local() as workers:
        _build(root, "--cluster", workers.scheduler_address)
        local = Path(shutil.copytree(built, tmp_path / "local/mystyle"))
        shutil.rmtree(local / "dataset")
        _build(local, "--cluster", workers.scheduler_address)
    shard = (built / "dataset/3_mystyle/00000.tar").read_bytes()
    assert _held(server) == shard
    assert runs.held(local) == {"3_mystyle/00000.tar": shard}


def test_what_somebody_wrote_there_is_never_written_over(root: Path, server: Server) -> None:
    _build(root)
    server.put(SHARD, b"mine")
    code, said = runs.run(root, "verify")
    assert code == 1
    assert f"s3://pictures/{SHARD}: it cannot be read" in said
    code, said = runs.run(root, "dataset")
    assert code != 0
    assert f"s3://pictures/{SHARD}" in said
    assert "you changed this file, so it is not overwritten" in said
    assert _held(server) == b"mine"


def test_what_is_read_side_by_side_is_bounded_by_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_folder, "_MUCH", 100)
    sizes = [40, 40, 40, 300, 10, *[1] * 70]
    listed = [(str(number), Listed(size, "")) for number, size in enumerate(sizes)]
    taken = list(object_folder._at_a_time(listed))
    assert [name for some in taken for name, _ in some] == [name for name, _ in listed]
    assert [len(some) for some in taken] == [2, 1, 1, 64, 7]
