"""The pool of many computers: a Dask cluster of the person's own, which sees the project's folder as this one does.

What there is to do goes out in batches of some seconds. A worker does its batch as any computer does, in processes with
a deadline and an allowance of memory each (`pool.Processes`), and only answers come back; when a worker is gone, Dask
gives its batches to others. What is unpickled here comes from those workers, and the other way round: they are the
person's own, named on the command line or in their environment, and by no project.
"""

from __future__ import annotations

import importlib.util
import itertools
import logging
import math
import os
import pickle
import queue
import re
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from loraprep.core import files
from loraprep.core.errors import UNUSABLE, Problem, UserError
from loraprep.core.findings import Code
from loraprep.core.text import printable
from loraprep.imaging import pool
from loraprep.imaging.errors import BadImage
from loraprep.imaging.pool import Pool, Work

if TYPE_CHECKING:
    from distributed import Client, Future

EXTRA = "pip install 'loraprep[cluster]'"
_SCHEDULER = re.compile(r"(tcp|tls)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")
_LOCAL = re.compile(r"local:([1-9][0-9]{0,2})")
_CONNECT = 10.0  # seconds that a scheduler is waited for
_EMPTY = 60.0  # seconds that a scheduler may be without any worker
_BATCH = 2.0  # seconds of work in a batch: a lost worker costs no more than that, and a task a hundredth of it
_FIRST = 4  # things in a batch while nobody knows how long they take
_MOST = 256  # things in a batch
_LOOK = 0.25  # seconds between two looks whether the scheduler is there
_COUNT = 2.0  # seconds between two counts of its workers
_STOP = 0.7  # seconds that ending what runs may take: Ctrl-C waits for it (interrupt.LONGEST)
_CLOCK = 1.0  # seconds by which clocks may differ: the scan trusts a file that is older by twice that (cache.SETTLED)
_REST = 60.0  # seconds after which a worker that is asked for nothing ends its processes

# what answers depend on besides a picture's bytes: distributions, then what Pillow decodes with
_DISTRIBUTIONS = {
    "loraprep": "loraprep", "Pillow": "pillow", "numpy": "numpy", "OpenCV": "opencv-python-headless",
    "ImageHash": "ImageHash", "pillow-heif": "pillow_heif", "onnxruntime": "onnxruntime", "RapidOCR": "rapidocr",
    "dlib": "dlib-bin", "face_recognition_models": "face_recognition_models", "distributed": "distributed",
    "webdataset": "webdataset", "pyarrow": "pyarrow",
}  # fmt: skip
_UNSEEN = "127.0.0.1:0"  # where Dask's own web server listens: it cannot be had without
_PROFILE = "distributed.worker.profile.enabled"
# how many messages each side keeps of what it sent, for Dask's own developers: a thousand, and in each is a batch. Of
# 20,000 pictures these were 140 MB at the end, on the computer on which the command was typed
_SENT = "distributed.admin.low-level-log-length"
_PAGES = ("distributed.scheduler.http.routes", "distributed.worker.http.routes")
_PASSING = ("Python", "loraprep", "distributed")  # all that a scheduler needs, which only passes things on
_DECODERS = ("libjpeg_turbo", "webp", "avif", "jpg_2000", "libtiff", "littlecms2", "zlib")

T = TypeVar("T")


def checked(address: str) -> str:
    """Return an address that a cluster may have. Raises UserError (exit code 3); so does a missing extra."""
    if not (_SCHEDULER.fullmatch(address) or _LOCAL.fullmatch(address)):
        raise UserError(
            f'"{printable(address)}" is no address of a cluster',
            place="--cluster", exit_code=UNUSABLE,
            hint="Name its scheduler, as in --cluster tcp://host:8786, or start one here with --cluster local:4",
        )  # fmt: skip
    if importlib.util.find_spec("distributed") is None:
        raise UserError("this needs Dask, which is not installed", place="--cluster", hint=EXTRA, exit_code=UNUSABLE)
    return address


@contextmanager
def used(address: str) -> Iterator[None]:
    """Have pictures opened on the cluster at this address meanwhile. It is asked once there is something to do."""
    before = pool.POOL
    pool.POOL = cluster = Cluster(address, before)
    try:
        yield
    finally:
        pool.POOL = before
        cluster.close()
        cluster.leave()


