"""core/files.py alone opens, writes, lists and deletes inside a project; what else touches the disk is listed here."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ROOT

PACKAGE = ROOT / "loraprep"
DOOR = "core/files.py"
TOUCHES = {
    *("open", "read_bytes", "read_text", "write_bytes", "write_text", "unlink", "rmdir", "mkdir", "rename", "replace", "touch", "glob"),
    *("rglob", "iterdir", "symlink_to", "hardlink_to", "rmtree", "copyfile", "copy2", "copytree", "move", "walk", "scandir", "listdir"),
    *("remove", "removedirs", "makedirs", "mkstemp", "NamedTemporaryFile", "TemporaryDirectory", "connect", "FileLock", "chmod", "utime",
      "load", "fromfile", "truncate"),
}  # fmt: skip
# what has such a name and is no file: what the method is of
NO_FILES = {"files", "yamlfile", "Budget", "webbrowser"}
ONE_KIND = {"connect": {"sqlite3"}, "load": {"np"}, "remove": {"os"}}  # of other modules they touch no disk
# module -> (what it calls, why that is no way into a project)
ALLOWED: dict[str, tuple[set[str], str]] = {
    "__main__.py": ({"open"}, "the null device, for a reader that is gone"),
    "core/terminal.py": ({"open"}, "the null device, for a reader that is gone"),
    "core/free_memory.py": ({"read_text"}, "what the system says of itself"),
    "carried/reading.py": ({"glob"}, "the models that are installed with RapidOCR"),
    "core/resources.py": ({"iterdir", "read_bytes", "read_text", "rglob"}, "what is installed with loraprep"),
    "pipeline/tasks.py": ({"iterdir"}, "what is installed with loraprep"),
    "review/app.py": ({"read_bytes"}, "what is installed with loraprep"),
    "core/object_store.py": ({"utime"}, "files.checked comes before a time is set"),
    "core/storage.py": ({"connect"}, "SQLite opens it by itself: files.opened_by_others comes before, or files.checked to read"),
    "scan/fingerprint.py": ({"glob", "read_bytes"}, "loraprep's own code"),
    "trainers/folder.py": ({"scandir"}, "any folder, for `check`: links are passed over"),
    "imaging/pool.py": ({"open"}, "the null device, for libraries that print"),
    "imaging/cluster.py": ({"TemporaryDirectory"}, "a folder for Dask's own notes, of this run"),
    "scan/cache.py": ({"connect"}, "SQLite opens it by itself: files.opened_by_others comes before"),
    "pipeline/state.py": ({"connect"}, "SQLite opens it by itself: files.opened_by_others comes before"),
    "pipeline/workspace.py": ({"FileLock"}, "the lock opens it by itself: files.opened_by_others comes before"),
    "project/decisions.py": ({"FileLock"}, "the lock opens it by itself: files.opened_by_others comes before"),
    "imaging/headers.py": ({"open"}, "Pillow reads the header by itself: files.checked comes before"),
    "core/store.py": ({"connect"}, "SQLite opens it by itself: files.opened_by_others comes before, or files.checked to read"),
    "review/door.py": ({"mkdir", "mkstemp", "unlink"}, "a private file, which files.write does not make; build/ was checked when the project was read"),
    "dataset/upscale.py": ({"TemporaryDirectory", "read_bytes", "write_bytes", "read_text", "open"}, "a folder for the upscaler alone, of this run"),
    "cli/init/create.py": ({"walk", "copyfile", "utime", "mkdir", "rmdir", "unlink", "iterdir"}, "there is no project yet: it writes where "
                           "nothing was, and takes back what it wrote itself"),
    "cli/looking.py": ({"TemporaryDirectory"}, "a folder for what a first look measures, of this run"),
    "cli/tree.py": ({"write_text"}, "of click's HelpFormatter: into a help text"),
    "cli/init/validate.py": ({"iterdir", "walk"}, "is images/ empty, may its folders be opened, before a project is made?"),
}  # fmt: skip


def _calls(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in TOUCHES - {
            "replace",
            "load",
            "connect",
            "remove",
            "walk",
            "move",
        }:
            yield node.func.id, node.lineno
        if isinstance(node.func, ast.Attribute) and node.func.attr in TOUCHES:
            name, of = node.func.attr, ast.unparse(node.func.value)
            if of.split("[")[0] in NO_FILES or of not in ONE_KIND.get(name, {of}):
                continue
            if name == "replace" and (len(node.args) != 1 or node.keywords):  # of a text, or of a record
                continue
            if (
                name == "open"
                and of in ("Image", "Pillow", "PIL.Image")
                and ast.unparse(node.args[0]).startswith("io.BytesIO(")
            ):
                continue
            yield name, node.lineno


MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p.relative_to(PACKAGE).as_posix() != DOOR)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_no_other_module_touches_the_disk(path: Path) -> None:
    allowed = ALLOWED.get(path.relative_to(PACKAGE).as_posix(), (set(), ""))[0]
    found = [f"line {line}: {call}" for call, line in _calls(path) if call not in allowed]
    assert not found, "go through core/files.py, or say in ALLOWED why not"


def test_no_exception_is_left_over() -> None:
    for name, (calls, why) in ALLOWED.items():
        assert calls == {call for call, _ in _calls(PACKAGE / name)} & calls, name
        assert why


def test_whoever_opens_by_itself_is_checked_before() -> None:
    for name, (_, why) in ALLOWED.items():
        text = (PACKAGE / name).read_text("utf-8")
        for guard in ("files.opened_by_others", "files.checked"):
            assert guard not in why or guard in text, name


def test_no_child_is_started_but_with_a_safe_path() -> None:
    """Every module that starts a process gives it child.environment, and a working folder that is no project."""
    starters = {"Popen", "run", "create_subprocess_exec", "Pool", "Process", "ProcessPoolExecutor", "system", "spawn"}
    for path in MODULES:
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in starters):
                continue
            if ast.unparse(node.func.value) not in ("subprocess", "asyncio", "multiprocessing", "os"):
                continue
            if ast.unparse(node.func) == "asyncio.run":
                continue
            given = {k.arg: ast.unparse(k.value) for k in node.keywords}
            assert given.get("env", "").startswith("child.environment("), (path, node.lineno)
            assert given.get("cwd") in ("child.HOME", "given.parent"), (path, node.lineno)
