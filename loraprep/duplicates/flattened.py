"""How a picture lost its transparency, so that its original is compared as it lies there.

It was laid on a plain ground, or its transparency was dropped: what lay hidden is seen then, and soft edges are hard.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from loraprep.core.records import Image

WHITE = "#ffffff"  # the ground on which every transparent picture is looked at, if no other is known
BARE = ""  # no ground: transparency is dropped
_THUMB = 24  # cells a side of an image's thumbnail, in luma
_NEAR = 6  # of 255, steps of one ground; what saving a JPEG leaves
_STEPS = 255 // (2 * _NEAR) + 1  # of twice that
_MOST = 0.15  # share of the rim that is of one colour; a cut leads the picture itself to the rim
_OUTLINE, _NEAREST = 0.7, 4  # share of two outlines that is in both (Jaccard), and how many of these are looked at
_RIM = 0.02  # of the longer side, the width of the rim


def may_be(image: Image) -> bool:
    """Say by the thumbnail whether a picture without transparency may lie on a plain ground that is not white."""
    if image.alpha or not image.thumb:
        return False
    value, share = _commonest(_rim(_cells(image)[..., None], 1))
    return share >= _MOST and value[0] < 255 - _NEAR


def ground(pixels: NDArray[np.uint8]) -> str:
    """Return the colour of the plain ground around a picture, as #rrggbb; white if there is none."""
    value, share = _commonest(_rim(pixels, max(2, round(_RIM * max(pixels.shape[:2])))))
    return "#{:02x}{:02x}{:02x}".format(*value) if share >= _MOST else WHITE


def same_outline(images: Sequence[Image]) -> Iterator[tuple[int, int]]:
    """Yield the pairs (i < j) of a picture that may lie on a plain ground and the transparent ones of its outline.

    Hashes and points of a simple figure are those of its outline, which on another ground is another one.
    """
    laid = [n for n, image in enumerate(images) if may_be(image)]
    clear = [n for n, image in enumerate(images) if image.alpha and image.thumb]
    if not (laid and clear):
        return
    outlines = np.array([_drawn(_cells(images[n]), 255).ravel() for n in clear], np.float32)
    sizes = outlines.sum(axis=1)
    for n in laid:
        cells = _cells(images[n])
        drawn = _drawn(cells, _commonest(_rim(cells[..., None], 1))[0][0])
        both = outlines @ drawn.ravel().astype(np.float32)
        shares = both / np.maximum(sizes + drawn.sum() - both, 1)
        near = np.flatnonzero(shares >= _OUTLINE)
        for k in near[np.argsort(-shares[near], kind="stable")][:_NEAREST].tolist():
            other = _cells(images[clear[k]])
            if _same_within(cells, other, drawn & _drawn(other, 255)):
                yield min(n, clear[k]), max(n, clear[k])


def _same_within(one: NDArray[np.uint8], other: NDArray[np.uint8], drawn: NDArray[np.bool_]) -> bool:
    """Say whether what is drawn explains half of each other, or is one plain colour, which explains nothing.

    The cells at its edge hold the ground as well.
    """
    # those with all four neighbours drawn as well
    within = np.zeros_like(drawn)
    within[1:-1, 1:-1] = drawn[1:-1, 1:-1] & drawn[:-2, 1:-1] & drawn[2:, 1:-1] & drawn[1:-1, :-2] & drawn[1:-1, 2:]
    first, second = one[within].astype(np.float64), other[within].astype(np.float64)
    if within.sum() < 2 or min(first.std(), second.std()) <= _NEAR:
        return True
    return bool(np.corrcoef(first, second)[0, 1] > math.sqrt(0.5))


def _cells(image: Image) -> NDArray[np.uint8]:
    return np.frombuffer(image.thumb, np.uint8).reshape(_THUMB, _THUMB)


def _drawn(cells: NDArray[np.uint8], ground: int) -> NDArray[np.bool_]:
    drawn: NDArray[np.bool_] = np.abs(cells.astype(int) - ground) > 2 * _NEAR
    return drawn


def _rim(pixels: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """Return the pixels at the sides, (n, channels)."""
    inner = np.zeros(pixels.shape[:2], bool)
    inner[width:-width, width:-width] = True
    return pixels[~inner]


def _commonest(colours: NDArray[np.uint8]) -> tuple[list[int], float]:
    """Return the colour that most are near to, and the share of those that are."""
    places = _STEPS ** np.arange(colours.shape[1])[::-1]
    most = np.bincount((colours // (2 * _NEAR)).astype(int) @ places).argmax()  # each colour's steps as one number
    first = most // places % _STEPS * 2 * _NEAR + _NEAR
    near = (np.abs(colours.astype(int) - first) <= 2 * _NEAR).all(axis=1)
    middle = np.median(colours[near], axis=0)
    return [round(float(part)) for part in middle], float((np.abs(colours - middle) <= _NEAR).all(axis=1).mean())
