"""A server that takes a question and never answers: said after a while, and ended after a limit."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent import futures
from typing import TypeVar

from loraprep.captions.vision.model import VisionError

SILENT = 10.0  # seconds without a word from a server that never answered, after which that is said
T = TypeVar("T")


class Listener:
    """Listens for one server. `tell` is called once, if its first word takes long.

    A request is over after `seconds`, however slowly its answer trickles in. While the server never answered, `tries`
    such requests end the run; `billed`: each may have been charged all the same.
    """

    def __init__(self, seconds: float, tell: Callable[[], None], *, tries: int = 1, billed: bool = False) -> None:
        self._seconds, self._tell, self._tries, self._billed = seconds, tell, tries, billed
        self._heard = self._told = False
        self._missed = 0  # requests in a row
        self._lock = threading.Lock()

    async def hear(self, asking: Awaitable[T]) -> T:
        """Return what comes of `asking`. Raises VisionError once it is given up."""
        task = asyncio.ensure_future(asking)
        try:
            left = self._seconds
            if not self._heard and left > SILENT:
                left -= SILENT
                if not (await asyncio.wait({task}, timeout=SILENT))[0]:
                    self._say()
            if not (await asyncio.wait({task}, timeout=left))[0]:
                raise self.given_up()
        finally:
            task.cancel()
        return self._answered(task.result())

    def hear_now(self, call: Callable[[], T]) -> T:
        """Return what comes of a call that does not return before it has an answer; its own limit ends it."""
        done: futures.Future[T] = futures.Future()

        def run() -> None:
            try:
                done.set_result(call())
            except BaseException as error:  # it is raised where it is waited for
                done.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        if not self._heard and not futures.wait([done], timeout=SILENT).done:
            self._say()
        return self._answered(done.result())

    def given_up(self) -> VisionError:
        """Count one more request without an answer; return what that means."""
        with self._lock:
            self._missed += 1
            missed = self._missed
        if not self._heard and missed >= self._tries:
            said = f"it takes what it is sent and never answers, for {self._seconds:g} s"
            return VisionError("server", said, whole=True, billed=self._billed)
        return VisionError(
            "server", "it did not answer in time", retry=missed < max(2, self._tries), billed=self._billed
        )

    def _answered(self, reply: T) -> T:
        with self._lock:
            self._heard, self._missed = True, 0
        return reply

    def _say(self) -> None:
        with self._lock:
            told, self._told = self._told, True
        if not told:
            self._tell()
