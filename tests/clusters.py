"""A Dask cluster on loopback: the real scheduler and workers as processes, started and ended by whoever asks."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from loraprep.core import child
from loraprep.imaging import pool
from tests import ROOT
from tests.browsers import missing

QUICK = {
    "distributed.scheduler.allowed-failures": 1,  # a worker that dies twice at a batch, not four times
    "distributed.worker.profile.enabled": False,
}


def needed() -> None:
    """Skips with the reason where Dask is not installed."""
    if importlib.util.find_spec("distributed") is None:
        missing("Dask is not installed (pip install -e '.[test]')")


@contextmanager
def local(workers: int = 2, threads: int = 1, **config: Any) -> Iterator[Any]:
    """A LocalCluster of processes that decode in processes of their own; nobody's settings of Dask are read."""
    import dask
    from distributed import LocalCluster

    kept = {name: os.environ.pop(name, None) for name in (pool.IN_PROCESS, "PYTHONPATH")}
    os.environ["PYTHONPATH"] = str(ROOT)
    try:
        with (
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
            dask.config.set({**QUICK, "temporary-directory": folder, **config}),
            LocalCluster(
                n_workers=workers, threads_per_worker=threads, processes=True, host="127.0.0.1", memory_limit=0,
                dashboard_address=None, silence_logs=50,
            ) as cluster,
        ):  # fmt: skip
            yield cluster
    finally:
        del os.environ["PYTHONPATH"]
        os.environ.update({name: value for name, value in kept.items() if value is not None})


@contextmanager
def programs(folder: Path, workers: int = 1, places: str = str(ROOT)) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A scheduler's address and its process, and so many workers, which find modules in `places`: Dask's own commands."""
    env = child.environment(PYTHONPATH=str(ROOT), DASK_CONFIG=str(folder), DASK_TEMPORARY_DIRECTORY=str(folder))
    env.pop(pool.IN_PROCESS, None)
    where = folder / "scheduler.json"
    common = ["--no-dashboard"]
    start = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
             "--scheduler-file", str(where), *common]  # fmt: skip
    quiet = {"cwd": folder, "env": env, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [subprocess.Popen(start, **quiet)]  # type: ignore[call-overload]
    try:
        while not (where.is_file() and where.stat().st_size):
            assert started[0].poll() is None
            time.sleep(0.05)
        work = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(where), "--nthreads", "1",
                "--host", "127.0.0.1", "--no-nanny", *common]  # fmt: skip
        quiet["env"] = {**env, "PYTHONPATH": places}
        started += [subprocess.Popen(work, **quiet) for _ in range(workers)]  # type: ignore[call-overload]
        yield json.loads(where.read_text("utf-8"))["address"], started[0]
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait()


@contextmanager
def killing(cluster: Any, every: float) -> Iterator[list[int]]:
    """Kills one worker after the other, so many seconds apart, while another is there; those that it killed."""
    over, killed, workers = threading.Event(), list[int](), len(cluster.workers)

    def work() -> None:
        while not over.wait(every):
            alive = pids(cluster, begun=True)
            if len(alive) > 1:
                killed.append(alive[len(killed) % len(alive)])
                with suppress(ProcessLookupError):
                    os.kill(killed[-1], signal.SIGKILL)
            cluster.scale(workers)  # a nanny whose worker was killed ends itself at times

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def pids(cluster: Any, *, begun: bool = False) -> list[int]:
    """The processes of its workers that are there now; `begun`: of those that the scheduler knows."""
    known = {*cluster.scheduler.workers}
    nannies = [nanny for nanny in cluster.workers.values() if not begun or nanny.worker_address in known]
    found = (nanny.process and nanny.process.pid for nanny in nannies)
    return [pid for pid in found if pid and psutil.pid_exists(pid)]


def at_work(cluster: Any) -> set[int]:
    """The processes in which its workers open pictures."""
    found = set()
    for pid in pids(cluster):
        with suppress(psutil.NoSuchProcess):
            found |= {p.pid for p in psutil.Process(pid).children() if "pool import serve" in " ".join(p.cmdline())}
    return found
