"""How much memory is free on this computer."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from loraprep.core import child

_UNKNOWN = 2e9  # bytes that a computer of today has free, where none of this works


def free_memory() -> float:
    """Return the bytes that programs may take before the system begins to swap, or before a container is full."""
    with suppress(OSError, ValueError, AttributeError, subprocess.SubprocessError):
        if sys.platform == "win32":
            return _windows()
        if sys.platform == "darwin":
            return _macos()
        return min(_linux(), _container())
    with suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return _UNKNOWN


def _linux(path: Path = Path("/proc/meminfo")) -> float:
    """MemAvailable, as proc(5) has it."""
    found = re.search(r"^MemAvailable:\s+(\d+) kB", path.read_text("utf-8"), re.MULTILINE)
    if not found:
        raise ValueError("an old kernel")
    return int(found[1]) * 1024


def _container(folder: Path = Path("/sys/fs/cgroup")) -> float:
    """What a control group leaves (kernel documentation, cgroup-v2: memory.max, memory.current; v1's names differ)."""
    for most, now in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        with suppress(OSError, ValueError):  # "max": none
            return max(0, int((folder / most).read_text("utf-8")) - int((folder / now).read_text("utf-8")))
    return float("inf")


def _macos() -> float:
    said = subprocess.run(
        ["/usr/bin/vm_stat"],
        cwd=child.HOME,
        env=child.environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=5,
    ).stdout
    return told_by_vm_stat(said)


def told_by_vm_stat(said: str) -> float:
    """Add up the free and inactive pages, as psutil does. Raises ValueError."""
    size = re.search(r"page size of (\d+) bytes", said)
    pages = [re.search(rf"^Pages {kind}:\s+(\d+)\.", said, re.MULTILINE) for kind in ("free", "inactive")]
    if not size or not all(pages):
        raise ValueError("vm_stat says it otherwise")
    return int(size[1]) * sum(int(found[1]) for found in pages if found)


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of sysinfoapi.h."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        *((name, ctypes.c_uint64) for name in ("all", "free", "all_paged", "paged", "all_virtual", "virtual", "more")),
    )


def _windows() -> float:
    status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
    if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):  # type: ignore[attr-defined,unused-ignore]
        raise OSError("the system does not say")
    return float(status.free)
