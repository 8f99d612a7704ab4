"""The committed examples, compared whole: rebuilt in a copy with other mtimes, every committed byte comes back.

The contact sheet alone may differ in bytes where another WebP library wrote it, but not to the eye.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.examples import EXAMPLES, clone, rebuilt
from tests.runs import run


@pytest.mark.run
@pytest.mark.parametrize(("name", "expected"), [("brushwork", 0), ("nogo", 1)])
def test_a_copy_gives_every_committed_byte(name: str, expected: int, tmp_path: Path) -> None:
    away = shutil.ignore_patterns("build", ".doit*", "dataset", "report.html")
    there = Path(shutil.copytree(EXAMPLES / name, tmp_path / name, ignore=away))
    committed = {p.relative_to(there): p.read_bytes() for p in sorted(there.rglob("*")) if p.is_file()}
    root, code, output = rebuilt(name)
    assert code == expected, output
    again = {path: (root / path).read_bytes() for path in committed}
    for path in [p for p in committed if p.suffix == ".webp" and p.parts[0] == "report" and again[p] != committed[p]]:
        ours, theirs = (np.asarray(Image.open(top / path), int) for top in (root, EXAMPLES / name))
        assert ours.shape == theirs.shape
        assert abs(ours - theirs).mean() < 2
        again[path] = committed[path]
    assert again == committed


@pytest.mark.run
def test_the_finished_example_is_what_its_lock_says(tmp_path: Path) -> None:
    """If it is not: loraprep -C examples/brushwork dataset, and read what changed in dataset.lock.json."""
    root = clone("brushwork", tmp_path / "brushwork")
    code, output = run(root, "verify")
    assert code == 0, output
    assert "pictures and the captions are what dataset.lock.json says" in output
    assert not (root / "dataset").exists()


@pytest.mark.run
def test_the_other_example_is_refused(tmp_path: Path) -> None:
    root = clone("nogo", tmp_path / "nogo")
    code, output = run(root, "dataset")
    assert code == 1
    assert "NO-GO: " in output
    assert not (root / "dataset").exists()
    assert not (root / "dataset.lock.json").exists()


def test_each_example_has_the_schemas_that_are_in_force() -> None:
    for copy in sorted(EXAMPLES.glob("*/schemas/*.json")):
        assert copy.read_bytes() == (EXAMPLES.parent / "schemas" / copy.name).read_bytes(), copy
