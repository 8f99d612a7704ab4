"""Where trainers put pictures: against values worked out by hand, and against the stated rules written down plainly."""

import math
import random

import numpy as np
import pytest

from loraprep.core import resources
from loraprep.project import profiles
from loraprep.trainers import diffusion_pipe, placement
from loraprep.trainers.buckets import BucketFit, Size, steps_per_epoch
from loraprep.trainers.kohya import kohya_buckets, kohya_sides
from loraprep.trainers.onetrainer import onetrainer_buckets
from loraprep.trainers.placement import fit
from loraprep.trainers.trainer import bucket_rules

BUCKETING = [name for name in resources.names("resources/trainers") if bucket_rules(name)]


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


def placed(where: BucketFit | None) -> tuple[Size, tuple[int, ...]]:
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


@pytest.mark.parametrize(("trainer", "width", "height", "size", "grid", "bucket", "box"), [
    ("ai-toolkit", 1152, 960, 512, 64, (512, 512), (96, 0, 1055, 960)),  # nearest to the area, whatever its shape
    ("ai-toolkit", 1152, 960, 512, 16, (560, 464), (0, 2, 1152, 956)),
    ("ai-toolkit", 700, 700, 1024, 16, (704, 704), (0, 0, 700, 700)),
    ("onetrainer", 1280, 1024, 1024, 64, (1152, 896), (0, 14, 1280, 1010)),  # 1145x916 in whole 64s, 1:1.25
    ("onetrainer", 1280, 1024, 512, 8, (576, 456), (0, 4, 1280, 1017)),  # 572x458 in whole 8s
    ("onetrainer", 1000, 3000, 512, 64, (320, 896), (0, 100, 1000, 2900)),
    ("diffusion-pipe", 1920, 1080, 1024, 32, (1376, 768), (0, 4, 1920, 1076)),  # 1.778: 1365x768 in whole 32s
    ("diffusion-pipe", 1920, 1080, 1024, 16, (1360, 768), (4, 0, 1916, 1080)),  # and in whole 16s
    ("diffusion-pipe", 1024, 1024, 768, 16, (768, 768), (0, 0, 1024, 1024)),
])  # fmt: skip
def test_others_by_hand(
    trainer: str, width: int, height: int, size: int, grid: int, bucket: Size, box: tuple[int, ...]
) -> None:
    assert placed(fit(trainer, width, height, size, grid)) == (bucket, box)


@pytest.mark.parametrize(("model", "width", "height", "shapes_"), [
    ("flux", 1195, 896, [(576, 448), (864, 672), (1152, 896)]),
    ("qwen-image", 1024, 768, [(576, 448), (864, 672), (1024, 768)]),
    ("qwen-image", 1408, 768, [(672, 384), (1024, 576), (1408, 736)]),
    ("z-image", 1408, 768, [(704, 368), (1024, 576), (1392, 752)]),
    ("z-image", 1376, 768, [(672, 384), (1024, 576), (1360, 768)]),
    ("z-image", 768, 1376, [(384, 672), (576, 1024), (768, 1360)]),
    ("z-image", 1024, 768, [(576, 448), (896, 656), (1024, 768)]),
    ("z-image", 1195, 896, [(0, 0), (896, 656), (1168, 896)]),
])  # fmt: skip
def test_ai_toolkit_agrees_with_a_run_of_its_own_code(model: str, width: int, height: int, shapes_: list[Size]) -> None:
    """At 512, 768 and 1024: what others got by running toolkit/buckets.py at commit 99be3d96, August 2026."""
    grid = placement.bucket_grid("ai-toolkit", model)
    for size, bucket in zip((512, 768, 1024), shapes_, strict=True):
        where = fit("ai-toolkit", width, height, size, grid)
        assert where is not None
        assert where.bucket == bucket or bucket == (0, 0)


