"""Importing loraprep changes nothing for the program that does; a process of ours has its own switches."""

import subprocess
import sys

import pytest

SWITCHES = "from PIL import Image; print(Image.MAX_IMAGE_PIXELS is None, Image.core.get_blocks_max())"
IMPORTS = "from loraprep.imaging import decode, thumbnails; from loraprep.scan import scan"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (f"{IMPORTS}; {SWITCHES}", "False 0"),
        (f"from loraprep.imaging import process; process.claim(); {IMPORTS}; {SWITCHES}", "True 2"),
        (f"{IMPORTS}; from loraprep.imaging import process; process.claim(); {SWITCHES}", "True 2"),
    ],
)
def test_switches_are_those_of_whoever_started_the_process(lines: str, said: str) -> None:
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == said, done.stderr


def test_a_picture_that_is_too_large_for_another_program_is_said_to_be() -> None:
    lines = """
import io
from PIL import Image
from loraprep.imaging import decode
from loraprep.imaging.errors import BadImage
out = io.BytesIO()
Image.new("1", (20000, 10000)).save(out, "PNG")
try:
    decode.load(out.getvalue(), max_megapixels=500)
except BadImage as error:
    print(error.code, error)
"""
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "too-large it is larger than this program's Pillow may open", done.stderr