class Cluster:
    """Fills `Pool` with the workers of a scheduler. `alone`: the pool here, for what comes one by one."""

    def __init__(self, address: str, alone: Pool) -> None:
        self._address, self._alone = address, alone
        self._client: Client | None = None
        self._open = ExitStack()  # what was started here for it
        self._rounds = itertools.count(1)
        self._name = os.urandom(8).hex()
        self._running: set[str] = set()

    def each(
        self, work: Work, things: Iterable[T], *, weigh: Callable[[T], float], seconds: float, budget: float
    ) -> Generator[tuple[T, Any], None, None]:
        """Fill `Pool.each`. Raises UserError: nobody is there, somebody does not fit, the scheduler goes away."""
        given = list(things)
        if len(given) < 2:  # who asks for one waits for it, and may want its pixels
            yield from self._alone.each(work, given, weigh=weigh, seconds=seconds, budget=budget)
            return
        client = self._connected()
        name = f"{self._name}-{next(self._rounds)}"
        told = _Told(
            name, versions(), tuple(files.landmarks()), work._replace(homes=files.homes(far=True)), seconds, budget
        )
        self._running.add(name)
        try:
            yield from _Round(client, self._address, told, given, [weigh(thing) for thing in given]).answers()
        except _Lost:
            self.leave()
            raise _lost(self._address) from None
        finally:
            self._running.discard(name)

    def start(self) -> None:
        """Do nothing: workers are there before they are asked."""

    def close(self) -> None:
        """End what runs, here and there."""
        self._alone.close()
        if self._client is not None:
            for name in [*self._running]:
                _end(self._client, name)

    def leave(self) -> None:
        """Take leave of the scheduler, and end what was started here."""
        client, self._client = self._client, None
        with suppress(Exception):
            if client is not None:
                client.close(timeout=_STOP)
        with suppress(Exception):
            self._open.close()

    def _connected(self) -> Client:
        if self._client is None:
            address = self._local() or self._address
            self._client = _client(address, self._address)
            _refuse_unlike(self._client, self._address)
        return self._client

    def _local(self) -> str:
        """Start a cluster of this computer, if that is what the address says: a worker with so many threads, here."""
        local = _LOCAL.fullmatch(self._address)
        if not local:
            return ""
        import tempfile

        import dask

        folder = self._open.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        # no pages about the cluster, no threads looked at a hundred times a second
        dask.config.set({"temporary-directory": folder, _PROFILE: False, _SENT: 0, **{page: [] for page in _PAGES}})
        from distributed import LocalCluster

        started = LocalCluster(
            n_workers=1, threads_per_worker=int(local[1]), processes=False, memory_limit=0,
            silence_logs=logging.CRITICAL, dashboard_address=_UNSEEN, worker_dashboard_address=_UNSEEN,
            scheduler_kwargs={"dashboard": False},
        )  # fmt: skip
        self._open.callback(_kept.close)
        self._open.callback(started.close, timeout=_STOP)
        return str(started.scheduler_address)


class _Told(NamedTuple):
    """What a worker is told with each batch: whose it is, what has to be there as it is here, what to do and how."""

    name: str
    versions: Mapping[str, str]
    landmarks: tuple[str, ...]
    work: Work
    seconds: float
    budget: float


class _Lost(Exception):
    """The scheduler is gone."""


def _lost(address: str) -> UserError:
    return UserError(
        f"the scheduler at {address} went away",
        place="--cluster",
        hint="What came back is kept. Run the same command again once it is there, or without --cluster.",
    )


def _client(address: str, shown: str) -> Client:
    import warnings

    import dask
    from distributed import Client

    dask.config.set({_SENT: 0})
    for name in ("distributed", *(n for n in logging.root.manager.loggerDict if n.startswith("distributed."))):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # what matters of it is said in our words
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions that differ: `_refuse_unlike` names them
            return Client(address, timeout=_CONNECT, set_as_default=False, name="loraprep")
    except (OSError, TimeoutError, ValueError, ImportError, RuntimeError, TypeError):
        hint = "Is it started, and is that its address? It prints it. Without --cluster all is done here."
        if shown.startswith("tls:"):
            hint += "\nAn address with tls wants the certificates that your settings of Dask name."
        raise UserError(f"no scheduler answers at {shown}", place="--cluster", exit_code=UNUSABLE, hint=hint) from None


@cache
def versions() -> dict[str, str]:
    """Name what answers depend on besides a picture: what is installed here, "none" for what is not."""
    import importlib.metadata
    import platform

    from PIL import features

    def installed(distribution: str) -> str:
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            return "none"

    return {
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "processor": f"{platform.machine()} ({sys.platform})",
        **{name: installed(distribution) for name, distribution in _DISTRIBUTIONS.items()},
        **{f"Pillow's {name}": features.version(name) or "none" for name in _DECODERS},
    }


