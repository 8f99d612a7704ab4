"""The house keeps its floors: every module lies in a room, and imports only from its own room and from lower ones."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ROOT

PACKAGE = ROOT / "loraprep"
ROOMS = [
    "cli",
    "review",
    "pipeline",
    "report",
    "dataset",
    "trainers",
    "curation",
    "captions",
    "pairs",
    "duplicates",
    "heads",
    "carried",
    "scan",
    "imaging",
    "project",
    "core",
]
LIBRARIES = {"yaml": {"core"}, "doit": {"pipeline"}, "cv2": {"imaging"}}  # who alone may import them


def _imported(path: Path) -> Iterator[str]:
    """Dotted names of all that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


MODULES = sorted(PACKAGE.rglob("*.py"))


OUTSIDE = {"__init__", "__main__", "tasks"}  # tasks: two lines, as every project's dodo.py names it


def test_every_module_lies_in_a_room() -> None:
    assert {_room(p) for p in MODULES} == {*ROOMS, *OUTSIDE}


@pytest.mark.parametrize(
    "path", [p for p in MODULES if _room(p) in ROOMS], ids=lambda p: p.relative_to(PACKAGE).as_posix()
)
def test_imports_only_downwards(path: Path) -> None:
    rooms = {name.split(".")[1] for name in _imported(path) if name.startswith("loraprep.")}
    assert rooms - {"__version__"} <= set(ROOMS[ROOMS.index(_room(path)) :])


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_has_its_room(library: str) -> None:
    users = {_room(p) for p in MODULES if any(name.split(".")[0] == library for name in _imported(p))}
    assert users == LIBRARIES[library]


def test_no_test_module_imports_another() -> None:
    """What several share is in modules without tests: running one file runs nothing of another's at import."""
    for path in sorted((ROOT / "tests").rglob("*.py")):
        shared = [name for name in _imported(path) if any(part.startswith("test_") for part in name.split(".")[1:])]
        assert not [name for name in shared if name.startswith("tests.")], path
