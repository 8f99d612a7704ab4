"""The pictures at the top of the README, taken of the examples in a real browser: python -m tests.shots

`digest` stands beside them, of all that they show: a test says when they have to be taken again.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image

from tests import ROOT, examples
from tests.browsers import ARGS, chromium, serving

FOLDER = ROOT / "resources/docs"
MADE_OF = FOLDER / "shots.sha256"
SIZE = (1280, 800)  # px of the window
_SHOWN = ("resources/report", "resources/review", "examples/brushwork/report", "examples/nogo/decisions")
_QUALITY = 72  # of WebP: a picture of some 60 kB


def digest() -> str:
    """Of every file that decides how report and page look."""
    seen = hashlib.sha256()
    for folder in _SHOWN:
        for file in sorted(p for p in (ROOT / folder).rglob("*") if p.is_file()):
            seen.update(file.relative_to(ROOT).as_posix().encode() + b"\0")
            seen.update(file.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return seen.hexdigest()


def take() -> None:
    """Take both pictures, and write down of what."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play, tempfile.TemporaryDirectory() as folder:
        browser = play.chromium.launch(executable_path=chromium(), args=ARGS)
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]}, color_scheme="light")
        report, _, _ = examples.rebuilt("brushwork")
        page.goto((report / "report.html").as_uri())
        page.wait_for_load_state("networkidle")
        _keep(page.screenshot(), "report.webp")
        asked, _, _ = examples.rebuilt("nogo")
        with serving(shutil.copytree(asked, Path(folder) / "nogo")) as address:
            page.goto(address)
            page.wait_for_selector("body[data-ready]")
            page.goto(f"{address.split('?')[0].rstrip('/')}/duplicates")
            page.wait_for_selector("body[data-ready]")
            page.wait_for_load_state("networkidle")
            _keep(page.screenshot(), "review.webp")
        browser.close()
    MADE_OF.write_text(f"{digest()}\n", "utf-8")


def _keep(shot: bytes, name: str) -> None:
    with Image.open(io.BytesIO(shot)) as picture:
        picture.convert("RGB").save(FOLDER / name, "WEBP", quality=_QUALITY, method=6)


if __name__ == "__main__":
    take()
