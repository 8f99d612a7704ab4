"""Files on disk: digests, whole writes, JSON with one spelling."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


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
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".loraprep-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        # mkstemp makes private files; what we write is meant to be shared like any other file
        Path(temporary).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return True


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
