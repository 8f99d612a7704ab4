"""The same pixels give the same numbers, wherever they lie in memory and whichever thread measures them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from loraprep.imaging import style
from tests.pictures import scene


@pytest.mark.parametrize("seed", [3, 8])
def test_a_picture_is_measured_alike_each_time(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style, "round", lambda value, digits: value, raising=False)  # digits hide it, but for some
    picture = scene(500, 420, seed)
    between, seen = [], set()
    for n in range(12):
        between.append(bytearray(16 * n + 100_001 * n))  # so that the planes lie elsewhere
        seen.add(style.style_descriptor(picture))
        seen.add(style.style_descriptor(picture.copy()))
    with ThreadPoolExecutor(1) as other:
        seen.add(other.submit(style.style_descriptor, picture).result())
    assert len(seen) == 1
