"""How soon the review page answers a key, with very many pictures: python -m tests.benchmarks.page [PICTURES ...] [VIEW ...]

Makes a project of so many pictures (40, 2,000 and 20,000 unless told; of all views, likewise) without running Gate 1: tiny pictures, records,
and questions as Gate 1 would leave them; a fifth of the pictures too small, a twentieth twice, a quarter written on, three quarters more
than the set needs. Then opens each view in a fresh Chromium and tells, in milliseconds: the browser's own "first contentful
paint", and from a key to the frame in which the page shows what it did (three or four of each, all told); in brackets
how much of the processor's time the page's own thread took for it, which other work on the machine does not lengthen.
The project keeps to 100 ms a key and a second for the first paint. Needs chromium and the test extra.
"""

from __future__ import annotations

import hashlib
import io
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec
from PIL import Image as Pillow
from playwright.sync_api import sync_playwright

from loraprep.core.records import Caption, Fate, Gate, Grade, Image, Reason
from loraprep.pipeline.artifacts import Captioned, Judged, Selected
from loraprep.project import decisions
from loraprep.project.decisions import Question
from loraprep.scan.image_list import encode_images
from tests.browsers import ARGS, open_, serving
from tests.scenes import scene

KEYS = {
    "duplicates": ("Enter", "a", "Enter"),
    "quality": ("k", "r", "Enter"),
    "captions": ("Enter", "s", "Enter"),
    "carried": ("m", "Enter", "k"),
    "curation": ("ArrowRight", "p", "p"),
    "map": ("ArrowDown", "ArrowDown", "ArrowRight"),
    "findings": ("ArrowDown", "ArrowDown", "ArrowUp"),
    "texts": ("ArrowDown", "ArrowDown", "/"),
    "": ("?", "Escape", "?"),
    "light": (" ", "ArrowRight", "l", "Escape"),  # a picture of the overview, large
}
# From the key to the second frame after the first change that it made: the first paints it.
WATCH = """() => {
  window.took = null;
  let began = 0;
  const look = new MutationObserver(() => {
    look.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => { window.took = performance.now() - began; }));
  });
  addEventListener('keydown', () => {
    began = performance.now();
    look.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
  }, { capture: true, once: true });
  document.addEventListener('focusin', () => {
    if (began && window.took === null) requestAnimationFrame(() => { window.took ??= performance.now() - began; });
  }, { once: true });
}"""


