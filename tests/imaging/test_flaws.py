"""Blur, enlargement, JPEG blocks, noise, few colours, the dark, and no colour: planted in generated pictures, and not."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from PIL import Image, ImageDraw, ImageFilter

from loraprep.core.records import Image as Record
from loraprep.imaging.flaws import Flaws, flaws
from loraprep.project.settings import complete_settings
from loraprep.scan import detail
from tests import pictures

Picture = Image.Image
LIMITS = complete_settings(
    {"version": 1, "name": "x", "trigger": "x", "model": "sdxl", "intent": {"kind": "style", "description": "x"}}
).thresholds.audit


def codes(picture: Picture, **facts: Any) -> set[str]:
    """What is said of a picture's pixels, stored without loss."""
    record = Record("a.png", "image", **{"mode": picture.mode, **facts})
    seen = {"a.png": detail.Seen(detail.detail(picture), flaws(picture))}
    return {str(f.code) for f in detail.findings([record], seen, LIMITS)}


def jpeg(picture: Picture, quality: int) -> Picture:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return Image.open(stream).convert("RGB")


def noisy(picture: Picture, deviation: float) -> Picture:
    noise = np.random.default_rng(1).normal(0, deviation, (*picture.size[::-1], 3))
    return Image.fromarray((np.asarray(picture) + noise).clip(0, 255).astype(np.uint8))


