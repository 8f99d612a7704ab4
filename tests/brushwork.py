"""Paintings of tests/benchmarks/brushes.py, painted and described once a session."""

import json
from pathlib import Path

from PIL import Image

from loraprep.imaging import style
from tests import store
from tests.benchmarks import brushes


def painted(brush: str, number: int) -> Image.Image:
    """Scene `number` in that brush, RGB."""
    made = store.kept(f"{brush}-{number}", lambda folder: brushes.painted(brush, number).save(folder / "picture.png"))
    with Image.open(made / "picture.png") as picture:
        return picture.convert("RGB")


def described(brush: str, number: int) -> tuple[float, ...]:
    """The style descriptor of that painting."""

    def make(folder: Path) -> None:
        (folder / "style.json").write_text(json.dumps(style.style_descriptor(painted(brush, number))), "utf-8")

    made = store.kept(f"{brush}-{number}-described", make)
    return tuple(json.loads((made / "style.json").read_text("utf-8")))
