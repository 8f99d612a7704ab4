"""Pictures with copies planted among them, and others that only look like copies.

Originals: quarters of the photographs that scikit-image ships (so that each has three neighbours from the same
photograph), the paintings of examples/brushwork, and scenes drawn by tests/scenes.py. Not copies, though alike: the
same picture at night, with one part changed, and drawn heads that differ in the mouth.
"""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from loraprep.core import typed
from loraprep.core.records import Image
from loraprep.imaging import decode
from loraprep.scan import detail, inspect
from tests import ROOT
from tests.scenes import scene

Picture = Pillow.Image
Edit = Callable[[Picture, random.Random], Picture]
PHOTOGRAPHS = ("astronaut", "brick", "camera", "chelsea", "clock_motion", "coffee", "coins", "grass", "gravel",
               "hubble_deep_field", "ihc", "moon", "motorcycle_left", "retina", "rocket")  # fmt: skip
PAINTINGS = ROOT / "examples/brushwork/images"
COPY_OF_A_PAINTING = "harbour_web"
SIDE = 720  # px, long side of an original


@dataclass(frozen=True, slots=True)
class Planted:
    """`of`: the original's name; `edit`: what was done to it, "" for the original itself; `look`: it at 256 px.

    `either`: a cut that leaves out what is changed in this other picture is a cut of both, and nobody can tell of which.
    """

    image: Image
    of: str
    edit: str
    look: np.ndarray
    either: str = ""


def planted(path: str, data: bytes, of: str, edit: str, either: str = "") -> Planted:
    """One file with the scan's record of it."""
    digest = hashlib.sha256(data).hexdigest()
    facts = {
        **msgspec.to_builtins(inspect.inspect(data)[0]),
        "detail": detail.detail(decode.load(data).pixels),
        "words": [],
    }
    made = typed.convert({**facts, "path": path, "state": "image", "digest": digest}, Image)
    small = Pillow.open(io.BytesIO(data)).convert("RGB")
    small.thumbnail((256, 256))
    record = msgspec.structs.replace(made, bytes=len(data), pixel_digest=digest, pixel_bytes=len(data))
    return Planted(record, of, edit, np.asarray(small), either)


def encoded(picture: Picture, form: str = "JPEG", quality: int = 90) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **({"quality": quality} if form == "JPEG" else {"compress_level": 1}))
    return stream.getvalue()


def cropped(picture: Picture, share: float, chance: random.Random) -> Picture:
    """Without `share` of its width and of its height, taken from both ends at random."""
    w, h = picture.size
    left, top = (chance.uniform(0, share) for _ in range(2))
    return picture.crop((int(left * w), int(top * h), int(w * (1 - share + left)), int(h * (1 - share + top))))


def mirrored(picture: Picture) -> Picture:
    return picture.transpose(Pillow.Transpose.FLIP_LEFT_RIGHT)


def lettered(picture: Picture, text: str, share: float, strength: int, place: float) -> Picture:
    """White letters that fill `share` of the width, at `place` of the height, as strong as `strength` of 255."""
    font = ImageFont.load_default(max(8, int(1.7 * share * picture.width / len(text))))
    sheet = Pillow.new("L", picture.size, 0)
    at = (int(picture.width * (0.97 - share)), int(picture.height * place))
    ImageDraw.Draw(sheet).text(at, text, fill=strength, font=font)
    return Pillow.composite(Pillow.new("RGB", picture.size, "white"), picture, sheet)


def framed(picture: Picture, chance: random.Random) -> Picture:
    """A plain border of 3 to 8 % of the long side."""
    colour = chance.choice(("white", "black", "#eee5d0", "#303a44"))
    return ImageOps.expand(picture, int(max(picture.size) * chance.uniform(0.03, 0.08)), colour)


def night(picture: Picture) -> Picture:
    factors = (0.3, 0.35, 0.55)
    bands = [band.point(lambda v, f=f: int(v * f)) for band, f in zip(picture.split(), factors, strict=True)]
    return Pillow.merge("RGB", bands)


def changed(picture: Picture, share: float, chance: random.Random) -> Picture:
    """A soft-edged round patch of the picture pasted elsewhere: a mouth, an object, a bird."""
    w, h = picture.size
    side = int(max(w, h) * share)
    best = None
    for _ in range(40):
        x, u = (chance.randrange(w - side) for _ in range(2))
        y, v = (chance.randrange(h - side) for _ in range(2))
        there, new = (picture.crop((p, q, p + side, q + side)) for p, q in ((x, y), (u, v)))
        moved = float(np.abs(np.asarray(there, float) - np.asarray(new, float)).mean())
        if best is None or moved > best[0]:
            best = (moved, new, (x, y))
        if moved > 25:
            break
    assert best
    mask = Pillow.new("L", (side, side), 0)
    ImageDraw.Draw(mask).ellipse((0, 0, side - 1, side - 1), fill=255)
    result = picture.copy()
    result.paste(best[1], best[2], mask.filter(ImageFilter.GaussianBlur(side / 20)))
    return result


def reencoded(picture: Picture) -> Picture:
    return Pillow.open(io.BytesIO(encoded(picture, quality=30)))


