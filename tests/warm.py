"""loraprep runs in processes that are forked from one that has everything loaded: a second less each time.

They are processes like any other (exit code, working folder, environment, streams, locks); they only share the seed of
Python's hashes, so that what promises the same bytes of two runs is tested with `run(..., fresh=True)`.
"""

from __future__ import annotations

import atexit
import codecs
import contextlib
import gc
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests import ROOT, shortcuts
from tests.hostile import faults


@cache
def _parent() -> subprocess.Popen[str]:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}  # tests are found by folder
    process = subprocess.Popen([sys.executable, "-m", "tests.warm"], cwd=ROOT, text=True, encoding="utf-8", env=env,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    atexit.register(process.wait)  # so that its time is counted as ours; called last
    atexit.register(process.kill)
    return process


def run(root: Path, args: tuple[str, ...], env: Mapping[str, str], patience: int) -> tuple[int, str]:
    """The exit code, and stdout and stderr. Raises TimeoutError after `patience` seconds."""
    parent = _parent()
    assert parent.stdin is not None
    assert parent.stdout is not None
    with tempfile.TemporaryDirectory() as folder:
        asked = {"root": str(root), "args": args, "env": dict(env), "patience": patience, "into": folder}
        print(json.dumps(asked), file=parent.stdin, flush=True)
        code = int(parent.stdout.readline())
        said = [(Path(folder) / name).read_text("utf-8") for name in ("stdout", "stderr")]
    if code == -signal.SIGALRM:
        raise TimeoutError("".join(said))
    return code, "".join(said)


def _serve() -> None:
    _load()
    _rehearse()
    gc.freeze()  # no child looks through all of this for garbage
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _run(json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _load() -> None:
    import importlib
    import pkgutil

    import loraprep

    shortcuts.take()
    for module in pkgutil.walk_packages(loraprep.__path__, "loraprep."):
        if not module.name.endswith("__main__"):
            vars(importlib.import_module(module.name))
            getattr(importlib.import_module(module.name), "loaded_or_not", None)  # loads what loads when it is used
    for name in ("utf-8-sig", "utf-16", "cp1252", "idna"):
        codecs.lookup(name)  # somebody else (LORAPREP_TESTS_USER) may not be able to read Python's own files
    for name in (
        "doit.doit_cmd",
        "jsonschema",
        "psutil",
        "matplotlib.figure",
        "matplotlib.backends.backend_svg",
        "rich.progress",
    ):
        importlib.import_module(name)


def _rehearse() -> None:
    """Does one run in this process, of which nothing stays but what was compiled and cached: half of a small run's time."""
    import jinja2

    from loraprep.__main__ import main
    from loraprep.core import files
    from loraprep.imaging import pool
    from tests import pictures

    compiled: dict[str, Any] = {}
    compile_it = jinja2.Environment.compile

    def compile_once(self: Any, source: Any, *more: Any) -> Any:
        return compiled[source] if source in compiled else compiled.setdefault(source, compile_it(self, source, *more))

    jinja2.Environment.compile = compile_once  # type: ignore[method-assign,assignment]
    before, here = dict(os.environ), Path.cwd()
    said = io.StringIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
    ):
        root = Path(folder)
        (root / "images").mkdir()
        for number in range(2):
            (root / f"images/{number}.png").write_bytes(pictures.png(pictures.scene(seed=number)))
            (root / f"images/{number}.txt").write_text(f"a mill, number {number}, loose strokes", "utf-8")
        settings = "version: 1\nname: mine\nintent: {kind: style}\nmodel: sd15\ntrigger: brushy\n"
        (root / "project.yaml").write_text(settings, "utf-8")
        os.environ |= {pool.IN_PROCESS: "1", "LORAPREP_CONFIG": str(root / "config.yaml")}
        try:
            os.chdir(root)
            code = main(["gate1"])
        finally:
            os.chdir(here)
            os.environ.clear()
            os.environ.update(before)
            files._homes.clear()
    assert code == 1, said.getvalue()
    assert threading.active_count() == 1  # none is left behind in a child


def _run(asked: dict[str, Any]) -> None:
    """Never returns: this is the child."""
    code = 2
    try:
        signal.alarm(asked["patience"])
        os.environ.clear()
        os.environ.update(asked["env"])
        os.chdir(asked["root"])
        for number, name in ((1, "stdout"), (2, "stderr")):
            file = os.open(f"{asked['into']}/{name}", os.O_WRONLY | os.O_CREAT)
            os.dup2(file, number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdin = sys.__stdin__ = open(0, encoding="utf-8")  # type: ignore[misc] # noqa: SIM115
        sys.stdout = sys.__stdout__ = open(1, "w", encoding="utf-8")  # type: ignore[misc] # noqa: SIM115
        sys.stderr = sys.__stderr__ = open(2, "w", encoding="utf-8", buffering=1)  # type: ignore[misc] # noqa: SIM115
        sys.argv = ["loraprep", *asked["args"]]
        from loraprep.__main__ import main

        if "LORAPREP_TESTS_FAULT" in os.environ:
            faults.install()
        if "LORAPREP_TESTS_USER" in os.environ:  # somebody else
            os.setgid(int(os.environ["LORAPREP_TESTS_USER"]))
            os.setuid(int(os.environ["LORAPREP_TESTS_USER"]))
        try:
            code = main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        sys.stdout.flush()
    except BaseException:
        import traceback

        traceback.print_exc()
        code = 1
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
