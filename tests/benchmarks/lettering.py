"""How often lettering that was laid over a picture is seen, by kind, and how often it is seen where none is:

    python -m tests.benchmarks.lettering [--root DIR] [--part PART] [--planted N] [--clean N]
        [--first N] [--last N] [--sheet FILE]

Pictures come from Debian packages (`tests/benchmarks/sources.py`) and are parted by whole sources, fonts by the digest
of their name: nothing that the thresholds were chosen on is in `report`. Over each planted picture one thing is laid,
in any font, size, opacity and colour. What is truly written in the sound pictures was judged by eye on a sheet of all
that was found there (`--sheet`): tests/benchmarks/lettering.yaml names those pictures.
"""

from __future__ import annotations

import argparse
import io
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import get_args

import yaml
from PIL import Image as Pillow
from PIL import ImageColor, ImageDraw

from loraprep.carried import kinds, reading
from tests.benchmarks.overlays import Pen, Picture
from tests.benchmarks.sources import SOURCES, Part

ROOT = Path("/")
TRUE = Path(__file__).with_name("lettering.yaml")
LEAST = 256  # px of the shorter side
AS_LARGE = 2000  # px of the longer side, at most
_LETTERED = (  # packages with comics and signs, and with pages and screens that are full of letters
    "usr/share/openclipart/png/signs_and_symbols/**/*.png",
    "usr/share/openclipart/png/office/**/*.png",
    "usr/share/openclipart/png/transportation/**/*.png",
    "usr/share/games/fillets-ng/images/**/*.png",
    "usr/share/khangman/**/*.png",
)

_FIRST = ("Mara", "Ilse", "Tom", "Rosa", "Jun", "Paul", "Lena", "Otto", "Vera", "Sam", "Nadia", "Hugo")
_LAST = ("Winter", "Rossi", "Okafor", "Lind", "Sato", "Moreau", "Kraus", "Novak", "Silva", "Berg", "Hale", "Dorn")
_SITES = (
    "deviantpix.com",
    "www.artwall.org",
    "inkhouse.net",
    "patreon.com/{a}",
    "{a}.art",
    "pixelfold.io",
    "www.{a}{b}.de",
)
_SAID = (
    "I never meant to leave the harbour", "Where were you last night?", "It was already too late",
    "They say the river never freezes", "Come back when you are ready", "We have to go. Now.",
    "Nobody told me it would rain", "That is what my mother always said",
)  # fmt: skip
_SIGNS = (
    "OPEN",
    "BAKERY",
    "No Entry",
    "HOTEL",
    "Wow!",
    "What is that?",
    "Main Street",
    "EXIT",
    "To the beach",
    "Help me!",
)
_COLOURS = ("white", "#f4f0e0", "black", "#202020", "#ffe36e", "#d02030", "#2060c0", "#a0e0a0")


def _ink(p: Picture, mask: Picture, at: tuple[int, int], c: random.Random, colours: Sequence[str] = _COLOURS) -> str:
    """A colour that can be seen there, as whoever lays it over would see to."""
    left, top = max(0, at[0]), max(0, at[1])
    ground = p.crop((left, top, min(p.width, left + mask.width), min(p.height, top + mask.height))).convert("L")
    light = sum(ground.histogram()[v] * v for v in range(256)) / max(1, ground.width * ground.height)
    seen = [colour for colour in colours if abs(ImageColor.getcolor(colour, "L") - light) > 80]
    return c.choice(seen or ["black" if light > 127 else "white"])


def _name(c: random.Random) -> tuple[str, str]:
    return c.choice(_FIRST), c.choice(_LAST)


