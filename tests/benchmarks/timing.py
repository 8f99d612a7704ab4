"""What a command costs, as a process of its own."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """`clock` and `cpu` in seconds; `memory`, the most that the process held, in MB (Linux; else 0), and the
    most that each process it started held, added up whether or not they held it at once; `own`: of the first alone;
    `at_once`: the most that all of them held at one time, what they share counted once (looked at _OFTEN).
    """

    clock: float
    cpu: float
    memory: float
    output: str
    own: float
    at_once: float = 0.0


_OFTEN = 0.25  # seconds: to look takes a process of 300 MB some 3 ms of its own


def run(command: Sequence[str | Path], cwd: Path | None = None) -> Cost:
    """Raises RuntimeError with what the command said if it ended with more than 1 (loraprep's NO-GO)."""
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200"}
    started, before = time.perf_counter(), os.times()
    with subprocess.Popen(
        [str(c) for c in command], cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, encoding="utf-8", errors="replace",
    ) as process:  # fmt: skip
        # a child of a process counts that one's memory as its own in getrusage, so the peak is read while it runs
        reader = _Reader(process)
        peaks: dict[int, float] = {}
        spent: dict[int, float] = {}
        last = at_once = looked = 0.0
        while process.poll() is None:
            last = max(last, _spent(process.pid))
            for pid in (process.pid, *_children(process.pid)):
                peaks[pid] = max(peaks.get(pid, 0.0), _peak(pid))
                if pid != process.pid:
                    spent[pid] = max(spent.get(pid, 0.0), _spent(pid))
            if time.monotonic() - looked > _OFTEN:
                at_once = max(at_once, sum(map(_share, (process.pid, *_children(process.pid)))))
                looked = time.monotonic()
            time.sleep(0.005)
        memory, held = sum(peaks.values()), peaks.get(process.pid, 0.0)
        own = last
        output = reader.text()
    clock, after = time.perf_counter() - started, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    # what its own children took counts only if it waited for them; those of the pool are ended with it
    cpu = max(cpu, own + sum(spent.values()))
    if process.returncode not in (0, 1):
        raise RuntimeError(f"{command[0]} ended with {process.returncode}:\n{output[-2000:]}")
    return Cost(clock, cpu, memory, output, held, at_once)


class _Reader:
    """Reads what a process prints, so that it never waits for a full pipe."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        from threading import Thread

        self._lines: list[str] = []
        self._thread = Thread(target=lambda: self._lines.extend(process.stdout or ()), daemon=True)
        self._thread.start()

    def text(self) -> str:
        self._thread.join()
        return "".join(self._lines)


def _children(pid: int) -> list[int]:
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for thread in threads for child in (thread / "children").read_text("utf-8").split()]
    except OSError:
        return []


def _spent(pid: int) -> float:
    """Seconds of a processor that a process took so far: proc(5), stat, fields 14 and 15."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError):
        return 0.0


def _peak(pid: int) -> float:
    return _megabytes(pid, "status", "VmHWM")


def _share(pid: int) -> float:
    """MB that a process holds now, of what it shares its share."""
    return _megabytes(pid, "smaps_rollup", "Pss")


def _megabytes(pid: int, file: str, name: str) -> float:
    """What proc(5) says of a process under a name, 0 without it."""
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text("utf-8").splitlines()
    except OSError:
        return 0.0
    found = [line for line in lines if line.startswith(f"{name}:")]
    return int(found[0].split()[1]) / 1024 if found else 0.0


def median(times: int, make: Callable[[], Cost]) -> Cost:
    """The run with the median time on the clock."""
    return sorted((make() for _ in range(times)), key=lambda cost: cost.clock)[times // 2]


def spread(values: Sequence[float]) -> str:
    """ "0.93 (0.91 to 0.95)": the median, the least and the most."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
