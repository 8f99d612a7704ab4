"""How many panels of strips are found, and how often something that is no strip is taken for one:

    python -m tests.benchmarks.strips [--root DIR] [--part develop|report|held] [--strips N] [--clean N] [--sheet FILE]

Strips are put together by script from pictures of Debian packages, parted by whole sources
(`tests/benchmarks/sources.py`): the gutters' colour, width and layout by chance, some panels round, half of the strips
saved as JPEG. A panel is found if one of the boxes told covers it with an IoU of 0.9. Plain pictures come from the same
packages; `MIMICS` draws what looks parted and is not.
"""

from __future__ import annotations

import argparse
import io
import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageColor, ImageDraw, ImageOps

from loraprep.carried.pieces import looked
from loraprep.imaging import reduction
from loraprep.imaging.gutters import Box, likely
from tests.benchmarks.lettering import ROOT, pictures
from tests.benchmarks.overlays import Picture
from tests.benchmarks.pictures import contact_sheet

CLOSE = 0.9  # IoU
GUTTERS = {
    "white": ("#ffffff", (0.012, 0.03)),
    "black": ("#000000", (0.012, 0.03)),
    "coloured": ("", (0.012, 0.03)),
    "thin": ("#ffffff", (0.003, 0.006)),
    "thick": ("#f6f2e8", (0.05, 0.09)),
    "none": ("#ffffff", (0.0, 0.0)),
}
LAYOUTS = ("grid", "uneven", "nested", "webtoon", "sheet")


def _split(box: Box, shares: Sequence[float], gap: int, *, down: bool) -> list[Box]:
    """Part a box along one side, with gaps between the parts."""
    start, end = (box.top, box.bottom) if down else (box.left, box.right)
    room = end - start - gap * (len(shares) - 1)
    parts, at = [], float(start)
    for share in shares:
        a, b = round(at), round(at + room * share / sum(shares))
        parts.append(Box(box.left, a, box.right, b) if down else Box(a, box.top, b, box.bottom))
        at += room * share / sum(shares) + gap
    return parts


def layout(name: str, c: random.Random, gap: int, margin: int) -> tuple[tuple[int, int], list[Box]]:
    """Return the size of a page, and where its panels lie."""
    if name == "webtoon":
        wide, many = 800, c.randint(3, 6)
        size = wide, sum(heights := [c.randint(500, 1200) for _ in range(many)]) + gap * (many - 1) + 2 * margin
        return size, _split(Box(margin, margin, wide - margin, size[1] - margin), heights, gap, down=True)
    size = c.choice(((1600, 2200), (2400, 1700), (1500, 1500)))
    page = Box(margin, margin, size[0] - margin, size[1] - margin)
    if name in ("grid", "sheet"):
        rows, columns = (c.randint(3, 4), c.randint(3, 4)) if name == "sheet" else (c.randint(1, 3), c.randint(2, 3))
        lines = _split(page, [1] * rows, gap, down=True)
        return size, [box for line in lines for box in _split(line, [1] * columns, gap, down=False)]
    lines = _split(page, [c.uniform(0.7, 1.4) for _ in range(c.randint(2, 3))], gap, down=True)
    found = []
    for line in lines:
        for part in _split(line, [c.uniform(0.6, 1.6) for _ in range(c.randint(1, 3))], gap, down=False):
            inner = name == "nested" and part.right - part.left > 500 and c.random() < 0.5
            found += _split(part, [c.uniform(0.8, 1.2), 1], gap, down=True) if inner else [part]
    return size, found


def _pale(panel: Picture, colour: str) -> bool:
    """Say whether a picture ends nowhere on a gutter of that colour: nobody could tell where, without an outline."""
    near = np.abs(np.asarray(panel).astype(int) - ImageColor.getrgb(colour)[:3]).max(axis=2) <= 24
    return max(float(side.mean()) for side in (near[0], near[-1], near[:, 0], near[:, -1])) > 0.3


def strip(of: Sequence[Picture], gutter: str, kind: str, c: random.Random) -> tuple[Picture, list[Box]]:
    """Put a strip together."""
    colour, (least, most) = GUTTERS[gutter]
    colour = colour or c.choice(("#203050", "#7a1f2b", "#e8c860", "#3a5a40", "#808080"))
    gap = round(1600 * c.uniform(least, most))
    margin = c.choice((0, gap, 2 * gap))
    size, boxes = layout(kind, c, gap, margin)
    page = Pillow.new("RGB", size, colour)
    ink = "white" if ImageColor.getcolor(colour, "L") < 64 else "black"
    outline, radius = c.choice((0, 0, 3, 5)), c.choice((0, 0, 0, 12, 30)) if gap else 0
    for box, picture in zip(boxes, c.sample(list(of), len(boxes)), strict=True):
        wide, high = box.right - box.left, box.bottom - box.top
        panel = ImageOps.fit(picture, (wide, high))
        if outline or _pale(panel, colour):
            ImageDraw.Draw(panel).rounded_rectangle((0, 0, wide - 1, high - 1), radius, outline=ink, width=outline or 3)
        shape = Pillow.new("L", (wide, high), 0)
        ImageDraw.Draw(shape).rounded_rectangle((0, 0, wide - 1, high - 1), radius, fill=255)
        page.paste(panel, (box.left, box.top), shape)
    if c.random() < 0.5:
        out = io.BytesIO()
        page.save(out, "JPEG", quality=c.choice((80, 90, 95)))
        page = Pillow.open(out).convert("RGB")
    return page, boxes


