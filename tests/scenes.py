"""A small project of pictures that differ, drawn from fixed seeds."""

import shutil
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from loraprep.core.store import NAME as PIXELS
from tests import store
from tests.runs import run

SUBJECTS = ["mill", "harbour", "orchard", "cat", "portrait", "bridge", "horse", "lighthouse", "jug", "street",
            "mountain", "forest"]  # fmt: skip
LIGHT = ["at dawn", "at noon", "at night"]


def scene(seed: int, width: int = 640, height: int = 560) -> Image.Image:
    """Blurred colour fields, shapes and strokes: two seeds share neither layout nor palette. The caller may draw on it."""
    return _drawn(seed, width, height).copy()


@lru_cache(maxsize=64)
def _drawn(seed: int, width: int, height: int) -> Image.Image:
    random = np.random.default_rng(seed)
    field = Image.fromarray(random.integers(0, 256, (5, 6, 3), np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    draw = ImageDraw.Draw(field)
    for _ in range(260):
        x, y = random.integers(0, width), random.integers(0, height)
        dx, dy = random.normal(0, 40, 2)
        colour = tuple(
            int(c) for c in np.clip(np.array(field.getpixel((int(x), int(y)))) + random.normal(0, 45, 3), 0, 255)
        )
        draw.line([(x, y), (x + dx, y + dy)], fill=colour, width=int(random.integers(2, 14)))
    grain = Image.effect_noise((width, height), 14).convert("RGB") if seed < 0 else None
    return Image.blend(field, grain, 0.2) if grain else field.filter(ImageFilter.UnsharpMask(1, 60))


def project(root: Path, pictures: int = 24) -> Path:
    """A style project for SD1.5 with captions beside its pictures; each was looked at closely in an earlier life.

    Looking closely at 24 pictures takes longer than all the rest of a run; what it gives hangs on their pixels alone.
    """
    assert pictures <= _MOST
    seen = store.kept("scenes", _seen)
    (root / "images").mkdir(parents=True)
    for picture in sorted((seen / "images").iterdir())[: 2 * pictures]:
        shutil.copyfile(picture, root / "images" / picture.name)
    shutil.copyfile(seen / "project.yaml", root / "project.yaml")
    remember(seen, root)
    return root


def pictures(root: Path, number: int) -> Path:
    """The same pictures alone, as images/p00.jpg and so on; what was seen in them is remembered all the same."""
    seen = store.kept("scenes", _seen)
    (root / "images").mkdir(parents=True)
    for n, picture in enumerate(sorted((seen / "images").glob("*.jpg"))[:number]):
        shutil.copyfile(picture, root / f"images/p{n:02}.jpg")
    remember(seen, root)
    return root


def remember(seen: Path, root: Path) -> None:
    """Takes over what looking closely at the pictures of another project gave; it hangs on their pixels alone."""
    (root / "build").mkdir()
    shutil.copyfile(seen / "build" / PIXELS, root / "build" / PIXELS)


_MOST = 24


def draw(folder: Path, count: int) -> None:
    """The first `count` pictures of `project` and their captions."""
    folder.mkdir()
    for number in range(count):
        name = f"scene-{number:02}"
        size = [(640, 560), (560, 640), (600, 600)][number % 3]
        scene(number, *size).save(folder / f"{name}.jpg", quality=92)
        words = f"a {SUBJECTS[number % 12]} {LIGHT[number % 3]}, number {number}, loose strokes, bright palette\n"
        (folder / f"{name}.txt").write_text(words, "utf-8")


SETTINGS = """\
version: 1
name: mystyle
intent: {kind: style, description: loose bright painting}
model: sd15
trigger: brushy
"""


def _seen(root: Path) -> None:
    draw(root / "images", _MOST)
    (root / "project.yaml").write_text(SETTINGS, "utf-8")
    code, output = run(root, "looks")
    assert code == 0, output
