"""Foreign files are decoded in processes of their own, each under a deadline: one that hangs or dies takes only itself.

No thread can end a decoder that never comes back, and no handler hears Ctrl-C inside of one. The processes are started
when the first picture is there, kept for all phases of a run, and end with it. Python's and pebble's own pools start
theirs by multiprocessing, which imports what lies in the working folder; these start as core/child.py wants it.
"""

from __future__ import annotations

import atexit
import faulthandler
import itertools
import os
import pickle
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from typing import IO, Any, NamedTuple, Protocol, TypeVar

from loraprep.core import child, files, free_memory
from loraprep.core.errors import Unreachable
from loraprep.core.findings import Code
from loraprep.imaging import memory
from loraprep.imaging.errors import BadImage, TooHeavy, TooSlow
from loraprep.imaging.process import claim

SECONDS = 60.0  # for one file, unless the project says otherwise
PER_MILLION = 1.0  # seconds more for each million of pixels, or of bytes while nobody knows the pixels
WORKERS = 2  # the decoder keeps two cores busy; more pictures at a time would need more memory
IN_PROCESS = "LORAPREP_IN_PROCESS"  # set in the environment: no processes and so no deadline, for tests
_TURNS = threading.BoundedSemaphore(WORKERS)  # of `one`
_WAITING = 64  # answers held that nobody has taken yet
_LOOK = 0.25  # seconds between two looks at the clock
_ORPHAN = 30.0  # seconds past the deadline after which a process ends itself, its parent having been killed
_READY = "ready"
# For glibc, which otherwise gives each picture's memory back, to get it again for the next one cleared page by page: a
# quarter of the time in which points are found. Blocks of 32 MB (its most) come from what is kept, 128 MB at most.
_KEEPS = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(128 << 20)}

T = TypeVar("T")


class Work(NamedTuple):
    """make(*arguments) makes the function; `make` is a module's, and arguments, things and answers are pickled.

    `homes`: the projects that it keeps to (files.homes), where that are not those of the process that gives it out.
    `ahead`: how many things a process is given before it has answered, so that it never waits for us; of things that
    take long 1, or the last of them wait for each other.
    """

    make: Callable[..., Callable[[Any], Any]]
    arguments: tuple[Any, ...] = ()
    homes: Mapping[str, Any] | None = None
    ahead: int = 3

    def made(self) -> Callable[[Any], Any]:
        """Make the function, here."""
        if self.homes is not None:
            files.keep_to(self.homes)
        return self.make(*self.arguments)


class Pool(Protocol):
    """What does the same with many files: on this computer `Processes`, on many `cluster.Cluster`."""

    def each(
        self, work: Work, things: Iterable[T], *, weigh: Callable[[T], float], seconds: float, budget: float
    ) -> Generator[tuple[T, Any], None, None]:
        """Yield (thing, answer) in the order in which the answers come.

        An answer that is an exception was raised by the function for that thing; TooSlow: it took longer than
        `seconds` and PER_MILLION of its weight (pixels or bytes); TooHeavy: it needs more than `budget` bytes of
        memory, which all things at a time keep to (memory.ask); BadImage UNEXPECTED: the process ended at it.
        Nothing runs on once the iterator is closed.
        """

    def start(self) -> None:
        """Start what many files will want, while the caller is still at something else."""

    def close(self) -> None:
        """End what runs, at once."""


def each(
    work: Work,
    things: Iterable[T],
    *,
    weigh: Callable[[T], float],
    seconds: float = SECONDS,
    budget: float | None = None,
) -> Generator[tuple[T, Any], None, None]:
    """Do as `Pool.each` does, with the pool of this process; `budget` is memory.usual() unless it is given.

    Raises Unreachable where an answer is that: the other things would say the same.
    """
    with closing(POOL.each(work, things, weigh=weigh, seconds=seconds, budget=budget or memory.usual())) as answers:
        for thing, answer in answers:
            if isinstance(answer, Unreachable):
                raise answer
            yield thing, answer


