"""What the worst legal files take to open, and what all of a run takes beside its budget: python -m tests.benchmarks.memory

Makes a file of each kind of tests/worst.py of 99.8 megapixels. Opens each alone, as the scan, the quality audit and
the style features do, and prints what was estimated and what was measured. Then runs `loraprep scan`, `detail` and
`looks` over mixtures of them under a budget, and samples what all its processes hold, every 20 ms. Linux.
`--megapixels 25` is quicker; `--budget GB`; `--only alone,mixtures`.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from loraprep.imaging import decode, display, memory, process
from loraprep.imaging.flaws import MOST, flaws
from loraprep.imaging.pictures import made_of
from loraprep.scan import detail, inspect
from tests import worst
from tests.benchmarks import pictures

# The audit and the style features are run on every picture: copies of each other, half of them would not stay.
_OPENED = """
import sys; from pathlib import Path
from loraprep.imaging import process; process.claim()
from loraprep.core import files; from loraprep.curation import features; from loraprep.imaging.pictures import Pictures
from loraprep.project import project; from loraprep.scan import detail, image_list
p = project.load(Path.cwd())
records = [i for i in image_list.read_images(Path("build/images.jsonl")) if i.state == "image"]
"""
TASKS = {
    "scan": ["-m", "loraprep", "scan"],
    "detail": ["-c", _OPENED + "print(len(detail.look(Pictures.of(p), records)))"],
    "looks": ["-c", _OPENED + "features.measure_features(Pictures.of(p), records, ())"],
}


def _detail(data: bytes) -> None:
    opened = decode.load(data, made=MOST)
    detail.detail(opened.pixels)
    flaws(opened.pixels)


WAYS: dict[str, Callable[[bytes], object]] = {
    "scan": inspect.inspect,
    "detail": _detail,
    "looks": lambda data: display.upright(decode.load(data, made=made_of(1600)), longest=1600),
    "whole": lambda data: display.upright(decode.load(data)),
}


def measured(data: bytes, way: str) -> tuple[float, float, float]:
    """Open in this process: bytes estimated, most bytes held beside what was, and what is held afterwards.

    What needs less than memory.ORDINARY is not asked for: 0 is estimated.
    """
    make = WAYS[way]
    try:
        with memory.given(0):
            make(data)
        estimated = 0.0
    except memory.Needs as needs:
        estimated = needs.need
        while True:
            try:
                with memory.given(estimated):
                    make(data)
                break
            except memory.Needs as more:
                estimated = more.need
    gc.collect()
    before = _status("VmRSS") - len(data)
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here: proc(5)
    make(data)
    most = _status("VmHWM") - before
    gc.collect()
    return estimated, most, _status("VmRSS") - before - len(data)


def _status(name: str, pid: int | str = "self") -> float:
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return 1024.0 * int(next(line for line in lines if line.startswith(name)).split()[1])


def alone(path: Path, way: str) -> tuple[float, float, float]:
    """Do as `measured` does in a process of its own that has done the same with a small picture before."""
    code = (
        "import json, sys; from pathlib import Path; from tests import worst; from tests.benchmarks import memory\n"
        "memory.process.claim()\n"
        "memory.WAYS[sys.argv[3]](worst.KINDS[sys.argv[2]]((700, 600)))\n"
        "print(json.dumps(memory.measured(Path(sys.argv[1]).read_bytes(), sys.argv[3])))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(path), path.stem, way],
        capture_output=True,
        text=True,
        check=True,
    )
    estimated, most, left = json.loads(done.stdout)
    return estimated, most, left


def files(folder: Path, megapixels: float) -> list[Path]:
    """Make a file of each kind, in two processes."""
    size = round((megapixels * 1e6 * 4 / 3) ** 0.5), round((megapixels * 1e6 * 3 / 4) ** 0.5)
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(2) as some:
        return list(some.map(_file, *zip(*((folder, kind, size) for kind in worst.KINDS), strict=True)))


def _file(folder: Path, kind: str, size: worst.Size) -> Path:
    form = kind.split()[0].strip(",")
    path = folder / f"{kind}.{'jpg' if form == 'jpeg' else form}"
    if not path.exists():
        whole = worst.KINDS[kind](size)
        path.with_suffix(".part").write_bytes(whole)
        path.with_suffix(".part").rename(path)
    return path


def held(command: list[str], cwd: Path, environment: dict[str, str]) -> tuple[float, float, str]:
    """Run it: the most bytes that it and its children hold at once, seconds, and what it said.

    Shared pages count once (PSS), where the system tells.
    """
    started, most = time.perf_counter(), 0.0
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        with subprocess.Popen(command, cwd=cwd, env=environment, stdout=said, stderr=subprocess.STDOUT) as running:
            while running.poll() is None:
                most = max(most, sum(_held(pid) for pid in _tree(running.pid)))
                time.sleep(0.02)
        said.seek(0)
        return most, time.perf_counter() - started, said.read()


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text("utf-8").split():
                yield from _tree(int(child))
    except OSError:
        return


def _held(pid: int) -> float:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines():
            if line.startswith("Pss:"):
                return 1024.0 * int(line.split()[1])
        return _status("VmRSS", pid)
    except (OSError, StopIteration):
        return 0.0


def mixture(images: Path, out: Path, budget: float) -> Iterator[tuple[str, float, float]]:
    """Run each task on a project of these pictures: the most bytes and the seconds it took."""
    root = out / "project"
    shutil.rmtree(root, ignore_errors=True)
    pictures.project(root, images)
    with (root / "project.yaml").open("a", encoding="utf-8") as file:
        file.write(f"thresholds: {{audit: {{max_memory: {budget / 1e9}, max_megabytes: 1000}}}}\n")
    environment = {k: v for k, v in os.environ.items() if k != "LORAPREP_IN_PROCESS"}
    for task, command in TASKS.items():
        most, seconds, said = held([sys.executable, *command], root, environment)
        if not (root / "build" / "images.jsonl").exists() or "Traceback" in said:
            sys.exit(f"{task} did not run:\n{said}")
        yield task, most, seconds


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--megapixels", type=float, default=99.8)
    options.add_argument("--budget", type=float, default=2.0, help="gigabytes")
    options.add_argument("--only", default="alone,mixtures")
    options.add_argument("--ways", default="scan,detail")
    options.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "loraprep-memory")
    given = options.parse_args()
    made = files(given.out.resolve() / f"{given.megapixels:g}", given.megapixels)
    if "alone" in given.only:
        print(
            "| format | way | estimated, MB | measured, MB | estimated over measured | left, MB |\n|---|---|---|---|---|---|"
        )
        for path in made:
            for way in given.ways.split(","):
                estimated, most, left = alone(path, way)
                ratio = f"{estimated / most:.2f}" if estimated else ""
                shown = f"{estimated / 1e6:.0f}" if estimated else f"below {memory.ORDINARY / 1e6:.0f}"
                print(f"| {path.stem} | {way} | {shown} | {most / 1e6:.0f} | {ratio} | {left / 1e6:.0f} |", flush=True)
    if "mixtures" in given.only:
        print(
            f"\nA budget of {given.budget:g} GB\n\n| mixture | task | peak of all, MB | over the budget, MB | seconds |\n|---|---|---|---|---|"
        )
        mixed = {
            f"{len(made)} kinds": made,
            "the dearest, thrice": [p for p in made if p.stem in DEAREST for _ in range(3)],
        }
        for name, some in mixed.items():
            images = given.out.resolve() / "images"
            shutil.rmtree(images, ignore_errors=True)
            images.mkdir()
            for number, path in enumerate(random.Random(1).sample(some, len(some))):
                shutil.copyfile(path, images / f"{number:02} {path.name}")
                with (images / f"{number:02} {path.name}").open("ab") as file:
                    file.write(b"")
            for task, most, seconds in mixture(images, given.out.resolve(), 1e9 * given.budget):
                over = (most - 1e9 * given.budget) / 1e6
                print(f"| {name} | {task} | {most / 1e6:.0f} | {over:.0f} | {seconds:.0f} |", flush=True)


DEAREST = (
    "tiff float, of any range",
    "webp, alpha",
    "avif, alpha",
    "jpeg progressive cmyk",
    "png rgba",
    "png 16-bit grey",
)

if __name__ == "__main__":
    process.claim()
    main()
