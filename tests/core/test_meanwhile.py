"""One thing is worked out while another is."""

from __future__ import annotations

import threading

import pytest

from loraprep.core.meanwhile import Meanwhile


def test_both_go_on_at_the_same_time() -> None:
    here, there = threading.Event(), threading.Event()

    def act() -> str:
        here.set()
        assert there.wait(10)
        return "made"

    making = Meanwhile(act)
    assert here.wait(10)
    there.set()
    assert making.result() == "made"
    assert making.result() == "made"


def test_what_goes_wrong_is_raised_where_it_is_waited_for() -> None:
    def act() -> None:
        raise KeyError("gone")

    making = Meanwhile(act)
    with pytest.raises(KeyError, match="gone"):
        making.result()
