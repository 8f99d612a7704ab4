"""Which of several copies is the best: how much picture each one really holds."""

from __future__ import annotations

import math
from collections.abc import Sequence, Set

from loraprep.core.records import Image

_GROWTH = 1.4  # power of the side with which a JPEG's bytes grow, below which it was enlarged
EQUAL = 0.05  # sizes and worths this near are the same
FRAMED = 0.02  # share of the area; a thinner frame is none
_UNTOLD = frozenset({"WEBP", "AVIF"})  # may be lossy and do not say how much; HEIF is what cameras write themselves


def worth(image: Image, among: Sequence[Image]) -> float:
    """Estimate how much picture there is: the long side in px that hold detail, less what compression and blur took.

    Pixels alone do not count: an enlargement holds no more detail than what it was made from. Sharpness is
    that at 512 px, so sizes compare, over contrast, so a mere contrast boost gains nothing; its fourth root,
    since a Laplacian's variance grows with the fourth power of the finest detail's frequency.
    """
    crispest = max(crispness(i) for i in among)
    crisp = max(0.5, (crispness(image) / crispest) ** 0.25) if crispest > 0 else 1.0
    coding = min(1.0, 0.5 + quality(image, among) / 180)
    return held_side(image, among) * crisp * coding


def quality(image: Image, among: Sequence[Image]) -> int:
    """Estimate how little compression took, 1..100: what a JPEG's tables say, 100 where nothing was taken.

    WebP and AVIF have no such tables. Whichever takes no more bytes a pixel than a JPEG beside it was most likely saved
    from that (sites and messengers do), and is less than it; if it was the other way round, hardly anything is lost.
    """
    if image.jpeg_quality or image.format not in _UNTOLD:
        return image.jpeg_quality or 100
    larger = [i.jpeg_quality for i in among if i.jpeg_quality and _weight(i) >= _weight(image)]
    return max(1, min(larger) - 1) if larger else 100


def _weight(image: Image) -> float:
    """Compute the bytes that the file takes for a pixel."""
    return file_size(image) / (image.width * image.height)


def crispness(image: Image) -> float:
    """Compute sharpness over squared contrast, which a mere contrast boost leaves as it is."""
    return image.sharpness / image.contrast**2 if image.contrast else 0.0


def held_side(image: Image, among: Sequence[Image]) -> float:
    """Estimate the side, in pixels, of the square that would hold the picture's real detail.

    An enlarged JPEG gives itself away beside the smaller one: at like quality the bytes of real detail grow
    with the side to the power of 1.6 to 2, those of an enlargement with 1.1 to 1.3.
    """
    held = real_side(image)
    for other in among:
        scale = math.sqrt(image.width * image.height / (other.width * other.height))
        like = image.jpeg_quality > 0 < other.jpeg_quality and abs(image.jpeg_quality - other.jpeg_quality) <= 5
        if like and scale > 1.07 and file_size(image) < file_size(other) * scale**_GROWTH:
            held = min(held, real_side(other))
    return held


def file_size(image: Image) -> int:
    """Return the bytes of the file that the pixels come from."""
    return image.pixel_bytes or image.bytes


def own_words(image: Image) -> str:
    """Return what a person wrote into a file beside the picture, "" without any."""
    return next((text for source, text in image.words if source.startswith("sidecar:") and text.strip()), "")


def care(image: Image) -> int:
    """Count what a person did for a picture: better pixels, words beside it, a mask, a star."""
    return sum((bool(image.upscaled), bool(own_words(image)), bool(image.mask), image.rating > 0))


def same_first(image: Image) -> tuple[bool, bool, bool, int, int, str]:
    """Return a sort key for files that are the same, byte for byte: first what a person worked on, then short names."""
    return (
        not image.upscaled,
        not own_words(image),
        not image.mask,
        -max(0, image.rating),
        len(image.path),
        image.path,
    )


def best_first(image: Image, among: Sequence[Image], lesser: Set[str]) -> tuple[object, ...]:
    """Return a sort key, best first: what a person cropped, what is whole and has no watermark, then by `_rank`."""
    return not image.box, image.path in lesser, *_rank(image, among)


def _rank(image: Image, among: Sequence[Image]) -> tuple[float, bool, bool, int, int, int, str]:
    """Return a sort key, best first; worths within 5 in 100 are equal, no frame and the less inflated file win, then
    what a person did more for."""
    best = max(worth(i, among) for i in among)
    mine = worth(image, among)
    loss = 0.0 if mine >= best * (1 - EQUAL) else best - mine
    inflated = held_side(image, among) < (1 - EQUAL) * math.sqrt(image.width * image.height * (1 - frame_share(image)))
    framed = frame_share(image) > FRAMED
    return loss, framed, inflated, -care(image), -quality(image, among), len(image.path), image.path


def real_side(image: Image) -> float:
    """Compute the side, in pixels, of a square of what lies inside the frame, as far as it holds detail."""
    return image.detail * math.sqrt(image.width * image.height * (1 - frame_share(image)))


def frame_share(image: Image) -> float:
    """Compute the share of the area that is a plain frame; bands over half a side are a sky or a wall, and none."""
    left, top, right, bottom = image.border
    across, down = 1 - left - right, 1 - top - bottom
    return 1 - across * down if min(across, down) > 0.5 else 0.0
