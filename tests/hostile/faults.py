"""A disk that refuses, or a kill, at the n-th time that loraprep changes something on disk. For processes of tests/warm.py.

LORAPREP_TESTS_FAULT is "n kind file": kind is the name of an errno ("ENOSPC"), with a "+" when everything after it
fails as well, as on a full disk, or SIGKILL. n = 0 lets all pass, and how many there were is written into the file.
"""

import builtins
import errno
import io
import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

PLACE = "LORAPREP_TESTS_FAULT"
_seen = 0


def install() -> None:
    number, kind, file = os.environ[PLACE].split(" ", 2)
    wanted, lasting, name = int(number), kind.endswith("+"), kind.rstrip("+")

    def fails(named: object = None) -> None:
        global _seen
        _seen += 1
        if not wanted:
            _note(file)
        if _seen == wanted or (wanted and lasting and _seen > wanted):
            if name == "SIGKILL":
                os.kill(os.getpid(), signal.SIGKILL)
            code = getattr(errno, name)
            raise OSError(code, os.strerror(code), *([os.fspath(named)] if isinstance(named, str | Path) else []))

    def before(call: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*args: Any, **more: Any) -> Any:
            fails(args[0] if args else None)
            return call(*args, **more)

        return changed

    fdopen, opened = os.fdopen, io.open

    def written(stream: Any) -> Any:
        class Stream:
            def __getattr__(self, of: str) -> Any:
                found = getattr(stream, of)
                if of not in ("write", "writelines"):
                    return found

                def put(*args: Any) -> Any:
                    fails()
                    return found(*args)

                return put

            def __enter__(self) -> Any:
                stream.__enter__()
                return self

            def __exit__(self, *told: Any) -> Any:
                return stream.__exit__(*told)

        return Stream()

    def fresh(file: Any, mode: str = "r", *args: Any, **more: Any) -> Any:
        if mode != "ab":
            return opened(file, mode, *args, **more)
        fails(file)
        return written(opened(file, mode, *args, **more))

    os.fsync, os.replace, os.rename = before(os.fsync), before(os.replace), before(os.rename)
    os.mkdir, os.unlink, os.chmod = before(os.mkdir), before(os.unlink), before(os.chmod)
    tempfile.mkstemp = before(tempfile.mkstemp)
    os.fdopen = lambda handle, mode="r", *a, **m: (
        written(fdopen(handle, mode, *a, **m)) if mode == "wb" else fdopen(handle, mode, *a, **m)
    )
    io.open = builtins.open = fresh


def _note(file: str) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(handle, str(_seen).encode())
    os.close(handle)