PLANTED: dict[str, tuple[str, Callable[[Picture], Picture]]] = {
    "blur": ("soft", lambda p: p.filter(ImageFilter.GaussianBlur(2.2))),
    "strong blur": ("soft", lambda p: p.filter(ImageFilter.GaussianBlur(4))),
    "enlarged 2x": ("enlarged-before", lambda p: pictures.enlarged(p.reduce(2), 2, Image.Resampling.BICUBIC)),
    "enlarged 3x": ("enlarged-before", lambda p: pictures.enlarged(p.reduce(3), 3, Image.Resampling.LANCZOS)),
    "JPEG of quality 25": ("compressed", lambda p: jpeg(p, 25)),
    "JPEG on a shifted grid": ("compressed", lambda p: jpeg(p, 25).crop((3, 5, *p.size))),
    "noise": ("noisy", lambda p: noisy(p, 30)),
    "16 colours": ("few-colours", lambda p: p.quantize(16, dither=Image.Dither.NONE).convert("RGB")),
    "16 colours, dithered": ("few-colours", lambda p: p.quantize(16, dither=Image.Dither.FLOYDSTEINBERG).convert("RGB")),
    "without colour": ("grey", lambda p: p.convert("L").convert("RGB")),
    "an eighth of the light": ("dark", lambda p: p.point(lambda v: v // 8)),
}  # fmt: skip


@pytest.fixture(scope="module")
def sound() -> Picture:
    """Shapes with crisp rims on gradients, a little texture: nothing is wrong with it."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0:1000, 0:1400]
    ground = np.stack([80 + x / 14, 120 + y / 12, 160 - x / 20], -1) + rng.normal(0, 1.5, (1000, 1400, 3))
    picture = Image.fromarray(ground.clip(0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    for _ in range(400):
        left, top, size = rng.integers(0, 1350), rng.integers(0, 950), rng.integers(6, 90)
        colour = tuple(int(v) for v in rng.integers(20, 240, 3))
        pen.ellipse((left, top, left + size, top + size * 0.7), fill=colour)
        pen.line((left, top, left + size, top + size * 1.4), fill=colour, width=3)
    return picture


def test_nothing_is_said_of_a_sound_picture(sound: Picture) -> None:
    assert codes(sound) == set()
    assert codes(jpeg(sound, 90)) == set()


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_found(name: str, sound: Picture) -> None:
    code, plant = PLANTED[name]
    found = codes(plant(sound))
    assert code in found or (code, found & {"soft"}) == ("enlarged-before", {"soft"})


def test_the_dark_is_not_called_soft(sound: Picture) -> None:
    assert codes(sound.filter(ImageFilter.GaussianBlur(4)).point(lambda v: v // 8)) == {"dark"}


def test_one_sharp_thing_before_a_blurred_ground_is_sharp(sound: Picture) -> None:
    picture = sound.filter(ImageFilter.GaussianBlur(6))
    picture.paste(sound.crop((500, 300, 800, 600)), (500, 300))
    assert not codes(picture) & {"soft", "enlarged-before"}


@pytest.mark.parametrize("times", [2, 4, 8, 16])
def test_pixel_art_is_neither_enlarged_nor_compressed_nor_few_coloured(times: int) -> None:
    art = pictures.scene(640 // times, 640 // times).quantize(16).convert("RGB")
    large = art.resize((art.width * times, art.height * times), Image.Resampling.NEAREST)
    assert codes(large) == set()


def test_flat_art_of_few_colours_is_meant() -> None:
    picture = Image.new("RGB", (800, 600), "#f0e0c0")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((100, 100, 500, 500), fill="#c02020")
    pen.polygon([(300, 50), (750, 550), (400, 560)], fill="#2040a0")
    assert "few-colours" not in codes(picture)


def test_what_is_transparent_is_no_part_of_the_picture(sound: Picture) -> None:
    """Noise and colour that alpha hides are not seen; colour in a small cut-out is."""
    hidden = noisy(sound.convert("L").convert("RGB"), 60)
    hidden.putalpha(Image.new("L", hidden.size, 0))
    hidden.paste(sound.crop((0, 0, 60, 60)).convert("RGBA"), (20, 20))
    assert not codes(hidden) & {"noisy", "grey", "dark"}
    figure = Image.new("RGBA", (800, 600), (0, 0, 0, 0))
    ImageDraw.Draw(figure).ellipse((200, 100, 600, 500), fill=(0, 0, 0, 255))
    assert "dark" not in codes(figure)  # black on the white it is shown on


def test_a_greyscale_file_and_a_weak_jpeg_are_told_by_what_the_file_says(sound: Picture) -> None:
    assert "grey" in codes(sound.convert("L"))
    assert "compressed" in codes(sound, jpeg_quality=40)
    assert "compressed" not in codes(sound, jpeg_quality=85)


@pytest.mark.parametrize(("quality", "told"), [(0, True), (95, True), (75, False)])
def test_what_a_jpegs_own_saving_leaves_is_no_damage(quality: int, told: bool) -> None:
    """At 75 it shows at ten places in a hundred, and nobody sees it."""
    record = Record("a.jpg", "image", mode="RGB", jpeg_quality=quality)
    found = detail.findings([record], {"a.jpg": detail.Seen(flaws=Flaws(blocks=14.0))}, LIMITS)
    assert ["compressed"] * told == [f.code for f in found]


def test_what_was_found_once_is_said_once(sound: Picture) -> None:
    soft = sound.filter(ImageFilter.GaussianBlur(3))
    assert not codes(soft) >= {"soft", "enlarged-before"}


MODES = ("RGB", "RGBA", "L", "LA", "P", "1", "I;16", "CMYK", "F", "I")


@settings(deadline=None, max_examples=60)
@given(
    st.tuples(st.integers(1, 64), st.one_of(st.integers(1, 64), st.integers(1, 9000))),
    st.booleans(),
    st.sampled_from(MODES),
    st.sampled_from(["one colour", "black", "white", "sparse", "random", "transparent"]),
)
def test_every_measure_is_a_number_at_every_size(size: tuple[int, int], tall: bool, mode: str, what: str) -> None:
    size = size if tall else size[::-1]
    rng = np.random.default_rng(size[0] * 10_000 + size[1])
    values = np.full((size[1], size[0], 4), {"black": 0, "white": 255}.get(what, 90), np.uint8)
    values[..., 3] = 0 if what == "transparent" else 255
    if what == "random":
        values[..., :3] = rng.integers(0, 256, (size[1], size[0], 3))
    if what == "sparse":
        values[rng.integers(0, size[1]), rng.integers(0, size[0])] = (255, 0, 0, 255)
    picture = Image.fromarray(values, "RGBA")
    if mode not in ("RGBA", "LA"):
        picture = picture.convert("RGB")
    picture = picture.convert("L").convert(mode) if mode in ("I;16", "F", "I", "1") else picture.convert(mode)
    found = flaws(picture)
    assert all(math.isfinite(v) for v in structs.astuple(found))
    assert 0 <= found.sharpest <= 1
    assert found.noise >= 0
    if what in ("one colour", "black", "white"):
        assert found == Flaws(brightest=found.brightest, colourful=found.colourful)
