"""The pool of a cluster does what the pool of one computer does, whatever becomes of its workers."""

from __future__ import annotations

import gc
import os
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from loraprep.core import files
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.core.findings import Code
from loraprep.imaging import cluster, pool
from loraprep.imaging.errors import BadImage, TooHeavy, TooSlow
from tests import clusters, stuck

ACT = pool.Work(stuck.acting)
pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")


@pytest.fixture(scope="module")
def workers() -> Iterator[Any]:
    """Two workers of one thread."""
    clusters.needed()
    with clusters.local() as started:
        yield started


@pytest.fixture
def spread(workers: Any) -> Iterator[None]:
    """Pictures are opened by them."""
    with cluster.used(workers.scheduler_address):
        yield


def _done(things: list[str], seconds: float = 60, budget: float | None = None) -> dict[str, Any]:
    return dict(pool.each(ACT, things, weigh=lambda _: 0, seconds=seconds, budget=budget))


@pytest.mark.usefixtures("spread")
def test_each_gets_its_answer_and_what_is_raised_is_one() -> None:
    found = _done([*map(str, range(300)), "raise"])
    assert isinstance(found.pop("raise"), ValueError)
    assert found == {str(n): str(n) for n in range(300)}


@pytest.mark.usefixtures("spread")
def test_pictures_are_opened_in_processes_of_the_workers(workers: Any) -> None:
    found = _done(["where", "where", *map(str, range(50))])
    pid, _, safe = found["where"]
    assert pid not in clusters.pids(workers)
    assert pid in clusters.at_work(workers)
    assert safe


@pytest.mark.usefixtures("spread")
def test_deadlines_and_memory_hold_there() -> None:
    found = _done(["regex", "die", "ask 3e9", *map(str, range(50))], seconds=1, budget=2e9)
    slow, died, heavy = (found.pop(name) for name in ("regex", "die", "ask 3e9"))
    assert isinstance(slow, TooSlow)
    assert slow.reason == "it was not read after 1 seconds"
    assert (died.code, died.reason) == (Code.UNEXPECTED, "the program that looked at it broke off (signal 9)")
    assert isinstance(heavy, TooHeavy)
    assert found == {str(n): str(n) for n in range(50)}


def test_what_was_sent_is_not_held_here() -> None:
    """Dask's sides remember their last thousand messages, each with a batch, unless they are told not to."""
    clusters.needed()
    from dask._task_spec import Task

    with cluster.used("local:1"):
        assert len(_done([*map(str, range(100))])) == 100
        ours = f"loraprep-{pool.POOL._name}"  # type: ignore[attr-defined]
        until = time.monotonic() + 5  # the last one may be on its way
        while held := [o for o in gc.get_objects() if isinstance(o, Task) and str(o.key).startswith(ours)]:
            assert time.monotonic() < until, held
            held.clear()
            time.sleep(0.1)


@pytest.mark.usefixtures("spread")
def test_one_alone_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_client", lambda *_: pytest.fail("nobody is asked"))
    assert pool.one(ACT, "a", weight=0) == "a"
    with pytest.raises(ValueError, match="so"):
        pool.one(ACT, "raise", weight=0)


@pytest.mark.usefixtures("spread")
def test_whoever_stops_taking_stops_all_of_it(workers: Any) -> None:
    with closing(pool.each(ACT, [*"abcdefgh", *["sleep"] * 20], weigh=lambda _: 0)) as answers:
        next(answers)
        time.sleep(1)
        busy = clusters.at_work(workers)
        start = time.monotonic()
    assert time.monotonic() - start < 2
    assert busy
    end = time.monotonic() + 30  # a worker is asked once it has a turn, of which a busy machine gives it few
    while time.monotonic() < end and busy & clusters.at_work(workers):
        time.sleep(0.1)
    assert not busy & clusters.at_work(workers)
    assert _tasks(workers) == 0
    assert _done(["a", "b"]) == {"a": "a", "b": "b"}


def _tasks(workers: Any) -> int:
    return len(workers.scheduler.tasks)


