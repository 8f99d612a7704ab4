"""How well copies and variants are told apart: python -m tests.benchmarks.duplicates [FOLDER ...]

Takes the photographs that scikit-image ships and every picture under the folders given (which must not hold
duplicates of their own), plants copies and variants of each, adds hard negatives, and prints what was found.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageEnhance, ImageFilter

from loraprep import duplicates, images, native, scan
from loraprep.model import Image

Edit = Callable[[Pillow.Image, random.Random], Pillow.Image]
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket", "motorcycle_left", "camera", "brick", "grass", "gravel")


def record(path: str, data: bytes) -> Image:
    """The scan's record of one file."""
    digest = hashlib.sha256(data).hexdigest()
    facts = {**scan.inspect(data), "detail": native.detail(images.load(data).pixels)}
    made = Image.from_json({**facts, "path": path, "state": "image", "digest": digest, "words": []})
    return replace(made, bytes=len(data), pixel_digest=digest, pixel_bytes=len(data))


def thumbnail(picture: Pillow.Image) -> np.ndarray:
    small = picture.convert("RGB")
    small.thumbnail((256, 256))
    return np.asarray(small)


def encode(picture: Pillow.Image, form: str = "JPEG", quality: int = 90) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **({"quality": quality} if form == "JPEG" else {"compress_level": 1}))
    return stream.getvalue()


def cropped(picture: Pillow.Image, share: float, chance: random.Random) -> Pillow.Image:
    w, h = picture.size
    left, top = (chance.uniform(0, share) for _ in range(2))
    return picture.crop((int(left * w), int(top * h), int(w * (1 - share + left)), int(h * (1 - share + top))))


def changed(picture: Pillow.Image, share: float, chance: random.Random) -> Pillow.Image:
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


def night(picture: Pillow.Image) -> Pillow.Image:
    factors = (0.3, 0.35, 0.55)
    return Pillow.merge(
        "RGB", [c.point(lambda v, f=f: int(v * f)) for c, f in zip(picture.split(), factors, strict=True)]
    )


