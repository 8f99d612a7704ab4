"""Folders of pictures to measure on, the same in every run."""

from __future__ import annotations

import io
import os
import random
import shutil
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageEnhance

from loraprep.project import trust
from tests.benchmarks.planted import photographs
from tests.scenes import scene

FORMS = ("jpg",) * 17 + ("png",) * 2 + ("webp",)  # of twenty pictures
PIXELS = (0.5e6, 3.3e6)  # least and most pixels; 1.9 MP on average
REAL = (1e6, 4e6)  # the same of pictures of packages
PLACES = ("usr/share/games", "usr/share/backgrounds", "usr/share/wallpapers", "usr/share/openclipart",
          "usr/share/stellarium", "usr/share/tuxpaint", "usr/share/naev")  # fmt: skip

# of a project.yaml by which stamps are not too small, and all of them train, so that all phases have them to look at
STAMPS = """\
curation: {target: 1000000}
dataset: {sizes: [128]}
thresholds: {audit: {enlargement_question: 3, enlargement_most: 9, mostly_enlarged: 3}}
"""


def photographic(folder: Path, count: int) -> Path:
    """`count` pictures of 1.9 MP on average, no two of one cut: photographs and, each eighth, a drawn scene."""
    folder = folder / f"pictures-{count}"
    if not folder.exists():
        unfinished = folder.with_suffix(".part")
        unfinished.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor() as pool:
            list(pool.map(_cuts, [(unfinished, part, count) for part in range(16)]))
        unfinished.rename(folder)
    return folder


def _cuts(job: tuple[Path, int, int]) -> None:
    folder, part, count = job
    sources = [picture for _, picture in photographs()]
    for number in range(part, count, 16):
        random = np.random.default_rng(number)
        pixels, shape = random.uniform(*PIXELS), random.choice((0.67, 0.75, 1.0, 1.33, 1.5))
        width, height = round((pixels * shape) ** 0.5), round((pixels / shape) ** 0.5)
        picture = scene(number, 768, 640) if number % 8 == 0 else sources[number % len(sources)]
        share = random.uniform(0.35, 0.9)
        left, top = (random.uniform(0, (1 - share) * side) for side in picture.size)
        box = (left, top, left + share * picture.width, top + share * picture.height)
        picture = picture.resize((width, height), Pillow.Resampling.BICUBIC, box=box)
        for tone in (ImageEnhance.Brightness, ImageEnhance.Color, ImageEnhance.Contrast):
            picture = tone(picture).enhance(random.uniform(0.75, 1.25))
        # what the camera's own noise would be: an enlargement alone is too easy to compress and to decode
        grain = Pillow.fromarray(random.normal(128, 5, (height, width)).clip(0, 255).astype(np.uint8))
        picture = Pillow.blend(picture, Pillow.merge("RGB", [grain] * 3), 0.15)
        form = FORMS[number % len(FORMS)]
        how = {"compress_level": 6} if form == "png" else {"quality": int(random.integers(78, 94))}
        picture.save(folder / f"{number:06}.{form}", **how)


