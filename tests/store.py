"""Folders that are made once for all tests and processes of a session: to read and to copy, never to write into."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

_PLACE = "LORAPREP_TESTS_STORE"  # the workers of a session inherit it


def begin() -> None:
    """Makes the store, if this process is the first of its session; it goes when that process ends."""
    if _PLACE not in os.environ:
        os.environ[_PLACE] = tempfile.mkdtemp(prefix="loraprep-tests-")
        atexit.register(shutil.rmtree, os.environ[_PLACE], ignore_errors=True)


def kept(name: str, make: Callable[[Path], object]) -> Path:
    """The folder of this name. The first who asks makes it, in a folder that is there and empty; the others wait."""
    begin()
    place = Path(os.environ[_PLACE]) / name / "made"
    place.parent.mkdir(exist_ok=True)
    with FileLock(place.parent / "lock"):
        if not place.exists():
            fresh = Path(tempfile.mkdtemp(dir=place.parent))
            make(fresh)
            fresh.rename(place)
    return place
