"""What a first gate1 costs beside a bare decode, phase by phase: python -m tests.benchmarks.gate [--root / | --small]

Takes pictures out of packages unpacked below --root (pictures.real: 1 to 4 MP where there are any, a third of them cuts
of others), or makes JPEGs of 520 px with --small, of 64 px with --stamps, the same ones each time. For each of --sizes
runs a bare decode with two threads, a first `gate1` with what each task of it takes, the same with nothing to do, after
one caption was changed and after one answer was, and `look`. Prints time of all processors (the machine may be shared),
time on the clock, bare decodes, what each of the processes held at most, added up, and the first of them alone, and by
which power each grows from one size to the next. Lettering is not read unless --read: a picture takes a second.
`--cluster local:2`: the first `gate1` on a cluster. `--only gate1`: nothing but that, and the decode. Linux.
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

EDIT = "{0}: {{caption: '[trigger], changed by hand'}}\n"
LEAST = 0.05  # seconds of processors, below which a phase is none to speak of

Costs = dict[str, Cost]


def loraprep(root: Path, *words: str) -> Cost:
    return run([sys.executable, "-m", "loraprep", *words], root)


def some_of(images: Path, count: int, out: Path) -> Path:
    """The first `count` of them, with captions, in a folder of their own."""
    folder = out / f"{images.name}-{count}"
    if not folder.exists():
        folder.mkdir()
        for path in [p for p in sorted(images.iterdir()) if p.suffix != ".txt"][:count]:
            for each in (path, path.with_suffix(".txt")):
                if each.exists():
                    shutil.copyfile(each, folder / each.name)
    return folder


def fresh(root: Path, images: Path) -> Path:
    shutil.rmtree(root, ignore_errors=True)
    return pictures.project(root, images, pictures.STAMPS if images.name.startswith("stamps") else "")


def phases(images: Path, out: Path, given: argparse.Namespace) -> Iterator[tuple[str, Cost]]:
    """Yield (phase, what it costs) for one folder."""
    run([sys.executable, "-c", DECODE, images])  # the page cache is warm for all of them
    yield "bare decode", run([sys.executable, "-c", DECODE, images])
    root, notes = fresh(out / "whole", images), out / "phases.jsonl"
    notes.unlink(missing_ok=True)
    cluster = ["--cluster", given.cluster] if given.cluster else []
    whole = run([sys.executable, "-m", "tests.benchmarks.phases", notes, "gate1", *cluster], root)
    for line in notes.read_text("utf-8").splitlines():
        said = json.loads(line)
        yield said["step"], Cost(said["clock"], said["cpu"], said["memory"], "", said["own"])
    yield "gate1, whole", whole
    if "gate1" in given.only:
        return
    time.sleep(2.5)  # files younger than their digest are digested once more
    loraprep(root, "gate1")
    yield "gate1, unchanged", loraprep(root, "gate1")
    before = captioned(root)
    cost = loraprep(root, "gate1")
    if (root / "report" / "set.json").read_bytes() == before:
        sys.exit(f"the caption changed nothing:\n{cost.output}")
    yield "gate1, one caption", cost
    before = answered(root)
    cost = loraprep(root, "gate1")
    if (root / "report" / "set.json").read_bytes() == before:
        sys.exit(f"the answer changed nothing:\n{cost.output}")
    yield "gate1, one answer", cost
    if not given.stamps:  # without a project they are all too small
        yield "look", loraprep(out, "look", str(images), "--out", str(out / "look.html"))


def captioned(root: Path) -> bytes:
    """Write a caption for a picture that stays and has none; what the set was before."""
    captions = root / "decisions/captions.yaml"
    known = captions.read_text("utf-8")
    name = next(n for n in json.loads((root / "build/staying.json").read_text("utf-8"))["paths"] if n not in known)
    captions.write_text(known + EDIT.format(name), "utf-8")
    return (root / "report" / "set.json").read_bytes()


def answered(root: Path) -> bytes:
    """Leave a picture out that stays; what the set was before."""
    name = json.loads((root / "build/staying.json").read_text("utf-8"))["paths"][-1]
    file = root / "project.yaml"
    told = file.read_text("utf-8").replace("curation: {target", f"curation: {{exclude: [{name}], target")
    file.write_text(told if name in told else f"{told}curation: {{exclude: [{name}]}}\n", "utf-8")
    return (root / "report" / "set.json").read_bytes()


def table(found: dict[int, Costs]) -> Iterator[str]:
    """Markdown: a line a phase, for each size processors' seconds, decodes and MB, and the power between sizes."""
    yield "| phase | " + " | ".join(f"{n:,}: CPU s | clock s | decodes | MB | the first" for n in found) + " | power |"
    yield "|---|" + "---|" * (5 * len(found) + 1)
    for name in dict.fromkeys(name for costs in found.values() for name in costs):
        cells, spent = [], dict[int, float]()
        for size, costs in found.items():
            if name not in costs:
                cells += ["-"] * 5
                continue
            cost, spent[size] = costs[name], costs[name].cpu
            decodes = cost.cpu / costs["bare decode"].cpu
            cells += [f"{cost.cpu:.2f}", f"{cost.clock:.2f}", f"{decodes:.2f}", f"{cost.memory:.0f}", f"{cost.own:.0f}"]
        powers = [
            f"{math.log(b[1] / a[1]) / math.log(b[0] / a[0]):.2f}"
            for a, b in itertools.pairwise(spent.items())
            if min(a[1], b[1]) > LEAST
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
    options.add_argument("--stamps", action="store_true")
    options.add_argument("--cluster", default="")
    options.add_argument("--only", default="")
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
        make = pictures.stamps if given.stamps else pictures.small if given.small else None
        images = make(out, max(sizes)) if make else pictures.real(out, given.root, max(sizes))
    found: dict[int, Costs] = {}
    for size in sizes:
        found[size] = {}
        for name, cost in phases(some_of(images, size, out), out, given):
            found[size][name] = cost
            print(f"{size} {name}: CPU {cost.cpu:.2f}, clock {cost.clock:.2f}, {cost.memory:.0f} MB, {cost.own:.0f} of it the first",
                  file=sys.stderr, flush=True)  # fmt: skip
        held = found[size]["gate1, whole"].at_once
        print(f"{size:,} pictures: {held:.0f} MB at once; {outputs(out / 'whole')}", flush=True)
    print("\n".join(table(found)))


if __name__ == "__main__":
    main(sys.argv[1:])
