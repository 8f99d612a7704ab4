"""The same gate1 with and without a cluster: python -m tests.benchmarks.cluster --root DIR [--count 300] [--kill 5]

Takes pictures out of packages unpacked below --root (pictures.real), or makes JPEGs of 520 px with --small. Runs gate1
alone, then with `local:2`, then on a scheduler with two workers of one thread; `killed`: one of three workers is killed
every --kill seconds. Prints processor time of all there is (driver; workers with the processes in which they open
pictures; scheduler and nannies), its ratio to the run alone, and, after a `dataset` whose time is not counted, every
file of the project that differs: reports, decisions, records, lock, training folder. `--only
alone,local,workers,killed`. Linux.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from loraprep.carried import reading
from loraprep.core.dataset_lock import LOCK
from tests import clusters, runs
from tests.benchmarks import pictures
from tests.benchmarks.timing import _children, _spent, run

# a part of the state of one run, in which order answers came, how fast the disk was
UNLIKE = (*runs.UNLIKE, "config.yaml")
WAYS = ("alone", "local", "workers", "killed")


class Watch:
    """What the workers of a cluster spend, with all that they start, and the scheduler in this process."""

    def __init__(self, cluster: Any) -> None:
        self._cluster, self._spent = cluster, dict[int, float]()
        self._over = threading.Event()
        self._looked = 0.0
        self._thread = threading.Thread(target=self._look, daemon=True)
        # they are there before, as on a cluster that somebody else uses, too: what starting took is not counted
        self._before = {pid: _spent(pid) for pid in clusters.pids(cluster)}
        self._begun = time.process_time() - time.thread_time()
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(0.25):
            for pid in clusters.pids(self._cluster):
                for one in (pid, *_children(pid)):
                    self._spent[one] = max(self._spent.get(one, 0.0), _spent(one))
            self._looked = time.thread_time()

    def ended(self) -> tuple[float, float]:
        """Seconds of workers, and of scheduler and nannies."""
        self._over.set()
        self._thread.join()
        workers = sum(self._spent.values()) - sum(self._before[pid] for pid in self._before if pid in self._spent)
        return workers, time.process_time() - time.thread_time() - self._begun - self._looked


def held(root: Path) -> dict[str, bytes]:
    found = {p.relative_to(root).as_posix(): p for p in root.rglob("*") if p.is_file() and not p.name.endswith(UNLIKE)}
    return {name: path.read_bytes() for name, path in found.items()}


def captioned(images: Path, folder: Path) -> Path:
    """The same pictures with captions beside them, so that they may train and a lock is written."""
    shutil.copytree(images, folder, copy_function=os.link)
    for number, path in enumerate(sorted(folder.iterdir())):
        path.with_suffix(".txt").write_text(pictures.told(number), "utf-8")
    return folder


@contextmanager
def started(way: str, every: float) -> Iterator[tuple[list[str], Any]]:
    """(what the command is told, the cluster)."""
    if way in ("alone", "local"):
        yield (["--cluster", "local:2"] if way == "local" else []), None
        return
    with clusters.local(workers=2 if way == "workers" else 3) as cluster:
        cluster.wait_for_workers(2 if way == "workers" else 3, timeout=60)
        if way == "workers":
            yield ["--cluster", cluster.scheduler_address], cluster
            return
        with clusters.killing(cluster, every) as killed:
            yield ["--cluster", cluster.scheduler_address], cluster
        print(f"killed {len(killed)} workers", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path("/"))
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--kill", type=float, default=5)
    parser.add_argument("--only", default="alone,local,workers")
    given = parser.parse_args()
    os.environ[reading.UNREAD] = "1"
    kept = Path(tempfile.gettempdir()) / "loraprep-benchmarks"
    kept.mkdir(exist_ok=True)
    images = pictures.small(kept, given.count) if given.small else pictures.real(kept, given.root, given.count)
    with tempfile.TemporaryDirectory(dir=kept) as folder:
        images = captioned(images, Path(folder) / "pictures")
        first: dict[str, bytes] = {}
        whole = 0.0
        for way in [way for way in WAYS if way in given.only.split(",")]:
            root = pictures.project(Path(folder) / way / "many", images)
            with started(way, given.kill) as (words, cluster):
                watch = Watch(cluster) if cluster else None
                cost = run([sys.executable, "-m", "loraprep", "gate1", *words], root)
                workers, beside = watch.ended() if watch else (0.0, 0.0)
                run([sys.executable, "-m", "loraprep", "dataset", *words], root)
            cpu = cost.cpu + workers + beside
            whole, first = whole or cpu, first or held(root)
            now = held(root)
            unlike = sorted(name for name in {*first, *now} if first.get(name) != now.get(name))
            lock = "" if LOCK in now else "; nothing trains, so there is no lock"
            print(
                f"{way:8} {cpu:7.1f} s of processors ({cpu / whole:.2f} of alone): driver {cost.cpu:.1f}, workers "
                f"{workers:.1f}, scheduler {beside:.1f}; {cost.clock:.0f} s on the clock; differs: {unlike or 'nothing'}{lock}",
                flush=True,
            )


if __name__ == "__main__":
    main()