def site(p: Picture, pen: Pen) -> Picture:
    """An address, a handle or a copyright line, near an edge."""
    c = pen.chance
    a, b = _name(c)
    words = c.choice(
        (
            c.choice(_SITES).format(a=a.lower(), b=b.lower()),
            f"@{a.lower()}{c.choice(('_', '.', ''))}{b.lower()}",
            f"(c) {c.randint(1998, 2025)} {a} {b}",
            f"© {a} {b} {c.randint(1998, 2025)}",
            f"@{b.lower()}{c.randint(1, 99)}",
        )
    )
    mask = pen.text(words, c.uniform(0.12, 0.4), p.width)
    at = _edge(p, mask, c)
    return pen.laid(p, mask, at, _ink(p, mask, at, c), c.uniform(0.5, 1))


def signature(p: Picture, pen: Pen) -> Picture:
    """A name, small, in a lower corner, as painters sign, sometimes with a year."""
    c = pen.chance
    a, b = _name(c)
    words = c.choice(
        (f"{a[0]}. {b}", b, f"{a} {b}", f"{b} {c.randint(60, 99)}", a, f"{a[0]}{b[0]} {c.randint(1990, 2024)}")
    )
    mask = pen.text(words, c.uniform(0.06, 0.16), p.width)
    if c.random() < 0.5:
        mask = mask.rotate(c.uniform(-12, 12), Pillow.Resampling.BICUBIC, expand=True)
    x, y = c.choice((0.02, 0.98)), c.choice((0.97, 0.97, 0.97, 0.03))
    at = round(x * max(0, p.width - mask.width)), round(y * max(0, p.height - mask.height))
    return pen.laid(p, mask, at, _ink(p, mask, at, c), c.uniform(0.6, 1))


def stamp(p: Picture, pen: Pen) -> Picture:
    """Date, or date and time, as cameras print it."""
    c = pen.chance
    y, m, d = c.randint(1994, 2024), c.randint(1, 12), c.randint(1, 28)
    words = c.choice((f"{d:02}.{m:02}.{y}", f"{y}/{m:02}/{d:02}", f"{y}-{m:02}-{d:02} {c.randint(0, 23):02}:{c.randint(0, 59):02}",
                      f"'{y % 100:02} {m} {d}", f"{m}/{d}/{y % 100:02} {c.randint(1, 12)}:{c.randint(10, 59)} PM"))  # fmt: skip
    mask = pen.text(words, c.uniform(0.12, 0.28), p.width)
    at = round(c.choice((0.05, 0.95)) * (p.width - mask.width)), round(0.95 * (p.height - mask.height))
    colour = _ink(p, mask, at, c, ("#ff8a1e", "#ffb347", "#ff5522", "#f5f5f5", "#ffe36e"))
    return pen.laid(p, mask, at, colour, c.uniform(0.75, 1))


def subtitle(p: Picture, pen: Pen) -> Picture:
    """One or two lines in the middle of the lower part, with an outline as subtitles have."""
    c = pen.chance
    high = p.height * c.uniform(0.035, 0.06)
    font, lines = pen.font(high), c.sample(_SAID, c.choice((1, 1, 2)))
    edge = max(1, round(high / 12))
    fill = c.choice(("white", "white", "#ffe36e", "#f0f0f0"))
    sheet, (x, y) = p.copy(), (p.width / 2, p.height * c.uniform(0.93, 0.97))
    draw = ImageDraw.Draw(sheet)
    for n, line in enumerate(reversed(lines)):
        wide = min(1.0, 0.94 * p.width / max(1.0, font.getlength(line)))
        small = font.font_variant(size=max(8, round(high * wide))) if hasattr(font, "font_variant") else font
        draw.text((x, y - n * 1.25 * high), line, fill, small, anchor="ms", stroke_width=edge, stroke_fill="black")
    return Pillow.blend(p, sheet, c.uniform(0.85, 1))


