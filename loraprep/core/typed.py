"""Bytes and plain data as typed records: the one door to msgspec's decoding.

What msgspec knows of a type it learns at the type's first use, and where two threads use it first at the same time, the
process dies (msgspec 0.22.0, `convert` reads a half-made type). So one thread at a time makes a type known.
"""

from __future__ import annotations

import threading
from typing import Any, TypeVar

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


def from_json(data: bytes | str, form: type[T]) -> T:
    """Return JSON as a record of that form. Raises msgspec.ValidationError, DecodeError."""
    return msgspec.json.decode(data, type=_learned(form))


def from_lines(data: bytes | str, form: type[T]) -> list[T]:
    """Return lines of JSON as records of that form. Raises msgspec.ValidationError, DecodeError."""
    return msgspec.json.Decoder(_learned(form)).decode_lines(data)


def unpacked(data: bytes, form: type[T]) -> T:
    """Return what msgpack packed as a record of that form. Raises msgspec.ValidationError, DecodeError."""
    return msgspec.msgpack.decode(data, type=_learned(form))
