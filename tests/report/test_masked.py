"""A picture of which something is hidden from the training says so: how much, and whose mask that is."""

from pathlib import Path

from PIL import Image

from loraprep.core.records import Image as Record
from loraprep.imaging.pictures import Pictures
from loraprep.report.masked import masked


def test_the_share_that_a_mask_hides(tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    half = Image.new("L", (100, 80), 255)
    half.paste(0, (0, 0, 50, 80))
    half.save(tmp_path / "masks/pier.png")
    Image.new("L", (10, 8), 51).save(tmp_path / "masks/grey.png")
    records = [
        Record("pier.jpg", "image", mask="masks/pier.png"),
        Record("pier#left.jpg", "image", mask="masks/pier.png", of="pier.jpg", box=(0.0, 0.0, 0.5, 1.0)),
        Record("grey.jpg", "image", mask="masks/grey.png"),
        Record("gone.jpg", "image", mask="masks/gone.png"),
        Record("plain.jpg", "image"),
    ]
    found = masked(Pictures(tmp_path / "images", tmp_path, 50), records, {"masks/pier.png"})
    assert {path: (round(m.share, 3), m.answered) for path, m in found.items()} == {
        "grey.jpg": (0.8, False),
        "pier#left.jpg": (1.0, True),
        "pier.jpg": (0.5, True),
    }


def test_a_mask_beside_pictures_that_lie_outside_the_project(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    Image.new("L", (10, 8), 51).save(folder / "pier-masklabel.png")
    record = Record("pier.jpg", "image", mask="images/pier-masklabel.png")
    found = masked(Pictures(folder, tmp_path / "project", 50), [record], set())
    assert {path: round(m.share, 3) for path, m in found.items()} == {"pier.jpg": 0.8}
