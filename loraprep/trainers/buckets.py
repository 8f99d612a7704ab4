"""Where a trainer puts a picture: its bucket, how far it is stretched, and what the crop cuts off.

A trainer sorts pictures into buckets (shapes of about size x size px), scales each one until it covers its
bucket, and cuts off what sticks out. Every trainer has rules of its own; these are theirs, in our words.

Sources, read in the trainers' repositories:
- kohya: kohya-ss/sd-scripts, library/model_util.py make_bucket_resolutions and library/train_util.py
  BucketManager.select_bucket, trim_and_resize_if_required (2026-02).
- ai-toolkit: ostris/ai-toolkit. toolkit/buckets.py get_bucket_for_image_size as of commit 99be3d96 (August 2026),
  read in an audit of that commit, with the buckets it gave for nineteen pictures, and in three ports of it, which
  agree to the letter; that it is used from toolkit/dataloader_mixins.py BucketsMixin.setup_buckets, and how it scales
  and crops there, in the file itself. Older versions differ: until 2026 a list of SDXL's shapes, the one that loses
  fewest pixels (0bc4d555); between them two that took the ratio of the areas without its root.
- OneTrainer: Nerogar/mgds, src/mgds/pipelineModules/AspectBucketing.py (0ad64a64) and ScaleCropImage.py (2026-08).
- diffusion-pipe: tdrussell/diffusion-pipe, utils/dataset.py DirectoryDataset, ARBucketDataset (0784ca8b) and
  models/base.py convert_crop_and_resize (0467b63c), 2026-08.
What a side is a multiple of depends on the base model with most trainers: `grid` in resources/trainers/.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

Size = tuple[int, int]

KOHYA_STEP = 64  # bucket_reso_steps, which we write into its file
# ar_buckets that we export, width / height to the three digits it rounds them to: the formats pictures come in
# (1:3, 1:2, 9:16, 2:3, 3:4, 4:5, square and the same lying down). Its example's seven would cut off more.
DIFFUSION_PIPE_RATIOS = (0.333, 0.5, 0.562, 0.667, 0.75, 0.8, 1.0, 1.25, 1.333, 1.5, 1.778, 2.0, 3.0)
_ONETRAINER_RATIOS = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0)


@dataclass(frozen=True, slots=True)
class Placement:
    """What a trainer makes of one picture at one trained size."""

    bucket: Size  # width and height in px of what is trained on
    scale: float  # linear: 2.0 is stretched to twice the size, 0.5 shrunk to half
    box: tuple[float, float, float, float]  # left, top, right, bottom of what stays, in px of the picture
    cut: float  # share of the picture's area that the crop cuts off, 0..1


def fit(
    trainer: str, width: int, height: int, size: int, grid: int = KOHYA_STEP, *, enlarge: bool = True
) -> Placement | None:
    """What `trainer` (a key of ALGORITHMS) makes of a picture of width x height px at the trained `size`.

    `grid`: px that the sides of its buckets are multiples of. `enlarge` is a choice only kohya offers (False is its
    bucket_no_upscale). None if the trainer cannot place the picture: it would stop, or make a bucket without any
    area. Raises KeyError for another trainer and ValueError for sizes below 1.
    """
    if min(width, height, size) < 1:
        raise ValueError(f"no picture is {width}x{height} and no trained size {size}")
    return ALGORITHMS[trainer](width, height, size, grid, enlarge)


def _placed(width: int, height: int, bucket: Size, resized: Size, offset: Size) -> Placement | None:
    """From the size after scaling and the crop's left upper corner in it, both in px after scaling."""
    if min(bucket) < 1:
        return None
    across, down = width / resized[0], height / resized[1]
    left, top = offset[0] * across, offset[1] * down
    right, bottom = min(width, left + bucket[0] * across), min(height, top + bucket[1] * down)
    scale = math.sqrt(resized[0] * resized[1] / (width * height))
    return Placement(bucket, scale, (left, top, right, bottom), 1 - (right - left) * (bottom - top) / (width * height))


