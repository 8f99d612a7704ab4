"""What was found out about single things is kept, and found out again only where it may be otherwise."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from loraprep.core import resources
from loraprep.core.known import NOWHERE, Known


class Found(msgspec.Struct, frozen=True):
    words: tuple[str, ...]
    counts: dict[str, int] = {}


def asked(kept: Known, given: dict[str, object], under: object = "emberveil") -> tuple[dict[str, Found], list[str]]:
    """What is known of them, and of whom it had to be found out."""
    made: list[str] = []

    def make(name: str) -> Found:
        made.append(name)
        return Found((name,), {"b": 1, "a": 2})

    return kept.each("words", under, given, given.__getitem__, make, Found), made


def test_only_what_changed_is_made_again(tmp_path: Path) -> None:
    kept, given = Known(tmp_path / "words.sqlite"), {"a": "one", "b": "two", "c": ("three", ["four"])}
    first = asked(kept, given)
    assert first[1] == ["a", "b", "c"]
    assert asked(kept, given) == (first[0], [])
    again, made = asked(kept, {**given, "b": "five"})
    assert made == ["b"]
    assert [*again] == ["a", "b", "c"]
    assert [*again["a"].counts] == ["b", "a"]  # in the order in which they were found
    assert asked(kept, given)[1] == []  # it may be undone


@pytest.mark.parametrize("what", ["under", "program", "damaged", "of another form"])
def test_what_depends_on_something_else_is_made_again(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, given = tmp_path / "words.sqlite", {"a": "one", "b": "two"}
    kept = Known(path)
    asked(kept, given)
    if what == "program":
        monkeypatch.setattr(resources, "fingerprint", lambda: b"another")
    elif what == "damaged":
        path.write_bytes(path.read_bytes()[:-700])
    elif what == "of another form":
        with closing(sqlite3.connect(path)) as db:
            db.execute("UPDATE words SET data = ?", (b"\x92\xa1a\x81",))
            db.commit()
    assert asked(kept, given, "kyoto" if what == "under" else "emberveil")[1] == ["a", "b"]
    assert asked(kept, given, "kyoto" if what == "under" else "emberveil")[1] == []


def test_a_line_of_a_module_or_of_a_list_makes_another_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package, lists = tmp_path / "loraprep", tmp_path / "resources"
    for folder in (package, lists):
        folder.mkdir()
    monkeypatch.setattr(resources, "_PACKAGE", package)
    monkeypatch.setattr(resources, "path", lambda name: tmp_path / name)
    found = []
    for file, text in (("loraprep/a.py", "1"), ("loraprep/a.py", "2"), ("resources/b.yaml", "1"), ("loraprep/c", "")):
        (tmp_path / file).write_text(text)
        resources.fingerprint.cache_clear()
        found.append(resources.fingerprint())
    resources.fingerprint.cache_clear()
    assert len({*found}) == 3
    assert found[2] == found[3]


def test_it_does_not_grow_with_what_is_gone(tmp_path: Path) -> None:
    kept = Known(tmp_path / "words.sqlite")
    for n in range(20):
        asked(kept, {"a": n, "b": str(n)})
    with closing(sqlite3.connect(tmp_path / "words.sqlite")) as db:
        assert db.execute("SELECT count(*) FROM words").fetchone()[0] <= 4


def test_one_that_is_in_use_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, opened = Known(tmp_path / "words.sqlite"), sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda where: opened(where, timeout=0))
    asked(kept, {"a": 1})
    with closing(opened(tmp_path / "words.sqlite", isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        assert asked(kept, {"a": 1, "b": 2})[1] == ["a", "b"]
    assert asked(kept, {"a": 1, "b": 2})[1] == ["b"]


def test_nowhere_keeps_nothing() -> None:
    assert asked(NOWHERE, {"a": 1}) == asked(NOWHERE, {"a": 1})
