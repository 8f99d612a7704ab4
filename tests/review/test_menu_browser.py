"""The menu: every word can be read, none moves from view to view, and what acts at once looks like it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browsers import open_, serving, window

pytestmark = pytest.mark.run


def test_what_acts_at_once_looks_like_a_button(browser: Any, root: Path) -> None:
    with serving(root) as address, window(browser, address) as page:
        edges = "q => [...document.querySelectorAll(q)].map(e => getComputedStyle(e).borderTopStyle)"
        assert set(page.evaluate(edges, ".top nav button")) == {"solid"}
        assert set(page.evaluate(edges, ".top nav a")) == {"none"}
