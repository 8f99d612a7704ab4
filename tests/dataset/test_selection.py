"""Who is left out by name: curation's patterns mean what images.exclude means by the same ones."""

from pathlib import Path

import pytest

from loraprep.core.records import Image
from loraprep.curation import subset
from loraprep.dataset import selection
from loraprep.scan import walk

PATHS = ["a.PNG", "b.png", "sub/c.jpg", "sub/deep/d.jpg", "x/Sub/e.jpg"]


@pytest.mark.parametrize(
    ("pattern", "met"),
    [
        ("sub", PATHS[2:]),
        ("sub/", PATHS[2:]),
        ("sub/*.jpg", PATHS[2:3]),
        ("*.PNG", PATHS[:2]),
        ("*.png", PATHS[:2]),
        ("b.png", PATHS[1:2]),
    ],
)
def test_a_pattern_names_the_same_pictures_everywhere(pattern: str, met: list[str], tmp_path: Path) -> None:
    for path in PATHS:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    away = [
        f.path for f in walk.find_files(tmp_path, tmp_path / "project", ["**/*"], [pattern]) if f.code == "excluded"
    ]
    images = [Image(path, "image") for path in PATHS]
    fates = selection.select(images, [pattern], [])
    assert away == [f.path for f in fates if f.fate == "left out"] == met
    pinned = subset.always_kept(images, [pattern])
    assert [PATHS[n] for n in pinned] == met
