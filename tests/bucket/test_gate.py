"""A whole project whose pictures lie in a bucket: the same bytes as from a folder, and nothing without the person's word."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from loraprep.core.errors import TO_MEND, UNUSABLE
from loraprep.imaging import pool
from tests import buckets, clusters, runs, scenes
from tests.buckets import Server

pytestmark = [pytest.mark.run]
APART = ("images/", "build/store/", "project.yaml")  # the pictures, and where they are
IN_STORE = "images: {folder: s3://pictures/mystyle}\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    buckets.needed()
    with buckets.served() as found:
        yield found


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of twelve pictures with captions beside them, a mask among them, and one in masks/ and in upscaled/."""
    root = scenes.project(tmp_path_factory.mktemp("drawn") / "mystyle", 12)
    shutil.rmtree(root / "build")
    runs.append("project.yaml", runs.AUTO)(root)
    first, second, third = sorted((root / "images").glob("*.jpg"))[:3]
    for path in (root / f"masks/{first.stem}.png", root / f"images/{second.stem}-masklabel.png"):
        path.parent.mkdir(exist_ok=True)
        Image.linear_gradient("L").resize(scenes.scene(0).size).point(lambda v: 255 * (v > 99)).save(path)
    (root / "upscaled").mkdir()
    with Image.open(third) as picture:
        picture.resize((2 * picture.width, 2 * picture.height)).save(root / f"upscaled/{third.stem}.png")
    (root / "images/notes.pdf").write_bytes(b"%PDF- no picture")
    return root