def _centred(width: int, height: int, bucket: Size, resized: Size) -> Placement | None:
    return _placed(width, height, bucket, resized, ((resized[0] - bucket[0]) // 2, (resized[1] - bucket[1]) // 2))


def kohya_sides(size: int, step: int = KOHYA_STEP) -> Size:
    """The shortest and longest side of a kohya bucket that we export for a trained size, in px.

    Half and twice the size, in whole steps, so that formats up to 4:1 keep theirs. kohya's own default of
    1024 would leave nothing but the square at size 1024, and stops for a size above it.
    """
    return max(step, size // 2 // step * step), math.ceil(size * 2 / step) * step


@cache
def kohya_buckets(size: int, shortest: int, longest: int, step: int = KOHYA_STEP) -> tuple[Size, ...]:
    """kohya's predefined buckets for an area of size x size px, ascending."""
    area = size * size
    square = size // step * step
    found = {(square, square)}
    for side in range(shortest, longest + 1, step):
        other = min(longest, area // side // step * step)
        if other >= shortest:
            found |= {(side, other), (other, side)}
    return tuple(sorted(found))


def _kohya(width: int, height: int, size: int, grid: int, enlarge: bool) -> Placement | None:
    if not enlarge:
        return _kohya_no_upscale(width, height, size, grid)
    buckets = kohya_buckets(size, *kohya_sides(size, grid), grid)
    ratio = width / height
    # An exact size wins; then the first with the smallest difference of width / height.
    bucket = (
        (width, height)
        if (width, height) in buckets
        else min(buckets, key=lambda b: abs(b[0] / b[1] - ratio) if b[1] else math.inf)
    )
    if min(bucket) < 1:
        return None
    scale = bucket[1] / height if ratio > bucket[0] / bucket[1] else bucket[0] / width
    return _centred(width, height, bucket, (int(width * scale + 0.5), int(height * scale + 0.5)))


def _kohya_no_upscale(width: int, height: int, size: int, step: int) -> Placement | None:
    area, ratio = size * size, width / height

    def rounded(side: float) -> int:
        return int(side + 0.5) // step * step

    resized = (width, height)
    if width * height > area:
        by_width = rounded(math.sqrt(area * ratio))
        by_height = rounded(area / math.sqrt(area * ratio))
        beside, below = rounded(by_width / ratio), rounded(by_height * ratio)
        if not beside or not by_height:
            return None  # kohya divides by these
        # The side that rounds with the smaller change of format is kept exact; a tie keeps the height.
        if abs(by_width / beside - ratio) < abs(below / by_height - ratio):
            resized = (by_width, int(by_width / ratio + 0.5))
        else:
            resized = (int(by_height * ratio + 0.5), by_height)
    return _centred(width, height, (resized[0] // step * step, resized[1] // step * step), resized)


def _ai_toolkit(width: int, height: int, size: int, step: int, _enlarge: bool) -> Placement | None:
    """The area is that of the picture or of size x size, whichever is less, so pictures are not stretched; then the
    corner of the grid around it with the nearest area, none larger than size x size."""
    limit = size * size
    area = min(width * height, limit)
    scale = math.sqrt(area / (width * height))
    wide, high = width * scale / step, height * scale / step
    shapes = [
        (w * step, h * step) for w in (math.floor(wide), math.ceil(wide)) for h in (math.floor(high), math.ceil(high))
    ]
    inside = [s for s in shapes if min(s) > 0 and s[0] * s[1] <= limit]
    if not inside:
        inside = [(max(step, math.floor(wide) * step), max(step, math.floor(high) * step))]
    bucket = min(inside, key=lambda s: abs(s[0] * s[1] - area))
    cover = max(bucket[0] / width, bucket[1] / height)
    return _centred(width, height, bucket, (math.ceil(width * cover), math.ceil(height * cover)))


@cache
def onetrainer_buckets(size: int, step: int) -> tuple[Size, ...]:
    """OneTrainer's buckets for a trained size, ascending: nine formats from 1:1 to 1:4, both ways up."""
    long_short = [(math.sqrt(r) * size, size / math.sqrt(r)) for r in _ONETRAINER_RATIOS]
    both = [*long_short, *((h, w) for w, h in long_short)]
    return tuple(sorted({(round(w / step) * step, round(h / step) * step) for w, h in both}))


def _onetrainer(width: int, height: int, size: int, step: int, _enlarge: bool) -> Placement | None:
    aspect = height / width  # OneTrainer thinks in height / width
    usable = [b for b in onetrainer_buckets(size, step) if min(b) > 0]
    if not usable:
        return None
    bucket = min(usable, key=lambda b: abs(b[1] / b[0] - aspect))
    if aspect > bucket[1] / bucket[0]:
        resized = (bucket[0], round(height * (bucket[0] / width)))
    else:
        resized = (round(width * (bucket[1] / height)), bucket[1])
    return _centred(width, height, bucket, resized)


def _diffusion_pipe(width: int, height: int, size: int, step: int, _enlarge: bool) -> Placement | None:
    wanted = math.log(width / height)
    ratio = min(DIFFUSION_PIPE_RATIOS, key=lambda r: abs(wanted - math.log(r)))
    wide = math.sqrt(size * size * ratio)
    bucket = (round(wide / step) * step, round(size * size / wide / step) * step)
    if min(bucket) < 1:
        return None
    # Pillow's ImageOps.fit: the largest box of the bucket's format, centred, to a fraction of a pixel.
    format_ = bucket[0] / bucket[1]
    inside = (format_ * height, float(height)) if width / height >= format_ else (float(width), width / format_)
    left, top = (width - inside[0]) / 2, (height - inside[1]) / 2
    return Placement(
        bucket,
        bucket[1] / inside[1],
        (left, top, left + inside[0], top + inside[1]),
        1 - inside[0] * inside[1] / (width * height),
    )


ALGORITHMS: dict[str, Callable[[int, int, int, int, bool], Placement | None]] = {
    "kohya": _kohya,
    "ai-toolkit": _ai_toolkit,
    "onetrainer": _onetrainer,
    "diffusion-pipe": _diffusion_pipe,
}


def steps_per_epoch(counts: Iterable[int], batch: int, *, keep_partial: bool = True) -> int:
    """Training steps of one epoch: each bucket is cut into batches of its own.

    `counts`: pictures times repeats of each bucket. With `keep_partial` the last, smaller batch counts (kohya,
    ai-toolkit); without it is dropped (diffusion-pipe, OneTrainer).
    """
    return sum(math.ceil(n / batch) if keep_partial else n // batch for n in counts)
