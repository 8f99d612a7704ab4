"""No file keeps a run busy: texts in linear time, and what is drawn of a strip a pixel wide."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from loraprep.core.findings import Code
from loraprep.imaging import decode, pool
from loraprep.imaging.errors import BadImage
from loraprep.report import contact_sheet
from loraprep.scan import generators, image_list, inspect, metadata
from loraprep.trainers import folder
from tests import pictures, runs
from tests.hostile import slow
from tests.hostile.slow import MILLION

TOKENS = (
    "\n", " ", "\t", "\r\n", "\n ", "a", "ab ", "1", ",", ", ", ",\n", ".", ". ", ":", ":1", ":1.1", "(", ")", "[", "\\", "'",
    "<", "<lora:", "<lora:a", "<lora", "Steps: ", "Negative prompt:", "exif_", "created with ", "charset=", "kodak", "{", "&",
)  # fmt: skip
READERS = {
    "clean": metadata.clean,
    "positive": generators.positive,
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
    assert generators.positive(text) == "a pier, fog (thick) , boats"


@pytest.mark.parametrize("key", ["parameters", "Comment", "prompt"])
def test_a_png_whose_text_is_a_million_newlines(key: str) -> None:
    start = time.monotonic()
    found, words = inspect.inspect(slow.png_of_newlines(key=key))
    assert time.monotonic() - start < 2
    assert (found.width, found.height, words) == (64, 48, [])


# what is made -> what becomes of it: the number of its frames, or why it is refused
READ: dict[Callable[[], bytes], int] = {
    slow.png_of_xmp: 1,
    slow.png_of_chunks: 1,
    slow.tiff_in_a_circle: 1,
    slow.tiff_of_directories: 1000,
    slow.gif_of_frames: 20_001,
    slow.webp_of_frames: 2003,
    slow.apng_of_frames: 2002,
}


@pytest.mark.parametrize("make", READ, ids=lambda make: make.__name__)
def test_what_comes_a_thousand_times_is_passed_over(make: Callable[[], bytes]) -> None:
    data = make()
    start = time.process_time()  # what others do on this machine is no fault of the file
    found, words = inspect.inspect(data)
    assert time.process_time() - start < 8
    assert (found.frames, words) == (READ[make], [])


def test_a_jpeg_painted_over_and_over_is_refused_and_a_sound_one_is_not() -> None:
    start = time.process_time()
    with pytest.raises(BadImage, match="painted over more than 500 times") as refused:
        decode.load(slow.jpeg_of_scans())
    assert refused.value.code == Code.BROKEN
    assert time.process_time() - start < 1
    assert decode.load(slow.jpeg_of_scans(480)).width == 640
    # what follows its end is no part of it: a phone puts a film there
    assert decode.load(slow.jpeg_of_scans(0) + b"\xff\xda\0\x02" * 5000 + b"\xff\xd9").width == 640


def test_the_thousandth_text_of_a_png_does_not_cost_what_follows_it() -> None:
    data = pictures.png(pictures.scene(64, 48), icc_profile=pictures.swapped_profile())
    texts = pictures.chunk(b"tEXt", b"Comment\0a mill") * 3000
    opened = decode.load(data[:33] + texts + data[33:])
    assert opened.icc.startswith("sWAP")


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


SLOW = {  # by name: what is made, and what is said of it
    "chunks.png": (slow.png_of_chunks, None),
    "pixels.png": (slow.png_of_pixel_chunks, None),
    "newlines.png": (slow.png_of_newlines, None),
    "xmp.png": (slow.png_of_xmp, None),
    "scans.jpg": (slow.jpeg_of_scans, "broken"),
    "large.jpg": (slow.large_jpeg_of_scans, "too-slow"),
    "strip.jpg": (slow.strip, None),
    "frames.gif": (slow.gif_of_frames, None),
    "frames.webp": (slow.webp_of_frames, None),
    "frames.png": (slow.apng_of_frames, None),
    "circle.tif": (slow.tiff_in_a_circle, None),
    "pages.tif": (slow.tiff_of_directories, None),
    f"{'a' * 200}.png": (pictures.png, None),  # for the pattern that is below
}


@pytest.fixture(scope="module")
def kept_busy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with all of them beside two sound pictures, not yet run."""
    root = tmp_path_factory.mktemp("busy")
    (root / "images").mkdir()
    for name, (make, _) in SLOW.items():
        (root / "images" / name).write_bytes(make())
    for number in (1, 2):
        (root / f"images/sound-{number}.png").write_bytes(pictures.png(pictures.scene(700, 600, number)))
    (root / "project.yaml").write_text(
        "version: 1\nname: mill\ntrigger: mllstyle\nmodel: flux\nintent: {kind: style, description: a mill}\n"
        f"images: {{exclude: ['{'*a' * 30}*b']}}\nthresholds: {{audit: {{max_seconds: 1}}}}\n{runs.AUTO}",
        "utf-8",
    )
    return root


ENV = {**{k: v for k, v in os.environ.items() if k != pool.IN_PROCESS}, "NO_COLOR": "1", "COLUMNS": "200"}


@pytest.mark.run
@pytest.mark.skipif(os.name == "nt", reason="names of that length")
def test_a_whole_run_past_all_of_them_and_what_it_remembers(kept_busy: Path) -> None:
    """One test, since each run past them takes its time: what is said, and how often one is waited for."""
    code, output = runs.run(kept_busy, "gate1", env=ENV)
    assert code == 1, output
    assert "Traceback" not in output
    found = {image.path: image for image in image_list.read_images(kept_busy / "build/images.jsonl")}
    assert set(found) == {*SLOW, "sound-1.png", "sound-2.png"}
    for name, (_, said) in SLOW.items():
        # a slow machine may give up what another reads
        assert said is None or found[name].code == said, name
        assert found[name].state == "image" or found[name].code in ("broken", "too-slow"), name
    assert all(found[f"sound-{number}.png"].state == "image" for number in (1, 2))
    report = (kept_busy / "dataset-report.md").read_text("utf-8")
    for name, image in found.items():
        assert image.state == "image" or name in report, name
    assert "sound-1.png" in report
    runs.run(kept_busy, "scan", env=ENV)
    unchanged = json.loads((kept_busy / "build/scan-unchanged.json").read_text("utf-8"))
    assert unchanged["mark"]  # what was given up is not waited for again


def test_check_names_what_takes_too_long_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(pool.IN_PROCESS)
    monkeypatch.setattr(pool, "SECONDS", 0.2)
    (tmp_path / "large.jpg").write_bytes(slow.large_jpeg_of_scans())
    (tmp_path / "sound.png").write_bytes(pictures.png(pictures.scene(64, 48)))
    found = {file.path: file.problem for file in folder.read_folder(tmp_path)}
    assert found == {"large.jpg": "it was not read after 1 seconds", "sound.png": ""}