@pytest.mark.usefixtures("spread")
@pytest.mark.parametrize(
    ("what", "told"),
    [
        ({"Pillow": "11.0.0"}, "would see pictures otherwise: Pillow {Pillow}, here 11.0.0"),
        ({"loraprep": "9.9"}, "would see pictures otherwise: loraprep {loraprep}, here 9.9"),
        ({"OpenCV": "4.1", "Python": "3.9"}, "Python {Python}, here 3.9; OpenCV {OpenCV}, here 4.1"),
    ],
)
def test_who_would_see_otherwise_is_refused_naming_both(
    workers: Any, what: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = cluster.versions()
    monkeypatch.setattr(cluster, "versions", lambda: {**real, **what})
    with pytest.raises(UserError) as refused:
        _done(["a", "b"])
    assert refused.value.exit_code == UNUSABLE
    for address in [w.worker_address for w in workers.workers.values()]:
        assert f"{address}: " in str(refused.value)
    assert str(refused.value).count(told.format_map(real)) == 2


@pytest.mark.usefixtures("spread")
def test_a_worker_that_does_not_see_the_pictures_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "landmarks", lambda: [str(tmp_path), str(tmp_path / "a.jpg")])
    with pytest.raises(UserError, match=r"a\.jpg as this computer does"):
        _done(["a", "b"])


@pytest.mark.usefixtures("spread")
def test_a_worker_with_another_time_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = SimpleNamespace(time=lambda: time.time() + 37, monotonic=time.monotonic, sleep=time.sleep)
    monkeypatch.setattr(cluster, "time", ahead)
    with pytest.raises(UserError, match=r"its clock is 37 seconds behind this computer's"):
        _done(["a", "b"])


@pytest.mark.usefixtures("spread")
def test_one_that_comes_later_is_refused_too(workers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_refuse_unlike", lambda *_: None)
    real = cluster.versions()
    monkeypatch.setattr(cluster, "versions", lambda: {**real, "numpy": "1.0"})
    with pytest.raises(UserError, match=rf"numpy {real['numpy']}, here 1\.0"):
        _done(["a", "b"])


def test_landmarks_are_the_project_and_some_pictures(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "project.yaml").touch()
    (tmp_path / ".loraprep-1-abcdef-12345678").touch()
    for n in range(9):
        (tmp_path / f"images/{n}.png").touch()
    before = files.homes()
    try:
        files.keep_to({})
        files.enclose(tmp_path)
        found = files.landmarks()
    finally:
        files.keep_to(before)
    assert len(found) == 2 + 2 + 3  # the folders, what lies in the first, three pictures
    assert all(Path(path).exists() for path in found)
    assert not [path for path in found if ".loraprep" in path]


def _free() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.mark.usefixtures("workers")
def test_a_scheduler_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_CONNECT", 1)
    address = f"tcp://127.0.0.1:{_free()}"
    with cluster.used(address), pytest.raises(UserError) as refused:
        _done(["a", "b"])
    assert str(refused.value).startswith(f"--cluster: no scheduler answers at {address}\n")
    assert refused.value.exit_code == UNUSABLE


@pytest.mark.usefixtures("workers")
def test_a_scheduler_without_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_EMPTY", 1)
    with (
        clusters.programs(tmp_path, workers=0) as (address, _),
        cluster.used(address),
        pytest.raises(UserError, match="has been without a worker for 1 seconds"),
    ):
        _done(["a", "b"])


@pytest.mark.usefixtures("workers")
def test_a_worker_without_loraprep(tmp_path: Path) -> None:
    (tmp_path / "loraprep").mkdir()
    (tmp_path / "loraprep/__init__.py").touch()
    with clusters.programs(tmp_path, places=str(tmp_path)) as (address, _), cluster.used(address):
        with pytest.raises(UserError, match="has no loraprep, or another one than here") as told:
            _done(["a", "b"])
        assert f"pip install 'loraprep[cluster]=={cluster.versions()['loraprep']}'" in str(told.value)


@pytest.mark.usefixtures("workers")
def test_a_scheduler_that_goes_away_costs_what_had_not_come_back(tmp_path: Path) -> None:
    things = [f"after 0.05 {n}" for n in range(400)]
    with clusters.programs(tmp_path) as (address, scheduler), cluster.used(address):
        answers = pool.each(ACT, things, weigh=lambda _: 0)
        kept = [next(answers)[0]]
        scheduler.kill()
        start = time.monotonic()
        with pytest.raises(UserError, match=f"the scheduler at {address} went away"):
            kept.extend(thing for thing, _ in answers)
        assert time.monotonic() - start < 5
    assert 0 < len(kept) < 400


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize("address", ["local:3", "local:1"])
def test_one_here(address: str) -> None:
    os.environ.pop(pool.IN_PROCESS, None)
    with cluster.used(cluster.checked(address)):
        found = _done([*map(str, range(100)), "raise", "die", "where"])
        again = _done(["where", "a"])
        listens = {c.laddr.ip for c in psutil.Process().net_connections("tcp") if c.status == psutil.CONN_LISTEN}
    assert listens <= {"127.0.0.1"}
    assert isinstance(found.pop("raise"), ValueError)
    assert isinstance(found.pop("die"), BadImage)
    assert found.pop("where")[0] != os.getpid() != again["where"][0]
    assert found == {str(n): str(n) for n in range(100)}
    assert isinstance(pool.POOL, pool.Processes)


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize(
    "address", ["", "host:8786", "http://host:8786", "tcp://host", "tcp://me:secret@host:1", "local:", "local:0", "local:a",
                "tcp://host:8786/x", "tcp://host:8786 ", "inproc://x:1", "ucx://host:1"]
)  # fmt: skip
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(UserError, match="is no address of a cluster") as refused:
        cluster.checked(address)
    assert refused.value.exit_code == UNUSABLE


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize(
    "address", ["tcp://host:8786", "tls://a-b.example.org:8786", "tcp://[::1]:1", "tcp://10.0.0.1:8786", "local:16"]
)
def test_what_is_one(address: str) -> None:
    assert cluster.checked(address) == address


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UserError) as refused:
        cluster.checked("tcp://host:8786")
    assert (
        str(refused.value) == "--cluster: this needs Dask, which is not installed\n    pip install 'loraprep[cluster]'"
    )