def introduced(landmarks: tuple[str, ...]) -> tuple[dict[str, str], float, str]:
    """Say what is installed here, what the clock says, and the first of the landmarks that is not there, "" if none is.

    For a worker, and without landmarks for the scheduler.
    """
    return versions(), time.time(), next((path for path in landmarks if not os.path.lexists(path)), "")


def _refuse_unlike(client: Client, address: str) -> None:
    """Raise UserError naming every worker that would answer something else, and a scheduler that knows no loraprep."""
    begun = time.monotonic()
    landmarks = tuple(files.landmarks())
    try:
        while True:
            before = time.time()
            answers = client.run(introduced, landmarks, on_error="return") if client.nthreads() else {}
            after = time.time()
            # whoever ended before it answered is no worker any more
            if said := {where: answer for where, answer in answers.items() if not isinstance(answer, OSError)}:
                break
            if time.monotonic() - begun > _EMPTY:
                raise _nobody(address)
            time.sleep(_LOOK)
        with suppress(ImportError):  # said below
            said[address] = client.run_on_scheduler(introduced, ())
        said.setdefault(address, "")
    except OSError:
        raise _lost(address) from None
    found = []
    for where, answer in sorted(said.items()):
        if not isinstance(answer, tuple):
            found.append(
                Problem("has no loraprep, or another one than here", where, f"{EXTRA[:-1]}=={versions()['loraprep']}'")
            )
            continue
        there, clock, missing = answer
        matters = versions() if where != address else {name: versions()[name] for name in _PASSING}
        found += [Problem(why, where) for why in _differs(matters, there, missing)]
        if not before - _CLOCK <= clock <= after + _CLOCK and where != address:
            off = f"{abs(clock - after):.0f} seconds {'ahead of' if clock > after else 'behind'}"
            found.append(Problem(f"its clock is {off} this computer's", where, "Set both by the same time server."))
    if found:
        raise UserError.many(found, UNUSABLE)


def _differs(here: Mapping[str, str], there: Mapping[str, str], missing: str) -> list[str]:
    """Say why a worker may not look at pictures."""
    apart = [
        f"{name} {there.get(name, 'none')}, here {said}"
        for name, said in here.items()
        if there.get(name, "none") != said
    ]
    why = [f"would see pictures otherwise: {'; '.join(apart)}"] if apart else []
    return why + ([f"does not see {printable(missing)} as this computer does"] if missing else [])


def _nobody(address: str) -> UserError:
    return UserError(
        f"the scheduler at {address} has been without a worker for {_EMPTY:.0f} seconds",
        place="--cluster",
        hint=f"What came back is kept. Start some, as in dask worker {address}, and run the same command again.",
    )


class _Round:
    """One `each` on the cluster."""

    def __init__(self, client: Client, address: str, told: _Told, things: list[Any], weights: list[float]) -> None:
        self._client, self._address, self._told = client, address, told
        self._things, self._weights = things, weights
        self._left = deque(range(len(things)))
        self._suspects: deque[int] = deque()  # of batches at which worker after worker died: done alone, at the end
        self._out: dict[Future, list[int]] = {}
        self._done: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self._batches = itertools.count(1)
        self._took = self._answered = 0.0  # seconds, and how many answers they were
        self._threads, self._counted, self._there = 0, 0.0, time.monotonic()

    def answers(self) -> Generator[tuple[Any, Any], None, None]:
        try:
            while self._left or self._suspects or self._out:
                self._count()
                self._send()
                try:
                    future = self._done.get(timeout=_LOOK)  # so that Ctrl-C is heard on Windows too
                except queue.Empty:
                    continue
                numbers = self._out.pop(future)
                for number, answer in self._taken(future, numbers):
                    yield self._things[number], answer
        finally:
            if self._out:
                _end(self._client, self._told.name, list(self._out))

    def _count(self) -> None:
        """Count threads, now and then. Raises _Lost, UserError."""
        now = time.monotonic()
        if self._client.status != "running":
            raise _Lost
        if now - self._counted < _COUNT:
            return
        try:
            self._threads = sum(self._client.nthreads().values())
        except OSError:
            raise _Lost from None
        self._counted = now
        if self._threads:
            self._there = now
        elif now - self._there > _EMPTY:
            raise _nobody(self._address)

    def _send(self) -> None:
        """Have a batch wait for each thread that works on one."""
        most = 2 * max(1, self._threads)
        while self._left and len(self._out) < most:
            long = round(_BATCH * self._answered / self._took) if self._took else _FIRST
            size = max(1, min(long, _MOST, math.ceil(len(self._left) / most)))
            self._submit([self._left.popleft() for _ in range(size)])
        if self._suspects and not self._out:
            self._submit([self._suspects.popleft()])

    def _submit(self, numbers: list[int]) -> None:
        batch = [(number, self._things[number], self._weights[number]) for number in numbers]
        parcel = pickle.dumps((self._told, batch), protocol=pickle.HIGHEST_PROTOCOL)
        key = f"loraprep-{self._told.name}-{next(self._batches)}"
        try:
            future = self._client.submit(work_off, parcel, key=key, pure=False)
        except OSError:
            raise _Lost from None
        self._out[future] = numbers
        future.add_done_callback(self._done.put)

    def _taken(self, future: Future, numbers: list[int]) -> list[tuple[int, Any]]:
        """Return the answers of a batch, numbered. Raises _Lost, UserError, and what a worker raised by our fault."""
        from distributed import KilledWorker

        try:
            took, answers = pickle.loads(future.result())  # from a worker of the person's own
        except KilledWorker:
            if len(numbers) > 1 or self._left or self._out:
                self._suspects += numbers
                return []
            reason = "every worker that looked at it broke off, for want of memory perhaps"
            return [(numbers[0], BadImage(Code.UNEXPECTED, reason))]
        except Exception:
            if future.status == "error":
                raise
            raise _Lost from None  # it is cancelled, and not by us
        self._took += took
        self._answered += len(answers)
        self._there = time.monotonic()
        found: list[tuple[int, Any]] = answers
        return found


