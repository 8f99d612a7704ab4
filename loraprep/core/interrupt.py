"""Ctrl-C ends a run: the first within LONGEST seconds whatever it is at, the second at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

LONGEST = 1.5  # seconds that a run may take to put down what it holds; a kill at any moment loses nothing either
CODE = 130  # as a shell has it of what SIGINT ended


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, as a class of its own: Python ends a program by SIGINT, whatever caught it, once a KeyboardInterrupt
    itself has left an exec(), and dataclasses and named tuples are made by exec()."""


_came = threading.Event()


def came() -> bool:
    """Whether Ctrl-C was heard: what is raised afterwards may be its doing, as Python's RuntimeError around what
    breaks off a __set_name__ is."""
    return _came.is_set()


@contextmanager
def heard(also: Callable[[], None]) -> Iterator[None]:
    """Hear Ctrl-C as it says above; `also` is called at the first, to end what runs elsewhere. The main thread's."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def first(_signal: int, _frame: FrameType | None) -> None:
        # the system's own way for the second: it needs no turn of Python's, which a long call in C would not give
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        _came.set()
        threading.Thread(target=_last, daemon=True).start()
        also()
        raise Interrupted

    _came.clear()
    over = threading.Event()

    def _last() -> None:
        if not over.wait(LONGEST):
            os._exit(CODE)

    before = signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        over.set()
        signal.signal(signal.SIGINT, before)
