"""How often bars and frames at the sides are seen, how well their box is told, and how often where none are:

    python -m tests.benchmarks.bars [--root DIR] [--part PART] [--planted N] [--clean N] [--sheet FILE]

Pictures come from Debian packages, parted by whole sources (`tests/benchmarks/sources.py`). A box is right if none of
its sides is off by more than a hundredth of the picture's, as the eye would forgive. In `TRUE` stand the sound pictures
that have a frame or bars of their own, as judged by eye on a sheet of all that was found (`--sheet`).
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
from PIL import Image as Pillow
from PIL import ImageColor, ImageDraw

from loraprep.imaging import display, facts
from loraprep.project import schema
from tests.benchmarks.lettering import ROOT, pictures
from tests.benchmarks.overlays import Picture
from tests.benchmarks.pictures import contact_sheet
from tests.benchmarks.sources import Part

LEAST = schema.with_defaults({}, "project")["thresholds"]["audit"]["border"]
CLOSE = 0.01  # share of the side
_CLIPART = "usr/share/openclipart/png"
TRUE = frozenset(
    {
        f"{_CLIPART}/signs_and_symbols/flags/america/saint_vincent_and_the_grenadines.png",
        f"{_CLIPART}/signs_and_symbols/flags/asia/israeli_flag_anonymous_01.png",
        f"{_CLIPART}/signs_and_symbols/flags/asia/pakistani_official_flag_01.png",
        f"{_CLIPART}/signs_and_symbols/flags/historic/china_historic.png",
        f"{_CLIPART}/signs_and_symbols/map_symbols/aiga_baggage_check_in1.png",
        f"{_CLIPART}/transportation/aiga-symbols/aiga_coffee_shop1.png",
        f"{_CLIPART}/transportation/aiga-symbols/aiga_up_arrow1.png",
        f"{_CLIPART}/signs_and_symbols/flags/america/belize.png",
        f"{_CLIPART}/signs_and_symbols/flags/asia/taiwan.png",
        f"{_CLIPART}/transportation/aiga-symbols/aiga_cashier1.png",
        f"{_CLIPART}/transportation/aiga-symbols/aiga_nursery1.png",
        f"{_CLIPART}/transportation/shelby_cobra_blueprint_i_01.png",
        "usr/share/games/freeorion/default/data/art/splash.png",
        "usr/share/gimp/2.0/help/en/images/filters/render/ifscompose2.png",
        "usr/share/stellarium/nebulae/default/darkshark-vasey.png",
    }
)

Shares = tuple[float, float, float, float]
_DARK, _ANY = ("black", "#0a0a0a", "#1c1c1c"), ("black", "white", "#202020", "#f3f0e8", "#203050", "#b0b0b0")


def _padded(p: Picture, sides: Shares, colour: str, noise: float = 0.0, seed: int = 0) -> tuple[Picture, Shares]:
    left, top, right, bottom = (round(s * side) for s, side in zip(sides, p.size * 2, strict=True))
    whole = Pillow.new("RGB", (p.width + left + right, p.height + top + bottom), colour)
    if noise:
        grain = np.random.default_rng(seed).normal(0, noise, (whole.height, whole.width, 1))
        whole = Pillow.fromarray((np.asarray(whole) + grain).clip(0, 255).astype(np.uint8))
    whole.paste(p, (left, top))
    return whole, (left / whole.width, top / whole.height, right / whole.width, bottom / whole.height)


def letterbox(p: Picture, c: random.Random) -> tuple[Picture, Shares]:
    """As films on a television: above and below, black or nearly."""
    wide = c.uniform(0.04, 0.22)
    return _padded(p, (0, wide, 0, wide), c.choice(_DARK), noise=c.choice((0, 1)), seed=c.randint(0, 9999))


def pillarbox(p: Picture, c: random.Random) -> tuple[Picture, Shares]:
    """At both sides, in any colour."""
    wide = c.uniform(0.04, 0.25)
    return _padded(p, (wide, 0, wide, 0), c.choice(_ANY))


def frame(p: Picture, c: random.Random) -> tuple[Picture, Shares]:
    """All around, as pages of albums have it."""
    wide = c.uniform(0.02, 0.1)
    side = p.width / p.height
    return _padded(p, (wide, wide * side, wide, wide * side), c.choice(_ANY))


def scanned(p: Picture, c: random.Random) -> tuple[Picture, Shares]:
    """Paper around a scan: not quite one colour, nor as wide on each side."""
    sides = tuple(c.uniform(0.02, 0.09) for _ in range(4))
    return _padded(
        p, sides, c.choice(("#f4f2ec", "#e8e6e0", "#fbfbfb")), noise=c.uniform(0.5, 2), seed=c.randint(0, 9999)
    )  # type: ignore[arg-type]


def _seen(p: Picture, colours: Sequence[str], c: random.Random) -> str:
    """One of the colours that the picture's upper and lower edge are not of, if there is one."""
    edges = np.asarray(p)[[0, -1]].astype(int)
    unlike = [n for n in colours if (abs(edges - ImageColor.getrgb(n)).max(axis=2) > 40).mean(axis=1).min() > 0.9]
    return c.choice(unlike or list(colours))