def one(work: Work, thing: Any, *, weight: float, seconds: float = SECONDS, budget: float | None = None) -> Any:
    """Return the answer for one thing; of many that are asked for at once, WORKERS at a time.

    Raises what the function raises, TooSlow, TooHeavy, BadImage UNEXPECTED.
    """
    with _TURNS:  # else each would start a process of its own, and all of them wait for each other's start
        ((_, answer),) = each(work, [thing], weigh=lambda _: weight, seconds=seconds, budget=budget)
    if isinstance(answer, Exception):
        raise answer
    return answer


def _died(code: int) -> BadImage:
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return BadImage(Code.UNEXPECTED, f"the program that looked at it broke off ({how})")


class Processes:
    """The pool of one process: its children, started when they are needed and kept; `most` for one kind of work."""

    def __init__(self, most: int = WORKERS) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._pid = os.getpid()

    def each(
        self,
        work: Work,
        things: Iterable[T],
        *,
        weigh: Callable[[T], float],
        seconds: float,
        budget: float,
        ended: Callable[[], bool] = lambda: False,
    ) -> Generator[tuple[T, Any], None, None]:
        """Fill `Pool.each`. Once `ended`, which another thread may tell, no more answers come and nothing runs on."""
        given = list(things)
        yield from _Crew(self, work, given, weigh, seconds, budget).answers_of(min(self._most, len(given)), ended)

    def start(self) -> None:
        """Start the processes that are not there yet; they load what they need meanwhile."""
        while not os.environ.get(IN_PROCESS) and len(self._all) < self._most and (worker := self._new()):
            with self._lock:
                self._idle.append(worker)

    def close(self) -> None:
        """End every child, at once."""
        with self._lock:
            workers, self._all, self._idle = self._all, set(), []
        for worker in workers:
            worker.kill()

    def taken(self) -> _Worker | None:
        """Return a process that has nothing to do, a new one if need be; None if there are none to be had."""
        if os.environ.get(IN_PROCESS):
            return None
        with self._lock:
            if self._pid != os.getpid():  # a fork: its parent's children are not its own
                self._pid, self._idle, self._all = os.getpid(), [], set()
            while self._idle:
                if (worker := self._idle.pop()).alive():
                    return worker
                self._all.discard(worker)
        return self._new()

    def _new(self) -> _Worker | None:
        try:
            worker = _Worker()
        except (OSError, ValueError):
            return None
        with self._lock:
            self._all.add(worker)
        return worker

    def back(self, worker: _Worker, *, usable: bool) -> None:
        """Take a process back; one that is not `usable` is ended."""
        if usable:
            worker.send((None, None))
        else:
            worker.kill()
        with self._lock:
            if usable:
                self._idle.append(worker)
            else:
                self._all.discard(worker)


POOL: Pool = Processes()
atexit.register(lambda: POOL.close())


