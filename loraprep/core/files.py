"""Files on disk: digests, whole writes, JSON with one spelling."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeAlias, TypeVar

import msgspec

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
_T = TypeVar("_T")


def sha256(path: Path) -> str:
    """Return the file's SHA-256, 64 hex digits. Raises OSError."""
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
    """Write lines as they are made, else as `write`: a file that holds just these is not touched."""
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
    """Yield a file beside `path` that takes its place when all is written, or is deleted."""
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


def dumps(value: Json, *, indent: int | None = 1) -> str:
    """Spell as JSON with sorted keys and a final newline. Raises ValueError for NaN and infinity."""
    return json.dumps(value, sort_keys=True, indent=indent, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: Path, value: Json) -> bool:
    """Write what `dumps` makes of `value`; True if the file was written."""
    return write(path, dumps(value))


def read_json(path: Path) -> Any:
    """Parse the file. Raises FileNotFoundError, ValueError."""
    return json.loads(path.read_text(encoding="utf-8"))


def remembered(memory: Path, source: Path, make: Callable[[], _T], form: type[_T]) -> _T:
    """Return what `make` says of `source`, a `form`, kept beside the source's digest in the JSON file `memory`.

    So a run that finds the source unchanged parses no YAML. The memory is one small file a source, in the project's
    build/, and made anew whenever it does not fit. Raises what `make` raises.
    """
    digest = sha256(source) if source.exists() else ""
    try:
        known = read_json(memory)
        if known.pop("digest") == digest:
            return msgspec.convert(known, form)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # a cache: making it again mends it
        pass
    made = make()
    write_json(memory, {"digest": digest, **msgspec.to_builtins(made)})
    return made
