"""The same pixels give the same numbers, wherever they lie in memory."""

from __future__ import annotations

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
    assert len(seen) == 1
