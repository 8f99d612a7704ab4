"""What a first gate1 costs beside a bare decode, phase by phase: python -m tests.benchmarks.gate [--root / | --small]

Takes pictures out of packages unpacked below --root (pictures.real: 1 to 4 MP where there are any, a third of them cuts
of others), or makes JPEGs of 520 px with --small, the same ones each time; for each of --sizes runs a bare decode with
two threads, every task of a new project one by one, then one whole `gate1`, the same with nothing to do, after one
caption was changed, and `look`. Prints time of all processors (the machine may be shared), time on the clock, bare
decodes, memory of the tree of processes, and by which power each phase grows from one size to the next. A task's own
start, that of one with nothing to do, is taken off. Lettering is not read unless --read: a picture takes a second.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from loraprep.carried import reading
from tests.benchmarks import pictures
from tests.benchmarks.run import DECODE
from tests.benchmarks.timing import Cost, run

PHASES = (
    "intent", "scan", "duplicates", "audit", "staying", "detail", "shortlist", "samples", "elements", "captions",
    "looks", "curate", "select", "trainers", "report",
)  # fmt: skip
EDIT = "{0}: {{caption: '[trigger], changed by hand'}}\n"
LEAST = 0.05  # seconds of processors, below which a phase is none to speak of

Costs = dict[str, Cost]


def loraprep(root: Path, *words: str) -> Cost:
    return run([sys.executable, "-m", "loraprep", *words], root)


def some_of(images: Path, count: int, out: Path) -> Path:
    """The first `count` of them, in a folder of their own."""
    folder = out / f"{images.name}-{count}"
    if not folder.exists():
        folder.mkdir()
        for path in sorted(images.iterdir())[:count]:
            shutil.copyfile(path, folder / path.name)
    return folder


def fresh(root: Path, images: Path) -> Path:
    shutil.rmtree(root, ignore_errors=True)
    return pictures.project(root, images)


def phases(images: Path, out: Path, by_phase: bool) -> Iterator[tuple[str, Cost]]:
    """Yield (phase, what it costs) for one folder."""
    run([sys.executable, "-c", DECODE, images])  # the page cache is warm for all of them
    yield "bare decode", run([sys.executable, "-c", DECODE, images])
    root = fresh(out / "by-phase", images)
    for name in PHASES if by_phase else ():
        cost = loraprep(root, name)
        idle = loraprep(root, name) if name == "staying" else None
        yield name, cost
        if idle:
            yield "idle", idle
    root = fresh(out / "whole", images)
    yield "gate1, whole", loraprep(root, "gate1")
    time.sleep(2.5)  # files younger than their digest are digested once more
    loraprep(root, "gate1")
    yield "gate1, unchanged", loraprep(root, "gate1")
    before = _edited(root)
    cost = loraprep(root, "gate1")
    if (root / "report" / "set.json").read_bytes() == before:
        sys.exit(f"the caption changed nothing:\n{cost.output}")
    yield "gate1, one caption", cost
    yield "look", loraprep(out, "look", str(images), "--out", str(out / "look.html"))


def _edited(root: Path) -> bytes:
    """Write a caption for a picture that stays and has none; what the set was before."""
    captions = root / "decisions/captions.yaml"
    known = captions.read_text("utf-8")
    name = next(n for n in json.loads((root / "build/staying.json").read_text("utf-8"))["paths"] if n not in known)
    captions.write_text(known + EDIT.format(name), "utf-8")
    return (root / "report" / "set.json").read_bytes()


def _own(costs: Costs, name: str) -> float:
    """Seconds of processors that a phase takes beyond the start of the program."""
    return max(0.0, costs[name].cpu - (costs["idle"].cpu if name in PHASES else 0))


def table(found: dict[int, Costs]) -> Iterator[str]:
    """Markdown: a line a phase, for each size processors' seconds, decodes and MB, and the power between sizes."""
    yield "| phase | " + " | ".join(f"{n:,}: CPU s | clock s | decodes | MB" for n in found) + " | power |"
    yield "|---|" + "---|" * (4 * len(found) + 1)
    for name in next(iter(found.values())):
        cells = []
        for costs in found.values():
            own, bare = _own(costs, name), costs["bare decode"].cpu
            cells += [f"{own:.2f}", f"{costs[name].clock:.2f}", f"{own / bare:.2f}", f"{costs[name].memory:.0f}"]
        powers = [
            f"{math.log(_own(b[1], name) / _own(a[1], name)) / math.log(b[0] / a[0]):.2f}"
            for a, b in itertools.pairwise(found.items())
            if min(_own(a[1], name), _own(b[1], name)) > LEAST
        ]
        yield f"| {name} | {' | '.join(cells)} | {', '.join(powers) or '-'} |"


def outputs(root: Path) -> str:
    """How large the reports are."""
    page, text = root / "report.html", root / "dataset-report.md"
    words = len(text.read_text("utf-8").split())
    return f"report.html {page.stat().st_size / 1e6:.2f} MB; dataset-report.md {words} words"


def main(arguments: Sequence[str]) -> None:
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.gate", description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    options.add_argument("--root", type=Path, default=Path("/"))
    options.add_argument("--small", action="store_true")
    options.add_argument("--images", type=Path, help="a folder of pictures, taken as it is")
    options.add_argument("--sizes", default="100,250")
    options.add_argument("--whole", action="store_true", help="not phase by phase")
    options.add_argument("--read", action="store_true")
    options.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "loraprep-gate")
    given = options.parse_args(arguments)
    out = given.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    if not given.read:
        os.environ[reading.UNREAD] = "1"
    sizes = [int(size) for size in given.sizes.split(",")]
    if given.images:
        images = given.images.resolve()
    else:
        images = pictures.small(out, max(sizes)) if given.small else pictures.real(out, given.root, max(sizes))
    found: dict[int, Costs] = {}
    for size in sizes:
        found[size] = {}
        for name, cost in phases(some_of(images, size, out), out, not given.whole):
            found[size][name] = cost
            print(f"{size} {name}: CPU {cost.cpu:.2f}, clock {cost.clock:.2f}, {cost.memory:.0f} MB",
                  file=sys.stderr, flush=True)  # fmt: skip
        print(f"{size:,} pictures: {outputs(out / 'whole')}", flush=True)
    print("\n".join(table(found)))


if __name__ == "__main__":
    main(sys.argv[1:])
