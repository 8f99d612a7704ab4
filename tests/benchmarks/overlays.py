"""What people lay over pictures, drawn at random: twelve kinds, in any font, size, place, colour and opacity.

Nothing here is drawn with what loraprep knows of overlays; fonts are those of Debian packages, of which one half is for
the set to develop on and the other for the one that is looked at once.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path

from PIL import Image as Pillow
from PIL import ImageDraw, ImageFilter, ImageFont

from tests.benchmarks.sources import FONTS

Picture = Pillow.Image
_WORDS = (
    "studio mara", "www.example.org", "sample", "preview", "(c) 2019 A. Winter", "DeviantPix", "Not for sale",
    "lena.draws", "proof copy", "patreon.com/ink", "Northern Light Photo", "@quietfox", "Gallery 12", "stock-id 448812",
    "BETA", "all rights reserved", "Ilse K.", "mocha",
)  # fmt: skip
_LONG = ("the river was late this year", "buy prints at our shop", "join us on sunday", "chapter one: the harbour",
         "no reposts, no edits", "thank you for 10,000 followers")  # fmt: skip


@cache
def fonts(root: Path, part: str) -> tuple[Path, ...]:
    """Fonts with Latin letters below the root: the part's own, or by the digest of their name for one or the other."""
    own: dict[str, set[Path]] = {
        name: {f for folder in folders for f in root.glob(f"usr/share/fonts/*/{folder}/**/*.[ot]tf")}
        for name, folders in FONTS.items()
    }
    others = {*(root / "usr/share").rglob("*.ttf")} - set().union(*own.values()) if part not in own else set[Path]()
    found = {f.name: f for f in sorted(own.get(part, others))}
    chosen = []
    for name, file in sorted(found.items()):
        first = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 2 == 0
        if part in own or first == (part in ("develop", "second", "fourth")):
            try:
                font = ImageFont.truetype(str(file), 40)
                wide, narrow = font.getlength("mmm"), font.getlength("iii")
            except (OSError, ValueError):
                continue
            if wide > 40 and narrow > 10 and font.getmask("a").getbbox() != font.getmask("b").getbbox():
                chosen.append(file)
    return tuple(chosen)


