"""The cache of what was measured of pictures: kept, forgotten under another stamp, made anew if it is damaged."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from loraprep.core import machine, store
from loraprep.core.errors import UserError
from loraprep.core.store import Store, mended


def test_values_are_kept_by_kind_and_stamp(tmp_path: Path) -> None:
    path = tmp_path / "pixels.sqlite"
    with closing(Store(path, "one", "1")) as one:
        one.put("a", b"x")
        one.put("b", b"y")
        one.keep_only({"a"})
    with closing(Store(path, "other", "1")) as other:
        assert other.known() == set()
        other.put("a", b"z")
    with closing(Store(path, "one", "1")) as one:
        assert one.known() == {"a"}
        assert one.get("a") == b"x"
        assert one.get("b") is None
        assert dict(one.some(["a", "b"])) == {"a": b"x"}
    with closing(Store(path, "one", "2")) as one:
        assert one.known() == set()
    with closing(Store(path, "other", "1")) as other:
        assert other.get("a") == b"z"


def test_what_was_put_a_second_ago_outlives_a_kill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_OFTEN", 0.0)
    path = tmp_path / "pixels.sqlite"
    at_work = Store(path, "one", "1")  # never closed
    at_work.put("a", b"x")
    with closing(Store(path, "one", "1")) as after:
        assert after.get("a") == b"x"


@pytest.mark.parametrize("damage", [b"5", b"SQLite format 3\0", b"garbage" * 999])
def test_a_damaged_file_is_made_anew(damage: bytes, tmp_path: Path) -> None:
    path = tmp_path / "pixels.sqlite"
    path.write_bytes(damage)

    def act() -> set[str]:
        with closing(Store(path, "one", "1")) as one:
            one.put("a", b"x")
            return one.known()

    assert mended(path, act) == {"a"}
    assert mended(path, act) == {"a"}


def test_a_file_that_holds_more_than_tables_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "pixels.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE VIEW one AS SELECT 'a' AS key, x'00' AS data")
    with pytest.raises(sqlite3.DatabaseError, match="more than tables"):
        Store(path, "one", "1")


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"")
    (tmp_path / "pixels.sqlite").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="is a link"):
        Store(tmp_path / "pixels.sqlite", "one", "1")


def test_a_file_that_another_program_uses_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "pixels.sqlite"
    with closing(Store(path, "one", "1")) as one:
        one.put("a", b"x")

    def act() -> None:
        with closing(sqlite3.connect(path, timeout=0)) as db:
            db.execute("INSERT INTO one VALUES ('b', x'00')")

    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError) as caught:
            mended(path, act)
    assert str(machine.told(caught.value, "build/pixels.sqlite")) == (
        "build/pixels.sqlite: another program is using it\n    Close that program, then run the same command again."
    )
    with closing(Store(path, "one", "1")) as one:
        assert one.known() == {"a"}
