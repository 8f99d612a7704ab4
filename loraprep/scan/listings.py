"""Which pictures the rows of a list are about: metadata.jsonl, a table, kohya's JSON, wherever it lies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import TypeVar

T = TypeVar("T")


class Pictures:
    """The pictures there are, by all that a list may call them."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_path: defaultdict[str, list[str]] = defaultdict(list)
        self._by_name: defaultdict[str, list[str]] = defaultdict(list)
        for path in paths:
            here = PurePosixPath(path.casefold())
            for each in {here, here.with_suffix("")}:
                self._by_path[str(each)].append(path)
                self._by_name[each.name].append(path)

    def rows(self, name: str, rows: Mapping[str, T]) -> dict[str, T]:
        """Return picture -> its row. `name`: the list's own path; `rows`: by what each calls its picture.

        A row names a path, as seen from the list, from the top, or on another machine, whose end counts; or a stem.
        Of a mere name the picture may lie elsewhere, if it is the only one of that name, the nearest first.
        """
        found: dict[str, T] = {}
        later: list[tuple[str, T]] = []
        above = str(PurePosixPath(name.casefold()).parent)
        for called, row in rows.items():
            key = called.replace("\\", "/").removeprefix("./").casefold()
            if exact := self._at(key, above):
                found |= dict.fromkeys(exact, row)
            else:
                later.append((key.rpartition("/")[2], row))
        for alone, row in later:
            same = [path for path in self._by_name.get(alone, ()) if path not in found]
            near = [path for path in same if above == "." or path.casefold().startswith(f"{above}/")]
            for some in (near, same):
                if len(some) == 1:
                    found[some[0]] = row
                    break
        return found

    def _at(self, key: str, above: str) -> list[str]:
        parts = [part for part in key.split("/") if part]
        for n in range(len(parts)):
            tail = "/".join(parts[n:])
            for place in (tail if above == "." else f"{above}/{tail}", tail):
                if there := self._by_path.get(place):
                    return there
        return []
