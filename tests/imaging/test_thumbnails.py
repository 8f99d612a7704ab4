"""Thumbnails: what their owner sees, made once, found again by content."""

import io
from pathlib import Path

import numpy as np
from msgspec.structs import replace
from PIL import Image as Pillow

from loraprep.imaging import thumbnails
from loraprep.imaging.pictures import Pictures
from loraprep.scan import scan
from tests import pictures


def folder(tmp_path: Path, **files: bytes) -> list[scan.Image]:
    for stem, data in files.items():
        (tmp_path / "images").mkdir(exist_ok=True)
        (tmp_path / f"images/{stem}").write_bytes(data)
    return scan.scan(tmp_path / "images", tmp_path).images


def source(tmp_path: Path) -> Pictures:
    return Pictures(tmp_path / "images", tmp_path, 100.0)


def opened(data: bytes) -> Pillow.Image:
    return Pillow.open(io.BytesIO(data))


def test_it_stands_upright_on_its_background_and_is_never_enlarged(tmp_path: Path) -> None:
    found = folder(tmp_path, **{"a.jpg": pictures.rotated(6), "b.png": pictures.see_through()})
    made = thumbnails.all_of(source(tmp_path), found, 160, "#00ff00")
    assert {path: opened(data).size for path, data in made.items()} == {"a.jpg": (120, 160), "b.png": (128, 128)}
    left = np.asarray(opened(made["b.png"]).convert("RGB"))[:, :40].reshape(-1, 3).mean(0)
    assert left[1] > 240
    assert max(left[0], left[2]) < 15


def test_the_cache_is_by_content_and_mends_itself(tmp_path: Path) -> None:
    found = folder(tmp_path, **{"a.jpg": pictures.jpeg()})
    cache = tmp_path / "build/thumbs"
    first = thumbnails.thumbnail(source(tmp_path), found[0], 64, cache=cache)
    (kept,) = cache.iterdir()
    assert kept.read_bytes() == first
    (tmp_path / "images/a.jpg").unlink()
    renamed = replace(found[0], path="other.jpg")
    assert thumbnails.thumbnail(source(tmp_path), renamed, 64, cache=cache) == first
    kept.write_bytes(first[:-9])  # cut short: made again, and a picture that is gone is no reason to stop
    assert thumbnails.thumbnail(source(tmp_path), renamed, 64, cache=cache) == b""
    (tmp_path / "images/a.jpg").write_bytes(pictures.jpeg())
    assert thumbnails.thumbnail(source(tmp_path), found[0], 64, cache=cache) == first
    assert kept.read_bytes() == first


def test_sweeping_leaves_every_size_of_what_is_still_there(tmp_path: Path) -> None:
    found = folder(tmp_path, **{"a.jpg": pictures.jpeg(), "b.jpg": pictures.jpeg(pictures.scene(seed=3))})
    cache = tmp_path / "build/thumbs"
    for size in (32, 64):
        thumbnails.all_of(source(tmp_path), found, size, cache=cache)
    thumbnails.sweep(found[:1], cache)
    assert sorted(p.name for p in cache.iterdir()) == sorted(thumbnails.name(found[0], size) for size in (32, 64))
