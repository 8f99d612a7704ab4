"""The committed examples, compared whole: rebuilt in a copy with other mtimes, every committed byte comes back."""

import shutil
from pathlib import Path

import pytest

from tests.test_stale import run

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.mark.parametrize(("name", "expected"), [("brushwork", 0), ("nogo", 1)])
def test_a_copy_gives_every_committed_byte(name: str, expected: int, tmp_path: Path) -> None:
    root = tmp_path / name
    rebuilt = ("build", ".doit*", "dataset")
    shutil.copytree(EXAMPLES / name, root, ignore=shutil.ignore_patterns(*rebuilt), copy_function=shutil.copyfile)
    committed = {p.relative_to(root): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}
    (root / "dataset-report.md").unlink()
    (root / "intent.md").unlink()
    code, output = run(root, "gate1")
    assert code == expected, output
    assert {path: (root / path).read_bytes() for path in committed} == committed


def test_each_example_has_the_schemas_that_are_in_force() -> None:
    for copy in sorted(EXAMPLES.glob("*/schemas/*.json")):
        assert copy.read_bytes() == (EXAMPLES.parent / "schemas" / copy.name).read_bytes(), copy
