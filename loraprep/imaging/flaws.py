"""What is wrong with the pixels of a picture as a whole: blur, enlargement, JPEG blocks, noise, few colours, the dark.

Pure, and seen as it trains: transparent parts on white. Blur, enlargement and noise are judged at the scale at which
pictures train, halved while the longer side stays at least SCALE; blocks and colours at full size, where they are.
The sharpest part decides whether a picture is sharp: haze, a soft ground or a smooth shape beside one crisp edge is no
blur. The sources of each measure are named with it; the figures on sound and planted pictures are those of
tests/benchmarks/findings.py on the packages in its half `develop`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache, cached_property
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PIL import Image

from loraprep.imaging.colour import OPAQUE, compose, eight_bit
from loraprep.imaging.octaves import lab_planes
from loraprep.imaging.opencv import cv2

SCALE = 1024  # px
_TILE = 256  # px
_LEAST_CONTRAST = 0.3  # of 255 between neighbours, or a tile holds nothing
_STRONG = 6  # tiles with the most contrast stand for the sharpest part
MOST = 25e6  # pixels, so that memory stays within bounds
_LEAST = 32  # px; a smaller picture says nothing
_SMALL = 128  # px; light and colour are told from the picture halved to at least that

Luma = NDArray[np.uint8]
Tiles = list[tuple[int, int, Luma]]  # (top, left, pixels)
_AS_STORED = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK")  # modes of 8 bits, of one luma whoever asks for it


class Square:
    """One of the places of a picture where most is to be seen. `contrast`: as of `contrast`."""

    def __init__(self, top: int, left: int, pixels: NDArray[Any], contrast: float) -> None:
        self.top, self.left, self.pixels, self.contrast = top, left, pixels, contrast

    @cached_property
    def power(self) -> NDArray[np.float64]:
        """Its mean power spectra of every other row and of every other column, added up."""
        return line_power(self.pixels)


class Closely:
    """A decoded picture of any mode, made ready once for all that is measured at its full size.

    Raises what converting it raises: colour.DECODE_ERRORS.
    """

    def __init__(self, pixels: Image.Image) -> None:
        picture = eight_bit(pixels, 2 if pixels.width * pixels.height > MOST else 1)
        while picture.width * picture.height > MOST:  # what one sees of it only there is gone long before it trains
            picture = picture.reduce(2)
        self.alpha = picture.getchannel("A") if picture.mode in ("RGBA", "LA") else None
        self.shown = compose(picture, b"", "#ffffff")
        self.grey = self.shown.convert("L")
        self.luma: Luma = np.asarray(self.grey)
        whole = picture.size == pixels.size and pixels.mode in _AS_STORED
        opaque = self.alpha is None or self.alpha.getextrema()[0] == OPAQUE
        self.as_stored = whole and opaque  # `luma`: there is no ground in it, and all of its pixels are

    @cached_property
    def strongest(self) -> list[Square]:
        """The strongest places of its luma."""
        return strongest(self.luma)


class Flaws(Struct, frozen=True):
    """Measured on one picture; the defaults are those of a picture of which nothing can be told."""

    sharpest: float = 1.0  # the share of their height that the steepest edges climb within one pixel, 0..1
    fine: float = 0.0  # dB by which finest detail is weaker than that three times as coarse; 8 in most pictures
    blocks: float = 0.0  # of a hundred places on the grid of a JPEG, at how many more than off it a step stands alone
    noise: float = 0.0  # standard deviation of what is grain even in the calmest parts, of luma 0..255
    colours: int = 0  # how many make up a picture that should have many; 0 for all others
    brightest: float = 100.0  # L* that only a thousandth exceeds, 0..100
    colourful: float = 100.0  # chroma C* that only a hundredth of what is not transparent exceeds


def flaws(pixels: Image.Image | Closely) -> Flaws:
    """Measure a decoded picture of any mode. Raises what converting it raises: colour.DECODE_ERRORS."""
    seen = pixels if isinstance(pixels, Closely) else Closely(pixels)
    shown, alpha, grey, luma = seen.shown, seen.alpha, seen.grey, seen.luma
    brightest, colourful = _light(shown, alpha)
    known = Flaws(brightest=brightest, colourful=colourful)
    if min(shown.size) < _LEAST:
        return known
    factor = _halvings(max(shown.size))
    scaled = np.asarray(grey.reduce(factor)) if factor > 1 else luma
    there = None if alpha is None else np.asarray(alpha)
    calm = None if there is None else np.asarray(alpha.reduce(factor)) if alpha and factor > 1 else there
    strong, spread = strongest(scaled) if factor > 1 else seen.strongest, _spread(luma)
    whole = seen.strongest
    drawn_in_blocks = repeated(whole) > 0.5  # pixel art: its own pixels are no grid of a JPEG, its colours are meant
    return Flaws(
        sharpest=round(sharpest(strong), 3),
        fine=round(fine(strong), 1),
        blocks=0.0 if drawn_in_blocks else round(blocks(spread), 1),
        noise=round(noise(_spread(scaled), calm), 1),
        colours=0 if drawn_in_blocks else colours(shown, whole),
        brightest=brightest,
        colourful=colourful,
    )


def _light(shown: Image.Image, alpha: Image.Image | None) -> tuple[float, float]:
    factor = max(1, max(shown.size) // (2 * _SMALL))
    small = shown.reduce(factor) if factor > 1 else shown
    light, *tints = cv2.split(lab_planes(np.asarray(small)))
    chroma = cv2.magnitude(*tints)
    if alpha is not None:
        there = np.asarray(alpha.reduce(factor) if factor > 1 else alpha) > 250
        chroma = chroma[there] if there.any() else chroma
    return round(_quantile(light, 0.999), 1), round(_quantile(chroma, 0.99), 1)


def _quantile(values: NDArray[Any], share: float) -> float:
    """The value below which that share, less than 1, lies, as np.quantile has it, in an eighth of the time."""
    place = share * (values.size - 1)
    below = int(place)
    line = np.partition(values, below, axis=None)
    low = float(line[below])
    return low + (float(line[below + 1 :].min(initial=np.inf)) - low) * (place - below) if place > below else low


def _halvings(longest: int) -> int:
    factor = 1
    while longest // (2 * factor) >= SCALE:
        factor *= 2
    return factor


def _spread(luma: Luma) -> Tiles:
    """Three by three tiles over all of the picture."""
    rows, columns = (sorted({round(i * max(0, n - _TILE) / 2) for i in range(3)}) for n in luma.shape)
    return [(y, x, luma[y : y + _TILE, x : x + _TILE]) for y in rows for x in columns]


def strongest(luma: Luma) -> list[Square]:
    """Of five by five squares those with the most difference between neighbours; [] if none has any."""
    size = min(_TILE, *luma.shape)
    size -= size % 2
    rows, columns = (sorted({round(i * (n - size) / 4) for i in range(5)}) for n in luma.shape)
    tiles = [(y, x, luma[y : y + size, x : x + size]) for y in rows for x in columns]
    squares = [Square(*tile, contrast(tile[2])) for tile in tiles]
    squares.sort(key=lambda square: -square.contrast)
    return [square for square in squares[:_STRONG] if square.contrast > _LEAST_CONTRAST]


def contrast(tile: NDArray[np.generic]) -> float:
    """Compute the mean difference between neighbours, across and down."""
    pairs = ((tile[:, 1:], tile[:, :-1]), (tile[1:], tile[:-1]))
    return float(sum(cv2.norm(one, other, cv2.NORM_L1) / max(1, one.size) for one, other in pairs if one.size))


def _apart(lines: Luma) -> Luma:
    """The difference between neighbours in a line."""
    result: Luma = cv2.absdiff(lines[:, 1:], lines[:, :-1])
    return result


# --- blur

_REACH = 12  # px, in which an edge is looked at: a blur of 4 px spreads over it
_HEIGHT = 24  # of 255; what is less may be noise
_EDGES = 20  # that a tile must have to be judged


def sharpest(squares: list[Square]) -> float:
    """The share of their height that the steepest edges of the sharpest tile climb within one pixel; 1 if none is told.

    1 for a step; a Gaussian blur of sigma px turns a step of height A into a slope of A / (sigma sqrt(2 pi)), so 0.18
    for 2.2 px. This is the edge width of Marziliano et al. (2002), which is the height over the slope; of all the
    widths the least count and not the mean, as in CPBD (Narvekar & Karam 2011). Sound pictures: 0.54 or more.
    """
    steps = [edge_steps(square.pixels) for square in squares]
    return max((_quantile(s, 0.99) for s in steps if len(s) >= _EDGES), default=1.0)


def edge_steps(tile: Luma) -> NDArray[np.float64]:
    """How much of its height each edge, across and down, climbs within one pixel.

    An edge is where the difference between neighbours is the largest for 5 px each way; its height is what lies between
    the darkest and the lightest pixel there.
    """
    return np.concatenate([_steps(lines) for lines in (tile, cv2.transpose(tile))])


def _steps(lines: Luma) -> NDArray[np.float64]:
    if lines.shape[1] < _REACH + 2:
        return np.zeros(0)
    # each place stands for the _REACH from it on; the last ones have no whole window
    window, count, middle = np.ones((1, _REACH), np.uint8), lines.shape[1] - _REACH - 1, _REACH // 2 - 1
    apart = _apart(lines)
    height = cv2.subtract(*(of(lines, window, anchor=(0, 0)) for of in (cv2.dilate, cv2.erode)))[:, :count]
    steepest = cv2.dilate(apart, window, anchor=(0, 0))[:, :count]
    slope = apart[:, middle : middle + count]
    edge = np.flatnonzero((height >= _HEIGHT) & (slope == steepest))
    result: NDArray[np.float64] = slope.ravel()[edge] / height.ravel()[edge]
    return result


# --- enlargement


def fine(squares: list[Square]) -> float:
    """By how many dB the power at 0.55..0.95 of the finest frequency lies below that at 0.2..0.4; 0 if none is told.

    In sharp pictures power falls with the square of the frequency (Field 1987), 8 dB from one band to the other. What
    was enlarged twice holds nothing of its own beyond half of the finest frequency (the images that the kernel leaves
    there are all there is): 17 dB or more, up to 25. Sound pictures: up to 16 as a rule.
    """
    size = len(squares[0].pixels) if squares else 0
    if size < 64:
        return 0.0
    power = sum_of_powers(squares)
    frequency = np.arange(size // 2 + 1) / (size / 2)
    middle, high = (power[(frequency >= a) & (frequency < b)].mean() for a, b in ((0.2, 0.4), (0.55, 0.95)))
    rounding = 2 * len(squares) * (hanning(size) ** 2).sum() / 12  # of whole numbers: noise of a twelfth of a step
    return float(10 * np.log10((middle + rounding) / (high + rounding)))


def sum_of_powers(squares: Sequence[Square]) -> NDArray[np.float64]:
    """Add up the powers of squares of one size, of which there are some."""
    power = np.zeros_like(squares[0].power)
    for square in squares:
        power += square.power
    return power


@cache
def hanning(size: int) -> NDArray[np.float64]:
    """Make the window under which lines of that size are transformed."""
    return np.hanning(size)


def line_power(tile: NDArray[np.generic]) -> NDArray[np.float64]:
    """Compute the mean power spectra of every other row and of every other column of a square, added up."""
    window = hanning(len(tile)).astype(np.float32)
    power = np.zeros(len(window) // 2 + 1)
    for lines in (tile[::2].astype(np.float32), cv2.transpose(tile)[::2].astype(np.float32)):
        centred = (lines - lines.mean(axis=1, keepdims=True)) * window
        waves = np.fft.rfft(centred, axis=1)
        power += (np.square(waves.real) + np.square(waves.imag)).mean(axis=0, dtype=np.float64)
    return power


# --- JPEG blocks

_STEP = (4, 24)  # of 255: the step at the rim of a block; less is what quality 75 and more leave, which nobody sees
_PERIODS = (6.1, 16.0)  # px, of blocks after a resize; of a shorter one the third peak cannot be seen


def blocks(tiles: Tiles) -> float:
    """At how many in a hundred of the places on a grid of 8 px a step stands alone, more than off the grid.

    A step counts if it is more than twice the differences beside it (Fan & de Queiroz 2003 look for such steps where
    blocks meet): wherever the grid begins, the fullest of eight columns less the median of them, for rows and columns.
    After a resize the grid shows as three peaks in the spectrum of the counts (Wang, Bovik & Evans 2000): twice the
    root of the least of them over what lies between, so that one limit serves both.
    JPEG of quality 25: 16 or more, 50: 5 to 16, 85: up to 5; a picture that never was one: below 1.
    """
    counts, sites, spectrum = np.zeros((2, 8)), 0, np.zeros(_TILE // 2 + 1)
    for top, left, tile in tiles:
        for direction, (lines, start) in enumerate(((tile, left), (cv2.transpose(tile), top))):
            if lines.shape[1] < 24:
                continue
            apart = _apart(lines)
            here, beside = apart[:, 1:-1], cv2.max(apart[:, :-2], apart[:, 2:])
            steps = cv2.inRange(here, *_STEP) & cv2.compare(here, cv2.add(beside, beside), cv2.CMP_GT)
            alone = cv2.reduce(steps, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0] // 255
            counts[direction] += np.bincount((np.arange(len(alone)) + start) % 8, alone, 8)
            sites += here.size
            if len(alone) > _TILE - 4:
                spectrum += np.abs(np.fft.rfft((alone - alone.mean()) * hanning(len(alone)), _TILE)) ** 2
    if not sites:
        return 0.0
    more = (counts.max(axis=1) - np.median(counts, axis=1)).mean() / (sites / 16)
    return max(float(100 * more), _resized_grid(spectrum))


def _resized_grid(spectrum: NDArray[np.float64]) -> float:
    """The least of three peaks at a period other than 8 px, over what lies between, as twice its square root."""
    between = float(np.median(spectrum[8:]))
    if not between:
        return 0.0
    peak = np.maximum(np.maximum(spectrum[:-2], spectrum[1:-1]), spectrum[2:])  # of three, the frequency being no whole
    best = 0.0
    for place in np.arange(_TILE / _PERIODS[1], _TILE / _PERIODS[0], 0.5):
        if abs(place - _TILE / 8) >= 2:
            best = max(best, min(float(peak[round(place * k) - 1]) for k in (1, 2, 3)) / between)
    return 2 * math.sqrt(best)


# --- noise

_CALM = 0.1  # of the blocks: in the calmest there is little but noise


def noise(tiles: Tiles, alpha: Luma | None) -> float:
    """The standard deviation of the noise in luma, 0..255: that of the calmest tenth of blocks of 16 px.

    By the median of the finest diagonal wavelet coefficients, those of Haar, over 0.6745 (Donoho & Johnstone 1994).
    The calmest blocks, since texture passes for noise (Liu, Tanaka & Okutomi 2013). Blocks that are nearly black or
    white, where noise is cut off, and transparent ones do not count. Sound pictures: below 4, but up to 12 where grass,
    paper or stars fill every block, so that only strong noise is told (planted with a deviation of 30: 12.6 or more).
    """
    found = [np.zeros((0, 64), np.int16)]
    for top, left, tile in tiles:
        height, width = (n // 16 * 16 for n in tile.shape)
        if not height or not width:
            continue
        part, blocks_of = tile[:height, :width], (width // 16, height // 16)
        down = cv2.subtract(part[::2], part[1::2], dtype=cv2.CV_16S)
        fine = np.abs(down[:, ::2] - down[:, 1::2])
        mean = cv2.resize(part.astype(np.float32), blocks_of, interpolation=cv2.INTER_AREA)
        counts = (mean > 24) & (mean < 232)
        if alpha is not None:
            there = (alpha[top : top + height, left : left + width] == 255).astype(np.float32)
            counts &= cv2.resize(there, blocks_of, interpolation=cv2.INTER_AREA) > 1 - 1 / 512
        parts = fine.reshape(height // 16, 8, width // 16, 8).swapaxes(1, 2).reshape(height // 16, width // 16, 64)
        found.append(parts[counts])
    middle = np.sort(np.concatenate(found), axis=1)[:, 31:33]  # faster than to part them, as a median does
    every = middle.mean(axis=1) / 2 / 0.6745
    return float(np.percentile(every, 100 * _CALM)) if len(every) >= 8 else 0.0


# --- few colours

_MANY = 64
_RAGGED = 0.01


def colours(shown: Image.Image, squares: list[Square]) -> int:
    """How many colours there are in `squares` of a picture that is ragged for it; 0 for all other pictures.

    A drawing of few colours has even areas and clean rims, which a painting or photograph reduced to few has not: more
    than a hundredth of its pixels differ from three of their four neighbours or from all.
    """
    found: set[int] = set()
    codes = []
    for square in squares:
        top, left, (high, wide) = square.top, square.left, square.pixels.shape
        part = shown.crop((left, top, left + wide, top + high)).convert("RGBX")  # four bytes, seen as one number
        codes.append(np.asarray(part).view(np.uint32)[..., 0])
        found.update(np.unique(codes[-1][::64]).tolist())  # enough to see that there are many
        if len(found) > _MANY:
            return 0
    if sum(_raggedness(code) / len(codes) for code in codes) < _RAGGED:
        return 0
    for code in codes:
        found.update(np.unique(code).tolist())
        if len(found) > _MANY:
            return 0
    return len(found)


def _raggedness(code: NDArray[np.uint32]) -> float:
    """The share of pixels that differ from three of their four neighbours or from all."""
    across, down = code[1:-1, 1:] != code[1:-1, :-1], code[1:, 1:-1] != code[:-1, 1:-1]
    unlike = across[:, 1:].view(np.uint8) + across[:, :-1].view(np.uint8)
    unlike += down[1:].view(np.uint8)
    unlike += down[:-1].view(np.uint8)
    return float((unlike >= 3).mean())


def repeated(squares: list[Square]) -> float:
    """The share of neighbouring columns and rows that are the same throughout: 0.8 and more in enlarged pixel art."""
    shares = [
        float((_apart(lines).max(axis=0) == 0).mean())
        for square in squares
        for lines in (square.pixels, cv2.transpose(square.pixels))
    ]
    return float(np.mean(shares)) if shares else 0.0
