"""What it costs to open every picture in a process of its own: python -m tests.benchmarks.protection [--root /]

Takes pictures out of packages below --root (pictures.real), the same ones each time, and measures them in interleaved
pairs: by processes, and by as many threads of one process. Prints the ratio of the times on the clock and of those of
all processors, for each of the tasks that open every picture, and the whole of `gate1` of a dozen.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from loraprep.imaging import pool
from tests.benchmarks import pictures
from tests.benchmarks.timing import Cost, run, spread

TASKS = ("scan", "detail", "looks")
_BEFORE = {"detail": "staying", "looks": "shortlist"}  # what is done before, untimed


def pair(images: Path, out: Path) -> Iterator[tuple[str, Cost, Cost]]:
    """Run each task of TASKS on a project new to it: what it costs in one process, and in processes of their own."""
    roots = {how: out / f"project-{how}" for how in ("here", "apart")}
    for root in roots.values():
        shutil.rmtree(root, ignore_errors=True)
        pictures.project(root, images)
    for task in TASKS:
        if before := _BEFORE.get(task):
            for how, root in roots.items():
                _run(how, before, root)
        yield task, _run("here", task, roots["here"]), _run("apart", task, roots["apart"])


def _run(how: str, task: str, root: Path) -> Cost:
    os.environ.pop(pool.IN_PROCESS, None)
    if how == "here":
        os.environ[pool.IN_PROCESS] = "1"
    cost = run([sys.executable, "-m", "loraprep", task], root)
    if not (root / "build" / "images.jsonl").exists():
        sys.exit(f"{task} did not run:\n{cost.output}")
    return cost


def dozen(images: Path, out: Path) -> Iterator[tuple[str, Cost, Cost]]:
    """Run `gate1` of twelve pictures in a new project, both ways."""
    some = out / "dozen"
    if not some.exists():
        some.mkdir()
        for path in sorted(images.iterdir())[:12]:
            shutil.copyfile(path, some / path.name)
    costs = []
    for how in ("here", "apart"):
        root = out / f"dozen-{how}"
        shutil.rmtree(root, ignore_errors=True)
        costs.append(_run(how, "gate1", pictures.project(root, some)))
    yield "gate1 of 12", costs[0], costs[1]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--root", type=Path, default=Path("/"))
    options.add_argument("--pictures", type=int, default=2000)
    options.add_argument("--pairs", type=int, default=5)
    options.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "loraprep-protection")
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    images = pictures.real(given.out.resolve(), given.root, given.pictures)
    found: dict[str, list[tuple[Cost, Cost]]] = {}
    for number in range(given.pairs):
        for what, here, apart in itertools.chain(pair(images, given.out.resolve()), dozen(images, given.out.resolve())):
            found.setdefault(what, []).append((here, apart))
            print(f"{number} {what}: {here.clock:.2f} s here, {apart.clock:.2f} s apart; CPU {here.cpu:.2f}, "
                  f"{apart.cpu:.2f}; {here.memory:.0f} MB, {apart.memory:.0f} MB", file=sys.stderr, flush=True)  # fmt: skip
    print("| what | time, apart over here | CPU, apart over here | seconds here, the least |\n|---|---|---|---|")
    for what, costs in found.items():
        clock = spread([b.clock / a.clock for a, b in costs])
        print(
            f"| {what} | {clock} | {spread([b.cpu / a.cpu for a, b in costs])} | {min(a.clock for a, _ in costs):.2f} |"
        )


if __name__ == "__main__":
    main()
