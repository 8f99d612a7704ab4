"""The committed examples, compared whole: rebuilt in a copy with other mtimes, every committed byte comes back.

The contact sheet alone may differ in bytes where another WebP library wrote it, but not to the eye.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import ROOT
from tests.runs import run

EXAMPLES = ROOT / "examples"


@pytest.mark.run
@pytest.mark.parametrize(("name", "expected"), [("brushwork", 0), ("nogo", 1)])
def test_a_copy_gives_every_committed_byte(name: str, expected: int, tmp_path: Path) -> None:
    root = tmp_path / name
    rebuilt = ("build", ".doit*", "dataset", "report.html")
    shutil.copytree(EXAMPLES / name, root, ignore=shutil.ignore_patterns(*rebuilt), copy_function=shutil.copyfile)
    committed = {p.relative_to(root): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}
    (root / "dataset-report.md").unlink()
    (root / "intent.md").unlink()
    shutil.rmtree(root / "report")
    code, output = run(root, "gate1", fresh=True)
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
    root = tmp_path / "brushwork"
    rebuilt = ("build", ".doit*", "dataset")
    shutil.copytree(
        EXAMPLES / "brushwork", root, ignore=shutil.ignore_patterns(*rebuilt), copy_function=shutil.copyfile
    )
    code, output = run(root, "verify")
    assert code == 0, output
    assert "pictures and the captions are what dataset.lock.json says" in output
    assert not (root / "dataset").exists()


@pytest.mark.run
def test_the_other_example_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "nogo"
    shutil.copytree(EXAMPLES / "nogo", root, ignore=shutil.ignore_patterns("build", ".doit*", "dataset"))
    code, output = run(root, "dataset")
    assert code == 1
    assert "NO-GO: " in output
    assert not (root / "dataset").exists()
    assert not (root / "dataset.lock.json").exists()


def test_each_example_has_the_schemas_that_are_in_force() -> None:
    for copy in sorted(EXAMPLES.glob("*/schemas/*.json")):
        assert copy.read_bytes() == (EXAMPLES.parent / "schemas" / copy.name).read_bytes(), copy
