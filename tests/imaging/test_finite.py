"""Every measure is finite for every picture: 1x1 to 64x9000, sparse, flat, transparent, of one colour."""

import io
import warnings
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
from PIL import Image

from loraprep.imaging import corners, decode, display, flaws, style
from loraprep.scan import detail, inspect
from tests.finite import finite

SIZES = [(1, 1), (1, 2), (2, 1), (2, 3), (5, 7), (1, 64), (64, 1), (9000, 1), (1, 9000), (64, 9000), (9000, 64), (17, 33),
         (95, 96), (96, 97), (300, 8), (512, 512)]  # fmt: skip


def drawn(width: int, height: int) -> Iterator[tuple[str, Image.Image]]:
    random = np.random.default_rng(width * 7 + height)
    noise = random.integers(0, 256, (height, width, 3)).astype(np.uint8)
    yield "flat", Image.new("RGB", (width, height), "#808080")
    yield "clear", Image.new("RGBA", (width, height), (0, 0, 0, 0))
    yield "noise", Image.fromarray(noise)
    stroke = np.zeros((height, width, 4), np.uint8)
    stroke[height // 2] = (255, 0, 0, 255)
    yield "a stroke on nothing", Image.fromarray(stroke)
    half = np.dstack([noise, np.zeros((height, width), np.uint8)])
    half[:, : max(1, width // 3), 3] = 255
    yield "a third", Image.fromarray(half)
    dot = np.full((height, width), 255, np.uint8)
    dot[0, 0] = 0
    yield "a dot", Image.fromarray(dot)
    yield "bits", Image.fromarray(random.integers(0, 2, (height, width)).astype(bool))
    yield "deep", Image.fromarray(random.integers(0, 65536, (height, width)).astype(np.uint16))


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_every_measure_is_finite(size: tuple[int, int]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # the mean of nothing, a division by 0
        for name, picture in drawn(*size):
            stream = io.BytesIO()
            picture.save(stream, "PNG")
            data = stream.getvalue()
            assert finite(msgspec.to_builtins(inspect.inspect(data)[0])), name
            pixels = decode.load(data).pixels
            assert finite(detail.detail(pixels)), name
            assert finite(msgspec.to_builtins(flaws.flaws(pixels))), name
            shown, alpha = display.upright_and_alpha(decode.load(data), longest=1600)
            assert finite(list(style.style_descriptor(shown))), name
            corners.corners(shown, alpha)
