"""Pairs of pictures before and after a change, made of any pictures, with and without faults in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

Picture = Image.Image
Pair = tuple[Picture, Picture]  # before, after


def relit(picture: Picture, seed: int) -> Pair:
    """By day and by night: dark and blue, with a lamp somewhere."""
    random = np.random.default_rng(seed)
    wide, high = picture.size
    y, x = np.mgrid[0:high, 0:wide]
    far = np.hypot((x / wide - random.uniform(0.2, 0.8)), (y / high - random.uniform(0.2, 0.8)))
    lamp = np.exp(-((far / 0.35) ** 2))[..., None] * (1.0, 0.8, 0.45)
    pixels = np.asarray(picture, np.float32) / 255
    night = pixels**1.25 * ((0.30, 0.36, 0.52) + 0.75 * lamp)
    return picture, Image.fromarray((night.clip(0, 1) * 255).astype(np.uint8))


def emptied(picture: Picture, seed: int) -> Pair:
    """With a thing in it, and without."""
    random = np.random.default_rng(seed)
    wide, high = picture.size
    across, down = (int(side * random.uniform(0.18, 0.32)) for side in (wide, high))
    left, top = int(random.uniform(0.1, 0.6) * wide), int(random.uniform(0.1, 0.6) * high)
    thing = Image.new("RGB", (across, down), tuple(int(c) for c in random.integers(40, 220, 3)))
    drawn = ImageDraw.Draw(thing)
    for _ in range(30):
        a, b = (tuple(int(n) for n in random.integers(0, (across, down))) for _ in range(2))
        drawn.line([a, b], tuple(int(c) for c in random.integers(0, 256, 3)), int(random.integers(2, 9)))
    hole = Image.new("L", (across, down), 0)
    ImageDraw.Draw(hole).ellipse((0, 0, across - 1, down - 1), fill=255)
    before = picture.copy()
    before.paste(thing, (left, top), hole.filter(ImageFilter.GaussianBlur(1)))
    return before, picture


def painted(picture: Picture, _seed: int) -> Pair:
    """A photo, and the same as a poster with outlines."""
    flat = picture.filter(ImageFilter.MedianFilter(7)).quantize(24, dither=Image.Dither.NONE).convert("RGB")
    flat = ImageEnhance.Color(flat).enhance(1.5).filter(ImageFilter.ModeFilter(5))
    lines = picture.convert("L").filter(ImageFilter.GaussianBlur(1.5)).filter(ImageFilter.FIND_EDGES)
    ink = lines.point(lambda level: 255 - min(255, 5 * max(0, level - 12)))
    return picture, ImageChops.multiply(flat, Image.merge("RGB", (ink, ink, ink)))


CHANGES: dict[str, Callable[[Picture, int], Pair]] = {"relight": relit, "remove": emptied, "style": painted}
ASKED = {
    "relight": ("make it night", "turn day into night", "light it by a lamp in the dark", "show this scene at night",
                "let night fall and one lamp burn"),
    "remove": ("remove the scribbled thing", "take the oval object away", "erase what lies in front of the scene",
               "clear the picture of the coloured oval", "delete the scrawled shape"),
    "style": ("turn it into a poster with outlines", "draw it as a flat poster", "make a screen print of this",
              "repaint it in flat colours with black lines", "convert the photo to a poster"),
}  # fmt: skip


def shifted(before: Picture, after: Picture) -> Pair:
    """What comes after is moved by one and a half hundredths of its side."""
    return before, ImageChops.offset(after, round(0.015 * after.width), round(0.01 * after.height))


def scaled(before: Picture, after: Picture) -> Pair:
    wide, high = after.size
    edge = 0.015
    inner = (round(wide * edge), round(high * edge), round(wide * (1 - edge)), round(high * (1 - edge)))
    return before, after.crop(inner).resize(after.size, Image.Resampling.LANCZOS)


def turned(before: Picture, after: Picture) -> Pair:
    return before, after.rotate(1.2, Image.Resampling.BICUBIC, fillcolor=(90, 90, 90))


def swapped(before: Picture, after: Picture) -> Pair:
    return after, before


def unchanged(before: Picture, _after: Picture) -> Pair:
    return before, before


def tinted(before: Picture, after: Picture) -> Pair:
    """A cast over the whole of what comes after, as a careless conversion leaves."""
    red, green, blue = after.split()
    return before, Image.merge(
        "RGB", (red.point(lambda n: min(255, n + 14)), green, blue.point(lambda n: max(0, n - 12)))
    )


def blurred(before: Picture, after: Picture) -> Pair:
    """What comes after went through something soft, as an autoencoder is."""
    return before, after.filter(ImageFilter.GaussianBlur(2.0))


def smaller(before: Picture, after: Picture) -> Pair:
    return before.resize((before.width // 2, before.height // 2), Image.Resampling.LANCZOS), after


def cropped(before: Picture, after: Picture) -> Pair:
    """What comes before is of another shape."""
    return before.crop((0, 0, round(before.width * 0.8), before.height)), after


FAULTS: dict[str, Callable[[Picture, Picture], Pair]] = {
    "shifted": shifted, "scaled": scaled, "turned": turned, "swapped": swapped, "unchanged": unchanged,
    "tinted": tinted, "blurred": blurred, "smaller": smaller, "cropped": cropped,
}  # fmt: skip


def write(
    root: Path, change: str, pictures: Sequence[Picture], faults: Mapping[int, str] | None = None, quality: int = 93
) -> None:
    """Write control/, target/ and an instruction beside each target. `faults`: number of a pair -> its fault, one of
    FAULTS, "missing" (no control), "mixed" (the control of the next pair) or "squeezed" (saved as a poor JPEG)."""
    faults = faults or {}
    for folder in ("control", "target"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    made = [CHANGES[change](picture, seed) for seed, picture in enumerate(pictures)]
    for n, (before, after) in enumerate(made):
        fault = faults.get(n, "")
        if fault in FAULTS:
            before, after = FAULTS[fault](before, after)
        if fault == "mixed":
            before = made[(n + 1) % len(made)][0].resize(before.size)
        name = f"p{n:02}"
        after.save(root / f"target/{name}.jpg", quality=12 if fault == "squeezed" else quality)
        if fault != "missing":
            before.save(root / f"control/{name}.jpg", quality=quality)
        asked = ASKED[change]
        (root / f"target/{name}.txt").write_text(asked[n % len(asked)], "utf-8")
