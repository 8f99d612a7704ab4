"""What a file can do to whoever opens it, as functions that a process of the pool finds by name."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from pathlib import Path

from loraprep.core.records import Image
from loraprep.imaging import memory
from loraprep.imaging.pictures import Pictures


def act(thing: str) -> object:
    """Does as it is told, as a decoder would by its file."""
    match thing:
        case "sleep":
            time.sleep(600)
        case "regex":  # holds Python's lock all the while: no thread and no handler of this process gets a turn
            re.match(r"(a|a)*$", "a" * 60 + "b")
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "raise":
            raise ValueError("so")
        case str() if thing.startswith("ask "):  # "ask 3e9": opens what takes so much; when, from and to
            memory.ask(float(thing.split()[1]))
            start = time.time()
            time.sleep(0.2)
            return start, time.time()
        case "kill the worker":
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(600)  # its end comes with that of its input
        case str() if thing.startswith("after "):  # "after 0.1 x"
            time.sleep(float(thing.split()[1]))
        case "take":  # 100 MB in blocks that come from what the C library keeps
            return os.getpid(), len([bytearray(1 << 20) for _ in range(100)])
        case "where":
            return os.getpid(), Path.cwd(), sys.flags.safe_path
    return thing


def acting() -> object:
    return act


def prepare() -> None:
    """Does what loading a model does on a busy computer: it takes its time, once."""
    time.sleep(4)


def shape(pictures: Pictures, record: Image) -> tuple[int, int]:
    """Opens a picture, as what is done with a model does."""
    return pictures.upright(record).size
