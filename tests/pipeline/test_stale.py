"""Stale means stale: edit this, and exactly these tasks run again."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from loraprep.core import terminal
from loraprep.review.snapshot import Reader
from tests.runs import answer, append, ran, replace, run
from tests.scenes import project

pytestmark = pytest.mark.run

ALWAYS = ["scan"]
PURE = ["captions", "curate", "select", "report"]
IMAGE_PHASES = ["audit", "duplicates", "staying", "detail", "shortlist", "looks", "samples", "elements", *PURE]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A style of 24 pictures, all answered: GO."""
    root = project(tmp_path_factory.mktemp("stale") / "mystyle")
    for file in ("quality", "duplicates", "captions", "curation"):
        run(root, "gate1")
        answer(root / f"decisions/{file}.yaml")
    code, output = run(root, "gate1")
    assert code == 0, output
    return root


def add(root: Path) -> None:
    shutil.copy(root / "images/scene-00.jpg", root / "images/added.jpg")


def touch(root: Path) -> None:
    os.utime(root / "images/scene-03.jpg")


def rename(root: Path) -> None:
    for suffix in (".jpg", ".txt"):
        (root / f"images/scene-04{suffix}").rename(root / f"images/another-04{suffix}")


def retouch(root: Path) -> None:
    from PIL import Image

    path = root / "images/scene-05.jpg"
    with Image.open(path) as picture:
        picture.load()
    picture.putpixel((5, 5), (255, 0, 0))
    picture.save(path, quality=95)


TABLE: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "nothing": (lambda root: None, []),
    "touch an image": (touch, []),
    "trigger": (replace("project.yaml", "trigger: brushy", "trigger: brushier"),
                ["intent", "samples", "elements", "captions", "curate", "select", "report"]),
    "base model": (replace("project.yaml", "model: sd15", "model: flux"),
                   ["intent", "audit", "staying", "samples", "elements", *PURE]),
    "a threshold that nothing crosses": (
        append("project.yaml", "thresholds: {audit: {jpeg_quality: 60}}\n"), ["audit", "detail", "report"]),
    "a threshold that pictures cross": (append("project.yaml", "thresholds: {audit: {aspect_ratio: 1.1}}\n"),
                                        ["audit", "staying", "report"]),
    "a threshold of duplicates": (append("project.yaml", "thresholds: {duplicates: {phash: 11}}\n"),
                                  ["duplicates", "report"]),
    "style words": (append("project.yaml", "captioning: {style_words: omit}\n"),
                    ["samples", "elements", "captions", "curate", "select", "report"]),
    "a severity": (append("project.yaml", "severity: {grey: warn}\n"), ["report"]),
    "a written caption": (append("decisions/captions.yaml", 'scene-07.jpg: {caption: "[trigger], a red barn"}\n'),
                          ["elements", "captions", "curate", "select", "report"]),
    "an accepted finding": (lambda root: (root / "decisions/gate.yaml").write_text(
        "grey: {accept: known, reason: meant}\n", "utf-8"), ["report"]),
    "accepted strays": (lambda root: (root / "decisions/gate.yaml").write_text(
        "strays: {accept: known, reason: meant}\n", "utf-8"), ["curate", "report"]),
    "add an image": (add, IMAGE_PHASES),
    "remove an image": (lambda root: (root / "images/scene-06.jpg").unlink(), IMAGE_PHASES),
    "rename an image": (rename, IMAGE_PHASES),
    "retouch an image": (retouch, IMAGE_PHASES),
    "delete build/": (lambda root: shutil.rmtree(root / "build"), IMAGE_PHASES),
}  # fmt: skip


@pytest.mark.parametrize("edit", TABLE)
def test_exactly_these_tasks_rerun(edit: str, finished: Path, tmp_path: Path) -> None:
    root = tmp_path / "mystyle"
    shutil.copytree(finished, root)
    change, expected = TABLE[edit]
    change(root)
    _, output = run(root, "gate1")
    assert sorted(ran(output)) == sorted([*ALWAYS, *expected]), output


def test_an_entry_that_was_taken_out_is_asked_anew(finished: Path, tmp_path: Path) -> None:
    root = tmp_path / "mystyle"
    shutil.copytree(finished, root)
    path = root / "decisions/captions.yaml"

    def entries() -> list[str]:
        return re.split(r"\n(?=\S+\.jpg:\n)", path.read_text("utf-8"))

    head, _, *others = entries()
    path.write_text("\n".join([head, *others]), "utf-8")
    _, output = run(root, "gate1")
    assert "samples" in ran(output)
    names = [e.partition(":")[0] for e in entries()[1:]]
    assert {e.partition(":")[0] for e in others} < set(names)  # and that one, or another that differs as much
    assert len(names) == len(others) + 1
    assert ran(run(root, "gate1")[1]) == ["scan"]