def test_a_worker_ends_its_processes_once_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    os.environ.pop(pool.IN_PROCESS, None)
    monkeypatch.setattr(cluster, "_REST", 0.3)
    kept = cluster._Kept()
    with kept.lent() as processes:
        (answer,) = processes.each(ACT, ["where"], weigh=lambda _: 0, seconds=9, budget=1e9)
        time.sleep(0.6)  # somebody is at work
        assert [worker.alive() for worker in processes._all] == [True]
        (ended,) = processes._all
    assert answer[1][0] == ended._process.pid
    end = time.monotonic() + 5
    while time.monotonic() < end and ended.alive():
        time.sleep(0.05)
    assert not ended.alive()
    assert not processes._all


@pytest.mark.usefixtures("spread")
def test_a_picture_at_which_worker_after_worker_dies_is_named(workers: Any) -> None:
    before = clusters.pids(workers)
    found = _done(["kill the worker", *map(str, range(40))])
    died = found.pop("kill the worker")
    assert isinstance(died, BadImage)
    assert died.code == Code.UNEXPECTED
    assert died.reason == "every worker that looked at it broke off, for want of memory perhaps"
    assert found == {str(n): str(n) for n in range(40)}
    assert not set(before) & set(clusters.pids(workers))


@pytest.mark.usefixtures("spread")
def test_what_a_lost_worker_had_is_done_by_another(workers: Any) -> None:
    things = [f"after 0.1 {n}" for n in range(200)]
    with clusters.killing(workers, 4) as killed:
        found = _done(things)
    assert killed
    assert found == {thing: thing for thing in things}


def test_a_worker_that_ended_before_it_answered_is_not_one_without_loraprep() -> None:
    class Client:
        """Two workers, of which one ends while it is asked, and then the other, too; a third comes."""

        asked = 0

        def nthreads(self) -> dict[str, int]:
            return {"tcp://one": 1}

        def run(self, function: Any, landmarks: tuple[str, ...], on_error: str) -> dict[str, Any]:
            self.asked += 1
            gone = {"tcp://one": OSError("closed")}
            return gone if self.asked == 1 else {**gone, "tcp://three": function(landmarks)}

        def run_on_scheduler(self, function: Any, landmarks: tuple[str, ...]) -> Any:
            return function(landmarks)

    client: Any = Client()
    cluster._refuse_unlike(client, "tcp://scheduler")
    assert client.asked == 2
