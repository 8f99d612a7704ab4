"""Hostile clones, as data: what each plants in a project, and where it would like to get."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from loraprep.core import files
from tests import pictures, scenes, store
from tests.runs import AUTO, append, run

SECRET = "-----BEGIN OPENSSH PRIVATE KEY----- b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2g"

# Modules that Python, the libraries or loraprep import, by the name under which a clone brings its own.
SHADOWS = ("signal.py", "yaml.py", "PIL/__init__.py", "numpy/__init__.py", "loraprep/__init__.py", "json.py", "random.py",
           "msgspec/__init__.py", "sitecustomize.py", "usercustomize.py", "conftest.py", "dodo.py", "anthropic.py",
           "matplotlib/__init__.py", "readline.py", "encodings/__init__.py")  # fmt: skip
# Settings that name code: each is read by some program that starts in the folder where it lies.
SETTINGS = {
    "doit.cfg": "[GLOBAL]\nplugin_path = .\n[COMMAND]\nevil = signal:Evil\n",
    "pyproject.toml": '[tool.doit]\ndodoFile = "dodo.py"\n[tool.doit.plugins.command]\nevil = "signal:Evil"\n',
    "matplotlibrc": "backend: module://yaml\ntext.usetex: True\n",
    "setup.cfg": "[doit]\nplugin_path = .\n",
    ".env": "PYTHONSTARTUP=signal.py\nUVICORN_APP=signal:app\n",
}


def module(marker: Path) -> str:
    """The text of a module that leaves a mark when it runs."""
    return f"import os\nos.close(os.open({str(marker)!r}, os.O_CREAT | os.O_WRONLY))\n"


def plant_code(root: Path, marker: Path) -> None:
    """Everything of SHADOWS and SETTINGS, and programs that are called git."""
    for name in SHADOWS:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(module(marker), "utf-8")
    for name, text in SETTINGS.items():
        (root / name).write_text(text, "utf-8")
    for name in ("git", "git.exe", "xdg-open", "fc-list"):
        (root / name).write_text(f"#!/bin/sh\ntouch {marker}\n", "utf-8")
        (root / name).chmod(0o755)


def outside(folder: Path) -> Path:
    """A person's own files, somewhere else on the disk."""
    for name, data in {
        "ssh/id_ed25519": SECRET.encode(),
        "photos/a.png": pictures.png(),
        "photos/b.jpg": pictures.jpeg(),
        "photos/b.txt": b"a letter to my sister",
        "notes/README.md": b"mine\n",
        "notes/answers.yaml": b"rest: recommended\n",
        "notes/log.jsonl": b'{"id": "a", "usd": -500.0}\n',
        "empty.sqlite": b"",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def state(folder: Path) -> dict[str, tuple[str, int]]:
    """Everything in it: name -> (digest or kind, time of change)."""
    found = {}
    for path in sorted(folder.rglob("*")):
        seen = path.lstat()
        what = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() and not path.is_symlink() else "folder"
        found[path.relative_to(folder).as_posix()] = (what, seen.st_mtime_ns)
    return found


def holding(root: Path, text: str) -> list[str]:
    """The files of the project that hold this text, links aside."""
    return [
        path.relative_to(root).as_posix()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_symlink() and text.encode() in path.read_bytes()
    ]


def link(root: Path, name: str, target: Path) -> None:
    """A link in place of whatever stands there."""
    path = root / name
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


# The tool's own places, each as a link to something of the person's, by what lies there.
FOLDER_LINKS = ("build", "build/review", "build/thumbs", "dataset", "dataset/10_mystyle", "dataset/masks", "decisions", "exports",
                "exports/kohya", "exports/onetrainer", "masks", "report", "report/crops", "responses", "upscaled", "upscaled/sub")  # fmt: skip
FILE_LINKS = {
    "project.yaml": "notes/answers.yaml", "intent.md": "notes/README.md", "dataset-report.md": "notes/README.md",
    "report.html": "notes/README.md", "ledger.jsonl": "notes/log.jsonl", "batches.json": "notes/log.jsonl",
    "dataset.lock.json": "notes/README.md", ".doit.sqlite": "empty.sqlite", ".doit.sqlite.lock": "empty.sqlite",
    ".doit.sqlite-journal": "empty.sqlite", "build/scan-cache.sqlite": "empty.sqlite", "build/decisions.lock": "empty.sqlite",
    "build/images.jsonl": "notes/log.jsonl", "build/gate1.json": "notes/README.md", "build/pixels.sqlite": "ssh/id_ed25519",
    "decisions/captions.yaml": "notes/answers.yaml", "decisions/quality.yaml": "ssh/id_ed25519",
    "decisions/gate.yaml": "notes/answers.yaml", "decisions/crops.yaml": "notes/answers.yaml",
    "report/contact-sheet.webp": "photos/a.png", "report/set.json": "notes/README.md",
    "exports/kohya/dataset_config.toml": "notes/README.md", "masks/scene-00.png": "photos/a.png",
    "upscaled/scene-00.png": "photos/a.png",
}  # fmt: skip

# Names that data may bring, none of which is a file below a folder. {out}: a folder of the person's.
NAMES = ("../../{out}/photos/a.png", "../images/scene-00.jpg", "{out}/photos/a.png", "..", "/", "a/../../b", "")


def go_project() -> Path:
    """A project with GO, its dataset and its exports, to copy."""
    return store.kept("hostile-go", _built) / "mystyle"


def _built(folder: Path) -> None:
    root = scenes.project(folder / "mystyle", 11)
    append("project.yaml", AUTO + "dataset: {repeats: 10, trainers: [kohya, onetrainer]}\n")(root)
    code, output = run(root, "export")
    assert code == 0, output


def bare(root: Path) -> Path:
    """A project that never ran: two pictures."""
    (root / "images").mkdir(parents=True)
    for name in ("pier", "mill"):
        (root / f"images/{name}.jpg").write_bytes(pictures.jpeg())
    text = "version: 1\nname: mystyle\nmodel: flux\ntrigger: myst_7\nintent: {kind: style}\n"
    (root / "project.yaml").write_text(text, "utf-8")
    return root


@contextmanager
def as_before() -> Iterator[None]:
    """Forgets which projects this process keeps to."""
    known = dict(files._homes)
    try:
        yield
    finally:
        files._homes.clear()
        files._homes.update(known)


def damaged(path: Path, change: Callable[[dict], None]) -> None:  # type: ignore[type-arg]
    """Rewrites a JSON file."""
    data = json.loads(path.read_text("utf-8"))
    change(data)
    path.write_text(json.dumps(data), "utf-8")


# As the console script does it: Python puts the script's folder first in sys.path, and not the current one.
SCRIPT = "import sys; from loraprep.__main__ import main; sys.exit(main(sys.argv[1:]))"
WATCHED = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent / "hook"), str(Path(__file__).parents[2])])}
