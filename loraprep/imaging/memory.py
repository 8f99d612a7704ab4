"""Keeps pictures in memory few: a scan stays under 1 GB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import Lock

from loraprep.imaging.formats import LARGE

_large = Lock()


@contextmanager
def one_large_at_a_time(weight: float) -> Iterator[None]:
    """Read and measure a picture of so many bytes or pixels inside this: no other large one is held meanwhile."""
    with _large if weight > LARGE else nullcontext():
        yield
