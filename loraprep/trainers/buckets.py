"""Buckets: what is common to how trainers scale and crop a picture. Each trainer's own rules are in its module.

A trainer sorts pictures into buckets (shapes of about size x size px), scales each one until it covers its
bucket, and cuts off what sticks out. What a side is a multiple of depends on the base model with most trainers:
`grid` in resources/trainers/.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

Size = tuple[int, int]  # width and height, px


class BucketFit(msgspec.Struct, frozen=True):
    """What a trainer makes of one picture at one trained size."""

    bucket: Size  # what is trained on
    scale: float  # linear: 2.0 is stretched to twice the size, 0.5 shrunk to half
    box: tuple[float, float, float, float]  # left, top, right, bottom of what stays, in px of the picture
    cut: float  # share of the picture's area that the crop cuts off, 0..1


def centred_crop(picture: Size, bucket: Size, resized: Size) -> BucketFit | None:
    """Crop the bucket out of the middle of the picture scaled to `resized`; None if the bucket has no area."""
    if min(bucket) < 1:
        return None
    (width, height), (left_px, top_px) = picture, ((resized[0] - bucket[0]) // 2, (resized[1] - bucket[1]) // 2)
    across, down = width / resized[0], height / resized[1]
    left, top = left_px * across, top_px * down
    right, bottom = min(width, left + bucket[0] * across), min(height, top + bucket[1] * down)
    scale = math.sqrt(resized[0] * resized[1] / (width * height))
    return BucketFit(bucket, scale, (left, top, right, bottom), 1 - (right - left) * (bottom - top) / (width * height))


def steps_per_epoch(counts: Iterable[int], batch: int, *, keep_partial: bool = True) -> int:
    """Training steps of one epoch: each bucket is cut into batches of its own.

    `counts`: pictures times repeats of each bucket. With `keep_partial` the last, smaller batch counts (kohya,
    ai-toolkit); without it is dropped (diffusion-pipe, OneTrainer).
    """
    return sum(math.ceil(n / batch) if keep_partial else n // batch for n in counts)