def timeless(path: Path) -> bytes:
    """What a file holds; of the page, which is not in git, all but what changed since the last verdict here."""
    return re.sub(rb'<details class="settled since page">.*?</details>\n', b"", path.read_bytes(), flags=re.DOTALL)


def test_a_clone_with_other_mtimes_gives_the_same_bytes(finished: Path, tmp_path: Path) -> None:
    root = tmp_path / "elsewhere" / "clone"
    shutil.copytree(finished, root, ignore=shutil.ignore_patterns("build", ".doit*"), copy_function=shutil.copyfile)
    committed = {p.relative_to(root): timeless(p) for p in sorted(root.rglob("*")) if p.is_file()}
    code, output = run(root, "gate1", fresh=True)
    assert code == 0, output
    assert {path: timeless(root / path) for path in committed} == committed
    built = [p.relative_to(finished) for p in (finished / "build").rglob("*") if p.is_file()]
    # how fast the disk was, which verdict was told here before, and where a cache keeps what, is of this machine
    ours = [p for p in built if not p.name.startswith("scan-") and p.name != "verdict.json" and p.suffix != ".sqlite"]
    again = {path: (finished / path).read_bytes() for path in ours}
    assert {path: (root / path).read_bytes() for path in again} == again


# A file younger than two seconds is looked at again: a run for which five have passed takes those of now as settled.
LATER = """
import time
now = time.time
time.time = lambda: now() + 5
"""
WATCHED = (
    LATER
    + """
import sys
from loraprep import __main__
from loraprep.core import yamlfile
real = yamlfile.load
def load(path, name, **more):
    print("parsed:", name)
    return real(path, name, **more)
yamlfile.load = load
code = __main__.main(["gate1"])
print("loaded:", *sorted({m.partition(".")[0] for m in sys.modules}))
sys.exit(code)
"""
)


def later(root: Path) -> None:
    code = f"{LATER}\nfrom loraprep import __main__\n__main__.main(['gate1'])"
    subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, timeout=600, check=True)
    assert json.loads((root / "build/scan-unchanged.json").read_text("utf-8"))["mark"]


def test_a_null_run_opens_nothing_it_knows(finished: Path, tmp_path: Path) -> None:
    root = tmp_path / "mystyle"
    shutil.copytree(finished, root)
    later(root)
    before = {p: p.stat() for p in sorted(root.rglob("*")) if not p.name.startswith(".doit")}
    done = subprocess.run([sys.executable, "-c", WATCHED], cwd=root, capture_output=True, text=True, timeout=600,
                          check=False, encoding="utf-8", env={**os.environ, terminal.PROGRESS: "phases"})  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert ran(done.stderr) == ["scan"]
    parsed = re.findall("^parsed: (.*)$", done.stdout, re.MULTILINE)
    assert sorted(parsed) == ["project.yaml", "resources/kinds/style.yaml", "resources/models/sd15.yaml"]
    loaded = set(done.stdout.rpartition("loaded:")[2].split())
    assert not loaded & {"numpy", "scipy", "cv2", "imagehash", "anthropic"}
    assert {p: p.stat().st_mtime_ns for p in before} == {p: s.st_mtime_ns for p, s in before.items()}


def test_what_changes_while_no_time_passes_is_still_seen(finished: Path, tmp_path: Path) -> None:
    root = tmp_path / "mystyle"
    shutil.copytree(finished, root)
    later(root)
    path = root / "images/scene-01.txt"
    was = path.stat()
    path.write_text(path.read_text("utf-8")[::-1], "utf-8")
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))  # same size, same mtime: the ctime tells
    _, output = run(root, "gate1")
    assert "elements" in ran(output)
    (root / "images/new.txt").write_text("words of no picture\n", "utf-8")
    _, output = run(root, "gate1")
    assert "select" in ran(output)


def once(path: str, text: str) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text, "utf-8")

    return edit


def better(root: Path) -> None:
    (root / "upscaled").mkdir()
    shutil.copy(root / "images/scene-08.jpg", root / "upscaled/scene-08.jpg")


