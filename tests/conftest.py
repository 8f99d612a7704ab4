"""Debian's or another Chromium for the tests that look at pages as a person does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

# Headless in a container, and quiet: nothing is fetched, updated or reported.
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def missing(what: str) -> None:
    """Skips with the reason; where nothing may be skipped (.ci/run), fails."""
    if os.environ.get("LORAPREP_NO_SKIP"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="module")  # while it is there, asyncio.run cannot be used
def browser() -> Iterator[Any]:
    """A headless Chromium, driven by Playwright."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
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