def in_the_art(p: Picture, pen: Pen) -> Picture:
    """A speech bubble or a sign in the middle of the picture."""
    c = pen.chance
    words = pen.text(c.choice(_SIGNS), c.uniform(0.12, 0.3), p.width)
    pad = round(0.5 * words.height) + 8
    board = Pillow.new("RGB", (words.width + 2 * pad, words.height + 2 * pad), "black")
    paper, ink = c.choice((("white", "black"), ("#f4e6c0", "#402010"), ("#205090", "white"), ("#b02020", "#fff0d0")))
    shape = Pillow.new("L", board.size, 0)
    draw = ImageDraw.Draw(shape)
    (draw.ellipse if c.random() < 0.4 else draw.rectangle)((0, 0, board.width - 1, board.height - 1), fill=255)
    board = Pillow.composite(Pillow.new("RGB", words.size, ink), Pillow.new("RGB", words.size, paper), words)
    face = Pillow.new("RGB", shape.size, paper)
    face.paste(board, (pad, pad))
    at = [round(c.uniform(0.2, 0.8) * max(0, side - own)) for side, own in zip(p.size, face.size, strict=True)]
    result = p.copy()
    result.paste(face, (at[0], at[1]), shape)
    return result


def tiled(p: Picture, pen: Pen) -> Picture:
    """The same words all over it, pale."""
    c = pen.chance
    a, b = _name(c)
    words = c.choice((f"{a.lower()}{b.lower()}.com", f"{a} {b}", "SAMPLE", "PREVIEW", f"@{b.lower()}"))
    mask = pen.text(words, c.uniform(0.16, 0.3), p.width)
    mask = mask.rotate(c.choice((0, 0, 20, 30, -30)), Pillow.Resampling.BICUBIC, expand=True)
    sheet = Pillow.new("L", p.size, 0)
    across, down = round(mask.width * c.uniform(1.15, 1.5)), round(mask.height * c.uniform(1.5, 3))
    for row, y in enumerate(range(-mask.height // 2, p.height, down)):
        for x in range(-(row % 2) * across // 2, p.width, across):
            sheet.paste(mask, (x, y))
    return pen.laid(p, sheet, (0, 0), _ink(p, sheet, (0, 0), c, ("white", "black", "#808080")), c.uniform(0.25, 0.5))


def _edge(p: Picture, mask: Picture, c: random.Random) -> tuple[int, int]:
    x, y = c.choice((0.02, 0.5, 0.98)), c.choice((0.02, 0.98, 0.98))
    return round(x * max(0, p.width - mask.width)), round(y * max(0, p.height - mask.height))


PLANTED: dict[kinds.What, Callable[[Picture, Pen], Picture]] = {
    "site": site,
    "signature": signature,
    "stamp": stamp,
    "subtitle": subtitle,
    "art": in_the_art,
    "tiled": tiled,
}


def pictures(root: Path, part: str, count: int, globs: Sequence[str] = ()) -> Iterator[tuple[str, Picture]]:
    """(path below the root, upright RGB on white), spread over all sources, the same in every run."""
    chance = random.Random(f"{part} {count}")
    files: list[Path] = []
    for source in SOURCES:
        if source.part == part and source.kind != "sprite":
            found = sorted({f for glob in source.globs for f in root.glob(glob) if f.is_file()})
            files += chance.sample(found, min(len(found), max(source.count, count // 12)))
    for glob in globs:
        found = sorted(f for f in root.glob(glob) if f.is_file())
        mine = [f for n, f in enumerate(found) if (n % 2 == 0) == (part == "develop")]
        files += chance.sample(mine, min(len(mine), count // 12))
    chance.shuffle(files)
    given = 0
    for file in files:
        if given == count:
            return
        try:
            with Pillow.open(file) as opened:
                opened.draft("RGB", (AS_LARGE, AS_LARGE))
                whole = opened.convert("RGBA")
        except (OSError, ValueError, Pillow.DecompressionBombError):
            continue
        if min(whole.size) < LEAST:
            continue
        whole.thumbnail((AS_LARGE, AS_LARGE))
        ground = Pillow.new("RGBA", whole.size, "white")
        given += 1
        yield file.relative_to(root).as_posix(), Pillow.alpha_composite(ground, whole).convert("RGB")


def seen(picture: Picture) -> list[kinds.Mark]:
    """What is told of it, read as the pipeline reads it: reduced to reading.LONG, from a JPEG."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92)
    small = Pillow.open(out).convert("RGB")
    small.thumbnail((reading.LONG, reading.LONG), Pillow.Resampling.LANCZOS)
    return kinds.marks(reading.written_in(small))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--part", choices=get_args(Part), default="report")
    parser.add_argument("--planted", type=int, default=60, help="pictures of each kind")
    parser.add_argument("--clean", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="of the sound pictures, to read them in pieces")
    parser.add_argument("--last", type=int)
    parser.add_argument("--sheet", type=Path, help="draw all that was found in sound pictures, to judge by eye")
    given = parser.parse_args()
    reading.reader()
    clock = time.process_time()
    count = 0
    print("kind, planted, reported at all, under its own kind; taken for")
    for name, plant in PLANTED.items() if given.planted else ():
        told, own, others = 0, 0, Counter[str]()
        base = list(pictures(given.root, given.part, given.planted * len(PLANTED)))
        mine = base[list(PLANTED).index(name) :: len(PLANTED)][: given.planted]
        for n, (_, picture) in enumerate(mine):
            pen = Pen(given.root, given.part, random.Random(f"{name} {n}"))
            marks = seen(plant(picture, pen))
            count += 1
            told += bool(marks)
            own += any(m.what == name for m in marks)
            others.update({m.what for m in marks} - {name} if not any(m.what == name for m in marks) else ())
        print(
            f"{name}: {len(mine)}, {told / max(1, len(mine)):.3f}, {own / max(1, len(mine)):.3f}; {dict(others)}",
            flush=True,
        )
    true = set(yaml.safe_load(TRUE.read_text("utf-8")) if TRUE.exists() else ())
    cries, lettered, hits, clean = list[tuple[str, str]](), 0, 0, 0
    sheet: list[tuple[str, Picture]] = []
    wrong: Counter[str] = Counter()
    more = _LETTERED if given.part in ("develop", "report") else ()  # halves of what those folders hold
    sound = islice(pictures(given.root, given.part, given.clean, more), given.first, given.last)
    for path, picture in sound:
        marks, count = seen(picture), count + 1
        if path in true:
            lettered, hits = lettered + 1, hits + bool(marks)
            continue
        clean += 1
        if marks:
            wrong.update({m.what for m in marks})
            cries.append((path, "; ".join(f"{m.what}: {m.words}" for m in marks)))
            print(f"  {path}: {cries[-1][1][:160]}", flush=True)  # a long run may be cut off
            sheet.append((cries[-1][1], _shown(picture, marks)))
    print(
        f"sound: {clean}, {len(cries)} with something that is not there; truly lettered: {lettered}, {hits} of them told"
    )
    print("pictures by kind of what is not there: " + ", ".join(f"{what} {n}" for what, n in wrong.most_common()))
    print(f"{(time.process_time() - clock) / max(1, count):.2f} s of processor time a picture, {count} pictures")
    if given.sheet:
        _sheet(sheet).save(given.sheet)


def _shown(picture: Picture, marks: Sequence[kinds.Mark]) -> Picture:
    drawn = picture.copy()
    for mark in marks:
        left, top, right, bottom = (v * s for v, s in zip(mark.box, picture.size * 2, strict=True))
        ImageDraw.Draw(drawn).rectangle((left - 3, top - 3, right + 3, bottom + 3), outline="magenta", width=4)
    drawn.thumbnail((300, 240))
    return drawn


def _sheet(found: Sequence[tuple[str, Picture]]) -> Picture:
    columns = 5
    sheet = Pillow.new("RGB", (columns * 310, max(1, -(-len(found) // columns)) * 270), "white")
    for n, (said, picture) in enumerate(found):
        at = n % columns * 310, n // columns * 270
        sheet.paste(picture, at)
        ImageDraw.Draw(sheet).text((at[0], at[1] + 242), f"{n}: {said[:56]}", fill="black", font_size=11)
    return sheet


if __name__ == "__main__":
    main()
