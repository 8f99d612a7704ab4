"""Settings and profiles for tests, with whatever a test wants otherwise."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from loraprep.project.settings import Settings, complete_settings

T = TypeVar("T", bound=msgspec.Struct)


def smallest(**tables: Any) -> Settings:
    """The smallest project.yaml with these tables and values in it, and every default."""
    data = {"version": 1, "name": "mill", "intent": {"kind": "style"}, "model": "flux", "trigger": "millstyle"}
    return complete_settings({**data, **tables})


def changed(record: T, **changes: Any) -> T:
    """A copy with other values; a dict changes single fields of a table."""
    return msgspec.structs.replace(
        record,
        **{
            key: changed(getattr(record, key), **value) if isinstance(getattr(record, key), msgspec.Struct) else value
            for key, value in changes.items()
        },
    )
