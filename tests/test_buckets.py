"""Where trainers put pictures: against values worked out by hand, and against the stated rules written down plainly."""

import math
import random

import numpy as np
import pytest

from loraprep.buckets import (
    ALGORITHMS,
    DIFFUSION_PIPE_RATIOS,
    Placement,
    fit,
    kohya_buckets,
    kohya_sides,
    onetrainer_buckets,
    steps_per_epoch,
)

Size = tuple[int, int]


def sizes(count: int, seed: int) -> list[tuple[int, int, int]]:
    """Width, height and trained size: every sort of format, small and large, and exact buckets among them."""
    rng = random.Random(seed)
    result = []
    for n in range(count):
        size = rng.choice((512, 768, 1024, 1536))
        if n % 10 == 0:
            result.append((*rng.choice(kohya_buckets(size, *kohya_sides(size))), size))
        else:
            short = rng.randint(64, 4000)
            long = min(
                8000, int(short * rng.choice((1.0, 1.01, 1.25, 4 / 3, 1.5, 16 / 9, 2, 2.4, 3.9, rng.uniform(1, 4))))
            )
            result.append((*((long, short) if rng.random() < 0.5 else (short, long)), size))
    return result


def placed(where: Placement | None) -> tuple[Size, tuple[int, ...]]:
    assert where is not None
    return where.bucket, tuple(round(edge) for edge in where.box)


# Worked out by hand from the rules; the first in the no-upscale list is the example of sd-scripts pull request 2352.
@pytest.mark.parametrize(("width", "height", "size", "bucket"), [
    (1024, 1024, 1024, (1024, 1024)),
    (1920, 1080, 1024, (1344, 768)),
    (640, 480, 1024, (1152, 896)),
    (1000, 1500, 1024, (832, 1216)),
    (832, 1216, 1024, (832, 1216)),  # exactly a bucket
    (4000, 500, 1024, (2048, 512)),  # longer than any bucket
    (600, 600, 512, (512, 512)),
])  # fmt: skip
def test_kohya_by_hand(width: int, height: int, size: int, bucket: Size) -> None:
    assert fit("kohya", width, height, size).bucket == bucket  # type: ignore[union-attr]


@pytest.mark.parametrize(("width", "height", "size", "bucket", "scale"), [
    (3072, 3000, 1024, (960, 960), 0.32),  # 983x960 after shrinking
    (3000, 2000, 1024, (1216, 832), 0.416),  # 1248x832: the height rounds with the smaller change of format
    (640, 480, 1024, (640, 448), 1.0),  # small: as it is, whole steps
    (1000, 1000, 512, (512, 512), 0.512),
])  # fmt: skip
def test_kohya_no_upscale_by_hand(width: int, height: int, size: int, bucket: Size, scale: float) -> None:
    where = fit("kohya", width, height, size, enlarge=False)
    assert where is not None
    assert where.bucket == bucket
    assert where.scale == pytest.approx(scale, abs=1e-3)


@pytest.mark.parametrize(("trainer", "width", "height", "size", "bucket", "box"), [
    ("ai-toolkit", 1152, 960, 512, (512, 512), (96, 0, 1055, 960)),  # nearest to the area, whatever its shape
    ("ai-toolkit", 700, 700, 1024, (704, 704), (0, 0, 700, 700)),
    ("onetrainer", 1280, 1024, 1024, (1152, 896), (0, 14, 1280, 1010)),  # 1145x916 in whole 64s, 1:1.25
    ("onetrainer", 1000, 3000, 512, (320, 896), (0, 100, 1000, 2900)),
    ("diffusion-pipe", 1920, 1080, 1024, (1376, 768), (0, 4, 1920, 1076)),  # 1.778: 1365x768 in whole 32s
    ("diffusion-pipe", 1024, 1024, 768, (768, 768), (0, 0, 1024, 1024)),
])  # fmt: skip
def test_others_by_hand(trainer: str, width: int, height: int, size: int, bucket: Size, box: tuple[int, ...]) -> None:
    assert placed(fit(trainer, width, height, size)) == (bucket, box)


def kohya_reference(width: int, height: int, size: int) -> tuple[Size, Size]:
    """Bucket and size after scaling, step by step as the rules are stated."""
    step, (low, high) = 64, kohya_sides(size)
    area = size * size
    found = [(math.floor(math.sqrt(area) / step) * step,) * 2]
    for w in np.arange(low, high + 1, step):
        h = min(high, math.floor(math.floor(area / w) / step) * step)
        if h >= low:
            found += [(int(w), h), (h, int(w))]
    listed = sorted(set(found))
    if (width, height) in listed:
        bucket = (width, height)
    else:
        errors = np.abs(np.array([w / h for w, h in listed]) - width / height)
        bucket = listed[int(errors.argmin())]
    scale = bucket[1] / height if width / height > bucket[0] / bucket[1] else bucket[0] / width
    return bucket, (int(width * scale + 0.5), int(height * scale + 0.5))


