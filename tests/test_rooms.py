"""The house keeps its floors: a file imports only from lower ones, and phases never import phases."""

import ast
from pathlib import Path

import pytest

from tests import ROOT

PACKAGE = ROOT / "loraprep"
FLOORS = [
    {"__init__", "bundled", "colours", "errors", "files", "formats", "model", "yamlfile"},
    {"answers", "arrange", "booru", "buckets", "captioners", "crops", "decisions", "enlarge", "findings",
     "folder", "frame", "groups", "hashes", "images", "inspection", "lettering", "lexicon", "manifest", "markdown",
     "measure", "measures", "names", "palette", "parts", "plans", "plots", "portrait", "prepared", "project",
     "records", "regularization", "responses", "scancache", "schema", "search",
     "shapes", "sheet", "similar", "studio",
     "thumbs", "tokens", "trigger", "unchanged", "vision", "walk", "wording", "words", "workers"},
    {"audit", "captions", "check", "curation", "dataset", "drawing", "duplicates", "exports", "gate", "intent",
     "looking", "native", "outlook", "page", "placements", "report", "revision", "scan", "selection", "upscale"},
    {"built", "console", "graph", "review", "seeing", "steps", "tasks", "training", "verdict"},
    {"__main__", "checking", "given", "init", "interview", "look", "newproject"},
]  # fmt: skip
WITHIN = {0, 1, 3, 4}  # floors whose files may use each other; phases may not


def _floor(name: str) -> int:
    return next(n for n, floor in enumerate(FLOORS) if name.split(".")[0] in floor)


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "loraprep":
            found |= {a.name for a in node.names if not a.name.startswith("__")}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("loraprep."):
            found.add((node.module or "").split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("loraprep.")}
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_only_downwards(path: Path) -> None:
    me = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for other in _imports(path) - {me}:
        floor = _floor(other)
        assert floor < _floor(me) or (floor == _floor(me) and floor in WITHIN), f"{me} imports {other}"


def test_no_test_module_imports_another() -> None:
    """What several share is in modules without tests: running one file runs nothing of another's at import."""
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = [node.module or "", *(a.name for a in node.names)] if isinstance(node, ast.ImportFrom) else []
            named += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            assert not [n for n in named if n.split(".")[-1].startswith("test_")], f"{path.name} imports {named}"


def test_only_one_file_knows_yaml_and_few_know_doit() -> None:
    def users(library: str) -> set[str]:
        return {
            path.stem
            for path in PACKAGE.rglob("*.py")
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if (isinstance(node, ast.Import) and any(a.name.split(".")[0] == library for a in node.names))
            or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == library)
        }

    assert users("yaml") <= {"reading", "editing"}  # of yamlfile/
    assert users("doit") <= {"graph", "tasks", "console", "__main__"}
