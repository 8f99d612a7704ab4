"""Files on disk: digests, whole writes, JSON with one spelling."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


def sha256(path: Path) -> str:
    """The file's SHA-256, 64 hex digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write(path: Path, content: bytes | str) -> bool:
    """Write the file whole (temp, flush, fsync, rename), and only if it differs; True if it was written."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        if path.read_bytes() == data:
            return False
    except FileNotFoundError:
        pass
    with _whole(path) as stream:
        stream.write(data)
    return True


def write_lines(path: Path, lines: Iterable[str]) -> bool:
    """`write`, of lines that are made while they are written; a file that holds just these is not touched."""
    coming, same, first = iter(lines), 0, b""
    with path.open("rb") if path.exists() else io.BytesIO() as old:
        for first in (line.encode() for line in coming):
            if old.read(len(first)) != first:
                break
            same += len(first)
        else:
            first = b""
            if path.exists() and not old.read(1):
                return False
    with _whole(path) as stream:
        if same:
            with path.open("rb") as old:
                for start in range(0, same, _BLOCK):
                    stream.write(old.read(min(_BLOCK, same - start)))
        stream.write(first)
        stream.writelines(line.encode() for line in coming)
    return True


_BLOCK = 1 << 20


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    """A file beside `path` that takes its place when all is written, or is deleted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".loraprep-")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        # mkstemp makes private files; what we write is meant to be shared like any other file
        Path(temporary).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def dumps(value: Any, *, indent: int | None = 1) -> str:
    """JSON with sorted keys and a final newline; NaN and infinity raise ValueError."""
    return json.dumps(value, sort_keys=True, indent=indent, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: Path, value: Any) -> bool:
    """`dumps` and `write` in one."""
    return write(path, dumps(value))


def read_json(path: Path) -> Any:
    """The parsed file. Raises FileNotFoundError, ValueError."""
    return json.loads(path.read_text(encoding="utf-8"))


def remembered(memory: Path, source: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `make` says of `source`, kept in `memory` by the source's digest, so that a null run parses nothing."""
    digest = sha256(source) if source.exists() else ""
    try:
        known: dict[str, Any] = read_json(memory)
        if known["digest"] == digest:
            return known
    except (OSError, ValueError, KeyError, TypeError):  # a cache: whatever is wrong with it, making it again mends it
        pass
    known = {"digest": digest, **make()}
    write_json(memory, known)
    return known
