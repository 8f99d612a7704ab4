"""Nothing of the person's is deleted or overwritten: only what a list of our own names, as we wrote it."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loraprep.core import files
from loraprep.core.dataset_lock import parse_lock, read_lock
from loraprep.core.errors import UserError
from loraprep.core.findings import Code
from loraprep.dataset import manifest
from loraprep.pipeline.steps import dataset, trainers
from loraprep.pipeline.workspace import Workspace
from loraprep.project import project
from loraprep.scan import audit, image_list, metadata, scan
from loraprep.trainers import export
from tests import pictures
from tests.hostile import clones
from tests.hostile.clones import NAMES, as_before, damaged, link
from tests.runs import FOLDER, replace, run

pytestmark = pytest.mark.run  # for the one project that all of them copy
CONFIG = "exports/kohya/dataset_config.toml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(clones.go_project(), tmp_path / "mystyle"))


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    return clones.outside(tmp_path / "person")


def exported(root: Path) -> str:
    """What stood in the way of an export, "" for nothing."""
    with as_before():
        try:
            trainers.export_configs(Workspace(project.load(root)))
        except UserError as error:
            return str(error)
    return ""


def built(root: Path) -> str:
    """What stood in the way of a build, "" for nothing."""
    with as_before():
        try:
            dataset.build_dataset(Workspace(project.load(root)))
        except UserError as error:
            return str(error)
    return ""


# --- exports/


def test_a_script_of_the_persons_in_exports_stays(root: Path) -> None:
    for name in ("exports/kohya/my_train.sh", "exports/onetrainer/notes.txt", "exports/mine/a.toml"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("mine", "utf-8")
    replace("project.yaml", "trainers: [kohya, onetrainer]", "trainers: [ai-toolkit]")(root)
    code, output = run(root, "export")
    assert code == 0, output
    assert {p.relative_to(root).as_posix() for p in (root / "exports").rglob("*") if p.is_file()} >= {
        "exports/kohya/my_train.sh", "exports/onetrainer/notes.txt", "exports/mine/a.toml", "exports/ai-toolkit/README.md"}  # fmt: skip
    assert not (root / CONFIG).exists()  # ours, and no longer wanted


def test_a_file_of_ours_that_the_person_changed_is_neither_replaced_nor_removed(root: Path) -> None:
    mine = (root / CONFIG).read_text("utf-8") + "# my own line\n"
    (root / CONFIG).write_text(mine, "utf-8")
    assert not exported(root)  # nothing new is to be said in it
    assert (root / CONFIG).read_text("utf-8") == mine
    replace("project.yaml", "repeats: 10", "repeats: 10, batch_size: 7")(root)
    told = exported(root)
    assert f"{CONFIG}: you changed this file, and it would be written anew" in told
    assert (root / CONFIG).read_text("utf-8") == mine


def test_exports_without_a_list_of_our_own_are_somebody_elses(root: Path) -> None:
    (root / "build" / export.MANIFEST).unlink()
    assert not exported(root)  # byte for byte what we would write: nothing is lost
    (root / "build" / export.MANIFEST).unlink()
    (root / CONFIG).write_text("# theirs\n", "utf-8")
    (root / "exports/kohya/their.sh").write_text("rm -rf ~\n", "utf-8")
    assert f"{CONFIG}: loraprep did not write this" in exported(root)
    assert (root / CONFIG).read_text("utf-8") == "# theirs\n"
    (root / CONFIG).unlink()
    assert not exported(root)


@pytest.mark.parametrize("name", NAMES)
def test_a_list_that_names_files_elsewhere_removes_none(root: Path, outside: Path, name: str) -> None:
    before = clones.state(outside)
    aim = outside / "photos/a.png"
    name = name.format(out=outside.relative_to("/") if name.startswith("../..") else outside)
    more = {name: files.sha256(aim), os.path.relpath(aim, root / "exports"): files.sha256(aim)}
    damaged(root / "build" / export.MANIFEST, lambda data: data.update(more))
    assert not exported(root)
    assert clones.state(outside) == before


# --- dataset/


@pytest.mark.parametrize("name", [*NAMES, "also"])
def test_a_lock_that_names_files_elsewhere_is_damaged(root: Path, outside: Path, name: str) -> None:
    before, here = clones.state(outside), clones.state(root / "images")
    aim = outside / "photos/a.png"
    also = name == "also"
    name = os.path.relpath(aim, root / "dataset") if also else name.format(out=outside)

    def change(data: dict[str, dict[str, dict[str, object]]]) -> None:
        first = min(data["images"])
        if also or not name.endswith(".png"):
            data["images"][first]["also"] = {name: files.sha256(aim)}
        else:
            data["images"][name.removesuffix(".png")] = {**data["images"][first], "image": files.sha256(aim)}

    damaged(root / "dataset.lock.json", change)
    (root / "build" / manifest.MANIFEST).unlink()
    assert "dataset.lock.json: this file is damaged" in built(root)
    assert clones.state(outside) == before
    assert clones.state(root / "images") == here


def test_the_manifest_is_judged_as_the_lock_is(root: Path, outside: Path) -> None:
    before = clones.state(outside)
    aim = outside / "photos/a.png"
    name = os.path.relpath(aim, root / "dataset")
    damaged(root / "build" / manifest.MANIFEST, lambda data: data[min(data)].update(also={name: files.sha256(aim)}))
    built(root)
    assert clones.state(outside) == before


def test_a_lock_cannot_say_that_other_files_may_be_overwritten(root: Path) -> None:
    name = f"{FOLDER}/mine.png"
    damaged(
        root / "dataset.lock.json", lambda data: data["images"][min(data["images"])].update(files=[name], next="0" * 64)
    )
    with as_before():
        lock = read_lock(root)
    assert lock
    assert name not in manifest.written_files(lock.images)
    with pytest.raises(UserError):
        parse_lock((root / "dataset.lock.json").read_text("utf-8").replace(FOLDER, "../x"), "dataset.lock.json")


def test_a_dataset_that_came_with_the_clone_is_refused_and_stays(root: Path) -> None:
    for path in ("build", ".doit.sqlite", "dataset.lock.json"):
        shutil.rmtree(root / path) if (root / path).is_dir() else (root / path).unlink()
    (root / "dataset" / FOLDER / "theirs.png").write_bytes(pictures.png())
    before = clones.state(root / "dataset")
    code, output = run(root, "dataset")
    assert code == 1, output
    assert "dataset: this folder came from elsewhere" in output
    assert "delete it, and run loraprep dataset again" in output
    assert clones.state(root / "dataset") == before


def test_a_deleted_build_folder_costs_nothing(root: Path) -> None:
    before = {name: what for name, (what, _) in clones.state(root / "dataset").items()}
    shutil.rmtree(root / "build")
    (root / ".doit.sqlite").unlink()
    code, output = run(root, "export")
    assert code == 0, output
    assert {name: what for name, (what, _) in clones.state(root / "dataset").items()} == before


def test_the_dataset_never_holds_links_into_images(root: Path) -> None:
    originals = clones.state(root / "images")
    place = root / "dataset" / FOLDER
    link(root, f"dataset/{FOLDER}/scene-00.png", root / "images/scene-00.jpg")
    (root / "images/copy.png").write_bytes((place / "scene-01.png").read_bytes())
    originals = clones.state(root / "images")
    link(root, f"dataset/{FOLDER}/scene-01.png", root / "images/copy.png")  # the very same bytes
    assert not built(root)
    assert not [p for p in (root / "dataset").rglob("*") if p.is_symlink()]
    assert clones.state(root / "images") == originals


def test_a_caption_in_the_dataset_that_is_a_link_is_not_adopted(root: Path, outside: Path) -> None:
    link(root, f"dataset/{FOLDER}/scene-00.txt", outside / "ssh/id_ed25519")
    code, output = run(root, "dataset")
    assert code == 0, output
    assert not clones.holding(root, clones.SECRET[:40])
    assert not (root / "dataset" / FOLDER / "scene-00.txt").is_symlink()


# --- build/ and responses/ from elsewhere


@pytest.mark.parametrize(
    ("field", "value"),
    [("path", "../../person/ssh/id_ed25519"), ("path", "/etc/passwd"), ("upscaled", "../person/photos/a.png"), ("of", "../x"),
     ("mask", "/etc/passwd"), ("digest", "../../person/notes/README"), ("pixel_digest", "../x"), ("sidecars", ["../../x.txt"])],
)  # fmt: skip
def test_a_list_of_pictures_that_names_others_is_none(root: Path, field: str, value: object) -> None:
    path = root / "build/images.jsonl"
    first, line, *rest = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([first, json.dumps({**json.loads(line), field: value}), *rest]) + "\n", "utf-8")
    with pytest.raises(UserError, match="list of pictures"):
        image_list.read_images(path)


def test_a_cache_with_a_program_of_its_own_is_thrown_away(root: Path) -> None:
    import sqlite3

    with as_before():
        made = project.load(root)
        cache = root / "build/scan-cache.sqlite"
        scan.scan(made.images, root, cache=cache)
        with sqlite3.connect(cache) as db:
            db.execute("CREATE TRIGGER t AFTER INSERT ON files BEGIN UPDATE facts SET words = '[]'; END")
        (root / "images/new.png").write_bytes(pictures.png(pictures.scene(400, 400, 9)))
        assert {i.path for i in scan.scan(made.images, root, cache=cache).images} >= {"new.png", "scene-00.jpg"}
        with sqlite3.connect(cache) as db:
            assert not db.execute("SELECT 1 FROM sqlite_master WHERE type = 'trigger'").fetchone()


# --- report/: what was drawn earlier


def test_a_picture_of_the_persons_in_report_crops_stays(root: Path) -> None:
    (root / "report/crops").mkdir(exist_ok=True)
    (root / "report/crops/mine.png").write_bytes(pictures.png())
    (root / "report/mark_mine.png").write_bytes(pictures.png())
    replace("project.yaml", "repeats: 10", "repeats: 10, batch_size: 3")(root)
    run(root, "gate1")
    assert (root / "report/crops/mine.png").is_file()
    assert (root / "report/mark_mine.png").is_file()


# --- caption files that say less than they seem to


CAPTIONS = {
    "empty": (b"", Code.CAPTION_FILE_UNUSED, "empty"), "blank": (b" \n\n", Code.CAPTION_FILE_UNUSED, "no words"),
    "huge": (b"a word " * 800_000, Code.CAPTION_FILE_UNUSED, "6 MB"), "nothing": (b"\0\1\2", Code.CAPTION_FILE_UNUSED, "no words"),
    "wide": ("a pier".encode("utf-16"), Code.CAPTION_FILE_CLEANED, "UTF-16"),
    "latin": ("a café".encode("cp1252"), Code.CAPTION_FILE_CLEANED, "not UTF-8"),
    "odd": (b"a pier\x1b[2J\x00 at dusk", Code.CAPTION_FILE_CLEANED, "control characters"),
    "long": (b"a pier, " * 900, Code.CAPTION_FILE_CLEANED, "first 4000"),
    "fine": ("a pier,\r\nat dusk — é\n".encode(), "sidecar", ""), "marked": (b"\xef\xbb\xbfa pier", "sidecar", ""),
}  # fmt: skip


def test_caption_files_that_are_not_used_as_they_stand_are_named(tmp_path: Path) -> None:
    root = clones.bare(tmp_path / "mystyle")
    for name, (data, _, _) in CAPTIONS.items():
        (root / f"images/{name}.jpg").write_bytes(pictures.jpeg())
        (root / f"images/{name}.txt").write_bytes(data)
    (root / "images/fine.json").write_text("{not json", "utf-8")
    with as_before():
        made = project.load(root)
        found = scan.scan(made.images, root).images
    notes = {i.path: (i.code, i.reason) for i in found}
    for name, (_, code, said) in CAPTIONS.items():
        assert notes[f"{name}.txt"][0] == code, name
        assert said in notes[f"{name}.txt"][1]
    assert notes["fine.json"] == (Code.CAPTION_FILE_UNUSED, "it is no JSON")
    told = audit.audit(found, [], {}, made.settings, made.base_model, made.kind).findings
    named = {f.code: set(f.images) for f in told}
    assert named[Code.CAPTION_FILE_UNUSED] == {"empty.txt", "blank.txt", "huge.txt", "nothing.txt", "fine.json"}
    assert named[Code.CAPTION_FILE_CLEANED] == {"wide.txt", "latin.txt", "odd.txt", "long.txt"}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_caption_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a pier", "utf-8")
    (tmp_path / "a.txt").chmod(0)
    assert metadata.sidecar_note(tmp_path / "a.txt", "a.txt") == (
        Code.CAPTION_FILE_UNUSED,
        "it cannot be read (permission denied)",
    )


# --- what a kill leaves

KILLED = """
import os, sys
from pathlib import Path
from loraprep.core import files
root, begun = Path(sys.argv[1]), []
files.enclose(root)
for name in ("project.yaml", "build/a.json", "report/crops/a.png", "dataset/10_mystyle/a.png", "responses/a.json"):
    begun.append(files._whole(root / name))
    begun[-1].__enter__().write(b"half")
os._exit(9)
"""


def test_temporary_files_that_a_kill_left_are_swept(tmp_path: Path) -> None:
    root = clones.bare(tmp_path / "mystyle")
    done = subprocess.run([sys.executable, "-c", KILLED, str(root)], check=False)
    assert done.returncode == 9
    left = list(root.rglob(".loraprep-*"))
    assert len(left) == 5
    ours = root / "build" / f".loraprep-{os.getpid()}-{files._host()}-abcdefgh"  # another process is at it
    theirs = root / "build/.loraprep-1-ffffff-abcdefgh"  # on another computer, with the same disk
    mine = root / ".loraprep-notes.txt"
    for path in (ours, theirs, mine):
        path.write_text("x", "utf-8")
    with as_before():
        files.enclose(root)
        files.sweep_temporary(root)
        assert not [p for p in left if p.exists()]
        assert ours.exists()
        assert theirs.exists()
        assert mine.exists()
        long_ago = time.time() - 2 * 3600
        os.utime(theirs, (long_ago, long_ago))
        files.sweep_temporary(root)
    assert not theirs.exists()
