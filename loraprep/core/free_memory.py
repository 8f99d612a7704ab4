"""How much memory is free on this computer, and what of ours is not needed any more."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def free_memory() -> float:
    """Return the bytes that programs may take before the system begins to swap, or before a container is full."""
    import psutil

    return min(float(psutil.virtual_memory().available), _container())


def give_back() -> None:
    """Have the C library hand what was freed back to the system, where it can (glibc: malloc_trim(3)).

    By itself it does so at the end of its heap alone, and what a phase took stays taken while the next ones run.
    """
    import ctypes

    with suppress(OSError, TypeError, AttributeError):  # another system's library
        ctypes.CDLL(None).malloc_trim(0)


def _container(folder: Path = Path("/sys/fs/cgroup")) -> float:
    """What a control group leaves (kernel documentation, cgroup-v2: memory.max, memory.current; v1's names differ)."""
    for most, now in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        with suppress(OSError, ValueError):  # "max": none
            return max(0, int((folder / most).read_text("utf-8")) - int((folder / now).read_text("utf-8")))
    return float("inf")