def _end(client: Client, name: str, waiting: list[Future] | None = None) -> None:
    """Cancel what waits, and have every worker end what it is at for this round; not longer than _STOP."""

    async def ended() -> None:
        await client.cancel(waiting or [], force=True)
        await client.run(end, name, on_error="ignore")

    with suppress(Exception):
        client.sync(ended, callback_timeout=_STOP)


# From here on: what happens on a worker.


class _Kept:
    """The processes of this worker: one a thread, ended once nobody asked for REST seconds."""

    def __init__(self) -> None:
        self._processes = pool.Processes(1)
        self._lock = threading.Lock()
        self._at_work = 0
        self._timer: threading.Timer | None = None

    @contextmanager
    def lent(self) -> Iterator[pool.Processes]:
        with self._lock:
            self._at_work += 1
            if self._timer is not None:
                self._timer.cancel()
        try:
            yield self._processes
        finally:
            with self._lock:
                self._at_work -= 1
                if not self._at_work:
                    self._timer = threading.Timer(_REST, self._rest)
                    self._timer.daemon = True
                    self._timer.start()

    def _rest(self) -> None:
        with self._lock:
            if not self._at_work:
                self.close()

    def close(self) -> None:
        self._processes.close()


_kept = _Kept()
_ended: set[str] = set()  # rounds that were broken off
_known: set[str] = set()  # rounds in which this worker was found to be as it has to be


def work_off(parcel: bytes) -> bytes:
    """Do a batch: the seconds it took and its answers, numbered, pickled. Raises UserError where a worker does not fit.

    A task of Dask's: what comes and goes is bytes, which scheduler and workers pass on without a look.
    """
    told, batch = pickle.loads(parcel)
    if told.name not in _known:
        from distributed import get_worker

        there, _, missing = introduced(told.landmarks)
        if why := _differs(told.versions, there, missing):
            raise UserError.many([Problem(w, get_worker().address) for w in why], UNUSABLE)
        # Dask's nanny has its workers give memory back at once. A process that opens picture after picture would get
        # all of it anew from the system, page by page: half as much processor time again.
        os.environ.pop("MALLOC_TRIM_THRESHOLD_", None)
        _known.add(told.name)
    begun = time.monotonic()
    numbers = {id(thing): (number, weight) for number, thing, weight in batch}
    with _kept.lent() as processes:
        answers = processes.each(
            told.work, [thing for _, thing, _ in batch], weigh=lambda thing: numbers[id(thing)][1],
            seconds=told.seconds, budget=told.budget, ended=lambda: told.name in _ended,
        )  # fmt: skip
        found = [(numbers[id(thing)][0], answer) for thing, answer in answers]
    return pickle.dumps((time.monotonic() - begun, found), protocol=pickle.HIGHEST_PROTOCOL)


def end(name: str) -> None:
    """Break off all that this worker does for a round."""
    _ended.add(name)
