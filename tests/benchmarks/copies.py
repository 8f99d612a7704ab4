"""How well copies, variants and what is neither are told apart, by kind of what was done:

    python -m tests.benchmarks.copies [--root DIR] [--part PART] [--keep FILE] [--others] [--seed N] [--wrong] [--batches N]

Originals come from Debian packages, as tests/benchmarks/findings.py says; no package is in both parts. `develop` is what
rules are made on, `report` is looked at once, when they are done. An original meets one edit of it at a time, so that
no other copy helps to find it: batch after batch, each with all originals, another edit of each, and what is nobody's
copy (stamps, tiles, fields, pens, pictures that share a frame, a logo or a ground).

Of a kind `copy` is the share of its pairs that are called the same picture, `shown` of those shown together as anything,
`precision` of all that is called the same picture and holds one of that kind. Real variants (expressions, costumes, day
and night) are named by file below.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import itertools
import math
import pickle
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace
from PIL import Image as Pillow
from PIL import ImageDraw, ImageEnhance, ImageFilter, ImageOps

from loraprep.core import typed
from loraprep.core.records import Image
from loraprep.duplicates import clusters, keypoints
from loraprep.imaging import decode, reduction
from loraprep.scan import detail, inspect
from tests.benchmarks.findings import sound
from tests.benchmarks.overlays import OVERLAYS, Pen
from tests.folders import find_groups

Picture = Pillow.Image
LARGEST = 1000  # px, long side of an original
EACH = 6  # originals of a source
BATCHES = 6
_NOT_IN = {"report": ("openclipart",)}  # a package that the other part has


def encoded(picture: Picture, form: str = "JPEG", quality: int = 90) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **({"quality": quality} if form == "JPEG" else {"compress_level": 1}))
    return stream.getvalue()


def cut(p: Picture, share: float, c: random.Random) -> Picture:
    """Without `share` of its width and height, from anywhere."""
    x, y = (c.uniform(0, share) for _ in range(2))
    return p.crop((round(x * p.width), round(y * p.height), round((1 - share + x) * p.width), round((1 - share + y) * p.height)))  # fmt: skip


def framed(p: Picture, c: random.Random) -> Picture:
    return ImageOps.expand(
        p, round(max(p.size) * c.uniform(0.02, 0.09)), c.choice(("white", "black", "#eee5d0", "#303a44"))
    )


def turned(p: Picture, c: random.Random) -> Picture:
    """By two degrees, and cut to what has no empty corners."""
    angle = c.choice((-2, 2))
    w, h = p.size
    t = math.tan(math.radians(2))
    inside = p.rotate(angle, Pillow.Resampling.BICUBIC)
    return inside.crop((round(t * h / 2) + 1, round(t * w / 2) + 1, w - round(t * h / 2) - 1, h - round(t * w / 2) - 1))


def big_text(p: Picture, c: random.Random, pen: Pen) -> Picture:
    mask = pen.text(c.choice(("SUMMER SALE", "CHAPTER TWO", "HELLO!", "SOLD OUT")), c.uniform(0.75, 0.95), p.width)
    mask = mask.crop((0, 0, mask.width, min(mask.height, p.height)))
    at = (p.width - mask.width) // 2, round(c.uniform(0.1, 0.8) * (p.height - mask.height))
    return pen.laid(p, mask, at, c.choice(("white", "black", "#e02020", "#ffe020")), 1)


SIMPLE: dict[str, Callable[[Picture, random.Random], Picture]] = {
    "re-encoded": lambda p, c: Pillow.open(io.BytesIO(encoded(p, quality=c.randint(20, 60)))),
    "half": lambda p, _: p.resize((p.width // 2, p.height // 2), Pillow.Resampling.LANCZOS),
    "cut 3-5 %": lambda p, c: cut(p, c.uniform(0.03, 0.05), c),
    "bright 10 %": lambda p, c: ImageEnhance.Brightness(p).enhance(c.choice((0.9, 1.1))),
    "mirrored": lambda p, _: ImageOps.mirror(p),
    "cut 10 %": lambda p, c: cut(p, 0.1, c),
    "cut 20 %": lambda p, c: cut(p, 0.2, c),
    "cut 40 %": lambda p, c: cut(p, 0.4, c),
    "framed": framed,
    "mirrored cut": lambda p, c: ImageOps.mirror(cut(p, 0.1, c)),
    "2 degrees": turned,
    "quarter turn": lambda p, c: p.transpose(c.choice((Pillow.Transpose.ROTATE_90, Pillow.Transpose.ROTATE_270, Pillow.Transpose.ROTATE_180))),
    "flip": lambda p, _: ImageOps.flip(p),
    "grey": lambda p, _: p.convert("L").convert("RGB"),
}  # fmt: skip
WINDOWS = {"window 90 %": 0.1, "window 80 %": 0.2, "window 70 %": 0.3}


# --- variants by program


def _patch(p: Picture, share: float, c: random.Random) -> tuple[int, int, int]:
    """Where a square of that share of the shorter side has much in it."""
    side = round(share * min(p.size))
    grey = np.asarray(p.convert("L"), np.float32)
    spots = [(c.randint(0, p.width - side), c.randint(0, p.height - side)) for _ in range(30)]
    return (*max(spots, key=lambda s: float(grey[s[1] : s[1] + side, s[0] : s[0] + side].std())), side)


def _soft(side: int) -> Picture:
    mask = Pillow.new("L", (side, side), 0)
    ImageDraw.Draw(mask).ellipse((0, 0, side - 1, side - 1), fill=255)
    return mask.filter(ImageFilter.GaussianBlur(side / 20))


def expression(p: Picture, c: random.Random) -> Picture:
    """One place of 6 to 12 % of the side is drawn anew, with what it was made of."""
    x, y, side = _patch(p, c.uniform(0.06, 0.12), c)
    there = p.crop((x, y, x + side, y + side))
    new = c.choice((ImageOps.flip, lambda q: q.rotate(90)))(there)
    result = p.copy()
    result.paste(new, (x, y), _soft(side))
    return result


def costume(p: Picture, c: random.Random) -> Picture:
    """A third of the side gets other colours and a pattern."""
    x, y, side = _patch(p, c.uniform(0.28, 0.4), c)
    there = p.crop((x, y, x + side, y + side))
    other = Pillow.merge("RGB", [there.split()[n] for n in c.choice(((1, 2, 0), (2, 0, 1), (2, 1, 0)))])
    folds = p.crop((0, 0, side, side)).rotate(c.choice((90, 180, 270)))
    result = p.copy()
    result.paste(Pillow.blend(other, folds, 0.5), (x, y), _soft(side))
    return result


def is_seen(one: Picture, other: Picture) -> bool:
    """Would a person notice a change: does any hundredth of the sides differ by more than 2.3 % (Mahy et al. 1994)?"""
    small = [np.asarray(p.convert("RGB").resize((100, 100), Pillow.Resampling.BOX), np.float32) for p in (one, other)]
    return float(np.abs(small[0] - small[1]).mean(axis=2).max()) > 0.023 * 255


def night(p: Picture, c: random.Random) -> Picture:
    """Dark and blue, with lamps and a sky of its own."""
    dark = Pillow.merge("RGB", [b.point(lambda v, f=f: int(v * f)) for b, f in zip(p.split(), (0.3, 0.35, 0.55), strict=True)])  # fmt: skip
    light = Pillow.new("L", p.size, 0)
    draw = ImageDraw.Draw(light)
    for _ in range(c.randint(2, 6)):
        x, y, r = c.randint(0, p.width), c.randint(0, p.height), c.uniform(0.03, 0.12) * p.width
        draw.ellipse((x - r, y - r, x + r, y + r), fill=c.randint(120, 230))
    light = light.filter(ImageFilter.GaussianBlur(p.width / 40))
    return Pillow.composite(Pillow.blend(p, Pillow.new("RGB", p.size, "#ffca70"), 0.3), dark, light)


VARIED = {"changed spot": expression, "changed third": costume, "night": night}


# --- what no rule was made for


def sticker(p: Picture, c: random.Random) -> Picture:
    side = round(p.width * c.uniform(0.12, 0.22))
    sheet = Pillow.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(sheet)
    draw.ellipse((2, 2, side - 3, side - 3), fill="#ffd43b", outline="white", width=max(2, side // 16))
    for x in (0.35, 0.65):
        draw.ellipse((side * (x - 0.06), side * 0.3, side * (x + 0.06), side * 0.48), fill="black")
    draw.arc((side * 0.25, side * 0.35, side * 0.75, side * 0.8), 20, 160, fill="black", width=max(2, side // 20))
    result = p.copy()
    result.paste(sheet, (c.randint(0, p.width - side), c.randint(0, max(0, p.height - side))), sheet)
    return result


def meme(p: Picture, c: random.Random, pen: Pen) -> Picture:
    band = round(p.height * c.uniform(0.12, 0.22))
    result = Pillow.new("RGB", (p.width, p.height + band * 2), c.choice(("white", "black")))
    result.paste(p, (0, band))
    ink = "black" if result.getpixel((0, 0)) == (255, 255, 255) else "white"
    for top in (0, p.height + band):
        mask = pen.text(c.choice(("WHEN THE CODE", "FINALLY RUNS", "MONDAY AGAIN", "me, at 3 am")), 0.7, p.width)
        mask.thumbnail((p.width, band))
        result = pen.laid(result, mask, ((p.width - mask.width) // 2, top + (band - mask.height) // 2), ink, 1)
    return result


def screenshot(p: Picture, c: random.Random, pen: Pen) -> Picture:
    w, h = round(p.width * c.uniform(1.2, 1.6)), round(p.height * c.uniform(1.3, 1.7))
    page = Pillow.new("RGB", (w, h), "#fafafa")
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, w, h // 14), fill="#dfe3e8")
    for n in range(3):
        draw.ellipse((10 + 22 * n, 8, 24 + 22 * n, 22), fill=("#ee6a5f", "#f5bd4f", "#61c454")[n])
    at = ((w - p.width) // 2, h // 10)
    page.paste(p, at)
    for n in range(4):
        mask = pen.text(
            c.choice(("Comments", "Share this picture", "Like", "Related works", "posted two days ago")), 0.2, w
        )
        page = pen.laid(page, mask, (at[0], min(h - 12, at[1] + p.height + 10 + n * (mask.height + 6))), "#333333", 1)
    return page.resize((round(w * 0.8), round(h * 0.8)), Pillow.Resampling.BICUBIC)


def printed(p: Picture, c: random.Random) -> Picture:
    """A photograph of a print: a little in perspective, warm light from one side, soft, with grain."""
    w, h = p.size
    d = [c.uniform(0, 0.04) for _ in range(8)]
    quad = (-d[0] * w, -d[1] * h, -d[2] * w, h * (1 + d[3]), w * (1 + d[4]), h * (1 + d[5]), w * (1 + d[6]), -d[7] * h)
    seen = p.transform(p.size, Pillow.Transform.QUAD, quad, Pillow.Resampling.BICUBIC, fillcolor="#6b5846")
    light = np.linspace(0.75, 1.1, w)[None, :, None] * np.array([1.05, 1.0, 0.88])
    grain = np.random.default_rng(c.randrange(1 << 30)).normal(0, 5, (h, w, 1))
    lit = np.clip(np.asarray(seen.filter(ImageFilter.GaussianBlur(1)), np.float32) * light + grain, 0, 255)
    return Pillow.fromarray(lit.astype(np.uint8))


def upscaled(p: Picture, _: random.Random) -> Picture:
    """Stands in for an upscaler with a network: smooth areas smoother, edges harder, twice as large."""
    small = p.resize((max(1, p.width // 2), max(1, p.height // 2)), Pillow.Resampling.BOX)
    large = small.resize((p.width * 2, p.height * 2), Pillow.Resampling.BICUBIC).filter(ImageFilter.MedianFilter(5))
    return large.filter(ImageFilter.UnsharpMask(3, 180, 2))


def graded(p: Picture, _: random.Random) -> Picture:
    """As a film: teal shadows, orange lights, harder contrast, darker corners."""
    x = np.asarray(p, np.float32) / 255
    luma = x.mean(axis=2, keepdims=True)
    x = 0.8 * x + 0.2 * (luma * np.array([1.1, 0.9, 0.7]) + (1 - luma) * np.array([0.0, 0.25, 0.35]))
    x = x * x * (3 - 2 * x)
    yy, xx = np.mgrid[-1 : 1 : p.height * 1j, -1 : 1 : p.width * 1j]
    return Pillow.fromarray((np.clip(x * (1 - 0.25 * (xx**2 + yy**2) / 2)[..., None], 0, 1) * 255).astype(np.uint8))


WITH_PEN: dict[str, Callable[[Picture, random.Random, Pen], Picture]] = {
    "big text": big_text, "meme bands": meme, "screenshot": screenshot,
}  # fmt: skip
UNMADE = {"sticker": sticker, "print": printed, "upscaled": upscaled, "graded": graded}
KINDS = (*OVERLAYS, *SIMPLE, "big text", "PNG", "byte copy", *WINDOWS, *VARIED, *UNMADE, "meme bands", "screenshot")

# Real ones: files of one figure or view, of which any two are a pair; (kind, below the root, what is theirs in common)
_W, _R, _I = "usr/share/games/wesnoth/1.16/data", "usr/share/games/renpy", "usr/share/icons"
REAL = {
    "develop": (
        ("expression", f"{_W}/campaigns/[A-Z]*/images/portraits/*.png", r"(asheviere|dela(?!\w)|delfador|konrad|lisar|durstorn|eloh|nym|zhul|malin_lich|malin_old|alanin-old(?!er))"),
        ("day and night", f"{_W}/core/images/story/*.jpg", r"(landscape-bridge|landscape-battlefield)"),
        ("day and night", "usr/share/backgrounds/gnome/*-[dl].webp", r"(.*)-[dl]\.webp"),
        ("none", f"{_W}/core/images/portraits/*/*", ""),
        ("none", "usr/share/tuxpaint/stamps/*/*/*.png", ""),
        ("none", "usr/share/games/hedgewars/Data/Graphics/Hats/*.png", ""),
        ("none", "usr/share/openclipart/png/office/**/*.png", ""),
        ("none", "usr/share/openclipart/png/special/patterns/**/*.png", ""),
    ),
    "report": (
        ("expression", f"{_R}/*/game/images/*.png", r"(sylvie|eileen|lucy)"),
        ("day and night", "usr/share/games/etr/env/*/*/*.png", r"env/(\w+)/\w+/(front|left|right)\.png"),
        ("none", "usr/share/krita/paintoppresets/*.kpp", ""),
        ("none", "usr/share/unknown-horizons/content/gfx/buildings/**/idle/45/0.png", ""),
        ("none", "usr/share/unknown-horizons/content/gfx/terrain/**/0.png", ""),
        ("none", "usr/share/games/simutrans/**/*.png", ""),
        ("none", "usr/share/games/freeciv/**/*.png", ""),
    ),
    "second": (
        ("none", "usr/share/icons/ukui-classical/256x256/**/*.png", ""),
        ("none", "usr/share/kstars/skycultures/western/*.png", ""),
        ("none", "usr/share/games/trigger-rally/data.zip.unpacked/maps/**/*.[jp][pn]g", ""),
        ("none", "usr/share/games/dink/dink/Tiles/*", ""),
        ("none", "usr/share/gcompris-qt/rcc/lang.unpacked/*", ""),
        ("none", "usr/share/games/xmoto/xmoto.unpacked/*", ""),
    ),
    "third": (
        ("none", "usr/share/icons/ukui/256x256/**/*.png", ""),
        ("none", "usr/share/icons/ukui/256x256@2x/**/*.png", ""),
        ("none", "usr/share/gcompris-qt/rcc/categorization.unpacked/*", ""),
        ("none", "usr/share/games/openarena/baseoa/pak0.pk3.unpacked/**/*.jpg", ""),
        ("none", "usr/share/games/warzone2100/base.wz.unpacked/**/*.png", ""),
        ("none", "usr/share/crawl/dat/tiles/*.png", ""),
    ),
    "fourth": (
        ("expression", f"{_W}/campaigns/The_South_Guard/images/portraits/*.png", r"(deoran|ethiliel|urza-afalas)"),
        ("expression", f"{_W}/campaigns/Descent_Into_Darkness/images/portraits/*.png", r"(malin_old|malin_lich|dela)"),
        ("day and night", f"{_W}/campaigns/The_South_Guard/images/story/*.jpg", r"(?:summer|winter|fall)"),
        ("day and night", "usr/share/wallpapers/Next/contents/images*/1920x1080.png", r"(Next)"),
        ("costume", "usr/share/games/ddnet/data/skins/*.png", r"(skins)"),
        ("none", f"{_I}/Faenza/mimetypes/96/*.png", ""),
        ("none", f"{_I}/Mint-Y/places/128@2x/*.png", ""),
        ("none", f"{_I}/Yaru/256x256/mimetypes/*.png", ""),
        ("none", f"{_I}/oxygen/base/256x256/mimetypes/*.png", ""),
        ("none", "usr/share/sweethome3d/furniture/Scopia.sh3f.unpacked/**/*.png", ""),
        ("none", "usr/share/doc/python-sklearn-doc/html/_images/*.png", ""),
        ("none", "usr/share/qtcreator/doc/qtcreator/images/*", ""),
    ),
    "fifth": (
        ("expression", f"{_W}/campaigns/S*/images/portraits/*.png", r"(kapoue|durstorn|haldric-ii|ardonna(?!-lich)|bone-captain)"),
        ("day and night", f"{_W}/campaigns/Secrets_of_the_Ancients/images/story/*.jpg", r"(room|ford-of-abez)"),
        ("none", f"{_I}/Moka/256x256/mimetypes/*.png", ""),
        ("none", f"{_I}/Paper/512x512/places/*.png", ""),
        ("none", f"{_I}/gnome/256x256/status/*.png", ""),
        ("none", f"{_I}/Obsidian/devices/96/*.png", ""),
        ("none", "usr/share/iso-flags-png-320x240/*.png", ""),
        ("none", "usr/share/games/teeworlds/data/skins/*/*.png", ""),
        ("none", "usr/share/doc/python-scipy-doc/html/reference/generated/*.png", ""),
        ("none", "usr/share/doc/HTML/en/kmymoney/*.png", ""),
    ),
    "sixth": (
        ("none", f"{_I}/suru/*/512/*.png", ""),
        ("none", "usr/share/pixmaps/large/*.png", ""),
        ("none", "usr/share/games/gearhead2/image/*.png", ""),
        ("none", "usr/share/metview/eccharts/style_previews/*.png", ""),
        ("none", "usr/share/doc/uhd-doc/html/*.png", ""),
        ("none", "usr/share/doc/sagemath/html/en/reference/plotting/sage/plot/*.png", ""),
        ("none", "usr/share/doc/lilypond/html/Documentation/pictures/*.png", ""),
        ("none", "usr/share/qabcs/abcs/all/pics/*/*", ""),
    ),
}  # fmt: skip
# One picture under several names, by eye; such pairs are counted neither way.
_TWICE = re.compile(
    r"(kodi) (?:3|4|9|10)\b|terrain/trees/(as_tupelo|as_maple)|buildings/(placeholder)|Hats/(Ninja|Eva_00|bb_)"
    # a moon by other light, an arrow turned, frames of one animation, one tile in other colours, labels with other words
    r"|(planets) [124]\b|(planets) [56]\b|(xmoto) [58]\b|(xmoto) [47]\b|(xmoto)\.unpacked/00(?:33|35|36)"
    r"|(xmoto)\.unpacked/03(?:58|62|68|69)|(xmoto)\.unpacked/00(?:22|85)|(Tiles)/Ts(?:05|29)|(Tiles)/Ts3[45]"
    r"|(lang)\.unpacked/0(?:014|113)|(mimetypes)/gnome-mime-application-(?:magicpoint|vnd)"
    r"|(mimetypes)/(?:application-x-(?:compressed-tar|cpio)|gnome-mime-application-x-lzop|rar)|(devices)/(?:gnome-dev-disc|media-opt)"
    # a file of two themes, a cut of one plot, a hand of a gauge turned, a page of help set anew, a sky in a frame, a diagram
    # with other words, a bin empty and full
    r"|(freedroid classic) [34]\b|(plots of waves) [45]\b|(things of games) [2-5]\b|(board games drawn) [36]\b"
    r"|(elementary) [23]\b|(screens of play) [15]\b|128@2x/(user-trash)"
    # one photograph in several forms of file, sheets in other colours, icons of two themes, a star turned, one flag
    r"|(flowers) [1246]\b|(worlds of others) [46]\b|(arcade drawn) [23]\b|(?:gnome icons 5|mate icons 4)\b()"
    r"|(?:mate icons 5\b|status/network-receive)()|skins/(eyes)/(?:colorable|standard)\.|(semi-starred)|320x240/(?:gp|mq|yt)()"
    # icons that one theme has under two names
    r"|(?:suru 2\b|512/weather-clouds\.)()|(?:suru 3\b|512/online-accounts-twitter)()|(?:suru 4\b|512/folder-download\.)()"
    r"|(?:suru 5\b|512/weather-few-clouds-night)()"
)
_DRESS = ("elvish", "green")  # in the name of one of two: they wear other clothes
OTHERS = 24  # at most of each of the last


@dataclass(frozen=True, slots=True)
class File:
    """`of`: whose picture it is; `kind`: what was done, "original", or of what others it is one ("none")."""

    image: Image
    data: bytes
    of: str
    kind: str


def filed(path: str, data: bytes, of: str, kind: str) -> File:
    digest = hashlib.sha256(data).hexdigest()
    facts = {
        **msgspec.to_builtins(inspect.inspect(data)[0]),
        "detail": detail.detail(decode.load(data).pixels),
        "words": [],
    }
    made = typed.convert({**facts, "path": path, "state": "image", "digest": digest}, Image)
    return File(replace(made, bytes=len(data), pixel_digest=digest, pixel_bytes=len(data)), data, of, kind)


def opened(path: Path) -> Picture | None:
    try:
        picture = Pillow.open(path).convert("RGBA")
    except (OSError, ValueError, Pillow.DecompressionBombError):
        return None
    ground = Pillow.new("RGBA", picture.size, "white")
    picture = Pillow.alpha_composite(ground, picture).convert("RGB")
    picture.thumbnail((LARGEST, LARGEST), Pillow.Resampling.LANCZOS)
    return picture if min(picture.size) >= 64 else None


def originals(root: Path, part: str) -> Iterator[tuple[str, Picture, str]]:
    """(name, picture, file below the root), 2 * EACH of a source; none of them is one of the real variants."""
    seen: Counter[str] = Counter()
    varied = {
        f.relative_to(root).as_posix()
        for kind, glob, pattern in REAL[part]
        for f in (root.glob(glob) if kind != "none" else ())
        if re.search(pattern, f.as_posix())
    }
    for which in sound(root, part):
        if (
            which.path in varied
            or which.source.package.startswith(_NOT_IN.get(part, ("-",)))
            or seen[which.source.name] == 2 * EACH
        ):
            continue
        picture = opened(root / which.path)
        if picture and which.source.nearest:
            times = max(1, round(640 / max(picture.size)))
            picture = picture.resize((picture.width * times, picture.height * times), Pillow.Resampling.NEAREST)
        if picture and min(picture.size) >= 160 and np.asarray(picture.convert("L")).std() > 5:
            seen[which.source.name] += 1
            yield f"{which.source.name} {seen[which.source.name]}", picture, which.path


def edited(name: str, picture: Picture, kind: str, root: Path, part: str, seed: str) -> list[tuple[Picture, str]]:
    """The pictures of one kind, and how each is saved."""
    c = random.Random(f"{name} {kind}{seed}")
    pen = Pen(root, part, c)
    if kind in WINDOWS:
        return [(cut(picture, WINDOWS[kind], c), "JPEG") for _ in range(2)]
    if kind in OVERLAYS:
        return [(OVERLAYS[kind](picture, pen), "JPEG")]
    if kind in WITH_PEN:
        return [(WITH_PEN[kind](picture, c, pen), "JPEG")]
    if kind == "PNG":
        return [(picture, "PNG")]
    made = {**SIMPLE, **VARIED, **UNMADE}[kind](picture, c)
    return [(made, "JPEG")]


def real(root: Path, part: str, but: set[str]) -> Iterator[File]:
    """Variants by nature, and what only looks alike; `but`: files that are there already."""
    taken: set[str] = set()
    for kind, glob, pattern in REAL[part]:
        files = sorted(root.glob(glob), key=lambda f: hashlib.sha256(f.as_posix().encode()).hexdigest())
        count = 0
        for path in files:
            place = path.relative_to(root).as_posix()
            match = re.search(pattern, place)
            if place in but or (kind != "none" and not match) or (kind in ("none", "costume") and count == OTHERS):
                continue
            picture = None if path.is_symlink() else opened(path)
            if picture is None or np.asarray(picture.convert("L")).std() < 5:
                continue
            count += 1
            whose = " ".join(match.groups()) if match and kind != "none" else place
            name = f"{kind}/{place}.jpg"
            if name not in taken:
                taken.add(name)
                yield filed(name, encoded(picture), f"{kind}: {whose}", kind)


def shared(made: list[tuple[str, Picture]], root: Path, part: str) -> Iterator[File]:
    """Different pictures with the same frame, the same logo, or the same ground around a figure."""
    c = random.Random(part)
    pen = Pen(root, part, c)
    some = c.sample(made, min(36, len(made)))
    ground = some[0][1].filter(ImageFilter.GaussianBlur(1)).resize((800, 600))
    mark = pen.text("gallery of the north", 0.4, 800)
    for n, (name, picture) in enumerate(some[1:]):
        p = ImageOps.fit(picture, (800, 600))
        if n % 3 == 0:
            kind = "same frame"
            p = ImageOps.expand(p.resize((640, 440)), 80, "#4a3018")
            draw = ImageDraw.Draw(p)
            for k in range(10, 80, 9):
                draw.rectangle((k, k, 799 - k, 599 - k), outline=("#c9a24a", "#7a5a20")[k % 2])
            for x in range(20, 780, 24):
                for y in (40, 560):
                    draw.ellipse((x - 6, y - 6, x + 6, y + 6), fill="#e0c070")
        elif n % 3 == 1:
            kind = "same logo"
            p = pen.laid(p, mark, (440, 540), "white", 0.9)
            ImageDraw.Draw(p).ellipse((20, 500, 110, 590), outline="white", width=8)
        else:
            kind = "same ground"
            figure = picture.copy()
            figure.thumbnail((420, 420))
            p = ground.copy()
            p.paste(figure, ((800 - figure.width) // 2, 600 - figure.height - 20))
        yield filed(f"{kind}/{name}.jpg", encoded(p), name, "none")


def plant(root: Path, part: str, batches: int, *, others: bool = False, seed: str = "") -> list[list[File]]:
    chosen = list(originals(root, part))
    made = [(name, picture) for name, picture, _ in chosen if (int(name.split()[-1]) <= EACH) != others]
    spare = [(name, picture) for name, picture, _ in chosen if (int(name.split()[-1]) <= EACH) == others]
    strangers = [*real(root, part, {path for *_, path in chosen}), *shared(spare, root, part)]
    whole = [filed(f"{name}/original.jpg", encoded(picture), name, "original") for name, picture in made]
    found = []
    for batch in range(batches):
        files = list(strangers)
        for n, ((name, _), original) in enumerate(zip(made, whole, strict=True)):
            kind = KINDS[(n * 7 + batch * 5 + n // len(KINDS)) % len(KINDS)]
            if kind == "byte copy":
                files += [
                    original,
                    File(replace(original.image, path=f"{name}/byte copy.jpg"), original.data, name, kind),
                ]
                continue
            if kind not in WINDOWS:
                files.append(original)
            base = Pillow.open(io.BytesIO(original.data)).convert("RGB")
            for number, (picture_, form) in enumerate(edited(name, base, kind, root, part, seed)):
                quality = random.Random(name + kind + seed).randint(75, 95)
                data = encoded(picture_.convert("RGB"), form, quality)
                whose = f"{name}, {kind}" if kind in VARIED and is_seen(base, picture_) else name
                files.append(filed(f"{name}/{kind} {number}.{form.lower()}", data, whose, kind))
        found.append(files)
    return found


# --- judging


@dataclass
class Count:
    pairs: int = 0
    copies: int = 0
    shown: int = 0
    wrong: int = 0

    @property
    def precision(self) -> float:
        return self.copies / (self.copies + self.wrong) if self.copies + self.wrong else 1.0


def find(files: list[File]) -> list[Any]:
    """The groups in one batch."""
    data = {f.image.path: f.data for f in files}
    return find_groups([f.image for f in files], lambda image: seen(data[image.path]))


@lru_cache(maxsize=512)
def seen(data: bytes) -> Any:
    """A picture as it is compared."""
    picture = Pillow.open(io.BytesIO(data)).convert("RGB")
    small = reduction.packed(picture)
    return keypoints.reduced(np.asarray(reduction.unpacked(small) if small else picture))


def judge(batches: list[list[File]], *, wrong: bool) -> None:
    counts: dict[str, Count] = defaultdict(Count)
    shown_wrong: set[tuple[str, str]] = set()
    shown_right: set[tuple[str, str]] = set()
    copy_wrong: set[tuple[str, str]] = set()
    asked = seconds = 0.0
    for files in batches:
        start = time.process_time()
        groups = find(files)
        seconds += time.process_time() - start
        asked += sum(g.relation != "byte" for g in groups)
        by = {f.image.path: f for f in files}
        copies, shown = set(), set()
        for group in groups:
            shown |= set(itertools.combinations(sorted(group.pictures), 2))
            for cluster in clusters.copies(group.pictures, group.pairs):
                copies |= set(itertools.combinations(sorted(cluster), 2))
        shown, copies = (
            {(a, b) for a, b in pairs if not (_twice(a, b) or _is_alias(by[a], by[b]))} for pairs in (shown, copies)
        )
        for a, b in shown:
            right = _related(by[a], by[b])
            (shown_right if right else shown_wrong).add((a, b))
        for a, b in copies:
            one, other = by[a], by[b]
            if one.of != other.of or one.kind in ("expression", "costume", "day and night"):
                copy_wrong.add((a, b))
                for kind in {one.kind, other.kind}:
                    counts[kind].wrong += 1
        for a, b in _pairs(files):
            kind = by[b].kind if by[a].kind == "original" else by[a].kind
            if kind == "expression" and any((word in a) != (word in b) for word in _DRESS):
                kind = "costume"
            counts[kind].pairs += 1
            counts[kind].copies += (a, b) in copies
            counts[kind].shown += (a, b) in shown
    sections = {
        "overlays": OVERLAYS, "copies": (*list(SIMPLE)[:5], "PNG", "byte copy"), "harder": (*list(SIMPLE)[5:], "big text"),
        "windows": WINDOWS, "variants": (*VARIED, "expression", "costume", "day and night"),
        "made for by no rule": (*UNMADE, "meme bands", "screenshot"),
    }  # fmt: skip
    print("| kind | pairs | copy | shown | precision | F1 |\n|---|---|---|---|---|---|")
    for section, kinds in sections.items():
        total = Count()
        for kind in kinds:
            c = counts[kind]
            total = Count(total.pairs + c.pairs, total.copies + c.copies, total.shown + c.shown, total.wrong + c.wrong)
            _line(kind, c)
        _line(f"**{section}**", total)
    right, false = sum(c.copies for k, c in counts.items() if k not in sections["variants"]), len(copy_wrong)
    pairs = sum(c.pairs for k, c in counts.items() if k in (*sections["overlays"], *sections["copies"]))
    true = sum(c.copies for k, c in counts.items() if k in (*sections["overlays"], *sections["copies"]))
    p, r = right / max(1, right + false), true / max(1, pairs)
    print(f"\nOverlays and copies: recall {r:.3f}; precision over everything {p:.4f} ({false} different false pairs); "
          f"F1 {2 * p * r / max(1e-9, p + r):.3f}. Shown together: precision {len(shown_right) / max(1, len(shown_right | shown_wrong)):.3f} "
          f"({len(shown_wrong)} false). {asked:.0f} questions, {seconds:.0f} s of processor time in {len(batches)} batches of "
          f"{len(batches[0])} pictures.")  # fmt: skip
    if wrong:
        for title, pairs_ in (("false copies", copy_wrong), ("shown wrongly", shown_wrong - copy_wrong)):
            for a, b in sorted(pairs_)[:120]:
                print(f"  {title}: {a} | {b}")


def _twice(a: str, b: str) -> bool:
    one, other = (_TWICE.search(path) for path in (a, b))
    others = a.startswith("none/") or a.split("/")[0] != b.split("/")[0]
    return others and one is not None and other is not None and one.groups() == other.groups()


def _is_alias(one: File, other: File) -> bool:
    """Are they one file under two names in a package, as icons are?"""
    return one.data == other.data and one.of != other.of


def _related(one: File, other: File) -> bool:
    """Are they pictures of one thing, copies or variants?"""
    return one.of.split(",")[0] == other.of.split(",")[0]


def _pairs(files: list[File]) -> Iterator[tuple[str, str]]:
    """All true pairs of a batch; the path of an original, or else the lesser, first."""
    by: dict[str, list[File]] = defaultdict(list)
    for f in files:
        if f.kind != "none":
            by[f.of.split(",")[0]].append(f)
    for alike in by.values():
        for one, other in itertools.combinations(alike, 2):
            yield tuple(sorted((one.image.path, other.image.path)))  # type: ignore[misc]


def _line(name: str, c: Count) -> None:
    if c.pairs:
        recall = c.copies / c.pairs
        f1 = 2 * c.precision * recall / max(1e-9, c.precision + recall)
        print(f"| {name} | {c.pairs} | {recall:.2f} | {c.shown / c.pairs:.2f} | {c.precision:.3f} | {f1:.3f} |")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--root", type=Path, default=Path("/"))
    options.add_argument("--part", choices=tuple(REAL), default="develop")
    options.add_argument("--others", action="store_true", help="edits of the pictures that only made strangers before")
    options.add_argument("--seed", default="", help="plants the edits anew")
    options.add_argument("--keep", type=Path, help="keeps the planted set here, and takes it from here")
    options.add_argument("--batches", type=int, default=BATCHES)
    options.add_argument("--wrong", action="store_true", help="name false pairs")
    given = options.parse_args()
    if given.keep and given.keep.exists():
        batches = pickle.loads(given.keep.read_bytes())
    else:
        batches = plant(given.root, given.part, given.batches, others=given.others, seed=given.seed)
        if given.keep:
            given.keep.write_bytes(pickle.dumps(batches))
    judge(batches[: given.batches], wrong=given.wrong)


if __name__ == "__main__":
    from tests.benchmarks.copies import main as run  # what is kept names its classes by this module

    run()
