"""What an unchanged project costs: python -m tests.benchmarks.null_run [PICTURES] [FOLDER]

Makes a project of 2,000 small pictures with words beside them (in FOLDER, where it stays, else in a temporary one),
brings it to its first verdict, and prints how long the starts and the runs after that take and which tasks they ran.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from tests.runs import ran
from tests.scenes import LIGHT, SUBJECTS

RUNS = 7


def build(root: Path, pictures: int) -> None:
    """Soft colour fields, each with a random layout and palette of its own: no two are copies."""
    (root / "images").mkdir(parents=True)
    for number in range(pictures):
        random = np.random.default_rng(number)
        field = Image.fromarray(random.integers(0, 256, (6, 7, 3), np.uint8))
        field.resize((320, 288), Image.Resampling.BICUBIC).save(root / f"images/{number:05}.jpg", quality=85)
        words = f"a {SUBJECTS[number % 12]} {LIGHT[number % 3]}, number {number}, loose strokes\n"
        (root / f"images/{number:05}.txt").write_text(words, "utf-8")
    (root / "project.yaml").write_text(
        "version: 1\nname: many\nintent: {kind: style}\nmodel: sd15\ntrigger: brushy\ncuration: {target: 2000}\n"
        "review: {quality: auto, duplicates: auto, captions: auto, curation: auto}\n", "utf-8")  # fmt: skip
    (root / "dodo.py").write_text("from loraprep.tasks import *\n", "utf-8")


def timed(root: Path, *command: str) -> tuple[float, float, str]:
    """Seconds on the clock, seconds of CPU (what a busy machine leaves alone), and what was printed."""
    start, before = time.perf_counter(), os.times()
    done = subprocess.run([sys.executable, "-m", *command], cwd=root, capture_output=True, text=True, check=False,
                          encoding="utf-8", env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", "LORAPREP_PROGRESS": "phases"})  # fmt: skip
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - start, cpu, done.stdout + done.stderr


def figures(root: Path, *command: str) -> str:
    clock, cpu, output = zip(*(timed(root, *command) for _ in range(RUNS)), strict=True)
    tasks = sorted(set(ran(output[-1])) | ({"gate1"} if command[-1] == "gate1" else set()))
    return (f"{' '.join(command):16} {statistics.median(clock):5.2f} s (least {min(clock):.2f}), of CPU "
            f"{statistics.median(cpu):.2f} s; ran: {', '.join(tasks) or '-'}")  # fmt: skip


def main(pictures: int = 2000, folder: str = "") -> None:
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(folder or temporary) / "many"
        if not root.exists():
            build(root, pictures)
        first, cpu, _ = timed(root, "loraprep", "gate1")
        print(f"{len(list(root.glob('images/*.jpg')))} pictures; first run {first:.1f} s, of CPU {cpu:.1f} s")
        time.sleep(2.5)  # files younger than their digest are digested once more
        timed(root, "loraprep", "gate1")
        for command in (("loraprep", "gate1"), ("doit", "gate1"), ("loraprep", "--help"), ("doit", "list")):
            print(figures(root, *command), flush=True)


if __name__ == "__main__":
    main(*(int(a) if a.isdigit() else a for a in sys.argv[1:]))
