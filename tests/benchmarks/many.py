"""What all phases but looking hold and take as a set grows: python -m tests.benchmarks.many COUNT [COUNT ...]

Looks at 200 stamps (pictures.stamps), and makes up the records and caches of so many pictures of them, with hashes, styles
and captions of their own: as if the scan and the second look had seen them and found no copies (the search for these is in
tests/benchmarks/scale.py). Then runs every later task of a first `gate1` in one process, those that a changed caption
makes stale in another, those of a changed answer in a third. Prints processor time and the most memory of each, what of it
is held from before included. `--cluster local:2`: in a process whose cluster was asked before, as in a run that looked at
the pictures there. `--only TASK,TASK`: none but these, of a first run. `--changed`: the table is of whole runs after a change
alone, with time on the clock. Linux.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import itertools
import json
import math
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
from msgspec.structs import replace

from loraprep.carried import reading
from loraprep.core.records import Image
from loraprep.curation.measures import style_clusters
from loraprep.imaging import cluster, pool, process
from loraprep.pipeline import tasks
from loraprep.pipeline.action import Action
from loraprep.pipeline.workspace import Workspace
from loraprep.project import project
from loraprep.scan import image_list
from loraprep.scan.detail import Looked
from tests import stuck
from tests.benchmarks import gate, phases, pictures
from tests.benchmarks.timing import Cost, run

BASE = 200
FIRST = (
    "audit", "staying", "detail", "shortlist", "carried", "heads", "samples", "elements", "captions",
    "looks", "curate", "select", "trainers", "report",
)  # fmt: skip
CAPTION = ("samples", "elements", "captions", "curate", "select", "trainers", "report")


def made_up(base: Path, root: Path, count: int) -> None:
    """A project of so many pictures, in the state in which the two looks leave it."""
    random, chance = np.random.default_rng(7), hashlib.sha256
    shutil.rmtree(root, ignore_errors=True)
    images = root / "images"
    images.mkdir(parents=True)
    pictures.project(root, images, pictures.STAMPS)
    (root / "build").mkdir()
    for name in ("upscaled.json", "duplicates.json", "pixels.sqlite"):
        shutil.copyfile(base / "build" / name, root / "build" / name)
    seen = [i for i in image_list.read_images(base / "build/images.jsonl") if i.state == "image"]
    digests = [chance(f"{n}".encode()).hexdigest() for n in range(count)]

    def records() -> Iterator[Image]:
        for n, digest in enumerate(digests):
            one, path = seen[n % BASE], f"{n:06}.jpg"
            os.link(base.parent / f"stamps-{BASE}" / one.path, images / path)
            colour = tuple(float(v) for v in np.round(np.array(one.colour) + random.normal(0, 6, 27), 1))
            bits = [digest[k : k + 16] for k in range(0, 64, 16)]
            yield replace(one, path=path, digest=digest, pixel_digest=digest, phash=bits[0], dhash=bits[1],
                          phash_mirror=bits[2], dhash_mirror=bits[3], colour=colour, sidecars=(),
                          words=tuple((source.replace(one.path[:-4], path[:-4]), f"{text} {n % 9973}")
                                      for source, text in one.words))  # fmt: skip

    with (root / "build/images.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(image_list.encode_images(records()))
    mean = np.array(style_clusters.scale().mean)
    way = np.linalg.pinv(np.array(style_clusters.scale().projection))

    def looked(data: bytes) -> bytes:
        style = (mean + random.normal(0, 0.2, way.shape[0]) @ way).astype(np.float32)
        return msgspec.msgpack.encode(replace(msgspec.msgpack.decode(data, type=Looked), style=style.tobytes()))

    with contextlib.closing(sqlite3.connect(root / "build/pixels.sqlite")) as db:
        for kind, make in (("looked", looked), ("panels", bytes)):
            known = dict(db.execute(f"SELECT key, data FROM {kind}"))
            data = [known.get(i.digest, b"") for i in seen]
            db.execute(f"DELETE FROM {kind}")
            db.executemany(
                f"INSERT INTO {kind} VALUES (?, ?)", ((d, make(data[n % BASE])) for n, d in enumerate(digests))
            )
        db.commit()
    shutil.copytree(base / "decisions", root / "decisions")


def perform(root: Path, names: tuple[str, ...], notes: Path, address: str) -> None:
    """Run those tasks in this process, as gate1 would."""
    process.claim()
    with cluster.used(cluster.checked(address)) if address else contextlib.nullcontext():
        if address:
            list(pool.each(pool.Work(stuck.acting), [*map(str, range(BASE))], weigh=lambda _: 0))
        _perform(root, names, notes)


def _perform(root: Path, names: tuple[str, ...], notes: Path) -> None:
    os.chdir(root)
    noted = phases.Notes(notes)
    Action.__call__ = lambda self, **options: noted(self, **options)  # type: ignore[assignment, method-assign]
    graph = {task["basename"]: task for task in tasks.graph(Workspace(project.load(Path.cwd())))}
    for name in names:
        failed = graph[name]["actions"][0]()
        if failed is not None and name != "report":
            sys.exit(f"{name}: {failed}")


def main() -> None:
    if sys.argv[1] == "--perform":
        perform(Path(sys.argv[2]), tuple(sys.argv[4].split(",")), Path(sys.argv[3]), sys.argv[5])
        return
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("count", type=int, nargs="+")
    options.add_argument("--cluster", default="")
    options.add_argument("--only", default="")
    options.add_argument("--changed", action="store_true")
    given = options.parse_args()
    process.claim()  # numpy is loaded here before a child could say so
    os.environ[reading.UNREAD] = "1"
    out = Path(os.environ.get("LORAPREP_MANY", tempfile.gettempdir())) / "loraprep-many"
    out.mkdir(exist_ok=True)
    base = out / "base"
    if not (base / "report.html").exists():
        run(
            [sys.executable, "-m", "loraprep", "gate1"],
            pictures.project(base, pictures.stamps(out, BASE), pictures.STAMPS),
        )
    found: dict[int, dict[str, tuple[float, float]]] = {}
    whole: dict[int, dict[str, Cost]] = {}
    only = tuple(given.only.split(",")) if given.only else ()
    rounds = (("first", only),) if only else (("first", FIRST), ("one caption", CAPTION), ("one answer", FIRST))
    for count in given.count:
        root, found[count], whole[count] = out / "many", {}, {}
        made_up(base, root, count)
        for what, names in rounds:
            if what == "one caption":
                gate.captioned(root)
            elif what == "one answer":
                gate.answered(root)
            notes = out / "notes.jsonl"
            notes.unlink(missing_ok=True)
            cost = run([sys.executable, "-m", "tests.benchmarks.many", "--perform", root, notes, ",".join(names),
                        given.cluster])  # fmt: skip
            for line in notes.read_text("utf-8").splitlines():
                said = json.loads(line)
                found[count][f"{what}: {said['step']}"] = said["cpu"], said["own"]
                print(count, what, said, file=sys.stderr, flush=True)
            found[count][what], whole[count][what] = (cost.cpu, cost.own), cost
            print(count, what, cost.cpu, cost.clock, cost.own, file=sys.stderr, flush=True)
        if not only:
            print(f"{count:,} pictures: {gate.outputs(root)}", flush=True)
    sizes = list(found)
    if given.changed:
        print("| changed | " + " | ".join(f"{n:,}: CPU s | clock s | MB" for n in sizes) + " |")
        print("|---|" + "---|" * (3 * len(sizes)))
        for what, _ in rounds[1:]:
            costs = (whole[n][what] for n in sizes)
            print(f"| {what} | " + " | ".join(f"{c.cpu:.1f} | {c.clock:.1f} | {c.own:.0f}" for c in costs) + " |")
        return
    print("| phase | " + " | ".join(f"{n:,}: CPU s | MB" for n in sizes) + " | power |")
    print("|---|" + "---|" * (2 * len(sizes) + 1))
    for name in found[sizes[0]]:
        spent = [found[n][name][0] for n in sizes]
        powers = [
            f"{math.log(b / a) / math.log(sizes[k + 1] / sizes[k]):.2f}" if min(a, b) > gate.LEAST else "-"
            for k, (a, b) in enumerate(itertools.pairwise(spent))
        ]
        cells = " | ".join(f"{found[n][name][0]:.1f} | {found[n][name][1]:.0f}" for n in sizes)
        print(f"| {name} | {cells} | {', '.join(powers) or '-'} |")


if __name__ == "__main__":
    main()