EASY: dict[str, Edit] = {
    "re-encoded": lambda p, _: reencoded(p),
    "resized": lambda p, c: p.resize((round(p.width * (s := c.choice((0.4, 0.5, 1.5)))), round(p.height * s))),
    "cropped 3-5 %": lambda p, c: cropped(p, c.uniform(0.03, 0.05), c),
    "brightness": lambda p, c: ImageEnhance.Brightness(p).enhance(c.choice((0.8, 1.2))),
    "mirrored": lambda p, _: mirrored(p),
    "watermark": lambda p, _: lettered(p, "(c) studio", 0.3, 110, 0.86),
}  # fmt: skip
HARD: dict[str, Edit] = {
    "cropped 10 %": lambda p, c: cropped(p, 0.10, c),
    "cropped 20 %": lambda p, c: cropped(p, 0.20, c),
    "mirrored crop": lambda p, c: mirrored(cropped(p, 0.10, c)),
    "border": framed,
    "big text": lambda p, _: lettered(p, "SUMMER SALE", 0.9, 255, 0.4),
    "grey": lambda p, _: p.convert("L").convert("RGB"),
}
ALIKE: dict[str, Edit] = {
    "part changed": lambda p, c: changed(p, 0.10, c),
    "night": lambda p, _: night(p),
}


def portrait(seed: int, mouth: int) -> Picture:
    """A plain drawn head on white; `mouth` is the expression."""
    chance = random.Random(seed)
    p = Pillow.new("RGB", (640, 800), "white")
    d = ImageDraw.Draw(p)
    tone = tuple(chance.randrange(120, 240) for _ in range(3))
    hair = tuple(chance.randrange(20, 160) for _ in range(3))
    x, w, h = chance.randrange(290, 350), chance.randrange(90, 150), chance.randrange(120, 180)
    d.ellipse((x - w - 25, 330 - h - 40, x + w + 25, 360 + chance.randrange(0, 160)), fill=hair)
    d.polygon([(x - w - 60, 800), (x - 50, 520), (x + 50, 520), (x + w + 60, 800)], fill=tuple(c // 2 for c in tone))
    d.ellipse((x - w, 330 - h, x + w, 330 + h), fill=tone, outline="black", width=3)
    for side in (-1, 1):
        d.ellipse((x + side * w // 2 - 14, 290, x + side * w // 2 + 14, 310), fill="black")
    y = 330 + h // 2
    if mouth == 0:
        d.line((x - 30, y, x + 30, y), fill="black", width=5)
    elif mouth == 1:
        d.arc((x - 35, y - 30, x + 35, y + 20), 20, 160, fill="black", width=5)
    elif mouth == 2:
        d.ellipse((x - 22, y - 20, x + 22, y + 20), fill=(120, 20, 30))
    else:
        d.arc((x - 35, y - 5, x + 35, y + 45), 200, 340, fill="black", width=5)
    return p


def photographs() -> Iterator[tuple[str, Picture]]:
    """Those that scikit-image ships, RGB at their own size."""
    import skimage

    bundled = Path(skimage.__file__).parent / "data"
    for name in PHOTOGRAPHS:
        file = next(bundled.glob(f"{name}.*g"))
        yield name, Pillow.open(file).convert("RGB")


def quarters(picture: Picture) -> Iterator[Picture]:
    w, h = picture.width // 2, picture.height // 2
    for x, y in ((0, 0), (w, 0), (0, h), (w, h)):
        yield picture.crop((x, y, x + w, y + h))


def originals(folders: list[Path]) -> Iterator[tuple[str, Picture]]:
    """(name, RGB picture): our own, or, in place of them, those in `folders`, no two alike."""
    if folders:
        yield from _files(folders)
        return
    for name, photograph in photographs():
        for number, part in enumerate(quarters(photograph)):
            yield f"{name}-{number}", part.resize(_fit(part.size), Pillow.Resampling.LANCZOS)
    yield from _files([PAINTINGS])
    for seed in range(12):
        yield f"scene-{seed}", scene(seed)


def _files(folders: list[Path]) -> Iterator[tuple[str, Picture]]:
    files = [f for folder in folders for f in sorted(folder.rglob("*"))]
    for number, file in enumerate(f for f in files if f.suffix in (".jpg", ".png", ".webp")):
        if file.stem != COPY_OF_A_PAINTING:
            picture = Pillow.open(file).convert("RGB")
            yield f"{number:03}-{file.stem}", picture.resize(_fit(picture.size), Pillow.Resampling.LANCZOS)


def _fit(size: tuple[int, int]) -> tuple[int, int]:
    scale = SIDE / max(size)
    return round(size[0] * scale), round(size[1] * scale)


def plant(folders: list[Path], edits: dict[str, Edit]) -> Iterator[Planted]:
    """Every original, each edit of it as a JPEG, a PNG and a byte copy, and what is only alike."""
    for name, picture in originals(folders):
        chance = random.Random(name)
        data = encoded(picture)
        yield planted(f"{name}/original.jpg", data, name, "")
        yield planted(f"{name}/byte copy.jpg", data, name, "byte copy")
        yield planted(f"{name}/png copy.png", encoded(Pillow.open(io.BytesIO(data)), "PNG"), name, "PNG copy")
        made, states = {}, {}
        for edit, make in {**edits, **ALIKE}.items():
            states[edit] = chance.getstate()
            made[edit] = make(picture, chance)
        for edit in edits:
            either = f"{name}, part changed" if _shows_no_change(edits, edit, states[edit], made) else ""
            yield planted(f"{name}/{edit}.jpg", encoded(made[edit], quality=88), name, edit, either)
        for edit in ALIKE:
            yield planted(f"{name}/{edit}.jpg", encoded(made[edit], quality=88), f"{name}, {edit}", edit)
    for seed in range(12):
        for mouth in range(4):
            name = f"head-{seed}, mouth {mouth}"
            yield planted(f"{name}.jpg", encoded(portrait(seed, mouth)), name, "")


def _shows_no_change(edits: dict[str, Edit], edit: str, state: tuple[Any, ...], made: dict[str, Picture]) -> bool:
    """Would the same cut of the picture with a changed part look the same?"""
    if "crop" not in edit:
        return False
    chance = random.Random()
    chance.setstate(state)
    return np.array_equal(np.asarray(edits[edit](made["part changed"], chance)), np.asarray(made[edit]))
