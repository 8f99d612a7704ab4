"""What a scan found is trusted only while the code that found it is the same."""

import shutil
from pathlib import Path

import pytest

import loraprep
from loraprep.scan import fingerprint

PACKAGE = Path(loraprep.__file__).parent


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("code") / "loraprep"
    return Path(shutil.copytree(PACKAGE, top, ignore=shutil.ignore_patterns("__pycache__")))


def test_the_same_code_is_the_same_wherever_it_lies(package: Path) -> None:
    assert fingerprint.code_digest(package) == fingerprint.code_digest()


@pytest.mark.parametrize(
    "changed", ["scan/walk.py", "imaging/decode.py", "imaging/new.py", "project/crops.py", "core/patterns.py"]
)
def test_code_that_decides_what_is_found_changes_the_mark(package: Path, changed: str) -> None:
    before, path = fingerprint.code_digest(package), package / changed
    was = path.read_bytes() if path.exists() else None
    path.write_bytes((was or b"") + b"# changed\n")
    assert fingerprint.code_digest(package) != before
    if was is None:
        path.unlink()
    else:
        path.write_bytes(was)
    assert fingerprint.code_digest(package) == before


def test_code_elsewhere_changes_nothing(package: Path) -> None:
    before = fingerprint.code_digest(package)
    (package / "report/gate.py").write_text("# changed\n", "utf-8")
    assert fingerprint.code_digest(package) == before
