"""How fast the review page opens: python -m tests.benchmarks.review [PICTURES] [FOLDER]

Paints that many pictures (2,000 unless told) into FOLDER, which is kept for another time, runs Gate 1, starts the page
and opens each view in a fresh Chromium: the time to its load event, until every picture in the window is
there, and of an answer until its line is written and shown. Needs chromium and the test extra.
"""

from __future__ import annotations

import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.conftest import ARGS
from tests.gallery import paint
from tests.scenes import LIGHT, SUBJECTS, scene
from tests.test_review_browser import VIEWS, open_, serving
from tests.test_stale import run

SEEN = """() => [...document.querySelectorAll('main img')].filter(i => {
  const r = i.getBoundingClientRect();
  return r.width && r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth && i.checkVisibility();
}).every(i => i.complete && i.naturalWidth)"""


def _one(job: tuple[Path, int]) -> None:
    path, number = job
    scene(1000 + number, 512, 512).save(path, quality=88)
    words = f"a {SUBJECTS[number % 12]} {LIGHT[number % 3]}, number {number}, loose strokes"
    path.with_suffix(".txt").write_text(words + "\n", "utf-8")


def many(root: Path, number: int) -> None:
    """A project of so many pictures, Gate 1 run, if it is not there yet."""
    if not root.exists():
        paint(root, 48)
        jobs = [(root / f"images/more-{n:05}.jpg", n) for n in range(number - 60)]
        with ProcessPoolExecutor(2) as pool:
            list(pool.map(_one, jobs, chunksize=50))
    code, output = run(root, "gate1", patience=3600)
    assert code == 1, output


def main(number: int, root: Path) -> None:
    started = time.perf_counter()
    many(root, number)
    print(f"{number} pictures painted and Gate 1 run: {time.perf_counter() - started:.0f} s")
    with sync_playwright() as driver, serving(root) as address:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        for view in VIEWS:
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            page = context.new_page()
            page.goto(address)
            started = time.perf_counter()
            open_(page, view)
            loaded = time.perf_counter() - started
            page.wait_for_function(SEEN)
            seen = time.perf_counter() - started
            size = page.evaluate("performance.getEntriesByType('navigation')[0].decodedBodySize") / 1e6
            print(
                f"{view or 'overview':10}  loaded {loaded:.2f} s, pictures in the window {seen:.2f} s, {size:.1f} MB of HTML"
            )
            if view == "quality":
                started = time.perf_counter()
                page.keyboard.press("k")
                page.wait_for_selector(".toast:not([hidden])")
                print(f"{'':10}  an answer written and shown: {time.perf_counter() - started:.2f} s")
                page.keyboard.press("z")
                page.wait_for_function("() => document.querySelector('.toast').innerText.startsWith('Taken back')")
            context.close()
        browser.close()


if __name__ == "__main__":
    amount = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(tempfile.mkdtemp()) / "many"
    main(amount, folder.resolve())
