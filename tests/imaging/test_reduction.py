"""The reduction that the scan keeps: the same with and without its cache, bounded, swept, and no decode where it is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from loraprep.core.records import Image as Record
from loraprep.imaging import decode, pool, reduction, thumbnails
from loraprep.imaging.pictures import REDUCTIONS, Pictures
from loraprep.scan import scan
from tests import pictures


def _scanned(root: Path) -> tuple[Pictures, dict[str, Record]]:
    cache = root / "build/scan-cache.sqlite"
    images = scan.scan(root / "images", root, cache=cache).images
    return Pictures(root / "images", root, 100.0, reductions=cache.with_name(REDUCTIONS)), {i.path: i for i in images}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    scene = pictures.scene().resize((900, 700))
    (tmp_path / "images/large.png").write_bytes(pictures.png(scene))
    (tmp_path / "images/large.jpg").write_bytes(pictures.save(scene.resize((1500, 1100)), "JPEG"))
    (tmp_path / "images/small.png").write_bytes(pictures.png(scene.resize((300, 200))))
    return tmp_path


def test_what_is_kept_is_what_would_be_made_anew(root: Path) -> None:
    there, records = _scanned(root)
    kept = {path: np.asarray(there.small(record)) for path, record in records.items()}
    assert [max(k.shape) for k in kept.values()] == [640, 640, 300]
    (root / "build" / REDUCTIONS).unlink()
    for path, record in records.items():
        assert np.array_equal(np.asarray(there.small(record)), kept[path]), path


def test_nothing_is_decoded_that_was_kept(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there, records = _scanned(root)
    opened: list[int] = []
    real = decode.load
    monkeypatch.setattr(decode, "load", lambda data, **how: opened.append(len(data)) or real(data, **how))
    for path in ("large.png", "large.jpg"):
        assert thumbnails.thumbnail(there, records[path], 256)
        assert max(there.preview(records[path]).shape) == 256
    assert not opened
    there.small(records["small.png"])  # it is no larger than a reduction would be
    assert len(opened) == 1


def test_what_belongs_to_no_picture_is_forgotten_and_the_rest_is_bounded(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def digests() -> set[str]:
        with closing(sqlite3.connect(root / "build" / REDUCTIONS)) as db:
            return {key for (key,) in db.execute("SELECT key FROM reductions")}

    _, before = _scanned(root)
    assert digests() == {before["large.png"].digest, before["large.jpg"].digest}
    (root / "images/large.jpg").unlink()
    (root / "images/other.png").write_bytes(pictures.png(pictures.scene().resize((800, 500))))
    monkeypatch.setattr(reduction, "_MOST", 1)
    _scanned(root)
    assert digests() == {before["large.png"].digest}


@pytest.mark.parametrize("damage", [b"", b"no database at all " * 100])
def test_a_damaged_file_costs_nothing_but_time(root: Path, damage: bytes) -> None:
    there, records = _scanned(root)
    whole = np.asarray(there.small(records["large.png"]))
    (root / "build" / REDUCTIONS).write_bytes(damage)
    assert np.array_equal(np.asarray(there.small(records["large.png"])), whole)
    (root / "images/large.png").write_bytes(pictures.png(Image.new("RGB", (700, 700), "#204080")))
    there, records = _scanned(root)
    assert reduction.Kept(there.reductions).get(records["large.png"].digest)


def test_the_file_is_opened_once_for_many_pictures(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there, records = _scanned(root)
    opened: list[str] = []
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda where, **how: opened.append(where) or real(where, **how))
    some = [records["large.png"], records["large.jpg"]] * 4
    sizes = {answer for _, answer in there.each(_size, some)}
    assert sizes == {(640, 498), (640, 469)}
    assert len(opened) <= pool.WORKERS


def _size(there: Pictures, record: Record) -> tuple[int, int]:
    return there.small(record).size


def test_what_nobody_put_there_is_not_shown(root: Path) -> None:
    there, records = _scanned(root)
    whole = np.asarray(there.small(records["large.png"]))
    with closing(sqlite3.connect(root / "build" / REDUCTIONS)) as db:
        db.execute("UPDATE reductions SET data = ?", (pictures.save(pictures.scene(), "JPEG"),))
        db.commit()
    assert np.array_equal(np.asarray(there.small(records["large.png"])), whole)
