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


def wintry(picture: Picture, seed: int) -> Pair:
    """By summer and in winter: greens are gone, what is light lies under snow."""
    random = np.random.default_rng(seed + 500)
    pixels = np.asarray(picture, np.float32) / 255
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    grey = pixels @ np.array([0.3, 0.59, 0.11], np.float32)
    leaves = 4 * (green - np.maximum(red, blue)) + 0.5 * np.clip(1.5 * (red - blue), 0, 1)
    gone = 0.8 * np.clip(leaves, 0, 1)[..., None]
    snow = (np.clip(1.8 * (grey - 0.35), 0, 1) * random.uniform(0.35, 0.6))[..., None]
    cold = (pixels * (1 - gone) + grey[..., None] * gone) * (1 - snow) + snow * (0.93, 0.95, 1.0)
    return picture, Image.fromarray(((cold * (0.95, 0.98, 1.04)).clip(0, 1) * 255).astype(np.uint8))


def added(picture: Picture, seed: int) -> Pair:
    """Without a balloon, and with one."""
    random = np.random.default_rng(seed + 900)
    wide, high = picture.size
    side = int(min(wide, high) * random.uniform(0.15, 0.3))
    left, top = int(random.uniform(0.05, 0.65) * wide), int(random.uniform(0.05, 0.6) * high)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    light = np.clip(1 - 0.6 * np.hypot(x + 0.35, y + 0.4), 0.25, 1)[..., None]
    ball = Image.fromarray((light * ((200, 40, 50), (40, 90, 200))[seed % 2]).astype(np.uint8))
    round_ = Image.fromarray(((np.hypot(x, y) < 1) * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1))
    after = picture.copy()
    after.paste(ball, (left, top), round_)
    under = left + side // 2
    string = [(under, top + side), (under + int(random.uniform(-20, 20)), min(high - 1, top + 2 * side))]
    ImageDraw.Draw(after).line(string, (30, 30, 30), 3)
    return picture, after


def restored(picture: Picture, seed: int) -> Pair:
    """A soft, brown and scratched print, and what it was taken of."""
    random = np.random.default_rng(seed + 1300)
    pixels = np.asarray(picture.filter(ImageFilter.GaussianBlur(1.8)), np.float32)
    faded = (0.62 * (pixels @ np.array([0.3, 0.59, 0.11], np.float32)) + 60)[..., None] * (1.07, 0.95, 0.76)
    grain = random.normal(0, 7, pixels.shape[:2])[..., None]
    old = Image.fromarray((0.85 * faded + 0.15 * pixels + grain).clip(0, 255).astype(np.uint8))
    drawn = ImageDraw.Draw(old)
    for _ in range(8):
        x = int(random.uniform(0, old.width))
        ends = (int(random.uniform(*part) * old.height) for part in ((0, 0.4), (0.5, 1)))
        drawn.line([(x, next(ends)), (x + int(random.uniform(-30, 30)), next(ends))], (225, 215, 190), 2)
    return old, picture


CHANGES: dict[str, Callable[[Picture, int], Pair]] = {"relight": relit, "remove": emptied, "style": painted}
# on which no limit was set
OTHERS: dict[str, Callable[[Picture, int], Pair]] = {"winter": wintry, "add": added, "restore": restored}
ASKED = {
    "relight": ("make it night", "turn day into night", "light it by a lamp in the dark", "show this scene at night",
                "let night fall and one lamp burn"),
    "remove": ("remove the scribbled thing", "take the oval object away", "erase what lies in front of the scene",
               "clear the picture of the coloured oval", "delete the scrawled shape"),
    "style": ("turn it into a poster with outlines", "draw it as a flat poster", "make a screen print of this",
              "repaint it in flat colours with black lines", "convert the photo to a poster"),
    "winter": ("make it winter", "cover the land with snow", "show this place in January", "let it snow here",
               "turn summer into winter"),
    "add": ("add a balloon", "let a balloon fly into the scene", "put a shiny balloon on a string here",
            "place one balloon anywhere", "insert a toy balloon"),
    "restore": ("restore this old photo", "repair the faded print", "bring back colours and remove scratches",
                "make the old photograph new", "colorize and clean this picture"),
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
    made = [{**CHANGES, **OTHERS}[change](picture, seed) for seed, picture in enumerate(pictures)]
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