class _Crew:
    """Threads that each look after one process, for one kind of work."""

    def __init__(
        self,
        pool: Processes,
        work: Work,
        things: Iterable[Any],
        weigh: Callable[[Any], float],
        seconds: float,
        budget: float,
    ) -> None:
        self._pool, self._work, self._things = pool, work, iter(things)
        self._weigh, self._seconds, self._budget = weigh, seconds, budget
        self._large: deque[tuple[float, Any]] = deque()  # what needs so much memory that it is done anew with it
        self._lock = threading.Lock()
        self._stopped = False
        self._running: set[_Worker] = set()
        self._answers: queue.Queue[tuple[Any, Any] | BaseException | None] = queue.Queue(_WAITING)

    def answers_of(self, count: int, ended: Callable[[], bool]) -> Iterator[tuple[Any, Any]]:
        threads = [threading.Thread(target=self._run, daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        looked = time.monotonic()
        try:
            while count and not ended():
                if time.monotonic() - looked >= _LOOK:
                    looked = time.monotonic()
                    self._end_overdue()
                try:
                    found = self._answers.get(timeout=_LOOK)  # so that Ctrl-C is heard on Windows too
                except queue.Empty:
                    continue
                if isinstance(found, BaseException):
                    raise found
                if found is None:
                    count -= 1
                else:
                    yield found
        finally:
            self._stop()
            for thread in threads:
                thread.join()

    def _end_overdue(self) -> None:
        now = time.monotonic()
        with self._lock:
            for worker in self._running:
                if now > worker.deadline:
                    worker.overdue = True
                    worker.kill()

    def _stop(self) -> None:
        with self._lock:
            self._stopped = True
            for worker in self._running:
                worker.kill()
        with suppress(queue.Empty):
            while True:  # a thread may wait for room
                self._answers.get_nowait()

    def _put(self, answer: tuple[Any, Any] | BaseException | None) -> None:
        placed = False
        while not (placed or self._stopped):
            with suppress(queue.Full):
                self._answers.put(answer, timeout=_LOOK)
                placed = True

    def _take(self) -> list[Any]:
        """Return the next thing, in a list; [] if there is none."""
        with self._lock:
            return [] if self._stopped else list(itertools.islice(self._things, 1))

    def _run(self) -> None:
        """What each thread does, to its end: None is its last answer."""
        try:
            left: deque[Any] = deque()  # given to a process and not answered
            self._by_process(left)
            if not self._stopped:
                self._here(left)
        except BaseException as error:
            self._put(error)
        self._put(None)

    def _here(self, left: deque[Any]) -> None:
        function = None
        while taken := [left.popleft()] if left else self._take():
            function = function or self._work.made()
            answer = _answer(function, taken[0], 0)
            while isinstance(answer, memory.Needs) and answer.need <= self._budget:
                with memory.ROOM.lent(answer.need, self._budget, self._is_stopped) as had:
                    answer = _answer(function, taken[0], answer.need) if had else None
            self._put((taken[0], TooHeavy(answer.need, self._budget) if isinstance(answer, memory.Needs) else answer))

    def _by_process(self, left: deque[Any]) -> None:
        """Leaves in `left` what it could not do, if there are no processes to be had."""
        while not self._stopped:
            if not (left or self._large):
                left.extend(self._take())
            if not (left or self._large):
                return
            worker = self._pool.taken()
            if worker is None:
                left.extend(thing for _, thing in self._taken_large(every=True))
                return
            whole = False
            try:
                with self._lock:
                    self._running.add(worker)
                    if self._stopped:
                        return
                if not worker.begin(self._work):
                    return  # it cannot be had: whatever is wrong is said where the work is made here
                whole = self._serve(worker, left)
            finally:
                with self._lock:
                    self._running.discard(worker)
                self._pool.back(worker, usable=whole and not worker.overdue)

    def _allowed(self, thing: Any) -> float:
        return self._seconds + PER_MILLION * self._weigh(thing) / 1e6

    def _serve(self, worker: _Worker, left: deque[Any]) -> bool:
        """Has the process do what is in `left` and further things; True if there are no more, False if it ended.

        The first one not answered is what it was at.
        """
        for again in left:
            self._send(worker, again)
        while True:
            while len(left) < self._work.ahead and not self._large and (taken := self._take()):
                left.extend(taken)
                self._send(worker, taken[0])
            if left:
                answers, lives = self._received(worker, left)
            elif large := self._taken_large():  # alone, so that nothing waits for it that needs no memory
                ((need, thing),) = large
                with memory.ROOM.lent(need, self._budget, self._is_stopped) as had:
                    if not had:
                        return False
                    left.append(thing)
                    self._send(worker, thing, need)
                    answers, lives = self._received(worker, left)
            else:
                return True
            for answer in answers:
                self._put(answer)
            if not lives:
                return False

    def _send(self, worker: _Worker, thing: Any, need: float = 0) -> None:
        worker.send((self._allowed(thing) + _ORPHAN, (thing, need)))

    def _received(self, worker: _Worker, left: deque[Any]) -> tuple[list[tuple[Any, Any]], bool]:
        """What it answered to the first of `left`, if it did and that is no wish for memory; whether it lives on."""
        worker.deadline = time.monotonic() + self._allowed(left[0])
        received = worker.receive()
        worker.deadline = float("inf")
        if self._stopped and not received:
            return [], False
        thing = left.popleft()
        if not received:
            return [(thing, TooSlow(self._allowed(thing)) if worker.overdue else _died(worker.code()))], False
        (answer,) = received
        lives = not worker.overdue  # else it answered in the last moment, and was ended
        if not isinstance(answer, memory.Needs):
            return [(thing, answer)], lives
        if answer.need > self._budget:
            return [(thing, TooHeavy(answer.need, self._budget))], lives
        self._large.append((answer.need, thing))
        return [], lives

    def _taken_large(self, every: bool = False) -> list[tuple[float, Any]]:
        """Return the next large thing, or every one; [] if there is none."""
        with self._lock:
            count = len(self._large) if every else min(1, len(self._large))
            return [self._large.popleft() for _ in range(count)]

    def _is_stopped(self) -> bool:
        return self._stopped


class _Worker:
    """A child process. `deadline`: when what it is at must be done, in the seconds of time.monotonic."""

    def __init__(self) -> None:
        code = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); from {__name__} import serve; serve()"
        self._process = subprocess.Popen(
            child.python(code),
            cwd=child.HOME,
            env=child.environment(**_KEEPS),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self.deadline = float("inf")
        self.overdue = False

    def begin(self, work: Work) -> bool:
        """Prepare the process for this work, in the projects that this process keeps to."""
        self.send((files.homes() if work.homes is None else work.homes, work._replace(homes=None)))
        return self.receive() == [_READY]

    def send(self, value: object) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):  # it has ended, which reading from it tells as well
            pickle.dump(value, self._process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()

    def receive(self) -> list[Any]:
        """The next answer, in a list; [] once the process has ended."""
        assert self._process.stdout is not None
        try:
            return [pickle.load(self._process.stdout)]  # from a process of ours, with no more rights than ours
        except (EOFError, OSError, pickle.UnpicklingError):
            return []

    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()

    def code(self) -> int:
        """What it ended with; waits for it."""
        return self._process.wait()


def _answer(function: Callable[[Any], Any], thing: Any, memory_given: float) -> Any:
    try:
        with memory.given(memory_given):
            return function(thing)
    except (Exception, memory.Needs) as error:
        return error.with_traceback(None)  # which would hold the picture


def serve() -> None:
    """The other side, in the process: answers one by one until its input ends, as it does when its parent dies."""
    claim()
    given, answers = _own_streams()
    # what every work needs, while whoever started this is still at something else
    from loraprep.imaging import decode, display  # noqa: F401

    nowhere = open(os.devnull, "wb")  # noqa: SIM115, PTH123 - for as long as the process lives
    told: queue.SimpleQueue[tuple[Any, Any] | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(given, told), daemon=True).start()
    function: Callable[[Any], Any] = _nothing
    with suppress(BrokenPipeError):  # then nobody is there to be told
        while (next_one := _next(told, resting=function is _nothing)) is not None:
            first, second = next_one
            if first is None:  # it may rest, and hold no file open meanwhile
                function = _nothing
                continue
            if isinstance(second, Work):
                files.keep_to(first)
                function, answer = second.made(), _READY
            else:
                faulthandler.dump_traceback_later(first, exit=True, file=nowhere)
                answer = _answer(function, *second)
                faulthandler.cancel_dump_traceback_later()
            _send(answers, answer)
            del answer, second, next_one  # it may be large, and the next one is not here yet


def _listen(given: IO[bytes], told: queue.SimpleQueue[tuple[Any, Any] | None]) -> None:
    """Take in what is given, at once; None when that ends.

    A pipe holds little: who gives something large while an answer waits to be read would wait for that for ever.
    """
    try:
        with suppress(EOFError):
            while True:
                told.put(pickle.load(given))
    finally:
        told.put(None)


def _next(told: queue.SimpleQueue[tuple[Any, Any] | None], *, resting: bool) -> tuple[Any, Any] | None:
    """Return what comes next. Who rests a while gives its memory back: now the first process works, alone."""
    if resting:
        with suppress(queue.Empty):
            return told.get(timeout=_LOOK)
        free_memory.give_back()
    return told.get()


def _nothing(_: Any) -> None:
    return None


def _send(answers: IO[bytes], answer: Any) -> None:
    try:
        data = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # an error that holds what cannot be sent
        data = pickle.dumps(RuntimeError(f"{type(answer).__name__}: {error}"))
    answers.write(data)
    answers.flush()


def _own_streams() -> tuple[IO[bytes], IO[bytes]]:
    """Standard input and output, kept away from libraries that print."""
    streams = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(2, 1)
    return streams
