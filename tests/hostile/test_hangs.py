"""No file keeps a run busy: texts in linear time, and what is drawn of a strip a pixel wide."""

from __future__ import annotations

import io
import time

import pytest
from PIL import Image, PngImagePlugin

from loraprep.report import contact_sheet
from loraprep.scan import inspect, metadata
from tests import pictures

MILLION = 1_000_000
TOKENS = (
    "\n", " ", "\t", "\r\n", "\n ", "a", "ab ", "1", ",", ", ", ",\n", ".", ". ", ":", ":1", ":1.1", "(", ")", "[", "\\", "'",
    "<", "<lora:", "<lora:a", "<lora", "Steps: ", "Negative prompt:", "exif_", "created with ", "charset=", "kodak", "{", "&",
)  # fmt: skip
READERS = {
    "clean": metadata.clean,
    "positive": metadata.positive,
    "machine": metadata._MACHINE.match,
}


@pytest.mark.parametrize("name", READERS)
def test_a_million_times_the_same_is_read_in_no_time(name: str) -> None:
    slow = {}
    for token in TOKENS:
        text = (token * MILLION)[:MILLION]
        best = min(_timed(name, text) for _ in range(3))  # of three: the machine may be busy
        if best > 0.05:
            slow[token] = best
    assert not slow


def _timed(name: str, text: str) -> float:
    start = time.perf_counter()
    READERS[name](text)
    return time.perf_counter() - start


def test_what_is_read_of_a_prompt_is_what_it_was() -> None:
    text = (
        "(a pier:1.2), fog \\(thick\\) <lora:x:0.8>, [boats]\n\n  \nNegative prompt: people\nSteps: 20, Size: 512x512"
    )
    assert metadata.positive(text) == "a pier, fog (thick) , boats"


@pytest.mark.parametrize("key", ["parameters", "Comment", "prompt"])
def test_a_png_whose_text_is_a_million_newlines(key: str) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text(key, "\n" * (MILLION - 1), zip=True)
    out = io.BytesIO()
    pictures.scene(64, 48).save(out, "PNG", pnginfo=info)
    start = time.monotonic()
    found, words = inspect.inspect(out.getvalue())
    assert time.monotonic() - start < 2
    assert (found.width, found.height, words) == (64, 48, [])


@pytest.mark.parametrize("size", [(690, 9000), (1, 9000), (64, 9000), (9000, 64), (5000, 1), (1, 1)])
def test_a_strip_in_the_contact_sheet(size: tuple[int, int]) -> None:
    small = Image.new("RGB", size, "#558855")
    small.thumbnail((256, 256))
    thumb = contact_sheet.saved(small)
    start = time.monotonic()
    for number in (1, 3, 40):
        sheet = contact_sheet.contact([(thumb, True)] * number, ["a name that is long enough to be cut.png"] * number)
        assert len(sheet) <= contact_sheet.LIMIT
    assert time.monotonic() - start < 20