COPIES: dict[str, Edit] = {
    "re-encoded 30": lambda p, _: Pillow.open(io.BytesIO(encode(p, quality=30))),
    "half size": lambda p, _: p.resize((p.width // 2, p.height // 2), Pillow.Resampling.LANCZOS),
    "enlarged": lambda p, _: p.resize((p.width * 3 // 2, p.height * 3 // 2), Pillow.Resampling.BICUBIC),
    "cropped 3 %": lambda p, c: cropped(p, 0.03, c),
    "cropped 5 %": lambda p, c: cropped(p, 0.05, c),
    "brighter": lambda p, _: ImageEnhance.Brightness(p).enhance(1.2),
    "darker": lambda p, _: ImageEnhance.Brightness(p).enhance(0.8),
    "contrast": lambda p, _: ImageEnhance.Contrast(p).enhance(1.2),
    "colour": lambda p, _: ImageEnhance.Color(p).enhance(1.2),
    "mirrored": lambda p, _: p.transpose(Pillow.Transpose.FLIP_LEFT_RIGHT),
}
VARIANTS: dict[str, Edit] = {
    "part 10 %": lambda p, c: changed(p, 0.10, c),
    "part 6 %": lambda p, c: changed(p, 0.06, c),
    "night": lambda p, _: night(p),
}


def portrait(seed: int, mouth: int) -> Pillow.Image:
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


def originals(folders: list[Path]) -> dict[str, Pillow.Image]:
    import skimage

    bundled = Path(skimage.__file__).parent / "data"
    files = [bundled / f"{name}.png" for name in PHOTOGRAPHS] + [bundled / "rocket.jpg"]
    files += [f for folder in folders for f in sorted(folder.rglob("*")) if f.suffix in (".jpg", ".png")]
    found = {}
    for number, file in enumerate(f for f in files if f.is_file()):
        picture = Pillow.open(file)
        picture.draft("RGB", (1000, 1000))
        if picture.mode == "RGBA":  # drawn on white, as a person would see it
            picture = Pillow.alpha_composite(Pillow.new("RGBA", picture.size, "white"), picture)
        picture = picture.convert("RGB")
        picture.thumbnail((900, 900))
        found[f"{number:03} {file.stem}"] = picture
    return found


def main(folders: list[Path]) -> None:
    chance = random.Random(7)
    records: list[Image] = []
    looks: dict[str, np.ndarray] = {}
    truth: dict[str, tuple[str, str]] = {}  # path -> (origin, what was done to it)

    def add(origin: str, done: str, data: bytes) -> None:
        path = f"{origin}/{done}"
        records.append(record(path, data))
        looks[path] = thumbnail(Pillow.open(io.BytesIO(data)))
        truth[path] = (origin, done)

    started = time.perf_counter()
    for name, picture in originals(folders).items():
        data = encode(picture)
        add(name, "original", data)
        add(name, "byte copy", data)
        add(name, "png", encode(Pillow.open(io.BytesIO(data)), "PNG"))
        for done, edit in (*COPIES.items(), *VARIANTS.items()):
            add(name, done, encode(edit(picture, chance), quality=88))
        w, h = picture.size
        for n, (x, y) in enumerate(itertools.product(range(3), range(3))):  # hard negatives: neighbours
            tile = picture.crop((x * w // 3, y * h // 3, (x + 1) * w // 3, (y + 1) * h // 3))
            data = encode(tile)
            if hashlib.sha256(data).hexdigest() not in {r.digest for r in records}:  # two of one plain colour
                add(f"{name} tile {n}", "original", data)
    for seed in range(12):
        for mouth in range(4):
            add(f"portrait {seed}", f"part {mouth}", encode(portrait(seed, mouth)))
    print(f"{len(records)} pictures made and measured in {time.perf_counter() - started:.0f} s")

    opened: Counter[str] = Counter()

    def look(image: Image) -> np.ndarray:
        opened[image.path] += 1
        return looks[image.path]

    started = time.perf_counter()
    groups = duplicates.find(records, duplicates.THRESHOLDS, look)
    print(f"find: {time.perf_counter() - started:.1f} s, {sum(opened.values())} pictures opened")

    def kind(path: str) -> int:  # variants of one origin are each a picture of their own
        return list(VARIANTS).index(truth[path][1]) + 1 if truth[path][1] in VARIANTS else 0

    parts = {p: (kind(p) or (truth[p][1] if truth[p][1].startswith("part ") else 0)) for p in truth}
    wanted_near: set[tuple[str, str]] = set()
    wanted_same: set[tuple[str, str]] = set()
    by_origin: dict[str, list[str]] = {}
    for path, (origin, _) in truth.items():
        by_origin.setdefault(origin, []).append(path)
    for paths in by_origin.values():
        for a, b in itertools.combinations(sorted(paths), 2):
            wanted_near.add((a, b))
            if parts[a] == parts[b]:
                wanted_same.add((a, b))
    found_near: set[tuple[str, str]] = set()
    found_same: set[tuple[str, str]] = set()
    for group in groups:
        found_near |= set(itertools.combinations(group.pictures, 2))
        for path in group.pictures:
            alike = sorted(duplicates._copies(group, path))
            found_same |= set(itertools.combinations(alike, 2))
    for name, wanted, found in (("grouped", wanted_near, found_near), ("copies", wanted_same, found_same)):
        right = len(wanted & found)
        precision, recall = right / max(1, len(found)), right / max(1, len(wanted))
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        print(f"{name}: {len(wanted)} true pairs, precision {precision:.4f}, recall {recall:.4f}, F1 {f1:.4f}")
    missed = Counter(truth[b][1] if truth[a][1] == "original" else truth[a][1]
                     for a, b in wanted_same - found_same if "original" in (truth[a][1], truth[b][1]))  # fmt: skip
    print("copies missed against their original:", dict(missed.most_common()))
    byorigin = Counter(truth[a][0] for a, _ in wanted_same - found_same)
    print("copies missed, by picture:", dict(byorigin.most_common(8)))
    for a, b in sorted(found_same - wanted_same)[:20]:
        print("  taken for a copy:", a, "|", b)
    for a, b in sorted(found_near - wanted_near)[:10]:
        print("  grouped wrongly:", a, "|", b)
    lost = Counter(truth[p][1] for g in groups for p in g.pictures if truth[p][1] in VARIANTS
                   and not duplicates._copies(g, p) & set(g.recommended))  # fmt: skip
    print("variants proposed for removal:", sum(lost.values()))
    won = Counter(truth[c][1] for g in groups for c in g.recommended if parts[c] == 0)
    print("recommended of each copy cluster:", dict(won.most_common()))


if __name__ == "__main__":
    main([Path(folder) for folder in sys.argv[1:]])
