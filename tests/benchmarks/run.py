"""What loraprep costs, beside bare decoding and beside other tools: python tests/benchmarks/run.py [--quick] [--peers]

Prints the Markdown that stands in resources/docs/benchmarks.md. `--quick`: 100 pictures for 2,000, 10,000 for a million, fewer runs.
`--peers`: installs the other tools into an environment of their own and runs them on the same pictures.
`--only scan,memory,start,scale,quality` runs some of it. `--out FOLDER` keeps pictures, environment and plot.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
os.environ["PYTHONPATH"] = str(ROOT)  # for the processes that are timed

from tests.benchmarks import null_run, peers, pictures, quality, scale  # noqa: E402
from tests.benchmarks.timing import Cost, run, spread  # noqa: E402

PYTHON = sys.executable
DECODE = """
import sys; from concurrent.futures import ThreadPoolExecutor; from pathlib import Path; from PIL import Image
def load(path):
    with Image.open(path) as picture: picture.load()
with ThreadPoolExecutor(2) as pool: list(pool.map(load, sorted(Path(sys.argv[1]).iterdir()), chunksize=16))
"""
CAPTIONS = """
import itertools, time; from pathlib import Path; from loraprep.project import project; from loraprep.captions.captions import render_all; from loraprep.pipeline import artifacts
p = project.load(Path.cwd()); seen = artifacts.load(artifacts.Described, p.root).elements
some = dict(itertools.islice(seen.items(), 1000))
start = time.perf_counter(); render_all(some, p.config, p.model, p.kind)
print(time.perf_counter() - start, len(some))
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    pictures: int
    pairs: int
    peer_runs: int
    many: int  # tiny files, for memory and the scan of an unchanged folder
    very_many: int
    hashes: tuple[int, ...]


FULL = Size(2000, 9, 3, 20_000, 100_000, (2_000, 5_000, 20_000, 50_000, 100_000, 300_000, 1_000_000))
QUICK = Size(100, 3, 1, 1_000, 2_000, (2_000, 5_000, 10_000))

Row = tuple[str, str, str]  # what, measured, aimed at


def scanned(root: Path, images: Path) -> Cost:
    """`loraprep scan` of a project that has seen nothing yet."""
    shutil.rmtree(root, ignore_errors=True)
    return run([PYTHON, "-m", "loraprep", "scan"], pictures.project(root, images))


def decoded(images: Path, how: str = "Thread") -> Cost:
    """Bare decoding on two workers; `how`: "Thread" or "Process"."""
    return run([PYTHON, "-c", DECODE.replace("ThreadPool", f"{how}Pool"), images])


def scan_rows(size: Size, out: Path, with_peers: bool) -> Iterator[Row]:
    images = pictures.photographic(out, size.pictures)
    versions = peers.install(out) if with_peers else {}
    ours: list[float] = []
    apart: list[float] = []
    memory = 0.0
    decoded(images)  # the page cache is warm for all of them
    for _ in range(size.pairs):
        bare, mine = decoded(images), scanned(out / "project", images)
        ours.append(bare.clock / mine.clock)
        apart.append(decoded(images, "Process").clock / mine.clock)
        memory = max(memory, mine.memory)
    rate = size.pictures / bare.clock
    yield (f"`loraprep scan`, {size.pictures:,} pictures, share of bare Pillow's {rate:.0f} pictures/s on two workers",
           f"{spread(ours)}, {size.pairs} interleaved pairs", "0.90")  # fmt: skip
    yield "the same as a share of bare decoding in two processes", spread(apart), ""
    yield f"its peak memory at {size.pictures:,}, its processes added up", f"{memory:.0f} MB", "250 MB"
    for peer in peers.PEERS:
        version = versions.get(peer.package, "not run; `--peers` runs it")
        if not version[0].isdigit():
            yield f"{peer.name}", version, ""
            continue
        yield (f"{peer.name} {version} ({peer.does}): `loraprep scan` is faster by",
               _beside(peer, size, out, images), _AIMS[peer.package])  # fmt: skip


_AIMS = {"argus-curator": "3x", "cleanvision": "7x", "imgeda": "8x", "czkawka": "1x"}


def _beside(peer: peers.Peer, size: Size, out: Path, images: Path) -> str:
    ratios: list[float] = []
    memory = 0.0
    for _ in range(size.peer_runs):
        try:
            theirs = run(peers.command(peer, out, images), out)
        except RuntimeError as error:
            return f"it failed: {str(error).strip().splitlines()[-1]}"
        ratios.append(theirs.clock / scanned(out / "project", images).clock)
        memory = max(memory, theirs.memory)
    return f"{statistics.median(ratios):.1f}x (it held {memory:.0f} MB)"


