"""How often bars and frames at the sides are seen, how well their box is told, and how often where none are:

    python -m tests.benchmarks.bars [--root DIR] [--part develop|report] [--planted N] [--clean N] [--sheet FILE]

Pictures come from Debian packages, parted by whole sources (`tests/benchmarks/sources.py`). A box is right if none of
its sides is off by more than a hundredth of the picture's, as the eye would forgive. In `TRUE` stand the sound pictures
that have a frame or bars of their own, as judged by eye on a sheet of all that was found (`--sheet`).
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from loraprep.imaging import facts
from loraprep.project import schema
from tests.benchmarks.lettering import ROOT, pictures
from tests.benchmarks.overlays import Picture

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
        "usr/share/games/freeorion/default/data/art/splash.png",
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


def screenshot(p: Picture, c: random.Random) -> tuple[Picture, Shares]:
    """A telephone's bars, above and below, with a clock and buttons in them."""
    top, bottom, colour = c.uniform(0.04, 0.07), c.uniform(0.05, 0.09), c.choice(("black", "white", "#202124"))
    whole, sides = _padded(p, (0, top, 0, bottom), colour)
    draw, ink = ImageDraw.Draw(whole), "white" if colour != "white" else "#404040"
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


PLANTED: dict[str, Callable[[Picture, random.Random], tuple[Picture, Shares]]] = {
    "letterbox": letterbox,
    "pillarbox": pillarbox,
    "frame": frame,
    "scanned": scanned,
    "screenshot": screenshot,
}


def border(picture: Picture) -> Shares:
    """What the scan tells of it."""
    return facts.pixel_facts(picture).border


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--part", choices=("develop", "report"), default="report")
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
        sheet = Pillow.new("RGB", (5 * 310, max(1, -(-len(cries) // 5)) * 260), "#d0d0d0")
        for n, (path, picture, _) in enumerate(cries):
            small = picture.copy()
            small.thumbnail((300, 230))
            sheet.paste(small, (n % 5 * 310, n // 5 * 260))
            ImageDraw.Draw(sheet).text((n % 5 * 310, n // 5 * 260 + 234), path[-48:], "black", font_size=11)
        sheet.save(given.sheet)


if __name__ == "__main__":
    main()
