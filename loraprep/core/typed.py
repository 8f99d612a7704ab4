"""Bytes and plain data as typed records: the one door to msgspec's decoding.

What msgspec knows of a type it learns at the type's first use, and where two threads use it first at the same time, the
process dies (msgspec 0.22.0, `convert` reads a half-made type). So one thread at a time makes a type known.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class Hex(bytes):
    """Bytes that are written as hex digits in JSON, and held in half the memory of these."""

    __slots__ = ()


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
    return msgspec.convert(data, _learned(form), dec_hook=_from_hex)


def from_json(data: bytes | str | msgspec.Raw, form: type[T]) -> T:
    """Return JSON as a record of that form. Raises msgspec.ValidationError, DecodeError."""
    return msgspec.json.decode(data, type=_learned(form), dec_hook=_from_hex)


def from_lines(data: bytes | str, form: type[T]) -> list[T]:
    """Return lines of JSON as records of that form, `Hex` among it. Raises msgspec.ValidationError, DecodeError."""
    return msgspec.json.Decoder(_learned(form), dec_hook=_from_hex).decode_lines(data)


def line(record: object) -> str:
    """Spell a record as a line of JSON, as `from_lines` reads it. Raises TypeError, ValueError for what is none."""
    return msgspec.json.encode(record, enc_hook=_as_hex).decode() + "\n"


def _from_hex(form: type, data: object) -> Hex:
    if form is Hex and isinstance(data, Hex):
        return data
    if form is not Hex or not isinstance(data, str):
        raise TypeError(f"Expected hex digits, got {type(data).__name__}")  # which msgspec tells with its place
    return Hex.fromhex(data)


def _as_hex(data: object) -> str:
    if not isinstance(data, Hex):
        raise NotImplementedError(type(data).__name__)
    return data.hex()


class _Named(Mapping[str, T], Generic[T]):
    """Records by name, of which `_held` has something; each is made when it is asked for."""

    _held: Mapping[str, Any]

    def __contains__(self, name: object) -> bool:
        return name in self._held

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)


class ByPath(_Named[T]):
    """Records by path, each as its JSON until it is asked for: those of very many pictures are held so."""

    def __init__(self, rows: Mapping[str, msgspec.Raw], form: type[T]) -> None:
        self._held, self._form = rows, form

    def __getitem__(self, path: str) -> T:
        return from_json(self._held[path], self._form)


class Packed(_Named[T], MutableMapping[str, T]):
    """Records by name, each packed until it is asked for: a tenth of the memory. Asked for twice it is made twice."""

    def __init__(self, form: type[T], packed: Iterable[tuple[str, bytes]] = ()) -> None:
        self.packed, self._form = dict(packed), form
        self._held = self.packed

    def __getitem__(self, name: str) -> T:
        return unpacked(self.packed[name], self._form)

    def __setitem__(self, name: str, record: T) -> None:
        self.packed[name] = packed(record)

    def __delitem__(self, name: str) -> None:
        del self.packed[name]


class Chosen(_Named[T]):
    """Those of a mapping whose names are given, in that order, without another of each: it may be `ByPath`."""

    def __init__(self, of: Mapping[str, T], names: Iterable[str]) -> None:
        self._of, self._held = of, dict.fromkeys(names)

    def __getitem__(self, name: str) -> T:
        if name not in self._held:
            raise KeyError(name)
        return self._of[name]


def spelled(records: Mapping[str, object]) -> dict[str, msgspec.Raw]:
    """Spell records for `ByPath`, in the order that `files.spelled` gives."""
    return {path: msgspec.Raw(msgspec.json.encode(record, order="sorted")) for path, record in records.items()}


def packed(record: object, *, ordered: bool = False) -> bytes:
    """Pack a record as `unpacked` reads it; `ordered`: what has no order of its own, such as a set, in one."""
    return msgspec.msgpack.encode(record, enc_hook=_as_hex, order="deterministic" if ordered else None)


def unpacked(data: bytes, form: type[T]) -> T:
    """Return what msgpack packed as a record of that form. Raises msgspec.ValidationError, DecodeError."""
    return msgspec.msgpack.decode(data, type=_learned(form), dec_hook=_from_hex)