class Pen:
    """Draws one overlay at a time; whatever is not given is at random."""

    def __init__(self, root: Path, part: str, chance: random.Random) -> None:
        self.chance, self._fonts = chance, fonts(root, part)

    def font(self, size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
        if not self._fonts:
            return ImageFont.load_default(max(8, size))
        return ImageFont.truetype(str(self.chance.choice(self._fonts)), max(8, round(size)))

    def text(self, words: str, width: float, wide: int, stroke: int = 0) -> Picture:
        """Mode L: letters that are `width` of the picture's `wide` pixels wide."""
        font = self.font(40)
        length = max(1.0, font.getlength(words))
        if isinstance(font, ImageFont.FreeTypeFont):
            font = font.font_variant(size=max(9, round(40 * width * wide / length)))
        left, top, right, bottom = (round(v) for v in font.getbbox(words, stroke_width=stroke))
        sheet = Pillow.new("L", (max(1, right - left + 4), max(1, bottom - top + 4)), 0)
        ImageDraw.Draw(sheet).text((2 - left, 2 - top), words, fill=255, font=font, stroke_width=stroke)
        return sheet

    def place(self, picture: Picture, mask: Picture) -> tuple[int, int]:
        """Mostly in a corner or along the lower edge, sometimes anywhere."""
        c, free = self.chance, (max(0, picture.width - mask.width), max(0, picture.height - mask.height))
        if c.random() < 0.3:
            return c.randint(0, free[0]), c.randint(0, free[1])
        x, y = c.choice((0.03, 0.5, 0.97)), c.choice((0.03, 0.97, 0.97))
        return round(x * free[0]), round(y * free[1])

    def laid(self, picture: Picture, mask: Picture, at: tuple[int, int], colour: str | tuple[int, ...], alpha: float) -> Picture:  # fmt: skip
        sheet = Pillow.new("L", picture.size, 0)
        sheet.paste(mask.point(lambda v: round(v * alpha)), at)
        return Pillow.composite(Pillow.new("RGB", picture.size, colour), picture, sheet)

    def words(self) -> str:
        return self.chance.choice(_WORDS)


def lettering(p: Picture, pen: Pen) -> Picture:
    c = pen.chance
    mask = pen.text(pen.words(), c.uniform(0.15, 0.6), p.width)
    return pen.laid(p, mask, pen.place(p, mask), c.choice(("white", "#f4f0e0", "black", "#dddddd")), c.uniform(0.4, 1))


def pale(p: Picture, pen: Pen) -> Picture:
    mask = pen.text(pen.words(), pen.chance.uniform(0.3, 0.9), p.width)
    return pen.laid(p, mask, pen.place(p, mask), "white", pen.chance.uniform(0.18, 0.4))


def dark(p: Picture, pen: Pen) -> Picture:
    mask = pen.text(pen.words(), pen.chance.uniform(0.2, 0.7), p.width)
    return pen.laid(p, mask, pen.place(p, mask), pen.chance.choice(("black", "#202020", "#101840")), pen.chance.uniform(0.3, 1))  # fmt: skip


def outlined(p: Picture, pen: Pen) -> Picture:
    c, words, width = pen.chance, pen.words(), pen.chance.uniform(0.2, 0.8)
    state = c.getstate()
    wide = pen.text(words, width, p.width, stroke=max(1, p.width // 250))
    c.setstate(state)
    thin = pen.text(words, width, p.width)
    at = pen.place(p, wide)
    dx, dy = (wide.width - thin.width) // 2, (wide.height - thin.height) // 2
    first, second = c.choice((("black", "white"), ("white", "black"), ("#7a1010", "#ffe9a0")))
    return pen.laid(pen.laid(p, wide, at, first, 1), thin, (at[0] + dx, at[1] + dy), second, 1)


def shadowed(p: Picture, pen: Pen) -> Picture:
    c = pen.chance
    mask = pen.text(pen.words(), c.uniform(0.2, 0.8), p.width)
    at, off = pen.place(p, mask), max(2, p.width // 200)
    soft = Pillow.new("L", (mask.width + 6 * off, mask.height + 6 * off), 0)
    soft.paste(mask, (3 * off, 3 * off))
    soft = soft.filter(ImageFilter.GaussianBlur(off / 2))
    shaded = pen.laid(p, soft, (at[0] - 2 * off, at[1] - 2 * off), "black", c.uniform(0.5, 0.8))
    return pen.laid(shaded, mask, at, c.choice(("white", "#ffe36e")), c.uniform(0.7, 1))


def coloured(p: Picture, pen: Pen) -> Picture:
    c = pen.chance
    mask = pen.text(pen.words(), c.uniform(0.2, 0.7), p.width)
    colour = tuple(c.choice((20, 60, 200, 240)) for _ in range(3))
    return pen.laid(p, mask, pen.place(p, mask), colour, c.uniform(0.45, 1))


def date_stamp(p: Picture, pen: Pen) -> Picture:
    c = pen.chance
    words = f"{c.randint(1, 28):02} {c.randint(1, 12):02} '{c.randint(0, 99):02}" + (f" {c.randint(0, 23)}:{c.randint(10, 59)}" if c.random() < 0.5 else "")  # fmt: skip
    mask = pen.text(words, c.uniform(0.12, 0.28), p.width)
    at = (round(0.95 * (p.width - mask.width)), round(0.95 * (p.height - mask.height)))
    return pen.laid(p, mask, at, c.choice(("#ff8a1e", "#ffb347", "#ff5522", "#f5f5f5")), c.uniform(0.75, 1))


def signature(p: Picture, pen: Pen) -> Picture:
    """A line of loops, as a pen draws them."""
    c = pen.chance
    wide = p.width * c.uniform(0.1, 0.28)
    high, loops = wide * c.uniform(0.25, 0.45), c.randint(3, 7)
    tall = [c.uniform(0.3, 1) for _ in range(loops + 1)]
    points = []
    for n in range(60 * loops):
        t = n / 60
        size = tall[int(t)] * (1 - t % 1) + tall[int(t) + 1] * (t % 1)
        x = wide * t / loops + high * 0.25 * math.sin(2 * math.pi * t)
        points.append((x + high * 0.3, high * (0.5 + 0.45 * size * math.cos(2 * math.pi * t))))
    sheet = Pillow.new("L", (round(wide + high), round(high * 1.1)), 0)
    ImageDraw.Draw(sheet).line(points, fill=255, width=max(2, round(p.width * c.uniform(0.003, 0.006))), joint="curve")
    return pen.laid(
        p, sheet, pen.place(p, sheet), c.choice(("black", "white", "#501818", "#182850")), c.uniform(0.6, 1)
    )


def logo(p: Picture, pen: Pen) -> Picture:
    """A ring or a shield with letters in it or beside it."""
    c = pen.chance
    side = round(p.width * c.uniform(0.08, 0.2))
    sheet = Pillow.new("L", (side, side), 0)
    draw = ImageDraw.Draw(sheet)
    line = max(2, side // 14)
    if c.random() < 0.5:
        draw.ellipse((1, 1, side - 2, side - 2), outline=255, width=line)
    else:
        draw.regular_polygon((side / 2, side / 2, side / 2 - 1), c.choice((3, 4, 6)), outline=255, width=line)
    letters = pen.text(c.choice(("M", "AW", "Fx", "K&S", "9")), 0.5, side)
    letters.thumbnail((side // 2, side // 2))
    sheet.paste(255, ((side - letters.width) // 2, (side - letters.height) // 2), letters)
    if c.random() < 0.5:
        name = pen.text(pen.words(), 2.2, side)
        both = Pillow.new("L", (side + name.width + line, max(side, name.height)), 0)
        both.paste(sheet, (0, (both.height - side) // 2))
        both.paste(name, (side + line, (both.height - name.height) // 2))
        sheet = both
    return pen.laid(
        p, sheet, pen.place(p, sheet), c.choice(("white", "black", "#d02030", "#2060c0")), c.uniform(0.4, 1)
    )


def tiled(p: Picture, pen: Pen) -> Picture:
    c = pen.chance
    mask = pen.text(pen.words(), c.uniform(0.14, 0.3), p.width)
    if c.random() < 0.5:
        mask = mask.rotate(c.choice((30, -30, 45)), expand=True)
    sheet = Pillow.new("L", p.size, 0)
    stepx, stepy = round(mask.width * c.uniform(1.1, 1.6)), round(mask.height * c.uniform(1.3, 3))
    for row, y in enumerate(range(-mask.height // 2, p.height, stepy)):
        for x in range(-(row % 2) * stepx // 2, p.width, stepx):
            sheet.paste(mask, (x, y))
    return pen.laid(p, sheet, (0, 0), c.choice(("white", "white", "black")), c.uniform(0.15, 0.45))


def diagonal(p: Picture, pen: Pen) -> Picture:
    c = pen.chance
    mask = pen.text(pen.words(), c.uniform(0.6, 1.0), p.width).rotate(c.choice((25, 35, 45, -35)), Pillow.Resampling.BICUBIC, expand=True)  # fmt: skip
    at = (p.width - mask.width) // 2, (p.height - mask.height) // 2
    return pen.laid(p, mask, at, c.choice(("white", "white", "#808080", "black")), c.uniform(0.2, 0.6))


def several_lines(p: Picture, pen: Pen) -> Picture:
    c = pen.chance
    font, lines = pen.font(p.width * c.uniform(0.025, 0.05)), c.sample(_LONG, c.randint(2, 4))
    sheet = Pillow.new("L", p.size, 0)
    draw = ImageDraw.Draw(sheet)
    left, top, right, bottom = (round(v) for v in draw.multiline_textbbox((0, 0), "\n".join(lines), font=font))
    mask = Pillow.new("L", (right - left, bottom - top), 0)
    ImageDraw.Draw(mask).multiline_text((-left, -top), "\n".join(lines), fill=255, font=font, align="center")
    mask = mask.crop((0, 0, min(mask.width, p.width), min(mask.height, p.height)))
    return pen.laid(p, mask, pen.place(p, mask), c.choice(("white", "black", "#ffe36e")), c.uniform(0.6, 1))


OVERLAYS: dict[str, Callable[[Picture, Pen], Picture]] = {
    "lettering": lettering,
    "signature": signature,
    "logo": logo,
    "date stamp": date_stamp,
    "tiled": tiled,
    "diagonal": diagonal,
    "pale": pale,
    "dark": dark,
    "outlined": outlined,
    "shadowed": shadowed,
    "coloured": coloured,
    "several lines": several_lines,
}