BUILT: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "nothing": (lambda root: None, []),
    "repeats": (replace("project.yaml", "repeats: 5", "repeats: 6"), ["audit", "report", "dataset"]),
    "a caption in dataset/": (once("dataset/5_mystyle/scene-09.txt", "brushy, my own words\n"),
                              ["elements", "captions", "curate", "select", "report", "dataset"]),
    "a caption there, with another line end": (
        lambda root: (p := root / "dataset/5_mystyle/scene-09.txt").write_bytes(p.read_bytes().strip() + b"\r\n"),
        ["dataset"]),
    "a picture gone from dataset/": (lambda root: (root / "dataset/5_mystyle/scene-09.png").unlink(), ["dataset"]),
    "a file of another's in dataset/": (once("dataset/notes.md", "mine"), []),
    "a box": (once("decisions/crops.yaml", "scene-09.jpg: {crop: [0, 0, 0.9, 1]}\n"), [*IMAGE_PHASES, "dataset"]),
    "a detail's caption": (
        lambda root: (once("decisions/crops.yaml", DETAIL)(root), run(root, "dataset"),
                      once("decisions/crops.yaml", DETAIL.replace("wheel", "oar"))(root)),
        ["samples", "captions", "curate", "select", "report", "dataset"]),
    "a group": (append("project.yaml", "groups: {nobody: {}}\n"),
                ["intent", "samples", "elements", "captions", "curate", "select", "report", "dataset"]),
    "better pixels": (better, sorted({*IMAGE_PHASES, "dataset"} - {"captions"})),
}  # fmt: skip
DETAIL = 'scene-09.jpg: {extra: [{name: part, box: [0, 0, 0.6, 0.6], caption: "[trigger], a wheel"}]}\n'


@pytest.fixture(scope="module")
def built(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = Path(shutil.copytree(finished, tmp_path_factory.mktemp("built") / "mystyle"))
    append("project.yaml", "dataset: {repeats: 5}\n")(root)
    once("images/nobody/notes.md", "a folder for a group to come")(root)
    code, output = run(root, "dataset")
    assert code == 0, output
    return root


@pytest.mark.parametrize("edit", BUILT)
def test_exactly_these_tasks_rerun_for_the_dataset(edit: str, built: Path, tmp_path: Path) -> None:
    root = tmp_path / "mystyle"
    shutil.copytree(built, root)
    change, expected = BUILT[edit]
    change(root)
    code, output = run(root, "dataset")
    assert code == 0, output
    assert sorted(ran(output)) == sorted([*ALWAYS, *expected]), output
    assert ran(run(root, "dataset")[1]) == ALWAYS


TRAIN, EXPORT = "accelerate launch", "\nNext: loraprep dataset export\n"
LATER_ON: dict[str, Callable[[Path], object]] = {
    "another colour under cut-outs, of which there are none": replace(
        "project.yaml", "repeats: 5", 'repeats: 5, background: ["#ffffff", "#808080"]'
    ),
    "only what the trainer's files say": replace("project.yaml", "repeats: 5", "repeats: 5, batch_size: 2"),
    "a trainer more": replace("project.yaml", "repeats: 5", "repeats: 5, trainers: [kohya, onetrainer]"),
    "repeats": replace("project.yaml", "repeats: 5", "repeats: 6"),
    "a caption": append("decisions/captions.yaml", 'scene-07.jpg: {caption: "[trigger], a red barn"}\n'),
    "a picture that leaves": append("project.yaml", "curation: {exclude: [scene-02.jpg]}\n"),
    "a caption file deleted in dataset/": lambda root: (root / "dataset/5_mystyle/scene-09.txt").unlink(),
    "a trainer's folder deleted": lambda root: shutil.rmtree(root / "exports/kohya"),
}  # fmt: skip


@pytest.fixture(scope="module")
def exported(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = Path(shutil.copytree(built, tmp_path_factory.mktemp("exported") / "mystyle"))
    code, output = run(root, "export")
    assert code == 0, output
    return root


def test_what_is_exported_is_trained_next(exported: Path) -> None:
    for command in (["gate1"], []):
        _, output = run(exported, *command)
        assert TRAIN in output, output
        assert EXPORT not in output
    _, output = run(exported, "doit", "gate1", "export")
    assert "GO. 24 pictures" in output, output
    assert output.count(TRAIN) == 1  # told once, whatever was asked for


def test_the_page_knows_what_is_exported_as_the_terminal_does(exported: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(exported, tmp_path / "mystyle"))  # and no test's current folder is the project
    reader = Reader(root)
    assert reader.read().made == {"dataset", "export"}
    before = reader.stamps()
    shutil.rmtree(root / "exports/kohya")
    assert reader.stamps() != before  # or an open page would go on showing a tick
    assert reader.read().made == {"dataset"}
    (root / "dataset/5_mystyle/scene-09.txt").unlink()
    assert reader.read().made == set()
    run(root, "export")
    assert reader.read().made == {"dataset", "export"}
    (root / "decisions/gate.yaml").write_text("soft: {accept: known, reason: meant so}\n", "utf-8")
    assert reader.read().made == set()  # until Gate 1 has looked, nobody knows


@pytest.mark.parametrize("edit", LATER_ON)
def test_nobody_is_sent_to_train_on_what_was_built_of_other_settings(edit: str, exported: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(exported, tmp_path / "mystyle"))
    LATER_ON[edit](root)
    for command in (["gate1"], []):
        _, output = run(root, *command)
        assert "GO" in output, output
        assert EXPORT in output, output
        assert TRAIN not in output
