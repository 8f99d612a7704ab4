"""Memory for opening pictures: who gets how much of it, and when. How much a file takes: imaging/estimate.py.

Whoever opens a picture asks first. Most take so little that nobody is asked to wait; a large one is put back, and
opened again once there is room for it beside what is open then.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from loraprep.core import files, free_memory

ORDINARY = 64e6  # bytes that may be taken without asking: a photograph of 12 megapixels, its file included
SHARE, MOST = 0.5, 2e9  # of the free memory, and bytes: what all pictures together may take unless the project says
_LOOK = 0.25  # seconds between two looks whether somebody still waits


class Needs(BaseException):
    """A picture takes so many bytes, and fewer are given. No error: whoever catches every Exception lets it through."""

    def __init__(self, need: float) -> None:
        self.need = need
        super().__init__(need)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.need,)


class _Given(threading.local):
    most = float("inf")  # outside of a pool nobody counts


_given = _Given()


@contextmanager
def given(most: float) -> Iterator[None]:
    """Let this thread take up to `most` bytes, or ORDINARY, inside this."""
    before, _given.most = _given.most, max(most, ORDINARY)
    try:
        yield
    finally:
        _given.most = before


def ask(need: float) -> None:
    """Return if so many bytes may be taken. Raises Needs."""
    if need > _given.most:
        raise Needs(need)


def read(path: Path) -> bytes:
    """Read a picture's file; twice its size is asked for, since formats keep parts of it. Raises Needs, OSError."""
    ask(2 * files.stat(path).st_size)
    return files.read(path)


@cache
def usual() -> float:
    """Compute the bytes that all pictures together may take, unless the project says: the same for all of a run."""
    return min(MOST, SHARE * free_memory.free_memory())


class Room:
    """Bytes that are lent out, first come, first served: nobody is passed over for being large."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._lent = 0.0
        self._waiting: deque[object] = deque()

    @contextmanager
    def lent(self, need: float, budget: float, stopped: Callable[[], bool]) -> Iterator[bool]:
        """Wait until `need` fits into `budget` beside what is lent, and hold it inside this; False if `stopped` first.

        Somebody is always served as long as no `need` is more than its budget.
        """
        mine = object()
        with self._changed:
            self._waiting.append(mine)
            try:
                while not stopped() and (self._waiting[0] is not mine or self._lent + need > budget):
                    self._changed.wait(_LOOK)
                had = not stopped()
                self._lent += need * had
            finally:
                self._waiting.remove(mine)
                self._changed.notify_all()
        try:
            yield had
        finally:
            with self._changed:
                self._lent -= need * had
                self._changed.notify_all()


ROOM = Room()