def screenshot(p: Picture, c: random.Random) -> tuple[Picture, Shares]:
    """A telephone's bars, above and below, with a clock and buttons in them."""
    top, bottom, colour = (
        c.uniform(0.04, 0.07),
        c.uniform(0.05, 0.09),
        _seen(p, ("black", "white", "#202124", "#e8eaed"), c),
    )
    whole, sides = _padded(p, (0, top, 0, bottom), colour)
    draw, ink = ImageDraw.Draw(whole), "white" if colour in ("black", "#202124") else "#404040"
    high = sides[1] * whole.height
    draw.text(
        (0.04 * whole.width, 0.25 * high),
        f"{c.randint(0, 23)}:{c.randint(10, 59)}",
        ink,
        font_size=max(8, round(high / 2)),
    )
    for n in range(3):
        x, y, r = whole.width * (0.85 + 0.05 * n), high / 2, high / 6
        draw.ellipse((x - r, y - r, x + r, y + r), fill=ink)
        x, y = whole.width * (0.25 + 0.25 * n), whole.height * (1 - sides[3] / 2)
        draw.rectangle((x - r, y - r, x + r, y + r), outline=ink, width=2)
    return whole, sides


def viewer(p: Picture, c: random.Random) -> tuple[Picture, Shares]:
    """A gallery's bars: a name and an arrow above, signs of one row below."""
    top, bottom, colour = (
        c.uniform(0.05, 0.12),
        c.uniform(0.05, 0.12),
        _seen(p, ("black", "white", "#1b1b1f", "#f2f2f7", "#3b5c8a"), c),
    )
    whole, sides = _padded(p, (0, top, 0, bottom), colour)
    draw, ink = (
        ImageDraw.Draw(whole),
        c.choice(("white", "#c0c0c8")) if colour in ("black", "#1b1b1f", "#3b5c8a") else "#303038",
    )
    high, low = sides[1] * whole.height, sides[3] * whole.height
    draw.line(
        [(0.06 * whole.width, 0.3 * high), (0.03 * whole.width, 0.5 * high), (0.06 * whole.width, 0.7 * high)], ink, 3
    )
    said = c.choice(("IMG_2041.JPG", "Yesterday 18:04", "12 of 340", "Camera"))
    draw.text((c.choice((0.1, 0.4)) * whole.width, 0.3 * high), said, ink, font_size=max(9, round(0.4 * high)))
    for n in range(c.randint(3, 5)):
        x, y, r = whole.width * (0.12 + 0.19 * n), whole.height - low / 2, low * c.uniform(0.15, 0.25)
        c.choice((draw.ellipse, draw.rectangle))((x - r, y - r, x + r, y + r), outline=ink, width=max(1, round(r / 4)))
    return whole, sides