def made(root: Path, number: int) -> None:
    """Writes the project; what Gate 1 would have measured is plain numbers."""
    (root / "images").mkdir(parents=True)
    (root / "build").mkdir()
    (root / "decisions").mkdir()
    (root / "project.yaml").write_text(
        "version: 1\nname: mystyle\nintent: {kind: style, description: loose bright painting}\n"
        "model: sd15\ntrigger: brushy\n", "utf-8")  # fmt: skip
    plain = io.BytesIO()
    scene(1, 96, 96).convert("RGB").resize((96, 96), Pillow.Resampling.BILINEAR).save(plain, "JPEG", quality=80)
    images = []
    for n in range(number):
        data = plain.getvalue() + f"{n:06}".encode()  # a decoder stops before it
        (root / f"images/p-{n:05}.jpg").write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        images.append(
            Image(f"p-{n:05}.jpg", "image", digest=digest, bytes=len(data), pixel_digest=digest, pixel_bytes=len(data),
                  format="JPEG", width=96, height=96, mode="RGB", phash=digest[:16], phash_mirror=digest[16:32],
                  colour=tuple(float(int(digest[k : k + 2], 16)) for k in range(0, 54, 2))))  # fmt: skip
    (root / "build/images.jsonl").write_text("".join(line for line in encode_images(images)), "utf-8")
    names = [i.path for i in images]
    texts = {
        p: Caption(p, f"brushy, a mill at dawn, number {n}, loose strokes", "prose", "draft", Grade.DESCRIBED, 12, 225,
                   ("a mill at dawn", f"number {n % 300}"), ("loose strokes",))
        for n, p in enumerate(names)
    }  # fmt: skip
    _keep(root, Captioned.of(texts, []))
    _keep(root, Selected(fates=[Fate(p, "kept", "") for p in names], waiting={}, findings=[], settled={}))
    reasons = [
        Reason(code, "warn", f"{number} pictures", "Why.", "Mend it.", tuple(names))
        for code in ("caption-draft", "soft", "copies")
    ]
    gate = Gate("mystyle", "NO-GO", {}, True, reasons, {"images": number})
    _keep(root, Judged(**msgspec.structs.asdict(gate), why="", next=""))
    digests = {i.path: i.digest for i in images}

    def ask(key: str, entry: dict[str, Any], *paths: str) -> Question:
        return Question(key, entry, {p: digests[p] for p in paths})

    few, pairs = max(4, number // 5), max(8, number // 10)
    small = [ask(p, {"what": "250x220", "recommended": "keep", "do": None}, p) for p in names[:few]]
    twice = [
        ask(a, {"what": "the same picture twice", "pictures": {a: "96x96", b: "96x96"}, "recommended": [a], "keep": None}, a, b)
        for a, b in zip(names[few : few + pairs : 2], names[few + 1 : few + pairs : 2], strict=False)
    ]  # fmt: skip
    more = names[number // 4 :]
    spare = {"what": f"{len(more)} pictures more than the set needs", "pictures": dict.fromkeys(more, f"closest to {names[0]}"),
             "recommended": more, "answer": None}  # fmt: skip
    written = [
        ask(what, {"what": f"{len(part)} pictures have a {what}", "recommended": "mask", "answer": None,
                   "pictures": dict.fromkeys(part, what), "marks": {p: [[0.7, 0.8, 0.9, 0.9]] for p in part}}, *part)
        for n, what in enumerate(("signature", "stamp", "site", "subtitle"))
        if (part := names[n * number // 16 : (n + 1) * number // 16])
    ]  # fmt: skip
    samples = [ask(p, {"caption": texts[p].text, "content": [], "style": [], "verdict": None}, p) for p in names[-5:]]
    for kind, questions in (
        ("quality", small), ("duplicates", twice), ("captions", samples), ("carried", written), ("curation", [ask(more[0], spare, *more)]),
    ):  # fmt: skip
        text = decisions.empty_file(kind, "# Asked by a benchmark.") + "".join("\n" + _block(q) for q in questions)
        (root / f"decisions/{kind}.yaml").write_text(text, "utf-8")


def _block(question: Question) -> str:
    return decisions._text(question)


def _keep(root: Path, artifact: Any) -> None:
    (root / "build" / artifact.NAME).write_bytes(msgspec.json.encode(artifact))


def measure(root: Path, views: Collection[str]) -> None:
    """Prints a line a view; all of them for none."""
    with sync_playwright() as driver, serving(root) as address:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(120_000)
        page = context.new_page()
        told = context.new_cdp_session(page)
        told.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(address)
        page.wait_for_selector("body[data-ready]")
        for view, keys in KEYS.items():
            if views and (view or "overview") not in views:
                continue
            open_(page, view.replace("light", ""))
            page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length")
            paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
            page.wait_for_timeout(700)  # what it does once it is there is not the key
            took = []
            for key in keys:
                page.evaluate(WATCH)
                before = _worked(told)
                page.keyboard.press(key)
                page.wait_for_function("() => window.took !== null")
                took.append(f"{key} {page.evaluate('window.took'):.0f} ({_worked(told) - before:.0f})")
                page.wait_for_timeout(300)
            print(f"  {view or 'overview':10}  first paint {paint:.0f}   keys: {', '.join(took)}", flush=True)
        browser.close()


def _worked(told: Any) -> float:
    """Milliseconds of the processor's time that the page's thread has taken so far."""
    metrics = told.send("Performance.getMetrics")["metrics"]
    return 1000 * next(m["value"] for m in metrics if m["name"] == "TaskDuration")


def main(numbers: list[int], views: Collection[str]) -> None:
    """One after the other."""
    for number in numbers or [40, 2_000, 20_000]:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "mystyle"
            made(root, number)
            print(f"{number} pictures, in milliseconds", flush=True)
            measure(root, views)


if __name__ == "__main__":
    main([int(n) for n in sys.argv[1:] if n.isdecimal()], [n for n in sys.argv[1:] if not n.isdecimal()])
