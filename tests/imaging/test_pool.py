"""Files are opened in processes of their own, and none of them can stop the others."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from loraprep.core import child
from loraprep.core.findings import Code
from loraprep.imaging import pool
from loraprep.imaging.errors import BadImage
from tests import ROOT, stuck

ACT = pool.Work(stuck.acting)


@pytest.fixture(autouse=True)
def _processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(pool.IN_PROCESS)
    yield
    pool.POOL.close()


def _done(things: list[str], seconds: float = 60) -> dict[str, object]:
    return dict(pool.each(ACT, things, weigh=lambda _: 0, seconds=seconds))


def test_each_gets_its_answer_and_what_is_raised_is_one() -> None:
    found = _done([*map(str, range(500)), "raise"])
    assert isinstance(found.pop("raise"), ValueError)
    assert found == {str(n): str(n) for n in range(500)}


@pytest.mark.parametrize("way", ["sleep", "regex"])
def test_what_takes_too_long_is_given_up_and_the_rest_goes_on(way: str) -> None:
    _done(["a", "b"])  # started
    start = time.monotonic()
    found = _done([way, *map(str, range(50))], seconds=1)
    assert time.monotonic() - start < 5
    slow = found.pop(way)
    assert isinstance(slow, BadImage)
    assert (slow.code, slow.reason) == (Code.TOO_SLOW, "it was not read after 1 seconds")
    assert found == {str(n): str(n) for n in range(50)}


def test_a_process_that_dies_costs_one_thing() -> None:
    found = _done([*map(str, range(50)), "die", *map(str, range(50, 100))])
    died = found.pop("die")
    assert isinstance(died, BadImage)
    assert (died.code, died.reason) == (Code.UNEXPECTED, "the program that looked at it broke off (signal 9)")
    assert found == {str(n): str(n) for n in range(100)}


def test_one_alone_is_waited_for_no_longer_and_raises() -> None:
    assert pool.one(ACT, "a", weight=0) == "a"
    with pytest.raises(ValueError, match="so"):
        pool.one(ACT, "raise", weight=0)
    with pytest.raises(BadImage) as slow:
        pool.one(ACT, "regex", weight=0, seconds=0.5)
    assert slow.value.code == Code.TOO_SLOW


def test_a_million_pixels_are_given_a_second_more() -> None:
    start = time.monotonic()
    with pytest.raises(BadImage, match="after 3 seconds"):
        pool.one(ACT, "sleep", weight=2e6, seconds=1)
    assert time.monotonic() - start > 3


def test_processes_are_kept_and_run_in_nobodys_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pickle.py").write_text("raise SystemExit(3)", "utf-8")
    monkeypatch.chdir(tmp_path)
    seen = {_done(["where"])["where"] for _ in range(5)}
    assert len(seen) == 1
    (there,) = seen
    assert there[1:] == (child.HOME, True)  # type: ignore[index]


def test_what_is_larger_than_a_pipe_holds_waits_for_nobody() -> None:
    """What was given ahead and the answer before it would wait for each other."""
    things = ["x" * 300_000 + str(n) for n in range(12)]
    done: dict[str, object] = {}
    asked = threading.Thread(target=lambda: done.update(_done(things)), daemon=True)
    asked.start()
    asked.join(120)
    assert done == {thing: thing for thing in things}


def test_what_was_started_before_is_used() -> None:
    assert isinstance(pool.POOL, pool.Processes)
    pool.POOL.start()
    started = {worker._process.pid for worker in pool.POOL._all}
    assert len(started) == pool.WORKERS
    assert _done(["where"])["where"][0] in started  # type: ignore[index]
    pool.POOL.start()
    assert {worker._process.pid for worker in pool.POOL._all} == started


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another library gives memory back as it likes")
def test_whoever_rests_gives_memory_back() -> None:
    (pid, _) = _done(["take"])["take"]  # type: ignore[misc]
    process = psutil.Process(pid)
    until = time.monotonic() + 60
    while process.memory_info().rss > 90 << 20 and time.monotonic() < until:  # it needs 50 itself
        time.sleep(0.05)
    assert process.memory_info().rss <= 90 << 20
    assert _done(["where"])["where"][0] == pid  # type: ignore[index]


def test_whoever_stops_taking_stops_all_of_it() -> None:
    start = time.monotonic()
    with closing(pool.each(ACT, ["a", "sleep", "regex"], weigh=lambda _: 0)) as answers:
        assert next(answers) == ("a", "a")
    assert time.monotonic() - start < 5


def test_without_processes_the_same_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool.Processes, "taken", lambda _: None)
    assert _done(["a", "where", "b"])["where"] == stuck.act("where")


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_killed_parent_leaves_no_process_at_work() -> None:
    """The one that rests ends at once, the one in a loop a while after its deadline."""
    code = (
        "from loraprep.imaging import pool; from tests import stuck; pool._ORPHAN = 1\n"
        "for _, (pid, *_) in pool.each(pool.Work(stuck.acting), ['where'], weigh=lambda _: 0): print(pid, flush=True)\n"
        "pool.one(pool.Work(stuck.acting), 'regex', weight=0, seconds=2)"
    )
    env = {k: v for k, v in os.environ.items() if k != child.SAFE_PATH}
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    time.sleep(0.5)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 40
    with suppress(ProcessLookupError):
        while time.monotonic() < end and _state(pid) not in ("", "Z"):
            time.sleep(0.2)
    assert _state(pid) in ("", "Z")


def _state(pid: int) -> str:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return ""


def test_signals_are_left_to_the_parent() -> None:
    pid = _done(["where"])["where"][0]  # type: ignore[index]
    os.kill(pid, signal.SIGINT)
    assert _done(["where"])["where"][0] == pid  # type: ignore[index]
