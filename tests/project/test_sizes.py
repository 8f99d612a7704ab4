"""How far a picture is enlarged is one figure, wherever it is told."""

from __future__ import annotations

import pytest

from loraprep.core.records import Image
from loraprep.project.sizes import as_times, enlargement
from loraprep.report import plots
from loraprep.report.opening import large_enough


@pytest.mark.parametrize(
    ("stretched", "told"), [(2.011, "2.0"), (1.956, "2.0"), (1.0, "1.0"), (0.942, "0.94"), (12.4, "12")]
)
def test_it_is_told_in_one_rounding(stretched: float, told: str) -> None:
    assert as_times(stretched) == told


def test_the_figure_counts_what_the_words_say() -> None:
    stretched = enlargement(Image("lake.jpg", "image", width=720, height=360), 1024)
    assert as_times(stretched) == "2.0"
    svg = plots.enlargement({1024: [stretched]})
    assert svg == plots.enlargement({1024: [2.0]})
    assert svg != plots.enlargement({1024: [2.06]})
    assert large_enough([stretched], "1024 px", 1.25).endswith("up to 2.0x")
