"""What tests of several modules ask for by name."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from loraprep.carried import reading
from loraprep.imaging import pool, process
from tests import pages, runs, shortcuts, store, tags
from tests.browsers import ARGS, chromium, missing
from tests.runs import run

# Some machines are told to keep no bytecode: then each of hundreds of processes would compile all of loraprep again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# As many threads a process as there are workers would only get in each other's way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Nobody's own settings are read, and what a test lets a project do is written into a file of this process.
os.environ["LORAPREP_CONFIG"] = str(Path(tempfile.mkdtemp(prefix="loraprep-settings-")) / "config.yaml")
atexit.register(shutil.rmtree, Path(os.environ["LORAPREP_CONFIG"]).parent, ignore_errors=True)
# What needs processes of its own (tests/imaging/test_pool.py, tests/hostile) takes this away again.
os.environ[pool.IN_PROCESS] = "1"
# Reading takes seconds a picture: who tests it (tests/carried) takes this away.
os.environ[reading.UNREAD] = "1"
shortcuts.take()
process.claim()


hypothesis.settings.register_profile("same every time", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("same every time")


def _left_as_found() -> Iterator[None]:
    """What loraprep sets for the processes it starts, and what a person lets a project do, ends with the test."""
    environment, path = dict(os.environ), Path(os.environ["LORAPREP_CONFIG"])
    settings = path.read_bytes() if path.exists() else None
    yield
    os.environ.clear()
    os.environ.update(environment)
    if settings is None:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(settings)


_of_a_module = pytest.fixture(autouse=True, scope="module")(_left_as_found)
_of_a_test = pytest.fixture(autouse=True)(_left_as_found)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    runs.marked = item.get_closest_marker("run") is not None


def pytest_configure() -> None:
    store.begin()  # before there are workers


@pytest.fixture(scope="module")  # while it is there, asyncio.run cannot be used
def browser() -> Iterator[Any]:
    """A headless Chromium, driven by Playwright."""
    path = chromium()
    if path is None:
        missing("there is no chromium here (apt-get install chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed (pip install -e '.[test]')")
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=path, args=ARGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def hostile() -> Path:
    """The project of tests/pages.py after a first run, to read."""
    return store.kept("hostile", _judged) / "mystyle"


def _judged(folder: Path) -> None:
    code, output = run(pages.paint(folder / "mystyle"), "gate1")
    assert code == 1, output


@pytest.fixture(scope="session")
def html(hostile: Path) -> str:
    return (hostile / "report.html").read_text("utf-8")


@pytest.fixture(scope="session")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tagger of tests/tags.py."""
    return tags.tagger(tmp_path_factory.mktemp("models") / "wd-tiny-tagger")
