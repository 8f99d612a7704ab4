"""Who may have a copy at all is told by quick points; the costly ones are found of nobody else."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont, ImageOps

from loraprep.duplicates import candidates, index, keypoints
from loraprep.duplicates.keypoints import Glimpse, Keypoints, Quick
from tests import pictures
from tests.folders import Folder, Shown, duplicate_limits, encoded


def test_points_are_found_only_of_those_that_may_have_a_copy() -> None:
    folder = Folder()
    originals = [pictures.scene(640, 480, seed) for seed in range(6)]
    for number, picture in enumerate(originals):
        folder.add(f"{number}.jpg", picture)
    folder.add("cut.jpg", originals[0].crop((90, 60, 560, 440)))
    folder.add("mirrored cut.jpg", ImageOps.mirror(originals[1]).crop((90, 60, 560, 440)))
    folder.add("plain.png", encoded(Image.new("RGB", (640, 480), "#708090"), "PNG"))
    images = list(folder.images.values())
    sight = Shown(folder.look)
    sight.glance(images)
    company = candidates.in_company(images, sight, candidates.near(images, duplicate_limits()))
    found = {image.path for image, wanted in zip(images, company, strict=True) if wanted}
    assert {"0.jpg", "cut.jpg", "1.jpg", "mirrored cut.jpg"} <= found
    assert not {"2.jpg", "3.jpg", "4.jpg", "5.jpg"} & found
    assert all(np.array_equal(*sides) for image in images for sides in _both_ways(sight.glimpse(image)))


def test_letters_do_not_take_all_quick_points(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = pictures.scene(640, 480, 3)
    lettered = plain.copy()
    words = (
        "all about the harbour and",
        "what the tide left there",
        "for those who wait for it",
        "behind the lighthouse, 1912",
    )
    for line, text in enumerate(words):
        at, font = (20, 250 + 40 * line), ImageFont.load_default(30)
        ImageDraw.Draw(lettered).text(at, text, "white", font, stroke_width=2, stroke_fill="black")
    assert index.met([keypoints.glimpse(np.asarray(picture)) for picture in (plain, lettered)], 2).all()
    monkeypatch.setattr(keypoints, "_CELLS", 1)  # the strongest of all
    assert not index.met([keypoints.glimpse(np.asarray(picture)) for picture in (plain, lettered)], 2).any()


def test_asking_in_rounds_misses_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [pictures.scene(640, 480, seed) for seed in range(5)]
    cuts = [picture.crop((40 * n, 30, 400 + 40 * n, 400)) for n, picture in enumerate(whole[:3])]
    soft = [Image.linear_gradient("L").rotate(90 * n).convert("RGB").resize((512, 384)) for n in range(3)]
    seen = [keypoints.glimpse(np.asarray(picture)) for picture in (*whole, *cuts, *soft)]
    asked = index.met(seen, len(seen))
    monkeypatch.setattr(index, "_QUICK_ROUNDS", (range(14),))
    assert np.array_equal(asked, index.met(seen, len(seen)))
    assert asked[[0, 1, 2, 5, 6, 7]].all()
    assert not asked[[3, 4]].any()


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
    glimpses, points = [keypoints.glimpse(pixels) for pixels in seen], [keypoints.of_picture(pixels) for pixels in seen]
    folder = Folder()
    for number in range(30):
        folder.add(f"{number}.png", encoded(pictures.scene(64, 48, number % 12), "PNG"))
    images, rows = list(folder.images.values()), np.arange(0, 30, 2)
    before = index.met(glimpses, 6).tolist(), index.shared(points, 6), [*candidates._alike(images, rows)]
    monkeypatch.setattr(index, "_STEP", 7)
    monkeypatch.setattr(index, "_ROWS", 50)
    monkeypatch.setattr(candidates, "_CHUNK", 4)
    monkeypatch.setattr(candidates, "_SPAN", 7)
    assert before == (index.met(glimpses, 6).tolist(), index.shared(points, 6), [*candidates._alike(images, rows)])
    assert all(before)


def test_what_points_are_read_from_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "_ROWS", 200)
    glimpse, points = (of(np.asarray(pictures.scene(320, 240, 1))) for of in (keypoints.glimpse, keypoints.of_picture))
    held: list[weakref.ref[np.ndarray]] = []
    most = 0

    def read(data: bytes, form: Callable[[bytes], Any], whole: Callable[[Any], np.ndarray]) -> Iterator[Any]:
        nonlocal most
        for _ in range(20):
            one = form(data)
            held.append(weakref.ref(whole(one)))
            yield one
            del one
            most = max(most, sum(ref() is not None for ref in held))

    index.met(read(glimpse.packed(), Glimpse.unpacked, lambda one: one.sides[0].base), 20)
    index.shared(read(points.packed(), Keypoints.unpacked, lambda one: one.places.base), 20)
    assert len(held) == 40
    assert most < 5


def _both_ways(seen: Glimpse) -> list[tuple[Quick, Quick]]:
    return list(zip(seen.sides, Glimpse.unpacked(seen.packed()).sides, strict=True))
