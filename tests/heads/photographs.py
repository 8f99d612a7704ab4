"""Photographs of two people that come in packages."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from PIL import Image


def astronaut() -> Image.Image:
    """A woman from the waist up, 512 x 512; her head is upright and seen from the front."""
    return _opened("skimage", "data/astronaut.png")


def hopper() -> Image.Image:
    """An old woman, head and shoulders, 512 x 600."""
    return _opened("matplotlib", "mpl-data/sample_data/grace_hopper.jpg")


def _opened(package: str, path: str) -> Image.Image:
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    return Image.open(Path(spec.submodule_search_locations[0]) / path).convert("RGB")
