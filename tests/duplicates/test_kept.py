"""How a pair was read is kept: a search in which one picture is new looks at its pairs alone, and finds the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from loraprep.core.records import Group, Image
from loraprep.duplicates import relations
from loraprep.duplicates.comparing import Comparison
from loraprep.duplicates.kept import KeptReadings
from loraprep.duplicates.reading import Reading
from loraprep.imaging.errors import BadImage
from tests import pictures
from tests.folders import Folder, Shown, duplicate_limits


@pytest.fixture
def folder() -> Folder:
    made = Folder()
    for seed in range(3):
        whole = pictures.scene(640, 480, seed)
        made.add(f"{seed}.jpg", whole)
        made.add(f"{seed} cut.jpg", whole.crop((60, 40, 600, 440)))
    return made


def found(folder: Folder, cache: Path | None, **limits: float) -> list[Group]:
    images, under = list(folder.images.values()), duplicate_limits(**limits)
    if cache is None:
        return relations.find_groups(images, under, Shown(folder.look))
    with closing(KeptReadings(cache, under, "")) as kept:
        return relations.find_groups(images, under, Shown(folder.look), kept=kept)


@contextmanager
def looked_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[set[str]]]:
    """The pairs that are laid over each other meanwhile."""
    seen: list[set[str]] = []
    real = Comparison.read

    def read(self: Comparison) -> Reading | None:
        seen.append({image.path for image in self._pair})
        return real(self)

    with monkeypatch.context() as patch:
        patch.setattr(Comparison, "read", read)
        yield seen


def test_one_new_picture_is_compared_and_no_other(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "keypoints.sqlite"
    with looked_at(monkeypatch) as first:
        assert found(folder, cache) == found(folder, None)
    assert {"1.jpg", "1 cut.jpg"} in first
    folder.add("1 small.jpg", pictures.scene(640, 480, 1).resize((400, 300)))
    with looked_at(monkeypatch) as then:
        again = found(folder, cache)
    assert then
    assert all("1 small.jpg" in pair for pair in then)
    assert again == found(folder, None)
    with looked_at(monkeypatch) as unchanged:
        assert found(folder, cache) == again
    assert not unchanged


def test_under_another_limit_all_are_compared(folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "keypoints.sqlite"
    found(folder, cache)
    with looked_at(monkeypatch) as pairs:
        assert found(folder, cache, cuts=False) == []
    assert {"1.jpg", "1 cut.jpg"} in pairs


def test_what_could_not_be_opened_is_looked_at_again(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "keypoints.sqlite"
    real, shown = Shown.pixels, found(folder, None)

    def gone(self: Shown, image: Image, ground: str = "#ffffff") -> object:
        if image.path.startswith("2"):
            raise BadImage("unreadable", "it is gone")
        return real(self, image, ground)

    sight = Shown(folder.look)
    images, limits = list(folder.images.values()), duplicate_limits()
    sight.prepare(images)
    with closing(KeptReadings(cache, limits, "")) as kept, monkeypatch.context() as patch:
        patch.setattr(Shown, "pixels", gone)
        some = relations.find_groups(images, limits, sight, kept=kept)
    assert [group.pictures for group in some] == [group.pictures for group in shown][:2]
    assert found(folder, cache) == shown


def test_a_reading_that_nobody_wrote_is_a_damaged_file(folder: Folder, tmp_path: Path) -> None:
    cache = tmp_path / "keypoints.sqlite"
    found(folder, cache)
    with closing(sqlite3.connect(cache)) as db, db:
        db.execute("UPDATE readings SET data = ?", (b"\x93nonsense",))
    with pytest.raises(sqlite3.DatabaseError, match="cannot be read"):
        found(folder, cache)


def test_pictures_that_left_are_forgotten_in_the_end(folder: Folder, tmp_path: Path) -> None:
    cache = tmp_path / "keypoints.sqlite"
    found(folder, cache)
    for path in [path for path in folder.images if not path.startswith("0")]:
        del folder.images[path]
    assert [group.pictures for group in found(folder, cache)] == [("0 cut.jpg", "0.jpg")]
    with closing(sqlite3.connect(cache)) as db:
        assert db.execute("SELECT count(*) FROM readings").fetchone()[0] <= 2
