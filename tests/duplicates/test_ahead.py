"""Pairs that processes read ahead are what they are when they are read one by one; what a process broke off at too."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from loraprep.core import files
from loraprep.core.records import Group, Image
from loraprep.duplicates import ahead, kept, keypoints, relations
from loraprep.duplicates.candidates import Candidate
from loraprep.duplicates.kept import KeptReadings
from loraprep.imaging.pictures import Pictures
from tests import pictures
from tests.folders import Folder, duplicate_limits


@pytest.fixture
def project(tmp_path: Path) -> tuple[Pictures, list[Image], Path]:
    images = tmp_path / "images"
    images.mkdir()
    (tmp_path / "build").mkdir()
    files.enclose(tmp_path)
    made = Folder()
    for seed in range(3):
        whole = pictures.scene(640, 480, seed)
        for name, picture in (
            (f"{seed}.jpg", whole),
            (f"{seed} cut.jpg", whole.crop((60, 40, 600, 440))),
            (f"{seed} small.jpg", whole.resize((480, 360))),
        ):
            made.add(name, picture)
            (images / name).write_bytes(made.data[name])
    return Pictures(images, tmp_path, 100.0), list(made.images.values()), tmp_path / "build/keypoints.sqlite"


def found(project: tuple[Pictures, list[Image], Path], *, in_pool: bool) -> list[Group]:
    pictures, images, path = project
    limits = duplicate_limits()
    with (
        closing(keypoints.Opened(pictures, path, "")) as sight,
        closing(KeptReadings(path, limits, "")) as readings,
    ):
        reader = ahead.ReadAhead(pictures, path, "", limits) if in_pool else None
        return relations.find_groups(images, limits, sight, kept=readings, ahead=reader)


def test_the_same_is_found_and_nothing_is_left_to_read(
    project: tuple[Pictures, list[Image], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = found(project, in_pool=False)
    assert len(alone) == 3
    project[2].unlink()
    with monkeypatch.context() as patch:
        patch.setattr(KeptReadings, "keep", lambda *_: pytest.fail("read here"))
        assert found(project, in_pool=True) == alone
    project[2].unlink()
    monkeypatch.setattr(kept, "_AT_ONCE", -1.0)  # a pair at a time
    monkeypatch.setattr(KeptReadings, "keep", lambda *_: pytest.fail("read here"))
    assert found(project, in_pool=True) == alone


def test_a_scene_that_broke_off_is_read_here(
    project: tuple[Pictures, list[Image], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = found(project, in_pool=False)
    project[2].unlink()

    def points(self: keypoints.Within, image: Image, ground: str = "") -> keypoints.Keypoints:
        raise LookupError(image.path)

    monkeypatch.setattr(keypoints.Within, "points", points)
    assert found(project, in_pool=True) == alone


def pair(i: int, j: int, points: int) -> Candidate:
    return Candidate(i, j, False, points)


def test_the_scene_with_the_most_pairs_is_read_first() -> None:
    made: list[int] = []

    class Seen(Pictures):
        def each_lot(self, _function: object, lots: Sequence[relations.Scene], *_: object, **__: object) -> object:  # type: ignore[override]
            made.extend(len(scene.found) for scene in lots)
            return (_ for _ in ())

    few, many = (
        relations.Scene({}, []),
        relations.Scene({0: Image("a", "image"), 1: Image("b", "image")}, [pair(0, 1, 9)]),
    )
    reader = ahead.ReadAhead(Seen(Path(), Path(), 1.0), Path("points"), "", duplicate_limits())
    with closing(KeptReadings(None, duplicate_limits(), "")) as readings:
        assert reader.read([few, many], readings) == []
    assert made == [1, 0]


def test_a_large_scene_is_read_within_clusters_then_between_them_then_whole() -> None:
    """Two clusters of four that hang together by three pairs with few points."""
    within = [pair(i, j, 90) for start in (0, 4) for i in range(start, start + 4) for j in range(i + 1, start + 4)]
    between = [pair(0, 4, 9), pair(1, 5, 8), pair(3, 7, 7)]
    scene = relations.Scene({n: Image(f"{n}.png", "image") for n in range(8)}, [*within, *between])
    first = [*ahead.parts(scene, 6, 0)]
    assert [sorted(part.images) for part in first] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert [each for part in first for each in part.found] == within
    (then,) = ahead.parts(scene, 6, 1)
    assert [*then.found] == [*within, *between]
    assert [*ahead.parts(scene, 6, 2)] == [scene]
    assert [*ahead.parts(scene, 20, 0)] == [scene]


def test_in_parts_the_same_is_found(
    project: tuple[Pictures, list[Image], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = found(project, in_pool=False)
    project[2].unlink()
    monkeypatch.setattr(ahead, "_PARTS", 1000)
    monkeypatch.setattr(KeptReadings, "keep", lambda *_: pytest.fail("read here"))
    assert found(project, in_pool=True) == alone
    project[2].unlink()
    monkeypatch.setattr(kept, "_AT_ONCE", -1.0)
    assert found(project, in_pool=True) == alone