@pytest.mark.parametrize(("shape", "count"), [
    ((576, 448), 70), ((400, 640), 28), ((624, 416), 14), ((672, 384), 14), ((512, 512), 70),
])  # fmt: skip
def test_musubi_agrees_with_a_run_of_its_own_loader(shape: Size, count: int) -> None:
    """Fourteen pictures, 14 repeats, at 512 for Qwen-Image: what its prepare_for_training counted in each bucket."""
    pictures = (
        [(900, 700)] * 5 + [(1024, 1024)] * 3 + [(640, 640)] * 2 + [(700, 1100)] * 2 + [(1500, 1000), (1600, 900)]
    )
    found = [fit("musubi-tuner", w, h, 512, 16) for w, h in pictures]
    assert sum(14 for where in found if where and where.bucket == shape) == count


@pytest.mark.parametrize(("shape", "buckets"), [
    ((1600, 1067), [(960, 640), (1280, 832)]),
    ((1067, 1600), [(640, 960), (832, 1280)]),
    ((1500, 1125), [(896, 640), (1152, 896)]),
    ((1600, 900), [(1024, 576), (1344, 768)]),
    ((1400, 1400), [(768, 768), (1024, 1024)]),
    ((1700, 760), [(1152, 512), (1536, 704)]),
    ((900, 1300), [(640, 896), (832, 1216)]),
    ((1003, 1507), [(640, 960), (832, 1280)]),
])  # fmt: skip
def test_simpletuner_agrees_with_a_run_of_its_own_samplers(shape: Size, buckets: list[Size]) -> None:
    """Photographs of these shapes at 768 and 1024 for SDXL: the target_size of what its samplers drew."""
    found = [fit("simpletuner", *shape, size, 64) for size in (768, 1024)]
    assert [where.bucket for where in found if where] == buckets


def test_simpletuner_takes_what_is_square_to_two_digits_for_a_square() -> None:
    where = fit("simpletuner", 1000, 990, 1024, 64)
    assert where is not None
    assert (where.bucket, [round(x) for x in where.box]) == ((1024, 1024), [5, 0, 995, 990])
    assert fit("simpletuner", 10, 4000, 1024, 64) is None  # no ratio is left of it


def test_musubi_without_enlarging_keeps_what_is_small() -> None:
    where = fit("musubi-tuner", 650, 500, 1024, 16, enlarge=False)
    assert where is not None
    assert (where.bucket, where.scale) == ((640, 496), pytest.approx(0.992, abs=0.001))


def test_what_a_side_is_a_multiple_of_depends_on_the_base_model() -> None:
    steps = {
        t: [placement.bucket_grid(t, m) for m in ("sd15", "sdxl", "flux", "qwen-image", "z-image")] for t in BUCKETING
    }
    assert steps == {
        "kohya": [64, 64, 64, 64, 64],
        "ai-toolkit": [16, 16, 32, 32, 16],
        "onetrainer": [8, 64, 64, 64, 64],
        "diffusion-pipe": [16, 16, 16, 16, 16],
        "musubi-tuner": [16, 16, 16, 16, 16],
        "simpletuner": [64, 64, 64, 32, 64],
    }


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


def ai_toolkit_reference(width: int, height: int, size: int, step: int) -> tuple[Size, Size, Size]:
    """Bucket, size after scaling and corner of the crop, as toolkit/buckets.py and dataloader_mixins.py say it."""
    total = width * height
    most = size * size
    target = min(total, most)
    factor = (target / total) ** 0.5
    across, down = width * factor / step, height * factor / step
    best: Size | None = None
    for columns in (math.floor(across), math.ceil(across)):
        for rows in (math.floor(down), math.ceil(down)):
            corner = (columns * step, rows * step)
            if 0 < corner[0] * corner[1] <= most and (
                best is None or abs(corner[0] * corner[1] - target) < abs(best[0] * best[1] - target)
            ):
                best = corner
    bucket = best or (max(step, math.floor(across) * step), max(step, math.floor(down) * step))
    scale = max(bucket[0] / width, bucket[1] / height)
    scaled = (math.ceil(width * scale), math.ceil(height * scale))
    return bucket, scaled, (int((scaled[0] - bucket[0]) / 2), int((scaled[1] - bucket[1]) / 2))