@pytest.fixture(scope="module")
def folder(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after gate1 and dataset, from its folder."""
    root = tmp_path_factory.mktemp("folder") / "mystyle"
    shutil.copytree(drawn, root)
    runs.finish(root)
    return root


@pytest.fixture
def moved(drawn: Path, server: Server, tmp_path: Path) -> Path:
    """The same with its pictures in a bucket, which the person allowed."""
    root = _moved(drawn, server, tmp_path)
    buckets.allow(root, server)
    return root


def _moved(drawn: Path, server: Server, where: Path) -> Path:
    root = where / "mystyle"
    shutil.copytree(drawn, root)
    server.answer = lambda _: None
    server.empty()
    server.fill(root / "images", "mystyle/")
    shutil.rmtree(root / "images")
    runs.append("project.yaml", IN_STORE)(root)
    server.asked.clear()
    server.keys.clear()
    return root


def _unlike(there: Path, here: Path) -> list[str]:
    held, wanted = runs.left(there, *APART), runs.left(here, *APART)
    assert {"dataset-report.md", "dataset.lock.json", "decisions/captions.yaml", "build/images.jsonl"} <= set(held)
    return [name for name in sorted({*held, *wanted}) if held.get(name) != wanted.get(name)]


def test_the_same_bytes_of_everything(moved: Path, folder: Path, server: Server) -> None:
    runs.finish(moved)
    assert _unlike(moved, folder) == []
    read = server.read()
    assert sorted(set(read)) == sorted(read)  # each once, however many phases want it
    assert runs.run(moved, "gate1")[0] == 0
    assert runs.run(moved, "verify")[0] == 0
    assert server.read() == []
    assert not (moved / "images").exists()


def test_by_processes_as_by_none(moved: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(pool.IN_PROCESS)
    runs.finish(moved)
    assert _unlike(moved, folder) == []


def test_on_a_cluster_as_alone(moved: Path, folder: Path, server: Server) -> None:
    clusters.needed()
    with clusters.local() as workers:
        runs.finish(moved, "--cluster", workers.scheduler_address)
    assert _unlike(moved, folder) == []
    assert len({path for path in server.read() if path.endswith(".jpg")}) == 12


def test_one_changed_picture_is_one_that_is_read(moved: Path, server: Server) -> None:
    assert runs.run(moved, "gate1")[0] == 0
    known = [p for p in server.read() if p.endswith(".jpg")]
    with Image.open(moved / "build/store/kept" / _largest(moved)) as picture:
        changed = picture.convert("RGB").rotate(3)
    changed.save(moved.parent / "changed.jpg")
    server.put(known[0].removeprefix("/pictures/"), (moved.parent / "changed.jpg").read_bytes())
    server.asked.clear()
    assert runs.run(moved, "gate1")[0] in (0, 1)
    assert server.read() == [known[0]]


def _largest(root: Path) -> Path:
    kept = root / "build/store/kept"
    return max((p for p in kept.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size).relative_to(kept)


def _records(root: Path) -> dict[str, dict[str, str]]:
    lines = (root / "build/images.jsonl").read_text("utf-8").splitlines()[1:]
    return {record["path"]: record for record in map(msgspec.json.decode, lines)}


def test_what_goes_while_it_is_read_is_named_and_the_rest_goes_on(moved: Path, folder: Path, server: Server) -> None:
    lost = server.names(".jpg")[0]
    listed = []

    def taken(asked: dict[str, str]) -> None:
        if asked["PATH_INFO"] == "/pictures":
            listed.append(asked)
        elif listed and asked["REQUEST_METHOD"] == "GET":
            listed.clear()
            server.client().delete_object(Bucket=buckets.NAME, Key=lost)

    server.before = taken
    try:
        _, said = runs.run(moved, "gate1")
    finally:
        server.before = lambda _: None
    found, name = _records(moved), lost.removeprefix("mystyle/")
    assert found[name]["state"] == "rejected"
    assert "it was deleted after it was listed; run the same command again" in found[name]["reason"], said
    others = {
        path: record["digest"] for path, record in _records(folder).items() if path != name and "digest" in record
    }
    assert others == {path: record["digest"] for path, record in found.items() if path != name and "digest" in record}
    assert "Traceback" not in said


def test_a_store_that_goes_away_keeps_what_was_read(moved: Path, folder: Path, server: Server) -> None:
    count = iter(range(10**6))
    server.answer = lambda asked: (
        (403, "ExpiredToken") if asked["PATH_INFO"].endswith(".jpg") and next(count) > 4 else None
    )
    code, said = runs.run(moved, "gate1")
    assert code == 1
    assert "s3://pictures/mystyle: the store refuses your credentials" in said
    assert "Traceback" not in said
    assert "CANARY" not in said
    first = [p for p in server.read() if p.endswith(".jpg")]
    server.answer = lambda _: None
    runs.finish(moved)
    assert not set(first[:5]) & set(server.read())
    assert _unlike(moved, folder) == []


def test_nobody_is_asked_before_the_person_said_so(drawn: Path, server: Server, tmp_path: Path) -> None:
    root = _moved(drawn, server, tmp_path)
    for more, flag in (("", ""), ("store: {anonymous: true}", " --anonymous")):
        text = (root / "project.yaml").read_text("utf-8")
        (root / "project.yaml").write_text(
            text.replace(IN_STORE, f"images: {{folder: s3://pictures/mystyle, {more}}}\n")
        )
        for command in ("gate1", "scan", "dataset", "trust"):
            code, said = runs.run(root, command)
            assert code == TO_MEND, said
            assert "the pictures are in s3://pictures, and nobody has said yet that it may be read" in said
            assert f"write: loraprep trust s3://pictures{flag}\n" in said
        (root / "project.yaml").write_text(text)
    assert server.asked == []
    assert server.keys == []


def test_the_line_that_allows_it_does(drawn: Path, server: Server, tmp_path: Path) -> None:
    root = _moved(drawn, server, tmp_path)
    code, said = runs.run(root, "trust", "s3://pictures", "--endpoint", server.endpoint)
    assert (code, said) == (
        0,
        f"Allowed: to read pictures in s3://pictures at {server.endpoint}, with your credentials.\n",
    )
    assert runs.run(root, "gate1")[0] == 0
    assert runs.run(root, "trust", "--revoke")[0] == 0
    assert "nobody has said yet" in runs.run(root, "gate1")[1]
    elsewhere = shutil.copytree(root, tmp_path / "clone")
    assert "nobody has said yet" in runs.run(elsewhere, "gate1")[1]


@pytest.mark.parametrize(
    ("typed", "said"),
    [(["--anonymous"], "which bucket is that of?"), (["s3://a::b"], "s3://a::b is no address of a bucket"),
     (["s3://a", "--endpoint", "http://me:secret@a"], "that endpoint is no plain address")],
)  # fmt: skip
def test_what_is_no_bucket_is_not_allowed(typed: list[str], said: str, drawn: Path, tmp_path: Path) -> None:
    root = tmp_path / "mystyle"
    shutil.copytree(drawn, root)
    code, told = runs.run(root, "trust", *typed)
    assert code == UNUSABLE
    assert said in told
    assert "secret" not in told


@pytest.mark.parametrize("address", ["file:///etc", "http://a/b", "simplecache::s3://pictures/x", "s3://k:v@pictures"])
def test_a_project_names_no_other_address(address: str, drawn: Path, tmp_path: Path) -> None:
    root = tmp_path / "mystyle"
    shutil.copytree(drawn, root)
    runs.append("project.yaml", f'images: {{folder: "{address}"}}\n')(root)
    code, said = runs.run(root, "gate1")
    assert code == UNUSABLE
    assert f'images.folder: "{address}" is no address from which pictures are read' in said


@pytest.mark.parametrize("key", ["endpoint: http://127.0.0.1:1", "profile: work", "key: abc"])
def test_a_project_says_nothing_that_is_the_persons(key: str, drawn: Path, tmp_path: Path) -> None:
    root = tmp_path / "mystyle"
    shutil.copytree(drawn, root)
    runs.append("project.yaml", f"images: {{folder: s3://pictures, store: {{{key}}}}}\n")(root)
    assert runs.run(root, "gate1")[0] == UNUSABLE


def test_without_the_library_the_line_that_installs_it_is_said(moved: Path, tmp_path: Path, server: Server) -> None:
    (tmp_path / "hidden/s3fs").mkdir(parents=True)
    (tmp_path / "hidden/s3fs/__init__.py").write_text("raise ImportError\n")
    path = f"{tmp_path / 'hidden'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    code, said = runs.run(moved, "gate1", fresh=True, env={**os.environ, "PYTHONPATH": path, "COLUMNS": "200"})
    assert code == 1
    assert "s3://pictures/mystyle: this needs s3fs, which is not installed\n    pip install 'loraprep[store]'" in said
    assert "Traceback" not in said