def window(c: random.Random) -> Picture:
    """Draw a window with bars, panes of one colour or with light falling in, and a grid of such windows."""
    page = Pillow.new("RGB", (1200, 1400), c.choice(("#b07040", "#d8d8d8", "#ffffff")))
    pen, many = ImageDraw.Draw(page), c.choice((2, 3, 5))
    for box in (b for line in _split(Box(60, 60, 1140, 1340), [1] * many, 40, down=True)
                for b in _split(line, [1] * c.choice((2, 3)), 40, down=False)):  # fmt: skip
        for y in range(box.top, box.bottom):
            light = (y - box.top) / (box.bottom - box.top)
            pen.line((box.left, y, box.right, y), (round(90 + 80 * light), round(150 + 60 * light), 230))
        pen.polygon(((box.left, box.bottom), (box.left + 60, box.bottom), (box.left, box.bottom - 90)), fill="#ffffff")
    return page


def chessboard(c: random.Random) -> Picture:
    """Draw a board, with lines between its squares at times."""
    page = Pillow.new("RGB", (1200, 1200), "#301808")
    pen, gap = ImageDraw.Draw(page), c.choice((0, 6, 16))
    for n in range(64):
        x, y = n % 8 * 150, n // 8 * 150
        pen.rectangle((x + gap, y + gap, x + 150 - gap, y + 150 - gap), ("#e8d0a0", "#704020")[(x + y) // 150 % 2])
        if c.random() < 0.4:
            pen.ellipse((x + 40, y + 40, x + 110, y + 110), c.choice(("white", "black")), "#808080", 4)
    return page


def bookcase(c: random.Random) -> Picture:
    """Draw shelves of one colour with books on them, some of the height of a shelf."""
    page = Pillow.new("RGB", (1100, 1500), "#8a5a30")
    pen = ImageDraw.Draw(page)
    for box in _split(Box(40, 40, 1060, 1460), [1] * c.randint(3, 5), 40, down=True):
        pen.rectangle(box, "#3a2414")
        x = box.left + 4
        while x < box.right - 60:
            wide = c.randint(20, 60)
            top = box.top + c.randint(10, 90)
            pen.rectangle((x, top, x + wide, box.bottom), tuple(c.randint(40, 220) for _ in range(3)))
            pen.line((x, top + 30, x + wide, top + 30), "#f0e0a0", 3)
            x += wide + c.choice((1, 2, 2, 12))
    return page


def sky(c: random.Random) -> Picture:
    """Draw a land under a sky of one colour, bars of cloud in it."""
    page = Pillow.new("RGB", (1600, 1000), "#a8c8f0")
    pen = ImageDraw.Draw(page)
    for y in range(650, 1000):
        pen.line((0, y, 1600, y), (60, 90 + (y - 650) // 4, 40))
    for _ in range(5):
        x, y = c.randint(0, 1200), c.randint(40, 500)
        pen.rounded_rectangle((x, y, x + 350, y + 40), 20, "white")
    for _ in range(400):
        x, y = c.randint(0, 1600), c.randint(660, 1000)
        pen.line((x, y, x + 4, y - 12), "#204010", 2)
    return page


MIMICS: dict[str, Callable[[random.Random], Picture]] = {
    "windows": window,
    "chessboards": chessboard,
    "bookcases": bookcase,
    "skies": sky,
}


def _iou(a: Sequence[float], b: Sequence[float]) -> float:
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    both = max(0, wide) * max(0, high)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def told(page: Picture) -> list[tuple[float, ...]]:
    """Return the panels that are told of a page, in its px, after the same quick look at it reduced as in a run."""
    wide, high = page.size
    kept = reduction.packed(page)
    if not likely(np.asarray(reduction.unpacked(kept) if kept else page)):
        return []
    return [(a * wide, b * high, c * wide, d * high) for a, b, c, d in looked(np.asarray(page))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--part", choices=("develop", "report", "held"), default="report")
    parser.add_argument("--strips", type=int, default=8, help="of each gutter and layout")
    parser.add_argument("--clean", type=int, default=400)
    parser.add_argument("--sheet", type=Path)
    given = parser.parse_args()
    plain = list(pictures(given.root, given.part, given.clean))
    clock, looks = time.process_time(), 0
    cries = [(path, picture) for path, picture in plain if told(picture)]
    looks = len(plain)
    per = (time.process_time() - clock) / max(1, looks)
    away = {path for path, _ in cries}  # a panel that is a strip itself shows nothing
    of = [picture for path, picture in plain if path not in away]
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for gutter in GUTTERS:
        for kind in LAYOUTS:
            chance = random.Random(f"{gutter} {kind} {given.part}")
            for _ in range(given.strips):
                page, boxes = strip(of, gutter, kind, chance)
                found = told(page)
                right = sum(any(_iou(box, one) >= CLOSE for one in found) for box in boxes)
                for name in (
                    gutter,
                    *([kind] if gutter != "none" else []),
                    *(["all but none"] if gutter != "none" else []),
                ):
                    for n, more in enumerate((1, len(boxes), right, len(found) - min(right, len(found)))):
                        sums[name][n] += more
    for name, (pages, boxes, right, others) in sums.items():
        print(f"{name}: {pages} strips, {right} of {boxes} panels ({right / boxes:.3f}), {others} other boxes")
    for name, draw in MIMICS.items():
        chance = random.Random(name)
        print(f"{name}: {sum(bool(told(draw(chance))) for _ in range(20))} of 20 named")
    print(f"plain: {len(plain)}, {len(cries)} named; {per:.3f} s a picture")
    for path, _ in cries:
        print(f"  {path}")
    if given.sheet:
        for _, picture in cries:
            for box in told(picture):
                ImageDraw.Draw(picture).rectangle(box, outline="red", width=max(2, max(picture.size) // 150))
        contact_sheet(given.sheet, cries)


if __name__ == "__main__":
    main()
