"""A value with its parts replaced by every other type, and texts that are no JSON."""

from collections.abc import Iterator
from typing import Any

OTHERS: tuple[Any, ...] = (None, True, 5, -1, 0.5, 10**30, "x", "", "\ud800", [], [None], {}, {"x": 1})
TEXTS = (
    b"",
    b"\0",
    b"{",
    b"null",
    b"[" * 100_000,
    b'{"a": NaN}',
    b'{"a": 1e999}',
    b'"\xff"',
    b'{"version": 1, "version": 2}',
)


def replaced(value: Any) -> Iterator[Any]:
    """The value with each of its parts replaced by each of OTHERS; of long lists and mappings the first two parts."""
    yield from OTHERS
    if isinstance(value, dict):
        for key in list(value)[:40]:
            for other in replaced(value[key]):
                yield {**value, key: other}
            yield {k: v for k, v in value.items() if k != key}
        yield {**value, "not known": 1}
    elif isinstance(value, list):
        for n in range(min(2, len(value))):
            for other in replaced(value[n]):
                yield [*value[:n], other, *value[n + 1 :]]
