"""dataset/ in shards: what the libraries of those formats read is what a folder holds, and one caption is one shard."""

from __future__ import annotations

import importlib.util
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from loraprep.core import dataset_lock
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.dataset import pixels, shards
from loraprep.pipeline.steps import dataset
from loraprep.pipeline.workspace import Workspace
from loraprep.project import project
from tests import scenes
from tests.runs import AUTO, append, builds_the_same, held, replace, run

pytestmark = [pytest.mark.run]
ENDINGS = {"webdataset": ".tar", "parquet": ".parquet"}


@pytest.fixture(scope="module", autouse=True)
def _libraries() -> None:
    for name in ("webdataset", "pyarrow"):
        pytest.importorskip(name, reason="pip install -e '.[test]'")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve pictures and GO; one has a loss mask of its own, one a name with dots."""
    root = scenes.project(tmp_path_factory.mktemp("shards") / "mystyle", 12)
    for ending in ("jpg", "txt"):
        (root / f"images/scene-03.{ending}").rename(root / f"images/scene.03.b.{ending}")
    (root / "masks").mkdir()
    with Image.open(root / "images/scene-05.jpg") as picture:
        mask = Image.new("L", picture.size, 255)
    mask.paste(0, (0, 0, 320, 560))
    mask.save(root / "masks/scene-05.png")
    append("project.yaml", AUTO + "dataset: {trainers: [huggingface], repeats: 3, format: folder}\n")(root)
    code, said = run(root, "gate1")
    assert code == 0, said
    return root


@pytest.fixture
def made(ready: Path, tmp_path: Path) -> Callable[[str, str], Path]:
    """Builds a copy of it in a format; its folder."""

    def make(form: str, name: str = "one") -> Path:
        root = Path(shutil.copytree(ready, tmp_path / name / "mystyle"))
        _spell(root, form)
        code, said = run(root, "dataset")
        assert code == 0, said
        return root

    return make


def _spell(root: Path, form: str) -> None:
    path = root / "project.yaml"
    path.write_text(re.sub(r"format: \w+", f"format: {form}", path.read_text("utf-8")), "utf-8")


def _lock(root: Path) -> dataset_lock.DatasetLock:
    found = dataset_lock.read_lock(root)
    assert found
    return found


def test_webdataset_reads_what_a_folder_holds(made: Any) -> None:
    import webdataset

    loose, root = held(made("folder")), made("webdataset", "two")
    assert [*held(root)] == ["3_mystyle/00000.tar"]
    address = str(root / "dataset/3_mystyle/00000.tar")
    rows = list(webdataset.WebDataset(address, shardshuffle=False))
    assert len(rows) == 12
    for row in rows:
        place = row["__key__"].replace("scene_03_b", "scene.03.b")
        assert row["png"] == loose[f"{place}.png"]
        assert row["txt"] + b"\n" == loose[f"{place}.txt"]
        assert row["mask.png"] == loose[f"masks/{place}.png"]
        about = json.loads(row["json"])
        assert (about["width"], about["height"]) == Image.open(io.BytesIO(row["png"])).size
        assert (root / "images" / about["file"]).is_file()
    decoded = next(iter(webdataset.WebDataset(address, shardshuffle=False).decode("pil")))
    assert decoded["png"].size == decoded["mask.png"].size


def test_pyarrow_reads_what_a_folder_holds(made: Any) -> None:
    import pyarrow.parquet as pq

    loose, root = held(made("folder")), made("parquet", "two")
    table = pq.read_table(root / "dataset/3_mystyle/00000.parquet")
    assert table.column_names == ["image", "text", "mask", "file", "width", "height"]
    said = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    assert {name for name, kind in said.items() if kind == {"_type": "Image"}} == {"image", "mask"}
    assert table.num_rows == 12
    for row in table.to_pylist():
        place = row["image"]["path"].removesuffix(".png").replace("scene_03_b", "scene.03.b")
        assert row["image"]["bytes"] == loose[f"{place}.png"]
        assert row["text"] + "\n" == loose[f"{place}.txt"].decode()
        assert row["mask"]["bytes"] == loose[f"masks/{place}.png"]
        assert Image.open(io.BytesIO(row["image"]["bytes"])).size == (row["width"], row["height"])


@pytest.mark.parametrize("form", [*ENDINGS])
def test_a_clone_is_verified_and_builds_the_same_bytes(form: str, made: Any, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    builds_the_same(made(form), clone, 12)
    assert run(clone, "verify")[0] == 0


def _built(root: Path) -> None:
    dataset.build_dataset(Workspace(project.load(root)))


@pytest.mark.parametrize("form", [*ENDINGS])
def test_one_caption_makes_one_shard_anew_and_renders_nothing(
    form: str, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = made(form)
    monkeypatch.setattr(shards, "SIZE", 4)
    monkeypatch.chdir(root)
    _built(root)
    before = held(root)
    assert len(before) == 4
    (root / "images/scene-00.txt").write_text("a red barn on a hill\n", "utf-8")
    code, said = run(root, "gate1")
    assert code == 0, said

    def nothing(*_: object) -> None:
        raise AssertionError("it is there already")

    monkeypatch.setattr(pixels, "rendered", nothing)
    monkeypatch.setattr(pixels, "mask_png", nothing)
    _built(root)
    after = held(root)
    (changed,) = [name for name in after if after[name] != before.get(name)]
    assert f"{_lock(root).images['3_mystyle/scene-00'].shard}" == changed
    own = shards.unpacked(changed, after[changed])["3_mystyle/scene-00"]
    assert b"a red barn on a hill" in own["txt"]
    _built(root)
    assert held(root) == after
    assert run(root, "verify")[0] == 1  # here alone a shard is that small
    monkeypatch.undo()
    assert run(root, "dataset")[0] == 0
    assert [*held(root)] == [f"3_mystyle/00000{ENDINGS[form]}"]


def test_what_was_changed_in_a_shard_is_named_and_never_written_over(made: Any) -> None:
    root = made("webdataset")
    path = root / "dataset/3_mystyle/00000.tar"
    sound = path.read_bytes()
    path.write_bytes(sound.replace(b"brushy, a mill", b"brushy, a MILL"))
    edited = path.read_bytes()
    code, said = run(root, "verify")
    assert code == 1
    assert "dataset/3_mystyle/00000.tar: 3_mystyle/scene-00: this caption was changed" in said
    code, said = run(root, "dataset")
    assert code != 0
    assert "dataset/3_mystyle/00000.tar" in said
    assert "you changed this file, so it is not overwritten" in said
    assert "decisions/captions.yaml: write your words there" in said
    assert path.read_bytes() == edited
    path.unlink()
    assert "this file is missing" not in run(root, "verify")[1]  # as in a clone: nothing is built
    assert run(root, "dataset")[0] == 0
    assert path.read_bytes() == sound
    path.write_bytes(b"no shard at all")
    assert "dataset/3_mystyle/00000.tar: it cannot be read" in run(root, "verify")[1]


def test_words_in_the_decision_file_go_into_the_shard(made: Any) -> None:
    root = made("parquet")
    (root / "decisions/captions.yaml").write_text('scene-00.jpg: {caption: "[trigger], a mill of mine"}\n', "utf-8")
    code, said = run(root, "dataset")
    assert code == 0, said
    (data,) = held(root).values()
    assert shards.unpacked("x.parquet", data)["3_mystyle/scene-00"]["txt"] == b"brushy, a mill of mine"


def test_from_a_folder_to_shards_and_back(made: Any) -> None:
    root = made("folder")
    loose, lock = held(root), (root / "dataset.lock.json").read_bytes()
    for form in ("webdataset", "parquet"):
        _spell(root, form)
        assert run(root, "dataset")[0] == 0
        assert [*held(root)] == [f"3_mystyle/00000{ENDINGS[form]}"]
        assert run(root, "verify")[0] == 0
    _spell(root, "folder")
    assert run(root, "dataset")[0] == 0
    assert held(root) == loose
    assert (root / "dataset.lock.json").read_bytes() == lock


def test_the_export_says_how_they_are_read(made: Any) -> None:
    root = made("parquet")
    assert run(root, "export")[0] == 0
    assert [p.name for p in (root / "exports/huggingface").iterdir()] == ["README.md"]
    words = (root / "exports/huggingface/README.md").read_text("utf-8")
    assert 'load_dataset("parquet", data_files="dataset/FOLDER/*.parquet", split="train")' in words
    assert "metadata.jsonl" not in words
    code, said = run(root, "check", "dataset")
    assert code == UNUSABLE
    assert "the pictures here are inside of 3_mystyle/00000.parquet, and this looks at pictures that are files" in said


def test_who_reads_folders_alone_is_refused(ready: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(ready, tmp_path / "mystyle"))
    replace("project.yaml", "trainers: [huggingface], repeats: 3, format: folder", "format: webdataset")(root)
    code, said = run(root, "gate1")
    assert code != 0
    assert "dataset.trainers: kohya sd-scripts reads no webdataset" in said
    assert "Write dataset.format: folder for it." in said
    assert "dataset.trainers: [huggingface]" in said


def test_a_library_that_is_missing_is_named(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    root = made("webdataset")
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n, *a: None if n == "webdataset" else real(n, *a))
    monkeypatch.chdir(root)
    with pytest.raises(UserError) as raised:
        _built(root)
    assert "dataset.format: webdataset needs webdataset, which is not installed" in str(raised.value)
    assert "pip install 'loraprep[webdataset]'" in str(raised.value)


def test_a_picture_that_fails_is_named_and_its_shard_not_written(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    root = made("webdataset")
    before = held(root)
    (root / "dataset/3_mystyle/00000.tar").unlink()
    monkeypatch.chdir(root)
    real = pixels.rendered

    def gone(pictures: Any, image: Any, *how: Any) -> tuple[bytes, str]:
        if image.path == "scene-07.jpg":
            raise FileNotFoundError(2, "No such file or directory", image.path)
        return real(pictures, image, *how)

    monkeypatch.setattr(pixels, "rendered", gone)
    with pytest.raises(UserError) as raised:
        _built(root)
    assert [p.place for p in raised.value.problems] == ["scene-07.jpg"]
    assert held(root) == {}
    monkeypatch.undo()
    monkeypatch.chdir(root)
    _built(root)
    assert held(root) == before


def test_the_lock_keeps_to_the_project(made: Any) -> None:
    root = made("webdataset")
    text = (root / "dataset.lock.json").read_text("utf-8")
    (root / "dataset.lock.json").write_text(text.replace("3_mystyle/00000.tar", "../00000.tar"), "utf-8")
    with pytest.raises(UserError):
        dataset_lock.read_lock(root)
