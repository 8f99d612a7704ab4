"""How fast the review page opens: python -m tests.benchmarks.review [PICTURES] [FOLDER]

Paints that many pictures (2,000 unless told) into FOLDER, which is kept for another time, runs Gate 1, starts the page
and opens each view in a fresh Chromium: the time to its load event, until every picture in the window is
there, and of an answer until its line is written and shown. Needs chromium and the test extra.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browsers import ARGS, open_, serving
from tests.gallery import paint
from tests.runs import run
from tests.scenes import LIGHT, SUBJECTS, scene

# Stops at the first picture below the window: asking the hidden rest where it is would cost more than the page.
SEEN = """() => {
  for (const i of document.querySelectorAll('main img')) {
    const r = i.getBoundingClientRect();
    if (r.top > innerHeight) break;
    if (r.width && r.bottom > 0 && r.right > 0 && r.left < innerWidth && !(i.complete && i.naturalWidth)) return false;
  }
  return true;
}"""


def _one(job: tuple[Path, int]) -> None:
    path, number = job
    scene(1000 + number, 512, 512).save(path, quality=88)
    words = f"a {SUBJECTS[number % 12]} {LIGHT[number % 3]}, number {number}, loose strokes"
    path.with_suffix(".txt").write_text(words + "\n", "utf-8")


def many(root: Path, number: int, target: int) -> None:
    """A project of so many pictures, of which the set needs `target`, with Gate 1 run."""
    if not root.exists():
        paint(root, 48)
        jobs = [(root / f"images/more-{n:05}.jpg", n) for n in range(number - 60)]
        with ProcessPoolExecutor(2) as pool:
            list(pool.map(_one, jobs, chunksize=50))
    settings = root / "project.yaml"
    settings.write_text(re.sub(r"target: \d+", f"target: {target}", settings.read_text("utf-8")), "utf-8")
    code, output = run(root, "gate1", patience=3600)
    assert code == 1, output


def measure(root: Path, views: Sequence[str]) -> None:
    with sync_playwright() as driver, serving(root) as address:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        for view in views:
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            page = context.new_page()
            page.goto(address)
            started = time.perf_counter()
            open_(page, view)
            loaded = time.perf_counter() - started
            page.wait_for_function(SEEN, polling=50)
            seen = time.perf_counter() - started
            size = page.evaluate("performance.getEntriesByType('navigation')[0].decodedBodySize") / 1e6
            print(
                f"{view or 'overview':10}  loaded {loaded:.2f} s, pictures in the window {seen:.2f} s, {size:.1f} MB of HTML",
                flush=True,
            )
            if view == "quality":
                _timed("an answer", page, lambda page: page.keyboard.press("k"))
            if view == "texts":
                _timed("every caption replaced, after its preview", page, _replace)
                _timed("one caption edited after that", page, _edit)
            context.close()
        browser.close()


def _timed(what: str, page: Any, do: Callable[[Any], None]) -> None:
    """Until it is written and shown; then taken back."""
    started = time.perf_counter()
    do(page)
    page.wait_for_function(
        "() => !document.querySelector('.toast').hidden && document.querySelector('.toast').innerText.startsWith('decisions/')"
    )
    print(f"{'':10}  {what}, written and shown: {time.perf_counter() - started:.2f} s", flush=True)
    page.evaluate("document.querySelector('.toast').textContent = ''")


def _replace(page: Any) -> None:
    page.locator("[name=find]").fill("loose strokes")
    page.locator("[name=put]").fill("broken strokes")
    page.keyboard.press("Enter")
    page.wait_for_selector(".preview .primary")
    page.locator(".preview .primary").press("Enter")


def _edit(page: Any) -> None:
    page.wait_for_function(
        "() => document.querySelector('.preview').hidden && !document.querySelector('.preview .change')"
    )
    page.locator(".row .plain").first.click()
    page.keyboard.type(" again")
    page.keyboard.press("Enter")


def main(number: int, root: Path) -> None:
    for target, views in ((44, ("duplicates", "captions", "quality", "curation", "findings")), (number, ("", "texts"))):
        started = time.perf_counter()
        many(root, number, target)
        print(
            f"{number} pictures, {target} needed; painted, Gate 1 run: {time.perf_counter() - started:.0f} s",
            flush=True,
        )
        measure(root, views)


if __name__ == "__main__":
    amount = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(tempfile.mkdtemp()) / "many"
    main(amount, folder.resolve())