def memory_rows(size: Size, out: Path) -> Iterator[Row]:
    images = pictures.tiny(out, size.very_many)
    cost = scanned(out / "project", images)
    yield (f"peak memory of a scan of {size.very_many:,} files (96 px, 200 pictures, every file's bytes its own)",
           f"{cost.memory:.0f} MB, {cost.clock:.0f} s", "400 MB")  # fmt: skip
    images = pictures.tiny(out, size.many)
    scanned(out / "project", images)
    time.sleep(2.5)  # a file younger than that is digested once more
    again = [PYTHON, "-m", "loraprep", "scan"]
    run(again, out / "project")
    yield (f"second scan of {size.many:,}, nothing changed, whole process",
           _typical(lambda: run(again, out / "project")), "0.5 s")  # fmt: skip
    with (images / "000000.jpg").open("ab") as file:
        file.write(b"changed")
    yield "the same, one picture changed, whole process", _seconds(run(again, out / "project")), "one picture"


def _typical(make: Callable[[], Cost], times: int = 5) -> str:
    costs = [make() for _ in range(times)]
    return f"{statistics.median(c.clock for c in costs):.2f} s (CPU {statistics.median(c.cpu for c in costs):.2f} s)"


def _seconds(cost: Cost) -> str:
    return f"{cost.clock:.2f} s (CPU {cost.cpu:.2f} s)"


def start_rows(size: Size, out: Path) -> Iterator[Row]:
    root = out / f"null-{size.pictures}"
    if not root.exists():
        null_run.build(root, size.pictures)
    run([PYTHON, "-m", "loraprep", "gate1"], root)
    time.sleep(2.5)
    run([PYTHON, "-m", "loraprep", "gate1"], root)
    for command, aim in ((("loraprep", "--help"), "0.4 s"), (("doit", "list"), "0.4 s"), (("doit", "gate1"), "1 s")):
        what = f"`{' '.join(command)}`"
        if command[1] == "gate1":
            what += f", {size.pictures:,} pictures, nothing stale"
        yield what, _typical(lambda c=command: run([PYTHON, "-m", *c], root)), aim  # type: ignore[misc]
    clock, count = run([PYTHON, "-c", CAPTIONS], root).output.split()[-2:]
    yield f"{int(count):,} captions rendered", f"{float(clock):.2f} s", "1 s"
    (root / "report.html").unlink()
    cost = run([PYTHON, "-m", "loraprep", "report"], root)
    yield f"report for {size.pictures:,} pictures, whole process", _seconds(cost), "10 s"


def scale_rows(size: Size, out: Path) -> Iterator[Row]:
    aims = {20_000: "0.5 s", 100_000: "3 s", 1_000_000: "180 s, 2 GB"}
    points: dict[str, list[tuple[int, float]]] = {}
    for how in ("", "white", "points"):
        for count in size.hashes:
            if how and count > 100_000:
                continue
            cost = run([PYTHON, "-m", "tests.benchmarks.scale", str(count), *([how] if how else [])], ROOT)
            told = json.loads(cost.output)
            points.setdefault(_HOW[how], []).append((count, told["seconds"]))
            if count in aims or count == size.hashes[-1]:
                wrong = "" if "wrong" not in told else f", {told['wrong']} pairs wrong"
                yield (f"{_HOW[how]}, {count:,}", f"{told['seconds']:.2f} s (CPU {told['cpu']:.1f} s), "
                       f"{cost.memory:.0f} MB{wrong}", "" if how else aims.get(count, ""))  # fmt: skip
    scale.plot(points, out / "search.svg")


_HOW = {"": "near hashes, mirrored too", "white": "the same, a third on white", "points": "pictures that share points"}


def table(rows: list[Row]) -> str:
    lines = ["| what | measured | aim |", "|---|---|---|", *(f"| {a} | {b} | {c} |" for a, b, c in rows)]
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true")
    options.add_argument("--peers", action="store_true")
    options.add_argument("--only", default="scan,memory,start,scale,quality")
    options.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "loraprep-benchmark")
    given = options.parse_args()
    size, out = QUICK if given.quick else FULL, given.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    parts = {
        "scan": lambda: scan_rows(size, out, given.peers),
        "memory": lambda: memory_rows(size, out),
        "start": lambda: start_rows(size, out),
        "scale": lambda: scale_rows(size, out),
    }
    rows: list[Row] = []
    for name in [n for n in given.only.split(",") if n in parts]:
        for row in parts[name]():
            print(*row, sep=" | ", file=sys.stderr, flush=True)
            rows.append(row)
    import numpy
    import PIL

    print(f"Measured on {os.cpu_count()} cores, Python {platform.python_version()}, Pillow {PIL.__version__}, numpy "
          f"{numpy.__version__}; median, least and most.\n")  # fmt: skip
    print(table(rows))
    if "quality" in given.only:
        print("\n" + "\n".join(quality.lines(quality.measure())))


if __name__ == "__main__":
    main()