def kohya_small_reference(width: int, height: int, size: int) -> tuple[Size, Size]:
    step, area, ar = 64, size * size, width / height

    def rnd(x: float) -> int:
        whole = int(x + 0.5)
        return whole - whole % step

    resized = (width, height)
    if width * height > area:
        rw = math.sqrt(area * ar)
        rh = area / rw
        bw, bh = rnd(rw), rnd(rh)
        first = abs(bw / rnd(bw / ar) - ar)
        second = abs(rnd(bh * ar) / bh - ar)
        resized = (bw, int(bw / ar + 0.5)) if first < second else (int(bh * ar + 0.5), bh)
    return (resized[0] // step * step, resized[1] // step * step), resized


def test_kohya_agrees_with_its_rules_on_3000_sizes() -> None:
    for width, height, size in sizes(3000, 1):
        bucket, resized = kohya_reference(width, height, size)
        where = fit("kohya", width, height, size)
        assert where is not None
        assert where.bucket == bucket, (width, height, size)
        assert where.scale == pytest.approx(math.sqrt(resized[0] * resized[1] / width / height))
        left = (resized[0] - bucket[0]) // 2 * width / resized[0]
        assert where.box[0] == pytest.approx(left)


def test_kohya_no_upscale_agrees_with_its_rules_on_3000_sizes() -> None:
    for width, height, size in sizes(3000, 2):
        bucket, resized = kohya_small_reference(width, height, size)
        where = fit("kohya", width, height, size, enlarge=False)
        if min(bucket) == 0:
            assert where is None
            continue
        assert where is not None
        assert where.bucket == bucket, (width, height, size)
        assert where.scale <= 1.0 + 1e-3
        top = (resized[1] - bucket[1]) // 2 * height / resized[1]
        assert where.box[1] == pytest.approx(top)


def test_ai_toolkit_agrees_with_its_rules_on_1000_sizes() -> None:
    for width, height, size in sizes(1000, 3):
        target = min(width * height, size * size)
        factor = (target / (width * height)) ** 0.5
        w, h = width * factor / 64, height * factor / 64
        corners = [(a * 64, b * 64) for a in (math.floor(w), math.ceil(w)) for b in (math.floor(h), math.ceil(h))]
        allowed = [c for c in corners if c[0] and c[1] and c[0] * c[1] <= size * size]
        best = min(allowed, key=lambda c: abs(c[0] * c[1] - target))
        where = fit("ai-toolkit", width, height, size)
        assert where is not None
        assert where.bucket == best


def test_onetrainer_agrees_with_its_rules_on_1000_sizes() -> None:
    formats = [1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4]
    for width, height, size in sizes(1000, 4):
        listed = set()
        for f in formats:
            for h, w in ((1, f), (f, 1)):
                scale = size / math.sqrt(h * w)
                listed.add((round(h * scale / 64) * 64, round(w * scale / 64) * 64))
        nearest = min(abs(h / w - height / width) for h, w in listed)
        where = fit("onetrainer", width, height, size)
        assert where is not None
        assert (where.bucket[1], where.bucket[0]) in listed
        assert abs(where.bucket[1] / where.bucket[0] - height / width) == pytest.approx(nearest)


def test_diffusion_pipe_agrees_with_its_rules_on_1000_sizes() -> None:
    ratios = np.array(DIFFUSION_PIPE_RATIOS)
    for width, height, size in sizes(1000, 5):
        ratio = ratios[np.abs(np.log(width / height) - np.log(ratios)).argmin()]
        w = math.sqrt(size**2 * ratio)
        where = fit("diffusion-pipe", width, height, size)
        assert where is not None
        assert where.bucket == (int(round(w / 32) * 32), int(round(size**2 / w / 32) * 32))


@pytest.mark.parametrize("trainer", ALGORITHMS)
def test_what_holds_for_every_trainer(trainer: str) -> None:
    """The box lies in the picture, has the bucket's format and is centred; the cut is what the box leaves out."""
    for width, height, size in sizes(1000, 6):
        where = fit(trainer, width, height, size)
        assert where is not None
        left, top, right, bottom = where.box
        assert 0 <= left < right <= width + 1e-6
        assert 0 <= top < bottom <= height + 1e-6
        assert 0 <= where.cut < 1
        assert (right - left) * (bottom - top) == pytest.approx((1 - where.cut) * width * height)
        pixel = 1.5 / where.scale  # rounding to whole pixels happens after scaling
        assert abs(left - (width - right)) <= pixel
        assert abs(top - (height - bottom)) <= pixel
        assert abs((right - left) * where.scale - where.bucket[0]) <= 2
        assert abs((bottom - top) * where.scale - where.bucket[1]) <= 2


def test_what_a_trainer_cannot_place_is_said() -> None:
    assert fit("kohya", 40, 30, 512, enlarge=False) is None  # not one whole step
    assert fit("kohya", 20000, 50, 512, enlarge=False) is None  # kohya would divide by zero
    with pytest.raises(ValueError, match="no picture is 0x10 and no trained size 512"):
        fit("kohya", 0, 10, 512)
    with pytest.raises(KeyError):
        fit("simpletuner", 10, 10, 512)


def test_bucket_lists() -> None:
    assert len(onetrainer_buckets(1024)) == 17
    for size in (512, 768, 1024, 1536):
        low, high = kohya_sides(size)
        assert low <= size <= high  # kohya asserts it
        assert all(low <= side <= high for bucket in kohya_buckets(size, low, high) for side in bucket)


def test_steps_are_counted_bucket_by_bucket() -> None:
    assert steps_per_epoch([10, 3, 1], 4) == 3 + 1 + 1
    assert steps_per_epoch([10, 3, 1], 4, keep_partial=False) == 2
    assert steps_per_epoch([], 4) == 0
