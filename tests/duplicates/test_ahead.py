"""Pairs that processes read ahead are what they are when they are read one by one; what a process broke off at too."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from loraprep.core import files
from loraprep.core.records import Group, Image
from loraprep.duplicates import ahead, kept, keypoints, relations
from loraprep.duplicates.candidates import Candidate
from loraprep.duplicates.kept import KeptReadings
from loraprep.duplicates.reading import Reading
from loraprep.duplicates.scenes import Scene
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
    monkeypatch.setattr(KeptReadings, "keep", lambda *_: pytest.fail("read here"))
    assert found(project, in_pool=True) == alone
    project[2].unlink()
    monkeypatch.setattr(ahead, "_MOST", 1)  # a pair at a time
    assert found(project, in_pool=True) == alone


def test_what_broke_off_is_read_here(
    project: tuple[Pictures, list[Image], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = found(project, in_pool=False)
    project[2].unlink()

    def points(self: keypoints.Within, image: Image, ground: str = "") -> keypoints.Keypoints:
        raise LookupError(image.path)

    monkeypatch.setattr(keypoints.Within, "points", points)
    assert found(project, in_pool=True) == alone


class Answers(Pictures):
    """Gives out no lots: what is `told` of pairs is known at once, of others nothing ever; `rounds` says what was asked."""

    told: Mapping[tuple[int, int], str]
    rounds: list[list[tuple[int, int]]]

    def each_lot(self, _function: object, lots: Iterable[Scene], *_: object, **__: object) -> Any:
        lots = list(lots)
        self.rounds.append(sorted((how.i, how.j) for lot in lots for how in lot.found))
        for lot in lots:
            asked = [how for how in lot.found if (how.i, how.j) in self.told]
            yield lot, [kept.packed(lot.images[how.i], lot.images[how.j], how, self.seen(how)) for how in asked]

    def seen(self, how: Candidate) -> Reading | None:
        if self.told[how.i, how.j] == "nothing":
            return None
        return Reading("copy", 0.0, 1.0, False, 0, (1.0, 1.0), 0.0, False, 0.0)


def rounds(
    count: int, told: Mapping[tuple[int, int], str], monkeypatch: pytest.MonkeyPatch
) -> list[list[tuple[int, int]]]:
    """What is read of a scene of so many pictures, each of which may be like each, those next to each other first."""
    images = {n: Image(f"{n}.png", "image", digest=str(n), pixel_digest=str(n)) for n in range(count)}
    pairs = sorted(itertools.combinations(images, 2), key=lambda two: two[1] - two[0])
    scene = Scene(images, [Candidate(i, j, False, 100 - j + i) for i, j in pairs])
    pictures = Answers(Path(), Path(), 1.0)
    monkeypatch.setattr(Answers, "told", told, raising=False)
    monkeypatch.setattr(Answers, "rounds", [], raising=False)
    with closing(KeptReadings(None, duplicate_limits(), "")) as readings:
        ahead.ReadAhead(pictures, Path("points"), "", duplicate_limits()).read([scene], readings)
    return Answers.rounds


def test_of_copies_one_is_like_all_and_of_strangers_each_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    every = [*itertools.combinations(range(8), 2)]
    assert len(every) == 28
    asked = rounds(8, dict.fromkeys(every, "copy"), monkeypatch)
    assert [len(some) for some in asked] == [8]  # by the first seven all are known
    asked = rounds(8, dict.fromkeys(every, "nothing"), monkeypatch)
    assert [len(some) for some in asked] == [8, 16, 4]
    assert sorted(pair for some in asked for pair in some) == every


def test_what_cannot_be_kept_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = rounds(4, {}, monkeypatch)
    assert [len(some) for some in asked] == [4, 2]
