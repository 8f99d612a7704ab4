"""The project that most tests of the page look at: made once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.gallery import paint
from tests.runs import run


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 pictures, Gate 1 run once, nothing answered."""
    root = paint(tmp_path_factory.mktemp("review") / "mystyle", 12)
    code, output = run(root, "gate1")
    assert code == 1, output
    return root


@pytest.fixture
def root(asked: Path, tmp_path: Path) -> Path:
    shutil.copytree(asked, tmp_path / "mystyle")
    return tmp_path / "mystyle"
