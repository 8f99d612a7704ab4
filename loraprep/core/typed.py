"""Bytes and plain data as typed records: the one door to msgspec's decoding.

What msgspec knows of a type it learns at the type's first use, and where two threads use it first at the same time, the
process dies (msgspec 0.22.0, `convert` reads a half-made type). So one thread at a time makes a type known.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")
_known: set[Any] = set()
_lock = threading.RLock()  # again: making a type known may import a module that makes others known


def _learned(form: type[T]) -> type[T]:
    if form not in _known:
        with _lock:
            msgspec.json.Decoder(form)  # its records, and theirs, whatever they are made of later
            _known.add(form)
    return form


def convert(data: object, form: type[T]) -> T:
    """Return plain data as a record of that form. Raises msgspec.ValidationError."""
    return msgspec.convert(data, _learned(form))


def from_json(data: bytes | str | msgspec.Raw, form: type[T]) -> T:
    """Return JSON as a record of that form. Raises msgspec.ValidationError, DecodeError."""
    return msgspec.json.decode(data, type=_learned(form))


def from_lines(data: bytes | str, form: type[T]) -> list[T]:
    """Return lines of JSON as records of that form. Raises msgspec.ValidationError, DecodeError."""
    return msgspec.json.Decoder(_learned(form)).decode_lines(data)


class ByPath(Mapping[str, T], Generic[T]):
    """Records by path, each as its JSON until it is asked for: those of very many pictures are held so."""

    def __init__(self, rows: Mapping[str, msgspec.Raw], form: type[T]) -> None:
        self._rows, self._form = rows, form

    def __getitem__(self, path: str) -> T:
        return from_json(self._rows[path], self._form)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def spelled(records: Mapping[str, object]) -> dict[str, msgspec.Raw]:
    """Spell records for `ByPath`, in the order that `files.spelled` gives."""
    return {path: msgspec.Raw(msgspec.json.encode(record, order="sorted")) for path, record in records.items()}


def unpacked(data: bytes, form: type[T]) -> T:
    """Return what msgpack packed as a record of that form. Raises msgspec.ValidationError, DecodeError."""
    return msgspec.msgpack.decode(data, type=_learned(form))