def browser(p: Picture, c: random.Random) -> tuple[Picture, Shares]:
    """A browser's tabs and address above, and nothing below."""
    top = c.uniform(0.07, 0.14)
    styles = {
        "white": ("#dee1e6", "#404040"),
        "#35363a": ("#202124", "#e0e0e0"),
        "#f9f9fb": ("#f0f0f4", "#15141a"),
        "#2b5797": ("#1e3f6f", "white"),
    }
    bar = _seen(p, list(styles), c)
    strip, ink = styles[bar]
    whole, sides = _padded(p, (0, top, 0, 0), bar)
    draw, high = ImageDraw.Draw(whole), sides[1] * whole.height
    draw.rectangle((0, 0, whole.width, 0.45 * high), fill=strip)
    draw.rectangle((0.02 * whole.width, 0.1 * high, 0.3 * whole.width, 0.45 * high), fill=bar)
    size = max(8, round(0.22 * high))
    draw.text((0.04 * whole.width, 0.16 * high), "Pictures - page 3", ink, font_size=size)
    draw.rounded_rectangle((0.14 * whole.width, 0.54 * high, 0.82 * whole.width, 0.9 * high), 0.15 * high, fill=strip)
    draw.text((0.17 * whole.width, 0.6 * high), "example.org/gallery/3", ink, font_size=size)
    for n in range(3):
        x, y, r = whole.width * (0.03 + 0.04 * n), 0.72 * high, 0.09 * high
        draw.line([(x + r, y - r), (x, y), (x + r, y + r)], ink, 2)
    return whole, sides


PLANTED: dict[str, Callable[[Picture, random.Random], tuple[Picture, Shares]]] = {
    "letterbox": letterbox,
    "pillarbox": pillarbox,
    "frame": frame,
    "scanned": scanned,
    "screenshot": screenshot,
    "viewer": viewer,
    "browser": browser,
}


def border(picture: Picture) -> Shares:
    """What the scan tells of it, which looks at it halved."""
    return facts.pixel_facts(display.halved(picture, facts.SIDE)).border


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--part", choices=get_args(Part), default="report")
    parser.add_argument("--planted", type=int, default=40, help="pictures of each kind")
    parser.add_argument("--clean", type=int, default=500)
    parser.add_argument("--sheet", type=Path)
    given = parser.parse_args()
    base = [p for p in pictures(given.root, given.part, given.clean) if p[0] not in TRUE]
    sound = [p for p in base if max(border(p[1])) < LEAST]  # one that has bars already shows nothing
    clock = time.process_time()
    for name, plant in PLANTED.items():
        found = right = 0
        chance = random.Random(name)
        mine = chance.sample(sound, min(given.planted, len(sound)))
        for _, picture in mine:
            made, wanted = plant(picture, chance)
            told = border(made)
            found += max(told) >= LEAST
            right += all(abs(a - b) <= CLOSE for a, b in zip(told, wanted, strict=True))
        print(
            f"{name}: {len(mine)}, {found / max(1, len(mine)):.3f} found, {right / max(1, len(mine)):.3f} with the right box"
        )
    cries = [(path, picture, border(picture)) for path, picture in base if max(border(picture)) >= LEAST]
    print(f"sound: {len(base)}, {len(cries)} named ({100 * len(cries) / max(1, len(base)):.1f} %)")
    for path, _, sides in cries:
        print(f"  {path}: {', '.join(f'{s:.3f}' for s in sides)}")
    print(f"{(time.process_time() - clock) / max(1, len(base)):.3f} s a picture")
    if given.sheet:
        contact_sheet(given.sheet, [(path, picture) for path, picture, _ in cries])


if __name__ == "__main__":
    main()
