"""A new captioner is one new file: it is found, accepted in project.yaml, and describes every picture."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import pictures

CAPTIONER = '''
"""Says where a picture lies on a shelf of a made-up library."""

from loraprep.core.records import Elements

SAMPLES = False
NEEDS_APPROVAL = False


def describe(image, context):
    content = {"subject": [f"shelf {len(image.path)}"]}
    return Elements(image.path, image.digest, "shelf-marks", "seen", content, content_sentence="A shelf of books.")
'''
RUN = """
import sys
from loraprep.captions import captioners
captioners.__path__.append(sys.argv[1])  # as if the file lay there
from loraprep.__main__ import main
sys.exit(main(["captions"]))
"""
PROJECT = "version: 1\nname: books\nintent: {kind: style}\nmodel: flux\ntrigger: bookish\n"


@pytest.mark.run
def test_a_captioner_is_one_file(tmp_path: Path) -> None:
    place, root = tmp_path / "captioners", tmp_path / "books"
    place.mkdir()
    (place / "shelf_marks.py").write_text(CAPTIONER, "utf-8")
    (root / "images").mkdir(parents=True)
    (root / "decisions").mkdir()
    for number in range(3):
        (root / f"images/{number}.png").write_bytes(pictures.png(pictures.scene(seed=number)))
    (root / "project.yaml").write_text(f"{PROJECT}captioning: {{captioner: [shelf-marks, draft]}}\n", "utf-8")
    (root / "decisions/captions.yaml").write_text("0.png: {captioner: shelf-marks}\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(place)], cwd=root, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    captions = json.loads((root / "build/captions.json").read_text("utf-8"))["captions"]
    assert {c["text"] for c in captions.values()} == {"bookish, a shelf of books."}
    assert {(c["origin"], c["grade"]) for c in captions.values()} == {("rendered", "described")}
    (root / "project.yaml").write_text(f"{PROJECT}captioning: {{captioner: shelf-mark}}\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(place)], cwd=root, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert done.returncode == 3
    assert "Did you mean shelf-marks?" in done.stdout + done.stderr
