"""One scene in several hands: the sketches of examples/paint, finished with tools that have nothing in common."""

from __future__ import annotations

import sys
import zlib

import numpy as np
from PIL import Image as Pillow
from PIL import ImageChops, ImageDraw, ImageFilter

from tests import ROOT

sys.path.insert(0, str(ROOT / "examples"))

from paint import catalogue, strokes
from paint.sketch import Sketch

SCENES = catalogue.SCENES
SHORT = 512  # px of the short side


def sketch(number: int) -> tuple[Sketch, int]:
    """The scene's colours and directions, and a seed of its own."""
    scene = SCENES[number % len(SCENES)]
    seed = zlib.crc32(scene.name.encode())
    scale = SHORT / min(scene.size)
    width, height = (round(side * scale / 2) * 2 for side in scene.size)
    made = Sketch(width, height, seed)
    scene.draw(made)
    return made, seed


def _full(made: Sketch) -> Pillow.Image:
    return made.image.resize(made.size, Pillow.Resampling.BICUBIC)


def oil(made: Sketch, seed: int) -> Pillow.Image:
    return strokes.paint(made, seed)


def inked(made: Sketch, seed: int) -> Pillow.Image:
    """Few flat tones inside black outlines."""
    flat = _full(made).filter(ImageFilter.MedianFilter(7)).quantize(14, dither=Pillow.Dither.NONE).convert("RGB")
    edges = flat.convert("L").filter(ImageFilter.FIND_EDGES).point(lambda v: 255 if v > 9 else 0)
    lines = edges.filter(ImageFilter.MaxFilter(3)).filter(ImageFilter.GaussianBlur(0.8))
    return Pillow.composite(Pillow.new("RGB", flat.size, (15, 12, 18)), flat, lines)


def airbrushed(made: Sketch, seed: int) -> Pillow.Image:
    """Soft gradients and a fine spray."""
    soft = np.asarray(_full(made).filter(ImageFilter.GaussianBlur(5)), np.float64)
    spray = np.random.default_rng(seed).normal(0, 2.5, soft.shape[:2])[..., None]
    return Pillow.fromarray(np.clip(soft + spray, 0, 255).astype(np.uint8))


def hatched(made: Sketch, seed: int) -> Pillow.Image:
    """Graphite lines on paper, closer where it is dark."""
    random = np.random.default_rng(seed)
    tone = np.asarray(_full(made).convert("L"), np.float64) / 255
    paper = Pillow.new("L", made.size, 244)
    pen = ImageDraw.Draw(paper)
    for limit, turn in ((0.82, 0.7), (0.6, -0.75), (0.38, 0.1), (0.2, 1.5)):
        dx, dy = np.cos(turn), np.sin(turn)
        for _ in range(made.size[0] * made.size[1] // 95):
            x, y = random.uniform(0, made.size[0]), random.uniform(0, made.size[1])
            if tone[int(y), int(x)] < limit:
                reach = random.uniform(5, 13)
                ends = [(x - dx * reach, y - dy * reach), (x + dx * reach, y + dy * reach + random.normal(0, 1))]
                pen.line(ends, fill=int(random.uniform(70, 140)), width=1)
    return paper.filter(ImageFilter.GaussianBlur(0.5)).convert("RGB")


def dotted(made: Sketch, seed: int) -> Pillow.Image:
    """Round dabs of unmixed colour."""
    random = np.random.default_rng(seed)
    colours = np.asarray(_full(made), np.float64)
    canvas = Pillow.new("RGB", made.size, (236, 228, 210))
    pen = ImageDraw.Draw(canvas)
    for radius, share in ((6.5, 34), (4.2, 30), (3.2, 26)):
        for _ in range(made.size[0] * made.size[1] // share // 2):
            x, y = random.uniform(0, made.size[0] - 1), random.uniform(0, made.size[1] - 1)
            ink = np.clip(colours[int(y), int(x)] + random.normal(0, 26, 3), 0, 255).astype(int)
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=tuple(ink))
    return canvas.filter(ImageFilter.GaussianBlur(0.6))


def washed(made: Sketch, seed: int) -> Pillow.Image:
    """Watercolour: pale washes that pool at their edges, on rough paper."""
    random = np.random.default_rng(seed)
    soft = _full(made).filter(ImageFilter.MedianFilter(9)).filter(ImageFilter.GaussianBlur(1.5))
    wide = soft.filter(ImageFilter.GaussianBlur(4))
    pool = np.asarray(ImageChops.difference(soft, wide).convert("L"), np.float64)[..., None]
    low = random.normal(0, 1, (made.size[1] // 24 + 2, made.size[0] // 24 + 2))
    bloom = np.asarray(Pillow.fromarray(low).resize(made.size, Pillow.Resampling.BICUBIC))[..., None]
    grain = random.normal(0, 1, (made.size[1], made.size[0]))
    grain = np.asarray(Pillow.fromarray(grain).resize(made.size), np.float64)
    grain = (grain + np.roll(grain, 1, 0) + np.roll(grain, 1, 1))[..., None]
    pale = 255 - (255 - np.asarray(soft, np.float64)) * (0.62 + 0.06 * bloom)
    return Pillow.fromarray(np.clip(pale - 1.4 * pool + 2.2 * grain, 0, 255).astype(np.uint8))


HANDS = {f.__name__: f for f in (oil, inked, airbrushed, hatched, dotted, washed)}


def painted(hand: str, number: int) -> Pillow.Image:
    """Scene `number` by that hand, RGB."""
    made, seed = sketch(number)
    return HANDS[hand](made, seed)
