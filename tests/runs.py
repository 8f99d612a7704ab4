"""Whole runs: loraprep as a process of its own in a project, and what a person edits between two of them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from loraprep.captions import registry
from loraprep.cli import commands
from loraprep.core import terminal
from loraprep.project import project, trust
from loraprep.project.settings import Settings
from tests import warm

AUTO = "review: {quality: auto, duplicates: auto, captions: auto, curation: auto}\n"
marked = True  # whether the test of this moment may run loraprep: conftest.py tells
# what a run leaves in build/ that tells how long it took, or in which order answers came
UNLIKE = (".sqlite", "scan-unchanged.json", "verdict.json")
FOLDER = "10_mystyle"  # of the dataset of a project that is called mystyle and has `repeats: 10`


def run(
    root: Path, *args: str, patience: int = 600, fresh: bool = False, env: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """The exit code, and all that it said: stdout, then stderr. `fresh`: with nothing loaded, as a person starts it."""
    assert marked, "a test that runs loraprep is marked: @pytest.mark.run"
    env = {terminal.PROGRESS: "phases", **(env or {**os.environ, "NO_COLOR": "1", "COLUMNS": "200"})}
    if hasattr(os, "fork") and not fresh:
        return warm.run(root, args, env, patience)
    done = subprocess.run(
        [sys.executable, "-m", "loraprep", *args], cwd=root, capture_output=True, text=True, timeout=patience,
        check=False, encoding="utf-8", env=env,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def finish(root: Path, *how: str) -> None:
    """Runs gate1 and dataset, which end well."""
    for command in ("gate1", "dataset"):
        code, said = run(root, command, *how)
        assert code == 0, said


def left(root: Path, *apart: str) -> dict[str, bytes]:
    """All that a run left, but for what tells the time, and what begins with one of `apart`."""
    found = {p.relative_to(root).as_posix(): p for p in sorted(root.rglob("*")) if p.is_file()}
    apart = ("build/thumbs", *apart)
    return {n: p.read_bytes() for n, p in found.items() if not n.endswith(UNLIKE) and not n.startswith(apart)}


def allow(root: Path, settings: Settings | None = None) -> Path:
    """Lets a project use all that it asks for, as the person who made it would; its folder."""
    trust.grant(root, registry.asks(settings or project.load(root).settings))
    return root


def ran(output: str) -> list[str]:
    """The tasks that ran, in their order."""
    names = "intent|scan|audit|duplicates|staying|detail|shortlist|looks|samples|elements|captions|curate|select|report|dataset"
    return re.findall(rf"^({names}): ", output, re.MULTILINE)


def told(output: str) -> str:
    """What was said without which phases ran."""
    return "".join(line for line in output.splitlines(keepends=True) if not _PHASE.match(line))


_PHASE = re.compile(rf"gate1$|({'|'.join(c.name for c in commands.every() if not c.code)}): ")


def answer(path: Path) -> None:
    """Takes what is recommended for every open question of a decision file."""
    path.write_text(path.read_text("utf-8").replace("rest: null", "rest: recommended"), "utf-8")


def replace(path: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        text = (root / path).read_text("utf-8")
        assert old in text, f"{old!r} is not in {path}"
        (root / path).write_text(text.replace(old, new, 1), "utf-8")

    return edit


def append(path: str, text: str) -> Callable[[Path], None]:
    return lambda root: (root / path).write_text((root / path).read_text("utf-8") + text, "utf-8") and None


def held(root: Path) -> dict[str, bytes]:
    """Every file below dataset/."""
    top = root / "dataset"
    return {p.relative_to(top).as_posix(): p.read_bytes() for p in sorted(top.rglob("*")) if p.is_file()}


def builds_the_same(root: Path, clone: Path, pictures: int) -> None:
    """A clone of what is in git, with other times, is what the lock says, and builds the same bytes."""
    away = shutil.ignore_patterns("build", ".doit*", "dataset")
    shutil.copytree(root, clone, ignore=away, copy_function=shutil.copyfile)
    code, output = run(clone, "verify", fresh=True)
    assert code == 0, output
    assert f"{pictures} pictures and the captions are what dataset.lock.json says, byte for byte." in output
    assert not (clone / "dataset").exists()
    code, output = run(clone, "dataset", fresh=True)
    assert code == 0, output
    assert held(clone) == held(root)
    assert (clone / "dataset.lock.json").read_bytes() == (root / "dataset.lock.json").read_bytes()
