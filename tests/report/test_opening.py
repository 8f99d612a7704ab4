"""What the verdict says of sizes is what the findings say: nothing is large enough that is enlarged."""

from __future__ import annotations

import pytest

from loraprep.report.opening import large_enough
from loraprep.report.summary import trains_well


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ([0.4, 0.9, 1.02], "all are large enough for 512 px"),
        (
            [0.9, 1.14, 1.24, 1.3],
            "1 is large enough for 512 px, 2 nearly (enlarged up to 1.2x), the other is enlarged up to 1.3x",
        ),
        ([1.14, 1.14, 1.28], "2 are nearly large enough for 512 px: enlarged up to 1.1x, the other up to 1.3x"),
        ([1.14, 1.2], "all are nearly large enough for 512 px: enlarged up to 1.2x"),
        ([1.28, 1.4], "all are enlarged at 512 px, up to 1.4x"),
    ],
)
def test_what_is_enlarged_is_nearly_large_enough(times: list[float], said: str) -> None:
    assert large_enough(times, "512 px", 1.25) == said


def test_what_nobody_can_tell_is_said_so() -> None:
    told = trains_well("light (daylight)", said=False)
    assert told == "What it trains well nobody can tell: no caption says what the pictures show."
    assert trains_well("light (daylight)", said=True) == "Trains well: it is varied in light (daylight)."
    assert trains_well("", said=True) == "Trains well: what most of the pictures show."
