"""A project's limit holds wherever one of its pictures is opened."""

import io
from pathlib import Path

import pytest
from PIL import Image as Pillow

from loraprep.imaging import colour, pool
from loraprep.imaging.errors import BadImage
from loraprep.imaging.pictures import Pictures
from loraprep.pipeline.steps import trainers
from loraprep.pipeline.workspace import Workspace
from loraprep.project import project
from loraprep.scan import scan
from tests import stuck

PROJECT = """version: 1
name: big
trigger: bgx
model: flux
intent: {kind: style}
thresholds: {audit: {max_megapixels: 200}}
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that allows 200 megapixels, with a picture of 120 (black and white: some kilobytes)."""
    root = tmp_path_factory.mktemp("big")
    (root / "images").mkdir()
    (root / "project.yaml").write_text(PROJECT, "utf-8")
    out = io.BytesIO()
    Pillow.new("1", (12000, 10000), 1).save(out, "PNG")
    (root / "images/poster.png").write_bytes(out.getvalue())
    return root


def test_a_picture_above_the_usual_limit_is_drawn_where_the_project_allows_it(root: Path) -> None:
    p = project.load(root)
    (record,) = scan.scan(p.images, p.root, max_megapixels=200).images
    assert (record.state, record.width, record.height) == ("image", 12000, 10000)
    assert trainers._draw(Workspace(p), {record.path: record}, {record.path: (0.0, 0.1, 1.0, 0.9)}) == [record.path]
    (drawn,) = (root / "report/crops").iterdir()
    assert Pillow.open(drawn).size == (256, 214)


def test_a_picture_above_the_limit_is_opened_nowhere(root: Path) -> None:
    (record,) = scan.scan(root / "images", root, max_megapixels=200).images
    pictures = Pictures(root / "images", root, 100)
    for opening in (pictures.load, pictures.load_unchanged, pictures.upright, pictures.preview):
        with pytest.raises(BadImage, match="megapixels"):
            opening(record)


def test_no_picture_pays_for_the_time_in_which_a_model_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(pool.IN_PROCESS)
    Pillow.new("RGB", (96, 64), (200, 40, 40)).save(tmp_path / "pier.png")
    (record,) = scan.scan(tmp_path, tmp_path).images
    pool.POOL.close()  # a new process, that has nothing yet
    pictures = Pictures(tmp_path, tmp_path, 100, max_seconds=3)
    assert [a for _, a in pictures.each(stuck.shape, [record], ready=stuck.prepare)] == [(96, 64)]
    pool.POOL.close()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_a_transparent_picture_of_any_mode_is_shown_without_its_transparency(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr(colour, "STRIP", 1000)  # it is large
    picture = Pillow.new("RGBA", (96, 64), (200, 40, 40, 0))
    picture.paste((40, 40, 200, 255), (16, 16, 80, 48))
    (tmp_path / "images").mkdir()
    made = picture.quantize(8) if mode == "P" else picture.convert(mode)
    made.save(tmp_path / "images/cut-out.png")
    (record,) = scan.scan(tmp_path / "images", tmp_path).images
    assert record.alpha
    shown = Pictures(tmp_path / "images", tmp_path, 50).opaque(record, 96)
    assert (shown.mode, shown.size) == ("RGB", (96, 64))
    assert shown.getpixel((48, 32)) == made.convert("RGBA").convert("RGB").getpixel((48, 32))
