"""The project that most tests of the page look at: made once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.gallery import paint
from tests.pictures import jpeg, scene
from tests.runs import run


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 pictures, Gate 1 run once, nothing answered."""
    root = paint(tmp_path_factory.mktemp("review") / "mystyle", 12)
    code, output = run(root, "gate1")
    assert code == 1, output
    return root


@pytest.fixture(scope="session")
def asked_together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """18 pictures, of seven a smaller copy, and seven that are small; Gate 1 run once, nothing answered."""
    root = tmp_path_factory.mktemp("together") / "mystyle"
    (root / "images").mkdir(parents=True)
    (root / "project.yaml").write_text(
        "version: 1\nname: mystyle\nintent: {kind: style}\nmodel: sd15\ntrigger: brushy\n"
        "captioning: {captioner: none}\n",
        "utf-8",
    )
    for n in range(18):
        picture = scene(700, 600, n)
        (root / f"images/p{n:02}.jpg").write_bytes(jpeg(picture))
        if n < 7:
            (root / f"images/p{n:02}_web.jpg").write_bytes(jpeg(picture.resize((350, 300))))
            (root / f"images/small{n}.jpg").write_bytes(jpeg(scene(250, 220, 900 + n)))
    code, output = run(root, "gate1")
    assert code == 1, output
    return root


@pytest.fixture
def root(asked: Path, tmp_path: Path) -> Path:
    shutil.copytree(asked, tmp_path / "mystyle")
    return tmp_path / "mystyle"
