"""What is open at a time keeps to a budget, and what a file takes is told from its header."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from loraprep.core import free_memory
from loraprep.core.findings import Code
from loraprep.imaging import colour, decode, display, memory, pool
from loraprep.imaging.errors import TooHeavy
from loraprep.imaging.flaws import flaws
from tests import ROOT, stuck, worst

ACT = pool.Work(stuck.acting)


@pytest.fixture(params=["processes", "threads"])
def _both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if request.param == "processes":
        monkeypatch.delenv(pool.IN_PROCESS)
    yield
    pool.POOL.close()


def _done(things: list[str], budget: float) -> dict[str, object]:
    return dict(pool.each(ACT, things, weigh=lambda _: 0, budget=budget))


@pytest.mark.usefixtures("_both")
def test_what_is_open_at_a_time_keeps_to_the_budget() -> None:
    needs = [1.5e9, 0.3e9, 1.9e9, 0.5e9, 0.1e9, 1.0e9, 0.9e9, 2e9]
    found = _done([*(f"ask {n}" for n in needs), *map(str, range(30))], 2e9)
    spans = [(*found[f"ask {n}"], n) for n in needs]  # type: ignore[misc]
    for start, _, _ in spans:
        assert sum(n for a, b, n in spans if a <= start < b) <= 2e9
    assert all(found[str(n)] == str(n) for n in range(30))


@pytest.mark.usefixtures("_both")
def test_what_needs_more_than_all_of_it_is_named_with_its_figure() -> None:
    found = _done(["a", "ask 2.81e9", "ask 1e9", "b"], 1.99e9)
    heavy = found.pop("ask 2.81e9")
    assert isinstance(heavy, TooHeavy)
    assert (heavy.code, heavy.need) == (Code.TOO_HEAVY, 2.81e9)
    assert heavy.reason == "opening it takes about 2.9 GB of memory, more than the 1.9 GB that may be used"
    assert found.keys() == {"a", "ask 1e9", "b"}


@pytest.mark.usefixtures("_both")
def test_an_ordinary_picture_waits_for_none() -> None:
    with memory.ROOM.lent(1e9, 1e9, lambda: False):
        assert _done(["ask 6e7", "a"], 1e9)["a"] == "a"


def test_room_is_lent_first_come_first_served() -> None:
    room, order = memory.Room(), []

    def wants(need: float) -> None:
        with room.lent(need, 100, lambda: False) as had:
            assert had
            order.append(need)

    with room.lent(60, 100, lambda: False):
        threads = []
        for need in (90, 30, 31, 32):  # the small ones would fit, and do not pass the large one
            threads.append(threading.Thread(target=wants, args=(need,)))
            threads[-1].start()
            time.sleep(0.05)
        assert order == []
    for thread in threads:
        thread.join()
    assert order[0] == 90


def test_whoever_stops_waits_no_longer() -> None:
    room = memory.Room()
    with room.lent(60, 100, lambda: False), room.lent(60, 100, lambda: True) as had:
        assert not had
    with room.lent(100, 100, lambda: False) as had:  # nothing was held back
        assert had


def test_the_budget_is_half_of_what_is_free_and_two_gigabytes_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    for free, usual in ((1e9, 0.5e9), (3e9, 1.5e9), (64e9, 2e9)):
        memory.usual.cache_clear()
        monkeypatch.setattr(free_memory, "free_memory", lambda free=free: free)
        assert memory.usual() == usual
    memory.usual.cache_clear()


def test_free_memory_is_told(tmp_path: Path) -> None:
    assert 1e7 < free_memory.free_memory() < 1e14
    (tmp_path / "memory.max").write_text("3000000\n", "utf-8")
    (tmp_path / "memory.current").write_text("1000000\n", "utf-8")
    assert free_memory._container(tmp_path) == 2_000_000
    (tmp_path / "memory.max").write_text("max\n", "utf-8")
    assert free_memory._container(tmp_path) == float("inf")


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux tells the peak")
def test_no_kind_takes_more_than_estimated_nor_half_of_it() -> None:
    """At 3 megapixels, in one process; whatever is freed there goes back to the system at once (mallopt(3))."""
    code = (
        "import json; from tests import worst; from tests.benchmarks import memory\n"
        "memory.memory.ORDINARY = 0\n"
        "for make in memory.WAYS.values(): make(worst.KINDS['png rgb, profile']((700, 600)))\n"
        "for kind, make in worst.KINDS.items():\n"
        "    data = make((2000, 1500))\n"
        "    for way in ('scan', 'whole'): print(json.dumps([kind, way, *memory.measured(data, way)]))"
    )
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "262144", "MALLOC_TRIM_THRESHOLD_": "262144"}
    command = [sys.executable, "-W", "ignore", "-c", code]
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    wrong = []
    for kind, way, estimated, most, _ in map(json.loads, said.splitlines()):
        # of a whole one the PNG that it is sent as counts too, which here is small
        if most > estimated or (way == "scan" and estimated - 32e6 > 2 * most):
            wrong.append(f"{kind}, {way}: {most / 1e6:.0f} MB, estimated {estimated / 1e6:.0f}")
    assert len(said.splitlines()) == 2 * len(worst.KINDS)
    assert wrong == []


def _modes() -> Iterator[tuple[str, Pillow.Image, bytes]]:
    for kind, make in worst.KINDS.items():
        if not kind.startswith(("avif", "gif", "webp", "bmp")):  # of the same modes
            opened = decode.load(make((520, 390)))
            yield kind, opened.pixels, opened.profile


def test_strips_make_the_same_picture_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, pixels, profile in _modes():
        made = []
        for strip in (1 << 30, 520 * 30):
            monkeypatch.setattr(colour, "STRIP", strip)
            by_two = colour.eight_bit(pixels, 2)
            made.append([by_two, colour.compose(colour.eight_bit(pixels), profile, "#204060")])
        for whole, parts in zip(*made, strict=True):
            assert (whole.mode, whole.size) == (parts.mode, parts.size), kind
            assert np.array_equal(np.asarray(whole), np.asarray(parts)), kind


def test_measures_do_not_depend_on_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    data = worst.KINDS["png 16-bit grey"]((900, 700))
    before = flaws(decode.load(data).pixels), display.upright(decode.load(data), longest=300).tobytes()
    monkeypatch.setattr(colour, "STRIP", 900 * 64)
    assert before == (flaws(decode.load(data).pixels), display.upright(decode.load(data), longest=300).tobytes())


def test_a_png_is_asked_for_what_its_texts_unpack_to() -> None:
    from PIL import PngImagePlugin

    said = PngImagePlugin.PngInfo()
    for number in range(50):
        said.add_text(f"note{number}", "much " * 200_000, zip=True)
    out = io.BytesIO()
    Pillow.new("RGB", (64, 64)).save(out, "PNG", pnginfo=said)
    with pytest.raises(memory.Needs) as needs, memory.given(0):
        decode.load(out.getvalue())
    assert needs.value.need > 45e6
