"""A training folder in a bucket: the same bytes as on a disk, nothing written twice, nobody's file written over."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loraprep.core.errors import TO_MEND, UNUSABLE
from loraprep.imaging import pool
from loraprep.project import trust
from loraprep.project.trust import Bucket, Trust
from tests import ROOT, buckets, clusters, runs, scenes
from tests.buckets import Server

pytestmark = [pytest.mark.run]
TRAINED = "dataset: {trainers: [simpletuner], repeats: 3}\n"
OUT = "dataset: {trainers: [simpletuner], repeats: 3, path: s3://pictures}\n"
ENDPOINT = "https://minio.example.org"  # which is this computer, in the test
WRITING = ("PUT", "POST", "DELETE")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    buckets.needed()
    with buckets.served() as found:
        yield found


@pytest.fixture(autouse=True)
def _as_it_was(server: Server) -> Iterator[None]:
    os.environ |= buckets.KEY
    buckets.forget()
    yield
    server.answer, server.before = lambda _: None, lambda _: None


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of twelve pictures with captions, after gate1."""
    root = scenes.project(tmp_path_factory.mktemp("drawn") / "mystyle", 12)
    runs.append("project.yaml", runs.AUTO + TRAINED)(root)
    assert runs.run(root, "gate1")[0] == 0
    return root