def test_ai_toolkit_agrees_with_its_rules_on_10000_sizes() -> None:
    for number, (width, height, size) in enumerate(sizes(10_000, 3)):
        step = (16, 32)[number % 2]
        bucket, scaled, corner = ai_toolkit_reference(width, height, size, step)
        where = fit("ai-toolkit", width, height, size, step)
        assert where is not None
        assert where.bucket == bucket, (width, height, size, step)
        assert where.scale == pytest.approx(math.sqrt(scaled[0] * scaled[1] / width / height))
        assert where.box[:2] == pytest.approx((corner[0] * width / scaled[0], corner[1] * height / scaled[1]))
        assert bucket[0] * bucket[1] <= size * size
        assert bucket[0] < width + step  # no stretching but to the next whole step
        assert bucket[1] < height + step


def test_ai_toolkit_takes_a_whole_step_where_no_corner_has_an_area() -> None:
    where = fit("ai-toolkit", 2000, 10, 1024, 16)
    assert where is not None
    assert where.bucket == (2000, 16)


def test_onetrainer_agrees_with_its_rules_on_1000_sizes() -> None:
    formats = [1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4]
    for number, (width, height, size) in enumerate(sizes(1000, 4)):
        step = (64, 8)[number % 2]
        listed = set()
        for f in formats:
            for h, w in ((1, f), (f, 1)):
                scale = size / math.sqrt(h * w)
                listed.add((round(h * scale / step) * step, round(w * scale / step) * step))
        nearest = min(abs(h / w - height / width) for h, w in listed)
        where = fit("onetrainer", width, height, size, step)
        assert where is not None
        assert (where.bucket[1], where.bucket[0]) in listed
        assert abs(where.bucket[1] / where.bucket[0] - height / width) == pytest.approx(nearest)


def test_diffusion_pipe_agrees_with_its_rules_on_1000_sizes() -> None:
    ratios = np.array(diffusion_pipe._RATIOS)
    for number, (width, height, size) in enumerate(sizes(1000, 5)):
        step = (16, 32)[number % 2]
        ratio = ratios[np.abs(np.log(width / height) - np.log(ratios)).argmin()]
        w = math.sqrt(size**2 * ratio)
        where = fit("diffusion-pipe", width, height, size, step)
        assert where is not None
        assert where.bucket == (int(round(w / step) * step), int(round(size**2 / w / step) * step))


@pytest.mark.parametrize("trainer", BUCKETING)
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
        fit("huggingface", 10, 10, 512)


def test_bucket_lists() -> None:
    assert len(onetrainer_buckets(1024, 64)) == 17
    for size in (512, 768, 1024, 1536):
        low, high = kohya_sides(size)
        assert low <= size <= high  # kohya asserts it
        assert all(low <= side <= high for bucket in kohya_buckets(size, low, high) for side in bucket)


def test_steps_are_counted_bucket_by_bucket() -> None:
    assert steps_per_epoch([10, 3, 1], 4) == 3 + 1 + 1
    assert steps_per_epoch([10, 3, 1], 4, keep_partial=False) == 2
    assert steps_per_epoch([], 4) == 0


def test_bucket_steps_are_those_of_the_trainers_sources() -> None:
    """ai-toolkit's get_bucket_divisibility of each model; diffusion-pipe's models; SimpleTuner where it is not 64."""
    of_32 = {"anima", "chroma", "ernie-image", "flux", "sd35"}  # Flux and SD 3.5 by the depth of their VAE
    for name in resources.names("resources/models"):
        said = profiles.base_model(name).trainers
        qwen = name.startswith("qwen-image")
        if "ai-toolkit" in said:
            assert (said["ai-toolkit"].step or 16) == (32 if name in of_32 or qwen else 16), name
        if "diffusion-pipe" in said:
            assert (said["diffusion-pipe"].step or 16) == (32 if name == "hunyuan-image" else 16), name
        if "simpletuner" in said:
            own = 16 if name.startswith("flux2") or name == "anima" else 32 if qwen or name == "wan" else 0
            assert (said["simpletuner"].step or 0) == own, name
