"""One function, many things to do: in processes of their own where that pays and can be had, else in threads.

A process costs its start and its imports and is then free of ours; a decoder that crashes takes only itself along.
"""

from __future__ import annotations

import importlib
import json
import queue
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from typing import IO, Any, NamedTuple

from loraprep.core import child
from loraprep.imaging.process import claim

_AHEAD = 3  # things given to a process before it has answered, so that it never waits for us
_WAITING = 64  # answers held that nobody has taken yet
_READY = "ready"


class Work(NamedTuple):
    """`module`.`maker`(*arguments) makes the function; arguments, things and answers go through JSON."""

    module: str
    maker: str
    arguments: tuple[Any, ...] = ()

    def made(self) -> Callable[[Any], Any]:
        return getattr(importlib.import_module(self.module), self.maker)(*self.arguments)  # type: ignore[no-any-return]


class Died(NamedTuple):
    """In place of an answer: the process that was at it ended, by signal -`code` or with that exit code."""

    code: int


def each(work: Work, things: Iterable[str], count: int, *, processes: bool) -> Generator[tuple[str, Any], None, None]:
    """(thing, answer) in the order in which the answers come, `count` things at a time.

    Whatever the function raises is raised here. Nothing runs on once the iterator is closed.
    """
    crew = _Crew(work, things)
    threads = [threading.Thread(target=crew.run, args=(processes,), daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        while count:
            try:
                found = crew.answers.get(timeout=1)  # so that Ctrl-C is heard on Windows too
            except queue.Empty:
                continue
            if isinstance(found, BaseException):
                raise found
            if found is None:
                count -= 1
            else:
                yield found
    finally:
        crew.stop()
        for thread in threads:
            thread.join()


class _Crew:
    def __init__(self, work: Work, things: Iterable[str]) -> None:
        self._work, self._things = work, iter(things)
        self._lock = threading.Lock()
        self._stopped = False
        self._running: set[subprocess.Popen[bytes]] = set()
        self.answers: queue.Queue[tuple[str, Any] | BaseException | None] = queue.Queue(_WAITING)

    def run(self, processes: bool) -> None:
        """What each thread does, to its end: None is its last answer."""
        try:
            left: deque[str] = deque()  # given to a process and not answered
            if processes:
                self._by_process(left)
            if not self._stopped:
                self._here(left)
        except BaseException as error:
            self._put(error)
        self._put(None)

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.kill()
        while not self.answers.empty():  # a thread may wait for room
            self.answers.get_nowait()

    def _put(self, answer: tuple[str, Any] | BaseException | None) -> None:
        placed = False
        while not (placed or self._stopped):
            with suppress(queue.Full):
                self.answers.put(answer, timeout=1)
                placed = True

    def _take(self) -> str | None:
        with self._lock:
            return None if self._stopped else next(self._things, None)

    def _here(self, left: deque[str]) -> None:
        function = None
        while (thing := left.popleft() if left else self._take()) is not None:
            function = function or self._work.made()
            self._put((thing, function(thing)))

    def _by_process(self, left: deque[str]) -> None:
        """Leaves in `left` what it could not do, if there are no processes to be had."""
        while (thing := self._take()) is not None or left:
            if thing is not None:
                left.append(thing)
            process = self._start()
            if process is None:
                return
            try:
                self._serve(process, left)
            finally:
                self._end(process, kill=self._stopped)
            if left and not self._stopped:  # it died; the first one not answered is what it was at
                self._put((left.popleft(), Died(process.returncode)))

    def _start(self) -> subprocess.Popen[bytes] | None:
        code = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); from {__name__} import serve; serve()"
        quiet = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        try:
            process = subprocess.Popen(
                child.python(code),
                cwd=child.HOME,
                env=child.environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=quiet,
            )
        except (OSError, ValueError):
            return None
        with self._lock:
            self._running.add(process)
            if self._stopped:
                process.kill()
        _send(process, self._work)
        if _receive(process) != _READY:
            self._end(process, kill=True)
            return None
        return process

    def _end(self, process: subprocess.Popen[bytes], *, kill: bool) -> None:
        with self._lock:
            self._running.discard(process)
        if kill:
            process.kill()
        process.communicate()

    def _serve(self, process: subprocess.Popen[bytes], left: deque[str]) -> None:
        """Has the process do what is in `left` and further things, until there are none or it ends."""
        for again in left:
            _send(process, again)
        while True:
            while len(left) < _AHEAD and (thing := self._take()) is not None:
                left.append(thing)
                _send(process, thing)
            if not left or (answer := _receive(process)) is None:
                return
            self._put((left.popleft(), answer))


def _send(process: subprocess.Popen[bytes], value: object) -> None:
    assert process.stdin is not None
    with suppress(OSError):  # it has ended, which reading from it tells as well
        process.stdin.write(json.dumps(value).encode() + b"\n")
        process.stdin.flush()


def _receive(process: subprocess.Popen[bytes]) -> Any:
    """None once it has ended."""
    assert process.stdout is not None
    line = process.stdout.readline()
    return json.loads(line) if line.endswith(b"\n") else None


def serve() -> None:
    """The other side, in the process: answers line by line until its input ends, as it does when its parent dies."""
    claim()
    things, answers = _own_streams()
    with suppress(BrokenPipeError):  # then nobody is there to be told
        function = Work(*json.loads(things.readline())).made()
        answers.write(json.dumps(_READY).encode() + b"\n")
        answers.flush()
        for line in things:
            answers.write(json.dumps(function(json.loads(line))).encode() + b"\n")
            answers.flush()


def _own_streams() -> tuple[IO[bytes], IO[bytes]]:
    """Standard input and output, kept away from libraries that print."""
    import os

    streams = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(2, 1)
    return streams