@pytest.fixture(scope="module")
def built(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with dataset/ on a disk."""
    root = tmp_path_factory.mktemp("built") / "mystyle"
    shutil.copytree(drawn, root)
    assert runs.run(root, "dataset")[0] == 0
    return root


@pytest.fixture
def project(drawn: Path, server: Server, tmp_path: Path) -> Path:
    """The same with its training folder in an empty bucket that nobody allowed yet."""
    root = tmp_path / "mystyle"
    shutil.copytree(drawn, root)
    runs.replace("project.yaml", TRAINED, OUT)(root)
    server.empty()
    server.asked.clear()
    server.keys.clear()
    return root


@pytest.fixture
def allowed(project: Path, server: Server) -> Path:
    trust.grant(project, Trust(buckets=(Bucket("s3://pictures", server.endpoint, write=True),)))
    return project


def _held(server: Server) -> dict[str, bytes]:
    client = server.client()
    return {n: client.get_object(Bucket=buckets.NAME, Key=n)["Body"].read() for n in server.names()}


def _on_disk(root: Path) -> dict[str, bytes]:
    top = root / "dataset"
    return {p.relative_to(top).as_posix(): p.read_bytes() for p in top.rglob("*") if p.is_file()}


def _written(server: Server) -> list[str]:
    """What was written or deleted, in its order; the list is begun anew."""
    found = [path.removeprefix("/pictures/") for method, path, _ in server.asked if method in WRITING]
    server.asked.clear()
    return found


def _build(root: Path, *how: str) -> str:
    code, said = runs.run(root, "dataset", *how)
    assert code == 0, said
    return said


def test_the_same_bytes_as_on_a_disk(allowed: Path, built: Path, server: Server) -> None:
    said = _build(allowed)
    assert "s3://pictures/3_mystyle: 12 pictures with captions" in said
    assert _held(server) == _on_disk(built)
    assert (allowed / "dataset.lock.json").read_bytes() == (built / "dataset.lock.json").read_bytes()
    assert not (allowed / "dataset").exists()
    assert runs.run(allowed, "verify")[0] == 0


def test_by_processes_as_by_none(allowed: Path, built: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(pool.IN_PROCESS)
    _build(allowed)
    assert _held(server) == _on_disk(built)


def test_workers_of_a_cluster_write_what_they_render(allowed: Path, built: Path, server: Server) -> None:
    clusters.needed()
    with clusters.local() as workers:
        _build(allowed, "--cluster", workers.scheduler_address)
    assert _held(server) == _on_disk(built)
    assert (allowed / "dataset.lock.json").read_bytes() == (built / "dataset.lock.json").read_bytes()


def test_what_is_there_is_not_written_again(allowed: Path, server: Server) -> None:
    _build(allowed)
    assert len(_written(server)) == len(set(server.names())) == 24
    server.asked.clear()
    for command in ("dataset", "verify", "export"):
        assert runs.run(allowed, command)[0] == 0
    assert _written(server) == []
    assert server.read() == []
    (allowed / ".doit.sqlite").unlink()  # all is done anew
    server.asked.clear()
    _build(allowed)
    # of the bucket and its folder: before captions edited there are looked for, and before anything is written
    assert [(method, path) for method, path, _ in server.asked] == [("GET", "/pictures")] * 4


def test_only_what_differs_is_written_and_what_is_unwanted_is_taken_away(allowed: Path, server: Server) -> None:
    _build(allowed)
    first, second, *_ = sorted(p.stem for p in (allowed / "images").glob("*.jpg"))
    (allowed / f"images/{first}.txt").write_text("a red barn on a hill\n")
    runs.append("project.yaml", f"curation: {{exclude: [{second}.jpg]}}\n")(allowed)
    assert runs.run(allowed, "gate1")[0] == 0
    server.asked.clear()
    _build(allowed)
    gone = [f"3_mystyle/{second}.png", f"3_mystyle/{second}.txt"]
    assert sorted(_written(server)) == sorted([f"3_mystyle/{first}.txt", *gone])
    assert not set(gone) & set(server.names())


def test_an_edited_caption_is_found_and_never_written_over(allowed: Path, server: Server) -> None:
    _build(allowed)
    name = server.names(".txt")[0]
    server.put(name, b"brushy, a boat that I call Greta\n")
    server.asked.clear()
    code, said = runs.run(allowed, "gate1")
    assert code == 0, said
    assert "Your caption of" in said
    assert "[trigger], a boat that I call Greta" in (allowed / "decisions/captions.yaml").read_text("utf-8")
    _build(allowed)
    assert _written(server) == []
    assert _held(server)[name] == b"brushy, a boat that I call Greta\n"
    assert runs.run(allowed, "verify")[0] == 0


def test_a_caption_that_is_edited_while_it_is_built_stays(allowed: Path, server: Server) -> None:
    _build(allowed)
    name = server.names(".txt")[0]
    words = allowed / f"images/{Path(name).stem}.txt"
    words.write_text("a windmill, seen from below\n")
    assert runs.run(allowed, "gate1")[0] == 0
    server.asked.clear()

    def edited(asked: dict[str, Any]) -> None:
        if asked["REQUEST_METHOD"] == "PUT" and asked["PATH_INFO"].endswith(name):
            server.before = lambda _: None
            server.put(name, b"mystyle, mine\n")

    server.before = edited
    code, said = runs.run(allowed, "dataset")
    assert code == TO_MEND
    assert f"s3://pictures/{name}: changed while this was built, so it is not overwritten" in said
    assert _held(server)[name] == b"mystyle, mine\n"


def test_a_changed_picture_and_a_file_in_the_way_are_named(allowed: Path, built: Path, server: Server) -> None:
    _build(allowed)
    picture = server.names(".png")[0]
    server.put(picture, b"mine")
    (allowed / ".doit.sqlite").unlink()
    code, said = runs.run(allowed, "dataset")
    assert code == TO_MEND
    assert f"s3://pictures/{picture}: you changed this picture, so it is not overwritten" in said
    assert f"s3://pictures/{picture}: it cannot be read" in runs.run(allowed, "verify")[1]
    server.empty()
    server.put(picture, b"mine")
    shutil.rmtree(allowed / "build")
    (allowed / "dataset.lock.json").unlink()
    assert runs.run(allowed, "gate1")[0] == 0
    code, said = runs.run(allowed, "dataset")
    assert code == TO_MEND
    assert "s3://pictures: this folder came from elsewhere" in said
    assert server.names() == [picture]


def test_a_folder_that_was_pulled_is_known_by_its_bytes(allowed: Path, server: Server, tmp_path: Path) -> None:
    _build(allowed)
    clone = tmp_path / "clone"
    shutil.copytree(allowed, clone, ignore=shutil.ignore_patterns("build", ".doit.sqlite*"))
    trust.grant(clone, Trust(buckets=(Bucket("s3://pictures", server.endpoint, write=True),)))
    assert runs.run(clone, "gate1")[0] == 0
    server.asked.clear()
    code, said = runs.run(clone, "verify")
    assert code == 0, said
    assert sorted(set(server.read())) == [f"/pictures/{n}" for n in server.names(".png")]
    _build(clone)
    assert _written(server) == []
    server.put(server.names(".png")[0], b"other")
    code, said = runs.run(clone, "verify")
    assert code == 1
    assert "it cannot be read" in said


@pytest.mark.parametrize("how_many", [0, 3, 11])
def test_killed_in_the_middle_it_goes_on(allowed: Path, built: Path, server: Server, how_many: int) -> None:
    count = iter(range(10**6))
    server.answer = lambda asked: (
        (403, "ExpiredToken") if asked["REQUEST_METHOD"] == "PUT" and next(count) >= how_many else None
    )
    code, said = runs.run(allowed, "dataset")
    assert code == 1
    assert "s3://pictures: the store refuses your credentials" in said
    assert "Traceback" not in said
    assert "CANARY" not in said
    there = server.names()
    assert len(there) == how_many
    server.answer = lambda _: None
    server.asked.clear()
    _build(allowed)
    assert not set(there) & set(_written(server))
    assert _held(server) == _on_disk(built)
    assert (allowed / "dataset.lock.json").read_bytes() == (built / "dataset.lock.json").read_bytes()


def test_a_run_that_is_killed_for_good_is_gone_on_with(allowed: Path, built: Path, server: Server) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "loraprep", "dataset"], cwd=allowed, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        count = iter(range(10**6))
        server.before = lambda asked: process.kill() if asked["REQUEST_METHOD"] == "PUT" and next(count) == 5 else None
        assert process.wait(300) != 0
    server.before = lambda _: None
    there = server.names()
    assert 5 <= len(there) < 24
    server.asked.clear()
    _build(allowed)
    assert not set(there[:4]) & set(_written(server))
    assert _held(server) == _on_disk(built)


def test_a_store_that_does_not_answer_is_a_sentence(project: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"
        trust.grant(project, Trust(buckets=(Bucket("s3://pictures", endpoint, write=True),)))
        assert runs.run(project, "gate1")[0] == 0  # nothing was put there, so nobody is asked
        code, said = runs.run(project, "dataset")
    _ended_in_a_sentence(code, said, f"s3://pictures: the store at {endpoint} does not answer")


def test_what_is_sent_is_checked_by_what_every_store_knows(allowed: Path, server: Server) -> None:
    sent: list[dict[str, Any]] = []
    server.before = lambda asked: sent.append(dict(asked)) if asked["REQUEST_METHOD"] == "PUT" else None
    _build(allowed)
    assert len(sent) == 24
    for asked in sent:
        assert "HTTP_CONTENT_MD5" in asked
        assert asked["HTTP_IF_NONE_MATCH"] == "*"
        assert not [key for key in asked if key.startswith("HTTP_X_AMZ_CHECKSUM")]
        assert asked.get("HTTP_CONTENT_ENCODING") != "aws-chunked"


def test_an_answer_that_is_lost_is_no_stranger(allowed: Path, built: Path, server: Server) -> None:
    lost = []

    def answer(asked: dict[str, Any]) -> tuple[int, str] | None:
        if asked["REQUEST_METHOD"] != "PUT" or not asked["PATH_INFO"].endswith(".png") or lost:
            return None
        lost.append(asked["PATH_INFO"])
        name = asked["PATH_INFO"].removeprefix("/pictures/")
        server.put(name, _on_disk(built)[name])
        return 500, "InternalError"

    server.answer = answer
    _build(allowed)
    assert lost
    assert _held(server) == _on_disk(built)


@pytest.mark.parametrize(
    ("code", "word", "said"),
    [(403, "AccessDenied", "the store does not let your credentials write there"),
     (501, "NotImplemented", "this store cannot promise to write over nothing of somebody else's (If-Match)"),
     (404, "NoSuchBucket", "there is no bucket of that name")],
)  # fmt: skip
def test_what_is_refused_is_a_sentence(code: int, word: str, said: str, allowed: Path, server: Server) -> None:
    server.answer = lambda asked: (code, word) if asked["REQUEST_METHOD"] == "PUT" else None
    ended, told = runs.run(allowed, "dataset")
    _ended_in_a_sentence(ended, told, f"s3://pictures: {said}")


def _ended_in_a_sentence(code: int, output: str, said: str) -> None:
    assert code == 1
    assert said in output
    assert "Traceback" not in output
    assert "CANARY" not in output


def test_the_commands_of_the_page_do_what_it_says(project: Path, server: Server) -> None:
    page = (ROOT / "resources/docs/training-bucket.md").read_text("utf-8")
    typed = [shlex.split(line)[1:] for line in re.findall(r"^\$ (loraprep .*)$", page, re.MULTILINE)]
    assert [words[0] for words in typed] == ["trust", "gate1", "dataset", "verify"]
    (settings,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    runs.replace("project.yaml", OUT, settings)(project)
    server.client().create_bucket(Bucket="mystyle-training")
    for words in typed:
        code, said = runs.run(project, *(server.endpoint if word == ENDPOINT else word for word in words))
        assert code == 0, said
    held = server.client().list_objects_v2(Bucket="mystyle-training")["Contents"]
    assert len(held) == 24
    assert (project / "exports/simpletuner/README.md").is_file()


def test_nothing_is_written_before_the_person_said_so(project: Path, server: Server) -> None:
    for granted, flags in ((None, ""), (Bucket("s3://pictures", server.endpoint), f" --endpoint {server.endpoint}")):
        if granted:
            trust.grant(project, Trust(buckets=(granted,)))
        for command in ("dataset", "gate1", "verify", "export"):
            code, said = runs.run(project, command)
            assert code == TO_MEND, said
            assert "dataset.path: the training folder is to be written into s3://pictures, and nobody has said" in said
            assert f"write: loraprep trust s3://pictures{flags} --write\n" in said
    assert server.asked == []
    assert server.keys == []
    code, said = runs.run(project, "trust", "s3://pictures", "--endpoint", server.endpoint, "--write")
    assert code == 0, said
    assert said == (
        f"Allowed: to read pictures in s3://pictures at {server.endpoint}, with your credentials, "
        "and to write the training folder there.\n"
    )
    _build(project)


@pytest.mark.parametrize(
    ("address", "said"),
    [("gs://pictures", "is no address to which a training folder is written"),
     ("s3://k:v@pictures", "is no address to which a training folder is written"),
     ("s3://pictures/below", "SimpleTuner trains on every picture of a bucket")],
)  # fmt: skip
def test_other_addresses_are_refused(address: str, said: str, project: Path, server: Server) -> None:
    runs.replace("project.yaml", "path: s3://pictures", f'path: "{address}"')(project)
    code, told = runs.run(project, "gate1")
    assert (code, server.asked) == (UNUSABLE, [])
    assert said in told


def test_pictures_and_training_folder_lie_apart(project: Path, server: Server) -> None:
    runs.append("project.yaml", "images: {folder: s3://pictures/mystyle}\n")(project)
    trust.grant(project, Trust(buckets=(Bucket("s3://pictures", server.endpoint, write=True),)))
    code, told = runs.run(project, "gate1")
    assert (code, server.asked) == (UNUSABLE, [])
    assert "dataset.path: the training folder would lie among the pictures, or they in it" in told


def test_trainers_that_read_no_bucket_are_named(project: Path) -> None:
    runs.replace("project.yaml", "trainers: [simpletuner]", "trainers: [simpletuner, kohya]")(project)
    code, told = runs.run(project, "gate1")
    assert code == UNUSABLE
    assert "dataset.trainers: kohya sd-scripts reads no bucket, and dataset.path is one" in told
    assert "These read from one: simpletuner. For the others write dataset.path: null." in told


def test_a_second_folder_is_refused_before_anything_is_written(allowed: Path, server: Server) -> None:
    runs.replace("project.yaml", "path: s3://pictures", "path: s3://pictures, validation: 20%")(allowed)
    assert runs.run(allowed, "gate1")[0] == 0
    code, told = runs.run(allowed, "dataset")
    assert code == TO_MEND
    assert "SimpleTuner takes all pictures of a bucket for one folder, and here are" in told
    assert _written(server) == []


def test_simpletuner_is_told_of_the_bucket_and_of_no_key(allowed: Path, server: Server) -> None:
    _build(allowed)
    code, said = runs.run(allowed, "export")
    assert code == 0, said
    folder = allowed / "exports/simpletuner"
    entries = json.loads((folder / "multidatabackend.json").read_text("utf-8"))
    picture = next(e for e in entries if e["dataset_type"] == "image")
    told = {key: value for key, value in picture.items() if key.startswith("aws_")}
    assert told == {
        "aws_bucket_name": "pictures",
        "aws_data_prefix": "3_mystyle",
        "aws_region_name": None,
        "aws_endpoint_url": "ENDPOINT",
        "aws_access_key_id": "ACCESS_KEY_ID",
        "aws_secret_access_key": "SECRET_ACCESS_KEY",
    }
    assert picture["type"] == "aws"
    assert "instance_data_dir" not in picture
    assert picture["image_embeds"] in {e["id"] for e in entries if e["dataset_type"] == "image_embeds"}
    assert "The pictures are in a bucket." in (folder / "README.md").read_text("utf-8")
    every = "".join(p.read_text("utf-8") for p in folder.rglob("*") if p.is_file())
    assert "CANARY" not in every
    assert server.endpoint not in every


def test_a_cache_of_a_picture_that_was_written_since_is_told(allowed: Path, server: Server) -> None:
    _build(allowed)
    assert runs.run(allowed, "export")[0] == 0
    stem = Path(server.names(".png")[0]).stem
    cache = (
        allowed / f"exports/simpletuner/cache/vae/mystyle-3_mystyle-512/{hashlib.sha256(stem.encode()).hexdigest()}.pt"
    )
    cache.parent.mkdir(parents=True)
    cache.write_bytes(b"latents")
    assert "older than the picture" not in runs.run(allowed, "export")[1]
    os.utime(cache, (1, 1))
    assert "SimpleTuner has 1 cache older than the picture" in runs.run(allowed, "export")[1]
