"""Folders of pictures to measure on, the same in every run."""

from __future__ import annotations

import io
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageEnhance

from loraprep.project import trust
from tests.benchmarks.planted import photographs
from tests.scenes import scene

FORMS = ("jpg",) * 17 + ("png",) * 2 + ("webp",)  # of twenty pictures
PIXELS = (0.5e6, 3.3e6)  # least and most pixels; 1.9 MP on average


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


def project(root: Path, images: Path) -> Path:
    """A project around a folder of pictures, which it may read by a config.yaml beside it."""
    root.mkdir(parents=True, exist_ok=True)
    os.environ["LORAPREP_CONFIG"] = str(root.parent / "config.yaml")
    trust.trust_folder(root, images)
    (root / "project.yaml").write_text(
        f"version: 1\nname: many\nintent: {{kind: style}}\nmodel: sd15\ntrigger: brushy\nimages: {{folder: {images}}}\n"
        "review: {quality: auto, duplicates: auto, captions: auto, curation: auto}\n", "utf-8")  # fmt: skip
    (root / "dodo.py").write_text("from loraprep.tasks import *\n", "utf-8")
    return root
