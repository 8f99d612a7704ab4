"""Pictures that share points meet, in whatever parts they are worked on."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

import numpy as np
import pytest

from loraprep.duplicates import candidates, index, keypoints
from loraprep.duplicates.keypoints import Keypoints
from tests import pictures
from tests.folders import Folder, encoded


def test_points_that_lie_anywhere_bring_no_two_pictures_together() -> None:
    """Each point of the one is in the other, turned and scaled alike, but not where it would be."""
    points = keypoints.of_picture(np.asarray(pictures.scene(640, 480, 4)))
    places = points.places.copy()
    assert index.shared([points, points], 2) == [index.Shared(0, 1, False, len(places))]
    random = np.random.default_rng(5)
    places[:, :2] = np.stack([random.uniform(0, side, len(places)) for side in (points.width, points.height)], axis=1)
    strewn = keypoints.Keypoints(points.height, points.width, places, points.descriptors)
    assert sum(found.points for found in index.shared([points, strewn], 2)) < len(places) / 8


def test_what_is_worked_on_in_parts_is_what_it_is_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [pictures.scene(320, 240, seed) for seed in range(4)]
    seen = [np.asarray(picture) for picture in (*whole, *(picture.crop((30, 20, 300, 220)) for picture in whole[:2]))]
    points = [keypoints.of_picture(pixels) for pixels in seen]
    folder = Folder()
    for number in range(30):
        folder.add(f"{number}.png", encoded(pictures.scene(64, 48, number % 12), "PNG"))
    images, rows = list(folder.images.values()), np.arange(0, 30, 2)
    before = index.shared(points, 6), [*candidates._alike(images, rows)]
    monkeypatch.setattr(index, "_STEP", 7)
    monkeypatch.setattr(index, "_ROWS", 50)
    monkeypatch.setattr(candidates, "_CHUNK", 4)
    monkeypatch.setattr(candidates, "_SPAN", 7)
    assert before == (index.shared(points, 6), [*candidates._alike(images, rows)])
    assert all(before)


def test_what_points_are_read_from_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "_ROWS", 200)
    data = keypoints.of_picture(np.asarray(pictures.scene(320, 240, 1))).packed()
    held: list[weakref.ref[np.ndarray]] = []
    most = 0

    def read() -> Iterator[Keypoints]:
        nonlocal most
        for _ in range(20):
            one = Keypoints.unpacked(data)
            assert one.places.base is not None
            held.append(weakref.ref(one.places.base))
            yield one
            del one
            most = max(most, sum(ref() is not None for ref in held))

    index.shared(read(), 20)
    assert len(held) == 20
    assert most < 5
