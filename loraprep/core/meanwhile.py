"""One thing is worked out while another is waited for, where both leave the interpreter alone most of the time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
_LOOK = 0.25  # seconds; on Windows whoever waits without end hears no Ctrl-C


class Meanwhile(Generic[T]):
    """What `act` returns, which is worked out in a thread from now on. Nobody who ends the program waits for it."""

    def __init__(self, act: Callable[[], T]) -> None:
        self._act, self._made, self._error = act, list[T](), list[BaseException]()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._made.append(self._act())
        except BaseException as error:
            self._error.append(error)

    def result(self) -> T:
        """Wait for it. Raises what `act` raised."""
        while self._thread.is_alive():
            self._thread.join(_LOOK)
        for error in self._error:
            raise error
        return self._made[0]
