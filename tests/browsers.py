"""A Chromium that looks at pages as a person does, and the review page it looks at."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

# Headless in a container, and quiet: nothing is fetched, updated or reported.
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def chromium() -> str | None:
    """Where the browser is, if there is one."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def missing(what: str) -> None:
    """Skips with the reason; where nothing may be skipped (.ci/run), fails."""
    if os.environ.get("LORAPREP_NO_SKIP"):
        pytest.fail(what)
    pytest.skip(what)


@contextmanager
def serving(root: Path, *place: str) -> Iterator[str]:
    """The address of `loraprep review`, running as its own process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "loraprep", "review", *place, "--no-browser"], cwd=root, text=True, encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        yield found.group()
    finally:
        process.kill()
        process.wait()


@contextmanager
def window(browser: Any, address: str, **options: Any) -> Iterator[Any]:
    """A window at the page; whatever goes wrong inside fails the test."""
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
    context.set_default_timeout(120_000)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console", lambda said: wrong.append(said.text) if said.type == "error" and "409" not in said.text else None
    )
    page.on("dialog", lambda box: (wrong.append(f"a dialog: {box.message}"), box.dismiss()))
    page.on(
        "request", lambda r: None if r.url.startswith(address.split("?")[0]) else wrong.append(f"asked for {r.url}")
    )
    try:
        page.goto(address)
        page.wait_for_selector("body[data-ready]")  # its scripts are modules, which come after the page
        yield page
        assert wrong == []
    finally:
        context.close()


def open_(page: Any, view: str) -> None:
    page.goto(f"{page.url.split('/', 3)[0]}//{page.url.split('/')[2]}/{view}")
    page.wait_for_selector(f"body[data-ready] main[data-view={view.partition('?')[0] or 'overview'}]")


def answered(page: Any, number: int) -> None:
    """Waits as a person does: until the answer is shown and the page listens to the next key."""
    page.wait_for_function(
        "n => document.querySelector('.deck').dataset.answered === String(n) && !document.body.ariaBusy",
        arg=number,
    )
