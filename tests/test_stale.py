"""Stale means stale: edit this, and exactly these tasks run again."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scenes import project

ALWAYS = ["scan"]
PURE = ["captions", "curate", "select", "report"]
IMAGE_PHASES = ["audit", "duplicates", "shortlist", "looks", "samples", "elements", *PURE]


def run(root: Path, *args: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "loraprep", *args],
        cwd=root, capture_output=True, text=True, timeout=120, check=False, encoding="utf-8",
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200"},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def ran(output: str) -> list[str]:
    names = "intent|scan|audit|duplicates|shortlist|looks|samples|elements|captions|curate|select|report|dataset"
    return re.findall(rf"^({names}): ", output, re.MULTILINE)


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


def answer(path: Path) -> None:
    path.write_text(path.read_text("utf-8").replace("rest: null", "rest: recommended"), "utf-8")


def replace(path: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        text = (root / path).read_text("utf-8")
        assert old in text, f"{old!r} is not in {path}"
        (root / path).write_text(text.replace(old, new, 1), "utf-8")

    return edit


def append(path: str, text: str) -> Callable[[Path], None]:
    return lambda root: (root / path).write_text((root / path).read_text("utf-8") + text, "utf-8") and None


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
                   ["intent", "audit", "shortlist", "looks", "samples", "elements", *PURE]),
    "a threshold that nothing crosses": (
        append("project.yaml", "thresholds: {audit: {jpeg_quality: 60}}\n"), ["audit", "report"]),
    "a threshold that pictures cross": (append("project.yaml", "thresholds: {audit: {aspect_ratio: 1.1}}\n"),
                                        ["audit", "shortlist", "looks", "samples", "elements", "curate", "select", "report"]),
    "a threshold of duplicates": (append("project.yaml", "thresholds: {duplicates: {phash: 11}}\n"),
                                  ["duplicates", "report"]),
    "style words": (append("project.yaml", "captioning: {style_words: omit}\n"),
                    ["samples", "elements", "captions", "curate", "select", "report"]),
    "a severity": (append("project.yaml", "severity: {grey: warn}\n"), ["report"]),
    "a written caption": (append("decisions/captions.yaml", 'scene-07.jpg: {caption: "[trigger], a red barn"}\n'),
                          ["elements", "captions", "curate", "select", "report"]),
    "an accepted finding": (lambda root: (root / "decisions/gate.yaml").write_text(
        "grey: {accept: known, reason: meant}\n", "utf-8"), ["report"]),
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


def test_a_clone_with_other_mtimes_gives_the_same_bytes(finished: Path, tmp_path: Path) -> None:
    root = tmp_path / "elsewhere" / "clone"
    shutil.copytree(finished, root, ignore=shutil.ignore_patterns("build", ".doit*"), copy_function=shutil.copyfile)
    committed = {p.relative_to(root): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}
    code, output = run(root, "gate1")
    assert code == 0, output
    assert {path: (root / path).read_bytes() for path in committed} == committed
    again = {p.name: p.read_bytes() for p in (finished / "build").iterdir() if p.name != "scan-cache.json"}
    assert {name: (root / "build" / name).read_bytes() for name in again} == again