def real(folder: Path, root: Path, count: int) -> Path:
    """`count` pictures out of packages unpacked below `root`, of 1 to 4 MP as long as there are any, then smaller ones.

    Every third file is a cut, of 40 to 95 % of the sides, of a picture before it, saved anew as they are shared. The
    first files of a larger set are a smaller one.
    """
    folder = folder / f"real-{count}"
    if folder.exists():
        return folder
    unfinished = folder.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    found = sorted(p for place in PLACES for p in (root / place).rglob("*")
                   if p.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp") and not p.is_symlink())  # fmt: skip
    random.Random(17).shuffle(found)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sound = list(_sound(found, count - count // 3))
    chosen: list[Path] = []
    cuts: list[tuple[Path, Path, int]] = []
    for number in range(count):
        if number % 3 == 2:
            cuts.append((random.Random(number).choice(chosen), unfinished / f"{number:05}.jpg", number))
        else:
            path = sound[len(chosen)]
            chosen.append(unfinished / f"{number:05}{path.suffix.lower()}")
            shutil.copyfile(path, chosen[-1])
    with ProcessPoolExecutor() as pool:
        list(pool.map(_cut, cuts))
    unfinished.rename(folder)
    return folder


def _sound(paths: Sequence[Path], count: int) -> Iterator[Path]:
    smaller: list[Path] = []
    for limits, some in ((REAL, paths), ((0.3e6, REAL[0]), smaller)):
        for path in some:
            try:
                with Pillow.open(path) as picture:
                    pixels = picture.width * picture.height
                    if not limits[0] <= pixels <= limits[1]:
                        smaller += [path] if pixels < limits[0] and some is paths else []
                        continue
                    picture.load()
            except Exception:
                continue
            yield path
            count -= 1
            if not count:
                return
    raise SystemExit(f"{count} pictures too few in {', '.join(PLACES)}")


def _cut(job: tuple[Path, Path, int]) -> None:
    whole, path, number = job
    chance = random.Random(-number)
    with Pillow.open(whole) as opened:
        picture = opened.convert("RGBA")
    picture = Pillow.alpha_composite(Pillow.new("RGBA", picture.size, "white"), picture).convert("RGB")
    share = chance.uniform(0.4, 0.95)
    left, top = (chance.uniform(0, 1 - share) * side for side in picture.size)
    box = (int(left), int(top), int(left + share * picture.width), int(top + share * picture.height))
    picture.crop(box).save(path, quality=chance.randint(80, 93))


def small(folder: Path, count: int) -> Path:
    """`count` JPEGs of 520 x 400, soft fields of colour with grain, each with a layout and a palette of its own."""
    folder = folder / f"small-{count}"
    if not folder.exists():
        unfinished = folder.with_suffix(".part")
        unfinished.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor() as pool:
            list(pool.map(_field, [unfinished / f"{n:06}.jpg" for n in range(count)], range(count), chunksize=64))
        unfinished.rename(folder)
    return folder


def _field(path: Path, number: int) -> None:
    chance = np.random.default_rng(number)
    field = Pillow.fromarray(chance.integers(0, 256, (9, 12, 3), np.uint8))
    grain = chance.integers(-12, 13, (400, 520, 1), np.int16)
    rows = np.asarray(field.resize((520, 400), Pillow.Resampling.BICUBIC), np.int16) + grain
    Pillow.fromarray(rows.clip(0, 255).astype(np.uint8)).save(path, quality=85)


def tiny(folder: Path, count: int) -> Path:
    """`count` JPEGs of 96 x 80, 200 different pictures in all, each file with bytes of its own at the end."""
    folder = folder / f"tiny-{count}"
    if not folder.exists():
        unfinished = folder.with_suffix(".part")
        unfinished.mkdir(parents=True, exist_ok=True)
        files = []
        for number in range(200):
            random = np.random.default_rng(number)
            field = Pillow.fromarray(random.integers(0, 256, (6, 7, 3), np.uint8))
            stream = io.BytesIO()
            field.resize((96, 80), Pillow.Resampling.BICUBIC).save(stream, "JPEG", quality=85)
            files.append(stream.getvalue())
        for number in range(count):
            (unfinished / f"{number:06}.jpg").write_bytes(files[number % 200] + number.to_bytes(8))
        unfinished.rename(folder)
    return folder


def stamps(folder: Path, count: int) -> Path:
    """`count` JPEGs of 64 x 64, no two alike, without an edge, with captions: what many cost beside their pixels.

    See `STAMPS`.
    """
    folder = folder / f"stamps-{count}"
    if not folder.exists():
        unfinished = folder.with_suffix(".part")
        unfinished.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            field = np.random.default_rng(number).integers(90, 166, (5, 5, 3), np.uint8)
            picture = Pillow.fromarray(field).resize((64, 64), Pillow.Resampling.BICUBIC)
            picture.save(unfinished / f"{number:06}.jpg", quality=92)
            (unfinished / f"{number:06}.txt").write_text(told(number), "utf-8")
        unfinished.rename(folder)
    return folder


def told(number: int) -> str:
    """A caption of its own for each of some thousands."""
    chance = random.Random(number)
    what = ("cat", "dog", "ship", "house", "tree", "bridge", "portrait", "horse", "mill", "car")
    where = ("in a field", "by the sea", "in a room", "on a hill", "in a street", "in a wood", "at a river")
    light = ("warm light", "cold light", "dim light", "bright light")
    return f"a {chance.choice(what)} {chance.choice(where)}, {chance.choice(light)}, number {number % 997}"


def project(root: Path, images: Path, more: str = "") -> Path:
    """A project around a folder of pictures, which it may read by a config.yaml beside it; `more`: of project.yaml."""
    root.mkdir(parents=True, exist_ok=True)
    os.environ["LORAPREP_CONFIG"] = str(root.parent / "config.yaml")
    trust.trust_folder(root, images)
    (root / "project.yaml").write_text(
        f"version: 1\nname: many\nintent: {{kind: style}}\nmodel: sd15\ntrigger: brushy\nimages: {{folder: {images}}}\n"
        f"review: {{quality: auto, duplicates: auto, captions: auto, curation: auto}}\n{more}", "utf-8")  # fmt: skip
    (root / "dodo.py").write_text("from loraprep.tasks import *\n", "utf-8")
    return root


def contact_sheet(file: Path, shown: Sequence[tuple[str, Pillow.Image]]) -> None:
    """Save small copies of pictures with their names below, five in a row, to be looked at."""
    sheet = Pillow.new("RGB", (5 * 310, max(1, -(-len(shown) // 5)) * 260), "#d0d0d0")
    for n, (name, picture) in enumerate(shown):
        small = picture.copy()
        small.thumbnail((300, 230))
        sheet.paste(small, (n % 5 * 310, n // 5 * 260))
        ImageDraw.Draw(sheet).text((n % 5 * 310, n // 5 * 260 + 234), name[-48:], "black", font_size=11)
    sheet.save(file)
